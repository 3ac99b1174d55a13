"""How many Monte Carlo replicates can be asked for. No science is imported: the command line looks here, too."""

from __future__ import annotations

import os

from iondrift.errors import ConfigurationError

FEWEST = 40  # quantiles of fewer say nothing
MOST = 1_000_000
FIRST = 1000  # of samples="auto", doubled from there
MOST_AUTOMATIC = 64_000
_SHARE = 0.8  # of the machine's memory that replicates may take


def require_memory(samples: int, per_replicate: float, group: int) -> None:
    """Refuse replicates that the machine cannot hold, before they take its memory away.

    Parameters
    ----------
    samples
        How many.
    per_replicate
        Bytes that one takes.
    group
        How many are drawn at once: room is needed for whole groups.

    Raises
    ------
    ConfigurationError
        They do not fit; the message says how many do.
    """
    machine = _memory()
    needed = -(-samples // group) * group * per_replicate
    if needed > _SHARE * machine:
        raise ConfigurationError(
            f"samples: {samples} replicates of this series need {needed / 1e9:.2g} GB of the machine's "
            f"{machine / 1e9:.2g} GB; take at most {int(_SHARE * machine / (per_replicate * group)) * group}"
        )


def _memory() -> float:
    """Return the bytes of the machine; infinity where the system does not say."""
    names = getattr(os, "sysconf_names", {})
    if "SC_PAGE_SIZE" not in names or "SC_PHYS_PAGES" not in names:
        return float("inf")
    return float(os.sysconf("SC_PAGE_SIZE")) * os.sysconf("SC_PHYS_PAGES")
