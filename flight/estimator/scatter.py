"""Notice how much GPS places scatter from fix to fix, beyond what the receiver's own velocity explains.

A slow error leaves two successive differences alike and a lasting one leaves none; noise alone makes them opposite,
their product minus its variance on average. So a wrong attitude or a late receiver does not pass for scatter.
"""

from flight.kernel import kernel
from flight.vector import Vec3, clamp, dot, put, vec

# The most that two differences may say for scatter and against it, in what is known so far: one wild fix is none.
MOST, LEAST = 9.0, -2.0


@kernel
def listen(gps, params, place_ned, v_ned, t_us):
    """Follow how many times the variance expected to be new in every fix comes on top of it."""
    dt = 1e-6 * float(t_us - gps.place_us)
    apart = place_ned - vec(gps.place_ned) - 0.5 * dt * (v_ned + vec(gps.place_v_ned))
    across, up = new_sd(params, 0), new_sd(params, 2)
    apart = Vec3(apart.x / across, apart.y / across, apart.z / up)
    is_next = 0.0 < dt < params.scatter_time
    if is_next and gps.has_apart:
        known = max(gps.scatter, 1.0)
        seen = clamp(-dot(apart, vec(gps.apart)) / 3.0, LEAST * known, MOST * known)
        share = dt / (params.scatter_time + dt)
        gps.scatter = max(gps.scatter + share * (seen - gps.scatter), 0.0)
    gps.has_apart = 1 if is_next else 0
    put(gps.apart, apart)
    put(gps.place_ned, place_ned)
    put(gps.place_v_ned, v_ned)
    gps.place_us = t_us


@kernel
def new_sd(params, i):
    """Return what is expected to be new in every fix along one axis, in m."""
    return params.gps_quick * (params.gps_height_sd if i == 2 else params.gps_position_sd)


@kernel
def variance(gps, params, i):
    """Return the variance beyond that, in m2."""
    return gps.scatter * new_sd(params, i) * new_sd(params, i)
