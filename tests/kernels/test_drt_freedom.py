"""The effective number of parameters against its definition."""

from __future__ import annotations

import numpy as np

from iondrift.impedance.drt.nonnegative import gram, solve_weighted
from iondrift.reference import drt_freedom as reference
from iondrift_kernels import drt_freedom as kernels
from iondrift_kernels.nonnegative_weighted import Hessians
from relaxation_problem import problem


def test_effective_parameters_are_the_trace_of_the_smoother():
    design, matrix, rows = problem(1, spectra=3)
    weights = np.random.default_rng(5).uniform(0.5, 2.0, rows.shape)
    strength = np.array([0.01, 0.1, 1.0])
    x = solve_weighted(design, gram(matrix), strength, weights, rows).x
    hessians = Hessians(np.ascontiguousarray(design.T), gram(matrix), weights, strength)
    out = np.empty(3)
    kernels.effective_parameters(1, hessians, x, out)
    expected = reference.effective_parameters(design, matrix, weights, strength, x)
    np.testing.assert_allclose(out, expected, rtol=1e-8)
