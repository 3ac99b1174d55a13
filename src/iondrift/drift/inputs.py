"""What reconstruction, bands and budget are given: checked once, passed on as one record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self, TypedDict

import numpy as np
import xarray as xr

from iondrift import cast
from iondrift.cast import FloatArray
from iondrift.errors import ConfigurationError, DataError, ShapeError
from iondrift.transport.concentrated import ConcentratedSolution
from iondrift.transport.diffusivity import Diffusivity, require_diffusivity


class InputOptions(TypedDict, total=False):
    """Options of :meth:`DriftInputs.of`, described there."""

    temperature: float
    current_density: xr.DataArray | None
    transference_number: float | None
    voltage_offset: float | xr.DataArray | None
    electrode_storage: xr.DataArray | None
    solution: ConcentratedSolution | None


_NOUGHT = 1e-9  # of the mean concentration


@dataclass(frozen=True, kw_only=True, eq=False)
class DriftInputs:
    """One cell's profiles, log and electrolyte, checked and along the profiles' times; made by :meth:`of`. SI.

    Attributes
    ----------
    concentration
        (time, x), mol m-3, coordinates in s and m.
    voltage
        What lies across the electrolyte, (time,), V: the offset is taken off.
    current
        (time,), A m-2, negative while plating; None where none was measured.
    storage
        Anions between the plating electrode and x = 0, (time,), mol m-2; None where it is not known.
    diffusivity, temperature, transference_number
        D(c) of the anion, K, and t- of the anion (None where it is not known).
    solution
        D_s, t-, chi and kappa of a concentrated solution; None where they are not known.
    ledger
        The parts of the voltage that were taken off, from :func:`iondrift.voltage_ledger`; None where none was made.
    offset_stated
        Whether anybody said what does not lie across the profiles.
    """

    concentration: xr.DataArray
    voltage: FloatArray
    current: FloatArray | None
    storage: FloatArray | None
    diffusivity: Diffusivity
    temperature: float
    transference_number: float | None
    solution: ConcentratedSolution | None = None
    ledger: xr.Dataset | None = None
    offset_stated: bool = True

    @classmethod
    def of(
        cls,
        concentration: xr.DataArray,
        voltage: xr.DataArray,
        diffusivity: Diffusivity,
        *,
        temperature: float,
        current_density: xr.DataArray | None = None,
        transference_number: float | None = None,
        voltage_offset: float | xr.DataArray | None = None,
        electrode_storage: xr.DataArray | None = None,
        solution: ConcentratedSolution | None = None,
    ) -> Self:
        """Check what was measured.

        Parameters
        ----------
        concentration
            (time, x), mol m-3, positive, coordinates in s and m, increasing; x = 0 at the plating electrode.
        voltage
            (time,), V, averaged over each profile, positive while plating.
        diffusivity
            D(c) of the anion.
        temperature
            K.
        current_density
            (time,), A m-2, negative while lithium is plated at x = 0.
        transference_number
            t- of the anion, above 0 and at most 1.
        voltage_offset
            Part of the voltage that does not fall across the electrolyte, V; one number or (time,). None lays the
            whole voltage across it, and results say so; see :meth:`after`.
        electrode_storage
            (time,), mol m-2, anions between the plating electrode and x = 0.
        solution
            D_s, t-, chi and kappa as functions of c, for closure ``concentrated``.

        Raises
        ------
        DataError, ShapeError
            Values, coordinates or signs that do not fit; the message names the place.
        ConfigurationError
            No D(c), or a transference number that is none.
        """
        require_diffusivity(diffusivity)
        concentration = cast.labelled(concentration, "concentration", ("time", "x"), unit="mol m-3", positive=True)
        _check_lowest(concentration)
        time = concentration["time"]
        volts = along_time(voltage, "voltage", time, "V")
        current = None if current_density is None else along_time(current_density, "current_density", time, "A m-2")
        if current is not None:
            _check_sign(volts, current)
        stored = None
        if electrode_storage is not None:
            stored = along_time(electrode_storage, "electrode_storage", time, "mol m-2")
        return cls(
            concentration=concentration,
            voltage=volts - along_time(0.0 if voltage_offset is None else voltage_offset, "voltage_offset", time, "V"),
            offset_stated=voltage_offset is not None,
            current=current,
            storage=stored,
            diffusivity=diffusivity,
            temperature=cast.scalar(temperature, "temperature", positive=True),
            transference_number=_transference(transference_number),
            solution=_solution(solution),
        )

    def after(self, ledger: xr.Dataset) -> Self:
        """Return the same with the parts of a ledger taken off the voltage.

        Raises
        ------
        ConfigurationError
            Parts were taken off before, or it is no ledger.
        ShapeError, DataError
            It is of other profiles.
        """
        if self.ledger is not None or "voltage_part" not in ledger:
            raise ConfigurationError("ledger: take one result of iondrift.voltage_ledger off, once")
        offset = along_time(ledger["voltage_offset"], "voltage_offset", self.concentration["time"], "V")
        return replace(self, voltage=self.voltage - offset, ledger=ledger, offset_stated=True)

    @property
    def time(self) -> FloatArray:
        """Of the profiles, s."""
        return np.asarray(self.concentration["time"].values)

    @property
    def x(self) -> FloatArray:
        """Of the points, m."""
        return np.asarray(self.concentration["x"].values)

    @property
    def balanced(self) -> FloatArray:
        """-F / i (time,), m2 mol-1 s; NaN where there is no current or less than a thousandth of its largest."""
        from iondrift_kernels.constants import FARADAY

        result = np.full(self.time.size, np.nan)
        if self.current is not None:
            flowing = np.abs(self.current) > 1e-3 * np.abs(self.current).max()
            result[flowing] = -FARADAY / self.current[flowing]
        return result

    @property
    def cation_ratio(self) -> float:
        """D+ / D- = (1 - t-) / t-; 0 where t- is not known."""
        t = self.transference_number
        return 0.0 if t is None else (1.0 - t) / t


def inputs_of(
    concentration: xr.DataArray | DriftInputs,
    voltage: xr.DataArray | None,
    diffusivity: Diffusivity | None,
    options: Mapping[str, Any],
) -> DriftInputs:
    """Return the record that was given in place of the arrays, or check the arrays.

    Raises
    ------
    ConfigurationError
        Both were given, or the temperature is missing.
    DataError, ShapeError
        As :meth:`DriftInputs.of`.
    """
    if isinstance(concentration, DriftInputs):
        given = [name for name, value in (("voltage", voltage), ("diffusivity", diffusivity)) if value is not None]
        if given or options:
            raise ConfigurationError(
                f"{', '.join([*given, *options])}: the inputs hold that already; change them by DriftInputs.of"
            )
        return concentration
    if "temperature" not in options:
        raise ConfigurationError("temperature: is missing; give it in K, such as temperature=313.15")
    return DriftInputs.of(concentration, voltage, diffusivity, **options)  # type: ignore[arg-type]  # it checks both


def thermal_voltage(temperature: float) -> float:
    """Return R T / F, V, at a temperature in K."""
    from iondrift_kernels.constants import FARADAY, GAS_CONSTANT

    return GAS_CONSTANT * temperature / FARADAY


def along_time(value: float | xr.DataArray, name: str, time: xr.DataArray, unit: str) -> FloatArray:
    """Return a value per profile, in SI; a DataArray must carry the profiles' own times.

    Raises
    ------
    ShapeError, DataError
        It does not; nothing is interpolated silently.
    """
    if not isinstance(value, xr.DataArray):
        return np.full(time.size, cast.scalar(value, name))
    result = cast.labelled(value, name, ("time",), unit=unit)
    if result.size != time.size:
        raise ShapeError(
            f"{name}: has {result.size} values for {time.size} profiles; average it over each profile first"
        )
    difference = np.abs(result["time"].values - time.values)
    if difference.max() > 1e-6 * max(np.abs(time.values).max(), 1.0):
        k = int(difference.argmax())
        raise DataError(
            f"{name}: its time {result['time'].values[k]:g} s differs from the profile's {time.values[k]:g} s "
            f"at index {k}; average it over each profile first"
        )
    return result.values


def _check_lowest(concentration: xr.DataArray) -> None:
    """Refuse a concentration that is nought but for rounding: velocities divide by it."""
    values = concentration.values
    least = _NOUGHT * values.mean()
    if values.min() < least:
        low = values < least
        k, m = (int(i) for i in np.argwhere(low)[0])
        raise DataError(
            f"concentration: value {values[k, m]:g} at index ({k}, {m}) ({int(low.sum())} of {values.size} like it) is "
            f"below a billionth of the mean, {values.mean():.4g}; remove or interpolate it first"
        )


def _check_sign(voltage: FloatArray, current: FloatArray) -> None:
    """Refuse a current that runs against the sign convention: charge that flowed while V > 0 is negative."""
    if float(np.sum(voltage * current)) > 0.0:
        raise DataError(
            "current_density: is positive while the voltage is positive; i counts along +x and is negative while "
            "lithium is plated at x = 0 (turn its sign)"
        )


def _transference(value: float | None) -> float | None:
    if value is None:
        return None
    number = cast.scalar(value, "transference_number")
    if not 0.0 < number <= 1.0:
        raise ConfigurationError(f"transference_number: {number:g} found; the anion's t- lies above 0 and at most at 1")
    return number


def _solution(value: object) -> ConcentratedSolution | None:
    return None if value is None else cast.instance(value, "solution", ConcentratedSolution, "make it with its source")
