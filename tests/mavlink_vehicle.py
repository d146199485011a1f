"""A vehicle that flies by MAVLink: a small autopilot on our plant; time passes while one waits."""

import math
import socket
import struct
import sys
import time
from collections import deque
from contextlib import suppress
from typing import Any

from pymavlink.dialects.v20 import common as mavlink

from flight import airframe
from sim.hosted import Hosted
from tests.other_autopilots import COUNTER_CLOCKWISE, FORWARD, RIGHT, clipped

G = 9.80665
ARDUPILOT, PX4 = 3, 12
BOOT_US = 7_000_000
TARGET_AGE_US = 500_000


def product(a: Any, b: Any) -> tuple[float, ...]:
    """Multiply quaternions."""
    return (
        a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3],
        a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2],
        a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1],
        a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0],
    )


class FarSide:
    """The wire to a vehicle and the vehicle itself: `now_us`, `read`, `write`, `close` are all the world sees."""

    def __init__(
        self,
        autopilot: int = PX4,
        imu: str = "HIGHRES_IMU",
        imu_hz: int = 250,
        latency_us: int = 3000,
        seed: int = 3,
    ) -> None:
        self.vehicle = Hosted(airframe.load("pi450"), seed)
        self.autopilot, self.imu, self.imu_us, self.latency_us = (
            autopilot,
            imu,
            1_000_000 // imu_hz,
            latency_us,
        )
        self.mav, self.ear = mavlink.MAVLink(None, 1, 1), mavlink.MAVLink(None, 1, 1)
        self.arriving: deque[tuple[int, bytes]] = deque()
        self.clock_us = 50_000_000
        self.is_armed, self.mode = False, 0
        self.params: dict[str, float] = {"GUID_OPTIONS": 8.0}
        self.answers: dict[int, int] = {}
        self.version, self.receiver = (1, 15), [1000] * 16
        # What single motors were told last, how, and when.
        self.direct, self.direct_by, self.direct_us = [0.0] * 4, "", 0
        self.target: Any = None
        self.target_us = -TARGET_AGE_US
        self.sums, self.refuses, self.is_ready, self.is_mute, self.cut = [0.0] * 3, "", True, False, False
        self.capabilities = 64
        self.heard: dict[str, int] = {}
        self.intervals: dict[int, float] = {}
        self.due: dict[str, int] = {}
        self.imu_sums, self.imu_count = [0.0] * 6, 0
        self.boot_us = BOOT_US

    # What the world sees.

    def now_us(self) -> int:
        return self.clock_us

    def read(self, until_us: int) -> bytes:
        """Let time pass until something arrives."""
        while True:
            if self.arriving and self.arriving[0][0] <= self.clock_us:
                return self.arriving.popleft()[1]
            if self.clock_us >= until_us:
                return b""
            self.pass_millisecond()

    def write(self, data: bytes) -> bool:
        if self.cut:
            return False
        for message in self.ear.parse_buffer(bytearray(data)) or []:
            self.heard[message.get_type()] = self.heard.get(message.get_type(), 0) + 1
            self.obey(message)
        return True

    def close(self) -> None:
        pass

    # The vehicle.

    @property
    def is_guided(self) -> bool:
        return self.mode == (6 if self.autopilot == PX4 else 20)

    @property
    def height(self) -> float:
        return -float(self.vehicle.truth["p_ned"][0][2])

    def pass_millisecond(self) -> None:
        self.vehicle.step(self.throttles(), 1000)
        self.clock_us += 1000
        self.vehicle.measure()
        if not self.is_mute:
            self.tell()

    def throttles(self) -> list[float]:
        """Turn the motors as told, as long as its settings allow that; else hold attitude or rate."""
        if self.direct_by == "override":
            is_told = self.clock_us - self.direct_us < 1e6 * self.params["RC_OVERRIDE_TIME"]
            return self.direct if is_told else [max(w - 1000, 0) / 1000.0 for w in self.receiver[8:12]]
        if self.direct_by and self.is_armed:
            if self.clock_us - self.target_us < 1e6 * self.params["COM_OF_LOSS_T"]:
                return self.direct
            self.mode, self.is_armed = 0, self.direct_by == "group"
        return self.held()

    def held(self) -> list[float]:
        """Hold the attitude or rate target: what an autopilot's inner loops do."""
        is_fresh = self.clock_us - self.target_us < TARGET_AGE_US
        if not self.is_armed or self.target is None:
            return [0.0] * 4
        if not is_fresh:
            self.mode, self.is_armed = 0, self.height > 0.2 and self.is_armed
        q, omega = self.vehicle.truth["q_ned_frd"][0].tolist(), self.vehicle.truth["omega_frd"][0].tolist()
        if self.target.type_mask & 128:
            wish = [self.target.body_roll_rate, self.target.body_pitch_rate, self.target.body_yaw_rate]
        else:
            away = product((q[0], -q[1], -q[2], -q[3]), self.target.q)
            side = 2.0 if away[0] >= 0.0 else -2.0
            wish = [gain * side * e for gain, e in zip((6.0, 6.0, 2.0), away[1:], strict=True)]
        twist = [gain * (w - o) for gain, w, o in zip((0.0215, 0.0215, 0.12), wish, omega, strict=True)]
        if self.height > 0.2:
            self.sums = [clipped(s + 0.0015 * t, 0.1) for s, t in zip(self.sums, twist, strict=True)]
        roll, pitch, yaw = (clipped(t, 0.15) + s for t, s in zip(twist, self.sums, strict=True))
        # Thrust is a share of full thrust: the throttle for it by the airframe's curve.
        lift = (math.sqrt(0.36 + 1.6 * max(self.target.thrust, 0.0)) - 0.6) / 0.8
        if lift < 0.05:
            return [0.0] * 4
        corners = zip(RIGHT, FORWARD, COUNTER_CLOCKWISE, strict=True)
        return [min(max(lift - r * roll + f * pitch + c * yaw, 0.0), 1.0) for r, f, c in corners]

    def obey(self, m: Any) -> None:
        kind = m.get_type()
        if kind == "SET_ATTITUDE_TARGET":
            self.target, self.target_us = m, self.clock_us
        elif kind == "SET_ACTUATOR_CONTROL_TARGET" and self.version < (1, 14):
            assert m.group_mlx == 0
            self.target_us, (roll, pitch, yaw, lift) = self.clock_us, m.controls[:4]
            corners = zip(RIGHT, FORWARD, COUNTER_CLOCKWISE, strict=True)
            half = math.sqrt(0.5)
            told = [lift + half * (f * pitch - r * roll) + c * yaw for r, f, c in corners]
            self.turn([min(max(x, 0.0), 1.0) for x in told], "group")
        elif kind == "RC_CHANNELS_OVERRIDE":
            functions = [int(self.params.get(f"SERVO{k}_FUNCTION", 0)) for k in range(1, 17)]
            widths = [getattr(m, f"chan{f - 50}_raw") for f in functions if 51 <= f <= 66]
            assert all(1000 <= width <= 2000 for width in widths)
            self.turn([(width - 1000) / 1000.0 for width in widths], "override")
        elif kind == "PARAM_REQUEST_READ" and m.param_id in self.params:
            self.tell_parameter(m.param_id, self.params[m.param_id])
        elif kind == "COMMAND_LONG":
            self.command(m)

    def turn(self, ratios: list[float], by: str) -> None:
        self.direct, self.direct_by, self.direct_us = ratios, by, self.clock_us

    def tell_parameter(self, name: str, value: float) -> None:
        """Tell a parameter as each does: a whole number's bits, or the number."""
        is_bits = self.autopilot == PX4 and isinstance(value, int)
        shown = struct.unpack("<f", struct.pack("<i", value))[0] if is_bits else float(value)
        kind = 6 if isinstance(value, int) else 9
        self.send(mavlink.MAVLink_param_value_message(name.encode(), shown, kind, 1, 0))

    def command(self, m: Any) -> None:
        result = 0
        if m.command == 511:
            self.intervals[int(m.param1)] = m.param2
        elif m.command == 512:
            self.send(
                mavlink.MAVLink_autopilot_version_message(
                    self.capabilities,
                    self.version[0] << 24 | self.version[1] << 16,
                    0,
                    0,
                    0,
                    [0] * 8,
                    [0] * 8,
                    [0] * 8,
                    0,
                    0,
                    0,
                )
            )
        elif m.command == 187 and 304 in self.params.values():
            self.turn([0.5 + 0.5 * x for x in (m.param1, m.param2, m.param3, m.param4)], "set")
        elif m.command == 176:
            is_streamed = self.clock_us - self.target_us < TARGET_AGE_US
            result = 0 if is_streamed else 1
            self.mode = int(m.param2) if is_streamed else self.mode
        elif m.command == 400 and m.param1 == 1.0 and (self.refuses or not self.is_guided):
            result = 1
            self.send(mavlink.MAVLink_statustext_message(4, (self.refuses or "not guided").encode()))
        elif m.command == 400:
            self.is_armed = m.param1 == 1.0
        result = self.answers.get(m.command, result)
        self.send(mavlink.MAVLink_command_ack_message(m.command, result))

    def send(self, message: Any) -> None:
        data = bytes(message.pack(self.mav))
        self.mav.seq = (self.mav.seq + 1) & 0xFF
        if not self.cut:
            self.arriving.append((self.clock_us + self.latency_us, data))

    # What it tells.

    def fresh(self, name: str) -> Any:
        sample = self.vehicle.inputs[name]
        return sample if sample["fresh"][0] else None

    def is_due(self, name: str, interval_us: int) -> bool:
        if self.clock_us < self.due.get(name, 0):
            return False
        self.due[name] = self.clock_us + interval_us
        return True

    def tell(self) -> None:
        far_us = self.clock_us - 50_000_000 + self.boot_us
        if self.fresh("imu") is not None:
            values = [
                *self.vehicle.inputs["imu"]["accel_frd"][0].tolist(),
                *self.vehicle.inputs["imu"]["gyro_frd"][0].tolist(),
            ]
            self.imu_sums = [a + b for a, b in zip(self.imu_sums, values, strict=True)]
            self.imu_count += 1
        if self.imu_count and self.is_due("imu", self.imu_us):
            self.send(self.inertial(far_us, [x / self.imu_count for x in self.imu_sums]))
            self.imu_sums, self.imu_count = [0.0] * 6, 0
        if self.is_due("heartbeat", 1_000_000):
            mode = self.mode << 16 if self.autopilot == PX4 else self.mode
            base = 1 | (128 if self.is_armed else 0)
            self.send(mavlink.MAVLink_heartbeat_message(2, self.autopilot, base, mode, 4, 3))
        if self.is_due("status", 500_000):
            bit = 1 << 28
            self.send(
                mavlink.MAVLink_sys_status_message(
                    bit, bit, bit if self.is_ready else 0, 0, 0, 0, 50, 0, 0, 0, 0, 0, 0
                )
            )
        self.tell_slow(far_us)

    def inertial(self, far_us: int, values: list[float]) -> Any:
        field = self.vehicle.inputs["mag"]["field_ut_frd"][0].tolist()
        if self.imu == "HIGHRES_IMU":
            bits = 0x3F | (0x1C0 if any(field) else 0)
            gauss = [x / 100.0 for x in field]
            return mavlink.MAVLink_highres_imu_message(far_us, *values, *gauss, 0.0, 0.0, 0.0, 0.0, bits, 0)
        scaled = (
            [round(1e3 * a / G) for a in values[:3]]
            + [round(1e3 * w) for w in values[3:]]
            + [round(10 * x) for x in field]
        )
        if self.imu == "RAW_IMU":
            return mavlink.MAVLink_raw_imu_message(far_us, *scaled, 0, 0)
        return mavlink.MAVLink_scaled_imu_message(far_us // 1000, *scaled, 0)

    def tell_slow(self, far_us: int) -> None:
        inputs, t_ms = self.vehicle.inputs, far_us // 1000
        if self.fresh("baro") is not None:
            b = inputs["baro"][0]
            self.send(
                mavlink.MAVLink_scaled_pressure_message(
                    t_ms, 0.01 * float(b["pressure_pa"]), 0.0, round(100 * float(b["temperature_c"]))
                )
            )
        if self.fresh("gps") is not None:
            self.tell_satellites(inputs["gps"][0], far_us)
        if self.fresh("range") is not None:
            r = inputs["range"][0]
            cm = round(100 * float(r["distance_m"])) if r["is_valid"] else 1201
            self.send(mavlink.MAVLink_distance_sensor_message(t_ms, 30, 1200, cm, 0, 0, 25, 255))
        if self.is_due("receiver", 40_000):
            self.send(mavlink.MAVLink_rc_channels_message(t_ms, 16, *self.receiver, 0, 0, 100))
        if self.is_due("battery", 500_000):
            truth = self.vehicle.truth[0]
            cell = round(1e3 * float(truth["voltage_v"]) / 4)
            cells = [cell] * 4 + [65535] * 6
            self.send(
                mavlink.MAVLink_battery_status_message(
                    0, 0, 0, 2000, cells, round(100 * float(truth["current_a"])), -1, -1, 80
                )
            )

    def tell_satellites(self, gps: Any, far_us: int) -> None:
        north, east, _ = gps["v_ned"].tolist()
        lat, lon, alt = (
            round(1e7 * gps["lat_deg"]),
            round(1e7 * gps["lon_deg"]),
            round(1e3 * gps["alt_amsl_m"]),
        )
        truth = self.vehicle.truth["v_ned"][0].tolist()
        speeds = [round(100 * x) for x in truth]
        self.send(mavlink.MAVLink_global_position_int_message(far_us // 1000, lat, lon, alt, 0, *speeds, 0))
        accuracies = [round(1e3 * float(gps[f"{n}_m"])) for n in ("horizontal_accuracy", "vertical_accuracy")]
        self.send(
            mavlink.MAVLink_gps_raw_int_message(
                far_us, int(gps["fix_type"]), lat, lon, alt, 100, 100, round(100 * math.hypot(north, east)),
                round(100 * math.degrees(math.atan2(east, north)) % 36000) % 36000, int(gps["satellites"]),
                h_acc=accuracies[0], v_acc=accuracies[1], vel_acc=round(1e3 * float(gps["speed_accuracy_m_s"])),
            )
        )  # fmt: skip


def fly_in_real_time(far: FarSide, port: int, seconds: float) -> None:
    """Be the far side at the pace of the wall's clock, sending to a UDP port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.connect(("127.0.0.1", port))
        line.setblocking(False)
        began_s, begun_us = time.monotonic(), far.clock_us
        while time.monotonic() - began_s < seconds:
            if 1e-6 * (far.clock_us - begun_us) > time.monotonic() - began_s:
                time.sleep(0.0005)
                continue
            far.pass_millisecond()
            with suppress(OSError):
                while far.arriving and far.arriving[0][0] <= far.clock_us:
                    line.send(far.arriving.popleft()[1])
                while True:
                    far.write(line.recv(2048))


if __name__ == "__main__":
    vehicle = FarSide()
    vehicle.refuses = sys.argv[3] if len(sys.argv) > 3 else ""
    fly_in_real_time(vehicle, int(sys.argv[1]), float(sys.argv[2]))
