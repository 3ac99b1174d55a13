"""The anion diffusion coefficient as a function of concentration, with its uncertainty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypedDict, Unpack, overload

import numpy as np
import numpy.typing as npt
import xarray as xr

from iondrift import cast
from iondrift.cast import FloatArray
from iondrift.errors import ConfigurationError, ShapeError
from iondrift.transport import parameter_layout as _diffusivity_layout
from iondrift.transport import positivity as _diffusivity_check
from iondrift.transport.composition import (
    EO_MOLAR_VOLUME,
    SALT_MOLAR_VOLUME,
    concentration_from_eo_li_ratio,
    eo_li_ratio_from_concentration,
)
from iondrift.variables import VARIABLES

__all__ = ["Diffusivity", "concentration_from_eo_li_ratio", "eo_li_ratio_from_concentration"]

Argument = Literal["concentration", "eo_li_ratio"]
Kind = Literal["constant", "polynomial", "exponential", "table"]

# Codes of iondrift_kernels.diffusivity, written out so that naming a Diffusivity does not import numba.
_FORMS: dict[Kind, int] = {"constant": 0, "polynomial": 0, "exponential": 1, "table": 2}
_ARGUMENTS: dict[Argument, int] = {"concentration": 0, "eo_li_ratio": 1}
_PER_SI = {"mol m-3": 1.0, "mol/L": 1e-3}


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
class Diffusivity:
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

    kind: Kind
    values: FloatArray
    places: FloatArray = field(default_factory=lambda: np.empty(0))
    argument: Argument = "concentration"
    concentration_unit: str = "mol m-3"
    valid_range: tuple[float, float] | None = None
    outside: Literal["extrapolate", "hold"] = "extrapolate"
    covariance: npt.ArrayLike | None = None
    relative_uncertainty: float | None = None
    eo_molar_volume: float = EO_MOLAR_VOLUME
    salt_molar_volume: float = SALT_MOLAR_VOLUME
    _root: FloatArray = field(init=False, repr=False, default_factory=lambda: np.empty(0))  # L of the covariance L L'

    def __post_init__(self) -> None:
        for name, value, allowed in (
            ("argument", self.argument, _ARGUMENTS),
            ("concentration_unit", self.concentration_unit, _PER_SI),
            ("outside", self.outside, ("extrapolate", "hold")),
        ):
            if value not in allowed:
                raise ConfigurationError(f"{name} {value!r}: use {' or '.join(map(repr, allowed))}")
        cast.scalar(self.eo_molar_volume, "eo_molar_volume", positive=True)
        cast.scalar(self.salt_molar_volume, "salt_molar_volume", positive=True)
        self.values.setflags(write=False)
        self.places.setflags(write=False)
        self._check_range()
        self._check_uncertainty()

    def _check_range(self) -> None:
        if self.valid_range is None:
            if self.outside == "hold":
                raise ConfigurationError("outside='hold' needs valid_range: at its edges D is held")
            return
        low, high = cast.array(self.valid_range, "valid_range", shape=(2,))
        if not 0.0 <= low < high:
            raise ConfigurationError(f"valid_range ({low:g}, {high:g}): from a lower to a higher value, none negative")

    def _check_uncertainty(self) -> None:
        if self.covariance is not None and self.relative_uncertainty is not None:
            raise ConfigurationError("give either covariance or relative_uncertainty of D(c), not both")
        if self.relative_uncertainty is not None:
            value = cast.scalar(self.relative_uncertainty, "relative_uncertainty")
            if not 0.0 <= value < 1.0:
                raise ConfigurationError(f"relative_uncertainty {value:g}: a fraction of D, from 0 to below 1")
        if self.covariance is not None:
            covariance = cast.array(self.covariance, "covariance", shape=(self.values.size,) * 2)
            object.__setattr__(self, "covariance", covariance)
            # Here, where the mistake was made, not at the first draw.
            object.__setattr__(self, "_root", _diffusivity_layout.square_root(covariance))

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

    @property
    def form(self) -> int:
        """Code of the formula in ``iondrift_kernels.diffusivity``."""
        return _FORMS[self.kind]

    @property
    def argument_code(self) -> int:
        """Code of the argument in ``iondrift_kernels.diffusivity``."""
        return _ARGUMENTS[self.argument]

    @cached_property
    def parameters(self) -> FloatArray:
        """Parameter vector, laid out as ``iondrift_kernels.diffusivity`` documents."""
        row: FloatArray = self._layout(self.values[np.newaxis, :])[0]
        row.setflags(write=False)
        return row

    @property
    def n_random(self) -> int:
        """Standard normal numbers that one draw of the parameters consumes."""
        if self.covariance is not None:
            return self.values.size
        return 1 if self.relative_uncertainty else 0

    def draw_parameters(self, standard_normals: npt.ArrayLike) -> FloatArray:
        """Return parameter vectors drawn from the uncertainty, one a replicate.

        values + L z with L L' = covariance, or values exp(relative_uncertainty z): a common factor that
        cannot turn D negative. Without uncertainty every row equals :attr:`parameters`.

        Parameters
        ----------
        standard_normals : (replicate, n_random)

        Returns
        -------
        (replicate, n_parameters)
            Each row for ``iondrift_kernels.diffusivity.evaluate``. A covariance can be wide enough to make D
            negative in some rows; the caller decides what to do with those.

        Raises
        ------
        ShapeError
            The second dimension is not :attr:`n_random`.
        """
        z = cast.array(standard_normals, "standard_normals", shape=(None, self.n_random))
        values = np.tile(self.values, (z.shape[0], 1))
        if self.covariance is not None:
            values += z @ self._root.T
        elif self.relative_uncertainty:
            scaled = slice(0, 1) if self.kind == "exponential" else slice(None)
            values[:, scaled] *= np.exp(self.relative_uncertainty * z)
        return self._layout(values)

    def _layout(self, values: FloatArray) -> FloatArray:
        """Return kernel parameters (replicate, n_parameters) of uncertain parameters (replicate, n)."""
        return _diffusivity_layout.layout(self, values)

    @overload
    def __call__(self, concentration: float) -> float: ...
    @overload
    def __call__(self, concentration: FloatArray) -> FloatArray: ...
    @overload
    def __call__(self, concentration: xr.DataArray) -> xr.DataArray: ...
    def __call__(self, concentration: float | FloatArray | xr.DataArray) -> float | FloatArray | xr.DataArray:
        """Return D in m2 s-1 at a concentration in mol m-3, in the type it came in.

        Raises
        ------
        DataError
            A concentration is not finite or not positive.
        """
        from iondrift_kernels.diffusivity import evaluate_array

        data = concentration.values if isinstance(concentration, xr.DataArray) else concentration
        c = cast.array(data, "concentration", positive=True)
        out = np.empty(c.size)
        evaluate_array(self.form, self.argument_code, self.parameters, c.reshape(-1), out)
        D = out.reshape(c.shape)
        if isinstance(concentration, xr.DataArray):
            result = concentration.copy(data=D).rename("diffusivity")
            result.attrs = VARIABLES["diffusivity"].attrs
            return result
        return D if D.ndim else float(D)

    @property
    def unit(self) -> str:
        """Unit of the argument: ``"1"`` for the EO:Li ratio."""
        return "1" if self.argument == "eo_li_ratio" else self.concentration_unit

    @property
    def per_si(self) -> float:
        """Argument in :attr:`unit` over the argument in SI."""
        return 1.0 if self.argument == "eo_li_ratio" else _PER_SI[self.concentration_unit]

    def ratio_of(self, concentration: FloatArray) -> FloatArray:
        """Return the EO:Li ratio at concentrations in mol m-3, with this electrolyte's molar volumes."""
        return (1.0 / concentration - self.salt_molar_volume) / self.eo_molar_volume

    def argument_of(self, concentration: FloatArray) -> FloatArray:
        """Return the formula's argument, in :attr:`unit`, at concentrations in mol m-3."""
        return self.ratio_of(concentration) if self.argument == "eo_li_ratio" else concentration * self.per_si

    def concentration_of(self, argument: FloatArray) -> FloatArray:
        """Return the concentration in mol m-3 where the formula's argument has a value in :attr:`unit`."""
        if self.argument == "eo_li_ratio":
            return 1.0 / (self.salt_molar_volume + argument * self.eo_molar_volume)
        return argument / self.per_si

    def argument_text(self) -> str:
        """Return what the formula takes, in words."""
        return "n = EO:Li ratio" if self.argument == "eo_li_ratio" else f"c = concentration in {self.unit}"

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
        _diffusivity_check.check(self, c_min, c_max)

    def describe(self) -> str:
        """Return one line: formula with units, argument, measured range, uncertainty.

        Examples
        --------
        >>> Diffusivity.constant(1.3e-12, relative_uncertainty=0.05).describe()
        'constant 1.3e-12 m2/s; uncertainty 5 %'
        """
        return _diffusivity_check.describe(self)


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
