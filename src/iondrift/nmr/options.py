"""What is computed of NMR data: names, defaults, limits and help of every option, once for all who take them.

Imports no science, so that the command line can name the choices at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Literal, TypeAlias

from iondrift.settings import option

DiffusionModel: TypeAlias = Literal["auto", "mono", "bi"]
GradientSequence: TypeAlias = Literal["ste", "bipolar", "double-bipolar"]
DiffusivityForm: TypeAlias = Literal["auto", "constant", "exponential", "linear", "quadratic", "cubic", "spline"]


def shift_range(text: str) -> tuple[float, float]:
    """Return the two chemical shifts, in ppm, of a text such as ``7.8:8.6``, the lower first."""
    try:
        edges = sorted(float(edge) for edge in text.split(":"))
    except ValueError:
        edges = []
    if len(edges) != 2 or not edges[0] < edges[1] or not all(map(isfinite, edges)):
        raise ValueError(f"{text!r} found; allowed are two chemical shifts in ppm, such as 7.8:8.6")
    return edges[0], edges[1]


@dataclass(frozen=True, kw_only=True)
class DiffusionOptions:
    """One diffusion experiment.

    Attributes
    ----------
    region
        Chemical shifts between which the line is integrated, ppm; None: around the strongest line.
    model
        Of the decay, see :func:`iondrift.fit_diffusion`.
    stored
        Integrate the spectra that TopSpin stored, not those made of the raw data.
    nucleus
        That the gradients act on; None: the observed one.
    sequence
        Of the gradients; None: by the name of the pulse program.
    gradient_uncertainty
        Standard uncertainty of the gradients' calibration, relative; D has twice that.
    """

    region: tuple[float, float] | None = option(
        None, "Integrate between two shifts in ppm; around the strongest line.", key="region_ppm", metavar="PPM:PPM",
        parse=shift_range, example="[7.8, 8.6]",
    )  # fmt: skip
    model: DiffusionModel = option("auto", "Components of the decay.")
    stored: bool = option(False, "Integrate the spectra that TopSpin stored.")
    nucleus: str | None = option(None, "Nucleus that the gradients act on; the observed one.", example='"19F"')
    sequence: GradientSequence | None = option(None, "Kind of sequence; by the pulse program's name.", example='"ste"')
    gradient_uncertainty: float = option(0.01, "Standard uncertainty of the gradients, relative.", above=0.0)


LineShape: TypeAlias = Literal["voigt", "pseudo-voigt"]
MOST_LINES = 8  # in one spectrum; more cannot be told apart


def line_count(text: str) -> int | Literal["auto"]:
    """Return how many lines a text asks for."""
    if text == "auto":
        return "auto"
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= MOST_LINES):
        raise ValueError(f"{text!r} found; allowed are auto and whole numbers from 1 to {MOST_LINES}")
    return int(text)


@dataclass(frozen=True, kw_only=True)
class LineOptions:
    """What is fitted to spectra.

    Attributes
    ----------
    shape
        Voigt (Gaussian and Lorentzian width) or pseudo-Voigt (one width and a mixing).
    lines
        How many, or "auto": by AICc and BIC, the fewer where they differ.
    most_lines
        Tried by "auto".
    phases
        A phase for each line; Voigt alone.
    magnitude
        Fit the magnitude of the sum, as magnitudes of lines do not add; Voigt alone.
    baseline
        Degree of its polynomial.
    window
        Chemical shifts between which is fitted, ppm; None: everywhere.
    reference
        Chemical shift of the line of the bulk, ppm, which all others are referred to; None: as calibrated.
    starts
        Random starts, beside those of the peaks seen.
    """

    shape: LineShape = option("voigt", "Shape of a line.")
    lines: int | Literal["auto"] = option(
        "auto", "How many lines, or auto.", metavar="N", parse=line_count, example='"auto"'
    )
    most_lines: int = option(4, "Lines tried by auto.", lowest=1, highest=MOST_LINES)
    phases: bool = option(False, "A phase for each line; Voigt alone.")
    magnitude: bool = option(False, "Fit magnitudes; Voigt alone.")
    baseline: int = option(1, "Degree of the baseline.", lowest=0, highest=2)
    window: tuple[float, float] | None = option(
        None,
        "Fit between two shifts in ppm; everywhere.",
        key="window_ppm",
        metavar="PPM:PPM",
        parse=shift_range,
        example="[200.0, 320.0]",
    )
    reference: float | None = option(
        None,
        "Shift of the bulk's line in ppm, which the others are referred to; as calibrated.",
        key="reference_ppm",
        example="245.0",
        note="of the bulk's line, which the others are referred to",
    )
    starts: int = option(6, "Random starts, beside those of the peaks seen.", lowest=0, highest=200)
