"""The error model: what is uncertain, by how much, and where the number comes from."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

import numpy as np

from iondrift import cast
from iondrift.errors import ConfigurationError
from iondrift.settings import named_options

GIVEN, DEFAULT, DATA, NEGLECTED = "given", "stated default", "estimated from the data", "left out"


class _Default(float):
    """A default; told apart from the same number given."""


def _entry(default: float, unit: str, below: float, meaning: str) -> float:
    return field(default=_Default(default), metadata={"unit": unit, "below": below, "meaning": meaning})


@named_options
@dataclass(frozen=True, kw_only=True)
class Uncertainties:
    """Standard uncertainties of the inputs; profile noise is always part of the bands, estimated from the data.

    One draw a replicate (systematic): all but the last two. The defaults are those discussed for this experiment;
    a D(c) that carries its own covariance keeps it unless ``diffusivity_relative`` is given, and so do the properties
    of a concentrated solution (``solution_relative``). Each is zero (left out) or more and below the limit that
    :data:`LIMITS` states.

    Raises
    ------
    DataError
        Not one finite number.
    ConfigurationError
        Negative, or not below its limit.

    Examples
    --------
    >>> Uncertainties(temperature_K=0.5).temperature_K
    0.5
    >>> Uncertainties.none().voltage_offset_V
    0.0
    """

    diffusivity_relative: float | None = field(
        default=None, metadata={"unit": "1", "below": 1.0, "meaning": "D(c), common factor"}
    )
    solution_relative: float | None = field(
        default=None, metadata={"unit": "1", "below": 1.0, "meaning": "each property of the concentrated solution"}
    )
    concentration_relative: float = _entry(0.03, "1", 1.0, "initial concentration c0")
    temperature_K: float = _entry(1.0, "K", 20.0, "temperature")
    field_of_view_relative: float = _entry(0.01, "1", 1.0, "field of view (gradient calibration)")
    region_edge_points: float = _entry(2.0, "stored points", 1000.0, "each edge of the region of interest")
    voltage_offset_V: float = _entry(0.1, "V", 10.0, "voltage not laid across the region")
    interphase_relative: float = _entry(0.2, "1", 2.0, "resistance of the interphases")
    electrode_concentration_relative: float = _entry(0.1, "1", 1.0, "concentration at an electrode, for its potential")
    electrode_gap_um: float = _entry(15.0, "um", 1000.0, "gap between each electrode and the region")
    transference_number: float = _entry(0.03, "1", 0.5, "anion transference number")
    clock_offset_s: float = _entry(10.0, "s", 1e5, "profiles against the log")
    voltage_noise_V: float = _entry(1e-3, "V", 10.0, "voltage averaged over a profile")
    current_noise_relative: float = _entry(1e-3, "1", 1.0, "current averaged over a profile, of its largest")

    def __post_init__(self) -> None:
        for entry in fields(self):
            given = getattr(self, entry.name)
            if isinstance(given, _Default) or (given is None and entry.default is None):
                continue
            below = LIMITS[entry.name]
            allowed = f"a standard uncertainty of this is zero or more and below {below:g}"
            allowed += " (0.05 for 5 %)" if entry.name.endswith("_relative") else ""
            if given is None or isinstance(given, bool | str):
                raise ConfigurationError(f"{entry.name}: {given!r} found; {allowed}")
            value = cast.scalar(given, entry.name)
            if not 0.0 <= value < below:
                raise ConfigurationError(f"{entry.name}: {value:g} found; {allowed}")
            object.__setattr__(self, entry.name, value)

    def check_against(self, *, temperature: float, points: int) -> None:
        """Refuse uncertainties that would turn a temperature (K) or a region of so many points inside out.

        Raises
        ------
        ConfigurationError
            A draw could be negative: the temperature at 7 standard deviations (no draw lies farther out), the length
            at 4 of the difference of both edges.
        """
        if _FARTHEST * self.temperature_K >= temperature:
            raise ConfigurationError(
                f"temperature_K: {self.temperature_K:g} K found; at {temperature:g} K it must be below "
                f"{temperature / _FARTHEST:.3g} K"
            )
        largest = (points - 1) / (4.0 * 2.0**0.5)
        if self.region_edge_points >= largest:
            raise ConfigurationError(
                f"region_edge_points: {self.region_edge_points:g} found; with {points} points along x it must be "
                f"below {largest:.2g}; state how well its edges are known"
            )

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
            origin = DEFAULT if isinstance(value, _Default) else GIVEN
            if value == 0.0:
                origin = NEGLECTED
            if value is None:
                origin = "its own, else 5 % (stated default)"
            rows.append((entry.metadata["meaning"], value, entry.metadata["unit"], origin))
        return rows


LIMITS: dict[str, float] = {entry.name: entry.metadata["below"] for entry in fields(Uncertainties)}
MEANINGS: dict[str, str] = {entry.name: entry.metadata["meaning"] for entry in fields(Uncertainties)}
_FARTHEST = 7.0  # standard deviations: no normal of the counter generator lies beyond
SHORT_NAMES = {
    "profile_noise": "profile noise",
    "diffusivity_relative": "$D(c)$",
    "solution_relative": "solution",
    "concentration_relative": "$c_0$",
    "temperature_K": "temperature",
    "field_of_view_relative": "field of view",
    "region_edge_points": "region's edges",
    "voltage_offset_V": "voltage offset",
    "interphase_relative": "interphases",
    "electrode_concentration_relative": "electrodes",
    "electrode_gap_um": "gaps",
    "transference_number": "transference",
    "clock_offset_s": "clock",
    "voltage_noise_V": "voltage noise",
    "current_noise_relative": "current noise",
}
DIFFUSIVITY_DEFAULT = 0.05  # where D(c) states none: 2-5 % is what PFG fits reach
SYSTEMATIC = 12  # normals a replicate before those of D(c) or of the solution
ROWS = {  # of the normals, by source
    "concentration_relative": slice(0, 1),
    "field_of_view_relative": slice(1, 2),
    "temperature_K": slice(2, 3),
    "region_edge_points": slice(3, 5),
    "voltage_offset_V": slice(5, 6),
    "transference_number": slice(6, 7),
    "clock_offset_s": slice(7, 8),
    "interphase_relative": slice(8, 9),
    "electrode_concentration_relative": slice(9, 10),
    "electrode_gap_um": slice(10, 11),
    "diffusivity_relative": slice(SYSTEMATIC, None),
    "solution_relative": slice(SYSTEMATIC, None),  # a closure takes the one or the other
}
OF_ONE_CELL = ("region_edge_points", "voltage_offset_V", "clock_offset_s")  # the others are common to cells of one kind


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
        "transference": u.transference_number * normals[6],
        "clock": u.clock_offset_s * normals[7],
    }


OF_VOLTAGE = ("voltage_offset_V", "interphase_relative", "electrode_concentration_relative", "electrode_gap_um")


def voltage_draws(normals: np.ndarray, uncertainties: Uncertainties) -> np.ndarray:
    """Return how far what the parts of the voltage hang on is off (part, R), from normals (SYSTEMATIC, R)."""
    return np.stack([getattr(uncertainties, name) * normals[ROWS[name].start] for name in OF_VOLTAGE])
