"""The printed report: a summary laid out for 80 columns and more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from iondrift.report.console import (
    concentrated,
    diffusion,
    frames,
    impedance,
    layout,
    lineshape,
    readings,
    result,
    uncertainty,
    velocity,
    voltage_ledger,
)
from iondrift.report.console.texts import number, with_unit
from iondrift.report.console.texts import plain_with_unit as _with_unit
from iondrift.report.console.texts import table_of_facts as _facts

_SEGMENTS = {
    "open_circuit": "open circuit",
    "constant_current": "constant current",
    "constant_voltage": "constant voltage",
}


def render(summary: Mapping[str, Any], *, brief: bool = False) -> RenderableType:
    """Return the report of one cell.

    Parameters
    ----------
    summary
        What :func:`iondrift.report.summary.cell.build` returns.
    brief
        The answer and the warnings alone.
    """
    return layout.sections(summary["cell"]["name"], *(answer(summary) if brief else parts(summary)))


def answer(summary: Mapping[str, Any]) -> list[layout.Part]:
    """Return headings and what stands under them: what a report opens with."""
    warnings = layout.paragraphs(summary["warnings"], mark="!", style="bold yellow")
    return [("Result", result.section(summary)), ("Warnings", warnings)]


def parts(summary: Mapping[str, Any]) -> list[layout.Part]:
    """Return headings and what stands under them: the answer, then how it was obtained."""
    return [
        *answer(summary),
        ("Read", _facts(_inputs(summary))),
        ("Protocol", _protocol(summary)),
        ("Concentration", _facts(_concentration(summary) | _diffusivity(summary))),
        ("Drift velocity", velocity.section(summary)),
        ("Closures, at the end of the polarisation", velocity.closures(summary)),
        ("Ledger of the voltage, at the end of the polarisation", voltage_ledger.section(summary)),
        ("Frames, at the end of the polarisation", frames.section(summary)),
        ("Concentrated solution, at the end of the polarisation", concentrated.section(summary)),
        ("Uncertainty", uncertainty.section(summary)),
        ("Mass-transport limitation", _facts(_mass_transport(summary))),
        ("D and t- in closed form, from profiles and current", readings.section(summary["readings"])),
        *(diffusion.parts(summary["diffusion"], prefix="PFG: ") if "diffusion" in summary else ()),
        *(impedance.parts(summary["impedance"], prefix="Impedance: ") if "impedance" in summary else ()),
        *(lineshape.parts(summary["lineshape"], prefix="Lines: ") if "lineshape" in summary else ()),
        ("Assumptions", layout.paragraphs(summary["assumptions"], mark="-", style="dim")),
    ]


def render_plan(plan: Mapping[str, Any]) -> RenderableType:
    """Return what `check` prints: what was read, and what would be computed.

    Parameters
    ----------
    plan
        What :func:`iondrift.report.summary.cell.plan` returns.
    """
    return layout.sections(
        plan["cell"]["name"],
        ("Read", _facts(_inputs(plan))),
        ("Protocol", _protocol(plan)),
        ("Concentration", _facts(_concentration(plan))),
        ("Would compute", _facts(plan["would_compute"])),
        ("Warnings", layout.paragraphs(plan["warnings"], mark="!", style="bold yellow")),
    )


def to_text(summary: Mapping[str, Any], *, width: int = 100) -> str:
    """Return the report as plain text of a given width."""
    return layout.plain_text(render(summary), width)


def outcome_table(outcomes: Iterable[tuple[str, str, str]]) -> RenderableType:
    """Return the table at the end of a run over several files.

    Parameters
    ----------
    outcomes
        File, status ("done", "stands" or "failed"), and where the results are or what went wrong.
    """
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("experiment", overflow="fold", ratio=1)
    table.add_column("status")
    table.add_column("results, or what went wrong", overflow="fold", ratio=1)
    for file, status, text in outcomes:
        table.add_row(file, Text(status, style="bold red" if status == "failed" else "green"), Text(text))
    return table


def write(summary: Mapping[str, Any], console: Console, *, brief: bool = False) -> None:
    """Print the report of one cell; to a pipe as plain text without trailing spaces.

    Parameters
    ----------
    summary
        What :func:`iondrift.report.summary.cell.build` returns.
    console
        Where to.
    brief
        The answer and the warnings alone.
    """
    layout.write(render(summary, brief=brief), console)


def write_plan(plan: Mapping[str, Any], console: Console) -> None:
    """Print what `check` has to say; see :func:`write`."""
    layout.write(render_plan(plan), console)


def _inputs(summary: Mapping[str, Any]) -> dict[str, str]:
    profiles, log = summary["inputs"]["profiles"], summary["inputs"]["log"]
    timing = ""
    if profiles["interval"]["value"] is not None:
        timing = f", every {_with_unit(profiles['interval'])}"
    if profiles["duration"]["value"] is not None:
        timing += f" for {_with_unit(profiles['duration'])}"
    turned = ", reversed" if profiles["reversed"] else ""
    return {
        "profiles": f"{profiles['used']} of {profiles['stored']} ({profiles['format']}), "
        f"{profiles['points']} points{timing}{turned}",
        "": f"{profiles['first']} to {profiles['last']}",
        "log": f"{log['file']}: {log['samples']} samples over {number(log['stop'])} h, "
        f"{number(log['lowest_voltage'])} to {_with_unit(log['highest_voltage'])}",
    }


def _protocol(summary: Mapping[str, Any]) -> RenderableType | None:
    if not summary["protocol"]:
        return None
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    table.add_column(justify="right")
    for segment in summary["protocol"]:
        table.add_row(
            _SEGMENTS.get(segment["kind"], segment["kind"]),
            f"{segment['start']['value']:.2f} to {segment['stop']['value']:.2f} h",
            _with_unit(segment["level"]),
        )
    return table


def _concentration(summary: Mapping[str, Any]) -> dict[str, str]:
    facts, noise = summary["calibration"], summary["noise"]
    region = facts["region"]
    points = (
        ""
        if region["first_point"] is None
        else f", points {region['first_point']} to {region['last_point']} from the plating side"
    )
    lines = {"region": f"{_with_unit(region['length'], 4)} of {region['positions']} positions{points}"}
    if facts["electrode_distance"]["value"] is not None:
        lines["region"] += f"; electrodes {_with_unit(facts['electrode_distance'], 4)} apart"
    if facts["reference_profiles"]:
        lines["reference"] = _list_of_numbers(facts["reference_profiles"])
    if facts["background"]["value"] is not None:
        lines["background"] = _with_unit(facts["background"], 2)
    change = facts["change_of_total_anions"]
    error = "" if change["error"]["value"] is None else f" +- {number(change['error'], 2)}"
    lines["total anions"] = f"{change['value']:+.1f}{error} % over the series"
    if noise is not None:
        lines["noise"] = (
            f"{_with_unit(noise['standard_deviation'], 2)} per point, correlation "
            f"{noise['autocorrelation_lag_1']:.2f} and {noise['autocorrelation_lag_2']:.2f} at lags 1 and 2; "
            f"common to all points {number(noise['common_mode'], 2)} %"
        )
    return lines


def _diffusivity(summary: Mapping[str, Any]) -> dict[str, str]:
    diffusivity = summary["diffusivity"]
    low, high = number(diffusivity["lowest"]), _with_unit(diffusivity["highest"])
    return {
        "range": f"{number(diffusivity['lowest_concentration'])} to "
        f"{_with_unit(diffusivity['highest_concentration'])} (smoothed: {summary['settings']['smoothing']})",
        "D(c)": diffusivity["formula"],
        "": f"{low} to {high} in this range",
    }


def _mass_transport(summary: Mapping[str, Any]) -> dict[str, str]:
    facts = summary["mass_transport"]
    closure = summary["settings"]["closure"]
    onset, sand = facts["observed_onset"], facts["sand_time"]
    observed = "none seen in the log"
    if onset["value"] is not None:
        observed = f"{number(onset)} +- {_with_unit(onset['uncertainty'], 2)}"
    lines = {
        "Sand's time": with_unit(sand) if sand["value"] is not None else "not known",
        "observed": f"{observed} (sudden rise of the voltage)",
    }
    if sand["value"] is not None or onset["value"] is not None:
        lines[""] = "both from the start of the constant current"
    depth, short = facts["penetration_depth"], facts["time_to_short"]
    lines["front depth"] = (
        f"{with_unit(depth['x0'])} at v(x0), {with_unit(depth['xL'])} at v(xL): a front that moves with the anions "
        f"(closure {closure})"
    )
    lines["time to short"] = f"{with_unit(short['x0'])} at v(x0), {with_unit(short['xL'])} at v(xL): L / v at the end"
    return lines


def _list_of_numbers(numbers: list[int]) -> str:
    if len(numbers) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"mean of profiles {numbers[0]} to {numbers[-1]}"
    text = ", ".join(map(str, numbers))
    return f"profile {text}" if len(numbers) == 1 else f"mean of profiles {text}"
