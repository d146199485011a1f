"""What the vehicle tells about its sensors, battery, motors and links."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from flight.command import AIDS
from flight.modes import Arming, Event, Failsafe, Refusal
from ground.link.dialect import mavlink
from ground.link.service import Message
from ground.link.vehicle import Vehicle

MICRO = 1e-6
GRAVITY = 9.80665
UNKNOWN_16 = 65535
# A cell counts as empty and as full at these voltages (PX4's BAT_V_EMPTY and BAT_V_CHARGED).
EMPTY_V, FULL_V = 3.6, 4.05
# Counting drifts, the voltage under load misleads: the count is drawn to the voltage this slowly (PX4 mixes them too).
TRUST_S = 600.0
# A pack that is by this much fuller than counted, while no motor turns, is another one.
ANOTHER = 0.25
STALE_US = 1_000_000
BEGINNINGS = (Event.ARMED, Event.TOOK_OFF)
SENSOR = {name.removeprefix("MAV_SYS_STATUS_"): value for name, value in vars(mavlink).items()
          if name.startswith("MAV_SYS_STATUS_") and isinstance(value, int)}  # fmt: skip
CONTROL = sum(
    SENSOR[name]
    for name in (
        "SENSOR_ANGULAR_RATE_CONTROL", "SENSOR_ATTITUDE_STABILIZATION", "SENSOR_YAW_POSITION",
        "SENSOR_Z_ALTITUDE_CONTROL", "SENSOR_XY_POSITION_CONTROL", "SENSOR_MOTOR_OUTPUTS",
    )
)  # fmt: skip
# Input group, MAVLink's bit, and the aid by whose health the estimator judges it.
BITS = (
    ("imu", "SENSOR_3D_GYRO", None), ("imu", "SENSOR_3D_ACCEL", None), ("mag", "SENSOR_3D_MAG", "mag"),
    ("baro", "SENSOR_ABSOLUTE_PRESSURE", "baro"), ("gps", "SENSOR_GPS", "gps_position"),
    ("flow", "SENSOR_OPTICAL_FLOW", "flow"), ("range", "SENSOR_LASER_POSITION", "range"),
    ("mocap", "SENSOR_VISION_POSITION", "mocap"), ("battery", "SENSOR_BATTERY", None),
    ("pilot", "SENSOR_RC_RECEIVER", None),
)  # fmt: skip
# What no sample's age tells: the failsafes and refusals during which a part is not well.
BATTERIES = Failsafe.BATTERY_LOW | Failsafe.BATTERY_CRITICAL | Failsafe.BATTERY_EMERGENCY
UNWELL = (
    ("GEOFENCE", Failsafe.FENCE, 0), ("SENSOR_BATTERY", BATTERIES, Refusal.BATTERY),
    ("LOGGING", Failsafe.LOG_LOST, Refusal.LOG), ("SENSOR_MOTOR_OUTPUTS", Failsafe.ROTOR_LOST, 0),
)  # fmt: skip
NO_ECHO, GOOD_ECHO = 1, 100
PWM_LOW, PWM_SPAN = 1000.0, 1000.0


class SensorTelemetry:
    """Keeps what must be added up or smoothed over time."""

    def __init__(self, vehicle: Vehicle) -> None:
        self.vehicle = vehicle
        self.seen_us = 0
        self.used_mah = 0.0
        self.charge: float | None = None
        self.shake = [0.0, 0.0, 0.0]
        self.accel = [0.0, 0.0, 0.0]
        self.circle: tuple[float, Any] | None = None
        # When it was armed and took off, in microseconds since boot.
        self.begun_us = [0, 0]

    def sensor_builders(self) -> dict[int, Callable[[], Message | None]]:
        """Return a function for each message about sensors."""
        return {
            1: self.system_status,
            24: self.gps,
            26: self.scaled_imu,
            27: self.raw_imu,
            29: self.pressure,
            36: self.servos,
            65: self.channels,
            105: self.imu,
            132: self.distance,
            147: self.battery,
            241: self.vibration,
            375: self.actuators,
        }

    @property
    def boot_ms(self) -> int:
        """Return milliseconds since the vehicle was switched on, as 32 bits hold them."""
        return self.vehicle.t_us // 1000 & 0xFFFFFFFF

    @property
    def cells(self) -> float:
        """Return how many cells the battery has."""
        return max(1.0, float(self.vehicle.cells))

    def update(self) -> None:
        """Add up what has passed since the last look."""
        self.note_beginnings()
        t_us = self.vehicle.t_us
        dt = MICRO * (t_us - self.seen_us)
        if dt <= 0.0:
            self.seen_us = min(self.seen_us, t_us)
            return
        self.seen_us = t_us
        inputs = self.vehicle.inputs
        voltage, current = float(inputs.battery.voltage_v), float(inputs.battery.current_a)
        self.used_mah += current * min(dt, 1.0) / 3.6
        if voltage > 0.0:
            self.charge = self.charged(voltage, current, dt)
        accel = np.asarray(inputs.imu.accel_frd).tolist()
        self.shake = [
            s + 0.1 * (abs(a - b) - s) for s, a, b in zip(self.shake, accel, self.accel, strict=True)
        ]
        self.accel = accel

    def note_beginnings(self) -> None:
        """Remember when the vehicle was armed and when it took off."""
        for happening in self.vehicle.happenings:
            if happening.code in BEGINNINGS:
                self.begun_us[BEGINNINGS.index(happening.code)] = happening.t_us

    def charged(self, voltage: float, current: float, dt: float) -> float:
        """Return the charge after `dt`, 0 to 1: begun with the voltage without load, then what flows is counted."""
        facts = self.vehicle.facts
        cell = (voltage + facts.resistance_ohm * current) / self.cells
        by_voltage = min(1.0, max(0.0, (cell - EMPTY_V) / (FULL_V - EMPTY_V)))
        is_idle = self.vehicle.command.status.arming != Arming.ARMED
        if self.charge is not None and is_idle and by_voltage > self.charge + ANOTHER:
            self.charge, self.used_mah = None, 0.0
        if self.charge is None or facts.capacity_mah <= 0.0:
            return by_voltage
        counted = self.charge - current * min(dt, 1.0) / 3.6 / facts.capacity_mah
        return min(1.0, max(0.0, counted + (by_voltage - counted) * dt / (TRUST_S + dt)))

    def remaining(self) -> int:
        """Return the battery's charge in percent, -1 when there is none."""
        return -1 if self.charge is None else round(100.0 * self.charge)

    def system_status(self) -> Message:
        """Return SYS_STATUS."""
        inputs, command = self.vehicle.inputs, self.vehicle.command
        present = health = CONTROL | SENSOR["LOGGING"] | SENSOR["AHRS"] | SENSOR["PREARM_CHECK"]
        for group, bit, aid in BITS:
            present |= SENSOR[bit] if inputs[group].t_us > 0 else 0
            health |= SENSOR[bit] if self.is_well(group, aid) else 0
        present |= SENSOR["GEOFENCE"]
        health |= SENSOR["GEOFENCE"]
        for bit, failsafes, refusals in UNWELL:
            if command.status.failsafes & failsafes or command.status.refusals & refusals:
                health &= ~SENSOR[bit]
        if command.status.refusals:
            health &= ~SENSOR["PREARM_CHECK"]
        if not command.estimate.is_attitude_valid:
            health &= ~SENSOR["AHRS"]
        battery = inputs.battery
        return mavlink.MAVLink_sys_status_message(
            present, present, health & present, round(1e3 * self.vehicle.load),
            min(65534, round(1e3 * float(battery.voltage_v))), min(32767, round(100.0 * float(battery.current_a))),
            self.remaining(), 0, 0, 0, 0, 0, 0,
        )  # fmt: skip

    def is_well(self, group: str, aid: str | None) -> bool:
        """Tell whether a sensor's samples come and the estimator believes them."""
        sample = self.vehicle.inputs[group]
        if sample.t_us == 0 or self.vehicle.t_us - int(sample.t_us) > STALE_US:
            return False
        return aid is None or bool(self.vehicle.command.estimate.sensor_health[AIDS.index(aid)])

    def gps(self) -> Message | None:
        """Return GPS_RAW_INT."""
        g = self.vehicle.inputs.gps
        if g.t_us == 0:
            return None
        north, east = float(g.v_ned[0]), float(g.v_ned[1])
        course = round(100.0 * (math.degrees(math.atan2(east, north)) % 360.0)) % 36000
        wide, high = float(g.horizontal_accuracy_m), float(g.vertical_accuracy_m)
        return mavlink.MAVLink_gps_raw_int_message(
            int(g.t_us), int(g.fix_type), round(1e7 * float(g.lat_deg)), round(1e7 * float(g.lon_deg)),
            round(1e3 * float(g.alt_amsl_m)), min(9999, round(50.0 * wide)), min(9999, round(50.0 * high)),
            round(100.0 * math.hypot(north, east)), course, int(g.satellites), round(1e3 * float(g.alt_amsl_m)),
            round(1e3 * wide), round(1e3 * high), round(1e3 * float(g.speed_accuracy_m_s)), 0, 0,
        )  # fmt: skip

    def imu(self) -> Message:
        """Return HIGHRES_IMU: specific force, body rates, field in gauss, pressure in hPa."""
        inputs = self.vehicle.inputs
        hpa = 0.01 * float(inputs.baro.pressure_pa)
        field = [0.01 * m for m in inputs.mag.field_ut_frd.tolist()]
        alt = pressure_altitude(float(inputs.baro.pressure_pa))
        return mavlink.MAVLink_highres_imu_message(
            self.vehicle.t_us, *inputs.imu.accel_frd.tolist(), *inputs.imu.gyro_frd.tolist(), *field, hpa, 0.0, alt,
            float(inputs.imu.temperature_c), 0x1FFF & ~(1 << 10), 0,
        )  # fmt: skip

    def milli_imu(self) -> list[int]:
        """Return acceleration in mg, body rates in mrad/s and the field in mgauss."""
        inputs = self.vehicle.inputs
        accel = [1e3 * a / GRAVITY for a in inputs.imu.accel_frd.tolist()]
        rates = [1e3 * w for w in inputs.imu.gyro_frd.tolist()]
        field = [10.0 * m for m in inputs.mag.field_ut_frd.tolist()]
        return [max(-32768, min(32767, round(v))) for v in (*accel, *rates, *field)]

    def scaled_imu(self) -> Message:
        """Return SCALED_IMU."""
        return mavlink.MAVLink_scaled_imu_message(
            self.boot_ms, *self.milli_imu(), round(100.0 * float(self.vehicle.inputs.imu.temperature_c))
        )

    def raw_imu(self) -> Message:
        """Return RAW_IMU in the units of SCALED_IMU."""
        return mavlink.MAVLink_raw_imu_message(self.vehicle.t_us, *self.milli_imu())

    def pressure(self) -> Message | None:
        """Return SCALED_PRESSURE."""
        baro = self.vehicle.inputs.baro
        if baro.t_us == 0:
            return None
        return mavlink.MAVLink_scaled_pressure_message(
            self.boot_ms, 0.01 * float(baro.pressure_pa), 0.0, round(100.0 * float(baro.temperature_c))
        )

    def motors(self) -> list[float]:
        """Return the throttle ratios of the motors there are."""
        return self.vehicle.command.motors.motor[: self.vehicle.rotors].tolist()

    def servos(self) -> Message:
        """Return SERVO_OUTPUT_RAW: ratios as pulse widths of 1 to 2 ms."""
        pulses = [round(PWM_LOW + PWM_SPAN * ratio) for ratio in self.motors()]
        return mavlink.MAVLink_servo_output_raw_message(
            self.vehicle.t_us & 0xFFFFFFFF, 0, *(pulses + [0] * 8)[:8], *[0] * 8
        )

    def actuators(self) -> Message:
        """Return ACTUATOR_OUTPUT_STATUS."""
        ratios = self.motors()
        return mavlink.MAVLink_actuator_output_status_message(
            self.vehicle.t_us, (1 << len(ratios)) - 1, ratios + [0.0] * (32 - len(ratios))
        )

    def channels(self) -> Message:
        """Return RC_CHANNELS: the pilot's sticks as pulse widths; strength 255 is unknown, 0 none."""
        p = self.vehicle.inputs.pilot
        is_there = p.t_us > 0 and self.vehicle.t_us - int(p.t_us) < STALE_US
        sticks = (p.roll, p.pitch, 2.0 * p.throttle - 1.0, p.yaw)
        widths = [round(1500.0 + 500.0 * float(s)) for s in sticks] if is_there else []
        return mavlink.MAVLink_rc_channels_message(
            self.boot_ms, len(widths), *(widths + [UNKNOWN_16] * 18)[:18], 100 if is_there else 0
        )

    def distance(self) -> Message | None:
        """Return DISTANCE_SENSOR, looking down."""
        r = self.vehicle.inputs.range
        if r.t_us == 0:
            return None
        return mavlink.MAVLink_distance_sensor_message(
            self.boot_ms, 5, 1200, min(65535, max(0, round(100.0 * float(r.distance_m)))), 0, 0, 25, 255,
            signal_quality=GOOD_ECHO if r.is_valid else NO_ECHO,
        )  # fmt: skip

    def battery(self) -> Message:
        """Return BATTERY_STATUS."""
        b = self.vehicle.inputs.battery
        count = int(self.cells)
        cell_mv = round(1e3 * float(b.voltage_v) / count)
        voltages = ([cell_mv] * min(count, 10) + [UNKNOWN_16] * 10)[:10]
        state = 1
        for bit, worse in (
            (Failsafe.BATTERY_LOW, 2),
            (Failsafe.BATTERY_CRITICAL, 3),
            (Failsafe.BATTERY_EMERGENCY, 4),
        ):
            state = worse if self.vehicle.command.status.failsafes & bit else state
        return mavlink.MAVLink_battery_status_message(
            0, 0, 1, 32767, voltages, min(32767, round(100.0 * float(b.current_a))), round(self.used_mah), -1,
            self.remaining(), 0, state,
        )  # fmt: skip

    def vibration(self) -> Message:
        """Return VIBRATION: how far the acceleration jumps from sample to sample, and how often it was clipped."""
        clips = int(self.vehicle.command.estimate.accel_clips)
        return mavlink.MAVLink_vibration_message(self.vehicle.t_us, *self.shake, clips & 0xFFFFFFFF, 0, 0)


def pressure_altitude(pressure_pa: float) -> float:
    """Return the height in the standard atmosphere in metres (ISA, troposphere)."""
    return 44330.77 * (1.0 - (max(pressure_pa, 1.0) / 101325.0) ** 0.190263)
