"""Read the signs: what is asked for and what is so, as one sum of bits for the tables."""

import math

from flight.inputs import Demand, Use
from flight.kernel import kernel
from flight.modes import Arming, Failsafe, Level, Mode
from flight.supervisor.checks import is_pilot_there, is_stream_running, stream_needs, when
from flight.supervisor.table import RETURN, SEVERITY, Sign

FENCE_PLACE = int(Failsafe.FENCE).bit_length() - 1
PLACES = int(Use.POSITION_XY | Use.POSITION_Z)


@kernel
def estimate_signs(estimate):
    """Tell what the estimator can vouch for."""
    return (
        when(estimate.is_attitude_valid, Sign.ATTITUDE)
        | when(estimate.is_altitude_valid, Sign.ALTITUDE)
        | when(estimate.is_position_valid and estimate.is_velocity_valid, Sign.POSITION)
    )


@kernel
def is_stream_flyable(state, params, inputs, signs):
    """Tell whether setpoints arrive and the estimate suffices for their level."""
    level = inputs.offboard.level
    is_known = Level.RATE <= level <= Level.POSITION
    return is_known and stream_needs(level) & ~signs == 0 and is_stream_running(state, params, inputs)


@kernel
def is_way_barred(state, params):
    """Tell whether every way home leaves the fence and leaving it would end the flight there."""
    return state.home.is_barred == 1 and SEVERITY[params.action[FENCE_PLACE]] > RETURN


@kernel
def is_low(state, params, estimate):
    """Tell whether a vehicle in the air is so near the ground that it cannot stay there."""
    is_known = estimate.is_altitude_valid and not state.landing.is_landed
    return is_known and estimate.height_m < params.low_m


@kernel
def standing_signs(state, params, inputs, command):
    """Return what is so, whoever wishes what."""
    status, landing = command.status, state.landing
    signs = estimate_signs(command.estimate)
    return (
        signs
        | when(landing.is_landed, Sign.LANDED)
        | when(not landing.is_landed and state.arming == Arming.ARMED, Sign.AIRBORNE)
        | when(is_low(state, params, command.estimate), Sign.LOW)
        | when(is_pilot_there(state, params, inputs), Sign.PILOT)
        | when(is_stream_flyable(state, params, inputs, signs), Sign.STREAM)
        | when(status.mission_count > 0, Sign.MISSION)
        | when(status.is_home_set, Sign.HOME)
        | when(not is_way_barred(state, params), Sign.WAY_HOME)
        | when(status.is_done, Sign.DONE)
        | when(state.mode == Mode.MISSION and not status.is_done, Sign.UNDERWAY)
        | when(inputs.pilot.is_kill_switch_on and state.pilot_seen, Sign.KILL_SWITCH | Sign.KILL)
        | when(state.mode == Mode.RATE or state.mode == Mode.ANGLE, Sign.STICKS_ONLY)
    )


@kernel
def is_resting(state, params):
    """Tell whether the vehicle has flown, landed and rested."""
    landing, rest = state.landing, params.arm.rest_s
    return rest > 0.0 and landing.is_landed and landing.has_flown and landing.rest_s >= rest


@kernel
def is_idling(state, params):
    """Tell whether the vehicle has been armed for long without flying, and is not about to lift off."""
    landing, longest = state.landing, params.arm.idle_s
    is_waiting = landing.has_flown == 0 and landing.lifting_s == 0.0
    return longest > 0.0 and is_waiting and state.armed_s >= longest


@kernel
def demand_signs(demand):
    """Return what the operator asks of the motors."""
    if not demand.fresh:
        return 0
    is_disarm = demand.kind == Demand.DISARM
    is_forced = is_disarm and demand.uses & 1 and demand.argument[0] == 1.0
    return (
        when(demand.kind == Demand.ARM, Sign.ARM_WISH)
        | when(is_disarm, Sign.DISARM_WISH)
        | when(is_forced, Sign.FORCED)
        | when(demand.kind == Demand.KILL, Sign.KILL)
    )


@kernel
def switch_signs(state, pilot):
    """Return what the pilot's arming switch asks for: only its movements mean something."""
    if not pilot.fresh or pilot.is_arm_switch_on == state.is_arm_switch_on:
        return 0
    if pilot.is_arm_switch_on:
        return when(state.is_arm_switch_safe, Sign.ARM_WISH)
    return Sign.DISARM_WISH | Sign.BY_SWITCH


@kernel
def is_meant(demand):
    """Tell whether every number meant by a demand is finite."""
    total = 0.0
    for k in range(8):
        total += float(demand.argument[k]) if demand.uses >> k & 1 else 0.0
    return math.isfinite(total)
