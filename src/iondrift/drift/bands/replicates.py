"""Monte Carlo replicates of one reconstruction: what they draw, and the pass of the kernels over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from iondrift.cast import FloatArray
from iondrift.drift.bands.arguments import Draws
from iondrift.drift.bands.counts import require_memory
from iondrift.drift.bands.laws import draw_laws, solution_draws
from iondrift.drift.bands.mixture import Mixtures
from iondrift.drift.bands.selection import Selection
from iondrift.drift.bands.systematic import systematic_normals
from iondrift.drift.bands.uncertainties import OF_VOLTAGE, ROWS, SYSTEMATIC, systematic_draws, voltage_draws
from iondrift.drift.closures import Closure, Origin
from iondrift.drift.inputs import DriftInputs
from iondrift.drift.smoothing.series import SmoothSeries
from iondrift.errors import DataError
from iondrift.transport.uncertain_formula import UncertainFormula

_BLOCK_BYTES = 8e6  # values of one block of times: held by the last-level cache


@dataclass(frozen=True, kw_only=True)
class BandOutcome:
    """What the kernels return over all replicates, SI.

    ``ends`` and ``flux_ends`` (2, N, R) are of the profiles that growth is counted from (if any) and to.
    """

    samples: int
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
class _Plan:
    """Replicates in whole groups of lanes, and blocks of profiles that fit the cache.

    ``borders`` (blocks + 1,): the first coefficient in time that is new in each block.
    """

    samples: int
    groups: int
    padded: int
    block: int
    starts: list[int]
    borders: npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Replicates:
    """One reconstruction, checked, with all that its replicates vary."""

    inputs: DriftInputs
    closure: Closure
    series: SmoothSeries
    origin: Origin | None
    draws: Draws

    def run(self, samples: int, progress: Callable[[float], None] | None) -> BandOutcome:
        """Evaluate ``samples`` replicates, block after block of times, the last block first.

        Raises
        ------
        DataError
            A drawn concentration or D(c) is not positive.
        """
        from numba import get_num_threads

        from iondrift_kernels import drift_bands as kernels
        from iondrift_kernels.drift_layout import Block

        plan = self._plan(samples)
        splines, protocol, mixtures = self._splines(), self._protocol(), self._mixtures(plan)
        systematic = self._systematic(self._normals(plan.padded))
        state, summary = self._state(plan, splines, mixtures), self._summary(plan, int(protocol.row.max()) + 1)
        task, times, points = self._task(), self.inputs.time.size, self.inputs.x.size
        values = np.empty((task.wanted.size, plan.block, points, plan.padded))
        selection = Selection(self.draws.levels, task.wanted.size, self.inputs.time, points, samples)
        for n in range(len(plan.starts) - 1, -1, -1):
            begin, end = plan.starts[n], min(plan.starts[n] + plan.block, times)
            block = Block(n, begin, end, int(plan.borders[n]), int(plan.borders[n + 1]))
            kernels.evaluate_block(
                min(get_num_threads(), plan.groups), task, block,
                kernels.Fit(splines, mixtures.of_block(n), self.series.space), protocol, systematic, state, summary,
                values,
            )  # fmt: skip
            self._require_concentrations(int(summary.depleted.sum()), begin, end)
            selection.take(values, begin, end)
            if progress is not None:
                progress(1.0 - n / len(plan.starts))
        neighbours = selection.neighbours
        width = selection.bands[0, selection.sampled]
        return BandOutcome(
            samples=samples,
            bands=selection.bands,
            sampled=self.inputs.time[selection.sampled],
            errors=(neighbours[..., 1::2] - neighbours[..., ::2]) / 2.0,
            width=width[..., -1] - width[..., 0],
            ends=summary.ends[:, :, :samples],
            flux_ends=summary.flux_ends[:, :, :samples],
            penetration=summary.penetration[:, :samples],
            maximum=summary.maximum[:samples],
        )

    def _plan(self, samples: int) -> _Plan:
        """Lay out replicates and blocks; refuse what the memory does not hold."""
        from iondrift_kernels.lanes import LANES

        modes, size = self.series.coefficients.shape
        functions, points, times = self.series.space.whole.size, self.inputs.x.size, self.inputs.time.size
        groups = -(-samples // LANES)
        padded, kept = groups * LANES, self.draws.codes.size
        block = int(max(1, min(times, _BLOCK_BYTES // (8 * points * padded * kept))))
        starts = list(range(0, times, block))
        each = block * points * kept + 5 * modes + 4 * functions + 3 * self._rows()
        each += 0 if self.origin is None else 2 * times
        each += len(starts) * 3 * modes if self.draws.method == "perturb" else 0
        require_memory(samples, 8.0 * each, LANES)
        borders = np.array([self.series.time_basis.start[t] for t in starts] + [size], dtype=np.int64)
        borders[0] = 0
        return _Plan(samples=samples, groups=groups, padded=padded, block=block, starts=starts, borders=borders)

    def _task(self) -> Any:
        """Return what the kernels are to compute."""
        from iondrift_kernels import drift_bands as kernels
        from iondrift_kernels.drift_layout import Task

        return Task(
            seed=self.draws.seed,
            method=kernels.PERTURB if self.draws.method == "perturb" else kernels.POSTERIOR,
            closure=self.closure.code,
            form=self.draws.diffusivity.form,
            argument=self.draws.diffusivity.argument_code,
            wanted=self.draws.codes,
        )

    def _mixtures(self, plan: _Plan) -> Mixtures:
        """Return the fits that groups draw from: the reported one alone for refits and for profiles without noise."""
        posterior = self.series.posterior
        if self.draws.method == "perturb":
            return Mixtures(posterior.reported, plan.borders, refits=True)
        if not self.draws.profile_noise:
            return Mixtures(posterior.reported, plan.borders, noise=0.0)
        return Mixtures(posterior.fits(plan.groups), plan.borders)

    def _state(self, plan: _Plan, splines: Any, mixtures: Mixtures) -> Any:
        """Return what groups of replicates remember, with the patterns of the reference drawn."""
        from iondrift_kernels.drift_layout import State
        from iondrift_kernels.lanes import LANES
        from iondrift_kernels.perturbed_refit import sweep_forward

        functions, modes, groups = mixtures.functions, self.series.coefficients.shape[0], plan.groups
        perturb = self.draws.method == "perturb"
        state = State(
            draws=np.zeros((groups, 3, modes, LANES)),
            ring=np.zeros((groups, 4, functions, LANES)),
            pattern=np.zeros((groups, modes, LANES)),
            shift=np.zeros((groups, modes, LANES)),
            checkpoints=np.zeros((groups, len(plan.starts) if perturb else 0, 3, modes, LANES)),
        )
        if perturb:
            sweep_forward(self.draws.seed, splines, plan.borders, state.checkpoints, state.shift, state.pattern)
        mixtures.add_patterns(self.draws.seed, state.pattern)
        return state

    def _summary(self, plan: _Plan, rows: int) -> Any:
        """Return room for what is kept of every replicate, the ends of so many profiles among it."""
        from iondrift_kernels.drift_layout import Summary

        return Summary(
            ends=np.empty((2, rows, plan.padded)),
            flux_ends=np.empty((2, rows, plan.padded)),
            penetration=np.zeros((2, plan.padded)),
            maximum=np.zeros(plan.padded),
            depleted=np.zeros(plan.groups, dtype=np.int64),
        )

    def _require_concentrations(self, depleted: int, begin: int, end: int) -> None:
        """Refuse drawn concentrations of the profiles ``begin`` to ``end`` - 1 that are not positive."""
        if depleted:
            time = self.inputs.time
            raise DataError(
                f"{depleted} drawn concentrations between {time[begin]:g} and {time[end - 1]:g} s are not positive: "
                "depletion there is not resolved from zero; leave out those points or profiles"
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
            lower=s.lower,
            influence=s.influence,
            deviation=np.ascontiguousarray(s.pattern[:, 1]),
            sigma=s.standard_deviation if self.draws.profile_noise else 0.0,
            kappa=s.kappa,
        )

    def _protocol(self) -> Any:
        from iondrift_kernels.drift_layout import Protocol

        current = np.full(self.inputs.time.size, np.nan) if self.inputs.current is None else self.inputs.current
        largest = 0.0 if self.inputs.current is None else float(np.abs(self.inputs.current).max())
        halves = np.diff(self.inputs.time[: self.draws.end + 1]) / 2.0  # of the trapezoidal rule
        step = np.zeros(self.inputs.time.size)
        step[: self.draws.end] += halves
        step[1 : self.draws.end + 1] += halves
        row = np.full(self.inputs.time.size, -1)
        kept = sorted({self.draws.end if self.draws.began is None else self.draws.began, self.draws.end})
        row[kept] = np.arange(len(kept))
        return Protocol(
            voltage=self.inputs.voltage,
            voltage_slope=np.gradient(self.inputs.voltage, self.inputs.time),
            voltage_sensitivity=self._voltage_sensitivity(),
            voltage_noise=float(self.draws.uncertainties.voltage_noise_V),
            current=current,
            current_slope=np.gradient(current, self.inputs.time),
            current_noise=float(self.draws.uncertainties.current_noise_relative) * largest,
            step=step,
            row=row,
        )

    def _voltage_sensitivity(self) -> FloatArray:
        """Return volts (part, time) by a unit of what each part hangs on; without a ledger a constant offset alone."""
        if self.inputs.ledger is not None:
            return np.ascontiguousarray(self.inputs.ledger["voltage_part_sensitivity"].values)
        sensitivity = np.zeros((len(OF_VOLTAGE), self.inputs.time.size))
        sensitivity[0] = 1.0
        return sensitivity

    def _normals(self, padded: int) -> FloatArray:
        """Return standard normals of the systematic sources, of the laws, and of the storage in front of x = 0."""
        normals = systematic_normals(self.draws.seed, self._rows(), padded)
        for source, seed in self.draws.seeds.items():
            exchanged = systematic_normals(seed, self._first_storage_row(), padded)
            normals[: exchanged.shape[0]][ROWS[source]] = exchanged[ROWS[source]]
        return normals

    def _rows(self) -> int:
        """Return how many normals of systematic sources, laws and storage a replicate has, in fours."""
        rows = self._first_storage_row() + (0 if self.origin is None else self.origin.normals)
        return -(-rows // 4) * 4

    def _first_storage_row(self) -> int:
        return SYSTEMATIC + -(-sum(law.n_random for law in self._laws()) // 4) * 4

    def _laws(self) -> tuple[UncertainFormula, ...]:
        """Return the functions of c that the closure takes: properties of the solution in place of D(c)."""
        if self.closure.concentrated and self.draws.solution is not None:
            return self.draws.solution.properties
        return (self.draws.diffusivity,)

    def _origin(self, normals: FloatArray, drawn: Mapping[str, FloatArray]) -> FloatArray:
        """Return J at x = 0 where the closure gives it: draws (time, replicate); else (time, 1) of zeros."""
        if self.origin is None:
            return np.zeros((self.inputs.time.size, 1))
        if not self.draws.profile_noise:
            return np.ascontiguousarray(self.origin.exact_flux(drawn))
        first = self._first_storage_row()
        return np.ascontiguousarray(self.origin.draw_flux(normals[first : first + self.origin.normals], drawn))

    def _systematic(self, normals: FloatArray) -> Any:
        """Return the draws of the systematic sources as the kernels take them."""
        from iondrift_kernels.constants import FARADAY, GAS_CONSTANT
        from iondrift_kernels.drift_layout import Draws as SystematicDraws

        padded = normals.shape[1]
        drawn = systematic_draws(normals[:SYSTEMATIC], self.draws.uncertainties)
        spacing = float(np.diff(self.inputs.x).mean())
        laws = draw_laws(self._laws(), normals[SYSTEMATIC:], drawn["concentration"], self.series.extremes)
        alone = len(laws) == 1
        ratio = np.zeros(padded)
        if self.inputs.transference_number is not None:
            transference = np.clip(self.inputs.transference_number + drawn["transference"], 1e-3, 1.0)
            ratio = (1.0 - transference) / transference
        return SystematicDraws(
            concentration=drawn["concentration"],
            length=drawn["length"],
            plating_edge=drawn["plating_edge"] * spacing,
            counter_edge=drawn["counter_edge"] * spacing,
            thermal_voltage=GAS_CONSTANT * (self.inputs.temperature + drawn["temperature"]) / FARADAY,
            cation_ratio=ratio,
            voltage_parts=voltage_draws(normals[:SYSTEMATIC], self.draws.uncertainties),
            clock=drawn["clock"],
            parameters=laws[0] if alone else np.repeat(self.draws.diffusivity.parameters[:, None], padded, axis=1),
            origin=self._origin(normals, drawn),
            solution=solution_draws(() if alone else self._laws(), laws),
        )
