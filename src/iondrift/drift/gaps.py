"""Concentration between an electrode and the nearest profile point: measured at one end, driven at the other."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from iondrift.cast import FloatArray
from iondrift.transport.diffusivity import Diffusivity

HELD_AT = 0.05  # of the concentration at the profile's end: what c is held at where the model would empty the wall
_VOLUMES = 16
_STEPS = 8  # of time, from profile to profile


class Gap(NamedTuple):
    """c at the wall, mol m-3; int dx / (D- c) over the gap, s m2 mol-1 m-1; whether the wall is held; (time,) each."""

    wall: FloatArray
    resistance: FloatArray
    held: npt.NDArray[np.bool_]


def gap_concentration(
    law: Diffusivity, transference: float, time: FloatArray, edge: FloatArray, current: FloatArray, length: float
) -> Gap:
    """Return c in a gap from what is known at its ends.

    ``c_t = (D_s c_x)_x`` with ``D_s = 2 (1 - t-) D-``, c measured at the profile's end and ``D_s c_x = t- i / F`` at
    the wall: finite volumes, backward Euler, D_s of the step before; linear in time between profiles.

    Parameters
    ----------
    law, transference
        D-(c) and t- of the anion.
    time : (time,)
        s.
    edge : (time,)
        c at the profile's end, mol m-3, positive.
    current : (time,)
        A m-2, positive where salt leaves the gap through the wall's reaction: -i at x = 0, i at x = L.
    length
        m; without a length the wall is the profile's end.
    """
    from scipy.linalg.lapack import dgtsv

    from iondrift_kernels.constants import FARADAY

    if length == 0.0:
        return Gap(edge, np.zeros(edge.size), np.zeros(edge.size, dtype=bool))
    law = law if law.valid_range is None else replace(law, outside="hold")  # none was measured beyond it
    width = length / _VOLUMES
    salt = 2.0 * max(1.0 - transference, 1e-3)
    c, walls, resistance = np.full(_VOLUMES, edge[0]), np.empty(edge.size), np.empty(edge.size)
    distance = np.full(_VOLUMES, width)
    distance[-1] = width / 2.0  # the last face is the profile's end
    for k in range(edge.size):
        step = (time[k] - time[k - 1]) / _STEPS if k else 0.0
        for part in np.arange(1, _STEPS + 1) / _STEPS if k else ():
            beyond = edge[k - 1] + part * (edge[k] - edge[k - 1])
            driven = transference * (current[k - 1] + part * (current[k] - current[k - 1])) / FARADAY
            faces = np.append((c[1:] + c[:-1]) / 2.0, beyond)
            rate = step / width * salt * np.asarray(law(np.maximum(faces, HELD_AT * beyond))) / distance
            diagonal = 1.0 + rate
            diagonal[1:] += rate[:-1]
            right = c.copy()
            right[0] -= step / width * driven
            right[-1] += rate[-1] * beyond
            solved = dgtsv(-rate[:-1], diagonal, -rate[:-1], right)[3]  # solve_banded's own, without its checks
            c = np.maximum(solved, HELD_AT * beyond)
        at_wall = transference * current[k] / (FARADAY * salt * float(law(float(c[0]))))
        walls[k], resistance[k] = c[0] - at_wall * width / 2.0, width * np.sum(1.0 / (c * np.asarray(law(c))))
    held = walls <= HELD_AT * edge
    return Gap(np.maximum(walls, HELD_AT * edge), resistance, held)
