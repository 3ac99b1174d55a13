"""Units that labelled arrays state: known ones are converted, others refused; the answer does not depend on them."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from iondrift import Diffusivity, drt, errors, kramers_kronig, reconstruct_drift
from iondrift.units import factor_to, kind_and_factor, units_of

TIME, X = 513.0 * np.arange(12), np.linspace(0.0, 8e-4, 17)
D = Diffusivity.constant(1.3e-12)


def cell() -> dict[str, xr.DataArray]:
    """Return profiles, voltage, current and storage in SI, without a word of units."""
    c = 1666.0 * (1.0 + 0.2 * np.tanh(TIME / 3e3)[:, None] * (X / X[-1] - 0.5))
    times = {"time": TIME}
    return {
        "concentration": xr.DataArray(c, {**times, "x": X}, ("time", "x")),
        "voltage": xr.DataArray(0.2 + 1e-5 * TIME, times, ("time",)),
        "current_density": xr.DataArray(-0.8 - 1e-5 * TIME, times, ("time",)),
        "electrode_storage": xr.DataArray(0.05 - 1e-7 * TIME, times, ("time",)),
    }


def in_unit(array: xr.DataArray, unit: str, factor: float) -> xr.DataArray:
    return (array / factor).assign_attrs(units=unit)


def along(array: xr.DataArray, dim: str, unit: str, factor: float) -> xr.DataArray:
    return array.assign_coords({dim: (dim, array[dim].values / factor, {"units": unit})})


def velocities(given: dict[str, xr.DataArray], closure: str) -> np.ndarray:
    found = reconstruct_drift(
        given["concentration"], given["voltage"], D, temperature=313.15, transference_number=0.9, closure=closure,
        current_density=given["current_density"], electrode_storage=given["electrode_storage"], smoothing="none",
    )  # fmt: skip
    assert found.drift_velocity.attrs["units"] == "m s-1"
    assert found.time.attrs.get("units", "s") == "s"
    np.testing.assert_allclose(found.time, TIME)
    np.testing.assert_allclose(found.x, X)
    return found.drift_velocity.values


@pytest.mark.parametrize(
    ("closure", "name", "unit", "factor"),
    [
        ("voltage", "concentration", "mol/L", 1e3),
        ("voltage", "concentration", "mmol L-1", 1.0),
        ("voltage", "voltage", "mV", 1e-3),
        ("current", "current_density", "mA/cm2", 10.0),
        ("current", "current_density", "mA cm⁻²", 10.0),
        ("blocking", "electrode_storage", "umol/cm2", 1e-2),
    ],
)
def test_values_in_another_unit_give_the_same_velocity(closure: str, name: str, unit: str, factor: float) -> None:
    plain = cell()
    stated = plain | {name: in_unit(plain[name], unit, factor)}
    np.testing.assert_allclose(velocities(stated, closure), velocities(plain, closure), rtol=1e-9)


def test_coordinates_in_minutes_and_millimetres_give_the_same_velocity() -> None:
    plain = cell()
    stated = {name: along(array, "time", "minutes", 60.0) for name, array in plain.items()}
    stated["concentration"] = along(stated["concentration"], "x", "mm", 1e-3)
    np.testing.assert_allclose(velocities(stated, "blocking"), velocities(plain, "blocking"), rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "unit"), [("concentration", "wt%"), ("voltage", "A"), ("current_density", "A"), ("voltage", "furlong")]
)
def test_a_unit_of_something_else_is_refused_with_those_allowed(name: str, unit: str) -> None:
    plain = cell()
    with pytest.raises(errors.DataError, match=rf"{name}.*units.*'{unit}'.*known are .*convert it"):
        velocities(plain | {name: plain[name].assign_attrs(units=unit)}, "current")


def spectra() -> xr.DataArray:
    f = np.logspace(5, -1, 40)
    z = 5.0 + np.array([[20.0], [30.0]]) / (1.0 + 2j * np.pi * f * 1e-2) + 8.0 / (1.0 + 2j * np.pi * f * 0.3)
    return xr.DataArray(z, {"spectrum": [1, 2], "frequency": f}, ("spectrum", "frequency"))


@pytest.mark.parametrize(("unit", "factor"), [("mohm", 1e-3), ("kΩ", 1e3), ("Ohm", 1.0)])
def test_impedance_in_another_unit_gives_the_same_relaxation_times(unit: str, factor: float) -> None:
    plain = spectra()
    stated = along(in_unit(plain, unit, factor), "frequency", "kHz", 1e3)
    found, expected = drt(stated), drt(plain)
    np.testing.assert_allclose(found.gamma, expected.gamma, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(found.tau, expected.tau)
    np.testing.assert_allclose(kramers_kronig(stated).kk_worst, kramers_kronig(plain).kk_worst, rtol=1e-6, atol=1e-12)


def test_a_mask_and_a_standard_deviation_are_aligned_by_their_coordinates() -> None:
    z = spectra()
    mask = xr.zeros_like(z, dtype=bool)
    mask.loc[{"spectrum": 2, "frequency": z.frequency[7]}] = True
    sigma = 1e-3 * abs(z)
    turned = {"spectrum": [1, 0], "frequency": np.arange(z.sizes["frequency"])[::-1]}
    plain = drt(z, mask=mask.values, weighting=sigma.values)
    aligned = drt(z, mask=mask.isel(turned).T, weighting=sigma.isel(turned).T)
    assert np.argwhere(np.isnan(plain.relative_residual.values)).tolist() == [[1, 7]]
    xr.testing.assert_equal(aligned.relative_residual, plain.relative_residual)
    np.testing.assert_array_equal(aligned.gamma, plain.gamma)


def test_a_mask_for_other_frequencies_is_refused_and_the_first_missing_one_named() -> None:
    z = spectra()
    mask = xr.zeros_like(z, dtype=bool).isel(frequency=slice(1, None))
    with pytest.raises(errors.DataError, match=r"mask.*frequency.*100000 is missing"):
        drt(z, mask=mask)


@pytest.mark.parametrize("si", ["s", "m", "V", "A m-2", "mol m-3", "ohm", "Hz"])
@given(data=st.data())
def test_every_spelling_of_a_unit_is_the_same_unit(si: str, data: st.DataObject) -> None:
    unit = data.draw(st.sampled_from(units_of(si)))
    expected = factor_to(si, unit)
    assert expected is not None
    numerator, *per = unit.split("/")
    spellings = [unit, f" {unit} ", unit.replace("u", "µ", 1) if unit.startswith("u") else unit]
    if per and per[0][-1] in "23":
        below, power = per[0][:-1], per[0][-1]
        spellings += [f"{numerator} {below}-{power}", f"{numerator}/{below}^{power}", f"{numerator} {below}^-{power}"]
        spellings.append(f"{numerator}/{below}{'²' if power == '2' else '³'}")
    assert factor_to(si, data.draw(st.sampled_from(spellings))) == expected


@pytest.mark.parametrize(
    ("text", "kind", "factor"),
    [
        ("Hz", "frequency", 1.0), ("mHz", "frequency", 1e-3), ("MHz", "frequency", 1e6), ("Mhz", "frequency", 1e6),
        ("mHZ", "frequency", 1e-3), ("kHz", "frequency", 1e3), ("mOhm", "impedance", 1e-3), ("mohm", "impedance", 1e-3),
        ("MOhm", "impedance", 1e6), ("Mohm", "impedance", 1e6), ("MV", "voltage", 1e6), ("uA", "current", 1e-6),
        ("mV vs. Ref.", "voltage", 1e-3),
    ],
)  # fmt: skip
def test_a_prefix_is_told_by_its_case(text: str, kind: str, factor: float) -> None:
    assert kind_and_factor(text, "a.csv, line 1") == (kind, factor)


@pytest.mark.parametrize("text", ["mhz", "MHZ", "MOHM"])
def test_one_case_throughout_leaves_milli_and_mega_open(text: str) -> None:
    with pytest.raises(errors.InputFileError, match=f"a.csv, line 1: '{text}' may mean milli or mega"):
        kind_and_factor(text, "a.csv, line 1")
