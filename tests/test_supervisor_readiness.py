"""Before arming: what refuses at which number, what the switches and the operator ask, what ends a motor test."""

import math

import pytest

from flight.inputs import BridgeFault, Demand, LogState
from flight.modes import WHY, Arming, Event, Level, Mode, Refusal, Why
from flight.quaternion import quat, tilt_of
from flight.supervisor import motor_test, orders, readiness, signs
from flight.supervisor.health import BARO, MAG, MOCAP
from flight.supervisor.table import Sign
from tests.supervisor_rig import DT, above, below, flying, in_plain_python, leaning, toy
from tests.toy_flight import ToyFlight

in_plain_python()
pytestmark = pytest.mark.interpreted
ALL = sum(Sign)


def ready() -> ToyFlight:
    """Stand with everything in order."""
    f = toy()
    f.s.mode, f.s.battery_seen, f.s.cell_v, f.s.is_arm_switch_safe = Mode.ANGLE, 1, 4.0, 1
    f.s.pilot_seen, f.s.health.has_field, f.s.health.field_ut = 1, 1, 48.0
    f.s.health.aids = 1 << MAG | 1 << BARO
    f.inputs.t_us = f.inputs.imu.t_us = f.inputs.mag.t_us = f.inputs.baro.t_us = 10_000_000
    f.inputs.pilot.t_us, f.inputs.imu.accel_frd = 10_000_000, (0.0, 0.0, -9.8)
    return f


def refused(f: ToyFlight) -> int:
    return readiness.refusals(f.s, f.p, f.inputs, f.estimate, ALL)


def with_field(where: object, name: str, value: float) -> None:
    setattr(where, name, value)


LIMITS = [
    (lambda f, v: with_field(f.s, "cell_v", v), 3.55, -1, Refusal.BATTERY),
    (lambda f, v: with_field(f.s, "battery_quiet_s", v), 5.0, 1, Refusal.BATTERY),
    (lambda f, v: with_field(f.inputs.pilot, "throttle", v), 0.08, 1, Refusal.THROTTLE),
    (lambda f, v: with_field(f.inputs.pilot, "roll", v), 0.25, 1, Refusal.STICKS),
    (lambda f, v: with_field(f.inputs.pilot, "pitch", v), -0.25, -1, Refusal.STICKS),
    (lambda f, v: with_field(f.inputs.pilot, "yaw", v), 0.25, 1, Refusal.STICKS),
    (lambda f, v: with_field(f.s.health, "frozen_s", v), 0.1, 1, Refusal.SENSOR),
    (lambda f, v: with_field(f.estimate, "v_ned", (0.0, v, 0.0)), 1.0, 1, Refusal.MOVING),
    (lambda f, v: with_field(f.estimate, "omega_frd", (0.0, 0.0, v)), 0.35, 1, Refusal.MOVING),
    (lambda f, v: with_field(f.estimate, "gyro_bias_frd", (0.0, v, 0.0)), 0.3, 1, Refusal.CALIBRATION),
    (lambda f, v: with_field(f.estimate, "accel_bias_frd", (v, 0.0, 0.0)), 2.0, 1, Refusal.CALIBRATION),
    (lambda f, v: with_field(f.s.health, "field_ut", v), 15.0, -1, Refusal.COMPASS),
    (lambda f, v: with_field(f.s.health, "field_ut", v), 80.0, 1, Refusal.COMPASS),
    (lambda f, v: with_field(f.s.health, "ratios", (0.0, 0.0, v)), 0.9, 1, Refusal.COMPASS),
    (lambda f, v: with_field(f.s.health, "ratios", (v, 0.0, 0.0)), 0.7, 1, Refusal.PLACE),
    (lambda f, v: with_field(f.s.health, "ratios", (0.0, v, 0.0)), 1.0, 1, Refusal.HEIGHT),
    (lambda f, v: with_field(f.s.health, "late", v), 0.05, 1, Refusal.LOOP),
    (lambda f, v: with_field(f.p.battery, "critical_v", v), 3.5, 1, Refusal.THRESHOLDS),
    (lambda f, v: with_field(f.p.battery, "emergency_v", v), 3.4, 1, Refusal.THRESHOLDS),
    (lambda f, v: with_field(f.s.test, "left_s", v), 0.0, 1, Refusal.MOTOR_TEST),
]


@pytest.mark.parametrize("case", range(len(LIMITS)))
def test_at_the_limit_it_arms_and_beyond_it_is_refused(case):
    spoil, limit, beyond, reason = LIMITS[case]
    f = ready()
    assert refused(f) == 0

    spoil(f, limit)
    assert refused(f) == 0
    spoil(f, above(limit) if beyond > 0 else below(limit))
    assert refused(f) == reason


STATES = [
    (lambda f: with_field(f.estimate, "is_attitude_valid", 0), Refusal.ESTIMATOR),
    (lambda f: with_field(f.inputs.imu, "gyro_frd", (0.0, math.nan, 0.0)), Refusal.SENSOR),
    (lambda f: with_field(f.inputs.imu, "accel_frd", (0.0, 0.0, 0.0)), Refusal.SENSOR),
    (lambda f: with_field(f.inputs.imu, "t_us", 9_899_999), Refusal.SENSOR),
    (lambda f: with_field(f.inputs.pilot, "throttle", math.nan), Refusal.THROTTLE),
    (lambda f: with_field(f.inputs.pilot, "roll", math.nan), Refusal.STICKS),
    (lambda f: with_field(f.inputs.pilot, "pitch", math.nan), Refusal.STICKS),
    (lambda f: with_field(f.inputs.pilot, "yaw", math.nan), Refusal.STICKS),
    (lambda f: with_field(f.inputs.pilot, "is_kill_switch_on", 1), Refusal.KILL_SWITCH),
    (lambda f: with_field(f.inputs.mag, "t_us", 7_999_999), Refusal.COMPASS),
    (lambda f: with_field(f.inputs.link, "bridge_age_us", 500_001), Refusal.LINK),
    (lambda f: with_field(f.inputs.system, "log_state", int(LogState.STOPPED)), Refusal.LOG),
    (lambda f: with_field(f.inputs.system, "bridge_faults", int(BridgeFault.OUTPUTS)), Refusal.BRIDGE),
    (lambda f: with_field(f.s.fence, "is_sound", 0), Refusal.FENCE),
    (lambda f: with_field(f.s.fence, "is_breached", 1), Refusal.FENCE),
    (lambda f: with_field(f.s, "is_crashed", 1), Refusal.CRASHED),
    (lambda f: with_field(f.s, "arming", Arming.KILLED), Refusal.KILLED),
    (lambda f: with_field(f.s, "battery_seen", 0), Refusal.BATTERY),
]


@pytest.mark.parametrize("case", range(len(STATES)))
def test_what_is_not_in_order_is_refused_by_its_name(case):
    spoil, reason = STATES[case]
    f = ready()
    spoil(f)

    assert refused(f) == reason


FINE = [
    lambda f: with_field(f.inputs.imu, "t_us", 9_900_000),
    lambda f: with_field(f.inputs.mag, "t_us", 8_000_000),
    lambda f: with_field(f.inputs.mag, "t_us", 0),
    lambda f: with_field(f.inputs.system, "log_state", int(LogState.RUNNING)),
    lambda f: (
        with_field(f.estimate, "v_ned", (9.0, 0.0, 0.0)),
        with_field(f.estimate, "is_velocity_valid", 0),
    ),
    lambda f: (with_field(f.s.health, "has_field", 0), with_field(f.s.health, "field_ut", 0.0)),
    lambda f: (with_field(f.s.health, "aids", 1 << MOCAP), with_field(f.s.health, "field_ut", 0.0)),
    lambda f: (with_field(f.s.health, "aids", 1 << BARO), with_field(f.s.health, "ratios", (0.0, 0.0, 9.0))),
    lambda f: (with_field(f.s.health, "aids", 1 << MAG), with_field(f.s.health, "ratios", (0.0, 9.0, 0.0))),
    lambda f: (with_field(f.s.health, "aids", 1 << MAG), with_field(f.inputs.baro, "t_us", 8_000_000)),
    lambda f: (with_field(f.s.health, "aids", 1 << MAG), with_field(f.inputs.baro, "t_us", 0)),
    lambda f: (with_field(f.s.health, "aids", 1 << MOCAP), with_field(f.inputs.baro, "t_us", 1)),
    lambda f: (with_field(f.s, "battery_seen", 0), with_field(f.p.arm, "needs_battery", 0)),
    lambda f: (with_field(f.s, "pilot_seen", 0), with_field(f.inputs.pilot, "throttle", 1.0)),
    lambda f: (with_field(f.s, "mode", Mode.HOLD), with_field(f.inputs.pilot, "throttle", 1.0)),
    lambda f: (with_field(f.s, "mode", Mode.HOLD), with_field(f.inputs.pilot, "roll", 1.0)),
    lambda f: (with_field(f.s, "pilot_seen", 0), with_field(f.inputs.pilot, "yaw", 1.0)),
    lambda f: (with_field(f.s, "mode", Mode.POSITION), with_field(f.inputs.pilot, "throttle", 0.6)),
    lambda f: with_field(f.inputs.pilot, "is_arm_switch_on", 1),
    lambda f: with_field(f.s, "is_arm_switch_safe", 0),
    lambda f: with_field(f.estimate, "is_position_valid", 0),
]


@pytest.mark.parametrize("case", range(len(FINE)))
def test_what_does_not_matter_is_no_reason(case):
    f = ready()
    FINE[case](f)

    assert refused(f) == 0


@pytest.mark.parametrize(("mode", "limit"), [(Mode.RATE, 0.08), (Mode.ALTITUDE, 0.6), (Mode.POSITION, 0.6)])
def test_the_throttle_may_stand_in_the_middle_where_the_middle_means_stay(mode, limit):
    f = ready()
    f.s.mode, f.inputs.pilot.throttle = mode, limit
    assert refused(f) == 0

    f.inputs.pilot.throttle = above(limit)
    assert refused(f) == Refusal.THROTTLE


def test_tilt_switch_pilot_log_fence_and_mode_are_refused_by_name_too():
    f = leaning(ready(), 20.0)
    f.p.arm.tilt = tilt_of(quat(f.estimate.q_ned_frd))
    assert refused(f) == 0
    f.p.arm.tilt = below(f.p.arm.tilt)
    assert refused(f) == Refusal.TILT

    f = ready()
    f.inputs.pilot.is_arm_switch_on, f.s.is_arm_switch_safe = 1, 0
    assert refused(f) == Refusal.ARM_SWITCH
    f = ready()
    f.inputs.pilot.t_us = 9_499_999
    assert refused(f) == 0
    f.p.arm.needs_pilot = 1
    assert refused(f) == Refusal.LINK
    f = ready()
    f.p.arm.needs_log, f.inputs.system.log_state = 1, int(LogState.RUNNING)
    assert refused(f) == 0
    f.inputs.system.log_state = int(LogState.UNKNOWN)
    assert refused(f) == Refusal.LOG
    f = ready()
    f.s.fence.count, f.estimate.is_position_valid = 1, 0
    assert refused(f) == Refusal.FENCE
    f = ready()
    f.s.health.aids, f.inputs.baro.t_us = 1 << MAG, 7_999_999
    assert refused(f) == Refusal.HEIGHT
    f = ready()
    assert readiness.refusals(f.s, f.p, f.inputs, f.estimate, ALL & ~Sign.PILOT) == Refusal.MODE
    f.s.mode = Mode.HOLD
    assert readiness.refusals(f.s, f.p, f.inputs, f.estimate, ALL & ~Sign.PILOT) == 0


# What is so and what is asked for.


def test_signs_of_the_estimate():
    f = toy()
    for name, sign in (("attitude", Sign.ATTITUDE), ("altitude", Sign.ALTITUDE), ("position", Sign.POSITION)):
        f.trust()
        assert signs.estimate_signs(f.estimate) == Sign.ATTITUDE | Sign.ALTITUDE | Sign.POSITION
        setattr(f.estimate, f"is_{name}_valid", 0)
        assert signs.estimate_signs(f.estimate) & sign == 0
    f.trust(1, 1, 0, 1)
    assert signs.estimate_signs(f.estimate) == Sign.ATTITUDE | Sign.ALTITUDE


@pytest.mark.parametrize(
    ("level", "have", "flyable"),
    [
        (Level.IDLE, ALL, False),
        (Level.RATE, 0, True),
        (Level.ATTITUDE, 0, True),
        (Level.ALTITUDE, int(Sign.ALTITUDE), True),
        (Level.ALTITUDE, int(Sign.ATTITUDE), False),
        (Level.VELOCITY, int(Sign.ATTITUDE | Sign.ALTITUDE | Sign.POSITION), True),
        (Level.VELOCITY, int(Sign.ATTITUDE | Sign.ALTITUDE), False),
        (Level.POSITION, int(Sign.ATTITUDE | Sign.ALTITUDE | Sign.POSITION), True),
        (Level.POSITION, int(Sign.ALTITUDE | Sign.POSITION), False),
        (Level.POSITION + 1, ALL, False),
    ],
)
def test_a_stream_is_flyable_when_the_estimate_suffices_for_its_level(level, have, flyable):
    f = toy()
    f.s.offboard_seen, f.inputs.offboard.level = 1, int(level)

    assert signs.is_stream_flyable(f.s, f.p, f.inputs, have) == flyable
    f.s.offboard_seen = 0
    assert not signs.is_stream_flyable(f.s, f.p, f.inputs, have)


def test_standing_signs_say_what_is_so():
    def found(change=lambda f: None, air: bool = False) -> int:
        f = flying() if air else toy()
        f.trust(0, 0, 0, 0)
        change(f)
        return signs.standing_signs(f.s, f.p, f.inputs, f.command)

    def pilot(f: ToyFlight, **more: int) -> None:
        f.s.pilot_seen = 1
        for name, value in more.items():
            setattr(f.inputs.pilot, name, value)

    f = toy()
    base = int(Sign.LANDED)
    boot = base | (Sign.STICKS_ONLY if f.s.mode in (Mode.RATE, Mode.ANGLE) else 0)
    assert found() == boot
    assert found(air=True) == Sign.AIRBORNE
    assert found(lambda f: with_field(f.s, "arming", Arming.KILLED), air=True) == 0
    assert found(lambda f: with_field(f.s, "mode", Mode.RATE)) == base | Sign.STICKS_ONLY
    assert found(lambda f: with_field(f.s, "mode", Mode.ANGLE)) == base | Sign.STICKS_ONLY
    assert found(pilot) == base | Sign.PILOT
    assert found(lambda f: pilot(f, is_kill_switch_on=1)) == base | Sign.PILOT | Sign.KILL | Sign.KILL_SWITCH
    assert found(lambda f: with_field(f.inputs.pilot, "is_kill_switch_on", 1)) == base
    assert found(lambda f: with_field(f.status, "mission_count", 1)) == base | Sign.MISSION
    assert found(lambda f: with_field(f.status, "is_home_set", 1)) == base | Sign.HOME
    assert found(lambda f: with_field(f.status, "is_done", 1)) == base | Sign.DONE


def test_it_rests_after_a_flight_and_idles_before_one():
    f = toy()
    f.s.landing.has_flown, f.s.landing.rest_s = 1, 0.5
    assert signs.is_resting(f.s, f.p)
    f.s.landing.rest_s = below(0.5)
    assert not signs.is_resting(f.s, f.p)
    f.s.landing.rest_s, f.s.landing.is_landed = 9.0, 0
    assert not signs.is_resting(f.s, f.p)
    f.s.landing.is_landed, f.s.landing.has_flown = 1, 0
    assert not signs.is_resting(f.s, f.p)
    f.s.landing.has_flown, f.p.arm.rest_s, f.s.landing.rest_s = 1, 0.0, 0.0
    assert signs.is_resting(f.s, f.p)
    f.p.arm.rest_s = -1.0
    assert not signs.is_resting(f.s, f.p)

    f = toy()
    f.s.armed_s = 15.0
    assert signs.is_idling(f.s, f.p)
    f.s.armed_s = below(15.0)
    assert not signs.is_idling(f.s, f.p)
    f.s.armed_s, f.s.landing.has_flown = 99.0, 1
    assert not signs.is_idling(f.s, f.p)


@pytest.mark.parametrize(
    ("kind", "uses", "argument", "meant"),
    [
        (Demand.ARM, 0, 0.0, Sign.ARM_WISH),
        (Demand.DISARM, 0, 1.0, Sign.DISARM_WISH),
        (Demand.DISARM, 1, 0.0, Sign.DISARM_WISH),
        (Demand.DISARM, 1, 1.0, Sign.DISARM_WISH | Sign.FORCED),
        (Demand.DISARM, 2, 1.0, Sign.DISARM_WISH),
        (Demand.ARM, 1, 1.0, Sign.ARM_WISH),
        (Demand.KILL, 1, 1.0, Sign.KILL),
        (Demand.LAND, 0, 0.0, 0),
    ],
)
def test_demands_ask_something_of_the_motors(kind, uses, argument, meant):
    f = toy()
    d = f.inputs.demand
    d.fresh, d.kind, d.uses, d.argument[0] = 1, int(kind), uses, argument
    assert signs.demand_signs(d) == meant
    d.fresh = 0
    assert signs.demand_signs(d) == 0


@pytest.mark.parametrize(
    ("fresh", "was", "now", "safe", "meant"),
    [
        (1, 0, 1, 1, Sign.ARM_WISH),
        (1, 0, 1, 0, 0),
        (1, 1, 1, 1, 0),
        (1, 0, 0, 1, 0),
        (1, 1, 0, 1, Sign.DISARM_WISH | Sign.BY_SWITCH),
        (0, 0, 1, 1, 0),
        (0, 1, 0, 1, 0),
    ],
)
def test_only_movements_of_the_arming_switch_mean_something(fresh, was, now, safe, meant):
    f = toy()
    f.inputs.pilot.fresh, f.inputs.pilot.is_arm_switch_on = fresh, now
    f.s.is_arm_switch_on, f.s.is_arm_switch_safe = was, safe

    assert signs.switch_signs(f.s, f.inputs.pilot) == meant


@pytest.mark.parametrize("place", range(8))
def test_a_demand_is_meant_when_its_numbers_are_numbers_and_others_do_not_matter(place):
    d = toy().inputs.demand
    d.uses, d.argument[place] = 1 << place, math.nan
    assert not signs.is_meant(d)

    d.uses = 255 & ~(1 << place)
    assert signs.is_meant(d)


# The motor test and other orders.


def asked(**change: float) -> ToyFlight:
    f = toy()
    f.s.rotors.count, d = 4, f.inputs.demand
    d.fresh, d.kind, d.index, d.argument[0], d.argument[1] = 1, int(Demand.MOTOR_TEST), 3, 0.1, 2.0
    for name, value in change.items():
        where = d if name in ("index", "kind") else f.s if name == "arming" else f.inputs.pilot
        setattr(where, name, value)
    return f


def objection(f: ToyFlight) -> int:
    return motor_test.objection(f.s, f.p.test, f.inputs.demand, f.inputs.pilot)


def test_a_motor_test_is_possible_up_to_its_limits():
    for throttle, seconds, why in (
        (0.3, 10.0, 0),
        (above(0.3), 10.0, Why.OUT_OF_RANGE),
        (0.3, above(10.0), Why.OUT_OF_RANGE),
        (0.0, 1e-9, 0),
        (below(0.0), 1.0, Why.OUT_OF_RANGE),
        (0.1, 0.0, Why.OUT_OF_RANGE),
        (math.inf, 1.0, Why.NOT_A_NUMBER),
        (0.1, math.nan, Why.NOT_A_NUMBER),
    ):
        f = asked()
        f.inputs.demand.argument[:2] = throttle, seconds
        assert objection(f) == why
    for index, why in ((0, 0), (3, 0), (4, Why.UNKNOWN), (-1, Why.UNKNOWN)):
        assert objection(asked(index=index)) == why
    f = asked(index=8)
    f.s.rotors.count = 99
    assert objection(f) == Why.UNKNOWN
    assert objection(asked(arming=Arming.KILLED)) == Why.NEEDS_DISARMED
    assert objection(asked(is_kill_switch_on=1)) == Why.KILL_SWITCH
    f = asked()
    f.s.landing.is_landed = 0
    assert objection(f) == Why.NEEDS_LANDED


def test_a_motor_test_begins_passes_and_ends_aloud():
    f = asked()
    orders.obey(f.s, f.p, f.inputs, f.status)
    assert (f.s.test.motor, f.s.test.throttle, f.s.test.left_s) == (3, 0.1, 2.0)
    assert (f.status.events[0], f.status.event_values[0]) == (Event.MOTOR_TEST, 3.0)
    f.status.events[:] = 0
    motor_test.step(f.s.test, f.status, False, 1.5)
    assert f.s.test.left_s == 0.5
    assert f.status.events[0] == 0
    motor_test.turn(f.s.test, f.command.motors)
    assert f.command.motors.motor.tolist() == [0.0, 0.0, 0.0, 0.1, 0.0, 0.0, 0.0, 0.0]
    motor_test.step(f.s.test, f.status, False, 0.5)
    assert (f.status.events[0], f.status.event_values[0]) == (Event.MOTOR_TEST, -1.0)
    f.status.events[:], f.command.motors.motor[:] = 0, 0.0
    motor_test.step(f.s.test, f.status, False, 0.5)
    motor_test.turn(f.s.test, f.command.motors)
    assert f.status.events[0] == 0
    assert f.s.test.left_s == 0.0
    assert not f.command.motors.motor.any()
    f.s.test.left_s = 5.0
    motor_test.step(f.s.test, f.status, True, DT)
    assert f.s.test.left_s == 0.0
    assert f.status.events[0] == Event.MOTOR_TEST


def test_a_refused_motor_test_says_why_and_leaves_a_running_one():
    f = asked(index=7)
    motor_test.begin(f.s, f.p.test, f.inputs.demand, f.inputs.pilot, f.status)

    assert f.status.events[0] == Event.DEMAND_REFUSED
    assert f.status.event_values[0] == Demand.MOTOR_TEST + WHY * Why.UNKNOWN
    assert f.s.test.left_s == 0.0


def must_end(change=lambda f: None) -> bool:
    f = toy()
    change(f)
    return bool(orders.must_end_test(f.s, f.p, f.inputs, f.estimate))


def demanding(kind: Demand, fresh: int = 1):
    return lambda f: (
        with_field(f.inputs.demand, "fresh", fresh),
        with_field(f.inputs.demand, "kind", int(kind)),
    )


def test_a_motor_test_must_end_when_somebody_or_the_vehicle_says_so():
    assert not must_end()
    assert must_end(demanding(Demand.DISARM))
    assert must_end(demanding(Demand.KILL))
    assert not must_end(demanding(Demand.ARM))
    assert not must_end(demanding(Demand.DISARM, fresh=0))
    assert not must_end(demanding(Demand.KILL, fresh=0))
    assert must_end(lambda f: with_field(f.s, "arming", Arming.KILLED))
    assert must_end(lambda f: with_field(f.s.landing, "is_landed", 0))
    assert must_end(lambda f: with_field(f.inputs.pilot, "is_kill_switch_on", 1))
    assert not must_end(lambda f: with_field(f.estimate, "omega_frd", (0.3, 0.4, 9.0)))
    assert must_end(lambda f: with_field(f.estimate, "omega_frd", (0.3, 0.4001, 0.0)))
    assert must_end(lambda f: with_field(f.estimate, "omega_frd", (-0.3001, 0.4, 0.0)))
    assert must_end(lambda f: with_field(f.estimate, "omega_frd", (math.nan, 0.0, 0.0)))


@pytest.mark.parametrize(("arming", "crashed"), [(Arming.ARMED, 1), (Arming.DISARMED, 0), (Arming.KILLED, 0)])
def test_disarming_once_more_says_that_a_crash_has_been_looked_at(arming, crashed):
    f = toy()
    demanding(Demand.DISARM)(f)
    f.s.is_crashed, f.s.arming = 1, arming
    orders.obey(f.s, f.p, f.inputs, f.status)

    assert f.s.is_crashed == crashed
    f.s.is_crashed = 0
    orders.obey(f.s, f.p, f.inputs, f.status)
    assert f.s.is_crashed == 0


def test_a_restart_is_passed_on_unless_armed():
    for arming, event, value in (
        (Arming.DISARMED, Event.REBOOT, 0.0),
        (Arming.KILLED, Event.REBOOT, 0.0),
        (Arming.ARMED, Event.DEMAND_REFUSED, Demand.REBOOT + WHY * Why.NEEDS_DISARMED),
    ):
        f = toy()
        demanding(Demand.REBOOT)(f)
        f.s.arming = arming
        orders.obey(f.s, f.p, f.inputs, f.status)
        assert (f.status.events[0], f.status.event_values[0]) == (event, value)


def test_there_are_eight_numbers_to_a_demand():
    d = toy().inputs.demand
    d.uses = 1 << 8

    assert signs.is_meant(d)
