"""What every impedance reader returns: spectra as stored, checked, in SI units and ascending frequency.

A reader turns its file into :class:`Points`; :func:`spectra` splits them where the frequency starts again and
refuses what cannot be a spectrum. What no format lets one see is said in ``completeness``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from iondrift.cast import ComplexArray, FloatArray
from iondrift.readers.time_stamps import Stamp

Completeness = Literal["declared", "planned", "undeclared", "short", "cut"]


@dataclass(frozen=True, kw_only=True)
class Points:
    """The points of one table in the order of the file.

    ``places`` are the line numbers (``place_name`` "line") or the numbers of the points ("point").
    ``elapsed`` is in s after ``started``; ``planned`` the lowest and highest frequency the file announces;
    ``completeness`` says how one knows that no point is missing:

    - ``declared``: the file states its number of points and holds them (or closes its table);
    - ``planned``: it states the frequency range and the sweep reaches its end;
    - ``undeclared``: it states nothing, a file cut between two lines cannot be told from a whole one;
    - ``short``: the sweep ends before the planned frequency (aborted, trimmed or cut);
    - ``cut``: fewer points than declared.

    ``sign``: that of Im Z is fixed by the format (``known``), said by a header (``stated``), or not said at
    all;
    ``sign_place`` is where.
    """

    path: Path
    frequency: FloatArray
    impedance: ComplexArray
    places: npt.NDArray[np.int64]
    place_name: str = "line"
    elapsed: FloatArray | None = None
    voltage: FloatArray | None = None
    current: FloatArray | None = None
    started: Stamp | None = None
    planned: tuple[float, float] | None = None
    completeness: Completeness = "undeclared"
    sign: Sign = "known"
    sign_place: str = ""
    notes: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Spectrum:
    """One sweep: frequency (Hz) ascending, impedance (Ohm) with Im Z < 0 for a capacitive response."""

    path: Path
    sweep: int
    frequency: FloatArray
    impedance: ComplexArray
    started: Stamp | None
    elapsed: float  # s from ``started`` to the first point; NaN where the file does not say
    duration: float  # s from the first to the last point; NaN likewise
    bias_voltage: float
    bias_current: float
    completeness: Completeness
    notes: tuple[str, ...]
    cautions: tuple[str, ...]

    def with_cautions(self, *cautions: str) -> Spectrum:
        """Return the spectrum with further cautions."""
        return replace(self, cautions=(*self.cautions, *cautions))

    def with_sign_of_imaginary_part(self, sign: int, note: str) -> Spectrum:
        """Return the spectrum, conjugated where ``sign`` is -1, with a note why."""
        impedance = self.impedance if sign > 0 else self.impedance.conj()
        return replace(self, impedance=impedance, notes=(*self.notes, note))


Sign = Literal["known", "stated", "unstated"]
