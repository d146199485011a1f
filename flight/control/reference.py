"""An attitude that the vehicle can follow: between what pilots and programs ask for and the attitude loop."""

import math

from flight.control.attitude import error_frd
from flight.control.square_root import braked
from flight.kernel import kernel
from flight.quaternion import conjugate, from_rotation_vector, normalize, put_quat, quat, rotate
from flight.record import FLAG, QUATERNION, VECTOR, record
from flight.vector import Vec3, clip, put, vec

RADIAN = math.pi / 180.0
STATE = record(q_ned_frd=QUATERNION, omega_frd=VECTOR, is_running=FLAG)


@kernel
def start(state, estimate):
    """Begin where the vehicle is and as it turns."""
    put_quat(state.q_ned_frd, quat(estimate.q_ned_frd))
    put(state.omega_frd, vec(estimate.omega_frd))
    state.is_running = 1


@kernel
def step(state, params, setpoint, estimate, dt):
    """Put a smooth attitude in place of q_sp_ned_frd and feed its rate and angular acceleration forward.

    Critically damped near the goal; far from it as fast as rate and braking allow. The loop's margins stay its own:
    the measured attitude is not used.
    """
    if not state.is_running:
        start(state, estimate)
    stiffness = 2.0 * math.pi * params.reference_hz
    q_ned_frd, omega = quat(state.q_ned_frd), vec(state.omega_frd)
    q_sp_frd = conjugate(q_ned_frd) * quat(setpoint.q_sp_ned_frd)
    error, a_max = error_frd(q_sp_frd), RADIAN * vec(params.a_max_deg_s2)
    gain = 0.5 * stiffness
    towards = Vec3(
        braked(error.x, gain, a_max.x), braked(error.y, gain, a_max.y), braked(error.z, gain, a_max.z)
    )
    wanted = clip(towards + rotate(q_sp_frd, vec(setpoint.omega_ff_frd)), RADIAN * vec(params.rate_max_deg_s))
    omega_dot = clip(2.0 * stiffness * (wanted - omega), a_max)
    omega = omega + dt * omega_dot
    q_ned_frd = normalize(q_ned_frd * from_rotation_vector(dt * omega))
    put(state.omega_frd, omega)
    put_quat(state.q_ned_frd, q_ned_frd)
    put_quat(setpoint.q_sp_ned_frd, q_ned_frd)
    put(setpoint.omega_ff_frd, omega)
    put(setpoint.omega_dot_ff_frd, omega_dot)
