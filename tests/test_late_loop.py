"""A loop that is late misses ticks, not motion: the IMU's samples in between count with the next one."""

import numpy as np
import pytest

from firmware_bridge import mpu, protocol
from firmware_bridge.protocol import Flag, Frame, State
from firmware_bridge.serial_world import SerialWorld
from firmware_bridge.wiring import Wiring
from flight.airframe import load as load_airframe
from flight.estimator import imu, layout
from flight.inputs import INPUTS
from flight.modes import Arming
from flight.record import rows
from flight.vector import Vec3
from ground.missions.load import load
from ground.session import Conditions, prepared

WIRING = Wiring()


def frame(seq, gyro, accel, flags=0):
    raw = mpu.encode(np.array(gyro), np.array(accel), 30.0, WIRING.rotation)
    body = protocol.IMU_BODY.pack(1000 * seq, raw, State.DISARMED | flags, 0, 1, 0)
    return protocol.pack(Frame.IMU, seq, body)


class Wire:
    """A wire on which each piece has been waiting."""

    def __init__(self, *pieces):
        self.pieces, self.clock_us = list(pieces), 1_000_000

    def now_us(self):
        return self.clock_us

    def read(self, until_us):
        if self.pieces:
            return self.pieces.pop(0)
        self.clock_us = until_us
        return b""

    def write(self, data):
        return True


def test_samples_that_waited_for_a_late_loop_are_flown_as_their_mean():
    late = b"".join(frame(seq, [0.1 * seq, 0.0, 0.0], [0.0, 0.5 * seq, -9.8]) for seq in (1, 2, 3))
    world, inputs = (
        SerialWorld(Wire(late, frame(4, [0.4, 0.0, 0.0], [0.0, 2.0, -9.8])), 1e-3, WIRING),
        rows(INPUTS),
    )

    world.read(inputs[0])
    gyro, accel = inputs[0].imu.gyro_frd.copy(), inputs[0].imu.accel_frd.copy()
    world.read(inputs[0])

    assert gyro == pytest.approx([0.2, 0.0, 0.0], abs=1e-3)
    assert accel == pytest.approx([0.0, 1.0, -9.8], abs=1e-2)
    assert world.overruns == 2
    # What was flown once does not count again.
    assert inputs[0].imu.gyro_frd == pytest.approx([0.4, 0.0, 0.0], abs=1e-3)


def test_a_stale_sample_among_those_that_waited_counts_for_nothing():
    late = frame(1, [9.0, 9.0, 9.0], [50.0, 0.0, 0.0], Flag.IMU_STALE) + frame(
        2, [0.1, 0.2, 0.3], [0.0, 0.0, -9.8]
    )
    world, inputs = SerialWorld(Wire(late), 1e-3, WIRING), rows(INPUTS)

    world.read(inputs[0])

    assert inputs[0].imu.gyro_frd == pytest.approx([0.1, 0.2, 0.3], abs=1e-3)


@pytest.mark.slow
def test_a_vehicle_whose_loop_flies_every_fifth_tick_knows_its_height_and_that_it_has_landed(record_property):
    late = Conditions(faults=("loop:delay=0.004@1.3s",))
    fleet = prepared(load_airframe("crazyflie21"), load("room"), late, [1, 2, 3, 4])
    fleet.fly(1.4)
    off = []
    for _ in range(40):
        fleet.fly(0.1)
        off.append(fleet.vehicles.truth.p_ned[:, 2] - fleet.commands.estimate.p_ned[:, 2])

    worst_m = float(np.sqrt(np.mean(np.square(off), axis=0)).max())

    record_property("crazyflie, loop at 200 Hz: height RMS of the worst of 4, m", round(worst_m, 3))
    # The fifth sample alone takes what shakes at 340 Hz for a push, and the ground's own push for a bad sample.
    assert worst_m < 0.02
    assert (fleet.vehicles.score.has_flown == 1).all()
    assert (fleet.commands.status.arming == Arming.DISARMED).all()
    assert not fleet.vehicles.score.is_crashed.any()


def test_a_refused_force_widens_the_velocity_by_what_it_would_have_done():
    sample = rows(layout.IMU)[0]

    imu.miss(sample, Vec3(0.0, -60.0, 80.0), 0.005)
    imu.miss(sample, Vec3(0.0, 0.0, 100.0), 0.001)

    # 100 m/s2 for 5 ms and for 1 ms: 0.5 and 0.1 m/s, independent of each other.
    assert sample.unfelt_dv2 == pytest.approx(0.5**2 + 0.1**2)
