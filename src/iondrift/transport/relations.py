"""Closed-form transport relations of a binary electrolyte: SI; scalars, or arrays that broadcast."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from iondrift import cast
from iondrift.cast import FloatArray
from iondrift.errors import DataError, ShapeError
from iondrift_kernels.constants import FARADAY, GAS_CONSTANT, GYROMAGNETIC_RATIO_19F


def mobility(diffusivity: npt.ArrayLike, temperature: npt.ArrayLike) -> Any:
    """Return the mobility u = F D / (R T) (Nernst-Einstein, one charge).

    Parameters
    ----------
    diffusivity
        m2 s-1, positive.
    temperature
        K, positive.

    Returns
    -------
    float or array
        m2 V-1 s-1.

    Raises
    ------
    DataError
        A value is not finite or not positive.

    Notes
    -----
    Source: Newman and Balsara, Electrochemical Systems, ch. 11.

    Examples
    --------
    >>> f"{mobility(1.3e-12, 313.15):.4e}"
    '4.8175e-11'
    """
    D = cast.array(diffusivity, "diffusivity", positive=True)
    T = cast.array(temperature, "temperature", positive=True)
    return _as_given(FARADAY * D / (GAS_CONSTANT * T))


def current_density_of(flux: npt.ArrayLike) -> Any:
    """Return the current density F J of an anion flux J, counted positive while anions move along +x.

    Parameters
    ----------
    flux
        mol m-2 s-1.

    Returns
    -------
    float or array
        A m-2, positive while anions leave the plating electrode.

    Raises
    ------
    DataError
        A value is not finite.

    Examples
    --------
    >>> round(current_density_of(1e-5), 4)
    0.9649
    """
    return _as_given(FARADAY * cast.array(flux, "flux"))


def ambipolar_diffusivity(anion: npt.ArrayLike, cation: npt.ArrayLike) -> Any:
    """Return the salt diffusivity D_amb = 2 D+ D- / (D+ + D-).

    Parameters
    ----------
    anion, cation
        Self-diffusion coefficients, m2 s-1, positive.

    Returns
    -------
    float or array
        m2 s-1.

    Raises
    ------
    DataError
        A value is not finite or not positive.

    Notes
    -----
    Source: Newman and Balsara, Electrochemical Systems, ch. 11.

    Examples
    --------
    >>> round(ambipolar_diffusivity(1.3e-12, 1.3e-12) * 1e12, 12)
    1.3
    """
    minus = cast.array(anion, "anion diffusivity", positive=True)
    plus = cast.array(cation, "cation diffusivity", positive=True)
    return _as_given(2.0 * plus * minus / (plus + minus))


def cation_diffusivity(anion: npt.ArrayLike, anion_transference: npt.ArrayLike) -> Any:
    """Return D+ = D- (1 - t-) / t-, what a dilute binary electrolyte needs for its transference number.

    Parameters
    ----------
    anion
        m2 s-1, positive.
    anion_transference
        t-, above 0 and below 1.

    Returns
    -------
    float or array
        m2 s-1.

    Raises
    ------
    DataError
        A diffusivity is not positive, or t- not between 0 and 1.
    """
    minus = cast.array(anion, "anion diffusivity", positive=True)
    t = _transference(anion_transference)
    if (t >= 1.0).any():
        raise DataError("anion_transference: 1 leaves no mobile cation; it must be below 1")
    return _as_given(minus * (1.0 - t) / t)


def sand_time(
    *,
    current_density: npt.ArrayLike,
    concentration: npt.ArrayLike,
    anion_transference: npt.ArrayLike,
    ambipolar_diffusivity: npt.ArrayLike,
) -> Any:
    """Return tau = pi D_amb (c F / (2 i t-))^2, when salt runs out at the plating electrode.

    Parameters
    ----------
    current_density
        Magnitude, A m-2, positive.
    concentration
        Salt before polarisation, mol m-3.
    anion_transference
        t-, above 0, at most 1.
    ambipolar_diffusivity
        m2 s-1.

    Returns
    -------
    float or array
        s. Holds for a cell much thicker than sqrt(D_amb tau).

    Raises
    ------
    DataError
        A value is not finite or not positive, or t- above 1.

    Examples
    --------
    The paper's 103 minutes:

    >>> tau = sand_time(current_density=1.0, concentration=9.94e26 / 6.02214076e23,
    ...                 anion_transference=0.9, ambipolar_diffusivity=2.53e-13)
    >>> round(tau / 60, 1)
    103.7
    """
    i = cast.array(current_density, "current_density (its magnitude)", positive=True)
    c = cast.array(concentration, "concentration", positive=True)
    t = _transference(anion_transference)
    D = cast.array(ambipolar_diffusivity, "ambipolar_diffusivity", positive=True)
    return _as_given(np.pi * D * (c * FARADAY / (2.0 * i * t)) ** 2)


def penetration_depth(velocity: npt.ArrayLike, time: npt.ArrayLike) -> FloatArray:
    """Return how far a front has come, the integral of v dt from the first time (trapezoids).

    Parameters
    ----------
    velocity : (time, ...)
        m s-1, either sign.
    time : (time,)
        s, strictly increasing.

    Returns
    -------
    (time, ...)
        m, zero at the first time.

    Raises
    ------
    DataError
        A value is not finite, or time does not increase.
    ShapeError
        The first dimensions differ.

    Examples
    --------
    >>> penetration_depth([2.0, 2.0, 4.0], [0.0, 1.0, 3.0]).tolist()
    [0.0, 2.0, 8.0]
    """
    t = cast.increasing(time, "time")
    v = cast.array(velocity, "velocity")
    if v.ndim == 0 or v.shape[0] != t.size:
        raise ShapeError(f"velocity: expected {t.size} along its first dimension (time), got shape {v.shape}")
    steps = np.diff(t).reshape(-1, *[1] * (v.ndim - 1))
    depth = np.zeros_like(v)
    np.cumsum(0.5 * steps * (v[1:] + v[:-1]), axis=0, out=depth[1:])
    return depth


def time_to_short(length: npt.ArrayLike, velocity: npt.ArrayLike) -> Any:
    """Return L / v, when a front of constant velocity reaches the counter electrode.

    Parameters
    ----------
    length
        Distance between the electrodes, m, positive.
    velocity
        m s-1, positive.

    Returns
    -------
    float or array
        s.

    Raises
    ------
    DataError
        A value is not finite or not positive.

    Examples
    --------
    >>> round(time_to_short(1.2e-3, 5e-6 / 3600) / 3600)
    240
    """
    L = cast.array(length, "length", positive=True)
    return _as_given(L / cast.array(velocity, "velocity", positive=True))


def field_of_view(
    sweep_width: npt.ArrayLike,
    gradient: npt.ArrayLike,
    gyromagnetic_ratio: npt.ArrayLike = GYROMAGNETIC_RATIO_19F,
) -> Any:
    """Return FOV = SW / (gamma-bar G) of a frequency-encoded profile.

    Parameters
    ----------
    sweep_width
        Hz.
    gradient
        T m-1 (100 G/cm = 1 T/m).
    gyromagnetic_ratio
        gamma-bar = gamma / 2 pi, Hz T-1; 19F by default.

    Returns
    -------
    float or array
        m.

    Raises
    ------
    DataError
        A value is not finite or not positive.

    Examples
    --------
    >>> f"{field_of_view(100e3, 0.624) * 1e3:.2f} mm"
    '4.00 mm'
    """
    sw = cast.array(sweep_width, "sweep_width", positive=True)
    G = cast.array(gradient, "gradient", positive=True)
    return _as_given(sw / (cast.array(gyromagnetic_ratio, "gyromagnetic_ratio", positive=True) * G))


def _transference(value: npt.ArrayLike) -> FloatArray:
    t = cast.array(value, "anion_transference", positive=True)
    if (t > 1.0).any():
        raise DataError(f"anion_transference: {t.max():g} is above 1; it is the anion's fraction of the current")
    return t


def _as_given(value: FloatArray) -> Any:
    """Return a float where every input was one."""
    return value if np.ndim(value) else float(value)
