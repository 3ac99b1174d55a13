"""Bands: reproducible, ordered, scaled by the noise, and over the truth about as often as they say."""

from __future__ import annotations

import numba
import numpy as np
import pytest
import xarray as xr

from iondrift.errors import ConfigurationError
from iondrift.impedance.analysis import analyse
from iondrift.impedance.drt.band_collector import quantiles
from iondrift.impedance.drt.bands import METHODS, drt_bands
from iondrift.impedance.drt.estimate import drt
from iondrift.impedance.drt.tracks import track_peaks
from iondrift.impedance.options import ImpedanceOptions
from iondrift.reference.relaxation_spectra import measured, three_zarc, zarc

FREQUENCY = np.logspace(5, 0, 31)


def series(truth=None, noise: float = 0.005, seeds=range(3)) -> xr.DataArray:
    z = measured(truth or three_zarc(), FREQUENCY, noise, list(seeds))
    return xr.DataArray(z, dims=("spectrum", "frequency"), coords={"frequency": FREQUENCY})


@pytest.mark.parametrize("method", METHODS)
def test_bands_are_ordered_and_reproducible(method):
    data = series()
    first = drt_bands(data, method=method, samples=100)
    again = drt_bands(data[1:2], method=method, samples=100)
    other = drt_bands(data, method=method, samples=100, seed=1)
    for name in ("gamma", "polarisation_resistance", "windowed_resistance", "peak_tau", "peak_resistance"):
        band = first[name].values
        defined = np.isfinite(band)
        assert defined.any()
        assert (np.diff(band, axis=0)[defined[1:]] >= 0.0).all()
    assert (first.gamma >= 0.0).all()
    assert first.attrs["largest_kkt_residual"] < 1e-9
    assert not np.allclose(first.gamma, other.gamma, rtol=1e-6)
    # Random numbers belong to the place in the series; the width does not depend on the company.
    assert again.sizes["spectrum"] == 1
    repeat = drt_bands(data, method=method, samples=100)
    np.testing.assert_array_equal(repeat.gamma, first.gamma)


def test_number_of_threads_does_not_matter():
    data = series(seeds=range(5))
    bands = []
    for threads in (1, numba.config.NUMBA_NUM_THREADS):
        numba.set_num_threads(threads)
        bands.append(drt_bands(data, samples=50).drop_attrs())
    xr.testing.assert_identical(*bands)


def test_estimates_are_those_of_drt():
    data = series()
    bands, plain = drt_bands(data, samples=50), drt(data)
    np.testing.assert_allclose(bands.gamma_estimate, plain.gamma)
    np.testing.assert_allclose(bands.windowed_resistance_estimate, plain.windowed_resistance)
    fixed = drt_bands(data, samples=50, method="noise", regularization="paper")
    np.testing.assert_allclose(fixed.gamma_estimate, drt(data, regularization="paper").gamma)


def test_calibrated_band_covers_and_noise_band_does_not():
    truth = three_zarc()
    data = series(truth, seeds=range(12))
    covered = {}
    for method in ("calibrated", "noise"):
        bands = drt_bands(data, method=method, samples=300)
        low, _, high = bands.gamma.values * bands.attrs["ln_tau_step"]
        bins = truth.bins(bands.tau.values)
        covered[method] = float(((low <= bins) & (bins <= high)).mean())
        total = bands.polarisation_resistance.values
        covered[f"{method} R"] = float(((total[0] <= 115.0) & (total[2] >= 115.0)).mean())
    assert covered["calibrated"] > 0.9
    assert covered["calibrated R"] > 0.7
    assert covered["noise"] < 0.85


def test_more_noise_wider_band():
    widths = []
    for noise in (0.001, 0.01):
        bands = drt_bands(series(noise=noise, seeds=[0]), samples=200)
        widths.append(float((bands.windowed_resistance[2] - bands.windowed_resistance[0])[0]))
    assert widths[1] > 3.0 * widths[0]


def test_noise_can_be_given_tested_or_repeated():
    data = series(seeds=range(30), noise=0.005)
    size = abs(data).mean("spectrum").values
    for noise in ("inferred", "kramers_kronig", "repeats", 0.005 * size):
        bands = drt_bands(
            data[:4] if not isinstance(noise, str) or noise != "repeats" else data, noise=noise, samples=20
        )
        ratio = float((bands.noise / size).mean())
        assert ratio == pytest.approx(0.005, rel=0.25)


def test_noise_that_is_known_weighs_the_points_unless_weights_are_asked_for():
    """Only where the roughness is inferred from it, too; a fixed lambda keeps the weights that it was chosen for."""
    data = series(seeds=[0])
    sigma = np.linspace(0.1, 2.0, FREQUENCY.size)

    def weighting(**options) -> str:
        return drt_bands(data, samples=20, **options).attrs["weighting"]

    sigma_words, modulus_words = drt(data, weighting=sigma).attrs["weighting"], drt(data).attrs["weighting"]
    assert sigma_words != modulus_words
    assert weighting() == modulus_words
    assert weighting(noise=sigma) == sigma_words
    assert weighting(noise=sigma, weighting="modulus") == modulus_words
    assert weighting(noise=sigma, method="noise") == modulus_words


def test_peaks_have_bands():
    truth = zarc(50.0, 1e-3, 0.9)
    bands = drt_bands(series(truth, seeds=range(4)), samples=300)
    low, middle, high = bands.peak_tau.values[:, 0]
    assert ((low < 1e-3) & (high > 1e-3)).all()
    assert (abs(np.log10(middle / 1e-3)) < 0.2).all()
    np.testing.assert_allclose(bands.peak_resistance.values[1, 0], 50.0, rtol=0.05)
    assert (bands.peak_presence[0] == 1.0).all()
    assert bands.peak_resolved[0].dtype == bool
    assert bands.peak_resolved[0].all()


def test_a_minimum_shared_by_two_peaks_is_divided_in_the_band_as_in_the_value():
    truth = zarc(50.0, 1e-3, 0.75) + zarc(50.0, 3e-2, 0.75)  # the minimum between them is far from zero
    z = series(truth, noise=1e-4, seeds=[0])
    value = track_peaks(drt(z)).peak_resistance.values[:, 0]
    low, _, high = drt_bands(z, samples=200).peak_resistance.values[:, :, 0]
    assert value.size == 2
    assert (low <= value).all()
    assert (value <= high).all()
    assert (high - low < 0.05 * value).all()


def test_a_peak_that_noise_could_make_is_not_resolved():
    truth = zarc(60.0, 1e-3, 0.7) + zarc(4.0, 4e-2, 0.95)  # the second is a shoulder
    found = {}
    for noise in (1e-4, 0.02):
        bands = drt_bands(series(truth, noise=noise, seeds=range(12)), samples=200)
        exists = np.isfinite(bands.peak_tau.values[1])
        assert not bands.peak_resolved.values[~exists].any()
        np.testing.assert_array_equal(bands.peak_resolved, bands.peak_presence >= 0.9)
        weak = exists & (abs(np.log10(bands.peak_tau.values[1] / 1e-3)) > 0.5)
        found[noise] = bands.peak_presence.values[weak]
    assert found[1e-4].size == 12
    assert found[1e-4].min() > 0.9
    assert found[0.02].size == 0 or found[0.02].min() < 0.9


def test_presence_follows_the_tracks_of_an_analysis():
    # The slower arc fades away: a track of its own, which ends.
    rows = [
        measured(zarc(50.0, 1e-3, 0.9) + zarc(R, 4e-2, 0.9), FREQUENCY, 0.005, [k])[0]
        for k, R in enumerate((30.0, 20.0, 0.1, 0.1))
    ]
    data = xr.DataArray(rows, dims=("spectrum", "frequency"), coords={"frequency": FREQUENCY}, name="impedance")
    result = analyse(data.to_dataset(), ImpedanceOptions(samples=100))
    bands = drt_bands(data, samples=100)
    alive = np.isfinite(result.peak_tau.values)
    np.testing.assert_array_equal(alive, np.isfinite(result.peak_presence))
    for s in range(4):
        order = np.argsort(result.peak_tau.values[alive[:, s], s])
        np.testing.assert_array_equal(
            result.peak_presence.values[alive[:, s], s][order], bands.peak_presence.values[: alive[:, s].sum(), s]
        )
    assert not result.peak_resolved.values[~alive].any()
    assert result.polarisation_resolved.all()


def test_resistance_that_was_not_measured_is_flagged_and_its_band_reaches_the_truth():
    inside, beyond = zarc(50.0, 1e-3, 0.9), zarc(50.0, 0.3, 0.9)  # the slowest time constant measured is 0.16 s
    bands = drt_bands(series(inside + beyond, noise=0.002, seeds=range(6)), samples=200)
    assert not bands.polarisation_resolved.any()
    assert (bands.unmeasured_fraction > 0.1).all()
    low, _, high = bands.polarisation_resistance.values
    assert ((low < 100.0) & (high > 100.0)).mean() > 0.6
    assert (high - low > 5.0).all()
    plain = drt_bands(series(inside, noise=0.002), samples=200)
    assert plain.polarisation_resolved.all()
    # Without the slow points the same arc is no longer measured.
    mask = FREQUENCY < 1e3
    assert not drt(series(inside, noise=0.002), mask=mask).polarisation_resolved.any()


@pytest.mark.parametrize("shape", [(101,), (101, 7), (50, 3, 4)])
def test_quantiles_are_numpys(shape):
    draws = np.random.default_rng(0).standard_normal(shape)
    probabilities = np.array([0.025, 0.5, 0.975, 1.0])
    np.testing.assert_allclose(quantiles(draws, probabilities), np.quantile(draws, probabilities, axis=0))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "magic"}, "method"),
        ({"samples": 5}, "samples"),
        ({"level": 1.5}, "level"),
        ({"regularization": 0.5}, "calibrated"),
        ({"noise": "guessed"}, "noise"),
        ({"noise": np.ones(4)}, "noise"),
        ({"noise": "repeats"}, "at least 3"),
    ],
)
def test_options_that_do_not_fit(options, message):
    with pytest.raises(ConfigurationError, match=message):
        drt_bands(series(seeds=range(2)), **options)
