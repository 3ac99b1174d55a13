"""Simulated cells: a forward Nernst-Planck model whose drift velocities are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypedDict, TypeVar, Unpack

import numpy as np
import numpy.typing as npt
import xarray as xr

from iondrift import cast
from iondrift.cast import FloatArray
from iondrift.errors import ConfigurationError, DataError
from iondrift.resources import memory
from iondrift.settings import split_keywords
from iondrift.threads import bounded_threads
from iondrift.transport.diffusivity import Diffusivity
from iondrift.transport.forward.measured_like import MeasuredLike
from iondrift_kernels.constants import FARADAY, GAS_CONSTANT

__all__ = ["PRESETS", "MeasuredLike", "graded_volumes", "simulate"]

_Record = TypeVar("_Record", "ForwardCell", "ForwardProtocol")

# Thickness from the half-height points of the two measured cells. The interface resistances let constant
# current end after about 1.5 h and 2.2 h, as it did there.
PRESETS: Mapping[str, Mapping[str, float]] = {
    "li-li": {
        "thickness": 1.203e-3,
        "voltage_limit": 1.5,
        "electromotive_force": 0.0,
        "interface_resistance": 0.057,
        "lithium_counter": 1.0,
    },
    "li-nmc622": {
        "thickness": 1.391e-3,
        "voltage_limit": 4.3,
        "electromotive_force": 3.7,
        "interface_resistance": 0.002,
        "lithium_counter": 0.0,
    },
}

_SPACING = 31.25e-6  # m, of the places that are stored: as measured
_MOST_STEPS = 1e11  # of one volume; a hundred take a microsecond

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


@dataclass(frozen=True, kw_only=True)
class ForwardCell:
    """The cell, with its defaults; :func:`simulate` says what each is. None: that of the preset."""

    diffusivity: Diffusivity | None = None
    anion_transference: float = 0.9
    temperature: float = 313.15
    concentration: float = 1666.0
    thickness: float | None = None
    electromotive_force: float | None = None
    interface_resistance: float | None = None
    interface_exponent: float = 2.0
    lithium_counter: float | None = None


@dataclass(frozen=True, kw_only=True)
class ForwardProtocol:
    """What is done to it, with the defaults; :func:`simulate` says what each is."""

    current_density: float = -1.0
    voltage_limit: float | None = None
    open_circuit_before: float = 2.5 * 3600
    constant_current: float = 6 * 3600
    constant_voltage: float = 5 * 3600
    open_circuit_after: float = 2.5 * 3600


@dataclass(frozen=True, kw_only=True)
class ForwardAcquisition:
    """What is stored of it, and how finely it is computed, with the defaults; :func:`simulate` says what each is."""

    profiles: int | None = None
    interval: float = 513.0
    duration: float = 444.0
    x: npt.ArrayLike | None = None
    volumes: int = 160
    time_step: float = 20.0
    log_interval: float = 20.0


class ForwardKeywords(TypedDict, total=False):
    """The fields of the three records above, as keywords."""

    diffusivity: Diffusivity | None
    anion_transference: float
    temperature: float
    concentration: float
    thickness: float | None
    electromotive_force: float | None
    interface_resistance: float | None
    interface_exponent: float
    lithium_counter: float | None
    current_density: float
    voltage_limit: float | None
    open_circuit_before: float
    constant_current: float
    constant_voltage: float
    open_circuit_after: float
    profiles: int | None
    interval: float
    duration: float
    x: npt.ArrayLike | None
    volumes: int
    time_step: float
    log_interval: float


@bounded_threads
def simulate(
    cell: str = "li-li",
    *,
    noise: float | None = None,
    measurement: MeasuredLike | None = None,
    seed: int = 0,
    **options: Unpack[ForwardKeywords],
) -> xr.Dataset:
    """Simulate a cell through rest, constant current, constant voltage and rest.

    N- = -D_amb dc/dx - t- i/F with D_amb = 2 (1 - t-) D-(c) and no anion flux through the electrodes;
    E = ( i/F + (D+ - D-) dc/dx ) / ((u+ + u-) c); v = -u- E; V = -int E dx - i R_0 (c0/c(0))^p + EMF
    + (R T/F) (g ln(c(L)/c0) - ln(c(0)/c0)), the Nernst term of lithium electrodes, g = lithium_counter.

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
    lithium_counter
        1 where the counter electrode is lithium, 0 where its dependence on c counts to its EMF.
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
        ``voltage`` needs, and its parts by name, voltage_part (part, time); (log_time): log_voltage,
        log_current_density; with noise (time, point): intensity, and position (point).

    Raises
    ------
    ConfigurationError
        An unknown cell, or options that do not fit.
    DataError
        A value no physics allows; the salt runs out at an electrode (the message gives the time).
    DiffusivityError
        D-(c) is not positive somewhere between a thousandth and twice the initial concentration.

    Examples
    --------
    >>> cell = simulate("li-li")
    >>> end = cell.sel(time=cell.attrs["rest_start"], method="nearest")
    >>> f"{float(end.drift_velocity[0]) * 3.6e9:.0f} um/h at {float(end.voltage):.2f} V"
    '302 um/h at 1.50 V'
    """
    if not isinstance(cell, str) or cell not in PRESETS:
        raise ConfigurationError(f"cell {cell!r}: use {' or '.join(map(repr, PRESETS))}")
    of_cell, of_protocol, of_acquisition = split_keywords(
        "simulate", options, ForwardCell, ForwardProtocol, ForwardAcquisition
    )
    setup = _with_preset(ForwardCell(**of_cell), PRESETS[cell])
    protocol = _with_preset(ForwardProtocol(**of_protocol), PRESETS[cell])
    stored = ForwardAcquisition(**of_acquisition)
    _check(setup, protocol, stored)
    thickness, concentration = _known(setup.thickness), float(setup.concentration)
    places = _places(stored.x, thickness)
    D_minus = DEFAULT_DIFFUSIVITY if setup.diffusivity is None else setup.diffusivity
    _refuse_negative(D_minus, concentration)

    # Here and not above: numba takes a third of a second to import.
    from iondrift.transport.forward.dataset import dataset
    from iondrift.transport.forward.protocol_run import ProtocolRun
    from iondrift_kernels import nernst_planck as model

    faces, middles = graded_volumes(thickness, stored.volumes)
    run = ProtocolRun(
        cell=model.Cell(
            float(setup.anion_transference),
            GAS_CONSTANT * setup.temperature / FARADAY,
            _known(setup.electromotive_force),
            _known(setup.interface_resistance),
            float(setup.interface_exponent),
            concentration,
            _known(setup.lithium_counter),
        ),
        grid=model.Grid(np.diff(faces), np.diff(middles)),
        diffusion=model.Diffusion(D_minus.form, D_minus.argument_code, D_minus.parameters),
        concentration=np.full(stored.volumes, concentration),
        snapshots=_snapshots(protocol, stored),
        longest_step=float(stored.time_step),
    )
    segments = run.protocol(
        current_density=float(protocol.current_density),
        voltage_limit=_known(protocol.voltage_limit),
        durations=_durations(protocol),
    )
    result = dataset(run, D_minus, middles, places, duration=stored.duration, log_interval=stored.log_interval)
    lowest, highest = float(result.concentration.min()), float(result.concentration.max())
    D_minus.check(lowest, highest)
    result.attrs = {
        "source": f"simulated {cell} cell, Nernst-Planck, binary electrolyte",
        "anion_transference": float(setup.anion_transference),
        "temperature": float(setup.temperature),
        "thickness": thickness,
        "initial_concentration": concentration,
        "diffusivity": D_minus.describe(),
        "seed": seed,
        **segments,
    }
    if noise is not None:
        from iondrift.transport.forward.dataset import add_intensity

        settings = MeasuredLike() if measurement is None else measurement
        result = add_intensity(result, run, D_minus, middles, cast.scalar(noise, "noise"), settings, seed)
    return result


def _with_preset(record: _Record, preset: Mapping[str, float]) -> _Record:
    """Return a record with what was left open taken from a preset, and what was given as plain numbers."""
    names = [entry.name for entry in fields(record) if entry.name in preset]
    given = {name: getattr(record, name) for name in names}
    found: dict[str, Any] = {
        name: preset[name] if value is None else cast.scalar(value, name) for name, value in given.items()
    }
    return replace(record, **found)


def _known(value: float | None) -> float:
    """Return a number that a preset has filled in."""
    return float("nan") if value is None else value


def _durations(protocol: ForwardProtocol) -> tuple[float, float, float, float]:
    return (
        protocol.open_circuit_before, protocol.constant_current, protocol.constant_voltage, protocol.open_circuit_after,
    )  # fmt: skip


def _check(cell: ForwardCell, protocol: ForwardProtocol, stored: ForwardAcquisition) -> None:
    """Refuse what no physics allows, and options that do not fit each other."""
    given = {entry.name: getattr(record, entry.name) for record in (cell, protocol, stored) for entry in fields(record)}
    for name in ("thickness", "concentration", "temperature", "interval", "duration", "time_step", "log_interval"):
        cast.scalar(given[name], name, positive=True)
    for name in (
        "interface_resistance", "interface_exponent", "open_circuit_before", "constant_current", "constant_voltage",
        "open_circuit_after",
    ):  # fmt: skip
        if cast.scalar(given[name], name) < 0.0:
            raise DataError(f"{name}: {given[name]:g}; it must not be negative")
    if cast.scalar(protocol.current_density, "current_density") >= 0.0:
        raise DataError(f"current_density: {protocol.current_density:g} A/m2; it is negative while plating at x = 0")
    if not 0.0 < cast.scalar(cell.anion_transference, "anion_transference") < 1.0:
        raise DataError(f"anion_transference: {cell.anion_transference:g}; it must lie between 0 and 1")
    if stored.duration > stored.interval:
        raise ConfigurationError(
            f"duration {stored.duration:g} s: an acquisition cannot outlast interval {stored.interval:g} s"
        )
    if stored.profiles is not None and stored.profiles < 1:
        raise ConfigurationError(f"profiles {stored.profiles}: at least 1")
    if cast.whole(stored.volumes, "volumes") < 8:
        raise ConfigurationError(f"volumes {stored.volumes}: at least 8")
    _check_sizes(_known(cell.thickness), protocol, stored)


def _check_sizes(thickness: float, protocol: ForwardProtocol, stored: ForwardAcquisition) -> None:
    """Refuse what would take more memory or time than a machine has."""
    longest = sum(_durations(protocol))
    if longest / stored.time_step * stored.volumes > _MOST_STEPS:
        raise ConfigurationError(
            f"time_step {stored.time_step:g} s: {longest / stored.time_step:.3g} steps over {stored.volumes} volumes "
            "would take hours; take a longer one, or fewer volumes"
        )
    places = thickness / _SPACING if stored.x is None else np.size(stored.x)
    counted = longest / stored.interval if stored.profiles is None else stored.profiles
    values = counted * (stored.volumes + 3.0 * places) + 5.0 * longest / stored.log_interval
    if 8.0 * values > 0.5 * memory():
        raise ConfigurationError(
            f"interval {stored.interval:g} s, log_interval {stored.log_interval:g} s: {counted:.3g} profiles of "
            f"{places:.3g} places and {longest / stored.log_interval:.3g} samples of the log take {8e-9 * values:.3g} "
            "GB, more than there are; take longer ones"
        )


def _snapshots(protocol: ForwardProtocol, stored: ForwardAcquisition) -> FloatArray:
    """Return the middles of the acquisitions, s.

    Raises
    ------
    ConfigurationError
        The protocol has no room for as many as are wanted.
    """
    before, constant_current, constant_voltage, after = _durations(protocol)
    longest = before + constant_current + constant_voltage + after
    possible = int((longest - stored.duration) // stored.interval) + 1 if longest >= stored.duration else 0
    wanted = possible if stored.profiles is None else min(stored.profiles, possible)
    if wanted < (stored.profiles or 1):
        raise ConfigurationError(f"profiles: {stored.profiles or 1} wanted, but the protocol has room for {wanted}")
    return np.arange(wanted, dtype=np.float64) * stored.interval + 0.5 * stored.duration


def _places(x: npt.ArrayLike | None, thickness: float) -> FloatArray:
    if x is None:
        return np.linspace(0.0, thickness, round(thickness / _SPACING) + 1)
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
