"""Processed data as TopSpin stored them, and the parameters they were processed with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from iondrift.cast import FloatArray
from iondrift.errors import InputFileError
from iondrift.readers.bruker.data_set import DataSet
from iondrift.readers.bruker.parameters import COPY_AGAIN, Parameters, bounded_text, read_parameters
from iondrift.readers.bruker.raw import require_numbers, value_type

_MOST_POINTS: Final = 1 << 28
_COMPLEX_FORWARD: Final = 6  # FT_mod
_BASELINE: Final = re.compile(r"<\s*(abs\w*)\b")


@dataclass(frozen=True, kw_only=True)
class StoredProcessing:
    """How TopSpin made a spectrum of a FID, as far as that can be done again.

    Attributes
    ----------
    transform_points, first, points
        Of the Fourier transform; first point kept, and how many.
    used
        Complex points of the FID that enter; None for all.
    line_broadening
        Of the exponential window, Hz; 0 for none.
    phase0, phase1
        Degrees.
    offset_corrected
        Whether the mean of the last quarter of the FID is taken off (BC_mod 2).
    reference_frequency
        Of 0 ppm, SF, in Hz.
    not_repeated
        What TopSpin did beyond that, in its own words.
    """

    transform_points: int
    first: int
    points: int
    used: int | None
    line_broadening: float
    phase0: float
    phase1: float
    offset_corrected: bool
    reference_frequency: float
    not_repeated: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class StoredSpectrum:
    """A stored spectrum: (row, point), real, and imaginary where it is there, in the scale of the FID.

    Attributes
    ----------
    left_ppm, step_ppm
        Chemical shift of the first point, and down to the next.
    """

    real: FloatArray
    imaginary: FloatArray | None
    left_ppm: float
    step_ppm: float


def read_processing(data_set: DataSet, number: int = 1) -> StoredProcessing:
    """Return how a data set was processed by its ``pdata/N/procs``.

    Raises
    ------
    InputFileError
        procs is missing or damaged, or names a size that is none.
    """
    procs = read_parameters(data_set.folder / "pdata" / str(number) / "procs")
    points = _size(procs, "SI")
    whole = procs.integer("FTSIZE", 0, lowest=0) or points
    first = procs.integer("STSR", 0, lowest=0)
    if whole > _MOST_POINTS or first + points > whole:
        raise InputFileError(f"{procs.path}: SI, STSR and FTSIZE do not fit each other; {COPY_AGAIN}")
    effective = procs.integer("TDeff", 0, lowest=0)
    return StoredProcessing(
        transform_points=whole,
        first=first,
        points=points,
        used=effective // 2 if 0 < effective < data_set.numbers else None,
        line_broadening=procs.real("LB", 0.0) if procs.integer("WDW", 0) == 1 else 0.0,
        phase0=procs.real("PHC0", 0.0),
        phase1=procs.real("PHC1", 0.0),
        offset_corrected=procs.integer("BC_mod", 0) == 2,
        reference_frequency=procs.positive("SF") * 1e6,
        not_repeated=(*_not_repeated(procs), *_baseline_taken_off(procs.path.parent / "auditp.txt")),
    )


def read_spectrum(data_set: DataSet, number: int = 1) -> StoredSpectrum:
    """Return the stored spectrum or rows of spectra, multiplied by 2^NC_proc.

    Rows that zero filling added are cut off.

    Raises
    ------
    InputFileError
        Files are missing, or their size does not fit SI.
    """
    folder = data_set.folder / "pdata" / str(number)
    procs = read_parameters(folder / "procs")
    points = _size(procs, "SI")
    rows, second = 1, None
    if data_set.rows is not None:
        second = read_parameters(folder / "proc2s")
        rows = _size(second, "SI")
    names = ("1r", "1i") if second is None else ("2rr", "2ii")
    real = _values(folder / names[0], procs, second, (rows, points))
    imaginary = _values(folder / names[1], procs, second, (rows, points)) if (folder / names[1]).exists() else None
    kept = slice(0, data_set.rows)
    return StoredSpectrum(
        real=real[kept],
        imaginary=None if imaginary is None else imaginary[kept],
        left_ppm=procs.real("OFFSET"),
        step_ppm=procs.positive("SW_p") / (procs.positive("SF") * points),
    )


def _values(path: Path, procs: Parameters, second: Parameters | None, shape: tuple[int, int]) -> FloatArray:
    kind = value_type(procs, "DTYPP", "BYTORDP")
    if not path.is_file():
        raise InputFileError(
            f"{path}: the processed data are missing; process the data set in TopSpin, or copy it again"
        )
    size, expected = path.stat().st_size, shape[0] * shape[1] * kind.itemsize
    if size != expected:
        raise InputFileError(f"{path}: holds {size} bytes where SI asks for {expected}; {COPY_AGAIN}")
    values: npt.NDArray[Any] = np.frombuffer(path.read_bytes(), kind)
    require_numbers(path, values)
    scaled = values.astype(np.float64) * 2.0 ** procs.integer("NC_proc", 0)
    return scaled.reshape(shape) if second is None else _in_rows(scaled, procs, second, shape)


def _in_rows(values: FloatArray, procs: Parameters, second: Parameters, shape: tuple[int, int]) -> FloatArray:
    """Return the rows of a matrix that is stored in submatrices of XDIM."""
    block = []
    for parameters, points in ((second, shape[0]), (procs, shape[1])):
        side = parameters.integer("XDIM", 0, lowest=0) or points
        if side > points or points % side:
            raise InputFileError(f"{parameters.path}: XDIM = {side} does not divide SI = {points}; {COPY_AGAIN}")
        block.append(side)
    tiles = values.reshape(shape[0] // block[0], shape[1] // block[1], *block)
    return np.ascontiguousarray(tiles.swapaxes(1, 2).reshape(shape))


def _size(parameters: Parameters, name: str) -> int:
    size = parameters.integer(name, lowest=1)
    if size > _MOST_POINTS:
        raise InputFileError(f"{parameters.path}: ##${name}= {size} is no number of points; {COPY_AGAIN}")
    return size


def _not_repeated(procs: Parameters) -> tuple[str, ...]:
    """Return what makes the stored spectrum another than a plain Fourier transform."""
    window, baseline = procs.integer("WDW", 0), procs.integer("BC_mod", 0)
    checks = {
        f"window function WDW = {window}": window not in (0, 1),
        f"filter of the carrier or offset of the FID, BC_mod = {baseline}": baseline not in (0, 2),
        "linear prediction (ME_mod)": procs.integer("ME_mod", 0) != 0,
        "shifted FID (TDoff)": procs.integer("TDoff", 0) != 0,
        "another kind of transform (FT_mod)": procs.integer("FT_mod", _COMPLEX_FORWARD) not in (0, _COMPLEX_FORWARD),
        "magnitude or power (PH_mod)": procs.integer("PH_mod", 0) not in (0, 1),
        "reversed spectrum": procs.text("REVERSE", "no") == "yes",
    }
    return tuple(name for name, true in checks.items() if true)


def _baseline_taken_off(trail: Path) -> tuple[str, ...]:
    """Return the baseline commands that came after the last transform; parameters do not tell them."""
    last = bounded_text(trail).rpartition("Start of raw data processing")[2] if trail.is_file() else ""
    return tuple(f"baseline polynomial ({name})" for name in dict.fromkeys(_BASELINE.findall(last)))
