"""Telemetry says what the loop knows, in the units and frames of each message."""

import math
from types import SimpleNamespace

import pytest

from flight.command import COMMAND
from flight.inputs import INPUTS
from flight.modes import Failsafe, Mode, Refusal
from flight.record import rows
from ground.link.dialect import mavlink
from ground.link.load import Load
from ground.link.px4_modes import shown
from ground.link.settings import Settings
from ground.link.telemetry import Telemetry
from ground.link.vehicle import Facts, Place
from ground.rings import Ring
from logs.timing import TIMING
from tests.link_rig import through_the_wire

HERE = Place(47.5, 8.5, 500.0)


@pytest.fixture
def vehicle():
    """A vehicle that flies 5 m up, 4 m/s to the north-east and climbs."""
    command = rows(COMMAND)[0]
    command.status.mode = Mode.HOLD
    command.estimate.q_ned_frd[0] = 1.0
    command.estimate.p_ned[2] = -5.0
    command.estimate.v_ned[:] = (4.0 * math.sqrt(0.5), 4.0 * math.sqrt(0.5), -1.0)
    command.setpoint.p_sp_ned[:] = (60.0, 80.0, -15.0)
    command.setpoint.yaw_sp = math.radians(-90.0)
    command.setpoint.thrust_sp = 0.4
    return SimpleNamespace(
        command=command, inputs=rows(INPUTS)[0], here=HERE, home=HERE, facts=Facts(), settings=Settings(),
        t_us=7_000_000, is_armed=True, is_landed=False, mode=Mode.HOLD, shown_mode=shown(Mode.HOLD), cells=4.0,
        rotors=4, happenings=[], load=0.1234,
    )  # fmt: skip


def told(vehicle, number):
    """Return a message as it arrives."""
    return through_the_wire(Telemetry(vehicle).builders[number]())


def test_the_summary_fits_the_whole_vehicle_into_its_bytes(vehicle):
    vehicle.command.status.failsafes = int(Failsafe.BATTERY_CRITICAL | Failsafe.BATTERY_EMERGENCY)

    summary = told(vehicle, 235)

    assert (summary.latitude, summary.longitude, summary.altitude) == (475_000_000, 85_000_000, 500)
    assert summary.custom_mode == 4 | 3 << 8
    assert summary.target_altitude == 510
    assert summary.target_distance == 10
    assert (summary.heading, summary.target_heading) == (0, 135)
    assert (summary.groundspeed, summary.climb_rate, summary.throttle) == (20, 10, 40)
    assert summary.failure_flags == 128


def test_the_loops_load_is_told_in_tenths_of_a_percent(vehicle):
    assert told(vehicle, 1).load == 123


def test_the_load_is_that_of_the_newest_second_and_of_a_loop_at_double_speed_twice_as_much():
    ring = Ring(TIMING, 4)
    load, hurried = Load(ring, 1.0), Load(ring, 2.0)
    shares = []

    try:
        for t_us, worked_us in (
            (1_000_000, 100_000),
            (2_000_000, 400_000),
            (500_000, 50_000),
            (1_500_000, 300_000),
        ):
            row = rows(TIMING)
            row["t_us"], row["worked_us"] = t_us, worked_us
            ring.push(row[0])
            load.look()
            hurried.look()
            shares.append((load.share, hurried.share))
    finally:
        ring.close()

    # The third is of a loop that began anew: it tells nothing of a whole second yet.
    assert shares == [(0.1, 0.2), (0.3, 0.6), (0.3, 0.6), (0.25, 0.5)]


def test_a_loop_that_cannot_keep_up_is_fully_loaded():
    ring = Ring(TIMING, 4)
    load = Load(ring, 1.0)
    row = rows(TIMING)
    row["t_us"], row["worked_us"] = 1_000_000, 1_400_000

    try:
        ring.push(row[0])
        load.look()
    finally:
        ring.close()

    assert load.share == 1.0


def test_an_attitude_is_told_before_there_is_a_setpoint(vehicle):
    assert list(told(vehicle, 83).q) == [1.0, 0.0, 0.0, 0.0]


def test_wind_is_told_with_the_altitude_above_the_sea(vehicle):
    assert told(vehicle, 231).wind_alt == HERE.alt_amsl_m


def test_a_range_without_an_echo_is_told_as_bad(vehicle):
    vehicle.inputs.range.t_us = 1
    assert told(vehicle, 132).signal_quality == 1

    vehicle.inputs.range.is_valid = 1
    assert told(vehicle, 132).signal_quality == 100


def test_who_waits_for_ardupilots_estimator_learns_when_the_vehicle_can_be_armed(vehicle):
    e, status = vehicle.command.estimate, vehicle.command.status
    e.is_attitude_valid = e.is_velocity_valid = e.is_altitude_valid = e.is_position_valid = 1
    status.refusals = 1
    absolute, armable = 16, 512
    assert told(vehicle, 193).flags & (absolute | armable) == absolute

    status.refusals = 0
    assert told(vehicle, 193).flags & (absolute | armable) == absolute | armable

    e.is_position_valid = 0
    assert told(vehicle, 193).flags & (absolute | armable) == 0


@pytest.mark.parametrize(
    ("failsafe", "refusal", "bit"),
    [
        (Failsafe.BATTERY_LOW, Refusal.BATTERY, mavlink.MAV_SYS_STATUS_SENSOR_BATTERY),
        (Failsafe.BATTERY_EMERGENCY, Refusal.BATTERY, mavlink.MAV_SYS_STATUS_SENSOR_BATTERY),
        (Failsafe.LOG_LOST, Refusal.LOG, mavlink.MAV_SYS_STATUS_LOGGING),
        (Failsafe.ROTOR_LOST, 0, mavlink.MAV_SYS_STATUS_SENSOR_MOTOR_OUTPUTS),
        (Failsafe.FENCE, 0, mavlink.MAV_SYS_STATUS_GEOFENCE),
    ],
)
def test_a_part_that_a_failsafe_or_a_refusal_is_about_is_not_well(vehicle, failsafe, refusal, bit):
    vehicle.inputs.battery.t_us = vehicle.t_us
    well = told(vehicle, mavlink.MAVLINK_MSG_ID_SYS_STATUS)
    vehicle.command.status.failsafes = int(failsafe)
    failed = told(vehicle, mavlink.MAVLINK_MSG_ID_SYS_STATUS)
    vehicle.command.status.failsafes, vehicle.command.status.refusals = 0, int(refusal)
    refused = told(vehicle, mavlink.MAVLINK_MSG_ID_SYS_STATUS)

    assert well.onboard_control_sensors_health & bit
    assert failed.onboard_control_sensors_present & bit
    assert not failed.onboard_control_sensors_health & bit
    assert bool(refused.onboard_control_sensors_health & bit) == (not refusal)
