"""Uncertainty bands of drift velocities by Monte Carlo over the whole reconstruction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
import xarray as xr

from iondrift import cast, spline_basis, variables
from iondrift.cast import FloatArray
from iondrift.diffusivity import Diffusivity
from iondrift.electrode_flux import StorageFit, fit_storage
from iondrift.errors import ConfigurationError, DataError
from iondrift.noise import NoiseEstimate
from iondrift.reconstruction import (
    CLOSURES,
    Closure,
    along_time,
    cation_ratio,
    check_current_sign,
    smoothing_attributes,
)
from iondrift.smoothing import Penalties, SmoothSeries, smooth
from iondrift.uncertainties import DIFFUSIVITY_DEFAULT, ROWS, SYSTEMATIC, Uncertainties, systematic_draws

Method = Literal["posterior", "perturb"]
METHODS: Mapping[str, str] = {
    "posterior": "spline coefficients drawn from their posterior (Wahba, Nychka), systematic inputs from theirs",
    "perturb": "every input perturbed and the profiles smoothed again with the same penalties (note S3 style)",
}
BANDED = (  # in the order of the kernel's codes
    "drift_velocity",
    "electric_field",
    "flux",
    "flux_diffusive",
    "flux_migrative",
    "mobility",
    "diffusivity",
    "concentration",
    "concentration_gradient",
    "charge_balance",
)
CONVERGED = 0.02  # Monte Carlo error of a band's edge over the band's width, for samples="auto"
_FEWEST_SAMPLES = 40
_MOST_SAMPLES = 64_000
_BLOCK_BYTES = 4e6  # values of one block of times: as much as the second-level caches hold


def drift_bands(
    concentration: xr.DataArray,
    voltage: xr.DataArray,
    diffusivity: Diffusivity,
    *,
    temperature: float,
    closure: Closure = "voltage",
    method: Method = "posterior",
    uncertainties: Uncertainties | None = None,
    samples: int | Literal["auto"] = 1000,
    seed: int = 0,
    quantiles: Sequence[float] = (0.025, 0.5, 0.975),
    variables_wanted: Sequence[str] = BANDED,
    current_density: xr.DataArray | None = None,
    transference_number: float | None = None,
    voltage_offset: float | xr.DataArray = 0.0,
    electrode_storage: xr.DataArray | None = None,
    breaks: Sequence[float] = (),
    reference_profiles: int | None = None,
    reference_index: int | None = None,
    noise: NoiseEstimate | None = None,
    penalties: Penalties | None = None,
    series: SmoothSeries | None = None,
    growth_from: float | None = None,
    end_at: float | None = None,
    profile_noise: bool = True,
    seeds: Mapping[str, int] | None = None,
    progress: Callable[[float], None] | None = None,
) -> xr.Dataset:
    """Return quantiles of every variable of :func:`iondrift.reconstruct_drift` over Monte Carlo replicates.

    Each replicate draws the spline coefficients from ``N(b, sigma^2 A^-1)`` (``posterior``) or smooths the profiles
    again with new noise (``perturb``), draws the systematic inputs, and closes: v = (J0 + G + D dc/dx) / c.

    Parameters
    ----------
    concentration, voltage, diffusivity, temperature, closure, current_density, transference_number, voltage_offset
        As for :func:`iondrift.reconstruct_drift`; so are electrode_storage, breaks, reference_profiles,
        reference_index, noise and penalties.
    method
        ``posterior`` or ``perturb``.
    uncertainties
        None: the stated defaults; ``Uncertainties.none()``: profile noise alone.
    samples
        Replicates; ``"auto"``: doubled until the Monte Carlo error of the outer quantiles is below 2 % of the width.
    seed
        Same seed, same bits, for any number of threads.
    quantiles
        Levels, ascending, between 0 and 1.
    variables_wanted
        Names to keep; each costs memory traffic and a selection.
    series
        A fit made before with the same options, to be used instead of fitting again.
    growth_from
        Time (s) from which growth is counted: the start of the constant voltage.
    end_at
        Time (s) of the profile that final numbers are taken at, such as the last under polarisation; None: the last.
    profile_noise
        False leaves the noise of the profiles out, to see what the other sources do alone.
    seeds
        Seeds of single systematic sources (names of :class:`iondrift.Uncertainties`) in place of ``seed``, for
        sensitivity indices.
    progress
        Called with the fraction done.

    Returns
    -------
    xarray.Dataset
        Variables (quantile, time, x) in SI; ``monte_carlo_error`` (time, x), m s-1, of the outer quantiles of v; by
        replicate: ``maximum_drift_velocity``, ``final_drift_velocity`` (end), ``penetration_depth`` (end),
        ``spatial_spread``, ``growth`` (end), ``final_charge_balance`` (end).

    Raises
    ------
    DataError, ShapeError, ConfigurationError, DiffusivityError
        As :func:`iondrift.reconstruct_drift`; also where a drawn concentration or D(c) is not positive.

    Notes
    -----
    Source: Wahba 1983, Nychka 1988 (coverage of the posterior); Salmon et al. 2011 (counter-based random numbers).
    """
    if closure not in get_args(Closure):
        raise ConfigurationError(f"closure: {closure!r} found; allowed are {', '.join(CLOSURES)}")
    if method not in METHODS:
        raise ConfigurationError(f"method: {method!r} found; allowed are {', '.join(METHODS)}")
    levels = _levels(quantiles)
    codes = _codes(variables_wanted)
    concentration = cast.labelled(concentration, "concentration", ("time", "x"), positive=True)
    time = concentration["time"]
    volts = along_time(voltage, "voltage", time) - along_time(voltage_offset, "voltage_offset", time)
    current = None if current_density is None else along_time(current_density, "current_density", time)
    if current is not None:
        check_current_sign(along_time(voltage, "voltage", time), current)
    elif closure == "current":
        raise ConfigurationError("closure 'current' needs current_density (time), A m-2, negative while plating")
    cation_ratio(transference_number, closure)
    if series is None:
        series = smooth(
            concentration,
            breaks=breaks,
            noise=noise,
            reference_profiles=reference_profiles,
            reference_index=reference_index,
            penalties=penalties,
        )
    uncertainties = Uncertainties() if uncertainties is None else uncertainties
    smooth_c = series.evaluate()[0]
    diffusivity.check(float(smooth_c.min()), float(smooth_c.max()))
    job = _Job(
        series=series,
        x=concentration["x"].values,
        time=time.values,
        voltage=volts,
        current=current,
        storage=_storage(electrode_storage, time, series.breaks) if closure == "blocking" else None,
        diffusivity=with_uncertainty(diffusivity, uncertainties),
        temperature=cast.scalar(temperature, "temperature", positive=True),
        closure=closure,
        method=method,
        uncertainties=uncertainties,
        transference_number=transference_number,
        seed=_seed(seed),
        codes=codes,
        levels=levels,
        profile_noise=profile_noise,
        seeds=_source_seeds(seeds),
    )
    count = _first_count(samples)
    while True:
        outcome = job.run(count, progress)
        relative = outcome.relative_error()
        if samples != "auto" or relative < CONVERGED or count >= _MOST_SAMPLES:
            break
        count *= 2
    result = _label(outcome, job, concentration, quantiles, growth_from, _end_index(end_at, time.values))
    result.attrs = {
        "closure": closure,
        "closure_meaning": CLOSURES[closure],
        "method": method,
        "method_meaning": METHODS[method],
        "samples": count,
        "seed": seed,
        "uncertainties": str(uncertainties),
        "relative_monte_carlo_error": relative,
        "assumptions": "dilute solution; Nernst-Einstein mobility; one dimension; no convection; the closure holds",
    } | smoothing_attributes(series)
    return result


@dataclass(frozen=True, kw_only=True)
class _Outcome:
    bands: FloatArray  # (Q, T, X, levels)
    errors: FloatArray  # (times, X, 2): halves of the intervals that hold the outer quantiles
    width: FloatArray  # (times, X)
    ends: FloatArray
    maximum: FloatArray
    final: FloatArray
    flux_ends: FloatArray

    def relative_error(self) -> float:
        """Return the Monte Carlo error of the outer quantiles over the band's width, mean over the cells."""
        held = self.width > 0.0
        if not held.any():
            return 0.0
        return float((self.errors.max(axis=-1)[held] / self.width[held]).mean())


@dataclass(frozen=True, kw_only=True)
class _Job:
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

    def run(self, samples: int, progress: Callable[[float], None] | None) -> _Outcome:
        from iondrift_kernels import drift_bands as kernels
        from iondrift_kernels import field_reconstruction as closures
        from iondrift_kernels import spline_draws
        from iondrift_kernels.perturbed_refit import sweep_forward

        lanes = spline_draws.LANES
        groups = -(-samples // lanes)
        padded = groups * lanes
        splines, space, protocol = self._splines(), self._space(), self._protocol()
        normals = self._normals(padded)
        draws = self._draws(normals)
        origin = self._origin(normals, draws)
        modes, size = splines.mean.shape
        functions, points, times = space.rotation.shape[0], self.x.size, self.time.size
        block = int(max(1, min(times, _BLOCK_BYTES // (8 * points * padded * self.codes.size))))
        starts = list(range(0, times, block))
        borders = np.array([splines.start[t] for t in starts] + [size], dtype=np.int64)
        borders[0] = 0
        perturb = self.method == "perturb"
        state = kernels.State(
            draws=np.zeros((groups, 3, modes, lanes)),
            ring=np.zeros((groups, 4, functions, lanes)),
            pattern=np.zeros((groups, modes, lanes)),
            shift=np.zeros((groups, modes, lanes)),
            checkpoints=np.zeros((groups, len(starts) if perturb else 0, 3, modes, lanes)),
        )
        if perturb:
            sweep_forward(self.seed, splines, borders, state.checkpoints, state.shift, state.pattern)
        elif splines.kappa > 0.0:
            words, normals = np.empty((4, lanes), dtype=np.uint64), np.empty((4, lanes))
            # The pattern is real noise of one profile, not a bias of the prior: its spread is not reduced.
            scale = (self.series.standard_deviation if self.profile_noise else 0.0) * splines.spread
            for group in range(groups):
                spline_draws.pattern_draw(self.seed, group * lanes, scale, normals, words, state.pattern[group])
        summary = kernels.Summary(
            ends=np.empty((2, times, padded)),
            maximum=np.full(padded, -np.inf),
            final=np.empty((points, padded)),
            flux_ends=np.empty((2, times, padded)),
            depleted=np.zeros(groups, dtype=np.int64),
        )
        outer = _outer_levels(self.levels, samples)
        values = np.empty((self.codes.size, block, points, padded))
        bands = np.empty((self.codes.size, times, points, self.levels.size))
        sampled = np.unique(np.linspace(0, times - 1, min(times, 16)).astype(int))
        edges = np.empty((sampled.size, points, outer.size))
        for n in range(len(starts) - 1, -1, -1):
            span = (starts[n], min(starts[n] + block, times))
            kernels.evaluate_block(
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
            length = span[1] - span[0]
            for q in range(self.codes.size):
                flat = values[q, :length].reshape(length * points, padded)
                target = np.empty((flat.shape[0], self.levels.size))
                kernels.quantile_block(flat, samples, self.levels, target)
                bands[q, span[0] : span[1]] = target.reshape(length, points, -1)
            for row in np.flatnonzero((sampled >= span[0]) & (sampled < span[1])):
                kernels.quantile_block(values[0, sampled[row] - span[0]], samples, outer, edges[row])
            if progress is not None:
                progress(1.0 - n / len(starts))
        return _Outcome(
            bands=bands,
            errors=np.stack([edges[..., 2] - edges[..., 0], edges[..., 5] - edges[..., 3]], axis=-1) / 2.0,
            width=edges[..., 4] - edges[..., 1],
            ends=summary.ends[:, :, :samples],
            maximum=summary.maximum[:samples],
            final=summary.final[:, :samples],
            flux_ends=summary.flux_ends[:, :, :samples],
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

    def _space(self) -> Any:
        from iondrift_kernels.drift_bands import Space

        knots, length = self.series.knots, self.series.length
        local = spline_basis.local_basis(knots, (self.x - self.x[0]) / length)
        integral = spline_basis.dense_basis(knots, (self.x - self.x[0]) / length)[2]
        columns = local.start[:, None] + np.arange(4)
        return Space(
            rotation=self.series.rotation,
            start=local.start,
            value=local.value,
            slope=local.slope / length,
            partial=np.take_along_axis(integral, columns, axis=1) * length,
            whole=(knots[4:] - knots[:-4]) / 4.0 * length,
            weights=spline_basis.cubic_quadrature(self.x),
        )

    def _protocol(self) -> Any:
        from iondrift_kernels.drift_bands import Protocol

        current = np.full(self.time.size, np.nan) if self.current is None else self.current
        largest = 0.0 if self.current is None else float(np.abs(self.current).max())
        return Protocol(
            voltage=self.voltage,
            voltage_slope=np.gradient(self.voltage, self.time),
            voltage_noise=float(self.uncertainties.voltage_noise_V),
            current=current,
            current_slope=np.gradient(current, self.time),
            current_noise=float(self.uncertainties.current_noise_relative) * largest,
        )

    def _normals(self, padded: int) -> FloatArray:
        """Return standard normals of the systematic sources, of D(c), and of the storage in front of x = 0."""
        from iondrift_kernels import spline_draws

        rows = self._first_storage_row() + (0 if self.storage is None else self.storage.coefficients.size)
        words = np.empty((4, spline_draws.LANES), dtype=np.uint64)
        normals = np.empty((-(-rows // 4) * 4, padded))
        spline_draws.systematic_normals(self.seed, words, normals)
        for source, seed in self.seeds.items():
            exchanged = np.empty_like(normals)
            spline_draws.systematic_normals(seed, words, exchanged)
            systematic = normals[: self._first_storage_row()]
            systematic[ROWS[source]] = exchanged[: systematic.shape[0]][ROWS[source]]
        return normals

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
        from iondrift_kernels.drift_bands import Draws

        padded = normals.shape[1]
        drawn = systematic_draws(normals[:SYSTEMATIC], self.uncertainties)
        spacing = float(np.diff(self.x).mean())
        parameters = self.diffusivity.draw_parameters(normals[SYSTEMATIC : SYSTEMATIC + self.diffusivity.n_random].T)
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


def _label(
    outcome: _Outcome,
    job: _Job,
    concentration: xr.DataArray,
    quantiles: Sequence[float],
    growth_from: float | None,
    end: int,
) -> xr.Dataset:
    from iondrift_kernels.constants import FARADAY

    coords = {
        "quantile": np.asarray(quantiles, dtype=float),
        "time": concentration["time"],
        "x": concentration["x"],
        "end": ["plating", "counter"],
        "replicate": np.arange(outcome.maximum.size),
    }
    dims = ("quantile", "time", "x")
    result = xr.Dataset(
        {
            BANDED[code]: variables.dataarray(BANDED[code], np.moveaxis(outcome.bands[q], -1, 0), coords, dims=dims)
            for q, code in enumerate(job.codes)
        }
    )
    last = outcome.ends[:, end]
    scalars = {
        "maximum_drift_velocity": outcome.maximum,
        "final_drift_velocity": last,
        "penetration_depth": np.trapezoid(outcome.ends[:, : end + 1], job.time[: end + 1], axis=1),
        "spatial_spread": (last[0] - last[1]) / last[0],
    }
    if growth_from is not None and job.time[0] <= growth_from < job.time[end]:
        began = int(np.searchsorted(job.time, growth_from))
        scalars["growth"] = 1.0 - outcome.ends[:, began] / last
    if job.current is not None and abs(job.current[end]) > 1e-3 * np.abs(job.current).max():
        scalars["final_charge_balance"] = -FARADAY * outcome.flux_ends[:, end] / job.current[end]
    for name, values in scalars.items():
        result[name] = variables.dataarray(name, values, coords)
    sampled = np.unique(np.linspace(0, job.time.size - 1, min(job.time.size, 16)).astype(int))
    result["monte_carlo_error"] = variables.dataarray(
        "monte_carlo_error", outcome.errors.max(axis=-1), {"sampled_time": job.time[sampled], "x": coords["x"]}
    )
    return result


def summarise(draws: xr.DataArray, quantiles: Sequence[float] = (0.025, 0.5, 0.975)) -> xr.DataArray:
    """Return quantiles of a variable by replicate, with its attributes."""
    return draws.quantile(list(quantiles), dim="replicate", keep_attrs=True)


def velocity_ratio(first: xr.Dataset, second: xr.Dataset) -> xr.DataArray:
    """Return draws (end, replicate) of the ratio of two cells' final drift velocities, first over second.

    Replicates are paired in opposite order: cells measured independently share no draw.

    Raises
    ------
    ConfigurationError
        The numbers of replicates differ.
    """
    a, b = first["final_drift_velocity"], second["final_drift_velocity"]
    if a.sizes["replicate"] != b.sizes["replicate"]:
        raise ConfigurationError(
            f"bands have {a.sizes['replicate']} and {b.sizes['replicate']} replicates; draw as many of both"
        )
    ratio = a / b.isel(replicate=slice(None, None, -1)).assign_coords(replicate=a["replicate"])
    ratio.attrs = {"units": "1", "long_name": "ratio of final drift velocities of two cells"}
    return ratio


def with_uncertainty(diffusivity: Diffusivity, uncertainties: Uncertainties) -> Diffusivity:
    """Return D(c) with the uncertainty that the error model asks for."""
    relative = uncertainties.diffusivity_relative
    if relative is None:
        stated = diffusivity.covariance is not None or diffusivity.relative_uncertainty is not None
        return diffusivity if stated else replace(diffusivity, relative_uncertainty=DIFFUSIVITY_DEFAULT)
    return replace(diffusivity, covariance=None, relative_uncertainty=relative)


def _levels(quantiles: Sequence[float]) -> FloatArray:
    levels = cast.increasing(quantiles, "quantiles")
    if not (levels.size and levels[0] >= 0.0 and levels[-1] <= 1.0):
        raise ConfigurationError(f"quantiles: {tuple(quantiles)} found; levels lie between 0 and 1, ascending")
    return levels


def _outer_levels(levels: FloatArray, samples: int) -> FloatArray:
    """Return for both outer levels: one binomial standard error below, the level, one above."""
    outer = np.array([levels[0], levels[-1]])
    spread = np.sqrt(np.maximum(outer * (1.0 - outer), 1.0 / samples) / samples)
    return np.asarray(np.clip(np.stack([outer - spread, outer, outer + spread], axis=1).ravel(), 0.0, 1.0))


def _codes(names: Sequence[str]) -> np.ndarray:
    for name in names:
        if name not in BANDED:
            raise ConfigurationError(f"variables_wanted: {name!r} found; allowed are {', '.join(BANDED)}")
    if "drift_velocity" not in names:
        raise ConfigurationError("variables_wanted: must name drift_velocity")
    ordered = ["drift_velocity", *(name for name in dict.fromkeys(names) if name != "drift_velocity")]
    return np.array([BANDED.index(name) for name in ordered], dtype=np.int64)


def _seed(seed: int) -> int:
    if not 0 <= seed < 2**63:
        raise ConfigurationError(f"seed: {seed} found; allowed are whole numbers from 0 to 2^63 - 1")
    return seed


def _storage(storage: xr.DataArray | None, time: xr.DataArray, breaks: Sequence[float]) -> StorageFit | None:
    return None if storage is None else fit_storage(along_time(storage, "electrode_storage", time), time.values, breaks)


def _end_index(end_at: float | None, time: FloatArray) -> int:
    if end_at is None:
        return int(time.size - 1)
    if not time[0] <= end_at <= time[-1]:
        raise ConfigurationError(f"end_at: {end_at:g} s lies outside the profiles, {time[0]:g} to {time[-1]:g} s")
    return int(np.abs(time - end_at).argmin())


def _source_seeds(seeds: Mapping[str, int] | None) -> dict[str, int]:
    for name in seeds or {}:
        if name not in ROWS:
            raise ConfigurationError(f"seeds: source {name!r} found; allowed are {', '.join(ROWS)}")
    return {name: _seed(seed) for name, seed in (seeds or {}).items()}


def _first_count(samples: int | str) -> int:
    if samples == "auto":
        return 1000
    if isinstance(samples, str) or samples < _FEWEST_SAMPLES:
        raise ConfigurationError(f"samples: {samples!r} found; allowed are 'auto' or a number from {_FEWEST_SAMPLES}")
    return samples
