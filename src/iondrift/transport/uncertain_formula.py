"""A formula of the concentration with the uncertainty of its parameters: what D(c) and other properties share."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from iondrift import cast
from iondrift.cast import FloatArray
from iondrift.errors import ConfigurationError
from iondrift.threads import bounded_threads
from iondrift.transport.formula import Formula
from iondrift.transport.parameter_layout import square_root


@dataclass(frozen=True, kw_only=True, eq=False)
class UncertainFormula(Formula):
    """A formula whose parameters have a covariance, or all of it one uncertain factor.

    Parameters
    ----------
    covariance : (n, n)
        Of ``values``, in their units, as a fit gives it.
    relative_uncertainty
        Instead of a covariance: standard uncertainty of one factor common to all values.

    Raises
    ------
    ConfigurationError
        Both are given, or the factor is no fraction.
    DataError
        The covariance is none.
    """

    covariance: npt.ArrayLike | None = None
    relative_uncertainty: float | None = None
    _root: FloatArray = field(init=False, repr=False, default_factory=lambda: np.empty(0))  # L of the covariance L L'

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_uncertainty()

    def _check_uncertainty(self) -> None:
        if self.covariance is not None and self.relative_uncertainty is not None:
            raise ConfigurationError("give either covariance or relative_uncertainty of D(c), not both")
        if self.relative_uncertainty is not None:
            value = cast.scalar(self.relative_uncertainty, "relative_uncertainty")
            if not 0.0 <= value < 1.0:
                raise ConfigurationError(f"relative_uncertainty {value:g}: a fraction of D, from 0 to below 1")
        if self.covariance is not None:
            covariance = cast.array(self.covariance, "covariance", shape=(self.values.size,) * 2)
            object.__setattr__(self, "covariance", covariance)
            # Here, where the mistake was made, not at the first draw.
            object.__setattr__(self, "_root", square_root(covariance))

    @property
    def n_random(self) -> int:
        """Standard normal numbers that one draw of the parameters consumes."""
        if self.covariance is not None:
            return self.values.size
        return 1 if self.relative_uncertainty else 0

    @bounded_threads
    def draw_parameters(self, standard_normals: npt.ArrayLike) -> FloatArray:
        """Return parameter vectors drawn from the uncertainty, one a replicate.

        values + L z with L L' = covariance, or values exp(relative_uncertainty z): a common factor that
        cannot turn D negative. Without uncertainty every row equals :attr:`parameters`.

        Parameters
        ----------
        standard_normals : (replicate, n_random)

        Returns
        -------
        (replicate, n_parameters)
            Each row for ``iondrift_kernels.diffusivity.evaluate``. A covariance can be wide enough to make D
            negative in some rows; the caller decides what to do with those.

        Raises
        ------
        ShapeError
            The second dimension is not :attr:`n_random`.
        """
        z = cast.array(standard_normals, "standard_normals", shape=(None, self.n_random))
        values = np.tile(self.values, (z.shape[0], 1))
        if self.covariance is not None:
            values += z @ self._root.T
        elif self.relative_uncertainty:
            scaled = slice(0, 1) if self.kind == "exponential" else slice(None)
            values[:, scaled] *= np.exp(self.relative_uncertainty * z)
        return self._layout(values)

    def describe(self) -> str:
        """Return one line: formula with units, argument, measured range, uncertainty.

        Examples
        --------
        >>> from iondrift import Diffusivity
        >>> Diffusivity.constant(1.3e-12, relative_uncertainty=0.05).describe()
        'constant 1.3e-12 m2/s; uncertainty 5 %'
        """
        if self.covariance is not None:
            return f"{self.described()}; covariance of its parameters known"
        if self.relative_uncertainty:
            return f"{self.described()}; uncertainty {100 * self.relative_uncertainty:g} %"
        return self.described()
