"""Points of a file to spectra: where sweeps begin and end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from iondrift.cast import ComplexArray, FloatArray
from iondrift.errors import InputFileError
from iondrift.readers.impedance.lone_points import displaced_frequency, lone_points
from iondrift.readers.impedance.merging import merged, repeated_starts
from iondrift.readers.impedance.options import ReadingOptions
from iondrift.readers.impedance.sign import settle_sign
from iondrift.readers.impedance.spectrum import Completeness, Points, Spectrum
from iondrift.settings import setting

# Wider than any instrument: beyond them a number is damaged, not measured.
LOWEST_FREQUENCY_HZ, HIGHEST_FREQUENCY_HZ = 1e-7, 1e11


LONGEST_TIME_S, LARGEST_BIAS = 1e10, 1e6  # three hundred years; V and A
LOWEST_MODULUS_OHM, HIGHEST_MODULUS_OHM = 1e-9, 1e15


# After a reset the frequency is back within this share (logarithmic) of the range already swept.
RESET_SHARE = 0.25


def spectra(points: Points, asked: ReadingOptions) -> list[Spectrum]:
    """Split the points at every frequency reset and check each sweep; or join ranges to spectra where that is asked.

    Raises
    ------
    InputFileError
        A value no measurement gives, a frequency twice or out of order, too few points.
    """
    _refuse_impossible(points)
    points = _without_impossible_beside(points)
    joined = asked.merge
    bounds = repeated_starts(points, asked.minimum_points) if joined else _sweep_bounds(points)
    bounds, few = _long_enough(points, bounds, asked.minimum_points)
    result = []
    for number, (start, stop) in enumerate(bounds, start=1):
        part = slice(start, stop)
        if joined:
            frequency, impedance, told = merged(points.frequency[part], points.impedance[part], asked.grid_tolerance)
            _enough_merged(points, frequency, start, asked.minimum_points)
        else:
            order, told = np.argsort(points.frequency[part]), ()
            frequency, impedance = points.frequency[part][order], points.impedance[part][order]
        last = frequency[0] if joined else points.frequency[stop - 1]
        completeness, short = _completeness(points, frequency, last=last)
        where = f"sweep {number}: " if len(bounds) > 1 and short else ""
        cautions = (*points.cautions, *few, *(where + words for words in short), *told)
        result.append(
            Spectrum(
                path=points.path, sweep=number, frequency=frequency, impedance=impedance,
                started=points.started, elapsed=_first(points.elapsed, part),
                duration=_span(points.elapsed, part),
                bias_voltage=_mean(points.voltage, part), bias_current=_mean(points.current, part),
                completeness=completeness, notes=points.notes,
                cautions=(*cautions, *_suspicions(frequency, impedance)),
            )
        )  # fmt: skip
    return settle_sign(result, points.sign, points.sign_place)


def _enough_merged(points: Points, frequency: FloatArray, start: int, fewest: int) -> None:
    if frequency.size < fewest:
        raise InputFileError(
            f"{points.path}, {_place(points, start)}: merged points leave {frequency.size} frequencies, at least "
            f"{fewest} are needed; leave {setting('merge', True)} out"
        )


def _long_enough(
    points: Points, bounds: list[tuple[int, int]], fewest: int
) -> tuple[list[tuple[int, int]], tuple[str, ...]]:
    """Return the sweeps without a last one that was stopped before it is a spectrum, which is told."""
    for number, (start, stop) in enumerate(bounds, start=1):
        if stop - start >= fewest:
            continue
        held = f"{_sweep_words(number, bounds)} has {stop - start} point(s), at least {fewest} are needed"
        if number == len(bounds) > 1:
            return bounds[:-1], (f"{_place(points, start)}: {held}; it was stopped early and is left out",)
        raise InputFileError(
            f"{points.path}, {_place(points, start)}: {held}; the file is cut or a frequency is damaged "
            f"({setting('minimum_points')} changes the limit)"
        )
    return bounds, ()


def _refuse_impossible(points: Points) -> None:
    if points.frequency.size == 0:
        raise InputFileError(f"{points.path}: holds no impedance point; the file is cut or holds another experiment")
    modulus = np.abs(points.impedance)
    checks = (
        (~np.isfinite(points.frequency), "frequency is not a finite number"),
        (~np.isfinite(modulus), "impedance is not a finite number"),
        (points.frequency <= 0.0, "frequency is not positive"),
        (
            (points.frequency < LOWEST_FREQUENCY_HZ) | (points.frequency > HIGHEST_FREQUENCY_HZ),
            f"frequency lies outside {LOWEST_FREQUENCY_HZ:g} to {HIGHEST_FREQUENCY_HZ:g} Hz",
        ),
        (
            (modulus < LOWEST_MODULUS_OHM) | (modulus > HIGHEST_MODULUS_OHM),
            f"|Z| lies outside {LOWEST_MODULUS_OHM:g} to {HIGHEST_MODULUS_OHM:g} Ohm",
        ),
    )
    for bad, words in checks:
        if bad.any():
            k = int(np.argmax(bad))
            raise InputFileError(
                f"{points.path}, {_place(points, k)}: {words} (f = {points.frequency[k]:g} Hz, "
                f"Z = {points.impedance[k]:g} Ohm); remove the {points.place_name} or export the file again"
            )


def _without_impossible_beside(points: Points) -> Points:
    """Leave out times and biases that no measurement gives; the impedance does not need them."""
    for name, values, most in (
        ("elapsed", points.elapsed, LONGEST_TIME_S),
        ("voltage", points.voltage, LARGEST_BIAS), ("current", points.current, LARGEST_BIAS),
    ):  # fmt: skip
        if values is None:
            continue
        bad = ~(np.abs(values) <= most)  # also what is not a number
        if bad.any():
            k = int(np.argmax(bad))
            word = "time" if name == "elapsed" else name
            told = f"{_place(points, k)}: the {word} {values[k]:g} is none that was measured; no {word} is read"
            changes: dict[str, Any] = {name: None, "cautions": (*points.cautions, told)}
            points = replace(points, **changes)
    return points


def _sweep_bounds(points: Points) -> list[tuple[int, int]]:
    """Return the (start, stop) of each sweep; the direction is the one most steps have."""
    logarithm = np.log(points.frequency)
    steps = np.sign(np.diff(logarithm))
    repeated = np.flatnonzero(steps == 0)
    if repeated.size:
        k = int(repeated[0])
        raise InputFileError(
            f"{points.path}, {_place(points, k + 1)}: frequency {points.frequency[k]:g} Hz is there twice in a row; "
            f"remove one of the two, or average them with {setting('merge', True)}"
        )
    # As many steps up as down: take the first, and let the turn be refused below.
    direction = np.sign(np.sum(steps)) or (steps[0] if steps.size else 0.0)
    starts = [0]
    for k in map(int, np.flatnonzero(steps == -direction)):
        begin, before, after = logarithm[starts[-1]], logarithm[k], logarithm[k + 1]
        if k == starts[-1] or abs(after - begin) > RESET_SHARE * abs(before - begin):
            raise InputFileError(
                f"{points.path}, {_place(points, k + 1)}: frequency goes from {points.frequency[k]:g} "
                f"to {points.frequency[k + 1]:g} Hz, which neither continues the sweep nor starts it again; the number "
                "is damaged, or ranges of one spectrum overlap or stand in no order: join them with "
                f"{setting('merge', True)}"
            )
        starts.append(k + 1)
    return list(zip(starts, [*starts[1:], points.frequency.size], strict=True))


def _completeness(points: Points, frequency: FloatArray, *, last: float) -> tuple[Completeness, tuple[str, ...]]:
    """Compare the sweep with the frequency range the file plans."""
    if points.planned is None or points.completeness != "undeclared":
        return points.completeness, ()
    low, high = min(points.planned), max(points.planned)
    downwards = last == frequency[0]
    end = low if downwards else high
    # Reached when less than half a usual step is missing.
    missing = np.log(last / end) if downwards else np.log(end / last)
    if missing > 0.5 * np.median(np.diff(np.log(frequency))):
        return "short", (f"the sweep ends at {last:g} Hz, the file plans {end:g} Hz: it was aborted, trimmed or cut",)
    return "planned", ()


def _suspicions(frequency: FloatArray, impedance: ComplexArray) -> tuple[str, ...]:
    found = []
    lone = lone_points(frequency, impedance)
    if lone.size:
        where = ", ".join(f"{value:.5g}" for value in frequency[lone[:3]])
        found.append(
            f"{lone.size} point(s) stand far off the line of their neighbours ({where} "
            f"Hz{', ...' if lone.size > 3 else ''}): look at them before using them"
        )
    displaced = displaced_frequency(frequency)
    if displaced is not None:
        found.append(
            f"frequency {frequency[displaced]:g} Hz is the only one off the even logarithmic grid; it may be damaged"
        )
    return tuple(found)


def _place(points: Points, index: int) -> str:
    return f"{points.place_name} {points.places[index]}"


def _sweep_words(number: int, bounds: list[tuple[int, int]]) -> str:
    return "the sweep" if len(bounds) == 1 else f"sweep {number} of {len(bounds)}"


def _first(values: FloatArray | None, part: slice) -> float:
    return float("nan") if values is None else float(values[part][0])


def _span(values: FloatArray | None, part: slice) -> float:
    return float("nan") if values is None else float(abs(values[part][-1] - values[part][0]))


def _mean(values: FloatArray | None, part: slice) -> float:
    return float("nan") if values is None else float(np.mean(values[part]))
