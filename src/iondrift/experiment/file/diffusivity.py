"""D(c) in the experiment file: its form, its parameters and what is known of their uncertainty."""

from __future__ import annotations

from abc import abstractmethod
from itertools import pairwise
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from iondrift.errors import DataError
from iondrift.experiment.file.data_sets import PfgDiffusivity
from iondrift.experiment.file.section import Positive, Section, as_tuple
from iondrift.transport.parameter_layout import square_root

_Numbers = Annotated[tuple[float, ...], BeforeValidator(as_tuple)]
_Coefficient = Annotated[float, Field(gt=1e-25, lt=1)]  # m2/s
_NotNegative = Annotated[float, Field(ge=0)]


class ConstantDiffusivity(Section):
    """D does not depend on the concentration."""

    kind: Literal["constant"]
    diffusion_coefficient_m2_per_s: _Coefficient = Field(description="anion diffusion coefficient")


class _UncertainDiffusivity(Section):
    """Parameters with their covariance, or with standard errors; n of them, in the order and the units of the form."""

    covariance: Annotated[tuple[_Numbers, ...], BeforeValidator(as_tuple)] | None = Field(
        default=None, description="n lists of n numbers, in the parameters' order and units"
    )
    standard_errors: Annotated[tuple[_NotNegative, ...], BeforeValidator(as_tuple)] | None = Field(
        default=None, description="n numbers, in the parameters' order and units, for parameters without correlation"
    )

    @abstractmethod
    def parameters(self) -> tuple[float, ...]:
        """Return the uncertain parameters, in the order of their covariance."""

    def covariance_matrix(self) -> tuple[tuple[float, ...], ...] | None:
        """Return the covariance; of standard errors, a diagonal one; None where neither is given."""
        if self.standard_errors is None:
            return self.covariance
        errors = self.standard_errors
        return tuple(tuple(error**2 if j == k else 0.0 for j in range(len(errors))) for k, error in enumerate(errors))

    @model_validator(mode="after")
    def _uncertainty_fits(self) -> Self:
        if self.covariance is not None and self.standard_errors is not None:
            raise PydanticCustomError("conflict", "give either covariance or standard_errors, not both")
        count = len(self.parameters())
        if self.standard_errors is not None and len(self.standard_errors) != count:
            raise PydanticCustomError(
                "length",
                "standard_errors has {found} numbers for {count} parameters",
                {"found": len(self.standard_errors), "count": count},
            )
        if self.covariance is not None:
            if {len(self.covariance), *map(len, self.covariance)} != {count}:
                raise PydanticCustomError(
                    "length", "covariance must be {count} lists of {count} numbers, one a parameter", {"count": count}
                )
            try:
                square_root(np.array(self.covariance))
            except DataError as error:
                raise PydanticCustomError("covariance", "{text}", {"text": str(error)}) from error
        return self


class _FittedDiffusivity(_UncertainDiffusivity):
    valid_range: Annotated[tuple[float, float], BeforeValidator(as_tuple)] | None = Field(
        default=None, description="[lowest, highest] argument that was measured"
    )
    outside: Literal["extrapolate", "hold"] = Field(
        default="extrapolate", description="beyond valid_range: the formula, or the value at its edge"
    )

    @field_validator("valid_range")
    @classmethod
    def _ordered(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        if value is not None and not 0.0 <= value[0] < value[1]:
            raise PydanticCustomError("order", "from a lower to a higher value, none negative")
        return value

    @field_validator("outside")
    @classmethod
    def _has_edges(cls, value: str, info: ValidationInfo) -> str:
        if value == "hold" and info.data.get("valid_range", ()) is None:
            raise PydanticCustomError("conflict", "'hold' needs valid_range")
        return value


class PolynomialDiffusivity(_FittedDiffusivity):
    """D is a polynomial of the argument."""

    kind: Literal["polynomial"]
    argument: Literal["eo_li_ratio", "concentration_mol_per_L", "concentration_mol_per_m3"] = Field(
        description="what the polynomial is a function of"
    )
    coefficients_m2_per_s: Annotated[tuple[float, ...], BeforeValidator(as_tuple), Field(min_length=1)] = Field(
        description="highest power first"
    )

    def parameters(self) -> tuple[float, ...]:
        """Return the coefficients."""
        return self.coefficients_m2_per_s


class ExponentialDiffusivity(_FittedDiffusivity):
    """D = D0 exp(-k (c/c0 - 1)); its valid range is in mol/L."""

    kind: Literal["exponential"]
    diffusion_coefficient_m2_per_s: _Coefficient = Field(description="D0, at the reference concentration")
    decay: float = Field(description="k in D = D0 exp(-k (c/c0 - 1))")
    reference_concentration_mol_per_L: Positive = Field(description="c0 in D = D0 exp(-k (c/c0 - 1))")

    def parameters(self) -> tuple[float, ...]:
        """Return D0 and k."""
        return self.diffusion_coefficient_m2_per_s, self.decay


class TableDiffusivity(_UncertainDiffusivity):
    """D between measured points, by monotone interpolation."""

    kind: Literal["table"]
    concentration_mol_per_L: Annotated[tuple[Positive, ...], BeforeValidator(as_tuple), Field(min_length=2)]
    diffusion_coefficient_m2_per_s: Annotated[tuple[_Coefficient, ...], BeforeValidator(as_tuple), Field(min_length=2)]

    @field_validator("concentration_mol_per_L")
    @classmethod
    def _increasing(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if any(b <= a for a, b in pairwise(value)):
            raise PydanticCustomError("order", "concentrations must increase")
        return value

    @field_validator("diffusion_coefficient_m2_per_s")
    @classmethod
    def _pairs(cls, value: tuple[float, ...], info: ValidationInfo) -> tuple[float, ...]:
        concentrations = info.data.get("concentration_mol_per_L")
        if concentrations is not None and len(concentrations) != len(value):
            raise PydanticCustomError(
                "length",
                "needs as many entries as concentration_mol_per_L has ({n})",
                {"n": len(concentrations)},
            )
        return value

    def parameters(self) -> tuple[float, ...]:
        """Return D at the points of the table."""
        return self.diffusion_coefficient_m2_per_s


DiffusivitySection = Annotated[
    ConstantDiffusivity | PolynomialDiffusivity | ExponentialDiffusivity | TableDiffusivity | PfgDiffusivity,
    Field(discriminator="kind"),
]
