"""The section of an experiment file for what `iondrift fit` must be told; nothing of it is needed."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from iondrift.drift.inverse.options import FitOptions, FormName
from iondrift.experiment.file.section import Positive, Section, as_tuple
from iondrift.settings import settings_of

_DEFAULT, _SETTINGS = FitOptions(), settings_of(FitOptions)
_UM = 1e-6


def _about(name: str) -> str:
    return _SETTINGS[name].about_in_file


class TransportFit(Section):
    """The inverse model: forms of D(c), places of the electrodes, and where D- comes from."""

    forms: Annotated[tuple[FormName, ...], BeforeValidator(as_tuple), Field(min_length=1)] = Field(
        default=_DEFAULT.forms, description=_about("forms")
    )
    anion_diffusivity: Literal["pfg", "nernst-einstein", "conductivity", "none"] = Field(
        default="pfg", description="where D- comes from; pfg: the section diffusivity"
    )
    conductivity_S_per_m: Positive | None = Field(default=None, description="before polarisation")
    conductivity_relative: float = Field(default=0.0, ge=0, lt=1, description="its standard uncertainty")
    plating_gap_um: Positive | None = Field(default=None, description="from the plating electrode to the first point")
    counter_gap_um: Positive | None = Field(default=None, description="from the last point to the counter electrode")
    gap_uncertainty_um: Positive = Field(default=_DEFAULT.gap_uncertainty / _UM, description=_about("gap_uncertainty"))
    electrode_roughness_um: float = Field(
        default=_DEFAULT.electrode_roughness / _UM, ge=0, description=_about("electrode_roughness")
    )
    sink: bool = Field(default=_DEFAULT.sink, description=_about("sink"))
    storage: bool = Field(default=False, description="count the intensity between electrodes and region as data, too")
    common_mode_relative: Positive = Field(default=_DEFAULT.common_mode, description=_about("common_mode"))
    fitted: int | None = Field(default=None, ge=6, description="how many profiles are fitted; the others are predicted")

    @model_validator(mode="after")
    def _conductivity_is_given(self) -> Self:
        if (self.anion_diffusivity == "conductivity") != (self.conductivity_S_per_m is not None):
            raise PydanticCustomError(
                "conflict", "anion_diffusivity = 'conductivity' and conductivity_S_per_m need each other"
            )
        if (self.plating_gap_um is None) != (self.counter_gap_um is None):
            raise PydanticCustomError("conflict", "plating_gap_um and counter_gap_um need each other")
        return self

    @property
    def gaps(self) -> tuple[float, float] | None:
        """Both gaps, m; None where profiles tell."""
        if self.plating_gap_um is None or self.counter_gap_um is None:
            return None
        return self.plating_gap_um * _UM, self.counter_gap_um * _UM
