"""A simulated vehicle whose IMU and motors hang on the emulated board: the loop flies it through the serial world."""

import ctypes
from collections import deque
from collections.abc import Callable

import numpy as np

from firmware_bridge import mpu, protocol
from firmware_bridge.serial_world import SerialWorld
from firmware_bridge.wiring import Wiring
from flight.airframe import Airframe
from flight.command import COMMAND
from flight.inputs import INPUTS, SENSORS
from flight.record import rows
from sim import vehicle as one
from sim.operator import Step, brief
from tests.emulator.board import CYCLES_PER_US, Board

# What comes from the board; all other sensors are on the Pi itself.
ON_THE_PI = tuple(name for name in SENSORS if name not in ("imu", "battery"))
SLICE_US = 100


class Trouble:
    """What happens to the wire: shares of lost frames and flipped bytes, times of delay and without contact."""

    def __init__(self, loss: float = 0.0, flips: float = 0.0, seed: int = 1) -> None:
        self.loss, self.flips = loss, flips
        self.random = np.random.default_rng(seed)
        # Begin and end in microseconds; what is sent meanwhile is lost, or held back until the end.
        self.cuts: list[tuple[int, int]] = []
        self.stalls: list[tuple[int, int]] = []

    def hesitate(self, every_us: int, longest_us: int, until_us: int) -> "Trouble":
        """Hold the line up again and again, for up to `longest_us`, as a busy computer does."""
        begins = np.cumsum(self.random.uniform(0.5, 1.5, until_us // every_us) * every_us)
        self.stalls = [(round(at), round(at + self.random.uniform(0, longest_us))) for at in begins]
        return self

    def spoil(self, data: bytes, now_us: int) -> bytes:
        """Return what is left of the bytes."""
        if any(begin <= now_us < end for begin, end in self.cuts):
            return b""
        frames = [f for f in data.split(b"\0") if f and self.random.random() >= self.loss]
        left = bytearray(b"".join(b"\0" + f + b"\0" for f in frames) if self.loss else data)
        for at in np.flatnonzero(self.random.random(len(left)) < self.flips):
            left[at] ^= 1 << self.random.integers(8)
        return bytes(left)

    def delay_us(self, now_us: int) -> int:
        """Return how much later than usual something sent now arrives."""
        while self.stalls and self.stalls[0][1] <= now_us:
            self.stalls.pop(0)
        return self.stalls[0][1] - now_us if self.stalls and self.stalls[0][0] <= now_us else 0


class EmulatedWire:
    """A wire whose far end is the emulated board; time is the board's cycles, and passes while one waits."""

    def __init__(self, board: Board, trouble: Trouble | None = None) -> None:
        self.board, self.seen = board, 0
        self.trouble = trouble or Trouble()
        self.under_way: deque[tuple[float, bytes]] = deque()
        self.torn = b""

    def now_us(self) -> int:
        """Return the Pi's time."""
        return self.board.cycle // CYCLES_PER_US

    def read(self, until_us: int) -> bytes:
        """Let time pass until something has come."""
        while True:
            self.collect()
            if self.under_way and self.under_way[0][0] <= self.now_us():
                return self.under_way.popleft()[1]
            if self.now_us() >= until_us:
                return b""
            state = self.board.call("run", ctypes.c_uint64(self.board.cycle + SLICE_US * CYCLES_PER_US))
            assert state == 0, "the processor stopped"

    def collect(self) -> None:
        """Put whole frames the board has sent on their way."""
        new = self.board.log("bytes", self.seen)
        self.seen += len(new)
        whole, end, self.torn = (self.torn + new["what"].astype(np.uint8).tobytes()).rpartition(b"\0")
        data = self.trouble.spoil(whole + end, self.now_us())
        if data:
            self.under_way.append((self.arrival_us(), data))

    def arrival_us(self) -> float:
        """Return when what is sent now arrives; nothing overtakes."""
        at = self.now_us() + self.trouble.delay_us(self.now_us())
        return max(at, self.under_way[-1][0]) if self.under_way else at

    def write(self, data: bytes) -> bool:
        """Send; what the line holds back arrives later."""
        delay = round(self.trouble.delay_us(self.now_us()) * CYCLES_PER_US)
        left = self.trouble.spoil(data, self.now_us())
        self.board.call("send", left, len(left), ctypes.c_uint64(self.board.cycle + delay))
        return True

    def close(self) -> None:
        """Nothing to let go."""


class VehicleOnBoard:
    """The simulated vehicle whose IMU, battery and motors hang on a board."""

    def __init__(
        self,
        switch_on: Callable[..., Board],
        airframe: Airframe,
        seed: int,
        steps: list[Step],
        output: protocol.Output = protocol.Output.ONESHOT125,
    ) -> None:
        self.setup, self.vehicle = one.setup_for(airframe)[0], rows(one.VEHICLE)[0]
        # The wire and the board bring these delays with them.
        self.setup.presets.imu.timing.delay_us = 0
        self.setup.plant.command_delay_s = 0.0
        one.place(self.vehicle, self.setup, seed)
        brief(self.vehicle.operator, steps)
        self.measured, self.motor = rows(INPUTS)[0], np.zeros(8)
        self.status = rows(COMMAND)[0]
        self.pulses_seen, self.output = 0, output
        self.wiring = Wiring(output)
        self.pending: dict[str, np.void] = {}
        self.demands: deque[np.void] = deque()
        self.board = switch_on(sample=self.sample)

    def sample(self, cycle: int) -> bytes:
        """Let the plant catch up with the board's time under the pulses made so far; return the IMU's registers."""
        self.take_pulses()
        while self.vehicle.truth.t_us + self.setup.tick_us <= cycle // CYCLES_PER_US:
            one.measure(self.vehicle, self.setup, self.status.status, self.measured)
            for name in ON_THE_PI:
                if self.measured[name].fresh:
                    self.pending[name] = self.measured[name].copy()
            if self.measured.demand.fresh:
                self.demands.append(self.measured.demand.copy())
            self.status.motors.motor = self.motor
            one.obey(self.vehicle, self.setup, self.status)
        imu, battery = self.measured.imu, self.measured.battery
        volts = 1e3 * battery.voltage_v / self.wiring.volts_per_volt
        self.board.call("analog", 0, round(volts))
        return mpu.encode(imu.gyro_frd, imu.accel_frd, imu.temperature_c, self.wiring.rotation)

    def take_pulses(self) -> None:
        """Take the newest pulse of every motor as its throttle."""
        new = self.board.pulses(self.pulses_seen)
        self.pulses_seen += len(new)
        is_pwm = self.output == protocol.Output.PWM
        least, span = (1000.0, 1000.0) if is_pwm else (125.0, 125.0)
        for pulse in new:
            width_us = float(pulse["value"]) / CYCLES_PER_US
            self.motor[pulse["what"]] = np.clip((width_us - least) / span, 0.0, 1.0)


class FlownBoard(VehicleOnBoard):
    """A World: the serial world for IMU, motors and battery, the simulator's other sensors as if on the Pi."""

    def __init__(
        self,
        switch_on: Callable[..., Board],
        airframe: Airframe,
        seed: int,
        steps: list[Step],
        trouble: Trouble | None = None,
        output: protocol.Output = protocol.Output.ONESHOT125,
    ) -> None:
        super().__init__(switch_on, airframe, seed, steps, output)
        self.dt = 1.0 / airframe.loop_rate_hz
        self.serial = SerialWorld(EmulatedWire(self.board, trouble), self.dt, self.wiring)
        self.serial.open()

    def read(self, inputs: np.void) -> bool:
        """Wait for the board's sample; add what came from the Pi's own sensors since the last tick."""
        self.serial.read(inputs)
        for name in (*ON_THE_PI, "demand"):
            inputs[name].fresh = 0
        for name, sample in self.pending.items():
            inputs[name] = sample
        self.pending.clear()
        if self.demands:
            inputs.demand = self.demands.popleft()
        return True

    def write(self, command: np.void) -> None:
        """Send the command; the operator sees it."""
        self.status.status = command.status
        self.status.estimate, self.status.setpoint = command.estimate, command.setpoint
        self.serial.write(command)
