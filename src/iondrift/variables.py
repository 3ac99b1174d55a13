"""The registry of variables: every dataset variable with its dims, unit, meaning and sign.

Attributes, checks and documentation are made from it, so that a name means one thing everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
import xarray as xr

from iondrift.errors import ShapeError


@dataclass(frozen=True, kw_only=True)
class Variable:
    """One entry of the registry."""

    name: str
    dims: tuple[str, ...]
    unit: str  # SI, written so that UDUNITS reads it
    long_name: str
    sign: str = ""

    @property
    def attrs(self) -> dict[str, str]:
        """Attributes as stored with the data."""
        attrs = {"units": self.unit, "long_name": self.long_name}
        if self.sign:
            attrs["sign_convention"] = self.sign
        return attrs


_ALONG_X = "positive along +x, away from the plating electrode at x = 0"
_PLATING_NEGATIVE = "along +x: negative while lithium is plated at x = 0"


def _entry(name: str, dims: str, unit: str, long_name: str, sign: str = "") -> Variable:
    return Variable(name=name, dims=tuple(dims.split()), unit=unit, long_name=long_name, sign=sign)


VARIABLES: Mapping[str, Variable] = {
    entry.name: entry
    for entry in (
        _entry("time", "time", "s", "time of the profile (middle of its acquisition)"),
        _entry("x", "x", "m", "distance from the plating electrode side of the region of interest"),
        _entry("concentration", "time x", "mol m-3", "anion (salt) concentration"),
        _entry("concentration_measured", "time x", "mol m-3", "anion concentration as measured, before smoothing"),
        _entry("concentration_gradient", "time x", "mol m-4", "dc/dx"),
        _entry("diffusivity", "time x", "m2 s-1", "anion diffusion coefficient D(c)"),
        _entry("mobility", "time x", "m2 V-1 s-1", "anion mobility, Nernst-Einstein", "positive; the charge is -1"),
        _entry("electric_field", "time x", "V m-1", "electric field", _PLATING_NEGATIVE),
        _entry("flux", "time x", "mol m-2 s-1", "anion flux density", _ALONG_X),
        _entry("flux_diffusive", "time x", "mol m-2 s-1", "diffusive anion flux density -D dc/dx", _ALONG_X),
        _entry("flux_migrative", "time x", "mol m-2 s-1", "migrative anion flux density c v", _ALONG_X),
        _entry("drift_velocity", "time x", "m s-1", "anion drift velocity v = -u E", _ALONG_X),
        _entry(
            "drift_velocity_by_closure", "closure time x", "m s-1",
            "anion drift velocity under each closure", _ALONG_X,
        ),
        _entry(
            "charge_balance", "time x", "1",
            "anion current implied by the closure over the current measured, -F J / i",
            "0 to 1 in a steady dilute picture (a transference number); NaN where no current flows",
        ),
        _entry("voltage", "time", "V", "cell voltage phi(L) - phi(0)", "positive while lithium is plated at x = 0"),
        _entry("voltage_offset", "time", "V", "part of the cell voltage not laid across the stored x range"),
        _entry("voltage_effective", "time", "V", "voltage laid across the region of interest, V - V_offset"),
        _entry("current_density", "time", "A m-2", "current density", _PLATING_NEGATIVE),
        _entry("intensity", "time point", "1", "magnitude of the 1D 19F profile, as stored"),
        _entry("frequency", "frequency", "Hz", "frequency of the impedance"),
        _entry("impedance", "spectrum frequency", "ohm", "complex impedance", "Im Z < 0 for a capacitive response"),
        _entry("duration", "spectrum", "s", "time from the first to the last point of the sweep"),
        _entry("bias_voltage", "spectrum", "V", "voltage during the sweep, mean"),
        _entry("bias_current", "spectrum", "A", "current during the sweep, mean"),
    )
}


def dataarray(
    name: str,
    data: npt.ArrayLike,
    coords: Mapping[str, Any],
    *,
    dims: tuple[str, ...] | None = None,
    **attrs: Any,
) -> xr.DataArray:
    """Return a labelled array with the registry's attributes.

    Parameters
    ----------
    name
        A name in the registry.
    data
        Values in the registry's unit.
    coords
        At least those of the variable's dims; others are ignored.
    dims
        Dims of ``data`` where they differ from the registry's, e.g. with a leading ``quantile``.
    attrs
        Further attributes, such as assumptions.

    Raises
    ------
    ShapeError
        The shape does not fit the dims.
    """
    entry = VARIABLES[name]
    dims = entry.dims if dims is None else dims
    used = {dim: coords[dim] for dim in dims if dim in coords}
    try:
        result = xr.DataArray(data, dims=dims, coords=used, name=name)
    except ValueError as error:
        raise ShapeError(f"{name}: dims {dims} do not fit: {error}") from error
    result.attrs = {**entry.attrs, **attrs}
    for dim in used:
        if dim in VARIABLES:
            result[dim].attrs = {**VARIABLES[dim].attrs, **result[dim].attrs}
    return result
