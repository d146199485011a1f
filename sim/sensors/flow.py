"""The optical flow camera: how fast the ground seems to turn about body x and y, counted in whole pixels."""

from flight.kernel import kernel
from flight.quaternion import quat, rotate_back
from flight.record import REAL, record
from flight.vector import Vec3, clamp, vec
from sim.random import normal
from sim.sensors.faults import disturbed
from sim.sensors.range import along_body_z
from sim.sensors.sampling import DEPTH, LINE, TIMING, is_due, post, receive, rounded, stagger

SENSOR = record(line=LINE, scale=REAL, left_x=REAL, left_y=REAL, sent=("f8", (DEPTH, 3)))
# step_rad is one count; the part keeps what is left of a count for the next sample. Quality falls from best_quality
# at best_m to none at high_m and in proportion to the light (0 dark, 1 daylight).
PRESET = record(
    timing=TIMING,
    low_m=REAL,
    best_m=REAL,
    high_m=REAL,
    light=REAL,
    best_quality=REAL,
    scale_spread=REAL,
    sigma_rad_s=REAL,
    limit_rad_s=REAL,
    step_rad=REAL,
)


@kernel
def draw(sensor, preset):
    """Draw this one lens's scale error."""
    stagger(sensor.line, preset.timing)
    sensor.scale = 1.0 + preset.scale_spread * normal(sensor.line.random)


@kernel
def seen_rate(truth, distance_m):
    """Return the ground's apparent rotation about body x and y in rad/s: the gyro's plus the sliding by.

    A ground point d below along body z moves in the body by -v - omega x (0, 0, d).
    """
    v_frd = rotate_back(quat(truth.q_ned_frd), vec(truth.v_ned))
    omega = vec(truth.omega_frd)
    return Vec3(omega.x - v_frd.y / distance_m, omega.y + v_frd.x / distance_m, 0.0)


@kernel
def measure(sensor, preset, truth, sample):
    """Report the flow; zero with quality 0 where nothing can be seen."""
    if is_due(sensor.line, preset.timing, truth.t_us):
        sense(sensor, preset, truth)
    slot = receive(sensor.line, sample, truth.t_us)
    if slot >= 0:
        sample.rate_x = sensor.sent[slot, 0]
        sample.rate_y = sensor.sent[slot, 1]
        sample.quality = sensor.sent[slot, 2]


@kernel
def quality_at(preset, distance_m):
    """Return the share of features tracked at a distance, 0 to 1."""
    if distance_m < preset.low_m or distance_m > preset.high_m:
        return 0.0
    fade = (distance_m - preset.best_m) / max(preset.high_m - preset.best_m, 1e-6)
    return clamp(preset.light, 0.0, 1.0) * clamp(1.0 - fade, 0.0, 1.0)


@kernel
def counted(preset, rate, left, dt):
    """Return the angle of whole counts in one sample and what is left for the next."""
    angle = clamp(rate, -preset.limit_rad_s, preset.limit_rad_s) * dt + left
    whole = rounded(angle, preset.step_rad)
    return whole, angle - whole


@kernel
def sense(sensor, preset, truth):
    """Take one sample and send it off."""
    random, fault = sensor.line.random, sensor.line.fault
    dt = 1e-6 * preset.timing.interval_us
    distance_m, _ = along_body_z(truth)
    share = quality_at(preset, distance_m)
    sigma = preset.sigma_rad_s / max(share, 0.1)
    rate = sensor.scale * seen_rate(truth, max(distance_m, 1e-3))
    rate_x = disturbed(fault, truth.t_us, rate.x + sigma * normal(random))
    rate_y = disturbed(fault, truth.t_us, rate.y + sigma * normal(random))
    angle_x, sensor.left_x = counted(preset, rate_x, sensor.left_x, dt)
    angle_y, sensor.left_y = counted(preset, rate_y, sensor.left_y, dt)
    slot = post(sensor.line, preset.timing, truth.t_us)
    if slot >= 0:
        sensor.sent[slot, 0] = angle_x / dt if share > 0.0 else 0.0
        sensor.sent[slot, 1] = angle_y / dt if share > 0.0 else 0.0
        sensor.sent[slot, 2] = rounded(share * preset.best_quality, 1.0)
