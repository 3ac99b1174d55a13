"""Closed-form concentrations c(x, t) with drift velocities by quadrature: the truth for estimators.

``c = c0 (1 + sum_i a_i(t) f_i(x))`` with the derivative of a_i, and derivative and antiderivative of f_i, known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.special import erf, erfc

from iondrift import Diffusivity

TEMPERATURE = 313.15
THERMAL_VOLTAGE = 8.31446261815324 * TEMPERATURE / 96485.33212331001
C0 = 1666.0
Function = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Term:
    amplitude: Function
    rate: Function
    shape: Function
    slope: Function
    integral: Function


@dataclass(frozen=True)
class Case:
    name: str
    terms: tuple[Term, ...]
    diffusivity: Diffusivity
    length: float = 1.0e-3
    duration: float = 80 * 513.0
    breaks: tuple[float, ...] = ()

    def voltage(self, time: np.ndarray) -> np.ndarray:
        return 0.3 + 1.2 * np.minimum(time / (0.25 * self.duration), 1.0)

    def fields(self, time: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return c, dc/dx and G at (time, x)."""
        t = np.asarray(time)[:, None]
        c = 1.0 + sum(term.amplitude(t) * term.shape(x) for term in self.terms)
        gradient = sum(term.amplitude(t) * term.slope(x) for term in self.terms)
        integrated = -sum(term.rate(t) * (term.integral(x) - term.integral(np.zeros(1))) for term in self.terms)
        return C0 * c, C0 * gradient, C0 * integrated

    def velocity(self, time: np.ndarray, x: np.ndarray, closure: str = "voltage") -> np.ndarray:
        """Return the true drift velocity (time, x), m/s."""
        c, gradient, integrated = self.fields(time, x)
        origin = np.zeros((time.size, 1))
        if closure == "voltage":
            edges = np.linspace(0.0, 1.0, 201) ** 2 * (x[-1] - x[0])  # fine where layers are
            nodes, weights = np.polynomial.legendre.leggauss(6)
            half = np.diff(edges) / 2.0
            points = ((edges[:-1] + half)[:, None] + half[:, None] * nodes).ravel()
            weight = (half[:, None] * weights).ravel()
            cq, _, gq = self.fields(time, points)
            resistance = THERMAL_VOLTAGE / (np.asarray(self.diffusivity(cq)) * cq)
            junction = THERMAL_VOLTAGE * np.log(c[:, -1] / c[:, 0])
            origin = ((self.voltage(time) - junction - (resistance * gq) @ weight) / (resistance @ weight))[:, None]
        return (origin + integrated + np.asarray(self.diffusivity(c)) * gradient) / c

    def data(self, profiles: int = 80, points: int = 46) -> tuple[xr.DataArray, xr.DataArray]:
        """Return noise-free concentration (time, x) and voltage (time,)."""
        time = np.linspace(0.0, self.duration, profiles)
        x = np.linspace(0.0, self.length, points)
        c = xr.DataArray(self.fields(time, x)[0], dims=("time", "x"), coords={"time": time, "x": x})
        return c, xr.DataArray(self.voltage(time), dims="time", coords={"time": time})


def _layer(depth: float, width: float, growth: float, at: float = 0.0, side: float = 1.0) -> Term:
    """An exponential layer that saturates in time."""
    return Term(
        amplitude=lambda t: depth * (1.0 - np.exp(-t / growth)),
        rate=lambda t: depth / growth * np.exp(-t / growth),
        shape=lambda x: np.exp(-side * (x - at) / width),
        slope=lambda x: -side / width * np.exp(-side * (x - at) / width),
        integral=lambda x: -side * width * np.exp(-side * (x - at) / width),
    )


def _wave(depth: float, number: int, growth: float, length: float) -> Term:
    k = number * np.pi / length
    return Term(
        amplitude=lambda t: depth * (1.0 - np.exp(-t / growth)),
        rate=lambda t: depth / growth * np.exp(-t / growth),
        shape=lambda x: np.cos(k * x),
        slope=lambda x: -k * np.sin(k * x),
        integral=lambda x: np.sin(k * x) / k,
    )


def _pulse(depth: float, width: float, start: float, growth: float) -> Term:
    """A layer that starts with a kink in time at ``start``."""
    return Term(
        amplitude=lambda t: depth * np.where(t > start, 1.0 - np.exp(-(t - start) / growth), 0.0),
        rate=lambda t: depth * np.where(t > start, np.exp(-(t - start) / growth) / growth, 0.0),
        shape=lambda x: np.exp(-((x / width) ** 2)),
        slope=lambda x: -2.0 * x / width**2 * np.exp(-((x / width) ** 2)),
        integral=lambda x: 0.5 * np.sqrt(np.pi) * width * erf(x / width),
    )


def _front(depth: float, width: float, growth: float, at: float) -> Term:
    """A smooth step in the middle of the cell."""

    def integral(x: np.ndarray) -> np.ndarray:
        z = (x - at) / width
        return width * (z * erfc(z) - np.exp(-(z**2)) / np.sqrt(np.pi)) / 2.0

    return Term(
        amplitude=lambda t: depth * np.sin(0.5 * np.pi * t / growth) ** 2,
        rate=lambda t: depth * 0.5 * np.pi / growth * np.sin(np.pi * t / growth),
        shape=lambda x: erfc((x - at) / width) / 2.0,
        slope=lambda x: -np.exp(-(((x - at) / width) ** 2)) / (width * np.sqrt(np.pi)),
        integral=integral,
    )


_CONSTANT = Diffusivity.constant(1.315192e-12)
_FALLING = Diffusivity.exponential(1.315e-12, 0.8, C0)
_L, _T = 1.0e-3, 80 * 513.0

CASES: dict[str, Case] = {
    case.name: case
    for case in (
        Case("bulk", (_wave(-0.25, 1, 0.4 * _T, _L), _wave(0.06, 2, 0.2 * _T, _L)), _FALLING),
        Case("layers", (_layer(-0.35, 1.8e-4, 0.3 * _T), _layer(0.25, 2.5e-4, 0.5 * _T, _L, -1.0)), _FALLING),
        Case("thin", (_layer(-0.4, 8.0e-5, 0.3 * _T), _wave(-0.08, 1, 0.5 * _T, _L)), _CONSTANT),
        Case("front", (_front(0.2, 2.0e-4, 1.6 * _T, 4e-4), _layer(-0.2, 2.0e-4, 0.5 * _T)), _FALLING),
        Case(
            "step",
            (_layer(-0.2, 1.8e-4, 0.5 * _T), _pulse(-0.15, 3e-4, 0.4 * _T, 0.2 * _T)),
            _CONSTANT,
            breaks=(0.4 * _T,),
        ),
    )
}


def noise(shape: tuple[int, int], rng: np.random.Generator, *, zero_filled: bool) -> np.ndarray:
    """Return unit-variance noise (time, x), white or as zero filling leaves it (lag-1 correlation 0.64)."""
    if not zero_filled:
        return rng.standard_normal(shape)
    count, points = shape
    nominal = max(points, 64)
    spectrum = np.fft.fft(rng.standard_normal((count, nominal)), axis=1)
    padded = np.zeros((count, 2 * nominal), dtype=complex)
    padded[:, : nominal // 2] = spectrum[:, : nominal // 2]
    padded[:, -(nominal // 2) :] = spectrum[:, -(nominal // 2) :]
    return 2.0 * np.fft.ifft(padded, axis=1).real[:, :points]


def simulated(points: int = 46) -> tuple[xr.DataArray, xr.DataArray, Diffusivity, np.ndarray, tuple[float, ...]]:
    """Return concentration, voltage across it, D(c), true velocity (time, x) and breaks of a simulated Li||Li cell.

    The region of interest keeps 100 um from either electrode; the series is the polarisation.
    """
    from iondrift.transport.forward.simulation import DEFAULT_DIFFUSIVITY, simulate

    cell = simulate("li-li", x=np.linspace(1.0e-4, 1.1e-3, points), diffusivity=DEFAULT_DIFFUSIVITY)
    start, rest = cell.attrs["constant_current_start"], cell.attrs["rest_start"]
    cell = cell.sel(time=slice(start, rest))
    effective = cell["voltage"] - cell["voltage_offset"]
    breaks = (float(cell.attrs["constant_voltage_start"]),)
    return cell["concentration"], effective, DEFAULT_DIFFUSIVITY, cell["drift_velocity"].values, breaks
