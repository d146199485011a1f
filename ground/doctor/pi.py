"""Examine the parts on a Raspberry Pi's own buses: nodes, permissions, speeds, chips, what they say at rest."""

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from firmware_bridge.listening import Heard
from firmware_bridge.pi.bare import Bare
from firmware_bridge.pi.buses import I2C_HZ, Buses
from firmware_bridge.pi.setup import Setup
from firmware_bridge.pi.split import Split
from firmware_bridge.pi_world import PiWorld
from flight.airframe import Airframe
from flight.command import COMMAND
from flight.errors import FlightError
from flight.inputs import INPUTS
from flight.record import rows
from ground import board
from ground.doctor.board import look_at_imu
from ground.doctor.finding import Finding, State, judged

ADAPTERS = Path("/sys/class/i2c-adapter")
DEV = Path("/dev")
BOOT = "in /boot/firmware/config.txt, then reboot"
RATE_OFF = 0.03
# Of what a part should say, so much must have come.
SHARE_LEAST = 0.5
# Samples per second a part is known to bring; receivers say nothing without their transmitter.
RATES = {"BMP280": 26.0, "BME280": 26.0, "BMP388": 50.0, "BMP390": 50.0, "QMC5883L": 100.0, "VL53L1X": 20.0,
         "TFmini": 100.0, "INA226": 45.0, "u-blox": 1.0}  # fmt: skip


def nodes(tables: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Return the files under /dev that a `[pi]` table needs: how each is switched on, whose group may open it."""
    found: dict[str, tuple[str, str]] = {}
    for table in tables.values():
        if not isinstance(table, dict):
            continue
        if "spi" in table:
            found[f"spidev{table['spi']}"] = f"dtparam=spi=on {BOOT}", "spi"
        elif "port" in table:
            port = str(table["port"]).removeprefix("/dev/")
            found[port] = f"plug it in, or enable_uart=1 and dtoverlay=uart2 and the like {BOOT}", "dialout"
        elif table.get("part") not in ("pwm", "board"):
            number = table.get("bus", 1)
            found[f"i2c-{number}"] = f"dtparam=i2c_arm=on {BOOT}", "i2c"
    return found


def look_at_nodes(tables: dict[str, Any], dev: Path = DEV) -> Iterator[Finding]:
    """Say which buses and ports are there and may be opened."""
    for name, (switch_on, group) in nodes(tables).items():
        place = dev / name
        if not place.exists():
            yield Finding(str(place), State.BAD, "is not there", f"switch it on: {switch_on}")
        elif not os.access(place, os.R_OK | os.W_OK):
            to_do = f"sudo usermod -aG {group} $USER, then log in again"
            yield Finding(str(place), State.BAD, "may not be opened", to_do)
        else:
            yield Finding(str(place), State.GOOD, "may be opened")


def look_at_speed(tables: dict[str, Any], adapters: Path = ADAPTERS) -> Iterator[Finding]:
    """Say how fast the I2C buses are; 100 kHz, as a Pi comes, is too slow for an IMU."""
    for name in nodes(tables):
        if not name.startswith("i2c-"):
            continue
        try:
            hz = int.from_bytes((adapters / name / "of_node" / "clock-frequency").read_bytes(), "big")
        except OSError:
            yield Finding(f"{name} speed", State.ABSENT, "this computer does not tell")
            continue
        to_do = f"dtparam=i2c_arm_baudrate={I2C_HZ} {BOOT}"
        yield judged(f"{name} speed", f"{1e-3 * hz:.0f} kHz", to_do, is_odd=hz < I2C_HZ)


def look_at_parts(setup: Setup) -> Iterator[Finding]:
    """Find every part, each by itself, so that one that is missing hides no other."""
    clock, core = setup.buses.clock, setup.core
    if isinstance(core, Bare):
        yield attempt("outputs", lambda: core.outputs.open(clock), lambda: core.outputs.name)
        yield attempt("imu", lambda: core.imu.source.open(clock), lambda: core.imu.source.name)
    else:
        board = core.board if isinstance(core, Split) else core
        yield attempt(
            "board", board.open, lambda: f"answers, firmware {board.hello.version if board.hello else ''}"
        )
    if isinstance(core, Split):
        yield attempt("imu", lambda: core.imu.source.open(clock), lambda: core.imu.source.name)
    for device in setup.devices:
        yield attempt(device.group, partial(device.open, clock), partial(getattr, device, "name"))


def attempt(name: str, ask: Callable[[], object], told: Callable[[], str]) -> Finding:
    """Try one part; its error says what to do."""
    try:
        ask()
    except FlightError as error:
        found, _, to_do = str(error).partition("; ")
        return Finding(name, State.BAD, found, to_do or "see docs/pi.md")
    return Finding(name, State.GOOD, told())


def listened(world: PiWorld, seconds: float) -> tuple[Heard, float]:
    """Let an opened world run disarmed for so long; return what its IMU said and the seconds it took."""
    inputs, command = rows(INPUTS)[0], rows(COMMAND)[0]
    began_us, kept = world.clock.now_us(), []
    while world.clock.now_us() - began_us < 1e6 * seconds:
        world.read(inputs)
        world.write(command)
        if inputs.imu.fresh:
            imu = inputs.imu
            kept.append(
                (int(inputs.t_us), imu.gyro_frd.copy(), imu.accel_frd.copy(), float(imu.temperature_c))
            )
    took_s = 1e-6 * (world.clock.now_us() - began_us)
    t_us = np.array([row[0] for row in kept], np.int64)
    gyro, accel = (np.array([row[k] for row in kept]).reshape(-1, 3) for k in (1, 2))
    return Heard(t_us, t_us, gyro, accel, np.array([row[3] for row in kept])), took_s


def look_at_samples(world: PiWorld, heard: Heard, took_s: float) -> Iterator[Finding]:
    """Say how often each part speaks, and whether the IMU at rest measures what it must."""
    rate, wanted = len(heard.board_us) / took_s, 1.0 / world.dt
    to_do = "shorter wires; fewer parts on its bus; a lower airframe.loop_rate_hz"
    yield judged("IMU rate", f"{rate:.1f} Hz of {wanted:g}", to_do, rate < SHARE_LEAST * wanted,
                 abs(rate / wanted - 1.0) > RATE_OFF)  # fmt: skip
    for turn in world.turns:
        name, count = turn.device.name, turn.samples
        found = f"{name}: {count / took_s:.1f} samples per second, a poll takes {1e-3 * turn.cost_us:.2f} ms"
        if turn.device.group == "pilot":
            state = State.GOOD if count else State.ABSENT
            yield Finding(
                f"{turn.device.group} rate", state, found, "" if count else "switch the transmitter on"
            )
            continue
        least = SHARE_LEAST * RATES.get(name, 1.0) * took_s
        yield judged(
            f"{turn.device.group} rate", found, "check its wires and supply", count == 0, count < least
        )
    yield from look_at_imu(heard)


def examine(airframe: Airframe, seconds: float, buses: Buses | None = None) -> list[Finding]:
    """Look at everything that hangs on the Pi."""
    findings = [*look_at_nodes(airframe.pi), *look_at_speed(airframe.pi)] if buses is None else []
    if any(finding.state == State.BAD for finding in findings):
        return findings
    try:
        setup = board.parts(airframe, buses)
    except FlightError as error:
        return [*findings, Finding("[pi]", State.BAD, str(error), "see docs/pi.md")]
    world = setup.world()
    try:
        findings += look_at_parts(setup)
        if not any(finding.state == State.BAD for finding in findings):
            findings += look_at_samples(world, *listened(world, seconds))
    finally:
        world.close()
    return findings
