"""While the accelerometer hangs the rotors' thrust and drag stand in for it."""

import pytest

from flight.command import COMMAND
from flight.estimator import thrust
from flight.estimator.layout import STATE
from flight.params import defaults
from flight.quaternion import from_euler, put_quat
from flight.record import rows
from flight.vector import Vec3, put

G = 9.80665


def vehicle():
    """Return a state, the parameters and an airframe of 2 kg whose four rotors give up to 10 N each."""
    params = defaults()[0]
    airframe = params.airframe
    airframe.rotor_count, airframe.mass_kg, airframe.thrust_max_n = 4, 2.0, 10.0
    airframe.throttle_curve, airframe.motor_lag_s = 0.0, 0.05
    airframe.rotor_drag = (0.4, 0.6, 1.0)
    return rows(STATE)[0], params.estimator, airframe


def motors(throttle):
    """Return four rotors at one throttle."""
    record = rows(COMMAND)[0].motors
    record.motor[:4] = throttle
    return record


@pytest.mark.parametrize("curve", [0.0, 0.5])
def test_thrust_over_mass_is_what_the_throttles_ask_for(curve):
    _, _, airframe = vehicle()
    airframe.throttle_curve = curve

    assert thrust.asked_for(airframe, motors(0.5)) == pytest.approx(
        4 * 10.0 * 0.5 * (1.0 - 0.5 * curve) / 2.0
    )


@pytest.mark.slow
def test_it_learns_how_much_of_the_thrust_is_felt_and_keeps_it_while_the_accelerometer_hangs():
    state, params, airframe = vehicle()
    model = state.thrust
    model.scale = 1.0
    for _ in range(20_000):
        thrust.listen(model, params, airframe, motors(0.5), -8.0, False, 1e-3)
    assert model.told == pytest.approx(10.0)
    assert model.scale == pytest.approx(0.8, abs=1e-3)

    for _ in range(2000):
        thrust.listen(model, params, airframe, motors(0.5), -20.0, True, 1e-3)
    assert model.scale == pytest.approx(0.8, abs=1e-3)


def test_it_stands_in_along_the_rotor_axis_and_as_drag_across_it():
    state, _, airframe = vehicle()
    model = state.thrust
    model.told, model.scale = 10.0, 0.9
    put_quat(state.nominal.q_ned_frd, from_euler(0.0, 0.0, 1.5707963))
    put(state.nominal.v_ned, Vec3(3.0, 0.0, 0.0))
    state.nominal.wind_ned[0] = 1.0
    force = thrust.stand_in(state, airframe)

    # Heading east, moving north at 2 m/s through the air: that is to the left.
    assert force.x == pytest.approx(0.0, abs=1e-6)
    assert force.y == pytest.approx(2.0 * 0.6 / 2.0)
    assert force.z == pytest.approx(-9.0)


def test_with_idle_rotors_something_else_carries_the_vehicle():
    state, _, airframe = vehicle()
    put_quat(state.nominal.q_ned_frd, from_euler(0.0, 0.0, 0.0))
    state.thrust.told = 1.0

    assert thrust.stand_in(state, airframe) == pytest.approx((0.0, 0.0, -G))
