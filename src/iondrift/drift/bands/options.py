"""How bands may be drawn. Nothing heavy is imported: the command line looks here, too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypedDict

from iondrift.drift.bands.counts import FEWEST, MOST
from iondrift.drift.names import DEFAULT_METHOD, Method
from iondrift.settings import option

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
    "net_velocity",
)


def _replicates(text: str) -> int | Literal["auto"]:
    """Return the number of replicates that a text means."""
    if text == "auto":
        return "auto"
    whole = text.isdecimal() and len(text) < 20  # Python refuses to read thousands of digits
    if not whole or not FEWEST <= int(text) <= MOST:
        raise ValueError(f"{text!r} found; allowed are 'auto' or a whole number from {FEWEST} to {MOST}")
    return int(text)


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

    samples: int | Literal["auto"] = option(
        1000, "Monte Carlo replicates; auto: until the bands' edges are known to 2 %.", metavar="N|auto",
        parse=_replicates,
    )  # fmt: skip
    seed: int = option(0, "Seed of the bands.", lowest=0)
    method: Method = option(DEFAULT_METHOD, "How bands are drawn.")
    uncertainties: Uncertainties | None = None
    seeds: Mapping[str, int] | None = None
    quantiles: Sequence[float] = (0.025, 0.5, 0.975)
    variables_wanted: Sequence[str] = BANDED
    growth_from: float | None = None
    end_at: float | None = None
    profile_noise: bool = True


DEFAULT_DRAWS = DrawOptions()
