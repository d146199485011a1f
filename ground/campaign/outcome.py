"""How a flight ended, judged on the truth."""

import math
from typing import Any

import numpy as np

from sim.score import CRASH_SPEED, CRASH_TILT

# From the harmless to the worst; each flight is the last of these that holds.
OUTCOMES = ("refused", "fine", "degraded", "held", "fence", "flyaway", "tipped", "crash")
BAD = ("fence", "flyaway", "tipped", "crash")
ABOUT = {
    "refused": "did not arm: the fault was there before take-off and was noticed",
    "fine": "flew its mission to the end and landed where it meant to",
    "degraded": "landed softly and upright, but elsewhere or without flying its mission to the end",
    "held": "waited in HOLD, never outside its fence, for an operator who did not come before its time was over",
    "fence": "landed, but was outside its fence on the way",
    "flyaway": "went far beyond its fence or had not come down when its time was over",
    "tipped": "came down at less than 3 m/s and upright, then tipped over",
    "crash": "hit the ground at more than 3 m/s or tilted by more than 60 degrees",
}
# On target: the satellites' own error is within it. The fence is held to the truth, the vehicle knows its estimate.
HOME_M = 3.0
FENCE_SLACK_M = 3.0
FLYAWAY_M = 25.0


def ended(vehicle: np.void, watch: np.void, params: np.void) -> dict[str, Any]:
    """Return how one flight ended, in SI units and degrees."""
    score, truth = vehicle.score, vehicle.truth
    outside_m = beyond(watch, params)
    facts = {
        "is_crashed": bool(score.is_crashed),
        "has_flown": bool(score.has_flown),
        "is_down": bool(truth.is_touching),
        "is_disarmed": bool(score.disarmed_us > 0),
        "outside_m": outside_m,
        "miss_m": math.hypot(float(truth.p_ned[0]), float(truth.p_ned[1])),
        "impact_m_s": float(watch.touch_speed),
        "impact_sink_m_s": float(watch.touch_sink),
        "impact_tilt_deg": math.degrees(float(watch.touch_tilt)),
        "tilt_max_deg": math.degrees(float(watch.tilt_worst)),
        "farthest_m": float(watch.farthest_m),
        "highest_m": float(watch.highest_m),
        "tilt_error_deg": math.degrees(float(watch.tilt_error)),
        "place_error_m": float(watch.place_error),
        "height_error_m": float(watch.height_error),
        "fault_s": seconds(watch.fired_us),
        "failsafe_s": seconds(watch.first_failsafe_us),
        "crash_s": seconds(score.crash_us),
        "ended_s": 1e-6 * float(truth.t_us),
    }
    return {key: tidy(value) for key, value in facts.items()}


def seconds(t_us: int) -> float | None:
    """Return a time in seconds, None for never."""
    return 1e-6 * float(t_us) if t_us > 0 else None


def tidy(value: Any) -> Any:
    """Return a number in as many digits as it means; what is not finite as None."""
    if not isinstance(value, float):
        return value
    return round(value, 4) if math.isfinite(value) else None


def beyond(watch: np.void, params: np.void) -> float:
    """Return how far the vehicle came outside its fence, 0 inside."""
    fence = params.supervisor.fence
    far = watch.farthest_m - fence.distance_max if fence.distance_max > 0.0 else 0.0
    high = watch.highest_m - fence.height_max if fence.height_max > 0.0 else 0.0
    return max(float(far), float(high), 0.0)


def outcome(said: dict[str, Any], items: int) -> str:
    """Return which of OUTCOMES a flight is; `items` is how many its mission has."""
    if not said["has_flown"]:
        return "refused"
    if said["impact_m_s"] > CRASH_SPEED or said["impact_tilt_deg"] > math.degrees(CRASH_TILT):
        return "crash"
    if said["is_crashed"]:
        return "tipped"
    outside_m = math.inf if said["outside_m"] is None else said["outside_m"]
    if outside_m == 0.0 and said["mode"] == "hold" and not (said["is_down"] or said["is_disarmed"]):
        return "held"
    if outside_m > FLYAWAY_M or not (said["is_down"] and said["is_disarmed"]):
        return "flyaway"
    if outside_m > FENCE_SLACK_M:
        return "fence"
    is_done = said["mode"] == "mission" and said["item"] >= items - 1
    return "fine" if is_done and said["miss_m"] < HOME_M else "degraded"


def reason(said: dict[str, Any]) -> str:
    """Say in one sentence what befell a flight that ended badly."""
    what = " and ".join(said["names"])
    after = ""
    if said["crash_s"] and said["fault_s"] and said["faults"]:
        after = f", {said['crash_s'] - said['fault_s']:.1f} s after it began"
    told = ", ".join(said["failsafes"]).replace("_", " ") or "no failsafe"
    where = f"{what} in {said['phase']}{after}"
    if said["outcome"] in ("crash", "tipped"):
        how = f"hit the ground at {said['impact_m_s']:.1f} m/s, tilted {said['impact_tilt_deg']:.0f} deg"
    elif said["outcome"] == "flyaway":
        how = f"was {said['farthest_m']:.0f} m away and {said['highest_m']:.0f} m up, {came_down(said)}"
    else:
        how = f"was {said['outside_m']:.1f} m outside its fence"
    return f"{where}: {how}; raised: {told}"


def came_down(said: dict[str, Any]) -> str:
    """Say whether a vehicle came down."""
    return "came down" if said["is_down"] else "never came down"
