"""A flight from power-on to disarmed: a vehicle, its autopilot, an operator and a log."""

import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from flight.airframe import Airframe
from flight.command import COMMAND
from flight.inputs import INPUTS, Demand
from flight.modes import Event, Refusal
from flight.record import rows
from ground import faults
from ground.missions import autotune
from ground.missions.mission import Mission
from logs.events import words
from logs.recorder import FlightLog
from sim.batch import PATIENCE_S, Fleet, record_ticks
from sim.operator import Step, brief
from sim.plant.wind import set_wind
from sim.score import read_out
from sim.truth import TRUTH

Share = Callable[[float, str], None]
# Simulated time between looks at the clock, the keyboard and the progress bar; real-time flights look more often.
CHUNK_S = 0.5
REALTIME_CHUNK_S = 0.05
# How long a vehicle that has been disarmed is still recorded, and how long it may then fall.
AFTERMATH_S = 0.5
FALL_S = 15.0
FLIGHT_FOLDER = Path("logs/flights")


@dataclass
class Conditions:
    """What the simulator does to the vehicle; `turbulence` is none, light, moderate or severe."""

    seed: int = 1
    sensors: str = "consumer"
    wind_m_s: float = 0.0
    wind_from_deg: float | None = None
    turbulence: str = "none"
    faults: tuple[str, ...] = ()
    is_realtime: bool = False
    longest_s: float = 900.0

    def mean_wind_ned(self) -> tuple[float, float, float]:
        """Return the mean wind; it blows from the south-west, across a square's sides and corners alike."""
        if self.wind_from_deg is None:
            return (0.8 * self.wind_m_s, 0.6 * self.wind_m_s, 0.0)
        towards = math.radians(self.wind_from_deg) + math.pi
        return (self.wind_m_s * math.cos(towards), self.wind_m_s * math.sin(towards), 0.0)


@dataclass
class Flight:
    """What a flight showed: the figures of the command line's contract."""

    figures: dict[str, Any] = field(default_factory=dict)
    is_interrupted: bool = False


class Interrupt:
    """Remembers how often Ctrl-C was pressed."""

    presses = 0

    def press(self, *_: object) -> None:
        """Count a press; the flight loop decides what it means."""
        self.presses += 1


@contextmanager
def interruptible() -> Iterator[Interrupt]:
    """Turn Ctrl-C into a request that the flight loop sees between chunks."""
    interrupt = Interrupt()
    try:
        before = signal.signal(signal.SIGINT, interrupt.press)
    except ValueError:  # Not in the main thread: nothing to catch here.
        yield interrupt
        return
    try:
        yield interrupt
    finally:
        signal.signal(signal.SIGINT, before)


def prepared(airframe: Airframe, mission: Mission, conditions: Conditions, seeds: list[int]) -> Fleet:
    """Return vehicles standing on the ground, ready to be switched on, under the given conditions."""
    fleet = Fleet(airframe, seeds, conditions.sensors)
    fleet.brief(mission.steps)
    for vehicle, setup, seed in zip(fleet.vehicles, fleet.setups, seeds, strict=True):
        expose(vehicle, setup, mission, conditions, seed)
    return fleet


def expose(vehicle: np.void, setup: np.void, mission: Mission, conditions: Conditions, seed: int) -> None:
    """Put one vehicle where its mission begins, into its wind and in the way of its faults."""
    set_wind(vehicle.wind, conditions.mean_wind_ned(), conditions.turbulence, seed)
    for text in conditions.faults:
        faults.parse(text).apply(vehicle, setup)
    if mission.home:
        home = mission.home
        place_home(setup, home.lat_deg, home.lon_deg, home.alt_amsl_m)


def fly(
    airframe: Airframe,
    mission: Mission,
    conditions: Conditions,
    log: str | None = None,
    share: Share | None = None,
) -> Flight:
    """Fly a mission in the simulator and log it; Ctrl-C lands, a second one disarms.

    Raises LogError when the log cannot be written, before anything flies.
    """
    fleet = prepared(airframe, mission, conditions, [conditions.seed])
    path = log_path(log, mission.name, airframe.name)
    recorder = FlightLog(path, airframe=airframe, seed=conditions.seed, dt=fleet.dt)
    flight = Flight()
    record(fleet, 0)  # Compiles, or loads what was compiled before, outside the time that is measured.
    began_s = time.monotonic()
    try:
        with interruptible() as interrupt:
            events = list(chunks(fleet, conditions, recorder, interrupt, share))
        flight.is_interrupted = interrupt.presses > 0
    finally:
        recorder.close()
    wall_s = time.monotonic() - began_s
    flight.figures = figures_of(fleet, airframe, conditions, events, wall_s) | {"log": str(path)}
    if mission.name == autotune.NAME:
        flight.figures["autotune"] = autotune.outcome(events, fleet.commands[0])
    return flight


def chunks(
    fleet: Fleet, conditions: Conditions, recorder: FlightLog, interrupt: Interrupt, share: Share | None
) -> Iterator[dict[str, Any]]:
    """Fly chunk by chunk until the flight is over; yield its events."""
    ticks = round((REALTIME_CHUNK_S if conditions.is_realtime else CHUNK_S) / fleet.dt)
    began_s, obeyed = time.monotonic(), 0
    while not is_over(fleet, conditions):
        kept = record(fleet, ticks)
        recorder.append(*kept)
        yield from events_of(kept[1])
        now_s = fleet.vehicles[0].truth.t_us * 1e-6
        if conditions.is_realtime:
            time.sleep(max(0.0, began_s + now_s - time.monotonic()))
        if interrupt.presses > obeyed:
            obeyed = interrupt.presses
            ask_to_end(fleet.vehicles[0].operator, obeyed)
        if interrupt.presses and fleet.vehicles[0].score.armed_us == 0:
            return
        if share:
            operator = fleet.vehicles[0].operator
            share(operator.cursor / max(operator.count, 1), f"{now_s:.0f} s")


def record(fleet: Fleet, ticks: int) -> tuple[np.recarray, np.recarray, np.recarray]:
    """Fly the first vehicle for a number of ticks; return the inputs, commands and truth of each."""
    kept = rows(INPUTS, ticks), rows(COMMAND, ticks), rows(TRUTH, ticks)
    record_ticks(
        fleet.vehicles[0], fleet.setups[0], fleet.states[0], fleet.params[0],
        fleet.inputs[0], fleet.commands[0], *kept,
    )  # fmt: skip
    return kept


def ask_to_end(operator: np.void, presses: int) -> None:
    """Let the operator land the vehicle, at the second request disarm it."""
    step = Step(Demand.LAND) if presses == 1 else Step(Demand.DISARM, (1.0,))
    brief(operator, [step])


def is_over(fleet: Fleet, conditions: Conditions) -> bool:
    """Tell whether the vehicle has been disarmed and down for a while, never armed, or the time is up."""
    score, now_s = fleet.vehicles[0].score, fleet.vehicles[0].truth.t_us * 1e-6
    if score.disarmed_us > 0:
        return bool(now_s - score.disarmed_us * 1e-6 > (AFTERMATH_S if score.is_down else FALL_S))
    return bool(now_s > (conditions.longest_s if score.armed_us > 0 else PATIENCE_S))


def events_of(commands: np.ndarray) -> Iterator[dict[str, Any]]:
    """Yield the events in rows of commands, as the command line shows them."""
    status = commands.status
    for tick in np.flatnonzero(status.events.any(axis=1)):
        for code, value in zip(status.events[tick], status.event_values[tick], strict=True):
            if code:
                name = Event(code).name.lower()
                yield {"t_s": float(commands.t_us[tick]) * 1e-6, "name": name, "text": describe(code, value)}


def describe(code: int, value: float) -> str:
    """Say an event in words."""
    from logs.events import event_text

    return event_text(code, value)


def figures_of(
    fleet: Fleet, airframe: Airframe, conditions: Conditions, events: list[dict[str, Any]], wall_s: float
) -> dict[str, Any]:
    """Return one flight's figures under the names of the command line's contract."""
    vehicle = fleet.vehicles[0]
    duration_s = float(vehicle.truth.t_us) * 1e-6
    return read_out(vehicle.score) | {
        "duration_s": duration_s,
        "real_time_factor": duration_s / wall_s,
        "ticks": int(fleet.states[0].tick),
        "overruns": 0,
        "battery_used_wh": float(vehicle.truth.energy_used_wh),
        "refusals": refusals_of(fleet),
        "events": events,
        "seed": conditions.seed,
        "airframe": airframe.name,
        "sensors": conditions.sensors,
    }


def refusals_of(fleet: Fleet) -> list[str]:
    """Return the names of what kept the vehicle from arming; none when it armed."""
    if fleet.vehicles[0].score.armed_us > 0:
        return []
    return [words(bit.name) for bit in Refusal if fleet.commands[0].status.refusals & bit]


def fly_many(
    airframe: Airframe, mission: Mission, conditions: Conditions, seeds: list[int], share: Share | None = None
) -> dict[str, Any]:
    """Fly one vehicle per seed at once, without logs; return how they fared together."""
    fleet = prepared(airframe, mission, conditions, seeds)
    began_s = time.monotonic()
    fleet.fly(conditions.longest_s, (lambda part: share(part, "")) if share else None)
    each = [read_out(vehicle.score) for vehicle in fleet.vehicles]
    flown_s = float(np.sum(fleet.vehicles.truth.t_us)) * 1e-6
    return {
        "vehicles": len(seeds),
        "landed": sum(e["landed"] for e in each),
        "crashed": sum(e["crashed"] for e in each),
        "crashed_seeds": [s for s, e in zip(seeds, each, strict=True) if e["crashed"]],
        "simulated_s": flown_s,
        "real_time_factor": flown_s / (time.monotonic() - began_s),
        "position_error_rms_m": spread([e["position_error_rms_m"] for e in each]),
        "arm_to_disarm_s": spread([e["arm_to_disarm_s"] for e in each]),
        "airframe": airframe.name,
    }


def spread(values: list[float]) -> dict[str, float]:
    """Return least, median and most."""
    return {"least": min(values), "median": float(np.median(values)), "most": max(values)}


def log_path(chosen: str | None, mission: str, airframe: str) -> Path:
    """Return the log file to write: the chosen file, or a dated name in the chosen or usual folder."""
    place = Path(chosen) if chosen else FLIGHT_FOLDER
    if place.suffix == ".ulg":
        return place
    stamp = datetime.now(UTC).strftime("%Y-%m-%d_%H-%M-%S")
    stem, number = f"{stamp}_{airframe}_{mission}", 1
    while (place / name_of(stem, number)).exists():
        number += 1
    return place / name_of(stem, number)


def name_of(stem: str, number: int) -> str:
    """Return a log's file name; flights of one second are numbered."""
    return f"{stem}.ulg" if number == 1 else f"{stem}_{number}.ulg"


def place_home(setup: np.void, lat_deg: float, lon_deg: float, alt_amsl_m: float) -> None:
    """Move the take-off point on Earth."""
    from sim.sensors.presets import set_home

    set_home(setup.presets, lat_deg, lon_deg, alt_amsl_m)
    setup.plant.ground_amsl_m = alt_amsl_m
