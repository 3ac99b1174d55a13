"""Reports and summaries kept as files beside the tests."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "golden"


def compare(text: str, name: str) -> None:
    """Compare a text with its golden file; ``IONDRIFT_REWRITE_GOLDEN=1`` in the environment writes it anew."""
    path = FOLDER / name
    if os.environ.get("IONDRIFT_REWRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def compare_summary(summary: Mapping[str, Any], name: str) -> None:
    """Compare a summary with its golden JSON, numbers to a part in a million; rewritten as :func:`compare` does."""
    path = FOLDER / name
    found = json.loads(json.dumps({key: value for key, value in summary.items() if key != "iondrift"}))  # the version
    if os.environ.get("IONDRIFT_REWRITE_GOLDEN"):
        path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert list(_differences(found, json.loads(path.read_text(encoding="utf-8")), "")) == []


def _differences(found: Any, golden: Any, place: str) -> Iterator[str]:
    """Yield where two nested values differ, and how."""
    if isinstance(found, dict) and isinstance(golden, dict) and found.keys() == golden.keys():
        for key in found:
            yield from _differences(found[key], golden[key], f"{place}.{key}")
    elif isinstance(found, list) and isinstance(golden, list) and len(found) == len(golden):
        for k, (one, other) in enumerate(zip(found, golden, strict=True)):
            yield from _differences(one, other, f"{place}[{k}]")
    elif isinstance(found, float) and isinstance(golden, float):
        if not math.isclose(found, golden, rel_tol=1e-6, abs_tol=1e-12):
            yield f"{place}: {found} for {golden}"
    elif found != golden:
        yield f"{place}: {found} for {golden}"
