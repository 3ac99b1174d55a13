"""TopSpin data sets: each fault that people met, and the right behaviour; measured ones against TopSpin."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import numpy as np
import pytest

import damaged_data_sets
import topspin_sets as sets
from iondrift.errors import InputFileError, IondriftWarning
from iondrift.nmr.spectrum import Processing, chemical_shifts, frequencies, spectrum_of
from iondrift.readers.bruker.data_set import open_data_set
from iondrift.readers.bruker.inventory import inventory
from iondrift.readers.bruker.lists import read_list
from iondrift.readers.bruker.parameters import read_parameters
from iondrift.readers.bruker.processed import read_processing, read_spectrum
from iondrift.readers.bruker.raw import read_fids
from iondrift.runs.topspin_folder import write_audit, write_data_set


def rewrite(folder, values):
    """Write other raw values; the audit trail, which would tell, goes."""
    path = folder / ("fid" if (folder / "fid").exists() else "ser")
    path.write_bytes(values.tobytes())
    (folder / "audita.txt").unlink(missing_ok=True)


def spectrum(folder, points, **how):
    data_set = open_data_set(folder)
    processing = Processing(transform_points=points, **how)
    found = spectrum_of(
        read_fids(data_set) * data_set.scale,
        spectral_width=data_set.spectral_width,
        group_delay=data_set.group_delay,
        processing=processing,
    )
    return found, frequencies(data_set.spectral_width, processing)


# Types, padding, rows


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("code", "kind", "points"), [(0, "i4", 216), (2, "f8", 216)])
def test_item_size_and_padding_follow_from_the_type(tmp_path, code, kind, points, order):
    """Faults 1 and 2: float64 rows begin on blocks of 128 points, not 256."""
    folder = sets.rows(tmp_path / "1")
    expected = read_fids(open_data_set(folder))
    size = int(kind[1])
    row = -(-2 * points * size // 1024) * 1024 // size
    stored = np.zeros((8, row), order + kind)
    stored[:, : 2 * points : 2], stored[:, 1 : 2 * points : 2] = expected.real, expected.imag
    rewrite(folder, stored)
    sets.set_parameter(folder / "acqus", "DTYPA", str(code))
    sets.set_parameter(folder / "acqus", "BYTORDA", str(int(order == ">")))
    assert np.array_equal(read_fids(open_data_set(folder)), expected)


def test_a_type_that_topspin_does_not_write_is_refused(tmp_path):
    folder = sets.single(tmp_path / "1")
    sets.set_parameter(folder / "acqus", "DTYPA", "1")
    with pytest.raises(InputFileError, match=r"acqus: ##\$DTYPA= 1 .* is no type that TopSpin writes"):
        read_fids(open_data_set(folder))


@pytest.mark.parametrize("filled", [False, True])
def test_a_stopped_experiment_has_the_rows_that_were_acquired(tmp_path, filled):
    """Fault 3: whether the file ends early or zeros follow."""
    folder = sets.rows(tmp_path / "1", planned=8, done=3)
    if filled:
        rewrite(folder, np.vstack([np.frombuffer((folder / "ser").read_bytes(), "<i4").reshape(3, -1),
                                   np.zeros((5, 512), "<i4")]))  # fmt: skip
    assert read_fids(open_data_set(folder)).shape == (3, 216)
    assert "stopped: 3 of 8 rows were acquired" in inventory(folder)[0].problem


@pytest.mark.parametrize(
    ("length", "said"),
    [(0, "holds 0 bytes"), (8 * 2048 - 3, "multiple of 2048"), (100, "multiple of 2048")],
)
def test_a_ser_of_the_wrong_size_is_refused(tmp_path, length, said):
    """Fault 4."""
    folder = sets.rows(tmp_path / "1")
    content = (folder / "ser").read_bytes()
    (folder / "ser").write_bytes(content[:length])
    with pytest.raises(InputFileError, match=f"ser: .*{said}"):
        read_fids(open_data_set(folder))


def test_rows_fewer_than_the_audit_trail_says_are_told(tmp_path):
    folder = sets.rows(tmp_path / "1")
    (folder / "ser").write_bytes((folder / "ser").read_bytes()[: 5 * 2048])
    with pytest.warns(IondriftWarning, match=r"ser: holds 432 x 5 numbers where audita.txt says 432 x 8"):
        assert len(read_fids(open_data_set(folder))) == 5


def test_a_stale_second_dimension_does_not_count(tmp_path):
    """Fault 4: a single FID beside acqu2s of an earlier experiment."""
    folder = sets.single(tmp_path / "1")
    other = sets.rows(tmp_path / "2")
    shutil.copy(other / "acqu2s", folder)
    assert read_fids(open_data_set(folder)).shape == (1, 216)


def test_rows_without_their_second_dimension_are_refused(tmp_path):
    folder = sets.rows(tmp_path / "1")
    (folder / "acqu2s").unlink()
    with pytest.raises(InputFileError, match="acqu2s is missing"):
        open_data_set(folder)


def test_more_rows_than_planned_are_refused_unless_they_fill_a_block(tmp_path):
    folder = sets.rows(tmp_path / "1", planned=8)
    values = np.frombuffer((folder / "ser").read_bytes(), "<i4").reshape(8, -1)
    rewrite(folder, np.vstack([values, np.zeros_like(values[:2])]))
    assert len(read_fids(open_data_set(folder))) == 8
    rewrite(folder, np.vstack([values, values[:2]]))
    with pytest.raises(InputFileError, match="holds 10 rows where acqu2s says 8"):
        read_fids(open_data_set(folder))


# Parameters


def test_a_parameter_file_that_is_cut_is_said_to_be(tmp_path):
    """Fault 5: inside an array."""
    path = sets.single(tmp_path / "1") / "acqus"
    text = path.read_text()
    path.write_text(text[: text.index("##$CNST=") + 40])
    with pytest.raises(InputFileError, match="acqus: is truncated"):
        open_data_set(path.parent)


def test_blank_lines_and_comments_do_not_count(tmp_path):
    """Faults 5 and 6."""
    path = sets.single(tmp_path / "1") / "acqus"
    sets.set_parameter(path, "NS", "16 $$ text")
    sets.edit(path, ("##$NUC1=", "\n\n##$NUC1="), ("<zg>", "<zg $$ no comment>"))
    found = read_parameters(path)
    assert found.integer("NS") == 16
    assert found.text("NUC1") == "19F"
    assert found.text("PULPROG") == "zg $$ no comment"


def test_an_array_with_too_few_entries_is_refused(tmp_path):
    path = sets.single(tmp_path / "1") / "acqus"
    sets.edit(path, ("##$D= (0..63)", "##$D= (0..64)"))
    with pytest.raises(InputFileError, match=r"##\$D= has 64 of 65 entries"):
        read_parameters(path).numbers("D")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "latin-1"])
def test_three_encodings_are_read(tmp_path, encoding):
    """Fault 7."""
    path = sets.single(tmp_path / "1") / "acqus"
    text = path.read_text().replace("nmrsu", "Müller")
    path.write_bytes(text.encode(encoding))
    assert read_parameters(path).labels["OWNER"] == "Müller"


def test_two_values_of_one_parameter_are_refused(tmp_path):
    path = sets.single(tmp_path / "1") / "acqus"
    sets.edit(path, ("##$NS= 16", "##$NS= 16\n##$NS= 8"))
    with pytest.raises(InputFileError, match=r"##\$NS= stands twice"):
        read_parameters(path)


# Digital filter, spectrum


@pytest.mark.parametrize(
    ("changes", "delay"),
    [
        ({"GRPDLY": "67.5"}, 67.5),
        ({"GRPDLY": "-1", "DSPFVS": "12", "DECIM": "24"}, 421 / 6),
        ({"GRPDLY": "0", "DSPFVS": "10", "DECIM": "2"}, 44.75),
        ({"GRPDLY": "76", "DIGMOD": "0"}, 0.0),
    ],
)
def test_the_delay_of_the_filter(tmp_path, changes, delay):
    """Faults 8 and 9."""
    folder = sets.single(tmp_path / "1")
    for name, value in changes.items():
        sets.set_parameter(folder / "acqus", name, value)
    assert open_data_set(folder).group_delay == pytest.approx(delay, abs=1e-12)


def test_a_delay_that_nothing_tells_is_an_error(tmp_path):
    """Fault 8: newer firmware always writes GRPDLY."""
    folder = sets.single(tmp_path / "1")
    for name, value in {"GRPDLY": "-1", "DSPFVS": "20", "DECIM": "24"}.items():
        sets.set_parameter(folder / "acqus", name, value)
    with pytest.raises(InputFileError, match="DSPFVS 20 with DECIM 24"):
        _ = open_data_set(folder).group_delay


@pytest.mark.parametrize("delay", [67.9868469238281, 70.5, 76.0, 2.75])
def test_a_line_is_where_and_as_it_was_made(tmp_path, delay):
    """Faults 10, 11 and 13: order of points, no lost points, fraction of the delay as a phase, scale."""
    folder = sets.single(tmp_path / "1", offset=12_500.0, group_delay=delay, count=1000, scans=8, receiver_gain=57.0)
    found, offsets = spectrum(folder, points=1024)
    t = np.arange(1000 - round(delay)) / sets.WIDTH
    decays = np.exp(2j * np.pi * (offsets[:, None] - 12_500.0) * t - 3000.0 * t).sum(axis=1)
    near = np.abs(offsets - 12_500.0) < 10_000.0  # the filter of the writer is periodic, at the edges alone
    turned = found[0] * np.exp(-1j * np.pi * (delay - round(delay)))  # which TopSpin leaves to PHC0
    assert offsets[np.argmax(turned.real)] == 12_500.0
    assert np.abs(turned - decays)[near].max() < 2e-3 * np.abs(decays).max()


def test_stored_spectra_are_what_processing_gives(tmp_path):
    """Faults 12 and 19: 2^NC_proc, and the FID processed with the stored parameters where nothing else is left."""
    folder = sets.single(tmp_path / "1")
    data_set = open_data_set(folder)
    how = asdict(read_processing(data_set))
    assert how.pop("not_repeated") == ()
    how.pop("reference_frequency")
    stored = read_spectrum(data_set)
    own = spectrum_of(
        read_fids(data_set) * 2.0 ** data_set.acquisition.integer("NC"),
        spectral_width=data_set.spectral_width, group_delay=data_set.group_delay, processing=Processing(**how),
    )  # fmt: skip
    assert np.abs(own.real - stored.real).max() < 1e-8 * np.abs(own).max()
    assert np.abs(own.imag - stored.imaginary).max() < 1e-8 * np.abs(own).max()


def test_submatrices_are_put_in_order_and_added_rows_cut(tmp_path):
    """Fault 14."""
    folder = sets.rows(tmp_path / "1", planned=3, done=3)
    processed = folder / "pdata" / "1"
    whole = np.arange(4 * 512, dtype="<i4").reshape(4, 512)
    tiles = whole.reshape(2, 2, 4, 128).swapaxes(1, 2)
    for name in ("2rr", "2ii"):
        tiles.tofile(processed / name)
    sets.set_parameter(processed / "procs", "XDIM", "128")
    for name, value in {"SI": "4", "XDIM": "2"}.items():
        sets.set_parameter(processed / "proc2s", name, value)
    sets.set_parameter(processed / "procs", "NC_proc", "-3")
    assert np.array_equal(read_spectrum(open_data_set(folder)).real, whole[:3] / 8.0)


def test_a_spectrum_without_imaginary_part_is_real_only(tmp_path):
    """Fault 18."""
    folder = sets.single(tmp_path / "1")
    (folder / "pdata" / "1" / "1i").unlink()
    assert read_spectrum(open_data_set(folder)).imaginary is None
    (folder / "fid").unlink()
    assert "its phase cannot be changed" in inventory(folder)[0].problem


@pytest.mark.parametrize("mode", [0, 2])
def test_detection_by_one_channel_or_in_turn_is_refused(tmp_path, mode):
    """Fault 17."""
    folder = sets.single(tmp_path / "1")
    sets.set_parameter(folder / "acqus", "AQ_mod", str(mode))
    with pytest.raises(InputFileError, match=rf"##\$AQ_mod= {mode} is not read"):
        open_data_set(folder)


def test_non_uniform_sampling_is_refused(tmp_path):
    """Fault 23."""
    folder = sets.rows(tmp_path / "1")
    (folder / "nuslist").write_text("0\n3\n")
    with pytest.raises(InputFileError, match="non-uniformly"):
        open_data_set(folder)


def test_what_a_data_set_is_good_for(tmp_path):
    """Faults 20 and 22: the second dimension's own file, the pulse program and the lists decide."""
    sets.single(tmp_path / "1", pulse_program="diffprof")
    sets.single(tmp_path / "2", nucleus="7Li")
    sets.rows(tmp_path / "3", pulse_program="stebpgp1s")
    sets.rows(tmp_path / "4", pulse_program="t1ir")
    other = sets.rows(tmp_path / "10", pulse_program="mp3qzqf")
    sets.set_parameter(other / "acqu2s", "FnMODE", "4")
    found = inventory(tmp_path)
    assert [entry.folder.name for entry in found] == ["1", "2", "3", "4", "10"]
    assert [entry.purpose for entry in found] == [
        "profile", "spectrum", "diffusion", "series of spectra", "two-dimensional spectrum",
    ]  # fmt: skip
    assert not any(entry.problem for entry in found)


def test_lists_have_suffixes_and_as_many_entries_as_rows(tmp_path):
    """Faults 15 and 16."""
    path = tmp_path / "vdlist"
    path.write_text("20n\n56.854u\n1.5m\n\n2s\n3")
    assert read_list(path, rows=5) == pytest.approx([20e-9, 56.854e-6, 1.5e-3, 2.0, 3.0])
    with pytest.raises(InputFileError, match="has 5 entries for 8 rows"):
        read_list(path, rows=8)
    path.write_text("2k\n")
    with pytest.raises(InputFileError, match="line 1: '2k' is no number"):
        read_list(path, rows=1)


# Times


def test_times_are_those_of_the_last_acquisition_in_utc(tmp_path):
    """Fault 21: go4 writes +0000 beside +0100; what was deleted does not count."""
    folder = sets.single(tmp_path / "1")
    sets.set_parameter(folder / "acqus", "DATE", str(int(sets.later(40).timestamp())))
    winter = timezone(timedelta(hours=1))
    write_audit(folder, [
        (sets.later(0), "created by zg\n started at 2024-03-01 10:00:00.000 +0000,\n terminated by command 'stop' at "
         "2024-03-01 10:05:00.000 +0000"),
        (sets.later(1), "raw data deleted by zg"),
        (sets.later(2).astimezone(winter), "changed parameter TD to 11"),
        (sets.later(90), "created by zg on data set\n started at 2024-03-01 13:26:49.001 +0100, POWCHK enabled,\n"
         "       completed at 2024-03-01 12:40:00.5 +0000\n"),
    ])  # fmt: skip
    times = open_data_set(folder).times
    assert times.start == datetime(2024, 3, 1, 12, 26, 49, 1000, tzinfo=UTC)
    assert times.stop == datetime(2024, 3, 1, 12, 40, 0, 500000, tzinfo=UTC)
    assert times.source == "audit trail"


def test_an_entry_without_an_end_ends_at_its_stamp(tmp_path):
    folder = sets.single(tmp_path / "1")
    sets.set_parameter(folder / "acqus", "DATE", "0")
    write_audit(folder, [(sets.later(7), "created by zg\n\tstarted at 2024-03-01 12:00:00.0 +0000,\n")])
    assert open_data_set(folder).times.stop == sets.later(7)


def test_the_date_is_the_end_of_one_fid_and_nothing_for_rows(tmp_path):
    """Fault 21: never the start, and unknown for a pseudo-2D."""
    one, several = sets.single(tmp_path / "1"), sets.rows(tmp_path / "2")
    for folder in (one, several):
        (folder / "audita.txt").unlink()
    times = open_data_set(one).times
    assert (times.start, times.stop) == (None, sets.later(444 / 60))
    assert times.source == "DATE (end alone)"
    assert open_data_set(several).times.source == "none"
    sets.set_parameter(one / "acqus", "DATE", "0")
    assert open_data_set(one).times.source == "none"


def test_a_trail_of_another_acquisition_is_told_by_the_date(tmp_path):
    one, other = sets.single(tmp_path / "1"), sets.single(tmp_path / "2", started=sets.later(60))
    shutil.copy(other / "audita.txt", one)
    with pytest.warns(IondriftWarning, match="its DATE lies outside the acquisition"):
        _ = open_data_set(one).times


def test_an_acquisition_that_ends_before_it_began_is_refused(tmp_path):
    folder = sets.single(tmp_path / "1")
    write_audit(folder, [(sets.later(-5), "created by zg\n started at 2024-03-01 12:00:00.0 +0000,")])
    with pytest.raises(InputFileError, match="which cannot be"):
        _ = open_data_set(folder).times


def test_a_changed_audit_trail_and_changed_values_are_told(tmp_path):
    folder = sets.single(tmp_path / "1")
    sets.edit(folder / "audita.txt", ("12:00:00", "11:00:00"))
    with pytest.warns(IondriftWarning, match="was changed after TopSpin wrote it"):
        _ = open_data_set(folder).times
    folder = sets.single(tmp_path / "2")
    values = np.frombuffer((folder / "fid").read_bytes(), "<i4").copy()
    values[100] ^= 1
    (folder / "fid").write_bytes(values.tobytes())
    with pytest.warns(IondriftWarning, match="not those that TopSpin wrote"):
        read_fids(open_data_set(folder))


def test_values_that_are_no_measurement_are_refused(tmp_path):
    folder = sets.single(tmp_path / "1")
    random = np.random.default_rng(1).integers(-(2**31), 2**31, 512, dtype=np.int64)
    rewrite(folder, random.astype("<i4"))
    with pytest.raises(InputFileError, match="encrypted or damaged"):
        read_fids(open_data_set(folder))
    rewrite(folder, np.zeros(512, "<i4"))
    with pytest.raises(InputFileError, match="holds zeros alone"):
        read_fids(open_data_set(folder))


def test_a_fid_of_another_data_set_is_refused(tmp_path):
    one, other = sets.single(tmp_path / "1"), sets.single(tmp_path / "2", count=230)
    shutil.copy(other / "fid", one)
    shutil.copy(other / "acqus", one)
    with pytest.raises(InputFileError, match="of different data sets"):
        read_fids(open_data_set(one))


def test_a_whole_series_keeps_its_order(tmp_path):
    for k in range(3):
        write_data_set(
            tmp_path / str(k + 1), sets.decay(0.0, 3000.0, 216, 67.98), sets.acquired(started=sets.later(9 * k))
        )
    starts = [entry.start for entry in inventory(tmp_path)]
    assert all(b - a == timedelta(minutes=9) for a, b in pairwise(starts))


@pytest.mark.parametrize("seed", [2, 3])
def test_damage_is_never_silent(seed):
    """``python tests/damaged_data_sets.py`` runs a thousand."""
    found = damaged_data_sets.run(60, seed=seed)
    assert {result for _, result in found} <= {"refused", "warned", "unharmed", "less known"}


# Measured data


@pytest.mark.parametrize(
    ("name", "limit"),
    [("fluorine-pseudo-2d", 6e-7), ("proton-1d", 2e-7), ("datalab-31p-1d/1", 1e-7)],
)
def test_own_processing_equals_what_topspin_stored(measurements, name, limit):
    data_set = open_data_set(measurements / "bruker" / name)
    stored, how = read_spectrum(data_set), asdict(read_processing(data_set))
    assert how.pop("not_repeated") == ()
    reference = how.pop("reference_frequency")
    processing = Processing(**how)
    own = spectrum_of(
        read_fids(data_set) * 2.0 ** data_set.acquisition.integer("NC"),
        spectral_width=data_set.spectral_width, group_delay=data_set.group_delay, processing=processing,
    )  # fmt: skip
    for mine, theirs in ((own.real, stored.real), (own.imag, stored.imaginary)):
        assert (np.linalg.norm(mine - theirs, axis=1) / np.linalg.norm(theirs, axis=1)).max() < limit
    shifts = chemical_shifts(
        frequencies(data_set.spectral_width, processing),
        carrier_frequency=data_set.carrier_frequency, reference_frequency=reference,
    )  # fmt: skip
    assert shifts[0] == pytest.approx(stored.left_ppm, abs=1e-4)
    assert shifts[0] - shifts[1] == pytest.approx(stored.step_ppm, rel=1e-9)


def test_measured_folders_are_listed_with_what_is_wrong(measurements):
    found = {
        str(entry.folder.relative_to(measurements / "bruker")): entry for entry in inventory(measurements / "bruker")
    }
    assert len(found) == 16
    assert found["pfg-xste"].purpose == "diffusion"
    assert found["pfg-xste"].start == datetime(2023, 12, 2, 18, 1, 8, 634000, tzinfo=UTC)
    assert "raw data are missing" in found["dnplab-empty-expno/4"].problem
    assert "3 dimensions" in found["nmranalysis-ts4-noser"].problem
    assert f"{found['nmranalysis-ts4-noser'].start:%Y-%m-%d %H:%M:%S.%f}" == "2023-10-27 13:26:49.001000"
    assert sum(not entry.problem for entry in found.values()) == 11
