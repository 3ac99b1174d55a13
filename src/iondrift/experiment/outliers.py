"""Points and profiles that stand out of what was read: left out and told, unless the experiment keeps them."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np

from iondrift.errors import IondriftWarning
from iondrift.experiment.file.schema import Experiment
from iondrift.experiment.read import Series
from iondrift.nmr.outliers import Outliers, find_outliers

_TOLD = 5  # points by name


def without_outliers(experiment: Experiment, series: Series) -> Series:
    """Return the series without what stands out, see :mod:`iondrift.nmr.outliers`.

    Warns
    -----
    IondriftWarning
        Something was left out; file and point are named.
    """
    if experiment.profiles.keep_outliers:
        return series
    profiles = series.profiles
    for name in ("intensity", "concentration"):
        if name in profiles:
            found = find_outliers(profiles[name].values)
            if found.points.any() or found.profiles.any():
                warnings.warn(_told(found, profiles[name].values, series.sources), IondriftWarning, stacklevel=2)
                profiles = profiles.assign({name: profiles[name].copy(data=found.cleaned)})
    return replace(series, profiles=profiles)


def _told(found: Outliers, values: np.ndarray, sources: tuple[str, ...]) -> str:
    parts = []
    if found.profiles.any():
        names = [sources[k] for k in np.flatnonzero(found.profiles)]
        parts.append(f"{len(names)} of {len(sources)} profiles as a whole ({_some(names)})")
    if found.points.any():
        names = [
            f"{sources[k]} point {m + 1}: {values[k, m]:.4g} where {found.cleaned[k, m]:.4g} is expected"
            for k, m in np.argwhere(found.points)
        ]
        parts.append(f"{len(names)} of {values.size} points ({_some(names)})")
    return (
        f"Left out, because they stand out of noise and of the profiles around them: {' and '.join(parts)}. Look at "
        "these files; profiles.keep_outliers = true (--keep-outliers) keeps them."
    )


def _some(names: list[str]) -> str:
    more = f"; and {len(names) - _TOLD} more" if len(names) > _TOLD else ""
    return "; ".join(names[:_TOLD]) + more
