"""What may be asked of impedance spectra: one set of options for Python, the command line and the experiment file.

Imports no science, so that the command line can name the choices at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias, get_args

Criterion: TypeAlias = Literal["marginal_likelihood", "gcv", "l_curve", "re_im"]
NamedRegularization: TypeAlias = Literal["auto", "paper"] | Criterion
NamedWeighting: TypeAlias = Literal["none", "modulus"]
Per: TypeAlias = Literal["spectrum", "series"]
Method: TypeAlias = Literal["calibrated", "noise", "prior"]

CRITERIA: tuple[Criterion, ...] = get_args(Criterion)
REGULARIZATIONS: tuple[str, ...] = ("auto", "paper", *CRITERIA)
WEIGHTINGS: tuple[str, ...] = get_args(NamedWeighting)

# Keys of the experiment file that carry a unit, or say of what; the others bear their names in Python.
KEYS: Mapping[str, str] = MappingProxyType(
    {
        "times": "times_s", "origin": "log_started", "frequency_range": "frequency_range_Hz",
        "mask": "mask_frequencies_Hz", "tau_range": "tau_range_s", "window": "window_s", "area": "area_cm2",
        "largest_jump": "largest_jump_decades",
    }
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Masked:
    """Points that do not count: frequencies from ``low`` to ``high``, or the one measured nearest where both agree."""

    low: float  # Hz
    high: float  # Hz
    spectrum: int | None = None  # from 1; None: in all of them


@dataclass(frozen=True, kw_only=True)
class ImpedanceOptions:
    """What is computed of a series; every default is that of the functions themselves."""

    mask: tuple[Masked, ...] = ()
    time_constants: int = 92
    tau_range: tuple[float, float] | None = None  # s
    regularization: NamedRegularization | float = "auto"
    order: int | None = None
    weighting: NamedWeighting | float | None = None
    inductive: bool = True  # an inductance in series, in the test and in the model
    capacitive: bool = False  # a capacitance in series, in the test and in the model
    per: Per = "spectrum"
    window: tuple[float, float] = (1e-4, 1.0)  # s
    electrodes: int = 1
    area: float | None = None  # m2
    bands: bool = True
    method: Method | None = None  # None: calibrated with "auto", prior with a given lambda
    samples: int = 1000
    seed: int = 0
    # Decades from one spectrum to the next. A charge-transfer arc moves 0.43 decades for every kT/e of bias, and two
    # arcs closer than 0.6 decades are not told apart anyway.
    largest_jump: float = 0.6

    @property
    def band_method(self) -> Method:
        """The method of the bands: the one asked for, or the one that fits the regularisation."""
        return self.method or ("calibrated" if self.regularization == "auto" else "prior")
