"""Closures: what fixes the flux at x = 0, and with it field, flux and velocity. One entry a closure, all in one place.

Command line, experiment file, reconstruction, bands, budget, report and figures ask this registry. Nothing heavy is
imported, so that the command line can name the choices at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from iondrift.errors import ConfigurationError

if TYPE_CHECKING:
    from iondrift.cast import FloatArray
    from iondrift.drift.inputs import DriftInputs
    from iondrift.drift.names import InTime

DEFAULT_CLOSURE = "voltage"


class Origin(Protocol):
    """The flux at x = 0 that a closure gives, with its posterior."""

    @property
    def normals(self) -> int:
        """Standard normal numbers that one draw takes."""

    def flux(self) -> FloatArray:
        """Return J at x = 0 (time,), mol m-2 s-1."""

    def draw_flux(self, standard_normals: FloatArray, systematic: Mapping[str, FloatArray]) -> FloatArray:
        """Return draws (time, replicate) of it from standard normals (normals, replicate).

        ``systematic`` (replicate,): factors and shifts of the replicates' inputs by name, see
        :func:`iondrift.drift.bands.uncertainties.systematic_draws`.
        """

    def exact_flux(self, systematic: Mapping[str, FloatArray]) -> FloatArray:
        """Return it (time, replicate) where no measurement holds noise: only ``systematic`` inputs vary."""


OriginOf: TypeAlias = "Callable[[DriftInputs, InTime], Origin | None]"


@dataclass(frozen=True, kw_only=True)
class Need:
    """What a closure takes beside profiles and voltage, as Python, the experiment file and the report call it.

    ``missed``: whether a report says that it lacks, rather than passing over a closure that nobody asked for.
    """

    name: str
    text: str
    key: str
    absent: str
    missed: bool = True


@dataclass(frozen=True, kw_only=True)
class Variant:
    """The same closure without the storage in front of x = 0, shown beside it."""

    name: str
    meaning: str
    colour: str


@dataclass(frozen=True, kw_only=True)
class Closure:
    """One closure.

    Attributes
    ----------
    name, meaning, hint
        What it is called; what it means, for results and reports; the same for the comment in an experiment file.
    kernel
        Name of its code in ``iondrift_kernels.codes``: how the kernels close.
    colour
        In figures; safe for the colour-blind.
    needs
        What must be known.
    origin
        Under kernel BLOCKING: the flux at x = 0 of a measurement; None or a result of None: zero.
    lays_voltage
        Whether the whole voltage falls across the region: the anion current it implies is then checked.
    without_storage
        The row of the comparison in which the storage is not counted.
    """

    name: str
    meaning: str
    hint: str
    kernel: Literal["VOLTAGE", "BLOCKING", "CURRENT", "CONCENTRATED"]
    colour: str
    needs: tuple[Need, ...] = ()
    origin: OriginOf | None = None
    lays_voltage: bool = False
    without_storage: Variant | None = None

    @property
    def code(self) -> int:
        """Number of the kernel's way to close."""
        from iondrift_kernels import codes

        return int(getattr(codes, self.kernel))

    @property
    def concentrated(self) -> bool:
        """Whether it takes the properties of a concentrated solution in place of D(c)."""
        return self.kernel == "CONCENTRATED"

    def origin_of(self, inputs: DriftInputs, in_time: InTime) -> Origin | None:
        """Return the flux at x = 0 that the closure gives; None where the kernel finds it, or where it is zero."""
        return None if self.origin is None else self.origin(inputs, in_time)

    def allows(self, inputs: DriftInputs) -> bool:
        """Say whether all is known that the closure needs."""
        return not self._missing(inputs)

    def require(self, inputs: DriftInputs) -> None:
        """Refuse to close without what the closure needs.

        Raises
        ------
        ConfigurationError
            Something is not known; the message names it.
        """
        missing = self._missing(inputs)
        if missing:
            raise ConfigurationError(f"closure {self.name!r} needs {' and '.join(missing)}")

    def _missing(self, inputs: DriftInputs) -> list[str]:
        known = {
            CURRENT_DENSITY: inputs.current,
            TRANSFERENCE_NUMBER: inputs.transference_number,
            CONCENTRATED_SOLUTION: inputs.solution,
        }
        return [need.text for need in self.needs if known[need] is None]


def _from_storage(inputs: DriftInputs, smoothing: InTime) -> Origin | None:
    """Anions stored between the plating electrode and x = 0 are those that did not pass on: J = -dS/dt."""
    if inputs.storage is None:
        return None
    from iondrift.drift.electrode_flux import storage_origin

    return storage_origin(inputs.storage, inputs.time, smoothing)


CURRENT_DENSITY = Need(
    name="current_density",
    text="current_density (time), A m-2, negative while plating",
    key="log.current_density_column",
    absent="no current density in the log",
)
TRANSFERENCE_NUMBER = Need(
    name="transference_number",
    text="transference_number, the anion's t- between 0 and 1",
    key="electrolyte.transference_number",
    absent="no electrolyte.transference_number",
)
CONCENTRATED_SOLUTION = Need(
    name="solution",
    text="solution, D_s, t-, chi and kappa as functions of c (ConcentratedSolution)",
    key="the section [concentrated]",
    absent="no section [concentrated]",
    missed=False,
)

CLOSURES: dict[str, Closure] = {}


def register(closure: Closure) -> None:
    """Add a closure; everything that offers closures then offers it, in the order of registration.

    Raises
    ------
    ConfigurationError
        The name is taken.
    """
    if closure.name in CLOSURES:
        raise ConfigurationError(f"closure {closure.name!r} is there already; give the new one another name")
    CLOSURES[closure.name] = closure


def rows() -> dict[str, Closure | Variant]:
    """Return every row of a comparison of closures by name, variants behind the closure they belong to."""
    found: dict[str, Closure | Variant] = {}
    for closure in CLOSURES.values():
        found[closure.name] = closure
        if closure.without_storage is not None:
            found[closure.without_storage.name] = closure.without_storage
    return found


def closure_named(name: object) -> Closure:
    """Return the closure of this name.

    Raises
    ------
    ConfigurationError
        There is none.
    """
    if isinstance(name, str) and name in CLOSURES:
        return CLOSURES[name]
    text = repr(name)
    found = text if len(text) <= 40 else f"{text[:37]}..."
    raise ConfigurationError(f"closure: {found} found; allowed are {', '.join(CLOSURES)}")


register(
    Closure(
        name="voltage",
        meaning="the whole effective voltage lies across the region of interest",
        hint="the cell voltage lies across the region of interest",
        kernel="VOLTAGE",
        colour="#cc79a7",
        lays_voltage=True,
    )
)
register(
    Closure(
        name="blocking",
        meaning="no anions cross the plating electrode; those stored in front of x0 count where they are known",
        hint="lithium metal passes no anions",
        kernel="BLOCKING",
        colour="#009e73",
        origin=_from_storage,
        without_storage=Variant(
            name="blocking, x0 as electrode",
            meaning="no anions pass x0, nothing is stored in front of it",
            colour="#56b4e9",
        ),
    )
)
register(
    Closure(
        name="current",
        meaning="electroneutral binary electrolyte that carries the measured current",
        hint="measured current and transference number",
        kernel="CURRENT",
        colour="#e69f00",
        needs=(CURRENT_DENSITY, TRANSFERENCE_NUMBER),
    )
)
register(
    Closure(
        name="concentrated",
        meaning="concentrated solution that carries the measured current; v with f+ = f-, a convention",
        hint="measured current, and the electrolyte's own D_s, t-, chi, kappa: [concentrated]",
        kernel="CONCENTRATED",
        colour="#0072b2",
        needs=(CURRENT_DENSITY, CONCENTRATED_SOLUTION),
    )
)
