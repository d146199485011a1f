"""What a world with an IMU fills and reads in every tick: fields of the records as arrays."""

import numpy as np


class Told:
    """The inputs' fields as arrays: opening a record by name costs more than a whole frame."""

    def __init__(self, inputs: np.void) -> None:
        self.inputs = inputs
        told = np.asarray(inputs).reshape(1).view(np.ndarray)
        self.t_us = told["t_us"]
        imu = told["imu"]
        self.fresh = [told[name]["fresh"] for name in ("imu", "battery", "pilot")]
        self.imu_fresh, self.sampled_us, self.temperature_c = imu["fresh"], imu["t_us"], imu["temperature_c"]
        self.gyro_frd, self.accel_frd = imu["gyro_frd"][0], imu["accel_frd"][0]
        self.battery, self.pilot = (
            {name: told[group][name] for name in told.dtype[group].names or ()}
            for group in ("battery", "pilot")
        )
        self.bridge_age_us = told["link"]["bridge_age_us"]
        self.bridge_faults = told["system"]["bridge_faults"]


def put(fields: dict[str, np.ndarray], **values: float) -> None:
    """Write some fields of a group."""
    for name, value in values.items():
        fields[name][0] = value


class Said:
    """The command's two fields that the board is told, as arrays."""

    def __init__(self, command: np.void) -> None:
        self.command = command
        said = np.asarray(command).reshape(1).view(np.ndarray)
        self.arming, self.motor = said["status"]["arming"], said["motors"]["motor"][0]
