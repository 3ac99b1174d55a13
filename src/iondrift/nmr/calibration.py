"""From intensity to concentration: the region of interest, the electrodes, and the ratio to a reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr

from iondrift import cast, variables
from iondrift.errors import ConfigurationError, ShapeError
from iondrift.nmr.region import Region, find_region
from iondrift.threads import bounded_threads

if TYPE_CHECKING:
    from iondrift.cast import FloatArray

ZERO_FILLING = 1.0  # stored points per acquired one, where nobody says that there are more
_FIRST_AS_REFERENCE: Final = (
    "the first profile alone: no profile in open circuit was given, so current may have flowed during it, "
    "and its noise stands in every ratio"
)


@bounded_threads
def calibrate(
    profiles: xr.Dataset | xr.DataArray | np.ndarray[Any, Any],
    *,
    time: Any,
    field_of_view: float,
    concentration: float,
    reverse: bool = False,
    reference: Sequence[int] | None = None,
    tolerance: float = 0.05,
    zero_filling: float = ZERO_FILLING,
    subtract_background: bool = False,
) -> xr.Dataset:
    """Return the concentration as the ratio to a reference at known, uniform concentration.

    ``c(x, t) = c0 I(x, t) / I_ref(x)``, over the region of interest of I_ref; the ratio cancels what coil and
    relaxation do to the intensity. x = 0 is the first point of the region.

    Parameters
    ----------
    profiles
        (profile, point), magnitudes as stored; a Dataset holds them as ``intensity``.
    time
        (profile,), middle of each acquisition, s since the first sample of the log.
    field_of_view
        Length that the stored points span, m.
    concentration
        c0, mol m-3.
    reverse
        True where the plating electrode is at the far end of the profiles as stored.
    reference
        Profiles, from 0, whose mean is I_ref: those in open circuit before polarisation. None takes the first
        one, and says so in the attributes.
    tolerance
        Of the region of interest, see :func:`find_region`.
    zero_filling
        Stored points per acquired one; 1: as acquired.
    subtract_background
        Take the mean background of the reference off all intensities. Magnitudes of noise are Rician and a
        background of unknown phase adds neither linearly nor in quadrature, so the default is not to.

    Returns
    -------
    xarray.Dataset
        - ``concentration`` (time, x), mol m-3;
        - ``electrode_storage`` (time), mol m-2: anions between the plating electrode and x = 0, up to a constant
          (blur and background); its change is what the blocking closure needs;
        - ``total_anions`` (time), 1: sum of the intensity over the whole sample, relative to the reference;
        - ``reference_intensity`` (x), I_ref;
        - ``number`` and ``source`` (time) where ``profiles`` carries them.

        Attributes: ``field_of_view``, ``point_spacing``, ``nominal_spacing``, ``zero_filling``,
        ``roi_first``, ``roi_last`` (from 0, plating electrode first), ``roi_length``,
        ``electrode_positions`` (x, m), ``electrode_distance``, ``edge_distances``, ``plateau``,
        ``background`` (over the plateau), ``reference_profiles`` (how many), ``reference_indices``,
        ``reference_note``; and from a straight line through ``total_anions``: ``anion_drift`` (from first to
        last profile), ``anion_drift_error`` and ``anion_scatter``, all relative.

    Raises
    ------
    ShapeError
        Not (profile, point), or ``time`` of another length.
    DataError
        NaN, no region of interest, or an intensity that is not positive within it.
    ConfigurationError
        A reference that is not there, or options out of range.

    Examples
    --------
    >>> import numpy as np
    >>> point = np.arange(80)
    >>> sample = np.where((point >= 16) & (point < 64), 100.0, 0.1)
    >>> stored = np.array([1.0, 1.0, 0.8])[:, None] * sample  # a fifth of the salt is gone from the third profile
    >>> found = calibrate(stored, time=[0.0, 500.0, 1000.0], field_of_view=4e-3, concentration=1666.0, reference=[0, 1])
    >>> found.concentration.isel(x=10).values.round(1).tolist(), round(found.attrs["electrode_distance"] * 1e3, 2)
    ([1666.0, 1666.0, 1332.8], 2.4)
    """
    intensity, labels = _intensity(profiles, reverse)
    t = cast.increasing(time, "time of the profiles")
    if len(t) != len(intensity):
        raise ShapeError(f"time: {len(t)} given for {len(intensity)} profiles; give one for each")
    c0 = cast.scalar(concentration, "concentration", positive=True)
    if not cast.scalar(zero_filling, "zero_filling") >= 1.0:
        raise ConfigurationError(f"zero_filling: {zero_filling!r} stored points per acquired one cannot be below 1")
    indices = _reference_indices(reference, len(intensity))
    mean = intensity[indices].mean(axis=0)
    region = find_region(mean, field_of_view=field_of_view, tolerance=tolerance)
    background = region.background * region.plateau if subtract_background else 0.0
    if np.isnan(background):
        raise ConfigurationError("subtract_background: no point is clear of the sample; leave it out")
    roi = slice(region.first, region.last + 1)
    above, below = intensity[:, roi] - background, mean[roi] - background
    ratio = cast.array(above / below, "intensity over reference", positive=True)
    coords = {"time": t, "x": np.arange(ratio.shape[1]) * region.spacing}
    storage = c0 * region.spacing * _trapezoid(intensity[:, region.sample[0] : region.first + 1] - background)
    whole = slice(region.sample[0], region.sample[1] + 1)
    total = (intensity[:, whole] - background).sum(axis=1) / (mean[whole] - background).sum()
    result = xr.Dataset(
        {
            "concentration": variables.dataarray("concentration", c0 * ratio, coords),
            "electrode_storage": variables.dataarray(
                "electrode_storage", storage / (region.plateau - background), coords
            ),
            "total_anions": variables.dataarray("total_anions", total, coords),
            "reference_intensity": ("x", mean[roi], {"units": "1", "long_name": "intensity of the reference"}),
        }
    )
    note = "mean of the profiles given" if reference is not None else _FIRST_AS_REFERENCE
    return result.assign_coords(labels).assign_attrs(
        {
            **_region_attributes(region, float(field_of_view), float(zero_filling)),
            "reversed": int(reverse),
            "background_subtracted": int(subtract_background),
            "reference_profiles": len(indices),
            "reference_indices": indices,
            "reference_note": note,
            **_conservation(t, total),
        }
    )


def _intensity(profiles: Any, reverse: bool) -> tuple[FloatArray, dict[str, Any]]:
    if isinstance(profiles, xr.Dataset):
        if "intensity" not in profiles:
            held = ", ".join(map(str, profiles.data_vars)) or "none"
            raise ShapeError(f"profiles: the Dataset holds no intensity (variables: {held}); name it so")
        profiles = profiles["intensity"]
    labels: dict[str, Any] = {}
    if isinstance(profiles, xr.DataArray):
        if set(profiles.dims) != {"profile", "point"}:
            raise ShapeError(f"profiles: expected dims ('profile', 'point'), got {tuple(map(str, profiles.dims))}")
        profiles = profiles.transpose("profile", "point")
        labels = {n: ("time", profiles[n].values) for n in ("number", "source") if n in profiles.coords}
    intensity = cast.array(profiles, "profiles", ndim=2)
    if intensity.size == 0:
        raise ShapeError(f"profiles: is empty, shape {intensity.shape}")
    return (np.ascontiguousarray(intensity[:, ::-1]) if reverse else intensity), labels


def _reference_indices(reference: Sequence[int] | None, count: int) -> list[int]:
    if reference is None:
        return [0]
    indices = [int(k) for k in reference]
    if not indices:
        raise ConfigurationError("reference: an empty list of profiles; give at least one, or None for the first")
    for k in indices:
        if not 0 <= k < count:
            raise ConfigurationError(f"reference: profile {k} (from 0) is not among the {count} there; correct it")
    if len(set(indices)) < len(indices):
        raise ConfigurationError(f"reference: a profile stands twice in {indices}; name each once")
    return indices


def _trapezoid(rows: FloatArray) -> FloatArray:
    return np.asarray(np.trapezoid(rows, axis=1), dtype=np.float64)


def _region_attributes(region: Region, field_of_view: float, zero_filling: float) -> dict[str, Any]:
    return {
        "field_of_view": field_of_view,
        "point_spacing": region.spacing,
        "nominal_spacing": region.spacing * zero_filling,
        "zero_filling": zero_filling,
        "roi_first": region.first,
        "roi_last": region.last,
        "roi_length": region.length,
        "electrode_positions": list(region.electrodes),
        "electrode_distance": region.electrode_distance,
        "edge_distances": list(region.edge_distances),
        "plateau": region.plateau,
        "background": region.background,
    }


def _conservation(time: FloatArray, total: FloatArray) -> dict[str, float]:
    """Return drift, its standard error and the scatter of a straight line through the total anions."""
    if len(time) < 3:
        return {"anion_drift": float(total[-1] - total[0]), "anion_drift_error": np.nan, "anion_scatter": np.nan}
    s = (time - time.mean()) / (time[-1] - time[0])
    drift = float((s @ total) / (s @ s))
    left = total - total.mean() - drift * s
    scatter = float(np.sqrt(left @ left / (len(time) - 2)))
    return {"anion_drift": drift, "anion_drift_error": scatter / float(np.sqrt(s @ s)), "anion_scatter": scatter}
