"""The reconstruction of a simulated cell from its own voltage, current and blocking electrode."""

from __future__ import annotations

import numpy as np
import pytest

from iondrift import reconstruct_drift, simulate
from iondrift.transport.forward.simulation import DEFAULT_DIFFUSIVITY


@pytest.fixture(scope="module")
def polarised():
    """A Li||Li cell from electrode to electrode, the profiles of its polarisation."""
    cell = simulate("li-li", x=np.linspace(0.0, 1.203e-3, 100))
    return cell.sel(time=slice(cell.attrs["constant_current_start"], cell.attrs["rest_start"]))


@pytest.mark.parametrize("closure", ["voltage", "current", "blocking"])
def test_every_closure_recovers_the_velocity_away_from_protocol_steps(polarised, closure):
    steps = [polarised.attrs[name] for name in ("constant_current_start", "constant_voltage_start", "rest_start")]
    result = reconstruct_drift(
        polarised.concentration,
        polarised.voltage - polarised.voltage_offset,
        DEFAULT_DIFFUSIVITY,
        temperature=polarised.attrs["temperature"],
        closure=closure,
        current_density=polarised.current_density,
        transference_number=polarised.attrs["anion_transference"],
        breaks=(steps[1],),
    )
    away = np.all([np.abs(polarised.time.values - step) > 1200.0 for step in steps], axis=0)
    assert away.sum() > 30
    truth = polarised.drift_velocity.values[away]
    deviation = np.abs(result.drift_velocity.values[away] - truth) / np.abs(truth).max(axis=1, keepdims=True)
    assert deviation.max() < 0.02
