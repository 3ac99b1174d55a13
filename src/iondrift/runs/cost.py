"""What a run will cost, before it is started: core seconds, memory and disk; constants from bench/memory.py."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from iondrift.drift.bands.options import BANDED
from iondrift.errors import ConfigurationError
from iondrift.resources import memory

# Of whole runs with defaults, on one core of a shared machine.
_START = 4.0  # core s: libraries, smoothing, closures, figures of a usual cell
_CELL_AND_DRAW = 6e-8  # core s a profile, point and replicate, for one closure with all its variables
_LIBRARIES = 3.0e8  # bytes
_WORKING = 200.0  # bytes a profile and point in the fit and its copies
_QUANTILES = 5
_DRAWS = 1000


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Estimates: core seconds, bytes of memory at the peak, bytes on disk."""

    core_seconds: float
    memory: float
    disk: float

    def describe(self) -> str:
        """Return them in words."""
        return (
            f"about {self.core_seconds:.2g} core seconds, {self.memory / 1e9:.2g} GB of memory, "
            f"{self.disk / 1e6:.2g} MB on disk ({_DRAWS} replicates; impedance not counted)"
        )


def estimate(profiles: int, points: int, closures: int) -> Cost:
    """Return the cost of a cell with default bands.

    Parameters
    ----------
    profiles, points
        Of the region of interest.
    closures
        That can be computed.
    """
    cells = profiles * points
    held = cells * 8.0 * _QUANTILES * len(BANDED) * closures
    return Cost(
        core_seconds=_START + cells * _DRAWS * closures * _CELL_AND_DRAW,
        memory=_LIBRARIES + held + cells * _WORKING,
        disk=cells * 8.0 * (_QUANTILES * (len(BANDED) + closures) + 2 * len(BANDED)),
    )


def require_room(cost: Cost, folder: Path) -> None:
    """Refuse what does not fit into the memory of this process, or on the disk of a folder.

    Raises
    ------
    ConfigurationError
        With what is needed, what is there, and the remedy.
    """
    granted = memory()
    if cost.memory > granted:
        raise ConfigurationError(
            f"a run needs about {cost.memory / 1e9:.2g} GB of memory, and {granted / 1e9:.2g} GB are granted; take "
            "fewer profiles (profiles.count), or --no-bands"
        )
    free = float(shutil.disk_usage(folder).free)
    if cost.disk > free:
        raise ConfigurationError(
            f"results need about {cost.disk / 1e6:.2g} MB, and {free / 1e6:.2g} MB are free in {folder.absolute()}; "
            "make room, or run in a folder on another disk"
        )
