"""Attitude and rate loops on a small rigid body: steps, upsets, saturation, signs and symmetry."""

import math

import numpy as np
import pytest

from flight.command import COMMAND
from flight.control import attitude, gyro, rate, reference
from flight.control.square_root import braked
from flight.modes import Arming, Level
from flight.params import defaults
from flight.quaternion import Quat, conjugate, from_euler, from_yaw, normalize, rotation_vector
from flight.record import rows
from tests.flying_body import DT, QUAD_X, hovering, told_airframe

DEGREE = math.pi / 180.0
ROLL, PITCH, YAW = range(3)


def rise_time(signal, target):
    """Return the time from 10 to 90 percent in s."""
    return (np.argmax(signal >= 0.9 * target) - np.argmax(signal >= 0.1 * target)) * DT


def asked_rate(q, q_sp, omega_ff=(0.0, 0.0, 0.0)):
    """Return the body rates the attitude loop asks for."""
    params, command = defaults()[0], rows(COMMAND)[0]
    command.estimate.q_ned_frd[:] = q
    command.setpoint.q_sp_ned_frd[:] = q_sp
    command.setpoint.omega_ff_frd[:] = omega_ff
    attitude.step(params.control.attitude, command.setpoint, command.estimate)
    return command.setpoint.omega_sp_frd.copy()


@pytest.mark.interpreted
@pytest.mark.parametrize(("axis", "angles"), [(ROLL, (0.1, 0, 0)), (PITCH, (0, 0.1, 0)), (YAW, (0, 0, 0.1))])
def test_each_attitude_error_asks_for_its_own_rate(axis, angles):
    omega = asked_rate((1.0, 0.0, 0.0, 0.0), from_euler(*map(float, angles)))

    gain = defaults()[0].control.attitude.kp[axis]
    assert omega[axis] == pytest.approx(0.1 * gain, rel=1e-9)
    assert np.delete(omega, axis) == pytest.approx([0.0, 0.0], abs=1e-12)


@pytest.mark.interpreted
@pytest.mark.slow
def test_q_and_minus_q_are_the_same_attitude():
    rng = np.random.default_rng(1)
    for _ in range(100):
        q, q_sp = rng.normal(size=4), rng.normal(size=4)
        q, q_sp = q / np.linalg.norm(q), q_sp / np.linalg.norm(q_sp)
        assert asked_rate(q, q_sp) == pytest.approx(asked_rate(q, -q_sp), abs=1e-9)
        assert asked_rate(q, q_sp) == pytest.approx(asked_rate(-q, q_sp), abs=1e-9)


@pytest.mark.interpreted
def test_the_tilt_goes_the_short_way_whatever_the_heading():
    # Leaning 30 degrees right while facing 150 degrees off: the tilt part must level the body without a detour.
    q = from_yaw(150.0 * DEGREE) * from_euler(30.0 * DEGREE, 0.0, 0.0)

    omega = asked_rate(q, (1.0, 0.0, 0.0, 0.0))

    assert omega[ROLL] < -1.0
    assert omega[PITCH] == pytest.approx(0.0, abs=1e-9)
    assert omega[YAW] < 0.0


@pytest.mark.interpreted
def test_rates_fed_forward_are_about_the_axes_of_the_setpoint():
    # The setpoint's nose points where this vehicle's right side is.
    q_sp, omega_ff = from_yaw(90.0 * DEGREE), (1.0, 0.2, 0.0)

    fed = asked_rate((1.0, 0.0, 0.0, 0.0), q_sp, omega_ff) - asked_rate((1.0, 0.0, 0.0, 0.0), q_sp)

    assert fed == pytest.approx([-0.2, 1.0, 0.0], abs=1e-12)


@pytest.mark.interpreted
def test_upside_down_it_rolls_over_and_forgets_the_heading():
    omega = asked_rate((0.0, 0.0, 1.0, 0.0), (1.0, 0.0, 0.0, 0.0))

    assert np.isfinite(omega).all()
    assert np.hypot(omega[ROLL], omega[PITCH]) > 3.0
    assert omega[YAW] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.interpreted
def test_the_square_root_law_can_always_stop():
    gain, a_max = 10.0, 50.0
    error, dt, hardest, last = 3.0, 1e-4, 0.0, braked(3.0, gain, a_max)
    for _ in range(20000):
        error -= dt * last
        rate = braked(error, gain, a_max)
        hardest, last = max(hardest, (last - rate) / dt), rate

    assert error == pytest.approx(0.0, abs=1e-3)
    assert hardest <= a_max * 1.01
    assert braked(-1.0, gain, a_max) == -braked(1.0, gain, a_max)
    assert braked(1.0, gain, 0.0) == gain


@pytest.mark.parametrize("axis", [ROLL, PITCH])
@pytest.mark.parametrize("lag_s", [0.02, 0.03, 0.045])
@pytest.mark.slow
def test_a_step_of_20_degrees_rises_in_150_ms_and_overshoots_10_percent_at_most(axis, lag_s):
    flight = hovering(Level.ATTITUDE)
    flight.body[0].lag_s = lag_s
    angles = [0.0, 0.0, 0.0]
    angles[axis] = 20.0 * DEGREE
    flight.setpoint.q_sp_ned_frd[:] = from_euler(*angles)

    angle = flight.fly(1.0).euler[:, axis]

    assert rise_time(angle, angles[axis]) <= 0.15
    assert angle.max() <= 1.10 * angles[axis]
    assert angle[-1] == pytest.approx(angles[axis], abs=0.5 * DEGREE)


@pytest.mark.slow
def test_a_heading_step_does_not_tilt_the_vehicle():
    flight = hovering(Level.ATTITUDE)
    flight.setpoint.q_sp_ned_frd[:] = from_yaw(90.0 * DEGREE)

    trace = flight.fly(3.0)

    assert trace.euler[-1, YAW] == pytest.approx(90.0 * DEGREE, abs=1.0 * DEGREE)
    assert trace.euler[:, YAW].max() < 95.0 * DEGREE
    assert np.abs(trace.euler[:, :2]).max() < 1.0 * DEGREE


def test_it_comes_back_from_any_attitude():
    rng = np.random.default_rng(7)
    for _ in range(100):
        flight = hovering(Level.ATTITUDE)
        flight.point(normalize(Quat(*map(float, rng.normal(size=4)))))

        trace = flight.fly(3.0)

        q = trace.q_ned_frd[-1]
        assert math.hypot(q[1], q[2]) < 0.01
        assert np.degrees(np.abs(trace.omega_frd[:, :2]).max()) < 600.0


@pytest.mark.parametrize("axis", [ROLL, PITCH, YAW])
def test_a_rate_step_is_followed_without_leaving_the_other_axes(axis):
    flight = hovering(Level.RATE)
    flight.setpoint.omega_sp_frd[axis] = 1.0

    omega = flight.fly(1.5).omega_frd

    assert rise_time(omega[:, axis], 1.0) < (0.2 if axis == YAW else 0.06)
    assert omega[:, axis].max() < 1.3
    assert omega[-1, axis] == pytest.approx(1.0, abs=0.03)
    assert np.abs(np.delete(omega, axis, axis=1)).max() < 0.05


def test_a_steady_torque_is_integrated_away():
    flight = hovering(Level.ATTITUDE)
    flight.body[0].push_torque_frd[:] = 0.05, -0.05, 0.01

    trace = flight.fly(4.0)

    assert np.abs(trace.euler[-1]).max() < 0.2 * DEGREE
    assert flight.commands[0].terms.rate_i * flight.body[0].inertia == pytest.approx(
        [-0.05, 0.05, -0.01], rel=0.1
    )


@pytest.mark.parametrize("axis", [ROLL, YAW])
def test_a_torque_beyond_the_rotors_does_not_wind_the_integral_up(axis):
    flight = hovering(Level.ATTITUDE)
    flight.body[0].push_torque_frd[axis] = 6.0 if axis == ROLL else 0.6
    flight.fly(1.0)
    wound = abs(flight.states[0].rate.integral_frd[axis])

    flight.fly(1.0)

    assert abs(flight.states[0].rate.integral_frd[axis]) <= wound + 0.5
    assert wound < 0.5 * flight.params[0].control.rate.integral_max[axis]


@pytest.mark.interpreted
def test_a_tumbling_body_at_its_wanted_rates_gets_the_torque_that_keeps_them():
    params, command, state, seen = defaults()[0], rows(COMMAND)[0], rows(rate.STATE)[0], rows(gyro.STATE)[0]
    told_airframe(params.airframe)
    params.control.rate.yaw_cutoff_hz = 0.0
    omega = np.array([5.0, -3.0, 2.0])
    seen.omega_frd[:] = command.setpoint.omega_sp_frd[:] = omega

    rate.step(state, params.control.rate, params.airframe, command, seen, 0, DT)

    # Euler's equation with constant body rates.
    assert command.setpoint.torque_sp_frd == pytest.approx(np.cross(omega, params.airframe.inertia * omega))


@pytest.mark.interpreted
def test_fast_rotation_fades_the_integral_out():
    flight = hovering(Level.RATE)
    flight.body[0].is_held = 1
    flight.setpoint.omega_sp_frd[ROLL] = 401.0 * DEGREE

    flight.fly(0.02)

    assert flight.commands[0].terms.rate_i[ROLL] == 0.0


@pytest.mark.interpreted
@pytest.mark.parametrize(("collective", "share"), [(2.0, 1.0), (1.0, 1.0), (0.25, 0.25), (0.0, 0.0)])
def test_the_integral_turns_only_with_what_the_rotors_push(collective, share):
    params, command, state, seen = defaults()[0], rows(COMMAND)[0], rows(rate.STATE)[0], rows(gyro.STATE)[0]
    told_airframe(params.airframe)
    command.terms.hover_thrust = 0.4
    command.setpoint.thrust_sp = 0.4 * collective
    state.integral_frd[:] = 8.0, -4.0, 2.0

    rate.step(state, params.control.rate, params.airframe, command, seen, 1, DT)

    assert command.terms.rate_i == pytest.approx(share * np.array([8.0, -4.0, 2.0]))
    assert state.integral_frd == pytest.approx([8.0, -4.0, 2.0])


@pytest.mark.interpreted
@pytest.mark.parametrize("why", ["landed", "disarmed"])
def test_integrals_stand_still_on_the_ground(why):
    flight = hovering(Level.POSITION)
    status = flight.commands[0].status
    status.is_landed, status.arming = (1, Arming.ARMED) if why == "landed" else (0, Arming.DISARMED)
    flight.setpoint.p_sp_ned[:] = 1.0, 1.0, -1.0

    flight.fly(0.05)

    assert not flight.states[0].rate.integral_frd.any()
    assert not flight.states[0].velocity.integral_ned.any()


@pytest.mark.interpreted
def test_at_idle_nothing_is_asked_for():
    flight = hovering(Level.ATTITUDE)
    flight.setpoint.q_sp_ned_frd[:] = from_euler(0.3, 0.1, 0.0)
    flight.fly(0.03)
    flight.setpoint.level = Level.IDLE

    motor = flight.fly(0.01).motor[-1, :4]

    assert flight.setpoint.thrust_sp == 0.0
    assert not flight.setpoint.torque_sp_frd.any()
    assert not flight.states[0].rate.integral_frd.any()
    assert motor.max() == motor.min() < 0.1


def test_a_mirrored_flight_is_flown_by_mirrored_torques():
    def fly(side):
        # The rotors' notches are moved one by one, which no mirror can show.
        flight = hovering(Level.ATTITUDE, FILT_RPM_N=0)
        flight.setpoint.q_sp_ned_frd[:] = from_euler(side * 0.5, 0.2, side * 0.4)
        flight.body[0].push_torque_frd[:] = side * 0.02, 0.01, side * 0.003
        return flight.fly(0.5)

    right, left = fly(1.0), fly(-1.0)

    assert left.torque * (-1.0, 1.0, -1.0) == pytest.approx(right.torque, abs=1e-9)
    assert left.euler * (-1.0, 1.0, -1.0) == pytest.approx(right.euler, abs=1e-9)


def test_a_plus_frame_flies_like_an_x_frame():
    plus = ((0.2263, 0.0, -1), (-0.2263, 0.0, -1), (0.0, -0.2263, 1), (0.0, 0.2263, 1))
    angles = []
    for layout in (QUAD_X, plus):
        flight = hovering(Level.ATTITUDE, layout)
        flight.setpoint.q_sp_ned_frd[:] = from_euler(5.0 * DEGREE, 0.0, 0.0)
        angles.append(flight.fly(0.6).euler[:, ROLL])

    assert np.abs(angles[0] - angles[1]).max() < 0.1 * DEGREE


def test_part_of_the_motor_lag_can_be_cancelled():
    flight = hovering(Level.RATE, RATE_LEAD=0.6, FILT_RPM_N=0)
    slow = hovering(Level.RATE, FILT_RPM_N=0)
    for each in (flight, slow):
        each.setpoint.omega_sp_frd[ROLL] = 1.0

    quick, late = flight.fly(0.3).omega_frd[:, ROLL], slow.fly(0.3).omega_frd[:, ROLL]

    assert np.argmax(quick > 0.5) < np.argmax(late > 0.5)
    assert quick.max() < late.max() + 0.05


def test_a_gyro_that_says_nan_for_a_tick_does_no_harm():
    flight = hovering(Level.ATTITUDE)
    flight.body[0].gyro[:] = math.nan

    trace = flight.fly(1.0)

    assert np.isfinite(trace.motor).all()
    assert np.abs(trace.euler).max() < 1.0 * DEGREE


def led_in(q_sp, seconds=1.0):
    """Return attitude, rate and angular acceleration that lead from level to a setpoint, a row per tick."""
    params, command, state = defaults()[0], rows(COMMAND)[0], rows(reference.STATE)[0]
    params.control.attitude.reference_hz = 4.5
    command.estimate.q_ned_frd[:] = 1.0, 0.0, 0.0, 0.0
    led = []
    for _ in range(round(seconds / DT)):
        setpoint = command.setpoint
        setpoint.q_sp_ned_frd[:] = q_sp
        setpoint.omega_ff_frd[:] = 0.0
        reference.step(state, params.control.attitude, setpoint, command.estimate, DT)
        led.append([*setpoint.q_sp_ned_frd, *setpoint.omega_ff_frd, *setpoint.omega_dot_ff_frd])
    return np.array(led), params.control.attitude


def test_a_rate_that_nobody_sees_is_left_as_it_is():
    flight = hovering(Level.RATE)
    flight.setpoint.omega_sp_frd[:], flight.setpoint.thrust_sp = (1.0, -1.0, 0.5), 0.4
    flight.fly(0.01)
    assert np.all(flight.commands[0].terms.rate_p != 0.0)
    flight.commands[0].estimate.is_rate_lost = 1
    integral = flight.states[0].rate.integral_frd.copy()

    flight.fly(0.2)

    terms = flight.commands[0].terms
    assert not np.any([terms.rate_p, terms.rate_d, terms.rate_ff])
    assert np.all(flight.states[0].rate.integral_frd == integral)


@pytest.mark.interpreted
@pytest.mark.parametrize("degrees", [1.0, -20.0, 60.0])
def test_an_attitude_is_led_in_without_overshoot_within_rate_and_braking(degrees):
    led, params = led_in(from_euler(degrees * DEGREE, 0.0, 0.0))

    roll = 2.0 * np.arctan2(led[:, 1], led[:, 0]) / DEGREE
    assert roll[-1] == pytest.approx(degrees, rel=1e-3)
    assert np.abs(roll).max() <= abs(degrees) * 1.001
    assert np.abs(led[:, 4]).max() <= params.rate_max_deg_s[ROLL] * DEGREE * 1.001
    assert np.abs(led[:, 7]).max() <= params.a_max_deg_s2[ROLL] * DEGREE * 1.001


@pytest.mark.interpreted
def test_what_is_fed_forward_is_the_slope_of_what_is_led_in():
    led, _ = led_in(from_euler(0.2, -0.3, 0.1))

    for tick in (20, 60, 120):
        turn = conjugate(Quat(*led[tick - 1, :4])) * Quat(*led[tick, :4])
        assert rotation_vector(turn) == pytest.approx(led[tick, 4:7] * DT, rel=1e-6, abs=1e-12)
        assert (led[tick, 4:7] - led[tick - 1, 4:7]) / DT == pytest.approx(
            led[tick, 7:10], rel=1e-6, abs=1e-9
        )


@pytest.mark.interpreted
def test_q_and_minus_q_are_led_in_alike():
    q = np.array(from_euler(0.2, -0.3, 0.1))

    ours, theirs = led_in(q, 0.2)[0], led_in(-q, 0.2)[0]

    assert ours == pytest.approx(theirs, abs=1e-12)
