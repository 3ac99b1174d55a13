"""Small TopSpin data sets with known content, for tests of what reads them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from iondrift.nmr.spectrum import Processing
from iondrift.runs.topspin_folder import Acquired, filtered, instants, write_data_set

STARTED = datetime(2024, 3, 1, 12, 0, 0, tzinfo=UTC)
WIDTH = 1e5  # Hz


def acquired(**changes: Any) -> Acquired:
    known: dict[str, Any] = {
        "nucleus": "19F", "pulse_program": "zg", "carrier_frequency": 188.33e6, "spectral_width": WIDTH,
        "started": STARTED, "duration": 444.0,
    }  # fmt: skip
    return Acquired(**{**known, **changes})


def decay(offset: float, rate: float, count: int, group_delay: float, length: int = 2048) -> np.ndarray:
    """Return one FID, e^(2 pi i offset t - rate t) from t = 0 on, behind the filter."""
    t = instants(length, WIDTH)
    signal = np.where(t >= 0.0, np.exp(2j * np.pi * offset * t - rate * np.maximum(t, 0.0)), 0.0)
    return filtered(signal[None, :], group_delay, count)


def single(folder: Path, *, count: int = 216, offset: float = 12_500.0, **changes: Any) -> Path:
    """Write one FID of one line."""
    about = acquired(**changes)
    fid = decay(offset, 3000.0, count, about.group_delay)
    return write_data_set(folder, fid, about, processing=Processing(transform_points=1024, line_broadening=50.0))


def rows(folder: Path, *, planned: int = 8, done: int = 8, count: int = 216, **changes: Any) -> Path:
    """Write a pseudo-2D: one line that loses a fifth from row to row."""
    about = acquired(**{"pulse_program": "stebpgp1s", "nucleus": "1H", **changes})
    fid = decay(9000.0, 3000.0, count, about.group_delay)
    fids = 0.8 ** np.arange(done)[:, None] * fid
    return write_data_set(folder, fids, about, rows=planned, processing=Processing(transform_points=512))


def edit(path: Path, *changes: tuple[str, str]) -> None:
    """Replace text in a file; each must be there."""
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, f"{old!r} is not in {path.name}"
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8", newline="\n")


def set_parameter(path: Path, name: str, value: str) -> None:
    """Give a parameter another value."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    found = [k for k, line in enumerate(lines) if line.startswith(f"##${name}=")]
    assert found, f"{name} is not in {path.name}"
    lines[found[0]] = f"##${name}= {value}\n"
    path.write_text("".join(lines), encoding="utf-8", newline="\n")


def later(minutes: float) -> datetime:
    return STARTED + timedelta(minutes=minutes)
