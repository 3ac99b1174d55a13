"""Everything that is computed of a series of impedance spectra: test, distribution, bands, peaks, one dataset."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import xarray as xr

from iondrift import variables
from iondrift.linear_kramers_kronig import kramers_kronig
from iondrift.peaks import track_peaks
from iondrift.regularization import CRITERIA
from iondrift.relaxation_bands import drt_bands
from iondrift.relaxation_times import drt

Regularization: TypeAlias = float | Literal["auto", "paper", "marginal_likelihood", "gcv", "l_curve", "re_im"]
Method: TypeAlias = Literal["calibrated", "noise", "prior"]

_NOT_THE_RESULT = ("seconds", "largest_kkt_residual")  # attributes that differ from run to run, or are a variable
_FROM_TEST = (
    "kk_residual", "kk_elements", "kk_mu", "kk_judged_residual", "kk_judged_elements", "kk_noise", "kk_worst",
    "kk_consistent",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ImpedanceOptions:
    """What is asked of a series; every default is that of the functions themselves."""

    time_constants: int = 92
    regularization: Regularization = "auto"
    order: int | None = None
    weighting: Literal["none", "modulus"] | float | None = None
    capacitive: bool = False  # a capacitance in series, in the test and in the model
    per: Literal["spectrum", "series"] = "spectrum"
    window: tuple[float, float] = (1e-4, 1.0)  # s
    electrodes: int = 1
    area: float | None = None  # m2
    bands: bool = True
    method: Method | None = None  # None: calibrated with "auto", prior with a given lambda
    samples: int = 1000
    seed: int = 0
    # Decades from one spectrum to the next. A charge-transfer arc moves 0.43 decades for every kT/e of bias, and two
    # arcs closer than 0.6 decades are not told apart anyway.
    largest_jump: float = 0.6

    @property
    def band_method(self) -> Method:
        """The method of the bands: the one asked for, or the one that fits the regularisation."""
        return self.method or ("calibrated" if self.regularization == "auto" else "prior")


def analyse(
    impedance: xr.Dataset, options: ImpedanceOptions, *, progress: Callable[[str], None] = lambda _: None
) -> xr.Dataset:
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
    (quantile, ...), those of peaks in the order of the tracks; what every criterion would choose. Conventions are
    attributes.

    Raises
    ------
    IondriftError
        A value or an option does not fit; the message names it.
    """
    progress("Kramers-Kronig test")
    test = kramers_kronig(impedance, capacitance=options.capacitive)
    progress("distribution of relaxation times")
    # Without its own inference of roughness a band needs one lambda, and the estimate must be the same one's.
    fixed = options.bands and options.band_method != "calibrated" and options.regularization == "auto"
    regularization: Regularization = "marginal_likelihood" if fixed else options.regularization
    model: dict[str, Any] = {
        "time_constants": options.time_constants, "order": options.order, "weighting": options.weighting,
        "per": options.per, "capacitive": options.capacitive,
    }  # fmt: skip
    reading: dict[str, Any] = {"window": options.window, "electrodes": options.electrodes, "area": options.area}
    distribution = drt(impedance, regularization=regularization, **model, **reading)
    progress("criteria of the regularisation")
    criteria = distribution if regularization in CRITERIA else _criteria(impedance, options, distribution)
    tracks = track_peaks(distribution, largest_jump=options.largest_jump)
    result = impedance.copy()
    _add(result, test[[*_FROM_TEST]])
    _add(result, distribution.drop_vars(["criterion_score", "criterion_choice"], errors="ignore"))
    _add(result, criteria[["criterion_score", "criterion_choice"]])
    _add(result, tracks)
    result.attrs |= {f"kk_{name}": value for name, value in test.attrs.items()}
    result.attrs |= {name: value for name, value in distribution.attrs.items() if name not in _NOT_THE_RESULT}
    result.attrs |= {"criteria_order": criteria.attrs["order"], "criteria_weighting": criteria.attrs["weighting"]}
    result.attrs["largest_jump_decades"] = options.largest_jump
    if options.bands:
        progress("bands")
        bands = drt_bands(
            impedance, regularization=regularization, method=options.band_method, samples=options.samples,
            seed=options.seed, **model, **reading,
        )  # fmt: skip
        _add_bands(result, bands)
    return result


def _criteria(impedance: xr.Dataset, options: ImpedanceOptions, distribution: xr.Dataset) -> xr.Dataset:
    """Return what each criterion would choose, for the same penalty where lambda is given."""
    given = options.regularization != "auto"
    return drt(
        impedance,
        regularization="marginal_likelihood",
        time_constants=options.time_constants,
        order=int(distribution.attrs["order"]) if given else None,
        weighting="none" if given and options.weighting is None else options.weighting,
        per=options.per,
        capacitive=options.capacitive,
    )


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
    for name in ("peak_tau", "peak_resistance"):
        found[f"{name}_band"] = _by_track(name, bands[name].values, result)
    result["quantile"] = bands["quantile"].variable
    for name, array in found.items():
        result[name] = array.variable
    result.attrs |= {
        f"band_{name}": bands.attrs[name] for name in ("method", "samples", "seed", "level", "noise_from", "coverage")
    }
    result.attrs["band"] = bands.attrs["band"]


def _by_track(name: str, values: npt.NDArray[np.float64], tracks: xr.Dataset) -> xr.DataArray:
    """Return bands (quantile, peak, spectrum) of peaks in ascending tau of each spectrum, in the order of tracks."""
    tau = tracks["peak_tau"].values
    ordered = np.full((values.shape[0], *tau.shape), np.nan)
    for s in range(tau.shape[1]):
        alive = np.flatnonzero(np.isfinite(tau[:, s]))
        alive = alive[np.argsort(tau[alive, s])]
        ordered[:, alive, s] = values[:, : alive.size, s]
    coords = {"peak": tracks["peak"]}
    return variables.dataarray(name, ordered, coords, dims=("quantile", "peak", "spectrum"))
