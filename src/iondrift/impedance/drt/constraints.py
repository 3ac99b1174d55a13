"""What else may be known of a distribution of relaxation times: constraints for ``drt(solver="cvxpy")``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from iondrift.cast import number, pair
from iondrift.errors import ConfigurationError
from iondrift.impedance.drt.model import window_fractions

if TYPE_CHECKING:
    from iondrift.impedance.drt.model import RelaxationModel

Constraint = Callable[[Any, "RelaxationModel"], list[Any]]


def known_resistance(value: float, *, tolerance: float = 0.0, window: tuple[float, float] | None = None) -> Constraint:
    """Return a constraint: the resistance in a window is known, |sum R_k - value| <= tolerance.

    Parameters
    ----------
    value
        ohm.
    tolerance
        ohm.
    window
        First and last time constant, s; None: the whole polarisation resistance.

    Returns
    -------
    Function for ``constraints=`` of :func:`iondrift.drt`; it holds in every spectrum of the series.

    Raises
    ------
    ConfigurationError
        A value is out of its range; when used, there is no time constant in the window.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from iondrift import drt, known_resistance
    >>> f = np.logspace(5, 0, 31)
    >>> z = xr.DataArray(5 + 50 / (1 + (2j * np.pi * f * 1e-3) ** 0.9), coords={"frequency": f}, dims="frequency")
    >>> held = drt(z, regularization=0.05, solver="cvxpy", constraints=[known_resistance(48.0)])
    >>> round(float(held.polarisation_resistance[0]), 3)
    48.0
    """
    number(value, "value", lowest=0.0)
    number(tolerance, "tolerance", lowest=0.0)
    edges = None if window is None else pair(window, "window")

    def build(resistances: Any, model: RelaxationModel) -> list[Any]:
        fractions = np.ones(model.tau.size) if edges is None else window_fractions(model.tau, edges)
        if not fractions.any():
            raise ConfigurationError(f"known_resistance: no time constant lies in {edges}")
        total = resistances @ fractions
        if tolerance == 0.0:
            return [total == value]
        return [total <= value + tolerance, total >= value - tolerance]

    return build


def confined(*windows: tuple[float, float]) -> Constraint:
    """Return a constraint: R_k = 0 at all time constants outside these windows.

    Parameters
    ----------
    windows
        First and last time constant, s, of each.

    Returns
    -------
    Function for ``constraints=`` of :func:`iondrift.drt`.

    Raises
    ------
    ConfigurationError
        A window is no range; when used, there is no time constant in any.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> from iondrift import confined, drt
    >>> f = np.logspace(5, 0, 31)
    >>> z = xr.DataArray(5 + 50 / (1 + (2j * np.pi * f * 1e-3) ** 0.9), coords={"frequency": f}, dims="frequency")
    >>> inside = drt(z, regularization=0.05, solver="cvxpy", constraints=[confined((1e-5, 1e-1))])
    >>> bool((inside.gamma.where(inside.tau > 1e-1, 0.0) < 1e-6).all())
    True
    """
    ranges = [pair(window, "windows") for window in windows]

    def build(resistances: Any, model: RelaxationModel) -> list[Any]:
        inside = np.zeros(model.tau.size, dtype=np.bool_)
        for low, high in ranges:
            inside |= (model.tau >= low) & (model.tau <= high)
        if not inside.any():
            raise ConfigurationError(f"confined: no time constant lies in {windows}")
        return [resistances[:, np.flatnonzero(~inside)] == 0.0] if (~inside).any() else []

    return build
