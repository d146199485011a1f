"""Gains without a search: each loop as fast as its margins allow, from the inside out, on every plant at once.

Loop shaping by measured frequency responses: the parts of a loop's law keep their proportions, which follow from the
loop's delay, and their common gain is the largest that leaves every plant its margins. It needs no gains to begin with.
"""

from dataclasses import dataclass

import numpy as np

from ground.tuning.loops import Gains, closed
from ground.tuning.margins import margins
from ground.tuning.model import Model
from ground.tuning.search import STAGES, UNSTABLE, shortfalls

# How many common gains are tried between the ends of what the search may choose.
TRIED = 80
# How far below the largest gain to stay, so that the loops outside still have something to choose.
MODEST = 0.8
# What delays besides the motors: IMU, ESC and filters.
FILTERS = {"FILT_GYRO_HZ": 100.0, "FILT_D_HZ": 60.0}
OTHERS_S = 0.006


@dataclass(frozen=True)
class Shape:
    """A part of the loops, those whose margins count, and the law: parameters in proportion to the common gain."""

    part: str
    loops: tuple[str, ...]
    law: Gains


def shapes(rest_s: float, damping: float) -> tuple[Shape, ...]:
    """Return the loops from the inside out; the motors' lag that the lead leaves and all delays make `rest_s`."""
    corner, path = 0.03 / rest_s, 0.01 / rest_s
    rate = {"KP": 1.0, "KI": corner, "KD": damping * rest_s}
    tilt = ("roll", "pitch")
    return (
        Shape(
            "tilt",
            tuple(f"rate_{axis}" for axis in tilt),
            {f"RATE_{axis.upper()}_{term}": part for axis in tilt for term, part in rate.items()},
        ),
        Shape("tilt", tuple(f"attitude_{axis}" for axis in tilt), {"ATT_ROLL_P": 1.0, "ATT_PITCH_P": 1.0}),
        Shape("yaw", ("rate_yaw",), {"RATE_YAW_KP": 1.0, "RATE_YAW_KI": 0.5 * corner}),
        Shape("yaw", ("attitude_yaw",), {"ATT_YAW_P": 1.0}),
        Shape(
            "horizontal", ("velocity_x", "velocity_y"), {"VEL_XY_P": 1.0, "VEL_XY_I": path, "VEL_XY_D": 0.03}
        ),
        Shape("horizontal", ("position_x", "position_y"), {"POS_XY_P": 1.0}),
        Shape("vertical", ("velocity_z",), {"VEL_Z_P": 1.0, "VEL_Z_I": path}),
        Shape("vertical", ("position_z",), {"POS_Z_P": 1.0}),
    )


def basis(motor_lag_s: float, lead: float) -> Gains:
    """Return what is chosen before any loop: filters, and the part of the motor lag that the torque runs ahead."""
    return FILTERS | {
        "RATE_LEAD": lead,
        "RATE_YAW_HZ": 0.16 / motor_lag_s,
        "VEL_D_HZ": 0.4 / motor_lag_s,
    }


def designed(model: Model, gains: Gains, motor_lag_s: float, part: str, damping: float = 0.3) -> Gains:
    """Return gains for one part of the loops of one or many plants, the first as told.

    `gains` holds what is chosen already; `damping` is how much of the lag that remains the D term meets.
    """
    rest_s, made = (1.0 - gains["RATE_LEAD"]) * motor_lag_s + OTHERS_S, dict(gains)
    for shape in shapes(rest_s, damping):
        if shape.part == part:
            common = MODEST * largest(model, made | shape.law, motor_lag_s, shape)
            made |= {id: common * share for id, share in shape.law.items()}
    return made


def largest(model: Model, unit: Gains, motor_lag_s: float, shape: Shape) -> float:
    """Return the largest common gain of a loop that leaves its margins, the one that lacks least when none does."""
    found = closed(model, unit, motor_lag_s, (shape.part,))
    L = np.stack([found.L[name] for name in shape.loops])
    tried = np.geomspace(*ends(next(iter(shape.law))), TRIED)
    lacking = [lack(model.f_hz, gain * L) for gain in tried]
    return float(tried[max(i for i, short in enumerate(lacking) if short <= min(lacking))])


def ends(id: str) -> tuple[float, float]:
    """Return the least and the greatest value that the search may give a parameter."""
    return next((knob.low, knob.high) for stage in STAGES for knob in stage.knobs if id in knob.ids)


def lack(f_hz: np.ndarray, L: np.ndarray) -> float:
    """Return how far loops fall short of their demands at worst; what never crosses a gain of 1 is no loop."""
    weak, strong = np.abs(L[..., 0]).min() < 1.0, np.abs(L[..., -1]).max() > 1.0
    return float(shortfalls(margins(f_hz, L)).max()) + UNSTABLE * (float(weak) + float(strong))
