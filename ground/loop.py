"""The flight loop as a process: it flies a world and touches nothing else but rings in shared memory."""

import gc
import math
import os
import time
from collections import deque
from collections.abc import Callable
from enum import IntEnum
from typing import Protocol

import numpy as np

from flight.autopilot import Autopilot
from flight.inputs import DEMAND, Demand, LogState
from flight.modes import Event
from flight.record import rows
from ground.realtime import Standing, Stopwatch, sleep_until
from ground.rings import Reader
from ground.seats import Seats, What

# How often the link sees the vehicle, in seconds of the wall's clock.
SNAPSHOT_S = 0.004
MOST_DEMANDS = 1024
# Ticks are flown in bursts as long as this, since every sleep costs more than a tick.
BURST_S = 0.003
# A loop that is late by more gives the time up.
LATE_S = 0.25
NEVER = -1
# The ground's silence is told in steps: a number that changed in every tick would be a fifth of the log.
AGE_STEP_US = 100_000
# A recorder that says nothing for so long has stopped.
SILENT_S = 2.0


class World(Protocol):
    """What is on the far side of the sensors and the motors. The world owns time."""

    dt: float

    def read(self, inputs: np.void) -> bool: ...
    def write(self, command: np.void) -> None: ...


class End(IntEnum):
    """Why a loop ended, as its process's exit code."""

    ASKED = 0
    POWER_CYCLE = 10


class Paced:
    """A world whose time passes `speed` times as fast as the wall's clock, as far as the machine can."""

    def __init__(self, world: World, speed: float) -> None:
        self.world, self.dt = world, world.dt
        self.pace_s = world.dt / speed
        self.due_s = self.sampled_us = 0.0
        self.overruns = 0

    def read(self, inputs: np.void) -> bool:
        """Wait until the next tick is due."""
        self.due_s = (self.due_s or time.monotonic()) + self.pace_s
        ahead_s = self.due_s - time.monotonic()
        if ahead_s > BURST_S:
            sleep_until(round(1e9 * self.due_s))
        elif ahead_s < -LATE_S:
            self.overruns += round(-ahead_s / self.pace_s)
            self.due_s -= ahead_s
        self.sampled_us = 1e6 * self.due_s
        return self.world.read(inputs)

    def write(self, command: np.void) -> None:
        """Act on the command."""
        self.world.write(command)


class Inbox:
    """Requests on their way into `inputs`: one demand per tick in order, of everything else the newest."""

    def __init__(self, seats: Seats, inputs: np.ndarray) -> None:
        self.readers = [Reader(seats.link_requests), Reader(seats.parent_requests)]
        self.demands: deque[np.void] = deque(maxlen=MOST_DEMANDS)
        self.newest: dict[str, np.void] = {}
        self.others: deque[tuple[What, bytes]] = deque(maxlen=16)
        self.heard_s = 0.0
        told = plain(inputs)
        self.parts = {name: told[name] for name in ("demand", "offboard", "pilot")}
        self.offboard_fresh, self.demand_fresh = told["offboard"]["fresh"], told["demand"]["fresh"]
        self.ground_age_us = told["link"]["ground_age_us"]
        self.inputs = inputs[0]
        self.recorded = Reader(seats.recorded)
        self.recorded_s = math.inf
        self.system = told["system"]

    def look_at_recorder(self, overruns: int) -> None:
        """Tell the loop whether its flight is recorded: a recorder that was there and is silent has stopped."""
        now_s = time.monotonic()
        if self.recorded.waiting:
            newest = self.recorded.newest()
            self.recorded_s = now_s
            self.system["log_state"][0] = LogState.STOPPED if newest is None else newest[0].state
        elif now_s - self.recorded_s > SILENT_S:
            self.system["log_state"][0] = LogState.STOPPED
        self.system["overruns"][0] = overruns

    def collect(self) -> None:
        """Take what has arrived."""
        for reader in self.readers:
            if reader.waiting:
                for row in reader.drain():
                    self._sort(row)

    def _sort(self, row: np.record) -> None:
        what = int(row.what)
        if what == What.DEMAND:
            self.demands.append(row.demand.copy())
        elif what == What.OFFBOARD:
            self.newest["offboard"] = row.offboard.copy()
        elif what == What.PILOT:
            self.newest["pilot"] = row.pilot.copy()
        elif what == What.GROUND_HEARD:
            self.heard_s = time.monotonic()
        else:
            self.others.append((What(what), bytes(row.text)))

    def fill(self) -> None:
        """Write this tick's requests into the inputs."""
        self.collect()
        # No world but the simulator clears a demand: told twice, a take-off begins anew with every tick.
        self.offboard_fresh[0] = self.demand_fresh[0] = 0
        if self.demands:
            self.parts["demand"][0] = self.demands.popleft()
            self.inputs.demand.fresh = 1
        if self.newest:
            self._refresh()
        age_s = time.monotonic() - self.heard_s
        self.ground_age_us[0] = AGE_STEP_US * int(1e6 * age_s / AGE_STEP_US) if self.heard_s else NEVER

    def _refresh(self) -> None:
        for name, sample in self.newest.items():
            self.parts[name][0] = sample
            self.inputs[name].fresh = 1
            self.inputs[name].t_us = self.inputs.t_us
        self.newest.clear()


class FlightLoop:
    """One vehicle's loop: told by a world and an inbox, it leaves what it said in the rings."""

    def __init__(
        self,
        autopilot: Autopilot,
        world: World,
        seats: Seats,
        truth: np.ndarray | None = None,
        speed: float = 1.0,
        standing: Standing | None = None,
    ) -> None:
        self.autopilot, self.world, self.seats, self.truth = autopilot, world, seats, truth
        self.inbox = Inbox(seats, autopilot.inputs)
        self.inputs, self.command = autopilot.inputs[0], autopilot.commands[0]
        self.told, self.said = plain(autopilot.inputs), plain(autopilot.commands)
        # As bytes they are copied as they are.
        self.ring_parts = self.told.view(np.uint8), self.said.view(np.uint8)
        # Views are made once: opening a record by name costs more than flying a tick.
        self.codes = self.said["status"]["events"][0]
        self.values = self.said["status"]["event_values"][0]
        self.is_told = self.told["demand"]["fresh"]
        self.every = max(1, round(SNAPSHOT_S * speed / world.dt))
        self.ticks = 0
        self.whole = tuple(plain(part) for part in (autopilot.states, autopilot.commands, autopilot.params))
        self.asked = Reader(seats.asked)
        self.stopwatch = Stopwatch(standing)
        self.obey: Callable[[What, bytes], End | None] = lambda what, text: None
        seats.params.push(autopilot.params[0])

    def tick(self) -> bool:
        """Fly one tick; False when the world has none."""
        if not self.world.read(self.inputs):
            return False
        woke_us = 1e-3 * time.monotonic_ns()
        self.inbox.fill()
        truth = () if self.truth is None else (self.truth.copy(),)
        self.autopilot.step()
        self.world.write(self.command)
        self.measure(woke_us)
        self.ticks += 1
        self.seats.ticks.push(*self.ring_parts, *truth)
        has_said = self.codes[0] != 0 or self.is_told[0] != 0
        if has_said or self.ticks % self.every == 0:
            overruns = getattr(self.world, "overruns", 0)
            self.inbox.look_at_recorder(overruns)
            self.seats.snapshots.push(*self.ring_parts, time.time(), overruns)
            if self.asked.waiting:
                self.stand_still()
        if has_said:
            self.tell()
        return True

    def stand_still(self) -> None:
        """Leave the recorder a copy of the whole autopilot, from which a log can begin with the next tick."""
        self.asked.seen = self.asked.ring.written
        self.seats.checkpoints.push(self.seats.ticks.written, *self.whole)

    def measure(self, woke_us: float) -> None:
        """Count how long this tick took, and how old its sample is; tell it now and then."""
        sampled_us = getattr(self.world, "sampled_us", woke_us)
        if self.stopwatch.note(woke_us, sampled_us, 1e-3 * time.monotonic_ns()):
            overruns = getattr(self.world, "overruns", 0)
            self.seats.timings.push(self.stopwatch.tell(int(self.inputs.t_us), overruns))

    def tell(self) -> None:
        """Tell what was said in this tick, and which demand it followed."""
        status, demand = self.command.status, self.inputs.demand
        t_us, tick = int(self.inputs.t_us), int(status.tick)
        serial, kind = (int(demand.serial), int(demand.kind)) if demand.fresh else (0, 0)
        said = [(int(c), float(v)) for c, v in zip(self.codes, self.values, strict=True) if c]
        for code, value in said or [(0, 0.0)]:
            self.seats.happenings.push(t_us, tick, code, value, serial, kind)
        if kind == Demand.PARAM or Event.AUTOTUNE in self.codes:
            self.seats.params.push(self.autopilot.params[0])
        if Event.REBOOT in self.codes:
            self.inbox.others.append((What.POWER_CYCLE, b""))

    def run(self) -> End:
        """Fly until somebody asks for the end; left alone by its parent, land first."""
        gc.collect()
        gc.freeze()
        gc.disable()
        parent = os.getppid()
        while self.tick():
            while self.inbox.others:
                ended = self.obey(*self.inbox.others.popleft())
                if ended is not None:
                    return ended
            if self.ticks % self.every == 0 and os.getppid() != parent:
                if self.command.status.arming == 0:
                    return End.ASKED
                self.inbox.demands.append(demanded(Demand.LAND))
        return End.ASKED


def demanded(kind: Demand, *arguments: float) -> np.void:
    """Return a demand with all its arguments meant."""
    row = rows(DEMAND)[0]
    row.kind, row.uses = kind, (1 << len(arguments)) - 1
    row.argument[: len(arguments)] = arguments
    return row


def plain(rows: np.ndarray) -> np.ndarray:
    """Return the same memory as an ordinary array, whose fields open several times faster."""
    return rows.view(np.ndarray)
