"""The error model: what is uncertain, by how much, and where the number comes from."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

import numpy as np

from iondrift import cast
from iondrift.errors import ConfigurationError

GIVEN, DEFAULT, DATA, NEGLECTED = "given", "stated default", "estimated from the data", "left out"


def _entry(default: float, unit: str, meaning: str) -> float:
    return field(default=default, metadata={"unit": unit, "meaning": meaning})


@dataclass(frozen=True, kw_only=True)
class Uncertainties:
    """Standard uncertainties of the inputs; profile noise is always part of the bands, estimated from the data.

    One draw a replicate (systematic): all but the last two. The defaults are those discussed for this experiment;
    a D(c) that carries its own covariance keeps it unless ``diffusivity_relative`` is given.

    Examples
    --------
    >>> Uncertainties(temperature_K=0.5).temperature_K
    0.5
    >>> Uncertainties.none().voltage_offset_V
    0.0
    """

    diffusivity_relative: float | None = field(
        default=None, metadata={"unit": "1", "meaning": "one factor common to all of D(c)"}
    )
    concentration_relative: float = _entry(0.03, "1", "initial concentration c0")
    temperature_K: float = _entry(1.0, "K", "temperature")
    field_of_view_relative: float = _entry(0.01, "1", "field of view (gradient calibration)")
    region_edge_points: float = _entry(2.0, "stored points", "each edge of the region of interest")
    voltage_offset_V: float = _entry(0.1, "V", "voltage not laid across the region")
    transference_number: float = _entry(0.03, "1", "anion transference number")
    clock_offset_s: float = _entry(10.0, "s", "profiles against the log")
    voltage_noise_V: float = _entry(1e-3, "V", "voltage averaged over a profile")
    current_noise_relative: float = _entry(1e-3, "1", "current averaged over a profile, of its largest")

    def __post_init__(self) -> None:
        for entry in fields(self):
            value = getattr(self, entry.name)
            if value is None:
                continue
            value = cast.scalar(value, entry.name)
            if value < 0.0:
                raise ConfigurationError(f"{entry.name}: {value:g} found; a standard uncertainty is zero or more")
        if (self.diffusivity_relative or 0.0) >= 1.0 or self.concentration_relative >= 1.0:
            raise ConfigurationError("relative uncertainties are fractions: 0.05 for 5 %")

    @classmethod
    def none(cls) -> Uncertainties:
        """Profile noise alone."""
        return cls(**{entry.name: 0.0 for entry in fields(cls)})

    def only(self, *names: str) -> Uncertainties:
        """Return a copy in which all but the named sources are left out.

        Raises
        ------
        ConfigurationError
            A name is not a source.
        """
        known = [entry.name for entry in fields(self)]
        for name in names:
            if name not in known:
                raise ConfigurationError(f"uncertainty {name!r} found; allowed are {', '.join(known)}")
        return replace(self, **{name: 0.0 for name in known if name not in names})

    def described(self) -> list[tuple[str, float | None, str, str]]:
        """Return (meaning, value, unit, origin) of every source, for reports."""
        rows = []
        for entry in fields(self):
            value = getattr(self, entry.name)
            origin = GIVEN if value != entry.default else DEFAULT
            if value == 0.0:
                origin = NEGLECTED
            if value is None:
                origin = "covariance of D(c), else 5 % (stated default)"
            rows.append((entry.metadata["meaning"], value, entry.metadata["unit"], origin))
        return rows


SHORT_NAMES = {
    "profile_noise": "profile noise",
    "diffusivity_relative": "$D(c)$",
    "concentration_relative": "$c_0$",
    "temperature_K": "temperature",
    "field_of_view_relative": "field of view",
    "region_edge_points": "region's edges",
    "voltage_offset_V": "voltage offset",
    "transference_number": "transference",
    "clock_offset_s": "clock",
    "voltage_noise_V": "voltage noise",
    "current_noise_relative": "current noise",
}
DIFFUSIVITY_DEFAULT = 0.05  # where D(c) states none: 2-5 % is what PFG fits reach
SYSTEMATIC = 8  # normals a replicate before those of D(c)
ROWS = {  # of the normals, by source
    "concentration_relative": slice(0, 1),
    "field_of_view_relative": slice(1, 2),
    "temperature_K": slice(2, 3),
    "region_edge_points": slice(3, 5),
    "voltage_offset_V": slice(5, 6),
    "transference_number": slice(6, 7),
    "clock_offset_s": slice(7, 8),
    "diffusivity_relative": slice(SYSTEMATIC, None),
}


def systematic_draws(normals: np.ndarray, uncertainties: Uncertainties) -> dict[str, np.ndarray]:
    """Return factors and shifts (R,) by name from standard normals (SYSTEMATIC, R).

    Factors are log-normal: concentrations, lengths and D never turn negative.
    """
    u = uncertainties
    return {
        "concentration": np.exp(u.concentration_relative * normals[0]),
        "length": np.exp(u.field_of_view_relative * normals[1]),
        "temperature": u.temperature_K * normals[2],
        "plating_edge": u.region_edge_points * normals[3],
        "counter_edge": u.region_edge_points * normals[4],
        "voltage_offset": u.voltage_offset_V * normals[5],
        "transference": u.transference_number * normals[6],
        "clock": u.clock_offset_s * normals[7],
    }
