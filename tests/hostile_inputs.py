"""Damage for experiments on disk: one entry of every kind, and random ones by seed; used by the tests and the bench."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

import cells

Damage = Callable[[Path], None]


def edit(old: str, new: str) -> Damage:
    """Replace a text in the experiment file."""

    def damage(folder: Path) -> None:
        text = (folder / "cell.toml").read_text(encoding="utf-8")
        assert old in text
        (folder / "cell.toml").write_text(text.replace(old, new), encoding="utf-8")

    return damage


def key(section: str, line: str) -> Damage:
    """Add a line to a section of the experiment file."""
    return edit(f"[{section}]\n", f"[{section}]\n{line}\n")


def before(line: str) -> Damage:
    """Put a line in front of the experiment file."""
    return edit("\n[cell]", f"\n{line}\n[cell]")


def pipe(name: str) -> Damage:
    """Put a pipe in place of a file."""

    def damage(folder: Path) -> None:
        (folder / name).unlink()
        os.mkfifo(folder / name)

    return damage


def line(name: str, number: int, text: str) -> Damage:
    """Replace a line, counted from 1."""

    def damage(folder: Path) -> None:
        lines = (folder / name).read_text(encoding="utf-8").split("\n")
        lines[number - 1] = text
        (folder / name).write_text("\n".join(lines), encoding="utf-8")

    return damage


def large(name: str, size: int) -> Damage:
    """Make a file as large as that without filling a disk."""
    return lambda folder: os.truncate(folder / name, size)


def point(profile: int, index: int, factor: float) -> Damage:
    """Multiply one stored point of a profile, counted from 1."""

    def damage(folder: Path) -> None:
        values = cells.intensities()[profile - 1]
        values[index - 1] *= factor
        cells.write_profile(folder / "profiles" / f"p({profile:03d}).txt", values)

    return damage


PROFILE = "profiles/p(003).txt"
DIGITS = "9" * 5000

REFUSED: dict[str, tuple[Damage, str]] = {
    "a pipe as log": (pipe("log.txt"), r"log\.txt: is no file but a pipe"),
    "a pipe among profiles": (pipe(PROFILE), r"p\(003\)\.txt: is no file but a pipe"),
    "a pipe as experiment file": (pipe("cell.toml"), r"cell\.toml: is no file but a pipe"),
    "a device as log": (edit('"log.txt"', '"/dev/zero"'), "/dev/zero: is no file but a device"),
    "a log of 200 MB": (large("log.txt", 200_000_000), r"log\.txt: holds 200 MB, and more than 33\.6 MB"),
    "a profile of 200 MB": (large(PROFILE, 200_000_000), r"p\(003\)\.txt: holds 200 MB"),
    "an experiment file of 10 MB": (before("# " + "x" * 10_000_000), r"cell\.toml: holds 1\d+ kB"),
    "thousands of unknown keys": (
        key("log", "\n".join(f"key{k} = 1" for k in range(9000))),
        r"mistakes(.|\n)*and 8980 more",
    ),
    "a key of 100,000 characters": (key("log", "k" * 100_000 + " = 1"), r"log\.kkk.*unknown key"),
    "deep lists": (before("a = " + "[" * 5000 + "]" * 5000), "too deep"),
    "a dotted key of 50,000 parts": (before("a" + ".a" * 50_000 + " = 1"), "too deep"),
    "an integer of 5,000 digits": (edit("500.0", DIGITS), r"cell\.toml: a whole number has thousands of digits"),
    "a hexadecimal of 5,000 digits": (edit("500.0", f"0x{'F' * 5000}"), r"profiles\.interval_s: found a number of th"),
    "a float of 5,000 digits": (edit("500.0", f"{DIGITS}.0"), r"profiles\.interval_s: found inf"),
    "digits in a log": (
        line("log.txt", 9, f"0.04\t{DIGITS}\t0"),
        r"log\.txt, line 9, column 2 .* too large or too l",
    ),
    "digits in a profile": (line(PROFILE, 9, DIGITS), r"p\(003\)\.txt, line 9: 9{64}\.\.\. is too large or too long"),
    "digits as SIZE": (line(PROFILE, 3, f"# SIZE = {DIGITS}"), r"p\(003\)\.txt: header line SIZE"),
    "a NUL in a name": (edit('"log.txt"', '"lo\\u0000g.txt"'), r"log\.file: .*NUL"),
    "nobody's home": (edit('"log.txt"', '"~nobody-at-all/log.txt"'), r"log\.file: .*nobody of that name"),
    "a name that is too long": (edit('"log.txt"', f'"{"x" * 5000}"'), r"x+: cannot be read \(File name too long\)"),
    "a cell's name of 300 characters": (edit('"small"', f'"{"x" * 300}"'), r"cell\.name: .*200 characters"),
    "a length of 1e300": (edit("4.0", "1e300"), r"profiles\.field_of_view_mm: found 1e\+300"),
    "a voltage offset of 1e300": (
        key("reconstruction", "voltage_offset_V = 1e300"),
        r"voltage_offset_V: found 1e\+30",
    ),
    "a D of 1e300": (edit("1.3e-12", "1e300"), r"diffusivity\.diffusion_coefficient_m2_per_s: found 1e\+300"),
    "a start of 1e300": (key("profiles", "start_s = 1e300"), r"profiles\.start_s: found 1e\+300"),
    "an empty point that is kept": (
        lambda folder: (point(7, 61, 0.0)(folder), key("profiles", "keep_outliers = true")(folder))[0],
        r"p\(007\)\.txt: intensity, value 0 at point 61",
    ),
    "profiles of one point": (
        lambda folder: [cells.write_profile(path, np.ones(1)) for path in (folder / "profiles").iterdir()].clear(),
        r"p\(001\)\.txt to p\(016\)\.txt: reference profile: 1 points",
    ),
    "a link to nothing among profiles": (
        lambda folder: ((folder / PROFILE).unlink(), os.symlink("nowhere", folder / PROFILE))[0],
        r"p\(003\)\.txt: cannot be read, there is no such file",
    ),
}

TAKEN: dict[str, tuple[Damage, str]] = {
    "exponents of Fortran": (line(PROFILE, 9, "5.012D2"), ""),
    "a pattern through links in circles": (
        lambda folder: (
            os.symlink(folder, folder / "profiles" / "round"),
            os.symlink(folder / "profiles", folder / "profiles" / "again"),
            edit("profiles/*.txt", "**/p(*.txt")(folder),
        )[2],
        "",
    ),
    "a point three times too high": (point(9, 60, 3.0), r"1 of 2048 points \(p\(009\)\.txt point 60"),
    "a point of 1e300": (line(PROFILE, 60, "1e300"), r"1 of 2048 points \(p\(003\)\.txt point 57: 1e\+300"),
    "a point nearly nought": (point(9, 60, 0.01), r"1 of 2048 points \(p\(009\)\.txt point 60"),
    "an empty point": (point(9, 60, 0.0), r"1 of 2048 points \(p\(009\)\.txt point 60: 0 "),
    "a profile half acquired": (
        lambda folder: cells.write_profile(folder / "profiles" / "p(009).txt", 0.5 * cells.intensities()[8]),
        r"1 of 16 profiles as a whole \(p\(009\)\.txt\)",
    ),
    "a number missing": (
        lambda folder: (
            (folder / "profiles" / "p(016).txt").rename(folder / "profiles" / "p(018).txt").exists() and None
        ),
        r"not consecutive \(between 15 and 18\)",
    ),
    "voltage and current swapped": (
        edit("current_density_column = 3", "voltage_column = 3\ncurrent_density_column = 2"),
        r"V\s+/\s+i\s+falls\s+by\s+\d+%",
    ),
    "an offset beyond the voltage": (
        key("reconstruction", "voltage_offset_V = 3.0"),
        r"not below the voltage of 12",
    ),
}


def mutated(content: bytes, random: np.random.Generator) -> bytes:
    """Return content with one random damage: bits, a line gone or twice, a piece cut, digits, foreign bytes."""
    lines = content.split(b"\n")
    at = int(random.integers(len(lines)))
    match int(random.integers(7)):
        case 0:
            damaged = bytearray(content)
            for place in random.integers(0, len(content), size=int(random.integers(1, 4))):
                damaged[place] ^= 1 << int(random.integers(8))
            return bytes(damaged)
        case 1:
            return content[: int(random.integers(len(content)))]
        case 2:
            del lines[at]
        case 3:
            lines.insert(at, lines[at])
        case 4:
            lines[at] = lines[at].replace(b".", b",", 1)
        case 5:
            lines[at] += bytes(random.integers(0, 256, size=8, dtype=np.uint8))
        case _:
            digits = [k for k, sign in enumerate(lines[at]) if 48 <= sign <= 57]
            if digits:
                k = int(random.choice(digits))
                lines[at] = lines[at][:k] + b"%d" % random.integers(10) + lines[at][k + 1 :]
    return b"\n".join(lines)
