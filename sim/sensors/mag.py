"""The magnetometer: the world's field through hard iron, soft iron and the battery's current."""

from flight.kernel import kernel
from flight.quaternion import quat, rotate_back
from flight.record import MATRIX, REAL, VECTOR, record
from flight.vector import Vec3, clip, mat, put, vec
from sim.sensors.faults import disturbed_vector
from sim.sensors.sampling import (
    DEPTH,
    LINE,
    TIMING,
    is_due,
    noise,
    post,
    put_matrix,
    receive,
    rounded_vector,
    stagger,
)

SENSOR = record(line=LINE, soft_iron=MATRIX, hard_iron=VECTOR, ut_per_a=VECTOR, field_sent=("f8", (DEPTH, 3)))
# Spreads are one standard deviation of the uncalibrated vehicle; `residual` is the share calibration leaves.
PRESET = record(
    timing=TIMING,
    field_ut_ned=VECTOR,
    hard_iron_spread_ut=REAL,
    soft_iron_spread=REAL,
    residual=REAL,
    ut_per_a_spread=REAL,
    sigma_ut=REAL,
    limit_ut=REAL,
    step_ut=REAL,
)


@kernel
def draw(sensor, preset):
    """Draw what iron and wires this one vehicle has."""
    random = sensor.line.random
    stagger(sensor.line, preset.timing)
    spread = preset.residual * preset.soft_iron_spread
    put_matrix(sensor.soft_iron, random, 1.0, spread, spread)
    put(sensor.hard_iron, noise(random, preset.residual * preset.hard_iron_spread_ut))
    put(sensor.ut_per_a, noise(random, preset.ut_per_a_spread))


@kernel
def measure(sensor, preset, truth, sample):
    """Report the magnetic field in body axes."""
    if is_due(sensor.line, preset.timing, truth.t_us):
        sense(sensor, preset, truth)
    slot = receive(sensor.line, sample, truth.t_us)
    if slot >= 0:
        put(sample.field_ut_frd, vec(sensor.field_sent[slot]))


@kernel
def sense(sensor, preset, truth):
    """Take one sample and send it off."""
    field = mat(sensor.soft_iron) @ rotate_back(quat(truth.q_ned_frd), vec(preset.field_ut_ned))
    field = field + vec(sensor.hard_iron) + truth.current_a * vec(sensor.ut_per_a)
    field = disturbed_vector(
        sensor.line.fault, truth.t_us, field + noise(sensor.line.random, preset.sigma_ut)
    )
    slot = post(sensor.line, preset.timing, truth.t_us)
    if slot >= 0:
        limit = Vec3(preset.limit_ut, preset.limit_ut, preset.limit_ut)
        put(sensor.field_sent[slot], rounded_vector(clip(field, limit), preset.step_ut))
