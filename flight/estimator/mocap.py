"""Position and attitude from motion capture; where it exists it is the local frame."""

import math

from flight.command import say
from flight.estimator import covariance, doubt, history, lag, resets, update
from flight.estimator.layout import (
    ACCEL_BIAS,
    BY_POSE,
    GYRO_BIAS,
    LAG,
    MOCAP,
    NEVER,
    POSE_HEARD,
    POSITION,
    THETA,
    VELOCITY,
    Part,
)
from flight.kernel import kernel
from flight.modes import Arming, Event
from flight.quaternion import conjugate, normalize, put_quat, quat, rotate, rotation_vector
from flight.vector import clamp, norm, put, vec

FARTHEST_M = 1e4
# Poses off by so many deviations and this much, alike within this: so many in a row are a jump of the place itself.
LEAP_SIGMAS, LEAP_M, LEAP_SAME_M, LEAPS = 8.0, 0.5, 0.05, 8


@kernel
def is_credible(sample):
    """Tell whether a pose is one; NaN fails every comparison."""
    q = quat(sample.q_ned_frd)
    square = q.w * q.w + q.x * q.x + q.y * q.y + q.z * q.z
    return norm(vec(sample.p_ned)) < FARTHEST_M and 0.9 < square < 1.1


@kernel
def step(state, params, sample, now_us, status):
    """Fuse a pose; the first one, and one refused too long, is taken over outright."""
    if not sample.fresh or not is_credible(sample):
        return
    if is_repeated(state.pose, sample) and update.may_move(status):
        return
    late_s = params.mocap_delay + lag.of(state, params, MOCAP)
    history.recall(state, sample.t_us, now_us, late_s - params.imu_delay)
    past = state.past
    p_err = vec(sample.p_ned) - vec(past.p_ned)
    turn = normalize(quat(sample.q_ned_frd)) * conjugate(quat(past.q_ned_frd))
    is_first = state.aid.accepted_us[MOCAP] == NEVER
    if not is_first and is_leaping(state, params, p_err):
        if state.pose.leaps >= LEAPS:
            take_place(state, p_err, status)
        return
    if not is_first:
        update.note(state.aid, MOCAP, fuse(state, params, p_err, rotation_vector(turn), now_us), now_us)
        if not status.is_landed and doubt.is_strained(state.strain, params, BY_POSE, 6, now_us):
            doubt.doubt_imu(state, params, refused_s(state.aid, now_us) + params.pose_jump_time)
    if is_first or update.is_failing(state.aid, MOCAP, now_us, params.reset_time):
        take_pose(state, params, p_err, turn, status)
        update.restart_aid(state.aid, MOCAP, now_us)
        if status.arming == Arming.ARMED or not is_first:
            say(status, Event.ESTIMATOR_RESET, float(Part.POSE.value))
    state.aided_us = max(state.aided_us, state.aid.accepted_us[MOCAP])


@kernel
def refused_s(aid, now_us):
    """Return for how long poses have been refused without a break: what broke did so before the first of them."""
    since_us = aid.failing_since_us[MOCAP]
    return 1e-6 * (now_us - since_us) if since_us >= 0 else 0.0


@kernel
def is_leaping(state, params, p_err):
    """Tell whether a pose may belong to a place that has jumped: the error of a broken inertial unit would grow."""
    pose, filter = state.pose, state.filter
    spread = square(pose.slack_p * params.mocap_position_sd)
    for i in range(3):
        spread += filter.covariance[POSITION + i, POSITION + i]
    is_far = norm(p_err) > max(LEAP_SIGMAS * math.sqrt(spread), LEAP_M)
    is_alike = is_far and pose.is_off and norm(p_err - vec(pose.leap_ned)) < LEAP_SAME_M
    pose.leaps = pose.leaps + 1 if is_alike else 0
    pose.is_off = 1 if is_far else 0
    if not is_alike:
        put(pose.leap_ned, p_err)
    return is_alike


@kernel
def take_place(state, p_err, status):
    """Move to where the poses have jumped to; speed and attitude are what they were."""
    resets.move(state, p_err)
    state.pose.leaps = 0
    state.pose.is_off = 0
    say(status, Event.ESTIMATOR_RESET, float(Part.POSE.value))


@kernel
def fuse(state, params, p_err, q_err, now_us):
    """Correct position and attitude, three scalars each; return the worst test ratio."""
    filter, pose = state.filter, state.pose
    dt = doubt.since_last(state.strain, params, POSE_HEARD, now_us)
    v_ned = vec(state.past.v_ned)
    omega_ned = rotate(quat(state.past.q_ned_frd), vec(state.past.omega_frd))
    far, leans = 0.0, 0.0
    variance = square(pose.slack_p * params.mocap_position_sd)
    for i in range(3):
        update.on_position(filter, i, state.past)
        update.depend(filter, LAG, -update.pick(v_ned, i))
        ratio = update.fuse(filter, update.pick(p_err, i), variance, 1.0, params.mocap_gate)
        leans += update.pick(p_err, i) * state.strain.lean[BY_POSE + i]
        doubt.listen(state, params, BY_POSE + i, update.pick(p_err, i), variance, dt)
        far = max(far, ratio)
    variance = square(pose.slack_q * params.mocap_attitude_sd)
    turned, turns = 0.0, 0.0
    for i in range(3):
        update.clear(filter)
        update.depend(filter, THETA + i, 1.0)
        update.depend(filter, LAG, -update.pick(omega_ned, i))
        ratio = update.fuse(filter, update.pick(q_err, i), variance, 1.0, params.mocap_gate)
        turns += update.pick(q_err, i) * state.strain.lean[BY_POSE + 3 + i]
        doubt.listen(state, params, BY_POSE + 3 + i, update.pick(q_err, i), variance, dt)
        turned = max(turned, ratio)
    lag.doubt(state, params, BY_POSE, 6, dt)
    doubt.let_bias_wander(state, params, ACCEL_BIAS, params.accel_doubt, BY_POSE, dt)
    doubt.let_bias_wander(state, params, GYRO_BIAS, params.gyro_doubt, BY_POSE + 3, dt)
    pose.slack_p = eased(params, pose.slack_p, far, leans > 0.0)
    pose.slack_q = eased(params, pose.slack_q, turned, turns > 0.0)
    return max(far, turned)


@kernel
def square(x):
    """Return x squared."""
    return x * x


@kernel
def eased(params, slack, ratio, is_lasting):
    """Return how much worse than its data sheet the pose is: more while most samples surprise, else less.

    Single wild samples among good ones move it little, and what errs to one side is not noise: that blames the IMU.
    """
    is_surprise = ratio * params.mocap_gate * params.mocap_gate > params.pose_surprise * params.pose_surprise
    worse = 1.0 if is_lasting else 1.05
    return clamp(slack * (worse if is_surprise else 0.98), 1.0, params.pose_slack)


@kernel
def is_repeated(pose, sample):
    """Tell whether a place is the last one to the bit, which is a system that hangs; keep it."""
    is_same = norm(vec(sample.p_ned) - vec(pose.last_ned)) == 0.0
    put(pose.last_ned, vec(sample.p_ned))
    return is_same


@kernel
def take_pose(state, params, p_err, turn, status):
    """Move to the pose as it is; in the air the velocity is open until the next poses tell it."""
    nominal = state.nominal
    put_quat(nominal.q_ned_frd, normalize(turn * quat(nominal.q_ned_frd)))
    resets.move(state, p_err)
    covariance.restart(state.filter, THETA, 3, state.pose.slack_q * params.mocap_attitude_sd)
    covariance.restart(state.filter, POSITION, 3, state.pose.slack_p * params.mocap_position_sd)
    velocity_sd = params.rest_velocity_sd if status.is_landed else params.alone_velocity_sd
    covariance.restart(state.filter, VELOCITY, 3, velocity_sd)
    state.has_heading = 1
