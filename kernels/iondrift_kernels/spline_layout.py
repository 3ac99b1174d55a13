"""What the kernels of penalised splines in mode form read and keep: tuples of arrays, modes side by side as lanes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

LANES = 16  # modes a block: long enough that the latency of one step along time hides behind the others' work
EDGE = 3  # rows of zeros at either end of a block
NULL = 3  # spatial functions without a penalty: 1, x, x^2
DEGREE = 7  # of the table's polynomials
ROW = 4 * LANES  # numbers of a row of a factor

# Sums over time of a mode: explained b'A^-1 b; of the coefficients v = b - rho i: v'Gv, v'Pv and v'G~G, v'G~P, v'P~P
# with ~ = (A~)^-1 the inverse with the arrow; of the influence i the same with ~ = A^-1; v'P i and v'G i.
(EXPLAINED, RHO, PIVOT, ARROW_RIGHT, ARROW, G, H, GG, GP, HH, IG, IH, IGG, IGP, IHH, VP, VG) = range(17)
SUMS = 17


class Table(NamedTuple):
    """``f(r) = ln|G + e^r P|``: at ``first + step i`` begins the polynomial ``pieces[i]`` (DEGREE + 1, lowest first).

    Beyond its ends f goes on as a straight line.
    """

    first: float
    step: float
    pieces: FloatArray


class Series(NamedTuple):
    """What no penalty changes.

    ``gram``, ``penalty`` (K + EDGE, 4): bands of G and P, zeros at their end; ``right`` (K, M): T'W y of the spatial
    functions of the orthonormal design; ``arrow`` (K,) = T'W l; ``held`` (M,) = y'W l; ``loaded`` = l'W l; ``kappa``,
    0 without a pattern; ``total``: weighted sum of squares; ``free``, ``flat``: N and the power of lambda_t; ``table``.
    """

    gram: FloatArray
    penalty: FloatArray
    right: FloatArray
    arrow: FloatArray
    held: FloatArray
    loaded: float
    kappa: float
    total: float
    free: float
    flat: float
    table: Table


class Roughness(NamedTuple):
    """The spatial penalty ``sum_r w_r k_r k_r'`` of one adaptivity.

    ``rows`` (Q, M): k_r, third derivative on an interval between knots. ``places``, ``shares`` (Q, 4): Gauss nodes on
    0..1 and weights; ``weights`` (10, Q): w_r, its three first and its six second derivatives.
    """

    rows: FloatArray
    places: FloatArray
    shares: FloatArray
    weights: FloatArray


class Modes(NamedTuple):
    """The spatial basis of one adaptivity, M filled up to whole blocks with zeros.

    ``spatial`` (M',): eigenvalues s; ``rotation`` (M, M'); ``rough`` (Q, M'): k_r of the modes; ``right``
    (blocks, (K + 2 EDGE) LANES): B; ``held`` (M',).
    """

    spatial: FloatArray
    rotation: FloatArray
    rough: FloatArray
    right: FloatArray
    held: FloatArray


class Work(NamedTuple):
    """Scratch, zeros at first.

    Shapes (blocks, (K + 2 EDGE) LANES): ``coefficients`` v, ``influence`` i, ``rough`` = P v and then L^-1 of it,
    ``bent`` the same of i; ``lower`` with 4 times as many columns: Cholesky factors, inverse diagonal; ``moved``
    (3, (K + 2 EDGE) LANES) = L^-1 U_a, U_a = X v D_a with X = lambda_x G + lambda_xt P. ``mixed``, ``product`` (K, M'):
    X v and P v, a row a time. ``scale`` (blocks, 2 LANES): alpha, gamma; ``sums`` (SUMS, M'); ``squares`` (2, M', M'):
    v'X v, v'P v of two modes; ``turned`` (3, M', M'): D_a; ``crossed`` (15, M'): v'U_a, i'U_a, (L^-1 P v)'L^-1 U_a and
    U_a'A^-1 U_b; ``traces`` (5, M'): t = d (ln|A| - ln|Q|) / ds, t', and t by the log-penalties; ``plane`` (Q, M').
    """

    lower: FloatArray
    coefficients: FloatArray
    influence: FloatArray
    rough: FloatArray
    bent: FloatArray
    moved: FloatArray
    mixed: FloatArray
    product: FloatArray
    scale: FloatArray
    sums: FloatArray
    squares: FloatArray
    turned: FloatArray
    crossed: FloatArray
    traces: FloatArray
    plane: FloatArray
