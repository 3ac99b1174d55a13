"""The anion diffusion coefficient as a function of concentration, with its uncertainty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict, Unpack

import numpy as np
import numpy.typing as npt

from iondrift import cast
from iondrift.cast import FloatArray
from iondrift.errors import ShapeError
from iondrift.transport.composition import concentration_from_eo_li_ratio, eo_li_ratio_from_concentration
from iondrift.transport.formula import Argument
from iondrift.transport.positivity import require_positive_range
from iondrift.transport.uncertain_formula import UncertainFormula

__all__ = ["Diffusivity", "concentration_from_eo_li_ratio", "eo_li_ratio_from_concentration"]


class Common(TypedDict, total=False):
    """Options that every concentration-dependent form takes; described at :class:`Diffusivity`."""

    argument: Argument
    concentration_unit: str
    covariance: npt.ArrayLike | None
    relative_uncertainty: float | None
    eo_molar_volume: float
    salt_molar_volume: float


class Options(Common, total=False):
    """As :class:`Common`, for formulas that can be evaluated outside the range they were fitted in."""

    valid_range: tuple[float, float] | None
    outside: Literal["extrapolate", "hold"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Diffusivity(UncertainFormula):
    """D(c): made by :meth:`constant`, :meth:`polynomial`, :meth:`exponential` or :meth:`table`.

    Parameters
    ----------
    kind, values, places
        Set by the constructors: the formula; its uncertain parameters as given (coefficients, or D0 and k,
        or D at the knots); what is exact in it (c0, or the knots).
    argument
        What the formula takes, ``"concentration"`` or ``"eo_li_ratio"``. Where a fit against the EO:Li ratio
        is given concentrations, D comes out negative: see :meth:`check`.
    concentration_unit
        Unit of a concentration argument, of c0, knots and ``valid_range``: ``"mol m-3"`` or ``"mol/L"``.
    valid_range
        Lowest and highest argument that was measured.
    outside
        Beyond it, ``"extrapolate"`` the formula or ``"hold"`` the value at the edge.
    covariance : (n, n)
        Of ``values``, in their units, as a fit gives it.
    relative_uncertainty
        Instead of a covariance: standard uncertainty of one factor common to all of D.
    eo_molar_volume, salt_molar_volume
        m3 mol-1, for the EO:Li ratio.

    Raises
    ------
    ConfigurationError
        An option does not exist or does not fit the others.
    DataError
        The covariance is none.
    """

    @classmethod
    def constant(cls, D: float, *, relative_uncertainty: float | None = None) -> Diffusivity:
        """D the same at every concentration, in m2 s-1.

        Raises
        ------
        DataError
            ``D`` is not finite or not positive.

        Examples
        --------
        >>> Diffusivity.constant(1.3e-12)(1650.0)
        1.3e-12
        """
        values = np.array([cast.scalar(D, "D", positive=True)])
        return cls(kind="constant", values=values, relative_uncertainty=relative_uncertainty)

    @classmethod
    def polynomial(cls, coefficients: Sequence[float] | FloatArray, **options: Unpack[Options]) -> Diffusivity:
        """D = p[0] a^(n-1) + ... + p[n-1], a the concentration or the EO:Li ratio.

        Parameters
        ----------
        coefficients : (n,)
            Highest power first; D in m2 s-1.
        options
            As described at :class:`Diffusivity`.

        Raises
        ------
        ConfigurationError, ShapeError
            See :class:`Diffusivity`; no coefficient, or one that is not finite.

        Examples
        --------
        >>> D = Diffusivity.polynomial([-3.09546e-16, -8.14922e-15, 5.01302e-13, -2.57336e-12],
        ...                            argument="eo_li_ratio", valid_range=(10, 20))
        >>> f"{D(concentration_from_eo_li_ratio(10.0)):.6e}"
        '1.315192e-12'
        """
        values = cast.array(coefficients, "coefficients", ndim=1).copy()
        if values.size == 0:
            raise ShapeError("coefficients: expected at least one, got none")
        return cls(kind="polynomial", values=values, **options)

    @classmethod
    def exponential(cls, D0: float, k: float, c0: float, **options: Unpack[Options]) -> Diffusivity:
        """D = D0 exp(-k (a / c0 - 1)), a the concentration or the EO:Li ratio.

        Parameters
        ----------
        D0
            D at ``c0``, m2 s-1.
        k
            Dimensionless slope.
        c0
            Reference, in the argument's unit; exact.
        options
            As described at :class:`Diffusivity`; the covariance is that of (D0, k).

        Raises
        ------
        ConfigurationError, DataError
            See :class:`Diffusivity`; ``D0`` or ``c0`` is not positive.

        Examples
        --------
        >>> round(Diffusivity.exponential(1.3e-12, 0.5, 1650.0)(1650.0) * 1e12, 12)
        1.3
        """
        values = np.array([cast.scalar(D0, "D0", positive=True), cast.scalar(k, "k")])
        places = np.array([cast.scalar(c0, "c0", positive=True)])
        return cls(kind="exponential", values=values, places=places, **options)

    @classmethod
    def table(
        cls, c: Sequence[float] | FloatArray, D: Sequence[float] | FloatArray, **options: Unpack[Common]
    ) -> Diffusivity:
        """D by monotone piecewise cubics (PCHIP) through measured values: never beyond two neighbours.

        Outside the table D is held at its first and last value, and :meth:`check` warns.

        Parameters
        ----------
        c : (n,)
            Concentrations (or EO:Li ratios), strictly increasing, n >= 2.
        D : (n,)
            m2 s-1.
        options
            As described at :class:`Diffusivity`; the covariance is that of ``D``.

        Raises
        ------
        ConfigurationError, ShapeError
            See :class:`Diffusivity`; ``c`` does not increase, a D is not positive, lengths differ.

        Examples
        --------
        >>> Diffusivity.table([800.0, 1200.0, 1700.0], [3e-12, 2e-12, 1.3e-12])(1200.0)
        2e-12
        """
        places = cast.increasing(cast.array(c, "c of the table", ndim=1, positive=True), "c of the table").copy()
        if places.size < 2:
            raise ShapeError(f"c of the table: expected at least 2 values, got {places.size}")
        values = cast.array(D, "D of the table", shape=places.shape, positive=True).copy()
        edges = (float(places[0]), float(places[-1]))
        return cls(kind="table", values=values, places=places, valid_range=edges, outside="hold", **options)

    def check(self, c_min: float, c_max: float) -> None:
        """Make sure that D(c) > 0 from ``c_min`` to ``c_max`` (mol m-3), and that it was measured there.

        Looks at a dense grid and, for a polynomial, at its roots and extrema.

        Raises
        ------
        DataError
            The concentrations are not positive, or in the wrong order.
        DiffusivityError
            D is not positive somewhere; the message says at which concentration and what to do.

        Warns
        -----
        IondriftWarning
            Part of the range lies outside ``valid_range``.
        """
        require_positive_range(self, c_min, c_max, description=self.describe())


def require_diffusivity(value: object) -> Diffusivity:
    """Return ``value`` where it is a D(c).

    Raises
    ------
    ConfigurationError
        It is not; the message says how to make one.
    """
    return cast.instance(
        value, "diffusivity", Diffusivity, "make it: Diffusivity.constant(1.3e-12), .polynomial, .exponential or .table"
    )
