"""The inverse model on the measured Li||Li cell, against a prototype that shares no code with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from iondrift.cli.app import app
from li_li_cell import EXPERIMENT


@pytest.fixture(scope="module")
def forms(measurements: Path, tmp_path_factory: pytest.TempPathFactory) -> dict:
    folder = tmp_path_factory.mktemp("li-li")
    text = EXPERIMENT.format(folder=(measurements / "thienenkamp-li-li").as_posix())
    (folder / "cell.toml").write_text(text + "\n[transport_fit]\ngap_uncertainty_um = 20.0\n")
    result = CliRunner().invoke(
        app, ["fit", str(folder / "cell.toml"), "--out", str(folder / "out"), "--json", "--no-progress"],
        catch_exceptions=False,
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.parametrize(
    ("form", "D", "t", "chi"), [("constant", 0.88, 0.478, 1.115), ("exponential", 0.84, 0.515, 1.077)]
)
def test_parameters_are_within_the_bands_of_the_prototype(
    forms: dict, form: str, D: float, t: float, chi: float
) -> None:
    found = forms["forms"][form]
    assert found["parameters"]["salt_diffusion_coefficient"]["value"] == pytest.approx(D, rel=0.15)
    assert found["parameters"]["anion_transference"]["value"] == pytest.approx(t, abs=0.03)
    assert found["consistency"]["chi_squared"]["value"] == pytest.approx(chi, abs=0.04)
    assert abs(found["consistency"]["lag_x"]["value"]) < 0.06
    assert abs(found["consistency"]["lag_time"]["value"]) < 0.08


def test_the_exponential_is_preferred_at_the_wall_and_the_forms_disagree(forms: dict) -> None:
    found = forms["forms"]
    assert found["constant"]["log_evidence_below_best"] == pytest.approx(-20.0, abs=4.0)
    assert found["exponential"]["parameters"]["diffusivity_slope"]["value"] == pytest.approx(5.7, abs=0.5)
    words = " ".join(forms["warnings"])
    assert "leans on c > 0" in words
    assert "the forms of D(c) disagree on v" in words


def test_halves_and_net_velocities(forms: dict) -> None:
    found = forms["forms"]
    halves = found["constant"]["halves"]
    assert halves["plating"]["transference"]["value"] == pytest.approx(0.41, abs=0.06)
    assert halves["counter"]["transference"]["value"] == pytest.approx(0.50, abs=0.06)
    assert found["constant"]["net_anion_velocity"]["x0"]["value"] == pytest.approx(0.2, abs=0.06)
    assert found["exponential"]["net_anion_velocity"]["x0"]["value"] == pytest.approx(0.5, abs=0.15)
