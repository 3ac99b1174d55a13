"""What is asked of a fit of transport: names, defaults, limits and help of every option, once for all who take them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, TypedDict, get_args

from iondrift.settings import option

FormName: TypeAlias = Literal["constant", "exponential", "log-parabola"]
FORMS: tuple[FormName, ...] = get_args(FormName)
DEFAULT_FORMS: tuple[FormName, ...] = ("constant", "exponential")
COMMON_MODE = 0.0037  # sd of one factor per profile, measured where nothing moved


@dataclass(frozen=True, kw_only=True)
class FitOptions:
    """Options of :func:`iondrift.fit_transport`, described there, with their defaults."""

    forms: tuple[FormName, ...] = option(DEFAULT_FORMS, "Forms of D(c).")
    gap_uncertainty: float = option(15e-6, "Standard uncertainty of the electrodes' places.")
    sink: bool = option(False, "Fit anions lost at the plating electrode per unit of charge.")
    electrode_roughness: float = option(0.0, "Standard deviation of the electrodes' places across the cell.")
    common_mode: float = option(COMMON_MODE, "Standard deviation of one factor per profile.")
    draws: int = option(150, "Draws of the posterior.", lowest=20, highest=100_000)


class FitKeywords(TypedDict, total=False):
    """The fields of :class:`FitOptions`, as keywords."""

    forms: tuple[FormName, ...]
    gap_uncertainty: float
    sink: bool
    electrode_roughness: float
    common_mode: float
    draws: int
