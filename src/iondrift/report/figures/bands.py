"""Figures of uncertainty: v with 68 and 95 % bands beside the other closures, and what the bands consist of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from iondrift.cast import FloatArray, evenly_spaced
from iondrift.drift.bands.uncertainties import SHORT_NAMES
from iondrift.drift.closures import CLOSURES
from iondrift.experiment.results import HOUR, UM_PER_H
from iondrift.report.figures import drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from iondrift.experiment.log.protocol import Segment

_SHOWN = 4  # times drawn along x
_NAMED = 0.02  # share of the variance from which a source gets its own colour
_SOURCE_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#f0e442", "#999999")
_QUANTITIES = {"v_x0": "$v(x_0)$", "v_xL": "$v(x_L)$", "maximum": "largest $v$"}


def through_time(dataset: xr.Dataset, segments: Sequence[Segment], *, title: str) -> Figure:
    """Draw v at both ends with bands under the chosen closure, and v(x0) under every closure, against time.

    Parameters
    ----------
    dataset
        ``drift_velocity`` (time, x), its ``_band``, and both ``_by_closure``; m s-1.
    segments
        The protocol, shaded.
    title
        Name of the cell.
    """
    figure, (chosen, compared) = drawing.fixed_panels(5.2, 5.0, rows=2, top=0.42, gap=0.32)
    hours = dataset.time.values / HOUR
    for end, colour, label in (
        (0, drawing.AT_PLATING, "at $x_0$ (plating side)"),
        (-1, drawing.AT_COUNTER, "at $x_L$"),
    ):
        drawing.band(chosen, hours, dataset.drift_velocity_band.values[:, :, end] * UM_PER_H, colour)
        chosen.plot(hours, dataset.drift_velocity.values[:, end] * UM_PER_H, color=colour, label=label)
    chosen.set_title(f"{title}: closure {dataset.attrs.get('closure', '')}", loc="left", pad=16)
    chosen.legend(loc="best", title="bands of 68 and 95 %", title_fontsize=8)
    for name in _closures(dataset):
        colour = drawing.closure_colour(name)
        edges = dataset.drift_velocity_band_by_closure.sel(closure=name).values[:, :, 0] * UM_PER_H
        drawing.band(compared, hours, edges, colour)
        values = dataset.drift_velocity_by_closure.sel(closure=name).values[:, 0]
        compared.plot(hours, values * UM_PER_H, color=colour, label=name)
    stretch_small(compared, dataset.drift_velocity_by_closure.values[:, :, 0] * UM_PER_H)
    compared.set_title("at $x_0$ under each closure", loc="left")
    compared.legend(loc="best")
    compared.set_xlabel("time / h")
    compared.set_xlim(hours[0], hours[-1])
    for k, axes in enumerate((chosen, compared)):
        axes.set_ylabel("$v$ / µm h$^{-1}$")
        drawing.shade(axes, segments, named=k == 0)
    return figure


def along_x(dataset: xr.Dataset, *, title: str) -> Figure:
    """Draw v against x at some times with bands, and under every closure at the last of them.

    Parameters
    ----------
    dataset
        As :func:`through_time`.
    title
        Name of the cell.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    figure, (chosen, compared) = drawing.fixed_panels(7.2, 3.5, columns=2)
    hours, relative = dataset.time.values / HOUR, drawing.relative(dataset)
    colours = ScalarMappable(Normalize(hours[0], hours[-1]), drawing.TIME_COLOURS)
    for k in evenly_spaced(hours.size, _SHOWN):
        shade = colours.to_rgba(hours[k])
        drawing.band(chosen, relative, dataset.drift_velocity_band.values[:, k] * UM_PER_H, shade)
        chosen.plot(relative, dataset.drift_velocity.values[k] * UM_PER_H, color=shade, label=f"{hours[k]:.1f} h")
    chosen.set_title(f"{title}: {dataset.attrs.get('closure', '')}", loc="left")
    low, high = chosen.get_ylim()
    chosen.set_ylim(low, high + 0.12 * (high - low))  # room for the legend above the bands
    chosen.legend(loc="upper center", ncols=_SHOWN, columnspacing=1.0, handlelength=1.2)
    for name in _closures(dataset):
        colour = drawing.closure_colour(name)
        edges = dataset.drift_velocity_band_by_closure.sel(closure=name).values[:, -1] * UM_PER_H
        drawing.band(compared, relative, edges, colour)
        values = dataset.drift_velocity_by_closure.sel(closure=name).values[-1]
        compared.plot(relative, values * UM_PER_H, color=colour, label=name)
    stretch_small(compared, dataset.drift_velocity_by_closure.values[:, -1] * UM_PER_H)
    compared.set_title(f"each closure, {hours[-1]:.1f} h", loc="left")
    compared.legend(loc="best")
    for axes in (chosen, compared):
        axes.set(xlabel="$x/L$ from the plating side", ylabel="$v$ / µm h$^{-1}$", xlim=(0, 1))
    return figure


def error_budget(dataset: xr.Dataset, *, title: str) -> Figure:
    """Draw shares of the variance by source, stacked, and v under every closure beside the band.

    Parameters
    ----------
    dataset
        ``budget_share`` (source, quantity), ``budget_closure_velocity`` (budget_closure, quantity) and
        ``budget_total_half_width`` (quantity).
    title
        Name of the cell.
    """
    figure, (shares, closures) = drawing.fixed_panels(7.2, 3.4, columns=2, right=1.4, top=0.5, width_ratios=(3, 2))
    places = np.arange(len(_QUANTITIES))
    share = dataset.budget_share.sel(quantity=list(_QUANTITIES)).values * 100.0
    order = np.argsort(-share.max(axis=1), kind="stable")
    named = [n for n in order if share[n].max() >= 100.0 * _NAMED][: len(_SOURCE_COLOURS) - 1]
    bottom = np.zeros(places.size)
    for n, colour in zip(named, _SOURCE_COLOURS, strict=False):
        name = str(dataset.source.values[n])
        shares.bar(places, share[n], 0.62, bottom=bottom, color=colour, label=SHORT_NAMES[name])
        bottom += share[n]
    if (bottom < 99.95).any():
        shares.bar(places, 100.0 - bottom, 0.62, bottom=bottom, color="0.8", label="all others")
    shares.set_xticks(places, list(_QUANTITIES.values()))
    shares.set(ylabel="share of the variance / %", ylim=(0, 100))
    shares.set_title(f"closure {dataset.attrs.get('closure', '')}", loc="left")
    figure.suptitle(title, x=0.01, y=0.99, ha="left", va="top", fontsize=9)
    _velocities(closures, dataset)
    figure.legend(*_reversed(shares), loc="center right")
    return figure


def _velocities(axes: Axes, dataset: xr.Dataset) -> None:
    """Draw v(x0) under each closure as a point, the chosen one with half the width of its 68 % band."""
    velocity = dataset.budget_closure_velocity.sel(quantity="v_x0")
    names = [str(name) for name in velocity.budget_closure.values]
    chosen = dataset.attrs.get("closure", "")
    for k, name in enumerate(names):
        error = float(dataset.budget_total_half_width.sel(quantity="v_x0")) * UM_PER_H if name == chosen else None
        value = float(velocity[k]) * UM_PER_H
        look: dict[str, Any] = {
            "fmt": "o",
            "ms": 5,
            "capsize": 4,
            "color": drawing.closure_colour(name),
            "label": f"_{name}",
        }
        axes.errorbar(k, value, yerr=error, **look)
    axes.set_xticks(range(len(names)), names)
    axes.set_xlim(-0.6, len(names) - 0.4)
    axes.set_ylim(min(0.0, axes.get_ylim()[0]), None)
    axes.set_ylabel("$v(x_0)$ / µm h$^{-1}$")
    axes.set_title("choice of closure", loc="left")


def _closures(dataset: xr.Dataset) -> list[str]:
    """Return the closures to compare; ``blocking`` twice would hide one line under the other."""
    return [str(name) for name in dataset.closure.values if name in CLOSURES]


def stretch_small(axes: Axes, values: FloatArray) -> None:
    """Stretch what is small: closures differ by factors, and v may change sign."""
    from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

    largest = max(1.0, float(np.nanmax(np.abs(values))))
    axes.set_yscale("asinh", linear_width=largest / 30.0)
    decades = 10.0 ** np.arange(np.floor(np.log10(largest / 40.0)), np.ceil(np.log10(largest)) + 1)
    steps = np.outer(decades, [1.0, 3.0]).ravel()
    steps = steps[steps >= largest / 40.0]
    axes.yaxis.set_major_locator(FixedLocator([*-steps[::-1], 0.0, *steps]))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(ScalarFormatter())


def _reversed(axes: Axes) -> tuple[list[Any], list[str]]:
    handles, labels = axes.get_legend_handles_labels()
    return handles[::-1], labels[::-1]
