"""What a user states of a TopSpin data set where its files do not: every option once, for all who take it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from iondrift.settings import option

GradientUnit: TypeAlias = Literal["G/cm", "percent"]


@dataclass(frozen=True, kw_only=True)
class GradientOptions:
    """The gradients of a diffusion experiment.

    Attributes
    ----------
    gradient_unit
        Of difflist; None: decided by gradient_calib, Difframp and GPZ.
    maximum_gradient
        At 100 %, T/m; None: from gradient_calib.
    shape_included
        Whether difflist holds the mean over a pulse (True) or its peak; None: decided as the unit is.
    waveform
        With diff.xml: b of the half sines that were played, instead of the b that it states.
    """

    gradient_unit: GradientUnit | None = option(
        None, "Unit of difflist; found out where the files tell.", example='"G/cm"'
    )
    maximum_gradient: float | None = option(
        None,
        "Gradient at 100 % in T/m; from gradient_calib.",
        key="maximum_gradient_T_per_m",
        above=0.0,
        example="0.535",
        note="at 100 %; from gradient_calib",
    )
    shape_included: bool | None = option(
        None, "difflist holds the mean over a pulse, not its peak; found out where the files tell.",
        switch="--shape-included/--no-shape-included", example="true",
        note="difflist holds the mean over a pulse; found out"
    )  # fmt: skip
    waveform: bool = option(False, "With diff.xml: b of the half sines played, not the b stated.")
