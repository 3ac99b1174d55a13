"""The experiment file: validated as a whole, every mistake with its key and its remedy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from iondrift.errors import ConfigurationError
from iondrift.experiment.file.schema import Experiment, load
from iondrift.experiment.file.template import template
from iondrift.experiment.measure import diffusivity
from iondrift.runs.init import write_template

CONSTANT = 'kind = "constant"\ndiffusion_coefficient_m2_per_s = 1e-12'
POLYNOMIAL = 'kind = "polynomial"\nargument = "eo_li_ratio"\ncoefficients_m2_per_s = [1]\n'
TABLE = 'kind = "table"\nconcentration_mol_per_L = [1, 2]\ndiffusion_coefficient_m2_per_s = '

MINIMAL = f"""
[cell]
name = "a"
[profiles]
files = "p/*.txt"
[log]
file = "log.txt"
[electrolyte]
concentration_mol_per_L = 1.6
temperature_K = 313.15
[diffusivity]
{CONSTANT}
"""


def _load(folder: Path, text: str) -> Experiment:
    (folder / "cell.toml").write_text(text, encoding="utf-8")
    return load(folder / "cell.toml")


def _mistakes(folder: Path, text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        _load(folder, text)
    return str(caught.value)


def test_paths_start_from_the_folder_of_the_file(tmp_path: Path) -> None:
    experiment = _load(tmp_path, MINIMAL)
    assert experiment.profiles.files == (str(tmp_path / "p/*.txt"),)
    assert experiment.log.file == str(tmp_path / "log.txt")
    assert experiment.source == tmp_path / "cell.toml"


def test_defaults_are_those_of_the_documentation(tmp_path: Path) -> None:
    experiment = _load(tmp_path, MINIMAL)
    assert experiment.reconstruction.closure == "voltage"
    assert experiment.reconstruction.smoothing == "pspline"
    assert experiment.reconstruction.voltage_offset_V is None  # the ledger asks the log
    assert experiment.profiles.reference == "open-circuit"


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    assert _load(tmp_path, "\ufeff" + MINIMAL).cell.name == "a"


@pytest.mark.parametrize(
    ("damage", "told", "needs"),
    [
        (("temperature_K = 313.15", "temperature_K = -5"), "electrolyte.temperature_K", "log.current_density_column"),
        (('file = "log.txt"', "file = 3"), "log.file", "electrolyte.transference_number"),
    ],
)
def test_a_section_with_a_mistake_is_not_said_to_lack_what_a_closure_needs(
    tmp_path: Path, damage: tuple[str, str], told: str, needs: str
) -> None:
    """What it holds is not known before its mistake is mended; what the other section lacks is."""
    text = MINIMAL.replace(*damage) + '[reconstruction]\nclosure = "current"\n'
    message = _mistakes(tmp_path, text)
    assert told in message
    assert f"closure 'current' needs {needs}" in message
    assert " and " not in message.partition("needs ")[2]


def test_all_mistakes_come_at_once(tmp_path: Path) -> None:
    message = _mistakes(
        tmp_path,
        """
[cell]
[profiles]
files = ["a", 2]
field_of_view = 4
interval_s = inf
duration_s = "444"
reference = [0]
count = 2.0
gaps = "kep"
reverse = 1
[log]
time_column = true
voltage_column = 0
[electrolytes]
[electrolyte]
concentration_mol_per_L = -1
temperature_K = 40
[diffusivity]
kind = "polynomial"
coefficients = [1]
argument = "eo"
[reconstruction]
closure = "volts"
""",
    )
    for expected in (
        "19 mistakes",
        "cell.name: is missing (name of the cell, for reports)",
        "profiles.files[2]: found 2; should be text in quotes",
        "profiles.field_of_view: unknown key; did you mean 'field_of_view_mm'?",
        "profiles.interval_s: found inf; should be a finite number",
        "profiles.duration_s: found '444'; should be a number (without quotes)",
        "profiles.reference[1]: found 0; should be greater than or equal to 1",
        "profiles.count: found 2.0; should be a whole number",
        "profiles.gaps: found 'kep'; allowed: 'close' or 'keep'; did you mean 'keep'?",
        "profiles.reverse: found 1; should be true or false",
        "log.file: is missing",
        "log.time_column: found true; should be a whole number or text in quotes",
        "log.voltage_column: found 0; columns are counted from 1",
        "electrolytes: unknown key; did you mean 'electrolyte'?",
        "electrolyte.concentration_mol_per_L: found -1; should be greater than 0",
        "electrolyte.temperature_K: found 40; should be greater than or equal to 150 (temperature, in k",
        "diffusivity.coefficients: unknown key; did you mean 'coefficients_m2_per_s'?",
        "diffusivity.argument: found 'eo'; allowed: 'eo_li_ratio'",
        "reconstruction.closure: found 'volts'; allowed: 'voltage', 'blocking', 'current' or 'concentrated'",
    ):
        assert expected in message.replace("19 mistakes", "19 mistakes")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"constant"', '"const"', "diffusivity.kind: found 'const'; allowed: 'constant'"),
        ('kind = "constant"', "", "diffusivity.kind: is missing; allowed: 'constant'"),
        ('[cell]\nname = "a"', "cell = 3", "cell: found 3; should be a section of its own"),
        ("1e-12", "0.0", "diffusion_coefficient_m2_per_s: found 0.0; should be greater than 0"),
        (
            "[log]",
            "interval_s = 5\nduration_s = 6\n[log]",
            "duration_s: found 6; must not exceed interval_s = 5",
        ),
        (
            "[log]",
            "reference = []\n[log]",
            "reference: should be 'open-circuit' or 'first' or should have at least 1 item",
        ),
        ("[log]", "reference = 'frist'\n[log]", "'open-circuit' or 'first'"),
        ('"p/*.txt"', "[]", "profiles.files: should have at least 1 item"),
        ("[electrolyte]", "current_density_unit = 'mA'\n[electrolyte]", "a current needs electrode_area_cm2"),
        (
            "[electrolyte]",
            "electrode_area_cm2 = 2\ncurrent_density_unit = 'mA/cm2'\n[electrolyte]",
            "the unit is 'A', 'mA' or 'uA'",
        ),
        (
            "[electrolyte]",
            '[reconstruction]\nclosure = "current"\n[electrolyte]',
            "closure 'current' needs log.current_density_column and electrolyte.transference_number",
        ),
        (
            CONSTANT,
            TABLE.replace("2", "1", 1) + "[1e-12, 1e-12]",
            "concentration_mol_per_L: concentrations must increase",
        ),
        (
            CONSTANT,
            TABLE + "[1e-12, 1e-12, 1e-12]",
            "needs as many entries as concentration_mol_per_L has (2)",
        ),
        (
            CONSTANT,
            POLYNOMIAL + "valid_range = [9, 1]",
            "from a lower to a higher value",
        ),
        (
            CONSTANT,
            POLYNOMIAL + 'outside = "hold"',
            "'hold' needs valid_range",
        ),
        (CONSTANT, POLYNOMIAL + "standard_errors = [1, 2]", "standard_errors has 2 numbers for 1 parameters"),
        (CONSTANT, POLYNOMIAL + "standard_errors = [-1]", "standard_errors[1]: found -1; should be greater than or eq"),
        (CONSTANT, POLYNOMIAL + "covariance = [[1, 0]]", "covariance must be 1 lists of 1 numbers, one a parameter"),
        (CONSTANT, POLYNOMIAL + "covariance = [1]", "covariance[1]: found 1; should be a list"),
        (CONSTANT, POLYNOMIAL + "covariance = [[-1]]", "no negative variance on its diagonal"),
        (CONSTANT, TABLE + "[1e-12, 1e-12]\ncovariance = [[1, 0.5], [0.4, 1]]", "must be symmetric"),
        (CONSTANT, TABLE + "[1e-12, 1e-12]\ncovariance = [[1, 2], [2, 1]]", "not positive semidefinite"),
        (CONSTANT, POLYNOMIAL + "covariance = [[1]]\nstandard_errors = [1]", "either covariance or standard_errors"),
        (CONSTANT, CONSTANT + "\ncovariance = [[1]]", "diffusivity.covariance: unknown key"),
    ],
)
def test_each_mistake_names_its_key(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in MINIMAL
    message = _mistakes(tmp_path, MINIMAL.replace(old, new))
    assert expected in message
    assert "cell.toml" in message


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        (POLYNOMIAL + "covariance = [[4e-26]]", [[4e-26]]),
        (POLYNOMIAL + "standard_errors = [2e-13]", [[4e-26]]),
        (TABLE + "[1e-12, 1e-12]\nstandard_errors = [2e-13, 0]", [[4e-26, 0.0], [0.0, 0.0]]),
        (
            'kind = "exponential"\ndiffusion_coefficient_m2_per_s = 1e-12\ndecay = 0.5\n'
            "reference_concentration_mol_per_L = 1.6\ncovariance = [[4e-26, 1e-14], [1e-14, 0.01]]",
            [[4e-26, 1e-14], [1e-14, 0.01]],
        ),
        (POLYNOMIAL, None),
    ],
)
def test_the_covariance_of_the_parameters_reaches_the_diffusivity(
    tmp_path: Path, section: str, expected: list[list[float]] | None
) -> None:
    made = diffusivity(_load(tmp_path, MINIMAL.replace(CONSTANT, section)))
    if expected is None:
        assert made.covariance is None
    else:
        np.testing.assert_allclose(made.covariance, expected, rtol=1e-14)


def test_broken_toml_names_the_line(tmp_path: Path) -> None:
    assert "not valid TOML: Invalid value (at line 3" in _mistakes(tmp_path, "[cell]\n\nname = \n")


def test_a_file_that_is_not_text_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "cell.toml").write_bytes(b"\x89PNG\xff")
    with pytest.raises(ConfigurationError, match="not a text file in UTF-8"):
        load(tmp_path / "cell.toml")


def test_a_missing_file_and_a_folder_are_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such file; 'iondrift init' writes one"):
        load(tmp_path / "none.toml")
    with pytest.raises(ConfigurationError, match="is a folder"):
        load(tmp_path)


def test_options_replace_those_of_the_file(tmp_path: Path) -> None:
    experiment = _load(tmp_path, MINIMAL)
    changed = experiment.with_options(closure="blocking", smoothing="none")
    assert (changed.reconstruction.closure, changed.reconstruction.smoothing) == ("blocking", "none")
    assert experiment.reconstruction.closure == "voltage"
    assert changed.source == experiment.source
    with pytest.raises(ConfigurationError, match=r"needs log\.current_density_column and electrolyte\.trans"):
        experiment.with_options(closure="current")


def test_the_template_is_itself_valid(tmp_path: Path) -> None:
    experiment = load(write_template(tmp_path))
    assert experiment.profiles.files == (str(tmp_path / "profiles/*.txt"),)
    assert experiment.reconstruction.closure == "voltage"


def test_every_optional_line_of_the_template_is_valid(tmp_path: Path) -> None:
    """Uncommenting what is commented out gives a file that still validates: no option is misspelt."""
    lines = [
        line.removeprefix("# ") if line.startswith("# ") and " = " in line.split("#")[1].split("  ")[0] else line
        for line in template(tmp_path).splitlines()
    ]
    uncommented = "\n".join(lines)
    for key in (
        "plating_electrode",
        "count",
        "zero_filling",
        "time_unit",
        "outside",
        "standard_errors",
        "polynomial_order_t",
    ):
        assert f"\n{key} = " in uncommented
    assert _load(tmp_path, uncommented).profiles.count == 46


def test_the_template_finds_profiles_and_log(tmp_path: Path) -> None:
    folder = tmp_path / "scans"
    folder.mkdir()
    for k in range(3):
        (folder / f"p({k:03d}).txt").write_text("# File\n# LEFT = 1 ppm. RIGHT = 0 ppm.\n# SIZE = 2\n1\n2\n")
    (tmp_path / "notes.txt").write_text("Monday 3 profiles\nTuesday 5 more\n")
    (tmp_path / "polarisation.csv").write_text("t;U\n0,5;1,2\n0,6;1,3\n0,7;1,4\n")
    experiment = load(write_template(tmp_path))
    assert experiment.profiles.files == (str(folder / "*.txt"),)
    assert experiment.log.file == str(tmp_path / "polarisation.csv")
    assert experiment.log.current_density_column is None


def test_the_template_takes_a_third_column_for_the_current(tmp_path: Path) -> None:
    """A log as the paper's: hours, volts and mA cm-2 under no header."""
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "p(001).txt").write_text("# LEFT = 1 ppm. RIGHT = 0 ppm.\n# SIZE = 2\n1\n2\n")
    (tmp_path / "polarisation.txt").write_text("".join(f"{k / 180:.4f}\t{0.1 + k / 100:.4f}\t0.1\n" for k in range(9)))
    text = template(tmp_path)
    assert 'files = "profiles/*.txt"\n' in text
    assert 'file = "polarisation.txt"\n' in text
    assert "\ncurrent_density_column = 3" in text


def test_the_template_takes_no_log_of_another_kind_of_file(tmp_path: Path) -> None:
    for name in ("a.md", "b.mpr", "polarisation.csv"):
        (tmp_path / name).write_text("0.5,1.2\n0.6,1.3\n0.7,1.4\n")
    assert 'file = "polarisation.csv"\n' in template(tmp_path)


def test_the_template_does_not_overwrite(tmp_path: Path) -> None:
    write_template(tmp_path).write_text("mine")
    with pytest.raises(ConfigurationError, match="--force replaces it"):
        write_template(tmp_path)
    assert (tmp_path / "experiment.toml").read_text() == "mine"
    write_template(tmp_path, force=True)
    with pytest.raises(ConfigurationError, match="no such folder"):
        write_template(tmp_path / "none")


def test_the_template_knows_the_real_folder(measurements: Path) -> None:
    text = template(measurements / "thienenkamp-li-li")
    assert 'files = "profiles/*.txt"\n' in text
    assert 'file = "polarisation.txt"\n' in text
    assert "\ncurrent_density_column = 3" in text


def test_uncertainties_are_validated_like_the_rest(tmp_path: Path) -> None:
    section = "[uncertainty]\ntemperature_K = -1\nconcentration_relative = 3\nvoltage_ofset_V = 0.1\n"
    message = _mistakes(tmp_path, MINIMAL + section)
    assert "uncertainty.temperature_K: found -1; should be greater than or equal to 0 (temperature)" in message
    assert "uncertainty.concentration_relative: found 3; should be less than 1" in message
    assert "did you mean 'voltage_offset_V'?" in message


def test_uncertainties_given_are_kept_and_the_others_left_open(tmp_path: Path) -> None:
    given = _load(tmp_path, MINIMAL + "[uncertainty]\nclock_offset_s = 0.0\n").uncertainty
    assert given.model_dump(exclude_none=True) == {"clock_offset_s": 0.0}


def test_uncertainty_keys_are_those_of_the_error_model() -> None:
    from dataclasses import fields

    from iondrift.drift.bands.uncertainties import Uncertainties
    from iondrift.experiment.file.schema import Uncertainty

    assert list(Uncertainty.model_fields) == [entry.name for entry in fields(Uncertainties)]


def test_the_template_states_the_defaults_of_the_error_model(tmp_path: Path) -> None:
    import re
    from dataclasses import fields

    from iondrift.drift.bands.uncertainties import DIFFUSIVITY_DEFAULT, Uncertainties

    section = template(tmp_path).partition("[uncertainty]")[2]
    stated = {name: float(value) for name, value in re.findall(r"# (\w+) = ([\d.]+)", section)}
    defaults = {entry.name: entry.default for entry in fields(Uncertainties)}
    of_functions = dict.fromkeys(("diffusivity_relative", "solution_relative"), DIFFUSIVITY_DEFAULT)
    assert stated == defaults | of_functions
