"""Position and velocity from GPS, fused where and when they were measured; the origin comes from the first fixes."""

import math

from flight.estimator import coast, course, covariance, doubt, history, lag, lateness, resets, scatter, update
from flight.estimator.layout import (
    BANK_HEARD,
    BARO,
    BY_GPS,
    COUNT,
    GPS_HEARD,
    GPS_POSITION,
    GPS_VELOCITY,
    LAG,
    MAG,
    POSITION,
    SLOW_POSITION,
    SLOW_VELOCITY,
    VELOCITY,
    Part,
)
from flight.filters import step_share
from flight.geodesy import geodetic, local_ned
from flight.kernel import kernel
from flight.quaternion import from_yaw, rotate
from flight.vector import ZERO, Vec3, clamp, dot, is_finite, norm, norm_xy, put, vec

FASTEST_M_S = 200.0
HIGHEST_M = 20e3
FIX_3D = 3
# A vertical GPS velocity is about this much worse than a horizontal one.
VERTICAL = 1.5
# What a wrong heading turns aside is corrected within about this time, s.
ASIDE_S = 0.5


@kernel
def is_credible(sample, params):
    """Tell whether a fix is good enough to be looked at; NaN fails every comparison."""
    return (
        sample.fix_type >= FIX_3D
        and sample.satellites >= params.gps_satellites
        and sample.speed_accuracy_m_s >= 0.0
        and norm(vec(sample.v_ned)) < FASTEST_M_S
        and (is_velocity_alone(sample) or is_place(sample, params))
    )


@kernel
def is_velocity_alone(sample):
    """Tell whether a receiver says how fast it moves and, by a latitude that is no number, not where it is."""
    return math.isnan(sample.lat_deg)


@kernel
def is_place(sample, params):
    """Tell whether the position is good enough."""
    return (
        abs(sample.lat_deg) <= 90.0
        and abs(sample.lon_deg) <= 180.0
        and abs(sample.alt_amsl_m) < HIGHEST_M
        and 0.0 <= sample.horizontal_accuracy_m < params.gps_accuracy
        and 0.0 <= sample.vertical_accuracy_m < 3.0 * params.gps_accuracy
    )


@kernel
def step(state, params, sample, now_us, status):
    """Fuse velocity, then position once the origin stands."""
    if not sample.fresh or not is_credible(sample, params):
        return
    if is_repeated(state.gps, sample) and update.may_move(status):
        return
    if state.has_heading and is_late(state, params, sample, now_us, status):
        return
    late_s = params.gps_delay + lag.of(state, params, GPS_POSITION)
    history.recall(state, sample.t_us, now_us, late_s - params.imu_delay)
    if state.has_heading:
        fuse_velocity(state, params, sample, now_us, status)
    if not update.is_healthy(state.aid, MAG, now_us, params.aid_time):
        course.seek(state, params, sample, now_us, status)
    if is_velocity_alone(sample):
        return
    if state.gps.has_origin and state.has_heading:
        fuse_position(state, params, sample, now_us, status)
    elif not state.gps.has_origin:
        average_origin(state, params, sample, vec(state.past.p_ned), now_us)


@kernel
def is_late(state, params, sample, now_us, status):
    """Tell whether how late the fix is must be found out before it is fused."""
    coast.follow(state, params, now_us)
    dt = doubt.since_last(state.strain, params, BANK_HEARD, now_us)
    lateness.listen(state, params, vec(sample.v_ned), sample.t_us, dt)
    if status.is_landed or not lateness.is_in_dispute(state, params):
        return False
    if not lateness.is_found(state, params):
        return True
    coast.acquit(state, params, now_us, status)
    return False


@kernel
def is_repeated(gps, sample):
    """Tell whether a fix is the last one once more, which in flight means a receiver that hangs; keep it."""
    v_ned = vec(sample.v_ned)
    is_same = sample.lat_deg == gps.last_lat_deg and sample.lon_deg == gps.last_lon_deg
    is_same = is_same and norm(v_ned - vec(gps.last_v_ned)) == 0.0
    gps.last_lat_deg = sample.lat_deg
    gps.last_lon_deg = sample.lon_deg
    put(gps.last_v_ned, v_ned)
    return is_same


@kernel
def average_origin(state, params, sample, p_then_ned, now_us):
    """Learn which latitude and longitude the local origin has, so that the position stays as it is."""
    gps = state.gps
    if gps.fixes == 0:
        gps.started_us = now_us
        gps.origin_lat_deg = sample.lat_deg
        gps.origin_lon_deg = sample.lon_deg
        gps.origin_alt_m = sample.alt_amsl_m
    fix_ned = fix_of(gps, sample)
    if not is_finite(fix_ned):
        return
    gps.fixes += 1
    mean = vec(gps.mean_ned)
    mean = mean + (fix_ned - p_then_ned - mean) / float(gps.fixes)
    put(gps.mean_ned, mean)
    if 1e-6 * (now_us - gps.started_us) >= params.gps_average:
        place = geodetic(mean, gps.origin_lat_deg, gps.origin_lon_deg, gps.origin_alt_m)
        gps.origin_lat_deg = place.x
        gps.origin_lon_deg = place.y
        gps.origin_alt_m = place.z
        gps.has_origin = 1
        put(state.nominal.gps_slow_p_ned, Vec3(0.0, 0.0, 0.0))
        covariance.restart(state.filter, SLOW_POSITION, 3, params.gps_quick * params.gps_position_sd)


@kernel
def fix_of(gps, sample):
    """Return a fix in local metres."""
    return local_ned(
        sample.lat_deg,
        sample.lon_deg,
        sample.alt_amsl_m,
        gps.origin_lat_deg,
        gps.origin_lon_deg,
        gps.origin_alt_m,
    )


@kernel
def fuse_velocity(state, params, sample, now_us, status):
    """Fuse the velocity; believe it after all when it has been refused too long."""
    a_ned = vec(state.past.a_ned)
    innovation = vec(sample.v_ned) - vec(state.past.v_ned) - vec(state.nominal.gps_slow_v_ned)
    sd = max(params.gps_velocity_sd, sample.speed_accuracy_m_s)
    quick = params.gps_velocity_quick / params.gps_velocity_sd
    worst = 0.0
    dt = doubt.since_last(state.strain, params, GPS_HEARD, now_us)
    follow_gain(state.strain, a_ned, dt)
    unexplained = innovation - excused(innovation, turned_aside(state, now_us))
    for i in range(3):
        update.on_velocity(state.filter, update.axis(i), state.past)
        update.depend(state.filter, SLOW_VELOCITY + i, 1.0)
        depend_on_lag(state.filter, status, -update.pick(a_ned, i))
        along = update.pick(innovation, i)
        shaken = params.gps_jitter * update.pick(a_ned, i)
        spread = sd * VERTICAL if i == 2 else sd
        ratio = fuse(state.filter, along, spread, quick * sd, shaken, params.gps_gate)
        variance = square(quick * sd) + square(shaken)
        doubt.listen(state, params, BY_GPS + i, update.pick(unexplained, i), variance, dt)
        worst = max(worst, ratio)
    if status.is_landed:
        state.strain.calm_s = 0.0
    elif not doubt.is_doubted(state.strain, params, now_us):
        lag.doubt(state, params, BY_GPS, 3, dt)
    update.note(state.aid, GPS_VELOCITY, worst, now_us)
    if worst <= 1.0:
        state.aided_us = now_us
    blame(state, params, now_us, status)
    if update.is_failing(state.aid, GPS_VELOCITY, now_us, params.reset_time):
        covariance.restart(state.filter, VELOCITY, 3, sd)
        put(state.nominal.v_ned, vec(state.nominal.v_ned) + innovation)
        update.announce(state, GPS_VELOCITY, Part.VELOCITY, now_us, status)


@kernel
def depend_on_lag(filter, status, rate):
    """Let a fix differ by its lag in flight: of a vehicle that stands, a crash's wrong motion would pass for one."""
    if not status.is_landed:
        update.depend(filter, LAG, rate)


@kernel
def blame(state, params, now_us, status):
    """Doubt the inertial unit when velocities have leaned for too long and no delay explains it."""
    if status.is_landed:
        doubt.forget(state.strain, BY_GPS, 3)
    if not lateness.is_hinted(state, params) and doubt.is_strained(state.strain, params, BY_GPS, 3, now_us):
        doubt.doubt_imu(state, params, params.jump_time)
        lag.take_back(state, params)


@kernel
def follow_gain(strain, a_ned, dt):
    """Add up the velocity gained, and forget it as corrections would."""
    gain = vec(strain.gain_ned)
    put(strain.gain_ned, gain + dt * a_ned - step_share(dt, ASIDE_S) * gain)


@kernel
def turned_aside(state, now_us):
    """Return by how much the velocity is off if the heading is: the late gain, turned as the compass says."""
    if not update.is_failing(state.aid, MAG, now_us, 0.0):
        return ZERO
    gain = vec(state.strain.gain_ned)
    return rotate(from_yaw(state.mag.off_rad), gain) - gain


@kernel
def excused(innovation, aside):
    """Return the part of an innovation that a wrong heading explains: to either side, and no more than it turns."""
    most = dot(aside, aside)
    return clamp(dot(innovation, aside) / most, -1.0, 1.0) * aside if most > 0.0 else ZERO


@kernel
def fuse(filter, innovation, sd, quick_sd, shaken, gate):
    """Gate one component by all its error, weight it by the quick part; the slow part is a state."""
    whole = square(sd) + square(shaken)
    return update.fuse(filter, innovation, whole, (square(quick_sd) + square(shaken)) / whole, gate)


@kernel
def square(x):
    """Return x squared."""
    return x * x


@kernel
def fuse_position(state, params, sample, now_us, status):
    """Fuse the position; believe it after all when it has been refused too long."""
    v_ned = vec(state.past.v_ned)
    place_ned = fix_of(state.gps, sample)
    scatter.listen(state.gps, params, place_ned, vec(sample.v_ned), sample.t_us)
    innovation = place_ned - vec(state.past.p_ned) - vec(state.nominal.gps_slow_p_ned)
    sd = max(params.gps_position_sd, sample.horizontal_accuracy_m)
    sd_z = max(params.gps_height_sd, sample.vertical_accuracy_m)
    # GPS is the poorest judge of height: alone against a healthy barometer it is wrong.
    judges_height = not update.is_healthy(state.aid, BARO, now_us, params.aid_time)
    worst = 0.0
    for i in range(3):
        update.on_position(state.filter, i, state.past)
        update.depend(state.filter, SLOW_POSITION + i, 1.0)
        depend_on_lag(state.filter, status, -update.pick(v_ned, i))
        shaken = params.gps_jitter * update.pick(v_ned, i)
        spread = sd_z if i == 2 else sd
        along = update.pick(innovation, i)
        new_sd = math.sqrt(square(shaken) + scatter.variance(state.gps, params, i))
        ratio = fuse(state.filter, along, spread, params.gps_quick * spread, new_sd, params.gps_gate)
        worst = max(worst, ratio) if i < 2 or judges_height else worst
    update.note(state.aid, GPS_POSITION, worst, now_us)
    if worst <= 1.0:
        state.aided_us = now_us
    if update.is_failing(state.aid, GPS_POSITION, now_us, params.reset_time):
        reset_position(state, innovation, sd, sd_z, judges_height)
        update.announce(state, GPS_POSITION, Part.POSITION, now_us, status)


@kernel
def reset_position(state, innovation, sd, sd_z, judges_height):
    """Move to where the fix is; the height only when it is what disagrees."""
    if norm_xy(innovation) > sd:
        follow(state.filter, 0)
        follow(state.filter, 1)
        resets.move(state, Vec3(innovation.x, innovation.y, 0.0))
    far = math.sqrt(state.filter.covariance[POSITION + 2, POSITION + 2]) + 3.0 * sd_z
    if judges_height and abs(innovation.z) > far:
        follow(state.filter, 2)
        resets.move(state, Vec3(0.0, 0.0, innovation.z))


@kernel
def follow(filter, i):
    """Know a component of the position as well as the fix it was taken from: but for the fix's slow error."""
    at, slow = POSITION + i, SLOW_POSITION + i
    covariance.restart(filter, at, 1, 0.0)
    for j in range(COUNT):
        filter.covariance[at, j] = -filter.covariance[slow, j]
        filter.covariance[j, at] = -filter.covariance[slow, j]
    filter.covariance[at, at] = filter.covariance[slow, slow]
