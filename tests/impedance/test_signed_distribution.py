"""What gamma >= 0 cannot represent is told, and gamma of either sign represents it."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import iondrift
from iondrift.errors import ConfigurationError
from iondrift.impedance.analysis import analyse
from iondrift.impedance.options import ImpedanceOptions
from iondrift.report.summary.impedance_cautions import cautions

FREQUENCY = np.logspace(5, -2, 50)
OMEGA = 2.0 * np.pi * FREQUENCY


def measured(*elements, ohmic, seed=0, noise=1e-3):
    """Return Z (1, frequency) of resistances (ohm) with their time constants (s) and exponents, in noise."""
    random = np.random.default_rng(seed)
    z = ohmic + sum(r / (1.0 + (1j * OMEGA * tau) ** exponent) for r, tau, exponent in elements)
    z = z + noise * np.abs(z) * (random.standard_normal(z.size) + 1j * random.standard_normal(z.size))
    return xr.DataArray(z[None], dims=("spectrum", "frequency"), coords={"frequency": FREQUENCY})


LOOP = measured((5e-3, 8e-4, 0.9), (10e-3, 0.05, 0.9), (-4e-3, 3.0, 1.0), ohmic=10e-3)
NEGATIVE = measured((-50.0, 0.05, 1.0), ohmic=10.0)
PLAIN = measured((50.0, 1e-3, 0.9), (100.0, 0.1, 0.85), ohmic=10.0)


def analysed(data, **options):
    series = data.to_dataset(name="impedance")
    for name, value in (("time", np.nan), ("bias_voltage", np.nan), ("source", "made")):
        series[name] = ("spectrum", [value])
    return analyse(series, ImpedanceOptions(bands=False, **options))


@pytest.mark.parametrize(("data", "total"), [(LOOP, 11e-3), (NEGATIVE, -50.0)])
def test_total_of_either_sign(data, total):
    plain, signed = iondrift.drt(data), iondrift.drt(data, negative=True)
    assert abs(plain.polarisation_resistance[0] / total - 1.0) > 0.1
    assert float(signed.polarisation_resistance[0]) == pytest.approx(total, rel=0.03)
    assert float(signed.kkt_residual[0]) < 1e-12
    assert float(signed.ohmic_resistance[0]) >= 0.0
    assert float(signed.gamma.min()) < 0.0
    assert signed.attrs["constraint"] == "series terms >= 0, R_k of either sign"
    bands = iondrift.drt_bands(data, negative=True, samples=200)
    low, _, high = bands.polarisation_resistance.values[:, 0]
    assert low < total < high
    assert bands.attrs["method"] == "prior"


def test_negative_in_a_range_alone_and_the_same_in_cvxpy():
    options = {"negative_range": (0.5, 100.0), "regularization": 0.05, "order": 1, "weighting": "modulus"}
    compiled = iondrift.drt(LOOP, **options)
    outside = (compiled.tau < 0.5).values
    assert float(compiled.gamma[0, outside].min()) == 0.0
    assert float(compiled.gamma[0, ~outside].min()) < 0.0
    assert "at tau from 0." in compiled.attrs["constraint"]
    other = iondrift.drt(LOOP, solver="cvxpy", **options)
    assert float(np.abs(other.gamma - compiled.gamma).max() / np.abs(compiled.gamma).max()) < 1e-6
    assert float(other.kkt_residual[0]) < 1e-8


def test_nothing_changes_where_the_answer_is_positive():
    # With a strong penalty the unconstrained minimum is positive: both problems have the same solution.
    options = {"regularization": 3.0, "order": 2, "weighting": "modulus"}
    both = [iondrift.drt(PLAIN, negative=negative, **options).gamma.values for negative in (False, True)]
    if both[1].min() > 0.0:
        np.testing.assert_allclose(both[0], both[1], rtol=1e-6)
    assert both[1].sum() == pytest.approx(both[0].sum(), rel=0.02)


def test_what_cannot_be_represented_is_told_with_the_remedy():
    for data in (LOOP, NEGATIVE):
        found = analysed(data)
        assert not bool(found["represented"][0])
        assert float(found["loop_frequency"][0]) < 10.0
        (told,) = [line for line in cautions(found) if "misses the data" in line]
        assert "an inductive loop or a negative resistance" in told
        assert "negative=True" in told
        signed = analysed(data, negative=True)
        assert bool(signed["represented"][0])
        assert not any("misses the data" in line for line in cautions(signed))


@pytest.mark.parametrize("seed", range(6))
def test_no_alarm_where_there_is_no_loop(seed):
    random = np.random.default_rng(seed)
    arcs = [
        (random.uniform(10, 80), 10.0 ** random.uniform(-5, 0), random.uniform(0.6, 1.0))
        for _ in range(random.integers(1, 5))
    ]
    data = measured(*arcs, ohmic=random.uniform(1, 30), seed=seed, noise=10.0 ** random.uniform(-3.3, -2))
    assert bool(analysed(data)["represented"][0])


def test_options_that_do_not_fit():
    with pytest.raises(ConfigurationError, match="negative: 'yes' found; allowed are True and False"):
        iondrift.drt(LOOP, negative="yes")
    with pytest.raises(ConfigurationError, match="negative_range: no time constant lies in 100000 to"):
        iondrift.drt(LOOP, negative_range=(1e5, 1e6))
    with pytest.raises(ConfigurationError, match=r"calibrated.*draws ln gamma, which has no sign"):
        iondrift.drt_bands(LOOP, negative=True, method="calibrated")
