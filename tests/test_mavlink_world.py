"""The MAVLink world: an autopilot of others as the bridge, its sensors in and attitude targets out."""

import logging
import math

import pytest

from firmware_bridge.mavlink_settings import Settings
from firmware_bridge.mavlink_world import MavlinkWorld
from flight.errors import LinkError
from flight.inputs import BridgeFault
from flight.modes import Arming, Failsafe
from tests.mavlink_bench import DT, HOVER, Bench
from tests.mavlink_vehicle import ARDUPILOT, PX4, FarSide

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("autopilot", "imu", "imu_hz", "outputs"),
    [
        (PX4, "HIGHRES_IMU", 250, "attitude"),
        (ARDUPILOT, "RAW_IMU", 100, "attitude"),
        (PX4, "SCALED_IMU", 250, "rate"),
    ],
)
def test_the_loop_takes_off_hovers_and_lands_through_another_autopilot(
    autopilot, imu, imu_hz, outputs, record_property
):
    far = FarSide(autopilot, imu, imu_hz)
    bench = Bench(far, settings=Settings(outputs)).fly(90.0)

    highest = max(bench.heights)
    place = far.vehicle.truth["p_ned"][0].tolist()
    record_property(
        f"{imu} {imu_hz} Hz, {outputs}: highest, and landed beside (m)",
        f"{highest:.2f}, {math.hypot(*place[:2]):.2f}",
    )
    assert bench.has_armed
    assert highest == pytest.approx(3.0, abs=0.5)
    assert math.hypot(*place[:2]) < 2.0
    assert bench.status.arming == Arming.DISARMED
    assert far.height == pytest.approx(0.0, abs=0.1)
    assert not bench.failsafes & (Failsafe.BRIDGE_FAULT | Failsafe.BRIDGE_LOST | Failsafe.CRASHED)
    bench.fly(2.0, is_ended_by_disarming=False)
    assert not far.is_armed


def test_dropouts_of_a_tenth_of_a_second_are_flown_through():
    bench = Bench(FarSide(), HOVER).fly(11.0)
    assert bench.far.height > 1.0

    for _ in range(5):
        bench.far.is_mute = True
        bench.fly(0.1)
        bench.far.is_mute = False
        bench.fly(0.5)

    assert bench.status.arming == Arming.ARMED
    assert bench.far.height > 1.0
    assert not bench.failsafes & (Failsafe.BRIDGE_LOST | Failsafe.BRIDGE_FAULT)


def test_a_line_that_is_cut_grows_old_in_the_inputs_and_nothing_raises():
    bench = Bench(FarSide(), HOVER).fly(11.0)
    bench.far.cut = True

    bench.fly(2.0)

    link = bench.autopilot.inputs[0].link
    assert link.bridge_age_us == pytest.approx(2_000_000, abs=50_000)
    assert bench.failsafes & Failsafe.BRIDGE_LOST
    assert bench.autopilot.inputs[0].imu.fresh == 0


def test_a_far_side_that_refuses_to_arm_ends_the_attempt_and_its_reason_is_told(caplog):
    far = FarSide()
    far.refuses = "Preflight Fail: no compass"

    with caplog.at_level(logging.WARNING, logger="quadloop.bridge"):
        bench = Bench(far).fly(20.0)

    assert bench.has_armed
    assert bench.status.arming == Arming.DISARMED
    assert bench.failsafes & Failsafe.BRIDGE_FAULT
    assert max(bench.heights) < 0.05
    assert "PX4: Preflight Fail: no compass" in caplog.text
    assert "PX4 refuses arming" in caplog.text


def test_a_far_side_that_is_not_ready_keeps_the_loop_from_arming():
    far = FarSide()
    far.is_ready = False

    bench = Bench(far).fly(7.0)

    assert not bench.has_armed
    assert bench.autopilot.inputs[0].system.bridge_faults & BridgeFault.OUTPUTS


def test_a_pilot_who_takes_the_far_side_over_keeps_it():
    bench = Bench(FarSide(), HOVER).fly(11.0)
    asked = bench.far.heard["COMMAND_LONG"]
    bench.far.mode = 2

    bench.fly(3.0)

    assert bench.far.heard["COMMAND_LONG"] == asked
    assert bench.far.mode == 2
    assert bench.failsafes & Failsafe.BRIDGE_FAULT


def test_the_far_side_gets_no_thrust_before_it_is_armed():
    far = FarSide()
    far.refuses = "no"
    seen = []
    far.write = lambda data, write=far.write: (
        seen.append(far.target.thrust if far.target else 0.0) or write(data)
    )

    Bench(far).fly(8.0)

    assert len(seen) > 500
    assert not any(seen)


def test_messages_that_are_of_use_are_asked_for():
    far = FarSide()

    Bench(far)

    assert far.intervals[105] == pytest.approx(4000.0)
    assert {27, 26, 29, 24, 124, 65, 147, 1, 33, 132} <= set(far.intervals)


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda far: setattr(far, "is_mute", True), "no autopilot is heard"),
        (lambda far: setattr(far, "imu_us", 100_000), "IMU too seldom.*HIGHRES_IMU 10 Hz"),
        (lambda far: setattr(far, "capabilities", 0), "does not take attitude targets"),
        (
            lambda far: far.__dict__.update(autopilot=ARDUPILOT, imu="RAW_IMU", params={"GUID_OPTIONS": 0}),
            "GUID_OPTIONS to 8",
        ),
        (lambda far: far.__dict__.update(imu="RAW_IMU"), "IMU too seldom"),
    ],
    ids=["silent", "slow", "incapable", "climb rate", "raw counts"],
)
def test_what_cannot_be_flown_is_refused_before_take_off(spoil, complaint):
    far = FarSide()
    spoil(far)

    with pytest.raises(LinkError, match=complaint):
        MavlinkWorld(far, DT).open()


def test_rubbish_between_messages_is_passed_over():
    far = FarSide()
    world = MavlinkWorld(far, DT)
    world.open()
    before = world.line.senses.counts["HIGHRES_IMU"]

    far.arriving.append((far.clock_us, b"\xfd\xff\x00rubbish\xfe" * 30))
    world.line.listen(far.now_us() + 400_000, lambda: False)

    assert world.line.senses.counts["HIGHRES_IMU"] - before > 80


def test_a_far_side_that_begins_anew_is_told_as_such():
    bench = Bench(FarSide())
    bench.fly(1.0)
    t_us = int(bench.autopilot.inputs[0].t_us)
    bench.far.boot_us = 0

    bench.fly(0.5)

    inputs = bench.autopilot.inputs[0]
    assert inputs.system.bridge_faults & BridgeFault.RESTARTED
    assert inputs.t_us == pytest.approx(t_us + 500_000, abs=20_000)


def test_a_far_side_that_has_forgotten_what_was_asked_is_asked_again():
    bench = Bench(FarSide(), [])
    bench.fly(2.5)
    asked = bench.far.heard["COMMAND_LONG"]
    bench.fly(2.5)
    assert bench.far.heard["COMMAND_LONG"] == asked
    bench.far.boot_us = 0
    bench.far.imu_us = 200_000
    bench.far.intervals.clear()

    bench.fly(2.5)

    assert bench.far.intervals[105] == pytest.approx(4000.0)


def test_sample_times_are_told_in_our_clock():
    far = FarSide(latency_us=3000)
    bench = Bench(far)
    bench.fly(3.0)

    age_us = far.now_us() - bench.world.sampled_us

    # The constant part of a link's delay cannot be told from an offset of the clocks.
    assert 0 <= age_us < 2000


def test_a_loop_that_was_late_flies_the_newest_sample():
    far = FarSide()
    bench = Bench(far)
    bench.fly(1.0)
    skipped = bench.world.overruns
    for _ in range(100):
        far.pass_millisecond()

    bench.fly(0.002)

    assert 20 <= bench.world.overruns - skipped <= 30
    assert far.now_us() - bench.world.sampled_us < 15_000
