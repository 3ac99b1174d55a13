"""Which input dominates the band of a drift velocity, and how far the choice of closure moves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any, Literal

import numpy as np
import xarray as xr

from iondrift.cast import FloatArray
from iondrift.drift.bands.arguments import check_band_arguments
from iondrift.drift.bands.monte_carlo import drift_bands
from iondrift.drift.bands.uncertainties import ROWS, Uncertainties
from iondrift.drift.names import Closure, Method
from iondrift.drift.reconstruction import reconstruct_drift
from iondrift.drift.smoothing.noise import NoiseEstimate
from iondrift.drift.smoothing.penalised_splines import Penalties, SmoothSeries, given_or_fitted
from iondrift.transport.diffusivity import Diffusivity

PROFILE_NOISE = "profile_noise"
RANDOM = "random"  # profile, voltage and current noise together
SOURCES: tuple[str, ...] = (PROFILE_NOISE, *(entry.name for entry in fields(Uncertainties)))
QUANTITIES: Mapping[str, str] = {
    "v_x0": "drift velocity at x0, last profile",
    "v_xL": "drift velocity at xL, last profile",
    "maximum": "drift velocity of largest magnitude",
}


def error_budget(
    concentration: xr.DataArray,
    voltage: xr.DataArray,
    diffusivity: Diffusivity,
    *,
    temperature: float,
    closure: Closure = "voltage",
    method: Method = "posterior",
    uncertainties: Uncertainties | None = None,
    samples: int | Literal["auto"] = 1000,
    seed: int = 0,
    sobol: bool = False,
    current_density: xr.DataArray | None = None,
    transference_number: float | None = None,
    voltage_offset: float | xr.DataArray = 0.0,
    electrode_storage: xr.DataArray | None = None,
    breaks: Sequence[float] = (),
    reference_profiles: int | None = None,
    reference_index: int | None = None,
    noise: NoiseEstimate | None = None,
    penalties: Penalties | None = None,
    series: SmoothSeries | None = None,
    end_at: float | None = None,
    progress: Callable[[float], None] | None = None,
) -> xr.Dataset:
    """Return what each source alone does to the drift velocity, and what another closure would do.

    One at a time: every source is drawn while all others are exact; its variance and half the width of its 68 % band
    are the contribution. Total effect of source k (Jansen): ``S_k = mean((f(A) - f(A with k from B))^2) / (2 var f)``.

    Parameters
    ----------
    concentration, voltage, diffusivity, temperature, closure, method, uncertainties, seed
        As for :func:`iondrift.drift_bands`; so are all that are not named here.
    samples
        Replicates of each run: about as many runs as there are sources, twice that with ``sobol``. ``"auto"``: as many
        as the run with all sources together needs.
    sobol
        Also total-effect indices, which count interactions between sources.

    Returns
    -------
    xarray.Dataset
        ``variance`` (m2 s-2), ``half_width`` (m s-1) and ``share`` of the summed variance, (source, quantity);
        ``total_variance`` and ``total_half_width`` (quantity) of all sources together; ``closure_velocity`` (closure,
        quantity) of every closure that can be computed, and ``closure_shift`` from the chosen one; with ``sobol``
        ``total_effect`` (factor, quantity), where the factor ``random`` is all noise from point to point together.

    Raises
    ------
    IondriftError
        As :func:`iondrift.drift_bands`.

    Notes
    -----
    Source: Saltelli et al., Global Sensitivity Analysis, 2008; Jansen 1999 for the estimator.
    """
    given = check_band_arguments(
        concentration,
        voltage,
        diffusivity,
        temperature=temperature,
        closure=closure,
        method=method,
        uncertainties=uncertainties,
        samples=samples,
        seed=seed,
        current_density=current_density,
        transference_number=transference_number,
        voltage_offset=voltage_offset,
        electrode_storage=electrode_storage,
        end_at=end_at,
    )
    model = given.uncertainties
    series = given_or_fitted(
        given.concentration,
        series,
        breaks=breaks,
        noise=noise,
        reference_profiles=reference_profiles,
        reference_index=reference_index,
        penalties=penalties,
    )
    common: dict[str, Any] = {
        "temperature": temperature,
        "current_density": current_density,
        "transference_number": transference_number,
        "voltage_offset": voltage_offset,
        "electrode_storage": electrode_storage,
    }

    def drawn(model: Uncertainties, *, samples: int | Literal["auto"], seed: int = seed, **options: Any) -> xr.Dataset:
        return drift_bands(
            concentration,
            voltage,
            diffusivity,
            closure=closure,
            method=method,
            uncertainties=model,
            samples=samples,
            seed=seed,
            quantiles=(0.16, 0.84),
            variables_wanted=("drift_velocity",),
            series=series,
            end_at=end_at,
            **common,
            **options,
        )

    joint = drawn(model, samples=samples)
    together, count = _quantities(joint), int(joint.attrs["samples"])  # differences need as many of every run

    def draws(model: Uncertainties, **options: Any) -> FloatArray:
        return _quantities(drawn(model, samples=count, **options))

    coords = {"source": list(SOURCES), "quantity": list(QUANTITIES)}
    variance, half_width = (np.zeros((len(SOURCES), len(QUANTITIES))) for _ in range(2))
    for n, source in enumerate(SOURCES):
        alone = _alone(source, model)
        if alone is not None:
            found = draws(alone, profile_noise=source == PROFILE_NOISE)
            variance[n], half_width[n] = found.var(axis=1), _half_width(found)
        if progress is not None:
            progress((n + 1) / len(SOURCES))
    total = variance.sum(axis=0)
    result = xr.Dataset(
        {
            "variance": _array(variance, coords, "m2 s-2", "variance that a source alone gives"),
            "half_width": _array(half_width, coords, "m s-1", "half the width of the 68 % band of a source alone"),
            "share": _array(
                np.divide(variance, total, out=np.zeros_like(variance), where=total > 0.0),
                coords,
                "1",
                "variance of a source alone over the sum of all",
            ),
            "total_variance": _array(together.var(axis=1), coords, "m2 s-2", "variance, all sources together"),
            "total_half_width": _array(_half_width(together), coords, "m s-1", "half the width of the 68 % band"),
        }
    )
    if sobol:
        factors = [RANDOM, *(name for name in ROWS if getattr(model, name) != 0.0)]
        effects = [_effect(together, draws, model, factor, seed) for factor in factors]
        result["total_effect"] = _array(
            np.array(effects), {**coords, "factor": factors}, "1", "total-effect Sobol index", ("factor", "quantity")
        )
    velocities = {
        name: _velocities(found, end_at)
        for name, found in _every_closure(concentration, voltage, diffusivity, series, common).items()
    }
    coords = {**coords, "closure": list(velocities)}
    values = np.array(list(velocities.values()))
    dims = ("closure", "quantity")
    result["closure_velocity"] = _array(values, coords, "m s-1", "drift velocity under each closure", dims)
    shift = values - velocities[closure]
    result["closure_shift"] = _array(shift, coords, "m s-1", "drift velocity over that of the chosen closure", dims)
    result.quantity.attrs = {"meaning": "; ".join(f"{name}: {text}" for name, text in QUANTITIES.items())}
    result.attrs = {
        "closure": closure,
        "method": method,
        "samples": count,
        "seed": given.seed,
        "uncertainties": str(model),
        "procedure": "one source at a time, all others exact",
    }
    return result


def _quantities(bands: xr.Dataset) -> FloatArray:
    """Return draws (quantity, replicate)."""
    return np.stack([*bands.final_drift_velocity.values, bands.maximum_drift_velocity.values])


def _alone(source: str, model: Uncertainties) -> Uncertainties | None:
    """Return the error model of one source alone; None where it is left out anyway."""
    if source == PROFILE_NOISE:
        return Uncertainties.none()
    return None if getattr(model, source) == 0.0 else model.only(source)


def _effect(
    together: FloatArray, draws: Callable[..., FloatArray], model: Uncertainties, factor: str, seed: int
) -> FloatArray:
    other = (seed + 1) % 2**63
    # Random noise has one seed; where it changes, every systematic source keeps the first.
    exchanged = (
        draws(model, seed=other, seeds=dict.fromkeys(ROWS, seed))
        if factor == RANDOM
        else draws(model, seeds={factor: other})
    )
    variance = together.var(axis=1)
    squares = ((together - exchanged) ** 2).mean(axis=1)
    return np.asarray(np.divide(squares, 2.0 * variance, out=np.zeros_like(variance), where=variance > 0.0))


def _every_closure(
    concentration: xr.DataArray,
    voltage: xr.DataArray,
    diffusivity: Diffusivity,
    series: SmoothSeries,
    common: Mapping[str, Any],
) -> dict[str, xr.Dataset]:
    closures: list[Closure] = ["voltage", "blocking"]
    if common["current_density"] is not None and common["transference_number"] is not None:
        closures.append("current")
    return {
        name: reconstruct_drift(concentration, voltage, diffusivity, closure=name, series=series, **common)
        for name in closures
    }


def _velocities(found: xr.Dataset, end_at: float | None) -> FloatArray:
    velocity = found.drift_velocity
    last = velocity.isel(time=-1) if end_at is None else velocity.sel(time=end_at, method="nearest")
    largest = velocity.values.flat[int(np.abs(velocity.values).argmax())]
    return np.array([last.values[0], last.values[-1], largest])


def _half_width(draws: FloatArray) -> FloatArray:
    low, high = np.quantile(draws, [0.16, 0.84], axis=1)
    return np.asarray((high - low) / 2.0)


def _array(
    values: FloatArray,
    coords: Mapping[str, Any],
    unit: str,
    meaning: str,
    dims: tuple[str, ...] = ("source", "quantity"),
) -> xr.DataArray:
    dims = dims if values.ndim == 2 else ("quantity",)
    return xr.DataArray(
        values, dims=dims, coords={dim: coords[dim] for dim in dims}, attrs={"units": unit, "long_name": meaning}
    )
