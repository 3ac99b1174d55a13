"""Closures and drift velocity in plain NumPy, formula by formula."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from iondrift.cast import FloatArray

FARADAY = 96485.33212331001


def drift_velocity(
    closure: str, profiles: Sequence[FloatArray], closing: Sequence[Any]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return flux, field and velocity (T, X); profiles and what closes in the order of the kernel of the same name."""
    concentration, gradient, integrated, diffusivity, weights = profiles
    voltage, junction, origin_flux, current_density, cation_ratio, thermal_voltage = closing
    mobility = diffusivity / thermal_voltage
    if closure == "current":
        drive = current_density[:, None] / FARADAY + (cation_ratio - 1.0) * diffusivity * gradient
        field = drive / ((1.0 + cation_ratio) * mobility * concentration)
        velocity = -mobility * field
        return concentration * velocity - diffusivity * gradient, field, velocity
    origin = origin_flux
    if closure == "voltage":
        resistance = 1.0 / (mobility * concentration)
        origin = (voltage - junction - (integrated * resistance) @ weights) / (resistance @ weights)
    flux = origin[:, None] + integrated
    velocity = (flux + diffusivity * gradient) / concentration
    return flux, np.asarray(-velocity / mobility), velocity
