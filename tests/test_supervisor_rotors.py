"""What the supervisor makes of thrust that is missing: dead rotors, and what only looks like one."""

import math

import numpy as np
import pytest

from flight.modes import Failsafe
from flight.params import AIRFRAME
from flight.record import rows
from flight.supervisor import landing, rotors, supervisor
from flight.vector import Vec3
from tests.supervisor_rig import DT, above, flying, in_plain_python, toy
from tests.toy_flight import HOVER, ToyFlight

in_plain_python()
pytestmark = pytest.mark.interpreted
G = 9.81


def quad() -> ToyFlight:
    f = flying()
    airframe = rows(AIRFRAME)[0]
    airframe.rotor_count, airframe.thrust_max_n, airframe.throttle_curve, airframe.mass_kg = 4, 8.0, 0.75, 0.5
    airframe.inertia, airframe.motor_lag_s, airframe.cells = (0.01, 0.02, 0.03), 0.04, 3.0
    airframe.rotor_x[:4], airframe.rotor_y[:4] = (0.1, -0.2, 0.3, -0.4), (0.5, -0.6, -0.7, 0.8)
    supervisor.configure(f.s, airframe, 3.0, 0.05)
    f.s.rotors.felt_s = 1.0
    return f


def test_what_a_rotor_does_follows_from_its_place_and_the_inertia():
    f = quad()
    r = f.s.rotors

    assert (r.count, r.full_n, r.curve, r.lag_s, f.s.cells, f.s.yaw_limit) == (4, 8.0, 0.75, 0.04, 3.0, 3.0)
    # Thrust pushes up: a rotor on the right (y > 0) rolls left, one in front pitches up.
    assert r.effect[:4, 0] == pytest.approx([-50.0, 60.0, 70.0, -80.0])
    assert r.effect[:4, 1] == pytest.approx([5.0, -10.0, 15.0, -20.0])
    assert not r.effect[4:].any()
    assert r.lift == pytest.approx(2.0)


def test_asked_thrust_arrives_through_the_motors_curve_and_two_lags_and_a_third_for_a_slow_imu():
    f = quad()
    r, p = f.s.rotors, f.p.rotor
    f.command.motors.motor[:4] = (0.0, 0.5, 1.0, 0.5)
    asked = 8.0 * np.array([0.0, 0.5 * (0.375 + 0.25), 1.0, 0.5 * 0.625])
    fast = asked * (DT / (0.04 + DT))
    thrust = fast * (DT / (0.015 + DT))
    earlier = thrust * (DT / (0.01 + DT))
    push, late = rotors.follow(r, p, f.command.motors, DT)

    assert r.fast[:4] == pytest.approx(fast, rel=1e-12)
    assert r.thrust[:4] == pytest.approx(thrust, rel=1e-12)
    assert (push.x, push.y) == pytest.approx((thrust @ r.effect[:4, 0], thrust @ r.effect[:4, 1]))
    assert push.z == pytest.approx(2.0 * thrust.sum())
    assert r.earlier[:4] == pytest.approx(earlier, rel=1e-12)
    assert (late.x, late.y) == pytest.approx((earlier @ r.effect[:4, 0], earlier @ r.effect[:4, 1]))
    again, _ = rotors.follow(r, p, f.command.motors, DT)
    assert r.earlier[2] == pytest.approx(earlier[2] + (r.thrust[2] - earlier[2]) * DT / (0.01 + DT))
    assert r.fast[2] == pytest.approx(fast[2] + (8.0 - fast[2]) * DT / (0.04 + DT))
    assert again.x != push.x


def test_angular_acceleration_and_lift_pass_the_same_filter():
    f = quad()
    r = f.s.rotors
    r.omega_slow_frd, r.lift_slow = (1.0, 0.0, 0.0), 9.0
    felt = rotors.feel(r, f.p.rotor, Vec3(3.0, 0.0, 0.0), 11.0, DT)
    slow = 1.0 + 2.0 * DT / (0.015 + DT)

    assert r.omega_slow_frd[0] == pytest.approx(slow)
    assert felt.x == pytest.approx((3.0 - slow) / 0.015)
    assert felt.z == r.lift_slow == pytest.approx(slow + 8.0)
    f.p.rotor.filter_s = 0.0
    assert math.isfinite(rotors.feel(r, f.p.rotor, Vec3(4.0, 0.0, 0.0), 9.0, DT).x)


@pytest.mark.parametrize("accel", [math.nan, math.inf])
def test_an_acceleration_that_is_no_number_is_not_heard(accel):
    f = quad()
    r = f.s.rotors
    r.lift_slow = 9.0

    assert rotors.feel(r, f.p.rotor, Vec3(0.0, 0.0, 0.0), accel, DT).z == 9.0
    f.inputs.imu.accel_frd[2] = accel
    f.s.landing.force_err = 0.5
    landing.step(f.s.landing, f.p.land, f.inputs, f.command, True, DT)
    assert f.s.landing.force_err == 0.5


def test_a_hung_accelerometer_is_not_asked_whether_the_vehicle_stands():
    f = toy()
    f.inputs.imu.accel_frd = (0.0, 0.0, -20.0)
    for stuck, heard in ((0, True), (Failsafe.IMU_STUCK, False)):
        f.status.failsafes = stuck
        landing.step(f.s.landing, f.p.land, f.inputs, f.command, True, DT)
        assert (f.s.landing.force_err != 0.0) == heard


def test_what_turns_the_vehicle_for_long_is_no_news():
    f = quad()
    r, p = f.s.rotors, f.p.rotor
    p.usual_s = 0.3
    first = rotors.sudden(r, p, Vec3(31.0, -62.0, 0.0), DT)
    share = DT / (0.3 + DT)

    assert (r.usual[0], r.usual[1]) == pytest.approx((31.0 * share, -62.0 * share))
    assert (first.x, first.y) == pytest.approx((31.0 * (1.0 - share), -62.0 * (1.0 - share)))
    for _ in range(300):
        last = rotors.sudden(r, p, Vec3(31.0, -62.0, 0.0), DT)
    assert abs(last.x) < 0.01
    assert abs(last.y) < 0.01
    r.lift_slow = 9.0
    rotors.reset(r)
    assert (r.usual[1], r.lift_slow) == (0.0, 0.0)


def missing(
    share: float = 0.75,
    thrust: float = 4.0,
    before_s: float = 0.0,
    lost: int = 0,
    news: float = 1.0,
    lifted: float = 0.0,
    late: float = 0.9,
) -> ToyFlight:
    """Rotor 1 of two rotors with a lever gives a share too little; rotor 2 is asked for nothing; something may lift.

    Of the half as much it was asked for earlier it gives another share too little.
    """
    f = quad()
    r = f.s.rotors
    r.count, r.lost, r.missing_s[:2] = 2, lost, before_s
    r.effect[:] = 0.0
    r.effect[0, 0], r.effect[1, 1] = 1.0, 1.0
    r.thrust[0], r.earlier[0] = thrust, 0.5 * thrust
    f.p.rotor.share, f.p.rotor.time_s = 0.75, 0.04
    left, before = Vec3(-share * thrust, 0.0, 0.0), Vec3(-0.5 * late * thrust, 0.0, 0.0)
    rotors.compare(r, f.p.rotor, left, before, news * left + Vec3(0.0, 0.0, lifted), 2.0, DT)
    return f


def test_thrust_is_missing_beyond_a_share_where_enough_is_asked():
    assert missing(0.75).s.rotors.missing_s[0] == 0.0
    assert missing(0.76).s.rotors.missing_s[0] == DT
    assert missing(-0.9).s.rotors.missing_s[0] == 0.0
    assert missing(0.76, thrust=2.0).s.rotors.missing_s[0] == 0.0
    assert missing(0.76, thrust=above(2.0)).s.rotors.missing_s[0] == DT
    assert missing(0.5, before_s=0.03).s.rotors.missing_s[0] == 0.0
    assert missing(0.76).s.rotors.missing_s[1] == 0.0
    assert missing(0.9, news=0.7).s.rotors.missing_s[0] == 0.0
    assert missing(0.7, news=1.2).s.rotors.missing_s[0] == 0.0


def test_both_axes_tell_of_a_loss():
    p = quad().p.rotor
    p.share = 0.75
    loss = Vec3(-1.0, -2.0, 0.0)

    assert rotors.has_most_of(p, 0.8 * loss, loss)
    assert not rotors.has_most_of(p, 0.7 * loss, loss)


def test_what_a_slow_imu_explains_is_no_loss():
    assert missing(0.9, late=0.75).s.rotors.missing_s[0] == 0.0
    assert missing(0.9, late=0.76).s.rotors.missing_s[0] == DT
    assert missing(0.9, late=-0.9).s.rotors.missing_s[0] == 0.0


def test_what_lifts_the_vehicle_while_it_turns_is_the_ground():
    assert missing(lifted=above(0.0), share=0.9, before_s=1.0).s.rotors.missing_s[0] == 0.0
    assert missing(lifted=-9.0, share=0.9).s.rotors.missing_s[0] == DT
    assert missing(lifted=math.nan, share=0.9).s.rotors.missing_s[0] == DT


def test_a_rotor_is_lost_once_its_thrust_has_been_missing_for_long_enough():
    assert missing(0.8, before_s=0.0299).s.rotors.lost == 0
    assert missing(0.8, before_s=0.0301).s.rotors.lost == 1
    assert missing(0.8, before_s=0.0301).s.rotors.missing_s[0] == pytest.approx(0.0401)
    assert missing(0.8, before_s=0.0301, lost=2).s.rotors.lost == 2


def test_rotors_are_compared_in_flight_only_against_their_part_of_hover_thrust():
    for is_flying, hover, counted in ((True, 0.4, True), (False, 0.4, False), (True, 0.99, False)):
        f = quad()
        r = f.s.rotors
        r.fast[:4] = r.thrust[:4] = 3.0
        f.command.motors.motor[:4] = 0.4
        f.p.rotor.share = -1e9
        rotors.step(r, f.p.rotor, f.command.motors, f.estimate, G, hover, is_flying, True, DT)
        assert bool(r.missing_s[0] > 0.0) == counted


def test_what_a_silent_gyro_comes_back_with_is_no_acceleration_and_for_a_while_no_rotor_is_judged():
    f = quad()
    r, p = f.s.rotors, f.p.rotor
    r.fast[:4] = r.thrust[:4] = 3.0
    f.command.motors.motor[:4] = 0.4
    p.share, p.settle_s, r.missing_s[0] = -1e9, 2.5 * DT, 0.01
    rotors.step(r, p, f.command.motors, f.estimate, G, 0.4, True, False, DT)
    assert (r.missing_s[0], r.felt_s) == (0.0, 0.0)

    f.estimate.omega_frd = (5.0, -5.0, 0.0)
    for felt in (1, 2, 3):
        rotors.step(r, p, f.command.motors, f.estimate, G, 0.4, True, True, DT)
        assert list(r.omega_slow_frd) == [5.0, -5.0, 0.0]
        assert bool(r.missing_s[0] > 0.0) == (felt == 3)


def test_at_the_last_bit_of_its_wait_no_rotor_is_judged():
    f = quad()
    r, p = f.s.rotors, f.p.rotor
    p.share, p.settle_s, r.felt_s = -1e9, 2.0 * DT, DT
    r.thrust[:4] = 6.0
    rotors.step(r, p, f.command.motors, f.estimate, G, 0.4, True, True, DT)
    assert (r.felt_s, r.missing_s[0]) == (2.0 * DT, 0.0)

    rotors.step(r, p, f.command.motors, f.estimate, G, 0.4, True, True, DT)
    assert r.missing_s[0] == DT


def test_yaw_says_nothing_about_rotors():
    f = quad()
    f.estimate.omega_frd = (1.0, 2.0, 99.0)
    rotors.step(f.s.rotors, f.p.rotor, f.command.motors, f.estimate, G, 0.4, False, True, DT)

    assert f.s.rotors.omega_slow_frd[2] == 0.0
    assert f.s.rotors.omega_slow_frd[1] == 2.0 * f.s.rotors.omega_slow_frd[0] > 0.0


def test_reset_trusts_every_rotor():
    r = quad().s.rotors
    r.lost, r.fast[:], r.thrust[:], r.earlier[:], r.missing_s[:], r.felt_s = 2, 1.0, 1.0, 1.0, 1.0, 9.0
    rotors.reset(r)

    assert (r.lost, r.felt_s) == (0, 0.0)
    assert not np.any([r.fast, r.thrust, r.earlier, r.missing_s])


def free(**change: float) -> bool:
    f = flying()
    f.s.landing.is_landed, f.s.landing.airborne_s = (
        int(change.get("landed", 0)),
        change.get("airborne_s", 9.0),
    )
    f.estimate.height_m, f.estimate.is_altitude_valid = change.get("height", 9.0), int(change.get("valid", 1))
    f.command.setpoint.thrust_sp = change.get("thrust", HOVER)
    return bool(supervisor.is_flying_free(f.s, f.p, f.command, bool(change.get("armed", 1))))


def test_rotors_are_judged_off_the_ground_carried_by_them_and_settled():
    assert free()
    assert not free(armed=0)
    assert not free(landed=1)
    assert not free(airborne_s=0.5)
    assert free(airborne_s=above(0.5))
    assert not free(height=0.5)
    assert free(height=above(0.5))
    assert free(height=0.0, valid=0)
    assert not free(thrust=0.5 * HOVER)
    assert free(thrust=0.51 * HOVER)


def test_hover_thrust_need_not_be_learnt_for_rotors_to_be_judged():
    f = flying()
    f.estimate.height_m, f.command.setpoint.thrust_sp, f.command.terms.hover_thrust = 9.0, 0.4, 0.0

    assert supervisor.is_flying_free(f.s, f.p, f.command, True)


def test_a_rotor_with_a_short_lever_is_lost_too_at_the_last_bit_of_its_time():
    f = quad()
    r = f.s.rotors
    r.count, r.effect[:], r.missing_s[0], f.p.rotor.time_s = 1, 0.0, 0.25, 0.25 + DT
    r.effect[0, 0], r.thrust[0] = 0.1, 4.0
    left = Vec3(-0.4, 0.0, 0.0)
    r.earlier[0] = 4.0
    rotors.compare(r, f.p.rotor, left, left, left, 2.0, DT)

    assert r.lost == 1


def test_a_push_that_does_not_turn_the_vehicle_is_missing():
    f = quad()
    r = f.s.rotors
    r.fast[0] = r.thrust[0] = 6.0
    f.command.motors.motor[0] = 1.0
    rotors.step(r, f.p.rotor, f.command.motors, f.estimate, G, 0.4, True, True, DT)

    assert r.missing_s[0] == DT
