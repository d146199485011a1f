"""A session with PX4 without a line: which controls are obeyed, what is sent, and in which clock."""

import math
import socket
import struct

import numpy as np
import pytest

from flight import airframe
from ground.link.dialect import mavlink
from ground.physics.px4 import Session, Tally, advice
from ground.physics.rotors import order_of
from ground.physics.sticks import Sticks
from sim.hosted import Hosted


def session(name="pi450", sensors="consumer", sticks=list):
    chosen = airframe.load(name)
    return Session(Hosted(chosen, 1, sensors), order_of(chosen), Tally(), 1_800_000_000_000_000, sticks)


def controls(time_us, mode=129, flags=1):
    return mavlink.MAVLink_hil_actuator_controls_message(time_us, [0.5] * 4 + [0.0] * 12, mode, flags)


def test_controls_of_an_older_step_are_not_obeyed():
    flight = session()
    flight.advance()
    flight.advance()
    old = controls(flight.sent_us - 4000)
    new = controls(flight.sent_us)

    assert not flight.take(old)
    assert not flight.ratios
    assert flight.is_awaited
    assert flight.take(new)
    assert flight.ratios == [0.5] * 4
    assert flight.tally.stale == 1


@pytest.mark.parametrize("start_us", [0, 1_004_000, 123_456_789_000])
def test_a_clock_may_count_from_our_zero_from_the_first_sensor_or_from_anywhere(start_us):
    flight = session()
    flight.advance()
    flight.advance()

    assert flight.take(controls(abs(flight.sent_us - start_us)))


def test_motors_stand_while_disarmed():
    flight = session()
    flight.advance()

    assert flight.take(controls(flight.sent_us, mode=1))
    for _ in range(50):
        flight.advance()

    assert not flight.vehicle.truth["rotor_speed"].any()


def test_without_lock_step_nobody_is_waited_for():
    flight = session()
    flight.advance()

    assert flight.take(controls(flight.sent_us, flags=0))

    assert not flight.is_awaited


def test_px4_is_told_the_rotors_in_its_own_order():
    chosen = airframe.load("plus450")
    lines = advice(chosen, order_of(chosen), Hosted(chosen, 1))

    # PX4's quad plus: right, left, front, rear; this one turns the other way.
    assert "param set CA_ROTOR0_PX 0" in lines
    assert "param set CA_ROTOR0_PY 0.225" in lines
    assert "param set CA_ROTOR0_KM -0.0157" in lines
    assert "param set CA_ROTOR2_PX 0.225" in lines
    assert "param set CA_ROTOR2_KM 0.0157" in lines


def test_the_course_over_ground_turns_clockwise_from_north():
    composer = session().composer
    composer.told["gps"]["v_ned"][0] = (3.0, 4.0, -1.0)

    fix = composer.gps()

    assert (fix.vn, fix.ve, fix.vd, fix.vel, fix.cog) == (300, 400, -100, 500, 5313)


def sent(flight, steps):
    """Let time pass; return everything that was sent, by kind."""
    parser = mavlink.MAVLink(None)
    found = {}
    for _ in range(steps):
        for message in parser.parse_buffer(flight.advance()) or []:
            found.setdefault(message.get_type(), []).append(message)
    return found


def test_flow_and_motion_capture_come_at_their_rates():
    found = sent(session("crazyflie21", "mocap"), 500)

    # Two seconds: a camera of 100 Hz, motion capture of 200, no satellites in the room.
    assert len(found["HIL_OPTICAL_FLOW"]) == pytest.approx(200, abs=4)
    assert len(found["ODOMETRY"]) == pytest.approx(400, abs=8)
    assert "HIL_GPS" not in found
    assert "RC_CHANNELS" not in found
    pose = found["ODOMETRY"][-1]
    assert (pose.frame_id, pose.child_frame_id, pose.estimator_type) == (1, 12, 2)
    assert [pose.x, pose.y, pose.z] == pytest.approx([0.0, 0.0, 0.0], abs=0.05)
    assert sum(x * x for x in pose.q) == pytest.approx(1.0, abs=1e-5)
    assert [pose.pose_covariance[k] for k in (0, 6, 11)] == pytest.approx([1e-6] * 3)
    assert all(0.0 < pose.pose_covariance[k] < 1e-4 for k in (15, 18, 20))
    assert math.isnan(pose.vx)
    assert math.isnan(pose.yawspeed)


def test_forward_flight_turns_the_ground_about_body_y_and_the_gyro_comes_beside_it():
    composer = session("crazyflie21").composer
    for _ in range(10):
        composer.turned.add({"accel_frd": [[0.0, 0.0, -9.8]], "gyro_frd": [[0.1, 0.2, 0.3]]})
    # 1 m/s forward and 0.5 to the right at 2 m: MAVLink has rate_y = omega_y + v_x / d, rate_x = omega_x - v_y / d.
    for name, value in {"rate_x": 0.1 - 0.25, "rate_y": 0.2 + 0.5, "quality": 200.0}.items():
        composer.told["flow"][name][0] = value

    flow = composer.flow()

    dt = 1e-6 * flow.integration_time_us
    assert dt == pytest.approx(0.01)
    assert (flow.integrated_x / dt, flow.integrated_y / dt) == pytest.approx((-0.15, 0.7))
    assert [
        x / dt for x in (flow.integrated_xgyro, flow.integrated_ygyro, flow.integrated_zgyro)
    ] == pytest.approx([0.1, 0.2, 0.3])
    assert (flow.quality, flow.distance) == (200, -1.0)


def test_the_truths_acceleration_is_the_velocitys_change_in_thousandths_of_m_s2():
    flight = session()
    at_rest = sent(flight, 250)["HIL_STATE_QUATERNION"][-1]
    flight.take(controls(flight.sent_us))
    flight.ratios = [0.75, 0.65, 0.75, 0.65]
    climbing = sent(flight, 100)["HIL_STATE_QUATERNION"][-12:]

    assert [at_rest.xacc, at_rest.yacc, at_rest.zacc] == pytest.approx([0, 0, 0], abs=20)
    dt = 1e-6 * (climbing[-1].time_usec - climbing[0].time_usec)
    for velocity, acceleration in (("vx", "xacc"), ("vy", "yacc"), ("vz", "zacc")):
        gained = 1e-2 * (getattr(climbing[-1], velocity) - getattr(climbing[0], velocity)) / dt
        told = 1e-3 * np.mean([getattr(m, acceleration) for m in climbing])
        assert told == pytest.approx(gained, abs=0.3)
    assert max(abs(part) for m in climbing for part in (m.xacc, m.yacc, m.zacc)) > 1000


def test_satellites_tell_the_time_of_day():
    fixes = sent(session(), 400)["HIL_GPS"]

    assert all(0 < fix.time_usec - 1_800_000_000_000_000 < 2_000_000 for fix in fixes)


def test_sticks_that_fall_silent_are_no_longer_sent():
    widths = [1500, 1400, 1000, 1600, 2000]
    heard = [widths]
    flight = session(sticks=lambda: heard[0])

    spoken = sent(flight, 250)["RC_CHANNELS"]
    heard[0] = []
    silent = sent(flight, 250)

    assert len(spoken) == pytest.approx(50, abs=1)
    assert spoken[-1].chancount == 5
    assert [getattr(spoken[-1], f"chan{k}_raw") for k in range(1, 7)] == [*widths, 65535]
    assert "RC_CHANNELS" not in silent


def test_sticks_come_by_udp_and_what_is_none_is_passed_over():
    sticks = Sticks("127.0.0.1", 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as pilot:
        pilot.connect(("127.0.0.1", sticks.port))
        assert sticks() == []
        pilot.send(struct.pack("<8H", *range(1100, 1900, 100)))
        for rubbish in (b"", b"abc", struct.pack("<4H", 0, 1500, 1500, 1500), bytes(60)):
            pilot.send(rubbish)
        found = [sticks() for _ in range(3)]
    sticks.heard_s -= 1.0

    assert found[-1] == list(range(1100, 1900, 100))
    assert sticks() == []
    sticks.close()


def test_one_that_answers_now_and_then_is_waited_for_less_until_it_answers_every_time():
    flight = session()
    usual_s = flight.patience_s
    for _ in range(10):
        flight.give_up()
    hasty_s = flight.patience_s

    for _ in range(300):
        flight.advance()
        flight.take(controls(flight.sent_us))

    assert hasty_s < 0.1 * usual_s
    assert flight.patience_s == usual_s


def test_px4_is_told_which_sensors_its_filter_has():
    chosen = airframe.load("crazyflie21")
    lines = advice(chosen, order_of(chosen), Hosted(chosen, 1, "mocap"))

    assert {"param set EKF2_EV_CTRL 11", "param set EKF2_HGT_REF 3", "param set EKF2_OF_CTRL 1",
            "param set EKF2_GPS_CTRL 0"} <= set(lines)  # fmt: skip
