"""Frames and t-* in the report, and the draws that their bands come from."""

from __future__ import annotations

import dataclasses

import numpy as np

import iondrift
import synthetic
from iondrift.drift.frames import Diagnostic
from iondrift.drift.smoothing.draws import draw_profiles
from iondrift.drift.smoothing.penalised_splines import Penalties, smooth
from iondrift.experiment.frames import frames_of
from iondrift.experiment.results import CellFrames
from iondrift.report.console import cell as console
from iondrift.report.summary import cell as summary

UM_PER_H = 1.0 / 3.6e9


def printed(frames: CellFrames | None) -> str:
    built = summary.build(dataclasses.replace(synthetic.banded(), frames=frames))
    return " ".join(console.to_text(built, width=100).split())


def made(frame: float = -280.0) -> CellFrames:
    spread = np.linspace(-1.0, 1.0, 201)
    values = {
        "kinematic": 2.0 * UM_PER_H, "net_mean": 4.0 * UM_PER_H, "least_flux": 4.1 * UM_PER_H, "net_spread": 0.25,
        "geometric": 0.116 * UM_PER_H, "agreeing_transference": 0.67,
    }  # fmt: skip
    draws = {name: value * (1.0 + 0.1 * spread) for name, value in values.items() if name != "geometric"}
    numbers = (frame * UM_PER_H, -256.0 * UM_PER_H, 1e-8, 1e-9, 0.11 if np.isfinite(frame) else 0.02)
    return CellFrames(values=values, draws=draws, diagnostic=Diagnostic(*map(np.asarray, numbers)))


def test_the_report_says_where_closures_agree_and_that_it_proves_nothing() -> None:
    text = printed(made())
    assert "t-* 0.67 +- 0.05: closures agree best there; it proves no t-" in text
    assert "front u_k 2.00 +- 0.14 um/h" in text
    assert "-280 um/h, a diagnostic of closure voltage and no front: a uniform J alone would give -256" in text
    assert "u_f refused: rms(h) 0.02" in printed(made(np.nan))
    without = printed(None)
    assert "t-*" not in without
    assert "Frames" not in without


def test_draws_are_those_of_the_bands_where_penalties_are_known() -> None:
    cell = synthetic.measured()
    series = smooth(cell.concentration, noise=cell.noise, penalties=Penalties(space=1e-7, time=1e-3))
    chosen = np.array([10, 45])
    c, gradient, integrated = draw_profiles(series, chosen, 2000, 0)
    for drawn, expected in zip((c, gradient, integrated), series.evaluate(), strict=True):
        noise = drawn.std(axis=0)
        assert (np.abs(drawn.mean(axis=0) - expected[chosen]) < 0.15 * noise + 1e-12).all()
    model = iondrift.Uncertainties.none()
    bands = iondrift.drift_bands(
        cell.concentration, cell.voltage, cell.diffusivity, temperature=313.15, closure="blocking", series=series,
        uncertainties=model, samples=2000, quantiles=(0.16, 0.84),
    )  # fmt: skip
    half = (bands.concentration[1] - bands.concentration[0]).values[chosen] / 2.0
    np.testing.assert_allclose(c.std(axis=0), half / 0.9945, rtol=0.12)


def test_frames_of_a_cell_have_draws_about_their_values() -> None:
    analysis = synthetic.analysis()
    model = iondrift.Uncertainties()
    found = frames_of(analysis.measured, synthetic._series(), analysis.closures, model, seed=0)
    assert found is not None
    assert {"kinematic", "net_mean", "geometric", "agreeing_transference"} <= set(found.values)
    for name, draws in found.draws.items():
        assert np.isfinite(draws).all(), name
    again = frames_of(analysis.measured, synthetic._series(), analysis.closures, model, seed=0)
    assert again is not None
    np.testing.assert_array_equal(again.draws["kinematic"], found.draws["kinematic"])
    assert frames_of(analysis.measured, None, analysis.closures, model, seed=0) is None
