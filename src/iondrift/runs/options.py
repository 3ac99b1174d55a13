"""What may be chosen for a run of one cell or of many. Nothing heavy is imported: the command line looks here, too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from iondrift.drift.bands.options import DEFAULT_DRAWS, DrawOptions
from iondrift.drift.closures import CLOSURES
from iondrift.drift.names import Smoothing
from iondrift.errors import ConfigurationError
from iondrift.resources import processors
from iondrift.settings import option, subject

Executor: TypeAlias = Literal["threads", "processes", "dask"]
Figures: TypeAlias = Literal["none", "png", "all"]
_INSTEAD = "Instead of the one in the file."


def known_closure(name: str) -> str:
    """Return the name of a registered closure; ValueError names those there are."""
    if name not in CLOSURES:
        raise ValueError(f"{name!r} is not one of {', '.join(map(repr, CLOSURES))}.")
    return name


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How a cell is analysed, and what is written of it.

    Attributes
    ----------
    closure, smoothing
        Instead of those in the experiment file.
    keep_outliers
        Leave nothing out.
    netcdf, csv
        Also write one NetCDF file, and tables into ``csv/``.
    figures
        Which files of figures are drawn: none, PNG, or all (SVG beside them).
    bands
        How to draw uncertainty bands; None for no bands.
    """

    closure: str | None = option(None, _INSTEAD, metavar=f"<{'|'.join(CLOSURES)}>", parse=known_closure)
    smoothing: Smoothing | None = option(None, _INSTEAD)
    keep_outliers: bool = option(False, "Use points and profiles that stand out of noise and change, too.")
    netcdf: bool = option(False, "Also write results.nc.")
    csv: bool = option(False, "Also write tables to csv/.")
    figures: Figures = option("png", "Figures: none, PNG, or all (SVG, too).")
    bands: DrawOptions | None = DEFAULT_DRAWS


DEFAULT_RUN = RunOptions()


@dataclass(frozen=True, kw_only=True)
class ExecutorOptions:
    """Who works.

    Attributes
    ----------
    executor
        ``threads``: one task at a time, its kernels on all processors; ``processes``: one task a worker, the processors
        shared among them; ``dask``: the workers of a scheduler.
    workers
        Processes; None: one a processor.
    scheduler
        Address of a dask scheduler, like ``tcp://host:8786`` or ``tls://host:8786``; None: one of our own here.
    """

    executor: Executor = option("threads", "Who computes the cells.")
    workers: int | None = option(None, "Worker processes; one a processor.", lowest=1, highest=1024)
    scheduler: str | None = option(None, "Address of a dask scheduler; one of our own on this machine.")

    def __post_init__(self) -> None:
        if self.scheduler is not None and self.executor != "dask":
            raise ConfigurationError(f"{subject('scheduler')}: executor {self.executor!r} has none; take dask")

    @property
    def count(self) -> int:
        """Worker processes."""
        return self.workers or processors()


HERE = ExecutorOptions()
