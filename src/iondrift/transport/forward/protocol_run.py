"""Drive the Nernst-Planck kernel through a protocol: rest, constant current, constant voltage, rest."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from iondrift.cast import FloatArray
from iondrift.errors import DataError
from iondrift_kernels import nernst_planck as model

FIRST_STEP = 0.25  # s, after a change of control; then each step is longer by GROWTH up to the longest
GROWTH = 1.25
_SHORTEST = 1e-6  # s: a step that fails at this length fails for good
_WHY = {
    model.DEPLETED: "the salt at the plating electrode runs out (c would fall to zero)",
    model.NOT_CONVERGED: "the iteration for D(c) does not converge",
    model.BEYOND_REST: "the voltage limit lies below the voltage at rest",
}


@dataclass
class ProtocolRun:
    """State of a simulated cell and what was recorded of it.

    ``snapshots`` are asked for in advance, strictly increasing; steps end exactly on them.
    """

    cell: model.Cell
    grid: model.Grid
    diffusion: model.Diffusion
    concentration: FloatArray
    snapshots: FloatArray
    longest_step: float
    time: float = 0.0
    current: float = 0.0
    voltage: float = 0.0
    log: list[tuple[float, float, float]] = field(default_factory=list)  # time, voltage, current density
    profiles: list[FloatArray] = field(default_factory=list)
    states: list[tuple[float, float]] = field(default_factory=list)  # voltage, current density of each profile

    def __post_init__(self) -> None:
        self._work = np.empty((model.WORK_ROWS, self.concentration.size))

    @property
    def finished(self) -> bool:
        """Whether every snapshot was taken."""
        return len(self.profiles) == self.snapshots.size

    def _attempt(self, duration: float, control: int, level: float) -> tuple[int, float, float, FloatArray]:
        after = np.empty_like(self.concentration)
        status, current, voltage = model.step(
            self.cell, self.grid, self.diffusion,
            self.concentration, self.current, duration, control, level, self._work, after,
        )  # fmt: skip
        return status, current, voltage, after

    def _accept(self, time: float, attempt: tuple[int, float, float, FloatArray]) -> None:
        _, self.current, self.voltage, self.concentration = attempt
        self.time = time
        self.log.append((time, self.voltage, self.current))
        if not self.finished and time == self.snapshots[len(self.profiles)]:
            self.profiles.append(self.concentration)
            self.states.append((self.voltage, self.current))

    def protocol(
        self, *, current_density: float, voltage_limit: float, durations: tuple[float, float, float, float]
    ) -> dict[str, float]:
        """Run rest, constant current to the voltage limit, constant voltage, rest; return when each began.

        Raises
        ------
        DataError
            Constant current never reached the voltage that was to be held.
        """
        before, constant_current, constant_voltage, after = durations
        self.hold(model.CURRENT, 0.0, before)
        began = {"constant_current_start": self.time}
        reached = self.hold(model.CURRENT, current_density, self.time + constant_current, voltage_limit=voltage_limit)
        began["constant_voltage_start"] = self.time
        if constant_voltage > 0.0 and not self.finished:
            if not reached:
                raise DataError(
                    f"constant current ended after {constant_current / 3600:g} h at {self.voltage:.4g} V, "
                    f"short of voltage_limit {voltage_limit:g} V; lengthen it, lower the limit, or give "
                    "constant_voltage=0"
                )
            self.hold(model.VOLTAGE, voltage_limit, self.time + constant_voltage)
        began["rest_start"] = self.time
        self.hold(model.CURRENT, 0.0, self.time + after)
        return began

    def hold(self, control: int, level: float, until: float, *, voltage_limit: float = np.inf) -> bool:
        """Hold a current density (A m-2) or a voltage (V) until a time, or until a voltage is reached.

        Returns whether the voltage limit ended it.

        Raises
        ------
        DataError
            The salt runs out, or a step fails for good; the message gives the time.
        """
        if control == model.CURRENT:
            self.current = level
            self.voltage = self._voltage()
        self.log.append((self.time, self.voltage, self.current))
        if self.voltage > voltage_limit:
            return True
        duration = FIRST_STEP
        while self.time < until and not self.finished:
            ends = min(self.time + duration, until, self.snapshots[len(self.profiles)])
            attempt = self._attempt(ends - self.time, control, level)
            if attempt[0] == model.DONE and attempt[2] <= voltage_limit:
                self._accept(ends, attempt)
                duration = min(duration * GROWTH, self.longest_step)
            elif attempt[0] != model.NOT_CONVERGED and voltage_limit < np.inf:
                self._approach(ends - self.time, control, level, voltage_limit)
                return True
            else:
                duration = 0.5 * (ends - self.time)
                if duration < _SHORTEST:
                    self._give_up(attempt[0])
        return False

    def _approach(self, duration: float, control: int, level: float, voltage_limit: float) -> None:
        """Take the step that ends on the voltage limit, found by bisection."""
        good: tuple[int, float, float, FloatArray] | None = None
        short, long = 0.0, duration
        status = model.DEPLETED
        while long - short > _SHORTEST * 1e-3:
            middle = 0.5 * (short + long)
            attempt = self._attempt(middle, control, level)
            if attempt[0] == model.DONE and attempt[2] <= voltage_limit:
                short, good = middle, attempt
            else:
                long, status = middle, attempt[0]
        if good is not None:
            self._accept(self.time + short, good)
        # Where c at the electrode vanishes before the limit, V jumps over it: nothing can be held there.
        if abs(self.voltage - voltage_limit) > 1e-3 and status != model.DONE:
            self._give_up(status)

    def _voltage(self) -> float:
        return float(
            model.cell_voltage(
                self.cell,
                self.grid,
                self.diffusion,
                self.concentration,
                self.current,
            )
        )

    def _give_up(self, status: int) -> None:
        raise DataError(
            f"simulation stopped {self.time:.1f} s ({self.time / 3600:.3f} h) after the start, at "
            f"{self.current:.4g} A/m2 and {self.voltage:.4g} V: {_WHY[status]}; lower the current density, "
            "shorten the constant current, or let the voltage limit end it earlier (a larger "
            "interface_resistance)"
        )
