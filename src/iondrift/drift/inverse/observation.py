"""From averages over finite volumes to what was measured: points between the electrodes, and sums beside them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from iondrift.cast import FloatArray
from iondrift.transport.forward.simulation import graded_volumes
from iondrift_kernels.salt_diffusion import Grid

VOLUMES = 64
_NODES = 15  # of the Gauss-Hermite rule over uneven electrodes


def cubic_weights(nodes: FloatArray, places: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return weights (places, nodes) that interpolate by cubics through four nodes, and those of the derivative."""
    first = np.clip(np.searchsorted(nodes, places) - 2, 0, nodes.size - 4)
    index = first[:, None] + np.arange(4)
    near = nodes[index]
    away = places[:, None] - near
    value, slope = np.zeros((places.size, nodes.size)), np.zeros((places.size, nodes.size))
    values, slopes = np.ones_like(near), np.zeros_like(near)
    for i in range(4):
        for m in (m for m in range(4) if m != i):
            span = near[:, i] - near[:, m]
            slopes[:, i] = (slopes[:, i] * away[:, m] + values[:, i]) / span
            values[:, i] *= away[:, m] / span
    np.put_along_axis(value, index, values, axis=1)
    np.put_along_axis(slope, index, slopes, axis=1)
    return value, slope


@dataclass(frozen=True)
class Sampling:
    """Linear maps from volumes to what is observed.

    Attributes
    ----------
    value : (J, n)
        u to M.
    by_plating, by_counter : (J, n)
        u to the derivatives of M by either gap at a given u(x / L).
    """

    value: FloatArray
    by_plating: FloatArray
    by_counter: FloatArray


@dataclass(frozen=True)
class Places:
    """Where profiles were measured.

    Attributes
    ----------
    x : (points,)
        m, from the first of them.
    storage
        Whether the means over both gaps are observed, too, behind the points.
    roughness
        Standard deviation of the electrodes' places across the cell, m.
    """

    x: FloatArray
    storage: bool = False
    roughness: float = 0.0

    @cached_property
    def volumes(self) -> tuple[FloatArray, FloatArray]:
        """Faces and middles of the unit interval."""
        return graded_volumes(1.0, VOLUMES)

    @cached_property
    def grid(self) -> Grid:
        """The same for the kernel."""
        widths = np.diff(self.volumes[0])
        return Grid(widths, np.diff(self.volumes[1]), widths[1:] / (widths[:-1] + widths[1:]))

    @property
    def span(self) -> float:
        """From the first to the last point, m."""
        return float(self.x[-1] - self.x[0])

    def sampling(self, plating_gap: float, counter_gap: float) -> Sampling:
        """Return the maps for given gaps, m."""
        length = plating_gap + self.span + counter_gap
        xi = (plating_gap + self.x) / length
        value, slope = self._points(xi, length)
        rows = [(value, slope[0], slope[1])]
        if self.storage:
            rows += [self._plating(plating_gap, length), self._counter(counter_gap, length)]
        return Sampling(*(np.concatenate(parts) for parts in zip(*rows, strict=True)))

    def _points(self, xi: FloatArray, length: float) -> tuple[FloatArray, tuple[FloatArray, FloatArray]]:
        """Return u(xi), averaged over uneven electrodes, and its derivatives by both gaps."""
        shifts, weights = np.zeros(1), np.ones(1)
        if self.roughness > 0.0:
            nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
            shifts = self.roughness / length * nodes
        total = np.zeros(xi.size)
        value, plating, counter = (np.zeros((xi.size, VOLUMES)) for _ in range(3))
        for shift, weight in zip(shifts, weights, strict=True):
            place = xi - shift
            inside = weight * ((place > 0.0) & (place < 1.0))
            here, slope = cubic_weights(self.volumes[1], np.clip(place, 0.0, 1.0))
            total += inside
            value += inside[:, None] * here
            plating += (inside * (1.0 - place) / length)[:, None] * slope
            counter -= (inside * place / length)[:, None] * slope
        return value / total[:, None], (plating / total[:, None], counter / total[:, None])

    def _mean_below(self, xi: float) -> tuple[FloatArray, FloatArray]:
        """Return the maps to the mean of u from 0 to xi, and to u there, (1, n) each."""
        faces, middles = self.volumes
        summed = np.vstack([np.zeros(VOLUMES), np.tril(np.tile(self.grid.widths, (VOLUMES, 1)))])
        until, _ = cubic_weights(faces, np.array([xi]))
        here, _ = cubic_weights(middles, np.array([xi]))
        return until @ summed / xi, here

    def _plating(self, gap: float, length: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        mean, edge = self._mean_below(gap / length)
        return mean, (edge - mean) * (1.0 / gap - 1.0 / length), (mean - edge) / length

    def _counter(self, gap: float, length: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        mean, edge = self._mean_below(gap / length)
        mean, edge = mean[:, ::-1], edge[:, ::-1]  # the volumes are symmetrical
        return mean, (mean - edge) / length, (edge - mean) * (1.0 / gap - 1.0 / length)
