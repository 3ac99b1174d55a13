"""TopSpin text exports: order, header, and every way a file can be wrong."""

from __future__ import annotations

import re
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from iondrift.errors import InputFileError
from iondrift.readers.profiles.topspin_text import read_profiles


def export(
    values: list[float] | list[str],
    *,
    size: int | str | None = None,
    left: float = 187.76,
    right: float = -343.22,
    created: str = "Wednesday, September 7, 2022 1:30:52 PM CEST",
) -> str:
    return "\n".join(
        [
            f"# File created = {created}",
            "# Data set = cell  5  1  C:\\data",
            "# Spectral Region:",
            f"# LEFT = {left} ppm. RIGHT = {right} ppm.",
            "#",
            f"# SIZE = {len(values) if size is None else size} ( = number of points)",
            "#",
            "# In the following ordering is from the 'left' to the 'right' limits!",
            "# Lines beginning with '#' must be considered as comment lines.",
            "#",
            *map(str, values),
            "",
        ]
    )


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


@given(st.lists(st.floats(0.0, 1e300), min_size=1, max_size=40))
def test_every_magnitude_survives_the_round_trip(tmp_path_factory: pytest.TempPathFactory, values: list[float]) -> None:
    path = write(tmp_path_factory.mktemp("round"), "p(1).txt", export(values))
    assert read_profiles(path).intensity.values.tolist() == [values]


def test_header_becomes_attributes(tmp_path: Path) -> None:
    write(tmp_path, "c7(9).txt", export([1.0, 2.0], created="Wednesday, September 7, 2022 11:59:59 AM CEST"))
    write(tmp_path, "c7(10).txt", export([3.0, 4.0]))
    profiles = read_profiles(tmp_path)
    assert profiles.intensity.dims == ("profile", "point")
    assert profiles.intensity.values.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert profiles.number.values.tolist() == [9, 10]
    assert profiles.source.values.tolist() == ["c7(9).txt", "c7(10).txt"]
    assert profiles.attrs == {
        "left_ppm": 187.76,
        "right_ppm": -343.22,
        "data_set": "cell  5  1  C:\\data",
        "created_first": "2022-09-07T11:59:59",
        "created_last": "2022-09-07T13:30:52",
    }


def test_a_date_in_other_words_is_kept_as_it_is(tmp_path: Path) -> None:
    path = write(tmp_path, "p(1).txt", export([1.0], created="Freitag, 7. Oktober 2022 13:30:52 MESZ"))
    assert read_profiles(path).attrs["created_first"] == "Freitag, 7. Oktober 2022 13:30:52 MESZ"


@pytest.mark.parametrize("how", ["folder", "glob", "list", "mixed"])
def test_any_way_to_name_the_files_gives_natural_order(tmp_path: Path, how: str) -> None:
    files = [write(tmp_path, f"p({n}).txt", export([float(n)])) for n in (100, 9, 11)]
    write(tmp_path, ".hidden(5).txt", "not a profile")
    given_paths = {
        "folder": tmp_path,
        "glob": str(tmp_path / "p(*.txt"),
        "list": files,
        "mixed": [files[0], str(tmp_path / "p(9*.txt"), files[2]],
    }[how]
    assert read_profiles(given_paths).number.values.tolist() == [9, 11, 100]


def test_line_endings_encodings_and_comments_do_not_matter(tmp_path: Path) -> None:
    plain = export([1.0, 2.5e3]).replace("C:\\data", "C:\\Jäger")
    variants = [
        plain.encode("latin-1").replace(b"\n", b"\r\n"),
        plain.encode("utf-8-sig"),
        plain.encode("utf-16"),
        plain.rstrip("\n").encode(),
        plain.replace("1.0\n", "# a comment\n 1.0 \n\n").encode(),
    ]
    for k, raw in enumerate(variants):
        assert read_profiles(write(tmp_path, f"v{k}.txt", raw)).intensity.values.tolist() == [[1.0, 2500.0]]


def test_a_single_file_needs_no_number(tmp_path: Path) -> None:
    assert read_profiles(write(tmp_path, "open circuit.txt", export([1.0]))).number.values.tolist() == [1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", r"p\(2\).txt: is empty \(0 bytes\); export"),
        (b" \n\n", r"p\(2\).txt: is empty"),
        (b"\x00\x01\x02\x03" * 64, r"p\(2\).txt: is a binary file; export it as text"),
        (b"\xff\xfe\x00\xd8a", r"p\(2\).txt: is not valid UTF-16"),
        ("1.0\n2.0\n3.0\n", r"p\(2\).txt: no header line SIZE.*export the profile again"),
        (export([1, 2, 3]).replace("LEFT", "F1LEFT"), r"p\(2\).txt: no header line LEFT/RIGHT"),
        (export([1, 2, 3], size="many"), r"p\(2\).txt: header line SIZE says 'many'"),
        (export([1, 2, 3], size=0), r"p\(2\).txt: header line SIZE says '0'"),
        (export([1, 2, 3], left=-400.0), r"p\(2\).txt: LEFT = -400 ppm is not above"),
        (export([1, 2], size=3), r"p\(2\).txt, line 12: the file ends after 2 of SIZE = 3 values; export"),
        (export([], size=3), r"p\(2\).txt, line 10: the file ends after 0 of SIZE = 3"),
        (export([1, 2, 3, 4], size=3), r"p\(2\).txt, line 14: 4 values where SIZE = 3; remove"),
        (export(["1", "nan", "3"]), r"p\(2\).txt, line 12: the value is nan; remove the line or export"),
        (export(["1", "inf", "3"]), r"p\(2\).txt, line 12: the value is inf"),
        (export(["1", "1e999", "3"]), r"p\(2\).txt, line 12: 1e999 is too large"),
        (export(["1", "2", "-3"]), r"p\(2\).txt, line 13: -3 is negative.*magnitude spectrum"),
        (export(["1", "two", "3"]), r"p\(2\).txt, line 12: expected a number .* found 'two'"),
        (
            export(["1", "2,5", "3"]),
            r"p\(2\).txt, line 12: expected a number with decimal mark '.', found '2,5'",
        ),
        (export(["1", "2_0", "3"]), r"p\(2\).txt, line 12: expected a number"),
        (export(["1 4", "2", "3"]), r"p\(2\).txt, line 11: expected a number"),
        (export([1, 2]), r"p\(2\).txt: SIZE = 2, but .*p\(1\).txt has 3; process"),
        (
            export([1, 2, 3], left=200.0),
            r"p\(2\).txt: spectral limits 200 to -343.22 ppm, but .*p\(1\).txt has 187.76",
        ),
    ],
)
def test_a_wrong_file_is_named_with_the_line_and_the_remedy(tmp_path: Path, text: str | bytes, message: str) -> None:
    write(tmp_path, "p(1).txt", export([1, 2, 3]))
    write(tmp_path, "p(2).txt", text)
    with pytest.raises(InputFileError, match=message) as caught:
        read_profiles(tmp_path)
    assert "\n" not in str(caught.value)


def test_what_matches_nothing_is_named(tmp_path: Path) -> None:
    for paths, message in (
        (tmp_path / "nowhere", "nowhere: no such file or folder"),
        (tmp_path, re.escape(str(tmp_path)) + r": the folder holds no \*.txt file"),
        (str(tmp_path / "x*.txt"), r"x\*.txt: no file matches"),
        ([], "empty list"),
    ):
        with pytest.raises(InputFileError, match=message):
            read_profiles(paths)


def test_numbers_must_be_there_and_differ(tmp_path: Path) -> None:
    write(tmp_path, "a(01).txt", export([1.0]))
    write(tmp_path, "b(1).txt", export([1.0]))
    with pytest.raises(InputFileError, match=r"b\(1\).txt: bears the number 1 of .*a\(01\).txt; .*rename"):
        read_profiles(tmp_path)
    (tmp_path / "b(1).txt").rename(tmp_path / "reference.txt")
    with pytest.raises(InputFileError, match=r"reference.txt: its name holds no number"):
        read_profiles(tmp_path)


def test_the_real_series(measurements: Path) -> None:
    folder = measurements / "thienenkamp-li-li" / "profiles"
    read_profiles(folder)  # the first call pays for imports
    start = time.perf_counter()
    profiles = read_profiles(folder)
    assert time.perf_counter() - start < 2.0  # some 20 ms; the bound only catches something quadratic
    assert profiles.intensity.shape == (94, 256)
    assert profiles.number.values.tolist() == [5, *range(7, 100)]
    assert profiles.attrs["left_ppm"] == 187.76339721679688
    reference = np.loadtxt(folder / "MRI10mm_Li_PEO_Li7(007).txt")
    np.testing.assert_array_equal(profiles.intensity.values[1], reference)


@pytest.mark.parametrize("unit", ["ppm", "Hz"])
@pytest.mark.parametrize(("limits", "values"), [((120.5, -120.5), ","), ((120.5, -120.5), "."), ((4e4, -4e4), ",")])
def test_decimal_commas_and_axes_in_hertz(tmp_path: Path, unit: str, limits: tuple[float, float], values: str) -> None:
    text = export(["1000.0", "1.5", "0.25"], left=limits[0], right=limits[1])
    head, body = text[: text.index("1000")], text[text.index("1000") :].replace(".", values)
    head = re.sub(r"(\d)\.(\d)", r"\1,\2", head).replace("ppm", unit)
    profiles = read_profiles(write(tmp_path, "p(1).txt", head + body))
    assert profiles.intensity.values.tolist() == [[1000.0, 1.5, 0.25]]
    assert (profiles.attrs[f"left_{unit}"], profiles.attrs[f"right_{unit}"]) == limits


def rows_of(values: list[list[float]], count: int | None = None) -> str:
    head = export(values[0]).split("\n")[:10]
    head[3:4] = ["# F1LEFT = 4.0 ppm. F1RIGHT = 0.0 ppm.", "# F2LEFT = 120.5 ppm. F2RIGHT = -120.5 ppm."]
    head[6:7] = [f"# NROWS = {count or len(values)} ( = number of points)", f"# NCOLS = {len(values[0])} ( = number)"]
    rows = [line for k, row in enumerate(values) for line in (f"# row = {k}", *map(str, row))]
    return "\n".join([*head, *rows, ""])


def test_the_rows_of_a_2d_export_are_a_series(tmp_path: Path) -> None:
    profiles = read_profiles(write(tmp_path, "series.txt", rows_of([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])))
    assert profiles.intensity.values.tolist() == [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    assert profiles.number.values.tolist() == [1, 2, 3]
    assert profiles.attrs["left_ppm"] == 120.5
    with pytest.raises(InputFileError, match=r"2 lines '# row = ...' where NROWS = 3"):
        read_profiles(write(tmp_path, "series.txt", rows_of([[1.0, 2.0], [3.0, 4.0]], count=3)))
    cut = rows_of([[1.0, 2.0], [3.0, 4.0]]).removesuffix("4.0\n")
    with pytest.raises(InputFileError, match=r"the file ends after 1 of SIZE = 2 values"):
        read_profiles(write(tmp_path, "series.txt", cut))
