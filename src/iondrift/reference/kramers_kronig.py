"""The linear Kramers-Kronig test of one spectrum by numpy.linalg.lstsq, formula by formula."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from iondrift.cast import ComplexArray, FloatArray


class Circuit(NamedTuple):
    """A fit by one number of RC elements."""

    elements: int  # M
    mu: float  # 1 - sum |R_k < 0| / sum |R_k >= 0|
    fit: ComplexArray  # (frequency,) ohm

    def worst(self, z: ComplexArray) -> float:
        """Return the largest real or imaginary residual over |Z|, z (frequency) in ohm."""
        residual = (z - self.fit) / np.abs(z)
        return float(max(np.abs(residual.real).max(), np.abs(residual.imag).max()))


def least_squares(columns: FloatArray, data: FloatArray) -> FloatArray:
    """Return y that minimises ||A y - z||, the columns of A (m, n) brought to unit length first."""
    length = np.linalg.norm(columns, axis=0)
    return np.asarray(np.linalg.lstsq(columns / length, data, rcond=1e-15)[0] / length)


def fit_circuit(
    omega: FloatArray, z: ComplexArray, count: int, part: str, *, inductive: bool, capacitive: bool
) -> Circuit:
    """Fit R, ``count`` RC elements, L and C to Z (frequency), weighted by 1 / |Z|.

    ``part``: "complex" fits both; "real" gives R and R_k, and what it leaves of the imaginary part L and C;
    "imaginary" gives all but R, and what it leaves of the real part R, weighted by 1 / |Z|^2 (Boukamp 1995, eq. 7).
    """
    fastest, slowest = 1.0 / omega.max(), 1.0 / omega.min()
    tau = np.geomspace(fastest, slowest, count) if count > 1 else np.array([slowest])
    columns = [np.ones_like(z), *(1.0 / (1.0 + 1j * omega * tau[:, None]))]
    columns += [1.0 / (1j * omega)] * capacitive + [1j * omega] * inductive
    A = np.array(columns).T
    weighted, data = A / np.abs(z)[:, None], z / np.abs(z)
    rc = 1 + count  # columns of R and the RC elements
    y = np.zeros(A.shape[1])
    if part == "complex":
        y = least_squares(np.vstack([weighted.real, weighted.imag]), np.concatenate([data.real, data.imag]))
    elif part == "real":
        y[:rc] = least_squares(weighted.real[:, :rc], data.real)
        y[rc:] = least_squares(weighted.imag[:, rc:], (data - weighted @ y).imag)
    else:
        y[1:] = least_squares(weighted.imag[:, 1:], data.imag)
        y[:1] = least_squares(weighted.real[:, :1], (data - weighted @ y).real)
    resistances = y[1 : 1 + count]
    mu = 1.0 + resistances[resistances < 0.0].sum() / resistances[resistances >= 0.0].sum()
    return Circuit(count, float(mu), np.asarray(A @ y, dtype=np.complex128))


def kramers_kronig(
    omega: FloatArray, z: ComplexArray, part: str = "complex", *, mu_limit: float = 0.85, most: int = 50,
    accepted: float = np.inf, furthest: int = 1, inductive: bool = True, capacitive: bool = False,
) -> tuple[Circuit, Circuit]:  # fmt: skip
    """Add RC elements until mu is no longer above its limit; Schoenleber et al., Electrochim. Acta 131 (2014) 20-27.

    ``omega`` (frequency) rad/s, ``z`` (frequency) ohm; never more than ``most``. The second circuit is the one
    judged: elements are added, up to ``furthest``, while its worst residual is above ``accepted``.
    """
    for count in range(1, most + 1):
        found = fit_circuit(omega, z, count, part, inductive=inductive, capacitive=capacitive)
        if not found.mu > mu_limit:
            break
    judged = found
    while judged.worst(z) > accepted and judged.elements < furthest:
        judged = fit_circuit(omega, z, judged.elements + 1, part, inductive=inductive, capacitive=capacitive)
    return found, judged
