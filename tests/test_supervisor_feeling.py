"""What the supervisor makes of what it feels: ground under the feet, dead rotors, shaking, stuck and silent sensors."""

import math

import numpy as np
import pytest

from flight import params
from flight.modes import Event, Failsafe, Mode
from flight.params import AIRFRAME
from flight.record import rows
from flight.supervisor import health, landing, rotors, supervisor
from flight.supervisor.health import BARO, GPS_POSITION, GPS_VELOCITY, MAG, MOCAP
from flight.vector import Vec3
from tests.supervisor_rig import DT, above, below, flying, in_plain_python, toy
from tests.toy_flight import HOVER, ToyFlight

in_plain_python()
pytestmark = pytest.mark.interpreted
G = 9.80665


# The ground.


def test_force_and_rate_are_filtered_in_first_order():
    f = toy()
    ground, p = f.s.landing, f.p.land
    ground.force_err, ground.omega_frd = 1.0, (1.0, 2.0, 3.0)
    f.inputs.imu.accel_frd, f.estimate.omega_frd = (0.0, 3.0, -4.0), (2.0, 4.0, 6.0)
    landing.listen(ground, p, f.inputs, f.estimate, DT)
    part = DT / (0.1 + DT)

    assert ground.force_err == pytest.approx(1.0 + (5.0 - G - 1.0) * part, rel=1e-12)
    assert ground.omega_frd == pytest.approx(np.array([1.0, 2.0, 3.0]) * (1.0 + part), rel=1e-12)


QUIET = [
    ("estimate", "v_ned", (0.0, 0.0, below(0.3)), True),
    ("estimate", "v_ned", (0.0, 0.0, 0.3), False),
    ("estimate", "v_ned", (0.0, 0.0, -0.3), False),
    ("estimate", "v_ned", (0.0, below(1.0), 0.0), True),
    ("estimate", "v_ned", (0.0, 1.0, 0.0), False),
    ("ground", "force_err", below(1.5), True),
    ("ground", "force_err", 1.5, False),
    ("ground", "force_err", -1.5, False),
    ("ground", "omega_frd", (0.0, 0.0, below(0.5)), True),
    ("ground", "omega_frd", (0.5, 0.0, 0.0), False),
]


@pytest.mark.parametrize(("where", "name", "value", "quiet"), QUIET)
def test_standing_is_quiet_below_each_limit(where, name, value, quiet):
    f = toy()
    setattr(f.estimate if where == "estimate" else f.s.landing, name, value)

    assert landing.is_quiet(f.s.landing, f.p.land, f.estimate, 0.4) == quiet


def test_what_is_not_known_does_not_speak_against_standing_but_thrust_does():
    f = toy()
    f.estimate.v_ned = (9.0, 0.0, 9.0)
    f.trust(1, 0, 1, 0)
    assert not landing.is_quiet(f.s.landing, f.p.land, f.estimate, 0.0)
    f.trust(1, 1, 0, 0)
    assert not landing.is_quiet(f.s.landing, f.p.land, f.estimate, 0.0)
    f.trust(1, 0, 0, 0)
    assert landing.is_quiet(f.s.landing, f.p.land, f.estimate, below(0.5))
    assert not landing.is_quiet(f.s.landing, f.p.land, f.estimate, 0.5)


def test_no_thrust_for_long_is_spent_except_under_the_pilots_hand():
    f = toy()
    ground, p = f.s.landing, f.p.land
    ground.spent_s = 2.5
    assert not landing.is_spent(ground, p, Mode.LAND, 0.0, 0.25)
    assert ground.spent_s == 2.75
    assert landing.is_spent(ground, p, Mode.LAND, 0.0, 0.25)
    for mode, thrust in ((Mode.ANGLE, 0.0), (Mode.LAND, 1e-9)):
        ground.spent_s = 9.0
        assert not landing.is_spent(ground, p, mode, thrust, 0.25)
        assert ground.spent_s == 0.0


@pytest.mark.parametrize(
    ("down", "sink", "thrust", "valid", "lifting_s", "lifted"),
    [
        (-1.0, 0.0, 0.7, 1, 0.0, True),
        (-0.75, 0.0, 0.7, 1, 0.0, False),
        (-0.5, -0.3, 0.7, 1, 0.0, False),
        (-0.5, -0.3001, 0.7, 1, 0.0, True),
        (0.5, 5.0, 0.7, 1, 0.0, False),
        (-1.0, 0.0, 0.6, 1, 0.0, False),
        (-1.0, 0.0, 0.6000001, 1, 0.0, True),
        (-1.0, -1.0, 0.7, 0, 0.0, False),
        (0.0, 0.0, 0.0, 0, 1.0, True),
        (0.0, 0.0, 0.0, 1, below(1.0), False),
    ],
)
def test_lifting_off_is_a_climb_with_thrust_or_full_thrust_for_long(
    down, sink, thrust, valid, lifting_s, lifted
):
    f = toy(LND_TKO_CLIMB=0.25)
    f.s.landing.ground_down, f.s.landing.lifting_s = -0.5, lifting_s
    f.estimate.p_ned, f.estimate.v_ned, f.estimate.is_altitude_valid = (
        (0.0, 0.0, down),
        (0.0, 0.0, sink),
        valid,
    )

    assert landing.has_lifted(f.s.landing, f.p.land, f.estimate, thrust) == lifted


def standing(**change: float) -> ToyFlight:
    f = toy()
    f.s.landing.ground_down, f.estimate.p_ned = -3.0, (0.0, 0.0, -3.1)
    f.s.landing.airborne_s = f.s.landing.quiet_s = f.s.landing.spent_s = 7.0
    landing.stand(f.s.landing, f.p.land, f.estimate, change["thrust"], bool(change["armed"]), DT)
    return f


def test_on_the_ground_the_floor_is_where_no_thrust_is():
    for thrust, armed, floor in ((0.0, 1, -3.1), (0.3, 0, -3.1), (0.3, 1, -3.0), (-0.1, 1, -3.1)):
        ground = standing(thrust=thrust, armed=armed).s.landing
        assert (ground.ground_down, ground.is_landed, ground.has_flown) == (floor, 1, 0)
        assert ground.rest_s == DT


def test_full_thrust_is_counted_from_the_middle_between_lift_off_and_hover():
    assert standing(thrust=0.8, armed=1).s.landing.lifting_s == 0.0
    assert standing(thrust=above(0.8), armed=1).s.landing.lifting_s == DT
    f = toy()
    f.s.landing.lifting_s = 0.5
    landing.stand(f.s.landing, f.p.land, f.estimate, 0.9, True, DT)
    assert f.s.landing.lifting_s == pytest.approx(0.51)


def test_a_take_off_starts_all_clocks_anew_and_needs_arming():
    for armed in (1, 0):
        f = toy()
        ground = f.s.landing
        ground.lifting_s, ground.airborne_s, ground.quiet_s, ground.spent_s = 5.0, 7.0, 7.0, 7.0
        landing.stand(ground, f.p.land, f.estimate, 0.9, bool(armed), DT)
        clocks = (ground.airborne_s, ground.quiet_s, ground.spent_s)
        assert (ground.is_landed, ground.has_flown) == (1 - armed, armed)
        assert clocks == ((0.0, 0.0, 0.0) if armed else (7.0, 7.0, 7.0))


def hovering(mode: Mode = Mode.LAND, thrust: float = 0.3, **chosen: float) -> ToyFlight:
    f = flying(mode)
    ground = f.s.landing
    ground.airborne_s, f.estimate.p_ned = 50.0, (0.0, 0.0, -2.0)
    for name, value in chosen.items():
        setattr(ground, name, value)
    landing.hover(ground, f.p.land, f.estimate, mode, thrust, 0.125)
    return f


def test_quiet_for_long_enough_is_landed():
    ground = hovering(quiet_s=0.375, lifting_s=9.0, rest_s=9.0).s.landing
    assert (ground.is_landed, ground.rest_s, ground.lifting_s, ground.ground_down) == (1, 0.0, 0.0, -2.0)
    assert ground.airborne_s == 50.125
    assert hovering(quiet_s=0.25).s.landing.is_landed == 0
    assert hovering(quiet_s=0.25).s.landing.quiet_s == 0.375
    assert hovering(quiet_s=0.375, thrust=0.7).s.landing.quiet_s == 0.0
    assert hovering(spent_s=3.0, thrust=0.0, force_err=9.0).s.landing.is_landed == 1
    assert hovering(Mode.ANGLE, spent_s=3.0, thrust=0.0, force_err=9.0).s.landing.is_landed == 0


@pytest.mark.parametrize(
    ("asked", "known", "armed", "share"),
    [
        (0.3, 0.5, 1, 0.6),
        (0.3, 0.0, 1, 0.75),
        (0.3, 0.5, 0, 0.0),
        (math.nan, 0.5, 1, 0.0),
        (0.3, -1.0, 1, 0.75),
    ],
)
def test_thrust_is_a_share_of_hover_thrust_learnt_or_chosen(asked, known, armed, share):
    f = toy()
    f.command.setpoint.thrust_sp, f.command.terms.hover_thrust = asked, known

    assert landing.thrust_share_of(f.p.land, f.command, bool(armed)) == pytest.approx(share)


def test_the_land_detector_watches_for_what_can_come_next():
    f = toy()
    f.command.setpoint.thrust_sp, f.s.landing.lifting_s = HOVER, 0.5
    landing.step(f.s.landing, f.p.land, f.inputs, f.command, True, DT)
    assert f.s.landing.lifting_s == 0.51
    f = flying()
    f.command.setpoint.thrust_sp, f.s.landing.spent_s, f.command.status.mode = 0.0, 1.0, Mode.LAND
    landing.step(f.s.landing, f.p.land, f.inputs, f.command, True, DT)
    assert f.s.landing.spent_s == 1.01
    assert f.s.landing.force_err < 0.0


def test_reset_stands():
    f = flying()
    ground = f.s.landing
    for name in ("has_flown", "quiet_s", "spent_s", "lifting_s", "force_err"):
        setattr(ground, name, 1.0)
    landing.reset(ground)

    assert ground.is_landed == 1
    assert [getattr(ground, n) for n in ("has_flown", "quiet_s", "spent_s", "lifting_s", "force_err")] == [
        0
    ] * 5


# Rotors.


def quad() -> ToyFlight:
    f = flying()
    airframe = rows(AIRFRAME)[0]
    airframe.rotor_count, airframe.thrust_max_n, airframe.throttle_curve = 4, 8.0, 0.75
    airframe.inertia, airframe.motor_lag_s, airframe.cells = (0.01, 0.02, 0.03), 0.04, 3.0
    airframe.rotor_x[:4], airframe.rotor_y[:4] = (0.1, -0.2, 0.3, -0.4), (0.5, -0.6, -0.7, 0.8)
    rate = params.defaults()[0].control.rate
    rate.integral_max = (1.0, 2.0, 3.0)
    supervisor.configure(f.s, airframe, rate)
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


def test_asked_thrust_arrives_through_the_motors_curve_and_two_lags():
    f = quad()
    r, p = f.s.rotors, f.p.rotor
    f.command.motors.motor[:4] = (0.0, 0.5, 1.0, 0.5)
    asked = 8.0 * np.array([0.0, 0.5 * (0.375 + 0.25), 1.0, 0.5 * 0.625])
    fast = asked * (DT / (0.04 + DT))
    thrust = fast * (DT / (0.015 + DT))
    push = rotors.follow(r, p, f.command.motors, DT)

    assert r.fast[:4] == pytest.approx(fast, rel=1e-12)
    assert r.thrust[:4] == pytest.approx(thrust, rel=1e-12)
    assert (push.x, push.y) == pytest.approx((thrust @ r.effect[:4, 0], thrust @ r.effect[:4, 1]))
    assert push.z == 0.0
    again = rotors.follow(r, p, f.command.motors, DT)
    assert r.fast[2] == pytest.approx(fast[2] + (8.0 - fast[2]) * DT / (0.04 + DT))
    assert again.x != push.x


def test_angular_acceleration_passes_the_same_filter():
    f = quad()
    r = f.s.rotors
    r.omega_slow_frd = (1.0, 0.0, 0.0)
    turn = rotors.turning(r, f.p.rotor, Vec3(3.0, 0.0, 0.0), DT)
    slow = 1.0 + 2.0 * DT / (0.015 + DT)

    assert r.omega_slow_frd[0] == pytest.approx(slow)
    assert turn.x == pytest.approx((3.0 - slow) / 0.015)
    f.p.rotor.filter_s = 0.0
    assert math.isfinite(rotors.turning(r, f.p.rotor, Vec3(4.0, 0.0, 0.0), DT).x)


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

    assert (r.usual_frd[0], r.usual_frd[1]) == pytest.approx((31.0 * share, -62.0 * share))
    assert (first.x, first.y) == pytest.approx((31.0 * (1.0 - share), -62.0 * (1.0 - share)))
    for _ in range(300):
        last = rotors.sudden(r, p, Vec3(31.0, -62.0, 0.0), DT)
    assert abs(last.x) < 0.01
    assert abs(last.y) < 0.01
    rotors.reset(r)
    assert r.usual_frd[1] == 0.0


def missing(
    share: float = 0.75, thrust: float = 4.0, before_s: float = 0.0, lost: int = 0, news: float = 1.0
) -> ToyFlight:
    """Rotor 1 of two rotors with a lever gives a share too little; rotor 2 is asked for nothing."""
    f = quad()
    r = f.s.rotors
    r.count, r.lost, r.missing_s[:2] = 2, lost, before_s
    r.effect[:] = 0.0
    r.effect[0, 0], r.effect[1, 1] = 1.0, 1.0
    r.thrust[0] = thrust
    f.p.rotor.share, f.p.rotor.time_s = 0.75, 0.04
    left = Vec3(-share * thrust, 0.0, 0.0)
    rotors.compare(r, f.p.rotor, left, news * left, 2.0, DT)
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
        rotors.step(r, f.p.rotor, f.command.motors, f.estimate, hover, is_flying, True, DT)
        assert bool(r.missing_s[0] > 0.0) == counted


def test_what_a_silent_gyro_comes_back_with_is_no_acceleration_and_for_a_while_no_rotor_is_judged():
    f = quad()
    r, p = f.s.rotors, f.p.rotor
    r.fast[:4] = r.thrust[:4] = 3.0
    f.command.motors.motor[:4] = 0.4
    p.share, p.settle_s, r.missing_s[0] = -1e9, 2.5 * DT, 0.01
    rotors.step(r, p, f.command.motors, f.estimate, 0.4, True, False, DT)
    assert (r.missing_s[0], r.felt_s) == (0.0, 0.0)

    f.estimate.omega_frd = (5.0, -5.0, 0.0)
    for felt in (1, 2, 3):
        rotors.step(r, p, f.command.motors, f.estimate, 0.4, True, True, DT)
        assert list(r.omega_slow_frd) == [5.0, -5.0, 0.0]
        assert bool(r.missing_s[0] > 0.0) == (felt == 3)


def test_yaw_says_nothing_about_rotors():
    f = quad()
    f.estimate.omega_frd = (1.0, 2.0, 99.0)
    rotors.step(f.s.rotors, f.p.rotor, f.command.motors, f.estimate, 0.4, False, True, DT)

    assert f.s.rotors.omega_slow_frd[2] == 0.0
    assert f.s.rotors.omega_slow_frd[1] == 2.0 * f.s.rotors.omega_slow_frd[0] > 0.0


def test_reset_trusts_every_rotor():
    r = quad().s.rotors
    r.lost, r.fast[:], r.thrust[:], r.missing_s[:] = 2, 1.0, 1.0, 1.0
    rotors.reset(r)

    assert r.lost == 0
    assert not np.any([r.fast, r.thrust, r.missing_s])


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


# Health.


def test_shaking_is_the_filtered_square_of_what_is_not_steady():
    f = toy()
    h, p = f.s.health, f.p.health
    h.accel_mean_frd, h.shake = (1.0, 0.0, 0.0), 2.0
    f.inputs.imu.accel_frd, f.inputs.imu.gyro_frd = (4.0, 4.0, 0.0), (1.0, 0.0, 0.0)
    health.feel(h, p, f.inputs.imu, True, DT)

    assert h.accel_mean_frd == pytest.approx(
        np.array([1.0, 0, 0]) + np.array([3.0, 4.0, 0]) * DT / (0.2 + DT)
    )
    assert h.shake == pytest.approx(2.0 + (25.0 - 2.0) * DT / (1.0 + DT))
    assert list(h.accel_before_frd) == [4.0, 4.0, 0.0]
    assert list(h.gyro_before_frd) == [1.0, 0.0, 0.0]
    f.inputs.imu.accel_frd = (math.nan, 0.0, 0.0)
    health.feel(h, p, f.inputs.imu, True, DT)
    assert math.isfinite(h.shake)


@pytest.mark.parametrize(
    ("gyro", "accel", "frozen_s"),
    [
        ((1.0, 0.0, 0.0), (0.0, 0.0, -9.8), 0.5 + DT),
        ((1.0, 0.0, 1e-9), (0.0, 0.0, -9.8), 0.5 + DT),
        ((1.0, 0.0, 0.0), (0.0, 1e-9, -9.8), 0.5 + DT),
        ((1.0, 0.0, 1e-9), (0.0, 1e-9, -9.8), 0.0),
        ((1.1, 0.0, 0.0), (0.1, 0.0, -9.8), 0.0),
    ],
)
def test_an_imu_is_stuck_while_one_of_its_parts_says_the_same(gyro, accel, frozen_s):
    f = toy()
    h = f.s.health
    h.gyro_before_frd, h.accel_before_frd, h.frozen_s = (1.0, 0.0, 0.0), (0.0, 0.0, -9.8), 0.5
    f.inputs.imu.gyro_frd, f.inputs.imu.accel_frd = gyro, accel
    health.feel(h, f.p.health, f.inputs.imu, True, DT)

    assert h.frozen_s == frozen_s


@pytest.mark.parametrize("part", ["gyro_frd", "accel_frd"])
def test_on_the_ground_a_resting_imu_with_coarse_steps_is_not_stuck_until_both_its_parts_are(part):
    f = toy()
    h = f.s.health
    h.gyro_before_frd, h.accel_before_frd, h.frozen_s = (1.0, 0.0, 0.0), (0.0, 0.0, -9.8), 0.5
    f.inputs.imu.gyro_frd, f.inputs.imu.accel_frd = (1.0, 0.0, 0.0), (0.0, 0.0, -9.8)
    health.feel(h, f.p.health, f.inputs.imu, False, DT)
    assert h.frozen_s == 0.5 + DT

    setattr(f.inputs.imu, part, (0.001, 0.0, -9.8))
    health.feel(h, f.p.health, f.inputs.imu, False, DT)
    assert h.frozen_s == 0.0


def test_a_gyro_of_exactly_nothing_is_a_simulated_one_a_tiny_rate_is_not():
    for rate, frozen_s in ((0.0, 0.0), (1e-3, 0.5 + DT)):
        f = toy()
        h = f.s.health
        h.gyro_before_frd, h.frozen_s = (rate, 0.0, 0.0), 0.5
        f.inputs.imu.gyro_frd = (rate, 0.0, 0.0)
        health.feel(h, f.p.health, f.inputs.imu, True, DT)
        assert h.frozen_s == frozen_s


def test_a_silent_imu_counts_as_stuck():
    f = toy()
    f.s.health.frozen_s = 0.5
    health.step(f.s.health, f.p.health, f.inputs, f.estimate, True, True, DT)
    assert f.s.health.frozen_s == pytest.approx(0.5 + DT)

    f.inputs.imu.fresh, f.inputs.imu.gyro_frd = 1, (1.0, 0.0, 0.0)
    f.inputs.imu.accel_frd = (0.0, 0.0, -9.7)
    health.step(f.s.health, f.p.health, f.inputs, f.estimate, True, True, DT)
    assert f.s.health.frozen_s == 0.0


def test_the_share_of_late_ticks_is_followed():
    f = toy()
    h, system = f.s.health, f.inputs.system
    h.late, h.overruns, system.overruns = 0.5, 3, 4
    health.watch_loop(h, f.p.health, system, DT)
    assert h.late == pytest.approx(0.5 + 0.5 * DT / (1.0 + DT))
    assert h.overruns == 4
    h.late = 0.5
    health.watch_loop(h, f.p.health, system, DT)
    assert h.late == pytest.approx(0.5 - 0.5 * DT / (1.0 + DT))


def test_steady_aids_are_remembered_while_armed():
    f = toy()
    h = f.s.health
    steady = sum(1 << i for i in (GPS_POSITION, GPS_VELOCITY, BARO, MAG, MOCAP))
    f.estimate.sensor_health[:] = 1
    health.watch_aids(h, f.estimate, True)
    assert (h.aids, h.aids_seen) == (steady, steady)
    f.estimate.sensor_health[BARO] = 0
    health.watch_aids(h, f.estimate, True)
    assert (h.aids, h.aids_seen) == (steady & ~(1 << BARO), steady)
    health.watch_aids(h, f.estimate, False)
    assert h.aids_seen == steady & ~(1 << BARO)


def test_test_ratios_are_smoothed_apart_and_the_worse_of_the_satellites_counts():
    for place, speed in ((1.75, 1.0), (1.0, 1.75)):
        f = toy()
        h, ratios = f.s.health, f.estimate.test_ratios
        h.ratios = (1.0, 1.0, 1.0)
        ratios[GPS_POSITION], ratios[GPS_VELOCITY], ratios[BARO], ratios[MAG] = place, speed, 0.5, 1.5
        health.watch_ratios(h, f.p.health, f.estimate, DT)
        part = DT / (3.0 + DT)
        assert list(h.ratios) == pytest.approx([1.0 + 0.75 * part, 1.0 - 0.5 * part, 1.0 + 0.5 * part])


@pytest.mark.parametrize("aid", [GPS_POSITION, GPS_VELOCITY, BARO, MAG])
def test_the_spike_of_a_hard_landing_is_forgotten_like_any_other_doubt(aid):
    f = toy()
    f.estimate.test_ratios[aid] = 90.0
    for _ in range(round(10.0 / DT)):
        health.watch_ratios(f.s.health, f.p.health, f.estimate, DT)

    assert 1.8 < max(f.s.health.ratios) <= 2.0


def test_the_field_is_taken_at_once_and_smoothed_from_then_on():
    f = toy()
    h, mag = f.s.health, f.inputs.mag
    mag.field_ut_frd = (30.0, 0.0, 40.0)
    health.watch_field(h, f.p.health, mag, DT)
    assert h.has_field == 0
    mag.fresh = 1
    health.watch_field(h, f.p.health, mag, DT)
    assert (h.field_ut, h.has_field) == (50.0, 1)
    mag.field_ut_frd = (60.0, 0.0, 80.0)
    health.watch_field(h, f.p.health, mag, DT)
    assert h.field_ut == pytest.approx(50.0 + 50.0 * DT / (0.5 + DT))
    mag.field_ut_frd = (math.nan, 0.0, 0.0)
    health.watch_field(h, f.p.health, mag, DT)
    assert math.isfinite(h.field_ut)


def test_acceleration_is_smoothed_as_long_as_it_is_a_number():
    f = toy()
    h = f.s.health
    h.force, f.estimate.a_ned = 1.0, (3.0, 0.0, 4.0)
    health.step(h, f.p.health, f.inputs, f.estimate, True, True, DT)
    assert h.force == pytest.approx(1.0 + 4.0 * DT / (0.2 + DT))
    f.estimate.a_ned, before = (math.inf, 0.0, 0.0), h.force
    health.step(h, f.p.health, f.inputs, f.estimate, True, True, DT)
    assert h.force == before


def test_a_step_of_health_takes_in_everything():
    f = toy()
    h = f.s.health
    f.inputs.system.overruns, f.inputs.mag.fresh, f.inputs.mag.field_ut_frd = 1, 1, (48.0, 0.0, 0.0)
    f.estimate.sensor_health[:], f.estimate.test_ratios[:] = 1, 2.0
    health.step(h, f.p.health, f.inputs, f.estimate, True, True, DT)

    assert h.late > 0.0
    assert h.aids_seen > 0
    assert min(h.ratios) > 0.0
    assert h.field_ut == 48.0


def test_reset_feels_nothing_yet():
    h = toy().s.health
    names = ("shake", "force", "frozen_s", "overruns", "late", "aids_seen", "field_ut", "has_field")
    for name in names:
        setattr(h, name, 1.0)
    health.reset(h)

    assert [getattr(h, name) for name in names] == [0] * 8


def test_leaving_and_reaching_the_ground_is_said():
    for was, now, said in ((1, 0, Event.TOOK_OFF), (0, 1, Event.LANDED), (1, 1, 0), (0, 0, 0)):
        f = toy()
        f.s.landing.is_landed = now
        supervisor.note_ground(f.s, f.status, was)
        assert (f.status.events[0], f.status.event_values[0]) == (said, 0.0)


def test_every_mode_of_the_sticks_may_idle_in_the_air_and_time_on_the_ground_adds_up():
    for mode in (Mode.RATE, Mode.ANGLE, Mode.ALTITUDE, Mode.POSITION):
        f = toy()
        f.s.landing.spent_s = 9.0
        assert not landing.is_spent(f.s.landing, f.p.land, mode, 0.0, DT)
    f = toy()
    f.s.landing.rest_s = 1.0
    landing.stand(f.s.landing, f.p.land, f.estimate, 0.0, True, DT)
    assert f.s.landing.rest_s == 1.0 + DT


def test_hover_thrust_need_not_be_learnt_for_rotors_to_be_judged():
    f = flying()
    f.estimate.height_m, f.command.setpoint.thrust_sp, f.command.terms.hover_thrust = 9.0, 0.4, 0.0

    assert supervisor.is_flying_free(f.s, f.p, f.command, True)


def test_aids_that_are_not_healthy_are_none_of_them():
    f = toy()
    f.estimate.sensor_health[:] = 0
    health.watch_aids(f.s.health, f.estimate, False)

    assert (f.s.health.aids, f.s.health.aids_seen) == (0, 0)


def test_each_test_ratio_goes_on_from_its_own():
    f = toy()
    h = f.s.health
    h.ratios, f.estimate.test_ratios[:] = (0.25, 0.5, 0.75), 1.0
    health.watch_ratios(h, f.p.health, f.estimate, DT)

    part = DT / (3.0 + DT)
    assert list(h.ratios) == pytest.approx(
        [0.25 + 0.75 * part, 0.5 + 0.5 * part, 0.75 + 0.25 * part], abs=1e-12
    )


def test_a_rotor_with_a_short_lever_is_lost_too_at_the_last_bit_of_its_time():
    f = quad()
    r = f.s.rotors
    r.count, r.effect[:], r.missing_s[0], f.p.rotor.time_s = 1, 0.0, 0.25, 0.25 + DT
    r.effect[0, 0], r.thrust[0] = 0.1, 4.0
    left = Vec3(-0.4, 0.0, 0.0)
    rotors.compare(r, f.p.rotor, left, left, 2.0, DT)

    assert r.lost == 1


def test_a_push_that_does_not_turn_the_vehicle_is_missing():
    f = quad()
    r = f.s.rotors
    r.fast[0] = r.thrust[0] = 6.0
    f.command.motors.motor[0] = 1.0
    rotors.step(r, f.p.rotor, f.command.motors, f.estimate, 0.4, True, True, DT)

    assert r.missing_s[0] == DT
