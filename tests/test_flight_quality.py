"""How well the default vehicle flies on its consumer sensors and its own estimate; every seed must pass."""

import numpy as np
import pytest

from flight.airframe import load
from flight.inputs import Demand
from flight.modes import Mode
from flight.quaternion import euler, quat
from ground.missions.load import load as load_mission
from ground.session import Conditions, prepared
from sim.batch import Fleet
from sim.operator import Step, brief
from tests.flying import HOLDING, column, flown, hovering, recorded, rise_and_overshoot, settling, tracking

pytestmark = pytest.mark.slow
SEEDS = range(1, 21)
FEW = range(1, 6)
HEIGHT_M = 3.0


def orbit(radius_m: float, speed_m_s: float) -> Step:
    return Step(Demand.ORBIT, (0.0, 0.0, -HEIGHT_M, radius_m, speed_m_s), awaits=HOLDING, wait_s=3.0)


def figure8(size_m: float, period_s: float) -> Step:
    return Step(Demand.FIGURE8, (0.0, 0.0, -HEIGHT_M, size_m, period_s), awaits=HOLDING, wait_s=3.0)


def tell(record_property, name: str, value: object, bound: object) -> None:
    """Have a figure shown beside its bound when the tests end."""
    record_property(name, f"{value} (asked {bound})")


def test_hover_without_wind_holds_as_well_as_the_gps_knows(record_property):
    _, scores = flown(load_mission("hover"), SEEDS)

    ratios = column(scores, "position_error_rms_m") / column(scores, "gps_error_rms_m")
    attitude = column(scores, "attitude_estimate_rms_deg")
    tell(record_property, "hover error over GPS error, worst", round(ratios.max(), 3), 1.2)
    tell(record_property, "hover error, mean m", round(column(scores, "position_error_rms_m").mean(), 2), "-")
    tell(record_property, "GPS error, mean m", round(column(scores, "gps_error_rms_m").mean(), 2), "-")
    tell(record_property, "roll and pitch estimate, worst deg", attitude[:, :2].max().round(3), 0.7)
    assert all(column(scores, "landed"))
    assert ratios.max() <= 1.2
    assert attitude[:, :2].max() <= 0.7


def test_hover_with_motion_capture_stays_within_two_centimetres(record_property):
    _, scores = flown(load_mission("hover"), SEEDS, sensors="mocap")

    worst = column(scores, "position_error_rms_m").max()
    tell(record_property, "hover with motion capture, worst m", worst.round(4), 0.02)
    assert all(column(scores, "landed"))
    assert worst <= 0.02


def test_wind_and_moderate_turbulence_are_survived_within_the_tilt_limit(record_property):
    fleet, scores = flown(load_mission("hover"), SEEDS, wind_m_s=5.0, turbulence="moderate")

    tilt, limit = column(scores, "tilt_max_deg").max(), fleet.params[0].control.thrust.tilt_max_deg
    tell(record_property, "largest tilt in wind, deg", tilt.round(1), limit)
    assert all(column(scores, "landed"))
    assert tilt <= limit


def test_the_square_takes_less_than_a_minute_and_cuts_no_corner(record_property):
    _, scores = flown(load_mission("square"), SEEDS)

    time = column(scores, "arm_to_disarm_s").max()
    tell(record_property, "square, arm to disarm, worst s", time.round(1), 60.0)
    assert all(column(scores, "landed"))
    assert time <= 60.0


@pytest.mark.parametrize("seed", FEW)
def test_corners_of_the_square_are_reached_within_a_metre(seed, record_property):
    fleet = prepared_square(seed)
    _, commands, truth = recorded(fleet, 0, 45.0)

    setpoints = commands.setpoint.p_sp_ned
    flying = commands.status.mode == Mode.MISSION
    offset = np.median((truth.p_ned - setpoints)[flying], axis=0)
    corners = [(20.0, 0.0), (20.0, 20.0), (0.0, 20.0)]
    path = truth.p_ned[flying][:, :2] - offset[:2]
    misses = [np.linalg.norm(path - corner, axis=1).min() for corner in corners]
    tell(record_property, "corner missed by, m", np.round(max(misses), 2), 1.0)
    assert max(misses) <= 1.0


def prepared_square(seed: int) -> Fleet:
    return prepared(load("pi450"), load_mission("square"), Conditions(), [seed])


def test_roll_step_rises_fast_without_much_overshoot(record_property):
    fleet = hovering(SEEDS)
    found = [roll_step(fleet, i) for i in range(len(SEEDS))]

    rise, overshoot = np.max(found, axis=0)
    tell(record_property, "roll step rise, worst s", rise.round(3), 0.10)
    tell(record_property, "roll step overshoot, worst", overshoot.round(3), 0.10)
    assert 0.0 < rise <= 0.10
    assert overshoot <= 0.10


def roll_step(fleet, i: int) -> tuple[float, float]:
    """Step the roll stick from level to 20 degrees in ALTITUDE mode and measure the true roll."""
    fleet.params[i].guidance.pilot.tilt = np.radians(20.0)
    script = fleet.vehicles[i].sensors.pilot.script
    script.is_present, script.mode, script.throttle, script.roll = 1, Mode.ALTITUDE, 0.5, 0.0
    recorded(fleet, i, 3.0)
    script.roll = 1.0
    _, _, truth = recorded(fleet, i, 1.5)
    roll = np.array([euler(quat(q)).x for q in truth.q_ned_frd])
    return rise_and_overshoot(truth.t_us * 1e-6, roll, np.radians(20.0))


def test_altitude_step_overshoots_little(record_property):
    fleet = hovering(SEEDS, height_m=5.0)
    overshoots = [climb(fleet, i, 2.5)[0] for i in range(len(SEEDS))]

    tell(record_property, "altitude step 1 m overshoot on GPS, worst", round(max(overshoots), 3), 0.05)
    assert max(overshoots) <= 0.05


def test_a_climb_of_one_metre_settles_fast_with_motion_capture(record_property):
    fleet = hovering(SEEDS, height_m=3.0, sensors="mocap")
    times = [climb(fleet, i, 4.0)[1] for i in range(len(SEEDS))]

    tell(record_property, "climb of 1 m settled to 2 %, worst s", round(max(times), 2), 1.5)
    assert max(times) <= 1.5


def climb(fleet, i: int, seconds: float) -> tuple[float, float]:
    """Ask for one metre up; return overshoot as a share and settling time to 2 % in s, on the truth."""
    down = float(fleet.commands[i].setpoint.p_sp_ned[2]) - 1.0
    start = float(fleet.vehicles[i].truth.p_ned[2])
    brief(fleet.vehicles[i].operator, [Step(Demand.GOTO, (None, None, down))])
    _, _, truth = recorded(fleet, i, seconds)
    height = start - truth.p_ned[:, 2]
    return float(height.max() - 1.0), settling(truth.t_us * 1e-6, height, 1.0, 0.02)


@pytest.mark.parametrize(
    ("name", "track", "bound"),
    [
        ("circle at 1 m/s", orbit(1.0, 1.0), 0.02),
        ("circle at 3 m/s", orbit(1.0, 3.0), 0.05),
        ("figure-8", figure8(1.0, 5.0), 0.03),
    ],
)
def test_tracks_are_followed_within_centimetres(name, track, bound, record_property):
    _, scores = flown(tracking(name, track), SEEDS, sensors="mocap")

    worst = column(scores, "position_error_rms_m").max()
    tell(record_property, f"{name}, worst RMSE m", worst.round(4), bound)
    assert all(column(scores, "landed"))
    assert worst <= bound
