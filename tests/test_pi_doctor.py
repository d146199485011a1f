"""What the doctor finds on a Raspberry Pi's own buses, and how the Pi world is asked for."""

import json
from pathlib import Path

import numpy as np
import pytest

from firmware_bridge import mpu
from firmware_bridge.pi import pwm
from firmware_bridge.pi.pwm import HardwarePwm
from firmware_bridge.wiring import axes
from flight.airframe import Airframe, folder, load
from ground import board
from ground.doctor import pi
from ground.main import main
from tests.registers.vehicle import ALL_I2C, FakeBuses, PiVehicle

GRAVITY = 9.80665


def with_pi(tables: dict, rate_hz: float = 500.0) -> Airframe:
    """Return the default vehicle with a `[pi]` table."""
    airframe = load("pi450")
    airframe.pi, airframe.loop_rate_hz = tables, rate_hz
    return airframe


@pytest.fixture
def rig():
    """Return a vehicle with every part on its buses."""
    pytest.importorskip("smbus2")
    rig = PiVehicle(load("pi450"), ALL_I2C, [])
    rig.time.watchers.append(rig.run)
    return rig


def found(rig: PiVehicle) -> dict[str, pi.Finding]:
    """Return the findings by name."""
    return {f.name: f for f in pi.examine(with_pi(ALL_I2C), 1.0, rig.buses)}


def test_a_sound_vehicle_has_nothing_to_do(rig):
    findings = found(rig)

    assert not {name: f for name, f in findings.items() if f.to_do and name != "pilot rate"}
    assert findings["imu"].found == "MPU-6050"
    assert findings["baro"].found == "BMP280"
    assert float(findings["IMU rate"].found.split()[0]) == pytest.approx(500.0, rel=0.01)
    assert findings["pilot rate"].state == "absent"
    assert "transmitter" in findings["pilot rate"].to_do


def test_parts_that_do_not_answer_are_named_each_and_hide_no_other(rig):
    for name in ("mag", "battery"):
        rig.chips[name].unplug()
    findings = found(rig)

    assert {name for name, f in findings.items() if f.state == "bad"} == {"mag", "battery"}
    assert "address 0x0d: does not answer" in findings["mag"].found
    assert "check its wires" in findings["mag"].to_do
    assert findings["baro"].state == "good"


def test_missing_buses_say_how_to_switch_them_on(tmp_path):
    tables = ALL_I2C | {"imu": {"part": "icm42688", "spi": "0.0"}}
    findings = {f.name: f for f in pi.look_at_nodes(tables, tmp_path)}

    assert "dtparam=i2c_arm=on" in findings[f"{tmp_path}/i2c-1"].to_do
    assert "dtparam=spi=on" in findings[f"{tmp_path}/spidev0.0"].to_do
    assert "enable_uart=1" in findings[f"{tmp_path}/gps"].to_do
    assert len(findings) == 4


def test_a_bus_that_may_not_be_opened_says_which_group(tmp_path, monkeypatch):
    (tmp_path / "i2c-1").touch()
    monkeypatch.setattr(pi.os, "access", lambda *_: False)
    finding = next(iter(pi.look_at_nodes({"baro": {"part": "bmp280"}}, tmp_path)))

    assert finding.state == "bad"
    assert "usermod -aG i2c" in finding.to_do


@pytest.mark.parametrize(("hz", "state"), [(100_000, "odd"), (400_000, "good")])
def test_a_slow_bus_says_how_to_quicken_it(tmp_path, hz, state):
    place = tmp_path / "i2c-1" / "of_node"
    place.mkdir(parents=True)
    (place / "clock-frequency").write_bytes(hz.to_bytes(4, "big"))
    finding = next(iter(pi.look_at_speed(ALL_I2C, tmp_path)))

    assert finding.state == state
    assert ("i2c_arm_baudrate=400000" in finding.to_do) == (state == "odd")


@pytest.mark.parametrize("command", [["fly", "hover", "--no-picture"], ["motors", "--props-off"]])
def test_a_vehicle_without_parts_on_its_pi_is_refused_by_table(command, capsys):
    assert main([*command, "--world", "pi"]) == 2
    assert "pi450: has no [pi] table" in capsys.readouterr().err


def test_the_doctor_tells_what_the_table_wants_and_the_computer_lacks(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("ground.doctor.computer.NAPS", 5)
    path = tmp_path / "mine.toml"
    text = (folder() / "pi450.toml").read_text()
    path.write_text(f'{text}\n[pi]\nimu = {{ part = "mpu6050", bus = 77 }}\noutputs = {{ part = "pwm" }}\n')

    code = main(["doctor", "--world", "pi", "--airframe", str(path), "--json", "--log", str(tmp_path)])
    told = json.loads(capsys.readouterr().out)

    assert code == 1
    assert "/dev/i2c-77" in [f["name"] for f in told["findings"] if f["state"] == "bad"]


def test_whoever_outlives_the_loop_ends_the_pulses(rig):
    airframe = with_pi(ALL_I2C)
    world = board.parts(airframe, rig.buses).world()
    world.open()
    world.core.outputs.write((0.5,) * 4)
    turning = [rig.chips["outputs"].pulse_us(motor) for motor in range(4)]
    board.silence(airframe, "pi", FakeBuses(rig.time, rig.bus, None, rig.lines))

    assert turning == pytest.approx([1500.0] * 4, abs=0.4)
    assert [rig.chips["outputs"].pulse_us(motor) for motor in range(4)] == [0.0] * 4


@pytest.mark.parametrize("world", ["sim", "serial:/dev/ttyUSB0", "pi"])
def test_only_pulse_generators_without_a_deadman_are_silenced(world):
    board.silence(load("pi450"), world.removeprefix("sim"))


def prepared_pwm(place: Path) -> Path:
    """Make the files of a chip with four channels; return its folder."""
    chip = place / "pwmchip0"
    for channel in range(4):
        (chip / f"pwm{channel}").mkdir(parents=True)
        for name in ("period", "duty_cycle", "enable"):
            (chip / f"pwm{channel}" / name).write_text("0")
    (chip / "npwm").write_text("4\n")
    return chip


def test_throttles_reach_the_kernels_files_and_no_others(tmp_path):
    from flight.errors import LinkError
    from tests.registers.buses import Time

    chip = prepared_pwm(tmp_path)
    outputs = HardwarePwm(0, (0, 1, 2, 3), 400, tmp_path)
    outputs.open(Time())
    assert outputs.write((0.0, 0.25, 1.0, np.nan))
    widths = [(chip / f"pwm{channel}" / "duty_cycle").read_text().split()[0] for channel in range(4)]

    assert widths == ["1000000", "1250000", "2000000", "1000000"]
    assert {(chip / f"pwm{channel}" / "period").read_text() for channel in range(4)} == {"2500000"}
    assert outputs.silence()
    assert {(chip / f"pwm{channel}" / "enable").read_text() for channel in range(4)} == {"0"}
    (chip / "npwm").write_text("2\n")
    with pytest.raises(LinkError, match="has 2 channels, not 4: a Pi 5 has four, older ones two"):
        HardwarePwm(0, (0, 1, 2, 3), 400, tmp_path).open(Time())
    with pytest.raises(LinkError, match="found: pwmchip0"):
        HardwarePwm(3, (0, 1, 2, 3), 400, tmp_path).open(Time())


def test_the_mounting_is_found_from_three_poses_and_flown_with(tmp_path, capsys, monkeypatch):
    pytest.importorskip("smbus2")
    # The chip lies turned by a quarter: its x points right, its y forward.
    turn, half = np.array(axes(["right", "forward", "up"], "")), GRAVITY * np.sqrt(0.5)
    poses = iter([(0.0, 0.0, -GRAVITY), (-half, 0.0, -half), (0.0, -half, -half)])
    rig = PiVehicle(load("pi450"), ALL_I2C, [])
    rig.time.watchers.append(lambda now_us: rig.chips["imu"].tick())

    class Hands:
        """Somebody who takes the next pose and presses Enter."""

        def readline(self) -> str:
            pose = np.array(next(poses))
            rig.chips["imu"].measure = lambda: mpu.encode(np.zeros(3), pose, 25.0, turn)
            return "\n"

    path = tmp_path / "mine.toml"
    path.write_text((folder() / "pi450.toml").read_text() + IMU_ALONE)
    monkeypatch.setattr("sys.stdin", Hands())
    monkeypatch.setattr(board, "Buses", lambda: FakeBuses(rig.time, rig.bus, None, rig.lines))
    monkeypatch.setattr(pwm, "ROOT", tmp_path)
    prepared_pwm(tmp_path)
    code = main(
        ["doctor", "--orientation", "--airframe", str(path), "--world", "pi", "--seconds", "0.2", "--json"]
    )

    assert code == 0
    assert json.loads(capsys.readouterr().out)["imu_axes"] == ["right", "forward", "up"]
    assert np.allclose(board.parts(load(path)).core.imu.source.rotation, turn)


IMU_ALONE = """
[pi]
imu = { part = "mpu6050" }
outputs = { part = "pwm" }
"""
