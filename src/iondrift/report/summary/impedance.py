"""Every headline number of an impedance series with its unit and band, for JSON and for the printed report."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import xarray as xr

from iondrift.report.series_axis import SeriesAxis
from iondrift.report.summary import masked_points, sweep_drift
from iondrift.report.summary.impedance_cautions import cautions
from iondrift.report.summary.quantities import Entry, finite, of_plain_text, quantity
from iondrift.version import __version__

Values = dict[str, np.ndarray[Any, Any]]  # of every variable, by name

RESISTANCES = {
    "ohmic": ("ohmic_resistance", "ohm", 1.0),
    "polarisation": ("polarisation_resistance", "ohm", 1.0),
    "windowed": ("windowed_resistance", "ohm", 1.0),
    "electrode": ("electrode_resistance", "ohm", 1.0),
    "area": ("area_resistance", "ohm cm2", 1e4),  # 1 ohm m2 = 1e4 ohm cm2
}
_CONVENTIONS = (
    "model", "series_terms", "constraint", "gamma_definition", "tau_definition", "penalty", "weighting", "order",
    "time_constants", "tau_first_s", "tau_last_s", "ln_tau_step", "regularization_chosen_by",
    "regularization_chosen_per", "solver",
)  # fmt: skip


@of_plain_text
def build(dataset: xr.Dataset, axis: SeriesAxis, *, title: str, warnings: Iterable[str] = ()) -> Entry:
    """Return the summary: nested dictionaries, lists, numbers and text.

    Parameters
    ----------
    dataset
        From :func:`iondrift.impedance.analysis.analyse`.
    axis
        What the series is shown against.
    title
        Name of the series.
    warnings
        Told while reading and computing; cautions about the numbers are added.
    """
    # Taken out of the dataset once: labelled look-ups for each of thousands of spectra would take a minute.
    values = {str(name): dataset[name].values for name in dataset.variables}
    return {
        "iondrift": __version__,
        "title": title,
        "inputs": _inputs(dataset, axis),
        "settings": _settings(dataset),
        "spectra": _spectra(values, axis),
        "regularization": _regularization(dataset),
        "peaks": [_peak(values, axis, k) for k in range(dataset.sizes["peak"])],
        "largest_residual_percent": finite(100.0 * np.nanmax(_larger_part(values["relative_residual"]))),
        "largest_kkt_residual": finite(values["kkt_residual"].max()),
        "warnings": [*dict.fromkeys([*warnings, *cautions(dataset)])],
    }


def _inputs(dataset: xr.Dataset, axis: SeriesAxis) -> Entry:
    frequency, attrs = dataset["frequency"].values, dataset.attrs
    bias = dataset["bias_voltage"].values
    time = dataset["time"].values
    return {
        "files": len(dict.fromkeys(map(str, dataset["source"].values))),
        "spectra": dataset.sizes["spectrum"],
        "frequencies": frequency.size,
        "lowest_frequency": quantity(frequency.min(), "Hz"),
        "highest_frequency": quantity(frequency.max(), "Hz"),
        "first": str(dataset["source"].values[0]),
        "last": str(dataset["source"].values[-1]),
        "started": attrs.get("started"),
        "time_span": quantity(np.ptp(time) if np.isfinite(time).all() else np.nan, "s"),
        "lowest_bias": quantity(bias.min(), "V"),
        "highest_bias": quantity(bias.max(), "V"),
        "shown_along": axis.label,  # what "place" of a spectrum is
        "masked": masked_points.facts(dataset["used"].values, frequency),
        "notes": list(attrs.get("notes", ())),
        "cautions": list(attrs.get("cautions", ())),
        "skipped_files": list(attrs.get("skipped_files", ())),
    }


def _settings(dataset: xr.Dataset) -> Entry:
    attrs = dataset.attrs
    first, last = attrs["window_s"]
    settings: Entry = {name: attrs[name] for name in _CONVENTIONS}
    settings |= {
        "window": [quantity(first, "s"), quantity(last, "s")],
        "electrodes": attrs["electrodes"],
        "area": quantity(attrs["area_m2"] * 1e4, "cm2") if "area_m2" in attrs else None,
        "largest_jump_decades": attrs["largest_jump_decades"],
        "kramers_kronig": {
            name: attrs[f"kk_{name}"] for name in ("method", "fit", "mu_limit", "limit", "series_terms", "weighting")
        },
        "sweep_drift": sweep_drift.settings(dataset),
        "bands": None,
    }
    if "band_method" in attrs:
        kept = ("method", "samples", "seed", "level", "noise_from", "coverage")
        settings["bands"] = {"meaning": attrs["band"], **{name: attrs[f"band_{name}"] for name in kept}}
    return settings


def _spectra(values: Values, axis: SeriesAxis) -> list[Entry]:
    used, frequency = values["used"].astype(bool), values["frequency"]
    stopped, judged, misfit = (
        np.where(used, _larger_part(values[name]), -np.inf)
        for name in ("kk_residual", "kk_judged_residual", "relative_residual")
    )
    return [
        {
            "source": axis.sources[s],
            "place": axis.text(s),
            "time": quantity(values["time"][s], "s"),
            "bias_voltage": quantity(values["bias_voltage"][s], "V"),
            "points": int(used[s].sum()),
            "kramers_kronig": {
                "elements": int(values["kk_elements"][s]),
                "mu": finite(values["kk_mu"][s]),
                "residual_at_elements_percent": finite(100.0 * stopped[s].max()),
                "judged_elements": int(values["kk_judged_elements"][s]),
                "worst_residual_percent": finite(100.0 * values["kk_worst"][s]),
                "worst_at": quantity(frequency[judged[s].argmax()], "Hz"),
                "consistent": bool(values["kk_consistent"][s]),
            },
            "sweep": sweep_drift.of_spectrum(values, s),
            "represented": bool(values["represented"][s]),
            "misfit_percent": finite(100.0 * values["misfit"][s]),
            "kramers_kronig_floor_percent": finite(100.0 * values["kk_floor"][s]),
            "loop_at": quantity(values["loop_frequency"][s], "Hz"),
            "unmeasured_fraction": finite(values["unmeasured_fraction"][s]),
            "polarisation_resolved": bool(values["polarisation_resolved"][s]),
            "resistances": {
                name: quantity(values[variable][s] * factor, unit, edges=_band(values, variable, (s,), factor))
                for name, (variable, unit, factor) in RESISTANCES.items()
                if variable in values
            },
            "inductance": quantity(values["inductance"][s], "H", edges=_band(values, "inductance", (s,))),
            "capacitance": _capacitance(values, s),
            "residual_percent": finite(100.0 * misfit[s].max()),
            "lambda": finite(values["regularization"][s]),
            "effective_parameters": finite(values["effective_parameters"][s]),
        }
        for s in range(values["kk_worst"].size)
    ]


def _capacitance(values: Values, s: int) -> Entry | None:
    """Return 1 / (1/C) with its band, upside down; None where the model has no such term or it vanishes."""
    inverse = values["inverse_capacitance"][s]
    if not inverse > 0.0:
        return None
    edges = _band(values, "inverse_capacitance", (s,))
    turned = None if edges is None else [1.0 / edge if edge > 0.0 else np.inf for edge in reversed(edges)]
    return quantity(1.0 / inverse, "F", edges=turned)


def _band(values: Values, variable: str, at: tuple[int, ...], factor: float = 1.0) -> list[float] | None:
    edges = values.get(f"{variable}_band")
    if edges is None:
        return None
    for index in at:
        edges = edges[:, index]
    return [float(v) * factor for v in edges]


def _regularization(dataset: xr.Dataset) -> Entry:
    choices = {
        str(name): [finite(v) for v in dataset["criterion_choice"].sel(criterion=name).values]
        for name in dataset["criterion"].values
    }
    grid = dataset["regularization_value"].values
    return {
        "chosen_by": dataset.attrs["regularization_chosen_by"],
        "lambda": [finite(float(v)) for v in dataset["regularization"].values],
        "criteria": choices,
        "criteria_order": dataset.attrs["criteria_order"],
        "criteria_weighting": dataset.attrs["criteria_weighting"],
        "criteria_range": [float(grid.min()), float(grid.max())],
    }


def _peak(values: Values, axis: SeriesAxis, k: int) -> Entry:
    born, died = int(values["born"][k]), int(values["died"][k])
    rows = [
        {
            "spectrum": s + 1,
            "place": axis.text(s),
            "tau": quantity(values["peak_tau"][k, s], "s", edges=_band(values, "peak_tau", (k, s))),
            "resistance": quantity(
                values["peak_resistance"][k, s], "ohm", edges=_band(values, "peak_resistance", (k, s))
            ),
            "width_decades": finite(values["peak_width"][k, s]),
            "shift_decades": finite(values["peak_shift"][k, s]),
            "presence": finite(values["peak_presence"][k, s]) if "peak_presence" in values else None,
            "resolved": bool(values["peak_resolved"][k, s]) if "peak_resolved" in values else None,
        }
        for s in map(int, np.flatnonzero(np.isfinite(values["peak_tau"][k])))
    ]
    last = values["kk_worst"].size - 1
    return {
        "born": None if born == 0 else axis.text(born),
        "died": None if died == last else axis.text(died),
        "first_spectrum": born + 1,
        "last_spectrum": died + 1,
        "shift_decades": rows[-1]["shift_decades"],
        "shift_constant_voltage": _held(values, axis, k),
        "through_the_series": rows,
    }


def _held(values: Values, axis: SeriesAxis, k: int) -> Entry | None:
    """Return a peak's shift from its first to its last spectrum at constant voltage; None without two of them."""
    shifts = values.get("peak_shift_constant_voltage")
    spectra = np.flatnonzero(np.isfinite(shifts[k])) if shifts is not None else np.empty(0, np.int64)
    if shifts is None or spectra.size < 2:
        return None
    first, last = int(spectra[0]), int(spectra[-1])
    return {"decades": finite(shifts[k, last]), "first": axis.text(first), "last": axis.text(last)}


def _larger_part(values: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the larger of real and imaginary part, in magnitude."""
    return np.asarray(np.maximum(np.abs(values.real), np.abs(values.imag)))
