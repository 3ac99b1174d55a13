"""Gradients and times of a diffusion experiment, as its files state them; what they leave open is asked for."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from iondrift.cast import FloatArray
from iondrift.errors import InputFileError
from iondrift.readers.bruker.data_set import DataSet
from iondrift.readers.bruker.lists import read_list
from iondrift.readers.bruker.options import GradientOptions
from iondrift.readers.bruker.parameters import COPY_AGAIN, Parameters, bounded_text, read_parameters
from iondrift.readers.text import number, split_lines
from iondrift.settings import setting

TESLA_PER_METRE: Final = 0.01  # of 1 G/cm
_AGREES: Final = 5e-3  # relative; a difflist has three decimals
_ENCODING: Final = re.compile(r"\bp(\d+):gp(\d+)\*(?:diff|Difframp)\b", re.IGNORECASE)
_STANDARD: Final = (30, 6)  # p30 with gp6, in the sequences of the manufacturer
_DELAY: Final = re.compile(r"^d(\d+)\b")
_PULSE: Final = re.compile(r"\bp(\d+)\b(?=\s*ph|\s*\*|\))")
_CALIBRATION: Final = re.compile(r"([\d.]+)\s*G/mm")
_NAMES: Final = (
    (re.compile(r"dste|dbp", re.IGNORECASE), "double-bipolar"),
    (re.compile(r"bp", re.IGNORECASE), "bipolar"),
    (re.compile(r"ste|led|pgse", re.IGNORECASE), "ste"),
)


@dataclass(frozen=True, kw_only=True)
class GradientRamp:
    """What the files of a diffusion experiment state.

    Attributes
    ----------
    gradients : (row,)
        Mean over a pulse, T/m: the shape factor is in it, once.
    b : (row,)
        s m-2, where the spectrometer's own software states it (diff.xml); else None.
    sequence
        "ste", "bipolar", "double-bipolar"; None where the pulse program's name does not tell.
    pulse, diffusion_time, gap, recovery
        s.
    shape
        Equal steps of a pulse; None for a half sine, as in diff.xml.
    evidence
        How the gradients were decided on, for the report.
    """

    gradients: FloatArray
    b: FloatArray | None
    sequence: str | None
    pulse: float
    diffusion_time: float
    gap: float
    recovery: float
    shape: FloatArray | None
    evidence: tuple[str, ...]


def read_gradients(data_set: DataSet, *, rows: int, settings: GradientOptions = GradientOptions()) -> GradientRamp:
    """Return gradients and times of a diffusion experiment.

    diff.xml decides where it is there. Otherwise difflist, whose unit and shape factor follow from gradient_calib,
    Difframp, GPZ and the shape file where they agree to 0.5 %, and from ``settings`` where they do not.

    Parameters
    ----------
    data_set
        A pseudo-2D.
    rows
        That were acquired.
    settings
        What the user states; it wins.

    Raises
    ------
    InputFileError
        Lists are missing or of another length, or nothing decides unit or shape factor; the message says what to set.
    """
    planned = data_set.rows or 0
    path = data_set.folder / "diff.xml"
    if path.exists():
        return _from_xml(data_set, path, planned, rows, waveform=settings.waveform)
    path = next(
        (data_set.folder / name for name in ("difflist", "Difflist") if (data_set.folder / name).exists()), path
    )
    if path.name == "diff.xml":
        raise InputFileError(
            f"{data_set.folder}: neither difflist nor diff.xml is there; copy them from the spectrometer"
        )
    listed = read_list(path, rows=planned)
    return _from_list(data_set, path, listed, rows, settings)


def _from_xml(data_set: DataSet, path: Path, planned: int, rows: int, *, waveform: bool) -> GradientRamp:
    try:
        root = ElementTree.fromstring(bounded_text(path))
    except ElementTree.ParseError as error:
        raise InputFileError(f"{path}: is no XML ({error}); {COPY_AGAIN}") from None
    points = [_fields(path, element) for element in root.iter("X")]
    if len(points) != planned:
        raise InputFileError(f"{path}: states {len(points)} gradients for {planned} rows; {COPY_AGAIN}")
    columns = {name: np.array([point[name] for point in points[:rows]]) for name in ("g", "B", "d", "D")}
    delays = data_set.acquisition.numbers("D")
    # D[21] is the length of the rectangle of equal area, so that D[21] / D[18] is the mean of the waveform played.
    if not 0.0 < delays[21] < delays[18]:
        raise InputFileError(f"{data_set.acquisition.path}: D[18] and D[21] are no pulse lengths; {COPY_AGAIN}")
    return GradientRamp(
        gradients=columns["g"] * TESLA_PER_METRE * float(delays[21] / delays[18]),
        b=None if waveform else columns["B"],
        sequence="ste",
        pulse=float(delays[18]),
        diffusion_time=float(columns["D"][0]) * 1e-3,
        gap=0.0,
        recovery=0.0,
        shape=None,
        evidence=(
            "b of the half sines that were played, by D[18] and D[21]; gradients from diff.xml"
            if waveform
            else "b as diff.xml states it: 0.4 % above that of the half sines played, and D as much too low, unless "
            "the gradients were calibrated with the same software",
        ),
    )


def _fields(path: Path, element: ElementTree.Element) -> dict[str, float]:
    """Return g, q, B, d, D of one gradient: attributes, or elements of their own."""
    found = {}
    for name in ("g", "B", "d", "D"):
        text = element.get(name)
        if text is None:
            text = element.findtext(name, "")
        value = number(text)
        if value is None:
            raise InputFileError(f"{path}: {name} = {text[:40]!r} of a gradient is no number; {COPY_AGAIN}")
        found[name] = value
    return found


def _from_list(
    data_set: DataSet, path: Path, listed: FloatArray, rows: int, settings: GradientOptions
) -> GradientRamp:  # fmt: skip
    program = _program(data_set)
    encoding = _ENCODING.search(program)
    pulse, channel = (int(encoding[1]), int(encoding[2])) if encoding else _STANDARD
    acquisition = data_set.acquisition
    delays, pulses = acquisition.numbers("D"), acquisition.numbers("P") * 1e-6
    shape = _shape(data_set, channel)
    factor, evidence = _factor(data_set, path, listed, channel, float(shape.mean()), settings)
    return GradientRamp(
        gradients=(listed * factor)[:rows],
        b=None,
        sequence=next((name for pattern, name in _NAMES if pattern.search(data_set.pulse_program)), None),
        pulse=float(pulses[pulse]),
        diffusion_time=float(delays[20]),
        gap=_gap(program, delays, pulses),
        recovery=float(delays[16]),
        shape=shape,
        evidence=evidence,
    )


def _factor(
    data_set: DataSet, path: Path, listed: FloatArray, channel: int, area: float, settings: GradientOptions
) -> tuple[float, tuple[str, ...]]:
    """Return T/m, as a mean over the pulse, in one unit of difflist."""
    ramp, maximum = _ramp(data_set, listed.size), settings.maximum_gradient or _maximum(data_set)
    if ramp is not None and settings.gradient_unit is None and settings.shape_included is None:
        strongest = int(np.argmax(np.abs(ramp)))
        ratio = listed[strongest] / ramp[strongest]
        if np.allclose(listed, ratio * ramp, rtol=_AGREES, atol=1e-3 * abs(listed).max()):
            share = float(data_set.acquisition.numbers("GPZ")[channel]) / 100.0
            decided = _decided(float(ratio), share, area, maximum)
            if decided is not None:
                return decided
    unit, included = settings.gradient_unit, settings.shape_included
    if included is None and area > 1.0 - _AGREES:
        included = True  # of a rectangle it is 1
    if unit is None or included is None or (unit == "percent" and maximum is None):
        raise InputFileError(
            f"{path}: nothing decides its unit, and whether the shape factor of {area:.3g} is in it (gradient_calib, "
            f"Difframp and GPZ do not agree with it to 0.5 %); set {setting('gradient_unit', 'G/cm')} or "
            f"{setting('gradient_unit', 'percent')} with {setting('maximum_gradient')}, and "
            f"{setting('shape_included', True)} or {setting('shape_included', False)}"
        )
    scale = TESLA_PER_METRE if unit == "G/cm" else (maximum or 0.0) / 100.0
    return scale * (1.0 if included else area), (f"{path.name} in {unit}, as stated",)


def _decided(
    ratio: float, share: float, area: float, maximum: float | None
) -> tuple[float, tuple[str, ...]] | None:  # fmt: skip
    """Return what explains the ratio of a list to its ramp, where one thing alone does."""
    if maximum is None or not share:
        return None
    known = {
        ("G/cm", True): maximum / TESLA_PER_METRE * share * area,
        ("G/cm", False): maximum / TESLA_PER_METRE * share,
        ("percent", True): 100.0 * share * area,
        ("percent", False): 100.0 * share,
    }  # fmt: skip
    agree = [key for key, value in known.items() if abs(ratio / value - 1.0) < _AGREES]
    if len({(unit, included or area > 1.0 - _AGREES) for unit, included in agree}) != 1:
        return None
    unit, included = agree[0]
    scale = TESLA_PER_METRE if unit == "G/cm" else maximum / 100.0
    words = f"with the shape factor {area:.4g} in it" if included else f"without the shape factor {area:.4g}"
    return scale * (1.0 if included else area), (
        f"difflist is in {unit} {words}: {ratio:.5g} times Difframp, where gradient_calib and GPZ ask for "
        f"{known[agree[0]]:.5g}",
    )


def _maximum(data_set: DataSet) -> float | None:
    """Return the gradient at 100 % in T/m from gradient_calib, where it is there and scales no axis."""
    path = data_set.folder / "gradient_calib"
    if not path.exists():
        return None
    lines = split_lines(bounded_text(path))[0]
    found = _CALIBRATION.match(lines[0].strip())
    value = number(found[1]) if found else None
    if value is None or not value > 0.0:
        raise InputFileError(f"{path}: its first line is no gradient such as '5.35 G/mm'; {COPY_AGAIN}")
    if any(number(line) not in (None, 1.0) for line in lines[1:]):
        raise InputFileError(f"{path}: scales an axis by another factor than 1; set {setting('maximum_gradient')}")
    return value * 10.0 * TESLA_PER_METRE


def _ramp(data_set: DataSet, count: int) -> FloatArray | None:
    path = data_set.folder / "Difframp"
    if not path.exists():
        return None
    ramp = _table(read_parameters(path))
    if ramp.size != count:
        raise InputFileError(f"{path}: has {ramp.size} steps where difflist has {count}; {COPY_AGAIN}")
    return ramp


def _shape(data_set: DataSet, channel: int) -> FloatArray:
    """Return the steps of a gradient pulse; a pulse without a shape file is a rectangle."""
    path = data_set.folder / f"gpnam{channel}"
    name = data_set.acquisition.texts("GPNAM")[channel] if "GPNAM" in data_set.acquisition else ""
    if path.exists():
        return _table(read_parameters(path))
    if not name or "RECT" in name.upper():
        return np.ones(1)
    if name.upper().startswith("SINE"):
        return np.sin(np.pi * (np.arange(1000) + 0.5) / 1000)
    raise InputFileError(f"{path}: the shape {name} of the gradient pulses is missing; copy it from the spectrometer")


def _table(parameters: Parameters) -> FloatArray:
    """Return the numbers of an ``XYDATA= (X++(Y..Y))``."""
    text = parameters.labels.get("XYDATA", "").partition("\n")[2]
    values = [number(token) for token in text.split()]
    known = np.array([value for value in values if value is not None])
    stated = number(parameters.labels.get("NPOINTS", ""))
    if not known.size or known.size != len(values) or stated not in (None, float(known.size)):
        raise InputFileError(f"{parameters.path}: its table is no list of {stated or 'some'} numbers; {COPY_AGAIN}")
    return known


def _program(data_set: DataSet) -> str:
    path = data_set.folder / "pulseprogram"
    return bounded_text(path) if path.exists() else ""


def _gap(program: str, delays: FloatArray, pulses: FloatArray) -> float:
    """Return the time between the two pulses of a pair: what the pulse program has between them, else d16 + p2."""
    lines = [line.partition(";")[0].strip() for line in split_lines(program)[0]]
    marks = [k for k, line in enumerate(lines) if _ENCODING.search(line) or re.search(r"gp\d+\*-1\*diff", line)]
    standard = float(delays[16] + pulses[2])
    if len(marks) < 2:
        return standard
    total = 0.0
    for line in lines[marks[0] + 1 : marks[1]]:
        delay, found = _DELAY.match(line), [int(k) for k in _PULSE.findall(line)]
        total += float(delays[int(delay[1])]) if delay else max((float(pulses[k]) for k in found), default=0.0)
    return total or standard
