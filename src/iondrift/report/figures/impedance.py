"""Figures of an impedance series: spectra, test, distribution, resistances."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from iondrift.report.figures import drawing
from iondrift.report.figures.relaxation import relaxation_map, relaxation_times
from iondrift.report.figures.series import MOST_LINES, colour_bar, colours_of, lines, name_spectra
from iondrift.report.figures.sweep_drift import sweep_drift
from iondrift.report.series_axis import SECONDS, SeriesAxis

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from iondrift.experiment.log.protocol import Segment

_WORST = 5  # spectra with the largest residuals, always drawn
_LINES = {
    "ohmic_resistance": ("ohmic", "#009e73"),
    "polarisation_resistance": ("polarisation", "#0072b2"),
    "windowed_resistance": ("in window", "#d55e00"),
}  # Okabe and Ito: told apart with any colour vision
_DOTS: dict[str, Any] = {"ls": "", "marker": ".", "ms": 3}
_LINE: dict[str, Any] = {"lw": 0.8}
_MASKED: dict[str, Any] = {"ls": "", "marker": "x", "ms": 4, "mew": 0.8}


def draw(
    dataset: xr.Dataset,
    axis: SeriesAxis,
    *,
    title: str,
    folder: Path,
    segments: Sequence[Segment] = (),
    kinds: Sequence[str] = drawing.ALL,
) -> list[Path]:
    """Draw every figure.

    Parameters
    ----------
    dataset
        From :func:`iondrift.impedance.analysis.analyse`.
    axis
        What colours and positions mean.
    title
        Name of the series.
    folder
        Where the files go; it is made when missing.
    segments
        The protocol on the clock of the spectra, shaded behind the resistances.
    kinds
        Of files: png, svg.

    Returns
    -------
    list of Path
        The files written.
    """
    title = drawing.literal(title)
    drawings: dict[str, Callable[[], Figure]] = {
        "nyquist": lambda: nyquist(dataset, axis, title=title),
        "bode": lambda: bode(dataset, axis, title=title),
        "kramers_kronig": lambda: kramers_kronig(dataset, axis, title=title),
        "relaxation_times": lambda: relaxation_times(dataset, axis, title=title),
    }
    if dataset.sizes["spectrum"] > 1:
        drawings["relaxation_map"] = lambda: relaxation_map(dataset, axis, title=title)
        if "sweep_change" in dataset and np.isfinite(dataset["sweep_change_probability"]).any():
            drawings["sweep_drift"] = lambda: sweep_drift(dataset, axis, title=title)
        drawings["resistances"] = lambda: resistances(dataset, axis, title=title, segments=segments)
    return drawing.save_each(drawings, folder, kinds)


def nyquist(dataset: xr.Dataset, axis: SeriesAxis, *, title: str) -> Figure:
    """Draw -Im Z against Re Z at one scale, measured and fitted.

    A series over more than a decade of |Z| is drawn twice: whole, and the smaller half of its spectra.
    """
    used = dataset["used"].values.astype(bool)
    measured = np.where(used, dataset["impedance"].values, np.nan)
    largest = np.nanmax(np.abs(measured), axis=1)
    zoomed = largest.size > 3 and largest.max() > 10.0 * np.median(largest)
    groups = [np.arange(largest.size)] + ([np.flatnonzero(largest <= np.median(largest))] if zoomed else [])
    width = 2.5 if zoomed else 3.9  # inches of a panel, whose shape is that of the data: both axes have one scale
    height = width * max(_flatness(measured[group]) for group in groups)
    figure, panels = drawing.panels(
        7.2 if zoomed else 5.2, float(np.clip(height, 1.2, 4.2)) + 1.1, columns=len(groups)
    )  # fmt: skip
    figure.set_layout_engine("compressed")  # room for the title above panels whose shape is fixed
    colours = colours_of(axis)
    for axes, group in zip(np.atleast_1d(panels), groups, strict=True):
        unit, factor = _ohms(float(largest[group].max()))
        for s in lines(group):
            z, fit = (dataset[name].values[s] * factor for name in ("impedance", "impedance_fit"))
            colour = colours.to_rgba(axis.values[s])
            axes.plot(z.real[used[s]], -z.imag[used[s]], ".", ms=3, color=colour)
            axes.plot(fit.real, -fit.imag, lw=0.8, color=colour)
        axes.axhline(0.0, color="0.7", lw=0.6, zorder=0)
        if not used[group].all():
            axes.autoscale(False)  # a masked point may lie anywhere
            for s in lines(group):
                bad = dataset["impedance"].values[s][~used[s]] * factor
                axes.plot(bad.real, -bad.imag, **_MASKED, color=colours.to_rgba(axis.values[s]))
        axes.set_aspect("equal", adjustable="box")
        axes.set(xlabel=f"Re $Z$ / {unit}", ylabel=f"$-$Im $Z$ / {unit}")
    first = np.atleast_1d(panels)[0]
    first.set_title(_drawn(title, groups[0].size), loc="left")
    if zoomed:
        panels[1].set_title("the smaller half", loc="left")
    first.plot([], [], ".", color="0.4", label="measured")
    first.plot([], [], lw=0.8, color="0.4", label="fit")
    if not used.all():
        first.plot([], [], **_MASKED, color="0.4", label="masked")
    figure.legend(loc="outside lower center", ncols=3)
    colour_bar(figure, panels, colours, axis)
    return figure


def bode(dataset: xr.Dataset, axis: SeriesAxis, *, title: str) -> Figure:
    """Draw |Z| and phase against frequency, measured and fitted."""
    figure, (upper, lower) = drawing.panels(5.2, 4.6, rows=2)
    colours = colours_of(axis)
    frequency, used = dataset["frequency"].values, dataset["used"].values.astype(bool)
    everywhere = np.full(frequency.size, True)
    for s in lines(np.arange(dataset.sizes["spectrum"])):
        colour = colours.to_rgba(axis.values[s])
        measured, fit = dataset["impedance"].values[s], dataset["impedance_fit"].values[s]
        for z, shown, look in ((measured, used[s], _DOTS), (fit, everywhere, _LINE), (measured, ~used[s], _MASKED)):
            upper.plot(frequency[shown], np.abs(z[shown]), color=colour, **look)
            lower.plot(frequency[shown], np.degrees(np.angle(z[shown])), color=colour, **look)
    upper.set(xscale="log", yscale="log", ylabel=r"$|Z|$ / $\Omega$")
    lower.set(xlabel="frequency / Hz", ylabel="phase / °")
    upper.set_title(_drawn(title, len(used), masked=not used.all()), loc="left")
    figure.align_ylabels([upper, lower])
    colour_bar(figure, [upper, lower], colours, axis)
    return figure


def kramers_kronig(dataset: xr.Dataset, axis: SeriesAxis, *, title: str) -> Figure:
    """Draw the residuals of the model judged against frequency, with the limit; crosses are masked.

    Of a long series the worst spectra are always among those drawn.
    """
    figure, panels = drawing.panels(5.2, 4.2, rows=2)
    colours = colours_of(axis)
    limit = 100.0 * dataset.attrs["kk_limit"]
    residual, used = 100.0 * dataset["kk_judged_residual"].values, dataset["used"].values.astype(bool)
    frequency = dataset["frequency"].values
    worst = np.argsort(dataset["kk_worst"].values)[-_WORST:]
    shown = sorted({*lines(np.arange(len(used))), *map(int, worst)})
    for axes, part, name in zip(panels, (residual.real, residual.imag), ("real", "imaginary"), strict=True):
        axes.axhspan(-limit, limit, color="0.95", lw=0, zorder=0)
        axes.axhline(0.0, color="0.7", lw=0.6, zorder=0)
        reach = 1.15 * max(limit, float(np.abs(part[used]).max()))
        for s in shown:
            colour = colours.to_rgba(axis.values[s])
            axes.plot(frequency[used[s]], part[s, used[s]], lw=0.9, color=colour)
            # What lies beyond the panel stands at its edge.
            bad = np.clip(part[s, ~used[s]], -0.97 * reach, 0.97 * reach)
            axes.plot(frequency[~used[s]], bad, **_MASKED, color=colour)
        axes.set(xscale="log", ylabel=f"{name} residual / %", ylim=(-reach, reach))
    good = int(dataset["kk_consistent"].values.sum())
    verdict = f"{title}: {good} of {len(used)} within {limit:g} %"
    panels[0].set_title(verdict + ("" if used.all() else "; crosses: masked"), loc="left")
    panels[1].set_xlabel("frequency / Hz")
    colour_bar(figure, panels, colours, axis)
    return figure


def resistances(dataset: xr.Dataset, axis: SeriesAxis, *, title: str, segments: Sequence[Segment] = ()) -> Figure:
    """Draw ohmic, polarisation and windowed resistance through the series with their bands.

    On a logarithmic scale a band that reaches zero becomes its upper edge, an open triangle.
    """
    figure, axes = drawing.panels(5.2, 3.6)
    found = {name: _limits(dataset, name) for name in _LINES}
    known = np.concatenate([value[low > 0.0] for low, value, _ in found.values()])
    logarithmic = bool(known.size and known.max() > 200.0 * known.min())
    # Dots side by side would hide the bands.
    look: dict[str, Any] = {"marker": ".", "ms": 4, "lw": 1.0} if axis.values.size <= MOST_LINES else {"lw": 0.6}
    for name, (label, colour) in _LINES.items():
        low, value, high = found[name]
        shown = low > 0.0 if logarithmic else np.full(value.shape, True)
        axes.plot(axis.values, np.where(shown, value, np.nan), color=colour, label=label, **look)
        axes.fill_between(axis.values, low, high, where=list(shown), color=colour, alpha=0.25, lw=0)
        if not shown.all():
            axes.plot(axis.values[~shown], high[~shown], "v", ms=4, mfc="none", color=colour)
    first, last = dataset.attrs["window_s"]
    band = ", 95 % bands" if "polarisation_resistance_band" in dataset else ""
    axes.set(xlabel=axis.label, ylabel=r"resistance / $\Omega$")
    if logarithmic:
        axes.set_yscale("log")
        axes.plot([], [], "v", ms=4, mfc="none", color="0.4", label="upper limit")
    else:
        axes.set_ylim(0.0, None)
    axes.set_title(f"{title}: window {first:g} to {last:g} s{band}", loc="left", pad=16 if segments else 6)
    if segments and axis.name == "time":
        drawing.shade(axes, segments, named=True, unit=SECONDS[axis.unit])
    name_spectra(axes, axis)
    figure.legend(loc="outside lower center", ncols=4)
    return figure


def _drawn(title: str, spectra: int, *, masked: bool = False) -> str:
    """Return the title with how many spectra are drawn where that is not all, and what crosses are."""
    told = [f"{MOST_LINES} of {spectra} spectra"] if spectra > MOST_LINES else []
    told += ["crosses: masked"] if masked else []
    return f"{title}: {'; '.join(told)}" if told else title


def _flatness(measured: np.ndarray[Any, np.dtype[np.complex128]]) -> float:
    """Return height over width of spectra in the complex plane, the real axis included."""
    real, height = measured.real[np.isfinite(measured.real)], -measured.imag[np.isfinite(measured.imag)]
    return float((max(height.max(), 0.0) - min(height.min(), 0.0)) / max(np.ptp(real), 1e-300))


def _limits(dataset: xr.Dataset, name: str) -> tuple[Any, Any, Any]:
    """Return lower edge, value and upper edge; the value itself where there is no band."""
    value = dataset[name].values
    band = dataset[f"{name}_band"].values if f"{name}_band" in dataset else np.stack([value] * 3)
    return band[0], value, band[-1]


def _ohms(largest: float) -> tuple[str, float]:
    """Return a unit and the factor from ohm to it."""
    for unit, factor in ((r"M$\Omega$", 1e-6), (r"k$\Omega$", 1e-3), (r"$\Omega$", 1.0), (r"m$\Omega$", 1e3)):
        if largest * factor >= 1.0:
            return unit, factor
    return r"$\mu\Omega$", 1e6
