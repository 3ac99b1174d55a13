"""Agreement of odd and even profiles of a measured cell within their bands.

    python bench/split_half.py experiment.toml

Each half is reconstructed by itself, with the reference they share; bands hold profile noise alone. Printed for every
closure: cells in which the 95 % bands overlap, and in which the difference lies within the two half-widths added in
quadrature (95 and 68 %).
"""

from __future__ import annotations

import sys

import numpy as np
import xarray as xr

import iondrift
from iondrift.drift.bands.uncertainties import Uncertainties
from iondrift.experiment.pipeline import measure
from iondrift.experiment.results import Measured

LEVELS = (0.025, 0.16, 0.5, 0.84, 0.975)


def half(measured: Measured, closure: str, kept: np.ndarray) -> xr.DataArray:
    """Return bands of v from the profiles ``kept``."""
    settings = measured.experiment
    current, storage = measured.current_density, measured.electrode_storage
    return iondrift.drift_bands(
        measured.concentration.isel(time=kept),
        measured.voltage.isel(time=kept),
        measured.diffusivity,
        temperature=settings.electrolyte.temperature_K,
        closure=closure,
        uncertainties=Uncertainties.none(),
        samples=2000,
        quantiles=LEVELS,
        variables_wanted=("drift_velocity",),
        current_density=None if current is None else current.isel(time=kept),
        transference_number=settings.electrolyte.transference_number,
        voltage_offset=settings.reconstruction.voltage_offset_V,
        electrode_storage=None if storage is None else storage.isel(time=kept),
        breaks=measured.breaks,
        reference_profiles=len(measured.calibration.reference) or None,
        reference_index=measured.reference_index,
    )["drift_velocity"]


def main(path: str) -> None:
    """Print agreement for every closure."""
    measured = measure(iondrift.load(path))
    time = measured.concentration["time"].values
    for closure in ("voltage", "blocking", "current"):
        # The first profile, where it is the reference, belongs to both.
        odd, even = (
            half(measured, closure, np.unique([0, *range(start, time.size, 2)])).interp(time=time[2:-1]).values
            for start in (1, 2)
        )
        difference = np.abs(odd[2] - even[2])
        wide = np.hypot(odd[4] - odd[0], even[4] - even[0]) / 2.0
        narrow = np.hypot(odd[3] - odd[1], even[3] - even[1]) / 2.0
        overlap = np.mean((odd[0] < even[4]) & (even[0] < odd[4]))
        print(
            f"{closure:9s} 95 % bands overlap in {100 * overlap:.1f} % of cells; difference within the combined band: "
            f"95 %: {100 * np.mean(difference < wide):.1f} %, 68 %: {100 * np.mean(difference < narrow):.1f} %"
        )


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
