"""Everything that is computed of a series of impedance spectra: test, distribution, bands, peaks, one dataset."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from iondrift import variables
from iondrift.cast import FloatArray, evenly_spaced
from iondrift.impedance.drt.band_collector import PRESENT
from iondrift.impedance.drt.bands import bands_of_solution, check_draws, check_method, with_one_lambda
from iondrift.impedance.drt.estimate import drt, solve
from iondrift.impedance.drt.labels import check_readout, label_result
from iondrift.impedance.drt.problem import DrtProblem, pose
from iondrift.impedance.drt.tracks import track_peaks
from iondrift.impedance.kramers_kronig import kramers_kronig
from iondrift.impedance.masking import mask_of
from iondrift.impedance.options import CRITERIA, BandDraws, DrtModel, ImpedanceOptions, Readout
from iondrift.impedance.representation import judge
from iondrift.impedance.sweep_drift import sweep_drift
from iondrift.progress import Progress, silent
from iondrift.threads import bounded_threads

_MOST_JUDGED = 100  # spectra of which every criterion is asked where none chooses

_NOT_THE_RESULT = ("seconds", "largest_kkt_residual")  # attributes that differ from run to run, or are a variable
_FROM_TEST = (
    "kk_residual", "kk_elements", "kk_mu", "kk_judged_residual", "kk_judged_elements", "kk_noise", "kk_worst",
    "kk_consistent", "used",
)  # fmt: skip


@bounded_threads
def analyse(impedance: xr.Dataset, options: ImpedanceOptions, *, progress: Progress = silent) -> xr.Dataset:
    """Test a series, compute its distribution of relaxation times with bands, and follow its peaks.

    Parameters
    ----------
    impedance
        From :func:`iondrift.read_impedance`.
    options
        What is asked.
    progress
        Told each step as it begins.

    Returns
    -------
    Dataset with the impedance; what :func:`iondrift.kramers_kronig`, :func:`iondrift.drt` and
    :func:`iondrift.track_peaks` return, under their names; the bands of :func:`iondrift.drt_bands` as ``..._band``
    (quantile, ...), those of peaks and whether they are resolved in the order of the tracks; what every criterion would
    choose. Conventions are attributes.

    Raises
    ------
    IondriftError
        A value or an option does not fit; the message names it.
    """
    draws = replace(options.part(BandDraws), method=options.band_method)
    if options.bands:
        check_draws(draws)
    mask = mask_of(impedance["impedance"], options.mask) if options.mask else None
    drift = _drift(impedance, options, mask)
    measured = impedance
    if options.moment is not None and drift is not None:
        impedance = impedance.assign(impedance=drift["impedance_at_moment"].variable)
    progress("Kramers-Kronig test")
    terms: dict[str, Any] = {"inductance": options.inductive, "capacitance": options.capacitive, "mask": mask}
    test = kramers_kronig(impedance, **terms)
    progress("distribution of relaxation times")
    asked, readout = options.part(DrtModel), options.part(Readout)
    if options.bands:
        if options.band_method != "calibrated":
            # Without its own inference of roughness a band needs one lambda, and the estimate must be the same one's.
            asked = with_one_lambda(asked)
        check_method(options.band_method, asked)
    problem = pose(impedance, asked, mask)
    check_readout(problem.model.tau, readout)
    solution = solve(problem)
    distribution = label_result(problem, solution, readout)
    judged = judge(distribution, test.assign(impedance=impedance["impedance"]), **terms)
    progress("criteria of the regularisation")
    criteria = distribution if asked.regularization in CRITERIA else _criteria(impedance, options, problem)
    tracks = track_peaks(distribution, largest_jump=options.largest_jump)
    result = impedance.copy()
    _add(result, test[[*_FROM_TEST]])
    _add(result, distribution.drop_vars(["criterion_score", "criterion_choice"], errors="ignore"))
    _add(result, judged)
    if drift is not None:
        _add_drift(result, drift, measured, options)
    _add(result, criteria[["criterion_score", "criterion_choice"]])
    _add(result, tracks)
    result.attrs |= {f"kk_{name}": value for name, value in test.attrs.items()}
    result.attrs |= {name: value for name, value in distribution.attrs.items() if name not in _NOT_THE_RESULT}
    result.attrs |= {"criteria_order": criteria.attrs["order"], "criteria_weighting": criteria.attrs["weighting"]}
    result.attrs["largest_jump_decades"] = options.largest_jump
    if options.bands:
        progress("bands")
        bands = bands_of_solution(problem, solution, readout, draws)
        _add_bands(result, bands)
    return result


def _drift(impedance: xr.Dataset, options: ImpedanceOptions, mask: xr.DataArray | None) -> xr.Dataset | None:
    """Return the change of every spectrum during its sweep; None where nobody asked and nothing tells the times."""
    known = "time" in impedance.coords and bool(np.isfinite(impedance["time"].values).all())
    told = known and impedance.sizes["spectrum"] > 1
    if not told and options.moment is None:
        return None
    return sweep_drift(impedance, moment=options.moment or "middle", mask=mask)


def _add_drift(result: xr.Dataset, drift: xr.Dataset, measured: xr.Dataset, options: ImpedanceOptions) -> None:
    """Add the change within sweeps, and the impedance as measured where another was analysed."""
    result["quantile"] = drift["quantile"].variable
    _add(result, drift.drop_vars(["impedance_at_moment", "quantile"]))
    if options.moment is not None:
        result["impedance_measured"] = variables.dataarray("impedance", measured["impedance"].values, {})
    result.attrs |= {name: drift.attrs[name] for name in ("sweep_times", "sweep_durations")}
    result.attrs["sweep_moment"] = options.moment or ""


def _criteria(impedance: xr.Dataset, options: ImpedanceOptions, problem: DrtProblem) -> xr.Dataset:
    """Return what each criterion would choose, for the same penalty where lambda is given.

    They choose nothing here, and trying 26 lambda takes longer than all else: of a long series, spectra evenly spread
    are asked, and the others hold NaN.
    """
    count = impedance.sizes["spectrum"]
    asked = evenly_spaced(count, _MOST_JUDGED)
    given = options.regularization != "auto"
    few = drt(
        impedance.isel(spectrum=asked),
        model=options.part(DrtModel),
        regularization="marginal_likelihood",
        order=problem.order if given else None,
        weighting="none" if given and options.weighting is None else options.weighting,
        mask=~problem.used[asked],
    )
    found = xr.Dataset(attrs=few.attrs)
    coords = {str(name): coord for name, coord in few.coords.items() if "spectrum" not in coord.dims}
    for name in ("criterion_score", "criterion_choice"):
        values = np.full((*few[name].shape[:-1], count), np.nan)
        values[..., asked] = few[name].values
        found[name] = variables.dataarray(name, values, coords)
    return found


def _add(result: xr.Dataset, found: xr.Dataset) -> None:
    """Add variables and the coordinates of new dims."""
    for name in [*found.data_vars, *(dim for dim in found.dims if dim in found.coords)]:
        if name not in result.variables:
            result[name] = found[name].variable


def _add_bands(result: xr.Dataset, bands: xr.Dataset) -> None:
    found: dict[str, xr.DataArray] = {}
    for name, array in bands.data_vars.items():
        if "quantile" in array.dims and "peak" not in array.dims:
            found[f"{name}_band"] = array
    coords = {"peak": result["peak"]}
    for name in ("peak_tau", "peak_resistance"):
        values = _by_track(bands[name].values, result)
        found[f"{name}_band"] = variables.dataarray(name, values, coords, dims=("quantile", "peak", "spectrum"))
    presence = _by_track(bands["peak_presence"].values[None], result)[0]
    found["peak_presence"] = variables.dataarray("peak_presence", presence, coords)
    found["peak_resolved"] = variables.dataarray("peak_resolved", presence >= PRESENT, coords)
    result["quantile"] = bands["quantile"].variable
    for name, array in found.items():
        result[name] = array.variable
    result.attrs |= {
        f"band_{name}": bands.attrs[name] for name in ("method", "samples", "seed", "level", "noise_from", "coverage")
    }
    result.attrs["band"] = bands.attrs["band"]


def _by_track(values: FloatArray, tracks: xr.Dataset) -> FloatArray:
    """Return values (any, peak, spectrum) of peaks in ascending tau of each spectrum, in the order of the tracks."""
    tau = tracks["peak_tau"].values
    ordered = np.full((values.shape[0], *tau.shape), np.nan)
    for s in range(tau.shape[1]):
        alive = np.flatnonzero(np.isfinite(tau[:, s]))
        alive = alive[np.argsort(tau[alive, s])]
        ordered[:, alive, s] = values[:, : alive.size, s]
    return ordered
