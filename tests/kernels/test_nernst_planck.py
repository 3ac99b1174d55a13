from __future__ import annotations

import math

import numpy as np
import pytest

from iondrift_kernels import nernst_planck as model
from iondrift_kernels.constants import FARADAY

UNBOUNDED = [0.0, 0.0, -math.inf, math.inf]
CONSTANT = np.array([*UNBOUNDED, 1.3e-12])
RISING = np.array([*UNBOUNDED, -6e-16, 2.3e-12])  # D falls with c: 1.7e-12 at 1000 mol m-3
LENGTH = 2e-4


def cell(resistance=0.0):
    return model.Cell(0.9, 0.02698, 0.0, resistance, 2.0, 1000.0, 1.0)


def grid(n, graded=True):
    k = np.linspace(-1.0, 1.0, n + 1)
    faces = 0.5 * LENGTH * (1.0 + (np.tanh(2.0 * k) / np.tanh(2.0) if graded else k))
    middles = 0.5 * (faces[1:] + faces[:-1])
    return model.Grid(np.diff(faces), np.diff(middles)), middles


def advance(c, where, parameters, duration, steps, control=model.CURRENT, level=0.0, current=0.0, resistance=0.0):
    work = np.empty((model.WORK_ROWS, c.size))
    voltage = math.nan
    for _ in range(steps):
        out = np.empty_like(c)
        status, current, voltage = model.step(
            cell(resistance),
            where,
            model.Diffusion(0, 0, parameters),
            c,
            current,
            duration / steps,
            control,
            level,
            work,
            out,
        )
        assert status == model.DONE
        c = out
    return c, current, voltage


@pytest.mark.parametrize("parameters", [CONSTANT, RISING], ids=["constant D", "D(c)"])
def test_anions_are_conserved(parameters):
    where, _ = grid(24)
    start = np.full(24, 1000.0)
    c, _, _ = advance(start, where, parameters, 600.0, 12, level=-0.5)
    assert abs(c @ where.widths / (start @ where.widths) - 1.0) < 1e-12
    assert c[0] < 900.0 < 1100.0 < c[-1]


def test_a_relaxing_mode_decays_at_its_exact_rate():
    where, x = grid(48, graded=False)
    c = 1000.0 * (1.0 + 0.1 * np.cos(np.pi * x / LENGTH))
    duration = 4000.0
    after, _, _ = advance(c, where, CONSTANT, duration, 16)
    expected = math.exp(-(math.pi**2) * 0.2 * 1.3e-12 / LENGTH**2 * duration)
    amplitude = 2.0 * np.mean((after / 1000.0 - 1.0) * np.cos(np.pi * x / LENGTH)) / 0.1
    assert amplitude == pytest.approx(expected, rel=1e-3)


def test_second_order_in_time():
    where, x = grid(16)
    c = 1000.0 * (1.0 + 0.6 * np.cos(np.pi * x / LENGTH))
    exact, _, _ = advance(c, where, RISING, 8000.0, 256)
    errors = [np.abs(advance(c, where, RISING, 8000.0, n)[0] - exact).max() for n in (4, 8, 16)]
    assert 3.4 < errors[0] / errors[1] < 4.8
    assert 3.4 < errors[1] / errors[2] < 4.8


def test_a_steady_state_is_linear():
    where, x = grid(24)
    i = -0.2
    c, _, voltage = advance(np.full(24, 1000.0), where, CONSTANT, 3e5, 60, level=i)
    gradient = -0.9 * i / (FARADAY * 0.2 * 1.3e-12)
    np.testing.assert_allclose(c, 1000.0 + gradient * (x - LENGTH / 2.0), rtol=2e-3)
    # Anions at rest, J = 0: (R T / F) ln(c_L / c_0) for the anions' own potential, and as much at the electrodes.
    ends = model.surface_concentrations(cell(), where, model.Diffusion(0, 0, CONSTANT), c, i)
    assert voltage == pytest.approx(2.0 * 0.02698 * math.log(ends[1] / ends[0]), rel=5e-3)


def test_constant_voltage_holds_the_voltage_and_the_current_follows():
    where, _ = grid(24)
    c, i, voltage = advance(np.full(24, 1000.0), where, RISING, 300.0, 30, level=-0.5, resistance=0.02)
    after, j, held = advance(c, where, RISING, 2000.0, 40, model.VOLTAGE, voltage, current=i, resistance=0.02)
    assert held == pytest.approx(voltage, rel=1e-10)
    assert i < j < 0.0
    assert after @ where.widths == pytest.approx(c @ where.widths, rel=1e-12)


def test_depletion_and_a_voltage_below_rest_are_told():
    where, _ = grid(16)
    c, work, out = np.full(16, 1000.0), np.empty((model.WORK_ROWS, 16)), np.empty(16)
    deep = model.step(cell(), where, model.Diffusion(0, 0, CONSTANT), c, 0.0, 1e4, model.CURRENT, -5.0, work, out)
    assert deep[0] == model.DEPLETED
    below = model.step(cell(), where, model.Diffusion(0, 0, CONSTANT), c, 0.0, 1.0, model.VOLTAGE, -0.1, work, out)
    assert below[0] == model.BEYOND_REST


def test_rates_sum_to_nothing_and_match_the_boundary_fluxes():
    where, x = grid(16)
    c, out = 1000.0 + 1e6 * x, np.empty(16)
    model.rates(cell(), where, model.Diffusion(0, 0, CONSTANT), c, -1.0, out)
    assert abs(out @ where.widths) < 1e-12 * np.abs(out * where.widths).max()
    inner = -0.2 * 1.3e-12 * 1e6 + 0.9 / FARADAY
    assert out[0] * where.widths[0] == pytest.approx(-inner, rel=1e-10)
    assert out[-1] * where.widths[-1] == pytest.approx(inner, rel=1e-10)
