"""How bands may be drawn. Nothing heavy is imported: the command line looks here, too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypedDict

from iondrift.drift.names import DEFAULT_METHOD, Method

if TYPE_CHECKING:
    from iondrift.drift.bands.uncertainties import Uncertainties

METHODS: Mapping[str, str] = {
    "posterior": "spline coefficients drawn from their posterior (Wahba, Nychka), systematic inputs from theirs",
    "perturb": "every input perturbed and the profiles smoothed again with the same penalties (note S3 style)",
}
BANDED = (  # in the order of the kernel's codes
    "drift_velocity",
    "electric_field",
    "flux",
    "flux_diffusive",
    "flux_migrative",
    "mobility",
    "diffusivity",
    "concentration",
    "concentration_gradient",
    "charge_balance",
)


class BudgetKeywords(TypedDict, total=False):
    """Those of :class:`DrawKeywords` that :func:`iondrift.error_budget` takes."""

    method: Method
    uncertainties: Uncertainties | None
    samples: int | Literal["auto"]
    seed: int
    end_at: float | None


class DrawKeywords(BudgetKeywords, total=False):
    """The fields of :class:`DrawOptions` as keywords of :func:`iondrift.drift_bands`, described there."""

    seeds: Mapping[str, int] | None
    quantiles: Sequence[float]
    variables_wanted: Sequence[str]
    growth_from: float | None
    profile_noise: bool


@dataclass(frozen=True, kw_only=True)
class DrawOptions:
    """How bands are drawn, with the defaults; :func:`iondrift.drift_bands` says what each is."""

    method: Method = DEFAULT_METHOD
    uncertainties: Uncertainties | None = None
    samples: int | Literal["auto"] = 1000
    seed: int = 0
    seeds: Mapping[str, int] | None = None
    quantiles: Sequence[float] = (0.025, 0.5, 0.975)
    variables_wanted: Sequence[str] = BANDED
    growth_from: float | None = None
    end_at: float | None = None
    profile_noise: bool = True


DEFAULT_DRAWS = DrawOptions()
