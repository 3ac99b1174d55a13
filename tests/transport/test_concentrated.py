"""Concentrated-solution theory against its dilute limit, its conservation law and its own antiderivative."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import BarycentricInterpolator, CubicSpline

from iondrift import ConcentratedSolution, ElectrolyteProperty
from iondrift.errors import ConfigurationError, DataError, IondriftWarning
from iondrift.reference import concentrated_solution as plain
from iondrift.transport.relations import ambipolar_diffusivity, cation_diffusivity
from iondrift_kernels.constants import FARADAY, GAS_CONSTANT

TEMPERATURE = 313.15
THERMAL = GAS_CONSTANT * TEMPERATURE / FARADAY
# Made up, and as such: no electrolyte has these.
COEFFICIENTS = {
    "salt_diffusivity": [-4e-16, 3.2e-12],
    "transference_number": [1e-4, 0.62],
    "thermodynamic_factor": [6e-4, 0.9],
    "conductivity": [-2e-8, 7e-5, 0.01],
}


def made_up(**changes: ElectrolyteProperty) -> ConcentratedSolution:
    found = {name: ElectrolyteProperty.polynomial(values) for name, values in COEFFICIENTS.items()}
    return ConcentratedSolution(**(found | changes), source="made up for a test")


def written_out() -> plain.Solution:
    return plain.Solution(*(np.poly1d(values) for values in COEFFICIENTS.values()))


def dilute(t: float, D: float) -> ConcentratedSolution:
    """Return the solution that a dilute one with D- and t- is."""
    cation = cation_diffusivity(D, t)
    return ConcentratedSolution(
        salt_diffusivity=ElectrolyteProperty.constant(ambipolar_diffusivity(D, cation)),
        transference_number=ElectrolyteProperty.constant(t),
        thermodynamic_factor=ElectrolyteProperty.constant(1.0),
        conductivity=ElectrolyteProperty.polynomial([FARADAY**2 * (D + cation) / (GAS_CONSTANT * TEMPERATURE), 0.0]),
        source="dilute",
    )


@pytest.mark.parametrize("t", [0.1, 0.5, 0.9])
def test_chi_of_one_and_nernst_einstein_are_a_dilute_solution(t: float) -> None:
    rng, D = np.random.default_rng(1), 1.3e-12
    c, gradient, i = rng.uniform(200.0, 3000.0, 50), 1e6 * rng.standard_normal(50), -rng.uniform(0.1, 2.0, 50)
    found = dilute(t, D).transport(c, gradient, i, TEMPERATURE)
    cation = cation_diffusivity(D, t)
    field = (i / FARADAY + (cation - D) * gradient) / ((cation + D) / THERMAL * c)
    np.testing.assert_allclose(found.field, field, rtol=1e-12, atol=1e-12 * np.abs(field).max())
    np.testing.assert_allclose(found.velocity, -D / THERMAL * field, rtol=1e-12, atol=1e-20)
    flux = -ambipolar_diffusivity(D, cation) * gradient - t * i / FARADAY
    np.testing.assert_allclose(found.flux, flux, rtol=1e-12)
    assert np.abs(found.friction).max() < 1e-14 * np.abs(c * found.velocity).max()
    # small currents end at the cation's share
    assert 1.0 / (1.0 + dilute(t, D).newman_number(1000.0, TEMPERATURE)) == pytest.approx(1.0 - t, rel=1e-12)


def test_formulas_are_those_written_out() -> None:
    rng = np.random.default_rng(2)
    c, gradient, i = rng.uniform(300.0, 2500.0, 40), 1e6 * rng.standard_normal(40), -rng.uniform(0.1, 2.0, 40)
    solution, other = made_up(), written_out()
    found = solution.transport(c, gradient, i, TEMPERATURE)
    np.testing.assert_allclose(found.velocity, plain.velocity(other, c, gradient, i, TEMPERATURE), rtol=1e-12)
    np.testing.assert_allclose(found.flux, plain.flux(other, c, gradient, i), rtol=1e-11)
    t, chi, kappa = other.transference(c), other.thermodynamic_factor(c), other.conductivity(c)
    field = i / kappa - (2.0 * t - 1.0) * chi * THERMAL * gradient / c
    np.testing.assert_allclose(found.field, field, rtol=1e-12, atol=1e-12 * np.abs(field).max())
    np.testing.assert_allclose(found.velocity, -found.mobility * found.field, rtol=1e-12)
    # E and E_Li differ by the potential of the lithium ions at f+ = f-
    difference = -chi * THERMAL * gradient / c
    np.testing.assert_allclose(found.lithium_field - found.field, difference, rtol=1e-9, atol=1e-9)
    # friction vanishes where D_s is what Nernst and Einstein would say
    einstein = 2.0 * t * (1.0 - t) * chi * GAS_CONSTANT * TEMPERATURE * kappa / (FARADAY**2 * c)
    expected = (other.salt_diffusivity(c) - einstein) * gradient
    np.testing.assert_allclose(found.friction, expected, rtol=1e-9, atol=1e-16)
    # from the flux by storage in place of the current v would differ by X / c
    blocking = (found.flux + found.diffusivity * gradient) / c
    np.testing.assert_allclose(found.velocity - blocking, found.friction / c, rtol=1e-6, atol=1e-18)


def test_the_flux_is_what_storage_says_after_a_run_with_properties_of_c() -> None:
    """J by (3.1) against the integral of dc/dt, both of a spectral solution."""
    solution = made_up()
    x, c, gradient, rate = plain.between_walls(written_out(), 1500.0, -1.0, 3e-4, 4000.0)
    assert c[0] < 0.8 * c[-1]
    found = solution.transport(c, gradient, -1.0, TEMPERATURE)
    polynomial = np.polynomial.Chebyshev.fit(x, rate, x.size - 1).integ(lbnd=x[0])
    largest = np.abs(solution.transference_number(c)).max() / FARADAY
    np.testing.assert_allclose(found.flux, -polynomial(x), atol=3e-7 * largest)


@pytest.mark.parametrize(("points", "within"), [(100, 1e-5), (400, 1e-6)])
def test_the_voltage_between_lithium_electrodes_is_the_integral_of_the_field(points: int, within: float) -> None:
    x, c, _, _ = plain.between_walls(written_out(), 1500.0, -1.0, 3e-4, 4000.0)
    fine = np.linspace(x[0], x[-1], points)
    profile = np.asarray(BarycentricInterpolator(x, c)(fine))
    gradient = CubicSpline(fine, profile)(fine, 1)
    solution = made_up()
    field = solution.transport(profile, gradient, -1.0, TEMPERATURE).lithium_field
    voltage = solution.lithium_voltage(fine, profile, -1.0, TEMPERATURE)
    assert voltage > 0.01
    assert voltage == pytest.approx(-np.trapezoid(field, fine), abs=within)


def test_net_velocity_stays_and_v_follows_the_convention() -> None:
    """A larger chi moves v, and neither w nor v_i: only those may be compared between electrolytes."""
    c, gradient, i = np.array([900.0]), np.array([3e6]), np.array([-0.24])
    one = made_up().transport(c, gradient, i, TEMPERATURE)
    other = made_up(thermodynamic_factor=ElectrolyteProperty.constant(3.0)).transport(c, gradient, i, TEMPERATURE)
    assert other.flux == one.flux
    assert other.current_velocity == one.current_velocity
    assert other.velocity > 1.2 * one.velocity


@pytest.mark.parametrize("argument", ["concentration", "molality"])
def test_a_property_is_a_polynomial_or_a_table_of_its_argument(argument: str) -> None:
    c = np.linspace(500.0, 2000.0, 7)
    place = c
    if argument == "molality":  # mol of salt in the mass of ethylene oxide units that additive volumes leave
        volume = 1.0 - c * (1.0 / 1666.0 - 10.0 * 44.05e-6 / 1.12)
        place = c / (volume * 1120.0)
    polynomial = ElectrolyteProperty.polynomial([2.0, 3.0], argument=argument)
    np.testing.assert_allclose(polynomial(c), 2.0 * place + 3.0, rtol=1e-12)
    table = ElectrolyteProperty.table(place, 2.0 * place + 3.0, argument=argument)
    np.testing.assert_allclose(table(c), 2.0 * place + 3.0, rtol=1e-9)
    np.testing.assert_allclose(polynomial.concentration_of(polynomial.argument_of(c)), c, rtol=1e-12)


def test_properties_without_source_or_out_of_range_are_told() -> None:
    with pytest.raises(ConfigurationError, match="source: is empty; name the publication"):
        ConcentratedSolution(**{name: getattr(made_up(), name) for name in COEFFICIENTS}, source=" ")
    with pytest.raises(ConfigurationError, match=r"conductivity.*make it: ElectrolyteProperty"):
        made_up(conductivity=0.1)  # type: ignore[arg-type]
    falling = made_up(transference_number=ElectrolyteProperty.polynomial([-1e-3, 0.9]))
    with pytest.raises(DataError, match=r"transference_number: -0\.1 at 1 mol/L; it must be positive"):
        falling.check(500.0, 1000.0)
    narrow = made_up(conductivity=ElectrolyteProperty.table([1.0, 1.5], [0.1, 0.2], concentration_unit="mol/L"))
    with pytest.warns(IondriftWarning, match="conductivity was given for 1 to 1.5 mol/L, and is needed from 0.5 to 2"):
        narrow.check(500.0, 2000.0)
    assert "source: made up for a test" in made_up().describe()
