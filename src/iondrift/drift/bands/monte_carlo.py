"""Uncertainty bands of drift velocities by Monte Carlo over the whole reconstruction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import xarray as xr

from iondrift import cast
from iondrift.drift.bands.arguments import check_band_arguments
from iondrift.drift.bands.counts import MOST_AUTOMATIC
from iondrift.drift.bands.labels import BANDED, label_bands
from iondrift.drift.bands.replicates import BandJob
from iondrift.drift.bands.uncertainties import Uncertainties
from iondrift.drift.electrode_flux import fit_storage
from iondrift.drift.names import CLOSURES, Closure, Method
from iondrift.drift.smoothing.noise import NoiseEstimate
from iondrift.drift.smoothing.penalised_splines import Penalties, SmoothSeries, given_or_fitted
from iondrift.drift.smoothing.profiles import smoothing_attributes
from iondrift.errors import ConfigurationError
from iondrift.transport.diffusivity import Diffusivity

METHODS: Mapping[str, str] = {
    "posterior": "spline coefficients drawn from their posterior (Wahba, Nychka), systematic inputs from theirs",
    "perturb": "every input perturbed and the profiles smoothed again with the same penalties (note S3 style)",
}
CONVERGED = 0.02  # Monte Carlo error of a band's edge over the band's width, for samples="auto"


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
        Replicates, 40 to 1,000,000; ``"auto"``: doubled until the Monte Carlo error of the outer quantiles is below 2 %
        of the width, 64,000 at most.
    seed
        Same seed, same bits, for any number of threads.
    quantiles
        Levels, ascending, between 0 and 1.
    variables_wanted
        Names to keep; each costs memory traffic and a selection.
    series
        A fit made before with the same options, to be used instead of fitting again.
    growth_from
        Time (s) from which growth is counted: the start of the constant voltage. No growth where it lies outside the
        profiles up to the end.
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
    given = check_band_arguments(
        concentration,
        voltage,
        diffusivity,
        temperature=temperature,
        closure=closure,
        method=method,
        uncertainties=uncertainties,
        samples=samples,
        seed=seed,
        current_density=current_density,
        transference_number=transference_number,
        voltage_offset=voltage_offset,
        electrode_storage=electrode_storage,
        end_at=end_at,
        quantiles=quantiles,
        variables_wanted=variables_wanted,
        growth_from=growth_from,
        seeds=seeds,
    )
    series = given_or_fitted(
        given.concentration,
        series,
        breaks=breaks,
        noise=noise,
        reference_profiles=reference_profiles,
        reference_index=reference_index,
        penalties=penalties,
    )
    diffusivity.check(*series.extremes)
    counted = given.storage if closure == "blocking" else None
    job = BandJob(
        series=series,
        x=given.x,
        time=given.time,
        voltage=given.voltage,
        current=given.current,
        storage=None if counted is None else fit_storage(counted, given.time, series.breaks),
        diffusivity=given.diffusivity,
        temperature=given.temperature,
        closure=closure,
        method=method,
        uncertainties=given.uncertainties,
        transference_number=transference_number,
        seed=given.seed,
        codes=given.codes,
        levels=given.levels,
        profile_noise=profile_noise,
        seeds=given.seeds,
        began=given.began,
        end=given.end,
    )
    count = given.count
    while True:
        outcome = job.run(count, progress)
        relative = outcome.relative_error()
        if not given.doubled or relative < CONVERGED or count >= MOST_AUTOMATIC:
            break
        count *= 2
    result = label_bands(outcome, job, given.concentration, quantiles)
    result.attrs = {
        "closure": closure,
        "closure_meaning": CLOSURES[closure],
        "method": method,
        "method_meaning": METHODS[method],
        "samples": count,
        "seed": given.seed,
        "uncertainties": str(given.uncertainties),
        "relative_monte_carlo_error": relative,
        "assumptions": "dilute solution; Nernst-Einstein mobility; one dimension; no convection; the closure holds",
    } | smoothing_attributes(series)
    return result


def velocity_ratio(first: xr.Dataset, second: xr.Dataset) -> xr.DataArray:
    """Return draws (end, replicate) of the ratio of two cells' final drift velocities, first over second.

    Each replicate of the first is paired with the one before it of the second: cells measured independently share no
    draw, also where both were drawn with one seed.

    Raises
    ------
    ConfigurationError
        One is not from :func:`drift_bands`, or the numbers of replicates differ.
    """
    a, b = _final(first, "first"), _final(second, "second")
    if a.sizes["replicate"] != b.sizes["replicate"]:
        raise ConfigurationError(
            f"bands have {a.sizes['replicate']} and {b.sizes['replicate']} replicates; draw as many of both"
        )
    ratio = a / b.roll(replicate=1, roll_coords=False).assign_coords(replicate=a["replicate"])
    ratio.attrs = {"units": "1", "long_name": "ratio of final drift velocities of two cells"}
    return ratio


def _final(bands: xr.Dataset, name: str) -> xr.DataArray:
    remedy = "velocity_ratio takes two results of iondrift.drift_bands"
    found = cast.instance(bands, name, xr.Dataset, remedy)
    if "final_drift_velocity" not in found:
        raise ConfigurationError(f"{name}: holds no final_drift_velocity; {remedy}")
    return found["final_drift_velocity"]
