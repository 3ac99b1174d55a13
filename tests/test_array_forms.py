"""Arrays as users hold them: the same numbers as from contiguous float64 in SI, or a refusal that names the reason."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr

import iondrift
from iondrift import Diffusivity, cast, errors

TIME, X = np.arange(12) * 500.0, np.linspace(0.0, 1e-3, 16)
VALUES = np.round(1666.0 * (1.0 - 0.3 * np.outer(TIME / TIME[-1], np.exp(-X / 2e-4))), 0)
CONCENTRATION = xr.DataArray(VALUES, {"time": TIME, "x": X})
VOLTAGE = xr.DataArray(0.125 + np.arange(12) / 16.0, {"time": TIME})  # exact in every precision
DIFFUSIVITY = Diffusivity.constant(1.3e-12)
DURATIONS = (TIME * 1e9).astype("timedelta64[ns]")
Z = xr.DataArray(10.0 + 100.0 / (1.0 + 1j * np.logspace(2, -2, 21)), {"frequency": np.logspace(5, 1, 21)})


def velocity(concentration: xr.DataArray = CONCENTRATION, voltage: xr.DataArray = VOLTAGE) -> np.ndarray:
    result = iondrift.reconstruct_drift(concentration, voltage, DIFFUSIVITY, temperature=313.15, smoothing="none")
    return np.asarray(result.drift_velocity.values)


def read_only(array: xr.DataArray) -> xr.DataArray:
    values = array.values.copy()
    values.flags.writeable = False
    return array.copy(data=values)


def masked(array: xr.DataArray, hidden: object) -> xr.DataArray:
    return xr.DataArray(np.ma.masked_array(array.values, hidden), array.coords)


FORMS: dict[str, Callable[[xr.DataArray], xr.DataArray]] = {
    "integers": lambda array: array.astype(int),
    "float32": lambda array: array.astype(np.float32),
    "big-endian": lambda array: array.astype(">f8"),
    "read-only": read_only,
    "Fortran order": lambda array: array.copy(data=np.asfortranarray(array.values)),
    "strided": lambda array: xr.concat([array, array], "x").isel(x=slice(X.size)),
    "other order of dims": lambda array: array.transpose(),
    "masked nowhere": lambda array: masked(array, False),
    "durations": lambda array: array.assign_coords(time=DURATIONS),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_same_numbers(form: str) -> None:
    voltage = VOLTAGE.assign_coords(time=DURATIONS) if form == "durations" else VOLTAGE
    np.testing.assert_array_equal(velocity(FORMS[form](CONCENTRATION), voltage), velocity())


def test_dask_arrays_are_computed() -> None:
    pytest.importorskip("dask")
    np.testing.assert_array_equal(velocity(CONCENTRATION.chunk({"time": 5}), VOLTAGE.chunk()), velocity())


START = np.datetime64("2024-03-01T08:00:00")
REFUSED: dict[str, tuple[xr.DataArray, str]] = {
    "x descends": (CONCENTRATION[:, ::-1], "concentration: coordinate x must increase strictly"),
    "time descends": (CONCENTRATION[::-1], "concentration: coordinate time must increase strictly"),
    "a masked value": (masked(CONCENTRATION, VALUES.min() == VALUES), "concentration: value nan at index"),
    "dates": (CONCENTRATION.assign_coords(time=START + DURATIONS), r"coordinate time: .*dates .* subtract one start"),
    "complex": (CONCENTRATION + 0j, "concentration: expected numbers, got complex ones"),
    "truth values": (CONCENTRATION > 0.0, "concentration: expected numbers, got truth values"),
    "text": (CONCENTRATION.astype(str), "concentration: expected numbers, got text"),
    "durations as values": (
        CONCENTRATION.astype("timedelta64[s]"),
        r"concentration: expected numbers, got durations .* divide them by np\.timedelta64\(1, 's'\)",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_by_name(case: str) -> None:
    concentration, message = REFUSED[case]
    with pytest.raises(errors.DataError, match=message):
        velocity(concentration)


def test_a_masked_array_without_labels_does_not_lose_its_mask() -> None:
    values = np.ma.masked_array([1.0, 1e20, 3.0], [False, True, False])
    with pytest.raises(errors.DataError, match="weights: 1 of 3 entries are masked; fill or remove them"):
        cast.array(values, "weights")
    np.testing.assert_array_equal(cast.array(values[::2], "weights"), [1.0, 3.0])


def test_single_precision_spectra_give_the_numbers_of_their_values() -> None:
    single = Z.astype(np.complex64)
    found, expected = iondrift.drt(single), iondrift.drt(single.astype(complex))
    np.testing.assert_array_equal(found.gamma, expected.gamma)


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("function", [iondrift.drt, iondrift.drt_bands, iondrift.kramers_kronig])
def test_too_few_frequencies_are_refused(function: Callable[[xr.DataArray], xr.Dataset], count: int) -> None:
    with pytest.raises(errors.DataError, match=f"spectrum 0 has {count} usable points; at least 4 are needed"):
        function(Z[:count])


@pytest.mark.parametrize("function", [iondrift.drt, iondrift.drt_bands, iondrift.kramers_kronig])
def test_a_frequency_given_again_is_named(function: Callable[[xr.DataArray], xr.Dataset]) -> None:
    again = xr.concat([Z, Z[[5]], Z[[5]], Z[[9]]], "frequency")
    with pytest.raises(errors.DataError, match=r"the frequency 1584\.89 Hz occurs 2 times \(2 of 21 do so\)"):
        function(again)


@pytest.mark.parametrize(
    "diffusivity",
    [
        Diffusivity.constant(1.3e-3),
        Diffusivity.constant(1.3e-8),  # given in cm2/s
        Diffusivity.constant(1.3e-20),
        Diffusivity.table([1000.0, 2000.0], [1.5, 1.2]),  # given in 1e-12 m2/s
        Diffusivity.exponential(1.3e-8, 0.6, 1666.0),
    ],
)
def test_a_diffusivity_that_no_electrolyte_has_is_warned_of(diffusivity: Diffusivity) -> None:
    with pytest.warns(
        errors.IondriftWarning, match=r"anions in electrolytes have 1e-17 to 5e-09 m2/s.*look at the unit"
    ):
        diffusivity.check(1200.0, 1700.0)


@pytest.mark.parametrize("value", [1e-16, 1.3e-12, 3e-9])
def test_usual_diffusivities_are_not_warned_of(value: float) -> None:
    Diffusivity.constant(value).check(1200.0, 1700.0)  # warnings are errors here
