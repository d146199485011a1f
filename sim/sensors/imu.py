"""The inertial unit: what its gyro and accelerometer report of the true motion.

Noise enters before the part's low-pass with sigma = density * sqrt(rate / 2), so that the reported samples have the
data sheet's one-sided density below the cutoff whatever the rate.
"""

import math

from flight.kernel import kernel
from flight.quaternion import quat, rotate_back
from flight.record import INTEGER, MATRIX, REAL, VECTOR, record
from flight.vector import Vec3, clip, cross, mat, put, vec
from sim.random import normal
from sim.sensors.faults import FAULT, Fault, acts, disturbed_vector
from sim.sensors.lowpass import LOWPASS, settle, smooth, tune
from sim.sensors.sampling import (
    DEPTH,
    LINE,
    TIMING,
    collect,
    gauss_markov_vector,
    is_due,
    noise,
    post,
    put_matrix,
    rounded_vector,
)
from sim.sensors.vibration import SHAKER, VIBRATION, balance, shake

GRAVITY_NED = Vec3(0.0, 0.0, 9.80665)
SLOW_US = 100_000
# One axis triad: gain matrix, turn-on bias, bias per kelvin, wandering bias, and their present sum.
TRIAD = record(gain=MATRIX, turn_on=VECTOR, per_k=VECTOR, walk=VECTOR, bias=VECTOR, sigma=REAL)
SENSOR = record(
    line=LINE,
    accel_fault=FAULT,
    sampled_us=INTEGER,
    interval_us=INTEGER,
    slow_due_us=INTEGER,
    warm_k=REAL,
    gyro=TRIAD,
    accel=TRIAD,
    gyro_per_g=MATRIX,
    lowpass=LOWPASS,
    shaker=SHAKER,
    gyro_sent=("f8", (DEPTH, 3)),
    accel_sent=("f8", (DEPTH, 3)),
    heard=INTEGER,
    gyro_sum=VECTOR,
    accel_sum=VECTOR,
)
# Spreads are one standard deviation of the uncalibrated part; `residual` is the share calibration leaves.
TRIAD_PRESET = record(
    density=REAL,
    turn_on_spread=REAL,
    per_k_spread=REAL,
    scale_spread=REAL,
    cross_spread=REAL,
    walk_sigma=REAL,
    walk_tau_s=REAL,
    limit=REAL,
    step=REAL,
)
PRESET = record(
    timing=TIMING,
    gyro=TRIAD_PRESET,
    accel=TRIAD_PRESET,
    gyro_per_g_spread=REAL,  # rad/s per m/s2
    residual=REAL,
    ambient_c=REAL,
    warm_up_k=REAL,
    warm_up_s=REAL,
    cutoff_hz=REAL,
    vibration=VIBRATION,
    position_frd=VECTOR,  # from the centre of mass
)


@kernel
def draw(sensor, preset):
    """Draw the errors this one part has at this turn-on."""
    random = sensor.line.random
    draw_triad(sensor.gyro, preset.gyro, random, preset.residual)
    draw_triad(sensor.accel, preset.accel, random, preset.residual)
    spread = preset.residual * preset.gyro_per_g_spread
    put_matrix(sensor.gyro_per_g, random, 0.0, spread, spread)
    balance(sensor.shaker, preset.vibration, random)


@kernel
def draw_triad(triad, preset, random, residual):
    """Draw one triad's gain matrix and biases."""
    put_matrix(triad.gain, random, 1.0, residual * preset.scale_spread, residual * preset.cross_spread)
    for i in range(3):
        triad.turn_on[i] = residual * preset.turn_on_spread * normal(random)
        triad.per_k[i] = residual * preset.per_k_spread * normal(random)
        triad.walk[i] = preset.walk_sigma * normal(random)
        triad.bias[i] = triad.turn_on[i] + triad.walk[i]


@kernel
def hear(sensor, preset, truth):
    """Sample when it is time, and take in what arrives, whether a tick is there to fly it or not."""
    if is_due(sensor.line, preset.timing, truth.t_us):
        sense(sensor, preset, truth)
    slot = collect(sensor.line, truth.t_us)
    while slot >= 0:
        sensor.heard += 1
        put(sensor.gyro_sum, vec(sensor.gyro_sum) + vec(sensor.gyro_sent[slot]))
        put(sensor.accel_sum, vec(sensor.accel_sum) + vec(sensor.accel_sent[slot]))
        slot = collect(sensor.line, truth.t_us)


@kernel
def measure(sensor, preset, truth, sample):
    """Report angular rate and specific force at the IMU's place: the mean of what was heard since the last tick."""
    hear(sensor, preset, truth)
    sample.fresh = 1 if sensor.heard > 0 else 0
    if sensor.heard == 0:
        return
    each = 1.0 / float(sensor.heard)
    sample.t_us = truth.t_us
    sample.temperature_c = preset.ambient_c + sensor.warm_k
    if not acts(sensor.line.fault, Fault.STUCK, truth.t_us):
        put(sample.gyro_frd, each * vec(sensor.gyro_sum))
    if not acts(sensor.accel_fault, Fault.STUCK, truth.t_us):
        put(sample.accel_frd, each * vec(sensor.accel_sum))
    sensor.heard = 0
    put(sensor.gyro_sum, Vec3(0.0, 0.0, 0.0))
    put(sensor.accel_sum, Vec3(0.0, 0.0, 0.0))


@kernel
def sense(sensor, preset, truth):
    """Take one sample and send it off."""
    if truth.t_us >= sensor.slow_due_us:
        wander(sensor, preset)
        sensor.slow_due_us = truth.t_us + SLOW_US
    omega, force = felt(truth, vec(preset.position_frd))
    gyro = mat(sensor.gyro.gain) @ omega + mat(sensor.gyro_per_g) @ force + vec(sensor.gyro.bias)
    accel = mat(sensor.accel.gain) @ force + vec(sensor.accel.bias)
    prepare(sensor, preset, truth.t_us, gyro, accel)
    random, lowpass = sensor.line.random, sensor.lowpass
    gyro = smooth(lowpass, lowpass.gyro_1, lowpass.gyro_2, gyro + noise(random, sensor.gyro.sigma))
    accel = smooth(lowpass, lowpass.accel_1, lowpass.accel_2, accel + noise(random, sensor.accel.sigma))
    if preset.vibration.rotor_count > 0:
        cutoff = 2.0 * math.pi * preset.cutoff_hz
        dt = 1e-6 * sensor.interval_us
        swing, push = shake(sensor.shaker, preset.vibration, truth.rotor_speed, cutoff, dt)
        gyro = gyro + swing
        accel = accel + push
    send(sensor, preset, truth.t_us, gyro, accel)


@kernel
def send(sensor, preset, t_us, gyro, accel):
    """Let faults, the range and the resolution act, and put the sample on its way."""
    slot = post(sensor.line, preset.timing, t_us)
    if slot >= 0:
        gyro = disturbed_vector(sensor.line.fault, t_us, gyro)
        accel = disturbed_vector(sensor.accel_fault, t_us, accel)
        put(sensor.gyro_sent[slot], converted(gyro, preset.gyro))
        put(sensor.accel_sent[slot], converted(accel, preset.accel))


@kernel
def converted(v, preset):
    """Return what the converter makes of a vector: limited and rounded."""
    return rounded_vector(clip(v, Vec3(preset.limit, preset.limit, preset.limit)), preset.step)


@kernel
def felt(truth, position_frd):
    """Return angular rate and specific force at a place of the body (Titterton & Weston 2004, eq. 3.68)."""
    omega = vec(truth.omega_frd)
    force = rotate_back(quat(truth.q_ned_frd), vec(truth.a_ned) - GRAVITY_NED)
    turning = cross(vec(truth.omega_dot_frd), position_frd) + cross(omega, cross(omega, position_frd))
    return omega, force + turning


@kernel
def prepare(sensor, preset, t_us, gyro, accel):
    """Fit the low-pass and the noise to the actual sampling interval: the loop may be slower than the part."""
    is_first = sensor.interval_us == 0
    interval_us = preset.timing.interval_us if is_first else t_us - sensor.sampled_us
    sensor.sampled_us = t_us
    if interval_us == sensor.interval_us:
        return
    sensor.interval_us = interval_us
    rate_hz = 1e6 / interval_us
    tune(sensor.lowpass, preset.cutoff_hz, rate_hz)
    sensor.gyro.sigma = preset.gyro.density * math.sqrt(0.5 * rate_hz)
    sensor.accel.sigma = preset.accel.density * math.sqrt(0.5 * rate_hz)
    if is_first:
        settle(sensor.lowpass, sensor.lowpass.gyro_1, sensor.lowpass.gyro_2, gyro)
        settle(sensor.lowpass, sensor.lowpass.accel_1, sensor.lowpass.accel_2, accel)


@kernel
def wander(sensor, preset):
    """Warm the part up and let its biases drift."""
    dt = 1e-6 * SLOW_US
    if preset.warm_up_s > 0.0:
        sensor.warm_k += (preset.warm_up_k - sensor.warm_k) * (1.0 - math.exp(-dt / preset.warm_up_s))
    drift(sensor.gyro, preset.gyro, sensor.line.random, sensor.warm_k, dt)
    drift(sensor.accel, preset.accel, sensor.line.random, sensor.warm_k, dt)


@kernel
def drift(triad, preset, random, warm_k, dt):
    """Step one triad's bias."""
    walk = gauss_markov_vector(random, vec(triad.walk), preset.walk_sigma, preset.walk_tau_s, dt)
    put(triad.walk, walk)
    put(triad.bias, vec(triad.turn_on) + walk + warm_k * vec(triad.per_k))
