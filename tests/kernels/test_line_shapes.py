"""Line shapes against scipy, their Jacobian against differences, and fits against what they were made of."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import wofz

from iondrift_kernels import line_shapes as kernels

X = np.linspace(-1.0, 1.0, 241)
BASELINE = np.ascontiguousarray(np.linalg.qr(np.vander(X, 2, increasing=True))[0].T)
KINDS = [
    (kernels.PSEUDO_VOIGT, False, False), (kernels.VOIGT, False, False), (kernels.VOIGT, True, False),
    (kernels.VOIGT, True, True),
]  # fmt: skip


def made(shape, phases, magnitude, number=2):
    lines = kernels.Lines(X, BASELINE, shape, number, phases, magnitude)
    parameters = []
    for place in np.linspace(-0.3, 0.4, number):
        if shape == kernels.PSEUDO_VOIGT:
            parameters += [place, np.log(0.15), 0.3, 1.0]
        else:
            parameters += [place, np.log(0.06), np.log(0.05), 0.2] + ([0.05] if phases else [])
    return lines, np.array([*parameters, 0.1, 0.05])


def evaluated(lines, parameters):
    model, jacobian = np.empty(X.size), np.empty((parameters.size, X.size))
    kernels.evaluate(lines, parameters, model, jacobian)
    return model, jacobian


def test_the_faddeeva_function_is_scipys():
    random = np.random.default_rng(0)
    z = random.uniform(-20.0, 20.0, 500) + 1j * 10.0 ** random.uniform(-8.0, 2.0, 500)
    found = np.array([kernels.faddeeva(complex(value)) for value in z])
    assert np.abs(found / wofz(z) - 1.0).max() < 1e-12


def test_voigt_is_the_published_form():
    lines, parameters = made(kernels.VOIGT, True, False, number=1)
    place, s, g, real, imaginary = parameters[0], *np.exp(parameters[1:3]), *parameters[3:5]
    w = wofz((X - place + 1j * g) / (s * np.sqrt(2.0)))
    expected = ((real + 1j * imaginary) * w).real / (s * np.sqrt(2.0 * np.pi)) + parameters[5:] @ BASELINE
    assert np.abs(evaluated(lines, parameters)[0] - expected).max() < 1e-12


@pytest.mark.parametrize(("shape", "phases", "magnitude"), KINDS)
def test_the_jacobian_is_that_of_differences(shape, phases, magnitude):
    lines, parameters = made(shape, phases, magnitude)
    jacobian = evaluated(lines, parameters)[1]
    for k in range(parameters.size):
        step = np.zeros(parameters.size)
        step[k] = 1e-6
        difference = (evaluated(lines, parameters + step)[0] - evaluated(lines, parameters - step)[0]) / 2e-6
        assert np.abs(jacobian[k] - difference).max() < 1e-7


@pytest.mark.parametrize(("shape", "phases", "magnitude"), KINDS[:3])
def test_a_fit_comes_back_to_what_was_made(shape, phases, magnitude):
    lines, parameters = made(shape, phases, magnitude)
    y = evaluated(lines, parameters)[0]
    found = parameters.copy()
    step = kernels.per_line(lines)
    found[[0, step]] += 0.03
    found[[1, step + 1]] += 0.2
    limits = np.tile([-1e3, 1e3], (parameters.size, 1))
    assert kernels.fit(lines, y, limits, 200, found) < 1e-14
    assert found == pytest.approx(parameters, abs=1e-4)
