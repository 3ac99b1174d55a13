"""A commented experiment file for a folder."""

from __future__ import annotations

from pathlib import Path

from iondrift.errors import ConfigurationError
from iondrift.experiment.file.template import DataSets, template
from iondrift.runs.store import write_text

EXPERIMENT = "experiment.toml"
_OPEN = "<- FILL IN"


def write_template(folder: str | Path, *, force: bool = False, data_sets: DataSets = DataSets()) -> Path:
    """Write ``experiment.toml`` into a folder, with the profiles and the log that are found there.

    ``data_sets`` are those of TopSpin in it; without profiles among them, profiles are files.

    Raises
    ------
    ConfigurationError
        There is one already (``force`` replaces it), or no such folder.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ConfigurationError(f"{folder}: no such folder; make it, put the measurements in, and try again")
    path = folder / EXPERIMENT
    if path.exists() and not force:
        raise ConfigurationError(f"{path}: exists; --force replaces it")
    return write_text(template(folder, data_sets), path)


def left_open(path: Path) -> list[str]:
    """Return the lines of an experiment file that wait to be filled in, with their numbers."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [f"line {k}: {' '.join(line.split())}" for k, line in enumerate(lines, 1) if _OPEN in line]
