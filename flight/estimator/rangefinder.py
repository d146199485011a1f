"""Height above the ground from a distance along body z, and altitude from it while the ground is near."""

import math

from flight.estimator import covariance, history, update
from flight.estimator.layout import MOCAP, RANGE, RANGE_SCALE, TERRAIN
from flight.kernel import kernel
from flight.quaternion import down_frd, quat
from flight.vector import norm_xy, vec

FARTHEST_M = 500.0
# A level that is not known at all.
UNKNOWN_M = 100.0


@kernel
def is_credible(sample, params, cosine):
    """Tell whether a distance is a height."""
    return sample.is_valid and 0.0 < sample.distance_m < FARTHEST_M and cosine > math.cos(params.range_tilt)


@kernel
def is_hung(ground, params, sample, now_us, status):
    """Tell whether the distance has been the same for too long for anything that flies."""
    if sample.distance_m != ground.last_distance_m or status.is_landed:
        ground.last_distance_m = sample.distance_m
        ground.changed_us = now_us
    return 1e-6 * (now_us - ground.changed_us) > params.range_hung


@kernel
def step(state, params, sample, now_us, status):
    """Follow the ground's level (down positive); nearby ground also holds the altitude."""
    if not sample.fresh or is_hung(state.ground, params, sample, now_us, status):
        return
    history.recall(state, sample.t_us, now_us, params.range_delay - params.imu_delay)
    cosine = down_frd(quat(state.past.q_ned_frd)).z
    if not is_credible(sample, params, cosine):
        return
    height = sample.distance_m * cosine
    if not state.ground.has_range:
        restart(state, height)
    roughen(state, params, vec(state.nominal.v_ned), now_us)
    ratio = fuse(
        state, params, height, height < params.range_aid_height and not has_mocap(state, params, now_us)
    )
    update.note(state.aid, RANGE, ratio, now_us)
    if update.is_failing(state.aid, RANGE, now_us, params.aid_time):
        restart(state, height)


@kernel
def fuse(state, params, height, aids_altitude):
    """Correct the ground's level, and all else where the ground is near enough to be trusted as level."""
    filter = state.filter
    update.on_position(filter, 2, state.past)
    for k in range(filter.count):
        filter.value[k] = -filter.value[k]
    update.depend(filter, TERRAIN, 1.0)
    # By the height expected: one measured would share its noise with the innovation, which then has a mean.
    above = state.nominal.terrain_z_m - state.past.p_ned[2]
    update.depend(filter, RANGE_SCALE, above)
    innovation = height - above
    variance = params.range_sd * params.range_sd
    if aids_altitude:
        return update.fuse(filter, innovation, variance, 1.0, params.range_gate)
    return update.fuse_into(filter, TERRAIN, 1, innovation, variance, params.range_gate)


@kernel
def has_mocap(state, params, now_us):
    """Tell whether motion capture holds the altitude better than any ground could."""
    return update.is_healthy(state.aid, MOCAP, now_us, params.aid_time)


@kernel
def restart(state, height):
    """Take the ground to be where the beam ends; the samples to come say how well that is known."""
    state.nominal.terrain_z_m = state.past.p_ned[2] + height
    covariance.restart(state.filter, TERRAIN, 1, UNKNOWN_M)
    state.ground.has_range = 1


@kernel
def roughen(state, params, v_ned, now_us):
    """Let the ground have risen or fallen with the way flown since the last sample."""
    dt = 1e-6 * float(now_us - state.ground.seen_us)
    step_m = params.range_slope * norm_xy(v_ned) * dt
    if state.ground.seen_us > 0:
        state.filter.covariance[TERRAIN, TERRAIN] += step_m * step_m
    state.ground.seen_us = now_us
