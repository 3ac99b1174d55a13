"""The log-smooth fit: derivatives, optimality, and the programme it ends at."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import nnls

from iondrift.impedance.drt.logarithmic import adapted_penalty, fit_logarithmic
from iondrift.impedance.drt.model import build_model, difference_coefficients, relaxation_times, stack
from iondrift.reference.relaxation_spectra import measured, zarc
from iondrift_kernels import drt_potential as kernels

FREQUENCY = np.logspace(4, 1, 10)
MODEL = build_model(FREQUENCY, relaxation_times(FREQUENCY, 14))


def fit(**options):
    z = measured(zarc(50.0, 1e-3, 0.85), FREQUENCY, 0.005, [0, 1])
    rows = stack(z)
    weights = np.tile(np.sqrt((np.abs(z) ** 2).mean(axis=1))[:, None] / np.abs(z), (1, 2))
    return rows, weights, fit_logarithmic(MODEL, rows, weights, **options)


def test_slope_is_the_derivative_of_the_potential():
    random = np.random.default_rng(0)
    m, n = MODEL.design.shape
    data, position = random.standard_normal(m), random.standard_normal(n)
    prior = np.empty((n, n))
    kernels.penalty(difference_coefficients(2), random.uniform(1, 5, n - 4), 0.1, 2, prior)
    x, residual, slope = np.empty(n), np.empty(m), np.empty(n)

    def energy(at, out):
        return kernels.potential(MODEL.design, data, prior, -0.4, 2, 0.3, at, x, residual, out)

    energy(position, slope)
    for j in (0, 1, 2, 7, n - 1):
        step = np.zeros(n)
        step[j] = 1e-6
        spare = np.empty(n)
        numerical = (energy(position + step, spare) - energy(position - step, spare)) / 2e-6
        assert slope[j] == pytest.approx(numerical, rel=1e-6)


@pytest.mark.parametrize("options", [{}, {"order": 1, "freedom": np.inf}, {"together": True}])
def test_solution_solves_the_programme_it_names(options):
    rows, weights, found = fit(**options)
    assert found.kkt_residual.max() < 1e-12
    for s in range(2):
        matrix, target = adapted_penalty(MODEL, found, s)
        system = np.vstack([MODEL.design * weights[s][:, None], matrix])
        expected = nnls(system, np.r_[weights[s] * rows[s], target])[0]
        np.testing.assert_allclose(found.x[s] * found.scale[s], expected, rtol=1e-6, atol=1e-9 * expected.max())
        # The linearised programme is the fit itself: its solution is where it was linearised.
        np.testing.assert_allclose(found.x[s, 2:], np.exp(found.position[s, 2:]), rtol=2e-2)


def test_series_shares_roughness():
    found = fit(together=True)[2]
    assert (found.precisions[0] == found.precisions[1]).all()
    alone = fit()[2]
    assert not (alone.precisions[0] == alone.precisions[1]).all()


def test_known_noise_is_kept_and_unknown_noise_is_found():
    rows, weights, found = fit()
    level = found.noise * found.scale
    np.testing.assert_allclose(found.noise, 0.005, rtol=0.6)  # 20 values, about 8 parameters
    kept = fit_logarithmic(MODEL, rows, weights, noise=2.0 * level)
    np.testing.assert_allclose(kept.noise * kept.scale, 2.0 * level, rtol=1e-12)
    assert (kept.effective < found.effective).all()
