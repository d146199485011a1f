"""Find the heading without a compass: the velocity's changes seen by GPS and felt by the IMU differ by a turn.

The angle between two sets of vectors that fits best is the argument of their summed complex products (Wahba 1965 in
the plane).
"""

import math

from flight.estimator import covariance, update
from flight.estimator.layout import GPS_VELOCITY, THETA, VELOCITY, Part
from flight.kernel import kernel
from flight.quaternion import from_yaw, put_quat, quat
from flight.vector import norm_xy, put, vec

# The felt and seen changes must be of one size: else it is a tilt or a GPS error that shows.
LEAST_LIKENESS, MOST_LIKENESS = 0.7, 1.4


@kernel
def seek(state, params, sample, now_us, status):
    """Compare changes of velocity; once that is sharp, set heading and velocity where there was none or a wrong one."""
    course = state.course
    # recall() has just run: what lies between past and present is inertial motion alone.
    felt = vec(state.history.now.v_ned) - vec(state.nominal.v_ned) + vec(state.past.v_ned)
    seen = vec(sample.v_ned)
    since_s = 1e-6 * (sample.t_us - course.t_us)
    if course.has_last and since_s < params.course_period:
        return
    # Over a longer gap what is felt drifts too far.
    if course.has_last and since_s < 2.0 * params.course_period:
        compare(course, params, felt - vec(course.felt_ned), seen - vec(course.seen_ned))
    put(course.felt_ned, felt)
    put(course.seen_ned, seen)
    course.t_us = sample.t_us
    course.has_last = 1
    if not is_sharp(course, params):
        return
    if not state.has_heading or abs(math.atan2(course.sine, course.cosine)) > params.course_turn:
        settle(state, params, seen - vec(state.past.v_ned), now_us, status)
    course.sine, course.cosine, course.weight = 0.0, 0.0, 0.0


@kernel
def compare(course, params, felt, seen):
    """Add one pair of changes, if there was a change to speak of."""
    if norm_xy(felt) < 4.0 * params.gps_velocity_sd:
        return
    course.sine += felt.x * seen.y - felt.y * seen.x
    course.cosine += felt.x * seen.x + felt.y * seen.y
    course.weight += felt.x * felt.x + felt.y * felt.y


@kernel
def is_sharp(course, params):
    """Tell whether the angle is known to within the uncertainty of a magnetic heading."""
    noise = math.sqrt(2.0) * params.gps_velocity_sd / params.yaw_sd
    if course.weight < noise * noise:
        return False
    likeness = math.sqrt(course.sine * course.sine + course.cosine * course.cosine) / course.weight
    return LEAST_LIKENESS < likeness < MOST_LIKENESS


@kernel
def settle(state, params, v_err_ned, now_us, status):
    """Turn the heading by the angle found and start the velocity at what GPS sees."""
    error = math.atan2(state.course.sine, state.course.cosine)
    put_quat(state.nominal.q_ned_frd, from_yaw(error) * quat(state.nominal.q_ned_frd))
    put(state.nominal.v_ned, vec(state.nominal.v_ned) + v_err_ned)
    covariance.restart(state.filter, THETA + 2, 1, params.yaw_sd)
    covariance.restart(state.filter, VELOCITY, 3, params.gps_velocity_sd)
    state.has_heading = 1
    update.announce(state, GPS_VELOCITY, Part.HEADING, now_us, status)
