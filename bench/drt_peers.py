"""Other people's solvers of the same problem, and other people's distributions of relaxation times.

None is a dependency of iondrift. ``pip install iondrift[peers]`` brings daqp and impedance.py; pyDRTtools needs
cvxopt and pyimpspec is itself GPL, so that neither is in the extra: they are used where they are installed, and
reported as absent where they are not.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import io
import sys
import types
import warnings
from collections.abc import Callable

import numpy as np

Solver = Callable[[np.ndarray], np.ndarray]


def version(package: str) -> str:
    return f"{package} {importlib.metadata.version(package)}"


def scipy_nnls(system: np.ndarray, penalty: np.ndarray) -> Solver:
    """Stack the penalty under the design and call nnls: what a user writes."""
    from scipy.optimize import nnls

    stacked, zeros = np.vstack([system, penalty]), np.zeros(penalty.shape[0])
    return lambda z: nnls(stacked, np.concatenate([z, zeros]))[0]


def daqp(system: np.ndarray, penalty: np.ndarray) -> Solver:
    """Set up once, then only the linear term changes."""
    module = importlib.import_module("daqp")
    hessian = system.T @ system + penalty.T @ penalty
    n = hessian.shape[0]
    upper, lower, sense = np.full(n, 1e30), np.zeros(n), np.zeros(n, dtype=np.int32)
    nothing = np.zeros((0, n))

    def solve(z: np.ndarray) -> np.ndarray:
        return module.solve(hessian, -system.T @ z, nothing, upper, lower, sense)[0]

    return solve


def cvxpy_with(solver: str) -> Callable[[np.ndarray, np.ndarray], Solver]:
    """Return a problem written once with z as its parameter, default tolerances."""

    def build(system: np.ndarray, penalty: np.ndarray) -> Solver:
        import cvxpy

        x = cvxpy.Variable(system.shape[1], nonneg=True)
        z = cvxpy.Parameter(system.shape[0])
        problem = cvxpy.Problem(cvxpy.Minimize(cvxpy.sum_squares(system @ x - z) + cvxpy.sum_squares(penalty @ x)))

        def solve(row: np.ndarray) -> np.ndarray:
            z.value = row
            problem.solve(solver=solver)
            return x.value

        return solve

    return build


SOLVERS: dict[str, tuple[str, Callable[[np.ndarray, np.ndarray], Solver]]] = {
    "scipy nnls": ("scipy", scipy_nnls),
    "daqp": ("daqp", daqp),
    "cvxpy OSQP": ("cvxpy", cvxpy_with("OSQP")),
    "cvxpy CLARABEL": ("cvxpy", cvxpy_with("CLARABEL")),
}


def _import_pydrttools() -> types.ModuleType:
    # Its package opens a Qt window toolkit on import; the numbers do not need it.
    for name in ("GUI", "cli", "layout"):
        sys.modules.setdefault(f"pyDRTtools.{name}", types.ModuleType(f"pyDRTtools.{name}"))
    with contextlib.redirect_stdout(io.StringIO()):
        return importlib.import_module("pyDRTtools.runs")


def pydrttools(frequency: np.ndarray, tau: np.ndarray, **options: object) -> Solver:
    """Return gamma on ``tau`` from its simple run: Gaussian bases, lambda by GCV."""
    runs = _import_pydrttools()

    def solve(z: np.ndarray) -> np.ndarray:
        half = z.size // 2
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the peer's own chatter, not ours to mend
            entry = runs.EIS_object(frequency, z[:half], z[half:])
            result = runs.simple_run(entry, **options)
        order = np.argsort(result.out_tau_vec)
        return np.interp(np.log(tau), np.log(result.out_tau_vec[order]), result.gamma[order], left=0.0, right=0.0)

    return solve


def pyimpspec_with(method: str, **options: object) -> Callable[[np.ndarray, np.ndarray], Solver]:
    """Return gamma on ``tau`` from one of pyimpspec's methods at its defaults."""

    def build(frequency: np.ndarray, tau: np.ndarray) -> Solver:
        module = importlib.import_module("pyimpspec")

        def solve(z: np.ndarray) -> np.ndarray:
            half = z.size // 2
            data = module.DataSet(frequencies=frequency, impedances=z[:half] + 1j * z[half:])
            with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
                warnings.simplefilter("ignore")  # the peer's own chatter, not ours to mend
                result = module.calculate_drt(data, method=method, num_procs=1, **options)
            order = np.argsort(result.time_constants)
            gamma = np.asarray(result.gammas if hasattr(result, "gammas") else result.real_gammas)[order]
            return np.interp(np.log(tau), np.log(np.asarray(result.time_constants)[order]), gamma, left=0.0, right=0.0)

        return solve

    return build


DISTRIBUTIONS: dict[str, tuple[str, Callable[[np.ndarray, np.ndarray], Solver]]] = {
    "pyDRTtools": ("pyDRTtools", pydrttools),
    "pyimpspec TR-RBF": ("pyimpspec", pyimpspec_with("tr-rbf")),
    "pyimpspec TR-NNLS": ("pyimpspec", pyimpspec_with("tr-nnls")),
}


def linkk(frequency: np.ndarray, fit: str = "complex") -> Callable[[np.ndarray], int]:
    """Return impedance.py's M; it prints, and evaluates the text of its numbers, which NumPy 2 spells differently."""
    validation = importlib.import_module("impedance.validation")

    def solve(z: np.ndarray) -> int:
        with contextlib.redirect_stdout(io.StringIO()), np.printoptions(legacy="1.25"):
            return int(validation.linKK(frequency, z, c=0.85, max_M=50, fit_type=fit)[0])

    return solve


def available(
    table: dict[str, tuple[str, Callable[..., Solver]]], *arguments: np.ndarray
) -> tuple[dict[str, Solver], dict[str, str]]:
    """Return the peers that can be built, and why the others cannot; both say so in the report."""
    built: dict[str, Solver] = {}
    notes: dict[str, str] = {}
    for name, (package, build) in table.items():
        try:
            built[name] = build(*arguments)
            notes[name] = version(package)
        except (ImportError, importlib.metadata.PackageNotFoundError) as error:
            built.pop(name, None)
            notes[name] = f"absent ({error})"
    return built, notes
