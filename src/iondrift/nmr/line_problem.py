"""Spectra and lines in the units of the solver: shifts from -1 to 1, heights of order one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from iondrift.cast import FloatArray
from iondrift.nmr.options import LineOptions
from iondrift_kernels import line_shapes as kernels


@dataclass(frozen=True, kw_only=True)
class Scaled:
    """Shifts from -1 to 1 and spectra of order one, for the solver."""

    lines: kernels.Lines
    spectra: FloatArray
    centre: float
    half: float
    height: float
    limits: FloatArray

    def with_lines(self, count: int) -> Scaled:
        """Return the same problem for another number of lines."""
        return replace(self, lines=self.lines._replace(number=count), limits=_limits(self.lines, count))


def scaled_problem(x: FloatArray, y: FloatArray, options: LineOptions) -> Scaled:
    """Return spectra (spectrum, point) over shifts (point,), rising, as the solver takes them, for one line."""
    centre, half = float(x[0] + x[-1]) / 2.0, float(x[-1] - x[0]) / 2.0
    height = float(np.abs(y).max()) or 1.0
    places = (x - centre) / half
    basis = np.linalg.qr(np.vander(places, options.baseline + 1, increasing=True))[0]
    lines = kernels.Lines(
        x=np.ascontiguousarray(places),
        baseline=np.ascontiguousarray(basis.T),
        shape=kernels.VOIGT if options.shape == "voigt" else kernels.PSEUDO_VOIGT,
        number=1,
        phases=options.phases,
        magnitude=options.magnitude,
    )
    return Scaled(lines=lines, spectra=y / height, centre=centre, half=half, height=height, limits=_limits(lines, 1))


def _limits(lines: kernels.Lines, count: int) -> FloatArray:
    """Return where a step would leave for good: (p, 2)."""
    point = 2.0 / (lines.x.size - 1)
    far = [-1e12, 1e12]
    width = [np.log(0.02 * point), np.log(20.0)]
    second = width if lines.shape == kernels.VOIGT else [-12.0, 12.0]
    if lines.shape == kernels.PSEUDO_VOIGT:
        width = [np.log(point), np.log(20.0)]
    one = [[-1.2, 1.2], width, second, *[far] * (kernels.per_line(lines) - 3)]
    return np.array(one * count + [far] * lines.baseline.shape[0])


def evaluated(lines: kernels.Lines, parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the model (point,) and its derivatives (p, point)."""
    model, jacobian = np.empty(lines.x.size), np.empty((parameters.size, lines.x.size))
    kernels.evaluate(lines, parameters, model, jacobian)
    return model, jacobian
