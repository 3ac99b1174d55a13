"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # no test asserts a time
settings.load_profile("untimed")


def _measurements_folder() -> Path:
    configured = os.environ.get("IONDRIFT_DATA")
    return Path(configured) if configured else Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def measurements() -> Path:
    """Return the folder of real measurements, or skip where it is absent."""
    folder = _measurements_folder()
    if not folder.is_dir():
        pytest.skip(f"real measurements not found at {folder}; set IONDRIFT_DATA to their folder")
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the module that takes longest, fresh processes with empty caches: others run beside it."""
    items.sort(key=lambda item: "test_same_bits" not in item.nodeid)
