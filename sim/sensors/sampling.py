"""What every sensor shares: when it samples, how long its samples travel, how errors wander, how steps round."""

import math

from flight.kernel import kernel
from flight.record import INTEGER, REAL, record
from flight.vector import Vec3
from sim.random import RANDOM, normal, uniform
from sim.sensors.faults import FAULT, Fault, acts

# Samples under way at once; when a longer delay would need more, the newest are lost and the rate falls.
DEPTH = 16
LINE = record(
    random=RANDOM,
    fault=FAULT,
    due_us=INTEGER,
    first=INTEGER,
    count=INTEGER,
    newest_us=INTEGER,
    arrival_us=("i8", DEPTH),
)
# interval_us 0 is an absent sensor; jitter_us is one standard deviation of the delay; loss the share lost for good.
TIMING = record(interval_us=INTEGER, delay_us=INTEGER, jitter_us=REAL, loss=REAL)


@kernel
def is_due(line, timing, t_us):
    """Tell whether to sample in this tick, and when so, set the next time."""
    if timing.interval_us <= 0 or t_us < line.due_us:
        return False
    line.due_us += timing.interval_us
    # A loop slower than the sensor sees one sample per tick.
    if line.due_us <= t_us:
        line.due_us = t_us + timing.interval_us
    return True


@kernel
def stagger(line, timing):
    """Draw the first sampling time, so that sensors and vehicles do not sample in step."""
    line.due_us = int(uniform(line.random) * timing.interval_us)


@kernel
def post(line, timing, t_us):
    """Send off a sample taken now: return the slot to write it to, -1 when it is lost."""
    if timing.loss > 0.0 and uniform(line.random) < timing.loss:
        return -1
    arrival_us = t_us + timing.delay_us
    if timing.jitter_us > 0.0:
        arrival_us += max(int(timing.jitter_us * normal(line.random)), -timing.delay_us)
    if acts(line.fault, Fault.DELAY, t_us):
        arrival_us += int(1e6 * line.fault.magnitude)
    if line.count >= DEPTH or acts(line.fault, Fault.DROPOUT, t_us):
        return -1
    slot = (line.first + line.count) % DEPTH
    # Samples do not overtake each other on a wire.
    line.newest_us = max(arrival_us, line.newest_us)
    line.arrival_us[slot] = line.newest_us
    line.count += 1
    return slot


@kernel
def collect(line, t_us):
    """Return the slot of the sample that arrives in this tick, -1 without one."""
    if line.count == 0 or line.arrival_us[line.first] > t_us:
        return -1
    slot = line.first
    line.first = (slot + 1) % DEPTH
    line.count -= 1
    return -1 if acts(line.fault, Fault.DROPOUT, t_us) else slot


@kernel
def receive(line, sample, t_us):
    """Mark an arriving sample fresh; return its slot, -1 without new values."""
    slot = collect(line, t_us)
    sample.fresh = 1 if slot >= 0 else 0
    if slot < 0:
        return slot
    sample.t_us = t_us
    return -1 if acts(line.fault, Fault.STUCK, t_us) else slot


@kernel
def gauss_markov(random, value, sigma, tau_s, dt_s):
    """Step a Gauss-Markov process exactly: variance sigma^2 at any step (Gelb 1974, eq. 3.8-16)."""
    if sigma <= 0.0 or tau_s <= 0.0:
        return value
    keep = math.exp(-dt_s / tau_s)
    return keep * value + sigma * math.sqrt(1.0 - keep * keep) * normal(random)


@kernel
def gauss_markov_vector(random, v, sigma, tau_s, dt_s):
    """Step three independent Gauss-Markov processes."""
    if sigma <= 0.0 or tau_s <= 0.0:
        return v
    keep = math.exp(-dt_s / tau_s)
    return keep * v + noise(random, sigma * math.sqrt(1.0 - keep * keep))


@kernel
def noise(random, sigma):
    """Draw three independent normal numbers."""
    if sigma <= 0.0:
        return Vec3(0.0, 0.0, 0.0)
    return sigma * Vec3(normal(random), normal(random), normal(random))


@kernel
def rounded(value, step):
    """Return the nearest multiple of a step; the value itself where the step is zero."""
    return step * math.floor(value / step + 0.5) if step > 0.0 else value


@kernel
def rounded_vector(v, step):
    """Return the vector of nearest multiples of a step."""
    if step <= 0.0:
        return v
    return Vec3(rounded(v.x, step), rounded(v.y, step), rounded(v.z, step))


@kernel
def put_matrix(a, random, diagonal, spread_diagonal, spread):
    """Draw a 3x3 matrix: `diagonal` plus a spread on it and another spread off it."""
    for i in range(3):
        for k in range(3):
            if i == k:
                a[i, k] = diagonal + spread_diagonal * normal(random)
            else:
                a[i, k] = spread * normal(random)
