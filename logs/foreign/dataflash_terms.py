"""What ArduPilot's logs hold, as PX4's topics."""

import numpy as np

from logs.foreign import terms
from logs.foreign.recording import Recording
from logs.foreign.terms import DEGREE, Terms, first_of, instance, rows_of, stack

MOTOR_FUNCTIONS = range(33, 41)
MOST_CHANNELS = 14
EVENT_ARMED, EVENT_DISARMED = 10, 11
ANGLES, WISHES = ("Roll", "Pitch", "Yaw"), ("DesRoll", "DesPitch", "DesYaw")


def dataflash_terms(recording: Recording) -> Terms:
    """Give what a pilot looks at first."""
    yield from _attitude(recording)
    yield from _motion(recording)
    yield from _power(recording)
    if recording.has("EV", Id="iu"):
        events = recording["EV"]
        events = events[np.isin(events["Id"], (EVENT_ARMED, EVENT_DISARMED))]
        begin_us = min(int(rows["t_us"].min()) for rows in recording.values())
        yield "vehicle_status", terms.armings(events["t_us"], events["Id"] == EVENT_ARMED, begin_us)


def _attitude(recording: Recording) -> Terms:
    for topic, source, names in (
        ("vehicle_attitude", "ATT", ANGLES),
        ("vehicle_attitude_groundtruth", "SIM", ANGLES),
    ):
        if recording.has(source, **dict.fromkeys(names, "f")):
            rows = recording[source]
            yield topic, rows_of(rows["t_us"], q=terms.quaternions(*(DEGREE * stack(rows, *names)).T))
    if recording.has("ATT", **dict.fromkeys(WISHES, "f")):
        rows = recording["ATT"]
        angles = (f"{name}_body" for name in ("roll", "pitch", "yaw"))
        yield (
            "vehicle_attitude_setpoint",
            rows_of(rows["t_us"], **dict(zip(angles, (DEGREE * stack(rows, *WISHES)).T, strict=True))),
        )


def _motion(recording: Recording) -> Terms:
    if recording.has("IMU", GyrX="f", GyrY="f", GyrZ="f", AccX="f", AccY="f", AccZ="f"):
        rows = instance(recording["IMU"], "I")
        gyro, accel = (stack(rows, *(f"{kind}{axis}" for axis in "XYZ")) for kind in ("Gyr", "Acc"))
        yield "sensor_combined", rows_of(rows["t_us"], gyro_rad=gyro, accelerometer_m_s2=accel)
    # Logs from before 2017 state no units, and hold hundredths here.
    if recording.has("RATE", R="f", P="f", Y="f") and recording.units["RATE"].get("R") == "deg/s":
        rows = recording["RATE"]
        yield "vehicle_angular_velocity", rows_of(rows["t_us"], xyz=DEGREE * stack(rows, "R", "P", "Y"))
        wishes = dict(
            zip(("roll", "pitch", "yaw"), DEGREE * stack(rows, "RDes", "PDes", "YDes").T, strict=True)
        )
        yield "vehicle_rates_setpoint", rows_of(rows["t_us"], **wishes)
    for topic, sources in (
        ("vehicle_local_position", ("XKF1", "NKF1", "EKF1")),
        ("vehicle_local_position_groundtruth", ("SIM2",)),
    ):
        for source in sources:
            if recording.has(source, PN="f", PE="f", PD="f", VN="f", VE="f", VD="f"):
                rows = instance(recording[source], "C")
                columns = dict(zip(("x", "y", "z", "vx", "vy", "vz"), stack(rows, *PLACES).T, strict=True))
                yield topic, rows_of(rows["t_us"], **columns)
                break


PLACES = ("PN", "PE", "PD", "VN", "VE", "VD")


def _power(recording: Recording) -> Terms:
    rows = first_of(recording, "RCOU")
    if rows is not None:
        channels = [name for name in _motor_channels(recording) if name in (rows.dtype.names or ())]
        if channels:
            yield "actuator_motors", rows_of(rows["t_us"], control=terms.throttles(stack(rows, *channels)))
    if recording.has("BAT", Volt="f", Curr="f"):
        rows = instance(recording["BAT"], "Inst", "Instance")
        yield "battery_status", rows_of(rows["t_us"], voltage_v=rows["Volt"], current_a=rows["Curr"])
    elif recording.has("CURR", Volt="iu", Curr="iu"):
        rows = recording["CURR"]
        yield (
            "battery_status",
            rows_of(rows["t_us"], voltage_v=0.01 * rows["Volt"], current_a=0.01 * rows["Curr"]),
        )


def _motor_channels(recording: Recording) -> list[str]:
    """Return the output channels of the motors in their order: as the parameters say, else the first four."""
    functions = {
        int(recording.parameters.get(f"SERVO{k}_FUNCTION", 0)): k for k in range(MOST_CHANNELS, 0, -1)
    }
    numbers = [functions[f] for f in MOTOR_FUNCTIONS if f in functions] or [1, 2, 3, 4]
    return [f"{prefix}{k}" for prefix in ("C", "Ch") for k in numbers]
