"""Small files as the instruments write them, made from any spectrum."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

FREQUENCY = np.logspace(5, -1, 31)  # descending, as most instruments sweep


def arc(frequency: np.ndarray = FREQUENCY, resistance: float = 100.0) -> np.ndarray:
    """Return a series resistance and a depressed arc."""
    return 10.0 + resistance / (1.0 + (2j * np.pi * frequency * 1e-3) ** 0.9)


def zahner_ism(
    frequency: np.ndarray, impedance: np.ndarray, *, start_s: float = 1.3e9,
    tracks: tuple[float, float] | None = (0.5, 1e-3), texts: Sequence[str] = (), settings: bool = True,
) -> bytes:  # fmt: skip
    count = frequency.size
    content = b"\x00\x00\xff\xff\xff\xfe" + (count - 1).to_bytes(6, "big")
    times = start_s + np.arange(count)
    for values in (frequency, np.abs(impedance), np.angle(impedance), times):
        content += np.asarray(values, dtype=">f8").tobytes()
    content += np.full(count, 1000, dtype=">i2").tobytes()
    for text in [*texts, *[""] * (12 - len(texts))]:
        content += struct.pack(">h", len(text)) + text.swapcase().encode()
    if not settings:
        return content
    values = np.zeros(32)
    values[12:14] = frequency.min(), frequency.max()
    values[27] = 32768 if tracks is not None else 0
    block = values.astype(">f8").tobytes()
    if tracks is not None:
        block += np.tile(tracks, (count, 1)).astype(">f8").tobytes()
    return content + struct.pack(">H", len(block)) + block


def gamry_dta(
    frequency: np.ndarray, impedance: np.ndarray, *, last: float = 0.1, aborted: bool = False, decimal: str = ".",
    date: str = "4/23/2018",
) -> str:  # fmt: skip
    lines = [
        "EXPLAIN", "TAG\tEISPOT", f"DATE\tLABEL\t{date}\tDate", "TIME\tLABEL\t16:43:15\tTime",
        f"FREQINIT\tQUANT\t{frequency[0]:.5E}\tInitial", f"FREQFINAL\tQUANT\t{last:.5E}\tFinal",
        "ZCURVE\tTABLE",
        "\tPt\tTime\tFreq\tZreal\tZimag\tZsig\tZmod\tZphz\tIdc\tVdc\tIERange",
        "\t#\ts\tHz\tohm\tohm\tV\tohm\t°\tA\tV\t#",
    ]  # fmt: skip
    for k, (f, z) in enumerate(zip(frequency, impedance, strict=True)):
        lines.append(
            f"\t{k}\t{k + 0.5:g}\t{f:.7g}\t{z.real:.7g}\t{z.imag:.7g}\t1\t{abs(z):.7g}\t{np.degrees(np.angle(z)):.7g}"
            "\t1.5E-006\t0.25\t7"
        )
    if aborted:
        lines.append("EXPERIMENTABORTED\tTOGGLE\tT\tExperiment Aborted")
    return "\n".join(lines).replace(".", decimal) + "\n"


def biologic_mpt(
    sweeps: Sequence[tuple[np.ndarray, np.ndarray]], *, last: float = 0.1, columns: int = 8, voltage: str = "<Ewe>/V",
    started: str = "05/15/2025 01:18:45.867", program: str = "EC-Lab", first_time: float = 1.0,
) -> str:  # fmt: skip
    names = ["freq/Hz", "Re(Z)/Ohm", "-Im(Z)/Ohm", "|Z|/Ohm", "Phase(Z)/deg", "time/s", voltage, "<I>/mA"][:columns]
    head = [
        f"{program} ASCII FILE", "Nb header lines : 8", "", f"Acquisition started on : {started}",
        "fi                  100.000             ", "unit fi             kHz                 ",
        f"ff                  {last:.3f}               ", "unit ff             Hz                  ",
    ]  # fmt: skip
    head[1] = f"Nb header lines : {len(head) + 1}   "
    rows, clock = ["\t".join(names) + "\t"], first_time - 1.0
    for frequency, impedance in sweeps:
        for f, z in zip(frequency, impedance, strict=True):
            clock += 1.0
            values = (f, z.real, -z.imag, abs(z), np.degrees(np.angle(z)), clock, 3.7, -0.5)[:columns]
            rows.append("\t".join(f"{value:.7E}" for value in values))
    return "\n".join(head + rows) + "\n"


MPR_COLUMNS = (1, 2, 3, 32, 37, 38, 36, 35, 4, 77, 76, 39)  # flags, f, Re, -Im, modulus, phase, t, E, I, range


def biologic_mpr(
    sweeps: Sequence[tuple[np.ndarray, np.ndarray]], *, version: int = 11, newer: bool = True, start_at: int = 585,
    columns: Sequence[int] = MPR_COLUMNS, unknown: Mapping[int, str] = {}, rest_rows: int = 0,
    started: str = "2024-05-17T10:00:00.250000",
) -> bytes:  # fmt: skip
    """Write modules as EC-Lab does; ``unknown`` are ids and widths ("<f4") that no table knows."""
    moment = datetime.fromisoformat(started)
    known = {4: "<f8", 11: "<f8", 24: "<f8", 39: "<u2", 131: "<u2", 468: "<u4", 469: "<u4", **unknown}
    kinds = ["u1" if one <= 3 else known.get(one, "<f4") for one in columns if one not in (2, 3)]
    kept = [one for one in columns if one not in (2, 3)]
    rows = [(0.0, 0j)] * rest_rows + [pair for f, z in sweeps for pair in zip(f, z, strict=True)]
    table = np.zeros(len(rows), dtype=[(f"{k}", kind) for k, kind in enumerate(kinds)])
    f, z = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    values = {32: f, 37: z.real, 38: -z.imag, 36: np.abs(z), 35: np.degrees(np.angle(z)),
              4: 100.0 + np.arange(len(rows)), 77: np.full(f.size, 3.7), 76: np.full(f.size, 0.1)}  # fmt: skip
    for k, one in enumerate(kept):
        table[f"{k}"] = values.get(one, 7)
    ids = np.array(columns, dtype={0: "u1", 2: "<u2", 3: "<u2"}.get(version, ">u2")).tobytes()
    head = struct.pack("<IB", len(rows), len(columns)) + ids
    data = head.ljust({0: 100, 2: 405, 3: 406}.get(version, 1007), b"\0") + table.tobytes()
    days = (moment - datetime(1899, 12, 30)) / timedelta(days=1)
    log = bytes(start_at) + struct.pack("<d", days) + bytes(400)
    content = b"BIO-LOGIC MODULAR FILE\x1a".ljust(48) + bytes(4)
    for name, long, body, number in (
        ("VMP Set", "VMP settings", bytes(500), 10),
        ("VMP data", "VMP data", data, version),
        ("VMP LOG", "VMP LOG", log, 10),
    ):
        numbers = (0xFFFFFFFF, len(body), 0, number) if newer else (len(body), number)
        content += b"MODULE" + name.ljust(10).encode() + long.ljust(25).encode()
        content += struct.pack(f"<{len(numbers)}I", *numbers) + f"{moment:%m/%d/%y}".encode() + body
    return content


def pstrace_csv(sweeps: Sequence[np.ndarray], *, started: str = "2024-05-17 10:01:00", quoted: bool = False) -> str:
    lines = ["File date:,2024-05-17 10:00:00", "Notes:"]
    for channel, impedance in enumerate(sweeps, start=3):
        lines += [
            "Measurement:,Impedance Spectroscopy",
            "Notes:,",
            f"Date and time:,{started}",
            f"CH {channel}: 31 freqs",
        ]
        lines.append("freq / Hz,neg. Phase / °,Idc / uA,Z / Ohm,Z' / Ohm,Z'' / Ohm,Cs / F,")
        for f, z in zip(FREQUENCY, impedance, strict=True):
            phase = -np.degrees(np.angle(z))
            lines.append(f"{f:.9g},{phase:.10f},1.1,{abs(z):.9g},{z.real:.9g},{-z.imag:.9g},1e-9,")
        lines.append("")
    return "\n".join(f'"{line}"' if quoted and "," in line else line for line in lines)


def zplot_z(frequency: np.ndarray, impedance: np.ndarray, *, declared: int | None = None) -> str:
    lines = [
        "ZPLOT2 ASCII", "  Experiment Type:            Sweep Frequency, Control Voltage",
        "  Date:                       10-12-2018", "  Time:                       12:32:21",
        f"  Data Points:                {frequency.size if declared is None else declared}",
        "  Freq(Hz)\tAmpl\tBias\tTime(Sec)\tZ'(a)\tZ''(b)\tGD\tErr\tRange", "End Comments",
    ]  # fmt: skip
    for k, (f, z) in enumerate(zip(frequency, impedance, strict=True)):
        lines.append(f"{f:.6E}\t1.0000E-02\t2.0000E-01\t{k + 2.5:.6E}\t{z.real:.6E}\t{z.imag:.6E}\t0.0000E+00\t0\t4")
    return "\n".join(lines) + "\n"


def versastudio_par(frequency: np.ndarray, impedance: np.ndarray, *, closed: bool = True) -> str:
    lines = [
        "<Application>", "Name=VersaStudio", "</Application>", "<Segment1>",
        "Definition=Segment #, Point #, E(V), I(A), Elapsed Time(s), Frequency(Hz), E Real, E Imag, I Real, I Imag, "
        "Z Real, Z Imag, 0",
    ]  # fmt: skip
    for k, (f, z) in enumerate(zip(frequency, impedance, strict=True)):
        i = 1e-3 - 2e-4j
        e = z * i
        lines.append(
            f"0,{k},0.1,-2E-06,{k + 0.5:g},{f:.7g},{e.real:.7g},{e.imag:.7g},{i.real:.7g},{i.imag:.7g},{z.real:.7g},"
            f"{z.imag:.7g}"
        )
    return "\n".join(lines + (["</Segment1>"] if closed else [])) + "\n"


def autolab_text(frequency: np.ndarray, impedance: np.ndarray, *, declared: int | None = None) -> str:
    lines = [
        '"Z60W Data File: Version 1.1"', *['""'] * 7, "0,2,0,1,0.1,10000",
        f"{frequency.size if declared is None else declared}",
        "\"  Freq (Hz)    Ampl     Bias   Time(Sec)   Z'(a)    Z''(b)    GD   Err   Range\"",
    ]  # fmt: skip
    lines += [f"{f:.9g},0,0,0,{z.real:.15g},{z.imag:.15g},0,0,0" for f, z in zip(frequency, impedance, strict=True)]
    return "\n".join(lines) + "\n"


def chi_text(frequency: np.ndarray, impedance: np.ndarray, *, low: float = 0.1) -> str:
    lines = [
        "Feb. 20, 2020   15:55:08", "A.C. Impedance", "Data Source:  Experiment", "Instrument Model:  CHI660E", "",
        "Init E (V) = 0.25", f"High Frequency (Hz) = {frequency.max():.3e}", f"Low Frequency (Hz) = {low:g}", "",
        "Freq/Hz, Z'/ohm, Z\"/ohm, Z/ohm, Phase/deg", "",
    ]  # fmt: skip
    for f, z in zip(frequency, impedance, strict=True):
        values = (f, z.real, z.imag, abs(z), np.degrees(np.angle(z)))
        lines.append(", ".join(f"{value:.7e}" for value in values))
    return "\n".join(lines) + "\n"


def parstat_text(frequency: np.ndarray, impedance: np.ndarray, *, rest_rows: int = 2) -> str:
    names = ("Potential (V)", "Current (A)", "Elapsed Time (s)", "Frequency (Hz)", "Zre (ohms)", "Zim (ohms)")
    lines = ["\t".join((*names, "|Vac| (V)", "|Iac| (A)", ""))]
    lines += [f"3.5\t-0.15\t{10 * k}\t0\t0\t0\t0\t0\t" for k in range(1, rest_rows + 1)]
    for k, (f, z) in enumerate(zip(frequency, impedance, strict=True)):
        lines.append(f"3.4\t0.02\t{100 + k}\t{f:.15g}\t{z.real:.15g}\t{z.imag:.15g}\t0.01\t0.1\t")
    return "\n".join(lines) + "\n"


def powersuite_text(frequency: np.ndarray, impedance: np.ndarray) -> str:
    rows = [f"{f:.9g}\t {z.real:.9g}\t {z.imag:.9g}" for f, z in zip(frequency, impedance, strict=True)]
    return "".join(f"{line}\r\r\n" for line in ["Frequency\t Zre\t Zimg", *rows])


def write_one_of_each(folder: Path) -> dict[str, Path]:
    """Write the same spectrum in every format and return the files."""
    z = arc()
    csv = "freq/Hz,Re(Z)/Ohm,-Im(Z)/Ohm\n" + "".join(
        f"{f:.7E},{v.real:.7E},{-v.imag:.7E}\n" for f, v in zip(FREQUENCY, z, strict=True)
    )
    texts = {
        "gamry": ("a.DTA", gamry_dta(FREQUENCY, z)),
        "gamry, decimal comma": ("b.DTA", gamry_dta(FREQUENCY, z, decimal=",")),
        "biologic": ("a.mpt", biologic_mpt([(FREQUENCY, z)])),
        "zplot": ("a.z", zplot_z(FREQUENCY, z)),
        "versastudio": ("a.par", versastudio_par(FREQUENCY, z)),
        "autolab": ("a_autolab.txt", autolab_text(FREQUENCY, z)),
        "chi": ("a_chi.txt", chi_text(FREQUENCY, z)),
        "parstat": ("a_parstat.txt", parstat_text(FREQUENCY, z)),
        "powersuite": ("a_powersuite.txt", powersuite_text(FREQUENCY, z)),
        "text": ("a.csv", csv),
    }
    files = {}
    for name, (file, text) in texts.items():
        files[name] = folder / file
        files[name].write_text(text, encoding="latin-1", newline="")
    files["zahner"] = folder / "a.ism"
    files["zahner"].write_bytes(zahner_ism(FREQUENCY, z))
    return files
