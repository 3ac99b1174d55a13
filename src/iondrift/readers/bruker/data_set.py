"""One data set (an expno): what its parameter files say, checked before a raw value is read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from iondrift.errors import InputFileError
from iondrift.readers.bruker.audit import Times, Trail, acquisition_times, read_trail
from iondrift.readers.bruker.group_delay import group_delay
from iondrift.readers.bruker.parameters import COPY_AGAIN, Parameters, read_parameters

_MOST_POINTS: Final = 1 << 28  # numbers of one row; more than any console acquires
_QUADRATURE: Final = {1: "qsim", 3: "DQD"}
_NON_UNIFORM: Final = 2  # FnTYPE
_PSEUDO: Final = (0, 1)  # FnMODE: undefined, QF


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """The parameters of a data set; raw values are read by :func:`iondrift.readers.bruker.raw.read_fids`.

    Attributes
    ----------
    folder
        The expno.
    acquisition, indirect
        acqus, and acqu2s where there are rows; None for a single FID.
    """

    folder: Path
    acquisition: Parameters
    indirect: Parameters | None

    @property
    def rows(self) -> int | None:
        """How many rows were planned; None for a single FID."""
        return None if self.indirect is None else self.indirect.integer("TD", lowest=1)

    @property
    def numbers(self) -> int:
        """Numbers of one row, real and imaginary counted apart (TD)."""
        count = self.acquisition.integer("TD", lowest=2)
        if count % 2 or count > _MOST_POINTS:
            raise InputFileError(f"{self.acquisition.path}: ##$TD= {count} is no number of points; {COPY_AGAIN}")
        return count

    @property
    def raw_file(self) -> Path:
        """Where the raw values are, or should be."""
        return self.folder / ("fid" if self.indirect is None else "ser")

    @property
    def nucleus(self) -> str:
        """Observed nucleus, like 19F."""
        return self.acquisition.text("NUC1")

    @property
    def pulse_program(self) -> str:
        """Name of the pulse program."""
        return self.acquisition.text("PULPROG", "")

    @property
    def carrier_frequency(self) -> float:
        """Frequency of the receiver, SFO1, in Hz."""
        return self.acquisition.positive("SFO1") * 1e6

    @property
    def spectral_width(self) -> float:
        """Samples a second, SW_h, in Hz."""
        return self.acquisition.positive("SW_h")

    @property
    def scans(self) -> int:
        """Scans that were done, NS."""
        return self.acquisition.integer("NS", lowest=1)

    @property
    def scale(self) -> float:
        """What a raw value is multiplied by to compare it with another data set: 2^NC / (NS RG)."""
        return 2.0 ** self.acquisition.integer("NC", 0) / (self.scans * self.acquisition.positive("RG"))

    @property
    def group_delay(self) -> float:
        """Delay of the digital filter, in points."""
        return group_delay(self.acquisition)

    @property
    def is_pseudo_2d(self) -> bool:
        """Whether each row is an experiment of its own, not an increment of a second frequency."""
        return self.indirect is not None and self.indirect.integer("FnMODE", 0) in _PSEUDO

    @cached_property
    def trail(self) -> Trail | None:
        """What the audit trail of the raw data says; None where there is none."""
        path = self.folder / "audita.txt"
        return read_trail(path) if path.exists() else None

    @cached_property
    def times(self) -> Times:
        """Start and end of the acquisition, UTC."""
        return acquisition_times(self.trail, self.acquisition, rows=self.rows)


def open_data_set(folder: str | Path) -> DataSet:
    """Read the parameters of a data set.

    PARMODE decides between a single FID and rows; an acqu2s left behind by an earlier experiment does not count.

    Raises
    ------
    InputFileError
        acqus is missing or damaged, or the data set is of a kind that is not read: three dimensions, rows left out on
        purpose (NUS), or sequential and single-channel detection.
    """
    folder = Path(folder)
    if not (folder / "acqus").exists():
        raise InputFileError(f"{folder}: holds no acqus, so it is no TopSpin data set; name the folder of an expno")
    acquisition = read_parameters(folder / "acqus")
    dimensions = acquisition.integer("PARMODE", lowest=0) + 1
    if dimensions > 2:
        raise InputFileError(f"{folder}: has {dimensions} dimensions; one and two are read")
    detection = acquisition.integer("AQ_mod", 3)
    if detection not in _QUADRATURE:
        raise InputFileError(
            f"{acquisition.path}: ##$AQ_mod= {detection} is not read, only 1 (qsim) and 3 (DQD): one channel alone, or "
            "both in turn, make another spectrum; convert the data set in TopSpin with convdta"
        )
    if dimensions == 1:
        return DataSet(folder=folder, acquisition=acquisition, indirect=None)
    if acquisition.integer("FnTYPE", 0) == _NON_UNIFORM or (folder / "nuslist").exists():
        raise InputFileError(f"{folder}: was sampled non-uniformly (NUS), which is not read; acquire every row")
    if not (folder / "acqu2s").exists():
        raise InputFileError(f"{folder}: PARMODE says two dimensions, but acqu2s is missing; {COPY_AGAIN}")
    return DataSet(folder=folder, acquisition=acquisition, indirect=read_parameters(folder / "acqu2s"))
