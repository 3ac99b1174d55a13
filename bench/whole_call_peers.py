"""What a user would write instead of a public function: SciPy and NumPy, on the same small inputs.

Keys are jobs of ``tests/every_function.py``. Formulas of a line and what is NumPy itself have no peer.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.integrate import cumulative_trapezoid, solve_ivp
from scipy.interpolate import make_smoothing_spline
from scipy.optimize import curve_fit, nnls
from scipy.signal import find_peaks

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import every_function as public
import iondrift
from iondrift.reference.drift_bands import Cell, vectorised
from iondrift.reference.kramers_kronig import kramers_kronig
from iondrift.reference.nernst_planck import rates

Peer = tuple[str, Callable[[], object]]

THERMAL_VOLTAGE = 8.31446261815324 * public.TEMPERATURE / 96485.33212331001
LEVELS = np.array([0.025, 0.16, 0.5, 0.84, 0.975])


def velocity_of_splines() -> np.ndarray:
    """Smoothing splines by generalised cross-validation, in x and then in time, the rest by trapezoids."""
    c, voltage, _ = public.cell()
    t, x = c["time"].values, c["x"].values
    along_x = make_smoothing_spline(x, c.values, axis=1)(x)
    in_time = make_smoothing_spline(t, along_x, axis=0)
    c_smooth, rate = in_time(t), in_time.derivative()(t)
    gradient = make_smoothing_spline(x, c_smooth, axis=1).derivative()(x)
    integrated = -cumulative_trapezoid(rate, x, axis=1, initial=0.0)
    D = np.asarray(public.FORMS["exponential"](c_smooth))
    resistance, junction = 1.0 / (D * c_smooth), np.log(c_smooth[:, -1] / c_smooth[:, 0])
    flowing = np.trapezoid(resistance * integrated, x, axis=1)
    origin = (voltage.values / THERMAL_VOLTAGE - junction - flowing) / np.trapezoid(resistance, x, axis=1)
    return np.asarray((origin[:, None] + integrated + D * gradient) / c_smooth)


def monte_carlo(samples: int) -> Callable[[], object]:
    """Return the Monte Carlo of v in NumPy, arrays over all replicates, its fit made before."""
    from iondrift.drift.smoothing.penalised_splines import smooth
    from iondrift.drift.smoothing.spline_basis import cubic_quadrature

    c, voltage, _ = public.cell()
    law = public.FORMS["exponential"].parameters
    cell = Cell(
        series=smooth(c), weights=cubic_quadrature(c["x"].values), diffusivity=(law[4], law[5]),
        thermal_voltage=THERMAL_VOLTAGE, voltage=voltage.values,
    )  # fmt: skip
    return lambda: vectorised(cell, "voltage", samples, LEVELS)


def impedance() -> tuple[Callable[[], object], Callable[[], object]]:
    """Return distributions by SciPy's non-negative least squares at one lambda, once and of forty noisy copies."""
    spectra = public.spectra()
    omega = 2.0 * np.pi * spectra["frequency"].values
    tau = np.logspace(-6, 1, 71)
    kernel = 1.0 / (1.0 + 1j * omega[:, None] * tau)
    kernel = np.hstack([kernel, np.ones((omega.size, 1)), 1j * omega[:, None]])
    penalty = np.pad(0.05 * np.diff(np.eye(tau.size), 2, axis=0), [(0, 0), (0, 2)])
    system = np.vstack([kernel.real, kernel.imag, penalty])
    zeros = np.zeros(penalty.shape[0])

    def solve(z: np.ndarray) -> np.ndarray:
        return np.asarray(nnls(system, np.concatenate([z.real, z.imag, zeros]))[0])

    def copies() -> list[np.ndarray]:
        rng = np.random.default_rng(0)
        return [solve(z * (1.0 + 0.003 * rng.standard_normal(z.size))) for z in spectra.values for _ in range(40)]

    return lambda: [solve(z) for z in spectra.values], copies


def simulated() -> object:
    """Solve the same equations by SciPy's BDF, at a current of the size that the cell takes."""
    faces = np.linspace(0.0, 1e-3, 101)

    def rate(_: float, c: np.ndarray) -> np.ndarray:
        return rates(c, -0.5, lambda c: np.full_like(c, 1.3e-12), faces, 0.9)

    return solve_ivp(rate, (0.0, 6 * 500.0 + 600.0), np.full(100, 1666.0), method="BDF", rtol=1e-8)


def line() -> object:
    x, y = public.line()

    def model(x: np.ndarray, height: float, place: float, width: float, mixing: float, level: float) -> np.ndarray:
        u = (x - place) / width
        return height * (mixing / (1 + 4 * u**2) + (1 - mixing) * np.exp(-4 * np.log(2.0) * u**2)) + level

    return curve_fit(model, x, y, p0=(1.0, 246.0, 8.0, 0.2, 0.0))


def decay() -> object:
    gradients, signal = public.decay()
    b = iondrift.b_values(gradients, public.GAMMA, public.TIMING)
    return curve_fit(lambda b, s, D: s * np.exp(-D * b), b, signal, p0=(1.0, 1e-11))


def text_columns(path: Path, **options: object) -> Callable[[], object]:
    return lambda: np.genfromtxt(path, **options)


def peers() -> dict[str, Peer]:
    """Return the peers by job, with their names."""
    one, copies = impedance()
    spectra = public.spectra()
    ratios = np.random.default_rng(0).standard_normal((2, 2, 200))
    files = sorted((public.folder() / "profiles").glob("*.txt"))
    gamma = iondrift.drt(spectra).gamma.values
    omega = 2.0 * np.pi * spectra["frequency"].values
    D = ([800.0, 1200.0, 1700.0, 2100.0], [2e-12, 1.6e-12, 1.3e-12, 1e-12])
    return {
        "reconstruct_drift voltage": ("SciPy smoothing splines", velocity_of_splines),
        "drift_bands voltage": ("NumPy Monte Carlo of v, fit given", monte_carlo(200)),
        "error_budget": ("NumPy Monte Carlo of v, one run, fit given", monte_carlo(64)),
        "velocity_ratio": ("NumPy", lambda: ratios[0] / np.roll(ratios[1], 1, axis=1)),
        "simulate": ("SciPy BDF", simulated),
        "read_log": ("NumPy genfromtxt", text_columns(public.folder() / "log.txt", skip_header=1)),
        "read_profiles": ("NumPy genfromtxt", lambda: [np.genfromtxt(path, skip_header=10) for path in files]),
        "read_impedance": (
            "NumPy genfromtxt",
            text_columns(public.folder().parent / "spectrum.csv", delimiter=",", skip_header=1),
        ),
        "fit_lineshape": ("SciPy curve_fit", line),
        "fit_diffusion": ("SciPy curve_fit, one component", decay),
        "fit_diffusivity": ("NumPy polyfit", lambda: np.polyfit(D[0], np.log(D[1]), 1, cov=True)),
        "kramers_kronig": ("NumPy twin", lambda: [kramers_kronig(omega, z) for z in spectra.values]),
        "drt": ("SciPy nnls, one lambda", one),
        "drt_bands": ("SciPy nnls, one lambda, 40 copies", copies),
        "track_peaks": ("SciPy find_peaks", lambda: [find_peaks(row) for row in gamma]),
    }
