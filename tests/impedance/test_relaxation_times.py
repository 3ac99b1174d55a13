"""Distributions of relaxation times: conventions, choices, bad input, real series."""

from __future__ import annotations

import contextlib
import warnings

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls

from iondrift import confined, known_resistance
from iondrift.errors import ConfigurationError, DataError, InputFileError, IondriftWarning, ShapeError
from iondrift.impedance.drt.estimate import drt
from iondrift.impedance.drt.labels import resolution
from iondrift.impedance.drt.model import build_model, difference
from iondrift.impedance.drt.problem import pose
from iondrift.reference.relaxation_spectra import (
    AnalyticSpectrum,
    box,
    families,
    finite_warburg,
    gerischer,
    measured,
    rc,
    three_zarc,
    zarc,
)

FREQUENCY = np.logspace(5, 0, 31)


def label(z, **coords) -> xr.DataArray:
    z = np.atleast_2d(z)
    return xr.DataArray(z, dims=("spectrum", "frequency"), coords={"frequency": FREQUENCY, **coords})


def series(spectrum: AnalyticSpectrum, noise: float = 0.005, count: int = 4) -> xr.DataArray:
    return label(measured(spectrum, FREQUENCY, noise, range(count)))


def relative_error(result: xr.Dataset, truth: AnalyticSpectrum) -> np.ndarray:
    bins = truth.bins(result.tau.values)
    return np.linalg.norm(result.gamma.values * result.attrs["ln_tau_step"] - bins, axis=1) / np.linalg.norm(bins)


@pytest.mark.parametrize(
    "truth", [rc(40, 1e-3), zarc(40, 1e-3, 0.8), gerischer(40, 1e-2), finite_warburg(40, 0.1), box(9, 1e-3, 1e-1)]
)
def test_analytic_spectra_are_their_own_distributions(truth):
    """Z from the closed form is Z from the sum over bins of the closed-form distribution."""
    tau = np.geomspace(1e-12, 1e4, 20_001)
    omega = 2.0 * np.pi * FREQUENCY[:, None]
    summed = (truth.bins(tau) / (1.0 + 1j * omega * tau)).sum(axis=1)
    np.testing.assert_allclose(summed, truth.impedance(omega[:, 0]), rtol=3e-3, atol=3e-3)


@pytest.mark.parametrize("strength", ["paper", 0.05, 0.01])
def test_compiled_is_scipy_and_cvxpy(strength):
    data = series(three_zarc(), count=3)
    result = drt(data, regularization=strength)
    number = 0.5 if strength == "paper" else strength
    omega = 2.0 * np.pi * FREQUENCY[:, None]
    tau = result.tau.values
    z = np.hstack([np.ones_like(omega), 1j * omega / omega.max(), 1.0 / (1.0 + 1j * omega * tau)])
    eye = np.hstack([np.zeros((92, 2)), np.eye(92)])
    for s in range(3):
        right = np.r_[data.values[s].real, data.values[s].imag, np.zeros(92)]
        x = nnls(np.vstack([z.real, z.imag, number * eye]), right)[0]
        gamma = x[2:] / result.attrs["ln_tau_step"]
        np.testing.assert_allclose(result.gamma[s], gamma, rtol=0, atol=1e-8 * gamma.max())
        assert float(result.ohmic_resistance[s]) == pytest.approx(x[0], abs=1e-8 * x.max())
    twin = drt(data, regularization=strength, solver="cvxpy")
    np.testing.assert_allclose(twin.gamma, result.gamma, rtol=0, atol=1e-6 * float(result.gamma.max()))
    assert result.kkt_residual.max() < 1e-9
    assert result.duality_gap.max() < 1e-9


@pytest.mark.parametrize("options", [{}, {"regularization": "gcv"}, {"regularization": 0.05, "weighting": "modulus"}])
def test_cvxpy_solves_the_chosen_problem_too(options):
    data = series(zarc(50, 1e-3, 0.8), count=1)
    compiled, twin = drt(data, **options), drt(data, solver="cvxpy", **options)
    np.testing.assert_allclose(twin.gamma, compiled.gamma, rtol=0, atol=1e-6 * float(compiled.gamma.max()))


def test_cvxpy_solves_spectra_of_all_kinds_in_one_series():
    """The adapted penalties differ by many decades: each spectrum needs its own scales."""
    data = label(np.vstack([measured(families()[name], FREQUENCY, 0.005, [0]) for name in ("RC x 2", "ZARC x 2")]))
    compiled, twin = drt(data), drt(data, solver="cvxpy")
    largest = compiled.gamma.max("tau")
    assert (abs(twin.gamma - compiled.gamma).max("tau") < 1e-6 * largest).all()
    assert twin.kkt_residual.max() < 1e-9


@pytest.mark.parametrize("solver", ["OSQP", "SCS"])
def test_other_cvxpy_solvers(solver):
    data = series(zarc(50, 1e-3, 0.8), count=1)
    compiled = drt(data, regularization="paper", time_constants=40)
    twin = drt(data, regularization="paper", time_constants=40, solver="cvxpy", cvxpy_solver=solver)
    np.testing.assert_allclose(twin.gamma, compiled.gamma, rtol=0, atol=1e-5 * float(compiled.gamma.max()))


def test_constraints_and_smoothness_in_time():
    data = series(three_zarc(), count=3)
    options = {"regularization": 0.05, "time_constants": 40, "solver": "cvxpy"}
    window = (1e-5, 1e-1)
    held = drt(data, constraints=[known_resistance(115.0), confined(window)], **options)
    np.testing.assert_allclose(held.polarisation_resistance, 115.0, rtol=1e-6)
    outside = held.gamma.where((held.tau < window[0]) | (held.tau > window[1]), 0.0)
    assert float(abs(outside).max()) < 1e-6 * float(held.gamma.max())
    rough, smooth = drt(data, **options), drt(data, time_smoothness=10.0, **options)
    for bound in (held, smooth):  # the residuals of the plain problem say nothing of one with more to obey
        assert np.isnan(bound.kkt_residual).all()
        assert np.isnan(bound.duality_gap).all()
    assert rough.kkt_residual.max() < 1e-6
    assert rough.duality_gap.max() < 1e-6
    change = [float(abs(r.gamma.diff("spectrum")).max()) for r in (rough, smooth)]
    assert change[1] < 0.2 * change[0]
    with pytest.raises(DataError, match="contradict"):
        drt(data[:1], constraints=[known_resistance(115.0), known_resistance(5.0)], **options)
    with pytest.raises(ConfigurationError, match="solver="):
        drt(data, time_smoothness=1.0)


@pytest.mark.parametrize(("value", "expected"), [(0.8, 0.9), (1.05, 1.0), (1.2, 1.1)])
def test_a_resistance_known_to_a_tolerance_keeps_the_data_where_they_agree(value, expected):
    """Shares of what the data say alone, known to a tenth of it: pulled to the nearer edge, or left."""
    data = series(three_zarc(), count=1)
    options = {"regularization": 0.05, "time_constants": 40, "solver": "cvxpy"}
    alone = float(drt(data, **options).polarisation_resistance[0])
    known = known_resistance(value * alone, tolerance=0.1 * alone)
    found = float(drt(data, constraints=[known], **options).polarisation_resistance[0])
    assert found == pytest.approx(expected * alone, rel=1e-4)


def test_automatic_choice_meets_its_target_on_three_zarcs():
    assert np.median(relative_error(drt(series(three_zarc(), count=8)), three_zarc())) <= 0.26


@pytest.mark.parametrize("name", families())
def test_automatic_choice_is_no_worse_than_the_paper_preset(name):
    truth = families()[name]
    data = series(truth, count=4)
    automatic = np.median(relative_error(drt(data), truth))
    paper = np.median(relative_error(drt(data, regularization="paper"), truth))
    assert automatic <= 1.1 * paper


def test_resistances_and_conventions():
    truth = rc(40.0, 1e-2) + rc(60.0, 3e-6)
    result = drt(series(truth, noise=1e-4), electrodes=2, area=1e-4)
    np.testing.assert_allclose(result.polarisation_resistance, 100.0, rtol=0.01)
    np.testing.assert_allclose(result.windowed_resistance, 40.0, rtol=0.01)
    np.testing.assert_allclose(result.electrode_resistance, 20.0, rtol=0.01)
    np.testing.assert_allclose(result.area_resistance, 2e-3, rtol=0.01)
    np.testing.assert_allclose(result.ohmic_resistance, 5.0, rtol=0.05)
    step = result.attrs["ln_tau_step"]
    np.testing.assert_allclose((result.gamma * step).sum("tau"), result.polarisation_resistance)
    np.testing.assert_allclose((result.gamma_normalised * step).sum("tau"), 1.0)
    smooth = drt(series(zarc(50, 1e-3, 0.8), noise=0.003))
    np.testing.assert_allclose((smooth.noise / abs(smooth.impedance_fit)).mean("frequency"), 3e-3, rtol=0.4)
    for key in ("gamma_definition", "penalty", "weighting", "constraint", "regularization_chosen_by"):
        assert result.attrs[key]


def test_series_terms_of_any_number_of_solutions():
    """Last axis: what is solved for; the others stay. A term that the model has not is zero."""
    model = build_model(FREQUENCY, np.geomspace(1e-5, 1.0, 20))
    x = np.random.default_rng(0).uniform(size=(4, 3, model.design.shape[1]))
    for name in ("ohmic", "inductive", "capacitive"):
        found = model.term(x, name)
        assert found.shape == (4, 3)
        np.testing.assert_array_equal(found[2, 1], model.term(x[2, 1], name))
    assert not model.term(x, "capacitive").any()
    np.testing.assert_array_equal(model.term(x, "ohmic"), x[..., model.terms.index("ohmic")])
    inductance = model.term(x, "inductive") * 2.0 * np.pi * FREQUENCY.max()
    np.testing.assert_allclose(inductance, x[..., model.terms.index("inductive")], rtol=1e-14)


def test_default_range_of_time_constants():
    data = series(zarc(50, 1e-3, 0.8), count=1)
    fastest, slowest = 1.0 / (2e5 * np.pi), 1.0 / (2.0 * np.pi)
    for options, beyond in (({}, 10.0), ({"regularization": "paper"}, 10.0**0.5)):
        tau = drt(data, **options).tau.values
        assert tau[[0, -1]] == pytest.approx([fastest / 10.0**0.5, slowest * beyond])
    given = drt(data, tau_range=(1e-5, 1e-1))
    assert given.tau.values[[0, -1]] == pytest.approx([1e-5, 1e-1])
    # Nothing lies outside what was measured where the grid does not reach beyond it.
    assert given.unmeasured_fraction.values == pytest.approx(0.0)


def test_inductance_and_capacitance_are_found():
    omega = 2.0 * np.pi * FREQUENCY
    z = 5.0 + 1j * omega * 2e-6 - 1j / (omega * 0.02) + zarc(30, 1e-3, 0.9).impedance(omega)
    for options in ({}, {"regularization": 0.01}):
        result = drt(label(z), capacitive=True, tau_range=(1e-5, 1e-2), **options)
        assert float(result.inductance[0]) == pytest.approx(2e-6, rel=0.1)
        assert float(result.inverse_capacitance[0]) == pytest.approx(50.0, rel=0.1)
    bare = drt(label(z), ohmic=False, inductive=False, regularization=0.1)
    assert float(bare.ohmic_resistance[0]) == 0.0


@pytest.mark.parametrize("order", [0, 1, 2])
def test_evidence_and_cross_validation_are_their_formulas(order):
    """-2 log evidence with sigma marginalised, and ln misfit - 2 ln(m - tr A H^-1 A'W^2), by dense matrices."""
    data, count = series(three_zarc(), count=1), 30
    result = drt(data, regularization="gcv", order=order, weighting="modulus", time_constants=count)
    omega = 2.0 * np.pi * FREQUENCY[:, None]
    z = np.hstack([np.ones_like(omega), 1j * omega / omega.max(), 1.0 / (1.0 + 1j * omega * result.tau.values)])
    size = np.abs(data.values[0])
    weights = np.tile(np.sqrt(np.mean(size**2)) / size, 2)
    A = weights[:, None] * np.vstack([z.real, z.imag])
    right = weights * np.r_[data.values[0].real, data.values[0].imag]
    D = np.hstack([np.zeros((count - order, 2)), difference(order, count)])
    assert np.linalg.matrix_rank(D) == count - order
    for k in (3, 12, 20):
        strength = float(result.regularization_value[k])
        x = nnls(np.vstack([A, strength * D]), np.r_[right, np.zeros(count - order)])[0]
        misfit, rough = np.sum((A @ x - right) ** 2), np.sum((D @ x) ** 2)
        normal, H = A.T @ A, A.T @ A + strength**2 * D.T @ D
        evidence = (right.size - x.size + count - order) * np.log(misfit + strength**2 * rough)
        evidence += np.linalg.slogdet(H)[1] - (count - order) * np.log(strength**2)
        gcv = np.log(misfit) - 2.0 * np.log(right.size - np.trace(np.linalg.solve(H, normal)))
        found = result.criterion_score[{"regularization_value": k, "spectrum": 0}]
        assert float(found.sel(criterion="marginal_likelihood")) == pytest.approx(evidence, rel=1e-5, abs=1e-3)
        assert float(found.sel(criterion="gcv")) == pytest.approx(gcv, rel=1e-5, abs=1e-4)


@pytest.mark.parametrize("criterion", ["marginal_likelihood", "gcv", "l_curve", "re_im"])
def test_criteria_choose_and_are_all_reported(criterion):
    data = series(three_zarc(), count=3)
    result = drt(data, regularization=criterion)
    assert list(result.criterion.values) == ["marginal_likelihood", "gcv", "l_curve", "re_im"]
    np.testing.assert_allclose(result.regularization, result.criterion_choice.sel(criterion=criterion))
    assert (result.regularization > result.regularization_value.min()).all()
    ends = result.criterion_score.sel(criterion="l_curve").isel(regularization_value=[0, -1])
    assert np.isposinf(ends).all()  # an end of the curve is no corner
    assert np.isfinite(result.criterion_score.isel(regularization_value=slice(1, -1))).all()
    assert np.median(relative_error(result, three_zarc())) < 0.6
    shared = drt(data, regularization=criterion, per="series")
    assert np.unique(shared.regularization).size == 1


def test_masked_points_do_not_count():
    data = series(zarc(50, 1e-3, 0.85), count=2)
    spoiled = data.copy(deep=True)
    spoiled[0, 7] = 1e4 + 1e4j
    spoiled[1, 3] = np.nan
    mask = np.zeros(data.shape, dtype=bool)
    mask[0, 7] = mask[1, 3] = True
    for options in ({}, {"regularization": 0.1}, {"regularization": "gcv"}):
        clean = drt(data, mask=mask, **options)
        dirty = drt(spoiled, mask=mask, **options)
        np.testing.assert_allclose(dirty.gamma, clean.gamma, rtol=1e-9, atol=1e-12)
        assert bool(np.isnan(dirty.relative_residual.values[mask]).all())
        assert dirty.attrs["points_masked"] == 2


def test_order_of_frequencies_and_company_do_not_matter():
    data = series(three_zarc(), count=5)
    for options in ({}, {"regularization": 0.05}):
        whole = drt(data, **options)
        turned = drt(data[:, ::-1], **options)
        alone = drt(data[3:4], **options)
        scale = float(whole.gamma.max())
        np.testing.assert_allclose(turned.gamma, whole.gamma, rtol=0, atol=1e-6 * scale)
        np.testing.assert_allclose(alone.gamma[0], whole.gamma[3], rtol=0, atol=1e-8 * scale)


@pytest.mark.parametrize(
    "options", [{"regularization": 0.5}, {"regularization": 0.01}, {"regularization": 0.1, "weighting": "modulus"}, {}]
)
def test_number_of_threads_does_not_matter(options):
    numba = pytest.importorskip("numba")
    data = series(three_zarc(), count=70)
    if not options:
        data = data[:10]
    most = numba.config.NUMBA_NUM_THREADS
    results = []
    for threads in (1, most, most):  # which thread takes what differs from run to run
        numba.set_num_threads(threads)
        results.append(drt(data, **options))
    for name in ("gamma", "kkt_residual", "iterations", "effective_parameters"):
        for other in results[1:]:
            np.testing.assert_array_equal(other[name], results[0][name])


def test_coordinates_of_the_series_are_kept():
    data = series(zarc(50, 1e-3, 0.85), count=2).assign_coords(time=("spectrum", [0.0, 60.0]))
    assert drt(data.to_dataset(name="impedance")).time.values.tolist() == [0.0, 60.0]
    one = drt(data[0], regularization="paper")
    assert one.sizes["spectrum"] == 1


@settings(max_examples=15, deadline=None)
@given(
    st.floats(1e-6, 1e6),
    st.sampled_from([0.5, 0.05, "auto"]),
    st.lists(st.floats(0.0, 1.0), min_size=2, max_size=5),
)
def test_scales_with_the_impedance_and_is_always_solved(scale, strength, parts):
    omega = 2.0 * np.pi * FREQUENCY
    z = 1.0 + sum(p * rc(1.0, 10.0 ** (-4 + k)).impedance(omega) for k, p in enumerate(parts))
    one, other = drt(label(z), regularization=strength), drt(label(z * scale), regularization=strength)
    assert max(one.kkt_residual.max(), other.kkt_residual.max()) < 1e-9
    tolerance = 1e-7 if strength != "auto" else 1e-3
    size = max(float(one.gamma.max()), 1e-3)
    np.testing.assert_allclose(other.gamma / scale, one.gamma, rtol=0, atol=tolerance * size)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"regularization": -1.0}, ConfigurationError, "regularization: -1 found"),
        ({"regularization": "best"}, ConfigurationError, "allowed are"),
        ({"regularization": [0.1, 0.2, 0.3]}, ConfigurationError, "one for each of 2 spectra"),
        ({"regularization": "paper", "order": 2}, ConfigurationError, "identity"),
        ({"order": 0}, ConfigurationError, "ln gamma"),
        ({"order": 4, "regularization": 0.1}, ConfigurationError, "order"),
        ({"weighting": "best"}, ConfigurationError, "weighting"),
        ({"weighting": np.ones(5)}, ShapeError, "weighting"),
        ({"time_constants": 2}, ConfigurationError, "time_constants"),
        ({"tau_range": (1.0, 0.1)}, ConfigurationError, "tau_range"),
        ({"window": (1.0, 0.1), "regularization": 0.5}, ConfigurationError, "window"),
        ({"electrodes": 0, "regularization": 0.5}, ConfigurationError, "electrodes"),
        ({"solver": "magic", "regularization": 0.5}, ConfigurationError, "solver"),
        ({"solver": "cvxpy", "cvxpy_solver": "X", "regularization": 0.5}, ConfigurationError, "cvxpy_solver"),
        ({"mask": np.ones(31, dtype=bool)}, DataError, "usable points"),
        ({"mask": np.ones(3, dtype=bool)}, ShapeError, "mask"),
    ],
)
def test_options_that_do_not_fit(options, error, message):
    with pytest.raises(error, match=message):
        drt(series(zarc(50, 1e-3, 0.85), count=2), **options)


def test_bad_impedances():
    good = series(zarc(50, 1e-3, 0.85), count=2)
    bad = good.copy(deep=True)
    bad[1, 3] = np.nan
    with pytest.raises(DataError, match=r"spectrum 1 at .* Hz .*mask"):
        drt(bad)
    with pytest.raises(ShapeError, match="coordinate 'frequency'"):
        drt(good.drop_vars("frequency"))
    with pytest.raises(ShapeError, match="DataArray"):
        drt(good.values)
    with pytest.raises(ShapeError, match="no variable named impedance"):
        drt(xr.Dataset())
    with pytest.raises(DataError, match="occurs 2 times"):
        drt(good.assign_coords(frequency=np.r_[FREQUENCY[:-1], FREQUENCY[0]]))
    with pytest.raises(DataError, match="positive"):
        drt(good.assign_coords(frequency=np.r_[FREQUENCY[:-1], 0.0]))


REGULARIZATIONS = ("auto", "paper", "marginal_likelihood", "gcv", "l_curve", "re_im", 0.01, 1e-3)


@pytest.fixture(scope="module")
def every_real_series(measurements):
    """Every file below eis that can be read, the folders of files alike as one series."""
    from iondrift.readers.impedance.series import read_impedance

    together = [measurements / "eis" / "ml621", measurements / "eis" / "zahner" / "bias-series"]
    alone = [file for file in sorted((measurements / "eis").rglob("*.*")) if file.is_file()]
    found = {}
    for path in together + [file for file in alone if file.parent not in together]:
        with contextlib.suppress(InputFileError), warnings.catch_warnings():
            warnings.simplefilter("ignore", IondriftWarning)  # what reading warns of is tested with the readers
            found[path.name] = read_impedance(path)
    assert len(found) >= 20
    return found


@pytest.mark.parametrize("strength", REGULARIZATIONS)
def test_every_real_spectrum_is_solved(every_real_series, strength):
    for name, impedance in every_real_series.items():
        result = drt(impedance, regularization=strength)
        assert float(result.kkt_residual.max()) < 1e-9, name
        assert float(result.duality_gap.max()) < 1e-9, name
        assert np.isfinite(result.unmeasured_fraction).all(), name


def test_of_no_resistance_nothing_is_unmeasured():
    problem = pose(series(rc(40.0, 1e-3), count=2))
    x = np.zeros((2, problem.model.design.shape[1]))
    x[1, -1] = 3.0  # the slowest time constant lies beyond those measured
    found = resolution(problem, x)
    assert found["unmeasured_fraction"].tolist() == [0.0, 1.0]
    assert found["polarisation_resolved"].tolist() == [True, False]
