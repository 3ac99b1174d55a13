"""What is computed of impedance spectra: names, defaults, limits and help of every option, once for all who take them.

Imports no science, so that the command line can name the choices at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from math import isfinite
from typing import TYPE_CHECKING, Literal, TypeAlias, TypedDict, TypeVar, get_args

from iondrift.settings import named_options, option

if TYPE_CHECKING:
    import numpy.typing as npt

Criterion: TypeAlias = Literal["marginal_likelihood", "gcv", "l_curve", "re_im"]
NamedRegularization: TypeAlias = Literal["auto", "paper"] | Criterion
NamedWeighting: TypeAlias = Literal["none", "modulus"]
Per: TypeAlias = Literal["spectrum", "series"]
Method: TypeAlias = Literal["calibrated", "noise", "prior"]
Moment: TypeAlias = Literal["start", "middle", "end"]

CRITERIA: tuple[Criterion, ...] = get_args(Criterion)
REGULARIZATIONS: tuple[str, ...] = ("auto", "paper", *CRITERIA)
WEIGHTINGS: tuple[str, ...] = get_args(NamedWeighting)
_Record = TypeVar("_Record")

FEWEST_TIME_CONSTANTS, MOST_TIME_CONSTANTS = 4, 2000  # far beyond what a spectrum can tell apart
PEAK_THRESHOLD = 0.02  # smallest height of a peak, and rise above the minimum beside it, over the highest
FEWEST_DRAWS, MOST_DRAWS = 20, 100_000  # of one spectrum: these take a gigabyte at once


def positive(text: str) -> float | None:
    """Return the positive number that a text is; None where it is none."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) and number > 0.0 else None


def _name_or_number(names: tuple[str, ...]) -> Callable[[str], str | float]:
    def read(text: str) -> str | float:
        number = text if text in names else positive(text)
        if number is None:
            raise ValueError(f"{text!r} found; allowed are {', '.join(names)}, or a positive number")
        return number

    return read


@named_options
@dataclass(frozen=True, kw_only=True)
class DrtModel:
    """The model and its regularisation: options of :func:`iondrift.drt`, described there, with their defaults."""

    time_constants: int = option(92, "How many time constants.", lowest=FEWEST_TIME_CONSTANTS)
    tau_range: tuple[float, float] | None = option(
        None, "Time constants in s; from the frequencies.", key="tau_range_s", metavar="LOW HIGH", above=0.0,
        example="[1e-7, 10.0]", note="half a decade beyond the frequencies when left out",
    )  # fmt: skip
    regularization: NamedRegularization | float | npt.ArrayLike = option(
        "auto", f"CRITERION: {', '.join(CRITERIA)}.", metavar="auto|paper|LAMBDA|CRITERION",
        parse=_name_or_number(REGULARIZATIONS), above=0.0,
        note=f'"paper", lambda such as 0.05, or the criterion that chooses it:\n{", ".join(CRITERIA)}',
    )  # fmt: skip
    order: int | None = option(
        None, "Of the penalty; 0: identity.", lowest=0, highest=3, example="2",
        note="of the penalty, 0 to 3; chosen to fit regularization when left out",
    )  # fmt: skip
    weighting: NamedWeighting | float | npt.ArrayLike | None = option(
        None, "SIGMA: standard deviation of Z in ohm.", metavar="none|modulus|SIGMA", parse=_name_or_number(WEIGHTINGS),
        above=0.0, example='"modulus"', note='"none", or the standard deviation of Z in ohm',
    )  # fmt: skip
    ohmic: bool = option(True, "A resistance in series.", key="", switch="")
    inductive: bool = option(
        True, "An inductance in series.", switch="--inductive/--no-inductive", note="an inductance in series"
    )
    capacitive: bool = option(
        False,
        "A capacitance in series: blocking cells.",
        note="a capacitance in series: cells with a blocking electrode",
    )
    negative: bool = option(
        False, "Let gamma be negative: inductive loops at low frequency.", switch="--negative",
        note="gamma may be negative: inductive loops at low frequency, negative resistances",
    )  # fmt: skip
    negative_range: tuple[float, float] | None = option(
        None, "The same between two time constants in s.", key="negative_range_s", metavar="LOW HIGH", above=0.0,
        example="[0.1, 10.0]", note="gamma may be negative between these alone",
    )  # fmt: skip
    per: Per = option(
        "spectrum", "Choose roughness for each spectrum, or once for the series.",
        note='"series": roughness is chosen once for all spectra',
    )  # fmt: skip

    @property
    def signed(self) -> bool:
        """Whether gamma may be negative anywhere."""
        return self.negative is not False or self.negative_range is not None


class ModelKeywords(TypedDict, total=False):
    """The fields of :class:`DrtModel` as keywords."""

    time_constants: int
    tau_range: tuple[float, float] | None
    regularization: NamedRegularization | float | npt.ArrayLike
    order: int | None
    weighting: NamedWeighting | float | npt.ArrayLike | None
    ohmic: bool
    inductive: bool
    capacitive: bool
    negative: bool
    negative_range: tuple[float, float] | None
    per: Per


@dataclass(frozen=True, kw_only=True)
class Readout:
    """What is read off a distribution: options of :func:`iondrift.drt`, described there, with their defaults."""

    window: tuple[float, float] = option(
        (1e-4, 1.0), "Time constants in s, for the resistance in it.", key="window_s", metavar="LOW HIGH", above=0.0,
        example="[1e-4, 1.0]", note="time constants whose resistance is followed",
    )  # fmt: skip
    electrodes: int = option(
        1, "Equal electrodes in series; 2 in a symmetric cell.", lowest=1, example="2",
        note="equal electrodes in series",
    )  # fmt: skip
    area: float | None = option(
        None, "Area of one electrode.", key="area_cm2", switch="--area-cm2", above=0.0, per_unit=1e-4, example="0.5",
        note="of one electrode",
    )  # fmt: skip


class ReadoutKeywords(TypedDict, total=False):
    """The fields of :class:`Readout` as keywords."""

    window: tuple[float, float]
    electrodes: int
    area: float | None


@dataclass(frozen=True, kw_only=True)
class BandDraws:
    """How bands of a distribution are drawn: options of :func:`iondrift.drt_bands`, with their defaults."""

    method: Method | None = option(
        None, "How bands are drawn; calibrated, or prior where lambda is given or chosen.", example='"calibrated"',
        note='of the bands: "noise", "prior"; prior where lambda is given or chosen',
    )  # fmt: skip
    samples: int = option(1000, "Draws of the bands.", lowest=FEWEST_DRAWS, key="")
    seed: int = option(0, "Seed of the bands.", lowest=0, key="")
    level: float = option(0.95, "Share of the draws inside a band.", key="", switch="")
    threshold: float = option(PEAK_THRESHOLD, "Smallest peak over the highest.", key="", switch="")


class DrawKeywords(TypedDict, total=False):
    """The fields of :class:`BandDraws` as keywords."""

    method: Method
    samples: int
    seed: int
    level: float
    threshold: float


@dataclass(frozen=True, kw_only=True)
class Masked:
    """Points that do not count: frequencies from ``low`` to ``high``, or the one measured nearest where both agree."""

    low: float  # Hz
    high: float  # Hz
    spectrum: int | None = None  # from 1; None: in all of them


@named_options
@dataclass(frozen=True, kw_only=True)
class ImpedanceOptions(BandDraws, Readout, DrtModel):
    """What is computed of a series: its distributions, their bands, and the tracks of their peaks."""

    # Decades from one spectrum to the next. A charge-transfer arc moves 0.43 decades for every kT/e of bias, and two
    # arcs closer than 0.6 decades are not told apart anyway.
    largest_jump: float = option(
        0.6, "Decades a peak may move between spectra.", key="largest_jump_decades", above=0.0,
        note="how far a peak may move from one spectrum to the next",
    )  # fmt: skip
    moment: Moment | None = option(
        None, "Carry a sweep that drifts to one moment of it.", example='"middle"',
        note='carry every point of a sweep to its "start", "middle" or "end", by how its neighbours in time differ',
    )  # fmt: skip
    mask: tuple[Masked, ...] = ()
    bands: bool = True

    @property
    def band_method(self) -> Method:
        """The method of the bands: the one asked for, or the one that fits the regularisation."""
        inferred = isinstance(self.regularization, str) and self.regularization == "auto" and not self.signed
        return self.method or ("calibrated" if inferred else "prior")

    def part(self, record: type[_Record]) -> _Record:
        """Return the options of one of the records that these are made of."""
        return record(**{entry.name: getattr(self, entry.name) for entry in fields(record)})  # type: ignore[arg-type]
