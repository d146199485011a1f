"""PX4's simulator interface: HIL_SENSOR and what goes with it out, HIL_ACTUATOR_CONTROLS back, one for one.

The other side is PX4's simulator_mavlink. Its clock is the time of the HIL_SENSOR it has read, counted from the first
one; 250 of them a second are what it expects. Units as it reads them: m/s2, rad/s, gauss, hPa, degrees Celsius;
the accuracies of HIL_GPS in centimetres.
"""

import math
from dataclasses import dataclass
from enum import IntFlag
from typing import Any

import numpy as np

from flight.airframe import Airframe
from flight.geodesy import geodetic
from flight.vector import vec
from ground.link.dialect import mavlink
from ground.link.frames import Stamp, numbered
from ground.physics.rotors import Order, ratios_for
from sim.hosted import Hosted

PORT = 4560
SYSTEM, COMPONENT = 1, 200
STEP_US, TICK_US = 4000, 1000
# Far from zero: a time counted from here is never mistaken for one counted from zero.
FIRST_US = 1_000_000
# A clock further off than this is of another kind.
STALE_US = 500_000
ARMED, LOCKSTEP = 128, 1
TRUTH_US, SECOND_US = 5000, 1_000_000
GAUSS_UT, PA_PER_HPA = 100.0, 100.0
MILLI_G = 9.80665e-3
DOWNWARD, LASER, UNKNOWN = 25, 0, 255
SEA_LEVEL_PA, SEA_LEVEL_K, LAPSE_K_M, EXPONENT = 101325.0, 288.15, 0.0065, 0.190263
SLOW_M_S = 0.2
# Sensors slower than the IMU.
SLOW = ("mag", "baro", "gps", "range")


class Updated(IntFlag):
    """HIL_SENSOR's fields_updated, in the groups PX4 looks for."""

    ACCEL = 0x007
    GYRO = 0x038
    MAG = 0x1C0
    BARO = 0x1A00  # absolute pressure, pressure altitude, temperature


def whole(value: float, bits: int = 16) -> int:
    """Return the nearest whole number a signed field of so many bits can hold."""
    top = (1 << (bits - 1)) - 1
    return int(min(max(round(value), -top), top))


def pressure_altitude(pressure_pa: float) -> float:
    """Return the height in metres at which the standard atmosphere has a pressure (ISO 2533)."""
    return SEA_LEVEL_K / LAPSE_K_M * (1.0 - math.pow(pressure_pa / SEA_LEVEL_PA, EXPONENT))


class Sender:
    """Packs messages one after the other."""

    def __init__(self) -> None:
        self.stamp, self.sequence = Stamp(SYSTEM, COMPONENT), 0

    def packed(self, message: Any) -> bytes:
        """Return a message's frame."""
        self.sequence = (self.sequence + 1) & 0xFF
        return numbered(*self.stamp.packed(message), self.sequence)


class Means:
    """The mean of the IMU's samples since the last message: picking every fourth would fold vibration down."""

    def __init__(self) -> None:
        self.sums, self.count = np.zeros(6), 0
        self.newest = self.sums

    def add(self, imu: np.ndarray) -> None:
        """Take in one sample."""
        self.sums[:3] += imu["accel_frd"][0]
        self.sums[3:] += imu["gyro_frd"][0]
        self.count += 1

    def take(self) -> list[float]:
        """Return acceleration and rate, and begin anew; the last ones where no sample came."""
        if self.count:
            self.newest = self.sums / self.count
        self.sums, self.count = np.zeros(6), 0
        return self.newest.tolist()


class Composer:
    """Turns what the sensors say into PX4's messages."""

    def __init__(self, vehicle: Hosted, unix_us: int) -> None:
        self.vehicle, self.unix_us = vehicle, unix_us
        self.sender, self.means = Sender(), Means()
        self.truth_us: int | None = TRUTH_US
        self.truth_due_us = self.slow_due_us = 0
        self.told = {name: vehicle.inputs[name] for name in ("imu", *SLOW)}
        self.is_new = {name: self.told[name]["fresh"] for name in self.told}
        presets = vehicle.records[1][0].presets
        self.home = (float(presets.gps.lat_deg), float(presets.gps.lon_deg), float(presets.gps.alt_amsl_m))
        self.range_cm = [round(100.0 * float(presets.range[name])) for name in ("low_m", "high_m")]
        self.fresh: set[str] = set()

    @property
    def t_us(self) -> int:
        """Return the time as PX4 is told it."""
        return FIRST_US + self.vehicle.t_us

    def listen(self) -> None:
        """Take in one tick's samples."""
        self.vehicle.measure()
        for name in SLOW:
            if self.is_new[name][0]:
                self.fresh.add(name)
        if self.is_new["imu"][0]:
            self.means.add(self.told["imu"])

    def said(self, name: str, field: str) -> Any:
        """Return a field of a sensor's newest sample, a plain number or a list of them."""
        return self.told[name][field][0].tolist()

    def messages(self, is_first: bool) -> bytes:
        """Return what is to be sent now: HIL_SENSOR comes last, as PX4 goes on once it has read that."""
        parts = [] if is_first else self.beside()
        return b"".join(self.sender.packed(message) for message in (*parts, self.sensor()))

    def beside(self) -> list[Any]:
        """Return everything but HIL_SENSOR that is due."""
        found: list[Any] = []
        if self.vehicle.t_us >= self.slow_due_us:
            self.slow_due_us = self.vehicle.t_us + SECOND_US
            found += [self.heartbeat(), self.system_time()]
        if self.truth_us and self.vehicle.t_us >= self.truth_due_us:
            self.truth_due_us = max(self.truth_due_us + self.truth_us, self.vehicle.t_us - STEP_US)
            found.append(self.truth())
        for name, message in (("gps", self.gps), ("range", self.distance)):
            if self.takes(name):
                found.append(message())
        return found

    def takes(self, name: str) -> bool:
        """Tell whether a sensor has said something new, which is then no longer new."""
        is_new = name in self.fresh
        self.fresh.discard(name)
        return is_new

    def sensor(self) -> Any:
        """Return HIL_SENSOR."""
        updated = Updated.ACCEL | Updated.GYRO
        updated |= Updated.MAG if self.takes("mag") else Updated(0)
        updated |= Updated.BARO if self.takes("baro") else Updated(0)
        pressure_pa = self.said("baro", "pressure_pa")
        return mavlink.MAVLink_hil_sensor_message(
            self.t_us,
            *self.means.take(),
            *(x / GAUSS_UT for x in self.said("mag", "field_ut_frd")),
            pressure_pa / PA_PER_HPA,
            0.0,
            pressure_altitude(pressure_pa) if pressure_pa > 0.0 else 0.0,
            self.said("baro", "temperature_c"),
            int(updated),
            0,
        )

    def gps(self) -> Any:
        """Return HIL_GPS."""
        north, east, down = self.said("gps", "v_ned")
        speed = math.hypot(north, east)
        course = math.degrees(math.atan2(east, north)) % 360.0
        return mavlink.MAVLink_hil_gps_message(
            self.t_us,
            self.said("gps", "fix_type"),
            whole(1e7 * self.said("gps", "lat_deg"), 32),
            whole(1e7 * self.said("gps", "lon_deg"), 32),
            whole(1e3 * self.said("gps", "alt_amsl_m"), 32),
            whole(100.0 * self.said("gps", "horizontal_accuracy_m"), 17),
            whole(100.0 * self.said("gps", "vertical_accuracy_m"), 17),
            whole(100.0 * speed, 17),
            *(whole(100.0 * v) for v in (north, east, down)),
            round(100.0 * course) % 36000 if speed > SLOW_M_S else 0xFFFF,
            self.said("gps", "satellites"),
        )

    def distance(self) -> Any:
        """Return DISTANCE_SENSOR, looking down; without an echo its quality says so."""
        is_valid = bool(self.said("range", "is_valid"))
        low_cm, high_cm = self.range_cm
        distance_cm = round(100.0 * self.said("range", "distance_m")) if is_valid else high_cm + 1
        return mavlink.MAVLink_distance_sensor_message(
            self.t_us // 1000, *(min(x, 0xFFFF) for x in (low_cm, high_cm, distance_cm)),
            LASER, 0, DOWNWARD, UNKNOWN, signal_quality=100 if is_valid else 1,
        )  # fmt: skip

    def truth(self) -> Any:
        """Return HIL_STATE_QUATERNION: what is so, for PX4's log."""
        truth, felt = self.vehicle.truth, self.vehicle.feel()
        lat_deg, lon_deg, alt_m = geodetic(vec(truth["p_ned"][0]), *self.home)
        speed = whole(100.0 * float(felt["air_speed"][0]), 17)
        return mavlink.MAVLink_hil_state_quaternion_message(
            self.t_us,
            truth["q_ned_frd"][0].tolist(),
            *truth["omega_frd"][0].tolist(),
            whole(1e7 * lat_deg, 32),
            whole(1e7 * lon_deg, 32),
            whole(1e3 * alt_m, 32),
            *(whole(100.0 * v) for v in truth["v_ned"][0].tolist()),
            speed,
            speed,
            *(whole(a / MILLI_G) for a in felt["accel_frd"][0].tolist()),
        )

    def heartbeat(self) -> Any:
        """Return a sign of life: a simulator, not an autopilot."""
        return mavlink.MAVLink_heartbeat_message(
            mavlink.MAV_TYPE_GENERIC, mavlink.MAV_AUTOPILOT_INVALID, 0, 0, mavlink.MAV_STATE_ACTIVE, 3
        )

    def system_time(self) -> Any:
        """Return the simulated time of day."""
        return mavlink.MAVLink_system_time_message(self.unix_us + self.vehicle.t_us, self.t_us // 1000)


@dataclass
class Tally:
    """What came and what was made of it."""

    steps: int = 0
    answered: int = 0
    stale: int = 0
    unanswered: int = 0
    sessions: int = 0


class Session:
    """One PX4 from connecting to leaving. Knows no socket and no clock."""

    def __init__(self, vehicle: Hosted, order: Order, tally: Tally, unix_us: int = 0) -> None:
        self.vehicle, self.order, self.tally = vehicle, order, tally
        vehicle.restart()
        self.composer = Composer(vehicle, unix_us)
        self.ratios: list[float] = []
        self.is_lockstep = self.is_armed = self.has_answered = False
        self.sent_us = 0
        tally.sessions += 1

    def advance(self) -> bytes:
        """Let one step pass under the newest controls and return what to send."""
        for _ in range(STEP_US // TICK_US):
            self.vehicle.step(self.ratios, TICK_US)
            self.composer.listen()
        is_first = self.sent_us == 0
        self.sent_us = self.composer.t_us
        self.tally.steps += 1
        return self.composer.messages(is_first)

    def take(self, message: Any) -> bool:
        """Take in one message; tell whether it answers what was sent last."""
        kind = message.get_type()
        if kind == "COMMAND_LONG":
            self.obey(message)
        if kind != "HIL_ACTUATOR_CONTROLS":
            return False
        # One that answers late is waited for from now on: left to run ahead, we would never be caught up with.
        self.has_answered, self.is_lockstep = True, bool(message.flags & LOCKSTEP)
        if not self.is_current(message.time_usec):
            self.tally.stale += 1
            return False
        self.is_armed = bool(message.mode & ARMED)
        self.ratios = ratios_for(self.order, list(message.controls)) if self.is_armed else []
        self.tally.answered += 1
        return True

    @property
    def is_awaited(self) -> bool:
        """Tell whether PX4 will answer what was sent last: it has begun to, and counts time by it."""
        return self.has_answered and self.is_lockstep

    def give_up(self) -> None:
        """Note that no answer came: until the next one time goes on by itself."""
        self.tally.unanswered += 1
        self.has_answered = False

    def is_current(self, time_us: int) -> bool:
        """Tell whether controls were worked out from the newest sensors.

        PX4 tells their time counted from its first HIL_SENSOR; controls of a clock that is neither that nor ours are
        taken as they come.
        """
        behind = [self.sent_us - start_us - time_us for start_us in (0, FIRST_US + STEP_US)]
        if any(abs(lag) < STEP_US // 2 for lag in behind):
            return True
        return not any(0 < lag < STALE_US for lag in behind)

    def obey(self, command: Any) -> None:
        """Send the truth as often as is asked: an interval in microseconds, 0 the usual one, -1 never."""
        wanted = (mavlink.MAV_CMD_SET_MESSAGE_INTERVAL, mavlink.MAVLINK_MSG_ID_HIL_STATE_QUATERNION)
        if (command.command, int(command.param1)) == wanted:
            interval_us = float(command.param2)
            self.composer.truth_us = None if interval_us < 0.0 else round(interval_us) or TRUTH_US


def advice(airframe: Airframe, order: Order, vehicle: Hosted) -> list[str]:
    """Return the parameters by which PX4 knows this vehicle."""
    lines = ["CA_AIRFRAME 0", f"CA_ROTOR_COUNT {len(order.rotor)}"]
    for k, place in enumerate(order.rotor):
        rotor = airframe.physics["rotor"][place]
        moment = airframe.physics["rotors"]["torque_per_thrust_m"] * (1.0 if rotor["spin"] == "ccw" else -1.0)
        x, y = rotor["position_m_frd"][:2]
        lines += [f"CA_ROTOR{k}_PX {x:g}", f"CA_ROTOR{k}_PY {y:g}", f"CA_ROTOR{k}_KM {moment:g}"]
    timing = vehicle.records[1][0].presets.gps.timing
    lines.append(f"THR_MDL_FAC {airframe.physics['rotors']['throttle_curve']:g}")
    lines.append(f"EKF2_GPS_DELAY {1e-3 * float(timing.delay_us):g}")
    return [f"param set {line}" for line in lines]
