"""Uncertainty bands of drift velocities by Monte Carlo over the whole reconstruction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal, get_args

import numpy as np
import xarray as xr

from iondrift import cast
from iondrift.band_draws import BandJob, Method
from iondrift.band_labels import BANDED, label_bands
from iondrift.cast import FloatArray
from iondrift.closures import CLOSURES, Closure, along_time, cation_ratio, check_current_sign
from iondrift.diffusivity import Diffusivity
from iondrift.electrode_flux import StorageFit, fit_storage
from iondrift.errors import ConfigurationError
from iondrift.noise import NoiseEstimate
from iondrift.smoothed_profiles import smoothing_attributes
from iondrift.smoothing import Penalties, SmoothSeries, smooth
from iondrift.uncertainties import DIFFUSIVITY_DEFAULT, ROWS, Uncertainties

METHODS: Mapping[str, str] = {
    "posterior": "spline coefficients drawn from their posterior (Wahba, Nychka), systematic inputs from theirs",
    "perturb": "every input perturbed and the profiles smoothed again with the same penalties (note S3 style)",
}
CONVERGED = 0.02  # Monte Carlo error of a band's edge over the band's width, for samples="auto"
_FEWEST_SAMPLES = 40
_MOST_SAMPLES = 64_000


def drift_bands(
    concentration: xr.DataArray,
    voltage: xr.DataArray,
    diffusivity: Diffusivity,
    *,
    temperature: float,
    closure: Closure = "voltage",
    method: Method = "posterior",
    uncertainties: Uncertainties | None = None,
    samples: int | Literal["auto"] = 1000,
    seed: int = 0,
    quantiles: Sequence[float] = (0.025, 0.5, 0.975),
    variables_wanted: Sequence[str] = BANDED,
    current_density: xr.DataArray | None = None,
    transference_number: float | None = None,
    voltage_offset: float | xr.DataArray = 0.0,
    electrode_storage: xr.DataArray | None = None,
    breaks: Sequence[float] = (),
    reference_profiles: int | None = None,
    reference_index: int | None = None,
    noise: NoiseEstimate | None = None,
    penalties: Penalties | None = None,
    series: SmoothSeries | None = None,
    growth_from: float | None = None,
    end_at: float | None = None,
    profile_noise: bool = True,
    seeds: Mapping[str, int] | None = None,
    progress: Callable[[float], None] | None = None,
) -> xr.Dataset:
    """Return quantiles of every variable of :func:`iondrift.reconstruct_drift` over Monte Carlo replicates.

    Each replicate draws the spline coefficients from ``N(b, sigma^2 A^-1)`` (``posterior``) or smooths the profiles
    again with new noise (``perturb``), draws the systematic inputs, and closes: v = (J0 + G + D dc/dx) / c.

    Parameters
    ----------
    concentration, voltage, diffusivity, temperature, closure, current_density, transference_number, voltage_offset
        As for :func:`iondrift.reconstruct_drift`; so are electrode_storage, breaks, reference_profiles,
        reference_index, noise and penalties.
    method
        ``posterior`` or ``perturb``.
    uncertainties
        None: the stated defaults; ``Uncertainties.none()``: profile noise alone.
    samples
        Replicates; ``"auto"``: doubled until the Monte Carlo error of the outer quantiles is below 2 % of the width.
    seed
        Same seed, same bits, for any number of threads.
    quantiles
        Levels, ascending, between 0 and 1.
    variables_wanted
        Names to keep; each costs memory traffic and a selection.
    series
        A fit made before with the same options, to be used instead of fitting again.
    growth_from
        Time (s) from which growth is counted: the start of the constant voltage.
    end_at
        Time (s) of the profile that final numbers are taken at, such as the last under polarisation; None: the last.
    profile_noise
        False leaves the noise of the profiles out, to see what the other sources do alone.
    seeds
        Seeds of single systematic sources (names of :class:`iondrift.Uncertainties`) in place of ``seed``, for
        sensitivity indices.
    progress
        Called with the fraction done.

    Returns
    -------
    xarray.Dataset
        Variables (quantile, time, x) in SI; ``monte_carlo_error`` (time, x), m s-1, of the outer quantiles of v; by
        replicate: ``maximum_drift_velocity``, ``final_drift_velocity`` (end), ``penetration_depth`` (end),
        ``spatial_spread``, ``growth`` (end), ``final_charge_balance`` (end).

    Raises
    ------
    DataError, ShapeError, ConfigurationError, DiffusivityError
        As :func:`iondrift.reconstruct_drift`; also where a drawn concentration or D(c) is not positive.

    Notes
    -----
    Source: Wahba 1983, Nychka 1988 (coverage of the posterior); Salmon et al. 2011 (counter-based random numbers).
    """
    if closure not in get_args(Closure):
        raise ConfigurationError(f"closure: {closure!r} found; allowed are {', '.join(CLOSURES)}")
    if method not in METHODS:
        raise ConfigurationError(f"method: {method!r} found; allowed are {', '.join(METHODS)}")
    levels = _levels(quantiles)
    codes = _codes(variables_wanted)
    concentration = cast.labelled(concentration, "concentration", ("time", "x"), positive=True)
    time = concentration["time"]
    volts = along_time(voltage, "voltage", time) - along_time(voltage_offset, "voltage_offset", time)
    current = None if current_density is None else along_time(current_density, "current_density", time)
    if current is not None:
        check_current_sign(along_time(voltage, "voltage", time), current)
    elif closure == "current":
        raise ConfigurationError("closure 'current' needs current_density (time), A m-2, negative while plating")
    cation_ratio(transference_number, closure)
    if series is None:
        series = smooth(
            concentration,
            breaks=breaks,
            noise=noise,
            reference_profiles=reference_profiles,
            reference_index=reference_index,
            penalties=penalties,
        )
    uncertainties = Uncertainties() if uncertainties is None else uncertainties
    smooth_c = series.evaluate()[0]
    diffusivity.check(float(smooth_c.min()), float(smooth_c.max()))
    end = _end_index(end_at, time.values)
    job = BandJob(
        series=series,
        x=concentration["x"].values,
        time=time.values,
        voltage=volts,
        current=current,
        storage=_storage(electrode_storage, time, series.breaks) if closure == "blocking" else None,
        diffusivity=with_uncertainty(diffusivity, uncertainties),
        temperature=cast.scalar(temperature, "temperature", positive=True),
        closure=closure,
        method=method,
        uncertainties=uncertainties,
        transference_number=transference_number,
        seed=_seed(seed),
        codes=codes,
        levels=levels,
        profile_noise=profile_noise,
        seeds=_source_seeds(seeds),
        began=_began(growth_from, time.values, end),
        end=end,
    )
    count = _first_count(samples)
    while True:
        outcome = job.run(count, progress)
        relative = outcome.relative_error()
        if samples != "auto" or relative < CONVERGED or count >= _MOST_SAMPLES:
            break
        count *= 2
    result = label_bands(outcome, job, concentration, quantiles)
    result.attrs = {
        "closure": closure,
        "closure_meaning": CLOSURES[closure],
        "method": method,
        "method_meaning": METHODS[method],
        "samples": count,
        "seed": seed,
        "uncertainties": str(uncertainties),
        "relative_monte_carlo_error": relative,
        "assumptions": "dilute solution; Nernst-Einstein mobility; one dimension; no convection; the closure holds",
    } | smoothing_attributes(series)
    return result


def summarise(draws: xr.DataArray, quantiles: Sequence[float] = (0.025, 0.5, 0.975)) -> xr.DataArray:
    """Return quantiles of a variable by replicate, with its attributes."""
    return draws.quantile(list(quantiles), dim="replicate", keep_attrs=True)


def velocity_ratio(first: xr.Dataset, second: xr.Dataset) -> xr.DataArray:
    """Return draws (end, replicate) of the ratio of two cells' final drift velocities, first over second.

    Replicates are paired in opposite order: cells measured independently share no draw.

    Raises
    ------
    ConfigurationError
        The numbers of replicates differ.
    """
    a, b = first["final_drift_velocity"], second["final_drift_velocity"]
    if a.sizes["replicate"] != b.sizes["replicate"]:
        raise ConfigurationError(
            f"bands have {a.sizes['replicate']} and {b.sizes['replicate']} replicates; draw as many of both"
        )
    ratio = a / b.isel(replicate=slice(None, None, -1)).assign_coords(replicate=a["replicate"])
    ratio.attrs = {"units": "1", "long_name": "ratio of final drift velocities of two cells"}
    return ratio


def with_uncertainty(diffusivity: Diffusivity, uncertainties: Uncertainties) -> Diffusivity:
    """Return D(c) with the uncertainty that the error model asks for."""
    relative = uncertainties.diffusivity_relative
    if relative is None:
        stated = diffusivity.covariance is not None or diffusivity.relative_uncertainty is not None
        return diffusivity if stated else replace(diffusivity, relative_uncertainty=DIFFUSIVITY_DEFAULT)
    return replace(diffusivity, covariance=None, relative_uncertainty=relative)


def _levels(quantiles: Sequence[float]) -> FloatArray:
    levels = cast.increasing(quantiles, "quantiles")
    if not (levels.size and levels[0] >= 0.0 and levels[-1] <= 1.0):
        raise ConfigurationError(f"quantiles: {tuple(quantiles)} found; levels lie between 0 and 1, ascending")
    return levels


def _codes(names: Sequence[str]) -> np.ndarray:
    for name in names:
        if name not in BANDED:
            raise ConfigurationError(f"variables_wanted: {name!r} found; allowed are {', '.join(BANDED)}")
    if "drift_velocity" not in names:
        raise ConfigurationError("variables_wanted: must name drift_velocity")
    ordered = ["drift_velocity", *(name for name in dict.fromkeys(names) if name != "drift_velocity")]
    return np.array([BANDED.index(name) for name in ordered], dtype=np.int64)


def _seed(seed: int) -> int:
    if not 0 <= seed < 2**63:
        raise ConfigurationError(f"seed: {seed} found; allowed are whole numbers from 0 to 2^63 - 1")
    return seed


def _storage(storage: xr.DataArray | None, time: xr.DataArray, breaks: Sequence[float]) -> StorageFit | None:
    return None if storage is None else fit_storage(along_time(storage, "electrode_storage", time), time.values, breaks)


def _end_index(end_at: float | None, time: FloatArray) -> int:
    if end_at is None:
        return int(time.size - 1)
    if not time[0] <= end_at <= time[-1]:
        raise ConfigurationError(f"end_at: {end_at:g} s lies outside the profiles, {time[0]:g} to {time[-1]:g} s")
    return int(np.abs(time - end_at).argmin())


def _began(growth_from: float | None, time: FloatArray, end: int) -> int | None:
    if growth_from is None or not time[0] <= growth_from < time[end]:
        return None
    return int(np.searchsorted(time, growth_from))


def _source_seeds(seeds: Mapping[str, int] | None) -> dict[str, int]:
    for name in seeds or {}:
        if name not in ROWS:
            raise ConfigurationError(f"seeds: source {name!r} found; allowed are {', '.join(ROWS)}")
    return {name: _seed(seed) for name, seed in (seeds or {}).items()}


def _first_count(samples: int | str) -> int:
    if samples == "auto":
        return 1000
    if isinstance(samples, str) or samples < _FEWEST_SAMPLES:
        raise ConfigurationError(f"samples: {samples!r} found; allowed are 'auto' or a number from {_FEWEST_SAMPLES}")
    return samples
