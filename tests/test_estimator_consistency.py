"""Fifty flights of each kind: the estimate stays, and its errors are as large as its covariance says."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from scipy.stats import chi2

from flight import autopilot
from flight.airframe import load
from flight.estimator.layout import POSITION, THETA, VELOCITY
from flight.inputs import Demand
from ground.missions.mission import Mission
from ground.session import Conditions, prepared
from sim.batch import Fleet
from sim.operator import Step
from sim.sensors.parts import PARTS
from sim.sensors.presets import fill
from tests.flying import HOLDING, up

pytestmark = pytest.mark.slow
SEEDS = list(range(501, 551))
STEP_S = 0.5
# What control lives on: roll, pitch and velocity; and where it thinks it is.
MOTION = [THETA, THETA + 1, VELOCITY, VELOCITY + 1, VELOCITY + 2]
PLACE = [POSITION, POSITION + 1, POSITION + 2]
HOVER = Mission("hover", up(10.0))
Watch = dict[str, np.ndarray]


def rotations(q: np.ndarray) -> Rotation:
    """Return attitudes w, x, y, z as scipy has them."""
    return Rotation.from_quat(q[:, [1, 2, 3, 0]])


def errors(fleet: Fleet) -> np.ndarray:
    """Return attitude (world axes), velocity and position errors in the order of the filter, one row per vehicle."""
    truth, said = fleet.vehicles.truth, fleet.commands.estimate
    turned = (rotations(truth.q_ned_frd) * rotations(said.q_ned_frd).inv()).as_rotvec()
    place = said.p_ned - fleet.states.estimator.jump_ned
    return np.column_stack([turned, truth.v_ned - said.v_ned, truth.p_ned - place])


def nees(fleet: Fleet, which: list[int]) -> np.ndarray:
    """Return every vehicle's squared error in units of its covariance, per error: on average 1 where it is honest."""
    error = errors(fleet)[:, which]
    covariance = fleet.states.estimator.filter.covariance[:, which][:, :, which]
    return np.einsum("ni,nij,nj->n", error, np.linalg.inv(covariance), error) / len(which)


def watched(fleet: Fleet, seconds: float) -> Watch:
    """Fly on; return what is seen every half second of the vehicles in the air, NaN for others."""
    rows = []
    for _ in range(round(seconds / STEP_S)):
        fleet.fly(STEP_S)
        error = errors(fleet)
        row = np.array(
            [
                nees(fleet, MOTION),
                nees(fleet, PLACE),
                np.degrees(np.linalg.norm(error[:, :2], axis=1)),
                np.linalg.norm(error[:, 3:6], axis=1),
            ]
        )
        rows.append(np.where(fleet.vehicles.truth.is_touching == 1, np.nan, row))
    seen = np.array([row for row in rows if np.isfinite(row).any()])
    return {name: seen[:, i] for i, name in enumerate(("motion", "place", "tilt", "speed"))}


def band(count: int, flights: int = 1) -> np.ndarray:
    """Return the 95 % band of the NEES per error, of one flight or averaged over many (Bar-Shalom 2001, 5.4.2)."""
    return chi2.ppf([0.025, 0.975], count * flights) / (count * flights)


def report(record_property: Callable, kind: str, seen: Watch) -> None:
    """Show the figures of one kind of flight."""
    told = [
        f"{name} {np.nanmean(seen[name]):.2f} ({inside(seen[name], band(n)):.0%} in band, "
        f"means {inside(np.nanmean(seen[name], axis=1), band(n, len(SEEDS))):.0%})"
        for name, n in (("motion", len(MOTION)), ("place", len(PLACE)))
    ]
    tilt, speed = seen["tilt"], seen["speed"]
    text = (
        f"NEES per error (1 asked): {', '.join(told)}; tilt RMS {np.sqrt(np.nanmean(tilt**2)):.2f} "
        f"max {np.nanmax(tilt):.1f} deg, velocity RMS {np.sqrt(np.nanmean(speed**2)):.2f} "
        f"max {np.nanmax(speed):.2f} m/s"
    )
    record_property(f"{kind}, {len(SEEDS)} seeds", text)


def inside(scores: np.ndarray, limits: np.ndarray) -> float:
    """Return which part of the scores lies in a band."""
    scores = scores[np.isfinite(scores)]
    return float(np.mean((scores > limits[0]) & (scores < limits[1])))


def assert_honest(seen: Watch, largest_m_s: float) -> None:
    """Check that the errors of motion are as large as admitted, neither more nor less, and that none runs away."""
    assert 0.75 < np.nanmean(seen["motion"]) < 1.25
    assert inside(seen["motion"], band(len(MOTION))) > 0.85
    assert np.nanmean(seen["place"]) < 1.5
    assert np.sqrt(np.nanmean(seen["tilt"] ** 2)) < 0.3
    assert np.nanmax(seen["tilt"]) < 2.0
    assert np.nanmax(seen["speed"]) < largest_m_s


KINDS: dict[str, tuple[dict, float]] = {
    "hover": ({}, 0.2),
    "magnetic anomaly": ({"faults": ("mag:bias=15@20s-35s",)}, 0.3),
    "barometer step": ({"faults": ("baro:bias=30@20s",)}, 0.3),
    "wind 5, moderate": ({"wind_m_s": 5.0, "turbulence": "moderate"}, 0.3),
}


@pytest.mark.parametrize("kind", KINDS)
def test_errors_are_as_large_as_admitted_in(kind, record_property):
    conditions, largest_m_s = KINDS[kind]
    fleet = prepared(load("pi450"), HOVER, Conditions(**conditions), SEEDS)
    fleet.fly(15.0)

    seen = watched(fleet, 35.0)

    report(record_property, kind, seen)
    assert not fleet.vehicles.score.is_crashed.any()
    assert_honest(seen, largest_m_s)


def test_a_minute_without_gps_drifts_no_further_than_admitted(record_property):
    fleet = prepared(load("pi450"), HOVER, Conditions(faults=("gps:dropout@20s-80s",)), SEEDS)
    fleet.fly(15.0)

    seen = watched(fleet, 70.0)

    report(record_property, "gps lost 60 s", seen)
    is_crashed = fleet.vehicles.score.is_crashed
    record_property(
        "gps lost 60 s, toppled by their drift when landing blind", f"{is_crashed.sum()} of {len(SEEDS)}"
    )
    # Who touches the ground at more than 1.3 m/s sideways topples.
    assert is_crashed.mean() < 0.02
    # Drag holds the velocity better than its model is trusted to.
    assert 0.4 < np.nanmean(seen["motion"]) < 1.25
    assert 0.4 < np.nanmean(seen["place"]) < 1.25
    assert np.nanmax(seen["tilt"]) < 2.0


BLIND = {
    "calm": ({}, 55.0, (0.4, 1.25)),
    "wind 5, moderate": ({"wind_m_s": 5.0, "turbulence": "moderate"}, 30.0, (0.75, 1.25)),
}


@pytest.mark.parametrize("kind", BLIND)
def test_who_flies_on_without_gps_knows_how_far_it_may_have_drifted_in(kind, record_property):
    conditions, seconds, (low, high) = BLIND[kind]
    vehicle = load("pi450")
    # Otherwise it lands after 5 s.
    vehicle.set("EKF_DEAD_TIME", 100.0)
    fleet = prepared(vehicle, HOVER, Conditions(faults=("gps:dropout@20s-90s",), **conditions), SEEDS[:25])
    fleet.fly(20.0)

    seen = watched(fleet, seconds)

    report(record_property, f"in the air without gps for {seconds:.0f} s, {kind}", seen)
    # Still air changes less than any filter may expect.
    assert low < np.nanmean(seen["motion"]) < high
    assert np.nanmean(seen["place"]) < high
    assert np.nanmax(seen["tilt"]) < 2.0


def test_the_height_is_as_sure_as_admitted_after_a_climb_on_a_range_finder_with_a_wrong_scale(
    record_property,
):
    fleet = prepared(load("pi450"), HOVER, Conditions(), SEEDS)
    fleet.fly(8.0)
    scores = []
    for _ in range(8):
        fleet.fly(1.0)
        scores.append(nees(fleet, [VELOCITY + 2, POSITION + 2]))

    record_property("after a climb of 10 m, NEES of height and climb", f"{np.mean(scores):.2f}")
    assert 0.5 < np.mean(scores) < 1.5


def test_errors_are_as_large_as_admitted_at_fifteen_metres_per_second_and_sixty_degrees(record_property):
    orbit = Step(Demand.ORBIT, (0.0, 0.0, -10.0, 13.5, 15.0), awaits=HOLDING, wait_s=3.0)
    fleet = prepared(load("pi450"), Mission("fast circle", [*up(10.0), orbit]), Conditions(), SEEDS)
    for state, params in zip(fleet.states, fleet.params, strict=True):
        params.guidance.speed_xy = params.guidance.acc_xy = 20.0
        params.control.thrust.tilt_max_deg = 75.0
        autopilot.configure(state, params)
    fleet.fly(15.0)

    seen = watched(fleet, 35.0)

    score = fleet.vehicles.score
    report(record_property, "circle at 15 m/s", seen)
    record_property(
        "fastest, m/s; most tilted, deg", (score.speed_worst.min(), np.degrees(score.tilt_worst.min()))
    )
    assert score.speed_worst.min() > 14.0
    assert np.degrees(score.tilt_worst.min()) > 55.0
    assert not score.is_crashed.any()
    assert_honest(seen, 0.6)


def test_errors_are_as_large_as_admitted_with_five_times_the_vibration(record_property):
    fleet = prepared(load("pi450"), HOVER, Conditions(), SEEDS)
    for name in ("plane_m_s2", "shaft_m_s2", "blades_m_s2", "angular_rad_s"):
        fleet.setups.presets.imu.vibration[name] *= 5.0
    fleet.fly(15.0)

    seen = watched(fleet, 35.0)

    report(record_property, "vibration x5", seen)
    assert not fleet.vehicles.score.is_crashed.any()
    assert_honest(seen, 0.3)
    assert np.nanmax(seen["tilt"]) < 1.0


def test_a_gyro_that_becomes_noisy_is_known_to_be(record_property):
    """Its samples scatter by vibration anyway; what is new is that they add up to a turn."""
    faults = ("gyro:noise=0.2@10s",)
    fleet = prepared(load("pi450"), Mission("hover", up(10.0)), Conditions(faults=faults), SEEDS)
    fleet.fly(15.0)

    seen = watched(fleet, 20.0)

    report(record_property, "gyro noise 0.2 rad/s", seen)
    assert 0.75 < np.nanmean(seen["motion"]) < 1.25
    assert np.nanmean(seen["place"]) < 1.5
    assert np.nanmax(seen["tilt"]) < 3.0


def switch(fleet: Fleet, **sensors: bool) -> None:
    """Plug sensors in or pull them out in flight."""
    for name, is_there in sensors.items():
        kind = {"gps": "ublox_m8", "mag": "qmc5883l", "range": "tfmini", "mocap": "mocap"}[name]
        rate_hz = PARTS[name][kind]["rate_hz"]
        fleet.setups.presets[name].timing.interval_us[:] = round(1e6 / rate_hz) if is_there else 0


def test_sensors_come_and_go_without_a_jolt(record_property):
    fleet = prepared(load("pi450"), Mission("low hover", up(4.0)), Conditions(), SEEDS)
    for setup in fleet.setups:
        fill(setup.presets.mocap, PARTS["mocap"]["mocap"])
    switch(fleet, mocap=False)
    fleet.fly(15.0)
    swaps: list[dict[str, bool]] = [
        {"mocap": True},
        {"gps": False},
        {"gps": True},
        {"mocap": False},
        {"mag": False},
        {"mag": True, "range": False},
        {"range": True},
    ]
    parts = []

    for swap in swaps:
        switch(fleet, **swap)
        parts.append(watched(fleet, 5.0))

    seen = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    report(record_property, "sensors swapped", seen)
    assert not fleet.vehicles.score.is_crashed.any()
    assert fleet.vehicles.score.position_worst.max() < 3.0
    assert np.degrees(fleet.vehicles.score.tilt_worst.max()) < 25.0
    assert_honest(seen, 0.3)
    assert np.nanmean(seen["place"]) > 0.7
    assert np.nanmax(seen["tilt"]) < 1.0
