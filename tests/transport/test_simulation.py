from __future__ import annotations

import re

import numpy as np
import pytest

from iondrift.errors import ConfigurationError, DataError, DiffusivityError, IondriftWarning
from iondrift.reference import nernst_planck as reference
from iondrift.transport.diffusivity import Diffusivity
from iondrift.transport.forward.simulation import DEFAULT_DIFFUSIVITY, MeasuredLike, graded_volumes, simulate
from iondrift.transport.relations import ambipolar_diffusivity, cation_diffusivity, mobility, sand_time
from iondrift_kernels.constants import FARADAY, GAS_CONSTANT

THERMAL = GAS_CONSTANT * 313.15 / FARADAY
REST = {"open_circuit_before": 0.0, "constant_voltage": 0.0, "open_circuit_after": 0.0}
NO_LIMIT = {**REST, "voltage_limit": 1e3, "interface_resistance": 0.0}


@pytest.fixture(scope="module")
def li_li():
    return simulate()


def test_the_cells_resemble_the_measured_ones(li_li):
    starts = li_li.attrs
    assert (starts["constant_voltage_start"] - starts["constant_current_start"]) / 3600 == pytest.approx(1.5, abs=0.2)
    assert li_li.sizes["time"] > 78
    plating = li_li.sel(time=slice(9200, None))
    assert 0.1 < float(plating.voltage[0]) < 0.5
    assert float(li_li.voltage.max()) == pytest.approx(1.5, abs=1e-9)
    # Depletion is a thin layer on a nearly flat bulk.
    end = li_li.sel(time=starts["rest_start"], method="nearest").concentration
    assert float(end[0]) < 0.3 * 1666
    assert abs(float(end.sel(x=4e-4, method="nearest")) / 1666 - 1) < 0.02
    nmc = simulate("li-nmc622").attrs
    assert (nmc["constant_voltage_start"] - nmc["constant_current_start"]) / 3600 == pytest.approx(2.25, abs=0.2)
    assert nmc["thickness"] == 1.391e-3


def test_steps_last_as_long_as_stated_where_no_limit_ends_them(li_li):
    """2.5 h at rest, 6 h at constant current, 5 h at constant voltage, 2.5 h at rest; a sample of the log in 20 s."""
    gentle = simulate(current_density=-0.1, constant_voltage=0.0)  # never reaches the limit
    lasted = np.diff([gentle.attrs["constant_current_start"], gentle.attrs["rest_start"]])
    np.testing.assert_allclose(lasted, 6.0 * 3600.0)
    starts = [li_li.attrs[f"{step}_start"] for step in ("constant_current", "constant_voltage", "rest")]
    assert starts[0] == pytest.approx(2.5 * 3600.0)
    assert starts[2] - starts[1] == pytest.approx(5.0 * 3600.0)
    assert float(li_li.log_time[-1]) == pytest.approx(starts[2] + 2.5 * 3600.0, abs=20.0)
    assert np.median(np.diff(li_li.log_time)) == pytest.approx(20.0)


def test_current_is_negative_while_plating_and_voltage_positive(li_li):
    plating = li_li.sel(time=slice(li_li.constant_current_start + 300, li_li.rest_start - 300))
    assert (plating.current_density < 0.0).all()
    assert (plating.voltage > 0.0).all()
    assert (plating.electric_field < 0.0).all()
    assert (plating.drift_velocity > 0.0).all()
    rest = li_li.sel(time=slice(None, li_li.constant_current_start - 300))
    np.testing.assert_array_equal(rest.current_density, 0.0)
    np.testing.assert_allclose(rest.drift_velocity, 0.0, atol=1e-18)


def test_anions_are_conserved_through_the_whole_protocol():
    faces, middles = graded_volumes(1.203e-3, 160)
    from iondrift.transport.forward.protocol_run import ProtocolRun
    from iondrift_kernels import nernst_planck as model

    run = ProtocolRun(
        cell=model.Cell(0.9, THERMAL, 0.0, 0.057, 2.0, 1666.0, 1.0),
        grid=model.Grid(np.diff(faces), np.diff(middles)),
        diffusion=model.Diffusion(
            DEFAULT_DIFFUSIVITY.form, DEFAULT_DIFFUSIVITY.argument_code, DEFAULT_DIFFUSIVITY.parameters
        ),
        concentration=np.full(160, 1666.0),
        snapshots=np.arange(94) * 500.0 + 222.0,
        longest_step=20.0,
    )
    run.protocol(current_density=-1.0, voltage_limit=1.5, durations=(9e3, 2e4, 1.8e4, 9e3))
    contents = np.array(run.profiles) @ run.grid.widths
    assert np.abs(contents / (1666.0 * 1.203e-3) - 1.0).max() < 1e-10


def test_anion_flux_vanishes_at_both_electrodes(li_li):
    scale = np.abs(li_li.flux).max()
    assert (np.abs(li_li.flux.isel(x=[0, -1])) < 1e-3 * scale).all()


def test_steady_state_is_a_linear_gradient():
    D = Diffusivity.constant(1e-11)
    i = -0.05
    truth = simulate(
        diffusivity=D, current_density=i, constant_current=3e6, interval=1e6, time_step=2e4, log_interval=1e4,
        **NO_LIMIT,
    ).isel(time=-1)  # fmt: skip
    gradient = 0.9 * 0.05 / (FARADAY * 2.0 * 0.1 * 1e-11)
    expected = 1666.0 + gradient * (truth.x - 1.203e-3 / 2.0)
    np.testing.assert_allclose(truth.concentration, expected, rtol=1e-5)
    np.testing.assert_allclose(truth.flux, 0.0, atol=1e-5 * 0.05 / FARADAY)


def test_salt_runs_out_at_sand_s_time_and_the_error_names_it():
    D = Diffusivity.constant(1.3e-12)
    with pytest.raises(DataError, match="salt at the plating electrode runs out") as caught:
        simulate(diffusivity=D, constant_current=3e4, **NO_LIMIT)
    stopped = float(re.search(r"stopped ([\d.]+) s", str(caught.value)).group(1))
    tau = sand_time(
        current_density=1.0,
        concentration=1666.0,
        anion_transference=0.9,
        ambipolar_diffusivity=ambipolar_diffusivity(1.3e-12, cation_diffusivity(1.3e-12, 0.9)),
    )
    assert stopped == pytest.approx(tau, rel=5e-3)


def test_a_voltage_limit_that_depletion_jumps_over_is_an_error_too():
    """The Nernst terms hold 124 mV a decade: 5 V are more decades than numbers have digits."""
    with pytest.raises(DataError, match="salt at the plating electrode runs out"):
        simulate(interface_resistance=0.0, voltage_limit=5.0)


def test_the_field_integrates_to_the_voltage():
    fine = graded_volumes(1.203e-3, 1600)[0]
    truth = simulate(x=fine, interface_resistance=0.0, voltage_limit=0.22, profiles=60)
    across = -np.trapezoid(truth.electric_field, fine, axis=1)
    electrodes = THERMAL * np.log(truth.concentration.values[:, -1] / truth.concentration.values[:, 0])
    assert electrodes.max() > 0.02
    np.testing.assert_allclose(across + electrodes, truth.voltage, atol=2e-4)
    np.testing.assert_allclose(truth.voltage_offset, electrodes, atol=2e-4)
    assert float(truth.voltage.max()) == pytest.approx(0.22, abs=1e-9)


def test_voltage_offset_is_what_lies_outside_the_stored_range():
    inner = np.linspace(1e-4, 1.1e-3, 801)
    truth = simulate("li-nmc622", x=inner)
    across = -np.trapezoid(truth.electric_field, inner, axis=1)
    np.testing.assert_allclose(truth.voltage - truth.voltage_offset, across, atol=1e-5)
    np.testing.assert_allclose(truth.voltage_offset[:10], 3.7, atol=1e-9)
    np.testing.assert_allclose(truth.voltage_part.sum("part"), truth.voltage_offset, rtol=1e-12)


@pytest.mark.parametrize(("cell", "lithium"), [("li-li", 1.0), ("li-nmc622", 0.0)])
def test_the_electrodes_add_their_nernst_term(cell: str, lithium: float) -> None:
    truth = simulate(cell, profiles=40)
    c = truth.concentration.values
    expected = THERMAL * (lithium * np.log(c[:, -1] / 1666.0) - np.log(c[:, 0] / 1666.0))
    assert expected.max() > 0.02
    np.testing.assert_allclose(truth.voltage_part.sel(part="electrodes"), expected, atol=1e-9)


def test_the_voltage_closure_recovers_the_truth_within_two_percent():
    x = np.linspace(0.94e-4, 1.1e-3, 401)
    truth = simulate(x=x)
    c, t = truth.concentration.values, truth.time.values
    D = DEFAULT_DIFFUSIVITY(c)
    storage = -np.gradient(c, t, axis=0)
    G = np.concatenate([np.zeros((t.size, 1)), np.cumsum(0.5 * (storage[:, 1:] + storage[:, :-1]), axis=1)], axis=1)
    G *= np.diff(x)[0]
    diffusion = D * np.gradient(c, x, axis=1, edge_order=2)
    uc = mobility(D, 313.15) * c
    V = (truth.voltage - truth.voltage_offset).values
    J0 = (V - np.trapezoid((G + diffusion) / uc, x, axis=1)) / np.trapezoid(1.0 / uc, x, axis=1)
    v = (J0[:, np.newaxis] + G + diffusion) / c
    away = np.ones(t.size, dtype=bool)
    for step in ("constant_current_start", "constant_voltage_start", "rest_start"):
        away &= np.abs(t - truth.attrs[step]) > 1200.0
    plating = away & (t > truth.constant_current_start) & (t < truth.rest_start)
    assert plating.sum() > 30
    error = np.abs(v - truth.drift_velocity.values)[plating] / truth.drift_velocity.values[plating]
    assert error.max() < 0.02


def test_grid_refinement_is_second_order():
    x = np.linspace(0.0, 1.203e-3, 25)
    common = {"x": x, "constant_current": 4000.0, "interval": 1000.0, "time_step": 5.0, **NO_LIMIT}
    finest = simulate(volumes=640, **common)
    errors = {
        n: (
            np.abs(other.concentration - finest.concentration).max().item(),
            np.abs(other.voltage - finest.voltage).max().item(),
        )
        for n in (20, 40, 80)
        for other in [simulate(volumes=n, **common)]
    }
    for quantity in (0, 1):
        assert 3.0 < errors[20][quantity] / errors[40][quantity] < 5.5
        assert 3.0 < errors[40][quantity] / errors[80][quantity] < 5.5


def test_time_step_refinement_converges_through_all_protocol_steps():
    coarse, middle, fine = (simulate(time_step=step) for step in (80.0, 20.0, 5.0))
    for name, tolerance in (("concentration", 1e-3), ("voltage", 1e-3), ("drift_velocity", 3e-3)):
        scale = np.abs(fine[name]).max().item()
        errors = [np.abs(other[name] - fine[name]).max().item() / scale for other in (coarse, middle)]
        assert errors[1] < tolerance
        assert errors[1] < errors[0]


def test_constant_current_and_constant_voltage_match_a_stiff_solver_of_scipy():
    n = 40
    faces, middles = graded_volumes(1.203e-3, n)
    common = {
        "volumes": n,
        "x": middles,
        "open_circuit_before": 0.0,
        "constant_voltage": 4000.0,
        "open_circuit_after": 0.0,
        "voltage_limit": 0.32,
        "interface_resistance": 0.1,
        "interface_exponent": 0.0,
        "interval": 250.0,
        "duration": 200.0,
        "time_step": 5.0,
    }
    truth = simulate(**common)
    switch = truth.constant_voltage_start
    before, after = truth.time.values[truth.time < switch], truth.time.values[truth.time > switch]
    assert min(before.size, after.size) > 5
    times = np.concatenate([[0.0], before, [switch]])
    profiles = reference.at_current(np.full(n, 1666.0), -1.0, times, DEFAULT_DIFFUSIVITY, faces, 0.9)
    np.testing.assert_allclose(truth.concentration[: before.size], profiles[1:-1], rtol=2e-5)
    reached = reference.voltage(profiles[-1], -1.0, DEFAULT_DIFFUSIVITY, faces, 0.9, THERMAL, 0.1)
    assert reached == pytest.approx(0.32, abs=1e-5)
    profiles, current = reference.at_voltage(
        profiles[-1], 0.32, np.concatenate([[switch], after]), DEFAULT_DIFFUSIVITY, faces, 0.9, THERMAL, 0.1
    )
    np.testing.assert_allclose(truth.concentration[before.size :], profiles[1:], rtol=1e-4)
    np.testing.assert_allclose(truth.current_density[before.size :], current[1:], rtol=1e-4)


def test_the_log_and_the_profiles_tell_one_story(li_li):
    at_profiles = np.interp(li_li.time, li_li.log_time, li_li.log_voltage)
    away = np.abs(li_li.time - li_li.constant_current_start) > 300
    np.testing.assert_allclose(at_profiles[away], li_li.voltage[away], atol=5e-3)
    assert np.diff(li_li.log_time).max() == pytest.approx(20.0)
    assert float(li_li.log_current_density.min()) == -1.0


def test_measured_like_noise_has_the_measured_statistics():
    quiet = simulate(noise=0.0, open_circuit_before=1.2e5, profiles=220)
    noisy = simulate(noise=0.02, open_circuit_before=1.2e5, profiles=220, seed=5)
    inside = np.flatnonzero((quiet.position > 2e-4) & (quiet.position < 1e-3))
    residual = (noisy.intensity / quiet.intensity.mean("time") - 1.0).values[:, inside]
    common = residual.mean(axis=1)
    white = residual - common[:, np.newaxis]
    assert white.std() == pytest.approx(0.02, rel=0.06)
    assert common.std() == pytest.approx(np.hypot(0.0037, 0.02 / np.sqrt(inside.size / 2)), rel=0.15)
    lags = [np.mean(white[:, k:] * white[:, : white.shape[1] - k]) / white.var() for k in (1, 2)]
    assert lags == pytest.approx([0.64, 0.0], abs=0.05)
    outside = noisy.intensity.values[:, :60] / 2.8e5
    assert outside.mean() == pytest.approx(0.082, abs=0.003)


def test_intensity_over_its_reference_is_the_concentration():
    truth = simulate(noise=0.0, measurement=MeasuredLike(common_mode=0.0, background=0.0), profiles=70)
    ratio = truth.intensity / truth.intensity[0]
    inside = np.flatnonzero((truth.position > 1e-4) & (truth.position < 1.1e-3))
    spline = truth.concentration.interp(x=truth.position[inside].values, method="cubic") / 1666.0
    np.testing.assert_allclose(ratio[:, inside], spline, atol=0.012)
    half = float(truth.intensity[0].max()) / 2
    above = truth.position.values[truth.intensity[0].values > half]
    assert np.ptp(above) == pytest.approx(1.203e-3, abs=4e-5)


def test_the_sample_is_centred_in_the_field_of_view_unless_it_is_placed():
    truth = simulate(noise=0.0, profiles=3)
    np.testing.assert_allclose(truth.position, np.arange(256) * (4e-3 / 256) - (4e-3 - 1.203e-3) / 2.0, atol=1e-12)
    moved = simulate(noise=0.0, profiles=3, measurement=MeasuredLike(electrode_position=1e-3, points=128))
    np.testing.assert_allclose(moved.position, np.arange(128) * (4e-3 / 128) - 1e-3, atol=1e-12)


@pytest.mark.parametrize(("share", "refused"), [(1.9, True), (2.1, False)])
def test_a_diffusivity_must_be_positive_up_to_twice_the_concentration(share, refused):
    """And from a twentieth of it on: what a run may reach."""
    D = Diffusivity.polynomial([-1e-15, share * 1e-15 * 1666.0])
    options = {"diffusivity": D, "current_density": -0.05, "constant_voltage": 0.0, "profiles": 3}
    if refused:
        with pytest.raises(DiffusivityError, match=r"at 3\.332 mol/L"):
            simulate(**options)
    else:
        assert simulate(**options).sizes["time"] == 3


def test_the_seed_decides_the_noise():
    one, again, other = (simulate(noise=0.02, profiles=3, seed=seed).intensity for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert np.abs(one - other).max() > 0.01 * 2.8e5


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"cell": "na-na"}, ConfigurationError, "cell 'na-na': use 'li-li' or 'li-nmc622'"),
        ({"current_density": 1.0}, DataError, "negative while plating"),
        ({"anion_transference": 1.0}, DataError, "between 0 and 1"),
        ({"temperature": float("nan")}, DataError, "temperature: value nan"),
        ({"concentration": 0.0}, DataError, "concentration: value 0"),
        ({"interface_resistance": -1.0}, DataError, "interface_resistance: -1; it must not be negative"),
        ({"duration": 600.0}, ConfigurationError, "cannot outlast interval"),
        ({"profiles": 0}, ConfigurationError, "profiles 0: at least 1"),
        ({"profiles": 500}, ConfigurationError, "500 wanted, but the protocol has room for"),
        ({"volumes": 4}, ConfigurationError, "volumes 4: at least 8"),
        ({"x": [0.0, 2e-3]}, DataError, "x: 2 places within 0 to 0.001203"),
        ({"noise": -0.1, "profiles": 2}, DataError, "noise: -0.1; it must not be negative"),
        ({"constant_current": 1800.0}, DataError, "short of voltage_limit 1.5 V"),
        (
            {"noise": 0.02, "profiles": 2, "measurement": MeasuredLike(field_of_view=1e-3)},
            ConfigurationError,
            "does not fit into field_of_view 1 mm",
        ),
    ],
)
def test_what_does_not_fit_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        simulate(**options)


def test_a_measurement_that_does_not_fit_is_refused():
    with pytest.raises(ConfigurationError, match="nominal 300, points 256"):
        MeasuredLike(nominal=300)
    with pytest.raises(ConfigurationError, match="background 2: a fraction"):
        MeasuredLike(background=2.0)


def test_a_diffusivity_that_turns_negative_is_refused_before_and_warned_about_after():
    cubic = [-3.09546e-16, -8.14922e-15, 5.01302e-13, -2.57336e-12]
    with pytest.raises(DiffusivityError, match="outside='hold'"):
        simulate(diffusivity=Diffusivity.polynomial(cubic, argument="eo_li_ratio", valid_range=(10, 20)))
    held = Diffusivity.polynomial(cubic, argument="eo_li_ratio", valid_range=(10, 20), outside="hold")
    with pytest.warns(IondriftWarning, match="held at its edges"):
        simulate(diffusivity=held, profiles=22)
