"""An emulated board: the firmware's ELF in lock-step with whoever asks, every byte and every pulse with its cycle."""

import ctypes
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np

from firmware_bridge import protocol
from tests.registers.mpu import LEVEL, Mpu

CYCLES_PER_US = 16
BEGIN, WRITE = 0, 1
HERE = Path(__file__).parent
FIRMWARE = HERE.parent.parent / "firmware_bridge" / "arduino" / "quadloop"
LOG = 65536
ENTRY = np.dtype([("cycle", "u8"), ("what", "u4"), ("value", "u4")])
TICKER = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_uint64)
TALKER = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_int)


def build_host(folder: Path) -> Path:
    """Compile the emulator's host library."""
    library = folder / "host.so"
    command = [
        shutil.which("cc") or "cc",
        "-O2",
        "-shared",
        "-fPIC",
        "-o",
        str(library),
        str(HERE / "host.c"),
    ]
    subprocess.run([*command, "-lsimavr", "-lelf"], check=True)
    return library


class Board:
    """An ATmega328P running the firmware, with an MPU-6050 on its I2C bus and a wire to the test."""

    def __init__(
        self, library: Path, elf: Path, sample: Callable[[int], bytes] | None = None, who: int = 0x68
    ):
        self.lib = ctypes.CDLL(os.fspath(library))
        self.lib.host_new.restype = ctypes.c_void_p
        self.lib.host_cycle.restype = ctypes.c_uint64
        self.now = 0
        self.imu = Mpu((lambda: sample(self.now)) if sample else (lambda: LEVEL), who)
        self.callbacks = TICKER(self.on_tick), TALKER(self.on_talk)
        handle = self.lib.host_new(os.fsencode(elf), *self.callbacks)
        assert handle, f"the emulator cannot load {elf}"
        self.handle = ctypes.c_void_p(handle)
        self.forget()

    def forget(self) -> None:
        """Begin to listen."""
        self.splitter, self.read, self.seq = protocol.Splitter(), 0, 0
        self.samples: list[protocol.Imu] = []
        self.answers: list[protocol.Answer] = []
        self.hellos: list[protocol.Hello] = []

    def on_tick(self, cycle: int) -> bool:
        """Let a millisecond of the sensor's clock pass."""
        self.now = cycle
        return self.imu.tick()

    def on_talk(self, what: int, byte: int) -> int:
        """Do on the bus what the board does."""
        if what == BEGIN:
            return self.imu.begin(bool(byte & 1))
        return self.imu.write(byte) if what == WRITE else self.imu.read()

    def call(self, name: str, *arguments) -> int:
        """Call the host."""
        return getattr(self.lib, f"host_{name}")(self.handle, *arguments)

    @property
    def cycle(self) -> int:
        """Return how many clock cycles have passed."""
        return self.lib.host_cycle(self.handle)

    def log(self, name: str, since: int = 0) -> np.ndarray:
        """Return the entries of a log (pulses, bytes, reads) from a number on, the newest LOG of them."""
        place = ctypes.c_void_p()
        count = self.call(name, ctypes.byref(place))
        ring = np.ctypeslib.as_array(
            (ctypes.c_uint8 * (LOG * ENTRY.itemsize)).from_address(place.value)
        ).view(ENTRY)
        return ring[np.arange(max(since, count - LOG), count) % LOG]

    def run_us(self, microseconds: float) -> None:
        """Let time pass, then take in what the board sent."""
        state = self.call("run", ctypes.c_uint64(self.cycle + round(microseconds * CYCLES_PER_US)))
        assert state == 0, "the processor stopped"
        self.take()

    def take(self) -> None:
        """Sort the frames that came."""
        new = self.log("bytes", self.read)
        assert len(new) < LOG
        self.read += len(new)
        self.sort(new["what"].astype(np.uint8).tobytes())

    def sort(self, data: bytes) -> None:
        """Put frames in their places."""
        for frame in self.splitter.feed(data):
            said = protocol.parse(frame)
            assert said is not None, frame.hex()
            place = {protocol.Imu: self.samples, protocol.Answer: self.answers, protocol.Hello: self.hellos}
            place[type(said)].append(said)

    def send(self, data: bytes) -> None:
        """Put bytes on the wire, behind those already there."""
        self.call("send", data, len(data), ctypes.c_uint64(self.cycle))

    def next_seq(self) -> int:
        """Return the next frame's number."""
        self.seq = (self.seq + 1) & 0xFF
        return self.seq

    def throttle(self, *throttles: int) -> None:
        """Send a motor frame."""
        self.send(protocol.motors(self.next_seq(), throttles))

    def pulses(self, since: int = 0) -> np.ndarray:
        """Return (cycle of the rising edge, motor, width in cycles) of every pulse from a number on."""
        return self.log("pulses", since)
