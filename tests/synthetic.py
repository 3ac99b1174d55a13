"""A small result to draw and to print: a depletion layer that grows, in closed form."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xarray as xr

from iondrift.variables import dataarray


class Step(NamedTuple):
    """Stands for one segment of the protocol."""

    kind: str
    start: float
    stop: float
    level: float


SEGMENTS = (
    Step("open_circuit", 0.0, 3600.0, 0.0),
    Step("constant_current", 3600.0, 9000.0, -1.0),
    Step("constant_voltage", 9000.0, 26500.0, 1.5),
)


def dataset(*, current: bool = True, profiles: int = 46, points: int = 40) -> xr.Dataset:
    """Return the variables that report and figures use."""
    time = np.linspace(200.0, 26000.0, profiles)
    x = np.linspace(8e-6, 1.01e-3, points)
    coords = {"time": time, "x": x}
    growth = np.clip((time - 3600.0) / 20000.0, 0.0, 1.0)[:, None]
    near, far = np.exp(-x / 1.2e-4), np.exp((x - x[-1]) / 1.5e-4)
    c = 1666.0 * (1.0 - 0.35 * growth * near + 0.12 * growth * far)
    noise = 25.0 * np.random.default_rng(5).standard_normal(c.shape)
    voltage = np.where(time < 3600.0, 0.0, np.minimum(0.2 + growth[:, 0] * 4.0, 1.5))
    mobility = 4.87e-11
    field = -voltage[:, None] / x[-1] * 1666.0 / c
    data = {
        "concentration": c,
        "concentration_measured": c + noise,
        "electric_field": field,
        "drift_velocity": -mobility * field,
        "voltage": voltage,
    }
    if current:
        data["current_density"] = np.where(time < 3600.0, 0.0, np.where(time < 9000.0, -1.0, -0.3))
    result = xr.Dataset({name: dataarray(name, values, coords) for name, values in data.items()})
    result.attrs = {"closure": "voltage", "smoothing": "pspline"}
    return result
