"""A commented experiment file to start from, filled with the files found in a folder."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path

from iondrift.drift.closures import CLOSURES, DEFAULT_CLOSURE
from iondrift.experiment.file.found import FoundLog, find_log, find_profiles
from iondrift.impedance.options import ImpedanceOptions
from iondrift.nmr.options import DiffusionOptions, LineOptions
from iondrift.readers.bruker.options import GradientOptions
from iondrift.readers.impedance.options import ReadingOptions
from iondrift.settings import settings_of

_TEMPLATE = """\
# One cell, for `iondrift run`. Paths start from this file's folder. What begins with # may be left out.

[cell]
name = {name}
# plating_electrode = "Li metal"       # at x = 0; lithium is plated here
# counter_electrode = "Li metal"       # at x = L

{profiles_section}
[log]
file = {log}{log_note}
{columns}
# separator = "tab"                    # tab, semicolon, comma, space; found out when left out
# decimal = "."                        # or ","; found out when left out
# plating_current = "positive"         # sign of the plating current as written in the file

[electrolyte]
concentration_mol_per_L = 1.666        # before polarisation                           <- CHECK
temperature_K = 313.15
transference_number = 0.9              # of the anion; for Sand's time and closure "current"

# D(c) of the anion. Other kinds:
#   kind = "constant",    diffusion_coefficient_m2_per_s = 1.3e-12
#   kind = "exponential", diffusion_coefficient_m2_per_s, decay, reference_concentration_mol_per_L
#   kind = "table",       concentration_mol_per_L = [...], diffusion_coefficient_m2_per_s = [...]
[diffusivity]
kind = "polynomial"                    # the values below: PEO/LiTFSI at 40 C          <- CHECK
argument = "eo_li_ratio"               # or concentration_mol_per_L, concentration_mol_per_m3
coefficients_m2_per_s = [-3.09546e-16, -8.14922e-15, 5.01302e-13, -2.57336e-12]   # highest power first
valid_range = [10.0, 20.0]             # of the argument, as measured
# outside = "extrapolate"              # beyond valid_range; or "hold" the value at its edge
# standard_errors = [5e-17, 1e-15, 1e-14, 1e-13]   # of the coefficients, as the fit gives them; or the whole
                                       # covariance = [[...], ...]; without either: diffusivity_relative below

# Properties of this electrolyte as a concentrated solution, for closure "concentrated"; none is supplied:
#   [concentrated]
#   source = "authors, journal volume (year) page; polymer, temperature"        # mandatory
#   argument = "concentration_mol_per_L"   # or concentration_mol_per_m3, molality_mol_per_kg
#   salt_diffusivity_m2_per_s = {{ coefficients = [...] }}       # highest power first
#   transference_number = {{ at = [...], values = [...] }}       # t- of the anion; a table
#   thermodynamic_factor = {{ coefficients = [...] }}            # chi = 1 + d ln f / d ln c
#   conductivity_S_per_m = {{ coefficients = [...], relative_uncertainty = 0.05 }}

[reconstruction]
{closures}
smoothing = "pspline"                  # or "polynomial", "none"
# voltage_offset_V = 0.0               # the EMF and what else is constant; left out: the log's open circuit
# interphase_resistance_ohm_cm2 = 15e3 # of both electrodes, V / i; left out: that of [impedance] with area_cm2
# electrode_storage = true             # closure blocking counts the anions between electrode and region
# polynomial_order_x = 3               # for smoothing = "polynomial"
# polynomial_order_t = 3

# Standard uncertainties of the inputs; 0 leaves one out. Profile noise is estimated from the data.
[uncertainty]
# diffusivity_relative = 0.05          # one factor common to all of D(c), in place of its standard errors
# solution_relative = 0.05             # each property of [concentrated], in place of its own
# concentration_relative = 0.03
# temperature_K = 1.0
# field_of_view_relative = 0.01
# region_edge_points = 2.0             # each edge of the region of interest, in stored points
# voltage_offset_V = 0.1               # the EMF; 0.005 where the log or equal electrodes tell it
# interphase_relative = 0.2            # of the resistance of the interphases; from impedance, its band
# electrode_concentration_relative = 0.1   # concentration at an electrode, for its Nernst term
# electrode_gap_um = 15.0              # between each electrode and the region
# transference_number = 0.03
# clock_offset_s = 10.0                # profiles against the log
# voltage_noise_V = 0.001              # averaged over a profile
# current_noise_relative = 0.001

# Impedance spectra measured meanwhile are analysed beside the drift velocity:
#   [impedance]
#   files = "impedance/*.ism"          #   a file, a folder, a pattern, or a list
#   start_s = 0.0                      #   first spectrum after the log's first sample; or times_s = [...],
#                                      #   or log_started = "2024-10-25T21:09:58" by the instrument's clock
{impedance}

# Data sets of TopSpin: D(c) fitted to diffusion experiments, in place of the section above,
#   [diffusivity]
#   kind = "pfg"
#   files = "."                        #   folder that holds the expnos
#   expnos = {diffusion:<25} #   one data set a concentration, in their order
#   concentration_mol_per_L = [0.8, 1.2, 1.6, 2.0, 2.4]
#   form = "auto"                      #   constant, exponential, linear, quadratic, cubic, spline
{diffusion_options}
# and spectra, such as 7Li of the electrodes, whose lines are fitted:
#   [lineshape]
#   files = "."
#   expnos = {spectra}
{line_options}

# The inverse model, `iondrift fit`, needs no more than the above; what it may be told:
#   [transport_fit]
#   forms = ["constant", "exponential"]  # of D(c); also "log-parabola"
#   anion_diffusivity = "pfg"            # D- of v: section [diffusivity]; "nernst-einstein", "conductivity", "none"
#   conductivity_S_per_m = 0.05          # before polarisation, for "conductivity"
#   conductivity_relative = 0.03         # its standard uncertainty
#   plating_gap_um = 90.0                # from the electrode to the first point; by half height when left out
#   counter_gap_um = 90.0
#   gap_uncertainty_um = 15.0            # standard
#   electrode_roughness_um = 55.0        # standard deviation of the electrodes' places across the cell; 0
#   sink = false                         # fit anions lost at the plating electrode per unit of charge
#   storage = false                      # count the intensity between electrodes and region as data, too
#   common_mode_relative = 0.0037        # standard deviation of one factor per profile
#   fitted = 46                          # how many profiles are fitted; the others are predicted
"""

_TEXT_PROFILES = """\
[profiles]
files = {profiles}{profiles_note}
# format = "auto"                      # topspin-text, netcdf, zarr, csv
# first = 1                            # first profile to use, counted from 1 in natural order
# count = 46                           # how many profiles to use; all when left out
field_of_view_mm = 4.0                 # length that the stored points span            <- CHECK
{timing}
# start_s = 0.0                        # start of the first profile after the log's first sample
reverse = false                        # true when the plating electrode is at the far end as stored <- CHECK
# gaps = "close"                       # a missing file number: "close", no time passed; "keep", one interval
# zero_filling = 2                     # stored points per acquired point; 1 when left out
# subtract_background = false          # take the mean outside the sample off all intensities
# anchor = "start"                     # "end": start_s is when the first acquisition ends
# reference = "open-circuit"           # profiles at known concentration: "first", or numbers such as [1, 2]
# region_tolerance = 0.05              # the region of interest stays this close to the plateau
# keep_outliers = false                # true: use points and profiles that stand out of noise and change, too
"""

_TOPSPIN_PROFILES = """\
[profiles]
files = {profiles}
format = "topspin"
# first = 1                            # first profile to use, counted from 1 in order of time
# count = 46                           # how many profiles to use; all when left out
# reverse = false                      # <- FILL IN: true when the plating electrode is at the low frequencies
# subtract_background = false          # take the mean outside the sample off all intensities
# reference = "open-circuit"           # profiles at known concentration: "first", or numbers such as [1, 2]
# region_tolerance = 0.05              # the region of interest stays this close to the plateau
# keep_outliers = false                # true: use points and profiles that stand out of noise and change, too

[profiles.topspin]
expnos = {expnos}
# gradient_T_per_m = 0.624             # <- FILL IN: the read gradient; gradient_calib holds the maximum alone
# log_started = "2024-10-25T21:09:58"  # <- FILL IN: first sample of the log, by the potentiostat's clock
# time_zone = "Europe/Berlin"          # <- FILL IN: of that clock; or an offset from UTC such as "+01:00"
# nucleus = "19F"                      # as the data say when left out
# site_offset_Hz = 0.0                 # of the observed line from SFO1: where x = 0 is
# kind = "auto"                        # "real" or "magnitude"; auto: phased where raw data are there
# zero_filling = 2                     # stored points per point of the echo
# line_broadening_Hz = 0.0             # exponential window about the echo
"""

_INTERVAL_S, _DURATION_S = 513.0, 444.0  # of the example


@dataclass(frozen=True, kw_only=True)
class DataSets:
    """TopSpin data sets of a folder by what they could serve as, like 10-55,60; empty where there are none."""

    profiles: str = ""
    diffusion: str = ""
    spectra: str = ""


def template(folder: Path, data_sets: DataSets = DataSets()) -> str:
    """Return the text of an experiment file for a folder of measurements.

    Parameters
    ----------
    folder
        That the file will stand in.
    data_sets
        Of TopSpin in it; without profiles among them, profiles are files.
    """
    expnos = data_sets.profiles
    profiles = (".",) if expnos else find_profiles(folder)
    log = find_log(folder)
    missing = "      # none found here            <- FILL IN"
    section = _TOPSPIN_PROFILES if expnos else _TEXT_PROFILES
    count = 0 if expnos else _count(folder, profiles)
    return _TEMPLATE.format(
        closures=_closures(),
        impedance=_impedance(),
        name=_quoted(folder.resolve().name or "cell"),
        profiles_section=section.format(
            profiles=_files(profiles or ("profiles/*.txt",)),
            profiles_note="" if profiles else missing,
            expnos=_quoted(expnos),
            timing=_timing(log, count),
        ),
        diffusion=_quoted(data_sets.diffusion or "201-205"),
        spectra=_quoted(data_sets.spectra or "301-305"),
        diffusion_options=_options(DiffusionOptions, GradientOptions),
        line_options=_options(LineOptions),
        log=_quoted(log.file if log else "log.txt"),
        log_note="" if log else missing,
        columns=_log_columns(log or FoundLog(file="", current=3)),
    )


def _files(patterns: tuple[str, ...]) -> str:
    if len(patterns) == 1:
        return _quoted(patterns[0])
    return f"[{', '.join(map(_quoted, patterns))}]"


def _count(folder: Path, patterns: tuple[str, ...]) -> int:
    return sum(1 for pattern in patterns for _ in folder.glob(pattern))


def _timing(log: FoundLog | None, count: int) -> str:
    """Return interval and duration of the profiles: an example's, or what the length of the log leaves room for."""
    interval, duration, note = _INTERVAL_S, _DURATION_S, ""
    if log is not None and log.duration and count and count * interval > log.duration:
        interval = float(f"{log.duration / count:.3g}") * 0.99
        duration, note = 0.85 * interval, f"; here {count} profiles over the length of the log"
    interval_line = f"interval_s = {interval:.6g}"
    duration_line = f"duration_s = {duration:.6g}"
    return (
        f"{interval_line:<38} # from the start of one profile to the next     <- CHECK{note}\n"
        f"{duration_line:<38} # acquisition time of one profile               <- CHECK"
    )


def _log_columns(log: FoundLog) -> str:
    """Return where the columns of a log are, and the units that its header tells."""
    current = "current_density_column"
    lines = [
        (f"time_column = {_place(log.time)}", "number from 1, or the column's header"),
        (f"voltage_column = {_place(log.voltage)}", ""),
        (
            f"{current} = {_place(log.current)}" if log.current else f"# {current} = 3",
            "leave out when no current was logged",
        ),
        _unit("time_unit", log.units[0], "h", "s, ms, min, h, d"),
        ("# time_restarts = false", "true: the clock starts again with every step"),
        ("# day_first = true", "dates that stand for times are as 31-12-2018"),
        _unit("voltage_unit", log.units[1], "V", "V, mV, uV"),
        _unit(
            "current_density_unit", log.units[2], "mA/cm2", "A/m2, mA/cm2, uA/cm2; A, mA, uA with electrode_area_cm2"
        ),
        *((f"# {what}", "<- FILL IN") for what in log.open),
    ]
    return "\n".join(f"{line:<38} # {note}" if note else line for line, note in lines)


def _unit(key: str, told: str | None, usual: str, allowed: str) -> tuple[str, str]:
    """Return the line of a unit: as the header of the log tells it, else the usual one, to be checked."""
    if told is not None:
        return f"{key} = {_quoted(told)}", f"{allowed}; as the header tells"
    return f"# {key} = {_quoted(usual)}", f"{allowed}  <- CHECK"


def _place(column: int | str | None) -> str:
    return _quoted(column) if isinstance(column, str) else str(column)


def _closures() -> str:
    """Return the key of the closure, beside it what each is."""
    key = f"closure = {_quoted(DEFAULT_CLOSURE)}"
    hints = [f"# {_quoted(closure.name)}: {closure.hint}" for closure in CLOSURES.values()]
    return "\n".join(f"{left:<38} {hint}" for left, hint in zip([key, *[""] * (len(hints) - 1)], hints, strict=True))


def _impedance() -> str:
    """Return every option of impedance spectra with an example and what it is about, commented out."""
    masked = (
        ("mask_frequencies_Hz = [50.0, [1e5, 1e6]]", "points or ranges that must not count, in every spectrum"),
        ("mask_points = [{spectrum = 3, frequency_Hz = 50.0}]", "the same in single spectra, counted from 1"),
    )
    options = _options(ReadingOptions, ImpedanceOptions)
    return "\n".join([options, *(f"#   {key}   # {note}" for key, note in masked)])


def _options(*records: type) -> str:
    """Return every option of records with an example and what it is about, commented out."""
    lines = []
    for record in records:
        defaults = {entry.name: entry.default for entry in fields(record)}
        for name, setting in settings_of(record).items():
            if setting.key != "" and setting.example != "":
                default = defaults[name]
                example = setting.example or (json.dumps(default) if default is not None else "")
                notes = (setting.about_in_file if setting.note is None else setting.note).split("\n")
                lines.append(f"#   {f'{setting.key or name} = {example}':<34} #   {notes[0]}".rstrip(" #"))
                lines += [f"#   {'':<34} #   {note}" for note in notes[1:]]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
