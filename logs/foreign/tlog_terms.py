"""What telemetry logs hold, as PX4's topics."""

import numpy as np

from logs.foreign import terms
from logs.foreign.recording import Recording
from logs.foreign.terms import Terms, rows_of, stack

AUTOPILOT, ARMED_FLAG = 1, 128
GRAVITY = 9.80665
UNKNOWN_CURRENT = -1


def tlog_terms(recording: Recording) -> Terms:
    """Give what a pilot looks at first, of the vehicle that is heard first."""
    vehicle = int(recording["ATTITUDE"]["sysid"][0]) if "ATTITUDE" in recording else AUTOPILOT
    mine = {name: rows[rows["sysid"] == vehicle] for name, rows in recording.items()}
    mine = {name: rows for name, rows in mine.items() if len(rows)}
    yield from _motion(mine)
    yield from _sensors(mine)
    if "SERVO_OUTPUT_RAW" in mine:
        rows = mine["SERVO_OUTPUT_RAW"]
        rows = rows[rows["port"] == 0]
        pulses = stack(rows, *(f"servo{k}_raw" for k in range(1, 5)))
        yield "actuator_motors", rows_of(rows["t_us"], control=terms.throttles(pulses))
    if "HEARTBEAT" in mine:
        rows = mine["HEARTBEAT"]
        rows = rows[rows["compid"] == AUTOPILOT]
        states = np.where((rows["base_mode"] & ARMED_FLAG) != 0, terms.ARMED, terms.DISARMED)
        yield "vehicle_status", rows_of(rows["t_us"], arming_state=states)


def _motion(mine: dict[str, np.ndarray]) -> Terms:
    if "ATTITUDE" in mine:
        rows = mine["ATTITUDE"]
        yield (
            "vehicle_attitude",
            rows_of(rows["t_us"], q=terms.quaternions(*stack(rows, "roll", "pitch", "yaw").T)),
        )
        rates = stack(rows, "rollspeed", "pitchspeed", "yawspeed")
        yield "vehicle_angular_velocity", rows_of(rows["t_us"], xyz=rates)
    if "LOCAL_POSITION_NED" in mine:
        rows = mine["LOCAL_POSITION_NED"]
        columns = {name: rows[name] for name in ("x", "y", "z", "vx", "vy", "vz")}
        yield "vehicle_local_position", rows_of(rows["t_us"], **columns)


def _sensors(mine: dict[str, np.ndarray]) -> Terms:
    for name, turn, push in (
        ("HIGHRES_IMU", 1.0, 1.0),
        ("SCALED_IMU", 1e-3, 1e-3 * GRAVITY),
        ("RAW_IMU", 1e-3, 1e-3 * GRAVITY),
    ):
        if name in mine:
            rows = mine[name]
            gyro, accel = (
                turn * stack(rows, "xgyro", "ygyro", "zgyro"),
                push * stack(rows, "xacc", "yacc", "zacc"),
            )
            yield "sensor_combined", rows_of(rows["t_us"], gyro_rad=gyro, accelerometer_m_s2=accel)
            break
    if "SYS_STATUS" in mine:
        rows = mine["SYS_STATUS"]
        current = np.where(rows["current_battery"] == UNKNOWN_CURRENT, 0.0, 0.01 * rows["current_battery"])
        yield (
            "battery_status",
            rows_of(rows["t_us"], voltage_v=1e-3 * rows["voltage_battery"], current_a=current),
        )
