"""Heading from the horizontal part of the magnetic field, tilt-compensated, while the field looks like the Earth's."""

import math

from flight.estimator import covariance, history, update
from flight.estimator.layout import GPS_VELOCITY, MAG, THETA, Part
from flight.kernel import kernel
from flight.quaternion import from_yaw, put_quat, quat, rotate, wrap_angle
from flight.vector import norm, norm_xy, put, vec

# The Earth's field is 22 to 67 microtesla everywhere; a poor calibration may add to that.
WEAKEST_UT, STRONGEST_UT = 10.0, 100.0


@kernel
def is_credible(field_ut):
    """Tell whether a field could be the Earth's."""
    return WEAKEST_UT < norm(field_ut) < STRONGEST_UT


@kernel
def listen(mag, params, sample):
    """Average the field while waiting for alignment."""
    field_ut = vec(sample.field_ut_frd)
    if not sample.fresh or not is_credible(field_ut):
        return
    mean = vec(mag.mean_ut_frd) if mag.has_mean else field_ut
    put(mag.mean_ut_frd, mean + 0.1 * (field_ut - mean))
    mag.has_mean = 1


@kernel
def heading_error(field_ned, declination):
    """Return by how much the world's field is turned away from where it should point."""
    return wrap_angle(declination - math.atan2(field_ned.y, field_ned.x))


@kernel
def inclination(field_ned):
    """Return how steeply the field dips below the horizon."""
    return math.atan2(field_ned.z, norm_xy(field_ned))


@kernel
def take_heading(state, params, field_frd):
    """Set the heading to what the field says and expect this field from now on."""
    nominal = state.nominal
    field_ned = rotate(quat(nominal.q_ned_frd), field_frd)
    error = heading_error(field_ned, params.mag_declination)
    put_quat(nominal.q_ned_frd, from_yaw(error) * quat(nominal.q_ned_frd))
    covariance.restart(state.filter, THETA + 2, 1, params.yaw_sd)
    state.mag.norm_ut = norm(field_frd)
    state.mag.inclination = inclination(field_ned)
    state.has_heading = 1


@kernel
def disturbance(mag, params, field_ned, tilt_sd):
    """Return how far strength or dip are from what is expected, over 1 when too far; learn slowly what is."""
    norm_change = norm(field_ned) / mag.norm_ut - 1.0
    dip_change = inclination(field_ned) - mag.inclination
    share = params.mag_period / (params.mag_learn + params.mag_period)
    mag.norm_ut += share * norm_change * mag.norm_ut
    mag.inclination += share * dip_change
    # A tilt in doubt changes the dip as iron does.
    dip_most = params.mag_incline_tolerance + params.mag_gate * tilt_sd
    return max(abs(norm_change) / params.mag_norm_tolerance, abs(dip_change) / dip_most)


@kernel
def is_heading_known(state, params, now_us):
    """Tell whether velocities bear out the heading: then a field that has long disagreed is not the Earth's alone."""
    is_aided = update.is_healthy(state.aid, GPS_VELOCITY, now_us, params.aid_time)
    variance = state.filter.covariance[THETA + 2, THETA + 2]
    return is_aided and variance < params.mag_yield * params.mag_yield


@kernel
def step(state, params, sample, now_us, status):
    """Fuse a heading; take it over outright when there was none or it has been refused too long."""
    field_frd = vec(sample.field_ut_frd)
    is_repeated = norm(field_frd - vec(state.mag.last_ut_frd)) == 0.0 and update.may_move(status)
    if not sample.fresh or is_repeated or not is_credible(field_frd):
        return
    put(state.mag.last_ut_frd, field_frd)
    if not state.has_heading:
        take_heading(state, params, field_frd)
        update.announce(state, MAG, Part.HEADING, now_us, status)
        return
    if 1e-6 * (now_us - state.mag.fused_us) < params.mag_period:
        return
    state.mag.fused_us = now_us
    history.recall(state, sample.t_us, now_us, params.mag_delay - params.imu_delay)
    field_ned = rotate(quat(state.past.q_ned_frd), field_frd)
    dip_change = state.mag.inclination - inclination(field_ned)
    ratio = disturbance(state.mag, params, field_ned, math.sqrt(tilt_variance(state.filter)))
    # A strange strength or dip tells no heading.
    state.mag.off_rad = heading_error(field_ned, params.mag_declination) if ratio <= 1.0 else 0.0
    if ratio <= 1.0:
        ratio = fuse(state.filter, params, field_ned)
        fuse_dip(state.filter, params, field_ned, dip_change)
    update.note(state.aid, MAG, ratio, now_us)
    if update.is_failing(state.aid, MAG, now_us, params.reset_time) and not is_heading_known(
        state, params, now_us
    ):
        take_heading(state, params, field_frd)
        update.announce(state, MAG, Part.HEADING, now_us, status)


@kernel
def tilt_variance(filter):
    """Return the sum of the variances about both horizontal axes."""
    return filter.covariance[THETA, THETA] + filter.covariance[THETA + 1, THETA + 1]


@kernel
def fuse_dip(filter, params, field_ned, dip_change):
    """Correct the tilt about the magnetic east by a change of dip: next to nothing unless the tilt is in doubt."""
    level = norm_xy(field_ned)
    update.clear(filter)
    update.depend(filter, THETA, field_ned.y / level)
    update.depend(filter, THETA + 1, -field_ned.x / level)
    variance = params.mag_dip_sd * params.mag_dip_sd
    update.fuse(filter, dip_change, variance, params.mag_dip_slowness, params.mag_gate)


@kernel
def fuse(filter, params, field_ned):
    """Correct the heading alone: the tilt's share in the error widens the noise, so iron never tilts the vehicle."""
    steepness = math.tan(inclination(field_ned))
    variance = params.mag_sd * params.mag_sd + 0.5 * steepness * steepness * tilt_variance(filter)
    update.clear(filter)
    update.depend(filter, THETA + 2, 1.0)
    innovation = heading_error(field_ned, params.mag_declination)
    return update.fuse(filter, innovation, variance, params.mag_slowness, params.mag_gate)
