"""Progress on stderr: a line that says what is being done, and nothing when stderr is no terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

from iondrift.errors import plain
from iondrift.progress import Progress as Told
from iondrift.progress import compilation_watched_by, silent


@contextmanager
def reporter(*, enabled: bool) -> Iterator[Told]:
    """Give a function that takes the name of each step as it begins.

    Parameters
    ----------
    enabled
        False: say nothing, terminal or not.
    """
    if not (enabled and sys.stderr.isatty()):
        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(12), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None)
        compiling = bar.add_task("compiling (once)", total=None, visible=False)
        kernels = count(1)

        def compilation(kernel: str | None) -> None:
            if kernel is None:
                bar.update(compiling, visible=False)
            else:
                bar.update(compiling, description=f"compiling (once): kernel {next(kernels)}", visible=True)

        with compilation_watched_by(compilation):
            yield lambda step: bar.update(task, description=plain(step))
