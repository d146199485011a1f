"""Rotor speeds from throttle and voltage: the part of the model that has to be stepped."""

import math

import numpy as np

from flight.kernel import kernel


@kernel
def follow(
    throttle: np.ndarray,
    voltage_ratio: np.ndarray,
    curve: float,
    sensitivity: float,
    speed_max: float,
    speed_min: float,
    lag_up: float,
    lag_down: float,
    dt: float,
    speed: np.ndarray,
) -> None:
    """Fill speed (n + 1, rotors) with rad/s at the ticks' starts, from throttle (n, rotors) held over each tick.

    First-order lag towards what the throttle curve and the voltage settle at; the first row must be filled.
    """
    keep_up, keep_down = math.exp(-dt / lag_up), math.exp(-dt / lag_down)
    for k in range(len(throttle)):
        supply = speed_max * (1.0 + sensitivity * (voltage_ratio[k] - 1.0))
        for i in range(throttle.shape[1]):
            u = throttle[k, i]
            share = math.sqrt(max(u * (curve * u + 1.0 - curve), 0.0))
            target = max(supply * share, speed_min) if u > 0.0 else 0.0
            short = target - speed[k, i]
            speed[k + 1, i] = target - short * (keep_up if short > 0.0 else keep_down)
