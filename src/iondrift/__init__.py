"""Anion drift velocities, with uncertainty bands, from operando battery measurements.

Names are loaded when first used, so that ``import iondrift`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from iondrift.version import __version__ as __version__

if TYPE_CHECKING:
    from iondrift import errors as errors
    from iondrift.drift.bands.budget import error_budget as error_budget
    from iondrift.drift.bands.monte_carlo import drift_bands as drift_bands
    from iondrift.drift.bands.monte_carlo import velocity_ratio as velocity_ratio
    from iondrift.drift.bands.uncertainties import Uncertainties as Uncertainties
    from iondrift.drift.inputs import DriftInputs as DriftInputs
    from iondrift.drift.reconstruction import reconstruct_drift as reconstruct_drift
    from iondrift.drift.smoothing.noise import NoiseEstimate as NoiseEstimate
    from iondrift.drift.smoothing.noise import estimate_noise as estimate_noise
    from iondrift.experiment.file.schema import Experiment as Experiment
    from iondrift.experiment.file.schema import load as load
    from iondrift.impedance.drt.bands import drt_bands as drt_bands
    from iondrift.impedance.drt.constraints import confined as confined
    from iondrift.impedance.drt.constraints import known_resistance as known_resistance
    from iondrift.impedance.drt.estimate import drt as drt
    from iondrift.impedance.drt.tracks import track_peaks as track_peaks
    from iondrift.impedance.kramers_kronig import kramers_kronig as kramers_kronig
    from iondrift.impedance.masking import mask_points as mask_points
    from iondrift.readers.impedance.series import read_impedance as read_impedance
    from iondrift.reference import published as published
    from iondrift.transport.diffusivity import Diffusivity as Diffusivity
    from iondrift.transport.forward.simulation import simulate as simulate
    from iondrift.transport.relations import ambipolar_diffusivity as ambipolar_diffusivity
    from iondrift.transport.relations import mobility as mobility
    from iondrift.transport.relations import sand_time as sand_time

_HOME = {
    "Diffusivity": "transport.diffusivity",
    "DriftInputs": "drift.inputs",
    "Experiment": "experiment.file.schema",
    "NoiseEstimate": "drift.smoothing.noise",
    "Uncertainties": "drift.bands.uncertainties",
    "ambipolar_diffusivity": "transport.relations",
    "confined": "impedance.drt.constraints",
    "drift_bands": "drift.bands.monte_carlo",
    "drt": "impedance.drt.estimate",
    "drt_bands": "impedance.drt.bands",
    "error_budget": "drift.bands.budget",
    "estimate_noise": "drift.smoothing.noise",
    "known_resistance": "impedance.drt.constraints",
    "kramers_kronig": "impedance.kramers_kronig",
    "load": "experiment.file.schema",
    "mask_points": "impedance.masking",
    "mobility": "transport.relations",
    "read_impedance": "readers.impedance.series",
    "reconstruct_drift": "drift.reconstruction",
    "sand_time": "transport.relations",
    "simulate": "transport.forward.simulation",
    "track_peaks": "impedance.drt.tracks",
    "velocity_ratio": "drift.bands.monte_carlo",
}
_MODULES = {"errors": "errors", "published": "reference.published"}

__all__ = [*_HOME, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(import_module(f"iondrift.{_HOME[name]}"), name)
    elif name in _MODULES:
        value = import_module(f"iondrift.{_MODULES[name]}")
    else:
        raise AttributeError(f"module 'iondrift' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
