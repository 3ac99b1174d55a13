"""A small problem of relaxation times: one RC element a spectrum, ohmic and inductive terms, white noise."""

from __future__ import annotations

import numpy as np

from iondrift.impedance.drt.model import build_model, difference

FREQUENCY = np.logspace(4, 0, 9)
TAU = np.logspace(-5, 0.3, 18)


def problem(order: int = 0, spectra: int = 5, noise: float = 0.02, seed: int = 0):
    """Return A (m, n), D (rows, n) of that order and z (spectra, m)."""
    model = build_model(FREQUENCY, TAU)
    random = np.random.default_rng(seed)
    x = np.zeros((spectra, model.design.shape[1]))
    x[:, 0] = 3.0
    x[np.arange(spectra), 5 + np.arange(spectra) % 9] = 10.0
    rows = x @ model.design.T + noise * random.standard_normal((spectra, 2 * FREQUENCY.size))
    matrix = np.zeros((TAU.size - order, x.shape[1]))
    matrix[:, 2:] = difference(order, TAU.size)
    return model.design, matrix, rows
