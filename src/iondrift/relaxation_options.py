"""What may be asked of relaxation times and of the Kramers-Kronig test: one clear error for each option."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf, isfinite
from typing import Any

import numpy as np

from iondrift import cast
from iondrift.errors import ConfigurationError
from iondrift.remedies import subject

FEWEST_DRAWS, MOST_DRAWS = 20, 100_000  # of one spectrum: these take a gigabyte at once
FEWEST_TIME_CONSTANTS, MOST_TIME_CONSTANTS = 4, 2000  # far beyond what a spectrum can tell apart


def number(value: Any, name: str, *, above: float = -inf, lowest: float = -inf, below: float = inf) -> float:
    """Return a finite real number; text and truth values are none.

    Parameters
    ----------
    value
        To be checked.
    name
        The parameter's name in Python.
    above, below
        Not allowed themselves.
    lowest
        Allowed itself.

    Raises
    ------
    ConfigurationError
        No number, or beyond a limit.

    Examples
    --------
    >>> number(np.float32(0.5), "level", above=0.0, below=1.0)
    0.5
    >>> number("0.5", "level", above=0.0, below=1.0)
    Traceback (most recent call last):
    iondrift.errors.ConfigurationError: level: '0.5' found; allowed are numbers above 0 and below 1
    """
    if _is_real(value) and isfinite(value) and above < value < below and value >= lowest:
        return float(value)
    limits = [f"above {above:g}"] if above > -inf else [f"from {lowest:g}"] if lowest > -inf else []
    limits += [f"below {below:g}"] if below < inf else []
    raise ConfigurationError(
        f"{subject(name)}: {_shown(value)} found; allowed are numbers {' and '.join(limits)}".rstrip()
    )


def pair(value: Any, name: str) -> tuple[float, float]:
    """Return first and last time constant, s.

    Raises
    ------
    ConfigurationError
        Not two numbers with 0 < first < last.

    Examples
    --------
    >>> pair((1.0, 0.0), "window")
    Traceback (most recent call last):
    iondrift.errors.ConfigurationError: window: 1 and 0 found; expected two time constants in s, 0 < first < last
    """
    edges = [] if isinstance(value, str) or not isinstance(value, Iterable) else list(value)
    two = len(edges) == 2 and all(map(_is_real, edges))
    if two and 0.0 < edges[0] < edges[1] < inf:
        return float(edges[0]), float(edges[1])
    found = f"{float(edges[0]):g} and {float(edges[1]):g}" if two else _shown(value)
    raise ConfigurationError(f"{subject(name)}: {found} found; expected two time constants in s, 0 < first < last")


def flag(value: Any, name: str) -> bool:
    """Return a truth value.

    Raises
    ------
    ConfigurationError
        It is none.
    """
    if not isinstance(value, bool | np.bool_):
        raise ConfigurationError(f"{subject(name)}: {_shown(value)} found; allowed are True and False")
    return bool(value)


def check_draws(samples: Any, seed: Any, level: Any = 0.95, threshold: Any = 0.02) -> None:
    """Refuse draws that make no band.

    Raises
    ------
    ConfigurationError
        An option is out of its range.
    """
    cast.whole(samples, subject("samples"), lowest=FEWEST_DRAWS, highest=MOST_DRAWS)
    cast.whole(seed, subject("seed"), lowest=0)
    number(level, "level", above=0.0, below=1.0)
    check_threshold(threshold)


def check_threshold(threshold: Any) -> None:
    """Refuse a smallest peak that is no fraction of the highest.

    Raises
    ------
    ConfigurationError
        It does not lie between 0 and 1.
    """
    number(threshold, "threshold", above=0.0, below=1.0)


def _is_real(value: Any) -> bool:
    if isinstance(value, int | float):
        return not isinstance(value, bool)
    return getattr(value, "shape", None) == () and np.asarray(value).dtype.kind in "iuf"


def _shown(value: Any) -> str:
    if _is_real(value):
        return f"{float(value):g}"
    text = " ".join(repr(value).split())
    return text if len(text) <= 40 else f"{text[:37]}..."
