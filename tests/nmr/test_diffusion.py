"""b values against brute force, fits against closed forms, D(c) with its covariance."""

from __future__ import annotations

import numpy as np
import pytest

from iondrift import Diffusivity
from iondrift.errors import ConfigurationError, DataError, IondriftWarning
from iondrift.nmr.concentration_series import diffusivity_band, fit_diffusivity, published_cubic
from iondrift.nmr.diffusion import fit_diffusion
from iondrift.nmr.gradient_pulses import HALF_SINE, RECTANGLE, GradientTiming, b_values, pulse_shape
from iondrift.nmr.nuclei import frequency_per_field, gyromagnetic_ratio
from iondrift.runs.topspin_diffusion import smooth_square

P, GAP, BIG, D16 = 2e-3, 2.5e-4, 0.1, 2e-4
LOPSIDED = np.linspace(1.0, 0.2, 50)


def brute_force(timing, samples, steps=400_000):
    """Integrate F^2 over a drawn waveform of unit area."""
    stop = max(start for start, _ in timing.effective_pulses()) + timing.pulse
    t = (np.arange(steps) + 0.5) * stop / steps
    gradient = np.zeros(steps)
    for start, sign in timing.effective_pulses():
        inside = (t >= start) & (t < start + timing.pulse)
        place = ((t[inside] - start) / timing.pulse * samples.size).astype(int)
        gradient[inside] += sign * samples[place] / samples.mean()
    f = np.cumsum(gradient) * stop / steps / timing.pulse
    assert abs(f[-1]) < 1e-3  # the echo is there
    return float((f**2).sum() * stop / steps)


@pytest.mark.parametrize("sequence", ["ste", "bipolar", "double-bipolar"])
@pytest.mark.parametrize("samples", [np.ones(1), smooth_square(), LOPSIDED], ids=["rectangle", "smooth", "lopsided"])
def test_b_is_the_integral_of_the_waveform(sequence, samples):
    timing = GradientTiming(
        sequence=sequence, pulse=P, diffusion_time=BIG, gap=GAP, recovery=D16, shape=pulse_shape(samples)
    )
    assert timing.seconds() == pytest.approx(brute_force(timing, samples), rel=2e-4)


@pytest.mark.parametrize("shape", [RECTANGLE, HALF_SINE, pulse_shape(smooth_square())])
def test_b_is_the_published_form(shape):
    closed = {
        "ste": BIG - P * (1 - 2 * shape.square),
        "bipolar": 4 * (BIG - P * (1 - shape.square) - GAP / 2),
        "double-bipolar": 4 * (BIG - P * (4 - 2 * shape.square) - 1.5 * (GAP + D16)),
    }
    for sequence, seconds in closed.items():
        timing = GradientTiming(sequence=sequence, pulse=P, diffusion_time=BIG, gap=GAP, recovery=D16, shape=shape)
        assert timing.seconds() == pytest.approx(seconds, rel=1e-12)


def test_shapes():
    sine = pulse_shape(np.sin(np.pi * (np.arange(4000) + 0.5) / 4000))
    assert (sine.area, sine.mean, sine.square) == pytest.approx((2 / np.pi, 0.5, 3 / 8), rel=1e-6)
    square = pulse_shape(smooth_square())
    assert (square.area, square.square) == pytest.approx((0.9, 0.34957), rel=1e-5)
    with pytest.raises(ConfigurationError, match="its mean is 0"):
        pulse_shape([1.0, -1.0])


def test_nuclei_are_those_of_the_spectrometer():
    stated = {"7Li": 16.5468, "11B": 13.6602, "13C": 10.70584, "19F": 40.0618, "23Na": 11.2623, "31P": 17.2352}
    for nucleus, value in stated.items():
        assert frequency_per_field(nucleus) == pytest.approx(value * 1e6, rel=5e-6)
    with pytest.raises(ConfigurationError, match="'19f' found; known are 1H"):
        frequency_per_field("19f")


def test_pulses_that_overlap_are_refused():
    with pytest.raises(ConfigurationError, match="too short for pulses"):
        GradientTiming(sequence="bipolar", pulse=P, diffusion_time=1.5 * P)


def test_the_last_gradient_of_the_measured_set():
    timing = GradientTiming(
        sequence="bipolar", pulse=P, diffusion_time=BIG, gap=GAP, shape=pulse_shape(smooth_square())
    )
    b = b_values(np.array([0.45742]), gyromagnetic_ratio("1H"), timing)
    assert b[0] == pytest.approx(2.36174e10, rel=1e-4)  # that number is for the bare proton, 5e-5 above


B = np.linspace(0.05, 1.0, 12) ** 2 * 3.0 / 1.3e-12


def test_d_is_exact_and_in_any_order_and_unit():
    random = np.random.default_rng(0).permutation(B.size)
    for scale in (1e-9, 1.0, 1e12):
        fit = fit_diffusion(scale * np.exp(-1.3e-12 * B[random]), B[random])
        assert fit.coefficients == pytest.approx([1.3e-12], rel=1e-8)
        assert fit.amplitudes == pytest.approx([scale], rel=1e-8)


def test_standard_errors_are_those_of_the_normal_equations():
    y = 2.0 * np.exp(-1.3e-12 * B) + 0.02 * np.random.default_rng(1).standard_normal(B.size)
    fit = fit_diffusion(y, B, noise=0.02, model="mono")
    decay = np.exp(-fit.coefficients[0] * B)
    jacobian = np.stack([decay, -fit.amplitudes[0] * B * decay], axis=1) / 0.02
    size = np.array([1.0, 1e12])
    expected = np.linalg.inv((jacobian / size).T @ (jacobian / size)) / np.outer(size, size)
    assert np.allclose(fit.covariance, expected * max(1.0, fit.reduced_chi2), rtol=1e-6)


def test_two_components_are_found_and_one_is_not_split():
    b = np.linspace(0.02, 1.0, 16) ** 2 * 8.0 / 1.3e-12
    noise = 0.002 * np.random.default_rng(2).standard_normal(16)
    two = fit_diffusion(0.6 * np.exp(-1.3e-12 * b) + 0.4 * np.exp(-0.2e-12 * b) + noise, b)
    assert two.coefficients == pytest.approx([1.3e-12, 0.2e-12], rel=0.1)
    assert (two.amplitudes > 0.3).all()
    assert two.rejected is not None
    one = fit_diffusion(np.exp(-1.3e-12 * b) + noise, b)
    assert one.amplitudes.size == 1
    few = fit_diffusion((0.6 * np.exp(-1.3e-12 * b) + 0.4 * np.exp(-0.2e-12 * b))[::3], b[::3])
    assert few.amplitudes.size == 1  # six gradients cannot tell
    assert few.rejected is None


def test_bands_cover_and_single_decays_are_not_split():
    """``python bench/nmr_coverage.py`` has 500 draws of 8, 12 and 16 gradients."""
    random = np.random.default_rng(3)
    held = split = 0
    for _ in range(100):
        fit = fit_diffusion(np.exp(-1.3e-12 * B[::2]) + 0.02 * random.standard_normal(6), B[::2])
        low, high = fit.interval()[0]
        held += low <= 1.3e-12 <= high
        split += fit.amplitudes.size > 1
    assert 89 <= held <= 100
    assert split <= 1


@pytest.mark.parametrize(
    ("y", "b", "said"),
    [
        (np.exp(B * 1e-13), B, "does not decay"),
        (np.ones(2), np.array([0.0, 1e9]), "2 gradients for 2 parameters"),
        (np.ones(4), np.ones(4), "not all alike"),
        (np.exp(-B), -B, "must not be negative"),
    ],
)
def test_what_is_no_decay_is_refused(y, b, said):
    with pytest.raises(DataError, match=said):
        fit_diffusion(y, b)


C = np.array([400.0, 800.0, 1200.0, 1600.0, 2000.0, 2400.0])


def test_an_exponential_comes_back_with_its_covariance():
    truth = Diffusivity.exponential(1.3e-12, 0.7, float(C.mean()))
    random = np.random.default_rng(4)
    found = []
    for _ in range(200):
        measured = truth(C) * (1.0 + 0.02 * random.standard_normal(C.size))
        found.append(fit_diffusivity(C, measured, 0.02 * truth(C), form="exponential").diffusivity)
    values = np.array([fit.values for fit in found])
    assert values.mean(axis=0) == pytest.approx([1.3e-12, 0.7], rel=0.02)
    stated = np.mean([np.sqrt(np.diag(fit.covariance)) for fit in found], axis=0)
    assert np.std(values, axis=0) == pytest.approx(stated, rel=0.25)


def test_forms_are_chosen_by_aicc_and_refused_where_it_is_not_defined():
    falling = 1.3e-12 * np.exp(-0.7 * (C / C.mean() - 1.0)) * (1.0 + 0.005 * np.array([1, -1, 1, 1, -1, 1]))
    fit = fit_diffusivity(C, falling, 0.01 * falling)
    assert fit.form == "exponential"
    assert set(fit.criteria) == {"constant", "exponential", "linear", "quadratic"}
    with pytest.raises(DataError, match="5 concentrations do not decide on 'cubic'"):
        fit_diffusivity(C[:5], falling[:5], 0.01 * falling[:5], form="cubic")
    single = fit_diffusivity(C[:1], falling[:1], 0.01 * falling[:1], form="constant").diffusivity
    assert single.relative_uncertainty == pytest.approx(0.01)


def test_positive_and_monotone_where_asked():
    with pytest.raises(DataError, match="is not positive"):
        fit_diffusivity(C, 1e-12 * np.array([6, 0.5, 0.5, 0.5, 0.5, 0.5]), np.full(6, 1e-12), form="linear")
    turning = 1e-12 * np.array([2.0, 1.5, 1.2, 1.2, 1.5, 2.0])
    with pytest.raises(DataError, match="is not monotone"):
        fit_diffusivity(C, turning, 0.01 * turning, form="quadratic", monotone=True)
    disordered = 1e-12 * np.array([3.0, 2.0, 2.2, 1.5, 1.6, 1.0])
    spline = fit_diffusivity(C, disordered, 0.1 * disordered, form="spline", monotone=True).diffusivity
    assert (np.diff(spline(np.linspace(400.0, 2400.0, 200))) <= 1e-27).all()


def test_a_common_factor_widens_the_band_everywhere():
    measured = 1.3e-12 * np.exp(-0.7 * (C / C.mean() - 1.0))
    levels = [0.16, 0.84]
    for form in ("exponential", "quadratic", "spline"):
        alone, common = (
            diffusivity_band(
                fit_diffusivity(C, measured, 0.02 * measured, form=form, common_uncertainty=u).diffusivity, C, levels
            )
            for u in (0.0, 0.1)
        )
        assert (np.diff(common, axis=0) > 1.5 * np.diff(alone, axis=0)).all(), form


def test_the_published_cubic_comes_with_its_warning():
    with pytest.warns(IondriftWarning, match="no covariance is known"):
        assert published_cubic().kind == "polynomial"
