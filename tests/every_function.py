"""Every public function on small inputs: digests of all that it returns, from a process of its own.

    python tests/every_function.py NAME ... > digests.json

Each line is a job and its digests, ``{"name": ..., "digests": {array: sha256}}``, in the order asked for.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

import iondrift
import topspin_sets
from cells import INTERVAL, RESTING, write_cell
from iondrift.runs.topspin_diffusion import write_bipolar
from iondrift.transport.diffusivity import Diffusivity

TEMPERATURE = 313.15
FORMS = {
    "polynomial": Diffusivity.polynomial([-2e-16, 1.65e-12], relative_uncertainty=0.05),
    "exponential": Diffusivity.exponential(1.315e-12, 0.675, 1666.0, relative_uncertainty=0.05),
    "table": Diffusivity.table(
        [300.0, 1300.0, 1700.0, 3100.0], [1.6e-12, 1.4e-12, 1.3e-12, 1.1e-12], relative_uncertainty=0.05
    ),
}
SOLUTION = iondrift.ConcentratedSolution(
    salt_diffusivity=iondrift.ElectrolyteProperty.polynomial([-4e-16, 3.2e-12]),
    transference_number=iondrift.ElectrolyteProperty.constant(0.7),
    thermodynamic_factor=iondrift.ElectrolyteProperty.polynomial([0.2, 0.8], argument="molality"),
    conductivity=iondrift.ElectrolyteProperty.table([300.0, 1700.0, 3100.0], [0.02, 0.06, 0.05]),
    source="made up",
)
GAMMA, TIMING = 2.5181e8, iondrift.GradientTiming(sequence="ste", pulse=1e-3, diffusion_time=0.1)
MEASURED: dict[str, Any] = {"temperature": TEMPERATURE, "transference_number": 0.9}


@cache
def cell() -> tuple[xr.DataArray, xr.DataArray, xr.DataArray]:
    """Return concentrations, voltage and current density of a layer that grows, in closed form, with noise."""
    time, x = np.linspace(200.0, 26000.0, 24), np.linspace(0.0, 1e-3, 20)
    grown = ((time / 26000.0) ** 1.5)[:, None]
    c = 1666.0 * (1.0 - 0.35 * grown * np.exp(-x / 1.2e-4) + 0.12 * grown * np.exp((x - x[-1]) / 1.5e-4))
    c += 8.0 * np.random.default_rng(0).standard_normal(c.shape)
    coords = {"time": time, "x": x}
    return (
        xr.DataArray(c, coords, ("time", "x")),
        xr.DataArray(0.2 + grown[:, 0], {"time": time}, ("time",)),
        xr.DataArray(-0.3 - 0.1 * grown[:, 0], {"time": time}, ("time",)),
    )


@cache
def spectra() -> xr.DataArray:
    """Return five noisy spectra of two arcs, the slow one slowing down."""
    frequency, share = np.logspace(5, 0, 26), np.linspace(0.0, 1.0, 5)[:, None]
    omega = 2j * np.pi * frequency
    z = 4.0 + 40.0 / (1.0 + (omega * 3e-4) ** 0.9) + (60.0 + 4.0 * share) / (1.0 + (omega * 2e-2 * 3.0**share) ** 0.95)
    draws = np.random.default_rng(1).standard_normal((2, *z.shape))
    z = z * (1.0 + 0.003 * (draws[0] + 1j * draws[1]))
    return xr.DataArray(z, {"frequency": frequency}, ("spectrum", "frequency"), attrs={"units": "ohm"})


@cache
def folder() -> Path:
    """Return a folder with a complete cell, removed when the process ends."""
    kept = tempfile.TemporaryDirectory()
    folder.kept = kept  # type: ignore[attr-defined]
    write_cell(Path(kept.name) / "cell")
    np.savetxt(
        Path(kept.name) / "spectrum.csv",
        np.column_stack([spectra().frequency, spectra()[0].values.real, spectra()[0].values.imag]),
        header="frequency/Hz,Re(Z)/Ohm,Im(Z)/Ohm", delimiter=",", comments="",
    )  # fmt: skip
    return Path(kept.name) / "cell"


def line() -> tuple[np.ndarray, np.ndarray]:
    """Return chemical shifts, ppm, and a spectrum with one noisy line."""
    shift = np.linspace(220.0, 270.0, 201)
    spectrum = np.exp(-4.0 * np.log(2.0) * ((shift - 245.0) / 10.0) ** 2)
    return shift, spectrum + 0.01 * np.random.default_rng(4).standard_normal(shift.size)


@cache
def decay() -> tuple[np.ndarray, np.ndarray]:
    """Return gradients (T/m) and the signal of two components that they leave."""
    gradients = np.linspace(0.05, 3.0, 24)
    b = iondrift.b_values(gradients, GAMMA, TIMING)
    signal = 0.7 * np.exp(-2e-11 * b) + 0.3 * np.exp(-2e-12 * b)
    return gradients, signal + 1e-3 * np.random.default_rng(2).standard_normal(b.size)


@cache
def topspin() -> Path:
    """Return a diffusion experiment as TopSpin leaves it."""
    write_bipolar(
        folder().parent / "1", acquired=topspin_sets.acquired(), diffusivity=1.3e-11, ramp=np.linspace(0.05, 1.0, 12),
        noise=1e-4, seed=0, pulse=4e-3, diffusion_time=1.0,
    )  # fmt: skip
    return folder().parent / "1"


def log() -> xr.Dataset:
    found = iondrift.read_log(folder() / "log.txt", current_density_column=3)
    return found.assign_coords(time=found.time - found.time[0])


def profiles() -> xr.Dataset:
    return iondrift.read_profiles(str(folder() / "profiles" / "*.txt"))


def averaged() -> xr.Dataset:
    return iondrift.average_over_windows(log(), *iondrift.profile_windows(16, interval=INTERVAL, duration=450.0))


def drift(closure: str, form: str, **options: Any) -> xr.Dataset:
    c, voltage, current = cell()
    return iondrift.reconstruct_drift(
        c, voltage, FORMS[form], closure=closure, current_density=current, **MEASURED, **options
    )


def bands(closure: str, form: str, **options: Any) -> xr.Dataset:
    c, voltage, current = cell()
    return iondrift.drift_bands(
        c, voltage, FORMS[form], closure=closure, current_density=current, samples=200, **MEASURED, **options
    )


def gradients() -> tuple[np.ndarray, np.ndarray]:
    slope = np.gradient(cell()[0].values, cell()[0].x.values, axis=1)
    return -8e-13 * slope + 1e-6, slope


def transport(**options: Any) -> xr.Dataset:
    c, _, current = cell()
    given = {"duration": 900.0, "gaps": (8e-5, 8e-5), "concentration": 1666.0, "draws": 20} | options
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", iondrift.errors.IondriftWarning)
        return iondrift.fit_transport(c, current, **given)


JOBS: dict[str, Callable[[], Any]] = {
    "Diffusivity": lambda: [form.draw_parameters(np.linspace(-1.0, 1.0, 6).reshape(2, 3)[:, : form.n_random])
                            for form in FORMS.values()],
    "ambipolar_diffusivity": lambda: iondrift.ambipolar_diffusivity(1.3e-12, 1.4e-13),
    "mobility": lambda: iondrift.mobility(1.3e-12, TEMPERATURE),
    "sand_time": lambda: iondrift.sand_time(
        current_density=1.0, concentration=1666.0, anion_transference=0.9, ambipolar_diffusivity=2.6e-13
    ),
    "simulate": lambda: iondrift.simulate("li-li", noise=0.02, profiles=6, open_circuit_before=600.0),
    "simulate by table": lambda: iondrift.simulate(
        "li-nmc622", diffusivity=FORMS["table"], profiles=4, open_circuit_before=600.0
    ),
    "read_log": log,
    "read_profiles": profiles,
    "profile_windows": lambda: iondrift.profile_windows(16, interval=500.0, duration=450.0),
    "average_over_windows": averaged,
    "segment_protocol": lambda: iondrift.segment_protocol(log()),
    "load": lambda: iondrift.load(folder() / "cell.toml").model_dump(mode="json"),
    "calibrate": lambda: iondrift.calibrate(
        profiles(), time=averaged().time, field_of_view=4e-3, concentration=1666.0, reference=range(RESTING)
    ),
    "published": lambda: iondrift.published.reduce(profiles().intensity, log().voltage, count=16, reverse=False),
    "estimate_noise": lambda: iondrift.estimate_noise(cell()[0]),
    "reconstruct_drift voltage": lambda: drift("voltage", "exponential"),
    "reconstruct_drift reference": lambda: drift("blocking", "table", reference_profiles=4, reference_index=0),
    "reconstruct_drift current": lambda: drift("current", "polynomial", breaks=[9000.0]),
    "reconstruct_drift concentrated": lambda: drift("concentrated", "exponential", solution=SOLUTION),
    "reconstruct_drift differences": lambda: drift("voltage", "polynomial", smoothing="none"),
    "reconstruct_drift cubics": lambda: drift("blocking", "exponential", smoothing="polynomial"),
    "drift_bands voltage": lambda: bands("voltage", "exponential"),
    "drift_bands blocking": lambda: bands("blocking", "table", method="perturb"),
    "drift_bands current": lambda: bands("current", "polynomial", reference_profiles=4, reference_index=0),
    "drift_bands concentrated": lambda: bands("concentrated", "exponential", solution=SOLUTION),
    "ConcentratedSolution": lambda: [
        SOLUTION.transport(cell()[0].values, 0.0, -1.0, TEMPERATURE), SOLUTION.newman_number(900.0, TEMPERATURE),
        SOLUTION.lithium_voltage(cell()[0].x.values, cell()[0].values[-1], -1.0, TEMPERATURE),
    ],
    "ElectrolyteProperty": lambda: SOLUTION.thermodynamic_factor(cell()[0].values[-1]),
    "voltage_ledger": lambda: iondrift.voltage_ledger(
        iondrift.DriftInputs.of(*cell()[:2], FORMS["exponential"], current_density=cell()[2], **MEASURED),
        iondrift.VoltageCauses(interphase_resistance=1.0, plating_gap=9e-5, counter_gap=8e-5),
    ),
    "frames": lambda: iondrift.frames(cell()[0].x.values, *[cell()[0].values] * 4),
    "voltage_frame": lambda: iondrift.voltage_frame(cell()[0].x.values, *[cell()[0].values] * 4),
    "geometric_velocity": lambda: iondrift.geometric_velocity(cell()[2].values),
    "agreeing_transference": lambda: iondrift.agreeing_transference(*[cell()[0].values] * 3, cell()[2].values),
    "velocity_ratio": lambda: iondrift.velocity_ratio(bands("voltage", "exponential"), bands("current", "exponential")),
    "error_budget": lambda: iondrift.error_budget(
        *cell()[:2], FORMS["exponential"], current_density=cell()[2], samples=64, **MEASURED
    ),
    "Conductivity": lambda: iondrift.Conductivity(conductivity=0.05, temperature=TEMPERATURE),
    "fit_transport": lambda: transport(storage=None),
    "fit_transport by conductivity": lambda: transport(
        forms=("exponential", "log-parabola"), sink=True, electrode_roughness=2e-5, fitted=18,
        anion_diffusivity=iondrift.Conductivity(conductivity=0.05, temperature=TEMPERATURE),
    ),
    "passed_charge": lambda: iondrift.passed_charge(cell()[2].time, cell()[2], cell()[2].time),
    "semi_integral": lambda: iondrift.semi_integral(cell()[2].time, cell()[2], cell()[2].time),
    "depletion_ratio": lambda: iondrift.depletion_ratio(83.0, 1666.0),
    "arcsine_current": lambda: iondrift.arcsine_current(
        np.geomspace(1e4, 9e4, 9), current_density=-1.0, transition=9e3
    ),
    "hittorf_transference": lambda: iondrift.hittorf_transference(cell()[0].sum("x"), cell()[0].time),
    "flux_regression": lambda: iondrift.flux_regression(*gradients(), cell()[2]),
    "b_values": lambda: iondrift.b_values(decay()[0], GAMMA, TIMING),
    "fit_diffusion": lambda: iondrift.fit_diffusion(decay()[1], iondrift.b_values(decay()[0], GAMMA, TIMING)),
    "fit_diffusivity": lambda: iondrift.fit_diffusivity(
        [800.0, 1200.0, 1700.0, 2100.0], [2e-12, 1.6e-12, 1.3e-12, 1e-12], [2e-14] * 4
    ),
    "fit_lineshape": lambda: iondrift.fit_lineshape(*line(), iondrift.LineOptions(lines=1, shape="pseudo-voigt")),
    "measure_diffusion": lambda: iondrift.measure_diffusion(topspin()),
    "published_cubic": lambda: iondrift.published_cubic().parameters,
    "read_impedance": lambda: iondrift.read_impedance(folder().parent / "spectrum.csv"),
    "mask_points": lambda: iondrift.mask_points(spectra(), [63.096]),
    "kramers_kronig": lambda: iondrift.kramers_kronig(spectra()),
    "kramers_kronig real": lambda: iondrift.kramers_kronig(spectra(), fit="real", capacitance=True),
    "kramers_kronig imaginary": lambda: iondrift.kramers_kronig(spectra(), fit="imaginary"),
    "sweep_drift": lambda: iondrift.sweep_drift(spectra().assign_coords(time=("spectrum", 60.0 * np.arange(5)))),
    "drt": lambda: iondrift.drt(spectra()),
    "drt at one lambda": lambda: iondrift.drt(spectra(), regularization=0.05, capacitive=True),
    "drt by criterion": lambda: iondrift.drt(spectra(), regularization="marginal_likelihood", per="series"),
    "drt by re_im": lambda: iondrift.drt(spectra()[:2], regularization="re_im"),
    "drt_bands": lambda: iondrift.drt_bands(spectra(), samples=40),
    "drt_bands noise": lambda: iondrift.drt_bands(spectra(), samples=40, method="noise"),
    "drt_bands prior": lambda: iondrift.drt_bands(spectra(), samples=40, method="prior", noise="kramers_kronig"),
    "track_peaks": lambda: iondrift.track_peaks(iondrift.drt(spectra())),
    "known_resistance": lambda: iondrift.drt(
        spectra()[:2], regularization=0.05, solver="cvxpy", constraints=[iondrift.known_resistance(100.0)]
    ),
    "confined": lambda: iondrift.drt(
        spectra()[:2], regularization=0.05, solver="cvxpy", constraints=[iondrift.confined((1e-4, 1e-1))]
    ),
}  # fmt: skip


def arrays(value: Any, name: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """Walk through all numbers and texts of a result."""
    if isinstance(value, xr.Dataset):
        value = {**value.variables, **value.attrs}
    elif isinstance(value, (xr.DataArray, xr.Variable)):
        value = {"": value.values, **{key: value[key].values for key in getattr(value, "coords", ())}, **value.attrs}
    elif is_dataclass(value) and not isinstance(value, type):
        value = {entry.name: getattr(value, entry.name) for entry in fields(value)}
    elif isinstance(value, (list, tuple)):
        value = dict(enumerate(value))
    if isinstance(value, Mapping):
        for key, part in value.items():
            if key == "seconds":  # how long it took
                continue
            yield from arrays(part, f"{name}.{key}" if key != "" else name)
    else:
        yield name, np.asarray(value)


def digest(array: np.ndarray) -> str:
    """Return a digest of type, shape and bits; every NaN counts as the same."""
    if array.dtype == object or array.dtype.kind in "US":
        content = repr(array.tolist()).replace(str(folder().parent), "").encode()
    else:
        content = (np.where(np.isnan(array), np.nan, array) if array.dtype.kind in "fc" else array).tobytes()
    return hashlib.sha256(f"{array.dtype.kind}{array.shape}".encode() + content).hexdigest()[:16]


def main(names: list[str]) -> None:
    for name in names:
        digests = {place: digest(array) for place, array in arrays(JOBS[name]())}
        print(json.dumps({"name": name, "digests": digests}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or list(JOBS))
