"""The numbers that inputs and commands speak in: modes, levels, arming states, failsafes, events."""

from enum import IntEnum


class Level(IntEnum):
    """Where guidance hands over: every control stage below this level runs.

    ALTITUDE takes attitude and yaw from q_sp_ned_frd, the collective from the loop on p_sp_ned.z and v_ff_ned.z.
    """

    IDLE = 0
    RATE = 1
    ATTITUDE = 2
    ALTITUDE = 3
    VELOCITY = 4
    POSITION = 5


class Mode(IntEnum):
    """Who decides the setpoint. 0 in an input means no wish."""

    NONE = 0
    RATE = 1
    ANGLE = 2
    ALTITUDE = 3
    POSITION = 4
    HOLD = 5
    TAKEOFF = 6
    GOTO = 7
    MISSION = 8
    ORBIT = 9
    RETURN = 10
    LAND = 11
    OFFBOARD = 12
    FIGURE8 = 13
    BRAKE = 14


class Arming(IntEnum):
    """Motors turn only when ARMED."""

    DISARMED = 0
    ARMED = 1
    KILLED = 2


class Item(IntEnum):
    """What a mission item asks for."""

    TAKEOFF = 1
    WAYPOINT = 2
    LOITER_TIME = 3
    LOITER_TURNS = 4
    LAND = 5
    RETURN = 6
    DELAY = 7
    SPEED = 8  # fly at its speed from here on
    JUMP = 9  # to the item of its first number, as many times as its second
    YAW = 10  # turn to its heading on the spot
    LOITER_UNLIMITED = 11  # until told to go on


class Refusal(IntEnum):
    """Why arming is refused: bits of `status.refusals`."""

    ESTIMATOR = 1
    BATTERY = 2
    TILT = 4
    LINK = 8
    THROTTLE = 16
    KILL_SWITCH = 32
    SENSOR = 64
    MOVING = 128
    MODE = 256
    ARM_SWITCH = 512  # it was on at boot or when the sticks came back, and has not been off since
    KILLED = 1024  # disarm first
    CALIBRATION = 2048
    COMPASS = 1 << 12
    PLACE = 1 << 13
    HEIGHT = 1 << 14
    STICKS = 1 << 15
    THRESHOLDS = 1 << 16
    LOOP = 1 << 17
    LOG = 1 << 18
    BRIDGE = 1 << 19
    FENCE = 1 << 20
    CRASHED = 1 << 21  # or something failed; disarm once more to say that it has been looked at
    MOTOR_TEST = 1 << 22


class Why(IntEnum):
    """Why a demand or a mode is refused; the event's value is what was refused + WHY * this."""

    UNKNOWN = 1  # no such mode, item, row or motor
    NOT_A_NUMBER = 2
    OUT_OF_RANGE = 3
    NEEDS_ARMED = 4
    NEEDS_DISARMED = 5
    NEEDS_LANDED = 6
    NEEDS_AIRBORNE = 7
    NEEDS_ATTITUDE = 8
    NEEDS_ALTITUDE = 9
    NEEDS_POSITION = 10
    NEEDS_PILOT = 11
    NEEDS_STREAM = 12
    NEEDS_MISSION = 13
    NEEDS_HOME = 14
    FAILSAFE = 15  # one is acting that nobody may overrule
    KILL_SWITCH = 16
    FULL = 17
    NOT_IN_MODE = 18
    ENDLESS = 19  # a jump that would never end
    OUTSIDE_FENCE = 20
    WAY_BARRED = 21  # every way home leaves the fence, where that ends the flight
    STANDING = 22  # no motor turns


WHY = 256


class Failsafe(IntEnum):
    """What is wrong in the air: bits of `status.failsafes`."""

    PILOT_LOST = 1
    GROUND_LOST = 2
    OFFBOARD_LOST = 4
    BATTERY_LOW = 8
    BATTERY_CRITICAL = 16
    BATTERY_EMERGENCY = 32
    ESTIMATOR = 64
    POSITION_LOST = 128
    TILT = 256
    NOT_A_NUMBER = 512
    BRIDGE_LOST = 1024
    VIBRATION = 2048
    YAW_LIMIT = 1 << 12
    THRUST_LOST = 1 << 13
    ROTOR_LOST = 1 << 14
    CRASHED = 1 << 15
    RUNAWAY = 1 << 16
    FENCE_NEAR = 1 << 17
    FENCE = 1 << 18
    WIND = 1 << 19
    FLIGHT_TIME = 1 << 20
    RESERVE = 1 << 21
    LOOP_LATE = 1 << 22
    IMU_STUCK = 1 << 23
    AID_LOST = 1 << 24
    LOG_LOST = 1 << 25
    BRIDGE_FAULT = 1 << 26
    BATTERY_UNKNOWN = 1 << 27
    IMU_CLIPPED = 1 << 28
    SPINNING = 1 << 29
    OFF_COURSE = 1 << 30


class Action(IntEnum):
    """What a failsafe does; the numbers of PX4's NAV_RCL_ACT and NAV_DLL_ACT."""

    WARN = 0
    HOLD = 1
    RETURN = 2
    LAND = 3
    TERMINATE = 5
    DISARM = 6


class Event(IntEnum):
    """What happened in a tick: codes in `status.events`, each with one number in `status.event_values`."""

    NONE = 0
    ARMED = 1
    DISARMED = 2
    KILLED = 3
    ARMING_REFUSED = 4  # value: Refusal bits
    MODE_CHANGED = 5  # value: Mode
    MODE_REFUSED = 6  # value: Mode + WHY * Why
    FAILSAFE_RAISED = 7  # value: Failsafe bit
    FAILSAFE_CLEARED = 8  # value: Failsafe bit
    TOOK_OFF = 9
    LANDED = 10
    ITEM_REACHED = 11  # value: item index
    MISSION_DONE = 12
    ESTIMATOR_RESET = 13  # value: which part
    DEMAND_REFUSED = 14  # value: Demand + WHY * Why
    HOME_SET = 15
    PARAM_CHANGED = 16  # value: row of the parameter table
    MOTOR_TEST = 17  # value: motor from 0, -1 when it is over
    REBOOT = 18
    EXCITATION = 19  # value: the point where it begins, 0 when it is through, minus the point when cut short
    # value: axis from 1 (roll) as it begins, 10 + axis verified, 20 + axis tried again more slowly,
    # 30 + axis listened to again with softer gains, 40 + axis flies new gains, 0 all are verified,
    # minus flight.autotune.guard.Reason when everything was rolled back
    AUTOTUNE = 20
    RETURN_LEAVES_FENCE = 21
