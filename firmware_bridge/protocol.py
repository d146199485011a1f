"""The words of the serial link: pure functions between bytes and frames.

A frame is type, seq, body and CRC-16/XMODEM (initial value 0xFFFF, high byte first), byte-stuffed by COBS (Cheshire &
Baker 1999) between zero bytes: before as well as after, so that a torn frame costs no other. Numbers are little-endian,
the IMU's fourteen raw bytes as the sensor gives them. `arduino/quadloop/protocol.h` says the same in C.
"""

import binascii
import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import NamedTuple

PROTOCOL_VERSION = 1
THROTTLE_MAX = 2000
MOTORS = 4
SLOWS = 16
# A motor frame is the longest one to the board, an IMU frame the longest one from it; more is no frame of ours.
FRAME_MOST = 48
CRC_START = 0xFFFF


class Frame(IntEnum):
    """What a frame is: below 0x80 from the board, above to it."""

    IMU = 0x01
    ANSWER = 0x02
    HELLO = 0x03
    MOTORS = 0x81
    ARM = 0x82
    DISARM = 0x83
    CONFIG = 0x84
    ASK_HELLO = 0x85


class State(IntEnum):
    """Who may turn the motors, as the board sees it; both cuts are latched until a disarm."""

    DISARMED = 0
    ARMED = 1
    FAILSAFE = 2
    KILLED = 3


# Looked up faster than made.
STATES = tuple(State)


class Flag(IntFlag):
    """What else the IMU frame's state byte says."""

    IMU_STALE = 0x04
    IMU_POLLED = 0x08
    PPM = 0x10
    KILL_SWITCH = 0x20
    SELF_TEST = 0x40
    ALONE = 0x80


class Config(IntFlag):
    """How the board is set, beside its output; ALONE: the IMU is elsewhere, so arming asks for none on the board."""

    HZ_500 = 1
    ALONE = 2


class Refused(IntEnum):
    """Why the board does not do what it is asked."""

    NOT = 0
    NONCE = 1
    STATE = 2
    THROTTLE = 3
    LINK = 4
    IMU = 5
    KILL_SWITCH = 6
    SELF_TEST = 7
    SUPPLY = 8
    OUTPUT = 9
    RANGE = 10
    UNKNOWN = 11
    LENGTH = 12
    ORDER = 13


class Output(IntEnum):
    """How the motors are driven."""

    NONE = 0
    PWM = 1
    ONESHOT125 = 2


class Slow(IntEnum):
    """What the IMU frame's slow number is, by its seq modulo SLOWS; PPM and on: eight channels in microseconds."""

    BATTERY = 0
    CURRENT = 1
    SUPPLY_MV = 2
    FRAMES_BAD = 3
    REFUSED = 4
    OVERRUNS = 5
    BUS_ERRORS = 6
    STACK = 7
    PPM = 8


class SelfTest(IntFlag):
    """What the board's self-test found wrong."""

    NO_IMU = 1
    UNKNOWN_IMU = 2
    GYRO = 4
    ACCEL = 8
    NO_INTERRUPT = 16
    BUS_STUCK = 32
    MOVED = 64


ADVICE: dict[Refused, str] = {
    Refused.NONCE: "the arming request was not made for this moment; ask again",
    Refused.STATE: "the board is armed already, or a cut is latched: disarm first",
    Refused.THROTTLE: "the last motor frame was not all zero",
    Refused.LINK: "no motor frame came within 100 ms",
    Refused.IMU: "the IMU gives no samples: check its wires",
    Refused.KILL_SWITCH: "the receiver's kill switch is on",
    Refused.SELF_TEST: "the self-test failed; the hello frame says why",
    Refused.SUPPLY: "the board's supply is below 4.3 V",
    Refused.OUTPUT: "no motor protocol is chosen yet: PWM or OneShot125",
    Refused.RANGE: f"a number is out of range (throttle 0 to {THROTTLE_MAX})",
    Refused.UNKNOWN: "the board does not know this request: is its firmware older?",
    Refused.LENGTH: "the request has a wrong length",
    Refused.ORDER: "the frame is older than one already obeyed",
}
TEST_ADVICE: dict[SelfTest, str] = {
    SelfTest.NO_IMU: "no IMU answers at I2C address 0x68: check SDA on A4, SCL on A5, supply and AD0 to ground",
    SelfTest.UNKNOWN_IMU: "the IMU is none of MPU-6050, MPU-6500, MPU-9250, MPU-9255",
    SelfTest.GYRO: "a gyroscope axis misses its factory trim: the sensor is damaged",
    SelfTest.ACCEL: "an accelerometer axis misses its factory trim: the sensor is damaged",
    SelfTest.NO_INTERRUPT: "the IMU's INT pin is not wired to D2: samples are timed by the board's clock",
    SelfTest.BUS_STUCK: "SDA stays low even after nine clocks: a short circuit",
    SelfTest.MOVED: "the vehicle was moved during the self-test: leave it still and reset the board",
}


class Imu(NamedTuple):
    """One sample: `raw` is accel, temperature and gyro as seven big-endian 16-bit numbers; `slow` as Slow says.

    `flags` is a sum of Flag; a tuple of plain numbers, since one is made in every tick.
    """

    seq: int
    t_us: int
    raw: bytes
    state: State
    flags: int
    echo: int
    nonce: int
    slow: int


@dataclass(frozen=True)
class Answer:
    """What became of a request."""

    asked: int
    asked_seq: int
    refusal: Refused


@dataclass(frozen=True)
class Hello:
    """Who is on the far side, how it is set, how its self-test went; `reset` is the chip's MCUSR."""

    protocol: int
    version: tuple[int, int]
    reset: int
    who_am_i: int
    test: SelfTest
    output: Output
    motors: int
    state: State
    deadman_ms: int
    kill_channel: int
    gyro_dps: int
    accel_g: int


IMU_BODY = struct.Struct("<I14sBBHH")
HELLO_BODY = struct.Struct("<13B")
MOTORS_BODY = struct.Struct(f"<{MOTORS}H")
GYRO_UNIT_DPS = 250


def stuff(frame: bytes) -> bytes:
    """Return COBS without the zero bytes around it; frames are far below 254 bytes."""
    return b"".join(bytes([len(part) + 1]) + part for part in frame.split(b"\0"))


def unstuff(stuffed: bytes) -> bytes | None:
    """Return the frame, None for what no stuffing makes."""
    parts, at = [], 0
    while at < len(stuffed):
        code = stuffed[at]
        if code == 0 or at + code > len(stuffed):
            return None
        parts.append(stuffed[at + 1 : at + code])
        at += code
    return b"\0".join(parts)


def pack(kind: int, seq: int, body: bytes = b"") -> bytes:
    """Return a frame as it goes over the wire."""
    frame = bytes([kind, seq & 0xFF]) + body
    crc = binascii.crc_hqx(frame, CRC_START)
    return b"\0" + stuff(frame + crc.to_bytes(2, "big")) + b"\0"


def unpack(stuffed: bytes) -> bytes | None:
    """Return type, seq and body of what came between two zero bytes, None when it is damaged."""
    frame = unstuff(stuffed)
    if frame is None or len(frame) < 4 or binascii.crc_hqx(frame, CRC_START) != 0:
        return None
    return frame[:-2]


def motors(seq: int, throttles: tuple[int, ...]) -> bytes:
    """Return a frame with throttles 0 to THROTTLE_MAX."""
    return pack(Frame.MOTORS, seq, MOTORS_BODY.pack(*throttles))


def arm(seq: int, nonce: int) -> bytes:
    """Return the request to arm; the nonce is the newest IMU frame's."""
    return pack(Frame.ARM, seq, nonce.to_bytes(2, "little"))


def disarm(seq: int) -> bytes:
    """Return the request to stop the motors and forget a latched cut."""
    return pack(Frame.DISARM, seq)


def config(seq: int, output: Output, imu_rate_hz: int, is_alone: bool = False) -> bytes:
    """Return the request to choose how motors are driven, how often to sample (500 or 1000 Hz), and if at all."""
    rate = Config.HZ_500 if imu_rate_hz == 500 else Config(0)
    return pack(Frame.CONFIG, seq, bytes([output, rate | (Config.ALONE if is_alone else 0)]))


def ask_hello(seq: int) -> bytes:
    """Return the question who is there."""
    return pack(Frame.ASK_HELLO, seq)


def parse(frame: bytes) -> Imu | Answer | Hello | None:
    """Return what a frame from the board says, None for one this version does not know."""
    kind, seq, body = frame[0], frame[1], frame[2:]
    if kind == Frame.IMU and len(body) == IMU_BODY.size:
        t_us, raw, state, echo, nonce, slow = IMU_BODY.unpack(body)
        return Imu(seq, t_us, raw, STATES[state & 3], state & 0xFC, echo, nonce, slow)
    if kind == Frame.ANSWER and len(body) == 3 and body[2] in list(Refused):
        return Answer(body[0], body[1], Refused(body[2]))
    if kind == Frame.HELLO and len(body) == HELLO_BODY.size:
        return hello(body)
    return None


def hello(body: bytes) -> Hello | None:
    """Return a hello frame's contents."""
    version, major, minor, reset, who, test, output, count, state, deadman, kill, gyro, accel = body
    if output not in list(Output) or state not in list(State):
        return None
    return Hello(
        version, (major, minor), reset, who, SelfTest(test), Output(output), count, State(state), deadman, kill,
        gyro * GYRO_UNIT_DPS, accel,
    )  # fmt: skip


class Splitter:
    """Cut a stream of bytes into frames; counts what was damaged."""

    def __init__(self) -> None:
        self.kept = bytearray()
        self.damaged = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Return the whole frames (type, seq, body) that these bytes complete."""
        *whole, rest = (bytes(self.kept) + data).split(b"\0")
        # A line that never sends a zero must not fill the memory.
        self.kept = bytearray(rest[-2 * FRAME_MOST :])
        frames = [unpack(piece) for piece in whole if piece]
        self.damaged += sum(frame is None for frame in frames)
        return [frame for frame in frames if frame is not None]
