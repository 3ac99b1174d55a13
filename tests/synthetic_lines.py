"""A spectrum of three Voigt lines, made in time so that it is exact, with noise as spectrometers leave it."""

from __future__ import annotations

import numpy as np

TRUE = ((245.0, 2.5, 1.5, 1.0), (262.0, 2.5, 1.5, 0.6), (278.0, 2.5, 1.5, 0.4))  # ppm: place, s, g; area
SPAN, COUNT = 120.0, 600


def spectrum(seed, *, noise=0.002, window=0.0, zero_filling=1):
    """Return shifts and a spectrum made in time: Voigt lines exactly, noise white, windowed or zero-filled."""
    random = np.random.default_rng(seed)
    points = COUNT // zero_filling
    t = np.arange(points) / SPAN
    signal = sum(
        area * np.exp(2j * np.pi * (place - 260.0) * t - 2 * np.pi * g * t - 2 * (np.pi * s * t) ** 2)
        for place, s, g, area in TRUE
    )
    signal = signal + noise * (random.standard_normal(points) + 1j * random.standard_normal(points))
    signal = signal * np.exp(-window * t / t[-1])
    signal[0] *= 0.5
    found = np.fft.fftshift(np.fft.fft(signal, COUNT)) / SPAN
    return 260.0 + (np.arange(COUNT) - COUNT / 2) * SPAN / COUNT, found.real


PLACES = np.array([line[0] for line in TRUE])
