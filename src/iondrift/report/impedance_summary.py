"""Every headline number of an impedance series with its unit and band, for JSON and for the printed report."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import xarray as xr

from iondrift import __version__
from iondrift.report.series_axis import SeriesAxis

Entry = dict[str, Any]

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


def build(dataset: xr.Dataset, axis: SeriesAxis, *, title: str, warnings: Iterable[str] = ()) -> Entry:
    """Return the summary: nested dictionaries, lists, numbers and text.

    Parameters
    ----------
    dataset
        From :func:`iondrift.impedance_analysis.analyse`.
    axis
        What the series is shown against.
    title
        Name of the series.
    warnings
        Told while reading and computing; cautions about the numbers are added.
    """
    spectra = range(dataset.sizes["spectrum"])
    return {
        "iondrift": __version__,
        "title": title,
        "inputs": _inputs(dataset, axis),
        "settings": _settings(dataset),
        "spectra": [_spectrum(dataset, axis, s) for s in spectra],
        "regularization": _regularization(dataset),
        "peaks": [_peak(dataset, axis, k) for k in range(dataset.sizes["peak"])],
        "largest_residual_percent": 100.0 * _largest_part(dataset["relative_residual"].values),
        "largest_kkt_residual": float(dataset["kkt_residual"].max()),
        "warnings": [*dict.fromkeys([*warnings, *_cautions(dataset)])],
    }


def quantity(value: float, unit: str, band: Iterable[float] | None = None) -> Entry:
    """Return value and unit, and the edges of the 95 % band where there is one; what does not exist is null."""
    entry: Entry = {"value": _number(value), "unit": unit}
    if band is not None:
        low, _, high = band
        entry["band_95"] = [_number(low), _number(high)]
    return entry


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


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
        "bands": None,
    }
    if "band_method" in attrs:
        kept = ("method", "samples", "seed", "level", "noise_from", "coverage")
        settings["bands"] = {"meaning": attrs["band"], **{name: attrs[f"band_{name}"] for name in kept}}
    return settings


def _spectrum(dataset: xr.Dataset, axis: SeriesAxis, s: int) -> Entry:
    one = dataset.isel(spectrum=s)
    resistances = {
        name: quantity(float(one[variable]) * factor, unit, _band(one, variable, factor))
        for name, (variable, unit, factor) in RESISTANCES.items()
        if variable in dataset
    }
    return {
        "source": axis.sources[s],
        "place": axis.text(s),
        "time": quantity(float(one["time"]), "s"),
        "bias_voltage": quantity(float(one["bias_voltage"]), "V"),
        "kramers_kronig": {
            "elements": int(one["kk_elements"]),
            "mu": _number(float(one["kk_mu"])),
            "residual_at_elements_percent": 100.0 * _largest_part(one["kk_residual"].values),
            "judged_elements": int(one["kk_judged_elements"]),
            "worst_residual_percent": 100.0 * float(one["kk_worst"]),
            "consistent": bool(one["kk_consistent"]),
        },
        "resistances": resistances,
        "inductance": quantity(float(one["inductance"]), "H", _band(one, "inductance")),
        "residual_percent": 100.0 * _largest_part(one["relative_residual"].values),
        "lambda": _number(float(one["regularization"])),
        "effective_parameters": float(one["effective_parameters"]),
    }


def _band(dataset: xr.Dataset, variable: str, factor: float = 1.0) -> Iterable[float] | None:
    name = f"{variable}_band"
    return [float(v) * factor for v in dataset[name].values] if name in dataset else None


def _regularization(dataset: xr.Dataset) -> Entry:
    choices = {
        str(name): [float(v) for v in dataset["criterion_choice"].sel(criterion=name).values]
        for name in dataset["criterion"].values
    }
    grid = dataset["regularization_value"].values
    return {
        "chosen_by": dataset.attrs["regularization_chosen_by"],
        "lambda": [_number(float(v)) for v in dataset["regularization"].values],
        "criteria": choices,
        "criteria_order": dataset.attrs["criteria_order"],
        "criteria_weighting": dataset.attrs["criteria_weighting"],
        "criteria_range": [float(grid.min()), float(grid.max())],
    }


def _peak(dataset: xr.Dataset, axis: SeriesAxis, k: int) -> Entry:
    one = dataset.isel(peak=k)
    born, died = int(one["born"]), int(one["died"])
    rows = []
    for s in np.flatnonzero(np.isfinite(one["peak_tau"].values)):
        here = one.isel(spectrum=s)
        rows.append(
            {
                "spectrum": int(s) + 1,
                "place": axis.text(int(s)),
                "tau": quantity(float(here["peak_tau"]), "s", _band(here, "peak_tau")),
                "resistance": quantity(float(here["peak_resistance"]), "ohm", _band(here, "peak_resistance")),
                "width_decades": _number(float(here["peak_width"])),
                "shift_decades": float(here["peak_shift"]),
            }
        )
    last = dataset.sizes["spectrum"] - 1
    return {
        "born": None if born == 0 else axis.text(born),
        "died": None if died == last else axis.text(died),
        "first_spectrum": born + 1,
        "last_spectrum": died + 1,
        "shift_decades": rows[-1]["shift_decades"],
        "through_the_series": rows,
    }


def _cautions(dataset: xr.Dataset) -> list[str]:
    """Return what the numbers lean on."""
    cautions = []
    omega = 2.0 * np.pi * dataset["frequency"].values
    fastest, slowest = 1.0 / float(omega.max()), 1.0 / float(omega.min())
    first, last = dataset.attrs["window_s"]
    if first < 0.99 * fastest or last > 1.01 * slowest:
        cautions.append(
            f"the window {first:g} to {last:g} s reaches beyond the time constants that were measured, "
            f"{fastest:.2g} to {slowest:.2g} s; what it counts there is extrapolated; choose another window"
        )
    outside = dataset["windowed_resistance"].values < 0.05 * dataset["polarisation_resistance"].values
    if outside.any():
        cautions.append(
            f"in {int(outside.sum())} of {outside.size} spectra the window holds under 5 % of the polarisation "
            "resistance: it does not frame the process, choose another window"
        )
    failed = ~dataset["kk_consistent"].values.astype(bool)
    if failed.any():
        cautions.append(
            f"{int(failed.sum())} of {failed.size} spectra miss the Kramers-Kronig limit of "
            f"{100.0 * dataset.attrs['kk_limit']:g} %: drift, nonlinearity, artefacts, or a blocking electrode "
            "without its series capacitance; their distribution is doubtful"
        )
    tau = dataset["tau"].values
    beyond = (tau < fastest) | (tau > slowest)
    held = (dataset["gamma"].values[:, beyond].sum(axis=1) * dataset.attrs["ln_tau_step"]) / np.maximum(
        dataset["polarisation_resistance"].values, 1e-300
    )
    if (held > 0.1).any():
        cautions.append(
            f"in {int((held > 0.1).sum())} of {held.size} spectra over 10 % of the polarisation resistance lies beyond "
            "the measured time constants: total and ohmic resistance depend on the model there"
        )
    return cautions


def _largest_part(values: np.ndarray[Any, Any]) -> float:
    """Return the largest real or imaginary part."""
    return float(np.nanmax(np.maximum(np.abs(values.real), np.abs(values.imag))))
