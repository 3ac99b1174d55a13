"""The published reduction, step by step, to prove parity with the paper's figure; nothing else.

It is not physically consistent. D was fitted to the EO:Li ratio but is evaluated at c in mol/L, so it comes
out negative; with D > 0 the field would integrate to -V; the additive flat field makes gradients 1.67 times
too small; and the whole cell voltage is laid across the region of interest. Use
:func:`iondrift.reconstruct_drift` for anything but a comparison with the paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from iondrift import cast, variables
from iondrift.errors import ConfigurationError, DataError, ShapeError
from iondrift.nmr.region import centre_of, plateau_around
from iondrift_kernels.constants import BOLTZMANN, ELEMENTARY_CHARGE

if TYPE_CHECKING:
    import xarray as xr

    from iondrift.cast import FloatArray

_D_OF_C: Final = (
    -3.09546e-16,
    -8.14922e-15,
    5.01302e-13,
    -2.57336e-12,
)  # m2/s, highest power of c / (mol/L) first
_CONCENTRATION_SHIFT: Final = 0.666  # mol/L, added to the flat-fielded 1 mol/L
_TOLERANCE: Final = 0.05  # of the plateau, for the region of interest
_FEWEST_POINTS: Final = 64  # of a profile
_POINTS_NEEDED: Final = 4  # by a cubic


@dataclass(frozen=True, kw_only=True)
class _Region:
    """Indices from 0, both inclusive; plateau as in step 3."""

    first: int
    last: int
    plateau: float


def reduce(
    profiles: xr.DataArray | np.ndarray[Any, Any],
    voltage: xr.DataArray | np.ndarray[Any, Any],
    *,
    count: int,
    reverse: bool,
    field_of_view: float = 4e-3,
    interval: float = 513.0,
    acquisition: float = 513.0 - 69.0,
    sampling: float = 20.18181818,
    temperature: float = 313.15,
) -> xr.Dataset:
    """Reduce profiles and voltage to drift velocities exactly as the paper did.

    ::

        c  = (I - (I_1 - M)) / M + 0.666, cubic in x, then cubic in t          (mol/L)
        D  = -3.09546e-16 c^3 - 8.14922e-15 c^2 + 5.01302e-13 c - 2.57336e-12    (m2/s)
        u  = D e / (k T)
        G  = -int_0^x dc/dt dx'
        B  = [V - int (-u (k T / e) dc/dx - G) / (u c) dx] / int dx / (u c)
        v  = (G + B + u (k T / e) dc/dx) / c

    Parameters
    ----------
    profiles
        (file, point), magnitudes as stored, in order of the file names; at least ``count`` files.
    voltage
        (sample,), V, the log's samples from its first on; at least ``count * p + 1`` of them, where
        ``p = round(acquisition / sampling)`` (22 for the paper's cells).
    count
        How many profiles to use, from the first: 46 for the paper's Li||Li cell, 52 for Li||NMC622.
    reverse
        True where the profiles are stored from the far end (Li||Li), so that x = 0 is the plating electrode.
    field_of_view
        Length that the stored points span, m.
    interval, acquisition, sampling
        From one profile to the next; acquisition of one; from one sample of the log to the next: s.
    temperature
        K.

    Returns
    -------
    xarray.Dataset
        - ``drift_velocity`` (time, x), m s-1, in the paper's sign: negative, against the field;
        - ``concentration`` (time, x), mol m-3, smoothed; ``diffusivity`` (time, x), m2 s-1, negative;
        - ``voltage`` (time), V, mean over each profile;
        - ``roi`` (edge = first, last), indices from 0 into the points counted from the plating electrode;
        - ``plateau``, scalar, in units of the intensity;
        - ``time`` (s, middle of the acquisition, 0 at the first sample), ``x`` (m, 0 at the first point of
          the region of interest).

    Raises
    ------
    ShapeError
        Too few profiles, points or samples, or a wrong number of dimensions.
    DataError
        NaN or infinity, or a profile without a plateau.
    ConfigurationError
        ``count`` below 4 or an interval that is not positive.

    Notes
    -----
    Source: J. Thienenkamp, G. Brunklaus et al., data at doi:10.5281/zenodo.14103250.
    """
    if isinstance(count, bool) or int(count) != count or count < _POINTS_NEEDED:
        raise ConfigurationError(f"count: {count!r} profiles; a cubic in time needs a whole number of at least 4")
    intensity = _intensity(profiles, int(count), reverse)
    dx = cast.scalar(field_of_view, "field_of_view", positive=True) / intensity.shape[1]
    dt = cast.scalar(interval, "interval", positive=True)
    duration = cast.scalar(acquisition, "acquisition", positive=True)
    per_profile = round(duration / cast.scalar(sampling, "sampling", positive=True))
    V = _voltage_per_profile(voltage, len(intensity), per_profile)
    kelvin = cast.scalar(temperature, "temperature", positive=True)

    region = _region(intensity[0])
    c = _smoothed_concentration(intensity, region)
    D = cast.array(np.polyval(_D_OF_C, c), "diffusivity")
    v = _drift_velocity(c * 1e3, D, V, dt=dt, dx=dx, thermal_voltage=BOLTZMANN * kelvin / ELEMENTARY_CHARGE)
    if not np.isfinite(v).all():
        k, m = (int(index) for index in np.argwhere(~np.isfinite(v))[0])
        raise DataError(f"profiles: no finite drift velocity at profile {k}, point {m} of the region; c is zero there")
    coords = {
        "time": np.arange(len(intensity), dtype=np.float64) * dt + duration / 2.0,
        "x": np.arange(c.shape[1], dtype=np.float64) * dx,
    }
    return _labelled(v, c * 1e3, D, V, region, coords)


def _intensity(profiles: Any, count: int, reverse: bool) -> FloatArray:
    intensity = cast.array(profiles, "profiles", ndim=2, finite=False)
    if len(intensity) < count:
        raise ShapeError(f"profiles: {len(intensity)} profiles, but count = {count}; lower count or add files")
    if intensity.shape[1] < _FEWEST_POINTS:
        raise ShapeError(
            f"profiles: {intensity.shape[1]} points each, at least {_FEWEST_POINTS} are needed; "
            "the shape is (file, point)"
        )
    intensity = cast.array(intensity[:count], "profiles")
    return np.ascontiguousarray(intensity[:, ::-1]) if reverse else intensity


def _voltage_per_profile(voltage: Any, count: int, per_profile: int) -> FloatArray:
    """Average as in step 2: profile 1 takes p samples, each further one p + 1 and shares its first."""
    samples = cast.array(voltage, "voltage", ndim=1, finite=False)
    if per_profile < 1:
        raise ConfigurationError("sampling: longer than the acquisition of a profile; check both, in seconds")
    needed = count * per_profile + 1
    if len(samples) < needed:
        raise ShapeError(
            f"voltage: {len(samples)} samples, but {count} profiles of {per_profile} samples need {needed}; "
            "lower count or give the whole log"
        )
    samples = cast.array(samples[:needed], "voltage")
    starts = np.arange(count) * per_profile
    stops = starts + per_profile + 1
    stops[0] -= 1
    return np.array([samples[a:b].mean() for a, b in zip(starts, stops, strict=True)])


def _region(first_profile: FloatArray) -> _Region:
    """Find the plateau and the region of interest: steps 3 and 4."""
    M = plateau_around(first_profile, centre_of(first_profile))
    near = np.flatnonzero((first_profile > (1.0 - _TOLERANCE) * M) & (first_profile < (1.0 + _TOLERANCE) * M))
    if near.size == 0 or near[-1] - near[0] + 1 < _POINTS_NEEDED:
        raise DataError("profiles: the first profile has no plateau, no four points lie within 5 % of it; check it")
    return _Region(first=int(near[0]), last=int(near[-1]), plateau=M)


def _smoothed_concentration(intensity: FloatArray, region: _Region) -> FloatArray:
    """Return c in mol/L: additive flat field, cubic in x, cubic in t (steps 4 and 5)."""
    inside = intensity[:, region.first : region.last + 1]
    c = (inside - (inside[0] - region.plateau)) / region.plateau
    c = _cubic(c.T).T + _CONCENTRATION_SHIFT
    return _cubic(c)


def _cubic(columns: FloatArray) -> FloatArray:
    """Least-squares cubic down every column, on an equidistant abscissa scaled to -1 .. 1."""
    basis = np.polynomial.chebyshev.chebvander(np.linspace(-1.0, 1.0, len(columns)), 3)
    coefficients = np.linalg.lstsq(basis, columns, rcond=None)[0]
    return np.asarray(basis @ coefficients, dtype=np.float64)


def _drift_velocity(
    c: FloatArray, D: FloatArray, V: FloatArray, *, dt: float, dx: float, thermal_voltage: float
) -> FloatArray:
    """Return v as in step 7 but in SI: c in mol m-3 (time, x), D in m2 s-1; the paper's mm cancel."""
    u = D / thermal_voltage
    dc_dt = np.gradient(c, dt, axis=0)
    diffusive = u * thermal_voltage * np.gradient(c, dx, axis=1)
    G = np.zeros_like(c)
    np.cumsum(-0.5 * dx * (dc_dt[:, 1:] + dc_dt[:, :-1]), axis=1, out=G[:, 1:])
    U = np.trapezoid((-diffusive - G) / (u * c), dx=dx, axis=1)
    B = (V - U) / np.trapezoid(1.0 / (u * c), dx=dx, axis=1)
    v: FloatArray = (G + B[:, None] + diffusive) / c
    return v


def _labelled(
    v: FloatArray, c: FloatArray, D: FloatArray, V: FloatArray, region: _Region, coords: dict[str, FloatArray]
) -> xr.Dataset:
    import xarray as xr

    caveat = "published reduction, not physically consistent: for comparison with the paper only"
    dataset = xr.Dataset(
        {
            "drift_velocity": variables.dataarray(
                "drift_velocity",
                v,
                coords,
                sign_convention="as printed in the paper: negative, against the field",
                closure="published",
            ),
            "concentration": variables.dataarray("concentration", c, coords, smoothing="cubic in x, then in t"),
            "diffusivity": variables.dataarray(
                "diffusivity", D, coords, comment="fitted to EO:Li, evaluated at mol/L as published: negative"
            ),
            "voltage": variables.dataarray("voltage", V, coords),
            "roi": (
                "edge",
                [region.first, region.last],
                {"long_name": "points of the region of interest, from 0"},
            ),
            "plateau": ((), region.plateau, {"long_name": "plateau of the first profile", "units": "1"}),
        },
        {"edge": ["first", "last"]},
    )
    return dataset.assign_attrs(closure="published", comment=caveat)
