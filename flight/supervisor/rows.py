"""The supervisor's rows of the parameter table: when to refuse, when to worry, what to do then."""

import math

from flight.modes import Action, Failsafe
from flight.parameter import Param
from flight.supervisor.watch_rows import FENCE, FLIGHT, HEALTH, TEST

DEGREE = math.pi / 180.0
ACTIONS = "0 warn, 1 hold, 2 return, 3 land, 5 terminate, 6 disarm"

ARMING = (
    Param(
        "ARM_TILT_MAX",
        "supervisor.arm.tilt",
        None,
        "rad",
        25.0 * DEGREE,
        0.02,
        3.2,
        "more tilt than this refuses arming",
    ),
    Param(
        "ARM_RATE_MAX",
        "supervisor.arm.rate",
        None,
        "rad/s",
        0.35,
        0.02,
        10.0,
        "turning faster than this refuses arming",
    ),
    Param(
        "ARM_SPEED_MAX",
        "supervisor.arm.speed",
        None,
        "m/s",
        1.0,
        0.05,
        30.0,
        "moving faster than this refuses arming",
    ),
    Param(
        "ARM_THR_MAX",
        "supervisor.arm.throttle",
        None,
        "",
        0.08,
        0.0,
        0.5,
        "throttle stick above which RATE and ANGLE refuse",
    ),
    Param(
        "ARM_THR_MID",
        "supervisor.arm.throttle_mid",
        None,
        "",
        0.6,
        0.0,
        1.0,
        "the same for ALTITUDE and POSITION",
    ),
    Param(
        "ARM_NEED_PILOT",
        "supervisor.arm.needs_pilot",
        None,
        "",
        0,
        0,
        1,
        "1: no arming without a pilot receiver",
        True,
    ),
    Param(
        "ARM_NEED_BATT",
        "supervisor.arm.needs_battery",
        None,
        "",
        1,
        0,
        1,
        "1: no arming without battery voltage",
        True,
    ),
    Param(
        "ARM_BATT_V",
        "supervisor.arm.cell_v",
        None,
        "V",
        3.55,
        2.0,
        4.5,
        "cell voltage below which arming is refused",
    ),
    Param(
        "COM_DISARM_PRFLT",
        "supervisor.arm.idle_s",
        None,
        "s",
        10.0,
        -1.0,
        600.0,
        "disarm when armed for this long without taking off; 0 or negative: never",
    ),
    Param(
        "ARM_IMU_AGE",
        "supervisor.arm.imu_age_s",
        None,
        "s",
        0.1,
        0.005,
        2.0,
        "older IMU samples count as missing",
    ),
    Param(
        "COM_DISARM_LAND",
        "supervisor.arm.rest_s",
        None,
        "s",
        0.5,
        -1.0,
        60.0,
        "disarm this long after landing; 0 or negative: never",
    ),
)
BATTERY = (
    Param("BATT_LOW_V", "supervisor.battery.low_v", None, "V", 3.5, 2.0, 4.5, "cell voltage that is low"),
    Param(
        "BATT_CRIT_V",
        "supervisor.battery.critical_v",
        None,
        "V",
        3.4,
        2.0,
        4.5,
        "cell voltage that is critical",
    ),
    Param(
        "BATT_EMERG_V",
        "supervisor.battery.emergency_v",
        None,
        "V",
        3.3,
        2.0,
        4.5,
        "cell voltage that ends the flight",
    ),
    Param(
        "BATT_FILTER_T",
        "supervisor.battery.filter_s",
        None,
        "s",
        1.0,
        0.0,
        30.0,
        "time constant of the cell voltage",
    ),
)
LANDING = (
    Param(
        "LND_THRUST",
        "supervisor.land.thrust",
        None,
        "",
        0.5,
        0.05,
        0.9,
        "share of hover thrust that cannot carry the vehicle",
    ),
    Param(
        "LND_Z_SPEED",
        "supervisor.land.speed_z",
        None,
        "m/s",
        0.3,
        0.05,
        2.0,
        "vertical speed of a vehicle that stands",
    ),
    Param(
        "LND_XY_SPEED",
        "supervisor.land.speed_xy",
        None,
        "m/s",
        1.0,
        0.1,
        10.0,
        "speed over ground of a vehicle that stands",
    ),
    Param(
        "LND_ACC",
        "supervisor.land.acc",
        None,
        "m/s2",
        1.5,
        0.2,
        9.0,
        "specific force from 1 g of a vehicle that stands",
    ),
    Param(
        "LND_RATE",
        "supervisor.land.rate",
        None,
        "rad/s",
        0.5,
        0.05,
        5.0,
        "body rate of a vehicle that stands",
    ),
    Param("LND_T", "supervisor.land.quiet_s", None, "s", 0.5, 0.05, 10.0, "standing for this long is landed"),
    Param(
        "LND_SPENT_T",
        "supervisor.land.spent_s",
        None,
        "s",
        3.0,
        0.5,
        30.0,
        "thrust of THR_MIN or below LND_SPENT_THR for this long is landed, pilot modes apart",
    ),
    Param(
        "LND_SPENT_THR",
        "supervisor.land.spent_thrust",
        None,
        "",
        0.25,
        0.0,
        0.6,
        "share of hover thrust on which nothing stays up",
    ),
    Param(
        "LND_FILTER_T",
        "supervisor.land.filter_s",
        None,
        "s",
        0.1,
        0.0,
        2.0,
        "time constant of force and rate for landing",
    ),
    Param(
        "LND_TKO_THRUST",
        "supervisor.land.lift_thrust",
        None,
        "",
        0.6,
        0.1,
        1.5,
        "share of hover thrust that may lift off",
    ),
    Param(
        "LND_TKO_CLIMB", "supervisor.land.lift_m", None, "m", 0.2, 0.02, 5.0, "climbed this far is taken off"
    ),
    Param(
        "LND_TKO_T",
        "supervisor.land.lift_s",
        None,
        "s",
        1.0,
        0.1,
        10.0,
        "carried by full hover thrust for this long, too",
    ),
    Param(
        "LND_HOVER_THR",
        "supervisor.land.hover",
        None,
        "",
        0.4,
        0.05,
        0.9,
        "hover thrust until one has been learnt",
    ),
)
LIMITS = (
    Param(
        "FS_TILT_MAX",
        "supervisor.tilt_max",
        None,
        "rad",
        80.0 * DEGREE,
        0.5,
        3.2,
        "more tilt than this is a failure, except in RATE",
    ),
    Param(
        "FS_EARLY_T",
        "supervisor.early_s",
        None,
        "s",
        3.0,
        0.0,
        60.0,
        "that failure this soon after take-off disarms",
    ),
    Param(
        "FS_CRASH_T", "supervisor.crash_s", None, "s", 2.0, 0.2, 60.0, "that failure for this long disarms"
    ),
    Param(
        "FS_BLIND_T",
        "supervisor.blind_s",
        None,
        "s",
        3.0,
        0.5,
        60.0,
        "attitude unknown for this long: it has come down, the motors stop",
    ),
    Param(
        "FS_CLEAR_T", "supervisor.clear_s", None, "s", 1.0, 0.0, 60.0, "a trouble gone for this long is over"
    ),
    Param(
        "FS_VIBE_CLR_T",
        "supervisor.shaken_s",
        None,
        "s",
        15.0,
        0.0,
        300.0,
        "vibration gone for this long is over",
    ),
    Param(
        "FS_WAIT_T",
        "supervisor.wait_s",
        None,
        "s",
        5.0,
        0.0,
        300.0,
        "hold this long before acting on a lost link",
    ),
    Param(
        "FS_PILOT_ALL",
        "supervisor.pilot_all",
        None,
        "",
        1,
        0,
        1,
        "1: the pilot's link counts in every mode, 0: only where the sticks fly",
        True,
    ),
    Param(
        "MODE_BOOT",
        "supervisor.boot_mode",
        None,
        "",
        5,
        1,
        5,
        "mode after start: 1 rate to 4 position, 5 hold",
        True,
    ),
)


def trouble(bit, hold_id, hold_s, action_id, action, about, low=0):
    """Return the two rows of one failsafe: how long before it counts, and what then."""
    place = int(bit).bit_length() - 1
    seconds = Param(
        hold_id,
        "supervisor.hold_s",
        place,
        "s",
        hold_s,
        0.0,
        300.0,
        f"{about}: for this long before it counts",
    )
    return seconds, Param(
        action_id, "supervisor.action", place, "", int(action), low, 6, f"{about}: {ACTIONS}", True
    )


TROUBLES = (
    *trouble(Failsafe.PILOT_LOST, "FS_PILOT_T", 0.5, "NAV_RCL_ACT", Action.RETURN, "pilot's link lost", 1),
    *trouble(Failsafe.GROUND_LOST, "FS_GROUND_T", 5.0, "NAV_DLL_ACT", Action.WARN, "ground link lost"),
    *trouble(
        Failsafe.OFFBOARD_LOST, "COM_OF_LOSS_T", 1.0, "FS_OFFBD_ACT", Action.HOLD, "offboard stream lost", 1
    ),
    *trouble(Failsafe.BATTERY_LOW, "FS_BLOW_T", 5.0, "FS_BLOW_ACT", Action.WARN, "battery low"),
    *trouble(Failsafe.BATTERY_CRITICAL, "FS_BCRIT_T", 3.0, "FS_BCRIT_ACT", Action.RETURN, "battery critical"),
    *trouble(Failsafe.BATTERY_EMERGENCY, "FS_BEMERG_T", 2.0, "FS_BEMERG_ACT", Action.LAND, "battery empty"),
    *trouble(Failsafe.ESTIMATOR, "FS_EST_T", 0.2, "FS_EST_ACT", Action.LAND, "attitude unknown"),
    *trouble(
        Failsafe.POSITION_LOST, "FS_POS_T", 0.5, "FS_POS_ACT", Action.WARN, "position lost, mode falls back"
    ),
    *trouble(Failsafe.TILT, "FS_TILT_T", 0.3, "FS_TILT_ACT", Action.WARN, "tilted too far"),
    *trouble(Failsafe.NOT_A_NUMBER, "FS_NAN_T", 0.05, "FS_NAN_ACT", Action.TERMINATE, "numbers lost"),
    *trouble(Failsafe.BRIDGE_LOST, "FS_BRIDGE_T", 0.5, "FS_BRIDGE_ACT", Action.LAND, "bridge lost"),
    *trouble(Failsafe.VIBRATION, "FS_VIBE_T", 1.0, "FS_VIBE_ACT", Action.WARN, "vibration"),
    *trouble(Failsafe.YAW_LIMIT, "FS_YAW_T", 3.0, "FS_YAW_ACT", Action.WARN, "yaw imbalance"),
    *trouble(
        Failsafe.THRUST_LOST, "FS_THRUST_T", 1.0, "FS_THRUST_ACT", Action.LAND, "sinking at full thrust"
    ),
    *trouble(Failsafe.ROTOR_LOST, "FS_ROTOR_T", 0.0, "FS_ROTOR_ACT", Action.LAND, "rotor lost"),
    *trouble(Failsafe.CRASHED, "FS_CRASHED_T", 2.0, "FS_CRASHED_ACT", Action.DISARM, "crashed"),
    *trouble(Failsafe.RUNAWAY, "FS_RUNAWAY_T", 0.1, "FS_RUNAWAY_ACT", Action.DISARM, "runaway take-off"),
    *trouble(Failsafe.FENCE_NEAR, "FS_NEAR_T", 0.0, "FS_NEAR_ACT", Action.HOLD, "fence ahead"),
    *trouble(Failsafe.FENCE, "FS_FENCE_T", 0.1, "FS_FENCE_ACT", Action.RETURN, "outside the fence"),
    *trouble(Failsafe.WIND, "FS_WIND_T", 10.0, "FS_WIND_ACT", Action.WARN, "too windy"),
    *trouble(Failsafe.FLIGHT_TIME, "FS_TIME_T", 1.0, "FS_TIME_ACT", Action.RETURN, "flight too long"),
    *trouble(
        Failsafe.RESERVE,
        "FS_RESERVE_T",
        5.0,
        "FS_RESERVE_ACT",
        Action.RETURN,
        "battery just enough to return",
    ),
    *trouble(Failsafe.LOOP_LATE, "FS_LOOP_T", 1.0, "FS_LOOP_ACT", Action.WARN, "loop late"),
    *trouble(Failsafe.IMU_STUCK, "FS_STUCK_T", 0.1, "FS_STUCK_ACT", Action.LAND, "IMU stuck"),
    *trouble(
        Failsafe.AID_LOST, "FS_AID_T", 2.0, "FS_AID_ACT", Action.WARN, "a sensor is silent or disagrees"
    ),
    *trouble(Failsafe.LOG_LOST, "FS_LOG_T", 1.0, "FS_LOG_ACT", Action.WARN, "log stopped"),
    *trouble(Failsafe.BRIDGE_FAULT, "FS_BRFLT_T", 0.5, "FS_BRFLT_ACT", Action.LAND, "bridge reports a fault"),
    *trouble(
        Failsafe.BATTERY_UNKNOWN, "FS_BUNKN_T", 1.0, "FS_BUNKN_ACT", Action.WARN, "battery voltage silent"
    ),
)
ROWS: tuple[Param, ...] = (
    *ARMING, *HEALTH, *BATTERY, *LANDING, *LIMITS, *FLIGHT, *FENCE, *TEST, *TROUBLES,
)  # fmt: skip
