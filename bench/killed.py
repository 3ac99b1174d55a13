"""Kill a batch of 12 cells, two of them broken, at random moments; started again it has to end with the same bytes.

    python bench/killed.py [--kills 30] [--executor threads] [--victim batch|worker] [--seed 0]

What says when and where something was computed (ledger, provenance) is left out of the comparison. Prints a line a
kill and ends with status 1 where one comparison failed.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import psutil

import cells
from iondrift.ledger import LEDGER
from iondrift.runs.crate import CRATE

CELLS, BROKEN = 12, (4, 8)


def write_cells(folder: Path) -> None:
    """Write small cells: one with a mistake in its experiment file, one with a profile that was cut short."""
    for number in range(CELLS):
        name = f"cell-{number:02d}"
        file = cells.write_cell(folder / name, toml=cells.TOML.replace('"small"', f'"{name}"'))
        text = file.read_text()
        file.write_text(text.replace("313.15", '"warm"' if number == BROKEN[0] else f"{313.15 + number}"))
        if number == BROKEN[1]:
            profile = folder / name / "profiles" / "p(003).txt"
            profile.write_text(profile.read_text()[:200])


def digest(out: Path) -> str:
    """Return one SHA-256 over the names and bytes of all results."""
    found = hashlib.sha256()
    for file in sorted(out.rglob("*")):
        if file.is_file() and file.name not in (LEDGER, CRATE):
            found.update(f"{file.relative_to(out)}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return found.hexdigest()


def start(folder: Path, out: Path, executor: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "iondrift", "batch", "cells/*/cell.toml", "--out", str(out), "--quiet"]
    command += ["--figures", "none", "--no-bands", "--executor", executor]
    return subprocess.Popen([*command, *(["--workers", "2"] * (executor != "threads"))], cwd=folder, stderr=-3)


def kill(process: subprocess.Popen[bytes], victim: str) -> bool:
    """Kill the batch, or one of its workers where it has any yet; say whether something was killed."""
    if victim == "batch":
        running = process.poll() is None
        process.kill()
        return running
    try:
        children = psutil.Process(process.pid).children(recursive=True)
        workers = [child for child in children if "spawn_main" in " ".join(child.cmdline()) and not child.children()]
        if workers:
            random.choice(workers).kill()
    except psutil.NoSuchProcess:
        return False
    return bool(workers)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--executor", default="threads")
    parser.add_argument("--victim", choices=("batch", "worker"), default="batch")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    random.seed(asked.seed)
    failures = 0
    with tempfile.TemporaryDirectory() as place:
        folder, out = Path(place), Path(place) / "out"
        write_cells(folder / "cells")
        for _ in range(2):  # the first compiles
            shutil.rmtree(out, ignore_errors=True)
            began = time.monotonic()
            assert start(folder, out, asked.executor).wait() == 5
            seconds = time.monotonic() - began
        whole = digest(out)
        print(f"uninterrupted: {seconds:.1f} s, {whole[:16]}", flush=True)
        number = missed = 0
        while number < asked.kills:
            shutil.rmtree(out)
            process, moment = start(folder, out, asked.executor), random.uniform(0.0, seconds)
            time.sleep(moment)
            hit = kill(process, asked.victim)
            process.wait()
            if not hit:  # it had ended, or had no worker yet: that is no trial
                missed += 1
                continue
            number += 1
            complete = len(list(out.glob(f"*/{LEDGER}"))) if out.exists() else 0
            status = start(folder, out, asked.executor).wait()
            left = sorted(path.name for path in out.rglob(".iondrift*"))
            same = digest(out) == whole and status == 5 and not left
            failures += not same
            said = "the same" if same else f"DIFFERENT (status {status}, left {left})"
            print(f"{number:3d}: killed at {moment:5.2f} s, {complete:2d} complete, then {said}", flush=True)
    print(f"{asked.kills - failures} of {asked.kills} ended with the same bytes; {missed} moments hit nothing")
    return int(failures > 0)


if __name__ == "__main__":
    raise SystemExit(main())
