"""The IMU on the Pi, the motors on the Arduino: the Pi's bus is short, the board's deadman stops the motors."""

import numpy as np

from firmware_bridge.pi.bare import OwnImu
from firmware_bridge.pi.clock import Clock
from firmware_bridge.pi.imu import Source
from firmware_bridge.serial_world import SerialWorld
from flight.inputs import BridgeFault


class Split(OwnImu):
    """A World: `read` waits for the Pi's IMU and takes in what the board has said, `write` sends it throttles.

    The board's handshake, deadman, battery and receiver are as ever; only its IMU is not asked for. The longer silence
    of the two is `inputs.link.bridge_age_us`.
    """

    def __init__(self, source: Source, board: SerialWorld, clock: Clock, dt: float) -> None:
        super().__init__(source, clock, dt)
        self.board = board

    def open(self) -> None:
        """Find the board, then the IMU, whose samples wait for nobody; raise LinkError."""
        self.board.open()
        self.imu.source.open(self.clock)

    def read(self, inputs: np.void) -> bool:
        """Wait for the next sample, or one and a half periods; fill IMU, battery, receiver and link."""
        told, board = self.places(inputs), self.board
        is_heard = self.fill(told)
        board.drain(told)
        age_us = board.wire.now_us() - board.heard_us if board.heard_us else -1
        told.bridge_age_us[0] = (
            -1 if min(age_us, told.bridge_age_us[0]) < 0 else max(age_us, told.bridge_age_us[0])
        )
        told.bridge_faults[0] = board.faults() | (0 if is_heard else BridgeFault.BUS)
        return True

    def write(self, command: np.void) -> None:
        """Send this tick's throttles; ask the board to arm or disarm when the loop has."""
        self.board.write(command)

    def close(self) -> None:
        """Disarm the board."""
        self.board.close()
