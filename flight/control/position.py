"""Position error to velocity setpoint."""

from flight.control.square_root import braked
from flight.kernel import kernel
from flight.vector import Vec3, clamp, norm_xy, put, vec


@kernel
def step(params, setpoint, estimate):
    """Fill v_sp_ned from p_sp_ned: straight towards it, on top of the fed-forward velocity."""
    error = vec(setpoint.p_sp_ned) - vec(estimate.p_ned)
    distance = norm_xy(error)
    speed = min(braked(distance, params.kp_xy, params.a_max_xy), params.v_max_xy)
    per_metre = speed / distance if distance > 1e-9 else 0.0
    climb = clamp(braked(error.z, params.kp_z, params.a_max_z), -params.v_max_z, params.v_max_z)
    put(setpoint.v_sp_ned, vec(setpoint.v_ff_ned) + Vec3(per_metre * error.x, per_metre * error.y, climb))
