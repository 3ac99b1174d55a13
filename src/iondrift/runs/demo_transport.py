"""The demonstration of the inverse model: what profiles and current say of D and t-, the truth beside every number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from rich.table import Table

from iondrift.experiment.results import UM_PER_H, Analysis
from iondrift.experiment.transport import fit_measured
from iondrift.report.console import layout
from iondrift.report.console.readings import shown
from iondrift.report.console.texts import banded, number
from iondrift.report.summary import transport as summaries
from iondrift.report.summary.readings import readings
from iondrift.transport.forward.simulation import DEFAULT_DIFFUSIVITY

if TYPE_CHECKING:
    from iondrift.experiment.transport import CellFit

_SCALE = 1e12  # um2/s


def transport_table(analysis: Analysis, truth: xr.Dataset) -> Table:
    """Return D and t- in closed form, and those of the inverse model with v and w, beside the truth.

    Parameters
    ----------
    analysis
        Of a simulated cell.
    truth
        As the simulator wrote it; x from the plating electrode.
    """
    t = float(truth.attrs["anion_transference"])
    D = 2.0 * (1.0 - t) * float(DEFAULT_DIFFUSIVITY(float(truth.attrs["initial_concentration"])))
    table = layout.columns("in closed form", "truth", "found")
    known = {"t-": t, "D of the salt": D * _SCALE, "D / t-^2": D / t**2 * _SCALE}
    for entry in readings(analysis.readings):
        true = known.get(entry["symbol"])
        value = "-" if true is None else f"{true:.3g}"
        table.add_row(f"{entry['symbol']}: {entry['name']}", value, shown(entry))
    fit = fit_measured(analysis.measured)
    forms = summaries.build(fit)["forms"]
    table.add_section()
    table.add_row("inverse model, D(c) of the form", "", "")
    for form, found in forms.items():
        for name, value, quantity in _compared(fit, found, truth, D, t):
            table.add_row(f"{form}: {name}", value, banded(quantity))
    return table


def _compared(
    fit: CellFit, found: Mapping[str, Any], truth: xr.Dataset, D: float, t: float
) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield name, truth and finding of every number of one form."""
    parameters = found["parameters"]
    yield "D(c0) of the salt, um2/s", f"{D * _SCALE:.3g}", parameters["salt_diffusion_coefficient"]
    yield "t-", f"{t:.3g}", parameters["anion_transference"]
    if "diffusivity_slope" in parameters:
        slope = float(np.log(DEFAULT_DIFFUSIVITY(1700.0) / DEFAULT_DIFFUSIVITY(1600.0))) / 100.0
        yield (
            "slope of ln D",
            f"{slope * fit.dataset.attrs['initial_concentration']:.3g}",
            parameters["diffusivity_slope"],
        )
    gap = fit.measured.calibration.plating_gap or 0.0
    x = gap + fit.dataset.x.values[[0, -1]]
    row = truth.isel(time=summaries.end_of(fit))
    for name, values in (("drift_velocity", row.drift_velocity), ("net_anion_velocity", row.flux / row.concentration)):
        if name in found:
            for end, place in zip(("x0", "xL"), x, strict=True):
                true = {"value": float(np.interp(place, truth.x.values, values.values)) * UM_PER_H}
                symbol = "v" if name == "drift_velocity" else "w"
                yield f"{symbol}({end}), um/h", number(true), found[name][end]
