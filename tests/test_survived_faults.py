"""One sensor at a time fails in flight; the vehicle still lands where it can be expected to."""

import numpy as np
import pytest

from flight.modes import Arming
from ground.missions.load import load as load_mission
from tests.flying import column, flown, hovering

pytestmark = pytest.mark.slow
SEEDS = range(31, 35)
STRAY_M = 3.0
SURVIVED = (
    "gps:dropout@15s-30s",
    "gps:dropout@15s",
    "gps:spike=50@15s-20s",
    "baro:stuck@15s",
    "baro:dropout@12s",
    "mag:dropout@12s",
    "mag:bias=30@12s",
    "range:stuck@12s",
    "range:dropout@12s",
    "battery:dropout@10s",
    "accel:bias=0.5@15s",
    "motor2:0.8@15s",
    "gyro:bias=0.05@15s",
    "gyro:spike=30@15s",
    "accel:stuck@15s-18s",
    "accel:stuck@15s",
    "imu:stuck@15s-15.3s",
    "imu:dropout@15s-15.5s",
    "mag:stuck@12s",
    "gps:delay=0.3@15s",
    "gps:noise=5@15s",
)
POSES = (
    "mocap:stuck@15s",
    "mocap:noise=0.5@15s",
    "mocap:spike=2@15s",
    "mocap:dropout@15s",
    "mocap:bias=1@15s",
)


@pytest.mark.parametrize("fault", SURVIVED)
def test_the_vehicle_lands_in_spite_of(fault):
    _, scores = flown(load_mission("hover"), SEEDS, faults=(fault,))

    assert all(column(scores, "landed"))
    assert column(scores, "position_error_rms_m").max() < STRAY_M


@pytest.mark.parametrize(("late_s", "since_s"), [(0.5, 7.05), (0.5, 12.02), (0.5, 25.9), (0.9, 12.02)])
def test_a_late_gps_is_found_out_on_the_way(late_s, since_s, record_property):
    fault = f"gps:delay={late_s}@{since_s}s"

    _, scores = flown(
        load_mission("rounds"),
        range(900, 906),
        seconds=45.0,
        faults=(fault,),
        wind_m_s=4.0,
        turbulence="light",
    )

    crashed = column(scores, "crashed")
    record_property(
        f"GPS {late_s} s late from {since_s} s on, crashed", f"{crashed.sum():g} of {len(crashed)}"
    )
    assert crashed.mean() < 0.2


@pytest.mark.parametrize(
    ("mission", "fault", "wind_m_s", "turbulence"),
    [
        ("hover", "accel:bias=2@15s", 0.0, "none"),
        ("hover", "gyro:bias=0.2@15s", 0.0, "none"),
        ("rounds", "gyro:bias=0.2@17s", 6.0, "moderate"),
        # On the descent, where the compass errs as the tilt does.
        ("rounds", "gyro:bias=0.2@31s", 0.0, "none"),
    ],
)
def test_almost_all_land_in_spite_of_a_gross_step_of_half_the_imu(
    mission, fault, wind_m_s, turbulence, record_property
):
    _, scores = flown(
        load_mission(mission), range(31, 63), faults=(fault,), wind_m_s=wind_m_s, turbulence=turbulence
    )

    landed = column(scores, "landed")
    record_property(f"{mission}, {fault}, landed", f"{landed.sum():g} of {len(landed)}")
    assert landed.mean() > 0.9


@pytest.mark.parametrize(("fault", "seconds"), [("accel:stuck@15s", 4.0), ("imu:dropout@15s-15.4s", 0.4)])
def test_what_carries_the_vehicle_is_not_learnt_from_an_accelerometer_that_hangs_or_is_silent(fault, seconds):
    fleet = hovering(SEEDS, seconds=15.0, faults=(fault,), wind_m_s=3.0, turbulence="light")
    learnt = fleet.commands.terms.hover_thrust.copy()

    fleet.fly(seconds)

    assert not np.any(fleet.commands.status.is_landed)
    # Until it counts as hung, 50 ms of a second's time constant, a push wrong by three fifths may still be learnt.
    assert fleet.commands.terms.hover_thrust == pytest.approx(learnt, rel=0.03)


@pytest.mark.parametrize("fault", POSES)
def test_the_vehicle_lands_although_motion_capture_suffers(fault):
    fleet, scores = flown(load_mission("hover"), SEEDS, faults=(fault,), sensors="mocap")

    assert all(column(scores, "landed"))
    assert abs(fleet.vehicles.truth.p_ned[:, :2]).max() < 15.0


def test_a_gyro_that_steps_is_told_from_a_late_pose():
    _, scores = flown(load_mission("hover"), SEEDS, faults=("gyro:bias=0.05@15s",), sensors="mocap")

    assert all(column(scores, "landed"))


def test_a_range_finder_off_by_metres_does_not_let_it_hit_the_ground():
    _, scores = flown(load_mission("rounds"), SEEDS, seconds=60.0, faults=("range:bias=3@12s",))

    assert all(column(scores, "landed"))


def test_gusts_do_not_pass_for_the_ground():
    _, scores = flown(
        load_mission("figure8"),
        SEEDS,
        airframe="plus450",
        sensors="consumer",
        wind_m_s=5.0,
        turbulence="moderate",
    )

    assert all(column(scores, "landed"))
    # Motors that idle in the air let go of the attitude: the vehicle tumbles past the horizon.
    assert column(scores, "tilt_max_deg").max() < 80.0


@pytest.mark.parametrize(
    ("airframe", "fault"),
    [
        ("pi450", "accel:noise=5@3s"),
        ("pi450", "accel:bias=0.5@8.7s"),
        ("pi450", "accel:bias=0.5@13s"),
        ("pi450", "accel:bias=2@4.2s"),
        ("fma", "mocap:stuck@1.5s"),
        ("fma", "mocap:noise=0.2@0.9s"),
    ],
)
def test_a_room_is_flown_through_although_a_sensor_breaks_on_the_way(airframe, fault):
    _, scores = flown(
        load_mission("room"), SEEDS, airframe=airframe, faults=(fault,), sensors="mocap", seconds=60.0
    )

    assert not column(scores, "crashed").any()


@pytest.mark.parametrize(
    ("mission", "airframe", "turbulence", "fault"),
    [("room", "fma", "none", "accel:stuck@13.3s"), ("rounds", "pi450", "moderate", "accel:stuck@6.8s")],
)
def test_a_landing_ends_although_the_accelerometer_hangs(mission, airframe, turbulence, fault):
    fleet, scores = flown(
        load_mission(mission),
        range(31, 43),
        airframe=airframe,
        turbulence=turbulence,
        faults=(fault,),
        seconds=60.0,
    )

    assert all(column(scores, "landed"))
    assert all(fleet.commands.status.arming == Arming.DISARMED)


def test_a_vehicle_that_hovers_on_little_throttle_feels_the_wind_when_satellites_are_lost():
    fleet, _ = flown(
        load_mission("rounds"), SEEDS, airframe="racer5", faults=("gps:dropout@5.3s",), seconds=20.0
    )

    errors = fleet.commands.estimate.v_ned - fleet.vehicles.truth.v_ned
    assert np.abs(errors[:, :2]).max() < 2.0
    assert all(fleet.commands.estimate.is_velocity_valid)


@pytest.mark.parametrize("fault", ["imu:dropout@15s", "accel:noise=5@15s"])
def test_motors_do_not_turn_for_ever_on_the_ground_because_a_sensor_is_broken(fault):
    fleet, _ = flown(load_mission("hover"), SEEDS, faults=(fault,))

    assert all(fleet.commands.status.arming == Arming.DISARMED)


def test_a_position_that_jumps_does_not_take_the_height_with_it():
    _, scores = flown(load_mission("square"), SEEDS, faults=("gps:bias=50@20s-30s",), wind_m_s=8.0)

    assert all(column(scores, "landed"))
    assert column(scores, "position_estimate_rms_m")[:, 1].max() < STRAY_M
