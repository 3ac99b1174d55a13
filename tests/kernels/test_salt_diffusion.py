"""Salt diffusion and its derivatives against dense matrices, differences, a stiff solver and another simulator."""

from __future__ import annotations

import math

import numpy as np
import pytest

import truth_cell
from iondrift.reference import salt_diffusion as slow
from iondrift.transport.forward.simulation import graded_volumes
from iondrift_kernels import salt_diffusion as model

DRIVE = -1.0 / (96485.33212 * 1666.0)
FORMS = {"constant": (0.0, 0.0), "exponential": (2.0, 0.0), "log-parabola": (1.0, -3.0)}


def grid(n):
    faces, _ = graded_volumes(1.0, n)
    return faces, model.Grid(*slow.grid(faces))


def theta(form="exponential", sink=0.1):
    return np.array([math.log(8e-13), *FORMS[form], 0.5, sink, 1.2e-3])


def schedule(profiles=4, finer=1):
    """Return acquisitions of 444 s every 513 s, under a current that halves after the second."""
    steps = []
    for k in range(profiles):
        drive = DRIVE if k < 2 else 0.5 * DRIVE
        jump = k in (0, 2)  # steps grow behind it
        ends = (np.arange(9 * finer + 1) / (9 * finer)) ** 2 if jump else np.arange(3 * finer + 1) / (3 * finer)
        steps += [(444.0 * share, drive, k) for share in np.diff(ends)]
        steps += [(69.0 / finer, drive, -1)] * finer
    h, drives, owner = (np.array(column) for column in zip(*steps, strict=True))
    return model.Schedule(h, drives, owner, h / 444.0)


def run(parameters, where, steps):
    count = int(steps.profiles.max()) + 1
    profiles = np.empty((count, where.widths.size))
    tangents = np.empty((*profiles.shape, model.PARAMETERS))
    assert model.run(parameters, where, steps, profiles, tangents) == model.OK
    return profiles, tangents


@pytest.mark.parametrize("form", FORMS)
def test_profiles_and_derivatives_equal_the_dense_twin(form):
    faces, where = grid(9)
    steps = schedule(3)
    profiles, tangents = run(theta(form), where, steps)
    np.testing.assert_allclose(profiles, slow.run(theta(form), faces, *steps), rtol=0.0, atol=1e-12)
    expected = slow.tangents(theta(form), faces, *steps)
    scale = np.abs(expected).max(axis=(0, 1))
    assert np.abs((tangents - expected) / scale).max() < 1e-8


@pytest.mark.parametrize("seed", range(3))
def test_derivatives_equal_central_differences_on_random_cells(seed):
    random = np.random.default_rng(seed)
    _, where = grid(16)
    parameters = theta() + random.uniform(-1.0, 1.0, 6) * [0.3, 1.5, 2.0, 0.2, 0.1, 1e-4]
    steps = schedule()
    _, tangents = run(parameters, where, steps)
    for p, step in enumerate([1e-4, 1e-4, 1e-4, 1e-4, 1e-4, 1e-7]):
        aside = step * (np.arange(6) == p)
        above, below = (run(parameters + sign * aside, where, steps)[0] for sign in (1.0, -1.0))
        expected = (above - below) / (2.0 * step)
        assert np.abs(expected - tangents[:, :, p]).max() < 3e-7 * np.abs(expected).max()


def test_salt_is_conserved_to_rounding_and_a_sink_takes_its_share():
    _, where = grid(24)
    steps = schedule()
    kept, _ = run(theta(sink=0.0), where, steps)
    assert np.abs(kept @ where.widths - 1.0).max() < 2e-15
    lost, _ = run(theta(sink=0.2), where, steps)
    charge = np.concatenate([[0.0], np.cumsum(steps.drives * steps.durations)])
    middle = np.array(
        [np.sum((0.5 * (charge[1:] + charge[:-1]) * steps.weights)[steps.profiles == k]) for k in range(4)]
    )
    np.testing.assert_allclose(lost @ where.widths - 1.0, 0.2 * middle / 1.2e-3, rtol=1e-12)


def test_rates_equal_the_twin_and_sum_to_what_the_sink_takes():
    faces, where = grid(20)
    u, out = 1.0 + 0.3 * np.cos(np.pi * faces[1:]), np.empty(20)
    model.rates(theta(), where, DRIVE, u, out)
    np.testing.assert_allclose(out, slow.rates(theta(), faces, DRIVE, u), rtol=1e-12)
    assert out @ where.widths == pytest.approx(0.1 * DRIVE / 1.2e-3, rel=1e-9)


def test_second_order_in_time_towards_a_stiff_solver():
    faces, where = grid(16)
    coarse = schedule()
    times = np.concatenate([[0.0], np.cumsum(schedule(finer=4).durations)])
    exact = slow.solve(theta(), faces, times, schedule(finer=4).drives)
    first = schedule(finer=4).profiles
    weights = schedule(finer=4).weights
    means = np.array(
        [np.sum((0.5 * (exact[1:] + exact[:-1]) * weights[:, None])[first == k], axis=0) for k in range(4)]
    )
    errors = [np.abs(run(theta(), where, schedule(finer=f))[0] - means).max() for f in (1, 4)]
    assert errors[1] < 3e-5
    assert errors[1] < errors[0] / 4.0
    assert coarse.durations.sum() == pytest.approx(times[-1])


def test_equals_an_independent_simulator():
    _, where = grid(48)
    middles = 0.5 * (graded_volumes(1.2e-3, 48)[0][1:] + graded_volumes(1.2e-3, 48)[0][:-1])
    windows = np.array([[513.0 * k, 513.0 * k + 444.0] for k in range(4)])
    expected = truth_cell.profiles(
        middles[3:-3], windows, lambda t: -1.0 if t < 1026.0 else -0.5, [1026.0],
        D0=8e-13, k=2.0, transference=0.5, length=1.2e-3, concentration=1666.0, count=300, fine=20,
    )  # fmt: skip
    found, _ = run(theta(sink=0.0), where, schedule(finer=2))
    assert np.abs(found[:, 3:-3] - expected).max() < 6e-4


def test_runs_shared_by_threads_are_the_runs_alone_and_failures_are_told():
    _, where = grid(16)
    steps = schedule()
    broken = theta() * [1.0, 1.0, 1.0, np.nan, 1.0, 1.0]
    thetas = np.stack([theta(), theta("constant"), broken, theta("log-parabola")])
    profiles, tangents = np.empty((4, 4, 16)), np.empty((4, 4, 16, 6))
    ended = model.run_each(thetas, where, steps, profiles, tangents)
    assert ended.tolist() == [model.OK, model.OK, model.NOT_CONVERGED, model.OK]
    for job in (0, 1, 3):
        alone = run(thetas[job], where, steps)
        assert (alone[0] == profiles[job]).all()
        assert (alone[1] == tangents[job]).all()
    without = np.empty_like(profiles)
    model.run_each(thetas, where, steps, without, np.empty((0, 4, 16, 6)))
    assert (without[[0, 1, 3]] == profiles[[0, 1, 3]]).all()
