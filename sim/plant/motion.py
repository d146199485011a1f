"""The rigid body's state as a value, and moving along a slope."""

from typing import NamedTuple

from flight.kernel import kernel
from flight.quaternion import Quat, put_quat, quat
from flight.vector import Vec3, put, vec


class Motion(NamedTuple):
    """Where the centre of mass is and how the body turns; a slope has the same shape, per second."""

    p_ned: Vec3
    v_ned: Vec3
    q_ned_frd: Quat
    omega_frd: Vec3


class Wrench(NamedTuple):
    """A force and a torque about the centre of mass."""

    force: Vec3
    torque: Vec3


@kernel
def motion_of(body):
    """Read a body's motion."""
    return Motion(vec(body.p_ned), vec(body.v_ned), quat(body.q_ned_frd), vec(body.omega_frd))


@kernel
def put_motion(body, motion):
    """Store a body's motion."""
    put(body.p_ned, motion.p_ned)
    put(body.v_ned, motion.v_ned)
    put_quat(body.q_ned_frd, motion.q_ned_frd)
    put(body.omega_frd, motion.omega_frd)


@kernel
def moved(start, slope, dt):
    """Return the motion after following a slope for some time; the quaternion is not normalised."""
    q, q_dot = start.q_ned_frd, slope.q_ned_frd
    return Motion(
        start.p_ned + dt * slope.p_ned,
        start.v_ned + dt * slope.v_ned,
        Quat(q.w + dt * q_dot.w, q.x + dt * q_dot.x, q.y + dt * q_dot.y, q.z + dt * q_dot.z),
        start.omega_frd + dt * slope.omega_frd,
    )


@kernel
def simpson(k1, k2, k3, k4):
    """Return the mean slope of a classical Runge-Kutta step."""
    a, b, c, d = k1.q_ned_frd, k2.q_ned_frd, k3.q_ned_frd, k4.q_ned_frd
    return Motion(
        (k1.p_ned + 2.0 * (k2.p_ned + k3.p_ned) + k4.p_ned) / 6.0,
        (k1.v_ned + 2.0 * (k2.v_ned + k3.v_ned) + k4.v_ned) / 6.0,
        Quat(
            (a.w + 2.0 * (b.w + c.w) + d.w) / 6.0,
            (a.x + 2.0 * (b.x + c.x) + d.x) / 6.0,
            (a.y + 2.0 * (b.y + c.y) + d.y) / 6.0,
            (a.z + 2.0 * (b.z + c.z) + d.z) / 6.0,
        ),
        (k1.omega_frd + 2.0 * (k2.omega_frd + k3.omega_frd) + k4.omega_frd) / 6.0,
    )
