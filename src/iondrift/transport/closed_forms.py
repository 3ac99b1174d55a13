"""What profiles and current say of D and t- without a model to fit: balances and integrals in closed form. SI."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from iondrift import cast
from iondrift.cast import FloatArray
from iondrift.errors import DataError, ShapeError
from iondrift_kernels.constants import FARADAY


def passed_charge(time: npt.ArrayLike, current_density: npt.ArrayLike, at: npt.ArrayLike) -> FloatArray:
    """Return Q(t) = int |i| ds from the first sample, the current straight between samples and none outside.

    Parameters
    ----------
    time : (n,)
        s, strictly increasing.
    current_density : (n,)
        A m-2; negative while plating counts as passed.
    at : (m,)
        s.

    Returns
    -------
    (m,)
        C m-2.

    Raises
    ------
    DataError, ShapeError
        Not finite, not increasing, fewer than two samples, or lengths that differ.

    Examples
    --------
    >>> passed_charge([0.0, 10.0, 20.0], [-1.0, -1.0, 0.0], [5.0, 15.0, 99.0]).tolist()
    [5.0, 13.75, 15.0]
    """
    t, i = _course(time, current_density)
    until = cast.array(at, "at", ndim=1)
    charge = np.concatenate([[0.0], np.cumsum(0.5 * np.diff(t) * (i[1:] + i[:-1]))])
    k = np.clip(np.searchsorted(t, until, side="right") - 1, 0, t.size - 2)
    h = np.clip(until, t[0], t[-1]) - t[k]
    slope = (i[k + 1] - i[k]) / (t[k + 1] - t[k])
    return np.asarray(-(charge[k] + h * (i[k] + 0.5 * slope * h))) + 0.0


def semi_integral(time: npt.ArrayLike, current_density: npt.ArrayLike, at: npt.ArrayLike) -> FloatArray:
    """Return S(t) = pi^-1/2 int |i(s)| (t - s)^-1/2 ds from the first sample (product integration, exact for lines).

    Before diffusion reaches the other electrode, with D constant: ``c(0, t) / c0 = 1 - t- S(t) / (F c0 sqrt(D))``. Flat
    S at constant voltage: the concentration at the electrode is held. Under constant current S = 2 i sqrt(t / pi).

    Parameters
    ----------
    time : (n,)
        s, strictly increasing.
    current_density : (n,)
        A m-2; negative while plating counts as passed.
    at : (m,)
        s.

    Returns
    -------
    (m,)
        A s^1/2 m-2; zero before the first sample.

    Raises
    ------
    DataError, ShapeError
        As for :func:`passed_charge`.

    Notes
    -----
    Source: Oldham, Myland, Fundamentals of Electrochemical Science (1994), chapter 7.

    Examples
    --------
    >>> S = semi_integral([0.0, 3600.0], [-1.0, -1.0], [3600.0])
    >>> bool(np.isclose(S[0], 2.0 * np.sqrt(3600.0 / np.pi)))
    True
    """
    t, i = _course(time, current_density)
    until = cast.array(at, "at", ndim=1)
    found = np.empty(until.size)
    slope = np.diff(i) / np.diff(t)
    for m, end in enumerate(until):
        left, right = np.maximum(end - t[:-1], 0.0), np.maximum(end - t[1:], 0.0)
        first, second = np.sqrt(left) - np.sqrt(right), left**1.5 - right**1.5
        found[m] = -np.sum((i[:-1] + slope * left) * 2.0 * first - slope * second / 1.5)
    return np.asarray(found / np.sqrt(np.pi))


def depletion_ratio(semi_integral: npt.ArrayLike, concentration: npt.ArrayLike) -> Any:
    """Return D / t-^2 = (S / (F c0))^2, of S when the salt at the electrode runs out: Sand's time for any current.

    Parameters
    ----------
    semi_integral
        S then, A s^1/2 m-2, positive.
    concentration
        c0, mol m-3, positive.

    Returns
    -------
    float or array
        m2 s-1. Planar electrode, thick cell, D constant; c(0) = 0 at that time is an assumption.

    Raises
    ------
    DataError
        Not finite, or not positive.

    Notes
    -----
    Source: Sand, Phil. Mag. 1 (1901) 45, with the semi-integral in place of i sqrt(t): :func:`semi_integral`.

    Examples
    --------
    >>> f"{depletion_ratio(2.0 * np.sqrt(5400.0 / np.pi), 1666.0):.3g}"
    '2.66e-13'
    """
    S = cast.array(semi_integral, "semi_integral", positive=True)
    c = cast.array(concentration, "concentration", positive=True)
    found: FloatArray = (S / (FARADAY * c)) ** 2
    return found if np.ndim(found) else float(found)


def arcsine_current(time: npt.ArrayLike, *, current_density: float, transition: float) -> Any:
    """Return i(t) = i0 (2 / pi) arcsin(sqrt(tau / t)), once constant current has emptied the electrode's surface.

    The current that planar diffusion lets pass while c(0) = 0 is held after constant i0 until c(0) = 0 at tau, whatever
    D and t-. A measured current below it: something else limits.

    Parameters
    ----------
    time
        Since the start of the constant current, s, not before ``transition``.
    current_density
        i0, A m-2.
    transition
        tau, s, positive.

    Returns
    -------
    float or array
        A m-2, with the sign of i0.

    Raises
    ------
    DataError
        A time before the transition, or values that are not finite.

    Examples
    --------
    >>> round(arcsine_current(10800.0, current_density=-1.0, transition=5400.0), 6)
    -0.5
    """
    t = cast.array(time, "time", positive=True)
    tau = cast.scalar(transition, "transition", positive=True)
    if (t < tau).any():
        raise DataError(f"time: {t.min():g} s is before the transition at {tau:g} s, when the current is still i0")
    found = cast.scalar(current_density, "current_density") * 2.0 / np.pi * np.arcsin(np.sqrt(tau / t))
    return found if np.ndim(found) else float(found)


def hittorf_transference(salt: npt.ArrayLike, charge: npt.ArrayLike) -> tuple[float, float]:
    """Return t- = F |dS| / Q and its standard error, from the salt in one half of a cell (least squares in Q).

    Parameters
    ----------
    salt : (time,)
        Anions between an electrode and the undisturbed middle, mol m-2, up to a constant.
    charge : (time,)
        Passed until then, C m-2.

    Returns
    -------
    t, error
        Positive where the half at the plating electrode loses salt: give the counter electrode's half with its sign
        turned. Electrodes that pass no anions; the middle still undisturbed; neither D nor places are needed.

    Raises
    ------
    ShapeError, DataError
        Lengths differ, fewer than four, or no charge passed.

    Notes
    -----
    Source: Hittorf, Ann. Phys. 165 (1853) 177.

    Examples
    --------
    >>> Q = np.linspace(0.0, 4000.0, 9)
    >>> t, error = hittorf_transference(0.8 - 0.6 * Q / 96485.33212, Q)
    >>> round(t, 6), error < 1e-9
    (0.6, True)
    """
    S = cast.array(salt, "salt", ndim=1)
    Q = cast.array(charge, "charge", shape=(S.size,))
    if S.size < 4:
        raise ShapeError(f"salt: {S.size} values; a slope with an error needs at least 4")
    centred = Q - Q.mean()
    if not centred @ centred > 0.0:
        raise DataError("charge: no charge passes between the profiles, so there is nothing to balance")
    slope = float(centred @ S / (centred @ centred))
    left = S - S.mean() - slope * centred
    return -FARADAY * slope, FARADAY * float(np.sqrt(left @ left / (S.size - 2) / (centred @ centred)))


def flux_regression(
    flux: npt.ArrayLike, gradient: npt.ArrayLike, current_density: npt.ArrayLike
) -> tuple[float, float]:
    """Return D and t- of J = D (-dc/dx) + t- (-i / F), by least squares over time and place.

    Parameters
    ----------
    flux : (time, x)
        J of electrodes that pass no anions, storage beside x = 0 included, mol m-2 s-1.
    gradient : (time, x)
        dc/dx, mol m-4.
    current_density : (time,)
        A m-2, negative while plating.

    Returns
    -------
    D, t
        m2 s-1 (of the salt, constant), and the anion transference number.

    Raises
    ------
    ShapeError, DataError
        Shapes differ, or nothing flows.

    Examples
    --------
    >>> slope, i = np.outer([1.0, 2.0, 3.0], [1e6, 0.0]), np.array([-1.0, -1.0, -0.5])
    >>> J = -5e-13 * slope + 0.6 * 0.5 / 96485.33212 * np.array([[2.0], [2.0], [1.0]])
    >>> D, t = flux_regression(J, slope, i)
    >>> f"{D:.2e}", round(t, 6)
    ('5.00e-13', 0.6)
    """
    J, slope, driven = _fluxes(flux, gradient, current_density)
    columns = np.column_stack([-slope.ravel(), driven.ravel()])
    scale = np.abs(columns).max(axis=0)
    if not (scale > 0.0).all():
        raise DataError("flux_regression: no gradient, or no current: D and t- cannot be told apart")
    found = np.linalg.lstsq(columns / scale, J.ravel(), rcond=None)[0] / scale
    return float(found[0]), float(found[1])


def _course(time: npt.ArrayLike, current_density: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    t = cast.increasing(time, "time")
    if t.size < 2:
        raise ShapeError(f"time: {t.size} sample of the current; an integral needs at least 2")
    return t, cast.array(current_density, "current_density", shape=(t.size,))


def _fluxes(
    flux: npt.ArrayLike, gradient: npt.ArrayLike, current_density: npt.ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return J, dc/dx and -i / F, (time, x) each."""
    J = cast.array(flux, "flux", ndim=2)
    slope = cast.array(gradient, "gradient", shape=J.shape)
    i = cast.array(current_density, "current_density", shape=(J.shape[0],))
    return J, slope, np.repeat(-i[:, None] / FARADAY, J.shape[1], axis=1)
