"""Whether a distribution of relaxation times can represent the data it was made of."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from iondrift import variables
from iondrift.cast import ComplexArray, FloatArray
from iondrift.impedance.kramers_kronig import kramers_kronig
from iondrift.impedance.spectra import series_coordinates

# Set by random sums of arcs: without a loop the misfit of 300 reached 1.1 of the floor, and no loop was seen.
MISFIT_LIMIT = 2.0  # rms misfit over what a Kramers-Kronig model of many elements leaves
WORST_LIMIT = 0.02  # of |Z|: a misfit below is small whatever the noise
LOOP_LIMIT = 0.005  # of |Z|, and five times the floor: a loop below is noise
_UNREACHABLE = 1e-12  # a limit that no residual meets: the test then goes on to one element for two frequencies


def judge(distribution: xr.Dataset, test: xr.Dataset, **how: Any) -> xr.Dataset:
    """Compare the misfit of a distribution with the noise and with what the Kramers-Kronig model reaches.

    A model of one RC element of either sign for every two frequencies follows whatever obeys the relations; what it
    leaves is the floor. gamma >= 0 cannot follow an inductive loop at low frequency nor a negative resistance: there
    Re Z falls with the frequency, or Im Z > 0.

    Parameters
    ----------
    distribution, test
        From :func:`iondrift.drt` and :func:`iondrift.kramers_kronig`, with the impedance in ``test``.
    how
        Options of :func:`iondrift.kramers_kronig`.

    Returns
    -------
    Dataset with misfit, kk_floor and low_frequency_loop, relative to |Z|, loop_frequency Hz and represented, all over
    spectrum.
    """
    impedance = test["impedance"]
    used = test["used"].values.astype(bool)
    floor_test = kramers_kronig(impedance, limit=_UNREACHABLE, **how)
    floor = floor_test["kk_noise"].values
    residual = distribution["relative_residual"].values
    misfit = np.sqrt(np.nansum(np.abs(residual) ** 2, axis=1) / (2 * used.sum(axis=1)))
    worst = np.nanmax(np.maximum(np.abs(residual.real), np.abs(residual.imag)), axis=1)
    modulus = np.where(used, np.abs(impedance.values), 1.0)
    smooth = np.where(used, impedance.values - floor_test["kk_judged_residual"].values * modulus, np.nan)
    loop, place = _loop(smooth, modulus, impedance["frequency"].values)
    looped = loop > np.maximum(LOOP_LIMIT, 5.0 * floor)
    doubtful = (misfit > MISFIT_LIMIT * floor) & ((worst > WORST_LIMIT) | looped)
    values: dict[str, npt.ArrayLike] = {
        "misfit": misfit,
        "kk_floor": floor,
        "low_frequency_loop": np.where(looped, loop, 0.0),
        "loop_frequency": np.where(looped, place, np.nan),
        "represented": ~doubtful,
    }
    return variables.dataset(values, series_coordinates(impedance))


def _loop(smooth: ComplexArray, modulus: FloatArray, frequency: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return by how much Re Z falls or Im Z is positive in the lower half of the decades, over |Z|, and where, in Hz.

    ``smooth`` and ``modulus`` (spectrum, frequency): Z without noise, NaN where masked, and |Z|.
    """
    order = np.argsort(frequency)[::-1]
    falling, z, size = frequency[order], smooth[:, order], modulus[:, order]
    highest = np.fmax.accumulate(z.real, axis=1)
    excess = np.maximum(highest - z.real, z.imag) / size
    lower = falling < np.sqrt(frequency.max() * frequency.min())
    excess = np.where(lower & np.isfinite(excess), excess, 0.0)
    place = excess.argmax(axis=1)
    return excess.max(axis=1), falling[place]
