"""Hostile input, faults and environments in numbers: ``python bench/hostile.py [SHARE [KIND...]]``, seeded.

Of each kind so many are tried: 700 experiments whose files are damaged, 5,000 impedance files with one damage each, 25
runs that are killed at a random moment, 40 environments; SHARE (1) of each. Bad is what takes more than 20 s, ends in a
traceback or by a signal, loses results, passes ``check`` and fails ``run``, or is refused without naming a file; and of
the impedance files what is read as numbers that differ by more than 2e-3, without a word, although the format writes
each number twice or counts its points. Needs IONDRIFT_DATA.
"""

from __future__ import annotations

import os
import random as stdlib_random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from typer.testing import CliRunner

import cells
from damaged_files import SAMPLES, read_quietly, verdict
from hostile_inputs import REFUSED, TAKEN, mutated
from iondrift.cli.app import app
from iondrift.errors import IondriftError

LONGEST_S = 20.0
SEEN = 2e-3  # relative; less than that is lost in the digits that instruments print
REDUNDANT = {"gamry", "gamry, galvanostatic", "biologic", "zplot", "versastudio", "chi"}
ENVIRONMENTS: tuple[dict[str, str], ...] = (
    {"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}, {"PYTHONIOENCODING": "cp1252"}, {"PYTHONUTF8": "0", "LANG": "C"},
    {"NUMBA_NUM_THREADS": "0"}, {"NUMBA_NUM_THREADS": "many"}, {"NUMBA_THREADING_LAYER": "nonsense"},
    {"NUMBA_CACHE_DIR": "/proc/none"}, {"MPLCONFIGDIR": "/proc/none"}, {"MPLBACKEND": "nonsense"}, {"COLUMNS": "0"},
    {"COLUMNS": "1"}, {"COLUMNS": "x"}, {"NO_COLOR": "1"}, {"FORCE_COLOR": "1"}, {"TERM": "dumb"},
    {"HOME": "/proc/none"}, {"TMPDIR": "/proc/none"}, {"OMP_NUM_THREADS": "0"}, {"PYTHONHASHSEED": "1"},
)  # fmt: skip


def experiments(count: int, rng: np.random.Generator, scratch: Path) -> Counter[str]:
    """Damage one or two files of an experiment, or give it one of the named damages; check it."""
    found: Counter[str] = Counter()
    named = [damage for damage, _ in (*REFUSED.values(), *TAKEN.values())]
    warm = CliRunner().invoke(app, ["check", str(cells.write_cell(scratch / "whole"))])
    assert warm.exit_code == 0, warm.output  # and kernels are compiled
    for k in range(count):
        cell = cells.write_cell(scratch / f"cell{k}")
        if k < len(named):
            named[k](cell.parent)
        else:
            files = [cell, cell.parent / "log.txt", *sorted((cell.parent / "profiles").iterdir())]
            weights = np.array([8.0, 8.0, *[1.0] * (len(files) - 2)])
            for at in rng.choice(len(files), size=int(rng.integers(1, 3)), p=weights / weights.sum()):
                files[at].write_bytes(mutated(files[at].read_bytes(), rng))
        began, busy = time.monotonic(), time.process_time()
        what = _checked_and_run(cell, scratch / f"out{k}")
        took, busy = time.monotonic() - began, time.process_time() - busy
        if took > LONGEST_S:
            print(f"{cell}: {took:.1f} s, {busy:.1f} s of them at work")
        found["slow" if took > LONGEST_S else what] += 1
    return found


def _checked_and_run(cell: Path, out: Path) -> str:
    """Return what became of an experiment: good where it runs, or ``check`` refuses it and names a file."""
    results = [CliRunner().invoke(app, ["check", str(cell)])]
    if not results[0].exit_code:
        options = ["--out", str(out), "--no-bands", "--figures", "none"]
        results.append(CliRunner().invoke(app, ["run", str(cell), *options]))
    last = results[-1]
    if any(result.exception and not isinstance(result.exception, SystemExit) for result in results):
        print(f"{cell}: {last.exception!r}")
        return "traceback"
    if last.exit_code and len(results) == 2:
        print(f"{cell}: {last.stderr}")
        return "passed check and failed run"
    if last.exit_code and not any(name in last.stderr for name in (str(cell.parent), "log.txt", "p(", "/dev/")):
        print(f"{cell}: {last.stderr}")
        return "refused without a file"
    return "good"


def impedance_files(count: int, rng: np.random.Generator, scratch: Path) -> Counter[str]:
    """Damage measured files of every format; read them."""
    found: Counter[str] = Counter()
    samples = {name: Path(os.environ["IONDRIFT_DATA"]) / place for name, place in SAMPLES.items()}
    whole = {name: read_quietly(path)[0] for name, path in samples.items()}
    for k in range(count):
        name = list(samples)[k % len(samples)]
        path = scratch / f"{k % len(samples)}{samples[name].suffix}"
        path.write_bytes(mutated(samples[name].read_bytes(), rng))
        began = time.monotonic()
        try:
            said, change = verdict(whole[name], read_quietly(path)[0])
            seen = name in REDUNDANT and change > SEEN
            what = "good" if said != "changed" else "silent" if seen else "silent, could not be seen"
        except IondriftError:
            what = "good"
        except Exception as error:  # what the bench is there to find
            print(f"{name}, file {k}: {error!r}")
            what = "traceback"
        found["slow" if time.monotonic() - began > LONGEST_S else what] += 1
    return found


def _run(cell: Path, out: Path, **how: object) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "iondrift", "run", str(cell), "--out", str(out), "--no-bands", "--again"]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **how)  # type: ignore[call-overload, no-any-return]


def kills(count: int, scratch: Path) -> Counter[str]:
    """Kill runs at random moments; the results must verify, and the next run must go through."""
    found: Counter[str] = Counter()
    moments = stdlib_random.Random(0)
    cell, out = cells.write_cell(scratch / "killed"), scratch / "out"
    began = time.monotonic()
    _run(cell, out).communicate()
    whole = time.monotonic() - began
    for _ in range(count):
        process = _run(cell, out)
        time.sleep(moments.uniform(0.2, 1.1) * whole)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        words = [sys.executable, "-m", "iondrift", "verify", str(out)]
        checked = subprocess.run(words, capture_output=True, check=False)
        found["good" if checked.returncode == 0 else "results lost"] += 1
    return found


def environments(count: int, scratch: Path) -> Counter[str]:
    """Run in strange surroundings, streams open and closed: an exit status and lines, no traceback."""
    found: Counter[str] = Counter()
    cell = cells.write_cell(scratch / "surrounded")
    for k in range(count):
        process = _run(cell, scratch / f"e{k}", env={**os.environ, **ENVIRONMENTS[k % len(ENVIRONMENTS)]}, cwd=scratch)
        if k >= len(ENVIRONMENTS) and process.stdout is not None:
            process.stdout.close()
            process.stdout = None
        try:
            _, errors = process.communicate(timeout=6 * LONGEST_S)
        except subprocess.TimeoutExpired:
            process.kill()
            found["slow"] += 1
            continue
        good = process.returncode in (0, 1) and b"Traceback" not in errors
        if not good:
            print(f"environment {k}: {process.returncode} {errors[-300:]!r}")
        found["good" if good else "traceback"] += 1
    return found


def main(share: float, chosen: list[str]) -> None:
    """Print tried, good and bad of each kind, or of the chosen ones."""
    print(f"{'kind':20}{'tried':>8}{'good':>8}{'bad':>6}  of what kind")
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        kinds = {
            "experiments": lambda: experiments(round(700 * share), np.random.default_rng(20), scratch),
            "impedance files": lambda: impedance_files(round(5000 * share), np.random.default_rng(21), scratch),
            "kills": lambda: kills(max(1, round(25 * share)), scratch),
            "environments": lambda: environments(max(1, round(40 * share)), scratch),
        }
        for name in chosen or kinds:
            found = kinds[name]()
            fine = found["good"] + found["silent, could not be seen"]
            bad = ", ".join(f"{count} {what}" for what, count in found.items() if what != "good")
            print(f"{name:20}{found.total():8}{fine:8}{found.total() - fine:6}  {bad}", flush=True)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0, sys.argv[2:])
