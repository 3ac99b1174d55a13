"""D(c) and t- from profiles and current, by the inverse model."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Unpack

import numpy as np
import numpy.typing as npt
import xarray as xr

from iondrift import cast
from iondrift.drift.inverse.anion import AnionSource, require_source
from iondrift.drift.inverse.labels import Fit, label
from iondrift.drift.inverse.minimum import fit_forms
from iondrift.drift.inverse.observation import Places
from iondrift.drift.inverse.options import FORMS, FitKeywords, FitOptions
from iondrift.drift.inverse.problem import Problem
from iondrift.drift.inverse.schedule import steps
from iondrift.errors import ConfigurationError, DataError, IondriftWarning, ShapeError
from iondrift.threads import bounded_threads

_FEWEST_PROFILES, _FEWEST_POINTS = 6, 8


@bounded_threads
def fit_transport(
    profiles: xr.DataArray,
    log_current: xr.DataArray,
    *,
    duration: float,
    gaps: tuple[float, float],
    concentration: float,
    anion_diffusivity: AnionSource = None,
    storage: npt.ArrayLike | None = None,
    fitted: int | None = None,
    seed: int = 0,
    **options: Unpack[FitKeywords],
) -> xr.Dataset:
    """Fit D(c) and t- to profiles under a known current.

    ``c_t = (D(c) c_x)_x``, ``D c_x = -t- i / F`` at both electrodes (at the plating one -(t- + k) i / F with a sink k),
    ``D = exp(q0 + q1 s + q2 s^2)``, s = c / c0 - 1. Data are ``ln I_kj = alpha_j + eta_k + ln M_kj + e_kj`` with one
    free factor a point and one small factor a profile, both taken out exactly: no profile is divided by another, and
    every profile may already be polarised. Profiles are means over their acquisition.

    Parameters
    ----------
    profiles
        (time, x), intensities at acquired points, or anything proportional to them at each point (a concentration);
        time, s, is the middle of the acquisitions; x, m, counts from anywhere, plating electrode first. Of zero-filled
        profiles give every second (fourth, ...) point: others hold no data of their own.
    log_current
        (time,), current density of the log, A m-2, negative while plating; none flows outside of it.
    duration
        Of one acquisition, s.
    gaps
        From the plating electrode to the first point, and from the last point to the counter electrode, m.
    concentration
        c0, before polarisation, mol m-3.
    anion_diffusivity
        Where D- comes from: a :class:`Diffusivity` (measured by PFG), a ``Conductivity``, or ``"nernst-einstein"``
        (D / (2 (1 - t-))). None: v is not computed, for profiles do not fix it.
    storage
        (time, 2), sums of the intensity over the gap at the plating and at the counter electrode: more data.
    fitted
        So many profiles are fitted; the others are predicted. Default: all.
    seed
        Of draws and replicates.
    options
        ``forms``: of D(c), among "constant", "exponential", "log-parabola". ``gap_uncertainty``: standard, of each gap,
        m. ``sink``: fit k, too. ``electrode_roughness``: standard deviation of the electrodes' places across the cell,
        m. ``common_mode``: standard deviation of eta. ``draws``: of the posterior.

    Returns
    -------
    xarray.Dataset
        - ``fit_value``, ``fit_error`` (form, parameter), ``fit_draw`` (form, draw, parameter): D(c0), q1, q2, t-, k,
          gaps, and their standard deviations (Laplace), units in ``parameter_unit``;
        - ``log_evidence`` (form), up to a constant; ``consistency_statistic``, ``consistency_probability`` (form,
          statistic): chi2 over degrees of freedom, lag-1 correlations of whitened residuals along x and time, mean at
          the plating electrode, each with the share of replicates at least as extreme;
        - ``half_transference``, ``half_diffusion_coefficient`` (form, half), and their ``_error``;
        - ``corrected_concentration`` (form, time, x), the data without their factors, ``fitted_concentration`` (form,
          time, x), ``predictive_concentration`` (form, quantile, time, x), posterior with noise, mol m-3;
        - ``net_anion_velocity`` w = J / c and, with D-, ``drift_velocity`` v (form, quantile, time, x), m s-1;
        - ``surface_concentration`` (form, quantile, time), at the plating electrode, mol m-3;
        - ``nernst_einstein_ratio`` (form, quantile): D / (2 (1 - t-)) over D- at c0, with a measured D-;
        - ``unused_residual`` (form, unused_time, x), ln I - alpha - ln M of profiles that were not fitted.

        Attributes: ``caveats``, ``assumptions``, ``anion_diffusivity``, ``noise``.

    Raises
    ------
    ShapeError, DataError, ConfigurationError
        Arrays that do not fit, values no physics allows, options out of range; a fit that leads nowhere.

    Warns
    -----
    IondriftWarning
        What is also in ``caveats``.

    Notes
    -----
    t- cannot be told from errors of c0, of the electrode area and of the current that does ionic work: 3 % of c0 are
    3 % of t-. The form of D(c) moves v further than the noise does: compare the forms.
    """
    fit = pose(
        profiles, log_current, duration=duration, gaps=gaps, concentration=concentration,
        anion_diffusivity=anion_diffusivity, storage=storage, fitted=fitted, seed=seed, **options,
    )  # fmt: skip
    result = label(fit)
    for caveat in result.attrs["caveats"]:
        warnings.warn(caveat, IondriftWarning, stacklevel=3)
    return result


def pose(
    profiles: xr.DataArray,
    log_current: xr.DataArray,
    *,
    duration: float,
    gaps: tuple[float, float],
    concentration: float,
    anion_diffusivity: AnionSource = None,
    storage: npt.ArrayLike | None = None,
    fitted: int | None = None,
    seed: int = 0,
    **options: Unpack[FitKeywords],
) -> Fit:
    """Check what :func:`fit_transport` is given, and return its fit before labels and draws."""
    settings = _options(options)
    unit = "1" if getattr(profiles, "attrs", {}).get("units") in (None, "1", "") else "mol m-3"
    series = cast.labelled(profiles, "profiles", ("time", "x"), unit=unit, positive=True)
    log = cast.labelled(log_current, "log_current", ("time",), unit="A m-2")
    problem = _problem(series, log, duration, gaps, concentration, storage, settings)
    source, own = require_source(anion_diffusivity), problem.first(_used(fitted, series.sizes["time"]))
    return Fit(
        problem=own, whole=problem, forms=fit_forms(own, settings.forms, sink=settings.sink), source=source,
        concentration=float(concentration), draws=settings.draws, seed=seed, time=series.time.values, x=series.x.values,
    )  # fmt: skip


def _options(given: Mapping[str, Any]) -> FitOptions:
    """Return checked options."""
    from iondrift.settings import settings_of, split_keywords

    (known,) = split_keywords("fit_transport", given, FitOptions)
    settings = FitOptions(**known)
    if not isinstance(settings.forms, tuple | list) or not settings.forms:
        raise ConfigurationError(f"forms: {settings.forms!r} found; give a tuple of {', '.join(FORMS)}")
    for form in settings.forms:
        cast.one_of(form, "forms", FORMS)
    limits = settings_of(FitOptions)["draws"]
    cast.whole(settings.draws, "draws", lowest=limits.lowest, highest=limits.highest)
    for name in ("gap_uncertainty", "common_mode"):
        cast.scalar(getattr(settings, name), name, positive=True)
    if cast.scalar(settings.electrode_roughness, "electrode_roughness") < 0.0:
        raise ConfigurationError(f"electrode_roughness: {settings.electrode_roughness:g} m; it must not be negative")
    return settings


def _used(fitted: int | None, profiles: int) -> int:
    """Return how many profiles are fitted."""
    return profiles if fitted is None else cast.whole(fitted, "fitted", lowest=_FEWEST_PROFILES, highest=profiles)


def _problem(
    series: xr.DataArray,
    log: xr.DataArray,
    duration: float,
    gaps: tuple[float, float],
    concentration: float,
    storage: npt.ArrayLike | None,
    settings: FitOptions,
) -> Problem:
    """Return the least squares of all profiles."""
    time, x = series.time.values, series.x.values
    if time.size < _FEWEST_PROFILES or x.size < _FEWEST_POINTS:
        raise ShapeError(
            f"profiles: {time.size} profiles of {x.size} points; a fit needs at least {_FEWEST_PROFILES} of "
            f"{_FEWEST_POINTS}"
        )
    length = cast.scalar(duration, "duration", positive=True)
    if length > 1.001 * np.diff(time).min():
        raise ConfigurationError(f"duration: {length:g} s exceeds the {np.diff(time).min():g} s between profiles")
    if log.sizes["time"] < 2 or not float(log.min()) < 0.0:
        raise DataError(
            "log_current: no current plates at x = 0 (none is negative): without a current the profiles tell nothing; "
            "check its sign (log.plating_current)"
        )
    intensity = series.values
    if storage is not None:
        sums = cast.array(storage, "storage", shape=(time.size, 2), positive=True)
        intensity = np.concatenate([intensity, sums], axis=1)
    c0 = cast.scalar(concentration, "concentration", positive=True)
    schedule = steps(time - 0.5 * length, time + 0.5 * length, log.time.values, log.values, c0)
    own = cast.array(gaps, "gaps", shape=(2,), positive=True)
    return Problem(
        intensity=np.ascontiguousarray(intensity),
        places=Places(x - x[0], storage is not None, float(settings.electrode_roughness)),
        schedule=schedule,
        gaps=(float(own[0]), float(own[1])),
        gap_uncertainty=float(settings.gap_uncertainty),
        common_mode=float(settings.common_mode),
    )
