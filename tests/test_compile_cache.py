"""Compiled kernels on disk: whatever happens to the files, numbers are right, and the files are mended."""

from __future__ import annotations

import os
import pickle
import stat
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE, Popen
from sys import executable

import numba
import pytest

from iondrift_kernels.compile_cache import CheckedCache, cache_folder, read, write
from iondrift_kernels.compile_watch import watched_by

CONTENT = pickle.dumps([1.0, 2.0, 3.0]) * 50


def cached(folder: Path | None, factor: float = 3.0) -> Callable[[float], float]:
    """Return a small kernel, compiled or loaded anew, with a helper."""

    def helper(x: float) -> float:
        return factor * x

    helper_ = numba.njit(helper)

    def scaled(x: float) -> float:
        return helper_(x) + 1.0

    kernel = numba.njit(scaled)
    kernel._cache = CheckedCache(scaled, folder)
    return kernel


def compilations(kernel: Callable[[float], float]) -> int:
    """Return how many kernels a call compiles, and see that its result is right."""
    told: list[str | None] = []
    with watched_by(told.append):
        assert kernel(2.0) == 7.0
    assert not told or told[-1] is None
    return sum(name is not None for name in told)


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def replaced_by_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def replaced_by_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def replaced_by_link(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "emptied": lambda path: path.write_bytes(b""),
    "one byte": lambda path: path.write_bytes(b"\0"),
    "digest alone": lambda path: path.write_bytes(path.read_bytes()[:32]),
    "without digest": lambda path: path.write_bytes(path.read_bytes()[32:]),
    "half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "last byte lost": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "first byte lost": lambda path: path.write_bytes(path.read_bytes()[1:]),
    "a byte more": lambda path: path.write_bytes(path.read_bytes() + b"\0"),
    "twice": lambda path: path.write_bytes(path.read_bytes() * 2),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "zeros at the end": lambda path: path.write_bytes(path.read_bytes()[:-512] + bytes(512)),
    "a block of zeros": lambda path: path.write_bytes(path.read_bytes()[:512] + bytes(512) + path.read_bytes()[1024:]),
    "ones": lambda path: path.write_bytes(b"\xff" * path.stat().st_size),
    "reversed": lambda path: path.write_bytes(path.read_bytes()[::-1]),
    "text": lambda path: path.write_text("no machine code\n"),
    "line ends": lambda path: path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n") + b"\r\n"),
    "a pickle": lambda path: path.write_bytes(pickle.dumps("something else")),
    "first bit": lambda path: path.write_bytes(flipped(path.read_bytes(), 0)),
    "a bit of the digest": lambda path: path.write_bytes(flipped(path.read_bytes(), 100)),
    "a bit of the content": lambda path: path.write_bytes(flipped(path.read_bytes(), 8 * 700 + 3)),
    "last bit": lambda path: path.write_bytes(flipped(path.read_bytes(), 8 * path.stat().st_size - 1)),
    "unreadable": lambda path: path.chmod(0),
    "a folder": replaced_by_folder,
    "a pipe": replaced_by_pipe,
    "a link to itself": replaced_by_link,
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_a_miss_and_mended(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    if damage is DAMAGE["unreadable"] and os.geteuid() == 0:
        pytest.skip("nothing is unreadable to root")
    path = tmp_path / "kernel-0"
    write(path, CONTENT)
    assert read(path) == CONTENT
    damage(path)
    assert read(path) is None
    write(path, CONTENT)
    assert read(path) == (None if path.is_dir() else CONTENT)
    assert [left.name for left in tmp_path.iterdir()] == ["kernel-0"]


def test_every_bit_counts(tmp_path: Path) -> None:
    path = tmp_path / "kernel-0"
    write(path, CONTENT[:40])
    content = path.read_bytes()
    for bit in range(8 * len(content)):
        path.write_bytes(flipped(content, bit))
        assert read(path) is None, f"bit {bit}"


def test_exchanged_files_are_damaged_files(tmp_path: Path) -> None:
    write(tmp_path / "first", CONTENT)
    (tmp_path / "first").rename(tmp_path / "second")
    assert read(tmp_path / "second") is None


def test_what_does_not_match_is_not_unpickled(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
            return (tmp_path / "sprung").touch, ()

    kernel = cached(tmp_path)
    compilations(kernel)
    (file,) = tmp_path.iterdir()
    file.write_bytes(pickle.dumps(Trap()))
    assert compilations(cached(tmp_path)) == 1
    assert not (tmp_path / "sprung").exists()


def test_a_kernel_is_compiled_once_and_again_only_when_its_file_is_damaged(tmp_path: Path) -> None:
    assert compilations(cached(tmp_path)) == 1
    assert compilations(cached(tmp_path)) == 0
    (file,) = tmp_path.iterdir()
    file.write_bytes(flipped(file.read_bytes(), 8 * 2000))
    assert compilations(cached(tmp_path)) == 1
    assert compilations(cached(tmp_path)) == 0


@pytest.mark.parametrize("folder", [None, Path("/proc/nowhere"), Path("/dev/null/nowhere")], ids=str)
def test_where_nothing_can_be_written_kernels_work(folder: Path | None) -> None:
    for _ in range(2):
        assert compilations(cached(folder)) == 1


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk."""
    code = (
        "import resource, signal; from pathlib import Path; from iondrift_kernels.compile_cache import write\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        f"write(Path({str(tmp_path / 'kernel-0')!r}), bytes(5000))"
    )
    with Popen([executable, "-c", code], stderr=PIPE, text=True) as process:
        assert process.communicate()[1] == ""
    assert process.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_two_processes_fill_an_empty_cache_at_once(tmp_path: Path) -> None:
    code = (
        "import numpy as np; from iondrift_kernels.counter_normal import fill_words\n"
        "out = np.empty((4, 64), np.uint64); fill_words(1, 2, 3, 4, 5, out); print(int(out.sum()))"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "NUMBA_DISABLE_JIT": "0"}
    processes = [Popen([executable, "-c", code], stdout=PIPE, stderr=PIPE, env=environment) for _ in range(2)]
    first, second = (process.communicate() for process in processes)
    assert first == second
    assert first[1] == b""
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert all(read(path) is not None for path in files)


def test_the_folder_is_named_after_every_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "kernel.py").write_text("one")
    (tmp_path / "helper.py").write_text("two")
    before = cache_folder(tmp_path)
    assert before == cache_folder(tmp_path)
    (tmp_path / "helper.py").write_text("three")
    assert before != cache_folder(tmp_path)
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    folder = cache_folder(tmp_path)
    assert folder is not None
    assert folder.parent == tmp_path / "home" / "iondrift"


def test_a_file_may_be_read_by_others(tmp_path: Path) -> None:
    """One cache can serve several users: files have the permissions that the process gives."""
    previous = os.umask(0o022)
    try:
        write(tmp_path / "kernel-0", CONTENT)
    finally:
        os.umask(previous)
    assert stat.S_IMODE((tmp_path / "kernel-0").stat().st_mode) == 0o644
