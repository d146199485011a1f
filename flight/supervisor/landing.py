"""The land detector: standing is little thrust, no motion and one g, for a while; taking off is thrust and a climb."""

import math

from flight.kernel import kernel
from flight.modes import Failsafe
from flight.record import FLAG, REAL, VECTOR, record
from flight.supervisor.table import PILOTED
from flight.vector import norm, norm_xy, put, vec

STANDARD_GRAVITY = 9.80665
# flown: has taken off since it was armed; airborne_s and rest_s count from the last take-off and landing;
# least: the smallest collective the velocity loop asks for; spent_s: how long thrust has carried nothing.
LANDING = record(
    is_landed=FLAG,
    has_flown=FLAG,
    quiet_s=REAL,
    least=REAL,
    spent_s=REAL,
    lifting_s=REAL,
    airborne_s=REAL,
    rest_s=REAL,
    ground_down=REAL,
    force_err=REAL,
    omega_frd=VECTOR,
)


@kernel
def smoothed(old, new, dt, time):
    """Return a first-order filter's next value."""
    return old + (new - old) * (dt / (time + dt))


@kernel
def listen(landing, params, inputs, estimate, dt):
    """Filter what the sensors say about standing still."""
    error = norm(vec(inputs.imu.accel_frd)) - STANDARD_GRAVITY
    if math.isfinite(error):
        landing.force_err = smoothed(landing.force_err, error, dt, params.filter_s)
    change = vec(estimate.omega_frd) - vec(landing.omega_frd)
    put(landing.omega_frd, vec(landing.omega_frd) + change * (dt / (params.filter_s + dt)))


@kernel
def is_quiet(landing, params, estimate, thrust_share):
    """Tell whether the vehicle does what only a standing one does."""
    v = vec(estimate.v_ned)
    is_slow = not estimate.is_altitude_valid or abs(v.z) < params.speed_z
    is_slow = is_slow and (not estimate.is_velocity_valid or norm_xy(v) < params.speed_xy)
    is_calm = abs(landing.force_err) < params.acc and norm(vec(landing.omega_frd)) < params.rate
    return thrust_share < params.thrust and is_slow and is_calm


@kernel
def is_spent(landing, params, mode, thrust, thrust_share, dt):
    """Tell whether thrust has long been too little, or the least there is: nothing stays up then, whatever is felt."""
    is_little = thrust <= landing.least or thrust_share < params.spent_thrust
    is_idle = is_little and not (PILOTED >> mode) & 1
    landing.spent_s = landing.spent_s + dt if is_idle else 0.0
    return landing.spent_s >= params.spent_s


@kernel
def has_lifted(landing, params, estimate, thrust_share):
    """Tell whether the vehicle has left the ground."""
    climbed = landing.ground_down - estimate.p_ned[2]
    is_up = climbed > params.lift_m or estimate.v_ned[2] < -params.speed_z
    is_climbing = estimate.is_altitude_valid and is_up and thrust_share > params.lift_thrust
    return is_climbing or landing.lifting_s >= params.lift_s


@kernel
def stand(landing, params, estimate, thrust_share, is_armed, dt):
    """Watch for the take-off."""
    landing.rest_s += dt
    landing.lifting_s = (
        landing.lifting_s + dt if thrust_share > 1.0 - 0.5 * (1.0 - params.lift_thrust) else 0.0
    )
    if is_armed and has_lifted(landing, params, estimate, thrust_share):
        landing.is_landed = 0
        landing.has_flown = 1
        landing.airborne_s = 0.0
        landing.quiet_s = 0.0
        landing.spent_s = 0.0
    elif not is_armed or thrust_share <= 0.0:
        landing.ground_down = estimate.p_ned[2]


@kernel
def hover(landing, params, estimate, mode, thrust, thrust_share, dt):
    """Watch for the landing."""
    landing.airborne_s += dt
    is_over = is_spent(landing, params, mode, thrust, thrust_share, dt)
    landing.quiet_s = landing.quiet_s + dt if is_quiet(landing, params, estimate, thrust_share) else 0.0
    if landing.quiet_s >= params.quiet_s or is_over:
        landing.is_landed = 1
        landing.rest_s = 0.0
        landing.lifting_s = 0.0
        landing.ground_down = estimate.p_ned[2]


@kernel
def is_just_off(landing, params, estimate):
    """Tell whether the vehicle stands, or took off so lately and is so low that switched off it hardly falls."""
    is_low = not estimate.is_altitude_valid or landing.ground_down - estimate.p_ned[2] < params.early_m
    return landing.is_landed == 1 or (landing.airborne_s < params.early_s and is_low)


@kernel
def hover_of(params, command):
    """Return the collective that carries the vehicle, as learnt or as chosen."""
    known = command.terms.hover_thrust
    return known if known > 0.0 else params.hover


@kernel
def thrust_of(command, is_armed):
    """Return the last collective, or none if there was none."""
    thrust = command.setpoint.thrust_sp
    return thrust if is_armed and math.isfinite(thrust) else 0.0


@kernel
def hover_share_of(params, command, is_armed):
    """Return the last collective as a share of hover thrust."""
    return thrust_of(command, is_armed) / hover_of(params, command)


@kernel
def step(landing, params, inputs, command, is_armed, dt):
    """Decide whether the vehicle stands on the ground."""
    estimate = command.estimate
    share = hover_share_of(params, command, is_armed)
    listen(landing, params, inputs, estimate, dt)
    if command.status.failsafes & Failsafe.IMU_STUCK:
        landing.force_err = 0.0
    if landing.is_landed:
        stand(landing, params, estimate, share, is_armed, dt)
    else:
        hover(landing, params, estimate, command.status.mode, thrust_of(command, is_armed), share, dt)


@kernel
def configure(landing, thrust_least):
    """Learn the smallest collective the velocity loop asks for."""
    landing.least = thrust_least


@kernel
def reset(landing):
    """Stand."""
    landing.is_landed = 1
    landing.has_flown = 0
    landing.quiet_s = 0.0
    landing.spent_s = 0.0
    landing.lifting_s = 0.0
    landing.force_err = 0.0
