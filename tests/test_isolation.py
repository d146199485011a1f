"""Killing what is beside the loop costs it nothing; a killed loop leaves the motors to the board, which stops them."""

import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from firmware_bridge import protocol
from firmware_bridge.serial_world import SerialWorld
from firmware_bridge.wire import SerialWire
from flight.airframe import load
from flight.autopilot import STATE, Autopilot
from flight.command import COMMAND
from flight.inputs import INPUTS, SENSORS, Demand
from flight.modes import Arming
from flight.params import defaults
from flight.record import rows
from ground.link.endpoints import checked_endpoint
from ground.link.process import talk
from ground.link.vehicle import Facts
from ground.log_mode import LogMode
from ground.loop import FlightLoop, demanded
from ground.nameplate import Nameplate
from ground.recording import Plan, record
from ground.rings import Reader
from ground.seats import Seats, What, request
from sim.world import Simulator
from tests.conftest import ROOT

pytestmark = pytest.mark.slow
fork = multiprocessing.get_context("fork")
DT, THROTTLE = 0.002, 0.4
PATIENCE_S = 45.0
# About three times as fast as the clock, without a deadline that could be missed.
BURST, REST_S = 10, 0.003
# After which tick what is asked for.
ASKED = {8000: (Demand.ARM,), 8100: (Demand.TAKEOFF, 3.0)}
# Without a recorder it would not have armed.
FIRST_KILL = 8200


class SteadyPilot:
    """An autopilot that arms after a while and asks the same of every motor, so that nothing but the loop matters."""

    def __init__(self) -> None:
        self.inputs, self.commands, self.params = rows(INPUTS), rows(COMMAND), defaults()
        self.states = rows(STATE)

    def step(self) -> None:
        command = self.commands[0]
        command.status.tick += 1
        command.t_us = self.inputs[0].t_us
        command.status.arming = Arming.ARMED if command.status.tick > 100 else Arming.DISARMED
        command.motors.motor[:4] = THROTTLE if command.status.tick > 100 else 0.0


def fly(port: str, seats: Seats) -> None:
    """Be the flight loop."""
    world = SerialWorld(SerialWire(port), DT)
    world.open()
    os._exit(FlightLoop(SteadyPilot(), world, seats).run())


def recorded(seats: Seats, path: Path, is_first: bool) -> None:
    """Be the recorder."""
    plan = Plan(load("pi450"), DT, 1, LogMode.BOOT, lambda _: path, has_truth=False)
    record(seats, plan, from_start=is_first)


@contextmanager
def running(work: Callable[..., Any], *arguments: Any) -> Iterator[Any]:
    """Run something in a process of its own, and end it."""
    process = fork.Process(target=work, args=arguments, daemon=True)
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join(10.0)


def wait(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    until_s = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < until_s
        time.sleep(0.01)


@pytest.fixture
def bench(chip):
    """Return a board on a terminal and the rings of a vehicle, named so that others find them."""
    from tests.emulator.terminal import BoardOnTerminal

    terminal, seats = BoardOnTerminal(chip()), Seats()
    nameplate = Nameplate(seats, "pi450")
    yield terminal, seats
    terminal.close()
    nameplate.close()
    seats.close()


@contextmanager
def recorder(seats: Seats, folder: Path, life: int) -> Iterator[int]:
    """Run the recorder; return its process, which has begun its log."""
    path = folder / f"{life}.ulg"
    with running(recorded, seats, path, life == 0) as process:
        wait(path.exists)
        yield process.pid


@contextmanager
def link(seats: Seats, folder: Path, life: int) -> Iterator[int]:
    """Run the link with a ground station that hears it; return its process."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as station:
        station.bind(("127.0.0.1", 0))
        station.settimeout(PATIENCE_S)
        endpoint = checked_endpoint(f"udpout:127.0.0.1:{station.getsockname()[1]}")
        facts = Facts(log_folder=folder, parameter_file=folder / f"p{life}")
        with running(talk, seats, facts, (endpoint,)) as process:
            assert station.recv(300)
            yield process.pid


@contextmanager
def dashboard(_: Seats, folder: Path, life: int) -> Iterator[int]:
    """Run `quadloop watch` as somebody beside the vehicle would; return its process, which has shown something."""
    command = [sys.executable, "-m", "ground", "watch", "--pid", str(os.getpid()), "--every", "0.01"]
    shown = folder / f"shown{life}"
    with shown.open("w") as out:
        process = subprocess.Popen(
            command, stdout=out, cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}
        )
        try:
            wait(lambda: "  armed  " in shown.read_text())
            yield process.pid
        finally:
            process.kill()
            process.wait(10.0)


def looked_at(seats: Seats) -> None:
    """Be an onlooker: read every ring as fast as one can."""
    readers = [Reader(ring, from_start=True) for ring in vars(seats).values()]
    while True:
        shown = [len(reader.drain(100)) for reader in readers]
        time.sleep(0.001 if any(shown) else 0.005)


def test_recorder_link_and_dashboard_may_be_killed_in_flight(bench, tmp_path, record_property):
    terminal, seats = bench
    reader = Reader(seats.ticks, from_start=True)
    flown: list[np.ndarray] = []

    def look() -> bool:
        flown.extend(reader.drain())
        return len(flown) > 0

    def flies_on(count: int) -> Callable[[], bool]:
        goal = len(flown) + count
        return lambda: look() and len(flown) >= goal

    def is_armed() -> bool:
        samples = terminal.board.samples
        return look() and len(samples) > 0 and samples[-1].state == protocol.State.ARMED

    with running(fly, terminal.port, seats) as loop:
        wait(is_armed)
        for life in range(3):
            for beside in (recorder, link, dashboard):
                with beside(seats, tmp_path, life) as pid:
                    wait(flies_on(50))
                    os.kill(pid, signal.SIGKILL)
                    wait(flies_on(50))
        assert loop.is_alive()
        look()
    states = [sample.state for sample in terminal.board.samples]
    ticks = np.array([row.command.status.tick for row in flown])
    times = np.array([row.inputs.t_us for row in flown])

    record_property(
        "ticks flown while recorder, link and `quadloop watch` were killed nine times", len(ticks)
    )
    assert reader.missed == 0
    assert np.all(np.diff(ticks) == 1)
    assert np.all(np.diff(times) > 0)
    # A silence of 100 ms latches the board's deadman; on a machine that is full it may come from elsewhere.
    record_property("samples of the board meanwhile that say armed, failsafe",
                    (states.count(protocol.State.ARMED), states.count(protocol.State.FAILSAFE)))  # fmt: skip
    assert states.count(protocol.State.ARMED) > 100


def simulate(seats: Seats, seconds: float) -> None:
    """Be a loop in the simulator, which flies the same flight each time."""
    airframe = load("pi450")
    world = Simulator(airframe, 5)
    loop = FlightLoop(Autopilot(airframe.params, world.dt), world, seats)
    while loop.ticks * world.dt < seconds:
        loop.tick()
        if loop.ticks in ASKED:
            seats.parent_requests.push(request(What.DEMAND, demand=demanded(*ASKED[loop.ticks])))
        if loop.ticks % BURST == 0:
            time.sleep(REST_S)
    os._exit(0)


def flight_beside(folder: Path, seconds: float, are_killed: bool) -> tuple[np.ndarray, int]:
    """Fly in the simulator, killing what is beside the loop or not; return the tick log and how many were killed."""
    seats, killed = Seats(), 0
    reader, flown = Reader(seats.ticks, from_start=True), []
    try:
        with running(simulate, seats, seconds) as loop:
            while loop.is_alive():
                for work in ((recorded, seats, folder / f"{killed}.ulg", killed == 0), (looked_at, seats)):
                    with running(*work) as process:
                        until = max(reader.seen + 500, FIRST_KILL)
                        while loop.is_alive() and (not are_killed or reader.seen < until):
                            flown.append(np.asarray(reader.drain()))
                            time.sleep(0.005)
                        killed += are_killed and loop.is_alive()
                        process.kill()
            flown.append(np.asarray(reader.drain()))
    finally:
        seats.close()
    assert reader.missed == 0
    return np.concatenate(flown), killed


def same(a: np.ndarray, b: np.ndarray) -> bool:
    """Tell whether two tick logs are the same to the bit.

    How the recorder fares is told to the loop, in the inputs' `system`, and may be said again in `status`.
    """
    parts = [("inputs", name) for name in ("t_us", *SENSORS, "demand")]
    parts += [("command", name) for name in ("t_us", "estimate", "setpoint", "terms", "motors")]
    return all(a[room][name].tobytes() == b[room][name].tobytes() for room, name in parts)


def test_the_tick_log_of_a_flight_is_the_same_to_the_bit_whatever_is_killed_beside_it(
    tmp_path, record_property
):
    alone, _ = flight_beside(tmp_path, 14.0, are_killed=False)
    beset, killed = flight_beside(tmp_path, 14.0, are_killed=True)

    record_property("ticks that are the same while so many processes were killed", (len(alone), killed))
    assert killed >= 6
    assert len(alone) == 14_000
    assert np.all(np.diff(beset["command"]["status"]["tick"]) == 1)
    assert alone["command"]["motors"]["motor"].max() > 0.3
    assert same(beset, alone)


def test_a_killed_loop_leaves_the_motors_to_the_board_which_stops_them(bench, record_property):
    terminal, seats = bench
    board = terminal.board
    with running(fly, terminal.port, seats) as loop:
        wait(lambda: len(board.pulses()) > 0 and board.pulses()["value"][-1] > 160 * 16)
        os.kill(loop.pid, signal.SIGKILL)
        loop.join(10.0)
    wait(lambda: board.samples[-1].state == protocol.State.FAILSAFE)
    heard = terminal.heard_cycle
    cycle = board.cycle
    wait(lambda: board.cycle > cycle + 16 * 200_000)
    pulses = board.pulses()
    turning = pulses[pulses["value"] > 126 * 16]
    silent_ms = (int((turning["cycle"] + turning["value"]).max()) - heard) / 16e3

    record_property("killed loop: motors stopped after its last byte, ms", f"{silent_ms:.1f}")
    assert silent_ms <= 105.0
    assert board.samples[-1].state == protocol.State.FAILSAFE
