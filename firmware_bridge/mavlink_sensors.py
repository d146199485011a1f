"""MAVLink's sensor messages as samples: their units and times to ours, and which of two tellers is believed.

Of inertial messages HIGHRES_IMU is preferred, then RAW_IMU of an ArduPilot, whose units are SCALED_IMU's but whose time
counts microseconds; of other autopilots it is raw counts and worth nothing.
"""

import math
from collections.abc import Callable
from typing import Any

from flight.physics import STANDARD_GRAVITY

Sample = dict[str, Any]
MILLI_G, GAUSS_UT, PA_PER_HPA = 1e-3 * STANDARD_GRAVITY, 100.0, 100.0
IMU_BITS, MAG_BITS, BARO_BITS = 0x3F, 0x1C0, 0x200
# Of inertial messages the best; one of them silent for so long makes way for the next.
IMU_KINDS = ("HIGHRES_IMU", "RAW_IMU", "SCALED_IMU")
SILENT_US = 1_000_000
ARDUPILOT = 3
UNKNOWN_16, DOWNWARD = 0xFFFF, 25
NO_FIX_ACCURACY_M, USUAL_ACCURACY_M, USUAL_SPEED_ACCURACY_M_S = 99.0, 2.0, 0.5
# A compass whose message comes with every IMU sample has not measured anew each time.
MAG_INTERVAL_US = 9_000
MIDDLE_US, HALF_US = 1500.0, 500.0
STICKS = ("chan1_raw", "chan2_raw", "chan3_raw", "chan4_raw")


def is_finite(*values: float) -> bool:
    """Tell whether all are numbers."""
    return all(map(math.isfinite, values))


def inertial(m: Any) -> tuple[int, Sample] | None:
    """Return the far side's time in microseconds and the sample of an inertial message; None when it holds none."""
    if m.get_type() == "HIGHRES_IMU":
        if m.fields_updated & IMU_BITS != IMU_BITS or getattr(m, "id", 0) != 0:
            return None
        t_us, force, rate = int(m.time_usec), 1.0, 1.0
    else:
        t_us = int(m.time_usec) if m.get_type() == "RAW_IMU" else 1000 * int(m.time_boot_ms)
        force, rate = MILLI_G, 1e-3
    accel, gyro = (
        [force * x for x in (m.xacc, m.yacc, m.zacc)],
        [rate * x for x in (m.xgyro, m.ygyro, m.zgyro)],
    )
    return (t_us, {"gyro_frd": gyro, "accel_frd": accel}) if is_finite(*accel, *gyro) else None


def magnetic(m: Any) -> Sample | None:
    """Return the field an inertial message holds, None when there is none or it is old."""
    if m.get_type() == "HIGHRES_IMU" and m.fields_updated & MAG_BITS != MAG_BITS:
        return None
    scale = GAUSS_UT if m.get_type() == "HIGHRES_IMU" else 1e-3 * GAUSS_UT
    field = [scale * x for x in (m.xmag, m.ymag, m.zmag)]
    return {"field_ut_frd": field} if is_finite(*field) and any(field) else None


def pressure(m: Any) -> Sample | None:
    """Return air pressure and temperature of HIGHRES_IMU or SCALED_PRESSURE."""
    if m.get_type() == "HIGHRES_IMU":
        if m.fields_updated & BARO_BITS != BARO_BITS:
            return None
        hpa, temperature_c = m.abs_pressure, m.temperature
    else:
        hpa, temperature_c = m.press_abs, 0.01 * m.temperature
    if not is_finite(hpa, temperature_c) or hpa <= 0.0:
        return None
    return {"pressure_pa": PA_PER_HPA * hpa, "temperature_c": temperature_c}


def satellites(m: Any, sinking_m_s: float) -> Sample | None:
    """Return a fix of GPS_RAW_INT or GPS2_RAW; neither tells how fast it sinks. None without a velocity."""
    has_fix = m.fix_type >= 2
    if has_fix and UNKNOWN_16 in (m.vel, m.cog):
        return None
    speed, course = 0.01 * m.vel, math.radians(0.01 * m.cog)
    usual = USUAL_ACCURACY_M if has_fix else NO_FIX_ACCURACY_M
    across_m, up_m = (1e-3 * getattr(m, name, 0) or usual for name in ("h_acc", "v_acc"))
    return {
        "fix_type": min(int(m.fix_type), 3),
        "satellites": 0 if m.satellites_visible == 255 else int(m.satellites_visible),
        "lat_deg": 1e-7 * m.lat,
        "lon_deg": 1e-7 * m.lon,
        "alt_amsl_m": 1e-3 * m.alt,
        "v_ned": [speed * math.cos(course), speed * math.sin(course), sinking_m_s],
        "horizontal_accuracy_m": across_m,
        "vertical_accuracy_m": up_m,
        "speed_accuracy_m_s": 1e-3 * getattr(m, "vel_acc", 0) or USUAL_SPEED_ACCURACY_M_S,
    }


def battery(m: Any) -> Sample | None:
    """Return voltage and current of BATTERY_STATUS or SYS_STATUS."""
    if m.get_type() == "SYS_STATUS":
        volts, amps = 1e-3 * m.voltage_battery, 0.01 * m.current_battery
        return (
            None
            if m.voltage_battery in (0, UNKNOWN_16)
            else {"voltage_v": volts, "current_a": max(amps, 0.0)}
        )
    cells = [v for v in (*m.voltages, *getattr(m, "voltages_ext", ())) if v not in (0, UNKNOWN_16)]
    if m.id != 0 or not cells:
        return None
    return {"voltage_v": 1e-3 * sum(cells), "current_a": max(0.01 * m.current_battery, 0.0)}


def receiver(m: Any) -> Sample | None:
    """Return the sticks of RC_CHANNELS (roll, pitch, throttle, yaw); None while the receiver hears nothing."""
    widths = [getattr(m, name) for name in STICKS]
    if m.chancount < len(STICKS) or any(not 800 <= width <= 2200 for width in widths):
        return None
    roll, pitch, throttle, yaw = (min(max((w - MIDDLE_US) / HALF_US, -1.0), 1.0) for w in widths)
    return {"roll": roll, "pitch": pitch, "yaw": yaw, "throttle": 0.5 * (throttle + 1.0)}


def distance(m: Any) -> Sample | None:
    """Return the distance of a range finder that looks down."""
    if m.orientation != DOWNWARD:
        return None
    is_valid = m.min_distance <= m.current_distance <= m.max_distance and getattr(m, "signal_quality", 0) != 1
    return {"distance_m": 0.01 * m.current_distance, "is_valid": int(is_valid)}


class Senses:
    """Sorts messages into samples, and remembers who told what."""

    def __init__(self, has_receiver: bool = False) -> None:
        self.has_receiver = has_receiver
        self.pending: dict[str, Sample] = {}
        self.heard_us: dict[str, int] = {}
        self.counts: dict[str, int] = {}
        # The far side's receiver, in microseconds, by channel from 1; 0 where it has none.
        self.channels: dict[int, int] = {}
        self.sinking: tuple[int, float] | None = None
        self.field: list[float] = []
        self.mag_us = self.baro_us = 0
        self.simple: dict[str, tuple[str, Callable[[Any], Sample | None]]] = {
            "BATTERY_STATUS": ("battery", battery),
            "DISTANCE_SENSOR": ("range", distance),
        }
        if has_receiver:
            self.simple["RC_CHANNELS"] = ("pilot", receiver)

    def take(self, m: Any, now_us: int, autopilot: int) -> tuple[int, Sample] | None:
        """Keep what a message says; return an inertial sample with the far side's time."""
        kind, found = m.get_type(), None
        if kind == "RAW_IMU" and autopilot != ARDUPILOT:
            return None
        self.counts[kind] = self.counts.get(kind, 0) + 1
        if kind in IMU_KINDS:
            found = self.take_inertial(m, kind, now_us)
        elif kind in self.simple:
            group, read = self.simple[kind]
            self.keep(group, read(m))
        elif kind in ("GPS_RAW_INT", "GPS2_RAW"):
            self.take_satellites(m, kind, now_us)
        elif kind == "SCALED_PRESSURE" and now_us - self.baro_us > SILENT_US:
            self.keep("baro", pressure(m))
        elif kind == "SYS_STATUS" and not self.is_heard("BATTERY_STATUS", now_us):
            self.keep("battery", battery(m))
        elif kind == "GLOBAL_POSITION_INT":
            self.sinking = (now_us, 0.01 * m.vz)
        if kind == "RC_CHANNELS":
            self.channels = {k: getattr(m, f"chan{k}_raw") for k in range(1, m.chancount + 1)}
        self.heard_us[kind] = now_us
        return found

    def is_heard(self, kind: str, now_us: int) -> bool:
        """Tell whether a message came lately."""
        return kind in self.heard_us and now_us - self.heard_us[kind] < SILENT_US

    def keep(self, group: str, sample: Sample | None) -> None:
        """Keep a sample for the next tick."""
        if sample is not None:
            self.pending[group] = sample

    def take_inertial(self, m: Any, kind: str, now_us: int) -> tuple[int, Sample] | None:
        """Return the sample unless a better teller is heard."""
        better = IMU_KINDS[: IMU_KINDS.index(kind)]
        if any(self.is_heard(name, now_us) for name in better):
            return None
        self.take_field(magnetic(m), now_us)
        if kind == "HIGHRES_IMU" and (air := pressure(m)) is not None:
            self.keep("baro", air)
            self.baro_us = now_us
        return inertial(m)

    def take_field(self, sample: Sample | None, now_us: int) -> None:
        """Keep a magnetic field that was measured anew."""
        if sample is None or sample["field_ut_frd"] == self.field or now_us - self.mag_us < MAG_INTERVAL_US:
            return
        self.field, self.mag_us = sample["field_ut_frd"], now_us
        self.keep("mag", sample)

    def take_satellites(self, m: Any, kind: str, now_us: int) -> None:
        """Keep a fix; the second receiver's counts while the first has none."""
        if kind == "GPS2_RAW" and self.is_heard("first fix", now_us):
            return
        sinking_m_s = self.sinking[1] if self.sinking and now_us - self.sinking[0] < SILENT_US else 0.0
        self.keep("gps", satellites(m, sinking_m_s))
        if kind == "GPS_RAW_INT" and m.fix_type >= 3:
            self.heard_us["first fix"] = now_us
