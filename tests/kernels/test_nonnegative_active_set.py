"""The active set on closed forms, and the residual that proves a solution."""

from __future__ import annotations

import numpy as np
import pytest

from iondrift_kernels import nonnegative_active_set as kernels


def solve_one(hessian, linear, start):
    x, passive, scratch = np.empty(linear.size), np.array(start), kernels.make_scratch(linear.size)
    kernels.active_set(hessian, linear, passive, scratch, x)
    return x, kernels.kkt_residual(linear, x, scratch.slope), passive


@pytest.mark.parametrize("start", [[False] * 3, [True] * 3, [True, False, True]])
def test_active_set_from_any_start_on_a_closed_form(start):
    # Unit diagonal, coupling c between the first two: x1 is pushed to zero.
    hessian = np.array([[1.0, 0.5, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 1.0]])
    x, error, passive = solve_one(hessian, np.array([-2.0, -0.5, 3.0]), start)
    np.testing.assert_allclose(x, [2.0, 0.0, 0.0], atol=1e-14)
    assert error < 1e-14
    assert passive.tolist() == [True, False, False]


def test_active_set_survives_a_duplicated_column():
    hessian = np.array([[1.0, 1.0], [1.0, 1.0]])
    x, error, _ = solve_one(hessian, np.array([-1.0, -1.0]), [False, False])
    assert x.sum() == pytest.approx(1.0)
    assert error < 1e-12


def test_kkt_residual_does_not_hide_nan():
    good, bad = np.ones(2), np.array([np.nan, 0.0])
    assert np.isnan(kernels.kkt_residual(good, bad, good))
    assert np.isnan(kernels.kkt_residual(good, good, bad))
