"""Progress on stderr: on a terminal a line that says what is being done and a bar over what is counted.

In a notebook both stand below its cell. Elsewhere counts alone are told, in plain lines, not more often than anybody
would read them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from html import escape
from itertools import count
from time import monotonic
from typing import TYPE_CHECKING, Any

import typer

from iondrift.errors import plain
from iondrift.progress import Counted, compilation_watched_by, silent
from iondrift.progress import Progress as Told

if TYPE_CHECKING:
    from rich.progress import Progress, Task

_PAUSE = 2.0  # s between plain lines


def progress_bar() -> AbstractContextManager[Told]:
    """Show the steps of a long computation while it runs: a bar on a terminal and in a notebook, lines elsewhere.

    Returns
    -------
    A context manager; it gives what every function here takes as ``progress``.

    Examples
    --------
    >>> with progress_bar() as progress:
    ...     progress("smoothing")
    """
    return reporter(enabled=True)


@contextmanager
def reporter(*, enabled: bool) -> Iterator[Told]:
    """Give a function that takes the name of each step as it begins, or of one of many as it is over.

    Parameters
    ----------
    enabled
        False: say nothing, terminal or not.
    """
    if not enabled:
        yield silent
    elif sys.stderr.isatty():
        with _bar() as bar:
            yield from _drawn(bar)
    elif (shell := _notebook()) is not None:
        yield _Cell(shell)
    else:
        yield _Lines()


def _notebook() -> Any:
    """Return what shows things below a cell of a notebook; None where this is none."""
    python: Any = sys.modules.get("IPython")
    return None if python is None or not hasattr(python.get_ipython(), "kernel") else python.display.display


class _Cell:
    """One line below a cell of a notebook, its bar the browser's own; it needs nothing beside IPython."""

    def __init__(self, show: Any) -> None:
        self.show, self.began = show, monotonic()
        self.handle: Any = None

    def __call__(self, step: str) -> None:
        text, bar = plain(step), ""
        if isinstance(step, Counted):
            text = f"{text} ({_pace(step.done, step.total, monotonic() - self.began)})"
            bar = f'<progress value="{step.done}" max="{step.total}"></progress> '
        shown = {"text/plain": text, "text/html": f"{bar}{escape(text)}"}
        if self.handle is None:
            self.handle = self.show(shown, raw=True, display_id=True)
        else:
            self.handle.update(shown, raw=True)


class _Lines:
    """Plain lines for a pipe or a file: counts, with rate and time left."""

    def __init__(self) -> None:
        self.began = self.told = monotonic()

    def __call__(self, step: str) -> None:
        now = monotonic()
        if isinstance(step, Counted) and now - self.told >= _PAUSE:
            self.told = now
            typer.echo(f"{plain(step)} ({_pace(step.done, step.total, now - self.began)})", err=True)


def _drawn(bar: Progress) -> Iterator[Told]:
    task = bar.add_task("starting", total=None)
    counting = bar.add_task("", total=None, visible=False)
    compiling = bar.add_task("compiling (once)", total=None, visible=False)
    kernels = count(1)

    def compilation(kernel: str | None) -> None:
        if kernel is None:
            bar.update(compiling, visible=False)
        else:
            bar.update(compiling, description=f"compiling (once): kernel {next(kernels)}", visible=True)

    def tell(step: str) -> None:
        if isinstance(step, Counted):
            bar.update(counting, description=plain(step), completed=step.done, total=step.total, visible=True)
        else:
            bar.update(task, description=plain(step))

    with compilation_watched_by(compilation):
        yield tell


def _bar() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, TextColumn
    from rich.text import Text

    class Pace(ProgressColumn):
        """Count, rate and time left; of a step that is not counted the time it has taken."""

        def render(self, task: Task) -> Any:
            elapsed = task.elapsed or 0.0
            return Text(_time(elapsed) if task.total is None else _pace(int(task.completed), int(task.total), elapsed))

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(12), Pace())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def _pace(done: int, total: int, elapsed: float) -> str:
    """Return how far, how fast and how long yet.

    Examples
    --------
    >>> _pace(3, 12, 90.0)
    '3 of 12, 2 a minute, 0:04:30 left'
    """
    if done == 0 or elapsed <= 0.0:
        return f"{done} of {total}"
    rate, unit = done / elapsed, "second"
    for longer in ("minute", "hour"):
        if rate < 1.0:
            rate, unit = rate * 60.0, longer
    return f"{done} of {total}, {rate:.2g} a {unit}, {_time(elapsed * (total - done) / done)} left"


def _time(seconds: float) -> str:
    hours, rest = divmod(round(seconds), 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}"
