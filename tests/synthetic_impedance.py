"""A small analysed series of spectra to draw and to print, in closed form: no solver decides a digit of it."""

from __future__ import annotations

import numpy as np
import xarray as xr

from iondrift import variables
from iondrift.impedance.drt.bands import COVERAGE
from iondrift.impedance.drt.criteria import CRITERIA

SPECTRA, FREQUENCIES, TIME_CONSTANTS = 5, 31, 40
PEAKS = ((3e-4, 40.0, 0.0), (2e-2, 60.0, 0.48))  # tau s, R ohm, decades over the series
QUANTILES = (0.025, 0.5, 0.975)
BANDED = (
    "ohmic_resistance", "polarisation_resistance", "windowed_resistance", "electrode_resistance", "area_resistance",
    "inductance", "inverse_capacitance",
)  # fmt: skip


def analysed(
    spectra: int = SPECTRA, *, bands: bool = True, masked: bool = True, capacitive: bool = False
) -> xr.Dataset:
    """Return a dataset as iondrift.impedance.analysis.analyse does, for two arcs, the slow one slowing down.

    The second spectrum misses the Kramers-Kronig limit; the second arc is born with the second spectrum. The
    fourth has an inductive loop that the distribution does not represent.
    """
    number = np.arange(spectra)
    frequency, tau = np.logspace(0, 5, FREQUENCIES), np.logspace(-6, 0.5, TIME_CONSTANTS)
    share = np.linspace(0.0, 1.0, spectra)
    centre = np.array([np.log10(time) + drift * share for time, _, drift in PEAKS])  # (peak, spectrum)
    resistance = np.array([R + 4.0 * share for _, R, _ in PEAKS])
    alive = np.array([[k == 0 or spectra == 1 or s > 0 for s in number] for k in range(len(PEAKS))])
    omega = 2.0 * np.pi * frequency
    arcs = resistance[..., None] / (1.0 + (1j * omega * 10.0 ** centre[..., None]) ** 0.95)
    fit = 4.0 + 0.4 * share[:, None] + (arcs * alive[..., None]).sum(axis=0)
    relative = (1e-3 * np.sin(7.0 * np.log(frequency) + number[:, None])) * (1.0 + 0.5j)
    used = np.full(fit.shape, True)
    if masked:
        used[:, 10] = False
        used[-1, 20:22] = False
    shape = np.exp(-(((np.log10(tau) - centre[..., None]) / 0.2) ** 2)) / (0.2 * np.sqrt(np.pi) * np.log(10.0))
    gamma = (shape * (resistance * alive)[..., None]).sum(axis=0)
    total = (resistance * alive).sum(axis=0)
    judged = np.where(used, 4.0 * relative, 0.4 + 0.2j)  # what is masked is far off
    judged[spectra // 4, 3] = 0.045
    misfit = np.where(used, relative, np.nan)
    tracks = np.where(alive, 10.0**centre, np.nan)
    values = {
        "impedance": fit * (1.0 + np.where(used, relative, 0.4)), "impedance_fit": fit, "relative_residual": misfit,
        "kk_residual": 2.0 * judged, "kk_judged_residual": judged, "gamma": gamma,
        "gamma_normalised": gamma / total[:, None],
        "kk_elements": 5 + number % 9, "kk_judged_elements": 7 + number % 9, "kk_mu": 0.84 - 0.01 * (number % 7),
        "kk_worst": np.where(used, np.maximum(abs(judged.real), abs(judged.imag)), 0.0).max(axis=1),
        "kk_noise": np.full(spectra, 1.2e-3), "ohmic_resistance": 4.0 + 0.4 * share,
        "polarisation_resistance": total, "windowed_resistance": 0.97 * total, "electrode_resistance": 0.485 * total,
        "area_resistance": 0.485 * total * 5e-5, "inductance": np.full(spectra, 2e-7),
        "inverse_capacitance": np.full(spectra, 1e4 if capacitive else 0.0),
        "unmeasured_fraction": np.where(number == 1, 0.15, 0.02), "polarisation_resolved": number != 1,
        "misfit": np.where(number == 3, 2e-2, 1.1e-3), "kk_floor": np.full(spectra, 1.2e-3),
        "low_frequency_loop": np.where(number == 3, 0.04, 0.0), "represented": number != 3,
        "loop_frequency": np.where(number == 3, 1.5, np.nan),
        "regularization": np.full(spectra, np.nan), "effective_parameters": 9.0 + number % 3,
        "kkt_residual": np.full(spectra, 3e-15), "duality_gap": np.full(spectra, 2e-15),
        "iterations": np.full(spectra, 12), "noise": np.full(fit.shape, 0.1),
        "peak_tau": tracks, "peak_resistance": np.where(alive, resistance, np.nan),
        "peak_width": np.where(alive, 0.33, np.nan), "peak_height": np.where(alive, resistance, np.nan),
        "peak_shift": np.where(alive, centre - np.where(alive, centre, np.inf).min(axis=1, keepdims=True), np.nan),
    }  # fmt: skip
    coords = {"frequency": frequency, "tau": tau, "peak": np.arange(len(PEAKS)), "quantile": np.array(QUANTILES)}
    result = xr.Dataset({name: variables.dataarray(name, value, coords) for name, value in values.items()})
    result["used"] = (("spectrum", "frequency"), used)
    result["kk_consistent"] = (("spectrum",), values["kk_worst"] <= 0.03)
    result["born"] = (("peak",), [int(row.argmax()) for row in alive])
    result["died"] = (("peak",), [spectra - 1] * len(PEAKS))
    result["criterion_choice"] = (
        ("criterion", "spectrum"), [[0.04 * 2.0**k * 1.1 ** (s % 5) for s in number] for k in range(len(CRITERIA))],
    )  # fmt: skip
    result = result.assign_coords(
        criterion=list(CRITERIA), regularization_value=np.geomspace(1e-4, 10.0, 26),
        time=("spectrum", 1800.0 * number), duration=("spectrum", np.full(spectra, 60.0)),
        bias_voltage=("spectrum", np.full(spectra, 1.5)), bias_current=("spectrum", np.full(spectra, np.nan)),
        source=("spectrum", [f"cell_{s}.ism" for s in number]), sweep=("spectrum", np.ones(spectra, int)),
    )  # fmt: skip
    if bands:
        presence = np.where(alive, 0.99 - 0.02 * np.minimum(number, 9), np.nan)
        result["peak_presence"] = variables.dataarray("peak_presence", presence, coords)
        result["peak_resolved"] = variables.dataarray("peak_resolved", presence > 0.92, coords)
        for name, spread in [
            *((name, 0.05) for name in BANDED),
            ("gamma", 0.2),
            ("peak_tau", 0.1),
            ("peak_resistance", 0.04),
        ]:
            edges = np.array([1.0 - spread, 1.0, 1.0 + 1.2 * spread])
            value = result[name].values
            result[f"{name}_band"] = (("quantile", *result[name].dims), edges.reshape(-1, *[1] * value.ndim) * value)
    result.attrs = _attributes(bands=bands, capacitive=capacitive)
    return result


def _attributes(*, bands: bool, capacitive: bool) -> dict[str, object]:
    found: dict[str, object] = {
        "notes": ("cell_0.ism: 3 direct-current row(s) without frequency are left out",), "cautions": (),
        "skipped_files": ("notes.pdf",), "started": "2024-10-25T21:09:58",
        "kk_method": "linear Kramers-Kronig", "kk_fit": "complex", "kk_mu_limit": 0.85, "kk_limit": 0.03,
        "kk_series_terms": "ohmic, inductive", "kk_weighting": "1 / |Z|",
        "model": "Z = terms + sum R_k / (1 + j omega tau_k)",
        "series_terms": "ohmic, inductive" + (", capacitive" if capacitive else ""), "constraint": "x >= 0",
        "gamma_definition": "gamma(ln tau) = R_k / dln tau", "tau_definition": "tau = 1 / (2 pi f)",
        "penalty": "sum a_k (difference of order 2 of ln R)_k^2, a_k inferred (Student, 1 degree)",
        "weighting": "rms |Z| / |Z|", "order": 2, "time_constants": TIME_CONSTANTS, "tau_first_s": 1e-6,
        "tau_last_s": 10.0**0.5, "ln_tau_step": 6.5 * np.log(10.0) / (TIME_CONSTANTS - 1),
        "regularization_chosen_by": "hierarchical", "regularization_chosen_per": "spectrum", "solver": "compiled",
        "window_s": (1e-5, 0.1), "electrodes": 2, "area_m2": 5e-5, "largest_jump_decades": 0.6,
        "criteria_order": 1, "criteria_weighting": "rms |Z| / |Z|",
    }  # fmt: skip
    if bands:
        found |= {
            "band": "two log-smooth priors mixed, roughness and noise inferred", "band_method": "calibrated",
            "band_samples": 1000, "band_seed": 0, "band_level": 0.95, "band_noise_from": "inferred",
            "band_coverage": COVERAGE["calibrated"],
        }  # fmt: skip
    return found
