"""Bands of everything that one cell's report states."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from iondrift.cast import FloatArray
from iondrift.drift.bands.options import BANDED, DrawOptions
from iondrift.drift.bands.uncertainties import OF_ONE_CELL, ROWS, SYSTEMATIC, Uncertainties, systematic_draws
from iondrift.drift.closures import CLOSURES
from iondrift.drift.inputs import DriftInputs
from iondrift.errors import DataError
from iondrift.experiment.results import LEVELS, Bands, Measured
from iondrift.progress import Progress

if TYPE_CHECKING:
    from iondrift.drift.smoothing.penalised_splines import SmoothSeries

_BUDGET_SAMPLES = 500  # a variance to 6 %
_COMPARED = ("drift_velocity",)  # what bands of closures beside the chosen one hold
_IN_SOLUTION = (*_COMPARED, "net_velocity")  # in a concentrated solution v hangs on a convention, w does not


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the closure comparison: a closure, and what it is given."""

    closure: str
    inputs: DriftInputs


def inputs_of(measured: Measured) -> DriftInputs:
    """Return what all closures of one cell are given, the whole voltage among it."""
    settings = measured.experiment
    counted = measured.electrode_storage if settings.reconstruction.electrode_storage else None
    return DriftInputs.of(
        measured.concentration,
        measured.voltage,
        measured.diffusivity,
        temperature=settings.electrolyte.temperature_K,
        current_density=measured.current_density,
        transference_number=settings.electrolyte.transference_number,
        electrode_storage=counted,
        solution=measured.solution,
    )


def closure_rows(measured: Measured, inputs: DriftInputs | None = None) -> dict[str, Row]:
    """Return the closures that can be computed, by name; also without storage where one counts it.

    ``inputs``: with what does not lie across the profiles taken off; None: the constant offset of the file alone.
    """
    if inputs is None:
        whole, constant = inputs_of(measured), measured.experiment.reconstruction.voltage_offset_V
        inputs = replace(whole, voltage=whole.voltage - (constant or 0.0), offset_stated=constant is not None)
    counted = inputs.storage is not None
    rows = {}
    for name, closure in CLOSURES.items():
        if closure.allows(inputs):
            rows[name] = Row(closure=name, inputs=inputs)
            if closure.without_storage is not None and counted:
                rows[closure.without_storage.name] = Row(closure=name, inputs=replace(inputs, storage=None))
    return rows


def bands_of(
    measured: Measured,
    rows: Mapping[str, Row],
    series: SmoothSeries,
    options: DrawOptions,
    *,
    model: Uncertainties,
    progress: Progress,
) -> Bands:
    """Draw bands under every closure, the error budget of the chosen one and the spread of Sand's time.

    Parameters
    ----------
    measured
        One cell.
    rows
        From :func:`closure_rows`.
    series
        The fit of its profiles.
    options
        Method, number of replicates and seed.
    model
        Of the errors.
    progress
        Told each step as it begins.

    Raises
    ------
    ConfigurationError
        An option that does not exist.
    """
    from iondrift.drift.bands.budget import error_budget
    from iondrift.drift.bands.monte_carlo import drift_bands

    chosen = measured.experiment.reconstruction.closure
    steady = measured.constant_voltage
    drawn: dict[str, Any] = {
        "method": options.method,
        "uncertainties": model,
        "end_at": float(measured.concentration.time[measured.end]),
    }
    found: dict[str, xr.Dataset] = {}
    failed: dict[str, str] = {}
    for name, row in rows.items():
        progress(f"bands, closure {name}")
        try:
            found[name] = drift_bands(
                row.inputs,
                closure=row.closure,
                series=series,
                samples=options.samples,
                quantiles=LEVELS,
                variables_wanted=_wanted(row.closure, chosen=name == chosen),
                growth_from=None if steady is None else steady.start,
                seed=own_seed(measured, options.seed),
                seeds=common_seeds(options.seed),
                **drawn,
            )
            found[name].attrs["seed"] = options.seed  # what was asked for, of which both follow
        except DataError as error:  # a thin layer that noise cannot tell from zero; the report says so
            failed[name] = str(error)
    budget = None
    if chosen in found:
        progress("error budget")
        fewer = _BUDGET_SAMPLES if options.samples == "auto" else min(options.samples, _BUDGET_SAMPLES)
        budget = error_budget(
            rows[chosen].inputs, closure=chosen, series=series, samples=fewer, seed=options.seed, **drawn
        )
    count = found[chosen].attrs["samples"] if chosen in found else _BUDGET_SAMPLES
    return Bands(
        uncertainties=model,
        by_closure=found,
        failed=failed,
        budget=budget,
        sand_time=sand_time_draws(measured, model, count, options.seed),
    )


def common_seeds(seed: int) -> dict[str, int]:
    """Return the seed of every source that cells of one run share."""
    return {source: seed for source in ROWS if source not in OF_ONE_CELL}


def own_seed(measured: Measured, seed: int) -> int:
    """Return the seed of what a cell shares with no other: its noise, edges, voltage offset and clock.

    It follows from what was measured, to six digits: the last ones may differ from processor to processor.
    """
    relative = measured.concentration.values / (measured.experiment.electrolyte.concentration_mol_per_L * 1e3)
    digest = hashlib.blake2b(np.round(relative, 6).tobytes() + str(seed).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1  # seeds have 63 bits


def _wanted(closure: str, *, chosen: bool) -> tuple[str, ...]:
    """Return the variables to keep bands of."""
    if chosen:
        return BANDED
    return _IN_SOLUTION if CLOSURES[closure].concentrated else _COMPARED


def sand_time(measured: Measured, *, concentration: Any, transference: Any, diffusivity: Any) -> Any:
    """Return Sand's time, s, at the current of the first constant-current segment; None without one.

    Parameters
    ----------
    measured
        One cell.
    concentration, transference, diffusivity
        mol m-3, t- of the anion, and its D, m2 s-1: numbers, or draws (replicate,).
    """
    from iondrift.transport import relations as transport

    levels = [segment.level for segment in measured.segments if segment.kind == "constant_current"]
    if not levels:
        return None
    return transport.sand_time(
        current_density=abs(levels[0]),
        concentration=concentration,
        anion_transference=transference,
        ambipolar_diffusivity=transport.ambipolar_diffusivity(
            diffusivity, transport.cation_diffusivity(diffusivity, transference)
        ),
    )


def sand_time_draws(measured: Measured, model: Uncertainties, samples: int, seed: int) -> FloatArray | None:
    """Return draws (samples,) of Sand's time, s, from D(c), c0 and t- as the bands of this seed draw them.

    None where it is not known, or where a drawn D is not positive, of which the bands tell.
    """
    from iondrift.drift.bands.arguments import with_uncertainty
    from iondrift.drift.bands.systematic import evaluate_each, systematic_normals

    electrolyte = measured.experiment.electrolyte
    if electrolyte.transference_number is None:
        return None
    uncertain = with_uncertainty(measured.diffusivity, model)
    normals = systematic_normals(seed, SYSTEMATIC + uncertain.n_random, samples)
    drawn = systematic_draws(normals[:SYSTEMATIC], model)
    concentration = electrolyte.concentration_mol_per_L * 1e3 * drawn["concentration"]
    values = evaluate_each(uncertain, uncertain.draw_parameters(normals[SYSTEMATIC:].T), concentration)
    if not (values > 0.0).all():
        return None
    draws = sand_time(
        measured,
        concentration=concentration,
        transference=np.clip(electrolyte.transference_number + drawn["transference"], 1e-3, 0.999),
        diffusivity=values,
    )
    return None if draws is None else np.asarray(draws)
