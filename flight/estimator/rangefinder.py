"""Height above the ground from a distance along body z, and altitude from it while the ground is near."""

import math

from flight.estimator import history, update
from flight.estimator.layout import MOCAP, RANGE
from flight.kernel import kernel
from flight.quaternion import down_frd, quat
from flight.vector import norm_xy, vec

FARTHEST_M = 500.0


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
    ground = state.ground
    height = sample.distance_m * cosine
    z = state.past.p_ned[2]
    variance = params.range_sd * params.range_sd
    if not ground.has_range:
        restart(ground, z + height, variance)
    roughen(ground, params, norm_xy(vec(state.nominal.v_ned)), now_us)
    innovation = height - (ground.z_m - z)
    spread = ground.variance + variance
    ratio = innovation * innovation / (params.range_gate * params.range_gate * spread)
    if ratio <= 1.0 and height < params.range_aid_height and not has_mocap(state, params, now_us):
        hold_altitude(state, params, innovation, spread)
    if ratio <= 1.0:
        gain = ground.variance / spread
        ground.z_m += gain * innovation
        ground.variance *= 1.0 - gain
    update.note(state.aid, RANGE, ratio, now_us)
    if update.is_failing(state.aid, RANGE, now_us, params.aid_time):
        restart(ground, z + height, variance)


@kernel
def has_mocap(state, params, now_us):
    """Tell whether motion capture holds the altitude better than any ground could."""
    return update.is_healthy(state.aid, MOCAP, now_us, params.aid_time)


@kernel
def restart(ground, z_m, variance):
    """Take the ground to be where the beam ends."""
    ground.z_m = z_m
    ground.variance = variance
    ground.has_range = 1


@kernel
def roughen(ground, params, speed, now_us):
    """Let the ground have risen or fallen with the way flown since the last sample."""
    step_m = params.range_slope * speed * 1e-6 * float(now_us - ground.seen_us)
    if ground.seen_us > 0:
        ground.variance += step_m * step_m
    ground.seen_us = now_us


@kernel
def hold_altitude(state, params, innovation, variance):
    """Correct the altitude by a ground that is known better than the altitude is."""
    filter = state.filter
    update.on_position(filter, 2, state.past)
    for k in range(filter.count):
        filter.value[k] = -filter.value[k]
    update.fuse(filter, innovation, variance, 1.0, params.range_gate)
