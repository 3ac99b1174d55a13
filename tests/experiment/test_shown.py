"""An experiment in a notebook: what was given, escaped."""

from __future__ import annotations

import synthetic


def test_an_experiment_shows_what_was_given() -> None:
    name = "<b>Li</b> & co"
    experiment = synthetic.measured().experiment
    shown = experiment.model_copy(update={"cell": experiment.cell.model_copy(update={"name": name})})._repr_html_()
    assert "<b>" not in shown
    assert ">&lt;b&gt;Li&lt;/b&gt; &amp; co</td>" in shown
    assert ">electrolyte.temperature_K</th>" in shown
    assert "313.15" in shown
    assert "count" not in shown  # a default
