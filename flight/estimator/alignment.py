"""Find tilt from gravity, heading from the magnetic field and gyro bias from rest before anything else."""

import math

from flight.estimator import covariance, history, mag
from flight.estimator.layout import GYRO_BIAS, THETA, VELOCITY
from flight.kernel import kernel
from flight.quaternion import from_yaw, put_quat, shortest_arc
from flight.vector import Vec3, put, unit, vec

DOWN = Vec3(0.0, 0.0, 1.0)


@kernel
def level_attitude(accel_frd):
    """Return the attitude of heading zero in which the specific force points straight up."""
    tilt = shortest_arc(unit(-accel_frd, DOWN), DOWN)
    nose = math.atan2(
        2.0 * (tilt.w * tilt.z + tilt.x * tilt.y), 1.0 - 2.0 * (tilt.y * tilt.y + tilt.z * tilt.z)
    )
    return from_yaw(-nose) * tilt


@kernel
def step(state, params, inputs, dt):
    """Show the tilt at once; finish after standing still long enough, or after the longest wait."""
    imu = state.imu
    if not imu.has_sample:
        return
    state.waited_s += dt
    mag.listen(state.mag, params, state.corrected.mag)
    put_quat(state.nominal.q_ned_frd, level_attitude(vec(imu.accel_mean_frd)))
    if imu.still_s >= params.align_time:
        finish(state, params, inputs.t_us)
        put(state.nominal.gyro_bias_frd, vec(imu.gyro_mean_frd))
    elif state.waited_s >= params.align_max:
        finish(state, params, inputs.t_us)
        doubt(state.filter, params)


@kernel
def finish(state, params, now_us):
    """Start navigation from the aligned attitude."""
    covariance.begin(state.filter, params)
    state.nominal.terrain_z_m = 0.0
    state.is_aligned = 1
    covariance.restart(state.filter, THETA + 2, 1, math.pi / math.sqrt(3.0))
    if state.mag.has_mean:
        mag.take_heading(state, params, vec(state.mag.mean_ut_frd))
    history.remember(state.history, now_us)


@kernel
def doubt(filter, params):
    """Widen what alignment while moving cannot know: tilt, velocity and gyro bias."""
    covariance.restart(filter, THETA, 2, 10.0 * params.tilt_sd)
    covariance.restart(filter, VELOCITY, 3, params.alone_velocity_sd)
    covariance.restart(filter, GYRO_BIAS, 3, 10.0 * params.gyro_bias_sd)
