"""The formula of D(c), or of another function of c: which, of which argument, measured where."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, overload

import numpy as np
import xarray as xr

from iondrift import cast
from iondrift.cast import FloatArray
from iondrift.errors import ConfigurationError
from iondrift.transport.composition import EO_MOLAR_MASS, EO_MOLAR_VOLUME, SALT_MOLAR_VOLUME
from iondrift.transport.parameter_layout import layout
from iondrift.variables import VARIABLES
from iondrift_kernels import codes

Argument = Literal["concentration", "eo_li_ratio", "molality"]
Kind = Literal["constant", "polynomial", "exponential", "table"]

_FORMS: dict[Kind, int] = {
    "constant": codes.POLYNOMIAL,
    "polynomial": codes.POLYNOMIAL,
    "exponential": codes.EXPONENTIAL,
    "table": codes.TABLE,
}
_ARGUMENTS: dict[Argument, int] = {
    "concentration": codes.CONCENTRATION,
    "eo_li_ratio": codes.EO_LI_RATIO,
    "molality": codes.MOLALITY,
}
_PER_SI = {"mol m-3": 1.0, "mol/L": 1e-3}


@dataclass(frozen=True, kw_only=True, eq=False)
class Formula:
    """D(c) without its uncertainty.

    Parameters
    ----------
    kind, values, places
        Set by the constructors: the formula; its uncertain parameters as given (coefficients, or D0 and k,
        or D at the knots); what is exact in it (c0, or the knots).
    argument
        What the formula takes, ``"concentration"``, ``"eo_li_ratio"`` or ``"molality"`` (mol of salt in a kg of
        ethylene oxide units). Where a fit against the EO:Li ratio is given concentrations, D comes out negative: see
        :meth:`check`.
    concentration_unit
        Unit of a concentration argument, of c0, knots and ``valid_range``: ``"mol m-3"`` or ``"mol/L"``.
    valid_range
        Lowest and highest argument that was measured.
    outside
        Beyond it, ``"extrapolate"`` the formula or ``"hold"`` the value at the edge.
    eo_molar_volume, salt_molar_volume
        m3 mol-1, for the EO:Li ratio.

    Raises
    ------
    ConfigurationError
        An option does not exist or does not fit the others.
    """

    kind: Kind
    values: FloatArray
    places: FloatArray = field(default_factory=lambda: np.empty(0))
    argument: Argument = "concentration"
    concentration_unit: str = "mol m-3"
    valid_range: tuple[float, float] | None = None
    outside: Literal["extrapolate", "hold"] = "extrapolate"
    eo_molar_volume: float = EO_MOLAR_VOLUME
    salt_molar_volume: float = SALT_MOLAR_VOLUME

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

    def _check_range(self) -> None:
        if self.valid_range is None:
            if self.outside == "hold":
                raise ConfigurationError("outside='hold' needs valid_range: at its edges D is held")
            return
        low, high = cast.array(self.valid_range, "valid_range", shape=(2,))
        if not 0.0 <= low < high:
            raise ConfigurationError(f"valid_range ({low:g}, {high:g}): from a lower to a higher value, none negative")

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

        if isinstance(concentration, xr.DataArray):
            concentration = cast.in_si(concentration, "concentration", "mol m-3")
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
        return {"eo_li_ratio": "1", "molality": "mol/kg"}.get(self.argument, self.concentration_unit)

    @property
    def value_unit(self) -> str:
        """Unit of what the formula gives, with the blank before it."""
        return " m2/s"

    @property
    def per_si(self) -> float:
        """Argument in :attr:`unit` over the argument in SI."""
        return _PER_SI[self.concentration_unit] if self.argument == "concentration" else 1.0

    def ratio_of(self, concentration: FloatArray) -> FloatArray:
        """Return the EO:Li ratio at concentrations in mol m-3, with this electrolyte's molar volumes."""
        return (1.0 / concentration - self.salt_molar_volume) / self.eo_molar_volume

    def argument_of(self, concentration: FloatArray) -> FloatArray:
        """Return the formula's argument, in :attr:`unit`, at concentrations in mol m-3."""
        if self.argument == "concentration":
            return concentration * self.per_si
        ratio = self.ratio_of(concentration)
        return ratio if self.argument == "eo_li_ratio" else 1.0 / (EO_MOLAR_MASS * ratio)

    def concentration_of(self, argument: FloatArray) -> FloatArray:
        """Return the concentration in mol m-3 where the formula's argument has a value in :attr:`unit`."""
        if self.argument == "concentration":
            return argument / self.per_si
        ratio = argument if self.argument == "eo_li_ratio" else 1.0 / (EO_MOLAR_MASS * argument)
        return 1.0 / (self.salt_molar_volume + ratio * self.eo_molar_volume)

    def argument_text(self) -> str:
        """Return what the formula takes, in words."""
        if self.argument == "eo_li_ratio":
            return "n = EO:Li ratio"
        return f"{self._name} = {self.argument} in {self.unit}"

    @property
    def _name(self) -> str:
        return {"eo_li_ratio": "n", "molality": "m"}.get(self.argument, "c")

    def described(self) -> str:
        """Return formula with units, argument and measured range in one line."""
        name, values, unit = self._name, self.values, self.value_unit
        if self.kind == "constant":
            text = f"constant {values[0]:g}{unit}"
        elif self.kind == "polynomial":
            text = f"polynomial {_polynomial_text(values, name)}{unit}, {self.argument_text()}"
        elif self.kind == "exponential":
            text = f"{values[0]:g} exp(-{values[1]:g} ({name}/{self.places[0]:g} - 1)){unit}, {self.argument_text()}"
        else:
            text = f"monotone table of {values.size} values, {values.min():g} to {values.max():g}{unit}, "
            text += self.argument_text()
        if self.valid_range is not None:
            text += f"; measured for {self.range_text()}"
            text += ", held outside" if self.outside == "hold" else ", extrapolated outside"
        return text

    def range_text(self) -> str:
        """Return the range of the argument that was measured, in words."""
        if self.valid_range is None:
            return "an unstated range"
        low, high = self.valid_range
        return f"EO:Li {low:g} to {high:g}" if self.unit == "1" else f"{low:g} to {high:g} {self.unit}"

    def _layout(self, values: FloatArray) -> FloatArray:
        """Return kernel parameters (replicate, n_parameters) of uncertain parameters (replicate, n)."""
        held = self.outside == "hold" and self.valid_range is not None
        return layout(
            values,
            form=self.form,
            places=self.places,
            per_si=self.per_si,
            edges=self.valid_range if held and self.valid_range is not None else (-math.inf, math.inf),
            volumes=(self.eo_molar_volume, self.salt_molar_volume),
            mass=EO_MOLAR_MASS if self.argument == "molality" else 1.0,
        )


def _polynomial_text(coefficients: FloatArray, name: str) -> str:
    text = ""
    for k, coefficient in enumerate(coefficients):
        power = coefficients.size - 1 - k
        factor = "" if power == 0 else f" {name}" if power == 1 else f" {name}^{power}"
        sign = ("-" if coefficient < 0 else "") if not text else (" - " if coefficient < 0 else " + ")
        text += f"{sign}{abs(coefficient):g}{factor}"
    return text
