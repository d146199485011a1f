"""The attitude filter on recordings nobody here made: `quadloop estimate`, then their own scorer."""

import importlib.util

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt
from scipy.spatial.transform import Rotation

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


# Missed, and no right attitude can reach it (see the test below): GPS shows hardly half of the swings that gyro and
# magnetometer agree on. An estimate of no movement at all scores 0.65.
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


RATE_HZ = 10.0


def swings(t: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return what of rows swings with periods of 3 to 10 s, where the score against GPS is decided; in flight."""
    even = np.arange(t[0] + 30.0, t[-1] - 30.0, 1.0 / RATE_HZ)
    band = butter(3, [0.1, 0.3], "band", fs=RATE_HZ, output="sos")
    return sosfiltfilt(band, np.column_stack([np.interp(even, t, row) for row in rows.T]), axis=0)


def field_from_tilt(attitude: Rotation, field: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what the tilt adds to a level magnetometer's field, and what it says beside that of a level one."""
    heading = Rotation.from_rotvec(attitude.as_euler("ZYX")[:, :1] * [0.0, 0.0, 1.0])
    earth = np.median(attitude.apply(field), axis=0)
    level = heading.inv().apply(earth)
    return attitude.inv().apply(earth) - level, field - level


@pytest.mark.parametrize("flight", ["ardu_quad106", "ardu_quad123"])
def test_tilt_swings_as_the_magnetometer_says_that_has_no_part_in_it(
    attitude, estimated, score, record_property, flight
):
    trial = score.load_trial(str(attitude / "autopilot" / f"{flight}.npz"))
    said = score.interp_q(*score.load_est(str(estimated / "autopilot" / f"{flight}.npz")), trial["t"])

    expected, seen = (
        swings(trial["t"], rows)[:, :2]
        for rows in field_from_tilt(Rotation.from_quat(said, scalar_first=True), trial["mag"])
    )

    likeness = float(np.corrcoef(expected.ravel(), seen.ravel())[0, 1])
    size = float(np.sum(expected * seen) / np.sum(seen * seen))
    record_property(
        f"{flight}, tilt against the magnetic field: correlation, size", f"{likeness:.3f}, {size:.2f}"
    )
    assert likeness > 0.95
    assert size == pytest.approx(1.0, abs=0.15)
