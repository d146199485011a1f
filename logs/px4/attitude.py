"""PX4's topics of attitude and rates: what is, what is wanted, and what goes to the motors."""

import numpy as np

from flight.modes import Level
from logs.px4.topic import F, Flown, Px4Topic, Q, V
from logs.px4.values import SAMPLED, along, up, where

PX4_MOTORS = 12


def motors(f: Flown) -> np.ndarray:
    """Return PX4's twelve motor ratios; NaN where there is no motor or it is stopped."""
    ratios = np.full((len(f.ticks), PX4_MOTORS), np.nan)
    count = int(f.airframe["rotor_count"])
    ratios[:, :count] = f.c["motors"]["motor"][:, :count]
    return ratios


ATTITUDE = (
    Px4Topic("vehicle_attitude", 100, SAMPLED | {"q": (Q, lambda f: f.e["q_ned_frd"])}),
    Px4Topic(
        "vehicle_angular_velocity", 250, SAMPLED | {"xyz": (V, lambda f: f.c["terms"]["gyro_filtered_frd"])}
    ),
    Px4Topic(
        "vehicle_attitude_setpoint",
        100,
        {
            "yaw_sp_move_rate": (F, lambda f: f.s["yaw_rate_ff"]),
            "q_d": (Q, where(Level.ATTITUDE, lambda f: f.s["q_sp_ned_frd"])),
            "thrust_body": (V, lambda f: up(f.s["thrust_sp"])),
        },
    ),
    Px4Topic(
        "vehicle_rates_setpoint",
        250,
        {
            "roll": (F, where(Level.RATE, along(0, lambda f: f.s["omega_sp_frd"]))),
            "pitch": (F, where(Level.RATE, along(1, lambda f: f.s["omega_sp_frd"]))),
            "yaw": (F, where(Level.RATE, along(2, lambda f: f.s["omega_sp_frd"]))),
            "thrust_body": (V, lambda f: up(f.s["thrust_sp"])),
        },
    ),
    Px4Topic("vehicle_thrust_setpoint", 100, SAMPLED | {"xyz": (V, lambda f: up(f.s["thrust_sp"]))}),
    Px4Topic("vehicle_torque_setpoint", 100, SAMPLED | {"xyz": (V, lambda f: f.s["torque_sp_frd"])}),
    Px4Topic("actuator_motors", 100, SAMPLED | {"control": (("f4", PX4_MOTORS), motors)}),
)
