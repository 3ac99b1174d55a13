"""The job of ``iondrift check``: what would be computed, tried with as few draws as can be."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from iondrift.drift.bands.counts import FEWEST
from iondrift.drift.bands.options import DrawOptions
from iondrift.experiment import pipeline
from iondrift.experiment.file.schema import load
from iondrift.progress import Progress, silent
from iondrift.report.summary import cell as summaries
from iondrift.runs.cost import estimate, require_room


def plan_of(file: Path, *, progress: Progress = silent) -> Mapping[str, Any]:
    """Return what was read of an experiment and what would be computed; nothing is written.

    Parameters
    ----------
    file
        An experiment file.
    progress
        Told each step as it begins.

    Raises
    ------
    IondriftError
        Whatever a run would stop at; or it would need more memory, or room on the disk, than there is.
    """
    experiment = load(file)
    draws = DrawOptions(samples=FEWEST)
    analysis = pipeline.analyse(experiment, bands=draws, progress=progress)
    profiles, points = analysis.measured.concentration.shape
    cost = estimate(profiles, points, closures=len(analysis.closures))
    require_room(cost, Path())
    plan = summaries.plan(analysis.measured.with_notes(analysis.notes))
    plan["would_compute"]["costs"] = cost.describe()
    if experiment.impedance is not None:
        from iondrift.experiment import impedance

        plan["would_compute"]["impedance"] = impedance.describe(experiment.impedance)
    if experiment.lineshape is not None:
        from iondrift.experiment import cell_data_sets

        cell_data_sets.cell_lines(experiment.lineshape, progress=progress)
        plan["would_compute"]["lines"] = cell_data_sets.describe(experiment.lineshape)
    return plan
