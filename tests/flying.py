"""Whole flights for tests: fleets that fly a mission, and steps measured on the truth."""

from collections.abc import Sequence

import numpy as np

from flight.airframe import load
from flight.command import COMMAND
from flight.inputs import INPUTS, Demand
from flight.modes import Mode
from flight.record import rows
from ground.missions.mission import Mission
from ground.session import Conditions, prepared
from sim.batch import Fleet, record_ticks
from sim.operator import Await, Step
from sim.score import read_out
from sim.truth import TRUTH

HOLDING = Await.HOLDING


def up(height_m: float) -> list[Step]:
    """Arm when ready and take off."""
    return [Step(Demand.ARM, awaits=Await.READY), Step(Demand.TAKEOFF, (height_m,), awaits=Await.ARMED)]


def tracking(name: str, track: Step, height_m: float = 3.0, seconds: float = 25.0) -> Mission:
    """Take off, follow a track for a time and land."""
    return Mission(name, [*up(height_m), track, Step(Demand.LAND, awaits=Await.AIRBORNE, wait_s=seconds)])


def prepared_and_flown(
    mission: Mission, seeds: Sequence[int], seconds: float, airframe: str = "pi450", **conditions: object
) -> Fleet:
    """Return vehicles that have flown a mission for a while."""
    fleet = prepared(load(airframe), mission, Conditions(**conditions), list(seeds))  # type: ignore[arg-type]
    fleet.fly(seconds)
    return fleet


def flown(
    mission: Mission,
    seeds: Sequence[int],
    airframe: str = "pi450",
    seconds: float = 120.0,
    **conditions: object,
) -> tuple[Fleet, list[dict]]:
    """Fly a mission with every seed; return the vehicles and their scores."""
    fleet = prepared(load(airframe), mission, Conditions(**conditions), list(seeds))  # type: ignore[arg-type]
    fleet.fly(seconds)
    return fleet, [read_out(vehicle.score) for vehicle in fleet.vehicles]


def hovering(
    seeds: Sequence[int],
    height_m: float = 20.0,
    airframe: str = "pi450",
    seconds: float = 25.0,
    **conditions: object,
) -> Fleet:
    """Return vehicles that hover."""
    mission = Mission("hover", up(height_m))
    fleet = prepared(load(airframe), mission, Conditions(**conditions), list(seeds))  # type: ignore[arg-type]
    fleet.fly(seconds)
    assert np.all(fleet.commands.status.mode == Mode.HOLD)
    return fleet


def recorded(fleet: Fleet, i: int, seconds: float) -> tuple[np.recarray, np.recarray, np.recarray]:
    """Fly one vehicle of a fleet on and return inputs, commands and truth of every tick."""
    ticks = round(seconds / fleet.dt)
    kept = rows(INPUTS, ticks), rows(COMMAND, ticks), rows(TRUTH, ticks)
    record_ticks(
        fleet.vehicles[i],
        fleet.setups[i],
        fleet.states[i],
        fleet.params[i],
        fleet.inputs[i],
        fleet.commands[i],
        *kept,
    )
    return kept


def column(scores: list[dict], key: str) -> np.ndarray:
    """Return one figure of every flight."""
    return np.array([score[key] for score in scores])


def rise_and_overshoot(t_s: np.ndarray, response: np.ndarray, size: float) -> tuple[float, float]:
    """Return the 10-90 % rise time in s and the overshoot as a share of a step that begins at t_s[0]."""
    share = (response - response[0]) / size
    ten, ninety = int(np.argmax(share > 0.1)), int(np.argmax(share > 0.9))
    return float(t_s[ninety] - t_s[ten]), float(share.max() - 1.0)


def settling(t_s: np.ndarray, response: np.ndarray, goal: float, band: float) -> float:
    """Return when a response enters a band around its goal for good, seconds after t_s[0]."""
    outside = np.flatnonzero(np.abs(response - goal) > band)
    return float(t_s[outside[-1]] - t_s[0]) if len(outside) else 0.0
