"""Fly the cases of one job side by side, each fault beginning in its phase, and say how each flight ended."""

from dataclasses import replace
from typing import Any

import numpy as np

from flight import airframe, autopilot
from flight.modes import Arming, Failsafe, Mode
from flight.parameter import store
from flight.params import find
from flight.record import rows
from ground.campaign.outcome import ended
from ground.faults import Fault, parse
from ground.missions.load import load as load_mission
from ground.session import Conditions, expose
from sim.batch import PATIENCE_S, Fleet
from sim.watch import WATCH, Phase, fly_watched

# How often to look whether a fault's phase has begun; sooner than any fault begins in it.
LOOK_S = 0.05
# A fault whose time has not been found yet.
SOME_DAY_S = 1e6


class Flown:
    """The flights of one job."""

    def __init__(self, task: dict[str, Any]) -> None:
        self.cases = task["cases"]
        self.mission = load_mission(task["mission"])
        seeds = [case["seed"] for case in self.cases]
        self.fleet = Fleet(airframe.load(task["airframe"]), seeds, task["sensors"])
        self.fleet.brief(self.mission.steps)
        self.watches = rows(WATCH, len(self.cases))
        self.watches.longest_us, self.watches.patience_us = (
            round(task["longest_s"] * 1e6),
            round(PATIENCE_S * 1e6),
        )
        self.faults: list[list[Fault]] = []
        self.is_told = np.zeros(len(self.cases), bool)
        for i, case in enumerate(self.cases):
            self.prepare(i, case)

    def prepare(self, i: int, case: dict[str, Any]) -> None:
        """Set the parameters, let the wind blow and the faults wait."""
        for name, value in case["set"].items():
            store(self.fleet.params[i], find(name), value)
        autopilot.start(self.fleet.states[i], self.fleet.params[i], self.fleet.dt)
        weather = Conditions(
            wind_m_s=case["wind_m_s"], wind_from_deg=case["wind_from_deg"], turbulence=case["turbulence"]
        )
        expose(self.fleet.vehicles[i], self.fleet.setups[i], self.mission, weather, case["seed"])
        self.faults.append(
            [replace(parse(f"{what}@1s"), start_s=SOME_DAY_S) for what, _, _ in case["faults"]]
        )
        self.apply(i)
        watch = self.watches[i]
        watch.wanted, watch.offset_us = Phase[case["phase"].upper()], round(1e6 * case["begins_s"])
        self.is_told[i] = not case["faults"]

    def apply(self, i: int) -> None:
        """Write a vehicle's faults into its record."""
        for fault in self.faults[i]:
            fault.apply(self.fleet.vehicles[i], self.fleet.setups[i])

    def fly(self) -> None:
        """Fly until nothing more can come of any flight."""
        fleet = self.fleet
        ticks = round(LOOK_S / fleet.dt)
        records = fleet.vehicles, fleet.setups, fleet.states, fleet.params, fleet.inputs, fleet.commands
        while not np.all(self.watches.is_over):
            fly_watched(*records, self.watches, ticks)
            for i in np.flatnonzero((self.watches.fired_us > 0) & ~self.is_told):
                self.begin(int(i))

    def begin(self, i: int) -> None:
        """Set the time of a vehicle's faults: their phase has begun."""
        start_s = 1e-6 * int(self.watches[i].fired_us)
        told = zip(self.faults[i], self.cases[i]["faults"], strict=True)
        self.faults[i] = [timed(fault, start_s + after_s, lasts_s) for fault, (_, after_s, lasts_s) in told]
        self.apply(i)
        self.is_told[i] = True

    def said(self, i: int) -> dict[str, Any]:
        """Return how a flight ended."""
        case, status, watch = self.cases[i], self.fleet.commands[i].status, self.watches[i]
        kept = {key: value for key, value in case.items() if key not in ("faults", "begins_s")}
        texts = [text(what, f) for f, (what, _, _) in zip(self.faults[i], case["faults"], strict=True)]
        return (
            kept
            | {"faults": texts if watch.fired_us else []}
            | ended(self.fleet.vehicles[i], watch, self.fleet.params[i])
            | {
                "mode": Mode(int(watch.mode)).name.lower(),
                "item": int(watch.mission_index),
                "is_armed": bool(status.arming == Arming.ARMED),
                "failsafes": [b.name.lower() for b in Failsafe if watch.failsafes & b],
            }
        )


def timed(fault: Fault, start_s: float, lasts_s: float | None) -> Fault:
    """Return a fault with its time."""
    start_s = round(start_s, 4)
    return replace(fault, start_s=start_s, stop_s=None if lasts_s is None else round(start_s + lasts_s, 4))


def text(what: str, fault: Fault) -> str:
    """Return a fault as `--fault` takes it."""
    until = "" if fault.stop_s is None else f"-{fault.stop_s:.10g}s"
    return f"{what}@{fault.start_s:.10g}s{until}"


def fly(task: dict[str, Any]) -> list[dict[str, Any]]:
    """Do one job: fly its cases and say how each ended."""
    flown = Flown(task)
    flown.fly()
    return [flown.said(i) for i in range(len(flown.cases))]
