"""What speaks against arming: one line per reason.

A number must show that it is in order, so that what is no number is refused by the comparison it fails.
"""

import math

from flight.inputs import LogState
from flight.kernel import kernel
from flight.modes import Arming, Mode, Refusal
from flight.quaternion import quat, tilt_of
from flight.supervisor import fence
from flight.supervisor.checks import (
    MICRO,
    age_s,
    is_bridge_lost,
    is_pilot_there,
    is_piloted,
    is_sound,
    when,
)
from flight.supervisor.energy import is_silent
from flight.supervisor.health import BARO, MOCAP
from flight.supervisor.table import MODE_TABLE, NEEDS
from flight.vector import is_finite, norm, vec


@kernel
def is_battery_bad(state, params):
    """Tell whether the battery forbids a flight."""
    if not state.battery_seen:
        return params.arm.needs_battery == 1
    return is_silent(state, params.battery) or not state.cell_v >= params.arm.cell_v


@kernel
def is_throttle_up(state, params, pilot):
    """Tell whether the throttle stick would lift the vehicle at once."""
    if not (state.pilot_seen and is_piloted(state.mode)):
        return False
    is_direct = state.mode == Mode.RATE or state.mode == Mode.ANGLE
    highest = params.arm.throttle if is_direct else params.arm.throttle_mid
    return not pilot.throttle <= highest


@kernel
def are_sticks_off_centre(state, params, pilot):
    """Tell whether a stick would lean or turn the vehicle at once, or is no number."""
    most = params.arm.stick
    is_centred = abs(pilot.roll) <= most and abs(pilot.pitch) <= most and abs(pilot.yaw) <= most
    return state.pilot_seen == 1 and is_piloted(state.mode) and not is_centred


@kernel
def is_link_missing(state, params, inputs):
    """Tell whether a link that must be there is not."""
    is_alone = params.arm.needs_pilot == 1 and not is_pilot_there(state, params, inputs)
    return is_alone or is_bridge_lost(params, inputs)


@kernel
def is_imu_missing(state, params, inputs):
    """Tell whether there are no recent, living IMU samples."""
    imu = inputs.imu
    is_old = age_s(inputs.t_us, imu.t_us, True) > params.arm.imu_age_s
    is_frozen = state.health.frozen_s > params.health.frozen_s
    accel, gyro = vec(imu.accel_frd), vec(imu.gyro_frd)
    return is_old or is_frozen or norm(accel) == 0.0 or not (is_finite(accel) and is_finite(gyro))


@kernel
def is_moving(params, estimate):
    """Tell whether the vehicle turns or travels."""
    is_travelling = estimate.is_velocity_valid and not norm(vec(estimate.v_ned)) <= params.arm.speed
    return is_travelling or not norm(vec(estimate.omega_frd)) <= params.arm.rate


@kernel
def is_biased(health, params, estimate):
    """Tell whether gyro or accelerometer are further off than a calibrated one can be.

    What stands and is felt to accelerate has an accelerometer whose bias nobody has learnt yet.
    """
    most = params.arm.accel_bias
    is_accel_fit = norm(vec(estimate.accel_bias_frd)) <= most and health.force <= most
    return not (is_accel_fit and norm(vec(estimate.gyro_bias_frd)) <= params.arm.gyro_bias)


@kernel
def has_fallen_silent(params, now_us, sample, is_number):
    """Tell whether a sensor has spoken since the start and does so no more, or not in numbers."""
    is_old = MICRO * float(now_us - sample.t_us) > params.arm.aid_age_s
    return sample.t_us > 0 and (is_old or not is_number)


@kernel
def is_compass_implausible(health, params, inputs):
    """Tell whether the field is gone or not Earth's, or the heading disagrees with it; poses make up for it."""
    if health.aids >> MOCAP & 1:
        return False
    if has_fallen_silent(params, inputs.t_us, inputs.mag, is_finite(vec(inputs.mag.field_ut_frd))):
        return True
    is_earths = params.arm.field_low <= health.field_ut <= params.arm.field_high
    # Whether the estimate listens or has long refused to.
    return health.has_field == 1 and not (is_earths and health.ratios[2] <= params.arm.ratio_yaw)


@kernel
def is_place_in_doubt(health, params):
    """Tell whether satellites disagree with the estimate."""
    return not health.ratios[0] <= params.arm.ratio_place


@kernel
def is_height_in_doubt(health, params, inputs):
    """Tell whether the barometer is gone or disagrees with the estimate; poses make up for one that is gone."""
    if health.aids >> MOCAP & 1 and not health.aids >> BARO & 1:
        return False
    is_heard = not has_fallen_silent(params, inputs.t_us, inputs.baro, math.isfinite(inputs.baro.pressure_pa))
    return not (is_heard and health.ratios[1] <= params.arm.ratio_height)


@kernel
def is_log_missing(params, system):
    """Tell whether nothing is recorded although it should be."""
    if params.arm.needs_log == 1:
        return system.log_state != LogState.RUNNING
    return system.log_state == LogState.STOPPED


@kernel
def is_fence_wrong(state, params, estimate):
    """Tell whether the fence is unfinished, the vehicle or the home chosen outside, or that cannot be known."""
    blind = fence.is_blind(state.fence, params.fence, estimate)
    lost = state.home.is_chosen == 1 and fence.room_over_ground(state.fence, vec(state.home.place_ned)) < 0.0
    return blind or lost or state.fence.is_sound == 0 or state.fence.is_breached == 1


@kernel
def are_thresholds_wrong(params):
    """Tell whether the battery's levels are out of order, that of arming among them."""
    battery = params.battery
    is_ordered = battery.low_v >= battery.critical_v >= battery.emergency_v
    return not (is_ordered and params.arm.cell_v >= battery.critical_v)


@kernel
def sensor_refusals(state, params, inputs, estimate):
    """Return the reasons that sensors and estimate give."""
    health = state.health
    is_known = estimate.is_attitude_valid and is_sound(estimate) and is_finite(vec(estimate.a_ned))
    return (
        when(not is_known, Refusal.ESTIMATOR)
        | when(not tilt_of(quat(estimate.q_ned_frd)) <= params.arm.tilt, Refusal.TILT)
        | when(is_imu_missing(state, params, inputs), Refusal.SENSOR)
        | when(is_moving(params, estimate), Refusal.MOVING)
        | when(is_biased(health, params, estimate), Refusal.CALIBRATION)
        | when(is_compass_implausible(health, params, inputs), Refusal.COMPASS)
        | when(is_place_in_doubt(health, params), Refusal.PLACE)
        | when(is_height_in_doubt(health, params, inputs), Refusal.HEIGHT)
    )


@kernel
def pilot_refusals(state, params, inputs):
    """Return the reasons that links, sticks and switches give."""
    pilot = inputs.pilot
    return (
        when(is_link_missing(state, params, inputs), Refusal.LINK)
        | when(is_throttle_up(state, params, pilot), Refusal.THROTTLE)
        | when(are_sticks_off_centre(state, params, pilot), Refusal.STICKS)
        | when(pilot.is_kill_switch_on, Refusal.KILL_SWITCH)
        | when(pilot.is_arm_switch_on and not state.is_arm_switch_safe, Refusal.ARM_SWITCH)
    )


@kernel
def system_refusals(state, params, inputs, estimate):
    """Return the reasons that power, computer, fence and the last flight give."""
    return (
        when(is_battery_bad(state, params), Refusal.BATTERY)
        | when(are_thresholds_wrong(params), Refusal.THRESHOLDS)
        | when(not state.health.late <= params.health.late, Refusal.LOOP)
        | when(is_log_missing(params, inputs.system), Refusal.LOG)
        | when(inputs.system.bridge_faults != 0, Refusal.BRIDGE)
        | when(is_fence_wrong(state, params, estimate), Refusal.FENCE)
        | when(state.is_crashed, Refusal.CRASHED)
        | when(state.test.left_s > 0.0, Refusal.MOTOR_TEST)
        | when(state.arming == Arming.KILLED, Refusal.KILLED)
    )


@kernel
def refusals(state, params, inputs, estimate, signs):
    """Return every reason not to arm as a sum of Refusal bits."""
    return (
        sensor_refusals(state, params, inputs, estimate)
        | pilot_refusals(state, params, inputs)
        | system_refusals(state, params, inputs, estimate)
        | when(MODE_TABLE[state.mode, NEEDS] & ~signs, Refusal.MODE)
    )
