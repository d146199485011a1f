"""What an axis is: gain, lag of the motors and delay, fitted to the tones that were heard.

The model is G = gain (1 + jw zero) / (jw (1 + jw lag)) exp(-jw delay), from acceleration asked for to rate; the zero is
the rotors' own inertia, which turns the vehicle while they speed up, and there is one about yaw only.
"""

import math

from flight.autotune.phasor import Phasor, over, phasor, scaled, times, turned
from flight.autotune.tones import ANSWER, GOT, HARMONICS, TONES, TWO_PI, doubt
from flight.kernel import kernel
from flight.record import INTEGER, REAL, record

# Where the search for lag and zero begins, its first and last step, in s.
FIRST_LAG, FIRST_STEP, LAST_STEP = 0.03, 0.02, 0.0004
# A tone is believed to this, however well it repeats: no vehicle is the model.
TRUST = 0.05
# Half a radian of doubt, beyond which a tone says nothing; fewer tones than this say nothing together.
DEAF, FEWEST = 0.25, 5
PLANT = record(
    gain=REAL,
    lag=REAL,
    zero=REAL,
    delay=REAL,
    cost=REAL,
    step_s=REAL,
    way=INTEGER,
    ways=INTEGER,
    heard=INTEGER,
    omega=("f8", TONES),
    loudness=("f8", TONES),
    phase=("f8", TONES),
    weight=("f8", TONES),
)


@kernel
def take_in(plant, bank, is_yaw):
    """Turn the sums into logarithm of gain, phase and weight of every tone, and begin the search."""
    before, plant.heard = 0.0, 0
    for i in range(TONES):
        omega = TWO_PI * HARMONICS[i] / bank.period_s
        answer = over(phasor(bank.total[ANSWER, i]), phasor(bank.total[GOT, i]))
        # Times jw: an integrator's phase is nought.
        answer = times(Phasor(0.0, omega), answer)
        size = answer.re * answer.re + answer.im * answer.im
        is_number = math.isfinite(size)
        angle = math.atan2(answer.im, answer.re) if is_number else 0.0
        before = angle - TWO_PI * math.floor((angle - before) / TWO_PI + 0.5)
        noise = doubt(bank, ANSWER, i) + doubt(bank, GOT, i)
        is_heard = is_number and size > 0.0 and noise < DEAF
        plant.omega[i], plant.phase[i] = omega, before
        plant.loudness[i] = 0.5 * math.log(size) if is_heard else 0.0
        plant.weight[i] = 1.0 / (noise + TRUST * TRUST) if is_heard else 0.0
        plant.heard += 1 if is_heard else 0
    plant.lag, plant.zero, plant.step_s = FIRST_LAG, 0.0, FIRST_STEP
    plant.way, plant.ways, plant.cost = 0, 6 if is_yaw else 2, math.inf
    weigh(plant, FIRST_LAG, 0.0)


@kernel
def weigh(plant, lag, zero):
    """Fit gain and delay to a lag and zero in closed form; keep all four when they fit better than the best so far."""
    weights, gain, moment, spread = 0.0, 0.0, 0.0, 0.0
    for i in range(TONES):
        w, omega = plant.weight[i], plant.omega[i]
        weights += w
        gain += w * (plant.loudness[i] - bend(omega, lag, zero))
        moment -= w * omega * (plant.phase[i] - twist(omega, lag, zero))
        spread += w * omega * omega
    gain = gain / max(weights, 1e-300)
    delay = max(moment / max(spread, 1e-300), 0.0)
    cost = 0.0
    for i in range(TONES):
        w, omega = plant.weight[i], plant.omega[i]
        off = plant.loudness[i] - bend(omega, lag, zero) - gain
        late = plant.phase[i] - twist(omega, lag, zero) + omega * delay
        cost += w * (off * off + late * late)
    cost = math.sqrt(0.5 * cost / max(weights, 1e-300))
    if not cost < plant.cost:
        return False
    plant.cost, plant.lag, plant.zero, plant.gain, plant.delay = cost, lag, zero, math.exp(gain), delay
    return True


@kernel
def bend(omega, lag, zero):
    """Return the logarithm of the gain that zero and lag add."""
    return 0.5 * math.log((1.0 + omega * omega * zero * zero) / (1.0 + omega * omega * lag * lag))


@kernel
def twist(omega, lag, zero):
    """Return the phase that zero and lag add."""
    return math.atan(omega * zero) - math.atan(omega * lag)


@kernel
def search(plant):
    """Try one neighbour of the best lag and zero (pattern search); tell whether the search is over."""
    along = plant.step_s if plant.way % 2 == 0 else -plant.step_s
    # Together too: lag and zero nearly make up for each other.
    lag = plant.lag + (along if plant.way < 2 or plant.way >= 4 else 0.0)
    zero = plant.zero + (along if plant.way >= 2 else 0.0)
    if lag >= 0.0 and zero >= 0.0 and weigh(plant, lag, zero):
        return False
    plant.way += 1
    if plant.way == plant.ways:
        plant.way = 0
        plant.step_s *= 0.5
    return plant.step_s < LAST_STEP


@kernel
def is_believable(plant, params):
    """Tell whether the model says something, and something that a vehicle can be."""
    is_sized = 1.0 / params.gain_max <= plant.gain <= params.gain_max
    is_timely = plant.lag <= params.lag_max and plant.delay <= params.delay_max
    return plant.heard >= FEWEST and plant.cost <= params.misfit and is_sized and is_timely


@kernel
def answer_at(plant, omega):
    """Return the model's response at a frequency in rad/s."""
    lagged = over(Phasor(1.0, omega * plant.zero), Phasor(-omega * omega * plant.lag, omega))
    return scaled(plant.gain, times(lagged, turned(-omega * plant.delay)))
