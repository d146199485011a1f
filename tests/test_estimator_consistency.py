"""Fifty flights of each kind: the estimate stays, and its errors are as large as its covariance says."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from scipy.stats import chi2

from flight.airframe import load
from flight.estimator.layout import THETA, VELOCITY
from ground.missions.mission import Mission
from ground.session import Conditions, prepared
from sim.batch import Fleet
from tests.flying import up

pytestmark = pytest.mark.slow
SEEDS = range(501, 551)
STEP_S = 0.5
# Roll, pitch and velocity: what control lives on. Slow errors of GPS and iron are told apart, in sigma_p and yaw.
TOLD = [THETA, THETA + 1, VELOCITY, VELOCITY + 1, VELOCITY + 2]


def rotations(q: np.ndarray) -> Rotation:
    """Return attitudes w, x, y, z as scipy has them."""
    return Rotation.from_quat(q[:, [1, 2, 3, 0]])


def errors(fleet: Fleet) -> np.ndarray:
    """Return tilt in world axes (the heading's share taken off) and velocity errors, one row per vehicle."""
    truth, said = fleet.vehicles.truth, fleet.commands.estimate
    turned = rotations(truth.q_ned_frd) * rotations(said.q_ned_frd).inv()
    tilt = turned.as_rotvec()[:, :2]
    return np.column_stack([tilt, truth.v_ned - said.v_ned])


def nees(fleet: Fleet) -> np.ndarray:
    """Return every vehicle's squared error in units of its covariance; its mean should be the number of errors."""
    error = errors(fleet)
    covariance = fleet.states.estimator.filter.covariance[:, TOLD][:, :, TOLD]
    return np.einsum("ni,nij,nj->n", error, np.linalg.inv(covariance), error)


def watched(fleet: Fleet, first_s: float, last_s: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fly on; return NEES, tilt and velocity errors at every half second between two times."""
    fleet.fly(first_s)
    scores, tilts, speeds = [], [], []
    for _ in range(round((last_s - first_s) / STEP_S)):
        fleet.fly(STEP_S)
        scores.append(nees(fleet))
        error = errors(fleet)
        tilts.append(np.degrees(np.linalg.norm(error[:, :2], axis=1)))
        speeds.append(np.linalg.norm(error[:, 2:], axis=1))
    return np.array(scores), np.array(tilts), np.array(speeds)


HOVER = Mission("hover", up(10.0))
KINDS: dict[str, tuple[dict, float, float]] = {
    "hover": ({}, 0.3, 50.0),
    "gps lost 60 s": ({"faults": ("gps:dropout@20s-80s",)}, 1.0, 95.0),
    "magnetic anomaly": ({"faults": ("mag:bias=15@20s-35s",)}, 0.5, 50.0),
    "barometer step": ({"faults": ("baro:bias=30@20s",)}, 0.3, 50.0),
    "wind 5, moderate": ({"wind_m_s": 5.0, "turbulence": "moderate"}, 1.0, 50.0),
}


@pytest.mark.parametrize("kind", KINDS)
def test_errors_are_as_large_as_admitted_in(kind, record_property):
    conditions, largest_m_s, last_s = KINDS[kind]
    fleet = prepared(load("pi450"), HOVER, Conditions(**conditions), list(SEEDS))

    scores, tilts, speeds = watched(fleet, 15.0, last_s)

    report(record_property, kind, scores, tilts, speeds)
    assert np.mean(scores > chi2.ppf(0.975, len(TOLD))) < 0.1
    assert not fleet.vehicles.score.is_crashed.any()
    assert np.sqrt((tilts**2).mean()) < 0.7
    assert tilts.max() < 2.0
    assert speeds.max() < largest_m_s


def test_errors_are_as_large_as_admitted_with_five_times_the_vibration(record_property):
    fleet = prepared(load("pi450"), HOVER, Conditions(), list(SEEDS))
    for name in ("plane_m_s2", "shaft_m_s2", "blades_m_s2", "angular_rad_s"):
        fleet.setups.presets.imu.vibration[name] *= 5.0

    scores, tilts, speeds = watched(fleet, 15.0, 50.0)

    report(record_property, "vibration x5", scores, tilts, speeds)
    assert not fleet.vehicles.score.is_crashed.any()
    assert tilts.max() < 2.0


def report(record_property: Callable, kind: str, scores, tilts, speeds) -> None:
    """Show the figures of one kind of flight."""
    low, high = chi2.ppf([0.025, 0.975], len(TOLD))
    inside = np.mean((scores > low) & (scores < high))
    text = (
        f"NEES per error {scores.mean() / len(TOLD):.2f} (1 asked), above the band {np.mean(scores > high):.1%}, "
        f"inside {inside:.0%}, tilt RMS {np.sqrt((tilts**2).mean()):.2f} max {tilts.max():.1f} deg, "
        f"velocity RMS {np.sqrt((speeds**2).mean()):.2f} max {speeds.max():.2f} m/s"
    )
    record_property(f"{kind}, 50 seeds", text)
