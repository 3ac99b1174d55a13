"""Monte Carlo replicates of one reconstruction: what they draw, and the pass of the kernels over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from iondrift.cast import FloatArray
from iondrift.drift.bands.counts import require_memory
from iondrift.drift.bands.systematic import require_positive, systematic_normals
from iondrift.drift.bands.uncertainties import ROWS, SYSTEMATIC, Uncertainties, systematic_draws
from iondrift.drift.electrode_flux import StorageFit
from iondrift.drift.names import Closure, Method
from iondrift.drift.smoothing.penalised_splines import SmoothSeries
from iondrift.errors import DataError
from iondrift.transport.diffusivity import Diffusivity

_BLOCK_BYTES = 8e6  # values of one block of times: held by the last-level cache


@dataclass(frozen=True, kw_only=True)
class BandOutcome:
    """What the kernels return over all replicates, SI.

    ``ends`` and ``flux_ends`` (2, N, R) are of the profiles that growth is counted from (if any) and to.
    """

    bands: FloatArray  # (Q, T, X, levels)
    sampled: FloatArray  # (times,), s: profiles at which the Monte Carlo error is estimated
    errors: FloatArray  # (times, X, 2): halves of the intervals that hold the outer quantiles
    width: FloatArray  # (times, X)
    ends: FloatArray
    flux_ends: FloatArray
    penetration: FloatArray  # (2, R), m
    maximum: FloatArray

    def relative_error(self) -> float:
        """Return the Monte Carlo error of the outer quantiles over the band's width, mean over the cells."""
        held = self.width > 0.0
        if not held.any():
            return 0.0
        return float((self.errors.max(axis=-1)[held] / self.width[held]).mean())


@dataclass(frozen=True, kw_only=True)
class BandJob:
    """One reconstruction, checked, with all that its replicates vary."""

    series: SmoothSeries
    x: FloatArray
    time: FloatArray
    voltage: FloatArray
    current: FloatArray | None
    storage: StorageFit | None
    diffusivity: Diffusivity
    temperature: float
    closure: Closure
    method: Method
    uncertainties: Uncertainties
    transference_number: float | None
    seed: int
    codes: np.ndarray
    levels: FloatArray
    profile_noise: bool
    seeds: Mapping[str, int]
    began: int | None  # profile that growth is counted from
    end: int  # profile that final numbers are taken at

    def run(self, samples: int, progress: Callable[[float], None] | None) -> BandOutcome:
        """Evaluate ``samples`` replicates, block after block of times, the last block first.

        Raises
        ------
        DataError
            A drawn concentration or D(c) is not positive.
        """
        from numba import get_num_threads

        from iondrift_kernels import drift_bands as kernels
        from iondrift_kernels import field_reconstruction as closures
        from iondrift_kernels import spline_draws
        from iondrift_kernels.drift_layout import State, Summary
        from iondrift_kernels.lanes import LANES
        from iondrift_kernels.perturbed_refit import sweep_forward

        groups = -(-samples // LANES)
        padded = groups * LANES
        splines, space, protocol = self._splines(), self.series.space, self._protocol()
        modes, size = splines.mean.shape
        functions, points, times = space.rotation.shape[0], self.x.size, self.time.size
        block = int(max(1, min(times, _BLOCK_BYTES // (8 * points * padded * self.codes.size))))
        starts = list(range(0, times, block))
        kept = block * points * self.codes.size + 5 * modes + 4 * functions + 3 * self._rows() + self._origin_rows()
        kept += len(starts) * 3 * modes if self.method == "perturb" else 0
        require_memory(padded, 8.0 * kept)
        normals = self._normals(padded)
        draws = self._draws(normals)
        origin = self._origin(normals, draws)
        borders = np.array([splines.start[t] for t in starts] + [size], dtype=np.int64)
        borders[0] = 0
        perturb = self.method == "perturb"
        state = State(
            draws=np.zeros((groups, 3, modes, LANES)),
            ring=np.zeros((groups, 4, functions, LANES)),
            pattern=np.zeros((groups, modes, LANES)),
            shift=np.zeros((groups, modes, LANES)),
            checkpoints=np.zeros((groups, len(starts) if perturb else 0, 3, modes, LANES)),
        )
        if perturb:
            sweep_forward(self.seed, splines, borders, state.checkpoints, state.shift, state.pattern)
        elif splines.kappa > 0.0:
            words, normals = np.empty((4, LANES), dtype=np.uint64), np.empty((4, LANES))
            # The pattern is real noise of one profile, not a bias of the prior: its spread is not reduced.
            scale = (self.series.standard_deviation if self.profile_noise else 0.0) * splines.spread
            for group in range(groups):
                spline_draws.pattern_draw(self.seed, group * LANES, scale, normals, words, state.pattern[group])
        summary = Summary(
            ends=np.empty((2, protocol.row.max() + 1, padded)),
            flux_ends=np.empty((2, protocol.row.max() + 1, padded)),
            penetration=np.zeros((2, padded)),
            maximum=np.zeros(padded),
            depleted=np.zeros(groups, dtype=np.int64),
        )
        with_neighbours = np.concatenate([self.levels, _neighbours(self.levels, samples)])
        values = np.empty((self.codes.size, block, points, padded))
        bands = np.empty((self.codes.size, times, points, self.levels.size))
        sampled = np.unique(np.linspace(0, times - 1, min(times, 8)).astype(int))
        neighbours = np.empty((sampled.size, points, 4))
        for n in range(len(starts) - 1, -1, -1):
            span = (starts[n], min(starts[n] + block, times))
            kernels.evaluate_block(
                min(get_num_threads(), groups),
                self.seed,
                kernels.PERTURB if perturb else kernels.POSTERIOR,
                n,
                span,
                (int(borders[n]), int(borders[n + 1])),
                splines,
                space,
                protocol,
                draws,
                {"voltage": closures.VOLTAGE, "blocking": closures.BLOCKING, "current": closures.CURRENT}[self.closure],
                self.diffusivity.form,
                self.diffusivity.argument_code,
                origin,
                self.codes,
                state,
                summary,
                values,
            )
            if summary.depleted.sum():
                raise DataError(
                    f"{int(summary.depleted.sum())} drawn concentrations between {self.time[span[0]]:g} and "
                    f"{self.time[span[1] - 1]:g} s are not positive: depletion there is not resolved from zero; "
                    "leave out those points or profiles"
                )
            inside = (sampled >= span[0]) & (sampled < span[1])
            both = sampled[inside] - span[0]  # profiles at which the error of v, the first variable, is estimated
            rest = np.arange(span[1] - span[0])
            for q in range(1, self.codes.size):
                bands[q, span[0] : span[1]] = _select(values[q], rest, samples, self.levels)
            rest = np.delete(rest, both)
            bands[0, span[0] + rest] = _select(values[0], rest, samples, self.levels)
            selected = _select(values[0], both, samples, with_neighbours)
            bands[0, span[0] + both] = selected[..., : self.levels.size]
            neighbours[inside] = selected[..., self.levels.size :]
            if progress is not None:
                progress(1.0 - n / len(starts))
        return BandOutcome(
            bands=bands,
            sampled=self.time[sampled],
            errors=(neighbours[..., 1::2] - neighbours[..., ::2]) / 2.0,
            width=bands[0, sampled, :, -1] - bands[0, sampled, :, 0],
            ends=summary.ends[:, :, :samples],
            flux_ends=summary.flux_ends[:, :, :samples],
            penetration=summary.penetration[:, :samples],
            maximum=summary.maximum[:samples],
        )

    def _splines(self) -> Any:
        from iondrift_kernels.spline_draws import Splines

        s = self.series
        return Splines(
            start=s.time_basis.start,
            value=s.time_basis.value,
            slope=np.ascontiguousarray(s.time_basis.slope),
            precision=s.precision,
            loading=s.loading,
            mean=s.coefficients,
            lower=s.lower,
            influence=s.influence,
            spread=np.ascontiguousarray(s.pattern[:, 1]),
            sigma=self._noise(),
            kappa=s.kappa,
        )

    def _noise(self) -> float:
        if not self.profile_noise:
            return 0.0
        return self.series.standard_deviation * (self.series.spread if self.method == "posterior" else 1.0)

    def _protocol(self) -> Any:
        from iondrift_kernels.drift_layout import Protocol

        current = np.full(self.time.size, np.nan) if self.current is None else self.current
        largest = 0.0 if self.current is None else float(np.abs(self.current).max())
        halves = np.diff(self.time[: self.end + 1]) / 2.0  # of the trapezoidal rule
        step = np.zeros(self.time.size)
        step[: self.end] += halves
        step[1 : self.end + 1] += halves
        row = np.full(self.time.size, -1)
        kept = sorted({self.end if self.began is None else self.began, self.end})
        row[kept] = np.arange(len(kept))
        return Protocol(
            voltage=self.voltage,
            voltage_slope=np.gradient(self.voltage, self.time),
            voltage_noise=float(self.uncertainties.voltage_noise_V),
            current=current,
            current_slope=np.gradient(current, self.time),
            current_noise=float(self.uncertainties.current_noise_relative) * largest,
            step=step,
            row=row,
        )

    def _normals(self, padded: int) -> FloatArray:
        """Return standard normals of the systematic sources, of D(c), and of the storage in front of x = 0."""
        normals = systematic_normals(self.seed, self._rows(), padded)
        for source, seed in self.seeds.items():
            exchanged = systematic_normals(seed, self._first_storage_row(), padded)
            normals[: exchanged.shape[0]][ROWS[source]] = exchanged[ROWS[source]]
        return normals

    def _rows(self) -> int:
        """Return how many normals of systematic sources, D(c) and storage a replicate has, in fours."""
        rows = self._first_storage_row() + (0 if self.storage is None else self.storage.coefficients.size)
        return -(-rows // 4) * 4

    def _origin_rows(self) -> int:
        return 0 if self.storage is None else 2 * self.time.size

    def _first_storage_row(self) -> int:
        return SYSTEMATIC + -(-self.diffusivity.n_random // 4) * 4

    def _origin(self, normals: FloatArray, draws: Any) -> FloatArray:
        """Return J at x = 0 under the blocking closure: (time, 1) of zeros, or draws (time, replicate)."""
        if self.storage is None:
            return np.zeros((self.time.size, 1))
        first = self._first_storage_row()
        own = normals[first : first + self.storage.coefficients.size]
        flux = self.storage.draw_flux(own if self.profile_noise else np.zeros_like(own))
        return np.ascontiguousarray(flux * draws.concentration * draws.length)

    def _draws(self, normals: FloatArray) -> Any:
        from iondrift_kernels.constants import FARADAY, GAS_CONSTANT
        from iondrift_kernels.drift_layout import Draws

        padded = normals.shape[1]
        drawn = systematic_draws(normals[:SYSTEMATIC], self.uncertainties)
        spacing = float(np.diff(self.x).mean())
        parameters = self.diffusivity.draw_parameters(normals[SYSTEMATIC : SYSTEMATIC + self.diffusivity.n_random].T)
        require_positive(self.diffusivity, parameters, drawn["concentration"], *self.series.extremes)
        ratio = np.zeros(padded)
        if self.transference_number is not None:
            transference = np.clip(self.transference_number + drawn["transference"], 1e-3, 1.0)
            ratio = (1.0 - transference) / transference
        return Draws(
            concentration=drawn["concentration"],
            length=drawn["length"],
            plating_edge=drawn["plating_edge"] * spacing,
            counter_edge=drawn["counter_edge"] * spacing,
            thermal_voltage=GAS_CONSTANT * (self.temperature + drawn["temperature"]) / FARADAY,
            cation_ratio=ratio,
            voltage_offset=drawn["voltage_offset"],
            clock=drawn["clock"],
            parameters=np.ascontiguousarray(parameters.T),
        )


def _select(values: FloatArray, profiles: Any, samples: int, levels: FloatArray) -> FloatArray:
    """Return quantiles (profiles, points, levels) over the first ``samples`` of ``values`` (times, points, R)."""
    from numba import get_num_threads

    from iondrift_kernels.drift_bands import quantile_block

    selected = np.empty((profiles.size, values.shape[1], levels.size))
    quantile_block(get_num_threads(), values, profiles, samples, levels, selected)
    return selected


def _neighbours(levels: FloatArray, samples: int) -> FloatArray:
    """Return one binomial standard error below and above the lowest and the highest level."""
    outer = levels[[0, -1]]
    spread = np.sqrt(np.maximum(outer * (1.0 - outer), 1.0 / samples) / samples)
    return np.asarray(np.clip(np.stack([outer - spread, outer + spread], axis=1).ravel(), 0.0, 1.0))
