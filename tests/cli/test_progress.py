"""Progress on a terminal: what is being done, and that kernels are compiled, while they are."""

from __future__ import annotations

import io
import sys
import time
from types import SimpleNamespace

import pytest

import iondrift
from iondrift.cli.progress import reporter
from iondrift.progress import Counted
from iondrift_kernels import compile_watch


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def wait_for(terminal: Terminal, text: str) -> str:
    """Return what was written from now on, once it holds the text: the line is drawn ten times a second."""
    start = len(terminal.getvalue())
    for _ in range(200):
        if text in (written := terminal.getvalue()[start:]):
            return written
        time.sleep(0.02)
    raise AssertionError(f"no {text!r} in {written!r}")


def test_a_terminal_is_told_of_compilations_while_they_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    with reporter(enabled=True) as progress:
        progress("smoothing")
        assert "compiling" not in wait_for(terminal, "smoothing")
        compile_watch.begin("outer")
        compile_watch.begin("inner")
        wait_for(terminal, "compiling (once): kernel 2")
        compile_watch.end("inner")
        compile_watch.end("outer")
        progress("closing")
        wait_for(terminal, "closing")
        assert "compiling" not in wait_for(terminal, "closing")


def test_a_notebook_shows_one_line_with_the_browsers_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """IPython stands in for itself: what is displayed, and then updated in place."""
    shown: list[dict[str, str]] = []

    def display(data: dict[str, str], *, raw: bool, display_id: bool) -> SimpleNamespace:
        assert raw
        assert display_id
        shown.append(data)
        return SimpleNamespace(update=lambda data, raw: shown.append(data))

    shell = SimpleNamespace(kernel=object())
    python = SimpleNamespace(get_ipython=lambda: shell, display=SimpleNamespace(display=display))
    monkeypatch.setitem(sys.modules, "IPython", python)
    with iondrift.progress_bar() as progress:
        progress("reading <b>")
        progress(Counted("fitting", 3, 12))
    assert shown[0] == {"text/plain": "reading <b>", "text/html": "reading &lt;b&gt;"}
    assert shown[1]["text/html"].startswith('<progress value="3" max="12"></progress> fitting (3 of 12')
    assert shown[1]["text/plain"].startswith("fitting (3 of 12")


def test_nothing_is_told_where_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", written := io.StringIO())
    with reporter(enabled=True) as progress:
        progress("smoothing")
        compile_watch.begin("kernel")
        compile_watch.end("kernel")
    assert written.getvalue() == ""
