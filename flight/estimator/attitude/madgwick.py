"""The gradient descent filter: a step of fixed length towards what is measured, for teaching and comparison.

Madgwick, "An efficient orientation filter for inertial and inertial/magnetic sensor arrays", Bristol 2010.
Half the squared distance between the measured and the expected directions has, along turns of the body, the gradient
-(measured x expected): Mahony's error. Madgwick keeps only its direction and turns by 2 `beta` radians per second,
however large the error (eq. 33: beta is the rate at which the quaternion diverges, half the gyro's error in rad/s).
A short disturbance so does little harm, a long one as much as in any filter that takes specific force for gravity.
"""

from flight.estimator.attitude.direction import misalignment, seen
from flight.kernel import kernel
from flight.quaternion import from_rotation_vector, normalize, put_quat, quat
from flight.record import FLAG, QUATERNION, record
from flight.vector import is_finite, shorten

STATE = record(is_aligned=FLAG, q_ned_body=QUATERNION)


@kernel
def step(state, gyro, accel, mag, dt, beta):
    """Take one sample: rad/s, m/s2 (specific force), any unit of field or NaN, seconds since the last one."""
    if not state.is_aligned:
        put_quat(state.q_ned_body, seen(accel, mag))
        state.is_aligned = 1
    if not is_finite(gyro):
        return
    q = quat(state.q_ned_body)
    error = misalignment(q, accel, mag)
    # Never past the goal, where steps of fixed length would jump to and fro.
    towards = shorten(error, 2.0 * beta * dt)
    put_quat(state.q_ned_body, normalize(q * from_rotation_vector(dt * gyro + towards)))
