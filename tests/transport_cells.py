"""Simulated cells whose transport is known, as intensities at acquired points: from either simulator."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

import iondrift
import truth_cell

C0, SPACING, DURATION, INTERVAL = 1666.0, 31.25e-6, 444.0, 513.0
COIL = 2.8e5
FARADAY = 96485.33212
_ASIDE = 4e-6  # m, from the first point: for the gradient of the truth


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


def independent(*, D0, k, transference, profiles=46, points=33, gap=85e-6, spacing=SPACING,
                rest_after=None, current=-1.0, count=300):  # fmt: skip
    """Return a cell of the second simulator, with rest from a time on, s."""
    x = gap + spacing * np.arange(points)
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
    beside = np.array([x[0] - min(_ASIDE, gap), x[0] + min(_ASIDE, gap)])
    found = truth_cell.profiles(
        np.concatenate([x, beside]), windows, lambda t: np.interp(t, time, values), breaks, D0=D0, k=k,
        transference=transference, length=length, concentration=C0, count=count, fine=20,
    )  # fmt: skip
    relative, (before, after) = found[:, : x.size], found[-1, x.size :]
    log = xr.DataArray(values, {"time": time}, ("time",), attrs={"units": "A m-2"})
    gradient, c = (after - before) / (beside[1] - beside[0]), relative[-1, 0]
    at_end = np.interp(np.linspace(*windows[-1], 45), time, values).mean()
    salt = D0 * np.exp(k * (c - 1.0))
    flux = -salt * gradient - transference * at_end / (FARADAY * C0)
    velocity = float((flux + salt / (2.0 * (1.0 - transference)) * gradient) / c)
    return Truth(relative, start + 0.5 * DURATION, x, log, (gap, gap), float(np.log(D0)), k, transference, velocity)


def product(*, D0, k, transference, profiles=46, points=33, gap=85e-6, **options):
    """Return a cell of ``iondrift.simulate`` whose salt has D(c) = D0 exp(k (c / c0 - 1))."""
    x = gap + SPACING * np.arange(points)
    start, fine = INTERVAL * np.arange(profiles), 9.0
    D = anion_diffusivity(D0, k, transference)
    run = iondrift.simulate(
        "li-li", diffusivity=D, anion_transference=transference, concentration=C0, thickness=float(x[-1] + gap), x=x,
        open_circuit_before=0.0, constant_current=4 * 3600.0, constant_voltage=8 * 3600.0, interval=fine, duration=fine,
        profiles=int((start[-1] + DURATION) / fine) + 1, time_step=fine, log_interval=5.0, **options,
    )  # fmt: skip
    inside = np.linspace(start, start + DURATION, 75, axis=1)
    relative = np.stack([np.interp(inside, run.time, column).mean(axis=1) for column in run.concentration.values.T], 1)
    log = xr.DataArray(run.log_current_density.values, {"time": run.log_time.values}, ("time",))
    velocity = float(np.interp(inside[-1], run.time, run.drift_velocity[:, 0]).mean())
    return Truth(
        relative / C0, start + 0.5 * DURATION, x, log, (gap, gap), float(np.log(D0)), k, transference, velocity
    )


def anion_diffusivity(D0, k, transference):
    """Return D- of a dilute salt whose ambipolar D is D0 exp(k (c / c0 - 1))."""
    return iondrift.Diffusivity.exponential(D0 / (2.0 * (1.0 - transference)), -k, C0)
