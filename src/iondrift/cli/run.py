"""Options that every command which analyses cells takes."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import Parameter
from typing import Any

import typer

from iondrift.cli.options import AGAIN, parameter, parameters_of, read
from iondrift.drift.bands.options import DrawOptions
from iondrift.runs.options import RunOptions

RUN_PARAMETERS: tuple[Parameter, ...] = (
    *parameters_of(RunOptions),
    *parameters_of(DrawOptions),
    parameter("no_bands", bool, typer.Option("--no-bands", help="No uncertainty bands."), False),
    AGAIN,
)

FIGURES = parameters_of(RunOptions, "figures")[0]


def run_options(values: Mapping[str, Any]) -> RunOptions:
    """Return what the options of a command ask for."""
    draws = DrawOptions(**read(DrawOptions, values))
    return RunOptions(**read(RunOptions, values), bands=None if values["no_bands"] else draws)
