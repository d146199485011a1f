"""What every refusal, failsafe and disarming means to a person: the reason, what clears it, what to do."""

from typing import NamedTuple

from flight.modes import Failsafe, Refusal, Why
from flight.supervisor.table import Sign


class Told(NamedTuple):
    """A reason in words, what makes it go away, and what a person should do."""

    reason: str
    remedy: str
    clears: str = ""


R, F, S = Refusal, Failsafe, Sign
REFUSALS: dict[Refusal, Told] = {
    R.ESTIMATOR: Told("the attitude is not known yet", "leave it still until the estimator has settled"),
    R.BATTERY: Told(
        "the battery is too empty or not seen", "charge it; check the voltage sensor (ARM_BATT_V)"
    ),
    R.TILT: Told("it is not level", "put it on level ground (ARM_TILT_MAX)"),
    R.LINK: Told(
        "the pilot's receiver or the bridge is silent", "switch the transmitter on; check the cable"
    ),
    R.THROTTLE: Told("the throttle stick would lift it at once", "pull the throttle down"),
    R.KILL_SWITCH: Told("the kill switch is on", "switch it off"),
    R.SENSOR: Told("the IMU sends nothing, zeros or always the same", "check its bus; restart"),
    R.MOVING: Told("it turns or travels", "keep it still"),
    R.MODE: Told(
        "the mode lacks what it needs",
        "wait for a position (satellites need a compass for it), or choose a mode that needs less",
    ),
    R.ARM_SWITCH: Told(
        "the arming switch was on when the sticks were first heard", "switch it off and on again"
    ),
    R.KILLED: Told("it has been killed", "disarm it"),
    R.CALIBRATION: Told("gyro or accelerometer are far off", "calibrate them, with the vehicle still"),
    R.COMPASS: Told(
        "the compass is silent, contradicts the estimate, or its field is not Earth's",
        "move away from iron and cables; restart there; calibrate the compass",
    ),
    R.PLACE: Told("the satellites contradict the estimate", "wait under open sky"),
    R.HEIGHT: Told("the barometer is silent or contradicts the estimate", "shade it from sun and wind; wait"),
    R.STICKS: Told("a stick is off centre", "centre the sticks, trim the transmitter"),
    R.THRESHOLDS: Told(
        "the battery's levels are out of order",
        "set BATT_LOW_V >= BATT_CRIT_V >= BATT_EMERG_V, and ARM_BATT_V at least BATT_CRIT_V",
    ),
    R.LOOP: Told("the flight loop is late too often", "end other programs on the flight computer"),
    R.LOG: Told("the flight is not being recorded", "make room on the disk; restart the recorder"),
    R.BRIDGE: Told("the bridge's firmware reports a fault", "see `quadloop doctor`"),
    R.FENCE: Told(
        "it or its home is outside its fence, or that cannot be known, or the fence is unfinished",
        "wait for position and height, move it inside, or upload the fence again",
    ),
    R.CRASHED: Told(
        "the last flight ended in a crash, or something failed in it",
        "look at the vehicle, then disarm once more or switch the arming switch off",
    ),
    R.MOTOR_TEST: Told("a motor is being tested", "wait until it has ended"),
}
# The parameters that say when a refusal is one.
LIMITS: dict[Refusal, tuple[str, ...]] = {
    R.ESTIMATOR: ("EKF_OK_TILT",),
    R.BATTERY: ("ARM_BATT_V", "ARM_NEED_BATT", "BATT_AGE"),
    R.TILT: ("ARM_TILT_MAX",),
    R.LINK: ("ARM_NEED_PILOT", "FS_PILOT_T", "FS_BRIDGE_T"),
    R.THROTTLE: ("ARM_THR_MAX", "ARM_THR_MID"),
    R.SENSOR: ("ARM_IMU_AGE", "HLT_FROZEN_T"),
    R.MOVING: ("ARM_RATE_MAX", "ARM_SPEED_MAX"),
    R.CALIBRATION: ("ARM_GYR_BIAS", "ARM_ACC_BIAS"),
    R.COMPASS: ("ARM_MAG_LOW", "ARM_MAG_HIGH", "ARM_YAW_RATIO", "ARM_AID_AGE"),
    R.PLACE: ("ARM_POS_RATIO",),
    R.HEIGHT: ("ARM_HGT_RATIO", "ARM_AID_AGE"),
    R.STICKS: ("ARM_STICK_MAX",),
    R.THRESHOLDS: ("BATT_LOW_V", "BATT_CRIT_V", "BATT_EMERG_V", "ARM_BATT_V"),
    R.LOOP: ("HLT_LATE",),
    R.LOG: ("ARM_NEED_LOG",),
    R.FENCE: ("FENCE_ALT_MAX", "FENCE_DIST_MAX"),
    R.MOTOR_TEST: ("MOT_TEST_T",),
}
DISARMED = "disarming"
GONE = "the trouble gone for FS_CLEAR_T"
CALM = "the trouble gone for FS_VIBE_CLR_T"
FAILSAFES: dict[Failsafe, Told] = {
    F.PILOT_LOST: Told(
        "the pilot's sticks do not arrive", "come nearer; choose a mode to take over", "sticks again"
    ),
    F.GROUND_LOST: Told("the ground station is silent", "check the radio", "its heartbeat again"),
    F.OFFBOARD_LOST: Told("the program's setpoints do not arrive", "start it again", "setpoints again"),
    F.BATTERY_LOW: Told("the battery is low", "come home", DISARMED),
    F.BATTERY_CRITICAL: Told("the battery is nearly empty", "land", DISARMED),
    F.BATTERY_EMERGENCY: Told("the battery is empty", "land at once", DISARMED),
    F.ESTIMATOR: Told("the attitude is lost", "take over in RATE if you can", GONE),
    F.POSITION_LOST: Told(
        "position or height is lost", "fly by hand; it keeps what the mode below can", GONE
    ),
    F.TILT: Told("it has tilted too far", "let it recover; check rotors and gains", DISARMED),
    F.NOT_A_NUMBER: Told("the computer lost its numbers", "report it with the log", DISARMED),
    F.BRIDGE_LOST: Told(
        "the bridge is silent", "check the cable; the firmware stops the motors by itself", GONE
    ),
    F.VIBRATION: Told("it shakes too much", "land; balance the rotors, damp the IMU", CALM),
    F.IMU_CLIPPED: Told(
        "forces or turns are beyond the IMU's range", "land; balance the rotors, damp the IMU", CALM
    ),
    F.YAW_LIMIT: Told(
        "it needs nearly all its yaw to fly straight", "land; check for a twisted arm or motor", GONE
    ),
    F.SPINNING: Told("it spins and yaw cannot stop it", "land; check the rotors and their directions", GONE),
    F.OFF_COURSE: Told(
        "it cannot get to where it should be", "land; the wind is too strong or thrust too weak", GONE
    ),
    F.THRUST_LOST: Told(
        "it sinks at full thrust, or does not climb", "land; check battery, rotors and weight", GONE
    ),
    F.ROTOR_LOST: Told("a rotor gives no thrust", "clear the ground: it spins while it comes down", DISARMED),
    F.CRASHED: Told("it lies far from the attitude it should have", "switch off, look at it", DISARMED),
    F.RUNAWAY: Told(
        "it spun up instead of taking off", "check motor order, spin directions and rotors", DISARMED
    ),
    F.FENCE_NEAR: Told(
        "it would not have stopped before the fence", "fly elsewhere", "standing, or flying inwards"
    ),
    F.FENCE: Told("it is outside the fence", "let it come back", "being inside again"),
    F.WIND: Told("the wind is too strong", "come home", GONE),
    F.FLIGHT_TIME: Told("it has flown for long enough", "land", DISARMED),
    F.RESERVE: Told("the battery just suffices for the way home", "let it return", DISARMED),
    F.LOOP_LATE: Told("the flight loop is late too often", "land; end other programs", GONE),
    F.IMU_STUCK: Told("the IMU is silent or always says the same", "land", GONE),
    F.AID_LOST: Told("a sensor in use fell silent or disagrees", "look which one in the log's health", GONE),
    F.LOG_LOST: Told("the log has stopped", "land if you need it", "the log running again"),
    F.BRIDGE_FAULT: Told("the bridge's firmware reports a fault", "land; see `quadloop doctor`", GONE),
    F.BATTERY_UNKNOWN: Told(
        "the battery's voltage is told no more", "land; check its sensor", "a voltage again"
    ),
}
# The parameters that say when a trouble is one, besides how long it must last.
THRESHOLDS: dict[Failsafe, tuple[str, ...]] = {
    F.PILOT_LOST: ("FS_PILOT_ALL", "ARM_NEED_PILOT"),
    F.BATTERY_LOW: ("BATT_LOW_V",),
    F.BATTERY_CRITICAL: ("BATT_CRIT_V",),
    F.BATTERY_EMERGENCY: ("BATT_EMERG_V",),
    F.TILT: ("FS_TILT_MAX", "FS_EARLY_T", "FS_EARLY_ALT", "FS_CRASH_T"),
    F.ESTIMATOR: ("EKF_OK_TILT", "FS_BLIND_T"),
    F.POSITION_LOST: ("EKF_DEAD_TIME", "EKF_OK_P", "EKF_OK_Z", "EKF_OK_V"),
    F.VIBRATION: ("HLT_SHAKE",),
    F.IMU_CLIPPED: ("HLT_CLIP", "EKF_ACC_STOP", "EKF_GYR_STOP"),
    F.YAW_LIMIT: ("FLT_YAW_SHARE",),
    F.SPINNING: ("FLT_SPIN_RATE",),
    F.OFF_COURSE: ("FLT_AWAY_DIST",),
    F.THRUST_LOST: ("FLT_THR_FULL", "FLT_THR_SINK", "FLT_THR_CLIMB"),
    F.ROTOR_LOST: ("ROT_LOSS", "ROT_LOSS_T"),
    F.CRASHED: ("FLT_CRASH_ANG", "FLT_CRASH_VEL", "FLT_CRASH_ACC"),
    F.RUNAWAY: ("FLT_RUN_RATE", "FLT_RUN_ANG", "FS_EARLY_T", "FS_EARLY_ALT"),
    F.FENCE_NEAR: ("FENCE_MARGIN", "FENCE_ACC", "FENCE_ACC_Z", "FENCE_DELAY"),
    F.FENCE: ("FENCE_ALT_MAX", "FENCE_DIST_MAX"),
    F.WIND: ("FLT_WIND_MAX",),
    F.FLIGHT_TIME: ("FLT_TIME_MAX",),
    F.RESERVE: ("BATT_RESERVE_T", "BATT_HOME_VEL", "BATT_SINK_VEL"),
    F.LOOP_LATE: ("HLT_LATE",),
    F.IMU_STUCK: ("HLT_FROZEN_T",),
    F.BATTERY_UNKNOWN: ("BATT_AGE",),
}
ASKED = Told("as asked", "")
LOOK = "look at the vehicle, then disarm once more"
# What ended a flight: the values of the events that say so, signs that a row of the arming table needs.
ENDINGS: dict[int, Told] = {
    S.KILL: Told("as asked", "disarm it to arm again"),
    S.ORDER_TERMINATE: Told("by a failsafe", LOOK),
    S.ORDER_DISARM: Told("by a failsafe", LOOK),
    S.TIPPED: Told("it lies on its side, or flew for too long without an attitude", LOOK),
    S.DISARM_WISH: ASKED,
    S.DISARM_WISH | S.LANDED: ASKED,
    S.DISARM_WISH | S.FORCED: ASKED,
    S.DISARM_WISH | S.BY_SWITCH | S.STICKS_ONLY: ASKED,
    S.RESTED: Told("it has landed", ""),
    S.IDLE: Told("it has not taken off", "arm when it is to fly, or allow more time (COM_DISARM_PRFLT)"),
}
# The parameters that say when it ends by itself.
TIMES: dict[int, tuple[str, ...]] = {
    S.TIPPED: ("FS_TILT_MAX", "FS_EARLY_T", "FS_EARLY_ALT", "FS_CRASH_T", "FS_BLIND_T"),
    S.RESTED: ("COM_DISARM_LAND",),
    S.IDLE: ("COM_DISARM_PRFLT",),
}
WHYS: dict[Why, str] = {
    Why.UNKNOWN: "there is no such thing",
    Why.NOT_A_NUMBER: "a number is not a number",
    Why.OUT_OF_RANGE: "a number is out of range",
    Why.NEEDS_ARMED: "arm first",
    Why.NEEDS_DISARMED: "disarm first",
    Why.NEEDS_LANDED: "land first",
    Why.NEEDS_AIRBORNE: "take off first",
    Why.NEEDS_ATTITUDE: "the attitude is not known",
    Why.NEEDS_ALTITUDE: "the height is not known",
    Why.NEEDS_POSITION: "the position is not known",
    Why.NEEDS_PILOT: "no pilot's sticks arrive",
    Why.NEEDS_STREAM: "no setpoints arrive that could be flown",
    Why.NEEDS_MISSION: "there is no mission",
    Why.NEEDS_HOME: "there is no home",
    Why.FAILSAFE: "a failsafe is acting",
    Why.KILL_SWITCH: "the kill switch is on",
    Why.FULL: "there is no room for it, or what comes before it is missing",
    Why.NOT_IN_MODE: "the mode has no use for it",
    Why.ENDLESS: "it would never end",
    Why.OUTSIDE_FENCE: "it lies outside the fence",
    Why.WAY_BARRED: "every way home leaves the fence",
    Why.STANDING: "no motor turns",
}
