"""Find the files of a series, and the format of each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from iondrift.errors import InputFileError
from iondrift.readers.impedance import (
    autolab_text,
    biologic_mpt,
    ch_instruments_text,
    gamry_dta,
    parstat_text,
    powersuite_text,
    versastudio_par,
    zahner_ism,
    zplot_z,
)
from iondrift.readers.paths import expand
from iondrift.readers.text import read_start

_SUFFIXES = {".ism": "zahner", ".dta": "gamry", ".mpt": "biologic", ".par": "versastudio"}
# What else may lie in a folder of spectra; everything with these endings must read, except the papers named
# below.
_SPECTRUM_SUFFIXES = {*_SUFFIXES, ".z", ".z60", ".csv", ".txt", ".tsv", ".dat", ".asc"}
_PAPERS = re.compile(r"(?:licen[cs]e|copying|readme|changelog|notice)\b", re.IGNORECASE)
_SNIFFED_BYTES = 8192


def find_files(paths: Path | str | Sequence[Path | str]) -> tuple[list[Path], list[str]]:
    """Return the files of a path, folder, glob or list, and the names in folders that were passed over.

    Raises
    ------
    InputFileError
        Nothing is there.
    """
    endings = " ".join(sorted(_SPECTRUM_SUFFIXES))
    nothing = f"file with one of the endings {endings}; name the files, or use a glob"
    return expand(paths, what="impedance", wanted=_may_be_spectrum, nothing=nothing)


def detect_format(path: Path) -> str:
    """Return the format of a file: by content, and by ending where that is an instrument's own.

    Raises
    ------
    InputFileError
        The file cannot be read or is empty.
    """
    if path.suffix.lower() in _SUFFIXES:
        return _SUFFIXES[path.suffix.lower()]
    head = read_start(path, _SNIFFED_BYTES)
    if not head:
        raise InputFileError(f"{path}: is empty; copy or export it again")
    if head.startswith(zahner_ism.SIGNATURES):
        return "zahner"
    text = head.removeprefix(b"\xef\xbb\xbf").decode("latin-1")
    begins = {
        "gamry": (gamry_dta.SIGNATURE,), "biologic": (biologic_mpt.SIGNATURE,), "zplot": zplot_z.SIGNATURES,
        "autolab": autolab_text.SIGNATURES, "versastudio": (versastudio_par.SIGNATURE,),
        "parstat": (parstat_text.SIGNATURE,), "powersuite": (powersuite_text.SIGNATURE,),
    }  # fmt: skip
    for name, signatures in begins.items():
        if text.startswith(signatures):
            return name
    return "chi" if re.search(ch_instruments_text.SIGNATURE, text) else "text"


def _may_be_spectrum(path: Path) -> bool:
    hidden = path.name.startswith(".")
    return not hidden and path.suffix.lower() in _SPECTRUM_SUFFIXES and _PAPERS.match(path.name) is None
