"""Properties of a concentrated solution in the experiment file, with their source; nothing is supplied by default."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from iondrift.errors import IondriftError
from iondrift.experiment.file.section import Section, as_tuple
from iondrift.transport.concentrated import ConcentratedSolution, ElectrolyteProperty
from iondrift.transport.formula import Argument

_Numbers = Annotated[tuple[float, ...], BeforeValidator(as_tuple)]
_ARGUMENTS: dict[str, tuple[Argument, str]] = {
    "concentration_mol_per_L": ("concentration", "mol/L"),
    "concentration_mol_per_m3": ("concentration", "mol m-3"),
    "molality_mol_per_kg": ("molality", "mol m-3"),
}


class PropertySection(Section):
    """One property: a polynomial, or a table."""

    coefficients: _Numbers | None = Field(default=None, description="of a polynomial, highest power first")
    at: _Numbers | None = Field(default=None, description="arguments of a table, increasing")
    values: _Numbers | None = Field(default=None, description="of a table, as many as in at")
    valid_range: Annotated[tuple[float, float], BeforeValidator(as_tuple)] | None = Field(
        default=None, description="[lowest, highest] argument at which the polynomial was measured"
    )
    outside: Literal["extrapolate", "hold"] = Field(default="extrapolate", description="beyond valid_range")
    relative_uncertainty: float | None = Field(
        default=None, ge=0, lt=1, description="of one factor common to all of it"
    )

    @model_validator(mode="after")
    def _is_one_form(self) -> Self:
        table = self.at is not None and self.values is not None
        if (self.coefficients is not None) == table or (self.at is None) != (self.values is None):
            raise PydanticCustomError("form", "needs either coefficients, or at and values")
        try:
            self.made("concentration", "mol m-3")
        except IondriftError as error:
            raise PydanticCustomError("property", "{text}", {"text": str(error)}) from error
        return self

    def made(self, argument: Argument, unit: str) -> ElectrolyteProperty:
        """Return the property; ``unit`` of a concentration."""
        if self.coefficients is not None:
            return ElectrolyteProperty.polynomial(
                self.coefficients, argument=argument, concentration_unit=unit, valid_range=self.valid_range,
                outside=self.outside, relative_uncertainty=self.relative_uncertainty,
            )  # fmt: skip
        return ElectrolyteProperty.table(
            self.at or (), self.values or (), argument=argument, concentration_unit=unit,
            relative_uncertainty=self.relative_uncertainty,
        )  # fmt: skip


class ConcentratedSection(Section):
    """The four properties that closure concentrated takes, as functions of one argument."""

    source: str = Field(min_length=1, description="publication or measurement, with temperature and polymer")
    argument: Literal["concentration_mol_per_L", "concentration_mol_per_m3", "molality_mol_per_kg"] = Field(
        description="what the properties are functions of"
    )
    salt_diffusivity_m2_per_s: PropertySection = Field(description="D_s, of the gradient of c")
    transference_number: PropertySection = Field(description="t- = 1 - t+ of the anion, may exceed 1")
    thermodynamic_factor: PropertySection = Field(description="chi = 1 + d ln f / d ln c")
    conductivity_S_per_m: PropertySection = Field(description="kappa")

    @field_validator("source")
    @classmethod
    def _says_something(cls, value: str) -> str:
        if not value.strip():
            raise PydanticCustomError("source", "is blank; name the publication or measurement")
        return value

    def made(self) -> ConcentratedSolution:
        """Return the solution."""
        argument, unit = _ARGUMENTS[self.argument]
        return ConcentratedSolution(
            salt_diffusivity=self.salt_diffusivity_m2_per_s.made(argument, unit),
            transference_number=self.transference_number.made(argument, unit),
            thermodynamic_factor=self.thermodynamic_factor.made(argument, unit),
            conductivity=self.conductivity_S_per_m.made(argument, unit),
            source=self.source,
        )
