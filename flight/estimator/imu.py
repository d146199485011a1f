"""Take in IMU samples: refuse what no IMU can measure, notice standing still."""

import math

from flight.kernel import kernel
from flight.physics import STANDARD_GRAVITY
from flight.vector import ZERO, dot, norm, put, vec

# So many jumped samples alike, or in a row at all, are no spikes. Where one in fifty is off, three rates alike come
# every few minutes; forces are waited for no longer, as the ground's first push is over soon.
ALIKE_RATES, ALIKE_FORCES, MOST_REFUSED = 4, 3, 10
SHORTEST_S = 1e-4


@kernel
def is_credible(sample, params):
    """Tell whether a sample is a measurement at all; NaN fails every comparison."""
    return norm(vec(sample.gyro_frd)) < params.gyro_max and norm(vec(sample.accel_frd)) < params.accel_max


@kernel
def step(imu, params, sample, bias_frd, is_flying, dt):
    """Keep the newest sample and the one before, their means, and for how long they have stood still.

    A missing or refused sample leaves the last one standing in for it; of a gyro that hangs the force is still heard.
    """
    put(imu.gyro_before_frd, vec(imu.gyro_frd))
    put(imu.accel_before_frd, vec(imu.accel_frd))
    is_old = is_repeated(imu, sample, dt) and is_flying
    is_stuck = imu.gyro_same_s > params.gyro_hung and is_flying
    is_fit = sample.fresh and not is_old and is_credible(sample, params)
    is_taken = is_fit and not is_stuck and not is_spike(imu, params, sample, dt)
    if is_taken:
        # Not every tick has a sample where the loop is the faster of the two.
        accept(imu, params, vec(sample.gyro_frd), vec(sample.accel_frd), bias_frd, imu.stale_s + dt)
    elif is_fit and is_stuck:
        put(imu.accel_frd, vec(sample.accel_frd))
    imu.stale_s = 0.0 if is_taken else imu.stale_s + dt


@kernel
def is_hung(imu, params):
    """Tell whether the accelerometer has shown the same force for too long."""
    return imu.accel_same_s > params.accel_hung


@kernel
def is_numb(imu, params):
    """Tell whether nothing is known of the force any more: it hangs, or no sample has been credible for as long."""
    return is_hung(imu, params) or imu.stale_s > params.accel_hung


@kernel
def is_deaf(imu, params):
    """Tell whether nothing is known of the rate any more."""
    return imu.stale_s > params.gyro_hung


@kernel
def is_repeated(imu, sample, dt):
    """Tell whether a whole sample is the last one again, which noise forbids; time both its halves."""
    is_same_force = norm(vec(sample.accel_frd) - vec(imu.accel_frd)) == 0.0
    is_same_rate = norm(vec(sample.gyro_frd) - vec(imu.heard_gyro_frd)) == 0.0
    put(imu.heard_gyro_frd, vec(sample.gyro_frd))
    imu.accel_same_s = imu.accel_same_s + dt if is_same_force else 0.0
    imu.gyro_same_s = imu.gyro_same_s + dt if is_same_rate else 0.0
    return is_same_force and is_same_rate


@kernel
def largest_change(params, jump, power, dt):
    """Return how far two samples in a row may differ: what a vehicle can do, or shaking that has been there before."""
    return max(jump, params.jump_scatter * math.sqrt(6.0 * power / max(dt, SHORTEST_S)))


@kernel
def is_turned_away(imu, params, gyro_frd, other_gyro_frd, dt):
    """Tell whether two rates in a row differ as no vehicle can."""
    return norm(gyro_frd - other_gyro_frd) > largest_change(params, params.gyro_jump, imu.gyro_power, dt)


@kernel
def is_far(imu, params, gyro_frd, accel_frd, other_gyro_frd, other_accel_frd, dt):
    """Tell whether two samples in a row differ as no vehicle can."""
    largest = largest_change(params, params.accel_jump, imu.accel_power, dt)
    is_pushed_away = norm(accel_frd - other_accel_frd) > largest
    return is_pushed_away or is_turned_away(imu, params, gyro_frd, other_gyro_frd, dt)


@kernel
def is_spike(imu, params, sample, dt):
    """Tell whether rate or force have jumped as no vehicle can; what stays where it jumped to was no spike."""
    gyro, accel = vec(sample.gyro_frd), vec(sample.accel_frd)
    if not imu.has_sample or not is_far(imu, params, gyro, accel, vec(imu.gyro_frd), vec(imu.accel_frd), dt):
        return False
    stays = not is_far(imu, params, gyro, accel, vec(imu.refused_gyro_frd), vec(imu.refused_accel_frd), dt)
    imu.alike = imu.alike + 1 if stays and imu.refused > 0 else 1
    imu.refused += 1
    put(imu.refused_gyro_frd, gyro)
    put(imu.refused_accel_frd, accel)
    asked = ALIKE_RATES if is_turned_away(imu, params, gyro, vec(imu.gyro_frd), dt) else ALIKE_FORCES
    is_refused = imu.alike < asked and imu.refused < MOST_REFUSED
    if is_refused:
        miss(imu, accel - vec(imu.accel_frd), dt)
    return is_refused


@kernel
def miss(imu, change, dt):
    """Admit what a refused force would have done to the velocity: the ground, too, hits within a tick."""
    imu.unfelt_dv2 += dt * dt * dot(change, change)


@kernel
def is_at_stop(raw_frd, stop):
    """Tell whether an axis is at the end of its range: what is read there is a bound, not a measurement."""
    return abs(raw_frd.x) >= stop or abs(raw_frd.y) >= stop or abs(raw_frd.z) >= stop


@kernel
def hidden(cut_s, excess, dt):
    """Return by how much the square of excess * time grows: what is hidden for long adds up."""
    return excess * excess * dt * (2.0 * cut_s + dt)


@kernel
def notice_stops(imu, params, raw, dt):
    """Admit what a sample at its stop may hide of force and rate; time both."""
    is_force = raw.fresh and is_at_stop(vec(raw.accel_frd), params.accel_stop)
    is_rate = raw.fresh and is_at_stop(vec(raw.gyro_frd), params.gyro_stop)
    if is_force:
        imu.unfelt_dv2 += hidden(imu.accel_cut_s, params.stop_excess * params.accel_stop, dt)
    if is_rate:
        imu.unfelt_turn2 += hidden(imu.gyro_cut_s, params.stop_excess * params.gyro_stop, dt)
    imu.accel_cut_s = imu.accel_cut_s + dt if is_force else 0.0
    imu.gyro_cut_s = imu.gyro_cut_s + dt if is_rate else 0.0


@kernel
def is_clipped(imu):
    """Tell whether the newest sample was at the end of the IMU's range."""
    return imu.accel_cut_s > 0.0 or imu.gyro_cut_s > 0.0


@kernel
def accept(imu, params, gyro_frd, accel_frd, bias_frd, dt):
    """Store a credible sample, dt after the last, and follow its means."""
    if not imu.has_sample:
        imu.has_sample = 1
        put(imu.gyro_before_frd, gyro_frd)
        put(imu.accel_before_frd, accel_frd)
        put(imu.gyro_mean_frd, gyro_frd)
        put(imu.accel_mean_frd, accel_frd)
    elif dt < 1.5 * imu.period_s:
        scatter(imu, params, gyro_frd, accel_frd, dt)
    imu.period_s = dt
    imu.refused = 0
    put(imu.gyro_frd, gyro_frd)
    put(imu.accel_frd, accel_frd)
    share = dt / (params.still_tau + dt)
    put(imu.gyro_mean_frd, vec(imu.gyro_mean_frd) + share * (gyro_frd - vec(imu.gyro_mean_frd)))
    put(imu.accel_mean_frd, vec(imu.accel_mean_frd) + share * (accel_frd - vec(imu.accel_mean_frd)))
    imu.still_s = imu.still_s + dt if is_quiet(imu, params, bias_frd) else 0.0


@kernel
def scatter(imu, params, gyro_frd, accel_frd, dt):
    """Follow how much samples scatter: differences of white noise have twice its variance on each of three axes."""
    share = dt / (params.rough_tau + dt)
    turned = gyro_frd - vec(imu.gyro_frd)
    pushed = accel_frd - vec(imu.accel_frd)
    imu.gyro_power += share * (dt * dot(turned, turned) / 6.0 - imu.gyro_power)
    imu.accel_power += share * (dt * dot(pushed, pushed) / 6.0 - imu.accel_power)


@kernel
def add_up_force(imu, params, force_frd, t):
    """Follow the noise of mean forces over t seconds: what vibration leaves of itself there is what velocity keeps.

    Across the rotor axis forces change smoothly: second differences of white noise have six times its variance.
    """
    is_first = norm(vec(imu.force_before_frd)) == 0.0
    change = ZERO if is_first else force_frd - vec(imu.force_before_frd)
    bend = change - vec(imu.force_change_frd)
    put(imu.force_before_frd, force_frd)
    put(imu.force_change_frd, change)
    power = t * (bend.x * bend.x + bend.y * bend.y) / 12.0
    imu.force_power += t / (params.rough_tau + t) * (power - imu.force_power)


@kernel
def add_up_rate(imu, params, rate_frd, t):
    """Follow the noise of mean rates over t seconds: what is white adds up to a turn, vibration does not.

    Flight bends rates more than forces: third differences, of which white noise has twenty times its variance, keep
    little of it.
    """
    is_first = norm(vec(imu.rate_before_frd)) == 0.0
    change = ZERO if is_first else rate_frd - vec(imu.rate_before_frd)
    bend = change - vec(imu.rate_change_frd)
    twist = bend - vec(imu.rate_bend_frd)
    put(imu.rate_before_frd, rate_frd)
    put(imu.rate_change_frd, change)
    put(imu.rate_bend_frd, bend)
    imu.rate_power += t / (params.rough_tau + t) * (t * dot(twist, twist) / 60.0 - imu.rate_power)


@kernel
def is_quiet(imu, params, bias_frd):
    """Tell whether the newest sample looks like standing on the ground with the motors off.

    A gyro whose mean is zero stands still whatever bias is believed of it: that may be what a crash has left.
    """
    gyro_mean = vec(imu.gyro_mean_frd)
    accel_mean = vec(imu.accel_mean_frd)
    return (
        norm(vec(imu.gyro_frd) - gyro_mean) < params.still_gyro
        and min(norm(gyro_mean - bias_frd), norm(gyro_mean)) < params.still_rate
        and norm(vec(imu.accel_frd) - accel_mean) < params.still_accel
        and abs(norm(accel_mean) - STANDARD_GRAVITY) < params.still_accel
    )
