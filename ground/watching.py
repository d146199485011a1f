"""What a vehicle looks like from beside it: facts and a page of text out of its rings, unnoticed by its loop."""

import math
import time
from collections import deque
from collections.abc import Sequence
from enum import IntEnum
from typing import Any

import numpy as np

from flight.inputs import BridgeFault, LogState
from flight.modes import Arming, Failsafe, Mode, Refusal
from ground.link.telemetry import euler
from ground.nameplate import reader
from ground.seats import HAPPENING, RECORDED, SNAPSHOT
from logs import timing
from logs.events import event_text, words

EVENTS = 4
VALID = ("attitude", "altitude", "velocity", "position")
# One character for each third of an octave, the darker the more ticks: tenfold per step.
SHADES = " .:-=+*#%@"
BAR = 20
# The link looks every few milliseconds; a loop that is silent for longer hangs, or its process is gone.
SILENT_S = 0.5


class Watch:
    """One vehicle, seen through its rings; raises LinkError when they are gone."""

    def __init__(self, plate: dict[str, Any]) -> None:
        self.airframe, self.pid, self.name = plate["airframe"], plate["pid"], plate["name"]
        self.snapshots = reader(plate, "snapshots", SNAPSHOT)
        self.timings = reader(plate, "timings", timing.TIMING)
        self.happenings = reader(plate, "happenings", HAPPENING)
        self.recorded = reader(plate, "recorded", RECORDED)
        self.events: deque[str] = deque(maxlen=EVENTS)

    def close(self) -> None:
        """Let go of the rings."""
        for each in (self.snapshots, self.timings, self.happenings, self.recorded):
            each.ring.close()

    def look(self) -> dict[str, Any]:
        """Return how the vehicle is, SI units in the names; before its first tick hardly anything."""
        for row in self.happenings.drain():
            if row.code:
                self.events.append(f"{1e-6 * row.t_us:7.1f} s  {event_text(int(row.code), float(row.value))}")
        told: dict[str, Any] = {"airframe": self.airframe, "pid": self.pid, "events": list(self.events)}
        newest, timed, recorded = (each.newest() for each in (self.snapshots, self.timings, self.recorded))
        if newest is not None:
            told |= state_of(newest[0])
        told["timing"] = None if timed is None else timing.facts(timed[0]) | histograms(timed[0])
        told["recorder"] = words((LogState.UNKNOWN if recorded is None else LogState(recorded[0].state)).name)
        return told


def state_of(row: np.record) -> dict[str, Any]:
    """Return what a snapshot says."""
    inputs, status, estimate = row.inputs, row.command.status, row.command.estimate
    return {
        "t_s": 1e-6 * float(inputs.t_us),
        "silent_s": max(time.time() - float(row.wall_s), 0.0),
        "tick": int(status.tick),
        "late_ticks": int(row.overruns),
        "arming": words(Arming(status.arming).name),
        "mode": words(Mode(status.mode).name),
        "is_landed": bool(status.is_landed),
        "refusals": bits(Refusal, status.refusals),
        "failsafes": bits(Failsafe, status.failsafes),
        "bridge_faults": bits(BridgeFault, inputs.system.bridge_faults),
        "attitude_deg": [math.degrees(angle) for angle in euler(estimate.q_ned_frd.tolist())],
        "v_ned_m_s": estimate.v_ned.tolist(),
        "p_ned_m": estimate.p_ned.tolist(),
        "height_m": float(estimate.height_m),
        "is_valid": {name: bool(estimate[f"is_{name}_valid"]) for name in VALID},
        "battery_v": float(inputs.battery.voltage_v),
        "battery_a": float(inputs.battery.current_a),
        "motors": row.command.motors.motor.tolist(),
        "ground_age_s": age_s(inputs.link.ground_age_us),
        "bridge_age_s": age_s(inputs.link.bridge_age_us),
    }


def bits(kind: type[IntEnum], value: int) -> list[str]:
    """Return the names of the bits that are set."""
    return [words(bit.name) for bit in kind if value & bit]


def age_s(age_us: int) -> float | None:
    """Return an age in seconds, None where there is nothing that ages."""
    return None if age_us < 0 else 1e-6 * float(age_us)


def histograms(row: Any) -> dict[str, Any]:
    """Return the counts of both histograms and the upper edges of their bins, the last of which has none."""
    return {name: np.asarray(row[name]).tolist() for name in ("work", "latency")} | {
        "edges_us": list(timing.EDGES_US)
    }


def page(told: dict[str, Any]) -> str:
    """Return the facts as a page."""
    head = f"{told['airframe']} (process {told['pid']})"
    if "t_s" not in told:
        return f"{head}: has not flown a tick yet"
    return "\n".join([f"{head}  {told['t_s']:.1f} s  {standing(told)}", *flight_lines(told), *loop_lines(told),
                      *(f"          {line}" for line in told["events"])])  # fmt: skip


def standing(told: dict[str, Any]) -> str:
    """Return arming, mode and what is wrong, in capitals where it is."""
    parts = [told["arming"], told["mode"], "on the ground" if told["is_landed"] else "in the air"]
    if told["silent_s"] > SILENT_S:
        parts.append(f"THE LOOP HAS BEEN SILENT FOR {told['silent_s']:.1f} s")
    wrong = told["failsafes"] + [f"bridge: {fault}" for fault in told["bridge_faults"]]
    parts += [text.upper() for text in wrong]
    if told["refusals"]:
        parts.append(f"does not arm: {', '.join(told['refusals'])}")
    return "  ".join(parts)


def flight_lines(told: dict[str, Any]) -> list[str]:
    """Return where the vehicle is and how it feels."""
    roll, pitch, yaw = told["attitude_deg"]
    north, east, down = told["p_ned_m"]
    missing = [name for name in VALID if not told["is_valid"][name]]
    doubts = f"  unknown: {', '.join(missing)}" if missing else ""
    return [
        f"attitude  roll {roll:6.1f}  pitch {pitch:6.1f}  heading {yaw % 360.0:5.1f} deg{doubts}",
        f"place     north {north:7.2f}  east {east:7.2f}  up {-down:7.2f} m"
        f"  speed {math.hypot(*told['v_ned_m_s']):5.2f} m/s",
        f"battery   {told['battery_v']:5.2f} V  {told['battery_a']:5.1f} A"
        f"  ground heard {ago(told['ground_age_s'])}{board(told['bridge_age_s'])}",
        f"motors    {'  '.join(f'{bar(ratio)} {100.0 * ratio:3.0f} %' for ratio in told['motors'][:4])}",
    ]


def ago(seconds: float | None) -> str:
    """Return how long ago something was heard."""
    return "never" if seconds is None else f"{seconds:.1f} s ago"


def board(seconds: float | None) -> str:
    """Return how long ago the far side was heard; nothing of the simulator, which says nothing."""
    return f", far side {ago(seconds)}" if seconds else ""


def bar(share: float) -> str:
    """Return a share as a bar."""
    filled = round(0.5 * BAR * min(max(share, 0.0), 1.0))
    return f"[{'#' * filled}{'.' * (BAR // 2 - filled)}]"


def loop_lines(told: dict[str, Any]) -> list[str]:
    """Return how punctual the loop is, its work and the age of its samples as histograms."""
    timed, recorder = told["timing"], f"recorder {told['recorder']}"
    if timed is None:
        return [f"loop      {recorder}"]
    late = f"{timed['overruns']} of {timed['ticks']} samples late"
    return [
        f"loop      {late}, {timing.standing(timed)}, {recorder}",
        f"work            |{shades(timed['work'])}| {timing.spread_text(timed['work_us'])}",
        f"sample to motor |{shades(timed['latency'])}| {timing.spread_text(timed['sample_to_motor_us'])}",
        f"{'':<16}|{'4 us':<12}{'64 us':<12}{'1 ms':<12}{'16 ms':<12}|",
    ]


def shades(counts: Sequence[int]) -> str:
    """Return a histogram as a line, a character for each bin."""
    darkness = [math.ceil(math.log10(count)) + 1 if count else 0 for count in counts]
    return "".join(SHADES[min(depth, len(SHADES) - 1)] for depth in darkness)
