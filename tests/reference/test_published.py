"""The published reduction: parity with the paper's figure, and every step against a plain re-expression."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from iondrift.errors import ConfigurationError, DataError, ShapeError
from iondrift.readers.log import read_log
from iondrift.readers.profiles.topspin_text import read_profiles
from iondrift.reference import published

UM_PER_H = 3.6e9


@pytest.fixture(scope="module")
def cell(measurements: Path) -> tuple[xr.Dataset, xr.Dataset]:
    folder = measurements / "thienenkamp-li-li"
    return read_profiles(folder / "profiles"), read_log(folder / "polarisation.txt")


@pytest.fixture(scope="module")
def li_li(cell: tuple[xr.Dataset, xr.Dataset]) -> xr.Dataset:
    profiles, log = cell
    return published.reduce(profiles.intensity, log.voltage, count=46, reverse=True)


def test_the_surface_of_the_papers_figure(li_li: xr.Dataset, measurements: Path) -> None:
    table = measurements / "thienenkamp-li-li" / "published_drift_velocity_um_per_h.csv"
    expected = np.loadtxt(table, delimiter=",").T
    assert li_li.drift_velocity.dims == ("time", "x")
    np.testing.assert_allclose(li_li.drift_velocity.values * UM_PER_H, expected, rtol=1e-9)


def test_every_figure_given_for_the_cell(li_li: xr.Dataset) -> None:
    assert li_li.roi.values.tolist() == [82, 147]
    assert float(li_li.x[-1] - li_li.x[0]) == pytest.approx(1.015625e-3, rel=1e-12)
    assert float(li_li.plateau) == pytest.approx(278421.0720988948, rel=1e-12)
    v = li_li.drift_velocity * UM_PER_H
    assert float(v.min()) == pytest.approx(-385.4064634509, rel=1e-9)
    near, far = v.isel(x=0), v.isel(x=-1)
    assert near.values[[0, -1]] == pytest.approx([-39.74910922, -385.40646345], rel=1e-9)
    assert far.values[[0, -1]] == pytest.approx([-39.68729416, -316.01312899], rel=1e-9)
    last, first_at_constant_voltage = -1, 10
    assert 1.0 - far.values[last] / near.values[last] == pytest.approx(0.18, abs=0.005)
    assert 1.0 - near.values[first_at_constant_voltage] / near.values[last] == pytest.approx(0.063, abs=5e-4)
    assert 1.0 - far.values[last] / far.values[first_at_constant_voltage] == pytest.approx(0.052, abs=5e-4)


def test_the_result_says_what_it_is(li_li: xr.Dataset) -> None:
    assert (li_li.diffusivity < 0.0).all()
    assert -1.9e-12 < float(li_li.diffusivity.min()) < float(li_li.diffusivity.max()) < -1.68e-12
    assert "negative" in li_li.drift_velocity.attrs["sign_convention"]
    assert "not physically consistent" in li_li.attrs["comment"]
    assert 1.5e3 < float(li_li.concentration.min()) < float(li_li.concentration.max()) < 1.9e3
    assert li_li.time.values[:2].tolist() == [222.0, 735.0]


def synthetic(count: int = 9, *, points: int = 256, left: int = 60, right: int = 190) -> tuple[Any, Any]:
    """Return profiles with a plateau, edges far from any threshold, and a voltage."""
    rng = np.random.default_rng(7)
    intensity = np.full((count, points), 9e3)
    slope = np.linspace(-0.1, 0.1, right - left)
    for k in range(count):
        intensity[k, left:right] = 1e5 * (1.0 + k / count * slope + 0.004 * rng.standard_normal(right - left))
    intensity[:, left - 1] = intensity[:, right] = 4.9e4
    return intensity, 3.0 + 0.01 * rng.standard_normal(count * 22 + 1).cumsum()


def plain(intensity: Any, voltage: Any, first: int, last: int, plateau: float) -> Any:
    """Return v in um/h by the formulas as printed: mm, mol/mm3, loops and polyfit."""
    count, p, dz, dt, kt_e = len(intensity), 22, 4.0 / 256, 513.0, 1.380649e-23 * 313.15 / 1.602176634e-19
    V = [np.mean(voltage[0:p])]
    V += [np.mean(voltage[(k - 1) * p : k * p + 1]) for k in range(2, count + 1)]
    c = np.array([(row - (intensity[0] - plateau)) / plateau for row in intensity])[:, first : last + 1]
    x, t = np.arange(c.shape[1]) * dz, np.arange(count) * dt
    c = np.array([np.polyval(np.polyfit(x, row, 3), x) for row in c]) + 0.666
    c = np.array([np.polyval(np.polyfit(t, column, 3), t) for column in c.T]).T
    D = -3.09546e-16 * c**3 - 8.14922e-15 * c**2 + 5.01302e-13 * c - 2.57336e-12
    u, c = 1e6 * D / kt_e, c * 1e-6
    dcdt, dcdz = np.gradient(c, dt, axis=0), np.gradient(c, dz, axis=1)
    v = np.empty_like(c)
    for k in range(count):
        G = np.array([np.trapezoid(-dcdt[k, : m + 1], dx=dz) for m in range(len(x))])
        E = (-u[k] * kt_e * dcdz[k] - G) / (u[k] * c[k])
        B = (V[k] - np.trapezoid(E, dx=dz)) / np.trapezoid(1.0 / (u[k] * c[k]), dx=dz)
        v[k] = (G + B + u[k] * kt_e * dcdz[k]) / c[k]
    return v * 1e3 * 3600.0


@pytest.mark.parametrize(
    ("left", "right", "low", "high"),
    [
        # nearest to half height, counted from 1: w1 = left, and w2 = right + 2, which is one too far
        (60, 190, 106, 146),  # centre 126
        (61, 190, 107, 147),  # centre 126.5: half an index rounds up
    ],
)
def test_every_step_against_a_plain_re_expression(left: int, right: int, low: int, high: int) -> None:
    intensity, voltage = synthetic(left=left, right=right)
    result = published.reduce(intensity, voltage, count=9, reverse=False)
    plateau = float(np.mean(intensity[0, low - 1 : high]))
    assert float(result.plateau) == pytest.approx(plateau, rel=1e-14)
    assert result.roi.values.tolist() == [left, right - 1]
    expected = plain(intensity, voltage, left, right - 1, plateau)
    np.testing.assert_allclose(result.drift_velocity.values * UM_PER_H, expected, rtol=1e-9)


def test_reverse_turns_the_profiles_and_nothing_else() -> None:
    intensity, voltage = synthetic()
    forward = published.reduce(intensity, voltage, count=9, reverse=False)
    turned = published.reduce(intensity[:, ::-1], voltage, count=9, reverse=True)
    xr.testing.assert_identical(forward, turned)


def test_more_files_and_samples_than_asked_for_do_not_matter() -> None:
    intensity, voltage = synthetic()
    rest = np.full((3, 256), np.nan)
    longer = published.reduce(
        xr.DataArray(np.vstack([intensity, rest]), dims=("file", "point")),
        xr.DataArray(np.append(voltage, [np.nan, 9.0]), dims="time"),
        count=9,
        reverse=False,
    )
    xr.testing.assert_identical(longer, published.reduce(intensity, voltage, count=9, reverse=False))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"count": 10}, ShapeError, r"profiles: 9 profiles, but count = 10; lower count or add files"),
        ({"count": 3}, ConfigurationError, r"count: 3 profiles; a cubic in time needs"),
        ({"count": 4.5}, ConfigurationError, r"count: 4.5 profiles"),
        (
            {"voltage": np.zeros(198)},
            ShapeError,
            r"voltage: 198 samples, but 9 profiles of 22 samples need 199",
        ),
        ({"voltage": np.full(199, np.nan)}, DataError, r"voltage: value nan at index 0 \(199 of 199"),
        ({"voltage": np.zeros((199, 1))}, ShapeError, r"voltage: expected 1 dimension"),
        ({"profiles": np.ones(256)}, ShapeError, r"profiles: expected 2 dimension"),
        ({"profiles": np.ones((9, 40))}, ShapeError, r"profiles: 40 points each"),
        ({"profiles": np.eye(9, 256, 128)}, DataError, r"profiles: the first profile has no plateau"),
        ({"profiles": np.eye(9, 256, 0)}, DataError, r"no plateau"),
        ({"interval": 0.0}, DataError, r"interval: value 0 .*must be positive"),
        ({"sampling": 2000.0}, ConfigurationError, r"sampling: longer than the acquisition"),
    ],
)
def test_what_does_not_fit_is_named(change: dict[str, Any], error: type[Exception], message: str) -> None:
    intensity, voltage = synthetic()
    arguments = {"profiles": intensity, "voltage": voltage, "count": 9, "reverse": False, **change}
    with pytest.raises(error, match=message):
        published.reduce(arguments.pop("profiles"), arguments.pop("voltage"), **arguments)


def test_nan_in_a_profile_is_named_with_its_index() -> None:
    intensity, voltage = synthetic()
    intensity[4, 100] = np.nan
    with pytest.raises(DataError, match=r"profiles: value nan at index \(4, 100\)"):
        published.reduce(intensity, voltage, count=9, reverse=False)
