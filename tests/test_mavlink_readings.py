"""What the messages of another autopilot mean in the units of the inputs."""

import math

import pytest
from pymavlink.dialects.v20 import common as mavlink

from firmware_bridge.mavlink_sensors import Senses, battery, inertial, receiver, satellites
from tests.mavlink_vehicle import ARDUPILOT, PX4


def test_scaled_units_become_si():
    raw = mavlink.MAVLink_raw_imu_message(5_000_000, 0, 500, -1000, 100, -200, 0, 200, 0, 430, 0, 0)
    scaled = mavlink.MAVLink_scaled_imu_message(5000, 0, 500, -1000, 100, -200, 0, 200, 0, 430, 0)

    for message in (raw, scaled):
        t_us, sample = inertial(message)
        assert t_us == 5_000_000
        assert sample["accel_frd"] == pytest.approx([0.0, 4.903325, -9.80665])
        assert sample["gyro_frd"] == pytest.approx([0.1, -0.2, 0.0])


def highres(t_us=1, bits=0x1FFF, acc=(0.1, 0.2, -9.8), mag=(0.2, 0.0, 0.43)):
    return mavlink.MAVLink_highres_imu_message(
        t_us, *acc, 0.01, 0.02, 0.03, *mag, 956.0, 0.0, 488.0, 20.0, bits, 0
    )


def test_highres_imu_brings_field_and_pressure_when_they_are_new():
    senses = Senses()

    assert senses.take(highres(), 10_000, PX4)[1]["accel_frd"] == pytest.approx([0.1, 0.2, -9.8])
    assert senses.pending["mag"]["field_ut_frd"] == pytest.approx([20.0, 0.0, 43.0])
    assert senses.pending["baro"]["pressure_pa"] == pytest.approx(95_600.0)
    senses.pending.clear()
    assert senses.take(highres(bits=0x3F), 20_000, PX4) is not None
    assert not senses.pending
    assert senses.take(highres(bits=0x1C0, mag=(0.21, 0.0, 0.43)), 30_000, PX4) is None
    assert set(senses.pending) == {"mag"}
    assert senses.take(highres(acc=(math.nan, 0.0, 0.0)), 40_000, PX4) is None


def test_the_best_inertial_message_is_believed_until_it_is_silent():
    senses = Senses()
    scaled = mavlink.MAVLink_scaled_imu_message(5000, 0, 0, -1000, 0, 0, 0, 0, 0, 0, 0)
    raw = mavlink.MAVLink_raw_imu_message(5_000_000, 0, 0, -1000, 0, 0, 0, 0, 0, 0, 0, 0)

    assert senses.take(scaled, 100_000, ARDUPILOT) is not None
    assert senses.take(raw, 110_000, ARDUPILOT) is not None
    assert senses.take(scaled, 120_000, ARDUPILOT) is None
    assert senses.take(highres(), 130_000, ARDUPILOT) is not None
    assert senses.take(raw, 140_000, ARDUPILOT) is None
    assert senses.take(raw, 2_000_000, ARDUPILOT) is not None
    assert senses.take(raw, 9_000_000, PX4) is None


def fix(kind="gps_raw_int", fix_type=3, vel=500, cog=9000, **more):
    make = getattr(mavlink, f"MAVLink_{kind}_message")
    extra = (0, 0) if kind == "gps2_raw" else ()
    return make(1, fix_type, 473977420, 85455940, 488000, 120, 150, vel, cog, 12, *extra, **more)


def test_a_fix_tells_place_velocity_and_accuracy():
    found = satellites(fix(h_acc=900, v_acc=1500, vel_acc=300), -0.5)

    assert (found["lat_deg"], found["lon_deg"]) == pytest.approx((47.397742, 8.545594))
    assert found["alt_amsl_m"] == pytest.approx(488.0)
    assert found["v_ned"] == pytest.approx([0.0, 5.0, -0.5], abs=1e-9)
    assert found["horizontal_accuracy_m"] == pytest.approx(0.9)
    assert found["speed_accuracy_m_s"] == pytest.approx(0.3)
    assert satellites(fix(vel=0xFFFF), 0.0) is None
    assert satellites(fix(fix_type=6), 0.0)["fix_type"] == 3


def test_the_second_receiver_counts_while_the_first_has_no_fix():
    senses = Senses()

    senses.take(fix("gps2_raw", vel=100), 100_000, PX4)
    assert senses.pending.pop("gps")["v_ned"][1] == pytest.approx(1.0)
    senses.take(fix(), 200_000, PX4)
    senses.pending.clear()
    senses.take(fix("gps2_raw"), 300_000, PX4)
    assert "gps" not in senses.pending
    senses.take(fix("gps2_raw"), 2_000_000, PX4)
    assert "gps" in senses.pending


def test_a_battery_is_the_sum_of_its_cells():
    cells = [4100, 4000, 65535, 65535, 65535, 65535, 65535, 65535, 65535, 65535]
    found = battery(mavlink.MAVLink_battery_status_message(0, 0, 0, 0, cells, 1250, -1, -1, 50))

    assert found == {"voltage_v": pytest.approx(8.1), "current_a": pytest.approx(12.5)}


def test_the_far_sides_sticks_are_the_pilots_only_when_chosen():
    widths = [1600, 1400, 1250, 1500] + [0] * 14
    message = mavlink.MAVLink_rc_channels_message(0, 8, *widths, 255)

    assert receiver(message) == pytest.approx({"roll": 0.2, "pitch": -0.2, "yaw": 0.0, "throttle": 0.25})
    for chosen in (False, True):
        senses = Senses(has_receiver=chosen)
        senses.take(message, 1, PX4)
        assert ("pilot" in senses.pending) is chosen
    assert receiver(mavlink.MAVLink_rc_channels_message(0, 0, *[0] * 18, 255)) is None
