"""While the gyro is silent or hangs the rotors' torque tells how the vehicle turns."""

import numpy as np
import pytest

from flight.command import COMMAND
from flight.estimator import imu, spin
from flight.estimator.layout import STATE
from flight.inputs import INPUTS
from flight.params import defaults
from flight.record import rows
from flight.vector import Vec3

DT = 1e-3


def vehicle():
    """Return a state, the parameters and an airframe whose first rotor, front right, rolls left and pitches up."""
    params = defaults()[0]
    airframe = params.airframe
    airframe.rotor_count, airframe.thrust_max_n, airframe.throttle_curve, airframe.motor_lag_s = (
        4,
        10.0,
        0.0,
        0.02,
    )
    airframe.rotor_x[:4], airframe.rotor_y[:4] = (0.1, -0.1, 0.1, -0.1), (0.1, -0.1, -0.1, 0.1)
    airframe.rotor_spin[:4], airframe.torque_per_thrust_m = (1.0, 1.0, -1.0, -1.0), 0.02
    airframe.inertia = (0.01, 0.02, 0.04)
    return rows(STATE)[0], params.estimator, airframe


def motors(*throttles):
    record = rows(COMMAND)[0].motors
    record.motor[:4] = throttles
    return record


def test_torque_over_inertia_is_what_the_throttles_ask_for():
    _, _, airframe = vehicle()

    assert spin.asked_for(airframe, motors(0.5, 0.0, 0.0, 0.0)) == pytest.approx((-50.0, 25.0, -2.5))
    assert spin.asked_for(airframe, motors(0.5, 0.5, 0.5, 0.5)) == pytest.approx((0.0, 0.0, 0.0))


def test_it_learns_what_else_turns_the_vehicle_and_goes_on_with_both_while_the_gyro_is_gone():
    state, params, airframe = vehicle()
    wind, t, omega = np.array([0.5, -0.2, 0.1]), 0.0, np.zeros(3)
    for _ in range(1000):
        omega += wind * DT
        spin.listen(state.spin, params, airframe, motors(0.4, 0.4, 0.4, 0.4), Vec3(*omega), True, DT)
    assert np.array(state.spin.other_frd) == pytest.approx(wind, abs=0.01)
    assert np.array(state.spin.omega_frd) == pytest.approx(omega, abs=0.01)

    told = np.zeros(3)
    for _ in range(300):
        t += DT
        told += DT / (DT + airframe.motor_lag_s) * (np.array([-1.0, 0.5, -0.05]) - told)
        omega += (wind + told) * DT
        spin.listen(state.spin, params, airframe, motors(0.41, 0.4, 0.4, 0.4), Vec3(9.0, 9.0, 9.0), False, DT)
    assert np.array(state.spin.omega_frd) == pytest.approx(omega, abs=0.02)


@pytest.mark.parametrize(("is_flying", "taken_s"), [(True, 0.010), (False, 1.0)])
def test_in_flight_a_rate_that_stays_the_same_is_not_believed_while_the_force_still_is(is_flying, taken_s):
    state, params, _ = vehicle()
    sample, noise = rows(INPUTS)[0].imu, np.random.default_rng(1)
    sample.fresh, sample.gyro_frd = 1, (0.1, 0.2, 0.3)
    for _ in range(100):
        sample.accel_frd = noise.normal((0.0, 0.0, -9.8), 0.1)
        imu.step(state.imu, params, sample, Vec3(0.0, 0.0, 0.0), is_flying, DT)

    assert state.imu.stale_s == pytest.approx(max(0.1 - taken_s, 0.0), abs=2.5 * DT)
    assert list(state.imu.accel_frd) == list(sample.accel_frd)
    assert imu.is_deaf(state.imu, params) == is_flying
