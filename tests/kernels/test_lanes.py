"""The Monte Carlo kernels' steps over replicates side by side, each against plain NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from iondrift.drift.bands.monte_carlo import drift_bands
from iondrift.drift.bands.options import BANDED
from iondrift.drift.bands.uncertainties import Uncertainties
from iondrift.drift.reconstruction import reconstruct_drift
from iondrift.drift.smoothing.penalised_splines import Penalties, smooth
from iondrift.reference import concentrated_solution
from iondrift.transport.diffusivity import Diffusivity
from iondrift_kernels import (
    closure_lanes,
    codes,
    concentrated_lanes,
    diffusivity,
    diffusivity_lanes,
    lanes,
    spline_lanes,
)
from iondrift_kernels import drift_bands as kernels
from iondrift_kernels.constants import FARADAY
from iondrift_kernels.drift_layout import Draws, Solution, Space
from iondrift_kernels.lanes import LANES
from iondrift_kernels.spline_draws import Mixture, substitute_back
from iondrift_kernels.spline_layout import EDGE
from iondrift_kernels.spline_layout import LANES as MODES

POINTS = 5
ROWS = ("CONCENTRATION", "GRADIENT", "INTEGRATED", "DIFFUSIVITY", "INVERSE", "RESISTANCE", "VELOCITY")


def row(points, name):
    """Quantity ``name`` of all points (X, LANES)."""
    offset = getattr(lanes, name)
    return points[..., offset : offset + LANES]


def random_points(rng):
    points = np.empty((POINTS, lanes.POINT))
    row(points, "CONCENTRATION")[:] = rng.uniform(1000.0, 2000.0, (POINTS, LANES))
    row(points, "GRADIENT")[:] = 1e6 * rng.standard_normal((POINTS, LANES))
    row(points, "INTEGRATED")[:] = 1e-6 * rng.standard_normal((POINTS, LANES))
    row(points, "DIFFUSIVITY")[:] = 1e-12 * rng.uniform(0.5, 1.5, (POINTS, LANES))
    row(points, "VELOCITY")[:] = 1e-8 * rng.standard_normal((POINTS, LANES))
    row(points, "INVERSE")[:] = 1.0 / row(points, "CONCENTRATION")
    row(points, "RESISTANCE")[:] = row(points, "INVERSE") / row(points, "DIFFUSIVITY")
    return points


def random_draws(rng):
    def around(centre, spread):
        return centre + spread * rng.standard_normal(LANES)

    return Draws(
        concentration=around(1.0, 0.03),
        length=around(1.0, 0.01),
        plating_edge=around(0.0, 1e-5),
        counter_edge=around(0.0, 1e-5),
        thermal_voltage=around(0.027, 1e-4),
        cation_ratio=np.abs(around(0.2, 0.02)),
        voltage_parts=0.01 * rng.standard_normal((4, LANES)),
        clock=around(0.0, 10.0),
        parameters=np.ones((6, LANES)),
        origin=np.zeros((1, 1)),
        solution=solution(rng),
    )


def solution(rng):
    """Draws of D_s, t-, chi and kappa, each linear in c."""
    zero, bounds = np.zeros(LANES), [np.zeros(LANES), np.zeros(LANES), np.full(LANES, -np.inf), np.full(LANES, np.inf)]
    levels = [(2e-12, -3e-16), (0.6, 1e-4), (0.9, 6e-4), (0.05, 2e-5)]
    spread = [1.0 + 0.05 * rng.standard_normal(LANES) for _ in levels]
    drawn = [np.stack([*bounds, zero + slope, level * s]) for (level, slope), s in zip(levels, spread, strict=True)]
    none = np.zeros(4, dtype=np.int64)
    return Solution(none + codes.POLYNOMIAL, none + codes.CONCENTRATION, *drawn)


def test_rows_do_not_overlap():
    offsets = [getattr(lanes, name) for name in ROWS]
    assert sorted(offsets) == list(range(0, lanes.POINT, LANES))
    more = ("SALT_DIFFUSIVITY", "TRANSFERENCE", "THERMODYNAMIC_FACTOR", "CONDUCTIVITY")
    assert [getattr(lanes, name) for name in more] == list(range(lanes.POINT, lanes.CONCENTRATED_POINT, LANES))


def test_a_concentrated_solution_is_its_formulas_lane_by_lane():
    rng = np.random.default_rng(8)
    points = np.full((POINTS, lanes.CONCENTRATED_POINT), np.nan)
    points[:, : lanes.POINT] = random_points(rng)
    draws = random_draws(rng)
    profile = np.zeros(lanes.PROFILE)
    profile[lanes.CURRENT : lanes.CURRENT + LANES] = -rng.uniform(0.1, 1.0, LANES)
    concentrated_lanes.solution_properties(draws.solution, points)
    concentrated_lanes.velocities_in_solution(draws.thermal_voltage, points, profile)
    c, gradient, i = row(points, "CONCENTRATION"), row(points, "GRADIENT"), profile[lanes.CURRENT :][:LANES]
    properties = concentrated_solution.Solution(*(lambda c, p=p: p[4] * c + p[5] for p in draws.solution[2:]))
    temperature = draws.thermal_voltage * FARADAY / concentrated_solution.GAS_CONSTANT
    v = concentrated_solution.velocity(properties, c, gradient, i, temperature)
    np.testing.assert_allclose(row(points, "VELOCITY"), v, rtol=1e-11)
    flux = c * v - row(points, "DIFFUSIVITY") * gradient - row(points, "INTEGRATED")
    np.testing.assert_allclose(flux, concentrated_solution.flux(properties, c, gradient, i), rtol=1e-9)
    mobility = properties.transference(c) * properties.conductivity(c) / (FARADAY * c)
    np.testing.assert_allclose(1.0 / (draws.thermal_voltage * row(points, "RESISTANCE") * c), mobility, rtol=1e-12)
    largest = np.take_along_axis(v, np.abs(v).argmax(axis=0)[None], axis=0)[0]
    np.testing.assert_allclose(profile[lanes.HIGHEST :][:LANES], largest, rtol=1e-11)


def test_rotation_is_a_matrix_product_beside_the_level():
    rng = np.random.default_rng(0)
    rotation, modes = rng.standard_normal((8, 12)), rng.standard_normal((12, LANES))
    out = np.full((8, LANES), np.nan)
    spline_lanes.rotate(rotation, modes, 0.7, out)
    np.testing.assert_allclose(out, 0.7 + rotation @ modes, atol=1e-13)


@pytest.mark.parametrize("first", range(4))
def test_combination_takes_coefficients_from_their_slots(first):
    rng = np.random.default_rng(first)
    value, slope = rng.standard_normal((3, 4)), rng.standard_normal((3, 4))
    coefficients = rng.standard_normal((4, 8, LANES))  # numbers first ... first + 3
    ring = np.empty((4, 8, LANES))
    for d in range(4):
        ring[(first + d) & 3] = coefficients[d]
    out = np.empty((8, 2, LANES))
    spline_lanes.combine(value, slope, 1, first, ring, out)
    np.testing.assert_allclose(out[:, 0], np.tensordot(value[1], coefficients, 1), atol=1e-13)
    np.testing.assert_allclose(out[:, 1], np.tensordot(slope[1], coefficients, 1), atol=1e-13)


def test_points_sum_local_splines_and_those_below():
    rng = np.random.default_rng(3)
    start = np.array([0, 0, 1, 3, 4])
    value, slope, partial, whole = (rng.standard_normal(s) for s in ((POINTS, 4), (POINTS, 4), (POINTS, 4), 8))
    space = Space(start, value, slope, partial, whole, np.ones(POINTS), 0.0)
    coefficients = rng.standard_normal((8, 2, LANES))
    profile = np.empty(lanes.PROFILE)
    factors = rng.uniform(0.5, 1.5, (3, LANES))
    for offset, factor in zip((lanes.FACTOR, lanes.SLOPE_FACTOR, lanes.INTEGRAL_FACTOR), factors, strict=True):
        profile[offset : offset + LANES] = factor
    points = np.empty((POINTS, lanes.POINT))
    spline_lanes.evaluate_points(space, coefficients, profile, points)
    for i, s in enumerate(start):
        amplitude, rate = coefficients[s : s + 4, 0], coefficients[s : s + 4, 1]
        integral = whole[:s] @ coefficients[:s, 1] + partial[i] @ rate
        np.testing.assert_allclose(row(points, "CONCENTRATION")[i], factors[0] * (value[i] @ amplitude), atol=1e-13)
        np.testing.assert_allclose(row(points, "GRADIENT")[i], factors[1] * (slope[i] @ amplitude), atol=1e-13)
        np.testing.assert_allclose(row(points, "INTEGRATED")[i], factors[2] * integral, atol=1e-13)


POLYNOMIAL = [1e-16, 1e-15, 1e-12]


@pytest.mark.parametrize(
    "made",
    [
        Diffusivity.polynomial(POLYNOMIAL, valid_range=(1200.0, 1800.0)),
        Diffusivity.polynomial(POLYNOMIAL, argument="eo_li_ratio", valid_range=(12.0, 20.0)),
        Diffusivity.exponential(1.3e-12, 5e-4, 1600.0),
        Diffusivity.table(np.linspace(900.0, 2100.0, 6), 1e-12 * np.array([1.3, 1.9, 1.1, 1.4, 1.8, 1.2])),
    ],
    ids=["polynomial", "polynomial of EO:Li", "exponential", "table"],
)
def test_diffusivity_equals_the_scalar_one(made):
    rng = np.random.default_rng(4)
    points = random_points(rng)
    c = row(points, "CONCENTRATION")
    parameters = np.repeat(made.parameters[:, None], LANES, axis=1)
    parameters[4 if made.form != codes.TABLE else -4] *= rng.uniform(0.9, 1.1, LANES)
    diffusivity_lanes.diffusivities(made.form, made.argument_code, parameters, points)
    expected = np.array(
        [
            [
                diffusivity.evaluate(made.form, made.argument_code, parameters[:, j].copy(), c[i, j])
                for j in range(LANES)
            ]
            for i in range(POINTS)
        ]
    )
    np.testing.assert_allclose(row(points, "DIFFUSIVITY"), expected, rtol=1e-14)


def test_integration_inverts_and_sums():
    rng = np.random.default_rng(11)
    points, weights = random_points(rng), rng.uniform(0.5, 1.5, POINTS)
    c, D = row(points, "CONCENTRATION"), row(points, "DIFFUSIVITY")
    row(points, "INVERSE")[:] = row(points, "RESISTANCE")[:] = np.nan
    profile = np.full(lanes.PROFILE, np.nan)
    closure_lanes.integrate(weights, LANES, points, profile)
    np.testing.assert_allclose(row(points, "INVERSE"), 1.0 / c, rtol=1e-14)
    np.testing.assert_allclose(row(points, "RESISTANCE"), 1.0 / (D * c), rtol=1e-14)
    np.testing.assert_allclose(row(profile, "TOTAL"), weights @ (1.0 / (D * c)), rtol=1e-13)
    np.testing.assert_allclose(row(profile, "WEIGHTED"), weights @ (row(points, "INTEGRATED") / (D * c)), rtol=1e-11)
    np.testing.assert_array_equal(row(profile, "LOWEST"), c.min(axis=0))


def assert_largest_is_kept(points, profile):
    """HIGHEST: the velocity of largest magnitude of each lane, with its sign; both signs occur."""
    velocity = row(points, "VELOCITY")
    largest = velocity[np.abs(velocity).argmax(axis=0), np.arange(LANES)]
    assert largest.min() < 0.0 < largest.max()
    np.testing.assert_array_equal(row(profile, "HIGHEST"), largest)


def test_voltage_closure_lays_the_voltage_across_the_profile():
    rng = np.random.default_rng(5)
    points, draws, weights = random_points(rng), random_draws(rng), rng.uniform(0.5, 1.5, POINTS) * 1e-4
    profile = np.zeros(lanes.PROFILE)
    voltage = rng.uniform(0.5, 1.5, LANES) * rng.choice([-1.0, 1.0], LANES)
    profile[lanes.VOLTAGE : lanes.VOLTAGE + LANES] = voltage
    closure_lanes.integrate(weights, LANES, points, profile)
    assert closure_lanes.count_depleted(LANES, profile) == 0
    closure_lanes.origin_by_voltage(draws, points, profile)
    closure_lanes.velocities(LANES, points, profile)
    c, g, resistance = (row(points, name) for name in ("CONCENTRATION", "GRADIENT", "RESISTANCE"))
    flux = row(profile, "ORIGIN") + row(points, "INTEGRATED")
    drop = draws.length * (weights @ (resistance * flux))
    drop += draws.counter_edge * (resistance * flux)[-1] - draws.plating_edge * (resistance * flux)[0]
    junction = np.log(c[-1] / c[0]) + draws.counter_edge * (g / c)[-1] - draws.plating_edge * (g / c)[0]
    np.testing.assert_allclose(draws.thermal_voltage * (drop + junction), voltage, rtol=1e-11)
    velocity = (flux + row(points, "DIFFUSIVITY") * g) / c
    np.testing.assert_allclose(row(points, "VELOCITY"), velocity, rtol=1e-11)
    assert_largest_is_kept(points, profile)


def test_current_closure_divides_the_current():
    rng = np.random.default_rng(6)
    points, draws = random_points(rng), random_draws(rng)
    profile = np.zeros(lanes.PROFILE)
    current = rng.uniform(0.5, 1.5, LANES) * rng.choice([-1.0, 1.0], LANES)
    profile[lanes.CURRENT : lanes.CURRENT + LANES] = current
    closure_lanes.velocities_by_current(LANES, draws.cation_ratio, points, profile)
    diffusive = row(points, "DIFFUSIVITY") * row(points, "GRADIENT")
    expected = -(current / FARADAY + (draws.cation_ratio - 1.0) * diffusive)
    expected /= (1.0 + draws.cation_ratio) * row(points, "CONCENTRATION")
    np.testing.assert_allclose(row(points, "VELOCITY"), expected, rtol=1e-11)
    assert_largest_is_kept(points, profile)


@pytest.mark.parametrize("shared", [True, False])
def test_blocking_closure_moves_the_origin_to_the_drawn_edge(shared):
    rng = np.random.default_rng(10)
    draws, coefficients = random_draws(rng), rng.standard_normal((8, 2, LANES))
    value = rng.standard_normal((POINTS, 4))
    space = Space(np.full(POINTS, 2), value, value, value, np.ones(8), np.ones(POINTS), 0.0)
    flux, profile = rng.standard_normal(1 if shared else LANES), np.empty(lanes.PROFILE)
    closure_lanes.origin_by_blocking(space, draws, flux, coefficients, profile)
    rate = draws.concentration * (value[0] @ coefficients[2:6, 1])
    np.testing.assert_allclose(row(profile, "ORIGIN"), flux + draws.plating_edge * rate, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("lowest", [0.0, -1.0, np.nan])
def test_one_depleted_point_counts_its_replicate(lowest):
    points = random_points(np.random.default_rng(7))
    profile = np.empty(lanes.PROFILE)
    row(points, "CONCENTRATION")[2, [3, 9]] = lowest
    with np.errstate(divide="ignore"):  # 1 / c of the interpreter
        closure_lanes.integrate(np.ones(POINTS), LANES, points, profile)
    assert closure_lanes.count_depleted(LANES, profile) == 2


def test_kept_variables_follow_their_definitions():
    rng = np.random.default_rng(8)
    points, thermal = random_points(rng), np.full(LANES, 0.027)
    c, g, v, D = (row(points, name) for name in ("CONCENTRATION", "GRADIENT", "VELOCITY", "DIFFUSIVITY"))
    profile = np.full(lanes.PROFILE, -2.0)
    profile[lanes.FRICTION : lanes.FRICTION + LANES] = 0.0
    expected = {
        "drift_velocity": v,
        "electric_field": -v * thermal / D,
        "flux": c * v - D * g,
        "flux_diffusive": -D * g,
        "flux_migrative": c * v,
        "mobility": D / thermal,
        "diffusivity": D,
        "concentration": c,
        "concentration_gradient": g,
        "charge_balance": -FARADAY * (c * v - D * g) / -2.0,
        "net_velocity": v - D * g / c,
    }
    assert tuple(expected) == BANDED
    for code, name in enumerate(BANDED):
        out = np.full((POINTS, 3 * LANES), np.nan)
        kernels.keep(code, thermal, profile, points, LANES, out)
        np.testing.assert_allclose(out[:, LANES : 2 * LANES], expected[name], rtol=1e-12, err_msg=name)
        assert np.isnan(np.delete(out, np.s_[LANES : 2 * LANES], axis=1)).all()


@pytest.mark.parametrize("patterned", [False, True])
def test_back_substitution_in_two_blocks_solves_the_transposed_factor(patterned):
    rng = np.random.default_rng(9)
    modes, size, border, member = 2, 9, 4, 1
    lower = 0.3 * rng.standard_normal((modes, size, 4))
    lower[:, :, 0] = rng.uniform(0.5, 1.5, (modes, size))  # reciprocals of the diagonal
    half, influence = rng.standard_normal((2, modes, size))
    rows = np.zeros((2, 1, size + 2 * EDGE, 4, MODES))
    rows[member, 0, EDGE:-EDGE, :, :modes] = lower.transpose(1, 2, 0)
    columns = np.zeros((2, 2, 1, size + 2 * EDGE, MODES))
    columns[:, member, 0, EDGE:-EDGE, :modes] = np.stack([half.T, influence.T])
    mixture = Mixture(
        lower=rows.reshape(2, 1, -1), half=columns[0].reshape(2, 1, -1), influence=columns[1].reshape(2, 1, -1),
        first=0, rotation=np.zeros((1, 4, 4)), basis=np.zeros(2, dtype=np.int64),
        noise=np.array([0.0, 2.0]), patterned=patterned,
    )  # fmt: skip
    right, pattern = rng.standard_normal((size, modes, LANES)), rng.standard_normal((modes, LANES))
    found, state = np.empty_like(right), np.zeros((3, modes, LANES))
    for first, last in ((border, size), (0, border)):
        out = np.zeros((last - first + 3, 4, LANES))  # modes filled up with zeros
        out[: last - first, :modes] = right[first:last]
        substitute_back(mixture, member, first, last, pattern, state, out)
        found[first:last] = out[: last - first, :modes]
    for m in range(modes):
        factor = np.diag(1.0 / lower[m, :, 0])
        for d in range(1, 4):
            factor += np.diag(lower[m, d:, d], -d)
        expected = half[m][:, None] + 2.0 * right[:, m] - patterned * influence[m][:, None] * pattern[m]
        np.testing.assert_allclose(factor.T @ found[:, m], expected, atol=1e-11)


@pytest.mark.parametrize("method", ["posterior", "perturb"])
@pytest.mark.parametrize("closure", ["voltage", "blocking", "current"])
def test_replicates_without_noise_are_the_reconstruction(closure, method):
    x, time = np.linspace(0.0, 1e-3, 7), 500.0 * np.arange(8.0)
    c = 1600.0 * (1.0 - 0.2 * np.exp(-x / 3e-4) * (time / time[-1])[:, None])
    coords = {"time": ("time", time, {"units": "s"}), "x": ("x", x, {"units": "m"})}
    concentration = xr.DataArray(c, dims=("time", "x"), coords=coords)
    voltage = xr.DataArray(np.full(8, 1.0), dims="time", coords={"time": time})
    current = xr.DataArray(np.full(8, -0.5), dims="time", coords={"time": time})
    diffusivity_of_c = Diffusivity.exponential(1.3e-12, 5e-4, 1600.0)
    fit = smooth(concentration, penalties=Penalties(space=1e-7, time=1e2, both=1e-3))
    options = {
        "temperature": 313.15, "closure": closure, "series": fit, "current_density": current,
        "transference_number": 0.8,
    }  # fmt: skip
    bands = drift_bands(
        concentration, voltage, diffusivity_of_c, method=method, samples=40, quantiles=(0.5,), profile_noise=False,
        uncertainties=Uncertainties.none(), **options,
    )  # fmt: skip
    exact = reconstruct_drift(concentration, voltage, diffusivity_of_c, **options)
    for name in BANDED:
        scale = float(np.abs(exact[name]).max())
        np.testing.assert_allclose(bands[name][0], exact[name], atol=1e-9 * scale, err_msg=name)
