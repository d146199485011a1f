"""The attitude filter on recordings nobody here made: `quadloop estimate`, then their own scorer."""

import importlib.util

import numpy as np
import pytest

from ground.main import main


@pytest.fixture(scope="module")
def attitude(shared_data):
    folder = shared_data / "recordings" / "attitude"
    if not folder.is_dir():
        pytest.skip("../shared/data/recordings/attitude is absent")
    return folder


@pytest.fixture(scope="module")
def score(shared_data):
    """Return the recordings' own scorer, a module beside them."""
    spec = importlib.util.spec_from_file_location("score", shared_data / "score.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def estimated(attitude, tmp_path_factory):
    """Return the folder of all estimates with the default parameters: one run over all recordings."""
    out = tmp_path_factory.mktemp("estimates")
    assert main(["estimate", str(attitude), "--filter", "ours", "--out", str(out)]) == 0
    return out


def errors(score, trials, estimates, note):
    """Return total, heading and inclination error in degrees of every recording in a folder; note them."""
    said = []
    for file in sorted(trials.glob("*.npz")):
        found = score.score_attitude(score.load_trial(str(file)), *score.load_est(str(estimates / file.name)))
        said.append([found[f"{part}_rmse_deg"] for part in ("total", "heading", "inclination")])
        note(file.stem, " / ".join(f"{figure:.2f}" for figure in said[-1]))
    note(f"{trials.name}, mean total / heading / inclination, degrees", np.mean(said, axis=0).round(2))
    return np.array(said)


@pytest.mark.slow
def test_broad_with_magnetometer_is_better_than_the_best_published_filter(
    attitude, estimated, score, record_property
):
    total, _, tilt = errors(score, attitude / "broad", estimated / "broad", record_property).T

    # VQF: 2.77 and 0.73, its worst trial 7.7.
    assert total.mean() <= 2.2
    assert tilt.mean() <= 0.60
    assert total.max() <= 8.0


def test_euroc_flights_with_a_calibration_at_rest(attitude, score, record_property, tmp_path):
    main(["estimate", str(attitude / "euroc"), "--calibrate-at-rest", "--out", str(tmp_path)])

    # VQF: 2.06.
    assert errors(score, attitude / "euroc", tmp_path, record_property)[:, 2].mean() <= 2.0


def test_euroc_flights_as_recorded_with_a_bias_of_four_degrees_a_second(
    attitude, estimated, score, record_property
):
    # VQF: 4.65.
    assert errors(score, attitude / "euroc", estimated / "euroc", record_property)[:, 2].mean() <= 2.6


def test_crazyflie_flights_with_vibration(attitude, estimated, score, record_property):
    found = errors(score, attitude / "crazyflie_util", estimated / "crazyflie_util", record_property)

    # BasicVQF: 0.89.
    assert found[:, 2].mean() <= 0.88


# Missed. quad123 hovers: predicting no movement at all scores 0.65. Filters that score less than ours follow the GPS
# velocity worse (correlation: ours 0.58, onboard 0.51, Madgwick 0.30); a bound that rewards them is not tuned for.
NOT_REACHED = pytest.mark.xfail(
    strict=True, reason="0.75 degrees; onboard filter 0.81, VQF 0.81, Madgwick 0.66"
)


@pytest.mark.parametrize(
    ("flight", "bound"), [("ardu_quad106", 3.0), pytest.param("ardu_quad123", 0.66, marks=NOT_REACHED)]
)
def test_attitude_agrees_with_gps_velocity_it_never_saw(
    attitude, estimated, score, record_property, flight, bound
):
    name = f"{flight}.npz"
    trial = score.load_trial(str(attitude / "autopilot" / name))

    said = score.score_gps(trial, *score.load_est(str(estimated / "autopilot" / name)))["tilt_equivalent_deg"]

    record_property(f"{flight}, GPS velocity, degrees of tilt", round(said, 2))
    assert said <= bound
