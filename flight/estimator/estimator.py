"""An error-state Kalman filter: strapdown at every IMU sample, slower covariance, late samples fused in their past.

Solà, "Quaternion kinematics for the error-state Kalman filter", 2017.
"""

from flight.estimator import (
    alignment,
    baro,
    correction,
    covariance,
    doubt,
    drag,
    flow,
    gps,
    history,
    imu,
    mag,
    mocap,
    rangefinder,
    report,
    resets,
    rest,
    spin,
    strapdown,
    thrust,
    update,
)
from flight.estimator.layout import COUNT, LONG_AGO_US, MOCAP, NEVER, STATE
from flight.kernel import kernel
from flight.modes import Arming
from flight.vector import put, vec

__all__ = ["STATE", "configure", "reset", "step"]


@kernel
def configure(state, params, airframe):
    """Derive what follows from the parameters."""
    covariance.configure(state.filter, params)


@kernel
def reset(state, params):
    """Make a zeroed state ready for its first tick."""
    state.nominal.q_ned_frd[0] = 1.0
    state.thrust.scale = 1.0
    state.history.now.q[0] = 1.0
    state.aided_us = NEVER
    for i in range(len(state.aid.accepted_us)):
        state.aid.seen_us[i] = NEVER
        state.aid.accepted_us[i] = NEVER
        state.aid.failing_since_us[i] = NEVER
    for i in range(COUNT):
        state.filter.error[i] = 0.0
    state.pose.slack_p = params.pose_slack_first
    state.strain.doubted_us = LONG_AGO_US
    state.pose.slack_q = params.pose_slack_first
    covariance.configure(state.filter, params)


@kernel
def step(state, params, airframe, inputs, estimate, motors, status, dt):
    """Turn one tick's sensor samples into `estimate`; dt is the time since the last tick in seconds."""
    correction.step(state.corrected, params.correction, inputs)
    take_imu(state, params, airframe, inputs.imu, motors, status, dt)
    if not state.is_aligned:
        alignment.step(state, params, inputs, dt)
    elif state.imu.stale_s < state.imu.patience_s:
        listen_thrust(state, params, airframe, motors, dt)
        strapdown.step(state, params, airframe, dt)
        history.remember(state.history, inputs.t_us)
        covariance.step(state, params)
        aid(state, params, airframe, inputs, status)
        update.inject(state, params, status)
        resets.let_through(state, params, status, dt)
    report.step(state, params, estimate, inputs.t_us)


@kernel
def take_imu(state, params, airframe, raw, motors, status, dt):
    """Take in the IMU's sample; in a gap the rotors tell the rate, after a long one allow what nobody saw."""
    is_flying = status.arming == Arming.ARMED and not status.is_landed
    gap_s, bias = state.imu.stale_s, vec(state.nominal.gyro_bias_frd)
    imu.notice_stops(state.imu, params, raw, dt)
    imu.step(state.imu, params, state.corrected.imu, bias, is_flying, dt)
    state.imu.patience_s = params.spin_time if is_flying else params.imu_time
    is_deaf = is_flying and imu.is_deaf(state.imu, params)
    spin.listen(state.spin, params, airframe, motors, vec(state.imu.gyro_frd) - bias, not is_deaf, dt)
    if is_deaf:
        put(state.imu.gyro_frd, vec(state.spin.omega_frd) + bias)
    if state.is_aligned and gap_s >= params.imu_time and state.imu.stale_s == 0.0:
        doubt.doubt_gyro(state, params, gap_s)


@kernel
def listen_thrust(state, params, airframe, motors, dt):
    """Compare the rotors' thrust with the force that is felt."""
    hangs = imu.is_hung(state.imu, params)
    thrust.listen(state.thrust, params, airframe, motors, state.imu.accel_frd[2], hangs, dt)


@kernel
def aid(state, params, airframe, inputs, status):
    """Let every sensor with a fresh sample correct the errors."""
    now_us = inputs.t_us
    mocap.step(state, params, inputs.mocap, now_us, status)
    if not update.is_healthy(state.aid, MOCAP, now_us, params.aid_time):
        gps.step(state, params, inputs.gps, now_us, status)
        mag.step(state, params, state.corrected.mag, now_us, status)
    baro.step(state, params, inputs.baro, now_us, status)
    rangefinder.step(state, params, inputs.range, now_us, status)
    flow.step(state, params, inputs.flow, now_us)
    drag.step(state, params, airframe, status, now_us)
    rest.step(state, params, status, now_us)
