"""What may be asked of a drift velocity, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Closure = Literal["voltage", "blocking", "current"]


CLOSURES: Mapping[str, str] = {
    "voltage": "the whole effective voltage lies across the region of interest",
    "blocking": "no anions cross the plating electrode; those stored in front of x0 count where they are known",
    "current": "electroneutral binary electrolyte that carries the measured current",
}


Smoothing = Literal["pspline", "polynomial", "none"]


Method = Literal["posterior", "perturb"]
