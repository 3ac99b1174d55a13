"""A simulated cell as the instruments leave it: profiles as TopSpin data sets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import numpy as np
import xarray as xr

from iondrift.cast import FloatArray
from iondrift.runs.topspin_folder import Acquired
from iondrift.runs.topspin_profiles import ECHO_POINTS, echo_of, echo_points, turns_per_metre, write_profile
from iondrift.transport.forward.simulation import MeasuredLike

STARTED: Final = datetime(2024, 3, 1, 8, 0, tzinfo=UTC)  # of the log
GRADIENT: Final = 0.624  # T/m
_WIDTH: Final = 1e5  # Hz
_FINE: Final = 1024  # places of the object across the field of view
_FIELD_OF_VIEW: Final = 4e-3  # m, of the drawn object; that of the gradient is 4.0002 mm
OBJECT: Final = MeasuredLike(points=_FINE, nominal=_FINE, background=0.0, plateau=1.0, field_of_view=_FIELD_OF_VIEW)

SECTION: Final = """\
[profiles]
files = "nmr"
format = "topspin"
reverse = {reverse}

[profiles.topspin]
gradient_T_per_m = 0.624
log_started = "2024-03-01T09:00:00"
time_zone = "+01:00"
"""


def write_profiles(
    truth: xr.Dataset,
    folder: Path,
    *,
    reverse: bool,
    interval: float,
    duration: float,
    noise: float,
    first: int,
    seed: int,
) -> None:
    """Write every profile of a simulation as an expno.

    Parameters
    ----------
    truth
        Simulated with :data:`OBJECT` and without noise: ``intensity`` (time, point) is the object.
    folder
        That of the expnos.
    reverse
        Whether the plating electrode is at the low end of the frequencies.
    interval, duration
        s.
    noise
        Standard deviation of each channel of a profile over its plateau.
    first
        Number of the first expno.
    seed
        Of the noise.
    """
    object_, places = _object(truth, reverse=reverse)
    turns = turns_per_metre("19F", GRADIENT, _WIDTH)
    echoes = echo_of(places, object_, turns, echo_points(_WIDTH))
    spread = noise / turns / np.sqrt(ECHO_POINTS)  # a plateau of 1 is 1 / turns after the transform
    random = np.random.default_rng(seed)
    for k, echo in enumerate(echoes):
        scans, gain = (512, 101.0) if k else (1024, 101.0)  # the reference is measured longer
        acquired = Acquired(
            nucleus="19F", pulse_program="diffprof", carrier_frequency=188.33e6, spectral_width=_WIDTH,
            started=STARTED + timedelta(seconds=k * interval), duration=duration, scans=scans, receiver_gain=gain,
        )  # fmt: skip
        write_profile(
            folder / str(first + k), acquired=acquired, echo=echo, noise=spread * np.sqrt(scans), random=random,
            gradient=GRADIENT, processed=False,
        )  # fmt: skip


def _object(truth: xr.Dataset, *, reverse: bool) -> tuple[FloatArray, FloatArray]:
    """Return the object (time, place) over position along the gradient, m, in the middle of the field of view."""
    fine = truth.intensity.values
    places = (np.arange(fine.shape[1]) - fine.shape[1] / 2) * (_FIELD_OF_VIEW / fine.shape[1])
    if not reverse:  # stored from the highest frequency down: the plating electrode first
        places = -places
    order = np.argsort(places)
    return fine[:, order], places[order]
