"""A loop's margins in machine code, from its frequency response L; `margins` says what they are."""

import math
from typing import NamedTuple

from flight.kernel import kernel

HALF_POWER = math.sqrt(0.5)
TURN = 2.0 * math.pi
DB = 20.0 / math.log(10.0)
# Where each number stands.
PHASE, GAIN, DELAY, MS, MT, CROSSOVER, BANDWIDTH, REJECTION, STABLE = range(9)


class Point(NamedTuple):
    """A loop at one frequency: L, its size, sizes of S and T."""

    log_f: float
    re: float
    im: float
    size: float
    S: float
    T: float


@kernel
def point(log_f, L):
    """Return a loop's point."""
    re, im = L.real, L.imag
    size = math.sqrt(re * re + im * im)
    apart = max(math.sqrt((1.0 + re) * (1.0 + re) + im * im), 1e-300)
    return Point(log_f, re, im, size, 1.0 / apart, size / apart)


@kernel
def near(angle, before):
    """Return the angle plus the full turns that bring it closest to the one before."""
    return angle - TURN * math.floor((angle - before) / TURN + 0.5)


@kernel
def passed(low, high):
    """Return at which share of the way a curve passes zero, -1 where it does not."""
    return low / (low - high) if (low < 0.0) != (high < 0.0) else -1.0


@kernel
def along(was, now, share):
    """Return the frequency in Hz at a share of the way between two points."""
    return math.exp(was.log_f + share * (now.log_f - was.log_f))


@kernel
def cross(out, was, now):
    """Take in where the loop gain is one between two points."""
    if (was.size < 1.0) == (now.size < 1.0):
        return
    share = passed(math.log(max(was.size, 1e-300)), math.log(now.size))
    before = math.atan2(was.im, was.re)
    angle = before + share * (near(math.atan2(now.im, now.re), before) - before) + math.pi
    f_hz = along(was, now, share)
    # Both signs count: a loop may lose phase or gain too much of it.
    out[PHASE] = min(out[PHASE], math.degrees(abs(near(angle, 0.0))))
    out[DELAY] = min(out[DELAY], (angle - TURN * math.floor(angle / TURN)) / (TURN * f_hz))
    if now.size < was.size:
        out[CROSSOVER] = f_hz


@kernel
def oppose(out, was, now):
    """Take in where L points at -1 between two points."""
    if (was.im < 0.0) == (now.im < 0.0) or not was.re < 0.0 or not now.re < 0.0:
        return
    share = passed(was.im / was.size, now.im / now.size)
    low_db, high_db = DB * math.log(was.size), DB * math.log(now.size)
    out[GAIN] = min(out[GAIN], abs(low_db + share * (high_db - low_db)))


@kernel
def fall(out, was, now):
    """Take in where T falls and S rises through half power; the last place counts."""
    share = passed(was.T - HALF_POWER, now.T - HALF_POWER)
    if share >= 0.0 and now.T < was.T:
        out[BANDWIDTH] = along(was, now, share)
    share = passed(was.S - HALF_POWER, now.S - HALF_POWER)
    if share >= 0.0 and now.S > was.S:
        out[REJECTION] = along(was, now, share)


@kernel
def is_stable(L):
    """Tell by Nyquist's criterion whether a loop of integrators and stable parts is stable when closed.

    Followed down from the highest frequency, where the loop is weak, 1 + L turns back by a right angle per integrator;
    every pair of unstable closed-loop poles turns it forward by a full circle, on which it passes three eighths of it.
    A slow swing of the vehicle on its drag turns it a quarter of a circle, and back below the lowest frequency.
    """
    turns, was = 0, L[len(L) - 1] + 1.0
    for i in range(len(L) - 1, -1, -1):
        now = L[i] + 1.0
        if (was.imag < 0.0) != (now.imag < 0.0):
            # The short way between two points goes around zero on the side where their chord passes it.
            side = (was.real * now.imag - now.real * was.imag) * (now.imag - was.imag)
            if side < 0.0:
                turns += 1 if now.imag < 0.0 else -1
        if turns > 0 or (turns == 0 and now.imag >= 0.0 and now.real <= -now.imag):
            return False
        was = now
    return True


@kernel
def begin(out):
    """Know nothing of a loop yet."""
    for k in range(len(out)):
        out[k] = math.nan
    out[PHASE] = out[GAIN] = out[DELAY] = math.inf
    out[MS] = out[MT] = out[STABLE] = 0.0


@kernel
def weigh_one(log_f, L, out):
    """Fill `out` with one loop's numbers in the order of NUMBERS, and whether it is stable."""
    begin(out)
    was, total = point(log_f[0], L[0]), 0.0
    for i in range(len(L)):
        now = point(log_f[i], L[i])
        total += now.size
        out[MS], out[MT] = max(out[MS], now.S), max(out[MT], now.T)
        if i > 0:
            cross(out, was, now)
            oppose(out, was, now)
            fall(out, was, now)
        was = now
    if not math.isfinite(total):
        begin(out)
        out[MS] = out[MT] = math.nan
    elif is_stable(L):
        out[STABLE] = 1.0


@kernel
def weigh(log_f, L, out):
    """Weigh every loop: so few at a time that waiting for threads would take longer."""
    for i in range(len(L)):
        weigh_one(log_f, L[i], out[i])
