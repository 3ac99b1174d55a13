"""How many Monte Carlo replicates can be asked for. No science is imported: the command line looks here, too."""

from __future__ import annotations

from iondrift.errors import ConfigurationError
from iondrift.resources import memory

FEWEST = 40  # quantiles of fewer say nothing
MOST = 1_000_000
FIRST = 1000  # of samples="auto", doubled from there
MOST_AUTOMATIC = 64_000
_SHARE = 0.8  # of the memory of this process that replicates may take


def require_memory(samples: int, per_replicate: float, group: int) -> None:
    """Refuse replicates that machine, control group or limit cannot hold, before they take the memory away.

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
    granted = memory()
    needed = -(-samples // group) * group * per_replicate
    if needed > _SHARE * granted:
        most = int(_SHARE * granted / (per_replicate * group)) * group
        raise ConfigurationError(
            f"samples: {samples} replicates of this series need {needed / 1e9:.2g} GB of the {granted / 1e9:.2g} GB "
            f"that this process may hold; take at most {most}"
        )
