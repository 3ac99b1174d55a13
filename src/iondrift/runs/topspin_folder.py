"""Minimal TopSpin data sets, written so that readers take them for measured ones: for simulated cells and for tests."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

from iondrift.cast import ComplexArray, FloatArray
from iondrift.nmr.spectrum import Processing, spectrum_of
from iondrift.readers.bruker.audit import own_digest
from iondrift.readers.bruker.raw import BLOCK

_BEFORE: Final = 300  # samples ahead of t = 0 for the filter to build up in
_FULL: Final = 2.0**30  # raw integers stay below
_STORED: Final = 2.0**29  # processed ones, too
_ARRAYS: Final = {"D": 64, "P": 64, "GPZ": 32, "GPNAM": 32, "L": 32, "CNST": 64}
_HEAD: Final = """\
##TITLE= Parameter file, TopSpin 3.5 pl 7
##JCAMPDX= 5.0
##DATATYPE= Parameter Values
##NPOINTS= 10\t$$ modification sequence number
##ORIGIN= Bruker BioSpin GmbH
##OWNER= nmrsu
$$ {stamp}  nmrsu@spect
$$ {path}
"""


@dataclass(frozen=True, kw_only=True)
class Acquired:
    """What a data set says of its acquisition.

    Attributes
    ----------
    nucleus, pulse_program
        Names, like 19F and diffprof.
    carrier_frequency, spectral_width
        Hz.
    started, duration
        UTC; s.
    scans, receiver_gain
        NS, RG; values given to :func:`write_data_set` are those of one scan at a gain of one.
    group_delay
        Of the digital filter, points.
    parameters
        Further parameters of acqus; an array is given by the entries that are not zero, ``{"D": {20: 0.1}}``.
    """

    nucleus: str
    pulse_program: str
    carrier_frequency: float
    spectral_width: float
    started: datetime
    duration: float
    scans: int = 16
    receiver_gain: float = 101.0
    group_delay: float = 67.9868469238281
    parameters: Mapping[str, Any] = field(default_factory=dict)


def filtered(signal: ComplexArray, group_delay: float, count: int) -> ComplexArray:
    """Return the first ``count`` points of a signal behind a digital filter.

    Parameters
    ----------
    signal : (row, point)
        As :func:`instants` times it: long before t = 0, and to where it has decayed.
    group_delay
        Points; fractions come out right.
    count
        Points to keep.
    """
    length = signal.shape[1]
    turns = np.fft.fftfreq(length) * group_delay
    delayed = np.fft.ifft(np.fft.fft(signal, axis=1) * np.exp(-2j * np.pi * turns), axis=1)
    return np.ascontiguousarray(delayed[:, _BEFORE : _BEFORE + count])


def instants(length: int, spectral_width: float) -> FloatArray:
    """Return the times of a signal for :func:`filtered`, s; t = 0 where a console would begin without a filter."""
    return (np.arange(length) - _BEFORE) / spectral_width


def write_data_set(
    folder: Path,
    fids: ComplexArray,
    acquired: Acquired,
    *,
    rows: int | None = None,
    processing: Processing | None = None,
    reference_frequency: float | None = None,
    lists: Mapping[str, str] | None = None,
) -> Path:
    """Write an expno; return its folder.

    Parameters
    ----------
    folder
        To be made.
    fids : (row, point)
        Behind the filter, of one scan at a gain of one; noise included.
    acquired
        What the parameters say.
    rows
        Rows planned; None where ``fids`` is a single FID.
    processing
        How ``pdata/1`` is made; None for none.
    reference_frequency
        Of 0 ppm in ``pdata/1``, Hz; None: the carrier.
    lists
        Further files by name, such as difflist.
    """
    folder.mkdir(parents=True, exist_ok=True)
    scaled = fids * (acquired.scans * acquired.receiver_gain)
    peak = float(np.abs(scaled).max()) or 1.0
    exponent = int(np.ceil(np.log2(peak / _FULL)))
    integers = np.empty((len(fids), 2 * fids.shape[1]), dtype="<i4")
    integers[:, ::2], integers[:, 1::2] = (np.rint(part * 2.0**-exponent) for part in (scaled.real, scaled.imag))
    _write_parameters(folder, acquired, exponent, integers.shape[1], rows)
    stored = np.zeros((len(fids), -(-integers.shape[1] * 4 // BLOCK) * BLOCK // 4), dtype="<i4")
    stored[:, : integers.shape[1]] = integers
    (folder / ("fid" if rows is None else "ser")).write_bytes(stored.tobytes())
    write_trail(folder, acquired, integers, single=rows is None)
    (folder / "pulseprogram").write_text(f"; {acquired.pulse_program}\n", encoding="utf-8")
    for name, text in (lists or {}).items():
        (folder / name).write_text(text, encoding="utf-8")
    if processing is not None:
        raw = integers[:, ::2] + 1j * integers[:, 1::2]
        reference = reference_frequency or acquired.carrier_frequency
        _write_processed(folder / "pdata" / "1", raw, acquired, exponent, processing, reference, single=rows is None)
    return folder


def write_trail(folder: Path, acquired: Acquired, values: np.ndarray[Any, np.dtype[np.int32]], *, single: bool) -> None:
    """Write ``audita.txt``: one entry with start, end and the MD5 of the values (row, number)."""
    stop = acquired.started + timedelta(seconds=acquired.duration)
    size = f"{values.shape[1]}" + ("" if single else f" * {len(values)}")
    digest = hashlib.md5(values.tobytes(), usedforsecurity=False).digest().hex(" ").upper()
    write_audit(folder, [(stop, f"created by zg\n\tstarted at {stamp(acquired.started)},\n"
        f"\tPOWCHK disabled, PULCHK disabled,\n       completed at {stamp(stop)}\n"
        f"       data hash MD5: {size}\n       {digest}")])  # fmt: skip


def write_audit(folder: Path, entries: Sequence[tuple[datetime, str]]) -> None:
    """Write ``audita.txt`` with any entries, and its own hash."""
    head = "##TITLE= Audit trail, TopSpin 3.5\n##JCAMPDX= 5.01\n##ORIGIN= Bruker BioSpin GmbH\n##OWNER= nmrsu\n"
    body = f"{head}##AUDIT TRAIL=  $$ (NUMBER, WHEN, WHO, WHERE, PROCESS, VERSION, WHAT)\n" + "".join(
        f"({k:4d},<{stamp(when)}>,<nmrsu>,<spect>,<go4>,<TopSpin 3.5>,\n      <{what}>)\n"
        for k, (when, what) in enumerate(entries, 1)
    )
    digest = bytes.fromhex(own_digest(body.encode())).hex(" ").upper()
    (folder / "audita.txt").write_text(f"{body}##END=\n\n$$ hash MD5\n$$ {digest}\n", encoding="utf-8", newline="\n")


def stamp(moment: datetime) -> str:
    """Return a moment as audit trails have it, with its offset from UTC."""
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03d} {moment:%z}"


def parameter_text(values: Mapping[str, Any], comment: datetime, path: str) -> str:
    """Return a parameter file: ``##$NAME= value``, arrays and texts as TopSpin writes them."""
    lines = [f"##${name}= {_formatted(values[name])}\n" for name in sorted(values)]
    return _HEAD.format(stamp=stamp(comment), path=path) + "".join(lines) + "##END=\n"


def _formatted(value: Any) -> str:
    if isinstance(value, str):
        return value if value in ("yes", "no") else f"<{value}>"
    if isinstance(value, list):
        entries = [_formatted(entry) for entry in value]
        lines = [" ".join(entries[k : k + 16]) for k in range(0, len(entries), 16)]
        return f"(0..{len(value) - 1})\n" + "\n".join(lines)
    return f"{value:.15g}"


def _filled(name: str, entries: Mapping[int, Any]) -> list[Any]:
    return [entries.get(k, "" if name == "GPNAM" else 0) for k in range(_ARRAYS[name])]


def _write_parameters(folder: Path, acquired: Acquired, exponent: int, numbers: int, rows: int | None) -> None:
    stop = acquired.started + timedelta(seconds=acquired.duration)
    mhz = acquired.carrier_frequency * 1e-6
    given = {name: value for name, value in acquired.parameters.items() if name not in _ARRAYS}
    arrays = {name: _filled(name, acquired.parameters.get(name, {})) for name in _ARRAYS}
    values = {
        "AQ_mod": 3, "PARMODE": 0 if rows is None else 1, "TD": numbers, "NS": acquired.scans, "DS": 0,
        "RG": acquired.receiver_gain, "NC": exponent, "SW_h": acquired.spectral_width,
        "SW": acquired.spectral_width / mhz, "SFO1": mhz, "BF1": mhz, "O1": 0, "NUC1": acquired.nucleus,
        "PULPROG": acquired.pulse_program, "PROBHD": "Z000000_0001 (synthetic)", "BYTORDA": 0, "DTYPA": 0,
        "DIGMOD": 1, "DECIM": 200, "DSPFVS": 20, "GRPDLY": acquired.group_delay, "DATE": int(stop.timestamp()),
        "TE": 313.15, "DE": 6.5, "INSTRUM": "spect", **arrays, **given,
    }  # fmt: skip
    files: dict[str, Mapping[str, Any]] = {"acqus": values, "acqu": values}
    if rows is not None:
        second = {"TD": rows, "FnMODE": 1, "NUC1": "", "BF1": mhz, "SW_h": acquired.spectral_width}
        files |= {"acqu2s": second, "acqu2": second}
    for name, held in files.items():
        text = parameter_text(held, stop.astimezone(UTC), f"/opt/data/{folder.name}/{name}")
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def _write_processed(
    folder: Path, raw: ComplexArray, acquired: Acquired, exponent: int, processing: Processing, reference: float, *,
    single: bool,
) -> None:  # fmt: skip
    """Write ``pdata/1``: the spectrum in integers whose largest fixes NC_proc, and how it was made."""
    folder.mkdir(parents=True, exist_ok=True)
    spectrum = 2.0**exponent * spectrum_of(
        raw, spectral_width=acquired.spectral_width, group_delay=acquired.group_delay, processing=processing
    )
    peak = max(float(np.abs(spectrum.real).max()), float(np.abs(spectrum.imag).max())) or 1.0
    scale = int(np.ceil(np.log2(peak / _STORED)))
    for name, part in zip(("1r", "1i") if single else ("2rr", "2ii"), (spectrum.real, spectrum.imag), strict=True):
        np.rint(part * 2.0**-scale).astype("<i4").tofile(folder / name)
    mhz, points = reference * 1e-6, spectrum.shape[1]
    width = acquired.spectral_width * points / processing.transform_points
    centre = acquired.carrier_frequency - reference
    left = (centre + acquired.spectral_width * (0.5 - processing.first / processing.transform_points)) / mhz
    values = {
        "SI": points, "FTSIZE": processing.transform_points, "XDIM": 0, "NC_proc": scale, "SF": mhz, "OFFSET": left,
        "SW_p": width, "WDW": int(processing.line_broadening != 0.0), "LB": processing.line_broadening,
        "PHC0": processing.phase0, "PHC1": processing.phase1, "PH_mod": 1, "BC_mod": 0, "FCOR": 1,
        "TDeff": 2 * raw.shape[1], "STSR": processing.first, "STSI": points, "BYTORDP": 0, "DTYPP": 0, "ABSF1": 1000,
        "ABSF2": -1000, "YMAX_p": int(spectrum.real.max() * 2.0**-scale), "FT_mod": 6, "REVERSE": "no",
    }  # fmt: skip
    now = acquired.started.astimezone(UTC)
    (folder / "procs").write_text(parameter_text(values, now, "procs"), encoding="utf-8", newline="\n")
    if not single:
        second = {"SI": len(raw), "XDIM": len(raw)}
        (folder / "proc2s").write_text(parameter_text(second, now, "proc2s"), encoding="utf-8", newline="\n")
    (folder / "title").write_text("synthetic\n", encoding="utf-8")
