"""The potential of the log-smooth fit against its formula, its slope and curvature against derivatives."""

from __future__ import annotations

import numpy as np
import pytest

from iondrift.impedance.drt.model import difference_coefficients
from iondrift.reference import drt_potential as reference
from iondrift_kernels import drt_potential as kernels
from relaxation_problem import problem

TERMS, CENTRE = 2, -0.4


def posed(order):
    """Return the same spectrum and state for the kernel and for the reference."""
    random = np.random.default_rng(0)
    design = problem()[0]
    m, n = design.shape
    data = random.standard_normal(m)
    state = reference.State(
        position=random.standard_normal(n), precisions=random.uniform(1, 5, n - TERMS - order), noise=0.3
    )
    slow = reference.Spectrum(design=design, data=data, terms=TERMS, order=order, centre=CENTRE)
    prior = np.empty((n, n))
    kernels.penalty(difference_coefficients(order), state.precisions, reference.PULL, TERMS, prior)
    return kernels.Spectrum(design, data, design.T @ design, prior, TERMS, CENTRE), slow, state


def evaluated(spectrum, state, position):
    """Return U, x and dU of the kernel."""
    x, residual, slope = np.empty(position.size), np.empty(spectrum.data.size), np.empty(position.size)
    energy = kernels.potential(spectrum, state.noise, position, x, residual, slope)
    np.testing.assert_allclose(residual, spectrum.design @ x - spectrum.data, atol=1e-12)
    return energy, x, slope


@pytest.mark.parametrize("order", [1, 2, 3])
def test_potential_slope_and_curvature_are_those_of_the_stacked_residual(order):
    spectrum, slow, state = posed(order)
    energy, x, slope = evaluated(spectrum, state, state.position)
    residual, jacobian = reference.residual(slow, state), reference.jacobian(slow, state)
    root = reference.penalty_root(slow, state)
    curvature = np.empty_like(spectrum.prior)
    kernels.curvature(spectrum, state.noise, x, curvature)
    np.testing.assert_allclose(x, reference.solution(slow, state.position), rtol=1e-14)
    assert energy == pytest.approx(0.5 * residual @ residual, rel=1e-12)
    np.testing.assert_allclose(spectrum.prior, root.T @ root, atol=1e-12)
    np.testing.assert_allclose(slope, jacobian.T @ residual, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(curvature, jacobian.T @ jacobian, rtol=1e-9, atol=1e-9)


def test_slope_is_the_derivative_of_the_potential():
    spectrum, _, state = posed(2)
    slope = evaluated(spectrum, state, state.position)[2]
    for j in (0, 1, 2, 7, slope.size - 1):
        step = np.zeros(slope.size)
        step[j] = 1e-6
        higher, lower = (evaluated(spectrum, state, state.position + sign * step)[0] for sign in (1, -1))
        assert slope[j] == pytest.approx((higher - lower) / 2e-6, rel=1e-6)
