"""What the longest flight in a blackbox log holds, as PX4's topics.

Betaflight's body axes are forward, left, up.
"""

import numpy as np

from flight.frames import swap_frd_flu
from flight.vector import Vec3
from logs.foreign import terms
from logs.foreign.blackbox_header import Header, number, scale
from logs.foreign.recording import Recording
from logs.foreign.terms import DEGREE, Terms, rows_of, stack

GRAVITY = 9.80665
MOST_MOTORS = 8
# Betaflight, src/main/flight/pid.h.
PTERM_SCALE = 0.032029
AXES = range(3)


def blackbox_terms(recording: Recording) -> Terms:
    """Give what a pilot looks at first."""
    flights = {
        int(name.partition(":")[2] or 0): rows for name, rows in recording.items() if name.startswith("main")
    }
    if not flights:
        return
    index, rows = max(flights.items(), key=lambda item: len(item[1]))
    header: Header = recording.info["flights"][index]
    names, times = set(rows.dtype.names or ()), rows["t_us"]
    yield from _motion(rows, names, header)
    motors = [name for k in range(MOST_MOTORS) if (name := f"motor[{k}]") in names]
    if motors:
        low, high = _motor_range(header)
        yield (
            "actuator_motors",
            rows_of(times, control=np.clip((stack(rows, *motors) - low) / (high - low), 0.0, 1.0)),
        )
    units = recording.units["main" + (f":{index}" if index else "")]
    if "vbatLatest" in units:
        yield "battery_status", rows_of(times, **_battery(rows, units))
    # It logs while armed.
    yield "vehicle_status", rows_of(times[[0, -1]], arming_state=np.array([terms.ARMED, terms.DISARMED]))


def _motion(rows: np.ndarray, names: set[str], header: Header) -> Terms:
    gyro, accel, wishes = ([f"{kind}[{k}]" for k in AXES] for kind in ("gyroADC", "accSmooth", "setpoint"))
    if set(gyro) <= names and np.isfinite(turn := scale(header, "gyro_scale")):
        rates = _frd(rows, gyro, turn * DEGREE)
        gravity = number(header, "acc_1G", 0)
        if set(accel) <= names and gravity > 0:
            columns = {"gyro_rad": rates, "accelerometer_m_s2": _frd(rows, accel, GRAVITY / gravity)}
            yield "sensor_combined", rows_of(rows["t_us"], **columns)
        else:
            yield "vehicle_angular_velocity", rows_of(rows["t_us"], xyz=rates)
    if set(wishes) <= names:
        turns = _frd(rows, wishes, DEGREE).T
        columns = dict(zip(("roll", "pitch", "yaw"), turns, strict=True))
        yield "vehicle_rates_setpoint", rows_of(rows["t_us"], **columns)


def _frd(rows: np.ndarray, names: list[str], factor: float) -> np.ndarray:
    return np.stack(swap_frd_flu(Vec3(*(factor * stack(rows, *names)).T)), axis=-1)


def implied_rates_sp(recording: Recording) -> tuple[np.ndarray, np.ndarray] | None:
    """Return times in us and the rates in rad/s that the P terms answered, for logs without setpoints; else None.

    Betaflight before 3.3 logs none, but P = PTERM_SCALE * gain * (setpoint - gyro), as PID-Analyzer has it.
    """
    rows, header = recording.topics.get("main"), (recording.info.get("flights") or [{}])[0]
    needed = {f"{kind}[{k}]" for kind in ("gyroADC", "axisP") for k in AXES}
    gains = [number_before_comma(header.get(f"{axis}PID", "")) for axis in ("roll", "pitch", "yaw")]
    if rows is None or not needed <= set(rows.dtype.names or ()) or min(gains) <= 0.0:
        return None
    turn = scale(header, "gyro_scale")
    wanted = stack(rows, *(f"gyroADC[{k}]" for k in AXES)) * (turn if np.isfinite(turn) else 1.0)
    wanted = wanted + stack(rows, *(f"axisP[{k}]" for k in AXES)) / (PTERM_SCALE * np.array(gains))
    return rows["t_us"], np.stack(swap_frd_flu(Vec3(*(DEGREE * wanted).T)), axis=-1)


def number_before_comma(text: str) -> float:
    """Return the first of a list of numbers, 0 where there is none."""
    first = text.partition(",")[0].strip()
    return float(first) if first.replace(".", "", 1).isdecimal() else 0.0


def _motor_range(header: Header) -> tuple[float, float]:
    """Return what a motor is told when it idles and at full throttle."""
    low, _, high = header.get("motorOutput", "").partition(",")
    if low.isdecimal() and high.isdecimal() and int(low) < int(high):
        return float(low), float(high)
    low_us, high_us = number(header, "minthrottle", 1000), number(header, "maxthrottle", 2000)
    return float(low_us), float(max(high_us, low_us + 1))


def _battery(rows: np.ndarray, units: dict[str, str]) -> dict[str, np.ndarray]:
    found = {"voltage_v": float(units["vbatLatest"].split()[0]) * rows["vbatLatest"]}
    if "amperageLatest" in units:
        found["current_a"] = float(units["amperageLatest"].split()[0]) * rows["amperageLatest"]
    return found
