"""What is wrong: reasons not to arm, troubles in the air. Every function answers yes or no."""

import math

from flight.kernel import kernel
from flight.modes import Arming, Failsafe, Mode, Refusal
from flight.quaternion import quat, tilt_of
from flight.supervisor.table import BRIDGE, GROUND, MODE_TABLE, NEEDS, OFFBOARD, PILOT, PILOTED, PLACE
from flight.vector import is_finite, norm, vec

MICRO = 1e-6
NEVER = 1e9


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
def is_battery_bad(state, params):
    """Tell whether the battery forbids a flight."""
    if not state.battery_seen:
        return params.arm.needs_battery == 1
    return state.cell_v < params.arm.cell_v


@kernel
def is_throttle_up(state, params, pilot):
    """Tell whether the throttle stick would lift the vehicle at once."""
    if not (state.pilot_seen and is_piloted(state.mode)):
        return False
    is_direct = state.mode == Mode.RATE or state.mode == Mode.ANGLE
    return pilot.throttle > (params.arm.throttle if is_direct else params.arm.throttle_mid)


@kernel
def is_link_missing(state, params, inputs):
    """Tell whether a link that must be there is not."""
    is_alone = params.arm.needs_pilot == 1 and not is_pilot_there(state, params, inputs)
    return is_alone or is_bridge_lost(params, inputs)


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
def is_imu_missing(params, inputs):
    """Tell whether there are no recent IMU samples."""
    imu = inputs.imu
    is_old = age_s(inputs.t_us, imu.t_us, True) > params.arm.imu_age_s
    return is_old or norm(vec(imu.accel_frd)) == 0.0 or not is_finite(vec(imu.gyro_frd))


@kernel
def is_moving(params, estimate):
    """Tell whether the vehicle turns or travels."""
    is_travelling = estimate.is_velocity_valid and norm(vec(estimate.v_ned)) > params.arm.speed
    return is_travelling or norm(vec(estimate.omega_frd)) > params.arm.rate


@kernel
def refusals(state, params, inputs, estimate, signs):
    """Return every reason not to arm as a sum of Refusal bits."""
    pilot = inputs.pilot
    missing = MODE_TABLE[state.mode, NEEDS] & ~signs
    return (
        when(not estimate.is_attitude_valid, Refusal.ESTIMATOR)
        | when(is_battery_bad(state, params), Refusal.BATTERY)
        | when(tilt_of(quat(estimate.q_ned_frd)) > params.arm.tilt, Refusal.TILT)
        | when(is_link_missing(state, params, inputs), Refusal.LINK)
        | when(is_throttle_up(state, params, pilot), Refusal.THROTTLE)
        | when(pilot.is_kill_switch_on, Refusal.KILL_SWITCH)
        | when(is_imu_missing(params, inputs), Refusal.SENSOR)
        | when(is_moving(params, estimate), Refusal.MOVING)
        | when(missing, Refusal.MODE)
        | when(pilot.is_arm_switch_on and not state.is_arm_switch_safe, Refusal.ARM_SWITCH)
        | when(state.arming == Arming.KILLED, Refusal.KILLED)
    )


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
    """Return how empty the battery is."""
    if not state.battery_seen:
        return 0
    return (
        when(state.cell_v < params.battery.low_v, Failsafe.BATTERY_LOW)
        | when(state.cell_v < params.battery.critical_v, Failsafe.BATTERY_CRITICAL)
        | when(state.cell_v < params.battery.emergency_v, Failsafe.BATTERY_EMERGENCY)
    )


@kernel
def is_place_lost(state, signs):
    """Tell whether the mode, or the one given up for this reason, misses its position or height."""
    if state.watch.raised & Failsafe.POSITION_LOST:
        return signs & PLACE != PLACE
    return MODE_TABLE[state.mode, NEEDS] & PLACE & ~signs != 0


@kernel
def flight_troubles(state, params, estimate, signs):
    """Return what is wrong with an armed vehicle itself."""
    is_tilted = tilt_of(quat(estimate.q_ned_frd)) > params.tilt_max and state.mode != Mode.RATE
    return (
        when(not estimate.is_attitude_valid and state.mode != Mode.RATE, Failsafe.ESTIMATOR)
        | when(is_place_lost(state, signs), Failsafe.POSITION_LOST)
        | when(is_tilted, Failsafe.TILT)
    )


@kernel
def troubles(state, params, inputs, estimate, signs):
    """Return everything that is wrong now as a sum of Failsafe bits; on the ground only what matters there."""
    is_broken = state.is_output_broken or not is_sound(estimate)
    found = battery_troubles(state, params) | when(is_broken, Failsafe.NOT_A_NUMBER)
    if state.arming != Arming.ARMED:
        return found
    return found | link_troubles(state, params, inputs) | flight_troubles(state, params, estimate, signs)
