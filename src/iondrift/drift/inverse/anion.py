"""The anion's own diffusion coefficient, without which profiles fix no drift velocity: three ways, never mixed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from iondrift import cast
from iondrift.cast import FloatArray
from iondrift.drift.bands.systematic import evaluate_each
from iondrift.drift.inverse.problem import LOG_D, TRANSFERENCE
from iondrift.errors import ConfigurationError
from iondrift.transport.diffusivity import Diffusivity
from iondrift_kernels.constants import FARADAY, GAS_CONSTANT

NERNST_EINSTEIN: Literal["nernst-einstein"] = "nernst-einstein"


@dataclass(frozen=True, kw_only=True)
class Conductivity:
    """The conductivity of the electrolyte before polarisation: D- = t- kappa R T / (F^2 c0), taken as constant.

    Attributes
    ----------
    conductivity
        kappa, S m-1.
    temperature
        K.
    relative_uncertainty
        Standard, of kappa.
    """

    conductivity: float
    temperature: float
    relative_uncertainty: float = 0.0

    def __post_init__(self) -> None:
        for name in ("conductivity", "temperature"):
            cast.scalar(getattr(self, name), name, positive=True)
        if not 0.0 <= cast.scalar(self.relative_uncertainty, "relative_uncertainty") < 1.0:
            raise ConfigurationError("relative_uncertainty: a fraction of the conductivity, from 0 to below 1")


AnionSource: TypeAlias = Diffusivity | Conductivity | Literal["nernst-einstein"] | None


def require_source(source: object) -> AnionSource:
    """Return where D- comes from; ConfigurationError for what is none of the ways."""
    if source is None or source == NERNST_EINSTEIN or isinstance(source, Diffusivity | Conductivity):
        return source
    raise ConfigurationError(
        f"anion_diffusivity: expected a Diffusivity (measured by PFG), a Conductivity, 'nernst-einstein' or None, got "
        f"{source!r}"
    )


def name_of(source: AnionSource) -> str:
    """Return how D- was found, for attributes and reports."""
    if source is None:
        return "none"
    if isinstance(source, Diffusivity):
        return "PFG"
    return "conductivity" if isinstance(source, Conductivity) else "Nernst-Einstein"


def normals_needed(source: AnionSource) -> int:
    """Return how many standard normal numbers one draw of D- takes."""
    return source.n_random if isinstance(source, Diffusivity) else int(isinstance(source, Conductivity))


def drawn(
    source: AnionSource,
    x: FloatArray,
    normals: FloatArray,
    salt: FloatArray,
    relative: FloatArray,
    concentration: float,
) -> FloatArray:
    """Return D- (R, ...), m2 s-1, of draws.

    Parameters
    ----------
    source
        Where it comes from, not None.
    x : (R, 7)
        Drawn parameters.
    normals : (n, R)
        Standard normal numbers of the source's own uncertainty.
    salt : (R, ...)
        D(c), m2 s-1.
    relative : (R, ...)
        c / c0.
    concentration
        c0, mol m-3.
    """
    along = (slice(None), *[np.newaxis] * (relative.ndim - 1))
    t = x[:, TRANSFERENCE]
    if isinstance(source, Diffusivity):
        each = relative[0].size
        parameters = np.repeat(source.draw_parameters(normals.T), each, axis=0)
        lowest = 1e-3  # of c0: a drawn profile may have run out of salt
        c = concentration * np.maximum(relative, lowest).ravel()
        return evaluate_each(source, parameters, c).reshape(relative.shape)
    if isinstance(source, Conductivity):
        kappa = source.conductivity * np.exp(source.relative_uncertainty * normals[0])
        found = t * kappa * GAS_CONSTANT * source.temperature / (FARADAY**2 * concentration)
        return np.asarray(np.broadcast_to(found[along], relative.shape))
    mobile = np.maximum(1.0 - t, 1e-3)  # no cation moves at t- = 1, and nothing is told there
    return np.asarray(salt / (2.0 * mobile[along]))


def nernst_einstein_ratio(source: AnionSource, x: FloatArray, normals: FloatArray, concentration: float) -> FloatArray:
    """Return D- by Nernst-Einstein over that of the source at c0, of draws (R,)."""
    salt, one = np.exp(x[:, LOG_D]), np.ones(x.shape[0])
    dilute = drawn(NERNST_EINSTEIN, x, normals, salt, one, concentration)
    return np.asarray(dilute / drawn(source, x, normals, salt, one, concentration))
