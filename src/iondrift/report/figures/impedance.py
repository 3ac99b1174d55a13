"""Figures of an impedance series: spectra, test, distribution, resistances."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from iondrift.cast import evenly_spaced
from iondrift.report.figures import drawing
from iondrift.report.figures.sweep_drift import sweep_drift
from iondrift.report.series_axis import SECONDS, SeriesAxis

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.figure import Figure

    from iondrift.experiment.log.protocol import Segment

_MOST_LINES = 60  # spectra drawn one by one; more would hide each other
_WORST = 5  # spectra with the largest residuals, always drawn
_LINES = {
    "ohmic_resistance": ("ohmic", "#009e73"),
    "polarisation_resistance": ("polarisation", "#0072b2"),
    "windowed_resistance": ("in window", "#d55e00"),
}  # Okabe and Ito: told apart with any colour vision
_DOTS: dict[str, Any] = {"ls": "", "marker": ".", "ms": 3}
_LINE: dict[str, Any] = {"lw": 0.8}
_MASKED: dict[str, Any] = {"ls": "", "marker": "x", "ms": 4, "mew": 0.8}
_GAMMA = r"$\gamma$ / $\Omega$"
_TAU = r"$\tau = 1 / (2 \pi f)$ / s"


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
    colours = _colours(axis)
    for axes, group in zip(np.atleast_1d(panels), groups, strict=True):
        unit, factor = _ohms(float(largest[group].max()))
        for s in _lines(group):
            z, fit = (dataset[name].values[s] * factor for name in ("impedance", "impedance_fit"))
            colour = colours.to_rgba(axis.values[s])
            axes.plot(z.real[used[s]], -z.imag[used[s]], ".", ms=3, color=colour)
            axes.plot(fit.real, -fit.imag, lw=0.8, color=colour)
        axes.axhline(0.0, color="0.7", lw=0.6, zorder=0)
        if not used[group].all():
            axes.autoscale(False)  # a masked point may lie anywhere
            for s in _lines(group):
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
    _colour_bar(figure, panels, colours, axis)
    return figure


def bode(dataset: xr.Dataset, axis: SeriesAxis, *, title: str) -> Figure:
    """Draw |Z| and phase against frequency, measured and fitted."""
    figure, (upper, lower) = drawing.panels(5.2, 4.6, rows=2)
    colours = _colours(axis)
    frequency, used = dataset["frequency"].values, dataset["used"].values.astype(bool)
    everywhere = np.full(frequency.size, True)
    for s in _lines(np.arange(dataset.sizes["spectrum"])):
        colour = colours.to_rgba(axis.values[s])
        measured, fit = dataset["impedance"].values[s], dataset["impedance_fit"].values[s]
        for z, shown, look in ((measured, used[s], _DOTS), (fit, everywhere, _LINE), (measured, ~used[s], _MASKED)):
            upper.plot(frequency[shown], np.abs(z[shown]), color=colour, **look)
            lower.plot(frequency[shown], np.degrees(np.angle(z[shown])), color=colour, **look)
    upper.set(xscale="log", yscale="log", ylabel=r"$|Z|$ / $\Omega$")
    lower.set(xlabel="frequency / Hz", ylabel="phase / °")
    upper.set_title(_drawn(title, len(used), masked=not used.all()), loc="left")
    figure.align_ylabels([upper, lower])
    _colour_bar(figure, [upper, lower], colours, axis)
    return figure


def kramers_kronig(dataset: xr.Dataset, axis: SeriesAxis, *, title: str) -> Figure:
    """Draw the residuals of the model judged against frequency, with the limit; crosses are masked.

    Of a long series the worst spectra are always among those drawn.
    """
    figure, panels = drawing.panels(5.2, 4.2, rows=2)
    colours = _colours(axis)
    limit = 100.0 * dataset.attrs["kk_limit"]
    residual, used = 100.0 * dataset["kk_judged_residual"].values, dataset["used"].values.astype(bool)
    frequency = dataset["frequency"].values
    worst = np.argsort(dataset["kk_worst"].values)[-_WORST:]
    shown = sorted({*_lines(np.arange(len(used))), *map(int, worst)})
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
    _colour_bar(figure, panels, colours, axis)
    return figure


def relaxation_times(dataset: xr.Dataset, axis: SeriesAxis, *, title: str) -> Figure:
    """Draw the distributions one above the other, coloured along the series, each with its band.

    Every one is scaled by its own maximum where they differ by more than a factor of ten.
    """
    shown = _lines(np.arange(dataset.sizes["spectrum"]), most=20)
    figure, axes = drawing.panels(5.2, 3.0 + 0.13 * len(shown))
    colours = _colours(axis)
    tau, gamma = dataset["tau"].values, dataset["gamma"].values
    band = dataset["gamma_band"].values if "gamma_band" in dataset else None
    # The ends beyond the measured frequencies would dwarf what was measured; a wide band must keep to its lane.
    heights = (gamma if band is None else np.maximum(gamma, band[-1]))[:, _measured(dataset)].max(axis=1)
    own = bool(heights[shown].max() > 10.0 * heights[shown].min())
    step = 0.0 if len(shown) == 1 else (1.0 if own else 0.5 * float(heights[shown].max()))
    ceiling = 0.97 if own else 1.05 * float(heights[shown].max())
    for place, s in enumerate(shown):
        scale = 0.9 / max(float(heights[s]), 1e-300) if own else 1.0
        base, colour, depth = place * step, colours.to_rgba(axis.values[s]), 2.0 * (len(shown) - place)
        if band is not None:
            low, high = (np.minimum(band[edge, s] * scale, ceiling) for edge in (0, -1))
            axes.fill_between(tau, base + low, base + high, color=colour, alpha=0.3, lw=0, zorder=depth)
        lane = np.where(gamma[s] * scale <= ceiling, gamma[s] * scale, np.nan)  # a curve that leaves its lane ends
        axes.plot(tau, base + lane, color=colour, lw=1.2, zorder=depth + 1)
    top = (len(shown) - 1) * step + ceiling
    lowest = float((gamma if band is None else np.minimum(gamma, band[0]))[shown[0], _measured(dataset)].min())
    lowest *= 0.9 / max(float(heights[shown[0]]), 1e-300) if own else 1.0
    if lowest < 0.0:
        axes.axhline(0.0, color="0.7", lw=0.6, zorder=0)
    _mark_measured(axes, dataset)
    label = r"$\gamma$, each to its own scale" if own else _GAMMA
    axes.set(xscale="log", xlabel=_TAU, ylabel=f"{label}, shifted" if step else label)
    axes.set(xlim=(tau[0], tau[-1]), ylim=(min(-0.02 * top, 1.05 * lowest), top))
    if own:
        axes.set_yticks([])
    told = [f"{len(shown)} of {len(gamma)} spectra"] if len(shown) < len(gamma) else []
    told += [] if band is None else [f"95 % bands ({dataset.attrs['band_method']})"]
    axes.set_title(f"{title}: {'; '.join(told)}" if told else title, loc="left")
    _colour_bar(figure, axes, colours, axis)
    return figure


def relaxation_map(dataset: xr.Dataset, axis: SeriesAxis, *, title: str) -> Figure:
    """Draw gamma over tau and the series, with the peaks; normalised where the resistances differ tenfold."""
    figure, axes = drawing.panels(5.2, 3.8)
    total = dataset["polarisation_resistance"].values
    normalised = bool(total.max() > 10.0 * max(float(total.min()), 1e-300))
    values = dataset["gamma_normalised" if normalised else "gamma"].values
    tau = dataset["tau"].values
    order = np.argsort(axis.values, kind="stable")
    place = axis.values[order]
    # The ends beyond the measured frequencies would take the whole scale.
    top = float(np.nanmax(values[:, _measured(dataset)]))
    mesh = axes.pcolormesh(
        place, tau, values[order].T, cmap="magma", vmin=0.0, vmax=top, shading="nearest", rasterized=True
    )
    for k in range(dataset.sizes["peak"]):
        few = place.size <= _MOST_LINES
        look: dict[str, Any] = {"lw": 0.8, "marker": "o", "ms": 2.5} if few else {"lw": 0.5}
        axes.plot(place, dataset["peak_tau"].values[k][order], color="white", **look)
        if few and "peak_resolved" in dataset:  # hollow where the draws do not share the peak
            open_ones = ~dataset["peak_resolved"].values[k][order].astype(bool)
            taus = np.where(open_ones, dataset["peak_tau"].values[k][order], np.nan)
            axes.plot(place, taus, "o", ms=2.5, mec="white", mfc="black", mew=0.6)
    for edge in _edges(dataset):
        axes.axhline(edge, color="0.6", ls=":", lw=0.8)
    axes.set(yscale="log", ylabel=_TAU, xlabel=axis.label)
    axes.set_title(f"{title}: peaks in white; measured between the dotted lines", loc="left")
    _name_spectra(axes, axis)
    label = r"$h = \gamma / \sum R_k$" if normalised else _GAMMA
    figure.colorbar(mesh, ax=axes, label=label, extend="max" if values.max() > top else "neither")
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
    look: dict[str, Any] = {"marker": ".", "ms": 4, "lw": 1.0} if axis.values.size <= _MOST_LINES else {"lw": 0.6}
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
    _name_spectra(axes, axis)
    figure.legend(loc="outside lower center", ncols=4)
    return figure


def _lines(group: np.ndarray[Any, Any], most: int = _MOST_LINES) -> list[int]:
    return [int(s) for s in group[evenly_spaced(group.size, most)]]


def _drawn(title: str, spectra: int, *, masked: bool = False) -> str:
    """Return the title with how many spectra are drawn where that is not all, and what crosses are."""
    told = [f"{_MOST_LINES} of {spectra} spectra"] if spectra > _MOST_LINES else []
    told += ["crosses: masked"] if masked else []
    return f"{title}: {'; '.join(told)}" if told else title


def _flatness(measured: np.ndarray[Any, np.dtype[np.complex128]]) -> float:
    """Return height over width of spectra in the complex plane, the real axis included."""
    real, height = measured.real[np.isfinite(measured.real)], -measured.imag[np.isfinite(measured.imag)]
    return float((max(height.max(), 0.0) - min(height.min(), 0.0)) / max(np.ptp(real), 1e-300))


def _colours(axis: SeriesAxis) -> ScalarMappable:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    return ScalarMappable(Normalize(float(axis.values.min()), float(axis.values.max())), "viridis")


def _colour_bar(figure: Figure, axes: Any, colours: ScalarMappable, axis: SeriesAxis) -> None:
    if axis.values.size < 2:
        return
    bar = figure.colorbar(colours, ax=axes, label=axis.label)
    if axis.named:
        bar.set_ticks(list(axis.values), labels=list(map(drawing.literal, axis.sources)))
        bar.set_label("")


def _name_spectra(axes: Axes, axis: SeriesAxis) -> None:
    if axis.named:
        axes.set_xticks(
            axis.values, list(map(drawing.literal, axis.sources)), rotation=40, ha="right", rotation_mode="anchor"
        )
        axes.set_xlabel("")


def _limits(dataset: xr.Dataset, name: str) -> tuple[Any, Any, Any]:
    """Return lower edge, value and upper edge; the value itself where there is no band."""
    value = dataset[name].values
    band = dataset[f"{name}_band"].values if f"{name}_band" in dataset else np.stack([value] * 3)
    return band[0], value, band[-1]


def _edges(dataset: xr.Dataset) -> tuple[float, float]:
    """Return the shortest and the longest time constant that was measured, 1 / (2 pi f)."""
    omega = 2.0 * np.pi * dataset["frequency"].values
    return 1.0 / float(omega.max()), 1.0 / float(omega.min())


def _measured(dataset: xr.Dataset) -> np.ndarray[Any, np.dtype[np.bool_]]:
    first, last = _edges(dataset)
    tau = dataset["tau"].values
    return np.asarray((tau >= first) & (tau <= last))


def _mark_measured(axes: Axes, dataset: xr.Dataset) -> None:
    """Shade the time constants beyond those measured."""
    tau = dataset["tau"].values
    fastest, slowest = _edges(dataset)
    for first, last in ((tau[0], fastest), (slowest, tau[-1])):
        if first < last:
            axes.axvspan(first, last, color="0.94", lw=0, zorder=0)


def _ohms(largest: float) -> tuple[str, float]:
    """Return a unit and the factor from ohm to it."""
    for unit, factor in ((r"M$\Omega$", 1e-6), (r"k$\Omega$", 1e-3), (r"$\Omega$", 1.0), (r"m$\Omega$", 1e3)):
        if largest * factor >= 1.0:
            return unit, factor
    return r"$\mu\Omega$", 1e6
