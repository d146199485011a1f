"""Motion capture: the pose a room full of cameras sends over the air."""

from flight.kernel import kernel
from flight.quaternion import from_rotation_vector, put_quat, quat
from flight.record import REAL, VECTOR, record
from flight.vector import put, vec
from sim.sensors.faults import disturbed_vector
from sim.sensors.sampling import DEPTH, LINE, TIMING, is_due, noise, post, receive, stagger

SENSOR = record(
    line=LINE, misplaced=VECTOR, turned=VECTOR, p_sent=("f8", (DEPTH, 3)), q_sent=("f8", (DEPTH, 4))
)
# One standard deviation per axis; the spreads say how well the marker body was set up.
PRESET = record(timing=TIMING, sigma_m=REAL, sigma_rad=REAL, misplaced_spread_m=REAL, turned_spread_rad=REAL)


@kernel
def draw(sensor, preset):
    """Draw how the marker body sits on this one vehicle."""
    stagger(sensor.line, preset.timing)
    put(sensor.misplaced, noise(sensor.line.random, preset.misplaced_spread_m))
    put(sensor.turned, noise(sensor.line.random, preset.turned_spread_rad))


@kernel
def measure(sensor, preset, truth, sample):
    """Report position and attitude."""
    if is_due(sensor.line, preset.timing, truth.t_us):
        sense(sensor, preset, truth)
    slot = receive(sensor.line, sample, truth.t_us)
    if slot >= 0:
        put(sample.p_ned, vec(sensor.p_sent[slot]))
        put_quat(sample.q_ned_frd, quat(sensor.q_sent[slot]))


@kernel
def sense(sensor, preset, truth):
    """Take one sample and send it off."""
    random = sensor.line.random
    p_ned = vec(truth.p_ned) + vec(sensor.misplaced) + noise(random, preset.sigma_m)
    p_ned = disturbed_vector(sensor.line.fault, truth.t_us, p_ned)
    error = from_rotation_vector(vec(sensor.turned) + noise(random, preset.sigma_rad))
    slot = post(sensor.line, preset.timing, truth.t_us)
    if slot >= 0:
        put(sensor.p_sent[slot], p_ned)
        put_quat(sensor.q_sent[slot], quat(truth.q_ned_frd) * error)
