"""The log-smooth fit against a slow evidence loop, and the programme it ends at against scipy.optimize.nnls."""

from __future__ import annotations

import numpy as np
import pytest

from iondrift.impedance.drt.logarithmic import adapted_penalty, fit_logarithmic
from iondrift.impedance.drt.model import build_model, difference_coefficients, relaxation_times, stack
from iondrift.reference import drt_logarithmic as reference
from iondrift.reference import drt_potential as potential
from iondrift.reference import nonnegative_weighted
from iondrift.reference.relaxation_spectra import measured, zarc
from iondrift_kernels import drt_logarithmic as kernels

FREQUENCY = np.logspace(4, 1, 10)
MODEL = build_model(FREQUENCY, relaxation_times(FREQUENCY, 14))


def fit(**options):
    z = measured(zarc(50.0, 1e-3, 0.85), FREQUENCY, 0.005, [0, 1])
    rows = stack(z)
    weights = np.tile(np.sqrt((np.abs(z) ** 2).mean(axis=1))[:, None] / np.abs(z), (1, 2))
    return rows, weights, fit_logarithmic(MODEL, rows, weights, **options)


def slow_fit(rows, weights, found, s, freedom, *, known_noise=False):
    """Return the reference's fit of spectrum s, from a state that knows nothing of the answer, and its gamma."""
    spectrum = potential.Spectrum(
        design=MODEL.design * weights[s][:, None], data=weights[s] * rows[s] / found.scale[s], terms=MODEL.count,
        order=found.order, centre=found.centre[s],
    )  # fmt: skip
    flat = np.r_[np.full(MODEL.count, 0.01), np.full(MODEL.tau.size, found.centre[s] + 2.0)]
    noise = found.noise[s] if known_noise else 0.01
    start = potential.State(position=flat, precisions=np.full(MODEL.tau.size - found.order, 30.0), noise=noise)
    return reference.fit(spectrum, start, freedom=freedom, learn_noise=not known_noise)


@pytest.mark.parametrize(("order", "freedom"), [(2, 1.0), (1, 1.0), (1, np.inf)])
def test_fit_is_near_that_of_the_evidence_loop(order, freedom):
    # The kernel stops where its hyperparameters change by less than 3 % a round; the loop goes on until they rest.
    rows, weights, found = fit(order=order, freedom=freedom)
    for s in range(2):
        slow, gamma = slow_fit(rows, weights, found, s, freedom)
        expected = np.exp(slow.position[2:])
        np.testing.assert_allclose(found.x[s, 2:], expected, rtol=0, atol=0.01 * expected.max())
        assert found.x[s, 2:].sum() == pytest.approx(expected.sum(), rel=0.003)
        assert found.noise[s] == pytest.approx(slow.noise, rel=0.02)
        assert found.effective[s] == pytest.approx(gamma, abs=0.4)


@pytest.mark.parametrize(
    ("order", "freedom", "known"),
    [(1, 1.0, False), (2, 1.0, False), (3, 1.0, False), (1, np.inf, False), (2, 1.0, True)],
)
def test_evidence_loop_rests_where_the_kernel_does(order, freedom, known):
    # One round of the kernel from the reference's fixed point must lead back to it: same minimum, same updates.
    level = np.full(2, 0.2) if known else None
    rows, weights, found = fit(order=order, freedom=freedom, noise=level)
    for s in range(2):
        slow, gamma = slow_fit(rows, weights, found, s, freedom, known_noise=known)
        n = slow.position.size
        fits = kernels.Fits(
            position=slow.position[None].copy(), precisions=slow.precisions[None].copy(), noise=np.array([slow.noise]),
            x=np.empty((1, n)), kkt_residual=np.empty(1), effective=np.empty(1), rounds=np.empty(1, np.int64),
            change=np.empty(1),
        )  # fmt: skip
        shared = kernels.Model(MODEL.design, MODEL.count, difference_coefficients(order), freedom, True, not known)
        one = slice(s, s + 1)
        kernels.fit(1, shared, kernels.Series(rows[one] / found.scale[s], weights[one], found.centre[one]), fits)
        assert fits.rounds[0] == 2
        assert fits.change[0] < 1e-6
        np.testing.assert_allclose(fits.precisions[0], slow.precisions, rtol=1e-6)
        np.testing.assert_allclose(fits.position[0], slow.position, rtol=0, atol=1e-5)
        assert fits.noise[0] == pytest.approx(slow.noise, rel=1e-6)
        assert fits.effective[0] == pytest.approx(gamma, abs=1e-5)


@pytest.mark.parametrize("options", [{}, {"order": 1, "freedom": np.inf}, {"together": True}])
def test_solution_solves_the_programme_it_names(options):
    rows, weights, found = fit(**options)
    assert found.kkt_residual.max() < 1e-12
    for s in range(2):
        matrix, target = adapted_penalty(MODEL, found, s)
        expected = nonnegative_weighted.solve(MODEL.design, matrix, rows[s : s + 1], weights[s : s + 1], target)[0]
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
