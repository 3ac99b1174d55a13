"""Reports kept as text files beside the tests."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def compare(text: str, name: str) -> None:
    """Compare a text with its golden file; ``IONDRIFT_REWRITE_GOLDEN=1`` in the environment writes it anew."""
    path = FOLDER / name
    if os.environ.get("IONDRIFT_REWRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
