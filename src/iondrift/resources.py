"""What this process may use: processors and memory, by affinity, control group and limits, not the machine's all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, inf
from pathlib import Path, PurePosixPath


@dataclass(frozen=True)
class ControlGroups:
    """The control groups that this process is in, of either version, as Linux shows them."""

    process: Path = Path("/proc/self/cgroup")
    mount: Path = Path("/sys/fs/cgroup")

    def processors(self) -> float:
        """Return how many processors' time the groups grant; infinity where they say nothing."""
        granted = inf
        for folder in self._folders("cpu"):
            words = _words(folder / "cpu.max") or [
                *_words(folder / "cpu.cfs_quota_us"), *_words(folder / "cpu.cfs_period_us"),
            ]  # fmt: skip
            quota, period = _numbers(words, 2)
            if 0.0 < quota < inf and 0.0 < period < inf:
                granted = min(granted, quota / period)
        return granted

    def memory(self) -> float:
        """Return how many bytes the groups grant; infinity where they say nothing."""
        granted = inf
        for folder in self._folders("memory"):
            (limit,) = _numbers(_words(folder / "memory.max") or _words(folder / "memory.limit_in_bytes"), 1)
            granted = min(granted, limit)
        return granted

    def _folders(self, controller: str) -> Iterator[Path]:
        """Give the folders of every group that may limit a resource: a limit of an outer one holds inside."""
        try:
            lines = self.process.read_text().splitlines()
        except OSError:  # not Linux
            return
        for line in lines:
            controllers, _, place = line.partition(":")[2].partition(":")
            if controllers and controller not in controllers.split(","):
                continue
            root = self.mount / controller if controllers else self.mount
            inside = PurePosixPath(place.lstrip("/"))
            yield from (root / group for group in (inside, *inside.parents))


def processors(groups: ControlGroups = ControlGroups()) -> int:
    """Return how many threads have a processor of their own: affinity and control group, whichever is less."""
    affinity = getattr(os, "sched_getaffinity", None)
    allowed = len(affinity(0)) if affinity is not None else os.cpu_count() or 1
    return max(1, ceil(min(float(allowed), groups.processors())))


def memory(groups: ControlGroups = ControlGroups()) -> float:
    """Return the bytes that this process may hold: of machine, control group, and what is left of the address space."""
    return min(_physical(), groups.memory(), _address_space())


def _physical() -> float:
    """Return the bytes of the machine; infinity where the system does not say."""
    names = getattr(os, "sysconf_names", {})
    if "SC_PAGE_SIZE" not in names or "SC_PHYS_PAGES" not in names:
        return inf
    return float(os.sysconf("SC_PAGE_SIZE")) * os.sysconf("SC_PHYS_PAGES")


def _address_space() -> float:
    """Return the bytes that the limit of the address space (``ulimit -v``) leaves; infinity without one."""
    try:
        import resource
    except ImportError:  # Windows
        return inf
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return inf
    pages = _numbers(_words(Path("/proc/self/statm"))[:1], 1)[0]
    taken = pages * os.sysconf("SC_PAGE_SIZE") if pages < inf else 0.0
    return max(0.0, limit - taken)


def _words(file: Path) -> list[str]:
    try:
        return file.read_text().split()
    except OSError:
        return []


def _numbers(words: list[str], count: int) -> list[float]:
    """Return so many numbers; infinity for ``max`` and for those that are missing."""
    return [float(word) if word.lstrip("-").isdigit() else inf for word in words[:count]] + [inf] * (count - len(words))
