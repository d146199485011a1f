"""`quadloop fly --world pi`: the processes of a real flight, the Pi's drivers, the simulator behind their registers."""

import json

import pytest

from flight.airframe import folder, load
from ground.main import main
from logs.info import info
from tests.registers.vehicle import ALL_I2C, SHUNT_OHM, FakeBuses, PiVehicle

PI = f"""
[pi]
imu = {{ part = "mpu6050", axes = ["forward", "left", "up"] }}
baro = {{ part = "bmp280" }}
mag = {{ part = "qmc5883l" }}
range = {{ part = "vl53l1x" }}
gps = {{ part = "ublox", port = "/dev/gps" }}
battery = {{ part = "ina226", shunt_ohm = {SHUNT_OHM} }}
pilot = {{ part = "sbus", port = "/dev/radio" }}
outputs = {{ part = "pca9685" }}
"""

HOP = """
[[item]]
do = "takeoff"
height_m = 3

[[item]]
do = "land"
"""


def switched_on() -> FakeBuses:
    """Return the buses of a vehicle that was just switched on; its time passes as fast as it is flown."""
    rig = PiVehicle(load("pi450"), ALL_I2C, [])
    rig.time.watchers.append(rig.run)
    return rig.buses


@pytest.mark.slow
def test_a_mission_is_flown_on_the_pi_from_the_command_line(tmp_path, capsys, monkeypatch, record_property):
    pytest.importorskip("smbus2")
    monkeypatch.setattr("ground.board.Buses", switched_on)
    monkeypatch.chdir(tmp_path)
    text = (folder() / "pi450.toml").read_text().replace("loop_rate_hz = 1000", "loop_rate_hz = 500")
    (tmp_path / "mine.toml").write_text(text + PI)
    (tmp_path / "hop.toml").write_text(HOP)

    code = main(
        [
            "fly",
            "hop.toml",
            "--world",
            "pi",
            "--airframe",
            "mine.toml",
            "--json",
            "--no-picture",
            "--log",
            "a.ulg",
        ]
    )
    told = json.loads(capsys.readouterr().out)

    record_property("a hop by --world pi: arm to disarm, s", f"{told['arm_to_disarm_s']:.1f}")
    assert code == 0, told["events"]
    assert told["landed"]
    assert "took_off" in {event["name"] for event in told["events"]}
    assert not told["refusals"]
    assert info(tmp_path / "a.ulg")["is_replayable"]
