"""From intensity to concentration: the region of interest, the electrodes, and the ratio to a reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr

from iondrift import cast, variables
from iondrift.errors import ConfigurationError, DataError, ShapeError
from iondrift.published import centre_of, plateau_around

if TYPE_CHECKING:
    from iondrift.cast import FloatArray

_LEAVING: Final = 4  # stored points in a row that must leave the plateau: two nominal ones when zero-filled twofold
_CENTRE_AGREES: Final = 3.0  # points; the published centre lies half a point far and is moved by noise
_FEWEST_STORED: Final = 64  # points of a profile
_FEWEST_POINTS: Final = 8  # of a region worth reconstructing
_CLEAR_OF_SAMPLE: Final = 2.0  # blur widths outside an electrode from where on only background is seen
_BLUR_POINTS: Final = 10  # at least, from plateau to background: the point spread and a tilted electrode


@dataclass(frozen=True, kw_only=True)
class Region:
    """The region of interest of a reference profile whose first point is on the side of the plating electrode.

    Attributes
    ----------
    first, last
        Points of the region, from 0, both inclusive.
    spacing
        From point to point, m.
    electrodes
        Positions of the plating and the counter electrode where the reference is half its plateau, m; x = 0
        is the first point of the region, so the first is negative.
    plateau
        In units of the intensity.
    background
        Mean intensity outside the sample over the plateau; NaN where no point is clear of the sample.
    sample
        First and last point that hold signal of the sample, blur included.
    """

    first: int
    last: int
    spacing: float
    electrodes: tuple[float, float]
    plateau: float
    background: float
    sample: tuple[int, int]

    @property
    def length(self) -> float:
        """From the first to the last point, m."""
        return (self.last - self.first) * self.spacing

    @property
    def electrode_distance(self) -> float:
        """Between the electrodes, m."""
        return self.electrodes[1] - self.electrodes[0]

    @property
    def edge_distances(self) -> tuple[float, float]:
        """From the plating electrode to the first point, from the last one to the counter electrode, m."""
        return -self.electrodes[0], self.electrodes[1] - self.length


def find_region(reference_intensity: Any, *, field_of_view: float, tolerance: float = 0.05) -> Region:
    """Return the region of interest, the electrodes, the plateau and the background of a reference profile.

    The plateau M is the mean of the 41 of 256 points around the centre, as in the published reduction. From
    the centre outwards the region reaches to the last point within ``tolerance`` M of M before four in a row
    lie outside it, so that noise does not cut a region short. The electrodes are where straight lines
    between the stored points cross M / 2.

    Parameters
    ----------
    reference_intensity
        (point,), magnitudes; the first point on the side of the plating electrode.
    field_of_view
        Length that the stored points span, m.
    tolerance
        Relative to the plateau.

    Returns
    -------
    Region

    Raises
    ------
    DataError
        NaN, no plateau, fewer than eight points in the region, or a sample cut off by the field of view.

    Notes
    -----
    The 1.203 mm given for the electrodes of the Li||Li cell of doi:10.5281/zenodo.14103250 counts one point
    (0.016 mm) too many; half-height points are 1.19 mm apart.

    Examples
    --------
    >>> profile = np.full(256, 0.1)
    >>> profile[80:160] = 1.0
    >>> region = find_region(profile, field_of_view=4e-3)
    >>> region.first, region.last, region.plateau, round(region.background, 3)
    (80, 159, 1.0, 0.1)
    """
    intensity = cast.array(reference_intensity, "reference profile", ndim=1)
    spacing = cast.scalar(field_of_view, "field_of_view", positive=True) / max(len(intensity), 1)
    if not 0.0 < tolerance < 0.5:
        raise ConfigurationError(f"region tolerance: {tolerance!r} is no fraction of the plateau between 0 and 0.5")
    if len(intensity) < _FEWEST_STORED:
        raise ShapeError(f"reference profile: {len(intensity)} points, at least {_FEWEST_STORED} are needed")
    centre = _centre(intensity)
    M = plateau_around(intensity, centre)
    within = np.abs(intensity - M) < tolerance * M
    inside = np.flatnonzero(within)
    if inside.size == 0:
        raise DataError(f"reference profile: no point lies within {tolerance:.0%} of its plateau {M:g}; check it")
    middle = int(inside[np.argmin(np.abs(inside - centre))])
    last = middle + _reach(within[middle:])
    first = middle - _reach(within[middle::-1])
    if last - first + 1 < _FEWEST_POINTS:
        raise DataError(
            f"reference profile: only {last - first + 1} points around point {middle} stay within {tolerance:.0%} of "
            "the plateau; check the profile, average several, or widen the tolerance"
        )
    left = first - _crossing(intensity[first::-1], M / 2.0, "plating")
    right = last + _crossing(intensity[last:], M / 2.0, "counter")
    blur = (max(2.0 * (first - left), _BLUR_POINTS), max(2.0 * (right - last), _BLUR_POINTS))
    sample = max(round(first - blur[0]), 0), min(round(last + blur[1]), len(intensity) - 1)
    clear = np.ones(len(intensity), dtype=np.bool_)
    clear[max(round(left - _CLEAR_OF_SAMPLE * blur[0]), 0) : round(right + _CLEAR_OF_SAMPLE * blur[1]) + 1] = False
    return Region(
        first=first,
        last=last,
        spacing=spacing,
        electrodes=((left - first) * spacing, (right - first) * spacing),
        plateau=M,
        background=float(intensity[clear].mean() / M) if clear.any() else float("nan"),
        sample=sample,
    )


def _centre(intensity: FloatArray) -> float:
    """Return the published centre, or the middle of what is above half height where the two disagree.

    The published one takes the points nearest to half height wherever they are: with steep edges these may be
    points of the background.
    """
    above = intensity > intensity.max() / 2.0
    if not above.any():
        raise DataError("reference profile: no point is above half its maximum, so there is no sample; check it")
    middle = int(np.median(np.flatnonzero(above)))
    edges = middle - _reach(above[middle::-1]), middle + _reach(above[middle:])
    published, own = centre_of(intensity), sum(edges) / 2.0
    return published if abs(published - own) <= _CENTRE_AGREES else own


def _reach(within: np.ndarray[Any, np.dtype[np.bool_]]) -> int:
    """Return the last index within before ``_LEAVING`` in a row are not."""
    reached = 0
    for k in np.flatnonzero(within):
        if k - reached > _LEAVING:
            break
        reached = int(k)
    return reached


def _crossing(outwards: FloatArray, level: float, electrode: str) -> float:
    """Return how many points outwards a profile falls below a level, between points by a straight line."""
    below = np.flatnonzero(outwards < level)
    if below.size == 0:
        raise DataError(
            f"reference profile: stays above half its plateau beyond the {electrode} electrode, so the field of view "
            "cuts the sample off; acquire a wider one"
        )
    k = int(below[0])
    return float(k - (level - outwards[k]) / (outwards[k - 1] - outwards[k]))


def calibrate(
    profiles: xr.Dataset | xr.DataArray | np.ndarray[Any, Any],
    *,
    time: Any,
    field_of_view: float,
    concentration: float,
    reverse: bool = False,
    reference: Sequence[int] | None = None,
    tolerance: float = 0.05,
    zero_filling: float = 2.0,
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
        Stored points per acquired one.
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


_FIRST_AS_REFERENCE: Final = (
    "the first profile alone: no profile in open circuit was given, so current may have flowed during it, "
    "and its noise stands in every ratio"
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
