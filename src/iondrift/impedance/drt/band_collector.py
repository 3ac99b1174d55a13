"""From draws of distributions to quantiles of gamma, resistances and peaks."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from iondrift import variables
from iondrift.cast import FloatArray
from iondrift.impedance.drt.labels import resistances, resolution
from iondrift.impedance.drt.peaks import Peak, basin_resistance, find_peaks, presence, vertex
from iondrift.impedance.drt.problem import DrtProblem, DrtSolution
from iondrift.impedance.options import BandDraws, Readout
from iondrift.impedance.spectra import attach, series_coordinates

SERIES_TERMS = ("ohmic_resistance", "inductance", "inverse_capacitance")
PRESENT = 0.9  # share of draws from which on a peak counts as resolved
_PEAK_REACH = 0.9  # decades to either side of a peak within which a draw's maximum is sought


def quantiles(draws: FloatArray, probabilities: FloatArray) -> FloatArray:
    """Return quantiles along the first axis, linear between order statistics."""
    from iondrift_kernels.quantile import quantiles_of_rows

    columns = np.ascontiguousarray(draws.T)
    found = np.empty((*columns.shape[:-1], probabilities.size))
    quantiles_of_rows(columns.reshape(-1, columns.shape[-1]), probabilities, found.reshape(-1, probabilities.size))
    return np.ascontiguousarray(found.T)


class BandCollector:
    """Collects the quantiles of everything, spectrum by spectrum."""

    def __init__(
        self,
        problem: DrtProblem,
        solution: DrtSolution,
        readout: Readout,
        draws: BandDraws,
    ) -> None:
        self.problem, self.readout = problem, readout
        self.probabilities = np.array([0.5 * (1.0 - draws.level), 0.5, 0.5 * (1.0 + draws.level)])
        self.threshold = threshold = draws.threshold
        model = problem.model
        self.gamma_estimate = solution.x[:, model.count :] / model.step
        self.estimates = resistances(problem, solution.x, self.readout)
        self.peaks: list[list[Peak]] = [find_peaks(model.tau, row, threshold=threshold) for row in self.gamma_estimate]
        spectra, count = len(self.peaks), max(map(len, self.peaks), default=0)
        # As the estimate itself: x >= 0 but where it may be negative.
        free = problem.free
        self.lowest = np.zeros(model.tau.size) if free is None else np.where(free[model.count :], -np.inf, 0.0)
        self.resolution = resolution(problem, solution.x)
        self.gamma = np.empty((3, *self.gamma_estimate.shape))
        self.resistances = {name: np.empty((3, spectra)) for name in self.estimates}
        self.peak_tau = np.full((3, count, spectra), np.nan)
        self.peak_resistance = np.full((3, count, spectra), np.nan)
        self.peak_presence = np.full((count, spectra), np.nan)

    def add(self, spectrum: int, draws: FloatArray, random: np.random.Generator) -> None:
        """Take the draws (samples, n) of one spectrum."""
        model = self.problem.model
        gamma = draws[:, model.count :] / model.step
        self.gamma[:, spectrum] = np.maximum(quantiles(gamma, self.probabilities), self.lowest)
        read = resistances(self.problem, draws, self.readout)
        pooled = quantiles(np.stack(list(read.values()), axis=1), self.probabilities)
        for k, name in enumerate(read):
            lowest = 0.0 if self.problem.free is None or name in SERIES_TERMS else -np.inf
            self.resistances[name][:, spectrum] = np.maximum(pooled[:, k], lowest)
        reach = max(1, round(_PEAK_REACH * np.log(10.0) / model.step))
        # Within one step of the grid a position is not resolved.
        blur = random.uniform(-0.5, 0.5, gamma.shape[0])
        peaks = self.peaks[spectrum]
        self.peak_presence[: len(peaks), spectrum] = presence(
            gamma, self.gamma_estimate[spectrum], peaks, self.threshold
        )
        for k, peak in enumerate(peaks):
            first, last = max(peak.first, peak.index - reach), min(peak.last, peak.index + reach)
            basin = gamma[:, first : last + 1]
            top = basin.argmax(axis=1)
            offset = vertex(basin, top)[0] if basin.shape[1] > 2 else np.zeros(top.size)
            place = np.log(model.tau[first]) + model.step * (top + offset + blur)
            held = basin_resistance(gamma, peak.first, peak.last, model.step)
            both = quantiles(np.stack([place, held], axis=1), self.probabilities)
            self.peak_tau[:, k, spectrum] = np.exp(both[:, 0])
            self.peak_resistance[:, k, spectrum] = both[:, 1]

    def label(self) -> xr.Dataset:
        """Return everything with names, coordinates and attributes."""
        series = series_coordinates(self.problem.impedance)
        coords: dict[str, Any] = {
            **series,
            "tau": ("tau", self.problem.model.tau),
            "quantile": ("quantile", self.probabilities),
            "peak": ("peak", np.arange(self.peak_tau.shape[1])),
        }
        banded, peaked = ("quantile", "spectrum"), ("quantile", "peak", "spectrum")
        estimates = {"gamma": self.gamma_estimate, **self.estimates}
        values: dict[str, npt.ArrayLike] = {
            "gamma": self.gamma,
            **self.resistances,
            **{f"{name}_estimate": found for name, found in estimates.items()},
            **self.resolution,
            "peak_presence": self.peak_presence,
            "peak_resolved": self.peak_presence >= PRESENT,  # False where there is no peak
            "peak_tau": self.peak_tau,
            "peak_resistance": self.peak_resistance,
        }
        dims = dict.fromkeys(self.resistances, banded) | dict.fromkeys(("peak_tau", "peak_resistance"), peaked)
        dims["gamma"] = (*banded, "tau")
        result = variables.dataset(values, coords, dims, {f"{name}_estimate": name for name in estimates})
        return attach(result, series)
