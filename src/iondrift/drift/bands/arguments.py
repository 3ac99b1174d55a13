"""The door of :func:`iondrift.drift_bands`: every argument checked before anything expensive begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
import xarray as xr

from iondrift import cast
from iondrift.cast import FloatArray
from iondrift.drift.bands import counts as replicates
from iondrift.drift.bands.labels import BANDED
from iondrift.drift.bands.uncertainties import DIFFUSIVITY_DEFAULT, ROWS, Uncertainties
from iondrift.drift.inputs import along_time, cation_ratio, check_current_sign
from iondrift.drift.names import Closure, Method
from iondrift.errors import ConfigurationError
from iondrift.transport.diffusivity import Diffusivity, require_diffusivity

_HIGHEST_SEED = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class BandArguments:
    """What :func:`iondrift.drift_bands` was given, checked and along the profiles' times; SI.

    ``count``: the first number of replicates; ``doubled``: whether it grows until the bands are known well enough.
    """

    concentration: xr.DataArray
    voltage: FloatArray
    current: FloatArray | None
    storage: FloatArray | None
    diffusivity: Diffusivity
    temperature: float
    transference_number: float | None
    closure: Closure
    method: Method
    uncertainties: Uncertainties
    count: int
    doubled: bool
    seed: int
    seeds: Mapping[str, int]
    levels: FloatArray
    codes: np.ndarray
    began: int | None
    end: int

    @property
    def time(self) -> FloatArray:
        """Of the profiles, s."""
        return np.asarray(self.concentration["time"].values)

    @property
    def x(self) -> FloatArray:
        """Of the points, m."""
        return np.asarray(self.concentration["x"].values)


def check_band_arguments(
    concentration: xr.DataArray,
    voltage: xr.DataArray,
    diffusivity: Diffusivity,
    *,
    temperature: float,
    closure: Closure,
    method: Method,
    uncertainties: Uncertainties | None,
    samples: int | Literal["auto"],
    seed: int,
    current_density: xr.DataArray | None,
    transference_number: float | None,
    voltage_offset: float | xr.DataArray,
    electrode_storage: xr.DataArray | None,
    end_at: float | None,
    quantiles: Sequence[float] = (0.5,),
    variables_wanted: Sequence[str] = BANDED,
    growth_from: float | None = None,
    seeds: Mapping[str, int] | None = None,
) -> BandArguments:
    """Return the arguments of :func:`iondrift.drift_bands`, checked.

    Raises
    ------
    DataError, ShapeError, ConfigurationError
        One does not fit; the message names it and what is allowed.
    """
    cast.one_of(closure, "closure", get_args(Closure))
    cast.one_of(method, "method", get_args(Method))
    require_diffusivity(diffusivity)
    concentration = cast.labelled(concentration, "concentration", ("time", "x"), positive=True)
    time = concentration["time"]
    volts = along_time(voltage, "voltage", time)
    current = None if current_density is None else along_time(current_density, "current_density", time)
    if current is not None:
        check_current_sign(volts, current)
    elif closure == "current":
        raise ConfigurationError("closure 'current' needs current_density (time), A m-2, negative while plating")
    cation_ratio(transference_number, closure)
    kelvin = cast.scalar(temperature, "temperature", positive=True)
    if uncertainties is None:
        uncertainties = Uncertainties()
    cast.instance(uncertainties, "uncertainties", Uncertainties, "Uncertainties(temperature_K=0.5) makes one")
    uncertainties.check_against(temperature=kelvin, points=concentration.sizes["x"])
    doubled = isinstance(samples, str) and samples == "auto"
    end = _end_index(end_at, time.values)
    return BandArguments(
        concentration=concentration,
        voltage=volts - along_time(voltage_offset, "voltage_offset", time),
        current=current,
        storage=None if electrode_storage is None else along_time(electrode_storage, "electrode_storage", time),
        diffusivity=with_uncertainty(diffusivity, uncertainties),
        temperature=kelvin,
        transference_number=transference_number,
        closure=closure,
        method=method,
        uncertainties=uncertainties,
        count=replicates.FIRST if doubled else _count(samples),
        doubled=doubled,
        seed=_seed(seed, "seed"),
        seeds=_source_seeds(seeds),
        levels=_levels(quantiles),
        codes=_codes(variables_wanted),
        began=_began(growth_from, time.values, end),
        end=end,
    )


def with_uncertainty(diffusivity: Diffusivity, uncertainties: Uncertainties) -> Diffusivity:
    """Return D(c) with the uncertainty that the error model asks for."""
    relative = uncertainties.diffusivity_relative
    if relative is None:
        stated = diffusivity.covariance is not None or diffusivity.relative_uncertainty is not None
        return diffusivity if stated else replace(diffusivity, relative_uncertainty=DIFFUSIVITY_DEFAULT)
    return replace(diffusivity, covariance=None, relative_uncertainty=relative)


def _count(samples: object) -> int:
    try:
        return cast.whole(samples, "samples", lowest=replicates.FEWEST, highest=replicates.MOST)
    except ConfigurationError as error:
        raise ConfigurationError(f"{error}, or 'auto'") from None


def _seed(seed: int, name: str) -> int:
    return cast.whole(seed, name, lowest=0, highest=_HIGHEST_SEED)


def _source_seeds(seeds: Mapping[str, int] | None) -> dict[str, int]:
    given = {} if seeds is None else seeds
    if not isinstance(given, Mapping):
        raise ConfigurationError(f"seeds: {given!r} found; name the sources, such as {{'temperature_K': 1}}")
    for name in given:
        if name not in ROWS:
            raise ConfigurationError(f"seeds: source {name!r} found; allowed are {', '.join(ROWS)}")
    return {name: _seed(seed, f"seeds: {name}") for name, seed in given.items()}


def _levels(quantiles: Sequence[float]) -> FloatArray:
    levels = cast.increasing(quantiles, "quantiles")
    if not (levels.size and levels[0] >= 0.0 and levels[-1] <= 1.0):
        raise ConfigurationError(f"quantiles: {tuple(quantiles)} found; levels lie between 0 and 1, ascending")
    return levels


def _codes(names: Sequence[str]) -> np.ndarray:
    if isinstance(names, str) or not isinstance(names, Sequence):
        raise ConfigurationError(
            f"variables_wanted: {names!r} found; give a sequence of names, such as ('drift_velocity', 'flux')"
        )
    for name in names:
        if name not in BANDED:
            raise ConfigurationError(f"variables_wanted: {name!r} found; allowed are {', '.join(BANDED)}")
    if "drift_velocity" not in names:
        raise ConfigurationError("variables_wanted: must name drift_velocity")
    ordered = ["drift_velocity", *(name for name in dict.fromkeys(names) if name != "drift_velocity")]
    return np.array([BANDED.index(name) for name in ordered], dtype=np.int64)


def _end_index(end_at: float | None, time: FloatArray) -> int:
    if end_at is None:
        return int(time.size - 1)
    moment = cast.scalar(end_at, "end_at")
    if not time[0] <= moment <= time[-1]:
        raise ConfigurationError(f"end_at: {moment:g} s lies outside the profiles, {time[0]:g} to {time[-1]:g} s")
    return int(np.abs(time - moment).argmin())


def _began(growth_from: float | None, time: FloatArray, end: int) -> int | None:
    """Return the profile that growth is counted from; None where it would be no profile before the end."""
    if growth_from is None or not time[0] <= cast.scalar(growth_from, "growth_from") < time[end]:
        return None
    return int(np.searchsorted(time, growth_from))
