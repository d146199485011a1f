"""Examine the board and its IMU: firmware, self-test, samples, line, supply, receiver, the sensor's sanity."""

from collections.abc import Iterator

import numpy as np

from firmware_bridge.listening import Heard
from firmware_bridge.protocol import PROTOCOL_VERSION, TEST_ADVICE, Flag, Hello, Output, SelfTest, Slow
from firmware_bridge.wiring import Wiring
from flight.physics import STANDARD_GRAVITY
from ground.doctor.finding import Finding, State, judged

CHIPS = {0x68: "MPU-6050", 0x70: "MPU-6500", 0x71: "MPU-9250", 0x73: "MPU-9255"}
RESETS = ((8, "watchdog"), (4, "brown-out"), (2, "reset button or DTR"), (1, "power"))
VERSION = (1, 1)
SUPPLY_LEAST_MV, SUPPLY_MOST_MV = 4600, 5400
RATE_OFF, JITTER_ODD_US, LINE_ODD = 0.02, 30.0, 0.001
LATE_ODD_US = 5000.0
# At rest: data-sheet zero-rate output and zero-g output of an MPU-6050 with room above; noise ten times theirs.
GYRO_MOST, GYRO_NOISE_MOST = np.radians(20.0), np.radians(1.0)
ACCEL_OFF_MOST, SHAKE_ODD = 0.15 * STANDARD_GRAVITY, 0.5
LEVEL_MOST_DEG = 10.0
TEMPERATURES_C = (-20.0, 70.0)
STACK_LEAST = 200


def look_at_firmware(hello: Hello) -> Finding:
    """Say what is on the board, why it last started and what it is set to."""
    causes = [name for bit, name in RESETS if hello.reset & bit] or ["unknown"]
    found = (
        f"version {hello.version[0]}.{hello.version[1]}, protocol {hello.protocol}, started by {causes[0]}, "
        f"{Output(hello.output).name.lower()} to {hello.motors} motors, deadman {hello.deadman_ms} ms"
    )
    is_other = hello.protocol != PROTOCOL_VERSION or hello.version < VERSION
    crashed = bool(hello.reset & 12)
    to_do = "quadloop firmware flash" if is_other else "check the 5 V supply: it fell or the program hung"
    return judged("firmware", found, to_do, is_other, crashed)


def look_at_self_test(hello: Hello) -> Finding:
    """Say how the board's own test of the IMU went."""
    chip = CHIPS.get(hello.who_am_i, f"unknown chip 0x{hello.who_am_i:02x}")
    found = [bit for bit in SelfTest if hello.test & bit]
    if not found:
        return Finding("IMU self-test", State.GOOD, f"{chip} passed")
    is_bad = found != [SelfTest.NO_INTERRUPT]
    names = ", ".join(bit.name.lower().replace("_", " ") for bit in found if bit.name)
    return judged("IMU self-test", names, "; ".join(TEST_ADVICE[bit] for bit in found), is_bad, True)


def look_at_samples(heard: Heard, wanted_hz: float) -> Iterator[Finding]:
    """Say how often and how regularly samples are taken."""
    if len(heard.board_us) < 10:
        to_do = "check the IMU's wires: SDA on A4, SCL on A5, 3.3 or 5 V as its board wants, AD0 to ground"
        yield Finding(
            "IMU rate", State.BAD, f"{len(heard.board_us)} samples, {heard.stale} empty frames", to_do
        )
        return
    rate, gaps = heard.rate_hz, np.diff(heard.board_us)
    jitter = float(np.std(gaps[gaps < 1.5 * np.median(gaps)]))
    is_off = abs(rate / wanted_hz - 1.0) > RATE_OFF
    to_do = "the IMU's clock is off, or it drops samples: shorten its wires"
    yield judged(
        "IMU rate", f"{rate:.1f} Hz of {wanted_hz:g}, {heard.stale} stale", to_do, heard.stale > 0, is_off
    )
    to_do = "wire the IMU's INT to D2: without it the board's clock takes the samples"
    polled = bool(heard.flags & Flag.IMU_POLLED)
    found = f"{jitter:.1f} us{', timed by the board' if polled else ''}"
    yield judged("IMU jitter", found, to_do, is_odd=jitter > JITTER_ODD_US or polled)


def look_at_line(heard: Heard) -> Iterator[Finding]:
    """Say what the serial line loses and how late it is."""
    count = max(1, len(heard.board_us) + heard.stale + heard.lost)
    share = (heard.lost + heard.damaged) / count
    found = f"{heard.lost} of {count} frames lost, {heard.damaged} damaged"
    yield judged(
        "line", found, "a shorter or shielded cable, away from motor wires", share > 0.05, share > LINE_ODD
    )
    if len(heard.board_us) > 10:
        # Two clocks drift apart; what is late is late against both.
        at, delay = heard.board_us - heard.board_us[0], heard.arrival_us - heard.board_us
        delay = delay - np.polyval(np.polyfit(at, delay, 1), at)
        late = np.percentile(delay - delay.min(), 99.0)
        to_do = (
            "FTDI: echo 1 > /sys/bus/usb-serial/devices/ttyUSB0/latency_timer; else give the loop priority"
        )
        yield judged(
            "line delay", f"99 % within {late:.0f} us of the fastest", to_do, is_odd=late > LATE_ODD_US
        )


def look_at_board(heard: Heard, wiring: Wiring) -> Iterator[Finding]:
    """Say how the board feels."""
    slow = heard.slow
    supply = slow[Slow.SUPPLY_MV]
    odd = not SUPPLY_LEAST_MV <= supply <= SUPPLY_MOST_MV
    to_do = "a regulator of 5 V for board and receiver alone; not through a thin USB cable"
    yield judged("supply", f"{1e-3 * supply:.2f} V", to_do, is_bad=supply < 4300, is_odd=odd)
    volts = wiring.battery_v(slow[Slow.BATTERY], supply)
    if volts < 1.0:
        to_do = "divider of 10 k and 1 k from the battery to A0; the loop does not arm without it"
        yield Finding("battery", State.ABSENT, "nothing on A0", to_do)
    else:
        yield Finding("battery", State.GOOD, f"{volts:.2f} V by the divider of {wiring.volts_per_volt:g}")
    for name, which in (("I2C errors", Slow.BUS_ERRORS), ("receive overruns", Slow.OVERRUNS)):
        count = slow[which]
        yield judged(name, str(count), "keep IMU wires short and away from motor wires", is_odd=count > 0)
    yield judged(
        "free memory", f"{slow[Slow.STACK]} bytes", "tell the maintainers", slow[Slow.STACK] < STACK_LEAST
    )
    is_there = bool(heard.flags & Flag.PPM)
    yield Finding(
        "receiver", State.GOOD if is_there else State.ABSENT, "PPM on D8" if is_there else "no PPM on D8"
    )


def look_at_imu(heard: Heard) -> Iterator[Finding]:
    """Say whether the sensor at rest measures what a sensor at rest must."""
    if len(heard.gyro_frd) < 10:
        return
    gyro, accel = heard.gyro_frd, heard.accel_frd
    bias, noise = np.abs(gyro.mean(axis=0)).max(), gyro.std(axis=0).max()
    found = f"rests at {np.degrees(bias):.2f} deg/s, noise {np.degrees(noise):.2f}"
    to_do = "leave the vehicle still; if it was, the sensor is damaged"
    yield judged("gyro", found, to_do, bool(bias > GYRO_MOST), bool(noise > GYRO_NOISE_MOST))
    size = float(np.linalg.norm(accel.mean(axis=0)))
    off = abs(size - STANDARD_GRAVITY)
    found = f"{size:.2f} m/s2 at rest"
    to_do = "quadloop calibrate: an axis is off"
    yield judged("accelerometer", found, to_do, off > 2.0 * ACCEL_OFF_MOST, off > ACCEL_OFF_MOST)
    shake = float(accel.std(axis=0).max())
    yield judged("vibration", f"{shake:.3f} m/s2 with motors off; `quadloop motors` measures with one turning",
                 "put it on firm ground and leave it still", is_odd=shake > SHAKE_ODD)  # fmt: skip
    stuck = [
        axis
        for column in (gyro, accel)
        for axis, s in zip("xyz", column.std(axis=0), strict=True)
        if s == 0.0
    ]
    if stuck:
        yield Finding(
            "IMU axes", State.ODD, f"{', '.join(stuck)} never change", "reset the board; else replace the IMU"
        )
    lean = tilt_deg(accel.mean(axis=0))
    to_do = "stand it level; if it is, the IMU is not mounted as [bridge] says: quadloop doctor --orientation"
    yield judged("level", f"leans {lean:.1f} degrees", to_do, is_odd=lean > LEVEL_MOST_DEG)
    warm = float(heard.temperature_c.mean())
    low, high = TEMPERATURES_C
    yield judged(
        "IMU temperature", f"{warm:.1f} degrees C", "shade it, or replace it", is_odd=not low < warm < high
    )


def tilt_deg(accel_frd: np.ndarray) -> float:
    """Return how far a resting vehicle leans, degrees."""
    size = float(np.linalg.norm(accel_frd))
    return float(np.degrees(np.arccos(np.clip(-accel_frd[2] / max(size, 1e-9), -1.0, 1.0))))


def examine(hello: Hello, heard: Heard, wanted_hz: float, wiring: Wiring) -> list[Finding]:
    """Look at everything that hangs on the board."""
    return [
        look_at_firmware(hello),
        look_at_self_test(hello),
        *look_at_samples(heard, wanted_hz),
        *look_at_line(heard),
        *look_at_board(heard, wiring),
        *look_at_imu(heard),
    ]
