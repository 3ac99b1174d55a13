"""Frames of a profile that moves: kinematic front, net velocity and its uniformity, frame of least flux, and u_f.

Nothing here takes a voltage but u_f, which is a diagnostic of the closure ``voltage`` and no front.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from iondrift.cast import FloatArray

LITHIUM_VOLUME = 13e-6  # m3 mol-1, metal
FEWEST_RMS = 0.05  # of h: below it u_f is 0 / 0


class Frames(NamedTuple):
    """Velocities of frames, m s-1, positive along +x; arrays (...,) over profiles or draws.

    ``kinematic`` u_k, ``least_flux`` u_c, ``net_mean`` and ``net_spread``: mean of w = J / c over x, and its root mean
    square deviation from there over the mean's magnitude.
    """

    kinematic: FloatArray
    least_flux: FloatArray
    net_mean: FloatArray
    net_spread: FloatArray


class Diagnostic(NamedTuple):
    """u_f of the closure ``voltage`` and what it must be told from, arrays (...,) in m s-1; NaN where refused.

    ``frame`` u_f; ``tautology`` -mean(J) / cbar, what u_f is whatever the physics where v is mostly J / c with J
    uniform; ``spread_before`` and ``spread_after`` of v over x; ``rms`` of h, without unit.
    """

    frame: FloatArray
    tautology: FloatArray
    spread_before: FloatArray
    spread_after: FloatArray
    rms: FloatArray


def frames(
    x: FloatArray, concentration: FloatArray, gradient: FloatArray, flux: FloatArray, salt_diffusivity: FloatArray
) -> Frames:
    """Return the frames of profiles whose anion flux is known from storage.

    ``u_k = -int (c_t - (D c_x)_x) c_x dx / int c_x^2 dx`` with ``c_t = -J_x``: how fast the profile moves beyond what
    diffusion does to it; ``u_c = int J c dx / int c^2 dx``: the frame in which it is most nearly stationary;
    ``w = J / c``. In a front that passes no anions and travels steadily w = u_k at every x (Chazalviel).

    Parameters
    ----------
    x : (point,)
        m, increasing.
    concentration, gradient, flux : (..., point)
        mol m-3, mol m-4; J by storage under a blocking electrode, mol m-2 s-1.
    salt_diffusivity : (..., point)
        D of the salt, m2 s-1.

    Returns
    -------
    Frames
        Not a number where c does not vary along x.

    Notes
    -----
    Source: Chazalviel, Phys. Rev. A 42 (1990) 7355 for the front; optical flow with a diffusion term for u_k.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.linspace(0.0, 1e-3, 101)
    >>> c = 1000.0 + 2e5 * x
    >>> found = frames(x, c, np.full(101, 2e5), 1e-9 * c, np.full(101, 1e-12))  # all anions move at 1 nm/s
    >>> f"{found.least_flux * 1e9:.2f} nm/s, {found.net_mean * 1e9:.2f} nm/s, {found.net_spread:.0%}"
    '1.00 nm/s, 1.00 nm/s, 0%'
    """
    from scipy.interpolate import CubicSpline

    residual = CubicSpline(x, flux + salt_diffusivity * gradient, axis=-1)(x, 1)  # -(c_t - (D c_x)_x)
    steepness = _integral(x, gradient**2)
    varies = steepness * (x[-1] - x[0]) > (1e-6 * concentration.mean(axis=-1)) ** 2
    moving = np.divide(_integral(x, residual * gradient), steepness, out=np.full(varies.shape, np.nan), where=varies)
    w = flux / concentration
    mean = _integral(x, w) / (x[-1] - x[0])
    spread = np.sqrt(_integral(x, (w - mean[..., None]) ** 2) / (x[-1] - x[0]))
    return Frames(
        kinematic=moving,
        least_flux=_integral(x, flux * concentration) / _integral(x, concentration**2),
        net_mean=mean,
        net_spread=np.divide(spread, np.abs(mean), out=np.full_like(mean, np.nan), where=mean != 0.0),
    )


def voltage_frame(
    x: FloatArray, concentration: FloatArray, mobility: FloatArray, velocity: FloatArray, flux: FloatArray
) -> Diagnostic:
    """Return the frame in which v under the closure ``voltage`` is most uniform, and its tautology test.

    ``v = v' + u_f h``, ``h = 1 - cbar / c``, ``cbar = int dx / u / int dx / (u c)``; u_f by least squares with centred
    trapezoid weights. Where v is mostly J / c with J uniform, u_f = -J / cbar whatever the physics.

    Parameters
    ----------
    x : (point,)
        m.
    concentration, mobility, velocity, flux : (..., point)
        mol m-3, m2 V-1 s-1, m s-1 and mol m-2 s-1 under the closure ``voltage``.

    Returns
    -------
    Diagnostic
        Not a number below ``rms(h)`` = 0.05.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.linspace(0.0, 1e-3, 101)
    >>> c = 1000.0 + 2e5 * x
    >>> flux = np.full(101, 1e-5)
    >>> found = voltage_frame(x, c, np.full(101, 5e-11), flux / c, flux)  # v is J / c, and J uniform
    >>> f"{found.frame * 1e9:.1f} nm/s, {found.tautology * 1e9:.1f} nm/s"
    '-9.1 nm/s, -9.1 nm/s'
    """
    length = x[-1] - x[0]
    cbar = _integral(x, 1.0 / mobility) / _integral(x, 1.0 / (mobility * concentration))
    h = 1.0 - cbar[..., None] / concentration
    centred = h - _integral(x, h)[..., None] / length
    deviation = velocity - _integral(x, velocity)[..., None] / length
    rms = np.sqrt(_integral(x, h**2) / length)
    allowed = rms >= FEWEST_RMS
    square = _integral(x, centred**2)
    found = np.divide(
        _integral(x, centred * deviation), square, out=np.full(rms.shape, np.nan), where=allowed & (square > 0.0)
    )
    return Diagnostic(
        frame=found,
        tautology=np.where(allowed, -_integral(x, flux) / length / cbar, np.nan),
        spread_before=np.ptp(velocity, axis=-1),
        spread_after=np.ptp(velocity - found[..., None] * h, axis=-1),
        rms=rms,
    )


def geometric_velocity(current_density: FloatArray, *, porosity: float = 0.0) -> FloatArray:
    """Return how fast plated lithium thickens, |i| V_Li / (F (1 - porosity)), m s-1, V_Li = 13e-6 m3 mol-1.

    Parameters
    ----------
    current_density
        A m-2, either sign.
    porosity
        Of the deposit, 0 to below 1.

    Raises
    ------
    ConfigurationError
        The porosity is none.

    Examples
    --------
    >>> import numpy as np
    >>> f"{geometric_velocity(np.array([-1.0]))[0] * 3.6e9:.3f} um/h"
    '0.485 um/h'
    """
    from iondrift import cast
    from iondrift_kernels.constants import FARADAY

    dense = 1.0 - cast.number(porosity, "porosity", lowest=0.0, below=1.0)
    return np.abs(np.asarray(current_density)) * LITHIUM_VOLUME / (FARADAY * dense)


def agreeing_transference(
    flux: FloatArray, gradient: FloatArray, diffusivity: FloatArray, current_density: FloatArray
) -> FloatArray:
    """Return the t- at which the closures ``blocking`` and ``current`` agree best, not an assumption of either.

    ``t-* = sum (J + 2 D- c_x)(2 D- c_x - i / F) / sum (2 D- c_x - i / F)^2`` over times and places, J by storage.

    Parameters
    ----------
    flux, gradient, diffusivity : (..., time, point)
        mol m-2 s-1 under ``blocking``, mol m-4, and D- of the anion, m2 s-1, as PFG measures it.
    current_density : (time,)
        A m-2, negative while plating.

    Returns
    -------
    (...,)
        Without bounds: above 1 or below 0 is a finding about J, D- or i.

    Examples
    --------
    A flux that t- = 0.6 makes:

    >>> import numpy as np
    >>> slope, D, i = np.full((1, 4), 1e6), np.full((1, 4), 1e-12), np.array([-1.0])
    >>> flux = -2 * 0.4 * D * slope + 0.6 / 96485.33212
    >>> round(float(agreeing_transference(flux, slope, D, i)), 6)
    0.6
    """
    from iondrift_kernels.constants import FARADAY

    drive = 2.0 * diffusivity * gradient - np.asarray(current_density)[:, None] / FARADAY
    found = ((flux + 2.0 * diffusivity * gradient) * drive).sum(axis=(-2, -1)) / (drive**2).sum(axis=(-2, -1))
    return np.asarray(found)


def _integral(x: FloatArray, values: FloatArray) -> FloatArray:
    """Return the integral (...,) of values (..., point) by trapezoids."""
    return np.asarray(np.trapezoid(values, x, axis=-1))
