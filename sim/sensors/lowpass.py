"""A second-order Butterworth low-pass on six channels: the digital filter inside an IMU."""

import math

from flight.kernel import kernel
from flight.record import REAL, VECTOR, record
from flight.vector import put, vec

# y = b0 x + ...; the vectors are the transposed direct form II memories of gyro and accel.
LOWPASS = record(
    b0=REAL, b1=REAL, a1=REAL, a2=REAL, gyro_1=VECTOR, gyro_2=VECTOR, accel_1=VECTOR, accel_2=VECTOR
)
# The bilinear transform has no use beyond; the part then filters less than its data sheet says.
HIGHEST_SHARE = 0.45


@kernel
def tune(lowpass, cutoff_hz, rate_hz):
    """Set the coefficients by the prewarped bilinear transform; cutoff 0 passes everything."""
    if cutoff_hz <= 0.0:
        lowpass.b0, lowpass.b1, lowpass.a1, lowpass.a2 = 1.0, 0.0, 0.0, 0.0
        return
    k = math.tan(math.pi * min(cutoff_hz / rate_hz, HIGHEST_SHARE))
    scale = 1.0 / (1.0 + math.sqrt(2.0) * k + k * k)
    lowpass.b0 = k * k * scale
    lowpass.b1 = 2.0 * lowpass.b0
    lowpass.a1 = 2.0 * (k * k - 1.0) * scale
    lowpass.a2 = (1.0 - math.sqrt(2.0) * k + k * k) * scale


@kernel
def settle(lowpass, first, second, x):
    """Fill the memories as if x had been there for ever."""
    b2 = lowpass.b0 if lowpass.b1 > 0.0 else 0.0
    put(second, (b2 - lowpass.a2) * x)
    put(first, (1.0 - lowpass.b0) * x)


@kernel
def smooth(lowpass, first, second, x):
    """Filter one vector."""
    b2 = lowpass.b0 if lowpass.b1 > 0.0 else 0.0
    y = lowpass.b0 * x + vec(first)
    put(first, lowpass.b1 * x - lowpass.a1 * y + vec(second))
    put(second, b2 * x - lowpass.a2 * y)
    return y
