"""Simulated cells: a forward Nernst-Planck model whose drift velocities are known."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import xarray as xr

from iondrift import cast
from iondrift.cast import FloatArray
from iondrift.errors import ConfigurationError, DataError
from iondrift.threads import one_algebra_thread
from iondrift.transport.diffusivity import Diffusivity
from iondrift.transport.forward.measured_like import MeasuredLike
from iondrift_kernels.constants import FARADAY, GAS_CONSTANT

__all__ = ["PRESETS", "MeasuredLike", "graded_volumes", "simulate"]

# Thickness from the half-height points of the two measured cells. The interface resistances let constant
# current end after about 1.5 h and 2.2 h, as it did there.
PRESETS: Mapping[str, Mapping[str, float]] = {
    "li-li": {
        "thickness": 1.203e-3,
        "voltage_limit": 1.5,
        "electromotive_force": 0.0,
        "interface_resistance": 0.057,
    },
    "li-nmc622": {
        "thickness": 1.391e-3,
        "voltage_limit": 4.3,
        "electromotive_force": 3.7,
        "interface_resistance": 0.002,
    },
}

# Through the paper's D at EO:Li 10 (1.315e-12) and 20 (1.717e-12); monotone, as the literature's are.
DEFAULT_DIFFUSIVITY = Diffusivity.exponential(1.315e-12, 0.675, 1666.0)


def graded_volumes(thickness: float, count: int) -> tuple[FloatArray, FloatArray]:
    """Return (faces, middles) of finite volumes, m: x = L/2 (1 + tanh(s (2 k/n - 1)) / tanh(s)), s = 2.5.

    The volumes at the electrodes are 1/37 as wide as those in the middle, and widths change smoothly, which
    keeps second order.
    """
    s = 2.5
    faces = 0.5 * thickness * (1.0 + np.tanh(s * np.linspace(-1.0, 1.0, count + 1)) / np.tanh(s))
    return faces, 0.5 * (faces[1:] + faces[:-1])


@one_algebra_thread
def simulate(
    cell: str = "li-li",
    *,
    diffusivity: Diffusivity | None = None,
    anion_transference: float = 0.9,
    temperature: float = 313.15,
    concentration: float = 1666.0,
    thickness: float | None = None,
    current_density: float = -1.0,
    voltage_limit: float | None = None,
    electromotive_force: float | None = None,
    interface_resistance: float | None = None,
    interface_exponent: float = 2.0,
    open_circuit_before: float = 2.5 * 3600,
    constant_current: float = 6 * 3600,
    constant_voltage: float = 5 * 3600,
    open_circuit_after: float = 2.5 * 3600,
    profiles: int | None = None,
    interval: float = 513.0,
    duration: float = 444.0,
    x: npt.ArrayLike | None = None,
    volumes: int = 160,
    time_step: float = 20.0,
    log_interval: float = 20.0,
    noise: float | None = None,
    measurement: MeasuredLike | None = None,
    seed: int = 0,
) -> xr.Dataset:
    """Simulate a cell through rest, constant current, constant voltage and rest.

    N- = -D_amb dc/dx - t- i/F with D_amb = 2 (1 - t-) D-(c) and no anion flux through the electrodes;
    E = ( i/F + (D+ - D-) dc/dx ) / ((u+ + u-) c); v = -u- E; V = -int E dx - i R_0 (c0/c(0))^p + EMF.

    Parameters
    ----------
    cell
        ``"li-li"`` or ``"li-nmc622"``: where thickness, voltage limit, EMF and interface resistance come
        from, unless given.
    diffusivity
        Anion D-(c). Default: 1.315e-12 exp(-0.675 (c/1666 - 1)) m2/s, through the paper's values at EO:Li 10
        and 20.
    anion_transference
        t-, between 0 and 1; D+ = D- (1 - t-) / t-.
    temperature
        K.
    concentration
        Uniform at the start, mol m-3.
    thickness
        Between the electrodes, m.
    current_density
        A m-2, negative while plating at x = 0.
    voltage_limit
        Ends constant current and is held as constant voltage, V.
    electromotive_force
        At rest, V.
    interface_resistance, interface_exponent
        R_0 in ohm m2 at the initial concentration, p: a phenomenological interphase whose resistance grows
        as the salt at the plating electrode becomes scarce, R_0 (c0 / c(0))^p.
    open_circuit_before, constant_current, constant_voltage, open_circuit_after
        s; constant current ends earlier at the voltage limit, and ends the simulation otherwise in an error
        unless constant_voltage is 0.
    profiles
        Stop after so many; all that fit by default.
    interval, duration
        Of the acquisitions, s. Values at the middle of an acquisition are stored.
    x
        Places to store, m, within 0 to thickness. Default: electrode to electrode, both included, at about
        31.25 um.
    volumes, time_step
        Finite volumes (graded towards both electrodes) and the longest time step, s.
    log_interval
        Of ``log_voltage`` and ``log_current_density``, s.
    noise
        Standard deviation of the measured-like ``intensity`` over its plateau, e.g. 0.02; None leaves
        ``intensity`` out.
    measurement
        Everything else about ``intensity``; see :class:`MeasuredLike`.
    seed
        Of the noise.

    Returns
    -------
    Dataset
        (time, x): concentration, electric_field, drift_velocity, flux; (time): voltage, current_density,
        voltage_offset = V + int E dx over the stored x, so that voltage - voltage_offset is what the closure
        ``voltage`` needs; (log_time): log_voltage, log_current_density; with noise (time, point): intensity,
        and position (point).

    Raises
    ------
    ConfigurationError
        An unknown cell, or options that do not fit.
    DataError
        A value no physics allows; the salt runs out at an electrode (the message gives the time).
    DiffusivityError
        D-(c) is not positive somewhere between a thousandth and twice the initial concentration.
    """
    if cell not in PRESETS:
        raise ConfigurationError(f"cell {cell!r}: use {' or '.join(map(repr, PRESETS))}")
    given = {
        "thickness": thickness,
        "voltage_limit": voltage_limit,
        "electromotive_force": electromotive_force,
        "interface_resistance": interface_resistance,
    }
    own = {name: PRESETS[cell][name] if value is None else cast.scalar(value, name) for name, value in given.items()}
    positive = {
        "thickness": own["thickness"], "concentration": concentration, "temperature": temperature,
        "interval": interval, "duration": duration, "time_step": time_step, "log_interval": log_interval,
    }  # fmt: skip
    for name, value in positive.items():
        cast.scalar(value, name, positive=True)
    not_negative = {
        "interface_resistance": own["interface_resistance"], "interface_exponent": interface_exponent,
        "open_circuit_before": open_circuit_before, "constant_current": constant_current,
        "constant_voltage": constant_voltage, "open_circuit_after": open_circuit_after,
    }  # fmt: skip
    for name, value in not_negative.items():
        if cast.scalar(value, name) < 0.0:
            raise DataError(f"{name}: {value:g}; it must not be negative")
    if cast.scalar(current_density, "current_density") >= 0.0:
        raise DataError(f"current_density: {current_density:g} A/m2; it is negative while plating at x = 0")
    if not 0.0 < cast.scalar(anion_transference, "anion_transference") < 1.0:
        raise DataError(f"anion_transference: {anion_transference:g}; it must lie between 0 and 1")
    if duration > interval:
        raise ConfigurationError(f"duration {duration:g} s: an acquisition cannot outlast interval {interval:g} s")
    if profiles is not None and profiles < 1:
        raise ConfigurationError(f"profiles {profiles}: at least 1")
    if volumes < 8:
        raise ConfigurationError(f"volumes {volumes}: at least 8")
    places = _places(x, own["thickness"])
    D_minus = DEFAULT_DIFFUSIVITY if diffusivity is None else diffusivity
    _refuse_negative(D_minus, concentration)

    # Here and not above: numba takes a third of a second to import.
    from iondrift.transport.forward.dataset import dataset
    from iondrift.transport.forward.protocol_run import ProtocolRun
    from iondrift_kernels import nernst_planck as model

    faces, middles = graded_volumes(own["thickness"], volumes)
    longest = open_circuit_before + constant_current + constant_voltage + open_circuit_after
    possible = int((longest - duration) // interval) + 1 if longest >= duration else 0
    wanted = possible if profiles is None else min(profiles, possible)
    if wanted < (profiles or 1):
        raise ConfigurationError(f"profiles: {profiles or 1} wanted, but the protocol has room for {wanted}")
    run = ProtocolRun(
        cell=model.Cell(
            float(anion_transference),
            GAS_CONSTANT * temperature / FARADAY,
            own["electromotive_force"],
            own["interface_resistance"],
            float(interface_exponent),
            float(concentration),
        ),
        grid=model.Grid(np.diff(faces), np.diff(middles)),
        form=D_minus.form,
        argument=D_minus.argument_code,
        parameters=D_minus.parameters,
        concentration=np.full(volumes, float(concentration)),
        snapshots=np.arange(wanted, dtype=np.float64) * interval + 0.5 * duration,
        longest_step=float(time_step),
    )
    segments = run.protocol(
        current_density=float(current_density),
        voltage_limit=own["voltage_limit"],
        durations=(open_circuit_before, constant_current, constant_voltage, open_circuit_after),
    )
    result = dataset(run, D_minus, middles, places, duration=duration, log_interval=log_interval)
    lowest, highest = float(result.concentration.min()), float(result.concentration.max())
    D_minus.check(lowest, highest)
    result.attrs = {
        "source": f"simulated {cell} cell, Nernst-Planck, binary electrolyte",
        "anion_transference": float(anion_transference),
        "temperature": float(temperature),
        "thickness": own["thickness"],
        "initial_concentration": float(concentration),
        "diffusivity": D_minus.describe(),
        "seed": seed,
        **segments,
    }
    if noise is not None:
        from iondrift.transport.forward.dataset import add_intensity

        settings = MeasuredLike() if measurement is None else measurement
        result = add_intensity(result, run, D_minus, middles, cast.scalar(noise, "noise"), settings, seed)
    return result


def _places(x: npt.ArrayLike | None, thickness: float) -> FloatArray:
    if x is None:
        return np.linspace(0.0, thickness, round(thickness / 31.25e-6) + 1)
    places = cast.increasing(x, "x")
    if places.size < 2 or places[0] < 0.0 or places[-1] > thickness * (1.0 + 1e-12):
        raise DataError(f"x: {places.size} places within 0 to {thickness:g} m (the thickness) are needed, at least 2")
    return np.minimum(places, thickness)


def _refuse_negative(diffusivity: Diffusivity, concentration: float) -> None:
    """Refuse a D(c) that a run could drive negative, before it does."""
    c = concentration * np.linspace(0.05, 2.0, 196)
    D = diffusivity(c)
    if not (D > 0.0).all():
        worst = float(c[int(np.argmin(D))])
        diffusivity.check(worst, worst)
