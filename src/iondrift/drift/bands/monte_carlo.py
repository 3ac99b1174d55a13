"""Uncertainty bands of drift velocities by Monte Carlo over the whole reconstruction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Unpack

import xarray as xr

from iondrift import cast
from iondrift.drift.bands.arguments import Draws, Posed, pose
from iondrift.drift.bands.counts import MOST_AUTOMATIC
from iondrift.drift.bands.labels import label_bands
from iondrift.drift.bands.options import DrawKeywords, DrawOptions
from iondrift.drift.bands.replicates import BandOutcome, Replicates
from iondrift.drift.closures import DEFAULT_CLOSURE, closure_named
from iondrift.drift.inputs import DriftInputs, InputOptions, inputs_of
from iondrift.drift.smoothing.penalised_splines import SmoothSeries, SplineOptions
from iondrift.errors import ConfigurationError
from iondrift.settings import split_keywords
from iondrift.threads import bounded_threads
from iondrift.transport.diffusivity import Diffusivity

CONVERGED = 0.02  # Monte Carlo error of a band's edge over the band's width, for samples="auto"


class BandOptions(InputOptions, SplineOptions, DrawKeywords, total=False):
    """Options of :func:`drift_bands` beside those of its signature, described there."""


@bounded_threads
def drift_bands(
    concentration: xr.DataArray | DriftInputs,
    voltage: xr.DataArray | None = None,
    diffusivity: Diffusivity | None = None,
    *,
    closure: str = DEFAULT_CLOSURE,
    series: SmoothSeries | None = None,
    progress: Callable[[float], None] | None = None,
    **options: Unpack[BandOptions],
) -> xr.Dataset:
    """Return quantiles of every variable of :func:`iondrift.reconstruct_drift` over Monte Carlo replicates.

    Each replicate draws the spline coefficients from ``N(b, sigma^2 A^-1)`` (``posterior``) or smooths the profiles
    again with new noise (``perturb``), draws the systematic inputs, and closes: v = (J0 + G + D dc/dx) / c.

    Parameters
    ----------
    concentration, voltage, diffusivity, temperature, closure, current_density, transference_number, voltage_offset
        As for :func:`iondrift.reconstruct_drift`, :class:`iondrift.DriftInputs` in their place included; so are
        electrode_storage, breaks, reference_profiles, reference_index, noise and penalties.
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

    Examples
    --------
    >>> import iondrift
    >>> cell = iondrift.simulate("li-li").isel(time=slice(16, None, 4), x=slice(None, None, 3))
    >>> D = iondrift.Diffusivity.constant(1.3e-12)
    >>> volts = cell.voltage - cell.voltage_offset
    >>> bands = drift_bands(cell.concentration, volts, D, temperature=313.15, samples=100)
    >>> bands.drift_velocity.dims, bands["quantile"].values.tolist()
    (('quantile', 'time', 'x'), [0.025, 0.5, 0.975])
    """
    measured, splines, drawing = split_keywords(
        "drift_bands",
        options,
        InputOptions,
        SplineOptions,
        DrawKeywords,
    )
    chosen = closure_named(closure)
    inputs = inputs_of(concentration, voltage, diffusivity, measured)
    posed = pose(inputs, chosen, DrawOptions(**drawing), series, splines)
    return label_bands(draw(posed, posed.draws, progress), posed)


def draw(posed: Posed, draws: Draws, progress: Callable[[float], None] | None = None) -> BandOutcome:
    """Return the outcome of as many replicates as are asked for, or as the bands need.

    Raises
    ------
    DataError
        A drawn concentration or D(c) is not positive.
    """
    replicates = Replicates(
        inputs=posed.inputs, closure=posed.closure, series=posed.series, origin=posed.origin, draws=draws
    )
    count = draws.count
    while True:
        outcome = replicates.run(count, progress)
        if not draws.doubled or outcome.relative_error() < CONVERGED or count >= MOST_AUTOMATIC:
            return outcome
        count *= 2


def velocity_ratio(first: xr.Dataset, second: xr.Dataset) -> xr.DataArray:
    """Return draws (end, replicate) of the ratio of two cells' final drift velocities, first over second.

    Each replicate of the first is paired with the one before it of the second: cells measured independently share no
    draw, also where both were drawn with one seed.

    Parameters
    ----------
    first, second
        Of :func:`drift_bands`, with ``final_drift_velocity`` (end, replicate), m s-1.

    Returns
    -------
    xarray.DataArray
        (end, replicate), without unit.

    Raises
    ------
    ConfigurationError
        One is not from :func:`drift_bands`, or the numbers of replicates differ.

    Examples
    --------
    >>> import numpy as np
    >>> import xarray as xr
    >>> rng = np.random.default_rng(0)
    >>> drawn = [
    ...     xr.DataArray(v * rng.normal(1.0, 0.1, (2, 500)), {"end": ["x0", "xL"]}, ("end", "replicate"))
    ...     for v in (2e-8, 1e-8)
    ... ]
    >>> cells = [one.to_dataset(name="final_drift_velocity") for one in drawn]
    >>> f"{float(velocity_ratio(*cells).sel(end='x0').median()):.1f}"
    '2.0'
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
