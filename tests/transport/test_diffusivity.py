from __future__ import annotations

import pickle
import warnings

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import PchipInterpolator

from iondrift.errors import ConfigurationError, DataError, DiffusivityError, IondriftWarning, ShapeError
from iondrift.transport.composition import (
    EO_MOLAR_VOLUME,
    concentration_from_eo_li_ratio,
    eo_li_ratio_from_concentration,
)
from iondrift.transport.diffusivity import Diffusivity
from iondrift_kernels.diffusivity import evaluate_array

PAPER_CUBIC = [-3.09546e-16, -8.14922e-15, 5.01302e-13, -2.57336e-12]
C10 = concentration_from_eo_li_ratio(10.0)
C20 = concentration_from_eo_li_ratio(20.0)


def paper(**options):
    return Diffusivity.polynomial(PAPER_CUBIC, argument="eo_li_ratio", valid_range=(10, 20), **options)


def drawn(diffusivity, parameters, c):
    out = np.empty(c.size)
    evaluate_array(diffusivity.form, diffusivity.argument_code, parameters, c, out)
    return out


def test_molar_volumes_give_the_method_s_concentration():
    assert pytest.approx(44.05 / 1.12e3 * 1e-3, rel=1e-14) == EO_MOLAR_VOLUME
    assert pytest.approx(1666.0, rel=1e-14) == C10


@given(st.floats(0.0, 1e4))
def test_ratio_and_concentration_are_inverse(n):
    assert eo_li_ratio_from_concentration(concentration_from_eo_li_ratio(n)) == pytest.approx(n, rel=1e-9, abs=1e-9)


def test_conversions_refuse_what_cannot_be():
    with pytest.raises(DataError, match="EO:Li ratio: lowest value -1"):
        concentration_from_eo_li_ratio([3.0, -1.0])
    with pytest.raises(DataError, match="concentration: value 0"):
        eo_li_ratio_from_concentration(0.0)


def test_paper_s_cubic_in_the_right_argument():
    D = paper()
    assert D(C10) == pytest.approx(1.315192e-12, rel=1e-6)
    D.check(C20, C10)


def test_paper_s_cubic_in_the_wrong_argument_is_refused_with_place_and_remedy():
    wrong = Diffusivity.polynomial(PAPER_CUBIC, concentration_unit="mol/L")
    assert wrong(1666.0) == pytest.approx(np.polyval(PAPER_CUBIC, 1.666), rel=1e-12)
    with pytest.raises(DiffusivityError, match=r"is -\S+ m2/s at 1 mol/L \(EO:Li 20.2\).*argument='eo_li_ratio'"):
        wrong.check(1000.0, 1650.0)


@pytest.mark.parametrize(
    ("coefficients", "given", "meant"),
    [
        ([-1e-12, 2.5e-12], "mol m-3", "mol/L"),  # positive up to 2.5
        ([1e-15, -1e-13], "mol/L", "mol m-3"),  # positive from 100 on
    ],
)
def test_a_polynomial_in_the_other_unit_of_concentration_is_told(coefficients, given, meant):
    D = Diffusivity.polynomial(coefficients, concentration_unit=given)
    words = (
        rf"The argument may be wrong: .* with argument='concentration' and concentration_unit='{meant}' D is positive"
    )
    with pytest.raises(DiffusivityError, match=words):
        D.check(1000.0, 2000.0)
    Diffusivity.polynomial(coefficients, concentration_unit=meant).check(1000.0, 2000.0)


def test_check_finds_a_dip_between_grid_points():
    low, high = 1000.0, 2000.0
    bottom = 1000.0 + 1000.0 * np.sqrt(0.5)
    shape = np.poly1d([1.0, -2.0 * bottom, bottom**2]) * 1e-18 - 1e-24  # below zero on 2e-3 mol m-3 alone
    D = Diffusivity.polynomial(shape.coefficients)
    assert (D(np.linspace(low, high, 2001)) > 0.0).all()
    with pytest.raises(DiffusivityError, match=r"1\.707 mol/L"):
        D.check(low, high)


def test_check_warns_outside_the_measured_range_and_says_how_far():
    with pytest.warns(IondriftWarning, match=r"measured for EO:Li 10 to 20 .* up to 2 above it.*extrapolated"):
        paper().check(concentration_from_eo_li_ratio(22.0), C10)
    with pytest.warns(IondriftWarning, match=r"up to 0.1 mol/L below it and 0.3 mol/L above it.*held at its edges"):
        Diffusivity.table([1.0, 1.4], [2e-12, 1e-12], concentration_unit="mol/L").check(900.0, 1700.0)


def test_check_is_silent_inside_and_at_the_edges():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        paper().check(C20, C10)
        Diffusivity.constant(1e-12).check(1.0, 1e5)


def test_negative_beyond_the_measured_range_names_hold_as_the_remedy():
    low = concentration_from_eo_li_ratio(40.0)
    with pytest.raises(DiffusivityError, match="outside='hold'"):
        paper().check(low, C10)
    held = paper(outside="hold")
    with pytest.warns(IondriftWarning, match="held at its edges"):
        held.check(low, C10)
    assert held(low) == pytest.approx(held(C20), rel=1e-12)


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-1.0, 1.0), (1.0, np.nan), (2.0, 1.0)])
def test_check_refuses_an_impossible_range(low, high):
    with pytest.raises(DataError, match=r"c_min|c_max"):
        Diffusivity.constant(1e-12).check(low, high)


def test_types_come_out_as_they_went_in():
    D = Diffusivity.exponential(1.3e-12, 0.7, 1.65, concentration_unit="mol/L")
    c = np.array([[1200.0, 1650.0]])
    expected = 1.3e-12 * np.exp(-0.7 * (c / 1650.0 - 1.0))
    assert isinstance(D(1650.0), float)
    np.testing.assert_allclose(D(c), expected, rtol=1e-13)
    labelled = D(xr.DataArray(c, dims=("time", "x"), coords={"x": [0.0, 1.0]}, name="concentration"))
    assert labelled.name == "diffusivity"
    assert labelled.attrs["units"] == "m2 s-1"
    np.testing.assert_array_equal(labelled, D(c))
    with pytest.raises(DataError, match=r"concentration: value 0 at index 1"):
        D(np.array([1.0, 0.0]))


def test_units_of_the_argument_do_not_change_d():
    in_si = Diffusivity.polynomial([1e-21, -3e-18, 4e-12])
    in_molar = Diffusivity.polynomial([1e-15, -3e-15, 4e-12], concentration_unit="mol/L")
    c = np.linspace(100.0, 2000.0, 7)
    np.testing.assert_allclose(in_si(c), in_molar(c), rtol=1e-13)


def test_table_in_either_argument_is_scipy_s_pchip():
    n, D = np.array([10.0, 12.0, 16.0, 20.0]), np.array([1.3, 1.9, 2.2, 2.1]) * 1e-12
    table = Diffusivity.table(n, D, argument="eo_li_ratio")
    between = np.linspace(10.0, 20.0, 33)
    np.testing.assert_allclose(
        table(concentration_from_eo_li_ratio(between)), PchipInterpolator(n, D)(between), rtol=1e-11
    )


@settings(max_examples=40)
@given(st.lists(st.floats(1e-13, 1e-11), min_size=2, max_size=9), st.integers(0, 2**31))
def test_table_never_leaves_the_range_of_its_neighbours(values, seed):
    knots = np.cumsum(np.random.default_rng(seed).uniform(1.0, 100.0, len(values)))
    c = np.linspace(knots[0], knots[-1], 101)
    D = Diffusivity.table(knots, values)(c)
    right = np.clip(np.searchsorted(knots, c), 1, None)
    pair = np.sort(np.array([np.array(values)[right - 1], np.array(values)[right]]), axis=0)
    assert (pair[0] * (1 - 1e-9) <= D).all()
    assert (pair[1] * (1 + 1e-9) >= D).all()


def test_draws_have_the_covariance_asked_for():
    A = np.array([[2e-17, 0.0], [-3e-14, 1e-14]])
    covariance = A @ A.T
    D = Diffusivity.polynomial([-5e-16, 2.2e-12], covariance=covariance)
    z = np.random.default_rng(3).standard_normal((200_000, D.n_random))
    rows = D.draw_parameters(z)
    assert rows.shape == (200_000, D.parameters.size)
    np.testing.assert_array_equal(rows[:, :4], np.tile(D.parameters[:4], (rows.shape[0], 1)))
    sample = np.cov(rows[:, 4:], rowvar=False)
    np.testing.assert_allclose(sample, covariance, rtol=0.02)
    np.testing.assert_allclose(rows[:, 4:].mean(axis=0), D.values, rtol=1e-2)


def test_no_deviation_draws_the_parameters_themselves():
    for D in (
        Diffusivity.constant(1e-12),
        Diffusivity.constant(1e-12, relative_uncertainty=0.05),
        Diffusivity.exponential(1e-12, 0.5, 1650.0, covariance=np.diag([1e-28, 1e-2])),
        Diffusivity.table([1.0, 2.0, 3.0], [1e-12, 2e-12, 2.5e-12], covariance=np.diag([1e-28] * 3)),
    ):
        rows = D.draw_parameters(np.zeros((2, D.n_random)))
        np.testing.assert_allclose(rows, np.tile(D.parameters, (2, 1)), rtol=1e-14)


@pytest.mark.parametrize(
    "D",
    [
        Diffusivity.constant(1.3e-12, relative_uncertainty=0.04),
        Diffusivity.exponential(1.3e-12, 0.5, 1650.0, relative_uncertainty=0.04),
        Diffusivity.polynomial(PAPER_CUBIC, argument="eo_li_ratio", relative_uncertainty=0.04),
        Diffusivity.table([1000.0, 1400.0, 1700.0], [2e-12, 1.6e-12, 1.3e-12], relative_uncertainty=0.04),
    ],
    ids=lambda D: D.kind,
)
def test_relative_uncertainty_scales_all_of_d(D):
    c = np.linspace(1000.0, 1700.0, 5)
    assert D.n_random == 1
    for z, row in zip((-2.0, 1.0), D.draw_parameters([[-2.0], [1.0]]), strict=True):
        np.testing.assert_allclose(drawn(D, row, c), D(c) * np.exp(0.04 * z), rtol=1e-11)


def test_drawn_tables_are_tables_of_drawn_values():
    knots, values = [1000.0, 1300.0, 1700.0], np.array([2e-12, 1.6e-12, 1.3e-12])
    D = Diffusivity.table(knots, values, covariance=np.diag([1e-26, 4e-26, 9e-26]))
    row = D.draw_parameters([[1.0, -1.0, 0.5]])[0]
    moved = values + np.array([1e-13, -2e-13, 1.5e-13])
    np.testing.assert_allclose(drawn(D, row, np.array(knots)), moved, rtol=1e-12)
    c = np.linspace(1000.0, 1700.0, 9)
    np.testing.assert_allclose(drawn(D, row, c), Diffusivity.table(knots, moved)(c), rtol=1e-12)


def test_a_semidefinite_covariance_keeps_an_exact_parameter_exact():
    covariance = np.array([[1e-30, 2e-27, 0.0], [2e-27, 4e-24, 0.0], [0.0, 0.0, 0.0]])  # correlation 1
    D = Diffusivity.polynomial([1e-15, 1e-12, 3e-12], covariance=covariance)
    rows = D.draw_parameters(np.random.default_rng(0).standard_normal((500, 3)))
    assert np.ptp(rows[:, 6]) == 0.0
    np.testing.assert_allclose((rows[:, 5] - 1e-12) / (rows[:, 4] - 1e-15), 2e3, rtol=1e-3)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"argument": "molarity"},
            ConfigurationError,
            "argument 'molarity': use 'concentration' or 'eo_li_ratio' or 'molality'",
        ),
        ({"concentration_unit": "M"}, ConfigurationError, "concentration_unit 'M': use 'mol m-3' or 'mol/L'"),
        ({"outside": "hold"}, ConfigurationError, "needs valid_range"),
        ({"valid_range": (20, 10)}, ConfigurationError, "from a lower to a higher value"),
        ({"valid_range": (1, np.inf)}, DataError, "valid_range: value inf at index 1"),
        ({"relative_uncertainty": 5.0}, ConfigurationError, "a fraction of D"),
        ({"relative_uncertainty": 0.1, "covariance": np.eye(2)}, ConfigurationError, "not both"),
        ({"covariance": np.eye(3)}, ShapeError, r"expected shape \(2, 2\), got \(3, 3\)"),
        ({"covariance": [[1.0, 2.0], [2.0, 1.0]]}, DataError, "not positive semidefinite"),
        ({"covariance": [[1.0, 0.5], [0.0, 1.0]]}, DataError, "must be symmetric"),
        ({"covariance": [[-1.0, 0.0], [0.0, 1.0]]}, DataError, "no negative variance"),
        ({"eo_molar_volume": 0.0}, DataError, "eo_molar_volume: value 0"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        Diffusivity.polynomial([1e-15, 1e-12], **options)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Diffusivity.constant(0.0), DataError, "D: value 0"),
        (lambda: Diffusivity.constant(float("nan")), DataError, "D: value nan"),
        (lambda: Diffusivity.polynomial([]), ShapeError, "at least one"),
        (lambda: Diffusivity.exponential(-1e-12, 1.0, 1.0), DataError, "D0: value -1e-12"),
        (lambda: Diffusivity.table([1.0], [1e-12]), ShapeError, "at least 2"),
        (lambda: Diffusivity.table([1.0, 1.0], [1e-12, 1e-12]), DataError, "must increase strictly: entry 1"),
        (
            lambda: Diffusivity.table([1.0, 2.0], [1e-12, -1e-12]),
            DataError,
            "D of the table: value -1e-12 at index 1",
        ),
        (lambda: Diffusivity.table([1.0, 2.0], [1e-12]), ShapeError, "D of the table: expected shape"),
    ],
)
def test_constructors_refuse_what_cannot_be(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_describe_states_formula_argument_range_and_uncertainty():
    assert paper(relative_uncertainty=0.05).describe() == (
        "polynomial -3.09546e-16 n^3 - 8.14922e-15 n^2 + 5.01302e-13 n - 2.57336e-12 m2/s, n = EO:Li ratio; "
        "measured for EO:Li 10 to 20, extrapolated outside; uncertainty 5 %"
    )
    assert Diffusivity.exponential(1.3e-12, 0.5, 1650.0).describe() == (
        "1.3e-12 exp(-0.5 (c/1650 - 1)) m2/s, c = concentration in mol m-3"
    )
    assert Diffusivity.table([1.0, 2.0], [2e-12, 1e-12], concentration_unit="mol/L").describe() == (
        "monotone table of 2 values, 1e-12 to 2e-12 m2/s, c = concentration in mol/L; "
        "measured for 1 to 2 mol/L, held outside"
    )


def test_frozen_read_only_and_picklable():
    D = paper(covariance=np.diag([1e-34, 1e-32, 1e-28, 1e-26]))
    with pytest.raises(AttributeError):
        D.kind = "constant"
    with pytest.raises(ValueError, match="read-only"):
        D.parameters[4] = 0.0
    with pytest.raises(ValueError, match="read-only"):
        D.values[0] = 0.0
    again = pickle.loads(pickle.dumps(D))
    np.testing.assert_array_equal(again.parameters, D.parameters)
    np.testing.assert_array_equal(again.draw_parameters(np.ones((1, 4))), D.draw_parameters(np.ones((1, 4))))
