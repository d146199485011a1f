"""One tick of the flight loop on a real vehicle: decode the board's frame, fly, encode, fill the rings; CPU time alone.

The frames and all other sensors are those of a simulated flight, half a minute at 500 Hz. Its last ten seconds are
flown several times: a tick's compute is the least that the same tick ever took, which leaves out what the operating
system and other processes do to a thread's time. At the pace of 500 Hz the core either sleeps between two ticks, and
on a virtual machine is lent to others who use its caches, or is kept, as a vehicle's own core is.
"""

import gc
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

import numpy as np

from firmware_bridge import mpu, protocol
from firmware_bridge.protocol import Frame, State
from firmware_bridge.serial_world import SerialWorld
from firmware_bridge.wiring import Wiring
from flight import airframe
from flight.autopilot import Autopilot
from flight.command import COMMAND
from flight.inputs import INPUTS, SENSORS
from flight.modes import Arming
from flight.record import rows
from ground.loop import FlightLoop
from ground.missions.load import load
from ground.options import DEFAULT_AIRFRAME
from ground.realtime import sleep_until, take_priority
from ground.seats import Seats
from sim.batch import Fleet, record_ticks
from sim.truth import TRUTH

RATE_HZ = 500
PERIOD_NS = 1_000_000_000 // RATE_HZ
TICKS = 15_000
# The first ticks find the attitude and take off, as fast as can be; those after them count.
FIRST = 10_000
FLIGHTS = 10
WORD = 8
ON_THE_PI = tuple(name for name in (*SENSORS, "demand") if name not in ("imu", "battery"))


def flown(vehicle: airframe.Airframe) -> np.recarray:
    """Return the inputs of a hovering flight."""
    fleet = Fleet(vehicle, [1])
    fleet.brief(load("hover").steps)
    arrays = (fleet.vehicles, fleet.setups, fleet.states, fleet.params, fleet.inputs, fleet.commands)
    inputs = rows(INPUTS, TICKS)
    record_ticks(*(array[0] for array in arrays), inputs, rows(COMMAND, TICKS), rows(TRUTH, TICKS))
    return inputs


def frame(number: int, t_us: int, inputs: np.void, wiring: Wiring, state: State) -> bytes:
    """Return what the board would send of a sample."""
    raw = mpu.encode(inputs.imu.gyro_frd, inputs.imu.accel_frd, inputs.imu.temperature_c, wiring.rotation)
    slow = {protocol.Slow.BATTERY: 280, protocol.Slow.SUPPLY_MV: 5000}.get(number % protocol.SLOWS, 0)
    body = protocol.IMU_BODY.pack(t_us & 0xFFFFFFFF, raw, state, number & 0xFF, 1, slow)
    return protocol.pack(Frame.IMU, number, body)


def stay_until(due_ns: int) -> None:
    """Wait without letting the core go."""
    while time.monotonic_ns() < due_ns:
        pass


class ReadyWire:
    """A wire on which the next frame is there when it is due; `wait` None: when it is asked for."""

    def __init__(self, frames: dict[State, list[bytes]], wait: Callable[[int], None] | None) -> None:
        self.frames, self.at, self.wait = frames, 0, wait
        self.waited_ns = 0
        self.state = State.DISARMED
        self.began_ns = time.monotonic_ns()

    def now_us(self) -> int:
        """Return the time, of which a flight as fast as possible has its own."""
        own_us = self.at * PERIOD_NS // 1000
        return (time.monotonic_ns() - self.began_ns) // 1000 if self.is_pacing else own_us

    @property
    def is_pacing(self) -> bool:
        """Tell whether the next frame is waited for."""
        return self.wait is not None and self.at >= FIRST

    def read(self, until_us: int) -> bytes:
        """Return the next frame."""
        self.at += 1
        if self.at == FIRST:
            self.began_ns = time.monotonic_ns() - self.at * PERIOD_NS
        if self.wait is not None and self.is_pacing:
            before_ns = time.thread_time_ns()
            self.wait(self.began_ns + self.at * PERIOD_NS)
            self.waited_ns = time.thread_time_ns() - before_ns
        return self.frames[self.state][self.at - 1]

    def write(self, data: bytes) -> bool:
        """Take a command."""
        return True

    def close(self) -> None:
        """Nothing to let go."""


class Mixed:
    """A vehicle with IMU and battery on the board, all else on the Pi."""

    def __init__(self, serial: SerialWorld, wire: ReadyWire, inputs: np.recarray) -> None:
        self.serial, self.wire, self.dt = serial, wire, serial.dt
        self.recorded, self.told = words(inputs), None
        self.arming: np.ndarray | None = None
        self.spans = spans()

    def read(self, inputs: np.void) -> bool:
        """Return the board's sample and what the other sensors said."""
        if self.wire.at >= TICKS:
            return False
        self.serial.read(inputs)
        if self.told is None:
            self.told = words(np.asarray(inputs).reshape(1))[0]
        told, row = self.told, self.recorded[self.wire.at - 1]
        for span in self.spans:
            told[span] = row[span]
        return True

    def write(self, command: np.void) -> None:
        """Send the command."""
        self.serial.write(command)
        if self.arming is None:
            # A record's field by its name costs more than the command did.
            self.arming = np.asarray(command).reshape(1).view(np.ndarray)["status"]["arming"]
        self.wire.state = State.ARMED if self.arming[0] == Arming.ARMED else State.DISARMED


def spans() -> list[slice]:
    """Return where in the inputs' words the Pi's own sensors are, neighbours together."""
    found: list[slice] = []
    for kind, at in sorted((INPUTS.fields[name] for name in ON_THE_PI), key=lambda place: place[1]):
        begin, end = at // WORD, (at + kind.itemsize) // WORD
        is_next = found and found[-1].stop == begin
        found = [*found[:-1], slice(found[-1].start, end)] if is_next else [*found, slice(begin, end)]
    return found


def words(records: np.ndarray) -> np.ndarray:
    """Return records as rows of 64-bit words: fields are copied faster so."""
    return records.view(np.ndarray).view(np.uint64).reshape(len(records), -1)


class Bench:
    """One flight's frames, to be flown again and again."""

    def __init__(self) -> None:
        self.vehicle = replace(airframe.load(DEFAULT_AIRFRAME), loop_rate_hz=float(RATE_HZ))
        self.inputs, self.wiring = flown(self.vehicle), Wiring()
        self.frames = {
            state: [frame(n, n * PERIOD_NS // 1000, self.inputs[n], self.wiring, state) for n in range(TICKS)]
            for state in (State.DISARMED, State.ARMED)
        }

    def ticks_us(self, wait: Callable[[int], None] | None) -> np.ndarray:
        """Return the CPU time of each tick of a flight without the wait for its frame, microseconds."""
        seats, wire = Seats(), ReadyWire(self.frames, wait)
        pilot = Autopilot(self.vehicle.params, 1.0 / RATE_HZ)
        pilot.step()
        serial = SerialWorld(wire, 1.0 / RATE_HZ, self.wiring)
        loop = FlightLoop(pilot, Mixed(serial, wire, self.inputs), seats)
        taken, before = [], time.thread_time_ns()
        with undisturbed():
            while loop.tick():
                now = time.thread_time_ns()
                taken.append(now - before - wire.waited_ns)
                before = now
        seats.close()
        return 1e-3 * np.array(taken[FIRST:])


@contextmanager
def undisturbed() -> Iterator[None]:
    """Stand with the operating system as the flight loop does."""
    with suppress(OSError):
        take_priority()
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.enable()
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def percentiles(taken: np.ndarray) -> dict[str, float]:
    """Return what is told of the ticks."""
    return dict(
        zip(("median", "p99", "p999"), np.percentile(taken, (50.0, 99.0, 99.9)).tolist(), strict=True)
    )


def figures() -> dict[str, object]:
    """Return percentiles of a tick's compute: on a kept core, on one that sleeps, one tick after the other."""
    bench = Bench()
    kept, slept, warm = zip(
        *(
            (bench.ticks_us(stay_until), bench.ticks_us(sleep_until), bench.ticks_us(None))
            for _ in range(FLIGHTS)
        ),
        strict=True,
    )
    return {
        "bridge_tick_us": percentiles(np.min(kept, axis=0)),
        "bridge_tick_slept_us": percentiles(np.min(slept, axis=0)),
        "bridge_tick_warm_us": percentiles(np.min(warm, axis=0)),
        "bridge_tick_disturbed_us": percentiles(kept[0]),
    }
