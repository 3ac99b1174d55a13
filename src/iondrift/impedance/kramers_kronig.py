"""Whether an impedance spectrum obeys the Kramers-Kronig relations."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from iondrift import cast, variables
from iondrift.cast import ComplexArray, flag, number, one_of
from iondrift.errors import ConfigurationError
from iondrift.impedance.spectra import attach, read_impedance_array, series_coordinates
from iondrift.settings import subject
from iondrift.threads import bounded_threads, threads_for

PAPER_LIMIT = 0.03  # the paper asks for residuals below 3 %


@bounded_threads
def kramers_kronig(
    impedance: xr.DataArray | xr.Dataset,
    *,
    fit: Literal["complex", "real", "imaginary"] = "complex",
    mu_limit: float = 0.85,
    min_elements: int = 1,
    max_elements: int = 50,
    inductance: bool = True,
    capacitance: bool = False,
    limit: float = PAPER_LIMIT,
    mask: npt.ArrayLike | None = None,
) -> xr.Dataset:
    """Linear Kramers-Kronig test: residuals of the best causal, linear, stationary model.

    ::

        Z_fit = R + j omega L + 1 / (j omega C) + sum_{k=1}^{M} R_k / (1 + j omega tau_k)
        mu = 1 - sum |R_k < 0| / sum |R_k >= 0|

    with tau_k log-spaced from 1 / omega_max to 1 / omega_min and R_k of either sign. M grows from 1 until mu falls
    below ``mu_limit``, where the model begins to follow noise. Weights are 1 / |Z|.

    Parameters
    ----------
    impedance
        Complex Z (spectrum, frequency) or (frequency) in ohm, coordinate frequency in Hz, or a dataset with it.
    fit
        What is fitted; with "real" the imaginary residuals are a prediction, and the other way round.
    mu_limit, min_elements, max_elements
        Where to stop. Never more elements than the fitted values determine.
    inductance, capacitance
        Series terms.
    limit
        Largest relative residual that passes; the paper's is 3 %.
    mask
        True where a point must not be fitted nor judged: (frequency) or (spectrum, frequency). Its residual is still
        returned, so that it can be shown.

    Returns
    -------
    Dataset with kk_residual (spectrum, frequency), complex, (Z - Z_fit) / |Z|, kk_elements M and kk_mu (spectrum)
    where mu stopped, and impedance_fit there. Few elements may push mu below its limit by accident (real circuits of
    two arcs stop at M = 4 with residuals of 26 %), which says nothing about the data: while a residual exceeds
    ``limit``, M is raised further, up to one element for two frequencies and to ``max_elements``. Every such model
    obeys the relations, so that one within the limit proves the data do. That last model is judged:
    kk_judged_residual, kk_judged_elements, kk_worst, kk_consistent, kk_noise.

    Raises
    ------
    ShapeError, DataError
        The input is not an impedance; the message gives the place.
    ConfigurationError
        An option does not exist.

    References
    ----------
    Schoenleber et al., Electrochim. Acta 131 (2014) 20-27.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> f = np.logspace(5, 0, 31)
    >>> z = xr.DataArray(5 + 50 / (1 + (2j * np.pi * f * 1e-3) ** 0.8), coords={"frequency": f}, dims="frequency")
    >>> bool(kramers_kronig(z).kk_consistent[0])
    True
    """
    from iondrift_kernels import kramers_kronig as kernels

    parts = {"complex": kernels.COMPLEX, "real": kernels.REAL, "imaginary": kernels.IMAGINARY}
    part = parts[one_of(fit, "fit", tuple(parts))]
    mu_limit = number(mu_limit, "mu_limit", above=0.0, below=1.0)
    limit = number(limit, "limit", above=0.0)
    min_elements = cast.whole(min_elements, subject("min_elements"), lowest=1)
    max_elements = cast.whole(max_elements, subject("max_elements"), lowest=1)
    if min_elements > max_elements:
        raise ConfigurationError(f"{subject('min_elements')}: {min_elements} is more than max_elements, {max_elements}")
    inductance, capacitance = flag(inductance, "inductance"), flag(capacitance, "capacitance")
    array, values, frequency, used = read_impedance_array(impedance, mask)
    count = values.shape[0]
    fewest = int(used.sum(axis=1).min()) * (2 if fit == "complex" else 1)
    largest = max(1, min(max_elements, fewest - 1 - inductance - capacitance))
    # Where mu stopped later than this, its own model is the one judged.
    furthest = min(largest, max(1, int(used.sum(axis=1).min()) // 2))
    size = (count, 2, frequency.size)
    spectra = kernels.Spectra(
        omega=2.0 * np.pi * frequency, real=np.ascontiguousarray(values.real),
        imaginary=np.ascontiguousarray(values.imag), used=used,
    )  # fmt: skip
    rules = kernels.Rules(
        part=part, inductive=inductance, capacitive=capacitance, fewest=min(min_elements, largest), largest=largest,
        furthest=furthest, mu_limit=mu_limit, accepted=limit,
    )  # fmt: skip
    tests = kernels.Tests(
        fit=np.empty(size), elements=np.empty(count, np.int64), mu=np.empty(count), judged=np.empty(size),
        judged_elements=np.empty(count, np.int64), noise=np.empty(count), worst=np.empty(count),
    )  # fmt: skip
    with threads_for(count) as workers:
        kernels.test(workers, spectra, rules, tests)
    fitted, judged = (part[:, 0] + 1j * part[:, 1] for part in (tests.fit, tests.judged))
    measured = np.asarray(array.values, dtype=np.complex128)  # masked points too: they are shown, not judged
    coords = series_coordinates(array)
    found: dict[str, npt.ArrayLike] = {
        "impedance_fit": fitted,
        "kk_residual": _relative(measured, fitted),
        "kk_elements": tests.elements,
        "kk_mu": tests.mu,
        "kk_judged_residual": _relative(measured, judged),
        "kk_judged_elements": tests.judged_elements,
        "kk_noise": tests.noise,
        "kk_worst": tests.worst,
        "kk_consistent": tests.worst <= limit,
    }
    result = xr.Dataset({name: variables.dataarray(name, data, coords) for name, data in found.items()})
    result["used"] = (("spectrum", "frequency"), used, {"long_name": "points fitted and judged", "units": "1"})
    result.attrs = {
        "method": "linear Kramers-Kronig, Schoenleber et al. 2014",
        "fit": fit,
        "mu_limit": mu_limit,
        "min_elements": min_elements,
        "max_elements": largest,
        "series_terms": ", ".join(["ohmic"] + ["inductive"] * inductance + ["capacitive"] * capacitance),
        "weighting": "1 / |Z|",
        "limit": limit,
    }
    return attach(result, coords)


def _relative(measured: ComplexArray, fitted: ComplexArray) -> ComplexArray:
    """Return (Z - Z_fit) / |Z|, NaN where nothing was measured."""
    modulus = np.abs(measured)
    residual = np.full(measured.shape, np.nan + 0j)
    np.divide(measured - fitted, modulus, out=residual, where=np.isfinite(modulus) & (modulus > 0.0))
    return residual
