"""Attitude error to body rates: the tilt first, by the shortest way, the heading apart from it."""

import math

from flight.control.square_root import braked
from flight.kernel import kernel
from flight.quaternion import conjugate, quat, rotate
from flight.vector import Vec3, clip, put, vec

RADIAN = math.pi / 180.0
# Half-angle sine below which a rotation has no axis worth dividing by.
TINY = 1e-9


@kernel
def error_frd(q_sp_frd):
    """Return the angles in radians to turn about body x, y and z, for an error quaternion frd from setpoint.

    The reduced attitude error of Sun 2022, eq. 26 (Brescianini & D'Andrea 2018), with its angle in place of its sine;
    the heading fades out as the tilt error grows towards upside down, where it has no meaning.
    """
    w, x, y, z = q_sp_frd.w, q_sp_frd.x, q_sp_frd.y, q_sp_frd.z
    cosine, sine = math.sqrt(w * w + z * z), math.sqrt(x * x + y * y)
    if cosine < TINY:
        return Vec3(math.pi, 0.0, 0.0)
    per_length = 2.0 * math.atan2(sine, cosine) / (sine * cosine) if sine > TINY else 2.0
    # The short way round: q and -q are the same attitude.
    yaw = 2.0 * math.atan2(z if w >= 0.0 else -z, abs(w))
    return Vec3(per_length * (w * x - y * z), per_length * (w * y + x * z), cosine * cosine * yaw)


@kernel
def step(params, setpoint, estimate):
    """Fill omega_sp_frd from q_sp_ned_frd and the rates fed forward, which are about the setpoint's own axes."""
    q_sp_frd = conjugate(quat(estimate.q_ned_frd)) * quat(setpoint.q_sp_ned_frd)
    error = error_frd(q_sp_frd)
    gain, braking = vec(params.kp), RADIAN * vec(params.a_max_deg_s2)
    towards = Vec3(
        braked(error.x, gain.x, braking.x),
        braked(error.y, gain.y, braking.y),
        braked(error.z, gain.z, braking.z),
    )
    omega = towards + rotate(q_sp_frd, vec(setpoint.omega_ff_frd))
    put(setpoint.omega_sp_frd, clip(omega, RADIAN * vec(params.rate_max_deg_s)))
