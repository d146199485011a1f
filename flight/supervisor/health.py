"""What the vehicle feels of itself: shaking, a sensor that stands still, ticks that come late, aids that fell away."""

import math

from flight.command import AIDS
from flight.kernel import kernel
from flight.record import FLAG, INTEGER, REAL, VECTOR, record
from flight.vector import dot, norm, put, vec

# shake: variance of the specific force; clipped: share of samples at the end of the IMU's range; force: smoothed
# acceleration; aids: bits of the healthy and the once healthy.
HEALTH = record(
    accel_mean_frd=VECTOR,
    shake=REAL,
    clipped=REAL,
    force=REAL,
    gyro_before_frd=VECTOR,
    accel_before_frd=VECTOR,
    frozen_s=REAL,
    overruns=INTEGER,
    late=REAL,
    aids=INTEGER,
    aids_seen=INTEGER,
    ratios=VECTOR,
    field_ut=REAL,
    has_field=FLAG,
)
GPS_POSITION, GPS_VELOCITY, BARO, MAG, MOCAP = (
    AIDS.index(name) for name in ("gps_position", "gps_velocity", "baro", "mag", "mocap")
)
# Aids that do not come and go with height and motion.
STEADY = 1 << GPS_POSITION | 1 << GPS_VELOCITY | 1 << BARO | 1 << MAG | 1 << MOCAP
# Aids that nobody asks while motion capture tells position and heading.
SPARED = 1 << GPS_POSITION | 1 << GPS_VELOCITY | 1 << MAG


@kernel
def share(dt, time):
    """Return the part of a step that a first-order filter takes in a tick."""
    return dt / (time + dt)


@kernel
def is_repeated(health, accel, gyro, is_flying):
    """Tell whether the samples stand still: on the ground both, as either may rest on one coarse step; else one."""
    is_accel = accel == vec(health.accel_before_frd)
    is_gyro = gyro == vec(health.gyro_before_frd)
    return is_accel or is_gyro if is_flying else is_accel and is_gyro


@kernel
def feel(health, params, imu, is_flying, dt):
    """Follow how much the vehicle shakes, and whether its samples still change."""
    accel, gyro = vec(imu.accel_frd), vec(imu.gyro_frd)
    # What stood still in the air still does on the ground: a landing must not wait for what it feels.
    is_same = is_repeated(health, accel, gyro, is_flying or health.frozen_s > params.frozen_s)
    # A gyro that reads exactly nothing is a simulated one.
    health.frozen_s = health.frozen_s + dt if is_same and norm(gyro) > 0.0 else 0.0
    put(health.accel_before_frd, accel)
    put(health.gyro_before_frd, gyro)
    if math.isfinite(norm(accel)):
        change = accel - vec(health.accel_mean_frd)
        put(health.accel_mean_frd, vec(health.accel_mean_frd) + change * share(dt, params.shake_mean_s))
        health.shake += share(dt, params.shake_s) * (dot(change, change) - health.shake)


@kernel
def watch_loop(health, params, system, dt):
    """Follow which part of the ticks comes late."""
    is_late = system.overruns > health.overruns
    health.overruns = system.overruns
    health.late += share(dt, params.late_s) * ((1.0 if is_late else 0.0) - health.late)


@kernel
def watch_aids(health, estimate, is_armed):
    """Note which aids are healthy, and which have been since arming and are still asked."""
    healthy = 0
    for i in range(len(AIDS)):
        healthy |= 1 << i if estimate.sensor_health[i] else 0
    health.aids = healthy & STEADY
    health.aids_seen = (health.aids_seen if is_armed else 0) | health.aids
    if health.aids >> MOCAP & 1:
        health.aids_seen &= ~SPARED


@kernel
def bounded(ratio, most):
    """Return a test ratio as far as it counts; what is no number counts in full, and is forgotten like the rest."""
    return ratio if ratio <= most else most


@kernel
def watch_ratios(health, params, estimate, dt):
    """Smooth the worst test ratio of position and velocity, that of the height and that of the heading."""
    ratio, part, most = estimate.test_ratios, share(dt, params.ratio_s), params.ratio_most
    place = max(bounded(ratio[GPS_POSITION], most), bounded(ratio[GPS_VELOCITY], most))
    # Bounded: the spike of one hard landing would refuse arming for a quarter of a minute.
    health.ratios[0] += part * (place - health.ratios[0])
    health.ratios[1] += part * (bounded(ratio[BARO], most) - health.ratios[1])
    health.ratios[2] += part * (bounded(ratio[MAG], most) - health.ratios[2])


@kernel
def watch_field(health, params, mag, dt):
    """Smooth the strength of the magnetic field."""
    strength = norm(vec(mag.field_ut_frd))
    if not mag.fresh or not math.isfinite(strength):
        return
    part = share(dt, params.field_s) if health.has_field else 1.0
    health.field_ut += part * (strength - health.field_ut)
    health.has_field = 1


@kernel
def step(health, params, inputs, estimate, is_armed, is_flying, dt):
    """Take in one tick."""
    if inputs.imu.fresh:
        feel(health, params, inputs.imu, is_flying, dt)
        health.clipped += share(dt, params.clip_s) * (float(estimate.is_clipped) - health.clipped)
    else:
        health.frozen_s += dt
    a = norm(vec(estimate.a_ned))
    health.force += share(dt, params.force_s) * (a - health.force) if math.isfinite(a) else 0.0
    watch_loop(health, params, inputs.system, dt)
    watch_aids(health, estimate, is_armed)
    watch_ratios(health, params, estimate, dt)
    watch_field(health, params, inputs.mag, dt)


@kernel
def reset(health):
    """Feel nothing yet."""
    health.shake = 0.0
    health.clipped = 0.0
    health.force = 0.0
    health.frozen_s = 0.0
    health.overruns = 0
    health.late = 0.0
    health.aids_seen = 0
    health.field_ut = 0.0
    health.has_field = 0
