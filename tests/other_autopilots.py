"""Stand-ins for ArduPilot and PX4: they speak their side of the wire and hover by the truth they are told."""

import math
import re
import socket
import struct
import sys
import threading
from contextlib import contextmanager
from typing import Any

from pymavlink.dialects.v20 import development as mavlink

# Motors 1 to 4 of a quad X as ArduPilot and PX4 number them: front right, rear left, front left, rear right.
FORWARD, RIGHT, COUNTER_CLOCKWISE = (1, -1, 1, -1), (1, -1, -1, 1), (1, 1, -1, -1)
HOVER = 0.49
LIMIT_S = 60.0


def clipped(value: float, limit: float) -> float:
    return max(-limit, min(limit, value))


def turned(q: tuple[float, ...], v: tuple[float, ...], back: bool) -> tuple[float, ...]:
    """Turn a vector from body to world, or back."""
    w, x, y, z = q
    if back:
        x, y, z = -x, -y, -z
    t = (2 * (y * v[2] - z * v[1]), 2 * (z * v[0] - x * v[2]), 2 * (x * v[1] - y * v[0]))
    return (
        v[0] + w * t[0] + y * t[2] - z * t[1],
        v[1] + w * t[1] + z * t[0] - x * t[2],
        v[2] + w * t[2] + x * t[1] - y * t[0],
    )


class Hand:
    """Leads a 450 mm quadrotor to a place, facing north, by what it is told of the truth."""

    def __init__(self, dt: float) -> None:
        self.dt, self.sums = dt, [0.0, 0.0, 0.0]

    def motors(self, p: Any, v: Any, q: Any, omega: Any, goal: tuple[float, float, float]) -> list[float]:
        """Return the four throttles."""
        a = [clipped(1.0 * (goal[k] - p[k]) - 1.6 * v[k], 2.0) for k in range(3)]
        nose = turned(q, (1.0, 0.0, 0.0), back=False)
        # The shortest turn that brings body z under the wanted thrust axis.
        want = turned(q, (-a[0] / 9.81, -a[1] / 9.81, 1.0), back=True)
        wish = (-5.0 * want[1], 5.0 * want[0], -2.0 * math.atan2(nose[1], nose[0]))
        gain = (0.0215, 0.0215, 0.12)
        twist = [gain[k] * (wish[k] - omega[k]) for k in range(3)]
        if p[2] < -0.3:
            self.sums = [clipped(s + 1.5 * self.dt * t, 0.1) for s, t in zip(self.sums, twist, strict=True)]
        roll, pitch, yaw = (clipped(t, 0.1) + s for t, s in zip(twist, self.sums, strict=True))
        lift = HOVER * (1.0 - a[2] / 9.81)
        corners = zip(RIGHT, FORWARD, COUNTER_CLOCKWISE, strict=True)
        return [min(max(lift - r * roll + f * pitch + c * yaw, 0.0), 1.0) for r, f, c in corners]


def read_as_ardupilot(datagram: bytes) -> dict[str, Any]:
    """Read an answer the way ArduPilot does: keys are looked up as text, a value begins two characters behind."""
    assert datagram[:1] == b"\n"
    assert datagram[-1:] == b"\n"
    text = datagram[1:-1].decode("ascii")
    assert "\n" not in text
    found: dict[str, Any] = {}
    for section, key, size in (
        ("", "timestamp", 1), ("imu", "gyro", 3), ("imu", "accel_body", 3), ("", "position", 3), ("", "quaternion", 4),
        ("", "velocity", 3), ("", "rng_1", 1), ("", "airspeed", 1), ("", "velocity_wind", 3), ("battery", "voltage", 1),
        ("battery", "current", 1), ("", "no_time_sync", 1), ("", "no_lockstep", 1), ("", "attitude", 3),
        ("", "latitude", 1), ("rc", "rc_1", 1), ("windvane", "speed", 1),
    ):  # fmt: skip
        start = text.find(section)
        start = text.find(key, start + len(section) + 1) if start >= 0 else -1
        if start >= 0:
            rest = text[start + len(key) + 2 :]
            numbers = re.match(r"\[([^\]]*)\]", rest) if size > 1 else re.match(r"([-+.eE\d]+)", rest)
            assert numbers, f"{key} cannot be read"
            values = [float(x) for x in numbers[1].split(",")]
            assert len(values) == size
            found[key] = values if size > 1 else values[0]
    return found


class Arducopter:
    """ArduPilot's side of the JSON interface."""

    def __init__(self, port: int, rate_hz: int = 400) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", port))
        self.socket.settimeout(LIMIT_S)
        self.rate_hz, self.count, self.hand = rate_hz, 0, Hand(1.0 / rate_hz)

    def packet(self, pulses: list[int]) -> bytes:
        pulses = pulses + [0] * (16 - len(pulses))
        return struct.pack("<HHI16H", 18458, self.rate_hz, self.count, *pulses)

    def exchange(self, pulses: list[int]) -> dict[str, Any]:
        """Send one frame and wait for what is so after it."""
        self.socket.send(self.packet(pulses))
        said = read_as_ardupilot(self.socket.recv(65000))
        self.count += 1
        return said

    def steer(self, said: dict[str, Any], goal: tuple[float, float, float]) -> list[int]:
        throttles = self.hand.motors(
            said["position"], said["velocity"], said["quaternion"], said["gyro"], goal
        )
        return [round(1000 + 1000 * t) for t in throttles]


class Px4:
    """PX4's side of the simulator interface: answers every HIL_SENSOR, its clock counted from the first one."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=LIMIT_S)
        self.mav = mavlink.MAVLink(None, 1, 1)
        self.mav.robust_parsing = True
        self.start_us = 0
        self.waiting: list[Any] = []
        self.newest: dict[str, Any] = {}
        self.counts: dict[str, int] = {}
        self.sensors: list[bytes] = []
        self.request(mavlink.MAVLINK_MSG_ID_HIL_STATE_QUATERNION, 5000.0)

    def send(self, message: Any) -> None:
        self.socket.sendall(message.pack(self.mav))

    def request(self, number: int, interval_us: float) -> None:
        self.send(mavlink.MAVLink_command_long_message(0, 0, 511, 0, number, interval_us, 0, 0, 0, 0, 0))

    def next_sensor(self) -> Any:
        """Take in messages up to the next HIL_SENSOR."""
        while True:
            while self.waiting:
                message = self.waiting.pop(0)
                kind = message.get_type()
                self.newest[kind] = message
                self.counts[kind] = self.counts.get(kind, 0) + 1
                if kind == "HIL_SENSOR":
                    self.start_us = self.start_us or message.time_usec
                    self.sensors.append(bytes(message.get_msgbuf())[10:-2])
                    return message
            data = self.socket.recv(65536)
            assert data, "the simulator has hung up"
            self.waiting += self.mav.parse_buffer(data) or []

    def answer(self, controls: list[float], is_armed: bool = True, late_us: int = 0, flags: int = 1) -> None:
        time_us = self.newest["HIL_SENSOR"].time_usec - self.start_us - late_us
        mode = 1 | (128 if is_armed else 0)
        self.send(
            mavlink.MAVLink_hil_actuator_controls_message(
                time_us, controls + [0.0] * (16 - len(controls)), mode, flags
            )
        )

    def where(
        self, home: tuple[float, float, float]
    ) -> tuple[list[float], list[float], list[float], list[float]]:
        """Return position, velocity, attitude and rate by the truth it is told."""
        truth = self.newest["HIL_STATE_QUATERNION"]
        north = 1e-7 * (truth.lat - home[0]) * 111_190.0
        east = 1e-7 * (truth.lon - home[1]) * 111_190.0 * math.cos(math.radians(1e-7 * home[0]))
        velocity = [0.01 * x for x in (truth.vx, truth.vy, truth.vz)]
        rate = [truth.rollspeed, truth.pitchspeed, truth.yawspeed]
        return [north, east, 1e-3 * (home[2] - truth.alt)], velocity, list(truth.attitude_quaternion), rate


@contextmanager
def serving(server: Any):
    """Run a server in a thread; end it whatever happens."""
    thread = threading.Thread(target=server.run, daemon=True)
    # Both sides share one interpreter, and each waits for the other thousands of times.
    usual_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    thread.start()
    try:
        yield server
    finally:
        sys.setswitchinterval(usual_s)
        server.hosting.is_ended = True
        thread.join(LIMIT_S)
        assert not thread.is_alive()
