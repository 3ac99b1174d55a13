"""Which sign Im Z has in a file, by the relation between phase and modulus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iondrift.cast import ComplexArray, FloatArray
from iondrift.errors import InputFileError
from iondrift.readers.impedance.columns import EXAMPLE
from iondrift.readers.impedance.spectrum import Sign
from iondrift.settings import setting

if TYPE_CHECKING:
    from iondrift.readers.impedance.spectrum import Spectrum


# Above this correlation of arg Z with the slope of |Z| the sign of Im Z is beyond doubt.
CLEAR_AGREEMENT = 0.6
# A phase below this everywhere (rad) cannot carry a decision.
SMALLEST_PHASE = 0.01


def phase_agreement(frequency: FloatArray, impedance: ComplexArray) -> float:
    """Return how far arg Z follows the slope of |Z|: 1 as it should, -1 with the opposite sign of Im Z.

    ``arg Z ~ (pi / 2) d ln|Z| / d ln f`` is the Kramers-Kronig relation to first order. |Z| does not know the
    sign of Im Z, so the uncentred correlation of both sides tells which sign belongs to the data. Zero where
    the phase is too small to tell.
    """
    slope = np.gradient(np.log(np.abs(impedance)), np.log(frequency))
    phase = np.angle(impedance)
    scale = float(np.sqrt(np.sum(slope**2) * np.sum(phase**2)))
    if scale == 0.0 or np.max(np.abs(phase)) < SMALLEST_PHASE:
        return 0.0
    return float(np.sum(slope * phase)) / scale


def settle_sign(sweeps: list[Spectrum], sign: Sign, place: str) -> list[Spectrum]:
    """Return the sweeps with Im Z as it must be, or refuse where that cannot be known.

    A sign fixed by the format is only questioned (a caution); one said by a header must not contradict the
    slope of |Z|; one not said is decided by it.

    Raises
    ------
    InputFileError
        The header and the slope contradict each other, or nothing tells the sign.
    """
    agreement = float(np.median([phase_agreement(sweep.frequency, sweep.impedance) for sweep in sweeps]))
    if sign == "known":
        if agreement > -CLEAR_AGREEMENT:
            return sweeps
        caution = (
            f"the sign of Im Z contradicts the slope of |Z| (Kramers-Kronig, agreement {agreement:.2f}): "
            "was the file written with another sign convention?"
        )
        return [sweep.with_cautions(caution) for sweep in sweeps]
    if sign == "stated":
        if agreement < -CLEAR_AGREEMENT:
            raise InputFileError(
                f"{place} gives Im Z a sign that the slope of |Z| contradicts (Kramers-Kronig, agreement "
                f"{agreement:.2f}); {_remedy()}"
            )
        return sweeps
    if abs(agreement) < CLEAR_AGREEMENT:
        raise InputFileError(
            f"{place} may hold Im Z or -Im Z, and the spectrum does not show which (agreement of its phase with the "
            f"slope of |Z| {agreement:.2f}, at least {CLEAR_AGREEMENT} is needed); {_remedy()}"
        )
    held = "Im Z" if agreement > 0.0 else "-Im Z"
    note = (
        f"{place} does not state its sign; it holds {held}, for the slope of |Z| demands it "
        f"(Kramers-Kronig, agreement {abs(agreement):.2f})"
    )
    return [sweep.with_sign_of_imaginary_part(int(np.sign(agreement)), note) for sweep in sweeps]


def _remedy() -> str:
    return f"name the columns yourself, such as {setting('header', EXAMPLE)} (or 'Im(Z)/Ohm')"
