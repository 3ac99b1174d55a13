"""Simulated cells whose transport is known, as intensities at acquired points: from either simulator."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

import iondrift
import truth_cell

C0, SPACING, DURATION, INTERVAL = 1666.0, 31.25e-6, 444.0, 513.0
COIL = 2.8e5


@dataclass(frozen=True)
class Truth:
    """A cell that is known: c / c0 (K, J) at the points, and what made it."""

    relative: np.ndarray
    time: np.ndarray
    x: np.ndarray  # m from the plating electrode
    log: xr.DataArray
    gaps: tuple[float, float]
    log_diffusivity: float
    slope: float
    transference: float
    velocity: float | None  # v at the first point at the end, m s-1


def measured(truth, seed, *, noise=0.02, common_mode=0.0037, gap_error=15e-6):
    """Return intensities (time, x) and gaps as a user would have them."""
    random = np.random.default_rng(seed)
    coil = COIL * (1.0 - 0.1 * np.linspace(-0.5, 0.5, truth.x.size) ** 2)
    signal = coil * truth.relative * (1.0 + common_mode * random.standard_normal((truth.time.size, 1)))
    signal = signal + COIL * noise * random.standard_normal(signal.shape)
    gaps = tuple(np.maximum(np.array(truth.gaps) + gap_error * random.standard_normal(2), 10e-6))
    return xr.DataArray(signal, {"time": truth.time, "x": truth.x - truth.x[0]}, ("time", "x")), gaps


def fit(truth, seed, **options):
    """Return the fit of one measurement; velocities from the D- that the truth states."""
    profiles, gaps = measured(truth, seed)
    return iondrift.fit_transport(
        profiles, truth.log, duration=DURATION, gaps=gaps, concentration=C0, seed=seed, **options
    )


def decaying(time, constant=5400.0, start=-1.0):
    """Return a current that is constant, then falls as behind Sand's time."""
    return start * np.where(
        time < constant, 1.0, 2.0 / np.pi * np.arcsin(np.sqrt(constant / np.maximum(time, constant)))
    )


def independent(*, D0, k, transference, profiles=46, points=33, gap=85e-6, rest_after=None, current=-1.0, count=300):
    """Return a cell of the second simulator, with rest from a time on, s."""
    x = gap + SPACING * np.arange(points)
    length = float(x[-1] + gap)
    start = INTERVAL * np.arange(profiles)
    stop = float(start[-1] + INTERVAL)
    time = np.arange(0.0, stop + 20.0, 20.0)
    values = decaying(time, start=current)
    breaks = [5400.0]
    if rest_after is not None:
        time = np.concatenate([time[time < rest_after], [rest_after, rest_after + 0.01, stop]])
        values = np.where(time <= rest_after, decaying(time, start=current), 0.0)
        breaks += [rest_after, rest_after + 0.01]
    windows = np.column_stack([start, start + DURATION])
    relative = truth_cell.profiles(
        x, windows, lambda t: np.interp(t, time, values), breaks, D0=D0, k=k, transference=transference, length=length,
        concentration=C0, count=count, fine=20,
    )  # fmt: skip
    log = xr.DataArray(values, {"time": time}, ("time",), attrs={"units": "A m-2"})
    return Truth(relative, start + 0.5 * DURATION, x, log, (gap, gap), float(np.log(D0)), k, transference, None)
