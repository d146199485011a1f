"""The satellite receiver: late, coloured, and honest about its accuracy."""

import math

from flight.kernel import kernel
from flight.record import INTEGER, REAL, VECTOR, record
from flight.vector import Vec3, put, vec
from sim.random import normal
from sim.sensors.faults import disturbed_vector
from sim.sensors.geodesy import geodetic
from sim.sensors.sampling import (
    DEPTH,
    LINE,
    TIMING,
    gauss_markov,
    is_due,
    noise,
    post,
    receive,
    rounded,
    stagger,
)

FIX_3D = 3
# What a receiver reports before its first fix.
NO_ACCURACY_M = 99.0
FEW_SATELLITES = 3

# error_ned: reported minus true position of the last measurement, both at its own time.
SENSOR = record(
    line=LINE,
    wander_ned=VECTOR,
    wander_v_ned=VECTOR,
    error_ned=VECTOR,
    satellites=INTEGER,
    place_sent=("f8", (DEPTH, 3)),
    v_sent=("f8", (DEPTH, 3)),
    accuracy_sent=("f8", (DEPTH, 3)),
    fix_sent=("i8", (DEPTH, 2)),
)
# Home, then one standard deviation per axis of the slow and the white part; tau of the slow part.
PRESET = record(
    timing=TIMING,
    lat_deg=REAL,
    lon_deg=REAL,
    alt_amsl_m=REAL,
    metres_per_deg_lat=REAL,
    metres_per_deg_lon=REAL,
    wander_xy_m=REAL,
    wander_z_m=REAL,
    wander_tau_s=REAL,
    white_xy_m=REAL,
    white_z_m=REAL,
    wander_v_m_s=REAL,
    wander_v_tau_s=REAL,
    white_v_m_s=REAL,
    first_fix_s=REAL,
    satellites_mean=REAL,
    satellites_spread=REAL,
    step_deg=REAL,
    step_alt_m=REAL,
    step_v_m_s=REAL,
)


@kernel
def draw(sensor, preset):
    """Draw today's satellites and where their errors stand."""
    random = sensor.line.random
    stagger(sensor.line, preset.timing)
    count = preset.satellites_mean + preset.satellites_spread * normal(random)
    sensor.satellites = max(int(count), FEW_SATELLITES + 1)
    across = noise(random, preset.wander_xy_m)
    put(sensor.wander_ned, Vec3(across.x, across.y, preset.wander_z_m * normal(random)))
    put(sensor.wander_v_ned, noise(random, preset.wander_v_m_s))


@kernel
def measure(sensor, preset, truth, sample):
    """Report position, velocity and how good they are."""
    if is_due(sensor.line, preset.timing, truth.t_us):
        sense(sensor, preset, truth)
    slot = receive(sensor.line, sample, truth.t_us)
    if slot < 0:
        return
    place, accuracy = vec(sensor.place_sent[slot]), vec(sensor.accuracy_sent[slot])
    sample.lat_deg, sample.lon_deg, sample.alt_amsl_m = place.x, place.y, place.z
    put(sample.v_ned, vec(sensor.v_sent[slot]))
    sample.horizontal_accuracy_m, sample.vertical_accuracy_m = accuracy.x, accuracy.y
    sample.speed_accuracy_m_s = accuracy.z
    sample.fix_type = sensor.fix_sent[slot, 0]
    sample.satellites = sensor.fix_sent[slot, 1]


@kernel
def sense(sensor, preset, truth):
    """Take one sample and send it off."""
    random = sensor.line.random
    wander(sensor, preset, 1e-6 * preset.timing.interval_us)
    white = noise(random, 1.0) * Vec3(preset.white_xy_m, preset.white_xy_m, preset.white_z_m)
    p_ned = vec(truth.p_ned)
    seen = disturbed_vector(sensor.line.fault, truth.t_us, p_ned + vec(sensor.wander_ned) + white)
    v_ned = vec(truth.v_ned) + vec(sensor.wander_v_ned) + noise(random, preset.white_v_m_s)
    put(sensor.error_ned, seen - p_ned)
    slot = post(sensor.line, preset.timing, truth.t_us)
    if slot >= 0:
        write(sensor, preset, slot, seen, v_ned)
        has_fix = truth.t_us >= 1e6 * preset.first_fix_s
        write_quality(sensor, preset, slot, has_fix)


@kernel
def write(sensor, preset, slot, seen, v_ned):
    """Round position and velocity to the receiver's message."""
    place = geodetic(seen, preset.lat_deg, preset.lon_deg, preset.alt_amsl_m)
    put(
        sensor.place_sent[slot],
        Vec3(
            rounded(place.x, preset.step_deg),
            rounded(place.y, preset.step_deg),
            rounded(place.z, preset.step_alt_m),
        ),
    )
    step = preset.step_v_m_s
    put(sensor.v_sent[slot], Vec3(rounded(v_ned.x, step), rounded(v_ned.y, step), rounded(v_ned.z, step)))


@kernel
def write_quality(sensor, preset, slot, has_fix):
    """Write fix type, satellites and the accuracies the receiver believes in: one standard deviation, 2-D and 1-D."""
    if not has_fix:
        put(sensor.accuracy_sent[slot], Vec3(NO_ACCURACY_M, NO_ACCURACY_M, NO_ACCURACY_M))
        sensor.fix_sent[slot, 0], sensor.fix_sent[slot, 1] = 0, FEW_SATELLITES
        return
    across = math.sqrt(2.0) * root_sum(preset.wander_xy_m, preset.white_xy_m)
    up = root_sum(preset.wander_z_m, preset.white_z_m)
    # u-blox's sAcc is three-dimensional.
    speed = math.sqrt(3.0) * root_sum(preset.wander_v_m_s, preset.white_v_m_s)
    put(sensor.accuracy_sent[slot], Vec3(across, up, speed))
    sensor.fix_sent[slot, 0], sensor.fix_sent[slot, 1] = FIX_3D, sensor.satellites


@kernel
def root_sum(a, b):
    """Return the standard deviation of the sum of two independent errors."""
    return math.sqrt(a * a + b * b)


@kernel
def wander(sensor, preset, dt):
    """Let ionosphere and orbits drift (Gauss-Markov; Parkinson & Spilker 1996, ch. 11)."""
    random, tau = sensor.line.random, preset.wander_tau_s
    slow = vec(sensor.wander_ned)
    x = gauss_markov(random, slow.x, preset.wander_xy_m, tau, dt)
    y = gauss_markov(random, slow.y, preset.wander_xy_m, tau, dt)
    z = gauss_markov(random, slow.z, preset.wander_z_m, tau, dt)
    put(sensor.wander_ned, Vec3(x, y, z))
    v = vec(sensor.wander_v_ned)
    tau_v = preset.wander_v_tau_s
    v_x = gauss_markov(random, v.x, preset.wander_v_m_s, tau_v, dt)
    v_y = gauss_markov(random, v.y, preset.wander_v_m_s, tau_v, dt)
    v_z = gauss_markov(random, v.z, preset.wander_v_m_s, tau_v, dt)
    put(sensor.wander_v_ned, Vec3(v_x, v_y, v_z))
