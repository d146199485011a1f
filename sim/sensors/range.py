"""The downward range finder: distance to the ground along body z."""

from flight.kernel import kernel
from flight.quaternion import quat
from flight.record import REAL, record
from sim.random import normal, uniform
from sim.sensors.faults import disturbed
from sim.sensors.sampling import DEPTH, LINE, TIMING, is_due, post, receive, rounded, stagger

SENSOR = record(line=LINE, scale=REAL, distance_sent=("f8", DEPTH), valid_sent=("i8", DEPTH))
# sigma grows from sigma_m by sigma_share of the distance; echoes fade between sure_m and high_m and are lost below
# cos_tilt_low, where the beam glances off.
PRESET = record(
    timing=TIMING,
    low_m=REAL,
    sure_m=REAL,
    high_m=REAL,
    cos_tilt_low=REAL,
    scale_spread=REAL,
    sigma_m=REAL,
    sigma_share=REAL,
    step_m=REAL,
)


@kernel
def draw(sensor, preset):
    """Draw this one part's scale error."""
    stagger(sensor.line, preset.timing)
    sensor.scale = 1.0 + preset.scale_spread * normal(sensor.line.random)


@kernel
def along_body_z(truth):
    """Return the distance from the frame's centre to the ground along body z and the cosine of the tilt."""
    q = quat(truth.q_ned_frd)
    cos_tilt = 1.0 - 2.0 * (q.x * q.x + q.y * q.y)
    return truth.height_m / cos_tilt if cos_tilt > 1e-3 else 1e9, cos_tilt


@kernel
def measure(sensor, preset, truth, sample):
    """Report the distance to the ground; full range and invalid without an echo."""
    if is_due(sensor.line, preset.timing, truth.t_us):
        sense(sensor, preset, truth)
    slot = receive(sensor.line, sample, truth.t_us)
    if slot >= 0:
        sample.distance_m = sensor.distance_sent[slot]
        sample.is_valid = sensor.valid_sent[slot]


@kernel
def sense(sensor, preset, truth):
    """Take one sample and send it off."""
    random = sensor.line.random
    true_m, cos_tilt = along_body_z(truth)
    sigma_m = preset.sigma_m + preset.sigma_share * min(true_m, preset.high_m)
    distance_m = sensor.scale * true_m + sigma_m * normal(random)
    distance_m = disturbed(sensor.line.fault, truth.t_us, distance_m)
    fade = (true_m - preset.sure_m) / max(preset.high_m - preset.sure_m, 1e-6)
    has_echo = uniform(random) >= fade and cos_tilt >= preset.cos_tilt_low
    is_valid = has_echo and preset.low_m <= distance_m <= preset.high_m
    slot = post(sensor.line, preset.timing, truth.t_us)
    if slot >= 0:
        sensor.distance_sent[slot] = rounded(distance_m, preset.step_m) if is_valid else preset.high_m
        sensor.valid_sent[slot] = 1 if is_valid else 0
