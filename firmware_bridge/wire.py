"""A serial port as a wire: bytes and time; a port that goes away and comes back is data, not an exception."""

import os
import select
import termios
import time
from contextlib import suppress
from typing import Protocol

import serial

from flight.errors import LinkError

BAUD = 500_000
RETRY_S = 0.5
CHUNK = 4096
# What a port that goes away, or cannot be set so, may raise.
FAULTS = (OSError, serial.SerialException, termios.error)


class Wire(Protocol):
    """What a serial world needs of its far side."""

    def now_us(self) -> int:
        """Return the Pi's monotonic time in microseconds."""
        ...

    def read(self, until_us: int) -> bytes:
        """Return what has arrived, waiting for something until a time."""
        ...

    def write(self, data: bytes) -> bool:
        """Send, unless something is still queued; tell whether it was sent."""
        ...

    def close(self) -> None:
        """Let the wire go."""
        ...


class Port(Wire, Protocol):
    """A wire whose speed can be changed."""

    def change(self, baud: int) -> None:
        """Speak at another speed from now on."""
        ...


class SerialWire:
    """A serial port; opening it does not reset the board where the system allows that."""

    def __init__(self, port: str, baud: int = BAUD, parity: str = "N", stop_bits: int = 1) -> None:
        self.port = serial.Serial(parity=parity, stopbits=stop_bits)
        self.port.port, self.port.baudrate = port, baud
        self.port.timeout, self.port.write_timeout = 0.0, 0.0
        # An Arduino's boot loader is started by DTR: a second and a half without motors.
        self.port.dtr = False
        self.retry_us = self.losses = self.place = 0
        try:
            self.open()
        except FAULTS as error:
            raise LinkError(f"{port}: cannot be opened: {error}") from None

    def open(self) -> None:
        """Open the port, without delay of its adapter where it can be told."""
        self.port.open()
        self.place = self.port.fileno()
        try:
            self.port.set_low_latency_mode(True)
        except (AttributeError, NotImplementedError, OSError, ValueError):
            # Not every adapter can; it costs milliseconds, not correctness.
            return

    def change(self, baud: int) -> None:
        """Speak at another speed from now on, once everything is sent."""
        with suppress(*FAULTS):
            self.port.flush()
            self.port.baudrate = baud
            self.port.reset_input_buffer()

    def now_us(self) -> int:
        """Return the monotonic time in microseconds."""
        return time.monotonic_ns() // 1000

    def read(self, until_us: int) -> bytes:
        """Return what has arrived, waiting until a time; nothing while the port is away."""
        if not self.port.is_open and not self.reopen():
            time.sleep(1e-6 * max(0, until_us - self.now_us()))
            return b""
        try:
            # The port's own reading sets the line up anew for each timeout, and wakes up for the first byte alone.
            if not select.select([self.place], [], [], 1e-6 * max(0, until_us - self.now_us()))[0]:
                return b""
            data = os.read(self.place, CHUNK)
        except BlockingIOError:
            return b""
        except FAULTS:
            data = b""
        if not data:
            # Ready, with nothing to read: whoever was there has gone.
            self.lose()
        return data

    def write(self, data: bytes) -> bool:
        """Send unless the port is away or still has something to send."""
        if not self.port.is_open:
            return False
        try:
            if self.port.out_waiting:
                return False
            return os.write(self.place, data) == len(data)
        except BlockingIOError:
            return False
        except FAULTS:
            self.lose()
            return False

    def lose(self) -> None:
        """Note that the port went away."""
        self.losses += 1
        self.retry_us = self.now_us() + round(1e6 * RETRY_S)
        self.port.close()

    def reopen(self) -> bool:
        """Try now and then to open a port that went away."""
        if self.now_us() < self.retry_us:
            return False
        self.retry_us = self.now_us() + round(1e6 * RETRY_S)
        try:
            self.open()
        except FAULTS:
            return False
        return True

    def close(self) -> None:
        """Close the port."""
        self.port.close()
