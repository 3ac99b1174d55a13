"""From the finite volumes of a run to labelled data at the places that are stored."""

from __future__ import annotations

import numpy as np
import xarray as xr
from scipy.interpolate import CubicSpline

from iondrift import variables
from iondrift.cast import FloatArray
from iondrift.errors import ConfigurationError, DataError
from iondrift.transport.diffusivity import Diffusivity
from iondrift.transport.forward.measured_like import MeasuredLike, measured_like
from iondrift.transport.forward.protocol_run import ProtocolRun
from iondrift.transport.relations import cation_diffusivity, mobility
from iondrift_kernels.constants import FARADAY, GAS_CONSTANT
from iondrift_kernels.nernst_planck import electrode_voltage, surface_concentrations


def dataset(
    run: ProtocolRun,
    diffusivity: Diffusivity,
    middles: FloatArray,
    places: FloatArray,
    *,
    duration: float,
    log_interval: float,
) -> xr.Dataset:
    """Return what was recorded as variables of the registry, at the stored places.

    Raises
    ------
    ConfigurationError
        No acquisition fits into the run.
    """
    # The protocol may have ended while the last profile was being acquired.
    count = int(np.searchsorted(run.snapshots[: len(run.profiles)] + 0.5 * duration, run.time, side="right"))
    if run.finished:
        count = len(run.profiles)
    if count == 0:
        raise ConfigurationError("the protocol is shorter than one acquisition; lengthen it or shorten duration")
    del run.profiles[count:], run.states[count:]
    voltage, current = np.array(run.states).T
    i = current[:, np.newaxis]
    spline = _profiles(run, middles, diffusivity)
    c, gradient = spline(places), spline(places, 1)
    t_minus, thermal = run.cell.anion_transference, run.cell.thermal_voltage
    temperature = thermal * FARADAY / GAS_CONSTANT
    D_minus = diffusivity(c)
    D_plus = cation_diffusivity(D_minus, t_minus)
    u_minus, u_plus = mobility(D_minus, temperature), mobility(D_plus, temperature)
    field = (i / FARADAY + (D_plus - D_minus) * gradient) / ((u_plus + u_minus) * c)
    drift = -u_minus * field
    coords = {"time": run.snapshots[:count], "x": places, "part": np.array(variables.VOLTAGE_PARTS, dtype=object)}
    c_nodes = spline(spline.x)
    resistivity = t_minus * thermal / (FARADAY * diffusivity(c_nodes) * c_nodes)
    ohmic = CubicSpline(spline.x, resistivity, axis=1).antiderivative()(places[[0, -1]])
    across = -current * (ohmic[:, 1] - ohmic[:, 0]) + (2 * t_minus - 1) * thermal * np.log(c[:, -1] / c[:, 0])
    values = {
        "concentration": c,
        "electric_field": field,
        "drift_velocity": drift,
        "flux": -D_minus * gradient + c * drift,
        "voltage": voltage,
        "current_density": current,
        "voltage_offset": voltage - across,
        "voltage_part": _parts(run, voltage - across, current, c_nodes),
    }
    result = xr.Dataset({name: variables.dataarray(name, data, coords) for name, data in values.items()})
    log_time, log_voltage, log_current = np.array(run.log).T
    regular = np.arange(0.0, log_time[-1] + 1e-9, log_interval)
    for name, recorded in (("voltage", log_voltage), ("current_density", log_current)):
        series = xr.DataArray(np.interp(regular, log_time, recorded), dims="log_time", coords={"log_time": regular})
        series["log_time"].attrs = {"units": "s", "long_name": "time of the log"}
        series.attrs = variables.VARIABLES[name].attrs
        result[f"log_{name}"] = series
    return result


def _parts(run: ProtocolRun, offset: FloatArray, current: FloatArray, c: FloatArray) -> FloatArray:
    """Return the named parts (part, time) of an offset (time,); ``c`` (time, place) from electrode to electrode."""
    cell = run.cell
    parts = np.zeros((len(variables.VOLTAGE_PARTS), current.size))
    parts[0] = cell.electromotive_force
    shrunk = (cell.reference_concentration / c[:, 0]) ** cell.interface_exponent
    parts[1] = -current * cell.interface_resistance * shrunk
    parts[2] = [electrode_voltage(cell, first, last) for first, last in zip(c[:, 0], c[:, -1], strict=True)]
    parts[3] = offset - parts[:3].sum(axis=0)
    return parts


def add_intensity(
    result: xr.Dataset,
    run: ProtocolRun,
    diffusivity: Diffusivity,
    middles: FloatArray,
    noise: float,
    measurement: MeasuredLike,
    seed: int,
) -> xr.Dataset:
    """Return the dataset with measured-like magnitudes over the whole field of view.

    Raises
    ------
    DataError
        The noise is negative.
    """
    if noise < 0.0:
        raise DataError(f"noise: {noise:g}; it must not be negative")
    spline, c0 = _profiles(run, middles, diffusivity), run.cell.reference_concentration
    intensity, position = measured_like(
        lambda x: np.asarray(spline(x)) / c0, len(run.profiles), spline.x[-1], noise, measurement, seed
    )
    result["intensity"] = variables.dataarray("intensity", intensity, {}, dims=("time", "point"), noise=noise)
    result["position"] = xr.DataArray(
        position, dims="point", attrs={"units": "m", "long_name": "distance from the plating electrode"}
    )
    return result


def _profiles(run: ProtocolRun, middles: FloatArray, diffusivity: Diffusivity) -> CubicSpline:
    """Return c(x) of every recorded profile: through the middles and the electrodes, with the slopes there.

    Without anion flux at an electrode dc/dx = -t- i / (F D_amb).
    """
    current = np.array(run.states)[:, 1]
    ends = np.array(
        [
            surface_concentrations(run.cell, run.grid, run.diffusion, c, i)
            for c, i in zip(run.profiles, current, strict=True)
        ]
    )
    nodes = np.concatenate([[0.0], middles, [run.grid.widths.sum()]])
    values = np.column_stack([ends[:, 0], np.array(run.profiles), ends[:, 1]])
    t = run.cell.anion_transference
    slopes = -t * current / (FARADAY * 2.0 * (1.0 - t) * diffusivity(ends).T)
    return CubicSpline(nodes, values, axis=1, bc_type=((1, slopes[0]), (1, slopes[1])))
