"""Whether the new gains do in the air what was expected of them.

What reaches the motors U is what was added D less what the loop takes away: U / D = 1 / (1 + L) is the sensitivity at
the motors, of all loops that are closed, and L = D / U - 1 the loop itself, as flown and not as modelled.
"""

import math

from flight.autotune.phasor import Phasor, over, phasor, plus, square, times, turned
from flight.autotune.shaping import inner, integrator, open_plant, outer
from flight.autotune.tones import ADDED, GOT, HARMONICS, TONES, TWO_PI, doubt, unrest
from flight.kernel import kernel

# A tone whose answer is this uncertain judges nothing.
DEAF = 0.1


@kernel
def loop_at(model, shaper, params, axis, omega, dt):
    """Return the whole loop as expected at a frequency; a D term matters little where loops cross."""
    integral = integrator(turned(-omega * dt), dt)
    slope = Phasor(0.0, omega)
    terms = plus(inner(shaper.gains, integral, slope), outer(shaper.gains, integral, shaper.weight))
    return times(open_plant(model, params.control, params.airframe.motor_lag_s, axis, omega, dt), terms)


@kernel
def crossing(before_omega, before_size, omega, size):
    """Return the frequency at which a loop gain falls through one between two tones."""
    share = math.log(before_size) / max(math.log(before_size / size), 1e-12)
    return before_omega * math.exp(share * math.log(omega / before_omega))


@kernel
def is_verified(bank, model, shaper, params, axis, unrest_before, dt):
    """Tell whether the vehicle is calm, no tone amplified too much, and the loop crosses where it should."""
    flown, expected = 0.0, 0.0
    was, should, first, first_wanted = 2.0, 2.0, 0.0, 0.0
    before, rows = 0.0, params.autotune
    for i in range(TONES):
        omega = TWO_PI * HARMONICS[i] / bank.period_s
        added, got = phasor(bank.total[ADDED, i]), phasor(bank.total[GOT, i])
        sensitivity = over(got, added)
        if not square(sensitivity) <= rows.ok_ms * rows.ok_ms and doubt(bank, GOT, i) < DEAF:
            return False
        loop = over(added, got)
        size = max(math.sqrt(square(Phasor(loop.re - 1.0, loop.im))), 1e-300)
        wanted = max(math.sqrt(square(loop_at(model, shaper, params, axis, omega, dt))), 1e-300)
        if size < 1.0 <= was and before > 0.0:
            flown = crossing(before, was, omega, size)
        if wanted < 1.0 <= should and before > 0.0:
            expected = crossing(before, should, omega, wanted)
        if i == 0:
            first, first_wanted = min(size, 1.0), min(wanted, 1.0)
        was, should, before = size, wanted, omega
    swing = rows.swing_z if axis == 3 else rows.swing
    is_calm = unrest(bank) <= rows.ok_shake * unrest_before + 0.2 * swing
    if expected == 0.0:
        # Both cross below the lowest tone, where a loop's gain falls as its frequency rises.
        flown, expected = first, first_wanted
    is_found = flown > 0.0 and expected > 0.0
    return is_calm and is_found and abs(math.log(max(flown, 1e-9) / max(expected, 1e-9))) <= rows.ok_wc
