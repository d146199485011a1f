"""What the loop is told each tick. A log of these records is the flight.

Every sample has `fresh` (1 in the tick it arrives, else 0) and `t_us`, when it arrived, in integer microseconds
of the world's clock; all other fields keep their last value until the next sample. Units are SI unless the
name says otherwise. Body axes are forward-right-down (frd), the world is north-east-down (ned).
"""

from enum import IntEnum

from flight.record import FLAG, INTEGER, PER_ROTOR, QUATERNION, REAL, VECTOR, record

# gyro_frd rad/s, accel_frd specific force m/s2 (-g along z at rest).
IMU = record(fresh=FLAG, t_us=INTEGER, gyro_frd=VECTOR, accel_frd=VECTOR, temperature_c=REAL)
MAG = record(fresh=FLAG, t_us=INTEGER, field_ut_frd=VECTOR)
BARO = record(fresh=FLAG, t_us=INTEGER, pressure_pa=REAL, temperature_c=REAL)
GPS = record(
    fresh=FLAG,
    t_us=INTEGER,
    fix_type=INTEGER,
    satellites=INTEGER,
    lat_deg=REAL,
    lon_deg=REAL,
    alt_amsl_m=REAL,
    v_ned=VECTOR,
    horizontal_accuracy_m=REAL,
    vertical_accuracy_m=REAL,
    speed_accuracy_m_s=REAL,
)
# distance_m along body z; is_valid 0 when out of range or without an echo.
RANGE = record(fresh=FLAG, t_us=INTEGER, distance_m=REAL, is_valid=FLAG)
# Apparent motion of the ground in rad/s; equals the gyro in pure rotation, so moving right makes rate_x negative and
# moving forward makes rate_y positive (MAVLink OPTICAL_FLOW_RAD, PX4): with the distance d along body z,
# rate_x - omega_x = -v_y / d, rate_y - omega_y = v_x / d. quality 0-255.
FLOW = record(fresh=FLAG, t_us=INTEGER, rate_x=REAL, rate_y=REAL, quality=REAL)
MOCAP = record(fresh=FLAG, t_us=INTEGER, p_ned=VECTOR, q_ned_frd=QUATERNION)
BATTERY = record(fresh=FLAG, t_us=INTEGER, voltage_v=REAL, current_a=REAL)
# Rotor speeds in rad/s, unsigned.
RPM = record(fresh=FLAG, t_us=INTEGER, speed=PER_ROTOR)
# Sticks -1 to 1, positive = roll right, pitch up (stick back), yaw right; throttle 0 to 1.
# mode is a flight.modes.Mode number the switch selects, or 0 for no wish.
PILOT = record(
    fresh=FLAG,
    t_us=INTEGER,
    roll=REAL,
    pitch=REAL,
    yaw=REAL,
    throttle=REAL,
    mode=INTEGER,
    is_arm_switch_on=FLAG,
    is_kill_switch_on=FLAG,
)
# A setpoint streamed by a program: fields not wanted by its level are ignored; `uses` is a sum of Use flags.
OFFBOARD = record(
    fresh=FLAG,
    t_us=INTEGER,
    level=INTEGER,
    uses=INTEGER,
    p_ned=VECTOR,
    v_ned=VECTOR,
    a_ned=VECTOR,
    yaw=REAL,
    yaw_rate=REAL,
    q_ned_frd=QUATERNION,
    omega_frd=VECTOR,
    thrust=REAL,
)
# One request of an operator or a mission item; kind is a Demand, arguments as Demand describes them.
# `uses` has bit k set where argument k is meant; the others keep what holds now.
DEMAND = record(fresh=FLAG, serial=INTEGER, kind=INTEGER, index=INTEGER, uses=INTEGER, argument=("f8", 8))
# Ages of the last sign of life in microseconds; -1 where the link never existed.
LINK = record(ground_age_us=INTEGER, bridge_age_us=INTEGER)
# How the vehicle's own computer fares: log_state a LogState, overruns the late ticks so far, bridge_faults a sum of
# BridgeFault bits. All zero where nobody tells.
SYSTEM = record(log_state=INTEGER, overruns=INTEGER, bridge_faults=INTEGER)

INPUTS = record(
    t_us=INTEGER,
    imu=IMU,
    mag=MAG,
    baro=BARO,
    gps=GPS,
    range=RANGE,
    flow=FLOW,
    mocap=MOCAP,
    battery=BATTERY,
    rpm=RPM,
    pilot=PILOT,
    offboard=OFFBOARD,
    demand=DEMAND,
    link=LINK,
    system=SYSTEM,
)
SENSORS = ("imu", "mag", "baro", "gps", "range", "flow", "mocap", "battery", "rpm", "pilot", "offboard")


class Use(IntEnum):
    """Which optional parts of an offboard setpoint are meant."""

    POSITION_XY = 1
    POSITION_Z = 2
    VELOCITY_XY = 4
    VELOCITY_Z = 8
    ACCELERATION = 16
    YAW = 32
    YAW_RATE = 64


class Demand(IntEnum):
    """What an operator can ask for. Arguments a0..a7 of the record; positions are local NED metres.

    Local NED has its origin where the estimator was initialised; see `Estimate.p_ned`.
    """

    ARM = 1
    DISARM = 2  # a0: 1 forces it in the air
    KILL = 3
    MODE = 4  # a0: Mode
    TAKEOFF = 5  # a0: height above the take-off point in metres
    GOTO = 6  # a0..a2: position, a3: yaw rad, a4: speed m/s; index 1: only if it goes somewhere already
    ORBIT = 7  # a0..a2: centre, a3: radius m (negative: counter-clockwise), a4: speed m/s
    LAND = 8
    RETURN = 9
    HOLD = 10
    MISSION_CLEAR = 11  # index: how many items stay
    # index: place; a0: Item, a1..a3: position, a4: yaw, a5: hold s, a6: speed m/s, a7: turns
    # of a JUMP: a1: the item to go on with, a2: how many times; of LOITER_TURNS: a5: radius m, as of ORBIT
    MISSION_ITEM = 12
    MISSION_START = 13  # index: first item
    REBOOT = 14  # on the ground: said back as an event, which the world that can obeys
    FIGURE8 = 15  # a0..a2: centre, a3: half its length m (along north), a4: period s
    PARAM = 16  # index: row of flight.params.TABLE, a0: value
    SPEED = 17  # a0: speed over ground m/s until disarmed, not on a curve; nothing: the usual one again
    YAW = 18  # a0: heading rad, in the air, in a mission until its next item; nothing: the mode's own again
    SET_HOME = 19  # a0..a2: position; nothing: here
    MISSION_SET = 20  # index: item to go on with, now if a mission is flown
    MOTOR_TEST = 21  # index: motor from 0, a0: throttle ratio, a1: seconds; on the ground, disarmed
    FENCE_CLEAR = 22
    FENCE_POINT = (
        23  # index: place; a0: Fence, a1, a2: north, east, a3: radius m or its polygon's count of corners
    )
    RALLY_CLEAR = 24
    RALLY_POINT = 25  # index: place; a0, a1: north, east; RETURN lands at the nearest of these and home
    BRAKE = 26
    # index: flight.excitation.excitation.Point; a0: Signal, a1: amplitude, a2: seconds, a3, a4: lowest, highest Hz
    EXCITE = 27
    AUTOTUNE = 28  # index: sum of 1 roll, 2 pitch, 4 yaw, 8 altitude; while one runs, any ends it


class Fence(IntEnum):
    """What a fence point is: a circle by itself, or the next corner of a polygon, to stay inside or outside of."""

    CIRCLE_INSIDE = 1
    CIRCLE_OUTSIDE = 2
    POLYGON_INSIDE = 3
    POLYGON_OUTSIDE = 4


class LogState(IntEnum):
    """What the recorder tells the loop."""

    UNKNOWN = 0
    RUNNING = 1
    STOPPED = 2  # the disk is full or gone, or the recorder has ended


class BridgeFault(IntEnum):
    """What the bridge tells of the far side: bits of `inputs.system.bridge_faults`."""

    PROTOCOL = 1  # firmware of another version
    OUTPUTS = 2  # motors not configured
    BOARD_VOLTAGE = 4
    RESTARTED = 8  # the firmware began anew in flight
    BUS = 16  # a sensor bus does not answer
    STOPPED = 32  # the firmware has cut the motors of an armed vehicle by itself
