"""Processors and memory of this process: the control group's, the affinity's, the limit's, whichever is least."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from iondrift import resources
from iondrift.resources import ControlGroups

LIMITS = {
    "second version": ("0::/pod/job\n", {"pod/job/cpu.max": "150000 100000", "pod/job/memory.max": "2000000"}),
    "an outer group": ("0::/pod/job\n", {"pod/job/cpu.max": "max 100000", "pod/cpu.max": "150000 100000",
                                         "pod/job/memory.max": "max", "pod/memory.max": "2000000"}),
    "seen from inside": ("0::/\n", {"cpu.max": "150000 100000", "memory.max": "2000000"}),
    "first version": ("5:cpu,cpuacct:/pod\n4:memory:/pod\n0::/\n", {
        "cpu/pod/cpu.cfs_quota_us": "150000", "cpu/pod/cpu.cfs_period_us": "100000",
        "memory/pod/memory.limit_in_bytes": "2000000", "memory/memory.limit_in_bytes": "9223372036854771712"}),
    "first version, path of the host": ("5:cpu:/docker/4f\n4:memory:/docker/4f\n", {
        "cpu/cpu.cfs_quota_us": "150000", "cpu/cpu.cfs_period_us": "100000",
        "memory/memory.limit_in_bytes": "2000000"}),
}  # fmt: skip
NONE = {
    "no group": (None, {}),
    "no limit": ("0::/\n", {"cpu.max": "max 100000", "memory.max": "max"}),
    "no limit of the first version": (
        "5:cpu:/\n4:memory:/\n", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}
    ),
}  # fmt: skip


ALLOWED = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def groups(folder: Path, listed: str | None, files: dict[str, str]) -> ControlGroups:
    if listed is not None:
        (folder / "cgroup").write_text(listed)
    for name, content in files.items():
        (folder / "mount" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "mount" / name).write_text(content + "\n")
    return ControlGroups(folder / "cgroup", folder / "mount")


@pytest.mark.parametrize("case", LIMITS)
def test_the_control_group_limits(tmp_path: Path, case: str) -> None:
    found = groups(tmp_path, *LIMITS[case])
    assert found.processors() == 1.5
    assert resources.processors(found) == min(2, ALLOWED)
    assert resources.memory(found) == found.memory() == 2e6


@pytest.mark.parametrize("case", NONE)
def test_without_a_limit_the_machine_counts(tmp_path: Path, case: str) -> None:
    found = groups(tmp_path, *NONE[case])
    assert (found.processors(), resources.processors(found)) == (math.inf, ALLOWED)
    assert found.memory() > 1e15
    assert 1e8 < resources.memory(found) < 1e15


def test_a_limit_of_the_address_space_counts() -> None:
    code = (
        "import resource; from iondrift.resources import memory; before = memory()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (10**9, 10**9)); print(before > 10**9, 5e8 < memory() < 1e9)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True"]
