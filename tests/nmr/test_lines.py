"""Fits of lines: positions, errors under correlated noise, how many lines, reference."""

from __future__ import annotations

import numpy as np
import pytest

from iondrift import LineOptions, fit_lineshape
from iondrift.errors import ConfigurationError, DataError
from synthetic_lines import COUNT, PLACES, spectrum


def test_three_lines_are_found_and_their_shares():
    x, y = spectrum(0, noise=1e-6)
    for order in (slice(None), slice(None, None, -1)):
        found = fit_lineshape(x[order], y[order], LineOptions(lines=3))
        assert found.position.values[0] == pytest.approx(PLACES, abs=1e-3)
        assert found.area_share.values[0] == pytest.approx([0.5, 0.3, 0.2], abs=2e-3)
        assert found.r_squared.values[0] > 0.99999
        assert found.resolved.values.all()
        whole = found.component.sum("line") + found.baseline
        assert np.allclose(whole, found.fitted, atol=1e-12)


def test_the_number_of_lines_is_that_of_the_truth():
    x, y = spectrum(1)
    found = fit_lineshape(x, y, LineOptions(most_lines=4))
    assert found.attrs["lines"] == 3
    assert found.lines_tried.values.tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize("how", [{}, {"window": 3.0}, {"zero_filling": 2}], ids=["white", "window", "zero-filled"])
def test_errors_hold_under_correlated_noise(how):
    """``python bench/nmr_coverage.py`` has more draws."""
    draws = [spectrum(seed, **how) for seed in range(60)]
    found = fit_lineshape(draws[0][0], np.array([y for _, y in draws]), LineOptions(lines=3, starts=0))
    z = (found.position.values - PLACES) / found.position_error.values
    assert 0.85 <= (np.abs(z) < 1.96).mean() <= 1.0
    length = float(found.correlation_length.mean())
    assert length > 1.3 if "window" in how else length < 1.5


def test_the_reference_has_no_error_and_differences_have_theirs():
    x, y = spectrum(2)
    alone = fit_lineshape(x, y, LineOptions(lines=3))
    referred = fit_lineshape(x, y, LineOptions(lines=3, reference=240.0))
    assert referred.position.values[0, 0] == 240.0
    assert referred.position_error.values[0, 0] == 0.0
    assert np.diff(referred.position.values[0]) == pytest.approx(np.diff(alone.position.values[0]))
    plain = np.hypot(alone.position_error.values[0, 1:], alone.position_error.values[0, 0])
    assert referred.position_error.values[0, 1:] == pytest.approx(plain, rel=0.5)


def test_lines_that_are_one_are_not_resolved():
    x = np.linspace(200.0, 300.0, 400)
    y = np.exp(-4 * np.log(2) * ((x - 245.0) / 10.0) ** 2) + 0.01 * np.random.default_rng(0).standard_normal(400)
    found = fit_lineshape(x, y, LineOptions(lines=2))
    assert not found.resolved.values.all()


def test_the_same_seed_gives_the_same_bits():
    x, y = spectrum(3)
    first, second = (fit_lineshape(x, y, LineOptions(lines=3), seed=5) for _ in range(2))
    assert first.identical(second)


@pytest.mark.parametrize(
    ("x", "options", "error", "said"),
    [
        (None, LineOptions(shape="pseudo-voigt", phases=True), ConfigurationError, "those of Voigt lines"),
        (None, LineOptions(window=(500.0, 600.0)), ConfigurationError, "no point lies from 500 to 600"),
        (np.linspace(0.0, 1.0, COUNT) ** 2, LineOptions(), DataError, "not evenly spaced"),
        (np.linspace(0.0, 1.0, 9), LineOptions(), DataError, "does not fit 9 shifts"),
    ],
)
def test_what_cannot_be_fitted_is_refused(x, options, error, said):
    place, y = spectrum(0)
    with pytest.raises(error, match=said):
        fit_lineshape(place if x is None else x, y, options)
