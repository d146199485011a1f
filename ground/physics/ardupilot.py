"""ArduPilot's JSON interface: servo packets in, a line of JSON out, one for one; ArduPilot holds the clock.

The other side is SIM_JSON of ArduPilot's SITL. It sends a packet, waits for the answer, and repeats the packet each
second until one comes. Its reader looks keys up as plain text: no blank after a colon, `velocity` before
`velocity_wind`, a line feed before and after.
"""

import json
import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from flight.airframe import Airframe
from flight.physics import STANDARD_GRAVITY
from ground.physics.rotors import Order, ratios_for
from sim.hosted import Hosted

PORT = 9002
FORMS = {18458: struct.Struct("<HHI16H"), 29569: struct.Struct("<HHI32H")}
PWM_STOP_US, PWM_FULL_US = 1000, 2000
# What a copter asks for by default (SIM_RATE_HZ), and what the plant can follow.
USUAL_RATE_HZ = 1200
SHORTEST_STEP_US, LONGEST_STEP_US = 250, 20_000
COUNTS = 1 << 32
WRITER = json.JSONEncoder(separators=(",", ":"), check_circular=False, allow_nan=False)
# As many channels as it takes.
CHANNELS = 12
# A count this little behind is a packet that was overtaken, not a restart.
OVERTAKEN = 8


class Servos(NamedTuple):
    """One servo packet."""

    rate_hz: int
    number: int
    pwm_us: tuple[int, ...]


def parse(datagram: bytes) -> Servos | None:
    """Return what a datagram says, None when it is no servo packet."""
    form = FORMS.get(int.from_bytes(datagram[:2], "little"))
    if form is None or len(datagram) != form.size:
        return None
    _, rate_hz, count, *pwm_us = form.unpack(datagram)
    return Servos(rate_hz, count, tuple(pwm_us))


def throttle(pwm_us: int) -> float:
    """Return a pulse as a throttle ratio; no pulse (0) is a stopped motor."""
    return min(max((pwm_us - PWM_STOP_US) / (PWM_FULL_US - PWM_STOP_US), 0.0), 1.0)


def step_for(rate_hz: int) -> int:
    """Return the step in microseconds a frame rate asks for, within what the plant can follow."""
    return min(max(round(1e6 / (rate_hz or USUAL_RATE_HZ)), SHORTEST_STEP_US), LONGEST_STEP_US)


def state_of(vehicle: Hosted) -> dict[str, Any]:
    """Return the truth under ArduPilot's names: its own simulation adds the sensors' errors."""
    truth, felt = vehicle.truth, vehicle.feel()
    return {
        "timestamp": 1e-6 * vehicle.t_us,
        "imu": {"gyro": felt["gyro_frd"][0].tolist(), "accel_body": felt["accel_frd"][0].tolist()},
        "position": truth["p_ned"][0].tolist(),
        "quaternion": truth["q_ned_frd"][0].tolist(),
        "velocity": truth["v_ned"][0].tolist(),
        "airspeed": float(felt["air_speed"][0]),
        "velocity_wind": truth["wind_ned"][0].tolist(),
        "rng_1": float(felt["below_m"][0]),
        "windvane": windvane(*felt["v_air_frd"][0].tolist()),
        "battery": {"voltage": float(truth["voltage_v"][0]), "current": float(truth["current_a"][0])},
    }


def windvane(forward: float, right: float, _down: float) -> dict[str, float]:
    """Return where the felt wind comes from, clockwise from the nose in radians, and how fast it is in m/s."""
    return {"direction": math.atan2(right, forward), "speed": math.hypot(forward, right)}


def channels(widths: list[int]) -> dict[str, Any]:
    """Return a receiver's channels; nothing while it is silent."""
    return {"rc": {f"rc_{k + 1}": width for k, width in enumerate(widths[:CHANNELS])}} if widths else {}


def line_of(state: dict[str, Any]) -> bytes:
    """Return a state as ArduPilot reads it."""
    return b"\n" + WRITER.encode(state).encode("ascii") + b"\n"


@dataclass
class Tally:
    """What came and what was made of it."""

    frames: int = 0
    repeated: int = 0
    missed: int = 0
    overtaken: int = 0
    restarts: int = 0
    strangers: int = 0
    unreadable: int = 0


class Session:
    """What each packet means: a step, a repetition, a new beginning. Knows no socket and no clock."""

    def __init__(self, vehicle: Hosted, order: Order, sticks: Callable[[], list[int]] = list) -> None:
        self.vehicle, self.order, self.tally, self.sticks = vehicle, order, Tally(), sticks
        self.peer: Any = None
        self.last = -1
        self.answer = b""

    def take(self, datagram: bytes, sender: Any, is_peer_silent: bool = False) -> bytes | None:
        """Return the answer to a datagram, None where none is due."""
        servos = parse(datagram)
        if servos is None:
            self.tally.unreadable += 1
            return None
        if sender != self.peer and not self.admits(servos, is_peer_silent):
            self.tally.strangers += 1
            return None
        return self.follow(servos) if sender == self.peer else self.begin(servos, sender)

    def admits(self, servos: Servos, is_peer_silent: bool) -> bool:
        """Tell whether a new sender takes over: the first, one that has just begun, or one after a silence."""
        return self.peer is None or servos.number == 0 or is_peer_silent

    def begin(self, servos: Servos, sender: Any) -> bytes:
        """Start from the beginning for a new sender."""
        self.tally.restarts += self.last >= 0
        self.peer = sender
        self.vehicle.restart()
        return self.advance(servos)

    def follow(self, servos: Servos) -> bytes | None:
        """Go on with the present sender."""
        ahead = (servos.number - self.last) % COUNTS
        if ahead == 0:
            self.tally.repeated += 1
            return self.answer
        if ahead >= COUNTS // 2:
            if servos.number > 0 and COUNTS - ahead <= OVERTAKEN:
                self.tally.overtaken += 1
                return None
            return self.begin(servos, self.peer)
        self.tally.missed += ahead - 1
        return self.advance(servos)

    def advance(self, servos: Servos) -> bytes:
        """Let one step pass under the pulses and tell what is so then."""
        ratios = ratios_for(self.order, [throttle(pulse) for pulse in servos.pwm_us])
        self.vehicle.step(ratios, step_for(servos.rate_hz))
        self.last = servos.number
        self.tally.frames += 1
        self.answer = line_of(state_of(self.vehicle) | channels(self.sticks()))
        return self.answer


def advice(airframe: Airframe, order: Order) -> list[str]:
    """Return the parameters by which ArduPilot knows this vehicle."""
    physics = airframe.physics
    expo = physics["rotors"]["throttle_curve"]
    share = float(airframe.params[0].airframe.mass_kg) * STANDARD_GRAVITY
    share /= len(order.rotor) * float(airframe.params[0].airframe.thrust_max_n)
    # thrust share = expo * t^2 + (1 - expo) * t, solved for the throttle that hovers.
    hover = (
        share
        if expo < 1e-6
        else (math.sqrt((1.0 - expo) ** 2 + 4.0 * expo * share) - 1.0 + expo) / (2.0 * expo)
    )
    cells = physics["battery"]["cells"]
    return [
        "param set FRAME_CLASS 1",
        f"param set FRAME_TYPE {order.frame}",
        f"param set MOT_THST_EXPO {expo:g}",
        f"param set MOT_THST_HOVER {hover:.2f}",
        f"param set MOT_BAT_VOLT_MAX {4.2 * cells:g}",
        f"param set MOT_BAT_VOLT_MIN {3.3 * cells:g}",
    ]
