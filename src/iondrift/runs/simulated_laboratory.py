"""What the other instruments leave of a simulated cell: diffusion experiments, 7Li spectra, impedance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import xarray as xr

from iondrift.cast import ComplexArray, FloatArray
from iondrift.runs import store
from iondrift.runs.simulated_topspin import STARTED
from iondrift.runs.topspin_diffusion import write_diff_xml
from iondrift.runs.topspin_folder import Acquired
from iondrift.runs.topspin_spectra import VoigtLine, write_lines
from iondrift.transport.forward.simulation import DEFAULT_DIFFUSIVITY, ForwardCell

PULSED_GRADIENTS: Final = "pfg"
IMPEDANCE: Final = "eis"
_CONCENTRATIONS: Final = (0.8, 1.1, 1.4, 1.7, 2.0, 2.3)  # mol/L
_FIRST_DIFFUSION, _FIRST_SPECTRUM = 201, 301
_RAMP: Final = np.sqrt(np.linspace(0.01, 1.0, 12))  # b evenly spaced
_DIFFUSION_NOISE: Final = 0.02
_CARRIER: Final = 77.80e6  # Hz, of 7Li; 0 ppm lies 255 ppm below
_SPECTRA: Final = 5  # 7Li, in the pauses between profiles from the first to the last
_BULK: Final = VoigtLine(shift=245.0, gaussian=1.8, lorentzian=1.2, area=1.0)
_MOSSY: Final = VoigtLine(shift=261.0, gaussian=2.2, lorentzian=1.5, area=0.5)  # area: when all charge has passed
_LINE_NOISE: Final = 0.1
_AREA: Final = 0.5e-4  # m2 of one electrode
_SWEEP: Final = 30.0  # s
_FREQUENCIES: Final = np.logspace(6.0, -1.0, 57)  # Hz
_OHMIC: Final = 900.0  # ohm, the electrolyte
_TIME_CONSTANT, _DEPRESSION = 2e-3, 0.9  # s; exponent of the arc
_IMPEDANCE_NOISE: Final = 1e-3
_UTC_OFFSET: Final = timedelta(hours=1)  # of the potentiostat's clock, which writes local time

SECTIONS: Final = f"""\
[diffusivity]
kind = "pfg"                           # fitted to diffusion experiments
files = "{PULSED_GRADIENTS}"
expnos = "{_FIRST_DIFFUSION}-{_FIRST_DIFFUSION + len(_CONCENTRATIONS) - 1}"
concentration_mol_per_L = {list(_CONCENTRATIONS)}

[impedance]
files = "{IMPEDANCE}/*.DTA"
log_started = "2024-03-01T09:00:00"
area_cm2 = {_AREA * 1e4:g}

[lineshape]
files = "nmr"
expnos = "{_FIRST_SPECTRUM}-{_FIRST_SPECTRUM + _SPECTRA - 1}"
window_ppm = [200.0, 320.0]
reference_ppm = {_BULK.shift}
"""


def write_diffusion(folder: Path, *, seed: int) -> None:
    """Write a stimulated echo of 19F at each concentration; D is that of the simulated cells."""
    for k, concentration in enumerate(_CONCENTRATIONS):
        acquired = Acquired(
            nucleus="19F", pulse_program="diffSte", carrier_frequency=188.33e6, spectral_width=2e4,
            started=STARTED - timedelta(days=7, hours=-k), duration=3000.0, scans=64,
        )  # fmt: skip
        write_diff_xml(
            folder / str(_FIRST_DIFFUSION + k), acquired=acquired, diffusion_time=0.03, ramp=_RAMP,
            diffusivity=float(DEFAULT_DIFFUSIVITY(concentration * 1e3)), noise=_DIFFUSION_NOISE, seed=seed + k,
        )  # fmt: skip


def write_spectra(truth: xr.Dataset, folder: Path, *, pauses: FloatArray, seed: int) -> xr.Dataset:
    """Write 7Li spectra in the pauses between profiles; return the true areas, (spectrum, line).

    Parameters
    ----------
    truth
        Simulated; the mossy line grows with the charge.
    folder
        Of the expnos.
    pauses
        Their starts, s.
    seed
        Of the noise.
    """
    chosen = pauses[np.linspace(0, pauses.size - 1, _SPECTRA).round().astype(int)]
    charge = np.abs(truth.log_current_density.values).cumsum()
    passed = np.interp(chosen, truth.log_time.values, charge / charge[-1])
    areas = np.stack([np.full(_SPECTRA, _BULK.area), _MOSSY.area * passed], axis=1)
    for k, (start, (bulk, mossy)) in enumerate(zip(chosen, areas, strict=True)):
        acquired = Acquired(
            nucleus="7Li", pulse_program="zg", carrier_frequency=_CARRIER, spectral_width=2e5,
            started=STARTED + timedelta(seconds=float(start)), duration=30.0, scans=64,
        )  # fmt: skip
        lines = [VoigtLine(**{**vars(_BULK), "area": bulk}), VoigtLine(**{**vars(_MOSSY), "area": mossy})]
        write_lines(
            folder / str(_FIRST_SPECTRUM + k), lines, acquired=acquired, reference_frequency=_CARRIER / (1.0 + 255e-6),
            noise=_LINE_NOISE, seed=seed + k,
        )  # fmt: skip
    return xr.Dataset(
        {
            "lithium_line_area": (("spectrum", "line"), areas, {"units": "1"}),
            "lithium_line_position": ("line", [_BULK.shift, _MOSSY.shift], {"units": "ppm"}),
        },
        {"spectrum_time": ("spectrum", chosen, {"units": "s"})},
    )


def write_impedance(
    truth: xr.Dataset, folder: Path, *, initial: float, starts: FloatArray, seed: int
) -> xr.DataArray:  # fmt: skip
    """Write a spectrum at each start, as a potentiostat would; return the true resistance of the interphase.

    Parameters
    ----------
    truth
        Simulated: the interphase is that of its voltage, R_0 (c0 / c(0))^p.
    folder
        To be made.
    initial
        R_0, ohm m2.
    starts
        s since the first sample of the log.
    seed
        Of the noise.

    Returns
    -------
    DataArray
        (impedance_time,), ohm m2.
    """
    folder.mkdir()
    surface = truth.concentration.values[:, 0]
    resistance = initial * (surface[0] / surface) ** ForwardCell().interface_exponent
    found = np.interp(starts, truth.time.values, resistance)
    random = np.random.default_rng(seed)
    for k, (start, interphase) in enumerate(zip(starts, found, strict=True)):
        arc = 1.0 + (2j * np.pi * _FREQUENCIES * _TIME_CONSTANT) ** _DEPRESSION
        z = _OHMIC + interphase / _AREA / arc
        noise = random.standard_normal((2, z.size)) * _IMPEDANCE_NOISE * np.abs(z)
        begun = (STARTED + timedelta(seconds=float(start))).astimezone(UTC) + _UTC_OFFSET
        store.write_text(_gamry(z + noise[0] + 1j * noise[1], begun), folder / f"eis_{k + 1:02d}.DTA")
    return xr.DataArray(
        found, dims="impedance_time", coords={"impedance_time": starts}, attrs={"units": "ohm m2"},
        name="interphase_resistance",
    )  # fmt: skip


def _gamry(z: ComplexArray, begun: datetime) -> str:
    """Return a spectrum as Gamry's framework writes it."""
    head = [
        "EXPLAIN", "TAG\tEISPOT", f"DATE\tLABEL\t{begun.month}/{begun.day}/{begun.year}\tDate",
        f"TIME\tLABEL\t{begun:%H:%M:%S}\tTime", f"FREQINIT\tQUANT\t{_FREQUENCIES[0]:.5E}\tInitial",
        f"FREQFINAL\tQUANT\t{_FREQUENCIES[-1]:.5E}\tFinal", "ZCURVE\tTABLE",
        "\tPt\tTime\tFreq\tZreal\tZimag\tZsig\tZmod\tZphz\tIdc\tVdc\tIERange",
        "\t#\ts\tHz\tohm\tohm\tV\tohm\t\u00b0\tA\tV\t#",
    ]  # fmt: skip
    seconds = np.linspace(0.0, _SWEEP, z.size)
    rows = [
        f"\t{k}\t{t:.3f}\t{f:.7g}\t{v.real:.7g}\t{v.imag:.7g}\t1\t{abs(v):.7g}\t{np.degrees(np.angle(v)):.7g}\t0\t0\t7"
        for k, (t, f, v) in enumerate(zip(seconds, _FREQUENCIES, z, strict=True))
    ]
    return "\n".join([*head, *rows]) + "\n"
