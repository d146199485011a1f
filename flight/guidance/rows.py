"""The guidance's rows of the parameter table: how fast, how hard, how high."""

import math

from flight.parameter import Param

DEGREE = math.pi / 180.0

# fmt: off
LIMITS = (
    Param("MPC_XY_CRUISE", "guidance.cruise", None, "m/s", 5.0, 0.5, 20.0, "speed between waypoints"),
    Param("NAV_XY_SPEED", "guidance.speed_xy", None, "m/s", 10.0, 0.5, 30.0, "highest speed over ground"),
    Param("NAV_UP_SPEED", "guidance.speed_up", None, "m/s", 3.0, 0.2, 15.0, "highest climb speed"),
    Param("NAV_DOWN_SPEED", "guidance.speed_down", None, "m/s", 3.0, 0.2, 10.0, "highest descent speed"),
    Param("NAV_XY_ACC", "guidance.acc_xy", None, "m/s2", 4.0, 0.5, 20.0,
        "acceleration of setpoints, each horizontal axis"),
    Param("NAV_Z_ACC", "guidance.acc_z", None, "m/s2", 3.0, 0.5, 15.0, "vertical acceleration of setpoints"),
    Param("NAV_XY_JERK", "guidance.jerk_xy", None, "m/s3", 12.0, 1.0, 200.0, "jerk of setpoints, each horizontal axis"),
    Param("NAV_Z_JERK", "guidance.jerk_z", None, "m/s3", 20.0, 1.0, 200.0, "vertical jerk of setpoints"),
    Param("NAV_YAW_RATE", "guidance.yaw_rate", None, "rad/s", 90.0 * DEGREE, 0.1, 10.0, "fastest turn to a heading"),
    Param("NAV_YAW_ACC", "guidance.yaw_acc", None, "rad/s2", 180.0 * DEGREE, 0.2, 50.0,
        "yaw acceleration of setpoints"),
    Param("NAV_YAW_JERK", "guidance.yaw_jerk", None, "rad/s3", 20.0, 1.0, 500.0, "yaw jerk of setpoints"),
    Param("NAV_BRAKE_ACC", "guidance.brake_acc", None, "m/s2", 6.0, 0.5, 20.0, "acceleration of BRAKE mode"),
    Param("NAV_BRAKE_JERK", "guidance.brake_jerk", None, "m/s3", 30.0, 1.0, 200.0, "jerk of BRAKE mode"),
    Param("NAV_YAW_TOL", "guidance.yaw_tolerance", None, "rad", 0.1, 0.01, 1.0, "a heading this near is reached"),
    Param("NAV_PLAN_T", "guidance.plan_s", None, "s", 0.004, 0.0, 0.05, "how often the jerk is chosen anew"),
    Param("NAV_SLOW_ERR", "guidance.error_slow", None, "m", 1.5, 0.1, 20.0,
        "behind by this much, the setpoint slows down"),
    Param("NAV_STOP_ERR", "guidance.error_stop", None, "m", 4.0, 0.2, 50.0, "behind by this much, the setpoint waits"),
    Param("NAV_PACE_RATE", "guidance.pace_rate", None, "1/s", 2.0, 0.1, 50.0,
        "how fast the setpoint's pace may change"),
    Param("NAV_JUMP_DIST", "guidance.jump_m", None, "m", 0.3, 0.05, 10.0,
        "an estimate's step that moves the setpoint along"),
    Param("NAV_JUMP_YAW", "guidance.jump_yaw", None, "rad", 0.1, 0.02, 3.0,
        "a heading's step that turns the setpoint along"),
)
MISSION = (
    Param("MIS_TAKEOFF_ALT", "guidance.takeoff_height", None, "m", 2.5, 0.3, 120.0,
        "take-off height when none is given"),
    Param("RTL_RETURN_ALT", "guidance.return_height", None, "m", 20.0, 0.0, 150.0, "height above home to return at"),
    Param("RTL_NEAR_DIST", "guidance.return_near", None, "m", 5.0, 0.0, 100.0,
        "closer to home than this, return without climbing"),
    Param("NAV_ACC_RAD", "guidance.acceptance", None, "m", 0.8, 0.05, 10.0,
        "a waypoint is passed within this distance"),
    Param("NAV_LOITER_RAD", "guidance.loiter_radius", None, "m", 5.0, 0.5, 100.0, "radius of a mission item's turns"),
    Param("NAV_YAW_MODE", "guidance.yaw_mode", None, "", 1, 0, 1, "0: keep the heading, 1: face the way", True),
    Param("NAV_RAMP_T", "guidance.ramp_s", None, "s", 3.0, 0.1, 20.0, "time to bring a curve to its speed"),
    Param("TKO_SPOOL_T", "guidance.spool_s", None, "s", 0.5, 0.0, 5.0,
        "time for the motors to spin up before take-off"),
    Param("NAV_STOP_RAD", "guidance.arrival", None, "m", 0.3, 0.05, 5.0,
        "a goal to stop at is reached within this distance"),
    Param("NAV_STOP_T", "guidance.patience_s", None, "s", 5.0, 0.5, 300.0,
        "when the setpoint has waited for this long, within NAV_STOP_ERR will do"),
    Param("NAV_YAW_DIST", "guidance.journey", None, "m", 2.0, 0.1, 50.0, "shorter ways do not turn the heading"),
)
LANDING = (
    Param("LAND_SPEED", "guidance.land_speed", None, "m/s", 0.7, 0.1, 2.0, "descent speed near the ground"),
    Param("LAND_SLOW_ALT", "guidance.land_slow_height", None, "m", 2.0, 0.3, 20.0,
        "height below which to descend slowly"),
    Param("LAND_BRAKE", "guidance.land_brake", None, "m/s2", 1.5, 0.2, 5.0, "braking of the fast descent"),
    Param("LAND_TOUCH_THR", "guidance.touch_thrust", None, "", 0.5, 0.05, 0.9,
        "share of hover thrust too small to fly"),
    Param("LAND_TOUCH_VZ", "guidance.touch_speed", None, "m/s", 0.35, 0.05, 2.0,
        "not falling faster on it is standing"),
    Param("LAND_TOUCH_FALL", "guidance.touch_fall", None, "m/s", 1.2, 0.1, 5.0, "falling faster is flying after all"),
    Param("LAND_TOUCH_T", "guidance.touch_time", None, "s", 0.1, 0.02, 5.0, "standing for this long idles the motors"),
    Param("LAND_TOUCH_ACC", "guidance.touch_force", None, "", 0.45, 0.05, 1.0,
        "share of the weight that the ground carries"),
    Param("LAND_TOUCH_TAU", "guidance.touch_filter", None, "s", 0.1, 0.0, 1.0, "time constant of feeling the ground"),
    Param("LAND_OPEN_THR", "guidance.open_thrust", None, "", 0.95, 0.5, 1.0,
        "share of hover thrust to descend blindly with"),
    Param("LAND_SPIN_RATE", "guidance.spin_rate", None, "rad/s", 1.5, 0.1, 20.0, "yawing faster, a rotor lost"),
    Param("LAND_SPIN_BRAKE", "guidance.spin_brake", None, "rad s/m", 0.05, 0.0, 1.0,
        "lean against drift then, or without a valid velocity"),
    Param("LAND_SPIN_TILT", "guidance.spin_tilt", None, "rad", 0.15, 0.0, 0.8, "most of that lean"),
    Param("LAND_OPEN_RATE", "guidance.open_rate", None, "1/s", 0.02, 0.0, 0.5, "how fast that share shrinks"),
    Param("LAND_HOVER_THR", "guidance.hover_thrust", None, "", 0.4, 0.05, 0.9,
        "hover thrust until one has been learnt"),
)
PILOT = (
    Param("PIL_TILT_MAX", "guidance.pilot.tilt", None, "rad", 35.0 * DEGREE, 0.1, 1.4, "tilt at full stick"),
    Param("PIL_RATE_MAX", "guidance.pilot.rate", None, "rad/s", 400.0 * DEGREE, 0.5, 35.0,
        "roll and pitch rate at full stick"),
    Param("PIL_YAW_MAX", "guidance.pilot.yaw_rate", None, "rad/s", 150.0 * DEGREE, 0.2, 20.0, "yaw rate at full stick"),
    Param("PIL_YAW_ACC", "guidance.pilot.yaw_acc", None, "rad/s2", 10.0, 0.5, 100.0, "yaw acceleration by stick"),
    Param("PIL_XY_SPEED", "guidance.pilot.speed_xy", None, "m/s", 6.0, 0.5, 30.0, "speed at full stick"),
    Param("PIL_EXPO", "guidance.pilot.expo", None, "", 0.3, 0.0, 1.0, "share of the cube in stick travel"),
    Param("PIL_RATE_EXPO", "guidance.pilot.rate_expo", None, "", 0.6, 0.0, 1.0, "the same in RATE mode"),
    Param("PIL_DEADZONE", "guidance.pilot.deadzone", None, "", 0.05, 0.0, 0.5,
        "stick travel around the centre that means nothing"),
    Param("PIL_THR_MAX", "guidance.pilot.thrust", None, "", 1.0, 0.3, 1.0, "collective at full throttle stick"),
    Param("PIL_YAW_LEAD", "guidance.pilot.yaw_lead", None, "rad", 0.6, 0.1, 3.0,
        "how far the heading setpoint may run ahead"),
)
# fmt: on
ROWS: tuple[Param, ...] = (*LIMITS, *MISSION, *LANDING, *PILOT)
