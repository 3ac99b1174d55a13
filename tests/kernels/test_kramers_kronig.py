"""The Kramers-Kronig test against the same test by numpy.linalg.lstsq, and its Householder least squares."""

from __future__ import annotations

import numpy as np
import pytest

from iondrift.reference import kramers_kronig as reference
from iondrift.reference.relaxation_spectra import families, measured
from iondrift_kernels import kramers_kronig as kernels

OMEGA = 2.0 * np.pi * np.logspace(5, 0, 31)


def solve(matrix, data):
    m, n = matrix.shape
    columns = np.vstack([matrix.T, data])
    out = np.empty(n)
    kernels.least_squares(columns, n, m, np.empty((2, n)), out)
    return out


@pytest.mark.parametrize(("m", "n"), [(5, 1), (8, 3), (12, 9), (9, 9)])
def test_least_squares_is_lapack(m, n):
    random = np.random.default_rng(m + n)
    matrix, data = random.standard_normal((m, n)) * np.logspace(-2, 2, n), random.standard_normal(m)
    np.testing.assert_allclose(solve(matrix, data), np.linalg.lstsq(matrix, data, rcond=None)[0], rtol=1e-9)


def test_column_of_zeros_gets_zero():
    matrix = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    np.testing.assert_allclose(solve(matrix, np.array([1.0, 2.0, 6.0])), [3.0, 0.0])


def test_mu():
    assert kernels.overfitting(np.array([9.0, 4.0, -1.0, 4.0]), 1, 3) == pytest.approx(1.0 - 1.0 / 8.0)
    assert kernels.overfitting(np.array([4.0, 4.0]), 0, 2) == 1.0


def found_in(z, part, inductive, capacitive, accepted, used=None):
    """Return what the kernel finds for Z (spectra, frequency) ohm, up to 20 elements by mu and 15 beyond."""
    count, points = z.shape
    used = np.ones(z.shape, dtype=bool) if used is None else used
    spectra = kernels.Spectra(OMEGA, np.ascontiguousarray(z.real), np.ascontiguousarray(z.imag), used)
    code = {"complex": kernels.COMPLEX, "real": kernels.REAL, "imaginary": kernels.IMAGINARY}[part]
    rules = kernels.Rules(
        part=code, inductive=inductive, capacitive=capacitive, fewest=1, largest=20, furthest=15, mu_limit=0.85,
        accepted=accepted,
    )  # fmt: skip
    tests = kernels.Tests(
        fit=np.empty((count, 2, points)), elements=np.empty(count, np.int64), mu=np.empty(count),
        judged=np.empty((count, 2, points)), judged_elements=np.empty(count, np.int64), noise=np.empty(count),
        worst=np.empty(count),
    )  # fmt: skip
    kernels.test(1, spectra, rules, tests)
    return tests


@pytest.mark.parametrize("part", ["complex", "real", "imaginary"])
@pytest.mark.parametrize(("inductive", "capacitive"), [(True, False), (False, False), (True, True)])
def test_the_test_is_that_by_lstsq(part, inductive, capacitive):
    accepted = 0.004  # of |Z|: some spectra pass where mu stops, others need more elements
    z = np.vstack([measured(spectrum, OMEGA / (2.0 * np.pi), 0.002, [0]) for spectrum in families().values()])
    found = found_in(z, part, inductive, capacitive, accepted)
    fit, judged = (parts[:, 0] + 1j * parts[:, 1] for parts in (found.fit, found.judged))
    assert 0 < (found.judged_elements > found.elements).sum() < len(z)
    for s, one in enumerate(z):
        first, last = reference.kramers_kronig(
            OMEGA, one, part, most=20, accepted=accepted, furthest=15, inductive=inductive, capacitive=capacitive
        )
        assert (found.elements[s], found.judged_elements[s]) == (first.elements, last.elements)
        assert found.mu[s] == pytest.approx(first.mu, abs=1e-9)
        assert found.worst[s] == pytest.approx(last.worst(one), abs=1e-9)
        residual = (one - last.fit) / np.abs(one)
        free = max(2 * one.size - 1 - last.elements - inductive - capacitive, 1)
        assert found.noise[s] == pytest.approx(np.sqrt((np.abs(residual) ** 2).sum() / free), abs=1e-9)
        np.testing.assert_allclose(fit[s] / np.abs(one), first.fit / np.abs(one), atol=1e-9)
        np.testing.assert_allclose(judged[s] / np.abs(one), last.fit / np.abs(one), atol=1e-9)


def test_points_left_out_are_as_if_never_measured():
    z = measured(next(iter(families().values())), OMEGA / (2.0 * np.pi), 0.002, [0])
    used = np.ones(z.shape, dtype=bool)
    used[0, [3, 10]] = False
    spoiled = np.where(used, z, 7.0 * z)
    found = found_in(spoiled, "complex", True, False, 0.03, used)
    kept = reference.kramers_kronig(OMEGA[used[0]], z[used], most=20)[0]
    assert found.elements[0] == kept.elements
    fit = (found.fit[0, 0] + 1j * found.fit[0, 1])[used[0]]
    np.testing.assert_allclose(fit / np.abs(z[used]), kept.fit / np.abs(z[used]), atol=1e-9)
