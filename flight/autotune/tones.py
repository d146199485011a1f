"""Tones that shake one axis, and what is heard of them: Fourier sums over whole periods of the lowest one."""

import math

import numpy as np

from flight.autotune.phasor import Phasor, phasor, plus, square, store
from flight.kernel import kernel
from flight.record import INTEGER, REAL, record

TWO_PI = 2.0 * math.pi
HARMONICS = np.array([1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 11.0, 15.0, 20.0, 26.0])
# Phases found by a search for the lowest crest; each tone's share grows with the root of its frequency, because the
# vehicle answers high ones less. The shares are such that the sum stays within one.
PHASES = np.array([6.13, 3.01, 0.16, 5.68, 2.59, 1.76, 4.80, 2.52, 1.38, 3.11])
CREST = 1.88
SHARES = np.sqrt(2.0 * HARMONICS / HARMONICS.sum()) / CREST
SINES, COSINES = SHARES * np.cos(PHASES), SHARES * np.sin(PHASES)
TONES = len(HARMONICS)

# What is added, what the motors got, what the axis answered; wave: cosine and sine of every tone now.
ADDED, GOT, ANSWER = 0, 1, 2
BANK = record(
    t_s=REAL,
    period_s=REAL,
    scale=REAL,
    added=REAL,
    heard_s=REAL,
    periods=INTEGER,
    ticks=INTEGER,
    first_got=REAL,
    first_answer=REAL,
    level=REAL,
    power=REAL,
    wave=("f8", (TONES, 2)),
    part=("f8", (3, TONES, 2)),
    total=("f8", (3, TONES, 2)),
    squares=("f8", (3, TONES)),
)


@kernel
def begin(bank, period_s):
    """Start with silence."""
    bank.t_s, bank.period_s, bank.scale, bank.added = 0.0, period_s, 0.0, 0.0
    prick_up(bank)


@kernel
def prick_up(bank):
    """Forget what was heard."""
    bank.heard_s, bank.level, bank.power = 0.0, 0.0, 0.0
    bank.periods, bank.ticks = 0, 0
    for k in range(3):
        for i in range(TONES):
            bank.squares[k, i] = 0.0
            store(bank.part[k, i], Phasor(0.0, 0.0))
            store(bank.total[k, i], Phasor(0.0, 0.0))


@kernel
def sound(bank, dt):
    """Let time pass; fill the waves and `added`, which is within `scale`."""
    bank.t_s += dt
    if bank.t_s >= bank.period_s:
        bank.t_s -= bank.period_s
    total = 0.0
    for i in range(TONES):
        angle = TWO_PI * HARMONICS[i] * bank.t_s / bank.period_s
        c, s = math.cos(angle), math.sin(angle)
        bank.wave[i, 0], bank.wave[i, 1] = c, s
        total += SINES[i] * s + COSINES[i] * c
    bank.added = bank.scale * total


@kernel
def gather(bank, k, value):
    """Add one sample to the Fourier sums of signal k."""
    part, wave = bank.part[k], bank.wave
    for i in range(TONES):
        part[i, 0] += value * wave[i, 0]
        part[i, 1] -= value * wave[i, 1]


@kernel
def listen(bank, got, answer, dt):
    """Take in what the tick for which the waves stand has brought; a whole period closes its sums."""
    if bank.ticks == 0:
        bank.first_got, bank.first_answer = got, answer
    bank.ticks += 1
    answer = answer - bank.first_answer
    gather(bank, ADDED, bank.added)
    gather(bank, GOT, got - bank.first_got)
    gather(bank, ANSWER, answer)
    bank.level += answer
    bank.power += answer * answer
    bank.heard_s += dt
    if bank.heard_s >= bank.period_s:
        bank.heard_s -= bank.period_s
        close(bank)


@kernel
def close(bank):
    """Add a period's sums to those of all periods."""
    bank.periods += 1
    for k in range(3):
        for i in range(TONES):
            part = phasor(bank.part[k, i])
            bank.squares[k, i] += square(part)
            store(bank.total[k, i], plus(phasor(bank.total[k, i]), part))
            store(bank.part[k, i], Phasor(0.0, 0.0))


@kernel
def doubt(bank, k, i):
    """Return the variance of a tone's mean over the periods, relative to its power."""
    n = float(bank.periods)
    whole = square(phasor(bank.total[k, i]))
    if not whole > 0.0 or n < 2.0:
        return 1.0
    return max(bank.squares[k, i] * n / whole - 1.0, 0.0) / (n - 1.0)


@kernel
def unrest(bank):
    """Return the root mean square of the answer that no tone explains."""
    n = max(float(bank.ticks), 1.0)
    rest = bank.power / n - (bank.level / n) * (bank.level / n)
    for i in range(TONES):
        rest -= 2.0 * square(phasor(bank.total[ANSWER, i])) / (n * n)
    return math.sqrt(max(rest, 0.0))
