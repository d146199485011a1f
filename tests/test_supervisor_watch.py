"""What the supervisor watches for beside links and battery, what keeps it from arming, and orders to it."""

import math

import numpy as np
import pytest

from flight import autopilot
from flight.airframe import load
from flight.inputs import BridgeFault, Demand, LogState
from flight.modes import WHY, Arming, Event, Failsafe, Level, Mode, Refusal, Why
from flight.params import AIRFRAME
from flight.record import rows
from flight.supervisor import energy, rotors, supervisor
from flight.supervisor.reasons import FAILSAFES, REFUSALS, WHYS
from tests.toy_flight import ToyFlight

pytestmark = pytest.mark.interpreted
DT = 0.01
X_QUAD = ((0.2, 0.2), (-0.2, -0.2), (0.2, -0.2), (-0.2, 0.2))
FULL_N, INERTIA, MASS_KG = 8.0, 0.012, 1.6


def ready(**chosen: float) -> ToyFlight:
    return ToyFlight(dt=DT, **chosen).fly(0.2)


def high(**chosen: float) -> ToyFlight:
    """Hover at ten metres, long after take-off."""
    f = ready(**chosen).ask(Demand.ARM)
    f.place, f.supervisor.landing.is_landed, f.supervisor.landing.has_flown = (
        np.array([0.0, 0.0, -10.0]),
        0,
        1,
    )
    f.supervisor.landing.airborne_s, f.guidance.level = 100.0, 0
    return f.fly(0.1)


def gyro(f: ToyFlight, *rates: float) -> ToyFlight:
    f.inputs.imu.gyro_frd = f.estimate.omega_frd = rates
    return f


def quad(f: ToyFlight) -> ToyFlight:
    """Tell the supervisor of an X quadrotor."""
    airframe = rows(AIRFRAME)[0]
    airframe.rotor_count, airframe.thrust_max_n, airframe.inertia, airframe.cells = (
        4,
        FULL_N,
        (INERTIA,) * 3,
        4.0,
    )
    airframe.motor_lag_s, airframe.mass_kg = 0.02, MASS_KG
    airframe.rotor_x[:4], airframe.rotor_y[:4] = zip(*X_QUAD, strict=True)
    supervisor.configure(f.supervisor, airframe, 10.0, 0.05)
    return f


def raised(f: ToyFlight, bit: Failsafe) -> bool:
    return bool(f.status.failsafes & bit)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda f: setattr(f.estimate, "gyro_bias_frd", (0.5, 0.0, 0.0)), Refusal.CALIBRATION),
        (lambda f: setattr(f.estimate, "accel_bias_frd", (0.0, 3.0, 0.0)), Refusal.CALIBRATION),
        (lambda f: setattr(f.supervisor.health, "late", 0.9), Refusal.LOOP),
        (lambda f: setattr(f.inputs.system, "log_state", int(LogState.STOPPED)), Refusal.LOG),
        (lambda f: setattr(f.inputs.system, "bridge_faults", int(BridgeFault.PROTOCOL)), Refusal.BRIDGE),
        (lambda f: setattr(f.params.supervisor.battery, "low_v", 3.0), Refusal.THRESHOLDS),
        (lambda f: setattr(f.params.supervisor.battery, "emergency_v", 3.45), Refusal.THRESHOLDS),
        (lambda f: setattr(f.supervisor, "is_crashed", 1), Refusal.CRASHED),
        (lambda f: setattr(f.supervisor.health, "frozen_s", 1e9), Refusal.SENSOR),
    ],
)
def test_arming_is_refused_for_a_reason_with_a_name(spoil, reason):
    f = ready()
    if reason == Refusal.SENSOR:
        gyro(f, 0.01, 0.0, 0.0).step()
        f.inputs.imu.fresh = 0
        f.sense = lambda: None
    spoil(f)
    f.ask(Demand.ARM)

    assert f.status.refusals == reason
    assert f.said(Event.ARMING_REFUSED, reason)


def test_a_log_can_be_made_a_condition():
    f = ready(ARM_NEED_LOG=1)
    assert f.status.refusals == Refusal.LOG

    f.inputs.system.log_state = int(LogState.RUNNING)
    assert f.step().status.refusals == 0


@pytest.mark.parametrize(("field", "reason"), [(48.0, 0), (5.0, Refusal.COMPASS), (200.0, Refusal.COMPASS)])
def test_a_field_that_cannot_be_earths_refuses_arming(field, reason):
    f = ready()
    for _ in range(300):
        f.inputs.mag.fresh, f.inputs.mag.field_ut_frd = 1, (field, 0.0, 0.0)
        f.step()

    assert f.status.refusals == reason


def test_with_motion_capture_the_field_does_not_matter():
    f = ready()
    f.inputs.mag.fresh, f.inputs.mag.field_ut_frd, f.estimate.sensor_health[6] = 1, (5.0, 0.0, 0.0), 1

    assert f.step().status.refusals == 0


@pytest.mark.parametrize(
    ("aid", "reason"), [(0, Refusal.PLACE), (1, Refusal.PLACE), (2, Refusal.HEIGHT), (3, Refusal.COMPASS)]
)
def test_an_aid_that_long_contradicts_the_estimate_refuses_arming(aid, reason):
    f = ready()
    f.inputs.mag.fresh, f.inputs.mag.field_ut_frd = 1, (48.0, 0.0, 0.0)
    f.estimate.sensor_health[:], f.estimate.test_ratios[aid] = 1, 5.0
    f.estimate.sensor_health[6] = 0

    assert f.step().status.refusals == 0
    assert f.fly(3.0).status.refusals == reason


@pytest.mark.parametrize("stick", ["roll", "pitch", "yaw"])
def test_sticks_off_centre_refuse_arming_in_their_modes(stick):
    f = ready().sticks(throttle=0.0, mode=Mode.ANGLE, **{stick: -0.5}).step().step()
    assert f.status.refusals == Refusal.STICKS

    assert f.sticks().step().status.refusals == 0


def test_shaking_is_noticed_and_steady_acceleration_is_not():
    f = high()
    f.inputs.imu.accel_frd, f.control = (25.0, 0.0, -20.0), lambda: None
    assert not raised(f.fly(6.0), Failsafe.VIBRATION)

    for i in range(400):
        f.inputs.imu.accel_frd = (50.0 * (-1) ** i, 0.0, -9.8)
        f.step()
    assert raised(f, Failsafe.VIBRATION)


def test_an_imu_that_never_changes_is_stuck():
    f = gyro(high(), 0.01, 0.0, 0.0)
    f.control = lambda: None
    assert not raised(f.fly(0.05), Failsafe.IMU_STUCK)

    f.fly(0.3)
    assert raised(f, Failsafe.IMU_STUCK)
    assert f.mode == Mode.LAND


def test_a_shaken_estimate_of_nothing_does_not_spoil_the_filters():
    f = high()
    f.inputs.imu.accel_frd, f.control = (math.nan, 0.0, 0.0), lambda: None
    f.estimate.a_ned = (math.inf, 0.0, 0.0)
    f.inputs.mag.fresh, f.inputs.mag.field_ut_frd = 1, (math.nan, 0.0, 0.0)
    f.step()

    health = f.supervisor.health
    assert math.isfinite(health.shake + health.force + health.field_ut)


def test_late_ticks_are_noticed_when_there_are_many():
    f = high()
    for i in range(400):
        f.inputs.system.overruns += i % 50 == 0
        f.step()
    assert not raised(f, Failsafe.LOOP_LATE)

    for i in range(400):
        f.inputs.system.overruns += i % 5 == 0
        f.step()
    assert raised(f, Failsafe.LOOP_LATE)


@pytest.mark.parametrize(
    ("spoil", "bit", "mode"),
    [
        (
            lambda f: setattr(f.inputs.system, "log_state", int(LogState.STOPPED)),
            Failsafe.LOG_LOST,
            Mode.HOLD,
        ),
        (
            lambda f: setattr(f.inputs.system, "bridge_faults", int(BridgeFault.BUS)),
            Failsafe.BRIDGE_FAULT,
            Mode.LAND,
        ),
        (lambda f: setattr(f.params.supervisor.flight, "longest_s", 99.0), Failsafe.FLIGHT_TIME, Mode.RETURN),
        (lambda f: setattr(f.estimate, "wind_ned", (12.0, -12.0, 0.0)), Failsafe.WIND, Mode.HOLD),
    ],
)
def test_what_others_tell_is_heeded(spoil, bit, mode):
    f = high()
    spoil(f)
    f.fly(10.5)

    assert f.said(Event.FAILSAFE_RAISED, bit)
    assert mode == Mode.HOLD or f.said(Event.MODE_CHANGED, mode)


def test_an_aid_that_falls_away_in_flight_is_told_of_but_not_one_that_never_was():
    f = ready()
    f.estimate.sensor_health[:4] = 1
    f.ask(Demand.ARM).fly(3.0)
    assert not raised(f, Failsafe.AID_LOST)

    f.estimate.sensor_health[2] = 0
    assert not raised(f.fly(1.0), Failsafe.AID_LOST)
    assert raised(f.fly(1.5), Failsafe.AID_LOST)


def test_sinking_at_full_thrust_lands():
    f = high()
    f.control = lambda: None
    f.command.setpoint.thrust_sp, f.speed = 1.0, np.array([0.0, 0.0, 2.0])
    assert not raised(f.fly(0.8), Failsafe.THRUST_LOST)

    assert raised(f.fly(0.5), Failsafe.THRUST_LOST)
    assert f.mode == Mode.LAND


def test_who_is_blown_off_course_lands_unless_somebody_wants_to_fly_on():
    f = high()
    f.blow(east=5.0).fly(5.8)
    assert not raised(f, Failsafe.OFF_COURSE)

    assert raised(f.fly(0.4), Failsafe.OFF_COURSE)
    assert f.mode == Mode.LAND
    f.ask(Demand.HOLD).fly(3.0)
    assert f.mode == Mode.HOLD


def test_who_spins_for_two_seconds_lands():
    f = quad(high())
    f.estimate.omega_frd = (0.0, 0.0, -6.0)
    assert not raised(f.fly(1.9), Failsafe.SPINNING)

    assert raised(f.fly(0.2), Failsafe.SPINNING)
    assert f.mode == Mode.LAND


def test_a_yaw_integral_near_its_limit_is_told_of():
    f = quad(high())
    f.command.terms.rate_i = (0.0, 0.0, -0.8 * f.supervisor.yaw_limit)

    assert raised(f.fly(3.5), Failsafe.YAW_LIMIT)
    f.command.terms.rate_i = (0.0, 0.0, 0.7 * f.supervisor.yaw_limit)
    assert not raised(f.fly(1.5), Failsafe.YAW_LIMIT)


@pytest.mark.parametrize("name", ["pi450", "racer5"])
def test_how_much_yaw_is_too_much_follows_what_the_rate_loop_may_integrate(name):
    # A racer's rotors turn it with far more than RATE_YAW_ILIM, and its integral may reach a share of that.
    pilot = autopilot.Autopilot(load(name).params, 1e-3)
    state = pilot.states[0]

    assert state.supervisor.yaw_limit == state.control.rate.integral_max_frd[2]
    assert (state.supervisor.yaw_limit > 50.0) == (name == "racer5")


def lying(f: ToyFlight, degrees: float = 45.0) -> ToyFlight:
    half = math.radians(degrees) / 2.0
    f.estimate.q_ned_frd, f.command.setpoint.q_sp_ned_frd = (
        (math.cos(half), math.sin(half), 0.0, 0.0),
        (1.0, 0.0, 0.0, 0.0),
    )
    f.command.setpoint.level, f.control, f.is_frozen = Level.POSITION, lambda: None, True
    return f


def test_lying_where_it_should_stand_is_a_crash_that_must_be_looked_at():
    f = lying(high()).fly(1.9)
    assert f.is_armed

    f.fly(0.3)
    assert f.status.arming == Arming.DISARMED
    assert f.said(Event.FAILSAFE_RAISED, Failsafe.CRASHED)
    f.estimate.q_ned_frd = (1.0, 0.0, 0.0, 0.0)
    f.supervisor.landing.is_landed = 1
    assert f.ask(Demand.ARM).status.refusals & Refusal.CRASHED
    f.ask(Demand.DISARM).fly(1.5)
    assert f.ask(Demand.ARM).is_armed


@pytest.mark.parametrize("motion", [{"degrees": 20.0}, {"speed": 12.0}, {"force": 5.0}])
def test_one_that_follows_moves_or_is_pushed_has_not_crashed(motion):
    f = lying(high(), motion.get("degrees", 45.0))
    f.speed = np.array([motion.get("speed", 0.0), 0.0, 0.0])
    f.estimate.a_ned = (motion.get("force", 0.0), 0.0, 0.0)

    assert f.fly(4.0).is_armed


@pytest.mark.parametrize(
    ("rate", "airborne_s", "climbed", "armed"),
    [(8.0, 0.5, 1.0, False), (4.0, 0.5, 1.0, True), (8.0, 30.0, 1.0, True), (8.0, 0.5, 5.0, True)],
)
def test_spinning_up_instead_of_taking_off_stops_the_motors(rate, airborne_s, climbed, armed):
    f = gyro(high(), rate, 0.0, 0.0)
    f.supervisor.landing.airborne_s, f.supervisor.landing.ground_down = airborne_s, climbed - 10.0

    assert f.fly(0.3).is_armed == armed


def turning_quad(lost: int, share: float, gust: float = 0.0, legs_n: float = 0.0) -> ToyFlight:
    """Fly until one rotor gives only a share of its thrust, then also legs push across from it; it turns by itself."""
    f = quad(high())
    omega, motors = np.zeros(2), f.command.motors
    f.control = lambda: None
    f.sense = lambda: setattr(f.inputs, "t_us", f.inputs.t_us + 10_000)
    for i in range(60):
        motors.motor[:4] = 0.5
        given = np.full(4, 0.5 * FULL_N)
        given[lost] *= share if i >= 40 else 1.0
        given[lost ^ 1] += legs_n if i >= 40 else 0.0
        torque = sum(n * np.array([-y, x]) for n, (x, y) in zip(given, X_QUAD, strict=True))
        omega = omega + DT * (torque + gust) / INERTIA
        f.estimate.omega_frd = (omega[0], omega[1], 0.0)
        f.inputs.imu.t_us = f.inputs.t_us
        f.inputs.imu.accel_frd[2] = -given.sum() / MASS_KG
        f.step()
    return f


@pytest.mark.parametrize("rotor", range(4))
def test_a_dead_rotor_is_found_out_which(rotor):
    f = turning_quad(rotor, 0.0)

    assert f.status.lost_rotor == rotor + 1
    assert f.said(Event.FAILSAFE_RAISED, Failsafe.ROTOR_LOST)
    assert f.mode == Mode.LAND


@pytest.mark.parametrize(("share", "gust"), [(1.0, 0.0), (0.5, 0.0), (1.0, 0.3)])
def test_a_weak_rotor_or_a_gust_is_no_dead_one(share, gust):
    assert turning_quad(1, share, gust).status.lost_rotor == 0


@pytest.mark.parametrize("rotor", range(4))
def test_legs_that_touch_on_one_side_turn_it_like_a_dead_rotor_and_lift_it(rotor):
    assert turning_quad(rotor, 1.0, legs_n=0.5 * FULL_N).status.lost_rotor == 0
    assert turning_quad(rotor, 0.0, legs_n=0.2 * FULL_N).status.lost_rotor == rotor + 1


def test_on_the_ground_rotors_are_not_judged():
    f = quad(ready())
    f.command.motors.motor[:4] = 0.5
    for _ in range(50):
        rotors.step(
            f.supervisor.rotors,
            f.params.supervisor.rotor,
            f.command.motors,
            f.estimate,
            9.8,
            0.4,
            False,
            True,
            DT,
        )

    assert f.supervisor.rotors.lost == 0


def test_a_new_flight_trusts_its_rotors_again():
    f = turning_quad(1, 0.0)
    f.ask(Demand.DISARM, 1.0)

    assert f.status.lost_rotor == 0


def test_whoever_landed_on_three_rotors_is_looked_at_before_the_next_flight():
    f = turning_quad(1, 0.0)
    f.ask(Demand.DISARM, 1.0)
    f.supervisor.landing.is_landed, f.estimate.omega_frd = 1, (0.0, 0.0, 0.0)
    assert f.step().status.refusals & Refusal.CRASHED

    assert not f.ask(Demand.DISARM).step().status.refusals & Refusal.CRASHED


def test_a_pilot_without_a_ground_station_is_refused_once_after_a_crash():
    f = lying(high().sticks(is_arm_switch_on=1).step()).fly(2.2)
    assert f.status.arming == Arming.DISARMED
    f.estimate.q_ned_frd, f.supervisor.landing.is_landed = (1.0, 0.0, 0.0, 0.0), 1
    f.fly(1.5)

    off, on = {"is_arm_switch_on": 0}, {"is_arm_switch_on": 1}
    assert not f.sticks(**off).step().sticks(**on).step().is_armed
    assert f.said(Event.ARMING_REFUSED, Refusal.CRASHED)
    assert f.sticks(**off).step().sticks(**on).step().is_armed


def test_it_returns_while_the_battery_still_reaches_home():
    f = high()
    f.fly(1.0)
    f.place = np.array([200.0, 0.0, -10.0])
    battery = f.params.supervisor.battery
    f.supervisor.slow_v, f.supervisor.slower_v = 3.60, 3.66
    f.supervisor.cell_v = 3.58
    # 2 mV a second to a critical voltage 0.18 V away: 90 s, of which home takes 60 and the reserve 20.
    left = energy.time_left_s(f.supervisor, battery)
    assert left == pytest.approx(90.0, rel=1e-9)
    f.step()
    assert energy.time_home_s(battery, f.status, f.estimate) == pytest.approx(60.0, abs=0.1)
    f.supervisor.cell_v = 3.58
    assert not energy.is_home_far(f.supervisor, battery, f.status, f.estimate)
    f.supervisor.cell_v = 3.55
    assert energy.is_home_far(f.supervisor, battery, f.status, f.estimate)


def test_a_battery_that_does_not_fall_lasts():
    assert energy.time_left_s(high().supervisor, high().params.supervisor.battery) > 1e6


def test_one_motor_turns_for_as_long_as_asked():
    f = quad(ready()).ask(Demand.MOTOR_TEST, 0.1, 1.0, index=2)
    assert f.said(Event.MOTOR_TEST, 2)
    assert f.command.motors.motor.tolist() == [0.0, 0.0, 0.1] + [0.0] * 5

    assert f.ask(Demand.ARM).status.refusals == Refusal.MOTOR_TEST
    assert not f.fly(1.1).command.motors.motor.any()
    assert f.said(Event.MOTOR_TEST, -1)


@pytest.mark.parametrize(
    "stop",
    [
        lambda f: f.ask(Demand.DISARM),
        lambda f: f.ask(Demand.KILL),
        lambda f: f.sticks(is_kill_switch_on=1).step(),
        lambda f: gyro(f, 1.0, 0.0, 0.0).step(),
        lambda f: gyro(f, 0.0, math.nan, 0.0).step(),
        lambda f: setattr(f.supervisor.landing, "is_landed", 0) or f.step(),
    ],
)
def test_a_motor_test_ends_when_something_speaks_against_it(stop):
    f = quad(ready()).ask(Demand.MOTOR_TEST, 0.1, 5.0, index=0)
    stop(f)

    assert not f.command.motors.motor.any()


@pytest.mark.parametrize(
    ("arguments", "index", "why"),
    [
        ((0.5, 1.0), 0, Why.OUT_OF_RANGE),
        ((-0.1, 1.0), 0, Why.OUT_OF_RANGE),
        ((0.1, 60.0), 0, Why.OUT_OF_RANGE),
        ((0.1, 0.0), 0, Why.OUT_OF_RANGE),
        ((math.nan, 1.0), 0, Why.NOT_A_NUMBER),
        ((0.1, 1.0), 4, Why.UNKNOWN),
        ((0.1, 1.0), -1, Why.UNKNOWN),
    ],
)
def test_a_motor_test_is_gentle_or_refused(arguments, index, why):
    f = quad(ready()).ask(Demand.MOTOR_TEST, *arguments, index=index)

    assert f.said(Event.DEMAND_REFUSED, Demand.MOTOR_TEST + WHY * why)
    assert not f.command.motors.motor.any()


def test_motors_are_tested_disarmed_on_the_ground_with_the_kill_switch_off():
    f = quad(ready()).ask(Demand.ARM).ask(Demand.MOTOR_TEST, 0.1, 1.0)
    assert f.said(Event.DEMAND_REFUSED, Demand.MOTOR_TEST + WHY * Why.NEEDS_DISARMED)
    f = quad(ready())
    f.supervisor.landing.is_landed = 0
    assert f.ask(Demand.MOTOR_TEST, 0.1, 1.0).said(
        Event.DEMAND_REFUSED, Demand.MOTOR_TEST + WHY * Why.NEEDS_LANDED
    )
    f = quad(ready()).sticks(is_kill_switch_on=1).step().ask(Demand.MOTOR_TEST, 0.1, 1.0)
    assert f.said(Event.DEMAND_REFUSED, Demand.MOTOR_TEST + WHY * Why.KILL_SWITCH)


def test_it_restarts_on_the_ground_only():
    assert ready().ask(Demand.REBOOT).said(Event.REBOOT)

    f = high().ask(Demand.REBOOT)
    assert f.said(Event.DEMAND_REFUSED, Demand.REBOOT + WHY * Why.NEEDS_DISARMED)


@pytest.mark.parametrize(
    ("demand", "arguments", "why"),
    [
        (Demand.GOTO, (), Why.NEEDS_POSITION),
        (Demand.TAKEOFF, (math.nan,), Why.NOT_A_NUMBER),
        (Demand.MISSION_START, (), Why.NEEDS_MISSION),
    ],
)
def test_a_refusal_says_why(demand, arguments, why):
    f = high()
    if why == Why.NEEDS_POSITION:
        f.trust(1, 1, 1, 0)

    assert f.ask(demand, *arguments).said(Event.DEMAND_REFUSED, demand + WHY * why)


def test_on_the_ground_it_says_what_must_come_first():
    assert ready().ask(Demand.GOTO).said(Event.DEMAND_REFUSED, Demand.GOTO + WHY * Why.NEEDS_AIRBORNE)
    assert ready().ask(Demand.TAKEOFF).said(Event.DEMAND_REFUSED, Demand.TAKEOFF + WHY * Why.NEEDS_ARMED)


def test_an_acting_failsafe_is_a_reason():
    f = high()
    f.voltage = 13.4
    f.until(lambda: f.mode == Mode.RETURN)

    assert f.ask(Demand.GOTO).said(Event.DEMAND_REFUSED, Demand.GOTO + WHY * Why.FAILSAFE)


def test_every_refusal_failsafe_and_reason_is_explained():
    assert set(REFUSALS) == set(Refusal)
    assert set(FAILSAFES) == set(Failsafe)
    assert set(WHYS) == set(Why)
    assert all(told.clears for told in FAILSAFES.values())
