"""From concentrations to magnitudes as a spectrometer would store them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from iondrift import cast
from iondrift.cast import ComplexArray, FloatArray
from iondrift.errors import ConfigurationError

_FINE = 1024  # places across the field of view at which the object is drawn before it is sampled


@dataclass(frozen=True, kw_only=True)
class MeasuredLike:
    """How a simulated 19F profile is measured; defaults as found on real profiles.

    Attributes
    ----------
    points, nominal
        Stored points, and points acquired: the rest is zero filling, which correlates neighbours.
    field_of_view
        m.
    electrode_position
        Where the plating electrode lies in the field of view, m; None centres the sample.
    edge_softness
        Standard deviation of the electrodes' position across the sample, m; c(x) itself is not blurred.
    coil_curvature
        Fraction of sensitivity lost at the edges of the field of view, quadratic in between.
    common_mode
        Standard deviation of one factor per profile.
    background
        Signal of the probe over the plateau, everywhere, in quadrature to the sample.
    plateau
        Magnitude at the sample's initial concentration.
    """

    points: int = 256
    nominal: int = 128
    field_of_view: float = 4e-3
    electrode_position: float | None = None
    edge_softness: float = 55e-6
    coil_curvature: float = 0.1
    common_mode: float = 0.0037
    background: float = 0.08
    plateau: float = 2.8e5

    def __post_init__(self) -> None:
        if not (0 < self.nominal <= self.points <= _FINE) or self.nominal % 2 or self.points % 2:
            raise ConfigurationError(
                f"nominal {self.nominal}, points {self.points}: even, nominal <= points <= {_FINE}"
            )
        for name in ("field_of_view", "edge_softness", "plateau"):
            cast.scalar(getattr(self, name), name, positive=True)
        for name in ("coil_curvature", "common_mode", "background"):
            value = cast.scalar(getattr(self, name), name)
            if not 0.0 <= value < 1.0:
                raise ConfigurationError(f"{name} {value:g}: a fraction, from 0 to below 1")

    def origin(self, thickness: float) -> float:
        """Return where the plating electrode lies in the field of view, m.

        Raises
        ------
        ConfigurationError
            The sample does not fit into the field of view.
        """
        place = self.electrode_position
        origin = (self.field_of_view - thickness) / 2.0 if place is None else place
        if not 0.0 <= origin <= self.field_of_view - thickness:
            raise ConfigurationError(
                f"a sample of {thickness * 1e3:g} mm at {origin * 1e3:g} mm does not fit into field_of_view "
                f"{self.field_of_view * 1e3:g} mm"
            )
        return origin


def measured_like(
    relative: Callable[[FloatArray], FloatArray],
    count: int,
    thickness: float,
    noise: float,
    measurement: MeasuredLike,
    seed: int,
) -> tuple[FloatArray, FloatArray]:
    """Return (intensity (time, point), position (point) in m from the plating electrode).

    I = plateau | ZF( (1 + common) w(x) c(x, t) / c0 + j background + n ) |, n complex white noise at the
    nominal resolution, ZF the truncation to that resolution and the zero filling of what is left.

    Parameters
    ----------
    relative
        c / c0 of every profile (time, place) at places in m, within 0 to thickness.
    count
        Profiles.
    noise
        Standard deviation of n in each quadrature, over the plateau.
    """
    m = measurement
    origin = m.origin(thickness)
    fine = np.arange(_FINE, dtype=np.float64) * (m.field_of_view / _FINE) - origin
    middle = m.field_of_view / 2.0 - origin
    coil = 1.0 - m.coil_curvature * (2.0 * (fine - middle) / m.field_of_view) ** 2
    weight = coil * _soft_step(fine / m.edge_softness) * _soft_step((thickness - fine) / m.edge_softness)
    random = np.random.Generator(np.random.Philox(seed))
    factor = 1.0 + m.common_mode * random.standard_normal((count, 1))
    signal = factor * weight * relative(np.clip(fine, 0.0, thickness)) + 1j * m.background
    white = noise * random.standard_normal((2, count, m.nominal))
    image = _resampled(np.asarray(signal, dtype=np.complex128), m.nominal, m.points) + _resampled(
        white[0] + 1j * white[1], m.nominal, m.points
    )
    position = np.arange(m.points, dtype=np.float64) * (m.field_of_view / m.points) - origin
    return m.plateau * np.abs(image), position


def _soft_step(z: FloatArray) -> FloatArray:
    from scipy.special import ndtr

    return np.asarray(ndtr(z), dtype=np.float64)


def _resampled(image: ComplexArray, nominal: int, points: int) -> ComplexArray:
    """Keep ``nominal`` frequencies of every row, fill with zeros to ``points``, and return the image."""
    size = image.shape[1]
    half = nominal // 2
    spectrum = np.fft.fftshift(np.fft.fft(image, axis=1), axes=1)[:, size // 2 - half : size // 2 + half]
    filled = np.zeros((image.shape[0], points), dtype=np.complex128)
    filled[:, points // 2 - half : points // 2 + half] = spectrum
    result: ComplexArray = np.fft.ifft(np.fft.ifftshift(filled, axes=1), axis=1) * (points / size)
    return result
