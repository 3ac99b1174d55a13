"""The closure of a concentrated solution: the arrays of all variables, and those that no convention touches."""

from __future__ import annotations

from iondrift.cast import FloatArray
from iondrift.drift.inputs import DriftInputs
from iondrift.drift.smoothing.profiles import SmoothedProfiles
from iondrift.errors import ConfigurationError


def close_concentrated(inputs: DriftInputs, profiles: SmoothedProfiles) -> dict[str, FloatArray]:
    """Return every result variable (time, x), voltage_across (time,); J = diffusive + migrative - friction.

    Raises
    ------
    ConfigurationError
        Current or solution are not known.
    DataError
        A property is not positive where the profiles are.
    """
    if inputs.solution is None or inputs.current is None:
        raise ConfigurationError("a concentrated solution needs its properties and the current density")
    c, gradient = profiles.concentration, profiles.gradient
    inputs.solution.check(float(c.min()), float(c.max()))
    found = inputs.solution.transport(c, gradient, inputs.current[:, None], inputs.temperature)
    return {
        "drift_velocity": found.velocity,
        "electric_field": found.field,
        "flux": found.flux,
        "flux_diffusive": -found.diffusivity * gradient,
        "flux_migrative": c * found.velocity,
        "mobility": found.mobility,
        "diffusivity": found.diffusivity,
        "concentration": c,
        "concentration_gradient": gradient,
        "charge_balance": found.flux * inputs.balanced[:, None],
        "net_velocity": found.flux / c,
        "voltage_across": -(found.field @ profiles.weights),
        "current_velocity": found.current_velocity,
        "friction": found.friction,
    }
