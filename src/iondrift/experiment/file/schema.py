"""The experiment file: one TOML per cell, units in the key names, every mistake reported at once."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    PlainValidator,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from iondrift.drift.bands.uncertainties import LIMITS, MEANINGS
from iondrift.drift.closures import (
    CLOSURES,
    CONCENTRATED_SOLUTION,
    CURRENT_DENSITY,
    DEFAULT_CLOSURE,
    TRANSFERENCE_NUMBER,
    closure_named,
)
from iondrift.drift.names import DEFAULT_ORDERS, DEFAULT_SMOOTHING, Smoothing
from iondrift.errors import ConfigurationError, plain
from iondrift.experiment.file.concentrated import ConcentratedSection
from iondrift.experiment.file.data_sets import Lineshape
from iondrift.experiment.file.diffusivity import DiffusivitySection
from iondrift.experiment.file.impedance import Impedance
from iondrift.experiment.file.mistakes import describe_mistakes
from iondrift.experiment.file.section import Section as _Section
from iondrift.experiment.file.section import as_patterns, as_tuple, resolved
from iondrift.experiment.file.topspin import TopSpinProfiles
from iondrift.experiment.file.transport_fit import TransportFit
from iondrift.nmr.calibration import ZERO_FILLING
from iondrift.readers.log import LogLayout
from iondrift.readers.paths import as_path, require_file
from iondrift.readers.text import read_start

_LONGEST: Final = 1e9  # s; thirty years
_LARGEST: Final = 256 << 10  # bytes; the template has 10 kB
_DEEP: Final = re.compile(r"(?:[\w\"'-]{1,64}[ \t]{0,8}\.[ \t]{0,8}){64}")  # dotted keys take tomllib quadratic memory


def _known_closure(value: Any) -> str:
    """Return the name of a registered closure."""
    if not isinstance(value, str) or value not in CLOSURES:
        *others, last = map(repr, CLOSURES)
        raise PydanticCustomError(
            "literal_error", "Input should be {expected}", {"expected": f"{', '.join(others)} or {last}"}
        )
    return value


class Cell(_Section):
    """The cell and what its electrodes are; text for reports."""

    name: str = Field(min_length=1, max_length=200, description="name of the cell, for reports")
    plating_electrode: str = Field(
        default="Li metal", max_length=200, description="electrode at x = 0, where lithium is plated"
    )
    counter_electrode: str = Field(default="Li metal", max_length=200, description="electrode at x = L")

    @field_validator("name", "plating_electrode", "counter_electrode")
    @classmethod
    def _in_a_line(cls, value: str) -> str:
        return " ".join(plain(value).split())


class Profiles(_Section):
    """The 1D 19F profiles and their place on the clock."""

    files: Annotated[tuple[str, ...], BeforeValidator(as_patterns), Field(min_length=1)] = Field(
        description="a file, a folder, a pattern like profiles/*.txt, or a list of them"
    )
    format: Literal["auto", "topspin-text", "topspin", "netcdf", "zarr", "csv"] = "auto"
    first: int = Field(default=1, ge=1, description="first profile to use, counted from 1 in natural order")
    count: int | None = Field(default=None, ge=3, description="how many profiles to use; all when left out")
    field_of_view_mm: float | None = Field(
        default=None, gt=1e-3, lt=1e4, description="length that the stored points span"
    )
    interval_s: float | None = Field(
        default=None, gt=1e-3, lt=_LONGEST, description="from the start of one profile to the next"
    )
    duration_s: float | None = Field(default=None, gt=1e-3, lt=_LONGEST, description="acquisition time of one profile")
    start_s: float = Field(
        default=0.0, gt=-_LONGEST, lt=_LONGEST, description="start of the first profile after the log's first sample"
    )
    anchor: Literal["start", "end"] = Field(
        default="start", description="whether start_s is when the first acquisition begins or when it ends"
    )
    reverse: bool = Field(default=False, description="true when the plating electrode is at the far end as stored")
    gaps: Literal["close", "keep"] = Field(
        default="close", description="what a missing file number means: nothing, or a missing interval"
    )
    zero_filling: float = Field(default=ZERO_FILLING, ge=1, le=64, description="stored points per acquired point")
    subtract_background: bool = Field(default=False, description="take the mean outside the sample off")
    reference: Annotated[
        Literal["open-circuit", "first"] | Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)],
        BeforeValidator(as_tuple),
    ] = Field(default="open-circuit", description="profiles at known concentration, counted from 1")
    region_tolerance: float = Field(
        default=0.05, gt=0, lt=0.5, description="the region of interest stays this close to the plateau"
    )
    keep_outliers: bool = Field(
        default=False, description="true to use points and profiles that stand out of noise and change, too"
    )
    topspin: TopSpinProfiles | None = Field(default=None, description="data sets of TopSpin, for format topspin")

    @field_validator("files")
    @classmethod
    def _resolve(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        return tuple(resolved(text, info) for text in value)

    @field_validator("duration_s")
    @classmethod
    def _fits_interval(cls, value: float | None, info: ValidationInfo) -> float | None:
        interval = info.data.get("interval_s")
        if value is not None and interval is not None and value > interval:
            raise PydanticCustomError(
                "conflict", "must not exceed interval_s = {interval}", {"interval": f"{interval:g}"}
            )
        return value


def _as_in_python(name: str) -> Any:
    """Return the default of an option of a log."""
    return getattr(LogLayout, name)


class Log(_Section):
    """The text log of time, voltage and current density."""

    file: str = Field(min_length=1, description="text file with time, voltage and current density")
    time_column: int | str = Field(
        default=_as_in_python("time_column"), description="column number from 1, or its header"
    )
    voltage_column: int | str = Field(
        default=_as_in_python("voltage_column"), description="column number from 1, or its header"
    )
    current_density_column: int | str | None = Field(
        default=None, description="column number from 1, or its header; leave out when no current was logged"
    )
    time_unit: Literal["s", "ms", "min", "h", "d"] | None = None
    time_restarts: bool = Field(
        default=_as_in_python("time_restarts"), description="the clock starts again with every step"
    )
    day_first: bool | None = Field(default=None, description="dates that stand for times are as 31-12-2018")
    voltage_unit: Literal["V", "mV", "uV"] | None = None
    electrode_area_cm2: float | None = Field(
        default=None, gt=1e-6, lt=1e6, description="for a log of current, not current density"
    )
    current_density_unit: Literal["A/m2", "mA/cm2", "uA/cm2", "A", "mA", "uA"] | None = None
    plating_current: Literal["positive", "negative"] = Field(
        default=_as_in_python("plating_current"), description="sign of the plating current as written in the file"
    )
    separator: Literal["tab", "semicolon", "comma", "space"] | None = None
    decimal: Literal[".", ","] | None = None

    @field_validator("file")
    @classmethod
    def _resolve(cls, value: str, info: ValidationInfo) -> str:
        return resolved(value, info)

    @field_validator("time_column", "voltage_column", "current_density_column")
    @classmethod
    def _counts_from_one(cls, value: int | str | None) -> int | str | None:
        if isinstance(value, int) and value < 1:
            raise PydanticCustomError("column", "columns are counted from 1")
        return value

    @field_validator("current_density_unit")
    @classmethod
    def _current_has_its_area(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None:
            return value
        per_area = "/" in value
        area = info.data.get("electrode_area_cm2")
        if not per_area and area is None:
            raise PydanticCustomError("conflict", "a current needs electrode_area_cm2")
        if per_area and area is not None:
            raise PydanticCustomError("conflict", "with electrode_area_cm2 the unit is 'A', 'mA' or 'uA'")
        return value


class Electrolyte(_Section):
    """The uniform electrolyte before polarisation."""

    concentration_mol_per_L: float = Field(gt=1e-6, lt=100, description="salt concentration before polarisation")
    temperature_K: float = Field(ge=150, le=800, description="temperature, in kelvin")
    transference_number: float | None = Field(
        default=None, gt=0, lt=1, description="anion transference number t-; needed by closure current"
    )
    # both for the EO:Li ratio, c = 1 / (V_salt + n V_EO); left out: PEO with 1.666 mol/L at EO:Li 10
    ethylene_oxide_molar_volume_L_per_mol: float | None = Field(default=None, gt=1e-6, lt=1e3)
    salt_molar_volume_L_per_mol: float | None = Field(default=None, gt=1e-6, lt=1e3)


class Reconstruction(_Section):
    """How the drift velocity is computed."""

    closure: Annotated[str, PlainValidator(_known_closure)] = Field(
        default=DEFAULT_CLOSURE, description="what fixes the flux at the plating electrode"
    )
    smoothing: Smoothing = DEFAULT_SMOOTHING
    voltage_offset_V: float | None = Field(
        default=None,
        gt=-1e3,
        lt=1e3,
        description="the cell's EMF and what else is constant; left out: the log's open circuit",
    )
    interphase_resistance_ohm_cm2: float | None = Field(
        default=None, ge=0, lt=1e9, description="of both electrodes, V / i; left out: that of [impedance] with area_cm2"
    )
    electrode_storage: bool = Field(
        default=True, description="closure blocking counts the anions between electrode and region"
    )
    polynomial_order_x: int = Field(default=DEFAULT_ORDERS[0], ge=1, le=12)
    polynomial_order_t: int = Field(default=DEFAULT_ORDERS[1], ge=1, le=12)


def _uncertain(name: str) -> Any:
    """Return a key of the error model, with its limits and its meaning."""
    return Field(default=None, ge=0, lt=LIMITS[name], description=MEANINGS[name])


class Uncertainty(_Section):
    """Standard uncertainties of the inputs; the stated defaults where left out."""

    diffusivity_relative: float | None = _uncertain("diffusivity_relative")
    solution_relative: float | None = _uncertain("solution_relative")
    concentration_relative: float | None = _uncertain("concentration_relative")
    temperature_K: float | None = _uncertain("temperature_K")
    field_of_view_relative: float | None = _uncertain("field_of_view_relative")
    region_edge_points: float | None = _uncertain("region_edge_points")
    voltage_offset_V: float | None = _uncertain("voltage_offset_V")
    interphase_relative: float | None = _uncertain("interphase_relative")
    electrode_concentration_relative: float | None = _uncertain("electrode_concentration_relative")
    electrode_gap_um: float | None = _uncertain("electrode_gap_um")
    transference_number: float | None = _uncertain("transference_number")
    clock_offset_s: float | None = _uncertain("clock_offset_s")
    voltage_noise_V: float | None = _uncertain("voltage_noise_V")
    current_noise_relative: float | None = _uncertain("current_noise_relative")


class Experiment(_Section):
    """Everything that is known of one cell, validated; paths are absolute."""

    cell: Cell
    profiles: Profiles
    log: Log
    electrolyte: Electrolyte
    diffusivity: DiffusivitySection
    concentrated: ConcentratedSection | None = Field(
        default=None, description="properties of a concentrated solution, for closure concentrated"
    )
    reconstruction: Reconstruction = Field(default=Reconstruction(), validate_default=True)
    uncertainty: Uncertainty = Field(default=Uncertainty())
    impedance: Impedance | None = Field(default=None, description="spectra measured during the experiment")
    lineshape: Lineshape | None = Field(default=None, description="spectra of TopSpin whose lines are fitted")
    transport_fit: TransportFit = Field(default=TransportFit(), description="what `iondrift fit` must be told")

    _source: Path | None = PrivateAttr(default=None)

    @property
    def source(self) -> Path | None:
        """The file it was loaded from."""
        return self._source

    @field_validator("reconstruction")
    @classmethod
    def _closure_has_what_it_needs(cls, value: Reconstruction, info: ValidationInfo) -> Reconstruction:
        missing = _missing_for_closure(value.closure, info.data)
        if missing:
            raise PydanticCustomError(
                "conflict",
                "closure {closure} needs {missing}",
                {"closure": repr(value.closure), "missing": " and ".join(missing)},
            )
        return value

    def with_options(
        self, *, closure: str | None = None, smoothing: Smoothing | None = None, keep_outliers: bool = False
    ) -> Self:
        """Return a copy in which the given options replace those of the file.

        Raises
        ------
        ConfigurationError
            The closure needs something that the file does not give.
        """
        chosen = closure or self.reconstruction.closure
        if missing := _missing_for_closure(chosen, dict(self)):
            raise ConfigurationError(
                f"{self.source or self.cell.name}: closure {chosen!r} needs {' and '.join(missing)}"
            )
        reconstruction = self.reconstruction.model_copy(
            update={"closure": chosen, "smoothing": smoothing or self.reconstruction.smoothing}
        )
        profiles = self.profiles.model_copy(update={"keep_outliers": keep_outliers or self.profiles.keep_outliers})
        return self.model_copy(update={"reconstruction": reconstruction, "profiles": profiles})


def _missing_for_closure(name: str, sections: Mapping[str, Any]) -> list[str]:
    """Return the keys that a closure needs and the file does not give; sections with mistakes count as given."""
    log, electrolyte = sections.get("log"), sections.get("electrolyte")
    absent = {
        CONCENTRATED_SOLUTION: sections.get("concentrated", ...) is None,
        CURRENT_DENSITY: log is not None and log.current_density_column is None,
        TRANSFERENCE_NUMBER: electrolyte is not None and electrolyte.transference_number is None,
    }
    return [need.key for need in closure_named(name).needs if absent[need]]


def load(path: str | Path) -> Experiment:
    """Read and validate one experiment file; relative paths in it start from its folder.

    Parameters
    ----------
    path
        A TOML file; ``iondrift init`` writes a commented one.

    Raises
    ------
    ConfigurationError
        The file is missing, is not TOML (the line is named), or holds mistakes (all are listed).
    """
    path = as_path(path)
    document = _read_toml(path)
    try:
        experiment = Experiment.model_validate(document, context={"folder": path.parent})
    except ValidationError as error:
        mistakes = describe_mistakes(error, document, Experiment)
        if len(mistakes) == 1:
            raise ConfigurationError(f"{path}: {mistakes[0]}") from error
        raise ConfigurationError("\n  ".join([f"{path}: {len(mistakes)} mistakes", *mistakes])) from error
    experiment._source = path
    return experiment


def _read_toml(path: Path) -> dict[str, Any]:
    if path.is_dir():
        raise ConfigurationError(f"{path}: is a folder; name the experiment file in it (.toml)")
    if not os.path.exists(path) and os.path.isdir(path.parent):
        raise ConfigurationError(f"{path}: no such file; 'iondrift init' writes one")
    size = require_file(path)
    if size > _LARGEST:
        raise ConfigurationError(
            f"{path}: holds {size / 1e3:.0f} kB, and an experiment file needs no more than {_LARGEST / 1e3:.0f}; name "
            "measurements in it, by their files"
        )
    try:
        text = read_start(path, size).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: is not a text file in UTF-8 (byte {error.start})") from error
    try:
        if _DEEP.search(text):
            raise RecursionError
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: not valid TOML: {error}") from error
    except RecursionError as error:
        raise ConfigurationError(
            f"{path}: lists or sections lie too deep in each other; two levels are enough"
        ) from error
    except ValueError as error:  # of Python's own int()
        raise ConfigurationError(f"{path}: a whole number has thousands of digits; correct it") from error
