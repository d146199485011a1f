"""The explicit complementary filter: a proportional-integral loop around the gyro, for teaching and comparison.

Mahony, Hamel & Pflimlin, "Nonlinear Complementary Filters on the Special Orthogonal Group", IEEE Transactions on
Automatic Control 53(5), 2008, eq. 48. Two gains: `kp` in 1/s is the cut-off below which accelerometer and magnetometer
are believed and above which the gyro is; `ki` in 1/s2 lets the same error find the gyro bias. It takes every specific
force for gravity and every field for north; `filter` does not.
"""

from flight.estimator.attitude.direction import misalignment, seen
from flight.kernel import kernel
from flight.quaternion import from_rotation_vector, normalize, put_quat, quat
from flight.record import FLAG, QUATERNION, VECTOR, record
from flight.vector import is_finite, put, vec

STATE = record(is_aligned=FLAG, q_ned_body=QUATERNION, gyro_bias=VECTOR)


@kernel
def step(state, gyro, accel, mag, dt, kp, ki):
    """Take one sample: rad/s, m/s2 (specific force), any unit of field or NaN, seconds since the last one."""
    if not state.is_aligned:
        put_quat(state.q_ned_body, seen(accel, mag))
        state.is_aligned = 1
    if not is_finite(gyro):
        return
    q = quat(state.q_ned_body)
    error = misalignment(q, accel, mag)
    bias = vec(state.gyro_bias) - (ki * dt) * error
    omega = gyro - bias + kp * error
    put(state.gyro_bias, bias)
    put_quat(state.q_ned_body, normalize(q * from_rotation_vector(dt * omega)))
