"""Sections that name TopSpin data sets: diffusion experiments for D(c), and spectra whose lines are fitted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BeforeValidator, Field, ValidationInfo, create_model, field_validator, model_validator
from pydantic_core import PydanticCustomError

from iondrift.experiment.file.records import given, keys
from iondrift.experiment.file.section import Positive, Section, as_tuple, resolved
from iondrift.experiment.file.topspin import expno_numbers
from iondrift.nmr.options import DiffusionOptions, DiffusivityForm, LineOptions
from iondrift.readers.bruker.options import GradientOptions
from iondrift.settings import keys_of

DIFFUSION_KEYS = keys_of(DiffusionOptions, GradientOptions)
LINE_KEYS = keys_of(LineOptions)


class DataSets(Section):
    """Data sets of one folder."""

    files: str = Field(min_length=1, description="folder that holds the expnos")
    expnos: str = Field(description="which data sets, like 201-206,210, in this order")

    @field_validator("files")
    @classmethod
    def _resolve(cls, value: str, info: ValidationInfo) -> str:
        return resolved(value, info)

    @field_validator("expnos")
    @classmethod
    def _readable(cls, value: str) -> str:
        expno_numbers(value)
        return value

    @property
    def folders(self) -> tuple[Path, ...]:
        """The data sets, in order."""
        return tuple(Path(self.files) / str(number) for number in expno_numbers(self.expnos))


class _DiffusionExperiments(DataSets):
    """D(c) fitted to diffusion experiments, one a concentration."""

    kind: Literal["pfg"]
    concentration_mol_per_L: Annotated[tuple[Positive, ...], BeforeValidator(as_tuple), Field(min_length=1)] = Field(
        description="of each data set, in the order of expnos"
    )
    form: DiffusivityForm = Field(default="auto", description="form of D(c)")

    @model_validator(mode="after")
    def _one_each(self) -> Self:
        if len(self.concentration_mol_per_L) != len(self.folders):
            raise PydanticCustomError(
                "length",
                "concentration_mol_per_L has {found} entries for the {count} data sets of expnos",
                {"found": len(self.concentration_mol_per_L), "count": len(self.folders)},
            )
        return self

    @property
    def options(self) -> DiffusionOptions:
        """How each is evaluated."""
        return DiffusionOptions(**given(self, DiffusionOptions))

    @property
    def gradients(self) -> GradientOptions:
        """What the files do not tell of the gradients."""
        return GradientOptions(**given(self, GradientOptions))


class _Spectra(DataSets):
    """Spectra whose lines are fitted as one series."""

    @property
    def options(self) -> LineOptions:
        """What is fitted."""
        return LineOptions(**given(self, LineOptions))


if TYPE_CHECKING:

    class PfgDiffusivity(_DiffusionExperiments):
        """What pydantic makes of the records of options, as far as types go."""

    class Lineshape(_Spectra):
        """The same of lines."""

else:
    PfgDiffusivity = create_model(
        "PfgDiffusivity",
        __base__=_DiffusionExperiments,
        __doc__="D(c) fitted to diffusion experiments, and how they are evaluated.",
        **keys(DiffusionOptions),
        **keys(GradientOptions),
    )
    Lineshape = create_model(
        "Lineshape", __base__=_Spectra, __doc__="Spectra whose lines are fitted, and how.", **keys(LineOptions)
    )
