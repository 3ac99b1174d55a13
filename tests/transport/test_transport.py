from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iondrift.errors import DataError, ShapeError
from iondrift.transport import relations as transport
from iondrift_kernels.constants import AVOGADRO, BOLTZMANN, ELEMENTARY_CHARGE, GAS_CONSTANT

ANIONS = 9.94e23 * 1e3 / AVOGADRO  # mol m-3
positive = st.floats(1e-20, 1e20)


def test_sand_s_time_of_the_paper():
    common = {"current_density": 1.0, "concentration": ANIONS, "anion_transference": 0.9}
    assert transport.sand_time(**common, ambipolar_diffusivity=2.53e-13) / 60 == pytest.approx(103.7, abs=0.05)
    anion = 1.3e-12
    ambipolar = transport.ambipolar_diffusivity(anion, transport.cation_diffusivity(anion, 0.9))
    assert ambipolar == pytest.approx(2.60e-13, rel=1e-12)
    assert transport.sand_time(**common, ambipolar_diffusivity=ambipolar) / 60 == pytest.approx(106.6, abs=0.05)


def test_uniform_concentration_drifts_at_u_v_over_l():
    v = transport.mobility(1.315192e-12, 313.15) * 1.5 / 1.015625e-3
    assert v * 3.6e9 == pytest.approx(259.13, abs=0.005)


def test_mobility_in_molecular_units():
    expected = ELEMENTARY_CHARGE * 1e-12 / (BOLTZMANN * 300.0)
    assert transport.mobility(1e-12, 300.0) == pytest.approx(expected, rel=1e-14)
    assert pytest.approx(8.314462618, rel=1e-9) == GAS_CONSTANT


@given(positive, positive)
def test_ambipolar_diffusivity_is_a_harmonic_mean(a, b):
    mean = transport.ambipolar_diffusivity(a, b)
    assert mean == transport.ambipolar_diffusivity(b, a)
    assert min(a, b) * (1 - 1e-12) <= mean <= 2 * min(a, b) * (1 + 1e-12)


@given(positive, st.floats(0.01, 0.99))
def test_cation_diffusivity_returns_the_transference_number(anion, t):
    cation = transport.cation_diffusivity(anion, t)
    assert anion / (anion + cation) == pytest.approx(t, rel=1e-12)


def test_field_of_view_of_the_experiment():
    assert transport.field_of_view(100e3, 0.624) * 1e3 == pytest.approx(4.00, abs=0.005)


def test_penetration_depth_is_exact_for_linear_growth_and_runs_along_time():
    t = np.array([0.0, 1.0, 4.0, 9.0])
    v = np.stack([2.0 * t, np.full(4, 3.0)], axis=1)
    np.testing.assert_allclose(transport.penetration_depth(v, t), np.stack([t**2, 3.0 * t], axis=1))
    assert transport.penetration_depth(v[:, 0], t).shape == (4,)


def test_penetration_depth_refuses_what_does_not_fit():
    with pytest.raises(ShapeError, match="expected 2 along its first dimension"):
        transport.penetration_depth([1.0, 2.0, 3.0], [0.0, 1.0])
    with pytest.raises(DataError, match="time must increase strictly"):
        transport.penetration_depth([1.0, 2.0], [1.0, 1.0])
    with pytest.raises(DataError, match="velocity: value nan at index 1"):
        transport.penetration_depth([1.0, np.nan], [0.0, 1.0])


def test_time_to_short():
    np.testing.assert_allclose(transport.time_to_short(1.2e-3, np.array([1e-9, 2e-9])), [1.2e6, 0.6e6])


def test_scalars_stay_scalars_and_arrays_broadcast():
    assert type(transport.mobility(1e-12, 300.0)) is float
    i = np.array([1.0, 2.0])
    tau = transport.sand_time(
        current_density=i, concentration=1650.0, anion_transference=0.9, ambipolar_diffusivity=2.5e-13
    )
    assert tau.shape == (2,)
    assert tau[0] / tau[1] == pytest.approx(4.0)


SAND = {
    "current_density": 1.0,
    "concentration": 1650.0,
    "anion_transference": 0.9,
    "ambipolar_diffusivity": 1e-13,
}
CALLS = [
    (transport.mobility, {"diffusivity": 1e-12, "temperature": 300.0}),
    (transport.ambipolar_diffusivity, {"anion": 1e-12, "cation": 1e-13}),
    (transport.cation_diffusivity, {"anion": 1e-12, "anion_transference": 0.9}),
    (transport.sand_time, SAND),
    (transport.time_to_short, {"length": 1e-3, "velocity": 1e-9}),
    (transport.field_of_view, {"sweep_width": 1e5, "gradient": 0.6, "gyromagnetic_ratio": 4e7}),
]


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
@pytest.mark.parametrize(("function", "name"), [(f, name) for f, arguments in CALLS for name in arguments])
def test_zero_negative_and_nan_are_refused_by_name(function, name, bad):
    arguments = {**dict(CALLS)[function], name: bad}
    with pytest.raises(DataError, match=name.split("_")[-1]):
        function(**arguments)


def test_transference_number_above_one_is_refused():
    with pytest.raises(DataError, match=r"1\.2 is above 1"):
        transport.sand_time(**{**SAND, "anion_transference": 1.2})
    with pytest.raises(DataError, match="no mobile cation"):
        transport.cation_diffusivity(1e-12, 1.0)
