"""Frames at the end of the polarisation, and the t- at which closures agree, for the summary."""

from __future__ import annotations

from iondrift.experiment.results import UM_PER_H, Analysis
from iondrift.report.summary.quantities import Entry, edges_of, quantity

_VELOCITIES = {
    "kinematic": "u_k: how fast the profile moves beyond what diffusion does to it; D of the salt from D- and t- given",
    "net_mean": "w = J / c under blocking, mean over x",
    "least_flux": "u_c: frame in which the profile is most nearly stationary",
    "geometric": "|i| V_Li / F, dense lithium",
}
_POSTERIOR = "band from draws of the reported fit, c0 and D-"


def frames(analysis: Analysis) -> Entry | None:
    """Return the frames with bands, the labelled diagnostic u_f, and t-*; None where they are not known."""
    found = analysis.frames
    if found is None:
        return None
    entry: Entry = {
        name: quantity(
            found.values[name] * UM_PER_H, "um/h", caveat, edges=edges_of(found.draws.get(name), UM_PER_H)
        )
        for name, caveat in _VELOCITIES.items()
        if name in found.values
    }  # fmt: skip
    entry["net_spread"] = quantity(
        100.0 * found.values["net_spread"], "%", "of w over x, rms over the mean: small in a steady front",
        edges=edges_of(found.draws.get("net_spread"), 100.0),
    )  # fmt: skip
    if "agreeing_transference" in found.values:
        entry["agreeing_transference"] = quantity(
            found.values["agreeing_transference"], "1",
            f"t-* at which blocking and current agree best over the polarisation, with D- as given; {_POSTERIOR}",
            edges=edges_of(found.draws.get("agreeing_transference")),
        )  # fmt: skip
    if found.diagnostic is not None:
        one = found.diagnostic
        entry["voltage_frame"] = {
            "frame": quantity(float(one.frame) * UM_PER_H, "um/h", "u_f, a diagnostic of closure voltage, no front"),
            "tautology": quantity(float(one.tautology) * UM_PER_H, "um/h", "-mean(J)/c, what u_f is for a uniform J"),
            "rms_h": quantity(float(one.rms), "1", "u_f is refused below 0.05"),
        }
    return entry
