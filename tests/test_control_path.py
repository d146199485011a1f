"""From position to thrust: steps, circles, limits, free fall, unknown mass and the attitude that follows."""

import math

import numpy as np
import pytest

from flight.control import thrust
from flight.modes import Level
from flight.params import defaults
from flight.quaternion import (
    IDENTITY,
    Quat,
    body_z_ned,
    euler,
    from_euler,
    from_yaw,
    normalize,
    rotate,
    rotation_vector,
)
from flight.record import rows
from flight.vector import UP_NED, Vec3, norm
from tests.flying_body import DT, GRAVITY, hovering

DEGREE = math.pi / 180.0


def limits(**values):
    """Return the thrust stage's state and parameters."""
    params, state = defaults()[0].control.thrust, rows(thrust.STATE)[0]
    for name, value in values.items():
        params[name] = value
    thrust.configure(state, params)
    return state, params


def direction(rng):
    v = rng.normal(size=3)
    return Vec3(*map(float, v / np.linalg.norm(v)))


def fly_circle(radius, speed, seconds=9.0, **values):
    """Return the distance from a moving reference in m, every 5 ms of the second half."""
    flight = hovering(**values)
    body, setpoint, w = flight.body[0], flight.setpoint, speed / radius
    body.drag[:] = flight.params[0].airframe.rotor_drag[:] = 0.3, 0.3, 0.1
    body.p_ned[:], body.v_ned[:] = (radius, 0.0, 0.0), (0.0, speed, 0.0)
    misses = []
    for k in range(round(seconds / 0.005)):
        # The middle of the 5 ms for which this setpoint holds.
        angle = w * (0.005 * k + 0.0025)
        out, along = (
            np.array([math.cos(angle), math.sin(angle), 0.0]),
            np.array([-math.sin(angle), math.cos(angle), 0.0]),
        )
        setpoint.p_sp_ned[:], setpoint.v_ff_ned[:] = radius * out, speed * along
        setpoint.a_ff_ned[:], setpoint.jerk_ff_ned[:] = -speed * w * out, -speed * w * w * along
        here = flight.fly(0.005).p_ned[-1]
        angle += 0.0025 * w
        misses.append(np.linalg.norm(here - radius * np.array([math.cos(angle), math.sin(angle), 0.0])))
    return np.array(misses[len(misses) // 2 :])


@pytest.mark.interpreted
def test_the_attitude_points_thrust_and_nose_where_asked():
    rng = np.random.default_rng(1)
    for _ in range(200):
        up, yaw = direction(rng), float(rng.uniform(-3.0, 3.0))
        up = up if up.z < 0.0 else -up

        q = thrust.attitude_of(up, yaw, IDENTITY)

        assert -body_z_ned(q) == pytest.approx(up, abs=1e-9)
        if up.z < -0.5:
            assert euler(q).z == pytest.approx(yaw, abs=1e-6)


@pytest.mark.interpreted
@pytest.mark.parametrize("axis", ["pitch", "roll", "diagonal"])
def test_a_loop_passes_upside_down_without_a_jump(axis):
    q = IDENTITY
    for k in range(1, 1440):
        angle = 2.0 * math.pi * k / 1440.0
        side = {"pitch": (1.0, 0.0), "roll": (0.0, 1.0), "diagonal": (0.6, 0.8)}[axis]
        up = Vec3(side[0] * math.sin(angle), side[1] * math.sin(angle), -math.cos(angle))

        turned = thrust.attitude_of(up, 0.0, q)

        jump = norm(rotation_vector(Quat(q.w, -q.x, -q.y, -q.z) * turned))
        assert jump < 12.0 * DEGREE
        q = turned


@pytest.mark.interpreted
def test_in_free_fall_the_attitude_is_kept():
    _, params = limits()
    q = from_euler(0.4, -0.3, 1.0)

    for force in (Vec3(0.0, 0.0, 0.0), Vec3(1e-9, -1e-9, 1e-12)):
        up = thrust.thrust_direction(params, force, q)
        assert up == pytest.approx(-body_z_ned(q), abs=1e-6)
    for force in (Vec3(0.0, 0.0, -9.8), Vec3(3.0, 0.0, -4.0)):
        assert thrust.thrust_direction(params, force, q) == pytest.approx(force / norm(force), abs=1e-9)


@pytest.mark.interpreted
def test_the_force_keeps_tilt_and_collective_limits_and_the_climb_first():
    state, params = limits(tilt_max_deg=35.0)
    rng, full = np.random.default_rng(2), 24.0
    for _ in range(300):
        asked = Vec3(*map(float, rng.normal(size=3) * (15.0, 15.0, 15.0)))

        force = thrust.limited_force(state, params, full, asked)

        assert norm(force) <= full * params.share_max + 1e-9
        assert -force.z >= full * params.share_min - 1e-9
        assert math.hypot(force.x, force.y) <= math.tan(35.0 * DEGREE) * -force.z + 1e-9
        assert force.x * asked.y == pytest.approx(force.y * asked.x, abs=1e-9)
        if full * params.share_min < -asked.z < 0.9 * full * params.share_max:
            assert force.z == pytest.approx(asked.z)


@pytest.mark.interpreted
def test_full_climb_leaves_a_margin_to_steer():
    state, params = limits()

    force = thrust.limited_force(state, params, 20.0, Vec3(50.0, 0.0, -50.0))

    assert force.x == pytest.approx(20.0 * params.margin)


@pytest.mark.interpreted
def test_the_rates_fed_forward_turn_the_attitude_as_the_force_turns():
    _, params = limits()
    rng = np.random.default_rng(3)
    for _ in range(50):
        force = Vec3(*map(float, rng.normal(size=3) * 2.0)) + Vec3(0.0, 0.0, -GRAVITY)
        force_dot, yaw, yaw_rate = (
            Vec3(*map(float, rng.normal(size=3) * 10.0)),
            float(rng.normal()),
            float(rng.normal()),
        )
        dt = 1e-5

        def attitude(f, heading):
            return thrust.attitude_of(f / norm(f), heading, IDENTITY)

        before, after = attitude(force, yaw), attitude(force + dt * force_dot, yaw + dt * yaw_rate)

        seen = rotation_vector(Quat(before.w, -before.x, -before.y, -before.z) * after) / dt
        assert thrust.flat_rates(params, force, force_dot, before, yaw_rate) == pytest.approx(seen, abs=2e-3)


@pytest.mark.interpreted
def test_the_climb_force_is_exact_while_the_vehicle_still_leans_over():
    state, params = limits()
    force, full = Vec3(5.0, 0.0, -GRAVITY), 24.0
    for pitch in (-40.0, -20.0, 0.0, 20.0):
        q = from_euler(0.1, pitch * DEGREE, 0.3)

        share = thrust.collective(state, params, full, force, q)

        assert rotate(q, share * full * UP_NED).z == pytest.approx(-GRAVITY)


def test_hover_stays_where_it_is():
    trace = hovering().fly(2.0)

    assert np.abs(trace.p_ned).max() < 0.02
    assert np.abs(trace.euler).max() < 0.01 * DEGREE


def test_a_climb_of_a_metre_settles_in_1_5_s_and_overshoots_5_percent_at_most():
    flight = hovering()
    flight.setpoint.p_sp_ned[:] = 0.0, 0.0, -1.0

    height = -flight.fly(4.0).p_ned[:, 2]

    assert height.max() < 1.05
    assert np.flatnonzero(np.abs(height - 1.0) > 0.02)[-1] * DT < 1.5


def test_a_far_goal_is_reached_without_overshoot_or_loss_of_height():
    flight = hovering()
    flight.setpoint.p_sp_ned[:] = 20.0, -10.0, 0.0

    trace = flight.fly(12.0)

    assert trace.p_ned[-1] == pytest.approx([20.0, -10.0, 0.0], abs=0.05)
    assert trace.p_ned[:, 0].max() < 20.2
    assert np.abs(trace.p_ned[:, 2]).max() < 0.1
    assert np.abs(trace.euler[:, :2]).max() < 46.0 * DEGREE


@pytest.mark.parametrize(("speed", "miss"), [(1.0, 0.005), (3.0, 0.01)])
def test_a_circle_is_followed_closely(speed, miss):
    assert math.sqrt((fly_circle(1.0, speed) ** 2).mean()) < miss


def test_every_feed_forward_earns_its_keep():
    best = fly_circle(1.0, 3.0).mean()

    for part in ("THR_DRAG_FF", "THR_JERK_FF", "THR_SNAP_HZ"):
        assert fly_circle(1.0, 3.0, **{part: 0.0}).mean() > 2.0 * best, part


def test_a_mirrored_goal_is_a_mirrored_flight():
    def fly(side):
        # The rotors' notches are moved one by one, which no mirror can show.
        flight = hovering(FILT_RPM_N=0)
        flight.setpoint.p_sp_ned[:] = 2.0, side * 3.0, -1.0
        flight.setpoint.yaw_sp = side * 0.7
        return flight.fly(1.5)

    right, left = fly(1.0), fly(-1.0)

    assert left.p_ned * (1.0, -1.0, 1.0) == pytest.approx(right.p_ned, abs=1e-6)


def test_a_velocity_is_held_against_a_steady_wind():
    flight = hovering(Level.VELOCITY)
    flight.setpoint.v_sp_ned[:] = 2.0, 0.0, -0.5
    flight.body[0].push_ned[:] = -1.5, 1.0, 0.5

    v_ned = flight.fly(8.0).v_ned[-1]

    assert v_ned == pytest.approx([2.0, 0.0, -0.5], abs=0.05)


def test_a_wind_beyond_the_tilt_limit_does_not_wind_the_integral_up():
    flight = hovering()
    flight.body[0].push_ned[0] = -15.0
    flight.fly(3.0)
    flight.body[0].push_ned[0] = 0.0
    flight.setpoint.p_sp_ned[:] = flight.body[0].p_ned

    trace = flight.fly(6.0)

    overshoot = (trace.p_ned - flight.setpoint.p_sp_ned)[:, 0]
    assert overshoot.max() < 3.0
    assert trace.p_ned[-1] == pytest.approx(flight.setpoint.p_sp_ned, abs=0.3)


def test_an_empty_battery_makes_the_climb_slower_but_not_longer():
    flight = hovering(MIX_BAT_LAG=0.0)
    battery = flight.inputs[0].battery
    battery.fresh, battery.voltage_v, battery.t_us = 1, 4 * 2.9, 1
    flight.body[0].thrust_max *= (2.9 / 3.8) ** 2
    flight.setpoint.p_sp_ned[:] = 0.0, 0.0, -10.0
    share = flight.setpoint.thrust_sp

    flight.fly(0.4)
    learned = flight.commands[0].terms.hover_thrust
    height = -flight.fly(10.0).p_ned[:, 2]

    assert learned == pytest.approx(share, rel=0.02), "what the mixer could not give is not missing push"
    assert height.max() < 10.2
    assert height[-1] == pytest.approx(10.0, abs=0.05)


def test_unknown_payload_bumps_the_height_by_15_cm_at_most():
    flight = hovering()
    flight.body[0].mass = 1.3

    taken = flight.fly(5.0).p_ned[:, 2]
    learned = flight.commands[0].terms.hover_thrust
    flight.body[0].mass = 1.0
    dropped = flight.fly(5.0).p_ned[:, 2]

    assert np.abs(taken).max() < 0.15
    assert np.abs(dropped).max() < 0.15
    assert np.abs(taken[-1000:]).max() < 0.02
    assert learned == pytest.approx(1.3 * GRAVITY / 24.0, rel=0.02)


def test_the_ground_teaches_nothing_about_hovering():
    flight = hovering()
    flight.body[0].mass = 1.2
    flight.fly(30.0)
    learned = flight.commands[0].terms.hover_thrust
    flight.commands[0].status.is_landed = 1
    flight.body[0].is_held, flight.body[0].v_ned[:] = 1, 0.0
    flight.setpoint.level, flight.setpoint.thrust_sp = Level.ATTITUDE, 0.25

    flight.fly(3.0)

    assert flight.commands[0].terms.hover_thrust == pytest.approx(learned, rel=0.02)


def test_an_accelerometer_that_is_lost_teaches_nothing_about_hovering():
    flight = hovering()
    flight.fly(1.0)
    learned = flight.commands[0].terms.hover_thrust
    flight.commands[0].estimate.is_force_lost = 1
    flight.commands[0].estimate.accel_bias_frd[2] = -4.0

    flight.fly(3.0)

    assert flight.commands[0].terms.hover_thrust == learned


def test_at_the_altitude_level_the_sticks_tilt_and_the_loop_keeps_the_height():
    flight = hovering(Level.ALTITUDE)
    flight.setpoint.q_sp_ned_frd[:] = from_yaw(0.5) * from_euler(25.0 * DEGREE, -15.0 * DEGREE, 0.0)
    flight.setpoint.p_sp_ned[2] = -0.5

    trace = flight.fly(3.0)

    assert trace.euler[-1] == pytest.approx([25.0 * DEGREE, -15.0 * DEGREE, 0.5], abs=0.5 * DEGREE)
    assert -trace.p_ned[-1, 2] == pytest.approx(0.5, abs=0.02)
    assert -trace.p_ned[:, 2].max() < 0.01
    assert trace.v_ned[-1, :2] @ trace.v_ned[-1, :2] > 9.0


def test_dropped_upside_down_it_recovers():
    flight = hovering()
    flight.point(normalize(Quat(0.02, 1.0, 0.01, 0.0)))

    trace = flight.fly(5.0)

    assert trace.p_ned[:, 2].max() < 3.0
    assert trace.p_ned[-1] == pytest.approx([0.0, 0.0, 0.0], abs=0.15)
