"""The rows of what the supervisor watches for: health, rotors, fence, flight, motor test."""

import math
from typing import Any

from flight.parameter import Param

DEGREE = math.pi / 180.0


def row(
    id: str, path: str, unit: str, default: float, low: float, high: float, about: str, **more: Any
) -> Param:
    """Return a row of the supervisor's table."""
    return Param(id, f"supervisor.{path}", None, unit, default, low, high, about, **more)


# fmt: off
HEALTH = (
    row("ARM_STICK_MAX", "arm.stick", "", 0.25, 0.0, 1.0, "stick off centre that refuses arming"),
    row("ARM_GYR_BIAS", "arm.gyro_bias", "rad/s", 0.3, 0.0, 2.0, "larger gyro biases refuse arming"),
    row("ARM_ACC_BIAS", "arm.accel_bias", "m/s2", 1.0, 0.0, 10.0, "the same of the accelerometer"),
    row("ARM_MAG_LOW", "arm.field_low", "uT", 15.0, 0.0, 100.0, "weakest plausible magnetic field"),
    row("ARM_MAG_HIGH", "arm.field_high", "uT", 80.0, 0.0, 500.0, "strongest plausible field"),
    row("ARM_AID_AGE", "arm.aid_age_s", "s", 2.0, 0.1, 600.0, "compass or barometer silent for longer: gone"),
    row("ARM_POS_RATIO", "arm.ratio_place", "", 0.5, 0.0, 10.0, "test ratio of satellites that refuses"),
    row("ARM_HGT_RATIO", "arm.ratio_height", "", 1.0, 0.0, 10.0, "the same of the barometer"),
    row("ARM_YAW_RATIO", "arm.ratio_yaw", "", 0.5, 0.0, 10.0, "the same of the magnetometer"),
    row("ARM_NEED_LOG", "arm.needs_log", "", 0, 0, 1, "1: no arming without a running log", is_integer=True),
    row("HLT_SHAKE", "health.shake", "m/s2", 30.0, 1.0, 200.0, "RMS of the force that is vibration"),
    row("HLT_SHAKE_T", "health.shake_s", "s", 1.0, 0.01, 30.0, "time constant of that RMS"),
    row("HLT_CLIP", "health.clip_most", "", 0.01, 0.0, 1.0, "share of the IMU's samples beyond its range: too much"),
    row("HLT_CLIP_T", "health.clip_s", "s", 1.0, 0.01, 30.0, "time constant of that share"),
    row("HLT_MEAN_T", "health.shake_mean_s", "s", 0.2, 0.01, 10.0, "slower force is no vibration"),
    row("HLT_FORCE_T", "health.force_s", "s", 0.2, 0.0, 10.0, "time constant of the acceleration"),
    row("HLT_FROZEN_T", "health.frozen_s", "s", 0.1, 0.01, 10.0, "IMU silent or always the same: stuck"),
    row("HLT_LATE", "health.late", "", 0.05, 0.0, 1.0, "share of late ticks that is too much"),
    row("HLT_LATE_T", "health.late_s", "s", 1.0, 0.01, 30.0, "time constant of that share"),
    row("HLT_RATIO_T", "health.ratio_s", "s", 3.0, 0.0, 30.0, "time constant of test ratios"),
    row("HLT_RATIO_MAX", "health.ratio_most", "", 2.0, 1.0, 100.0, "a test ratio counts as no more than this"),
    row("HLT_FIELD_T", "health.field_s", "s", 0.5, 0.0, 30.0, "time constant of the field's strength"),
    row("ROT_LOSS", "rotor.share", "", 0.65, 0.2, 1.0, "missing part of a rotor's thrust that is a loss"),
    row("ROT_LOSS_T", "rotor.time_s", "s", 0.012, 0.0, 2.0, "for this long before it counts"),
    row("ROT_LOSS_TAU", "rotor.filter_s", "s", 0.015, 0.001, 1.0, "filter of angular acceleration"),
    row("ROT_LOSS_LATE", "rotor.late_s", "s", 0.01, 0.0, 0.1, "how late an inertial unit may be"),
    row("ROT_LOSS_USUAL", "rotor.usual_s", "s", 0.3, 0.05, 10.0, "what turns it for longer is no loss"),
    row("ROT_LOSS_MIN", "rotor.least", "", 0.5, 0.0, 2.0, "share of hover thrust too small to judge"),
    row("ROT_HEIGHT", "rotor.height", "m", 0.5, 0.0, 10.0, "lower than this, the ground may turn it: not judged"),
    row("ROT_SETTLE_T", "rotor.settle_s", "s", 0.5, 0.0, 10.0, "after take-off or a silent gyro, before judging"),
)
TEST = (
    row("MOT_TEST_MAX", "test.throttle", "", 0.3, 0.0, 1.0, "greatest throttle of a motor test"),
    row("MOT_TEST_T", "test.seconds", "s", 10.0, 0.1, 60.0, "longest motor test"),
    row("MOT_TEST_RATE", "test.rate", "rad/s", 0.5, 0.05, 10.0, "a turn that ends a motor test"),
)
FENCE = (
    row("FENCE_ALT_MAX", "fence.height_max", "m", 0.0, 0.0, 10000.0, "greatest height; 0: none"),
    row("FENCE_DIST_MAX", "fence.distance_max", "m", 0.0, 0.0, 1e5, "farthest from home; 0: any"),
    row("FENCE_MARGIN", "fence.margin", "m", 2.0, 0.0, 50.0, "where it is to stop before the fence"),
    row("FENCE_SLACK", "fence.slack", "m", 0.2, 0.0, 10.0, "approaching by less is standing"),
    row("FENCE_ACC", "fence.acc", "m/s2", 3.0, 0.3, 20.0, "braking the fence counts on"),
    row("FENCE_ACC_Z", "fence.acc_z", "m/s2", 2.0, 0.3, 20.0, "the same up and down"),
    row("FENCE_DELAY", "fence.delay_s", "s", 0.5, 0.0, 5.0, "time before braking begins"),
    row("FENCE_EVERY", "fence.period_s", "s", 0.02, 0.0, 1.0, "how often to look"),
)
FLIGHT = (
    row("FLT_CRASH_ANG", "flight.crash_angle", "rad", 30.0 * DEGREE, 0.1, 3.1, "attitude error of a crash"),
    row("FLT_CRASH_VEL", "flight.crash_speed", "m/s", 10.0, 0.1, 50.0, "a crashed one is slower"),
    row("FLT_CRASH_ACC", "flight.crash_acc", "m/s2", 3.0, 0.1, 30.0, "and accelerated by less"),
    row("FLT_RUN_RATE", "flight.runaway_rate", "rad/s", 6.0, 0.5, 40.0, "tilt rate of a runaway take-off"),
    row("FLT_RUN_ANG", "flight.runaway_angle", "rad", 45.0 * DEGREE, 0.1, 3.2, "attitude error of a runaway take-off"),
    row("FLT_THR_FULL", "flight.thrust_full", "", 0.9, 0.3, 1.0, "collective that is all there is"),
    row("FLT_THR_SINK", "flight.thrust_sink", "m/s", 1.0, 0.1, 20.0, "sinking in spite of it"),
    row("FLT_THR_CLIMB", "flight.thrust_climb", "m/s", 0.2, 0.0, 5.0, "when it is to climb: no faster climb with it"),
    row("FLT_YAW_SHARE", "flight.yaw_share", "", 0.75, 0.1, 1.0, "yaw integral's part that is too much"),
    row("FLT_SPIN_RATE", "flight.spin_rate", "rad/s", 3.0, 0.5, 40.0, "yaw rate that is off by too much"),
    row("FLT_AWAY_DIST", "flight.away", "m", 20.0, 5.0, 1e4, "behind its setpoint by this much: off course"),
    row("FLT_WIND_MAX", "flight.wind", "m/s", 15.0, 0.0, 100.0, "wind that is too much"),
    row("FLT_TIME_MAX", "flight.longest_s", "s", 0.0, 0.0, 1e5, "longest flight; 0: any"),
    row("BATT_AGE", "battery.age_s", "s", 5.0, 0.1, 600.0, "voltage silent for longer: unknown"),
    row("BATT_SLOPE_T", "battery.slope_s", "s", 30.0, 1.0, 600.0, "time over which the fall is seen"),
    row("BATT_STEP_V", "battery.step_v", "V", 0.06, 0.0, 1.0, "further from its average, a voltage has jumped"),
    row("BATT_HOME_VEL", "battery.home_speed", "m/s", 4.0, 0.5, 30.0, "speed to count on homewards"),
    row("BATT_SINK_VEL", "battery.sink_speed", "m/s", 1.0, 0.1, 10.0, "speed to count on downwards"),
    row("BATT_RESERVE_T", "battery.reserve_s", "s", 20.0, 0.0, 600.0, "to be left at home"),
)
# fmt: on
