"""From folders of diffusion experiments to D and D(c)."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

import iondrift
import topspin_sets as sets
from iondrift.cli.app import app
from iondrift.errors import ConfigurationError, InputFileError, IondriftWarning
from iondrift.experiment.diffusion import measure_diffusion
from iondrift.nmr.options import DiffusionOptions
from iondrift.readers.bruker.options import GradientOptions
from iondrift.runs.topspin_diffusion import write_bipolar, write_diff_xml

D = 1.3e-11
RAMP = np.random.default_rng(0).permutation(np.linspace(0.05, 1.0, 12))


def write(folder, *, writer=write_bipolar, diffusivity=D, noise=1e-9, seed=0, **options):
    writer(
        folder, acquired=sets.acquired(), diffusivity=diffusivity, ramp=RAMP, noise=noise, seed=seed,
        **({"pulse": 4e-3, "diffusion_time": 1.0} if writer is write_bipolar else {}), **options,
    )  # fmt: skip
    return folder


@pytest.mark.parametrize("options", [{}, {"percent": True}, {"planned": 16}])
def test_d_comes_back_whatever_order_and_unit(tmp_path, options):
    """Faults 24 and 25: the shape factor once, gradients at random, rows that were not acquired."""
    found = measure_diffusion(write(tmp_path / "1", **options))
    assert found.fit.coefficients == pytest.approx([D], rel=1e-6)
    assert found.b.size == 12
    assert "shape factor 0.9" in found.notes[1]


def test_diff_xml_has_its_own_b_and_the_waveform_on_request(tmp_path):
    folder = write(tmp_path / "1", writer=write_diff_xml, diffusivity=1.3e-12)
    assert measure_diffusion(folder).fit.coefficients[0] == pytest.approx(1.3e-12 * 0.9964, rel=3e-4)
    played = measure_diffusion(folder, gradients=GradientOptions(waveform=True))
    assert played.fit.coefficients == pytest.approx([1.3e-12], rel=1e-6)


@pytest.mark.parametrize("gone", ["gradient_calib", "Difframp"])
def test_what_the_files_leave_open_is_asked_for(tmp_path, gone):
    folder = write(tmp_path / "1")
    (folder / gone).unlink()
    with pytest.raises(InputFileError, match="difflist: nothing decides its unit") as told:
        measure_diffusion(folder)
    assert 'gradient_unit="G/cm"' in str(told.value)
    stated = GradientOptions(gradient_unit="G/cm", shape_included=True)
    assert measure_diffusion(folder, gradients=stated).fit.coefficients == pytest.approx([D], rel=1e-6)
    twice = GradientOptions(gradient_unit="G/cm", shape_included=False)
    assert measure_diffusion(folder, gradients=twice).fit.coefficients == pytest.approx([D / 0.81], rel=1e-5)


def test_a_list_of_another_length_is_refused(tmp_path):
    """Fault 15."""
    folder = write(tmp_path / "1")
    sets.edit(folder / "difflist", ("\n", "\n1.0\n"))
    with pytest.raises(InputFileError, match=r"has \d+ entries for 12 rows"):
        measure_diffusion(folder)


def test_an_unknown_sequence_and_an_empty_region_are_refused(tmp_path):
    folder = write(tmp_path / "1")
    sets.set_parameter(folder / "acqus", "PULPROG", "<mine>")
    with pytest.raises(ConfigurationError, match="the pulse program mine tells no kind of sequence"):
        measure_diffusion(folder)
    known = DiffusionOptions(sequence="bipolar")
    assert measure_diffusion(folder, options=known).fit.coefficients == pytest.approx([D], rel=1e-6)
    with pytest.raises(ConfigurationError, match=r"region= 5000 to 5001 ppm holds 0 points"):
        measure_diffusion(folder, options=replace(known, region=(5000.0, 5001.0)))


def test_a_line_out_of_phase_is_told_and_an_unphased_one_phased(tmp_path):
    folder = write(tmp_path / "1")
    sets.set_parameter(folder / "pdata" / "1" / "procs", "PHC0", "40")
    with pytest.warns(IondriftWarning, match="degrees out of phase"):
        measure_diffusion(folder)
    (folder / "pdata" / "1" / "procs").unlink()
    assert measure_diffusion(folder).fit.coefficients == pytest.approx([D], rel=1e-5)


def test_an_ordinary_fid_is_no_diffusion_experiment(tmp_path):
    with pytest.raises(InputFileError, match="is no series of rows"):
        measure_diffusion(sets.single(tmp_path / "1"))


@pytest.mark.parametrize(("stored", "value", "error"), [(False, 1.328e-10, 0.059e-10), (True, 1.333e-10, 0.055e-10)])
def test_the_measured_set_gives_its_known_d(measurements, stored, value, error):
    options = DiffusionOptions(region=(7.8, 8.6), stored=stored)
    found = measure_diffusion(measurements / "bruker" / "pfg-xste", options=options)
    assert found.fit.coefficients == pytest.approx([value], rel=5e-4)
    assert found.fit.standard_errors == pytest.approx([error], rel=0.01)
    if not stored:
        assert found.integrals == pytest.approx(
            [1, 0.89999, 0.73919, 0.56152, 0.31315, 0.17491, 0.07603, 0.07909], abs=6e-6
        )


def run(*arguments):
    return CliRunner().invoke(app, ["diffusion", *map(str, arguments)], catch_exceptions=False, env={"COLUMNS": "80"})


def test_a_series_gives_a_section_for_the_experiment_file(tmp_path):
    c = np.array([0.4, 0.8, 1.2, 1.6, 2.0])
    folders = [
        write(tmp_path / str(k + 1), diffusivity=2e-11 * np.exp(-0.8 * (value / 1.2 - 1.0)), noise=0.02, seed=k)
        for k, value in enumerate(c)
    ]
    out = tmp_path / "out"
    result = run(
        *folders, "--concentrations", ",".join(map(str, c)), "--form", "exponential", "--out", out, "--figures", "all"
    )
    assert result.exit_code == 0, result.output
    stored = iondrift.open_results(out)
    assert stored.diffusivity_band.dims == ("quantile", "concentration")
    assert (stored.diffusion_coefficient_band[0] < stored.diffusion_coefficient).all()
    assert max(map(len, result.stdout.splitlines()[:-1])) <= 80 or "covariance" in result.stdout
    summary = json.loads((out / "summary.json").read_text())
    section = tomllib.loads(summary["diffusivity"]["section"])["diffusivity"]
    assert section["diffusion_coefficient_m2_per_s"] == pytest.approx(2e-11, rel=0.05)
    assert section["decay"] == pytest.approx(0.8, abs=0.1)
    assert {entry.name for entry in (out / "figures").iterdir()} == {
        "decays.png", "decays.svg", "diffusivity.png", "diffusivity.svg",
    }  # fmt: skip


def test_concentrations_that_do_not_fit_are_one_error(tmp_path):
    folder = write(tmp_path / "1")
    result = run(folder, "--concentrations", "0.4,0.8", "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "--concentrations: 2 given for 1 data sets" in result.stderr
    assert run(folder, "--concentrations", "a").exit_code == 2
