"""What was read in closed form, for the summary."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from iondrift.experiment.results import Reading
from iondrift.report.summary.quantities import Entry, quantity

_NORMAL = np.array([-1.959964, -0.994458, 0.0, 0.994458, 1.959964])  # quantiles of the standard normal at ``LEVELS``
PRODUCT = (
    "each t- stands for t- (c0 given / c0) (electrode area given / area) (share of the current that does ionic work): "
    "3 % of c0 are 3 % of t-"
)


def readings(found: Iterable[Reading]) -> list[Entry]:
    """Return one entry a reading: what was done, what it gives with its band, and what it assumes."""
    return [
        {
            "name": reading.name,
            "symbol": reading.symbol,
            "assumes": reading.assumes,
            **quantity(
                reading.value,
                reading.unit,
                edges=None if reading.error is None else reading.value + reading.error * _NORMAL,
            ),
        }
        for reading in found
    ]
