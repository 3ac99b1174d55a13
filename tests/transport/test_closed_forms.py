"""Closed forms against each other, and against the diffusion that they are of."""

from __future__ import annotations

import numpy as np
import pytest

import iondrift
import transport_cells as cells
from iondrift.errors import DataError, ShapeError
from iondrift_kernels.constants import FARADAY

TAU = 5400.0


@pytest.fixture(scope="module")
def fine():
    """Return a cell seen from wall to wall, before its middle is disturbed."""
    return cells.independent(
        D0=8e-13, k=0.0, transference=0.5, profiles=20, points=260, gap=2e-6, spacing=4.5e-6, count=300
    )


def test_semi_integral_of_constant_and_of_linear_current():
    t = np.linspace(0.0, 100.0, 7)
    at = np.array([-5.0, 0.0, 33.0, 100.0])
    waited = np.maximum(at, 0.0)
    np.testing.assert_allclose(iondrift.semi_integral(t, np.full(7, -2.0), at), 4.0 * np.sqrt(waited / np.pi))
    np.testing.assert_allclose(iondrift.semi_integral(t, -3.0 * t, at), 4.0 * waited**1.5 / np.sqrt(np.pi))


def test_the_arcsine_law_holds_the_semi_integral():
    """After constant current until tau it is what keeps the surface as it was: exact, whatever D and t-."""
    t = np.concatenate([[0.0], TAU * (1.0 + np.linspace(0.0, 2.0, 4000) ** 3)])
    i = np.concatenate([[-1.0], iondrift.arcsine_current(t[1:], current_density=-1.0, transition=TAU)])
    S = iondrift.semi_integral(t, i, t[[1, 500, 2000, -1]])
    np.testing.assert_allclose(S, S[0], rtol=1e-6)


def test_the_semi_integral_is_the_surface_of_a_diffusing_cell(fine):
    S = iondrift.semi_integral(fine.log.time, fine.log, fine.time)
    surface = 1.0 - 0.5 * S / (FARADAY * cells.C0 * np.sqrt(8e-13))
    np.testing.assert_allclose(fine.relative[2:, 0], surface[2:], atol=0.012)  # 2 um from the wall


def test_sands_time_is_the_special_case():
    S = float(iondrift.semi_integral([0.0, 1e4], [-1.0, -1.0], [1e4])[0])
    D = iondrift.depletion_ratio(S, 1666.0) * 0.9**2
    tau = iondrift.sand_time(current_density=1.0, concentration=1666.0, anion_transference=0.9, ambipolar_diffusivity=D)
    assert tau == pytest.approx(1e4, rel=1e-12)


def test_hittorf_of_either_half_gives_the_transference(fine):
    Q = iondrift.passed_charge(fine.log.time, fine.log, fine.time)
    middle = fine.x.size // 2
    for part, sign in ((slice(0, middle + 1), 1.0), (slice(middle, None), -1.0)):
        salt = sign * cells.C0 * np.trapezoid(fine.relative[:, part], fine.x[part], axis=1)
        t, error = iondrift.hittorf_transference(salt, Q)
        assert t == pytest.approx(0.5, abs=0.01)
        assert error < 0.01


def test_flux_regression_finds_what_made_the_fluxes():
    random = np.random.default_rng(0)
    slope, i = 1e6 * random.standard_normal((12, 9)), -random.uniform(0.2, 1.0, 12)
    J = -6e-13 * slope - 0.55 * i[:, None] / FARADAY
    D, t = iondrift.flux_regression(J, slope, i)
    assert (D, t) == (pytest.approx(6e-13), pytest.approx(0.55))


def test_what_cannot_be_told_is_refused():
    with pytest.raises(DataError, match="before the transition"):
        iondrift.arcsine_current([1.0], current_density=-1.0, transition=2.0)
    with pytest.raises(DataError, match="no charge passes"):
        iondrift.hittorf_transference(np.ones(5), np.ones(5))
    with pytest.raises(ShapeError, match="at least 4"):
        iondrift.hittorf_transference(np.ones(3), np.arange(3.0))
    with pytest.raises(ShapeError, match="at least 2"):
        iondrift.semi_integral([0.0], [1.0], [1.0])
    with pytest.raises(DataError, match="cannot be told apart"):
        iondrift.flux_regression(np.ones((3, 3)), np.zeros((3, 3)), -np.ones(3))
