"""``iondrift import``: what lies in a folder of data sets, at 80 columns."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

import topspin_sets as sets
from iondrift.cli.app import app
from iondrift.errors import ConfigurationError
from iondrift.experiment.file.schema import load


def run(*arguments):
    return CliRunner().invoke(app, ["import", *map(str, arguments)], catch_exceptions=False, env={"COLUMNS": "80"})


def test_every_data_set_is_listed_with_what_is_wrong(tmp_path):
    sets.single(tmp_path / "1", pulse_program="diffprof")
    sets.rows(tmp_path / "2", done=5)
    (sets.single(tmp_path / "3", nucleus="7Li") / "fid").unlink()
    result = run(tmp_path, "--list")
    assert result.exit_code == 0
    assert "Data sets: 1 profile, 1 diffusion, 1 spectrum" in result.stdout
    assert "! 2: stopped: 5 of 8 rows were acquired" in result.stdout
    assert "! 3: fid: the raw data are missing" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_the_skeleton_names_the_profiles_and_what_to_fill_in(tmp_path):
    for number in (3, 4, 5, 9):
        sets.single(tmp_path / str(number), pulse_program="diffprof", started=sets.later(9 * number))
    (sets.single(tmp_path / "7", pulse_program="diffprof") / "fid").unlink()
    (tmp_path / "log.txt").write_text("0 0.1\n1 0.2\n2 0.3\n")
    assert "experiment.toml" not in run(tmp_path, "--list").stdout
    result = run(tmp_path)
    assert "experiment.toml written; fill in what is marked" in result.stdout
    path = tmp_path / "experiment.toml"
    with pytest.raises(ConfigurationError, match=r"profiles\.topspin\.gradient_T_per_m"):
        load(path)
    sets.edit(path, ("# gradient_T_per_m", "gradient_T_per_m"), ("# reverse = false ", "reverse = true "))
    told = load(path).profiles
    assert told.topspin.expnos == "3-5,9"
    assert told.reverse
    assert "is there already; --force replaces it" in run(tmp_path).stdout
    assert load(path).profiles.reverse
    assert "experiment.toml written" in run(tmp_path, "--force").stdout


@pytest.mark.parametrize(("name", "said"), [("none", "no such folder"), (".", "holds no TopSpin data set")])
def test_a_folder_without_data_sets_is_one_error(tmp_path, name, said):
    result = run(tmp_path / name)
    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")
    assert said in result.stderr
