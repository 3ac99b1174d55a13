"""Figures from results: panels that take axes and return them, and the paper's Figures 3, 4 and 5 made of them.

``results.zarr``, ``impedance.zarr`` and ``lineshape.zarr`` of a run, opened with xarray, hold what is drawn. Without
axes a figure in the house's style is made; colours are told apart with any colour vision. :func:`save` writes the same
bytes for the same results.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from iondrift import cast
from iondrift.drift.closures import CLOSURES
from iondrift.errors import ConfigurationError
from iondrift.experiment.results import UM_PER_H
from iondrift.report.figures import drawing
from iondrift.report.figures.bands import stretch_small
from iondrift.report.figures.given import hours_of, one_panel, panels_of, stacked, variable
from iondrift.report.figures.lineshape import draw_spectrum

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "current_density", "drift_velocity", "drift_velocity_map", "figure_3", "figure_4", "figure_5", "relaxation_times",
    "resistance", "save", "voltage",
]  # fmt: skip

_ENDS = {"x0": 0, "xL": -1}
_WINDOWED = "windowed_resistance"


def voltage(dataset: xr.Dataset, axes: Axes | None = None) -> Axes:
    """Draw the cell voltage against time.

    Parameters
    ----------
    dataset
        ``voltage`` (time), V.
    axes
        Where to draw; None: a new figure.
    """
    axes = one_panel(axes)
    axes.plot(hours_of(dataset), variable(dataset, "voltage").values, color="0.15")
    axes.set(xlabel="time / h", ylabel="$V$ / V")
    return axes


def current_density(dataset: xr.Dataset, axes: Axes | None = None) -> Axes:
    """Draw the current density against time, positive while lithium is plated.

    Parameters
    ----------
    dataset
        ``current_density`` (time), A m-2, negative while plating.
    axes
        Where to draw; None: a new figure.
    """
    axes = one_panel(axes)
    axes.plot(
        hours_of(dataset), -variable(dataset, "current_density").values / 10.0, color="0.15"
    )  # 1 mA cm-2 = 10 A m-2
    axes.set(xlabel="time / h", ylabel="$-i$ / mA cm$^{-2}$")
    axes.set_ylim(min(0.0, axes.get_ylim()[0]), None)
    return axes


def drift_velocity(
    dataset: xr.Dataset, axes: Axes | None = None, *, at: str = "x0", closures: Sequence[str] | None = None
) -> Axes:
    """Draw v at one end against time under closures, with their 68 and 95 % bands where there are any.

    Parameters
    ----------
    dataset
        ``drift_velocity_by_closure`` (closure, time, x), m s-1, and its ``drift_velocity_band_by_closure``.
    axes
        Where to draw; None: a new figure.
    at
        ``x0``, the plating side, or ``xL``.
    closures
        Names; None: all that were computed, without variants.

    Raises
    ------
    ConfigurationError
        The results hold no such closure, or there is no such end.
    """
    end, axes = _ENDS[cast.one_of(at, "at", tuple(_ENDS))], one_panel(axes)
    for name in _closures(dataset, closures):
        colour = drawing.closure_colour(name)
        if "drift_velocity_band_by_closure" in dataset:
            edges = dataset["drift_velocity_band_by_closure"].sel(closure=name).isel(x=end)
            drawing.band(axes, hours_of(dataset), edges.transpose("quantile", "time").values * UM_PER_H, colour)
        values = dataset["drift_velocity_by_closure"].sel(closure=name).isel(x=end).values
        axes.plot(hours_of(dataset), values * UM_PER_H, color=colour, label=name)
    values = dataset["drift_velocity_by_closure"].isel(x=end).sel(closure=_closures(dataset, closures)).values
    stretch_small(axes, values * UM_PER_H)
    axes.set(xlabel="time / h", ylabel=f"$v(x_{at[1]})$ / µm h$^{{-1}}$")
    axes.legend(loc="best", ncols=len(CLOSURES))
    return axes


def drift_velocity_map(dataset: xr.Dataset, axes: Axes | None = None, *, closure: str | None = None) -> Axes:
    """Draw v over time and x/L, the paper's surface seen from above.

    Parameters
    ----------
    dataset
        ``drift_velocity_by_closure`` (closure, time, x), m s-1.
    axes
        Where to draw; None: a new figure.
    closure
        Its name; None: the one chosen for the results.

    Raises
    ------
    ConfigurationError
        The results hold no such closure.
    """
    axes = one_panel(axes)
    name = _closures(dataset, [str(dataset.attrs["closure"]) if closure is None else closure])[0]
    values = dataset["drift_velocity_by_closure"].sel(closure=name).transpose("time", "x").values * UM_PER_H
    largest = float(np.nanmax(np.abs(values)))
    both = float(np.nanmin(values)) < -0.02 * largest  # both signs: zero gets its own colour
    mesh = axes.pcolormesh(
        hours_of(dataset), drawing.relative(dataset), values.T, shading="nearest", rasterized=True,
        cmap="RdBu_r" if both else "magma", vmin=-largest if both else min(0.0, float(np.nanmin(values))), vmax=largest,
    )  # fmt: skip
    axes.set(xlabel="time / h", ylabel="$x/L$", ylim=(0, 1))
    axes.figure.colorbar(mesh, ax=axes, label=f"$v$ / µm h$^{{-1}}$ ({name})")
    return axes


def relaxation_times(impedance: xr.Dataset, axes: Axes | None = None) -> Axes:
    """Draw the distribution of relaxation times over time, where the spectra tell their times.

    Parameters
    ----------
    impedance
        ``gamma`` (spectrum, tau), ohm, with coordinates ``time`` (spectrum), s, and ``tau``, s.
    axes
        Where to draw; None: a new figure.
    """
    axes = one_panel(axes)
    hours, gamma = hours_of(impedance), variable(impedance, "gamma").values
    omega = 2.0 * np.pi * impedance["frequency"].values
    tau = impedance["tau"].values
    inside = (tau >= 1.0 / omega.max()) & (tau <= 1.0 / omega.min())  # beyond, nothing was measured
    order = np.argsort(hours, kind="stable")
    mesh = axes.pcolormesh(
        hours[order], tau, gamma[order].T, cmap="magma", vmin=0.0, vmax=float(gamma[:, inside].max()),
        shading="nearest", rasterized=True,
    )  # fmt: skip
    axes.set(xlabel="time / h", ylabel=r"$\tau$ / s", yscale="log", ylim=(tau[inside].min(), tau[inside].max()))
    axes.figure.colorbar(mesh, ax=axes, label=r"$\gamma$ / $\Omega$")
    return axes


def resistance(impedance: xr.Dataset, axes: Axes | None = None) -> Axes:
    """Draw the resistance of the window of time constants, the interphase, over time with its 95 % band.

    Parameters
    ----------
    impedance
        ``windowed_resistance`` (spectrum), ohm, and its ``_band``, with ``time`` (spectrum), s.
    axes
        Where to draw; None: a new figure.
    """
    axes = one_panel(axes)
    hours = hours_of(impedance)
    order = np.argsort(hours, kind="stable")
    if f"{_WINDOWED}_band" in impedance:
        band = impedance[f"{_WINDOWED}_band"].values[:, order]
        axes.fill_between(hours[order], band[0], band[-1], color=drawing.AT_PLATING, alpha=0.25, lw=0)
    axes.plot(hours[order], variable(impedance, _WINDOWED).values[order], ".-", color=drawing.AT_PLATING)
    first, last = impedance.attrs["window_s"]
    axes.set(xlabel="time / h", ylabel=r"resistance / $\Omega$", ylim=(0.0, None))
    axes.set_title(rf"$\tau$ from {first:g} to {last:g} s", loc="left")
    return axes


def figure_3(
    dataset: xr.Dataset, axes: Sequence[Axes] | None = None, *, closures: Sequence[str] | None = None
) -> list[Axes]:
    """Draw the paper's Figure 3: V, i, v(x0), v(xL) against time, and v over time and x.

    Parameters
    ----------
    dataset
        ``results.zarr`` of a run.
    axes
        Five; four without a logged current. None: a new figure.
    closures
        For the curves; None: all that were computed. The map shows the one chosen for the results.
    """
    with drawing.style():
        panels = [voltage, *([current_density] if "current_density" in dataset else [])]
        places = panels_of(axes, len(panels) + 3, 6.4, "figure_3")
        for draw, place in zip(panels, places, strict=False):
            draw(dataset, place)
        for at, place in zip(_ENDS, places[len(panels) :], strict=False):
            drift_velocity(dataset, place, at=at, closures=closures)
            if at != "x0" and (legend := place.get_legend()) is not None:
                legend.remove()  # the panel above names the same curves
        drift_velocity_map(dataset, places[-1])
    return stacked(places) if axes is None else places


def figure_4(spectra: xr.Dataset, axes: Sequence[Axes] | None = None) -> list[Axes]:
    """Draw the paper's Figure 4: 7Li spectra with their fitted lines, one panel a spectrum.

    Parameters
    ----------
    spectra
        ``results.zarr`` of ``iondrift lineshape``, or ``lineshape.zarr`` of a run.
    axes
        One a spectrum. None: a new figure.
    """
    with drawing.style():
        places = panels_of(axes, spectra.sizes["spectrum"], 2.4 * spectra.sizes["spectrum"], "figure_4")
        for k, place in enumerate(places):
            draw_spectrum(spectra.isel(spectrum=k), place)
            place.set_xlabel("chemical shift / ppm")
    return places


def figure_5(dataset: xr.Dataset, impedance: xr.Dataset, axes: Sequence[Axes] | None = None) -> list[Axes]:
    """Draw the paper's Figure 5: V, the distribution of relaxation times and the interphase resistance over time.

    Parameters
    ----------
    dataset
        ``results.zarr`` of a run.
    impedance
        Its ``impedance.zarr``, or ``results.zarr`` of ``iondrift drt``.
    axes
        Three. None: a new figure.
    """
    with drawing.style():
        places = panels_of(axes, 3, 5.6, "figure_5")
        voltage(dataset, places[0])
        relaxation_times(impedance, places[1])
        resistance(impedance, places[2])
    return stacked(places) if axes is None else places


def save(axes: Axes | Sequence[Axes], path: str | Path) -> Path:
    """Write the figure of some axes as PNG or SVG, the same bytes for the same results.

    Parameters
    ----------
    axes
        What the functions of this module return.
    path
        Ends in .png or .svg.

    Raises
    ------
    ConfigurationError
        Another ending.
    StoreError
        The file cannot be written.
    """
    path = Path(path)
    kind = path.suffix.lower().removeprefix(".")
    if kind not in drawing.ALL:
        raise ConfigurationError(f"{path}: ends in {path.suffix!r}; figures are written as .png or .svg")
    figure = (axes[0] if isinstance(axes, Sequence) else axes).get_figure(root=True)
    if figure is None:
        raise ConfigurationError(f"{path}: the axes belong to no figure")
    with drawing.style():
        return drawing.save(figure, path.stem, path.parent, (kind,))[0]


def _closures(dataset: xr.Dataset, wanted: Sequence[str] | None) -> list[str]:
    """Return names of closures that results hold."""
    held = [str(name) for name in variable(dataset, "drift_velocity_by_closure").closure.values]
    if wanted is None:
        return [name for name in held if name in CLOSURES]
    for name in wanted:
        if name not in held:
            raise ConfigurationError(f"closure {name!r} found; the results hold {', '.join(held)}")
    return list(wanted)
