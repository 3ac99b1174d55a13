"""Composition of a PEO/salt electrolyte: concentration and EO:Li ratio through additive molar volumes."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from iondrift import cast
from iondrift.errors import DataError

EO_MOLAR_MASS = 44.05e-3  # kg mol-1, one ethylene oxide unit
# m3 mol-1: such a unit at 1.12 g/mL.
EO_MOLAR_VOLUME = EO_MOLAR_MASS * 1e-3 / 1.12
# m3 mol-1: such that EO:Li = 10 has 1.666 mol/L.
SALT_MOLAR_VOLUME = 1.0 / 1666.0 - 10.0 * EO_MOLAR_VOLUME


def concentration_from_eo_li_ratio(
    ratio: npt.ArrayLike,
    *,
    eo_molar_volume: float = EO_MOLAR_VOLUME,
    salt_molar_volume: float = SALT_MOLAR_VOLUME,
) -> Any:
    """Return c = 1 / (V_salt + n V_EO).

    Parameters
    ----------
    ratio
        Ether oxygens per lithium, n >= 0; scalar or array.
    eo_molar_volume, salt_molar_volume
        m3 mol-1; the defaults give 1.666 mol/L at n = 10.

    Returns
    -------
    float or array, as it came in
        Salt concentration, mol m-3.

    Raises
    ------
    DataError
        A ratio is not finite or negative, or a volume is not positive.

    Examples
    --------
    >>> round(concentration_from_eo_li_ratio(10.0), 6)
    1666.0
    """
    n = cast.array(ratio, "EO:Li ratio")
    if (n < 0.0).any():
        raise DataError(f"EO:Li ratio: lowest value {n.min():g}; it must not be negative")
    v_eo = cast.scalar(eo_molar_volume, "eo_molar_volume", positive=True)
    v_salt = cast.scalar(salt_molar_volume, "salt_molar_volume", positive=True)
    c = 1.0 / (v_salt + n * v_eo)
    return c if n.ndim else float(c)


def eo_li_ratio_from_concentration(
    concentration: npt.ArrayLike,
    *,
    eo_molar_volume: float = EO_MOLAR_VOLUME,
    salt_molar_volume: float = SALT_MOLAR_VOLUME,
) -> Any:
    """Return n = (1 / c - V_salt) / V_EO, the inverse of :func:`concentration_from_eo_li_ratio`.

    Parameters
    ----------
    concentration
        mol m-3, positive; scalar or array.
    eo_molar_volume, salt_molar_volume
        m3 mol-1.

    Returns
    -------
    float or array, as it came in
        Ether oxygens per lithium; negative where c exceeds that of the pure salt.

    Raises
    ------
    DataError
        A concentration or a volume is not positive or not finite.

    Examples
    --------
    >>> round(eo_li_ratio_from_concentration(1666.0), 9)
    10.0
    """
    c = cast.array(concentration, "concentration", positive=True)
    v_eo = cast.scalar(eo_molar_volume, "eo_molar_volume", positive=True)
    v_salt = cast.scalar(salt_molar_volume, "salt_molar_volume", positive=True)
    n = (1.0 / c - v_salt) / v_eo
    return n if n.ndim else float(n)
