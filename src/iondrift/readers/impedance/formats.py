"""Find the files of a series, and the format of each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from iondrift.errors import InputFileError
from iondrift.readers.impedance import (
    autolab_text,
    biologic_mpr,
    biologic_mpt,
    ch_instruments_text,
    gamry_dta,
    parstat_text,
    powersuite_text,
    pstrace_text,
    versastudio_par,
    zahner_ism,
    zplot_z,
)
from iondrift.readers.impedance.delimited_text import holds_table
from iondrift.readers.paths import expand
from iondrift.readers.text import encoding_of, read_start, split_lines

# What a file of each format begins with: text that is compared at its beginning, or a pattern.
_SIGNATURES = {
    "gamry": rf"{gamry_dta.SIGNATURE}|(?s:.*?\n){gamry_dta.CURVE}",
    "biologic": rf"{biologic_mpt.SIGNATURE}|(?:.*\r?\n){{0,3}}Nb header lines|{biologic_mpt.HEADER}",
    "zplot": "|".join(map(re.escape, zplot_z.SIGNATURES)),
    "autolab": "|".join(map(re.escape, autolab_text.SIGNATURES)),
    "versastudio": re.escape(versastudio_par.SIGNATURE),
    "parstat": re.escape(parstat_text.SIGNATURE),
    "powersuite": re.escape(powersuite_text.SIGNATURE),
    "pstrace": rf"(?s:.*?)(?:{pstrace_text.HEADER})",
    "chi": rf"(?s:.*?){ch_instruments_text.SIGNATURE}",
}
# An instrument's own endings: they count where the content shows no format and holds no table.
_SUFFIXES = {".ism": "zahner", ".dta": "gamry", ".mpt": "biologic", ".mpr": "biologic", ".par": "versastudio"}
# Formats of which no public description is complete, and what to export in their place.
_UNREAD = {
    ".idf": "Ivium data: export it from IviumSoft as text with columns freq. /Hz, Z1 /ohm, Z2 /ohm",
    ".ids": "Ivium data: export it from IviumSoft as text with columns freq. /Hz, Z1 /ohm, Z2 /ohm",
    ".dfr": "Autolab FRA data: export it as text with columns Frequency (Hz), Z' (Ohm), -Z'' (Ohm)",
    ".nox": "Nova data: export it from Nova as text with columns Frequency (Hz), Z' (Ohm), -Z'' (Ohm)",
    ".pssession": "PSTrace data: export it from PSTrace as CSV",
    ".xlsx": "a workbook: save the sheet of the spectrum as CSV",
    ".xls": "a workbook: save the sheet of the spectrum as CSV",
}
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
    """Return the format of a file by its content, and by its ending where that shows none; else it is "text".

    Raises
    ------
    InputFileError
        The file cannot be read, is empty, or is of a format that has to be exported as another.
    """
    head = read_start(path, _SNIFFED_BYTES)
    if not head:
        raise InputFileError(f"{path}: is empty; copy or export it again")
    if head.startswith(zahner_ism.SIGNATURES):
        return "zahner"
    if head.startswith(biologic_mpr.MAGIC):
        return "biologic"
    mark, encoding = encoding_of(head)
    text = head[len(mark) :].decode("latin-1" if encoding == "utf-8" else encoding, errors="replace")
    for name, signature in _SIGNATURES.items():
        if re.match(signature, text):
            return name
    ending = path.suffix.lower()
    if holds_table(split_lines(text)[0]):
        return "text"  # whatever the ending says
    if ending in _UNREAD:
        raise InputFileError(f"{path}: is {_UNREAD[ending]}; the file itself is not read")
    return _SUFFIXES.get(ending, "text")


def _may_be_spectrum(path: Path) -> bool:
    hidden = path.name.startswith(".")
    return not hidden and path.suffix.lower() in _SPECTRUM_SUFFIXES and _PAPERS.match(path.name) is None
