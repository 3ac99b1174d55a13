"""What a command meets outside of itself: streams that are closed, full or narrow, and settings of other libraries."""

from __future__ import annotations

import errno
import io
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import chdir, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import typer

from iondrift.errors import ConfigurationError, collected_warnings, plain
from iondrift.resources import address_space
from iondrift.threads import require_threads

_NEEDED = 4e8  # bytes of address space to load NumPy, SciPy and Numba


def open_streams() -> None:
    """Let every standard stream exist, and print what its encoding lacks as ``?``; called once, first of all."""
    missing = [stream is None for stream in (sys.stdin, sys.stdout, sys.stderr)]
    if any(missing):
        # A file of results that got the number of a closed stream would receive what is printed there. Printing to
        # one that is open for reading alone fails, as it should.
        while (number := os.open(os.devnull, os.O_RDONLY)) < 3:
            pass
        os.close(number)
    encoding = "utf-8" if missing[1] else sys.stdout.encoding
    output = io.BufferedWriter(_Output(1, "w", closefd=False))
    sys.stdout = io.TextIOWrapper(output, encoding, errors="replace", line_buffering=output.isatty())
    if missing[2]:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # for as long as the process lives
    elif isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(errors="replace")


def check_surroundings() -> None:
    """Let nothing but arguments and input rule a command: no settings of Numba and matplotlib that lie about.

    Raises
    ------
    ConfigurationError
        A variable of Numba's names nothing that can be had, or no library would find room.
    """
    left = address_space()
    if left < _NEEDED:
        raise ConfigurationError(
            f"the limit of the address space (ulimit -v) leaves {left / 1e9:.2g} GB, too little to load the libraries, "
            "which would hang or abort; set it to 2 GB or more"
        )
    require_threads()
    _check_settings_folder()
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # what matters of it has been said
    os.environ.pop("MPLBACKEND", None)  # no figure is shown, only saved
    if Path("matplotlibrc").exists():
        _import_aside("matplotlib")
    if Path(".numba_config.yaml").exists():
        # Numba reads it again before each compilation.
        _import_aside("numba.core.config")._config_fname = os.devnull


def _check_settings_folder() -> None:
    """Say that matplotlib cannot use the folder it was given."""
    folder = os.environ.get("MPLCONFIGDIR")
    if folder:
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
            with TemporaryFile(dir=folder):
                pass
        except OSError as error:
            tell(
                f"warning: MPLCONFIGDIR: {folder} cannot be written ({error.strerror or error}), so that fonts are "
                "looked up anew each time; correct or unset the variable"
            )


def tell(text: str) -> None:
    """Write a line to standard error, where anybody listens."""
    with suppress(OSError):
        typer.echo(plain(text), err=True)


@contextmanager
def told_warnings() -> Iterator[None]:
    """Tell this package's warnings in a line each, at the end."""
    notes: list[str] = []
    try:
        with collected_warnings(notes):
            yield
    finally:
        for note in notes:
            tell(f"warning: {note}")


class LostOutputError(Exception):
    """What was printed did not arrive."""


@contextmanager
def watched_output(finished: Sequence[Path] = ()) -> Iterator[None]:
    """Say in one line that what was printed did not arrive, and which folders hold new results all the same.

    Raises
    ------
    SystemExit
        With status 1, silently where whoever read the output has seen enough.
    """
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except LostOutputError as lost:
        if lost.args[0] != errno.EPIPE:
            why = "it is closed" if lost.args[0] == errno.EBADF else os.strerror(lost.args[0])
            complete = f"; new and complete: {', '.join(map(str, finished))}" if finished else ""
            tell(f"error: standard output cannot be written ({why}){complete}")
        raise SystemExit(1) from lost


class _Output(io.FileIO):
    """Standard output: the first failure is told apart from any other file's, and nothing is tried after it."""

    lost = False

    def write(self, data: Any) -> int:
        if not self.lost:
            try:
                return super().write(data) or 0
            except OSError as error:
                self.lost = True
                raise LostOutputError(error.errno) from error
        return memoryview(data).nbytes


def _import_aside(module: str) -> Any:
    """Import a module that looks for settings in the working folder, from elsewhere."""
    with chdir(Path.cwd().anchor):
        return import_module(module)
