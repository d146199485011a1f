"""Correct the errors by one scalar measurement after another, each behind a gate (Solà 2017, section 6)."""

import math

from flight.command import say
from flight.estimator import covariance
from flight.estimator.layout import (
    ACCEL_BIAS,
    BARO_OFFSET,
    COUNT,
    GYRO_BIAS,
    LAG,
    NEVER,
    POSITION,
    RANGE_SCALE,
    SLOW_POSITION,
    SLOW_VELOCITY,
    TERRAIN,
    THETA,
    VELOCITY,
    WIND,
    Part,
)
from flight.kernel import kernel
from flight.modes import Arming, Event
from flight.quaternion import from_rotation_vector, normalize, put_quat, quat, rotate_back
from flight.vector import Vec3, clamp, clip, cross, put, vec

LEAST_VARIANCE = 1e-12
# What a ratio is called when it is not a number.
REFUSED = 1e6


@kernel
def may_move(status):
    """Tell whether the vehicle flies or is about to: then noise forbids that a sensor says the same to the bit."""
    return status.arming == Arming.ARMED or not status.is_landed


@kernel
def clear(filter):
    """Begin the row of a scalar measurement."""
    filter.count = 0


@kernel
def depend(filter, index, value):
    """Add one error the measurement depends on."""
    filter.index[filter.count] = index
    filter.value[filter.count] = value
    filter.count += 1


@kernel
def depend_along(filter, first, direction):
    """Add the component of a vector of errors along a direction."""
    depend(filter, first, direction.x)
    depend(filter, first + 1, direction.y)
    depend(filter, first + 2, direction.z)


@kernel
def axis(i):
    """Return the unit vector of axis i."""
    return Vec3(1.0 if i == 0 else 0.0, 1.0 if i == 1 else 0.0, 1.0 if i == 2 else 0.0)


@kernel
def pick(v, i):
    """Return component i."""
    return v.x if i == 0 else (v.y if i == 1 else v.z)


@kernel
def on_position(filter, i, past):
    """Measure component i of the position as it was then: by velocity times age before the present."""
    clear(filter)
    depend(filter, POSITION + i, 1.0)
    depend(filter, VELOCITY + i, -past.age_s)


@kernel
def on_velocity(filter, direction, past):
    """Measure the velocity along a world direction as it was then.

    Since then a tilt error has turned the force and a bias has added to it; one without the other would make the two
    look distinguishable in hover, which they are not.
    """
    clear(filter)
    depend_along(filter, VELOCITY, direction)
    depend_along(filter, THETA, cross(direction, vec(past.force_dv_ned)))
    depend_along(filter, ACCEL_BIAS, past.age_s * rotate_back(quat(past.q_ned_frd), direction))


@kernel
def expected(filter):
    """Set `spread` to covariance times row; return what this tick's other measurements already explain."""
    already = 0.0
    for j in range(COUNT):
        filter.spread[j] = 0.0
    for k in range(filter.count):
        row = filter.index[k]
        value = filter.value[k]
        already += value * filter.error[row]
        for j in range(COUNT):
            filter.spread[j] += value * filter.covariance[row, j]
    return already


@kernel
def row_variance(filter):
    """Return the variance the filter expects of the measured quantity."""
    variance = 0.0
    for k in range(filter.count):
        variance += filter.value[k] * filter.spread[filter.index[k]]
    return max(variance, 0.0)


@kernel
def fuse(filter, innovation, variance, slowness, gate):
    """Correct by a scalar measurement unless it lies outside the gate; return its test ratio, at most 1 if used.

    `slowness` times the variance is used for weighting: over 1 where successive errors are alike, under 1 where the
    gate is to be wider than the noise.
    """
    residual = innovation - expected(filter)
    spread = row_variance(filter)
    ratio = residual * residual / (gate * gate * (spread + variance))
    if not ratio <= 1.0:
        return ratio if math.isfinite(ratio) else REFUSED
    correct(filter, residual, 1.0 / (spread + slowness * variance))
    return ratio


@kernel
def fuse_into(filter, first, count, innovation, variance, gate):
    """Correct a few errors only; the others count with their spread but stay as they are (Schmidt 1966)."""
    residual = innovation - expected(filter)
    inverse = 1.0 / (row_variance(filter) + variance)
    ratio = residual * residual * inverse / (gate * gate)
    if not ratio <= 1.0:
        return ratio if math.isfinite(ratio) else REFUSED
    filter.is_touched = 1
    for i in range(first, first + count):
        filter.error[i] += filter.spread[i] * inverse * residual
        for j in range(COUNT):
            less = filter.spread[i] * filter.spread[j] * inverse
            filter.covariance[i, j] -= less
            if not first <= j < first + count:
                filter.covariance[j, i] -= less
    return ratio


@kernel
def correct(filter, residual, inverse):
    """Add gain times residual to the errors and take what was learned off the covariance.

    The range finder's scale counts with its spread but stays as it is: its own gain is zero.
    """
    filter.is_touched = 1
    scale_variance = filter.covariance[RANGE_SCALE, RANGE_SCALE]
    for i in range(COUNT):
        learned = filter.spread[i]
        filter.error[i] += learned * inverse * residual
        for j in range(COUNT):
            # This order of products keeps the matrix symmetric to the bit.
            filter.covariance[i, j] -= learned * filter.spread[j] * inverse
    for i in range(COUNT):
        filter.covariance[i, i] = max(filter.covariance[i, i], LEAST_VARIANCE)
    filter.error[RANGE_SCALE] = 0.0
    filter.covariance[RANGE_SCALE, RANGE_SCALE] = scale_variance


@kernel
def note(aid, which, ratio, now_us):
    """Write down how a sample of one aid compared."""
    aid.ratio[which] = ratio
    aid.seen_us[which] = now_us
    if ratio <= 1.0:
        aid.accepted_us[which] = now_us
        aid.failing_since_us[which] = NEVER
    elif aid.failing_since_us[which] < 0:
        aid.failing_since_us[which] = now_us


@kernel
def is_failing(aid, which, now_us, time_s):
    """Tell whether an aid has been rejected without a break for longer than time_s."""
    since = aid.failing_since_us[which]
    return since >= 0 and 1e-6 * (now_us - since) > time_s


@kernel
def is_healthy(aid, which, now_us, time_s):
    """Tell whether an aid was accepted within time_s."""
    accepted = aid.accepted_us[which]
    return accepted >= 0 and 1e-6 * (now_us - accepted) < time_s


@kernel
def announce(state, which, part, now_us, status):
    """Raise the reset event and give the aid a new start."""
    say(status, Event.ESTIMATOR_RESET, float(part))
    restart_aid(state.aid, which, now_us)


@kernel
def restart_aid(aid, which, now_us):
    """Count an aid as accepted from now on."""
    aid.failing_since_us[which] = NEVER
    aid.accepted_us[which] = now_us


@kernel
def error_is_finite(filter):
    """Tell whether all errors are numbers."""
    total = 0.0
    for i in range(COUNT):
        total += filter.error[i]
    return math.isfinite(total)


@kernel
def inject(state, params, status):
    """Move this tick's errors into the nominal state."""
    filter = state.filter
    if not filter.is_touched:
        return
    filter.is_touched = 0
    if not error_is_finite(filter):
        covariance.begin(filter, params)
        covariance.restart(filter, THETA + 2, 1, params.yaw_sd)
        say(status, Event.ESTIMATOR_RESET, float(Part.COVARIANCE.value))
    apply(state.nominal, filter.error, params)
    for i in range(COUNT):
        filter.error[i] = 0.0


@kernel
def part(error, first):
    """Return three errors as a value."""
    return Vec3(error[first], error[first + 1], error[first + 2])


@kernel
def apply(nominal, error, params):
    """Add the errors to the nominal state."""
    turn = from_rotation_vector(part(error, THETA))
    put_quat(nominal.q_ned_frd, normalize(turn * quat(nominal.q_ned_frd)))
    put(nominal.v_ned, vec(nominal.v_ned) + part(error, VELOCITY))
    put(nominal.p_ned, vec(nominal.p_ned) + part(error, POSITION))
    limit = params.gyro_bias_max
    bias = vec(nominal.gyro_bias_frd) + part(error, GYRO_BIAS)
    put(nominal.gyro_bias_frd, clip(bias, Vec3(limit, limit, limit)))
    limit = params.accel_bias_max
    bias = vec(nominal.accel_bias_frd) + part(error, ACCEL_BIAS)
    put(nominal.accel_bias_frd, clip(bias, Vec3(limit, limit, limit)))
    nominal.baro_offset_m += error[BARO_OFFSET]
    for i in range(2):
        nominal.wind_ned[i] += error[WIND + i]
    put(nominal.gps_slow_v_ned, vec(nominal.gps_slow_v_ned) + part(error, SLOW_VELOCITY))
    put(nominal.gps_slow_p_ned, vec(nominal.gps_slow_p_ned) + part(error, SLOW_POSITION))
    nominal.terrain_z_m += error[TERRAIN]
    nominal.lag_s = clamp(nominal.lag_s + error[LAG], nominal.lag_least_s, nominal.lag_most_s)
