"""Anion drift velocities, with uncertainty bands, from operando battery measurements.

Names are loaded when first used, so that ``import iondrift`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from iondrift import published as published
    from iondrift.bands import drift_bands as drift_bands
    from iondrift.bands import velocity_ratio as velocity_ratio
    from iondrift.budget import error_budget as error_budget
    from iondrift.diffusivity import Diffusivity as Diffusivity
    from iondrift.experiment import Experiment as Experiment
    from iondrift.experiment import load as load
    from iondrift.impedance import read_impedance as read_impedance
    from iondrift.linear_kramers_kronig import kramers_kronig as kramers_kronig
    from iondrift.masking import mask_points as mask_points
    from iondrift.noise import NoiseEstimate as NoiseEstimate
    from iondrift.noise import estimate_noise as estimate_noise
    from iondrift.peaks import track_peaks as track_peaks
    from iondrift.reconstruction import reconstruct_drift as reconstruct_drift
    from iondrift.relaxation_bands import drt_bands as drt_bands
    from iondrift.relaxation_constraints import confined as confined
    from iondrift.relaxation_constraints import known_resistance as known_resistance
    from iondrift.relaxation_times import drt as drt
    from iondrift.simulation import simulate as simulate
    from iondrift.transport import ambipolar_diffusivity as ambipolar_diffusivity
    from iondrift.transport import mobility as mobility
    from iondrift.transport import sand_time as sand_time
    from iondrift.uncertainties import Uncertainties as Uncertainties

_HOME = {
    "Diffusivity": "diffusivity",
    "Experiment": "experiment",
    "NoiseEstimate": "noise",
    "Uncertainties": "uncertainties",
    "ambipolar_diffusivity": "transport",
    "confined": "relaxation_constraints",
    "drift_bands": "bands",
    "drt": "relaxation_times",
    "drt_bands": "relaxation_bands",
    "error_budget": "budget",
    "estimate_noise": "noise",
    "known_resistance": "relaxation_constraints",
    "kramers_kronig": "linear_kramers_kronig",
    "load": "experiment",
    "mask_points": "masking",
    "mobility": "transport",
    "read_impedance": "impedance",
    "reconstruct_drift": "reconstruction",
    "sand_time": "transport",
    "simulate": "simulation",
    "track_peaks": "peaks",
    "velocity_ratio": "bands",
}
_MODULES = ("published",)

__all__ = [*_HOME, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(import_module(f"iondrift.{_HOME[name]}"), name)
    elif name in _MODULES:
        value = import_module(f"iondrift.{name}")
    else:
        raise AttributeError(f"module 'iondrift' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
