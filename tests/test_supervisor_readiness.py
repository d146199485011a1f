"""Before arming: what refuses at which number, what the switches and the operator ask, what ends a motor test."""

import math

import pytest

from flight.inputs import BridgeFault, LogState
from flight.modes import Arming, Mode, Refusal
from flight.quaternion import quat, tilt_of
from flight.supervisor import readiness, signs
from flight.supervisor.health import BARO, MAG, MOCAP
from flight.supervisor.table import Sign
from tests.supervisor_rig import above, below, in_plain_python, leaning, toy
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


LIMITS = [
    (lambda f, v: setattr(f.s, "cell_v", v), 3.55, -1, Refusal.BATTERY),
    (lambda f, v: setattr(f.s, "battery_quiet_s", v), 5.0, 1, Refusal.BATTERY),
    (lambda f, v: setattr(f.inputs.pilot, "throttle", v), 0.08, 1, Refusal.THROTTLE),
    (lambda f, v: setattr(f.inputs.pilot, "roll", v), 0.25, 1, Refusal.STICKS),
    (lambda f, v: setattr(f.inputs.pilot, "pitch", v), -0.25, -1, Refusal.STICKS),
    (lambda f, v: setattr(f.inputs.pilot, "yaw", v), 0.25, 1, Refusal.STICKS),
    (lambda f, v: setattr(f.s.health, "frozen_s", v), 0.1, 1, Refusal.SENSOR),
    (lambda f, v: setattr(f.estimate, "v_ned", (0.0, v, 0.0)), 1.0, 1, Refusal.MOVING),
    (lambda f, v: setattr(f.estimate, "omega_frd", (0.0, 0.0, v)), 0.35, 1, Refusal.MOVING),
    (lambda f, v: setattr(f.estimate, "gyro_bias_frd", (0.0, v, 0.0)), 0.3, 1, Refusal.CALIBRATION),
    (lambda f, v: setattr(f.estimate, "accel_bias_frd", (v, 0.0, 0.0)), 1.0, 1, Refusal.CALIBRATION),
    (lambda f, v: setattr(f.s.health, "force", v), 1.0, 1, Refusal.CALIBRATION),
    (lambda f, v: setattr(f.s.health, "field_ut", v), 15.0, -1, Refusal.COMPASS),
    (lambda f, v: setattr(f.s.health, "field_ut", v), 80.0, 1, Refusal.COMPASS),
    (lambda f, v: setattr(f.s.health, "ratios", (0.0, 0.0, v)), 0.5, 1, Refusal.COMPASS),
    (lambda f, v: setattr(f.s.health, "ratios", (v, 0.0, 0.0)), 0.5, 1, Refusal.PLACE),
    (lambda f, v: setattr(f.s.health, "ratios", (0.0, v, 0.0)), 1.0, 1, Refusal.HEIGHT),
    (lambda f, v: setattr(f.s.health, "late", v), 0.05, 1, Refusal.LOOP),
    (lambda f, v: setattr(f.p.battery, "critical_v", v), 3.5, 1, Refusal.THRESHOLDS),
    (lambda f, v: setattr(f.p.battery, "emergency_v", v), 3.4, 1, Refusal.THRESHOLDS),
    (lambda f, v: setattr(f.p.arm, "cell_v", v), 3.4, -1, Refusal.THRESHOLDS),
    (lambda f, v: setattr(f.s.test, "left_s", v), 0.0, 1, Refusal.MOTOR_TEST),
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
    (lambda f: setattr(f.estimate, "is_attitude_valid", 0), Refusal.ESTIMATOR),
    (lambda f: setattr(f.inputs.imu, "gyro_frd", (0.0, math.nan, 0.0)), Refusal.SENSOR),
    (lambda f: setattr(f.inputs.imu, "accel_frd", (0.0, 0.0, math.nan)), Refusal.SENSOR),
    (lambda f: setattr(f.inputs.imu, "accel_frd", (0.0, 0.0, 0.0)), Refusal.SENSOR),
    (lambda f: setattr(f.inputs.imu, "t_us", 9_899_999), Refusal.SENSOR),
    (lambda f: setattr(f.inputs.pilot, "throttle", math.nan), Refusal.THROTTLE),
    (lambda f: setattr(f.inputs.pilot, "roll", math.nan), Refusal.STICKS),
    (lambda f: setattr(f.inputs.pilot, "pitch", math.nan), Refusal.STICKS),
    (lambda f: setattr(f.inputs.pilot, "yaw", math.nan), Refusal.STICKS),
    (lambda f: setattr(f.inputs.pilot, "is_kill_switch_on", 1), Refusal.KILL_SWITCH),
    (lambda f: setattr(f.inputs.mag, "t_us", 7_999_999), Refusal.COMPASS),
    (lambda f: setattr(f.inputs.link, "bridge_age_us", 500_001), Refusal.LINK),
    (lambda f: setattr(f.inputs.system, "log_state", int(LogState.STOPPED)), Refusal.LOG),
    (lambda f: setattr(f.inputs.system, "bridge_faults", int(BridgeFault.OUTPUTS)), Refusal.BRIDGE),
    (lambda f: setattr(f.s.fence, "is_sound", 0), Refusal.FENCE),
    (lambda f: setattr(f.s.fence, "is_breached", 1), Refusal.FENCE),
    (lambda f: setattr(f.s, "is_crashed", 1), Refusal.CRASHED),
    (lambda f: setattr(f.s, "arming", Arming.KILLED), Refusal.KILLED),
    (lambda f: setattr(f.s, "battery_seen", 0), Refusal.BATTERY),
    (
        lambda f: (setattr(f.s.health, "aids", 1 << BARO), setattr(f.s.health, "ratios", (0.0, 0.0, 9.0))),
        Refusal.COMPASS,
    ),
    (
        lambda f: (setattr(f.s.health, "aids", 1 << MAG), setattr(f.s.health, "ratios", (0.0, 9.0, 0.0))),
        Refusal.HEIGHT,
    ),
    (
        lambda f: (
            setattr(f.s.health, "aids", 1 << MOCAP | 1 << BARO),
            setattr(f.s.health, "ratios", (0.0, 9.0, 0.0)),
        ),
        Refusal.HEIGHT,
    ),
    (
        lambda f: (setattr(f.p.fence, "height_max", 0.1), setattr(f.estimate, "is_altitude_valid", 0)),
        Refusal.FENCE,
    ),
]


@pytest.mark.parametrize("case", range(len(STATES)))
def test_what_is_not_in_order_is_refused_by_its_name(case):
    spoil, reason = STATES[case]
    f = ready()
    spoil(f)

    assert refused(f) == reason


NAN = math.nan
NO_NUMBERS = [
    (lambda f: setattr(f.estimate, "q_ned_frd", (1.0, NAN, 0.0, 0.0)), Refusal.ESTIMATOR | Refusal.TILT),
    (lambda f: setattr(f.estimate, "omega_frd", (0.0, NAN, 0.0)), Refusal.ESTIMATOR | Refusal.MOVING),
    (lambda f: setattr(f.estimate, "v_ned", (0.0, NAN, 0.0)), Refusal.ESTIMATOR | Refusal.MOVING),
    (lambda f: setattr(f.estimate, "p_ned", (0.0, 0.0, NAN)), Refusal.ESTIMATOR),
    (lambda f: setattr(f.estimate, "a_ned", (NAN, 0.0, 0.0)), Refusal.ESTIMATOR),
    (lambda f: setattr(f.estimate, "gyro_bias_frd", (0.0, NAN, 0.0)), Refusal.CALIBRATION),
    (lambda f: setattr(f.estimate, "accel_bias_frd", (0.0, 0.0, NAN)), Refusal.CALIBRATION),
    (lambda f: setattr(f.s.health, "force", NAN), Refusal.CALIBRATION),
    (lambda f: setattr(f.s.health, "field_ut", NAN), Refusal.COMPASS),
    (lambda f: setattr(f.s.health, "ratios", (NAN, 0.0, 0.0)), Refusal.PLACE),
    (lambda f: setattr(f.s.health, "ratios", (0.0, NAN, 0.0)), Refusal.HEIGHT),
    (lambda f: setattr(f.s.health, "ratios", (0.0, 0.0, NAN)), Refusal.COMPASS),
    (lambda f: setattr(f.s.health, "late", NAN), Refusal.LOOP),
    (lambda f: setattr(f.inputs.mag, "field_ut_frd", (0.0, NAN, 0.0)), Refusal.COMPASS),
    (
        lambda f: (
            setattr(f.inputs.mag, "field_ut_frd", (NAN, 0.0, 0.0)),
            setattr(f.s.health, "has_field", 0),
        ),
        Refusal.COMPASS,
    ),
    (lambda f: setattr(f.inputs.baro, "pressure_pa", NAN), Refusal.HEIGHT),
    (lambda f: setattr(f.s, "cell_v", NAN), Refusal.BATTERY),
    (lambda f: setattr(f.p.battery, "low_v", NAN), Refusal.THRESHOLDS),
    (lambda f: setattr(f.p.battery, "emergency_v", NAN), Refusal.THRESHOLDS),
    (lambda f: setattr(f.p.arm, "cell_v", NAN), Refusal.THRESHOLDS | Refusal.BATTERY),
]


@pytest.mark.parametrize("case", range(len(NO_NUMBERS)))
def test_what_is_no_number_is_refused_by_the_name_of_what_it_should_tell(case):
    spoil, reason = NO_NUMBERS[case]
    f = ready()
    spoil(f)

    assert refused(f) == reason


FINE = [
    lambda f: setattr(f.inputs.imu, "t_us", 9_900_000),
    lambda f: setattr(f.inputs.mag, "t_us", 8_000_000),
    lambda f: setattr(f.inputs.mag, "t_us", 0),
    lambda f: (setattr(f.inputs.mag, "t_us", 0), setattr(f.inputs.mag, "field_ut_frd", (NAN, 0.0, 0.0))),
    lambda f: (setattr(f.s.health, "aids", 1 << MOCAP), setattr(f.inputs.mag, "field_ut_frd", (NAN,) * 3)),
    lambda f: (setattr(f.s.health, "aids", 1 << MOCAP), setattr(f.inputs.baro, "pressure_pa", NAN)),
    lambda f: setattr(f.inputs.system, "log_state", int(LogState.RUNNING)),
    lambda f: (
        setattr(f.estimate, "v_ned", (9.0, 0.0, 0.0)),
        setattr(f.estimate, "is_velocity_valid", 0),
    ),
    lambda f: (setattr(f.s.health, "has_field", 0), setattr(f.s.health, "field_ut", 0.0)),
    lambda f: (setattr(f.s.health, "aids", 1 << MOCAP), setattr(f.s.health, "field_ut", 0.0)),
    lambda f: (setattr(f.s.health, "aids", 1 << MOCAP), setattr(f.s.health, "ratios", (0.0, 9.0, 9.0))),
    lambda f: (setattr(f.s.health, "aids", 1 << MAG), setattr(f.inputs.baro, "t_us", 8_000_000)),
    lambda f: (setattr(f.s.health, "aids", 1 << MAG), setattr(f.inputs.baro, "t_us", 0)),
    lambda f: (setattr(f.s.health, "aids", 1 << MOCAP), setattr(f.inputs.baro, "t_us", 1)),
    lambda f: (setattr(f.s, "battery_seen", 0), setattr(f.p.arm, "needs_battery", 0)),
    lambda f: (setattr(f.s, "pilot_seen", 0), setattr(f.inputs.pilot, "throttle", 1.0)),
    lambda f: (setattr(f.s, "mode", Mode.HOLD), setattr(f.inputs.pilot, "throttle", 1.0)),
    lambda f: (setattr(f.s, "mode", Mode.HOLD), setattr(f.inputs.pilot, "roll", 1.0)),
    lambda f: (setattr(f.s, "pilot_seen", 0), setattr(f.inputs.pilot, "yaw", 1.0)),
    lambda f: (setattr(f.s, "mode", Mode.POSITION), setattr(f.inputs.pilot, "throttle", 0.6)),
    lambda f: setattr(f.inputs.pilot, "is_arm_switch_on", 1),
    lambda f: setattr(f.s, "is_arm_switch_safe", 0),
    lambda f: setattr(f.estimate, "is_position_valid", 0),
    lambda f: setattr(f.estimate, "is_altitude_valid", 0),
    lambda f: (setattr(f.p.fence, "height_max", 0.1), setattr(f.estimate, "is_position_valid", 0)),
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


def test_there_are_eight_numbers_to_a_demand():
    d = toy().inputs.demand
    d.uses = 1 << 8

    assert signs.is_meant(d)
