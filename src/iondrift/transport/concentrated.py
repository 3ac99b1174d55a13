"""Concentrated-solution theory of a 1:1 salt: properties as functions of c, and what follows from them.

Solvent frame, electroneutral, one dimension; phi with f+ = f- (a convention: single-ion activities are not measurable).
No parameters are supplied here: whoever gives them names their source.

Source: Newman and Balsara, Electrochemical Systems, ch. 12; Newman's thermodynamic diffusion coefficient D gives
D_s = D (c_T / c_0) (1 + d ln gamma / d ln m), times (1 - d ln c_0 / d ln c) where the salt takes up volume.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, NamedTuple

import numpy as np

from iondrift import cast
from iondrift.cast import FloatArray
from iondrift.errors import ConfigurationError, DataError, IondriftWarning, ShapeError
from iondrift.transport.formula import Argument
from iondrift.transport.uncertain_formula import UncertainFormula
from iondrift_kernels.constants import FARADAY, GAS_CONSTANT

_GRID = 513  # concentrations at which a property is looked at, and nodes of integrals over ln c


@dataclass(frozen=True, kw_only=True, eq=False)
class ElectrolyteProperty(UncertainFormula):
    """One property as a function of concentration or molality: :meth:`constant`, :meth:`polynomial`, :meth:`table`."""

    @property
    def value_unit(self) -> str:
        """Return nothing: the solution knows what is measured, and its unit."""
        return ""

    @classmethod
    def constant(cls, value: float, *, relative_uncertainty: float | None = None) -> ElectrolyteProperty:
        """Return a property that is the same at every concentration.

        Raises
        ------
        DataError
            The value is not finite or not positive.

        Examples
        --------
        >>> ElectrolyteProperty.constant(0.8)(1650.0)
        0.8
        """
        values = np.array([cast.scalar(value, "value", positive=True)])
        return cls(kind="constant", values=values, relative_uncertainty=relative_uncertainty)

    @classmethod
    def polynomial(
        cls,
        coefficients: Sequence[float] | FloatArray,
        *,
        argument: Argument = "concentration",
        concentration_unit: str = "mol m-3",
        valid_range: tuple[float, float] | None = None,
        outside: Literal["extrapolate", "hold"] = "extrapolate",
        relative_uncertainty: float | None = None,
    ) -> ElectrolyteProperty:
        """Return p[0] a^(n-1) + ... + p[n-1].

        Parameters
        ----------
        coefficients : (n,)
            Highest power first.
        argument, concentration_unit, valid_range, outside
            What a is, where it was measured, and what is done beyond: see :class:`iondrift.Diffusivity`.
        relative_uncertainty
            Standard uncertainty of one factor common to all of it.

        Raises
        ------
        ConfigurationError, ShapeError
            Options that do not fit; no coefficient.
        """
        values = cast.array(coefficients, "coefficients", ndim=1).copy()
        if values.size == 0:
            raise ShapeError("coefficients: expected at least one, got none")
        return cls(
            kind="polynomial", values=values, argument=argument, concentration_unit=concentration_unit,
            valid_range=valid_range, outside=outside, relative_uncertainty=relative_uncertainty,
        )  # fmt: skip

    @classmethod
    def table(
        cls,
        places: Sequence[float] | FloatArray,
        values: Sequence[float] | FloatArray,
        *,
        argument: Argument = "concentration",
        concentration_unit: str = "mol m-3",
        relative_uncertainty: float | None = None,
    ) -> ElectrolyteProperty:
        """Return monotone piecewise cubics through measured values, held at the first and last outside.

        Parameters
        ----------
        places : (n,)
            Concentrations or molalities, strictly increasing, n >= 2.
        values : (n,)
            The property there, positive.
        argument, concentration_unit, relative_uncertainty
            As for :meth:`polynomial`.

        Raises
        ------
        ConfigurationError, ShapeError, DataError
            Places do not increase, values are not positive, lengths differ.
        """
        a = cast.increasing(cast.array(places, "places of the table", ndim=1, positive=True), "places of the table")
        if a.size < 2:
            raise ShapeError(f"places of the table: expected at least 2 values, got {a.size}")
        found = cast.array(values, "values of the table", shape=a.shape, positive=True).copy()
        return cls(
            kind="table", values=found, places=a.copy(), argument=argument, concentration_unit=concentration_unit,
            valid_range=(float(a[0]), float(a[-1])), outside="hold", relative_uncertainty=relative_uncertainty,
        )  # fmt: skip


class Transport(NamedTuple):
    """What the theory gives at every place, SI, all of one shape.

    ``flux`` J (3.1), ``velocity`` v = -u- E (3.4), ``field`` E (3.3), ``mobility`` u- = t- kappa / (F c),
    ``diffusivity`` (R T / F) u- chi, ``friction`` X = c v - J - (R T / F) u- chi dc/dx (3.6),
    ``current_velocity`` v_i = -t- i / (F c), ``lithium_field`` E_Li (3.2).
    """

    flux: FloatArray
    velocity: FloatArray
    field: FloatArray
    mobility: FloatArray
    diffusivity: FloatArray
    friction: FloatArray
    current_velocity: FloatArray
    lithium_field: FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class ConcentratedSolution:
    """The four properties that the theory takes, as functions of c, and where they come from.

    Parameters
    ----------
    salt_diffusivity
        D_s of the gradient of c, m2 s-1.
    transference_number
        t- = 1 - t+^0 of the anion; may exceed 1.
    thermodynamic_factor
        chi = 1 + d ln f+- / d ln c.
    conductivity
        kappa, S m-1.
    source
        Publication or measurement, with temperature and polymer: mandatory, and part of every report.

    Raises
    ------
    ConfigurationError
        A property is missing, or the source is empty.
    """

    salt_diffusivity: ElectrolyteProperty
    transference_number: ElectrolyteProperty
    thermodynamic_factor: ElectrolyteProperty
    conductivity: ElectrolyteProperty
    source: str

    def __post_init__(self) -> None:
        remedy = "make it: ElectrolyteProperty.constant(0.8), .polynomial or .table"
        for name in PROPERTIES:
            cast.instance(getattr(self, name), name, ElectrolyteProperty, remedy)
        if not isinstance(self.source, str) or not self.source.strip():
            raise ConfigurationError("source: is empty; name the publication or measurement that the properties are of")

    @property
    def properties(self) -> tuple[ElectrolyteProperty, ...]:
        """The four, in the order of :data:`PROPERTIES`."""
        return tuple(getattr(self, name) for name in PROPERTIES)

    def describe(self) -> str:
        """Return the properties with their units, and their source, in a line."""
        parts = [f"{SYMBOLS[name]}{UNITS[name]}: {getattr(self, name).describe()}" for name in PROPERTIES]
        return f"{'; '.join(parts)} (source: {self.source})"

    def check(self, c_min: float, c_max: float) -> None:
        """Make sure that every property is positive from ``c_min`` to ``c_max``, mol m-3, and was measured there.

        Raises
        ------
        DataError
            One is not positive somewhere.

        Warns
        -----
        IondriftWarning
            Part of the range was not measured.
        """
        c = np.linspace(c_min, c_max, _GRID)
        for name in PROPERTIES:
            found, values = getattr(self, name), getattr(self, name)(c)
            if not (values > 0.0).all():
                worst = int(values.argmin())
                raise DataError(
                    f"{name}: {values[worst]:.4g} at {c[worst] * 1e-3:.4g} mol/L; it must be positive where profiles "
                    "are; check coefficients, argument and units, or state valid_range with outside = hold"
                )
            if found.valid_range is not None:
                a = np.sort(found.argument_of(c[[0, -1]]))
                slack = 1e-9 * (found.valid_range[1] - found.valid_range[0])
                if a[0] < found.valid_range[0] - slack or a[1] > found.valid_range[1] + slack:
                    warnings.warn(
                        f"{name} was given for {found.range_text()}, and is needed from {a[0]:.4g} to {a[1]:.4g} "
                        f"{found.unit}: beyond it is {'held' if found.outside == 'hold' else 'extrapolated'}",
                        IondriftWarning,
                        stacklevel=3,
                    )

    def transport(self, concentration: Any, gradient: Any, current_density: Any, temperature: float) -> Transport:
        """Return fluxes, fields and velocities (3.1) to (3.4), (3.6) of profiles.

        ``J = -D_s dc/dx - t- i/F``, ``E_Li = i/kappa - 2 t- chi b (dc/dx)/c``,
        ``E = i/kappa - (2 t- - 1) chi b (dc/dx)/c``, ``v = -u- E``, b = R T / F.

        Parameters
        ----------
        concentration, gradient
            mol m-3 (positive) and mol m-4.
        current_density
            A m-2, negative while plating; broadcast against the concentration.
        temperature
            K.

        Raises
        ------
        DataError
            A concentration is not positive.
        """
        c = cast.array(concentration, "concentration", positive=True)
        slope, i = np.asarray(gradient, dtype=float), np.asarray(current_density, dtype=float)
        thermal = GAS_CONSTANT * temperature / FARADAY
        salt, t, chi, kappa = (found(c) for found in self.properties)
        by_current = -t * i / FARADAY
        drift = thermal * t * kappa / (FARADAY * c)  # (R T / F) u-
        flux = by_current - salt * slope
        migrative = by_current + drift * (2.0 * t - 1.0) * chi * slope
        velocity = migrative / c
        return Transport(
            flux=flux,
            velocity=velocity,
            field=-velocity * thermal / drift,
            mobility=drift / thermal,
            diffusivity=drift * chi,
            friction=migrative - flux - drift * chi * slope,
            current_velocity=by_current / c,
            lithium_field=i / kappa - 2.0 * t * chi * thermal * slope / c,
        )

    def lithium_voltage(
        self, x: FloatArray, concentration: FloatArray, current_density: float, temperature: float
    ) -> float:
        """Return V between lithium electrodes at both ends of one profile (3.5), without interphases, V.

        ``V = -i int dx / kappa + 2 b int_{c(0)}^{c(L)} t- chi d ln c``.

        Parameters
        ----------
        x, concentration : (point,)
            m, mol m-3; ends at the electrodes.
        current_density, temperature
            A m-2, negative while plating; K.

        Raises
        ------
        DataError
            A concentration is not positive.
        """
        from scipy.integrate import simpson
        from scipy.interpolate import CubicSpline

        c = cast.array(concentration, "concentration", ndim=1, positive=True)
        along = np.linspace(np.log(c[0]), np.log(c[-1]), _GRID)
        weight = self.transference_number(np.exp(along)) * self.thermodynamic_factor(np.exp(along))
        integral = simpson(weight, dx=float(along[-1] - along[0]) / (_GRID - 1))
        diffusion = 2.0 * GAS_CONSTANT * temperature / FARADAY * integral
        ohmic = float(CubicSpline(x, 1.0 / self.conductivity(c)).integrate(x[0], x[-1]))
        return float(diffusion - current_density * ohmic)

    def newman_number(self, concentration: float, temperature: float) -> float:
        """Return Ne = 2 kappa R T t-^2 chi / (F^2 D_s c); small signals end at i_ss / i_0 = 1 / (1 + Ne).

        Parameters
        ----------
        concentration, temperature
            mol m-3, K.

        Raises
        ------
        DataError
            The concentration is not positive.
        """
        salt, t, chi, kappa = (found(concentration) for found in self.properties)
        return float(2.0 * kappa * GAS_CONSTANT * temperature * t**2 * chi / (FARADAY**2 * salt * concentration))


PROPERTIES = tuple(entry.name for entry in fields(ConcentratedSolution) if entry.name != "source")
SYMBOLS = dict(zip(PROPERTIES, ("D_s", "t-", "chi", "kappa"), strict=True))
UNITS = dict(zip(PROPERTIES, (" (m2/s)", "", "", " (S/m)"), strict=True))
