"""The supervisor's rows of the parameter table: when to refuse, when to worry, what to do then."""

import math

from flight.modes import Action, Failsafe
from flight.parameter import Param
from flight.supervisor.watch_rows import FENCE, FLIGHT, HEALTH, TEST, row

DEGREE = math.pi / 180.0
ACTIONS = "0 warn, 1 hold, 2 return, 3 land, 5 terminate, 6 disarm"

# fmt: off
ARMING = (
    row("ARM_TILT_MAX", "arm.tilt", "rad", 25.0 * DEGREE, 0.02, 3.2, "more tilt than this refuses arming"),
    row("ARM_RATE_MAX", "arm.rate", "rad/s", 0.35, 0.02, 10.0, "turning faster than this refuses arming"),
    row("ARM_SPEED_MAX", "arm.speed", "m/s", 1.0, 0.05, 30.0, "moving faster than this refuses arming"),
    row("ARM_THR_MAX", "arm.throttle", "", 0.08, 0.0, 0.5, "throttle stick above which RATE and ANGLE refuse"),
    row("ARM_THR_MID", "arm.throttle_mid", "", 0.6, 0.0, 1.0, "the same for ALTITUDE and POSITION"),
    row("ARM_NEED_PILOT", "arm.needs_pilot", "", 0, 0, 1, "1: no arming without a pilot receiver", is_integer=True),
    row("ARM_NEED_BATT", "arm.needs_battery", "", 1, 0, 1, "1: no arming without battery voltage", is_integer=True),
    row("ARM_BATT_V", "arm.cell_v", "V", 3.55, 2.0, 4.5, "cell voltage below which arming is refused"),
    row("COM_DISARM_PRFLT", "arm.idle_s", "s", 10.0, -1.0, 600.0,
        "disarm when armed for this long without taking off; 0 or negative: never"),
    row("ARM_IMU_AGE", "arm.imu_age_s", "s", 0.1, 0.005, 2.0, "older IMU samples count as missing"),
    row("COM_DISARM_LAND", "arm.rest_s", "s", 0.5, -1.0, 60.0, "disarm this long after landing; 0 or negative: never"),
)
BATTERY = (
    row("BATT_LOW_V", "battery.low_v", "V", 3.5, 2.0, 4.5, "cell voltage that is low"),
    row("BATT_CRIT_V", "battery.critical_v", "V", 3.4, 2.0, 4.5, "cell voltage that is critical"),
    row("BATT_EMERG_V", "battery.emergency_v", "V", 3.3, 2.0, 4.5, "cell voltage that ends the flight"),
    row("BATT_FILTER_T", "battery.filter_s", "s", 1.0, 0.0, 30.0, "time constant of the cell voltage"),
)
LANDING = (
    row("LND_THRUST", "land.thrust", "", 0.5, 0.05, 0.9, "share of hover thrust that cannot carry the vehicle"),
    row("LND_Z_SPEED", "land.speed_z", "m/s", 0.3, 0.05, 2.0, "vertical speed of a vehicle that stands"),
    row("LND_XY_SPEED", "land.speed_xy", "m/s", 1.0, 0.1, 10.0, "speed over ground of a vehicle that stands"),
    row("LND_ACC", "land.acc", "m/s2", 1.5, 0.2, 9.0, "specific force from 1 g of a vehicle that stands"),
    row("LND_RATE", "land.rate", "rad/s", 0.5, 0.05, 5.0, "body rate of a vehicle that stands"),
    row("LND_T", "land.quiet_s", "s", 0.5, 0.05, 10.0, "standing for this long is landed"),
    row("LND_SPENT_T", "land.spent_s", "s", 3.0, 0.5, 30.0,
        "thrust of THR_MIN or below LND_SPENT_THR for this long is landed, pilot modes apart"),
    row("LND_SPENT_THR", "land.spent_thrust", "", 0.25, 0.0, 0.6, "share of hover thrust on which nothing stays up"),
    row("LND_FILTER_T", "land.filter_s", "s", 0.1, 0.0, 2.0, "time constant of force and rate for landing"),
    row("LND_TKO_THRUST", "land.lift_thrust", "", 0.6, 0.1, 1.5, "share of hover thrust that may lift off"),
    row("LND_TKO_CLIMB", "land.lift_m", "m", 0.2, 0.02, 5.0, "climbed this far is taken off"),
    row("LND_TKO_T", "land.lift_s", "s", 1.0, 0.1, 10.0, "carried by full hover thrust for this long, too"),
    row("LND_HOVER_THR", "land.hover", "", 0.4, 0.05, 0.9, "hover thrust until one has been learnt"),
)
LIMITS = (
    row("FS_TILT_MAX", "tilt_max", "rad", 80.0 * DEGREE, 0.5, 3.2, "more tilt than this is a failure, except in RATE"),
    row("FS_EARLY_T", "early_s", "s", 3.0, 0.0, 60.0, "that failure this soon after take-off disarms"),
    row("FS_EARLY_ALT", "early_m", "m", 1.5, 0.1, 100.0, "but only below this height: from above it the fall is worse"),
    row("FS_LOW_ALT", "low_m", "m", 0.5, 0.0, 10.0, "who is lower lands instead of holding or returning"),
    row("FS_CRASH_T", "crash_s", "s", 2.0, 0.2, 60.0, "that failure for this long disarms"),
    row("FS_BLIND_T", "blind_s", "s", 3.0, 0.5, 60.0,
        "attitude unknown for this long: it has come down, the motors stop"),
    row("FS_CLEAR_T", "clear_s", "s", 1.0, 0.0, 60.0, "a trouble gone for this long is over"),
    row("FS_VIBE_CLR_T", "shaken_s", "s", 15.0, 0.0, 300.0, "vibration or clipping gone for this long is over"),
    row("FS_WAIT_T", "wait_s", "s", 5.0, 0.0, 300.0, "hold this long before acting on a lost link"),
    row("FS_PILOT_ALL", "pilot_all", "", 0, 0, 1,
        "1: the pilot's link counts in every mode, 0: only where the sticks fly", is_integer=True),
    row("MODE_BOOT", "boot_mode", "", 5, 1, 5, "mode after start: 1 rate to 4 position, 5 hold", is_integer=True),
)
# fmt: on


def trouble(bit, hold_id, hold_s, action_id, action, about, low=0):
    """Return the two rows of one failsafe: how long before it counts, and what then."""
    place = int(bit).bit_length() - 1
    seconds = f"{about}: for this long before it counts"
    answer = f"{about}: {ACTIONS}"
    return (
        Param(hold_id, "supervisor.hold_s", place, "s", hold_s, 0.0, 300.0, seconds),
        Param(action_id, "supervisor.action", place, "", int(action), low, 6, answer, True),
    )


# fmt: off
TROUBLES = (
    *trouble(Failsafe.PILOT_LOST, "FS_PILOT_T", 0.5, "NAV_RCL_ACT", Action.RETURN, "pilot's link lost", 1),
    *trouble(Failsafe.GROUND_LOST, "FS_GROUND_T", 5.0, "NAV_DLL_ACT", Action.WARN, "ground link lost"),
    *trouble(Failsafe.OFFBOARD_LOST, "COM_OF_LOSS_T", 1.0, "FS_OFFBD_ACT", Action.HOLD, "offboard stream lost", 1),
    *trouble(Failsafe.BATTERY_LOW, "FS_BLOW_T", 5.0, "FS_BLOW_ACT", Action.WARN, "battery low"),
    *trouble(Failsafe.BATTERY_CRITICAL, "FS_BCRIT_T", 3.0, "FS_BCRIT_ACT", Action.RETURN, "battery critical"),
    *trouble(Failsafe.BATTERY_EMERGENCY, "FS_BEMERG_T", 2.0, "FS_BEMERG_ACT", Action.LAND, "battery empty"),
    *trouble(Failsafe.ESTIMATOR, "FS_EST_T", 0.2, "FS_EST_ACT", Action.LAND, "attitude unknown"),
    *trouble(Failsafe.POSITION_LOST, "FS_POS_T", 0.5, "FS_POS_ACT", Action.WARN, "position lost, mode falls back"),
    *trouble(Failsafe.TILT, "FS_TILT_T", 0.3, "FS_TILT_ACT", Action.WARN, "tilted too far"),
    *trouble(Failsafe.NOT_A_NUMBER, "FS_NAN_T", 0.05, "FS_NAN_ACT", Action.TERMINATE, "numbers lost"),
    *trouble(Failsafe.BRIDGE_LOST, "FS_BRIDGE_T", 0.5, "FS_BRIDGE_ACT", Action.LAND, "bridge lost"),
    *trouble(Failsafe.VIBRATION, "FS_VIBE_T", 1.0, "FS_VIBE_ACT", Action.WARN, "vibration"),
    *trouble(Failsafe.YAW_LIMIT, "FS_YAW_T", 3.0, "FS_YAW_ACT", Action.WARN, "yaw imbalance"),
    *trouble(Failsafe.THRUST_LOST, "FS_THRUST_T", 1.0, "FS_THRUST_ACT", Action.LAND, "sinking at full thrust"),
    *trouble(Failsafe.ROTOR_LOST, "FS_ROTOR_T", 0.0, "FS_ROTOR_ACT", Action.LAND, "rotor lost"),
    *trouble(Failsafe.CRASHED, "FS_CRASHED_T", 2.0, "FS_CRASHED_ACT", Action.DISARM, "crashed"),
    *trouble(Failsafe.RUNAWAY, "FS_RUNAWAY_T", 0.1, "FS_RUNAWAY_ACT", Action.DISARM, "runaway take-off"),
    *trouble(Failsafe.FENCE_NEAR, "FS_NEAR_T", 0.0, "FS_NEAR_ACT", Action.HOLD, "fence ahead"),
    *trouble(Failsafe.FENCE, "FS_FENCE_T", 0.1, "FS_FENCE_ACT", Action.RETURN, "outside the fence"),
    *trouble(Failsafe.WIND, "FS_WIND_T", 10.0, "FS_WIND_ACT", Action.WARN, "too windy"),
    *trouble(Failsafe.FLIGHT_TIME, "FS_TIME_T", 1.0, "FS_TIME_ACT", Action.RETURN, "flight too long"),
    *trouble(Failsafe.RESERVE, "FS_RESERVE_T", 5.0, "FS_RESERVE_ACT", Action.RETURN, "battery just enough to return"),
    *trouble(Failsafe.LOOP_LATE, "FS_LOOP_T", 1.0, "FS_LOOP_ACT", Action.WARN, "loop late"),
    *trouble(Failsafe.IMU_STUCK, "FS_STUCK_T", 0.1, "FS_STUCK_ACT", Action.LAND, "IMU stuck"),
    *trouble(Failsafe.AID_LOST, "FS_AID_T", 2.0, "FS_AID_ACT", Action.WARN, "a sensor is silent or disagrees"),
    *trouble(Failsafe.LOG_LOST, "FS_LOG_T", 1.0, "FS_LOG_ACT", Action.WARN, "log stopped"),
    *trouble(Failsafe.BRIDGE_FAULT, "FS_BRFLT_T", 0.5, "FS_BRFLT_ACT", Action.LAND, "bridge reports a fault"),
    *trouble(Failsafe.BATTERY_UNKNOWN, "FS_BUNKN_T", 1.0, "FS_BUNKN_ACT", Action.WARN, "battery voltage silent"),
    *trouble(Failsafe.IMU_CLIPPED, "FS_CLIP_T", 1.0, "FS_CLIP_ACT", Action.WARN, "IMU beyond its range"),
    *trouble(Failsafe.SPINNING, "FS_SPIN_T", 2.0, "FS_SPIN_ACT", Action.LAND, "spinning"),
    *trouble(Failsafe.OFF_COURSE, "FS_AWAY_T", 2.0, "FS_AWAY_ACT", Action.LAND, "far from where it should be"),
)
ROWS: tuple[Param, ...] = (
    *ARMING, *HEALTH, *BATTERY, *LANDING, *LIMITS, *FLIGHT, *FENCE, *TEST, *TROUBLES,
)
# fmt: on
