"""The mixer turns torque and collective into throttles: right signs, right amounts, yaw gives way first."""

import math

import numpy as np
import pytest

from flight.command import COMMAND
from flight.inputs import BATTERY
from flight.mixer import mixer
from flight.params import defaults
from flight.record import rows
from flight.rotor import throttle_of
from flight.vector import Vec3
from tests.flying_body import QUAD_X, told_airframe

pytestmark = pytest.mark.interpreted

PLUS = ((0.2, 0.0, -1), (-0.2, 0.0, -1), (0.0, -0.2, 1), (0.0, 0.2, 1))
HEXA = tuple(
    (0.2 * math.cos(a), 0.2 * math.sin(a), 1 - 2 * (i % 2)) for i, a in enumerate(np.arange(6) * math.pi / 3)
)
OCTO = tuple(
    (0.3 * math.cos(a), 0.3 * math.sin(a), 1 - 2 * (i % 2))
    for i, a in enumerate((np.arange(8) + 0.5) * math.pi / 4)
)
LOPSIDED = ((0.2, 0.15, -1), (-0.15, -0.2, -1), (0.18, -0.16, 1), (-0.2, 0.2, 1))
LAYOUTS = {"x": QUAD_X, "plus": PLUS, "hexa": HEXA, "octo": OCTO, "lopsided": LOPSIDED}
FRONT_RIGHT, REAR_LEFT, FRONT_LEFT, REAR_RIGHT = range(4)
FULL_N = 24.0


class Bench:
    """A mixer on the bench, with scales under every rotor."""

    def __init__(self, layout=QUAD_X, **parameters):
        self.params = defaults()[0]
        self.layout = layout
        self.state, self.command, self.battery = rows(mixer.STATE)[0], rows(COMMAND)[0], rows(BATTERY)[0]
        told_airframe(self.params.airframe, layout)
        for name, value in parameters.items():
            self.params.mixer[name] = value
        mixer.configure(self.state, self.params.mixer, self.params.airframe)

    def mix(self, thrust=0.4, roll=0.0, pitch=0.0, yaw=0.0):
        """Return the throttles."""
        self.command.setpoint.thrust_sp = thrust
        self.command.setpoint.torque_sp_frd[:] = roll, pitch, yaw
        mixer.step(self.state, self.params.mixer, self.params.airframe, self.command, self.battery)
        return self.command.motors.motor[: len(self.layout)].copy()

    def weigh(self, throttle, voltage_ratio=1.0):
        """Return collective share and torque that throttles give, from the rotors' places alone."""
        share = (0.4 * throttle**2 + 0.6 * throttle) * voltage_ratio**2
        push = share * FULL_N / len(self.layout)
        x, y, spin = np.array(self.layout).T
        torque = np.array([-(y * push).sum(), (x * push).sum(), -(0.016 * spin * push).sum()])
        return share.mean(), torque

    def tell_voltage(self, volt, at_s):
        self.battery.fresh, self.battery.voltage_v, self.battery.t_us = 1, volt, round(1e6 * at_s)


def test_rolling_right_speeds_up_the_left_motors():
    motor = Bench().mix(roll=0.1)

    assert motor[FRONT_LEFT] == pytest.approx(motor[REAR_LEFT])
    assert min(motor[FRONT_LEFT], motor[REAR_LEFT]) > max(motor[FRONT_RIGHT], motor[REAR_RIGHT])


def test_pitching_up_speeds_up_the_front_motors():
    motor = Bench().mix(pitch=0.1)

    assert min(motor[FRONT_LEFT], motor[FRONT_RIGHT]) > max(motor[REAR_LEFT], motor[REAR_RIGHT])


def test_yawing_right_speeds_up_the_motors_that_turn_left():
    bench = Bench()

    motor = bench.mix(yaw=0.03)

    turns_left = np.array(bench.layout)[:, 2] < 0
    assert motor[turns_left].min() > motor[~turns_left].max()


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_what_is_asked_for_is_given(layout):
    bench = Bench(layout)
    rng = np.random.default_rng(2)
    for _ in range(20):
        thrust, torque = rng.uniform(0.35, 0.6), rng.uniform(-1, 1, 3) * (0.15, 0.15, 0.02)

        share, given = bench.weigh(bench.mix(thrust, *torque))

        assert share == pytest.approx(thrust, abs=1e-9)
        assert given == pytest.approx(torque, abs=1e-9)
        assert np.abs(bench.command.motors.unallocated_torque_frd).max() < 1e-9
        assert abs(bench.command.motors.unallocated_thrust) < 1e-9


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("air_mode", [0, 1])
def test_motors_stay_between_idle_and_full_and_the_rest_is_reported(layout, air_mode):
    bench = Bench(layout, is_airmode_on=air_mode)
    rng = np.random.default_rng(3)
    for _ in range(60):
        thrust, torque = rng.uniform(-0.2, 1.3), rng.normal(size=3) * (1.0, 1.0, 0.1)

        motor = bench.mix(thrust, *torque)

        share, given = bench.weigh(motor)
        idle = 0.12**2
        assert (0.4 * motor**2 + 0.6 * motor).min() >= idle - 1e-12
        assert motor.max() <= 1.0
        assert thrust - bench.command.motors.unallocated_thrust == pytest.approx(share, abs=1e-9)
        assert torque - bench.command.motors.unallocated_torque_frd == pytest.approx(given, abs=1e-9)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_yaw_gives_way_first_then_thrust_and_never_roll_and_pitch(layout):
    bench = Bench(layout)
    rng = np.random.default_rng(4)
    for _ in range(100):
        thrust, yaw = rng.uniform(0.0, 1.0), rng.normal() * 0.1
        roll, pitch = rng.uniform(-1, 1, 2) * 0.4

        bench.mix(thrust, roll, pitch, yaw)
        lost, thrust_lost = (
            bench.command.motors.unallocated_torque_frd.copy(),
            bench.command.motors.unallocated_thrust,
        )
        sure = float(bench.params.mixer.yaw_min * bench.state.yaw_most_nm)
        bench.mix(thrust, roll, pitch, float(np.clip(yaw, -sure, sure)))

        assert lost[:2] == pytest.approx([0.0, 0.0], abs=1e-9)
        assert abs(thrust_lost) <= abs(bench.command.motors.unallocated_thrust) + 1e-9


def test_a_little_yaw_is_kept_at_the_expense_of_thrust():
    bench = Bench(yaw_min=0.05)

    _, given = bench.weigh(bench.mix(thrust=1.0, yaw=0.2))

    assert given[2] == pytest.approx(0.05 * FULL_N * 0.016, abs=1e-9)
    assert bench.command.motors.unallocated_thrust == pytest.approx(0.05, abs=1e-9)


def spinning(yaw, rad_s):
    """Return which part of a rotor's thrust yaw keeps at full collective in a spin."""
    bench = Bench(yaw_min=0.05, spin_rate=5.0, spin_yaw=0.25)
    bench.command.estimate.omega_frd[2] = rad_s
    _, given = bench.weigh(bench.mix(thrust=1.0, yaw=yaw))
    return given[2] / (FULL_N * 0.016)


@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_a_fast_spin_is_braked_with_more_than_a_slow_one(side):
    kept = [side * spinning(0.2 * side, -rad_s * side) for rad_s in (0.0, 5.0, 7.5, 10.0, 15.0, 40.0)]

    assert kept == pytest.approx([0.05, 0.05, 0.10, 0.15, 0.25, 0.25], abs=1e-9)


def test_yaw_that_spins_it_up_keeps_no_more_than_ever():
    assert spinning(0.2, 40.0) == pytest.approx(0.05, abs=1e-9)
    assert spinning(-0.2, -40.0) == pytest.approx(-0.05, abs=1e-9)


def test_a_spin_for_want_of_a_rotor_is_not_braked():
    bench = Bench(HEXA, yaw_min=0.05, spin_rate=5.0, spin_yaw=0.25)
    bench.mix()
    bench.state.lost_rotor = 2
    torque = Vec3(0.0, 0.0, 0.2)

    sure = mixer.sure_yaw(bench.state, bench.params.mixer, torque, -40.0)

    assert sure == pytest.approx(0.05 * bench.state.yaw_most_nm)


def test_yaw_never_turns_the_wrong_way():
    bench = Bench()
    rng = np.random.default_rng(5)
    for _ in range(200):
        yaw = rng.normal() * 0.1
        _, given = bench.weigh(bench.mix(rng.uniform(-0.1, 1.2), *rng.normal(size=2), yaw))
        assert given[2] * yaw >= -1e-12


def test_more_roll_than_there_is_keeps_its_direction():
    bench = Bench()

    _, given = bench.weigh(bench.mix(thrust=0.4, roll=3.0, pitch=1.0, yaw=0.1))

    assert given[0] == pytest.approx(3.0 * given[1], rel=1e-6)
    assert given[0] > 0.6
    assert given[2] == pytest.approx(0.0, abs=1e-9)


def test_air_mode_keeps_full_authority_at_zero_throttle():
    share, given = Bench().weigh(Bench().mix(thrust=0.0, roll=0.3))
    share_without, given_without = Bench().weigh(Bench(is_airmode_on=0).mix(thrust=0.0, roll=0.3))

    assert given[0] == pytest.approx(0.3, abs=1e-9)
    assert share > 0.05
    assert share_without == pytest.approx(0.12**2, abs=1e-9)
    assert abs(given_without[0]) < 1e-6


def test_nothing_asked_for_is_idle():
    motor = Bench().mix(thrust=0.0)

    assert 0.4 * motor**2 + 0.6 * motor == pytest.approx(np.full(4, 0.12**2))


def test_a_mirrored_demand_is_a_mirrored_answer():
    bench = Bench()
    mirrored = [FRONT_LEFT, REAR_RIGHT, FRONT_RIGHT, REAR_LEFT]
    rng = np.random.default_rng(6)
    for _ in range(50):
        thrust, (roll, pitch, yaw) = rng.uniform(0.0, 1.0), rng.normal(size=3) * (0.5, 0.5, 0.05)

        motor, mirror = bench.mix(thrust, roll, pitch, yaw), bench.mix(thrust, -roll, pitch, -yaw)

        assert mirror[mirrored] == pytest.approx(motor, abs=1e-9)


def test_three_rotors_that_cannot_yaw_still_roll_and_pitch():
    bench = Bench(((0.2, 0.0, 1), (-0.1, 0.17, 1), (-0.1, -0.17, 1)))

    share, given = bench.weigh(bench.mix(thrust=0.5, roll=0.1, pitch=-0.1, yaw=0.0))

    assert share == pytest.approx(0.5, abs=0.001)
    assert given[:2] == pytest.approx([0.1, -0.1], abs=1e-6)


@pytest.mark.parametrize("curve", [0.0, 0.3, 1.0])
def test_the_throttle_undoes_the_thrust_curve(curve):
    for share in np.linspace(0.0, 1.0, 21):
        throttle = throttle_of(float(share), curve)
        assert curve * throttle**2 + (1.0 - curve) * throttle == pytest.approx(share, abs=1e-12)


@pytest.mark.parametrize("cell", [3.3, 4.2])
def test_the_push_stays_the_same_as_the_battery_sags(cell):
    bench = Bench(battery_lag_s=0.0)
    bench.tell_voltage(4 * cell, 1.0)

    share, given = bench.weigh(bench.mix(0.4, roll=0.1), cell / 3.8)

    assert share == pytest.approx(0.4, abs=1e-9)
    assert given[0] == pytest.approx(0.1, abs=1e-9)


def test_an_empty_battery_has_less_to_give_and_says_so():
    bench = Bench(battery_lag_s=0.0)
    bench.tell_voltage(4 * 3.0, 1.0)

    motor = bench.mix(0.9)

    assert motor == pytest.approx(np.ones(4))
    assert bench.command.motors.unallocated_thrust == pytest.approx(0.9 - (3.0 / 3.8) ** 2)


@pytest.mark.parametrize("volt", [0.0, -1.0, 7.0, 40.0, math.nan, math.inf])
def test_a_voltage_that_cannot_be_is_not_believed(volt):
    bench = Bench(battery_lag_s=0.0)
    before = bench.mix(0.4)
    bench.tell_voltage(volt, 1.0)

    assert np.array_equal(bench.mix(0.4), before)


def test_the_voltage_is_smoothed_and_kept_when_readings_stop():
    bench = Bench(battery_lag_s=1.0)
    for k in range(1, 200):
        bench.tell_voltage(4 * (3.4 if k > 100 else 3.8), 0.01 * k)
        bench.mix()
        assert 3.8 * bench.state.voltage_ratio == pytest.approx(
            3.8 - 0.4 * (1 - math.exp(-max(k - 100, 0) / 100)), abs=0.01
        )
    kept = bench.state.voltage_ratio
    bench.battery.fresh = 0
    bench.mix()

    assert bench.state.voltage_ratio == kept


def test_battery_compensation_can_be_switched_off():
    bench = Bench(battery_lag_s=0.0, is_battery_compensated=0)
    before = bench.mix(0.4)
    bench.tell_voltage(4 * 3.3, 1.0)

    assert np.array_equal(bench.mix(0.4), before)
