"""Vec3 and Mat3: values that compute. The same source runs interpreted and compiled."""

import math
import operator
from typing import Any, NamedTuple

from numba import types
from numba.extending import overload

from flight.kernel import kernel


class Vec3(NamedTuple):
    """Three components in one frame; the variable's name says which."""

    x: float
    y: float
    z: float


class Mat3(NamedTuple):
    """A 3x3 matrix, row by row."""

    xx: float
    xy: float
    xz: float
    yx: float
    yy: float
    yz: float
    zx: float
    zy: float
    zz: float


# Without this np.float64 * Vec3 would become an array in interpreted mode.
Vec3.__array_ufunc__ = None  # type: ignore[attr-defined]
Mat3.__array_ufunc__ = None  # type: ignore[attr-defined]

ZERO = Vec3(0.0, 0.0, 0.0)
UP_NED = Vec3(0.0, 0.0, -1.0)
DOWN = Vec3(0.0, 0.0, 1.0)


def is_a(kind: Any, value: type) -> bool:
    """Tell whether a numba type is the given named tuple."""
    return isinstance(kind, types.NamedUniTuple) and kind.instance_class is value


def is_number(kind: Any) -> bool:
    """Tell whether a numba type is a real scalar."""
    return isinstance(kind, types.Float | types.Integer)


def add(a, b):
    return Vec3(a.x + b.x, a.y + b.y, a.z + b.z)


def subtract(a, b):
    return Vec3(a.x - b.x, a.y - b.y, a.z - b.z)


def negate(a):
    return Vec3(-a.x, -a.y, -a.z)


def times(a, b):
    return Vec3(a.x * b.x, a.y * b.y, a.z * b.z)


def scale(a, b):
    return Vec3(a.x * b, a.y * b, a.z * b)


def scaled(a, b):
    return Vec3(a * b.x, a * b.y, a * b.z)


def divide(a, b):
    return Vec3(a.x / b.x, a.y / b.y, a.z / b.z)


def shrink(a, b):
    return Vec3(a.x / b, a.y / b, a.z / b)


def matrix_times_vector(a, b):
    return Vec3(
        a.xx * b.x + a.xy * b.y + a.xz * b.z,
        a.yx * b.x + a.yy * b.y + a.yz * b.z,
        a.zx * b.x + a.zy * b.y + a.zz * b.z,
    )


@overload(operator.add)
def _add(a, b):
    return add if is_a(a, Vec3) and is_a(b, Vec3) else None


@overload(operator.sub)
def _subtract(a, b):
    return subtract if is_a(a, Vec3) and is_a(b, Vec3) else None


@overload(operator.neg)
def _negate(a):
    return negate if is_a(a, Vec3) else None


@overload(operator.mul)
def _multiply(a, b):
    if is_a(a, Vec3) and is_a(b, Vec3):
        return times
    if is_a(a, Vec3) and is_number(b):
        return scale
    if is_number(a) and is_a(b, Vec3):
        return scaled
    return None


@overload(operator.truediv)
def _divide(a, b):
    if is_a(a, Vec3) and is_a(b, Vec3):
        return divide
    return shrink if is_a(a, Vec3) and is_number(b) else None


@overload(operator.matmul)
def _apply(a, b):
    return matrix_times_vector if is_a(a, Mat3) and is_a(b, Vec3) else None


def _times_anything(a, b):
    return times(a, b) if isinstance(b, Vec3) else scale(a, b)


def _divide_by_anything(a, b):
    return divide(a, b) if isinstance(b, Vec3) else shrink(a, b)


OPERATORS = {
    "__add__": add,
    "__sub__": subtract,
    "__neg__": negate,
    "__mul__": _times_anything,
    "__rmul__": scale,
    "__truediv__": _divide_by_anything,
}
for _name, _function in OPERATORS.items():
    setattr(Vec3, _name, _function)
Mat3.__matmul__ = matrix_times_vector  # type: ignore[attr-defined]


@kernel
def vec(a):
    """Read three stored numbers as a value."""
    return Vec3(a[0], a[1], a[2])


@kernel
def put(a, v):
    """Store a value in a record's field of three numbers."""
    a[0] = v.x
    a[1] = v.y
    a[2] = v.z


@kernel
def mat(a):
    """Read a stored (3, 3) field as a value."""
    return Mat3(a[0, 0], a[0, 1], a[0, 2], a[1, 0], a[1, 1], a[1, 2], a[2, 0], a[2, 1], a[2, 2])


@kernel
def transpose(m):
    """Return the transposed matrix."""
    return Mat3(m.xx, m.yx, m.zx, m.xy, m.yy, m.zy, m.xz, m.yz, m.zz)


@kernel
def dot(a, b):
    """Return the inner product."""
    return a.x * b.x + a.y * b.y + a.z * b.z


@kernel
def cross(a, b):
    """Return the vector product."""
    return Vec3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)


@kernel
def norm(a):
    """Return the length."""
    return math.sqrt(a.x * a.x + a.y * a.y + a.z * a.z)


@kernel
def norm_xy(a):
    """Return the length of the horizontal part."""
    return math.sqrt(a.x * a.x + a.y * a.y)


@kernel
def unit(a, fallback):
    """Return the direction of a vector, the fallback where it has none."""
    length = norm(a)
    return a / length if length > 1e-12 else fallback


@kernel
def clamp(value, low, high):
    """Limit a number to [low, high]."""
    return low if value < low else (high if value > high else value)


@kernel
def clip(a, limit):
    """Limit each component to plus or minus the same component of `limit`."""
    return Vec3(clamp(a.x, -limit.x, limit.x), clamp(a.y, -limit.y, limit.y), clamp(a.z, -limit.z, limit.z))


@kernel
def shorten(a, longest):
    """Scale a vector down to at most the given length, keeping its direction."""
    length = norm(a)
    return a * (longest / length) if length > longest else a


@kernel
def is_finite(a):
    """Tell whether all three components are numbers."""
    return math.isfinite(a.x) and math.isfinite(a.y) and math.isfinite(a.z)
