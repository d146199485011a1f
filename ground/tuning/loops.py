"""The loops that gains make of a model: the control law in the frequency domain, held to the compiled one by a test."""

from dataclasses import dataclass

import numpy as np

from flight.filters import lowpass, notch, step_share, step_share_hz
from flight.physics import STANDARD_GRAVITY
from ground.tuning.linear import AXES
from ground.tuning.model import Model, biquad

Gains = dict[str, float]


@dataclass
class Loops:
    """Loops by name, and how far the vehicle gives way: attitude per torque, position per force, as accelerations."""

    L: dict[str, np.ndarray]
    yielding: dict[str, np.ndarray]
    noise: dict[str, np.ndarray]


def lag(share: float, back: np.ndarray) -> np.ndarray:
    """Return the response of y += share (u - y)."""
    return share / (1.0 - (1.0 - share) * back)


PARTS = ("tilt", "yaw", "horizontal", "vertical")


def closed(model: Model, gains: Gains, motor_lag_s: float, parts: tuple[str, ...] = PARTS) -> Loops:
    """Return the loops of every vehicle under the given gains (parameter ids; all that control has)."""
    found = Loops({}, {}, {})
    back = np.exp(-2j * np.pi * model.f_hz * model.dt)
    if "tilt" in parts or "horizontal" in parts:
        tilting = [attitude(model, gains, motor_lag_s, back, axis, found) for axis in range(2)]
    if "yaw" in parts:
        attitude(model, gains, motor_lag_s, back, 2, found)
    if "horizontal" in parts:
        for axis in range(2):
            sideways(model, gains, back, axis, tilting[1 - axis], found)
    if "vertical" in parts:
        climb(model, gains, motor_lag_s, back, found)
    return found


def gyro(model: Model, gains: Gains) -> np.ndarray:
    """Return the gyro's filters."""
    static = notch(gains["FILT_NOTCH_HZ"], gains["FILT_NOTCH_Q"], 1.0, model.dt)
    low = lowpass(gains["FILT_GYRO_HZ"], model.dt)
    return (
        model.notches
        * biquad(np.array(static), model.f_hz, model.dt)
        * biquad(np.array(low), model.f_hz, model.dt)
    )


def attitude(
    model: Model, gains: Gains, motor_lag_s: float, back: np.ndarray, axis: int, found: Loops
) -> np.ndarray:
    """Add one axis' rate and attitude loops; return how the attitude follows its setpoint."""
    name, dt = AXES[axis].upper(), model.dt
    kp, ki, kd = (gains[f"RATE_{name}_{term}"] for term in ("KP", "KI", "KD"))
    integral = ki * dt / (1.0 - back)
    slope = (1.0 - back) / dt * biquad(np.array(lowpass(gains["FILT_D_HZ"], dt)), model.f_hz, dt)
    plant = model.rate[axis] * lead(gains, motor_lag_s, dt, back)
    if axis == 2:
        plant = plant * lag(step_share_hz(dt, gains["RATE_YAW_HZ"]), back)
    heard = gyro(model, gains)
    rate = plant * heard * (kp + integral + kd * slope)
    turned = plant * (kp * gains["RATE_WEIGHT"] + integral) * model.turn[axis] / (1.0 + rate)
    angle = gains[f"ATT_{name}_P"] * turned
    found.L[f"rate_{AXES[axis]}"], found.L[f"attitude_{AXES[axis]}"] = rate, angle
    found.yielding[f"attitude_{AXES[axis]}"] = (
        model.rate[axis] * model.turn[axis] / ((1.0 + rate) * (1.0 + angle))
    )
    found.noise[AXES[axis]] = rate / model.rate[axis] / (1.0 + rate)
    return angle / (1.0 + angle)


def lead(gains: Gains, motor_lag_s: float, dt: float, back: np.ndarray) -> np.ndarray:
    """Return the lead on the torque."""
    part = gains["RATE_LEAD"]
    if not part > 0.0:
        return np.ones_like(back)
    smooth = lag(step_share(dt, (1.0 - part) * motor_lag_s), back)
    return 1.0 + (1.0 / (1.0 - part) - 1.0) * (1.0 - smooth)


def pi(gains: Gains, axis: str, dt: float, back: np.ndarray) -> np.ndarray:
    """Return the velocity loop's P and I terms; the integral is a tick late."""
    return gains[f"VEL_{axis}_P"] + gains[f"VEL_{axis}_I"] * dt * back / (1.0 - back)


def slowness(gains: Gains, axis: str, model: Model) -> np.ndarray:
    """Return the velocity loop's D term on measured acceleration."""
    return gains[f"VEL_{axis}_D"] * biquad(
        np.array(lowpass(gains["VEL_D_HZ"], model.dt)), model.f_hz, model.dt
    )


def sideways(
    model: Model, gains: Gains, back: np.ndarray, axis: int, tilting: np.ndarray, found: Loops
) -> None:
    """Add one horizontal axis' velocity and position loops; the tilt follows by `tilting`."""
    given = tilting / STANDARD_GRAVITY
    plant = (
        given * model.sideways[axis] / (1.0 + given * slowness(gains, "XY", model) * model.sideways_a[axis])
    )
    # The drag that is fed forward follows the measured velocity too.
    add_path(model, gains, back, axis, "XY", plant, -gains["THR_DRAG_FF"] * model.drag[axis], found)


def climb(model: Model, gains: Gains, motor_lag_s: float, back: np.ndarray, found: Loops) -> None:
    """Add the vertical velocity and position loops; what the collective learns to hover works beside them."""
    flown = back * lag(step_share(model.dt, motor_lag_s), back)
    learned = lag(step_share(model.dt, gains["HOVER_LAG"]), back) * (flown - model.climb_a)
    braked = 1.0 - learned + slowness(gains, "Z", model) * model.climb_a
    add_path(model, gains, back, 2, "Z", model.climb / braked, -gains["THR_DRAG_FF"] * model.drag[2], found)


def add_path(
    model: Model, gains: Gains, back: np.ndarray, axis: int, which: str, plant: np.ndarray, besides: np.ndarray,
    found: Loops,
) -> None:  # fmt: skip
    """Add the velocity and position loops about a plant from acceleration asked for to velocity.

    `besides` is what else than P and I asks for acceleration against the velocity measured.
    """
    letter, law = "xyz"[axis], pi(gains, which, model.dt, back)
    speed = plant * (law + besides)
    # Strapdown adds up positions by the trapezoidal rule, from the velocity with its shaking.
    moved = 0.5 * model.dt * (1.0 + back) / (1.0 - back) / model.told
    place = gains[f"POS_{which}_P"] * moved * plant * law / (1.0 + speed)
    found.L[f"velocity_{letter}"], found.L[f"position_{letter}"] = speed, place
    drift = (model.dt / (1.0 - back)) ** 2
    found.yielding[f"position_{letter}"] = drift / ((1.0 + speed) * (1.0 + place))
