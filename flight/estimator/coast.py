"""Follow the motion as an inertial unit that is not to blame would have it, from when GPS velocities began to lean.

While it is open whether GPS is late or the inertial unit broken, corrections spoil attitude and biases with what may be
the past. Carried on without any, the motion of a sound unit still fits GPS at the right delay, that of a broken one
at none: both explanations are kept (multiple models: Magill 1965) until one is seen to be right.
"""

from flight.command import say
from flight.estimator import covariance, doubt, lateness
from flight.estimator.layout import (
    ACCEL_BIAS,
    BY_GPS,
    GYRO_BIAS,
    LONG_AGO_US,
    POSITION,
    THETA,
    VELOCITY,
    Part,
)
from flight.kernel import kernel
from flight.modes import Event
from flight.quaternion import put_quat, quat
from flight.vector import put, vec


@kernel
def follow(state, params, now_us):
    """Let go of the estimate when velocities lean, take it up again once they do not and nothing is in doubt."""
    coast, nominal = state.coast, state.nominal
    leans = doubt.worst_of(state.strain, BY_GPS, 3) > params.lag_strain
    holds_out = leans or doubt.is_doubted(state.strain, params, now_us)
    if holds_out and not coast.is_adrift:
        put_quat(coast.q_ned_frd, quat(nominal.q_ned_frd))
        put(coast.gyro_bias_frd, vec(nominal.gyro_bias_frd))
        put(coast.accel_bias_frd, vec(nominal.accel_bias_frd))
        put(coast.off_ned, vec(nominal.v_ned) - vec(state.history.now.coast_v_ned))
        state.lateness.fit_s = 0.0
    elif coast.is_adrift and not holds_out:
        off = vec(nominal.v_ned) - vec(state.history.now.coast_v_ned)
        lateness.shift(state.lateness, off - vec(coast.off_ned))
    coast.is_adrift = 1 if holds_out else 0


@kernel
def acquit(state, params, now_us, status):
    """Take the doubt of the inertial unit back: attitude and biases are what they would be without it."""
    if not state.coast.is_adrift or not doubt.is_doubted(state.strain, params, now_us):
        return
    coast, nominal, filter = state.coast, state.nominal, state.filter
    put_quat(nominal.q_ned_frd, quat(coast.q_ned_frd))
    put(nominal.gyro_bias_frd, vec(coast.gyro_bias_frd))
    put(nominal.accel_bias_frd, vec(coast.accel_bias_frd))
    covariance.restart(filter, THETA, 3, params.tilt_sd)
    covariance.restart(filter, GYRO_BIAS, 3, params.gyro_bias_sd)
    covariance.restart(filter, ACCEL_BIAS, 3, params.accel_bias_sd)
    covariance.restart(filter, VELOCITY, 3, params.alone_velocity_sd)
    covariance.restart(filter, POSITION, 2, params.gps_accuracy)
    doubt.forget(state.strain, BY_GPS, 3)
    state.strain.doubted_us = LONG_AGO_US
    coast.is_adrift = 0
    say(status, Event.ESTIMATOR_RESET, float(Part.ATTITUDE.value))
