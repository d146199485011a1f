"""How the rotors shake the IMU: imbalance once per turn, the blades twice per turn.

The force of an imbalance grows with the square of the speed, the angular rate it excites with the speed (the torque
grows with the square, the rate is its integral over one turn). Each line is filtered by the part's own low-pass at its
true frequency and only then sampled, so that lines above half the sampling rate alias as in the real part.
"""

import math

from flight.kernel import kernel
from flight.record import INTEGER, PER_ROTOR, REAL, record
from flight.vector import Vec3
from sim.random import normal, uniform

SHAKER = record(phase=PER_ROTOR, imbalance=PER_ROTOR)
# Amplitudes at hover speed, of one typical rotor: in the rotor plane and along the shaft once per turn, along the
# shaft twice per turn, and the angular rate once per turn.
VIBRATION = record(
    rotor_count=INTEGER,
    hover_speed_rad_s=REAL,
    plane_m_s2=REAL,
    shaft_m_s2=REAL,
    blades_m_s2=REAL,
    angular_rad_s=REAL,
    imbalance_spread=REAL,
)
TURN = 2.0 * math.pi


@kernel
def balance(shaker, vibration, random):
    """Draw each rotor's imbalance, relative to the typical one, and its starting angle."""
    for i in range(vibration.rotor_count):
        shaker.imbalance[i] = abs(1.0 + vibration.imbalance_spread * normal(random))
        shaker.phase[i] = TURN * uniform(random)


@kernel
def response(speed, cutoff):
    """Return real and imaginary gain of a Butterworth low-pass at an angular frequency; cutoff 0 passes all."""
    x = speed / cutoff if cutoff > 0.0 else 0.0
    scale = 1.0 / (1.0 + x * x * x * x)
    return (1.0 - x * x) * scale, -math.sqrt(2.0) * x * scale


@kernel
def shake(shaker, vibration, rotor_speed, cutoff, dt):
    """Turn the rotors by one sample and return the angular rate and acceleration their imbalance causes."""
    gyro = Vec3(0.0, 0.0, 0.0)
    accel = Vec3(0.0, 0.0, 0.0)
    for i in range(vibration.rotor_count):
        speed = rotor_speed[i]
        phase = shaker.phase[i] + dt * speed
        phase -= TURN * math.floor(phase / TURN)
        shaker.phase[i] = phase
        share = speed / vibration.hover_speed_rad_s
        swing, push = rotor_line(vibration, speed, share, cutoff, phase)
        gyro = gyro + (shaker.imbalance[i] * share) * swing
        accel = accel + (shaker.imbalance[i] * share * share) * push
    return gyro, accel


@kernel
def rotor_line(vibration, speed, share, cutoff, phase):
    """Return one rotor's filtered angular rate and acceleration for unit imbalance at hover speed."""
    c, s = math.cos(phase), math.sin(phase)
    re, im = response(speed, cutoff)
    along, across = c * re - s * im, c * im + s * re
    # Twice the angle without a second sine.
    c2, s2 = c * c - s * s, 2.0 * s * c
    re2, im2 = response(2.0 * speed, cutoff)
    blades = vibration.blades_m_s2 * (c2 * re2 - s2 * im2)
    push = Vec3(
        vibration.plane_m_s2 * along, vibration.plane_m_s2 * across, vibration.shaft_m_s2 * across + blades
    )
    return vibration.angular_rad_s * Vec3(across, -along, 0.5 * along), push
