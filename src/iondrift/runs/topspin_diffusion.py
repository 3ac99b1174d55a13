"""TopSpin data sets of diffusion experiments with known D: bipolar pairs with lists, and diff.xml."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from iondrift.cast import FloatArray
from iondrift.nmr.gradient_pulses import HALF_SINE, GradientTiming, PulseShape, b_values, pulse_shape
from iondrift.nmr.nuclei import gyromagnetic_ratio
from iondrift.nmr.spectrum import Processing
from iondrift.runs.topspin_folder import Acquired, filtered, instants, write_data_set

SMOOTH_SQUARE: Final = "SMSQ10.100"
_MAXIMUM: Final = 0.535  # T/m at 100 %, 5.35 G/mm
_POINTS: Final = 512
_DECAY: Final = 1500.0  # 1/s; 480 Hz at half height
_BIPOLAR_PROGRAM: Final = (
    "p30:gp6*diff\n  d16\n  (p2 ph1):f1\n  p30:gp6*-1*diff\n  d16\n  p1 ph2\n  lo to 3 times td1\nexit\n"
)


def smooth_square(points: int = 100) -> FloatArray:
    """Return the manufacturer's smoothed square: a tenth of the pulse to rise and to fall, mean 0.9."""
    edge = points // 10
    rise = 0.5 * (1.0 - np.cos(np.pi * np.arange(edge) / (edge - 1)))
    return np.concatenate([rise, np.ones(points - 2 * edge), rise[::-1]])


def write_bipolar(
    folder: Path, *, acquired: Acquired, diffusivity: float, ramp: FloatArray, noise: float, seed: int,
    pulse: float = 2e-3, diffusion_time: float = 0.1, percent: bool = False, planned: int | None = None,
) -> GradientTiming:  # fmt: skip
    """Write a stimulated echo with bipolar pairs; return its timing.

    Parameters
    ----------
    folder
        The expno.
    acquired
        What the parameters say, times and lists apart.
    diffusivity
        True D, m2 s-1.
    ramp : (row,)
        Gradients over the maximum, in any order.
    noise, seed
        Standard deviation over the strongest point of the strongest FID.
    pulse, diffusion_time
        s.
    percent
        difflist in per cent of the maximum, instead of G/cm.
    planned
        Rows planned, where the experiment was stopped; None: as many as there are.
    """
    shape = smooth_square()
    parameters = {
        "P": {2: 50.0, 30: pulse * 1e6}, "D": {16: 2e-4, 20: diffusion_time}, "GPZ": {6: 100.0},
        "GPNAM": {6: SMOOTH_SQUARE},
    }  # fmt: skip
    acquired = replace(acquired, pulse_program="stebpgp1s", parameters={**parameters, **acquired.parameters})
    timing = GradientTiming(
        sequence="bipolar", pulse=pulse, diffusion_time=diffusion_time, gap=2.5e-4, recovery=2e-4,
        shape=pulse_shape(shape),
    )  # fmt: skip
    whole = np.concatenate([ramp, np.full((planned or ramp.size) - ramp.size, ramp[-1])])
    unit = 100.0 if percent else _MAXIMUM * 100.0 * timing.shape.area
    lists = {
        "difflist": "\n".join(f"{unit * step:.6f}" for step in whole),
        "Difframp": _table("Difframp", whole),
        "gpnam6": _table(SMOOTH_SQUARE, shape),
        "gradient_calib": f"{_MAXIMUM * 10.0:.6g} G/mm\n1.0\n1.0\n1.0\n",
        "pulseprogram": _BIPOLAR_PROGRAM,
    }
    gradients = _MAXIMUM * timing.shape.area * ramp
    _write(folder, acquired, gradients, timing, diffusivity, noise, seed, lists, planned)
    return timing


def write_diff_xml(
    folder: Path, *, acquired: Acquired, diffusivity: float, ramp: FloatArray, noise: float, seed: int,
    pulse: float = 1.576e-3, diffusion_time: float = 0.02, steps: int = 282,
) -> GradientTiming:  # fmt: skip
    """Write a stimulated echo of a diffusion probe, half sines with diff.xml; parameters as :func:`write_bipolar`.

    The decay is that of the half sines played. ``steps`` is the number of points of a pulse, L[8].
    """
    equivalent = 2.0 / np.pi * (1.0 - 1.0 / steps) * pulse
    parameters = {"D": {18: pulse, 20: diffusion_time, 21: equivalent}, "L": {8: steps}}
    acquired = replace(acquired, pulse_program="diffSte", parameters={**parameters, **acquired.parameters})
    shape = PulseShape(area=equivalent / pulse, mean=HALF_SINE.mean, square=HALF_SINE.square)
    timing = GradientTiming(sequence="ste", pulse=pulse, diffusion_time=diffusion_time, shape=shape)
    peaks = ramp * 30.0  # T/m
    stated = round(equivalent * 1e3, 2) * 1e-3  # the software works with 1.00 ms
    q = gyromagnetic_ratio(acquired.nucleus) * peaks * stated / (2.0 * np.pi)
    B = (2.0 * np.pi * q) ** 2 * (diffusion_time - stated / 3.0)
    points = "\n".join(
        f'  <X g="{100.0 * g:.6f}" q="{k:.6f}" B="{b:.8g}" d="{stated * 1e3:.6g}" D="{diffusion_time * 1e3:.6g}"/>'
        for g, k, b in zip(peaks, q, B, strict=True)
    )
    text = (
        f"<?xml version='1.0'?>\n<diff>\n <delta>{stated * 1e3:.6g}</delta>\n"
        f" <DELTA>{diffusion_time * 1e3:.6g}</DELTA>\n"
        f" <gradPulseTime>{pulse * 1e3:.6g}</gradPulseTime>\n <gradShapeType>0</gradShapeType>\n <gmax>3000</gmax>\n"
        f" <pulprog>diffSte</pulprog>\n <XValues>\n{points}\n </XValues>\n</diff>\n"
    )
    _write(folder, acquired, peaks * shape.area, timing, diffusivity, noise, seed, {"diff.xml": text}, None)
    return timing


def _write(
    folder: Path, acquired: Acquired, gradients: FloatArray, timing: GradientTiming, diffusivity: float, noise: float,
    seed: int, lists: dict[str, str], planned: int | None,
) -> None:  # fmt: skip
    t = instants(4 * _POINTS, acquired.spectral_width)
    line = np.where(t >= 0.0, np.exp(-_DECAY * np.maximum(t, 0.0)), 0.0)[None, :]
    fid = filtered(line.astype(np.complex128), acquired.group_delay, _POINTS)
    decay = np.exp(-diffusivity * b_values(gradients, gyromagnetic_ratio(acquired.nucleus), timing))
    random = np.random.default_rng(seed)
    spread = noise * decay.max() / np.sqrt(acquired.scans)
    disturbed = decay[:, None] * fid + spread * (
        random.standard_normal((decay.size, _POINTS)) + 1j * random.standard_normal((decay.size, _POINTS))
    )
    shift = acquired.group_delay - round(acquired.group_delay)
    processing = Processing(transform_points=2 * _POINTS, line_broadening=20.0, phase0=-180.0 * shift)
    write_data_set(folder, disturbed, acquired, rows=planned or gradients.size, processing=processing, lists=lists)


def _table(title: str, values: FloatArray) -> str:
    head = (
        f"##TITLE= {title}\n##JCAMP-DX= 5.00 Bruker JCAMP library\n##DATA TYPE= Shape Data\n##NPOINTS= {values.size}\n"
    )
    return head + "##XYDATA= (X++(Y..Y))\n" + "".join(f"{value:.6e}\n" for value in values) + "##END=\n"
