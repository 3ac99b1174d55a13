"""The linear Kramers-Kronig test against impedance.py, and what it must and must not pass."""

from __future__ import annotations

import contextlib
import io

import numba
import numpy as np
import pytest
import xarray as xr

from iondrift.errors import ConfigurationError
from iondrift.impedance.kramers_kronig import kramers_kronig
from iondrift.reference.relaxation_spectra import measured, rc, three_zarc, zarc

FREQUENCY = np.logspace(5, 0, 31)


def label(z) -> xr.DataArray:
    z = np.atleast_2d(z)
    return xr.DataArray(z, dims=("spectrum", "frequency"), coords={"frequency": FREQUENCY})


def series(count: int = 4, noise: float = 0.003) -> xr.DataArray:
    return label(measured(three_zarc(), FREQUENCY, noise, range(count)))


@pytest.mark.parametrize(("fit", "theirs"), [("complex", "complex"), ("real", "real"), ("imaginary", "imag")])
@pytest.mark.parametrize("capacitance", [False, True])
def test_same_elements_and_residuals_as_impedance_py(fit, theirs, capacitance):
    validation = pytest.importorskip("impedance.validation", reason="impedance.py is not installed (extra: peers)")
    data = series()
    result = kramers_kronig(data, fit=fit, capacitance=capacitance)
    for s in range(data.sizes["spectrum"]):
        # It prints, and it evaluates the text of its numbers, which NumPy 2 writes as np.float64(...).
        with contextlib.redirect_stdout(io.StringIO()), np.printoptions(legacy="1.25"):
            elements, mu, _, real, imaginary = validation.linKK(
                FREQUENCY, data.values[s], c=0.85, max_M=28, fit_type=theirs, add_cap=capacitance
            )
        assert int(result.kk_elements[s]) == elements
        assert float(result.kk_mu[s]) == pytest.approx(mu, abs=1e-6)
        np.testing.assert_allclose(result.kk_residual.values[s], real + 1j * imaginary, atol=1e-8)


def test_noise_level_is_found_and_passes():
    result = kramers_kronig(series(count=20, noise=0.004))
    assert float(result.kk_noise.mean()) == pytest.approx(0.004, rel=0.1)
    assert bool(result.kk_consistent.all())


def test_violations_are_seen():
    data = series(noise=1e-3)
    bent = data.copy(deep=True)
    bent[0] *= np.exp(0.3j * np.linspace(0.0, 1.0, 31))  # phase shifted without the modulus following
    bent[1, 12] *= 1.2
    result = kramers_kronig(bent)
    assert result.kk_consistent.values.tolist() == [False, False, True, True]
    assert int(np.argmax(abs(result.kk_residual.values[1]))) == 12
    assert int(kramers_kronig(data, limit=1e-4).kk_consistent.sum()) == 0


def test_masked_point_is_shown_but_not_judged():
    data = series(noise=1e-3)
    data[0, 12] *= 2.0
    mask = np.zeros(data.shape, dtype=bool)
    mask[0, 12] = True
    result = kramers_kronig(data, mask=mask)
    assert bool(result.kk_consistent.all())
    assert float(abs(result.kk_residual[0, 12])) == pytest.approx(0.5, abs=0.02)
    assert not bool(result.used[0, 12])
    data[0, 12] = np.nan
    assert bool(np.isnan(kramers_kronig(data, mask=mask).kk_residual[0, 12]))


def test_a_masked_point_of_no_impedance_has_no_relative_residual():
    z = series(1)
    z[0, 12] = 0.0
    mask = z.copy(data=np.zeros(z.shape, bool))
    mask[0, 12] = True
    result = kramers_kronig(z, mask=mask)
    for name in ("kk_residual", "kk_judged_residual"):
        assert np.flatnonzero(np.isnan(result[name][0])).tolist() == [12]
    assert bool(result.kk_consistent[0])


def test_inductance_matters_where_there_is_one():
    omega = 2.0 * np.pi * FREQUENCY
    z = label(5.0 + zarc(50, 1e-3, 0.8).impedance(omega) + 1j * omega * 2e-5)
    assert bool(kramers_kronig(z, min_elements=8).kk_consistent[0])
    assert not bool(kramers_kronig(z, inductance=False, min_elements=8).kk_consistent[0])


def test_options():
    with pytest.raises(ConfigurationError, match="allowed are complex, real, imaginary"):
        kramers_kronig(series(), fit="both")
    with pytest.raises(ConfigurationError, match="min_elements"):
        kramers_kronig(series(), min_elements=9, max_elements=3)
    few = kramers_kronig(series(), max_elements=3)
    assert few.kk_elements.values.tolist() == [3] * 4


def test_real_series(measurements):
    from iondrift.readers.impedance.series import read_impedance

    result = kramers_kronig(read_impedance(measurements / "eis" / "ml621"))
    assert result.sizes["spectrum"] == 10
    assert (result.kk_mu < 0.85).all()
    assert float(result.kk_noise.max()) < 0.02


def test_early_stop_is_not_held_against_the_data():
    omega = 2.0 * np.pi * FREQUENCY
    result = kramers_kronig(label(5.0 + rc(50.0, 1e-3).impedance(omega)))
    assert int(result.kk_elements[0]) == 4
    assert float(abs(result.kk_residual).max()) > 0.1
    assert int(result.kk_judged_elements[0]) > 4
    assert bool(result.kk_consistent[0])
    passed = kramers_kronig(series())
    np.testing.assert_array_equal(passed.kk_judged_elements, passed.kk_elements)
    np.testing.assert_array_equal(passed.kk_judged_residual, passed.kk_residual)


def test_the_judged_model_keeps_to_its_limits():
    bent = series()
    bent *= np.exp(0.5j * np.linspace(0.0, 1.0, 31))  # no number of elements follows
    mask = np.arange(31) % 4 == 3  # 24 are left
    for options, furthest in (({}, 15), ({"max_elements": 7}, 7), ({"mask": mask}, 12), ({"fit": "real"}, 15)):
        result = kramers_kronig(bent, **options)
        assert not result.kk_consistent.any()
        expected = np.maximum(furthest, result.kk_elements.values)  # where mu stopped late, its own model
        np.testing.assert_array_equal(result.kk_judged_elements, expected)


def test_number_of_threads_does_not_matter():
    data = series(count=9)
    results = []
    for threads in (1, numba.config.NUMBA_NUM_THREADS):
        numba.set_num_threads(threads)
        results.append(kramers_kronig(data))
    xr.testing.assert_identical(*results)
