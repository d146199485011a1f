"""Position error to velocity setpoint."""

from flight.command import AIDS
from flight.control.square_root import braked
from flight.kernel import kernel
from flight.vector import Vec3, clamp, norm_xy, put, vec

MOCAP = AIDS.index("mocap")


@kernel
def sureness(params, estimate):
    """Return 1 where motion capture knows the position surely, 0 where it does not; GPS may be 0.3 s late."""
    if not estimate.sensor_health[MOCAP]:
        return 0.0
    doubt = max(estimate.sigma_p[0], estimate.sigma_p[1])
    return clamp(2.0 - doubt / params.sure_sd, 0.0, 1.0)


@kernel
def step(params, setpoint, estimate, eager):
    """Fill v_sp_ned from p_sp_ned: straight towards it, `eager` times as fast, on top of v_ff_ned."""
    error = vec(setpoint.p_sp_ned) - vec(estimate.p_ned)
    distance = norm_xy(error)
    speed = min(braked(distance, eager * params.kp_xy, params.a_max_xy), params.v_max_xy)
    per_metre = speed / distance if distance > 1e-9 else 0.0
    climb = clamp(braked(error.z, params.kp_z, params.a_max_z), -params.v_max_z, params.v_max_z)
    put(setpoint.v_sp_ned, vec(setpoint.v_ff_ned) + Vec3(per_metre * error.x, per_metre * error.y, climb))
