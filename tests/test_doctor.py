"""What the doctor finds: at a sound board, at sick ones, with nothing attached; and how a board is wired."""

import contextlib
import io
import json
import os
import re
from types import SimpleNamespace

import numpy as np
import pytest

from firmware_bridge import protocol
from firmware_bridge.listening import Heard
from firmware_bridge.protocol import Flag, Output, SelfTest, State
from firmware_bridge.wiring import MARKINGS_UP, Wiring, from_table
from flight.airframe import load
from flight.errors import ConfigError
from ground.doctor import board, computer
from ground.doctor.finding import Finding, is_healthy
from ground.main import main, parser
from tests.conftest import ROOT

GRAVITY = 9.80665
HELLO = protocol.Hello(
    1, (1, 1), 1, 0x68, SelfTest(0), Output.ONESHOT125, 4, State.DISARMED, 100, 4, 2000, 16
)


def resting(count: int = 1000, **different: object) -> Heard:
    """Return what a sound board at rest says for a second."""
    rng = np.random.default_rng(1)
    t_us = 1000 * np.arange(count)
    accel = rng.normal((0.0, 0.0, -GRAVITY), 0.04, (count, 3))
    slow = [0] * protocol.SLOWS
    slow[protocol.Slow.SUPPLY_MV], slow[protocol.Slow.BATTERY] = 5000, 280
    slow[protocol.Slow.STACK] = 1500
    columns = {
        "board_us": t_us,
        "arrival_us": t_us + 1300 + rng.integers(0, 300, count),
        "gyro_frd": rng.normal(0.01, 0.002, (count, 3)),
        "accel_frd": accel,
        "temperature_c": np.full(count, 30.0),
        "slow": slow,
    }
    return Heard(**columns | different)


def found(name: str, heard: Heard | None = None, hello: protocol.Hello = HELLO) -> Finding:
    """Return one finding at a board."""
    return {f.name: f for f in board.examine(hello, heard or resting(), 1000.0, Wiring())}[name]


def test_a_sound_board_has_nothing_to_do():
    findings = board.examine(HELLO, resting(), 1000.0, Wiring())

    assert not [f for f in findings if f.to_do]
    assert is_healthy(findings)


@pytest.mark.parametrize(
    ("name", "different", "state", "advice"),
    [
        ("gyro", {"gyro_frd": np.full((1000, 3), 0.5)}, "bad", "still"),
        ("accelerometer", {"accel_frd": np.full((1000, 3), -8.0)}, "bad", "calibrate"),
        ("level", {"accel_frd": np.tile([0.0, -6.9, -6.9], (1000, 1))}, "odd", "mounted"),
        ("IMU rate", {"stale": 30}, "bad", "wires"),
        ("line", {"lost": 200}, "bad", "cable"),
        ("IMU jitter", {"flags": Flag.IMU_POLLED}, "odd", "D2"),
        ("supply", {"slow": [0, 0, 4200, *[0] * 13]}, "bad", "regulator"),
        ("battery", {"slow": [0, 0, 5000, *[0] * 13]}, "absent", "divider"),
        (
            "vibration",
            {"accel_frd": np.random.default_rng(2).normal((0.0, 0.0, -9.8), 0.8, (1000, 3))},
            "odd",
            "firm",
        ),
        (
            "line delay",
            {"arrival_us": 1000 * np.arange(1000) + 8000 * (np.arange(1000) % 20 == 0)},
            "odd",
            "latency",
        ),
        ("IMU temperature", {"temperature_c": np.full(1000, 90.0)}, "odd", "shade"),
        ("I2C errors", {"slow": [0, 0, 5000, 0, 0, 0, 7, *[0] * 9]}, "odd", "motor wires"),
    ],
)
def test_what_is_wrong_is_named_with_what_to_do(name, different, state, advice):
    finding = found(name, resting(**different))

    assert finding.state == state
    assert advice in finding.to_do


def test_an_axis_that_never_changes_is_named():
    gyro = resting().gyro_frd
    gyro[:, 1] = 0.25

    assert found("IMU axes", resting(gyro_frd=gyro)).found == "y never change"


def test_a_failed_self_test_says_which_wire():
    from dataclasses import replace

    finding = found("IMU self-test", hello=replace(HELLO, test=SelfTest.NO_IMU | SelfTest.BUS_STUCK))

    assert finding.state == "bad"
    assert "SDA" in finding.to_do
    assert found("firmware", hello=replace(HELLO, protocol=9)).to_do == "quadloop firmware flash"
    assert "5 V" in found("firmware", hello=replace(HELLO, reset=4)).to_do


def test_with_nothing_attached_the_computer_is_examined(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(computer, "ports", list)
    monkeypatch.setattr(computer, "NAPS", 5)

    code = main(["doctor", "--json", "--log", str(tmp_path)])
    told = json.loads(capsys.readouterr().out)

    names = {f["name"] for f in told["findings"]}
    assert code == 0
    assert told["port"] is None
    assert {"serial ports", "real-time", "punctuality", "clock", "disk"} <= names


def test_a_port_one_may_not_open_is_bad_and_says_which_group(monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)

    finding = computer.look_at_ports([computer.Port("/dev/ttyUSB0", "CH340", True)])

    assert finding.state == "bad"
    assert "dialout" in finding.to_do


def test_a_late_computer_says_what_to_end():
    late_us = np.full(500, 40.0)
    assert computer.look_at_punctuality(late_us).state == "good"
    late_us[::50] = 3000.0

    finding = computer.look_at_punctuality(late_us)

    assert finding.state == "odd"
    assert "99 % within 3000" in finding.found
    assert "performance" in finding.to_do


def test_a_loop_without_privileges_says_which_and_where_they_are_granted(monkeypatch):
    monkeypatch.setattr(computer.realtime, "missing", lambda: ("real-time priority: set LimitRTPRIO=50",))

    finding = computer.look_at_privileges()

    assert finding.state == "odd"
    assert "LimitRTPRIO" in finding.found
    assert "deploy/" in finding.to_do


@pytest.mark.parametrize(("free_gb", "state"), [(100.0, "good"), (2.0, "odd"), (0.1, "bad")])
def test_a_full_disk_is_told_before_the_flight(tmp_path, monkeypatch, free_gb, state):
    usage = SimpleNamespace(free=1e9 * free_gb)
    monkeypatch.setattr(computer.shutil, "disk_usage", lambda _: usage)

    finding = computer.look_at_disk(tmp_path / "logs")

    assert finding.state == state
    assert bool(finding.to_do) == (state != "good")


def test_a_disk_that_may_not_be_written_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)

    assert "--log" in computer.look_at_disk(tmp_path).to_do


def test_a_clock_nobody_has_set_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(computer, "SYNCHRONIZED", tmp_path / "nothing")
    assert computer.look_at_clock().state == "odd"

    (tmp_path / "nothing").touch()
    assert computer.look_at_clock().state == "good"


@pytest.mark.parametrize(("milli_c", "state"), [("48000", "good"), ("78000", "odd"), ("84000", "bad")])
def test_a_hot_processor_is_told(tmp_path, milli_c, state):
    (tmp_path / "temp").write_text(milli_c)

    assert computer.look_at_heat(tmp_path / "temp").state == state


def test_a_processor_that_saves_power_is_told(tmp_path):
    place = tmp_path / "governor"
    place.write_text("ondemand\n")

    finding = computer.look_at_governor(place)

    assert finding.state == "odd"
    assert "performance" in finding.to_do


def test_every_command_an_advice_names_is_one():
    rooms = (ROOT / "ground" / "doctor", ROOT / "ground" / "motors", ROOT / "firmware_bridge")
    text = "".join(path.read_text() for room in rooms for path in room.rglob("*.py"))
    named = set(re.findall(r"quadloop ([a-z]+(?: [a-z]+)?)((?: --[a-z-]+)*)", text))
    known = parser()

    assert named
    for words, options in named:
        shown = io.StringIO()
        name = words.split()[0]
        with contextlib.redirect_stdout(shown), contextlib.suppress(SystemExit):
            known.parse_args([*(words.split() if name == "firmware" else [name]), "--help"])
        assert all(option in shown.getvalue() for option in ["usage", *options.split()]), (words, options)


def test_a_port_that_is_not_there_is_a_finding(tmp_path, capsys):
    code = main(["doctor", "--world", "serial:/dev/no-such-port", "--json", "--log", str(tmp_path)])
    told = json.loads(capsys.readouterr().out)

    assert code == 1
    assert "/dev/no-such-port" in told["findings"][-1]["found"]


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ({"imu_axes": ["forward", "left", "up"]}, MARKINGS_UP),
        # Turned by a quarter to the right, markings up: the chip's x points right.
        ({"imu_axes": ["right", "forward", "up"]}, ((0.0, 1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, -1.0))),
        ({}, MARKINGS_UP),
    ],
)
def test_an_airframe_says_how_its_imu_is_mounted(written, wanted):
    assert from_table(written, "a.toml").frd_from_chip == wanted


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ({"imu_axes": ["forward", "right", "up"]}, "right-handed"),
        ({"imu_axes": "up"}, "right-handed"),
        ({"output": "dshot"}, "oneshot125"),
        ({"battery_volts_per_volt": -1}, "0 to 1000"),
        ({"divider": 11}, "battery_volts_per_volt"),
    ],
)
def test_a_wiring_nobody_can_have_is_refused(written, says):
    with pytest.raises(ConfigError, match=says):
        from_table(written, "a.toml")


def test_the_overlay_of_the_bridge_lies_over_the_airframe(tmp_path):
    from flight.airframe import folder

    (tmp_path / "mine.toml").write_text(
        (folder() / "pi450.toml").read_text() + '\n[bridge]\noutput = "pwm"\n'
    )
    (tmp_path / "mine.bridge.toml").write_text('[bridge]\nimu_axes = ["left", "back", "up"]\n')

    wiring = from_table(load(tmp_path / "mine.toml").bridge, "mine")

    assert wiring.output == Output.PWM
    assert wiring.frd_from_chip[0] == (0.0, -1.0, 0.0)


@pytest.mark.slow
def test_the_emulated_board_is_examined_through_its_port(chip, tmp_path, capsys, record_property):
    from tests.emulator.terminal import BoardOnTerminal

    rng = np.random.default_rng(1)

    def sample(_: int) -> bytes:
        counts = rng.normal([0, 0, 2048, 0, 5, 5, 5], [8, 8, 12, 0, 1, 1, 1])
        return np.rint(counts).astype(">i2").tobytes()

    machine = chip(sample=sample)
    machine.call("analog", 0, 1400)
    terminal = BoardOnTerminal(machine)
    try:
        code = main(
            [
                "doctor",
                "--world",
                f"serial:{terminal.port}",
                "--seconds",
                "0.5",
                "--json",
                "--log",
                str(tmp_path),
            ]
        )
    finally:
        terminal.close()
    told = json.loads(capsys.readouterr().out)
    findings = {f["name"]: f for f in told["findings"]}

    record_property(
        "doctor at the emulated board", f"{told['imu_rate_hz']:.1f} Hz, {findings['IMU jitter']['found']}"
    )
    assert code == 0, [f for f in findings.values() if f["state"] == "bad"]
    assert told["imu_rate_hz"] == pytest.approx(1000.0, rel=0.02)
    assert findings["battery"]["found"].startswith("15.")
    assert findings["IMU self-test"]["found"] == "MPU-6050 passed"
    assert findings["accelerometer"]["state"] == "good"
