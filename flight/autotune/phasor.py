"""Complex numbers as values, alike in compiled and interpreted kernels."""

import math
from typing import NamedTuple

from flight.kernel import kernel


class Phasor(NamedTuple):
    """A complex number."""

    re: float
    im: float


@kernel
def plus(a, b):
    """Return the sum."""
    return Phasor(a.re + b.re, a.im + b.im)


@kernel
def times(a, b):
    """Return the product."""
    return Phasor(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re)


@kernel
def scaled(s, a):
    """Return a real multiple."""
    return Phasor(s * a.re, s * a.im)


@kernel
def square(a):
    """Return the squared size."""
    return a.re * a.re + a.im * a.im


@kernel
def over(a, b):
    """Return the quotient, a very large number for a divisor of nothing."""
    return scaled(1.0 / max(square(b), 1e-300), times(a, Phasor(b.re, -b.im)))


@kernel
def turned(angle):
    """Return the number of size one at an angle in rad."""
    return Phasor(math.cos(angle), math.sin(angle))


@kernel
def phasor(a):
    """Read two stored numbers."""
    return Phasor(a[0], a[1])


@kernel
def store(a, value):
    """Store a number in two places."""
    a[0] = value.re
    a[1] = value.im
