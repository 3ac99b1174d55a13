"""What one cell's profiles and current say of D and t- in closed form, each with its band and what it assumes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import xarray as xr

from iondrift.cast import FloatArray
from iondrift.drift.frames import agreeing_transference
from iondrift.experiment.ledger import model_of
from iondrift.experiment.results import Measured, Reading
from iondrift.transport import closed_forms as forms

_BLOCKS = 10  # of neighbouring profiles, each left out once
_FEWEST = 12  # polarised profiles


def readings(measured: Measured, blocking: xr.Dataset | None) -> tuple[Reading, ...]:
    """Return all that can be read of one cell; none without a logged current or under too few profiles."""
    if measured.acquired is None or int(measured.polarised.sum()) < _FEWEST:
        return ()
    found = [*_hittorf(measured)]
    if blocking is not None:
        found += _fluxes(measured, blocking)
    return (*found, *_semi_integral(measured))


def _hittorf(measured: Measured) -> Iterator[Reading]:
    """Yield t- of the salt that either half has lost or gained."""
    acquired = measured.acquired
    if acquired is None or acquired.half_salt is None:
        return
    until = measured.end + 1
    log, time = acquired.log_current, measured.concentration.time.values[:until]
    charge = forms.passed_charge(log.time.values, log.values, time)
    for side, (half, sign) in enumerate((("plating", 1.0), ("counter", -1.0))):
        t, error = forms.hittorf_transference(sign * acquired.half_salt[:until, side], charge)
        yield Reading(
            name=f"Hittorf balance, {half} half", symbol="t-", value=t, error=error, unit="1",
            assumes="no anions through the electrode, edges sharp, middle undisturbed; band of the scatter alone",
        )  # fmt: skip


def _fluxes(measured: Measured, blocking: xr.Dataset) -> Iterator[Reading]:
    """Yield D and t- of the flux that `blocking` implies, and the t- at which `current` agrees with it."""
    flowing = measured.polarised
    if measured.current_density is None:
        return
    J, slope, D = (blocking[name].values[flowing] for name in ("flux", "concentration_gradient", "diffusivity"))
    i = measured.current_density.values[flowing]
    blocks = np.array_split(np.arange(i.size), _BLOCKS)

    def without(block: npt.NDArray[np.int64]) -> FloatArray:
        kept = np.setdiff1d(np.arange(i.size), block)
        pair = forms.flux_regression(J[kept], slope[kept], i[kept])
        return np.array([*pair, float(agreeing_transference(J[kept], slope[kept], D[kept], i[kept]))])

    whole = without(np.empty(0, dtype=np.int64))
    left_out = np.array([without(block) for block in blocks])
    spread = np.sqrt((_BLOCKS - 1.0) * left_out.var(axis=0))  # jackknife
    smooth = "no anions through the plating electrode, smoothed profiles"
    for k, (name, symbol, unit, assumes) in enumerate(
        (
            ("flux regression", "D of the salt", "m2/s", f"{smooth}, D constant"),
            ("flux regression", "t-", "1", f"{smooth}, D constant"),
            ("closures blocking and current agree best", "t-", "1", f"{smooth}, D- as given, dilute solution"),
        )
    ):
        yield Reading(
            name=name, symbol=symbol, value=float(whole[k]), error=float(spread[k]), unit=unit, assumes=assumes
        )


def _semi_integral(measured: Measured) -> Iterator[Reading]:
    """Yield D / t-^2 of the jump of the voltage, and how the current after it compares with planar diffusion."""
    onset, acquired = measured.onset, measured.acquired
    constant = next((s for s in measured.segments if s.kind == "constant_current"), None)
    if onset is None or acquired is None or constant is None or onset.time <= constant.start:
        return
    log = acquired.log_current
    held = measured.constant_voltage
    end = min(float(log.time[-1]), held.stop if held is not None else constant.stop)
    at = np.array([onset.time - onset.uncertainty, onset.time, onset.time + onset.uncertainty, end])
    before, jump, after, last = forms.semi_integral(log.time.values, log.values, at)
    spread = 0.5 * abs(after - before) / jump  # relative, of the onset's time
    c0 = measured.experiment.electrolyte.concentration_mol_per_L * 1e3
    concentration = model_of(measured, None).concentration_relative
    ratio = forms.depletion_ratio(jump, c0)
    planar = "planar diffusion, thick cell, D constant"
    yield Reading(
        name="semi-integral at the jump (Sand)", symbol="D / t-^2", value=ratio,
        error=2.0 * ratio * float(np.hypot(spread, concentration)), unit="m2/s", assumes=f"c(0) = 0 then, {planar}",
    )  # fmt: skip
    if held is None or end <= onset.time:
        return
    yield Reading(
        name="semi-integral, end over jump", symbol="S(end) / S(jump)", value=float(last / jump),
        error=float(spread * last / jump), unit="1", assumes=f"1 where c(0) is held, {planar}",
    )  # fmt: skip
    late = log.sel(time=slice(end - 600.0, end))
    law = forms.arcsine_current(
        end - constant.start, current_density=constant.level, transition=onset.time - constant.start
    )
    share = float(late.mean()) / law
    yield Reading(
        name="current at the end over the arcsine law", symbol="i / i(law)", value=share, error=spread * share,
        unit="1", assumes="c(0) = 0 held since the jump, planar diffusion, any D and t-",
    )  # fmt: skip
