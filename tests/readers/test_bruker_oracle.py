"""nmrglue as an oracle of the Bruker reader: raw and processed values bit for bit, on what nmrglue can read."""

from __future__ import annotations

import warnings
from pathlib import Path

import nmrglue
import numpy as np
import pytest

import topspin_sets as sets
from iondrift.readers.bruker.data_set import open_data_set
from iondrift.readers.bruker.processed import read_spectrum
from iondrift.readers.bruker.raw import read_fids


def from_nmrglue(folder: Path, points: int) -> np.ndarray:
    """Return raw values (row, point) without the padding, which nmrglue keeps."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of nmrglue, about what it does not find
        _, values = nmrglue.bruker.read(str(folder), read_pulseprogram=False)
    return np.atleast_2d(values)[:, :points]


def check_raw(folder: Path) -> None:
    own = read_fids(open_data_set(folder))
    np.testing.assert_array_equal(own, from_nmrglue(folder, own.shape[1])[: len(own)])


def test_raw_values_of_single_fids_and_of_rows(tmp_path: Path) -> None:
    check_raw(sets.single(tmp_path / "1"))
    check_raw(sets.rows(tmp_path / "2"))
    check_raw(sets.rows(tmp_path / "3", count=256))  # rows without padding


def test_processed_values_are_scaled_alike(tmp_path: Path) -> None:
    folder = sets.single(tmp_path / "1")
    own = read_spectrum(open_data_set(folder))
    _, values = nmrglue.bruker.read_pdata(str(folder / "pdata" / "1"), scale_data=True)
    np.testing.assert_array_equal(own.real[0], values)


@pytest.mark.parametrize(
    "name",
    [
        "datalab-31p-1d/1", "datalab-7li-matpass-2d/72", "dnplab-1d/1", "dnplab-phasecycle-2d/700",
        "dnplab-t1-pseudo2d/304", "fluorine-pseudo-2d", "jtutils-bigendian-nogrpdly-2d", "jtutils-padded-2d",
        "pfg-xste", "proton-1d", "cheminfo-invrec-2d/inversionRecovery2D/1", "cheminfo-aspirin-xwin/1",
    ],
)  # fmt: skip
def test_raw_values_of_measured_folders(measurements: Path, name: str) -> None:
    check_raw(measurements / "bruker" / name)
