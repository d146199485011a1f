"""Gains for a plant: the fastest loops whose margins hold, found by halving, one candidate a tick.

The inner loop is L = P (kp + ki I + kd D) with the plant P, lead and yaw's low-pass included, the sampled integrator I
and the filtered derivative D; the outer one adds p I about it. A sensitivity of at most Ms keeps L a distance 1/Ms from
-1, and with it the gain margin at least Ms / (Ms - 1) (Astrom & Murray 2021, 10.4).
"""

import math

from flight.autotune.phasor import Phasor, over, phasor, plus, scaled, square, store, times, turned
from flight.autotune.plant import answer_at
from flight.filters import step_share, step_share_hz
from flight.kernel import kernel
from flight.record import INTEGER, REAL, record

DEGREE = math.pi / 180.0
GRID = 44
# Steps of halving per search, and how many ratios of derivative to proportional gain are tried.
HALVINGS, RATIOS = 10, 6
# A loop that is this quiet can pass -180 degrees.
QUIET = 0.6
KP, KI, KD, OUTER = 0, 1, 2, 3
# fixed_kd: the derivative gain that stays, -1 where it is searched for.
SHAPER = record(
    ratio=INTEGER,
    ratios=INTEGER,
    halving=INTEGER,
    low=REAL,
    high=REAL,
    integral=REAL,
    lag=REAL,
    fixed_kd=REAL,
    weight=REAL,
    best=REAL,
    best_score=REAL,
    best_ratio=INTEGER,
    gains=("f8", 4),
    omega=("f8", GRID),
    plant=("f8", (GRID, 2)),
    total=("f8", (GRID, 2)),
    slope=("f8", (GRID, 2)),
)


@kernel
def lagging(share, back):
    """Return the response of y += share (u - y), `back` being one tick's delay."""
    return over(Phasor(share, 0.0), Phasor(1.0 - (1.0 - share) * back.re, -(1.0 - share) * back.im))


@kernel
def filtering(coefficient, back):
    """Return the response of a biquad."""
    twice = times(back, back)
    up = Phasor(
        coefficient[0] + coefficient[1] * back.re + coefficient[2] * twice.re,
        coefficient[1] * back.im + coefficient[2] * twice.im,
    )
    down = Phasor(
        1.0 + coefficient[3] * back.re + coefficient[4] * twice.re,
        coefficient[3] * back.im + coefficient[4] * twice.im,
    )
    return over(up, down)


@kernel
def leading(rate, motor_lag_s, back, dt):
    """Return the response of the lead on the torque."""
    if not rate.lead > 0.0:
        return Phasor(1.0, 0.0)
    smooth = lagging(step_share(dt, (1.0 - rate.lead) * motor_lag_s), back)
    more = 1.0 / (1.0 - rate.lead) - 1.0
    return Phasor(1.0 + more * (1.0 - smooth.re), -more * smooth.im)


@kernel
def integrator(back, dt):
    """Return the response of a sum over ticks."""
    return over(Phasor(dt, 0.0), Phasor(1.0 - back.re, -back.im))


@kernel
def open_plant(model, control, motor_lag_s, axis, omega, dt):
    """Return what an axis answers to what the gains ask for."""
    back = turned(-omega * dt)
    answer = answer_at(model, omega)
    if axis == 2:
        answer = times(answer, lagging(step_share_hz(dt, control.rate.yaw_cutoff_hz), back))
    return times(answer, leading(control.rate, motor_lag_s, back, dt)) if axis < 3 else answer


@kernel
def differentiator(coefficient, back, dt):
    """Return the response of the filtered slope."""
    slope = filtering(coefficient, back)
    return scaled(1.0 / dt, times(slope, Phasor(1.0 - back.re, -back.im)))


@kernel
def spread_out(shaper, model, control, coefficient, motor_lag_s, axis, lowest, dt):
    """Work out what does not depend on gains, from `lowest` rad/s to most of what the sampling can show."""
    ratio = math.exp(math.log(0.3 * math.pi / (dt * lowest)) / (GRID - 1.0))
    omega = lowest
    for i in range(GRID):
        back = turned(-omega * dt)
        shaper.omega[i] = omega
        store(shaper.plant[i], open_plant(model, control, motor_lag_s, axis, omega, dt))
        store(shaper.total[i], integrator(back, dt))
        store(shaper.slope[i], differentiator(coefficient, back, dt))
        omega *= ratio


@kernel
def inner(gains, integral, slope):
    """Return the response of the controller's terms on what is measured."""
    return Phasor(
        gains[KP] + gains[KI] * integral.re + gains[KD] * slope.re,
        gains[KI] * integral.im + gains[KD] * slope.im,
    )


@kernel
def outer(gains, integral, weight):
    """Return what the outer loop adds to that: its own integral of the rate through P and I of the inner one."""
    asked = Phasor(weight * gains[KP] + gains[KI] * integral.re, gains[KI] * integral.im)
    return scaled(gains[OUTER], times(integral, asked))


@kernel
def holds(shaper, which, ms, pm):
    """Tell whether a loop's sensitivity and phase margin hold: 0 the inner, 1 the outer, 2 both at the motors.

    The phase is followed along the grid, so that a loop that has passed -180 degrees aloud is found; what three
    integrators turn at the slow end is none.
    """
    before, before_size, has_risen, gains = -0.5 * math.pi, 2.0, False, shaper.gains
    for i in range(GRID):
        plant, integral = phasor(shaper.plant[i]), phasor(shaper.total[i])
        L = times(plant, inner(gains, integral, phasor(shaper.slope[i])))
        if which > 0:
            around = times(plant, outer(gains, integral, shaper.weight))
            L = plus(L, around) if which == 2 else over(around, Phasor(1.0 + L.re, L.im))
        size, angle = max(math.sqrt(square(L)), 1e-300), math.atan2(L.im, L.re)
        if not math.isfinite(size):
            return False
        angle -= 2.0 * math.pi * math.floor((angle - before) / (2.0 * math.pi) + 0.5)
        has_risen = has_risen or angle > -math.pi
        is_past = has_risen and angle < -math.pi and size > QUIET
        if is_past or square(Phasor(1.0 + L.re, L.im)) * ms * ms < 1.0:
            return False
        if size < 1.0 <= before_size and i > 0:
            share = math.log(before_size) / max(math.log(before_size / size), 1e-12)
            if before + share * (angle - before) < pm - math.pi:
                return False
        before, before_size = angle, size
    return True


@kernel
def begin(shaper, model, control, params, axis, motor_lag_s):
    """Start the search for the inner loop's gains of a plant."""
    shaper.lag, shaper.weight = model.lag + 0.5 * model.delay, 1.0
    shaper.integral = params.integral if axis < 3 else params.integral_z
    shaper.fixed_kd = -1.0
    if axis == 3:
        shaper.fixed_kd = control.velocity.kd_z
    elif axis == 2:
        shaper.fixed_kd = control.rate.kd[2]
    if axis < 3:
        shaper.weight = control.rate.weight
        # The lead has already done part of the derivative's work.
        shaper.lag = max(shaper.lag - control.rate.lead * motor_lag_s, 0.0)
    shaper.ratio, shaper.ratios = 0, RATIOS if shaper.fixed_kd < 0.0 else 1
    shaper.best, shaper.best_score, shaper.best_ratio, shaper.gains[OUTER] = 0.0, 0.0, 0, 0.0
    halve_from(shaper, fastest(params, axis))


@kernel
def fastest(params, axis):
    """Return the fastest inner loop to look for, in rad/s."""
    if axis < 2:
        return params.wc_tilt
    return params.wc_yaw if axis == 2 else params.wc_z


@kernel
def halve_from(shaper, high):
    """Begin to halve between nothing and `high`."""
    shaper.low, shaper.high, shaper.halving = 0.0, high, 0


@kernel
def propose(shaper, params, gain, wc):
    """Fill the inner gains for a crossover, as if the plant were an integrator."""
    ratio = params.derivative * shaper.ratio / (RATIOS - 1.0) * shaper.lag
    shaper.gains[KP] = wc / gain
    shaper.gains[KI] = shaper.integral * wc * shaper.gains[KP]
    shaper.gains[KD] = (
        shaper.fixed_kd if shaper.fixed_kd >= 0.0 else min(ratio * shaper.gains[KP], params.kd_max)
    )


@kernel
def shape(shaper, params, gain, most):
    """Try one crossover of the inner loop; tell whether the search is over, `best` holding what came of it."""
    wc = most if shaper.halving == 0 else 0.5 * (shaper.low + shaper.high)
    propose(shaper, params, gain, wc)
    if holds(shaper, 0, params.ms, DEGREE * params.pm_deg):
        shaper.low = wc
    else:
        shaper.high = wc
    shaper.halving += 1
    if shaper.halving <= HALVINGS and shaper.low < shaper.high:
        return False
    # A derivative has to be worth its noise.
    score = shaper.low * (1.0 - 0.05 * shaper.ratio)
    if score > shaper.best_score:
        shaper.best_score, shaper.best, shaper.best_ratio = score, shaper.low, shaper.ratio
    shaper.ratio += 1
    halve_from(shaper, most)
    return shaper.ratio == shaper.ratios


@kernel
def settle_on(shaper, params, gain, share):
    """Take a share of the fastest inner loop and begin the search for the outer gain."""
    shaper.ratio = shaper.best_ratio
    propose(shaper, params, gain, share * shaper.best)
    halve_from(shaper, 0.5 * share * shaper.best)


@kernel
def surround(shaper, params, most):
    """Try one outer gain; tell whether the search is over, `gains` holding what came of it."""
    gain = min(most, 0.5 * (shaper.low + shaper.high))
    shaper.gains[OUTER] = gain
    is_good = holds(shaper, 1, params.ms_out, DEGREE * params.pm_out_deg)
    if is_good and holds(shaper, 2, params.ms_all, 0.0):
        shaper.low = gain
    else:
        shaper.high = gain
    shaper.halving += 1
    shaper.gains[OUTER] = shaper.low
    return shaper.halving > HALVINGS
