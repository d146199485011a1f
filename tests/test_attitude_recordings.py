"""The attitude filter on recordings nobody here made: one set of parameters, errors no larger than promised."""

import sys

import numpy as np
import pytest

from benchmarks.attitude_filter import errors, gps_consistency, ours, recording

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def attitude(shared_data):
    folder = shared_data / "recordings" / "attitude"
    if not folder.is_dir():
        pytest.skip("../shared/data/recordings/attitude is absent")
    return folder


@pytest.fixture
def note(capsys):
    """Return what prints a line past pytest's capture: the figures belong into every run's output."""

    def write(line: str) -> None:
        with capsys.disabled():
            sys.stdout.write(line + "\n")

    return write


def scored(note, folder, mode, at_rest=False):
    """Return total, heading and inclination error in degrees of every recording in a folder; print them."""
    said = {}
    for file in sorted(folder.glob("*.npz")):
        trial = recording(file)
        said[file.stem] = errors(trial, ours(trial, mode == "9d", at_rest), mode)
    note(f"\n{folder.name}: total / heading / inclination RMSE in degrees")
    for name, figures in (said | {"mean": np.mean(list(said.values()), axis=0)}).items():
        note(f"{name:46s}" + " / ".join(f"{figure:.2f}" for figure in figures))
    return np.array(list(said.values()))


def test_broad_with_magnetometer_is_better_than_the_best_published_filter(attitude, note):
    total, _, tilt = scored(note, attitude / "broad", "9d").T

    # VQF: 2.77 and 0.73, its worst trial 7.7.
    assert total.mean() <= 2.2
    assert tilt.mean() <= 0.60
    assert total.max() <= 8.0


def test_euroc_flights_with_a_calibration_at_rest(attitude, note):
    # VQF: 2.06.
    assert scored(note, attitude / "euroc", "6d", at_rest=True)[:, 2].mean() <= 2.0


def test_euroc_flights_as_recorded_with_a_bias_of_four_degrees_a_second(attitude, note):
    # VQF: 4.65.
    assert scored(note, attitude / "euroc", "6d")[:, 2].mean() <= 2.6


def test_crazyflie_flights_with_vibration(attitude, note):
    # BasicVQF: 0.89.
    assert scored(note, attitude / "crazyflie_util", "6d")[:, 2].mean() <= 0.88


# On quad123 no movement at all scores 0.64: the receiver smooths what gyro and onboard filter agree on. The bound is
# the onboard filter's own figure, which knew that receiver; VQF has the same.
@pytest.mark.parametrize(("flight", "bound"), [("ardu_quad106", 3.0), ("ardu_quad123", 0.81)])
def test_attitude_agrees_with_gps_velocity_it_never_saw(attitude, note, flight, bound):
    trial = recording(attitude / "autopilot" / f"{flight}.npz")

    said = gps_consistency(trial, ours(trial))

    note(f"\n{flight}: agrees with GPS velocity to {said:.2f} degrees of tilt")
    assert said <= bound
