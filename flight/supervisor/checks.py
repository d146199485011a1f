"""What is wrong in the air. Every function answers yes or no, the last ones with sums of Failsafe bits."""

import math

from flight.inputs import LogState, Use
from flight.kernel import kernel
from flight.modes import Arming, Failsafe, Level, Mode
from flight.quaternion import body_z_ned, quat, tilt_of
from flight.supervisor import landing
from flight.supervisor.energy import is_home_far, is_silent
from flight.supervisor.table import BRIDGE, GROUND, MODE_TABLE, NEEDS, OFFBOARD, PILOT, PILOTED, PLACE, Sign
from flight.vector import dot, is_finite, norm, vec

MICRO = 1e-6
NEVER = 1e9
PLACES, VELOCITIES = Use.POSITION_XY + Use.POSITION_Z, Use.VELOCITY_XY + Use.VELOCITY_Z


@kernel
def when(is_so, bit):
    """Return the bit if something is so."""
    return bit if is_so else 0


@kernel
def age_s(now_us, then_us, has_been):
    """Return how old a sample is in seconds."""
    return MICRO * float(now_us - then_us) if has_been else NEVER


@kernel
def is_piloted(mode):
    """Tell whether the sticks fly."""
    return (PILOTED >> mode) & 1 == 1


@kernel
def is_pilot_there(state, params, inputs):
    """Tell whether the pilot's sticks arrive."""
    return age_s(inputs.t_us, inputs.pilot.t_us, state.pilot_seen) <= params.hold_s[PILOT]


@kernel
def is_stream_running(state, params, inputs):
    """Tell whether offboard setpoints arrive."""
    return age_s(inputs.t_us, inputs.offboard.t_us, state.offboard_seen) <= params.hold_s[OFFBOARD]


@kernel
def is_bridge_lost(params, inputs):
    """Tell whether the bridge was there and is silent."""
    return MICRO * float(inputs.link.bridge_age_us) > params.hold_s[BRIDGE]


@kernel
def is_sound(estimate):
    """Tell whether the estimate is made of numbers."""
    attitude = estimate.q_ned_frd[0] + estimate.q_ned_frd[1] + estimate.q_ned_frd[2] + estimate.q_ned_frd[3]
    motion = vec(estimate.omega_frd) + vec(estimate.v_ned) + vec(estimate.p_ned)
    return math.isfinite(attitude) and is_finite(motion)


@kernel
def link_troubles(state, params, inputs):
    """Return which links of an armed vehicle are silent; a mode that needs none is not troubled."""
    raised, ground_s = state.watch.raised, MICRO * float(inputs.link.ground_age_us)
    cares = is_piloted(state.mode) or params.pilot_all == 1 or raised & Failsafe.PILOT_LOST
    had_pilot = state.pilot_seen or params.arm.needs_pilot == 1
    streams = state.mode == Mode.OFFBOARD or raised & Failsafe.OFFBOARD_LOST
    return (
        when(cares and had_pilot and not is_pilot_there(state, params, inputs), Failsafe.PILOT_LOST)
        | when(ground_s > params.hold_s[GROUND], Failsafe.GROUND_LOST)
        | when(streams and not is_stream_running(state, params, inputs), Failsafe.OFFBOARD_LOST)
        | when(is_bridge_lost(params, inputs), Failsafe.BRIDGE_LOST)
    )


@kernel
def battery_troubles(state, params):
    """Return how empty the battery is, or that nobody tells."""
    if not state.battery_seen:
        return 0
    return (
        when(is_silent(state, params.battery), Failsafe.BATTERY_UNKNOWN)
        | when(state.cell_v < params.battery.low_v, Failsafe.BATTERY_LOW)
        | when(state.cell_v < params.battery.critical_v, Failsafe.BATTERY_CRITICAL)
        | when(state.cell_v < params.battery.emergency_v, Failsafe.BATTERY_EMERGENCY)
    )


@kernel
def stream_needs(level):
    """Return what of the estimate a streamed setpoint needs."""
    return PLACE if level >= Level.VELOCITY else when(level == Level.ALTITUDE, Sign.ALTITUDE)


@kernel
def is_place_lost(state, offboard, signs):
    """Tell whether the mode, or the one given up for this reason, misses its position or height."""
    if state.watch.raised & Failsafe.POSITION_LOST:
        return signs & PLACE != PLACE
    needed = MODE_TABLE[state.mode, NEEDS]
    if state.mode == Mode.OFFBOARD:
        needed |= stream_needs(offboard.level)
    return needed & PLACE & ~signs != 0


@kernel
def attitude_troubles(state, params, inputs, estimate, signs):
    """Return what is wrong with the motion of an armed vehicle."""
    is_tilted = tilt_of(quat(estimate.q_ned_frd)) > params.tilt_max and state.mode != Mode.RATE
    return (
        when(not estimate.is_attitude_valid and state.mode != Mode.RATE, Failsafe.ESTIMATOR)
        | when(is_place_lost(state, inputs.offboard, signs), Failsafe.POSITION_LOST)
        | when(is_tilted, Failsafe.TILT)
    )


@kernel
def is_astray(setpoint, estimate, cosine):
    """Tell whether the thrust axis points elsewhere than it should by more than an angle."""
    wanted, real = body_z_ned(quat(setpoint.q_sp_ned_frd)), body_z_ned(quat(estimate.q_ned_frd))
    return setpoint.level >= Level.ATTITUDE and dot(wanted, real) < cosine


@kernel
def has_crashed(state, params, command):
    """Tell whether the vehicle lies: far from the attitude it should have, slow, and nothing accelerates it."""
    estimate, flight = command.estimate, params.flight
    lies = is_astray(command.setpoint, estimate, math.cos(flight.crash_angle)) and state.rotors.lost == 0
    is_slow = not estimate.is_velocity_valid or norm(vec(estimate.v_ned)) < flight.crash_speed
    return lies and is_slow and state.health.force < flight.crash_acc


@kernel
def runs_away(state, params, command):
    """Tell whether the vehicle turns over while it should stand or has just left the ground.

    Who leans elsewhere than it should and takes off all the same flies into whoever stands there; one that stands
    level and is asked to lean does not.
    """
    estimate, flight, angle = command.estimate, params.flight, params.flight.runaway_angle
    rate = math.sqrt(
        estimate.omega_frd[0] * estimate.omega_frd[0] + estimate.omega_frd[1] * estimate.omega_frd[1]
    )
    is_tilted = tilt_of(quat(estimate.q_ned_frd)) > angle and state.rotors.lost == 0
    leans = is_tilted and is_astray(command.setpoint, estimate, math.cos(angle))
    is_early = landing.is_just_off(state.landing, params, estimate)
    return is_early and (rate > flight.runaway_rate or leans) and state.mode != Mode.RATE


@kernel
def is_to_climb(state, params, setpoint):
    """Tell whether who flies by itself takes off or is to climb as fast as counts as sinking the other way."""
    is_fast = setpoint.level >= Level.ALTITUDE and setpoint.v_sp_ned[2] < -params.flight.thrust_sink
    return state.mode == Mode.TAKEOFF or (is_fast and not is_piloted(state.mode))


@kernel
def falls_at_full_thrust(state, params, command):
    """Tell whether all the thrust there is does not hold the vehicle, or does not lift it."""
    flight, climbs = params.flight, is_to_climb(state, params, command.setpoint)
    is_full = command.setpoint.thrust_sp > flight.thrust_full
    fastest = -flight.thrust_climb if climbs else flight.thrust_sink
    is_sinking = command.estimate.is_altitude_valid and command.estimate.v_ned[2] > fastest
    return is_full and is_sinking and (state.landing.is_landed == 0 or climbs)


@kernel
def spins(state, params, command):
    """Tell whether the vehicle turns about its thrust far otherwise than it should; on fewer rotors it has to."""
    off = command.estimate.omega_frd[2] - command.setpoint.omega_sp_frd[2]
    is_seen = command.estimate.is_rate_lost == 0 and state.rotors.lost == 0
    return is_seen and abs(off) > params.flight.spin_rate


@kernel
def rotor_troubles(state, params, command):
    """Return what is wrong with rotors, thrust and what they do to the vehicle."""
    yaw_share = abs(command.terms.rate_i[2]) / state.yaw_limit if state.yaw_limit > 0.0 else 0.0
    return (
        when(state.health.shake > params.health.shake * params.health.shake, Failsafe.VIBRATION)
        | when(yaw_share > params.flight.yaw_share, Failsafe.YAW_LIMIT)
        | when(spins(state, params, command), Failsafe.SPINNING)
        | when(falls_at_full_thrust(state, params, command), Failsafe.THRUST_LOST)
        | when(state.rotors.lost != 0, Failsafe.ROTOR_LOST)
        | when(has_crashed(state, params, command), Failsafe.CRASHED)
        | when(runs_away(state, params, command), Failsafe.RUNAWAY)
    )


@kernel
def is_streamed(mode, offboard):
    """Tell whether a program says itself where the setpoint is now: that may be any place."""
    return mode == Mode.OFFBOARD and offboard.uses & PLACES == PLACES and offboard.uses & VELOCITIES != 0


@kernel
def is_off_course(state, params, offboard, command):
    """Tell whether who flies by itself is far from where it should be by now."""
    is_led = not is_piloted(state.mode) and not is_streamed(state.mode, offboard)
    is_placed = command.setpoint.level == Level.POSITION and command.estimate.is_position_valid
    behind = vec(command.setpoint.p_sp_ned) - vec(command.estimate.p_ned)
    return is_led and is_placed and norm(behind) > params.flight.away


@kernel
def place_troubles(state, params, offboard, command):
    """Return what is wrong with where and how long the vehicle flies."""
    flight, wind = params.flight, norm(vec(command.estimate.wind_ned))
    is_late = flight.longest_s > 0.0 and state.landing.airborne_s > flight.longest_s
    is_far = is_home_far(state, params.battery, command.status, command.estimate)
    return (
        when(state.fence.is_near, Failsafe.FENCE_NEAR)
        | when(state.fence.is_breached, Failsafe.FENCE)
        | when(not wind <= flight.wind, Failsafe.WIND)
        | when(is_late, Failsafe.FLIGHT_TIME)
        | when(is_far, Failsafe.RESERVE)
        | when(is_off_course(state, params, offboard, command), Failsafe.OFF_COURSE)
    )


@kernel
def system_troubles(state, params, inputs):
    """Return what is wrong with sensors and computers."""
    health, system = state.health, inputs.system
    return (
        when(health.late > params.health.late, Failsafe.LOOP_LATE)
        | when(health.clipped > params.health.clip_most, Failsafe.IMU_CLIPPED)
        | when(health.frozen_s > params.health.frozen_s, Failsafe.IMU_STUCK)
        | when(health.aids_seen & ~health.aids, Failsafe.AID_LOST)
        | when(system.log_state == LogState.STOPPED, Failsafe.LOG_LOST)
        | when(system.bridge_faults != 0, Failsafe.BRIDGE_FAULT)
    )


@kernel
def troubles(state, params, inputs, command, signs):
    """Return everything that is wrong now as a sum of Failsafe bits; on the ground only what matters there."""
    estimate = command.estimate
    is_broken = state.is_output_broken or not is_sound(estimate)
    found = battery_troubles(state, params) | when(is_broken, Failsafe.NOT_A_NUMBER)
    if state.arming != Arming.ARMED:
        return found
    found |= link_troubles(state, params, inputs) | system_troubles(state, params, inputs)
    found |= attitude_troubles(state, params, inputs, estimate, signs)
    found |= rotor_troubles(state, params, command)
    return found | (0 if state.landing.is_landed else place_troubles(state, params, inputs.offboard, command))
