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
        _entry("reference_noise", "time x", "mol m-3", "noise of the reference profile on all others, as fitted"),
        _entry("diffusivity", "time x", "m2 s-1", "anion diffusion coefficient D(c)"),
        _entry(
            "mobility",
            "time x",
            "m2 V-1 s-1",
            "anion mobility, Nernst-Einstein",
            "positive; the charge is -1",
        ),
        _entry("electric_field", "time x", "V m-1", "electric field", _PLATING_NEGATIVE),
        _entry("flux", "time x", "mol m-2 s-1", "anion flux density", _ALONG_X),
        _entry("flux_diffusive", "time x", "mol m-2 s-1", "diffusive anion flux density -D dc/dx", _ALONG_X),
        _entry("flux_migrative", "time x", "mol m-2 s-1", "migrative anion flux density c v", _ALONG_X),
        _entry("drift_velocity", "time x", "m s-1", "anion drift velocity v = -u E", _ALONG_X),
        _entry("net_velocity", "time x", "m s-1", "net velocity of the anions w = J / c", _ALONG_X),
        _entry("current_velocity", "time x", "m s-1", "velocity by the current v_i = -t- i / (F c)", _ALONG_X),
        _entry("friction", "time x", "mol m-2 s-1", "cation-anion friction X, zero in a dilute solution"),
        _entry(
            "drift_velocity_by_closure",
            "closure time x",
            "m s-1",
            "anion drift velocity under each closure",
            _ALONG_X,
        ),
        _entry(
            "charge_balance",
            "time x",
            "1",
            "anion current implied by the closure over the current measured, -F J / i",
            "0 to 1 in a steady dilute picture (a transference number); NaN where no current flows",
        ),
        _entry(
            "voltage",
            "time",
            "V",
            "cell voltage phi(L) - phi(0)",
            "positive while lithium is plated at x = 0",
        ),
        _entry("voltage_offset", "time", "V", "part of the cell voltage not laid across the stored x range"),
        _entry("voltage_part", "part time", "V", "part of the voltage that does not lie across the stored x range"),
        _entry("voltage_part_deviation", "part time", "V", "standard uncertainty of that part"),
        _entry("voltage_part_sensitivity", "part time", "V", "change of that part by a unit of what it hangs on"),
        _entry("wall_concentration", "end time", "mol m-3", "anion concentration at each electrode, continued"),
        _entry("voltage_across", "time", "V", "voltage across the stored x range under the closure, -int E dx"),
        _entry("voltage_across_by_closure", "closure time", "V", "voltage across the stored x range, -int E dx"),
        _entry("voltage_unaccounted", "time", "V", "voltage left over by the ledger and a closure of the current"),
        _entry("voltage_effective", "time", "V", "voltage laid across the region of interest, V - V_offset"),
        _entry("current_density", "time", "A m-2", "current density", _PLATING_NEGATIVE),
        _entry("intensity", "time point", "1", "magnitude of the 1D 19F profile, as stored"),
        _entry(
            "electrode_storage",
            "time",
            "mol m-2",
            "anions between the plating electrode and x = 0, up to a constant",
        ),
        _entry("total_anions", "time", "1", "intensity summed over the whole sample, relative to the reference"),
        _entry("maximum_drift_velocity", "replicate", "m s-1", "drift velocity of largest magnitude", _ALONG_X),
        _entry("final_drift_velocity", "end replicate", "m s-1", "drift velocity of the last profile", _ALONG_X),
        _entry("penetration_depth", "end replicate", "m", "int v dt over the series at either end", _ALONG_X),
        _entry("spatial_spread", "replicate", "1", "(v(x0) - v(xL)) / v(x0) at the last profile"),
        _entry("growth", "end replicate", "1", "change of v since the start of constant voltage, over v there"),
        _entry("final_charge_balance", "end replicate", "1", "-F J / i at the last profile"),
        _entry("sampled_time", "sampled_time", "s", "time of a profile at which the error was estimated"),
        _entry("monte_carlo_error", "sampled_time x", "m s-1", "standard error of the outer quantiles of v"),
        _entry("fit_value", "form parameter", "1", "fitted parameter, in the unit parameter_unit"),
        _entry("fit_error", "form parameter", "1", "its standard deviation; 0 where it was held"),
        _entry("fit_draw", "form draw parameter", "1", "draws of the parameters from their posterior"),
        _entry("log_evidence", "form", "1", "logarithm of the evidence of a form of D(c), up to a common constant"),
        _entry("consistency_statistic", "form statistic", "1", "how residuals of the fit look"),
        _entry("consistency_probability", "form statistic", "1", "share of replicates at least as extreme"),
        _entry("half_diffusion_coefficient", "form half", "m2 s-1", "salt D(c0) from one half of the cell"),
        _entry("half_diffusion_coefficient_error", "form half", "m2 s-1", "its standard deviation"),
        _entry("half_transference", "form half", "1", "t- from one half of the cell"),
        _entry("half_transference_error", "form half", "1", "its standard deviation"),
        _entry("corrected_concentration", "form time x", "mol m-3", "data without the factors of points and profiles"),
        _entry("fitted_concentration", "form time x", "mol m-3", "concentration of the fit"),
        _entry("predictive_concentration", "time x", "mol m-3", "posterior predictive concentration, noise included"),
        _entry("net_anion_velocity", "time x", "m s-1", "net velocity of the anions, w = J / c", _ALONG_X),
        _entry("surface_concentration", "form quantile time", "mol m-3", "concentration at the plating electrode"),
        _entry("nernst_einstein_ratio", "form quantile", "1", "D / (2 (1 - t-)) over the D- measured, at c0"),
        _entry("unused_residual", "form unused_time x", "1", "ln I - ln prediction of profiles that were not fitted"),
        _entry("frequency", "frequency", "Hz", "frequency of the impedance"),
        _entry(
            "impedance",
            "spectrum frequency",
            "ohm",
            "complex impedance",
            "Im Z < 0 for a capacitive response",
        ),
        _entry("duration", "spectrum", "s", "time from the first to the last point of the sweep"),
        _entry("bias_voltage", "spectrum", "V", "voltage during the sweep, mean"),
        _entry("bias_current", "spectrum", "A", "current during the sweep, mean"),
        _entry("tau", "tau", "s", "time constant, 1 / (2 pi f)"),
        _entry("gamma", "spectrum tau", "ohm", "distribution of relaxation times R_k / d ln tau"),
        _entry("gamma_normalised", "spectrum tau", "1", "gamma over its integral: h, of unit area in ln tau"),
        _entry("ohmic_resistance", "spectrum", "ohm", "series resistance"),
        _entry("inductance", "spectrum", "H", "series inductance"),
        _entry("inverse_capacitance", "spectrum", "F-1", "inverse of the series capacitance"),
        _entry("polarisation_resistance", "spectrum", "ohm", "sum of all R_k"),
        _entry("unmeasured_fraction", "spectrum", "1", "share of the sum of R_k outside the time constants measured"),
        _entry("polarisation_resolved", "spectrum", "1", "whether at most a tenth of the sum of R_k is unmeasured"),
        _entry("windowed_resistance", "spectrum", "ohm", "integral of gamma over a window of ln tau"),
        _entry("electrode_resistance", "spectrum", "ohm", "windowed resistance of one electrode"),
        _entry("area_resistance", "spectrum", "ohm m2", "windowed resistance of one electrode times its area"),
        _entry("impedance_fit", "spectrum frequency", "ohm", "impedance of the fitted model"),
        _entry("relative_residual", "spectrum frequency", "1", "(Z - Z fit) / |Z|, complex"),
        _entry("noise", "spectrum frequency", "ohm", "standard deviation of Re Z and of Im Z, inferred or given"),
        _entry("regularization", "spectrum", "1", "lambda of the quadratic penalty; NaN where ln gamma is smooth"),
        _entry("effective_parameters", "spectrum", "1", "parameters decided by the data rather than the penalty"),
        _entry("kkt_residual", "spectrum", "1", "max |min(x, gradient)| / max |A'W2z|, H with unit diagonal"),
        _entry("duality_gap", "spectrum", "1", "x'(H x + q) / ||W z||^2"),
        _entry("iterations", "spectrum", "1", "linear systems solved, or iterations of the solver"),
        _entry("criterion_score", "criterion regularization_value spectrum", "1", "score; the smallest is chosen"),
        _entry("criterion_choice", "criterion spectrum", "1", "lambda each criterion chooses"),
        _entry("kk_elements", "spectrum", "1", "RC elements of the Kramers-Kronig test, M"),
        _entry("kk_mu", "spectrum", "1", "1 - negative over positive resistance; small where overfitted"),
        _entry("kk_residual", "spectrum frequency", "1", "(Z - Z fit) / |Z| of the Kramers-Kronig test, complex"),
        _entry("kk_judged_elements", "spectrum", "1", "RC elements of the model judged, at least M"),
        _entry("kk_judged_residual", "spectrum frequency", "1", "(Z - Z fit) / |Z| of the model judged, complex"),
        _entry("kk_worst", "spectrum", "1", "largest real or imaginary residual of the model judged"),
        _entry("kk_consistent", "spectrum", "1", "whether the worst residual is within the limit"),
        _entry("kk_noise", "spectrum", "1", "rms residual over |Z| with the fitted parameters counted off"),
        _entry("misfit", "spectrum", "1", "rms residual over |Z| of the distribution, real and imaginary parts pooled"),
        _entry("kk_floor", "spectrum", "1", "kk_noise of a model of one RC element for two frequencies"),
        _entry("low_frequency_loop", "spectrum", "1", "how far Re Z falls or Im Z is positive there, over |Z|"),
        _entry("loop_frequency", "spectrum", "Hz", "where that is largest; NaN where there is no loop"),
        _entry("represented", "spectrum", "1", "whether the distribution follows the data as far as its noise lets it"),
        _entry("sweep_change", "spectrum frequency", "1", "relative change of Z during its sweep, smooth, complex"),
        _entry("sweep_change_error", "spectrum frequency", "1", "standard error of its real part, the change of |Z|"),
        _entry("largest_sweep_change", "spectrum", "1", "change of |Z| where that of Z is largest"),
        _entry("sweep_change_frequency", "spectrum", "Hz", "where that is"),
        _entry("sweep_change_probability", "spectrum", "1", "probability of so large a change in a steady series"),
        _entry("sweep_drifts", "spectrum", "1", "whether that is below 1 %"),
        _entry("series_noise", "spectrum", "1", "noise of Re Z and of Im Z over |Z|, from differences of neighbours"),
        _entry(
            "impedance_at_moment", "spectrum frequency", "ohm", "complex impedance carried to one moment of its sweep"
        ),
        _entry("peak_tau", "peak spectrum", "s", "time constant of a peak's maximum; NaN while it does not exist"),
        _entry("peak_resistance", "peak spectrum", "ohm", "resistance between the minima on either side"),
        _entry("peak_width", "peak spectrum", "1", "full width at half maximum, decades of tau"),
        _entry("peak_height", "peak spectrum", "ohm", "gamma at the maximum"),
        _entry("peak_presence", "peak spectrum", "1", "share of draws in which gamma has a maximum there, too"),
        _entry("peak_resolved", "peak spectrum", "1", "whether the peak is present in at least nine draws of ten"),
        _entry("peak_shift", "peak spectrum", "1", "decades of tau since the peak's first spectrum"),
        _entry(
            "peak_shift_constant_voltage",
            "peak spectrum",
            "1",
            "decades of tau since the peak's first spectrum at constant voltage; NaN before and after",
        ),
    )
}


# Parts of a voltage that do not lie across the profiles, in the order of every ledger.
VOLTAGE_PARTS = ("electromotive force", "interphases", "electrodes", "gaps")


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


def dataset(
    values: Mapping[str, npt.ArrayLike],
    coords: Mapping[str, Any],
    dims: Mapping[str, tuple[str, ...]] | None = None,
    entries: Mapping[str, str] | None = None,
) -> xr.Dataset:
    """Return variables by name with the registry's attributes, in one step.

    Parameters
    ----------
    values
        Values in the registry's units.
    coords
        Those of all variables.
    dims
        Dims by name where they differ from the registry's.
    entries
        The registry's name by name where that differs: an estimate that stands beside its band.

    Raises
    ------
    ShapeError
        A shape does not fit the dims.
    """
    described = {}
    for name, data in values.items():
        entry = VARIABLES[(entries or {}).get(name, name)]
        described[name] = xr.Variable((dims or {}).get(name, entry.dims), data, dict(entry.attrs))
    used = {dim for variable in described.values() for dim in variable.dims}
    try:
        result = xr.Dataset(described, {dim: values for dim, values in coords.items() if dim in used})
    except ValueError as error:
        raise ShapeError(f"{', '.join(values)}: dims do not fit: {error}") from error
    for dim in map(str, used):
        if dim in VARIABLES and dim in result.coords:
            result[dim].attrs = {**VARIABLES[dim].attrs, **result[dim].attrs}
    return result
