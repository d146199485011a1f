"""What a board's frames bring beside the samples: battery, receiver, which firmware is on it; and the port itself."""

import os
import pty
import tty

import pytest

from firmware_bridge import protocol
from firmware_bridge.serial_world import SerialWorld
from firmware_bridge.wire import SerialWire
from firmware_bridge.wiring import Wiring
from flight.errors import LinkError
from flight.inputs import INPUTS, BridgeFault
from flight.record import rows
from tests.registers.mpu import LEVEL


class Spoken:
    """A wire on which one frame comes at each look."""

    def __init__(self, slow: dict[int, int]) -> None:
        self.slow, self.count, self.sent = slow, 0, b""

    def now_us(self) -> int:
        return 1000 * self.count

    def read(self, until_us: int) -> bytes:
        self.count += 1
        number = self.slow.get(self.count % protocol.SLOWS, 0)
        body = protocol.IMU_BODY.pack(1000 * self.count, LEVEL, protocol.State.DISARMED, 0, 7, number)
        return protocol.pack(protocol.Frame.IMU, self.count, body)

    def write(self, data: bytes) -> bool:
        self.sent += data
        return True

    def close(self) -> None:
        pass


def test_the_boards_receiver_and_battery_ride_along_with_the_samples():
    # Roll right, stick back, full throttle, yaw left beyond its end, kill off, arm on; 14 V behind the divider of 11.
    channels = dict(enumerate([1750, 1600, 2000, 900, 1000, 2000], protocol.Slow.PPM))
    wire = Spoken(channels | {protocol.Slow.SUPPLY_MV: 5000, protocol.Slow.BATTERY: 261})
    world, inputs = SerialWorld(wire, 0.001, Wiring(has_receiver=True)), rows(INPUTS)[0]
    fresh = []
    for _ in range(3 * protocol.SLOWS):
        world.read(inputs)
        fresh.append((inputs.pilot.fresh, inputs.battery.fresh))

    pilot = inputs.pilot
    assert sum(f[0] for f in fresh) == 3
    assert sum(f[1] for f in fresh) in (2, 3)
    assert (pilot.roll, pilot.pitch, pilot.yaw, pilot.throttle) == pytest.approx((0.5, 0.2, -1.0, 1.0))
    assert (pilot.is_kill_switch_on, pilot.is_arm_switch_on) == (0, 1)
    assert inputs.battery.voltage_v == pytest.approx(14.0, abs=0.05)
    assert inputs.imu.accel_frd == pytest.approx([0.0, 0.0, -9.80665])


@pytest.mark.parametrize(("supply_mv", "fault"), [(0, 0), (4299, 1), (4300, 0), (5800, 0), (5801, 1)])
def test_a_board_with_too_little_or_too_much_voltage_says_so(supply_mv, fault):
    wire = Spoken({protocol.Slow.SUPPLY_MV: supply_mv})
    world, inputs = SerialWorld(wire, 0.001), rows(INPUTS)[0]
    for _ in range(protocol.SLOWS):
        world.read(inputs)

    assert inputs.system.bridge_faults == fault * BridgeFault.BOARD_VOLTAGE


def test_an_older_board_is_told_apart_when_the_imu_is_elsewhere():
    answers = [
        protocol.pack(
            protocol.Frame.HELLO, 1, protocol.HELLO_BODY.pack(1, 1, 0, 1, 0, 0, 2, 4, 0, 100, 4, 8, 16)
        ),
        protocol.pack(protocol.Frame.ANSWER, 2, bytes([protocol.Frame.CONFIG, 0, protocol.Refused.RANGE])),
    ]
    wire = Spoken({})
    wire.read = lambda until_us: answers.pop(0) if answers else b""

    with pytest.raises(LinkError, match=r"older than 1\.1.*firmware flash"):
        SerialWorld(wire, 0.002, is_alone=True).open()


def test_what_came_together_is_read_together_and_a_line_that_hangs_up_is_away():
    ours, theirs = pty.openpty()
    tty.setraw(ours)
    wire = SerialWire(os.ttyname(theirs))
    try:
        os.write(ours, bytes(26))
        assert wire.read(wire.now_us() + 2_000_000) == bytes(26)
        assert wire.read(wire.now_us()) == b""
        assert wire.write(b"abc")
        assert os.read(ours, 100) == b"abc"
    finally:
        os.close(ours)
    os.close(theirs)

    assert wire.read(wire.now_us() + 200_000) == b""
    assert wire.losses == 1
    assert not wire.write(b"x")
    wire.close()
