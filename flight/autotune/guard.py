"""What lets an autotune begin, and what ends it at once."""

import math
from enum import IntEnum

from flight.inputs import Demand
from flight.kernel import kernel
from flight.modes import Arming, Mode, Why
from flight.quaternion import conjugate, quat
from flight.vector import is_finite, norm, vec

DEGREE = math.pi / 180.0
AUTOTUNE, PARAM, EXCITE = int(Demand.AUTOTUNE), int(Demand.PARAM), int(Demand.EXCITE)
ALL_AXES = 15
UNKNOWN, OUT_OF_RANGE = int(Why.UNKNOWN), int(Why.OUT_OF_RANGE)
NEEDS_AIRBORNE, NEEDS_POSITION = int(Why.NEEDS_AIRBORNE), int(Why.NEEDS_POSITION)
NOT_IN_MODE, FAILSAFE = int(Why.NOT_IN_MODE), int(Why.FAILSAFE)


class Reason(IntEnum):
    """Why an autotune was rolled back."""

    STICK = 1
    DISARMED = 2
    LANDED = 3
    FAILSAFE = 4
    MODE = 5
    POSITION = 6
    TURNED = 7
    DRIFTED = 8
    SHAKING = 9
    NOT_A_NUMBER = 10
    ASKED = 11
    PARAMETER = 12
    TOO_LONG = 13
    NOT_HEARD = 14
    NO_GAINS = 15
    OUT_OF_RANGE = 16
    NOT_VERIFIED = 17
    NO_RESERVE = 18


R_STICK, R_DISARMED, R_LANDED = int(Reason.STICK), int(Reason.DISARMED), int(Reason.LANDED)
R_FAILSAFE, R_MODE, R_POSITION = int(Reason.FAILSAFE), int(Reason.MODE), int(Reason.POSITION)
R_TURNED, R_DRIFTED, R_SHAKING = int(Reason.TURNED), int(Reason.DRIFTED), int(Reason.SHAKING)
R_NAN, R_ASKED, R_LONG = int(Reason.NOT_A_NUMBER), int(Reason.ASKED), int(Reason.TOO_LONG)


@kernel
def stick(pilot):
    """Return how far the pilot's hand has moved any stick but the throttle; infinity where that is no number."""
    if pilot.t_us <= 0:
        return 0.0
    is_number = math.isfinite(pilot.roll + pilot.pitch + pilot.yaw)
    return max(abs(pilot.roll), abs(pilot.pitch), abs(pilot.yaw)) if is_number else math.inf


@kernel
def objection(params, inputs, command):
    """Return Why an autotune cannot begin now, 0 when it can."""
    status, estimate = command.status, command.estimate
    if not 1 <= inputs.demand.index <= ALL_AXES:
        return UNKNOWN
    if status.arming != Arming.ARMED or status.is_landed:
        return NEEDS_AIRBORNE
    if status.failsafes != 0 or status.lost_rotor != 0:
        return FAILSAFE
    if status.mode != Mode.HOLD and status.mode != Mode.POSITION:
        return NOT_IN_MODE
    if not estimate.is_position_valid or not estimate.is_attitude_valid:
        return NEEDS_POSITION
    is_calm = norm(vec(estimate.v_ned)) <= params.speed and stick(inputs.pilot) <= params.stick
    is_high = estimate.height_m >= params.height
    return 0 if is_calm and is_high and command.terms.excited == 0 else OUT_OF_RANGE


@kernel
def hindrance(state, params, inputs, command):
    """Return the Reason to end now what somebody, the supervisor or the parameters' owner wants, 0 for none."""
    status, demand = command.status, inputs.demand
    if status.arming != Arming.ARMED:
        return R_DISARMED
    if status.is_landed:
        return R_LANDED
    if status.failsafes != 0 or status.lost_rotor != 0:
        return R_FAILSAFE
    if not stick(inputs.pilot) <= params.stick:
        return R_STICK
    if status.mode != state.mode:
        return R_MODE
    if demand.fresh and (demand.kind == AUTOTUNE or demand.kind == EXCITE):
        return R_ASKED
    return R_LONG if state.flown_s > params.seconds_max else 0


@kernel
def excess(state, params, estimate, q_sp_ned_frd):
    """Return the Reason to end that lies in how the vehicle moves, 0 for none.

    It may lean into a gust, but not turn from what holding its place asks for.
    """
    omega, way = vec(estimate.omega_frd), vec(estimate.p_ned) - vec(state.start_ned)
    turn = conjugate(quat(state.start_q_ned_frd)) * quat(estimate.q_ned_frd)
    off = conjugate(q_sp_ned_frd) * quat(estimate.q_ned_frd)
    if not (
        is_finite(omega)
        and is_finite(way)
        and is_finite(vec(estimate.v_ned))
        and math.isfinite(turn.w + off.w)
    ):
        return R_NAN
    if not estimate.is_position_valid or not estimate.is_attitude_valid:
        return R_POSITION
    is_off = abs(off.w) < math.cos(0.5 * DEGREE * params.tilt_max_deg)
    if is_off or abs(turn.w) < math.cos(0.5 * DEGREE * params.lean_max_deg):
        return R_TURNED
    if norm(way) > params.drift_max:
        return R_DRIFTED
    return R_SHAKING if norm(omega) > params.rate_max else 0
