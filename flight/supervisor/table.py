"""The supervisor's tables: who may go where, what each mode needs, how severe each answer is. Kernels walk them."""

from enum import IntEnum

import numpy as np

from flight.inputs import Demand
from flight.modes import Action, Arming, Event, Failsafe, Mode, Why


class Sign(IntEnum):
    """What is so in this tick; a row of a table asks for some and against others."""

    ARM_WISH = 1
    DISARM_WISH = 2
    FORCED = 4
    BY_SWITCH = 8
    KILL = 16
    KILL_SWITCH = 32
    NOT_READY = 64
    LANDED = 128
    RESTED = 256  # landed for long enough to disarm
    IDLE = 512  # armed for long without taking off
    STICKS_ONLY = 1024  # a mode in which the pilot's switch disarms even in the air
    TIPPED = 2048  # lies on its side
    ORDER_DISARM = 4096  # by a failsafe
    ORDER_TERMINATE = 8192
    ATTITUDE = 1 << 14
    ALTITUDE = 1 << 15
    POSITION = 1 << 16
    PILOT = 1 << 17
    STREAM = 1 << 18
    MISSION = 1 << 19
    HOME = 1 << 20
    AIRBORNE = 1 << 21
    DONE = 1 << 22
    ARMED = 1 << 23
    OVER = 1 << 24  # disarmed in this tick
    UNDERWAY = 1 << 25  # a mission goes on; it may wait on the ground or land on its way
    WAY_HOME = 1 << 26  # a return would not be ended by the fence
    LOW = 1 << 27  # a hand's breadth above the ground


S, D = Sign, Demand
FROM, NEEDED, FORBIDDEN, TO, SAID = range(5)
# What ends a flight in a way that somebody should look at the vehicle before the next.
WRECKING = int(S.ORDER_TERMINATE | S.ORDER_DISARM | S.TIPPED)
# from, needed, forbidden, to, said. The first row that fits is obeyed; the event's value is what the row needed.
ARMING_TABLE = np.array(
    [
        (Arming.ARMED, S.KILL, 0, Arming.KILLED, Event.KILLED),
        (Arming.ARMED, S.ORDER_TERMINATE, 0, Arming.KILLED, Event.KILLED),
        (Arming.ARMED, S.ORDER_DISARM, 0, Arming.DISARMED, Event.DISARMED),
        (Arming.ARMED, S.TIPPED, 0, Arming.DISARMED, Event.DISARMED),
        (Arming.ARMED, S.DISARM_WISH | S.LANDED, 0, Arming.DISARMED, Event.DISARMED),
        (Arming.ARMED, S.DISARM_WISH | S.FORCED, 0, Arming.DISARMED, Event.DISARMED),
        (Arming.ARMED, S.DISARM_WISH | S.BY_SWITCH | S.STICKS_ONLY, 0, Arming.DISARMED, Event.DISARMED),
        (Arming.ARMED, S.DISARM_WISH, 0, Arming.ARMED, Event.DEMAND_REFUSED),
        (Arming.ARMED, S.RESTED, S.UNDERWAY, Arming.DISARMED, Event.DISARMED),
        (Arming.ARMED, S.IDLE, S.UNDERWAY, Arming.DISARMED, Event.DISARMED),
        (Arming.DISARMED, S.ARM_WISH, S.NOT_READY, Arming.ARMED, Event.ARMED),
        (Arming.DISARMED, S.ARM_WISH, 0, Arming.DISARMED, Event.ARMING_REFUSED),
        (Arming.KILLED, S.DISARM_WISH, S.KILL_SWITCH, Arming.DISARMED, Event.DISARMED),
        (Arming.KILLED, S.DISARM_WISH, 0, Arming.KILLED, Event.DEMAND_REFUSED),
        (Arming.KILLED, S.ARM_WISH, 0, Arming.KILLED, Event.ARMING_REFUSED),
    ],
    dtype=np.int64,
)

PLACE = int(S.ATTITUDE | S.ALTITUDE | S.POSITION)
# Of what a mode needs, this much must last while it flies, and be there for a failsafe's answer; the rest must be there
# when it is asked for.
LASTING = int(PLACE | S.HOME | S.WAY_HOME | S.STREAM)
# Asked for on the ground, a mode must have at least these; arming asks for the others.
NEEDED_DISARMED = int(S.STREAM | S.MISSION | S.HOME | S.AIRBORNE)
# Each mode: what it needs, and what is flown instead when that is lost; in the order of Mode.
MODE_TABLE = np.array(
    [
        (0, Mode.LAND),  # NONE
        (S.PILOT, Mode.LAND),  # RATE
        (S.PILOT | S.ATTITUDE, Mode.RATE),  # ANGLE
        (S.PILOT | S.ATTITUDE | S.ALTITUDE, Mode.ANGLE),  # ALTITUDE
        (S.PILOT | PLACE, Mode.ALTITUDE),  # POSITION
        (PLACE, Mode.LAND),  # HOLD
        (PLACE, Mode.LAND),  # TAKEOFF
        (PLACE | S.AIRBORNE, Mode.LAND),  # GOTO
        (PLACE | S.MISSION, Mode.LAND),  # MISSION
        (PLACE | S.AIRBORNE, Mode.LAND),  # ORBIT
        (PLACE | S.HOME | S.WAY_HOME | S.AIRBORNE, Mode.LAND),  # RETURN
        (0, Mode.LAND),  # LAND
        (S.ATTITUDE | S.STREAM, Mode.HOLD),  # OFFBOARD
        (PLACE | S.AIRBORNE, Mode.LAND),  # FIGURE8
        (PLACE, Mode.LAND),  # BRAKE
    ],
    dtype=np.int64,
)
NEEDS, FALLBACK = range(2)
# Why a mode cannot be had without a sign.
REASONS = np.array(
    [
        (S.AIRBORNE, Why.NEEDS_AIRBORNE),
        (S.ATTITUDE, Why.NEEDS_ATTITUDE),
        (S.ALTITUDE, Why.NEEDS_ALTITUDE),
        (S.POSITION, Why.NEEDS_POSITION),
        (S.PILOT, Why.NEEDS_PILOT),
        (S.STREAM, Why.NEEDS_STREAM),
        (S.MISSION, Why.NEEDS_MISSION),
        (S.HOME, Why.NEEDS_HOME),
        (S.WAY_HOME, Why.WAY_BARRED),
    ],
    dtype=np.int64,
)

# Modes in which the pilot's sticks fly.
PILOTED = int(1 << Mode.RATE | 1 << Mode.ANGLE | 1 << Mode.ALTITUDE | 1 << Mode.POSITION)
# from (modes as a sum of 1 << mode), needed, forbidden, to.
MODE_CHANGES = np.array(
    [
        (1 << Mode.TAKEOFF | 1 << Mode.BRAKE, S.DONE | S.ARMED, 0, Mode.HOLD),
        (1 << Mode.MISSION, S.DONE | S.ARMED, S.LANDED, Mode.HOLD),
        # What was flown by itself is over after the flight; what the pilot chose stays.
        (((1 << len(Mode)) - 1) & ~PILOTED & ~(1 << Mode.HOLD), S.OVER, 0, Mode.HOLD),
    ],
    dtype=np.int64,
)

# The ladder: each failsafe action's severity and the mode that answers it, by the number of Action.
WARN, HOLD, RETURN, LAND, DISARM, TERMINATE = range(6)
SEVERITY = np.array([WARN, HOLD, RETURN, LAND, LAND, TERMINATE, DISARM], dtype=np.int64)
ANSWER = np.array([Mode.NONE, Mode.HOLD, Mode.RETURN, Mode.LAND, Mode.LAND, Mode.LAND], dtype=np.int64)
assert SEVERITY[Action.TERMINATE] == TERMINATE
assert SEVERITY[Action.DISARM] == DISARM
# How far up the ladder each mode already is, in the order of Mode.
RANK = np.array([0, 0, 0, 0, 0, HOLD, 0, 0, 0, 0, RETURN, LAND, 0, 0, HOLD], dtype=np.int64)
assert len(RANK) == len(MODE_TABLE) == len(Mode)

# The mode each demand asks for, in the order of Demand; MODE carries its own.
WISHES = np.zeros(len(Demand) + 1, dtype=np.int64)
for _demand, _mode in {
    D.TAKEOFF: Mode.TAKEOFF,
    D.GOTO: Mode.GOTO,
    D.ORBIT: Mode.ORBIT,
    D.LAND: Mode.LAND,
    D.RETURN: Mode.RETURN,
    D.HOLD: Mode.HOLD,
    D.MISSION_START: Mode.MISSION,
    D.FIGURE8: Mode.FIGURE8,
    D.BRAKE: Mode.BRAKE,
}.items():
    WISHES[_demand] = _mode

TROUBLES = len(Failsafe)
F = Failsafe
BATTERIES = F.BATTERY_LOW | F.BATTERY_CRITICAL | F.BATTERY_EMERGENCY
LINKS = F.PILOT_LOST | F.GROUND_LOST | F.OFFBOARD_LOST
# Places of the links in the order of Failsafe; their age is known, so nothing need be counted before it tells.
PILOT, GROUND, OFFBOARD, BRIDGE = 0, 1, 2, 10
AGED = int(LINKS | F.BRIDGE_LOST)
# Once raised they stay until disarmed: a rested battery's voltage recovers, an upset vehicle is suspect.
LATCHED = int(
    BATTERIES | F.TILT | F.NOT_A_NUMBER | F.ROTOR_LOST | F.CRASHED | F.RUNAWAY | F.FLIGHT_TIME | F.RESERVE
)
# What shakes at one throttle and not at the next is gone only when it has been for long.
SHAKEN = int(F.VIBRATION | F.IMU_CLIPPED)
# However the flight ended, somebody should look at the vehicle before the next.
SUSPECT = int(F.NOT_A_NUMBER | F.ROTOR_LOST | F.CRASHED | F.RUNAWAY)
# They hold for a while before they return or land.
PATIENT = int(LINKS)
# Who may decide to fly on: the pilot by the mode switch, the operator by asking for a mode.
BLOWN = F.WIND | F.OFF_COURSE
PILOT_OVERRULES = int(
    LINKS | BATTERIES | F.POSITION_LOST | BLOWN | F.FLIGHT_TIME | F.RESERVE | F.FENCE_NEAR | F.FENCE
)
OPERATOR_OVERRULES = int(LINKS | F.BATTERY_LOW | BLOWN)
