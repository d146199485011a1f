"""Fill command.estimate: the state as of now, its spreads, and what may be relied on."""

import math

from flight.command import AIDS
from flight.estimator import imu, update
from flight.estimator.layout import DRAG, MAG, MOCAP, POSITION, RANGE, TERRAIN, THETA, VELOCITY
from flight.kernel import kernel
from flight.quaternion import from_rotation_vector, normalize, put_quat, quat
from flight.vector import Vec3, put, vec


@kernel
def step(state, params, estimate, now_us):
    """Say the motion and the flags every tick; spreads when the covariance has just moved."""
    motion(state, params, estimate)
    estimate.height_m = height_above_ground(state, params, now_us)
    if state.pending.time_s == 0.0:
        spreads(state, params, estimate, now_us)
    trust(state, params, estimate, now_us)
    estimate.is_rate_lost = 1 if state.imu.gyro_same_s > params.spin_time else 0
    estimate.is_force_lost = 1 if imu.is_numb(state.imu, params) else 0
    estimate.is_clipped = 1 if imu.is_clipped(state.imu) else 0
    estimate.accel_clips += 1 if state.imu.accel_cut_s > 0.0 else 0


@kernel
def motion(state, params, estimate):
    """Say attitude, rate, velocity and position, carried forward over the IMU's own delay."""
    nominal = state.nominal
    ahead = params.imu_delay
    omega = vec(state.imu.gyro_frd) - vec(nominal.gyro_bias_frd)
    a = vec(state.a_ned)
    v = vec(nominal.v_ned) - vec(state.tremor.v_ned)
    q = quat(nominal.q_ned_frd)
    if ahead > 0.0:
        q = normalize(q * from_rotation_vector(ahead * omega))
    put_quat(estimate.q_ned_frd, q)
    put(estimate.omega_frd, omega)
    put(estimate.a_ned, a)
    put(estimate.v_ned, v + ahead * a)
    put(estimate.p_ned, vec(nominal.p_ned) + vec(state.jump_ned) + ahead * (v + 0.5 * ahead * a))
    put(estimate.gyro_bias_frd, vec(nominal.gyro_bias_frd))
    put(estimate.accel_bias_frd, vec(nominal.accel_bias_frd))
    put(estimate.wind_ned, vec(nominal.wind_ned))


@kernel
def height_above_ground(state, params, now_us):
    """Return metres above the ground: by the range finder where it works, else above the take-off point."""
    ground = state.ground
    if update.is_healthy(state.aid, RANGE, now_us, params.aid_time):
        return state.nominal.terrain_z_m - state.nominal.p_ned[2]
    return ground.take_off_z_m - state.nominal.p_ned[2]


@kernel
def height_sd(state, params):
    """Return the spread of the height above ground."""
    covariance = state.filter.covariance
    down = covariance[POSITION + 2, POSITION + 2]
    if not state.ground.has_range:
        return math.sqrt(down)
    apart = down + covariance[TERRAIN, TERRAIN] - 2.0 * covariance[POSITION + 2, TERRAIN]
    return math.sqrt(max(apart, 0.0)) + params.range_sd


@kernel
def spread(filter, first):
    """Return the standard deviations of three errors."""
    covariance = filter.covariance
    return Vec3(
        math.sqrt(covariance[first, first]),
        math.sqrt(covariance[first + 1, first + 1]),
        math.sqrt(covariance[first + 2, first + 2]),
    )


@kernel
def together(a, b):
    """Return the deviation of two independent errors; math.hypot would differ between compiled and interpreted."""
    return math.sqrt(a * a + b * b)


@kernel
def spreads(state, params, estimate, now_us):
    """Say standard deviations, test ratios, healths and the origin."""
    put(estimate.sigma_attitude, spread(state.filter, THETA))
    if update.is_healthy(state.aid, MAG, now_us, params.aid_time):
        estimate.sigma_attitude[2] = together(estimate.sigma_attitude[2], params.mag_iron)
    put(estimate.sigma_v, spread(state.filter, VELOCITY))
    sigma_p = spread(state.filter, POSITION)
    held = vec(state.jump_ned)
    put(
        estimate.sigma_p,
        Vec3(together(sigma_p.x, held.x), together(sigma_p.y, held.y), together(sigma_p.z, held.z)),
    )
    for i in range(len(AIDS)):
        estimate.test_ratios[i] = state.aid.ratio[i]
        estimate.sensor_health[i] = 1 if update.is_healthy(state.aid, i, now_us, params.aid_time) else 0
    estimate.origin_lat_deg = state.gps.origin_lat_deg
    estimate.origin_lon_deg = state.gps.origin_lon_deg
    estimate.origin_alt_amsl_m = state.gps.origin_alt_m


@kernel
def by_mocap(state, params, now_us):
    """Tell whether motion capture holds the position."""
    return update.is_healthy(state.aid, MOCAP, now_us, params.aid_time)


@kernel
def trust(state, params, estimate, now_us):
    """Say what guidance may rely on."""
    s = estimate.sigma_attitude
    is_awake = state.is_aligned and state.imu.stale_s < state.imu.patience_s
    is_level = s[0] < params.valid_tilt and s[1] < params.valid_tilt
    estimate.is_attitude_valid = 1 if is_awake and is_level else 0
    has_height = state.has_baro or state.gps.has_origin or state.aid.accepted_us[MOCAP] >= 0
    has_height = has_height or state.ground.has_range
    estimate.is_altitude_valid = (
        1 if estimate.is_attitude_valid and has_height and estimate.sigma_p[2] < params.valid_altitude else 0
    )
    is_aided = state.aided_us >= 0 and 1e-6 * (now_us - state.aided_us) < params.dead_time
    # Drag against a wind learned before holds the velocity; its growing doubt stands in sigma_v.
    is_held = state.aided_us >= 0 and update.is_healthy(state.aid, DRAG, now_us, params.aid_time)
    v_sd = max(estimate.sigma_v[0], estimate.sigma_v[1])
    is_slow = (is_aided or is_held) and v_sd < params.valid_velocity
    estimate.is_velocity_valid = 1 if estimate.is_attitude_valid and is_slow else 0
    p_sd = max(estimate.sigma_p[0], estimate.sigma_p[1])
    is_placed = state.gps.fixes == 0 or state.gps.has_origin or by_mocap(state, params, now_us)
    estimate.is_position_valid = (
        1 if estimate.is_velocity_valid and is_aided and is_placed and p_sd < params.valid_position else 0
    )
