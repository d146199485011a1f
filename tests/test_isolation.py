"""Killing what is beside the loop costs it nothing; a killed loop leaves the motors to the board, which stops them."""

import multiprocessing
import os
import signal
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
from flight.autopilot import STATE
from flight.command import COMMAND
from flight.inputs import INPUTS
from flight.modes import Arming
from flight.params import defaults
from flight.record import rows
from ground.link.process import talk
from ground.link.vehicle import Facts
from ground.log_mode import LogMode
from ground.loop import FlightLoop
from ground.recording import Plan, record
from ground.rings import Reader
from ground.seats import Seats

pytestmark = pytest.mark.slow
fork = multiprocessing.get_context("fork")
DT, THROTTLE = 0.002, 0.4
PATIENCE_S = 45.0


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
    """Return a board on a terminal and the rings of a vehicle."""
    from tests.emulator.terminal import BoardOnTerminal

    terminal, seats = BoardOnTerminal(chip()), Seats()
    yield terminal, seats
    terminal.close()
    seats.close()


def looked_at(seats: Seats) -> None:
    """Be a dashboard: read every ring as fast as it can."""
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

    with running(fly, terminal.port, seats) as loop:
        wait(
            lambda: (
                look() and terminal.board.samples and terminal.board.samples[-1].state == protocol.State.ARMED
            )
        )
        for life in range(3):
            beside = (
                (recorded, seats, tmp_path / f"{life}.ulg", life == 0),
                (talk, seats, Facts(log_folder=tmp_path, parameter_file=tmp_path / "p"), ()),
                (looked_at, seats),
            )
            for work in beside:
                with running(*work) as process:
                    wait(flies_on(50))
                    assert process.is_alive()
                    os.kill(process.pid, signal.SIGKILL)
                    process.join(10.0)
                wait(flies_on(50))
        assert loop.is_alive()
        look()
    states = [sample.state for sample in terminal.board.samples]
    ticks = np.array([row.command.status.tick for row in flown])
    times = np.array([row.inputs.t_us for row in flown])

    record_property("ticks flown while recorder, link and an onlooker were killed nine times", len(ticks))
    assert reader.missed == 0
    assert np.all(np.diff(ticks) == 1)
    assert np.all(np.diff(times) > 0)
    # A silence of 100 ms latches the board's deadman; on a machine that is full it may come from elsewhere.
    record_property("samples of the board meanwhile that say armed, failsafe",
                    (states.count(protocol.State.ARMED), states.count(protocol.State.FAILSAFE)))  # fmt: skip
    assert states.count(protocol.State.ARMED) > 100


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
