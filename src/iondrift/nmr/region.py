"""The region of interest between the electrodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from iondrift import cast
from iondrift.cast import FloatArray
from iondrift.errors import ConfigurationError, DataError, ShapeError

_CENTRE_SIDE: Final = 20 / 256  # of the points, either side of the centre, for the plateau
_LEAVING: Final = 4  # stored points in a row that must leave the plateau: two nominal ones when zero-filled twofold
_CENTRE_AGREES: Final = 3.0  # points; the published centre lies half a point far and is moved by noise
_FEWEST_STORED: Final = 64  # points of a profile
_FEWEST_POINTS: Final = 8  # of a region worth reconstructing
_CLEAR_OF_SAMPLE: Final = 2.0  # blur widths outside an electrode from where on only background is seen
_BLUR_POINTS: Final = 10  # at least, from plateau to background: the point spread and a tilted electrode


def centre_of(profile: FloatArray) -> float:
    """Return the centre of a profile by the published rule, as an index from 0, which may be half-integer.

    h = max(I) / 2; w1 and w2 are the points nearest to h in either half; the centre lies between them.
    """
    middle = len(profile) // 2
    deviation = np.abs(profile - profile.max() / 2.0)
    w1 = 1 + int(np.argmin(deviation[:middle]))
    # counted from 1 in a range that begins at point 128, then added to 128: one point too far, as published
    w2 = middle + 1 + int(np.argmin(deviation[middle - 1 :]))
    return w1 + (w2 - w1) / 2.0 - 1.0


def plateau_around(profile: FloatArray, centre: float) -> float:
    """Return the mean over the 41 points around a centre (of 256; as long a stretch for other numbers).

    Half an index rounds up.

    Raises
    ------
    DataError
        The centre is so near an end that the stretch does not fit.
    """
    side = round(_CENTRE_SIDE * len(profile))
    low, high = (int(np.floor(centre + sign * side + 0.5)) for sign in (-1, 1))
    if low < 0 or high >= len(profile):
        raise DataError(
            f"profile: its centre, point {centre:g} of {len(profile)}, is too near an end for the {2 * side + 1} "
            "points of a plateau; check the profile"
        )
    return float(profile[low : high + 1].mean())


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
