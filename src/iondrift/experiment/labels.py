"""The results of one cell as one labelled dataset, as it is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from iondrift import variables
from iondrift.experiment.results import COMPARED_DRAWS, Bands, CellLedger, Measured

if TYPE_CHECKING:
    from iondrift.drift.smoothing.series import SmoothSeries


def label_results(
    measured: Measured,
    series: SmoothSeries | None,
    closures: Mapping[str, xr.Dataset],
    bands: Bands | None,
    ledger: CellLedger | None = None,
) -> xr.Dataset:
    """Return all of one cell: what was measured, every variable of the chosen closure, v of all, bands and budget.

    Parameters
    ----------
    measured
        One cell.
    series
        The fit of its profiles; None where splines did not smooth them.
    closures
        From :func:`iondrift.reconstruct_drift`, each closure that could be computed.
    bands
        Their uncertainty, where it was drawn.
    ledger
        Of the voltage, where there is one.
    """
    experiment = measured.experiment
    chosen = closures[experiment.reconstruction.closure]
    dataset = chosen.copy()
    coords = {"time": dataset.time, "x": dataset.x, "closure": np.array(list(closures), dtype=object)}
    for name, array in (
        ("concentration_measured", measured.concentration),
        ("voltage", measured.voltage),
        ("current_density", measured.current_density),
        ("electrode_storage", measured.electrode_storage),
        ("total_anions", measured.total_anions),
    ):
        if array is not None:
            dataset[name] = variables.dataarray(name, array.values, coords)
    stacked = np.stack([result.drift_velocity.values for result in closures.values()])
    dataset["drift_velocity_by_closure"] = variables.dataarray("drift_velocity_by_closure", stacked, coords)
    across = np.stack([result.voltage_across.values for result in closures.values()])
    dataset["voltage_across_by_closure"] = variables.dataarray("voltage_across_by_closure", across, coords)
    if ledger is not None:
        for part in ("voltage_part", "voltage_part_deviation", "voltage_offset", "wall_concentration"):
            dataset[part] = ledger.dataset[part]
        left = chosen.voltage_effective.values - closures[needed_by(closures)].voltage_across.values
        dataset["voltage_unaccounted"] = variables.dataarray("voltage_unaccounted", left, coords)
    if series is not None:
        pattern = np.outer(series.loading, series.value @ series.pattern[:, 0])
        # The reference divides the series: its noise multiplies.
        relative = dataset.concentration.values / (experiment.electrolyte.concentration_mol_per_L * 1e3)
        dataset["reference_noise"] = variables.dataarray("reference_noise", pattern * relative, coords)
    if bands is not None:
        for name, array in _of_bands(bands, experiment.reconstruction.closure).items():
            if "closure" in array.dims:
                array = array.reindex(closure=coords["closure"], copy=False)
            dataset[name] = array.drop_vars([c for c in array.coords if c not in array.dims])
        main = bands.by_closure.get(experiment.reconstruction.closure)
        if main is not None:
            kept = ("method", "samples", "seed", "uncertainties", "relative_monte_carlo_error")
            dataset.attrs |= {f"bands_{name}": main.attrs[name] for name in kept}
    dataset.attrs |= {
        "cell": experiment.cell.name,
        "closure": experiment.reconstruction.closure,
        "smoothing": experiment.reconstruction.smoothing,
        "temperature_K": experiment.electrolyte.temperature_K,
        "diffusivity": measured.diffusivity.describe(),
        "assumptions": "dilute solution; Nernst-Einstein mobility; one dimension; no convection",
    }
    return dataset


def needed_by(closures: Mapping[str, xr.Dataset]) -> str:
    """Return the closure that says how much voltage the profiles need: one that keeps to the current."""
    return next(name for name in ("current", "blocking") if name in closures)


def _of_bands(bands: Bands, chosen: str) -> Mapping[str, xr.DataArray]:
    """Return what of the bands belongs in the results: (quantile, ...) of the chosen closure, v of all, the budget."""
    result: dict[str, xr.DataArray] = {}
    main = bands.by_closure.get(chosen)
    if main is not None:
        for name, array in main.data_vars.items():
            result[f"{name}_band" if "quantile" in array.dims else str(name)] = array
    if bands.by_closure:
        names = xr.Variable("closure", np.array(list(bands.by_closure), dtype=object))
        velocities = [found.drift_velocity for found in bands.by_closure.values()]
        result["drift_velocity_band_by_closure"] = xr.concat(velocities, dim=names)
        for name in COMPARED_DRAWS:
            draws = [found[name] for found in bands.by_closure.values() if name in found]
            if len(draws) == names.size:
                result[f"{name}_by_closure"] = xr.concat(draws, dim=names)
    if bands.budget is not None:
        for name, array in bands.budget.data_vars.items():
            result[f"budget_{name}"] = array.rename({"closure": "budget_closure"}) if "closure" in array.dims else array
    return result
