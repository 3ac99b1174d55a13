"""Anion drift velocities, with uncertainty bands, from operando battery measurements.

Names are loaded when first used, so that ``import iondrift`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from iondrift.version import __version__ as __version__

if TYPE_CHECKING:
    from iondrift import errors as errors
    from iondrift.cli.progress import progress_bar as progress_bar
    from iondrift.drift.bands.budget import error_budget as error_budget
    from iondrift.drift.bands.monte_carlo import drift_bands as drift_bands
    from iondrift.drift.bands.monte_carlo import velocity_ratio as velocity_ratio
    from iondrift.drift.bands.uncertainties import Uncertainties as Uncertainties
    from iondrift.drift.frames import agreeing_transference as agreeing_transference
    from iondrift.drift.frames import frames as frames
    from iondrift.drift.frames import geometric_velocity as geometric_velocity
    from iondrift.drift.frames import voltage_frame as voltage_frame
    from iondrift.drift.inputs import DriftInputs as DriftInputs
    from iondrift.drift.inverse.anion import Conductivity as Conductivity
    from iondrift.drift.inverse.transport_fit import fit_transport as fit_transport
    from iondrift.drift.reconstruction import reconstruct_drift as reconstruct_drift
    from iondrift.drift.smoothing.noise import NoiseEstimate as NoiseEstimate
    from iondrift.drift.smoothing.noise import estimate_noise as estimate_noise
    from iondrift.drift.smoothing.penalties import Penalties as Penalties
    from iondrift.drift.voltage_ledger import VoltageCauses as VoltageCauses
    from iondrift.drift.voltage_ledger import voltage_ledger as voltage_ledger
    from iondrift.experiment.diffusion import measure_diffusion as measure_diffusion
    from iondrift.experiment.file.schema import Experiment as Experiment
    from iondrift.experiment.file.schema import load as load
    from iondrift.experiment.log.clock import average_over_windows as average_over_windows
    from iondrift.experiment.log.clock import profile_windows as profile_windows
    from iondrift.experiment.log.protocol import segment_protocol as segment_protocol
    from iondrift.impedance.drt.bands import drt_bands as drt_bands
    from iondrift.impedance.drt.constraints import confined as confined
    from iondrift.impedance.drt.constraints import known_resistance as known_resistance
    from iondrift.impedance.drt.estimate import drt as drt
    from iondrift.impedance.drt.tracks import track_peaks as track_peaks
    from iondrift.impedance.kramers_kronig import kramers_kronig as kramers_kronig
    from iondrift.impedance.masking import mask_points as mask_points
    from iondrift.impedance.options import DrtModel as DrtModel
    from iondrift.impedance.options import ImpedanceOptions as ImpedanceOptions
    from iondrift.impedance.sweep_drift import sweep_drift as sweep_drift
    from iondrift.nmr.calibration import calibrate as calibrate
    from iondrift.nmr.concentration_series import fit_diffusivity as fit_diffusivity
    from iondrift.nmr.concentration_series import published_cubic as published_cubic
    from iondrift.nmr.diffusion import fit_diffusion as fit_diffusion
    from iondrift.nmr.gradient_pulses import GradientTiming as GradientTiming
    from iondrift.nmr.gradient_pulses import b_values as b_values
    from iondrift.nmr.lines import fit_lineshape as fit_lineshape
    from iondrift.nmr.options import DiffusionOptions as DiffusionOptions
    from iondrift.nmr.options import LineOptions as LineOptions
    from iondrift.readers.bruker.options import GradientOptions as GradientOptions
    from iondrift.readers.impedance.options import ReadingOptions as ReadingOptions
    from iondrift.readers.impedance.series import read_impedance as read_impedance
    from iondrift.readers.log import LogLayout as LogLayout
    from iondrift.readers.log import read_log as read_log
    from iondrift.readers.profiles.topspin_text import read_profiles as read_profiles
    from iondrift.reference import published as published
    from iondrift.report import plot as plot
    from iondrift.runs.compare import compare as compare
    from iondrift.runs.store import open_results as open_results
    from iondrift.transport.closed_forms import arcsine_current as arcsine_current
    from iondrift.transport.closed_forms import depletion_ratio as depletion_ratio
    from iondrift.transport.closed_forms import flux_regression as flux_regression
    from iondrift.transport.closed_forms import hittorf_transference as hittorf_transference
    from iondrift.transport.closed_forms import passed_charge as passed_charge
    from iondrift.transport.closed_forms import semi_integral as semi_integral
    from iondrift.transport.concentrated import ConcentratedSolution as ConcentratedSolution
    from iondrift.transport.concentrated import ElectrolyteProperty as ElectrolyteProperty
    from iondrift.transport.diffusivity import Diffusivity as Diffusivity
    from iondrift.transport.forward.simulation import simulate as simulate
    from iondrift.transport.relations import ambipolar_diffusivity as ambipolar_diffusivity
    from iondrift.transport.relations import mobility as mobility
    from iondrift.transport.relations import sand_time as sand_time

_HOME = {
    "VoltageCauses": "drift.voltage_ledger",
    "agreeing_transference": "drift.frames",
    "frames": "drift.frames",
    "voltage_frame": "drift.frames",
    "ConcentratedSolution": "transport.concentrated",
    "Conductivity": "drift.inverse.anion",
    "DiffusionOptions": "nmr.options",
    "Diffusivity": "transport.diffusivity",
    "DriftInputs": "drift.inputs",
    "DrtModel": "impedance.options",
    "ElectrolyteProperty": "transport.concentrated",
    "Experiment": "experiment.file.schema",
    "GradientOptions": "readers.bruker.options",
    "GradientTiming": "nmr.gradient_pulses",
    "ImpedanceOptions": "impedance.options",
    "LineOptions": "nmr.options",
    "LogLayout": "readers.log",
    "NoiseEstimate": "drift.smoothing.noise",
    "Penalties": "drift.smoothing.penalties",
    "ReadingOptions": "readers.impedance.options",
    "Uncertainties": "drift.bands.uncertainties",
    "ambipolar_diffusivity": "transport.relations",
    "arcsine_current": "transport.closed_forms",
    "average_over_windows": "experiment.log.clock",
    "b_values": "nmr.gradient_pulses",
    "calibrate": "nmr.calibration",
    "compare": "runs.compare",
    "confined": "impedance.drt.constraints",
    "depletion_ratio": "transport.closed_forms",
    "drift_bands": "drift.bands.monte_carlo",
    "drt": "impedance.drt.estimate",
    "drt_bands": "impedance.drt.bands",
    "error_budget": "drift.bands.budget",
    "estimate_noise": "drift.smoothing.noise",
    "fit_diffusion": "nmr.diffusion",
    "fit_diffusivity": "nmr.concentration_series",
    "fit_lineshape": "nmr.lines",
    "fit_transport": "drift.inverse.transport_fit",
    "flux_regression": "transport.closed_forms",
    "hittorf_transference": "transport.closed_forms",
    "known_resistance": "impedance.drt.constraints",
    "kramers_kronig": "impedance.kramers_kronig",
    "geometric_velocity": "drift.frames",
    "load": "experiment.file.schema",
    "mask_points": "impedance.masking",
    "measure_diffusion": "experiment.diffusion",
    "mobility": "transport.relations",
    "passed_charge": "transport.closed_forms",
    "profile_windows": "experiment.log.clock",
    "open_results": "runs.store",
    "progress_bar": "cli.progress",
    "published_cubic": "nmr.concentration_series",
    "read_impedance": "readers.impedance.series",
    "read_log": "readers.log",
    "read_profiles": "readers.profiles.topspin_text",
    "reconstruct_drift": "drift.reconstruction",
    "sand_time": "transport.relations",
    "segment_protocol": "experiment.log.protocol",
    "semi_integral": "transport.closed_forms",
    "simulate": "transport.forward.simulation",
    "sweep_drift": "impedance.sweep_drift",
    "track_peaks": "impedance.drt.tracks",
    "velocity_ratio": "drift.bands.monte_carlo",
    "voltage_ledger": "drift.voltage_ledger",
}
_MODULES = {"errors": "errors", "plot": "report.plot", "published": "reference.published"}

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
