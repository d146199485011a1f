"""What a log says of the sensors' surroundings, at the IMU's times: its temperature, the battery's current."""

import numpy as np

from ground.estimation.columns import first_instance, has
from logs.foreign.recording import Recording

MICRO = 1e-6
# Where logs of ours, of PX4 and of ArduPilot have them; the first that is there counts.
PLACES = {
    "temperature_c": (
        ("quadloop_in_imu", "temperature_c"),
        ("sensor_gyro", "temperature"),
        ("sensor_accel", "temperature"),
        ("IMU", "T"),
    ),
    "current_a": (
        ("quadloop_in_battery", "current_a"),
        ("battery_status", "current_a"),
        ("BAT", "Curr"),
    ),
}
# PX4's word for a current that nobody measures.
UNMEASURED = -1.0


def read(log: Recording, t: np.ndarray) -> dict[str, np.ndarray]:
    """Return what there is of PLACES, between its samples in a line."""
    found = {}
    for name, places in PLACES.items():
        for topic, column in places:
            if has(log, topic, column):
                seen = first_instance(log[topic])
                at, values = MICRO * seen["t_us"].astype(float), seen[column].astype(float)
                good = np.isfinite(values) & (values != UNMEASURED)
                if good.any():
                    found[name] = np.interp(t, at[good], values[good])
                    break
    return found
