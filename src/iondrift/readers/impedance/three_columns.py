"""What three columns of numbers without a header are, where the Kramers-Kronig relations leave one answer."""

from __future__ import annotations

import numpy as np

from iondrift.cast import ComplexArray, FloatArray

FEWEST_POINTS = 10
# The columns must obey the relations to this share of |Z|, and every other reading of them must fail by this factor.
LARGEST_MISFIT, SMALLEST_FACTOR = 0.05, 4.0
_ROUNDING = 2e-3  # of |Z|; a misfit below it tells nothing
_FREQUENCY, _REAL, _IMAGINARY, _MODULUS, _PHASE = "freq/Hz", "Re(Z)/Ohm", "Im(Z)/Ohm", "|Z|/Ohm", "Phase(Z)/deg"


def settled_header(frequency: FloatArray, second: FloatArray, third: FloatArray) -> tuple[tuple[str, ...], str] | None:
    """Return the names of three columns, and how well they fit against any other; None where that stays open.

    Parameters
    ----------
    frequency, second, third
        (point,): the first column, all of it in one direction, and the two others in their order.
    """
    steps = np.diff(frequency)
    one_way = (steps > 0.0).all() or (steps < 0.0).all()
    if frequency.size < FEWEST_POINTS or not (frequency > 0.0).all() or not one_way:
        return None
    found = []
    for names, impedance in _readings(second, third):
        if np.isfinite(impedance).all() and (np.abs(impedance) > 0.0).all():
            found.append((_misfit(2.0 * np.pi * frequency, impedance), names))
    found.sort()
    if len(found) < 2 or found[0][0] > LARGEST_MISFIT:
        return None
    (best, names), (other, _) = found[:2]
    if other < SMALLEST_FACTOR * max(best, _ROUNDING):
        return None
    words = f"the relations hold so to {100.0 * best:.2g} %, in any other reading to {100.0 * other:.2g} %"
    return (_FREQUENCY, *names), words


def _readings(second: FloatArray, third: FloatArray) -> list[tuple[tuple[str, str], ComplexArray]]:
    """Return what the two columns may be, and the impedance in each case."""
    found: list[tuple[tuple[str, str], ComplexArray]] = []
    for minus, sign in (("", 1.0), ("-", -1.0)):
        found.append(((_REAL, minus + _IMAGINARY), second + sign * 1j * third))
        found.append(((minus + _IMAGINARY, _REAL), third + sign * 1j * second))
        for names, modulus, phase in (
            ((_MODULUS, minus + _PHASE), second, third), ((minus + _PHASE, _MODULUS), third, second)
        ):  # fmt: skip
            polar = np.asarray(modulus * np.exp(sign * 1j * np.radians(phase)), dtype=np.complex128)
            found.append((names, polar))
    return found


def _misfit(omega: FloatArray, impedance: ComplexArray) -> float:
    """Return what is left of Z over |Z|, rms, by resistance, inductance, capacitance and RC elements of either sign."""
    tau = 1.0 / np.geomspace(omega.min(), omega.max(), max(omega.size // 2, 3))
    s = 1j * omega[:, None] / np.sqrt(omega.min() * omega.max())
    model = np.hstack([np.ones_like(s), s, 1.0 / s, 1.0 / (1.0 + 1j * omega[:, None] * tau)])
    weight = 1.0 / np.abs(impedance)[:, None]
    matrix = np.vstack([(weight * model).real, (weight * model).imag])
    matrix /= np.linalg.norm(matrix, axis=0)
    target = impedance / np.abs(impedance)
    target = np.concatenate([target.real, target.imag])
    left = target - matrix @ np.linalg.lstsq(matrix, target, rcond=1e-10)[0]
    return float(np.sqrt(2.0 * np.mean(left**2)))
