"""`quadloop estimate` with the estimator that flies: on a made flight, and on flights nobody here made."""

import importlib.util
import json
import math

import numpy as np
import pytest

from ground.estimation import full
from ground.estimation.aids import Aids
from ground.estimation.declination import declination
from ground.main import main

HZ, GPS_HZ, LATE_S = 100.0, 5.0, 0.22
DEGREE = math.pi / 180.0


@pytest.fixture
def eastward():
    """Return a body that stands for 8 s, nose to the north, then gathers speed eastward for 4 s and keeps it.

    It stays level and is pushed sideways, to its right; forward-left-up and east-north-up as npz recordings are.
    """
    t = np.arange(int(30.0 * HZ)) / HZ
    noise = np.random.default_rng(5).standard_normal((4, len(t), 3))
    push = np.where((t > 8.0) & (t < 12.0), 1.5, 0.0)
    v = np.cumsum(push) / HZ
    at = np.arange(0.0, t[-1], 1.0 / GPS_HZ)
    gps = np.stack([np.interp(at - LATE_S, t, v), 0.0 * at, 0.0 * at], -1)
    return {
        "t": t,
        "gyr": 0.001 * noise[0],
        "acc": np.stack([0.0 * t, -push, 0.0 * t + 9.81], -1) + 0.02 * noise[1],
        "mag": np.array([20.0, 0.0, -40.0]) + 0.1 * noise[2],
        "gps_t": at,
        "gps_vel": gps + 0.03 * noise[3, : len(at)],
        "q_ref": np.tile([math.sqrt(0.5), 0.0, 0.0, math.sqrt(0.5)], (len(t), 1)),
        "t_ref": t,
        "v_ref": np.stack([v, 0.0 * v, 0.0 * v], -1),
        "p_ref": np.stack([np.cumsum(v) / HZ, 0.0 * v, 0.0 * v], -1),
        "eval": t > 7.0,
    }


def told(capsys, *arguments):
    """Return the JSON object of a run that works."""
    assert main(["estimate", *map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_gps_velocity_leads_the_way_east_and_the_errors_are_small(eastward, tmp_path, capsys):
    np.savez(tmp_path / "a.npz", **eastward)

    said = told(capsys, tmp_path / "a.npz", "--out", tmp_path / "out.npz")

    assert said["filter"] == "full"
    assert said["aids"] == ["mag", "gps"]
    out = np.load(tmp_path / "out.npz")
    assert out["velocity"][-1] == pytest.approx([6.0, 0.0, 0.0], abs=0.3)
    assert out["position"][-1] == pytest.approx(eastward["p_ref"][-1], abs=4.0)
    for name in ("attitude_sigma", "velocity_sigma", "position_sigma", "gyro_bias", "accel_bias"):
        assert out[name].shape == (len(eastward["t"]), 3)
    assert max(said["attitude_estimate_rms_deg"][:2]) < 1.0
    assert said["velocity_rms_m_s"] < 0.3
    assert set(said) >= {"position_rms_m", "position_estimate_rms_m", "velocity_estimate_rms_m_s"}


def test_the_same_flight_in_a_csv_is_estimated_alike(eastward, tmp_path, capsys):
    heads = ["t", *(f"{name}_{axis}" for name in ("gyr", "acc", "mag") for axis in "xyz")]
    heads += ["gps_t", "gps_vel_x", "gps_vel_y", "gps_vel_z"]
    table = np.full((len(eastward["t"]), len(heads)), np.nan)
    table[:, :10] = np.column_stack([eastward[name] for name in ("t", "gyr", "acc", "mag")])
    table[: len(eastward["gps_t"]), 10:] = np.column_stack([eastward["gps_t"], eastward["gps_vel"]])
    np.savetxt(tmp_path / "a.csv", table, "%.12g", ",", header=",".join(heads), comments="")
    np.savez(tmp_path / "a.npz", **eastward)

    for kind in ("csv", "npz"):
        told(capsys, tmp_path / f"a.{kind}", "--out", tmp_path / f"{kind}.out")

    one, other = (np.load(tmp_path / f"{kind}.out") for kind in ("csv", "npz"))
    assert one["velocity"] == pytest.approx(other["velocity"], abs=1e-6)


@pytest.mark.parametrize(
    ("arguments", "name", "aids"),
    [
        ("--aids mag", "ours", ["mag"]),
        ("--aids none", "ours", []),
        ("--aids gps", "full", ["gps"]),
        ("--six-axis", "full", ["gps"]),
        ("--filter full --aids none", "full", []),
    ],
)
def test_what_is_not_asked_for_is_not_used(eastward, tmp_path, capsys, arguments, name, aids):
    np.savez(tmp_path / "a.npz", **eastward)

    said = told(capsys, tmp_path / "a.npz", *arguments.split())

    assert (said["filter"], said["aids"]) == (name, aids)


@pytest.mark.parametrize(
    ("arguments", "word"), [("--aids gsp", "gsp"), ("--filter ours --set EKF_GPS_DELAY=0.1", "EKF_GPS_DELAY")]
)
def test_what_does_not_exist_is_named(eastward, tmp_path, capsys, arguments, word):
    np.savez(tmp_path / "a.npz", **eastward)

    assert main(["estimate", str(tmp_path / "a.npz"), *arguments.split()]) == 2

    assert word in capsys.readouterr().err


def test_a_receiver_that_never_had_a_fix_leaves_attitude_alone(eastward, tmp_path, capsys):
    np.savez(tmp_path / "a.npz", **eastward | {"gps_vel": math.nan * eastward["gps_vel"]})

    assert told(capsys, tmp_path / "a.npz")["filter"] == "ours"


def test_gps_of_another_length_than_its_times_is_named(eastward, tmp_path, capsys):
    np.savez(tmp_path / "a.npz", **eastward | {"gps_vel": eastward["gps_vel"][:-1]})

    assert main(["estimate", str(tmp_path / "a.npz")]) == 2

    assert "gps_vel" in capsys.readouterr().err


def test_in_a_pause_of_the_recording_the_loop_ticks_on_without_samples():
    t_us = np.concatenate([np.arange(0, 1_000_000, 4000), np.arange(3_000_000, 3_100_000, 4000)])

    ticked, sample = full.ticks(t_us)

    assert np.diff(ticked).max() <= 3 * 4000
    assert np.diff(ticked).min() > 0
    assert (ticked[sample >= 0] == t_us).all()
    assert (sample[(ticked > 996_000) & (ticked < 3_000_000)] == -1).all()


def test_of_samples_that_come_faster_than_the_imu_the_newest_is_told():
    at, which = full.arrivals(np.arange(0, 100, 10), np.array([-2_000_000, -5, 11, 12, 13, 55, 99]))

    assert at.tolist() == [0, 2, 6]
    assert which.tolist() == [1, 4, 5]


def test_before_the_first_word_on_arming_the_vehicle_is_as_it_says():
    around = Aids(armed_us=np.array([10, 20]), is_armed=np.array([0, 1]))

    assert around.armed_at(np.array([5, 10, 19, 20, 30])).tolist() == [False, False, False, True, True]


# Published with the World Magnetic Model 2025; the first three are its own test values for 2025.0.
@pytest.mark.parametrize(
    ("lat", "lon", "degrees"),
    [(80, 0, 1.28), (0, 120, -0.16), (-80, 240, 68.78), (47.4, 8.54, 3.4), (-35.36, 149.17, 12.7)],
)
def test_magnetic_north_is_where_the_world_magnetic_model_has_it(lat, lon, degrees):
    assert declination(lat, lon) / DEGREE == pytest.approx(degrees, abs=0.1)


def test_px4_flown_by_itself_is_estimated_better_than_by_its_own_ekf2(
    shared_data, tmp_path, capsys, record_property
):
    log = shared_data / "sitl" / "px4_mission.ulg"
    if not log.is_file():
        pytest.skip("../shared/data/sitl/px4_mission.ulg is absent")

    said = told(capsys, log)

    angles, place, speed = (
        said[key]
        for key in ("attitude_estimate_rms_deg", "position_estimate_rms_m", "velocity_estimate_rms_m_s")
    )
    for name, found in (("roll, pitch, yaw, deg", angles), ("position, m", place), ("velocity, m/s", speed)):
        record_property(f"px4_mission.ulg, {name}", " / ".join(f"{x:.2f}" for x in found))
    # EKF2: 1.60 0.46 6.7 degrees, 0.33 0.38 m, 0.35 0.14 m/s; half of it but for pitch, which has 0.26.
    assert np.all(np.array(angles) < (0.80, 0.30, 3.35))
    assert np.all(np.array(place) < (0.165, 0.19))
    assert np.all(np.array(speed) < (0.175, 0.07))


@pytest.mark.parametrize(("flight", "bound"), [("ardu_quad106", 1.1), ("ardu_quad123", 0.7)])
def test_attitude_fused_with_gps_agrees_with_its_velocity(
    shared_data, tmp_path, capsys, record_property, flight, bound
):
    trial = shared_data / "recordings" / "attitude" / "autopilot" / f"{flight}.npz"
    if not trial.is_file():
        pytest.skip(f"{trial} is absent")
    spec = importlib.util.spec_from_file_location("score", shared_data / "score.py")
    score = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(score)

    told(capsys, trial, "--out", tmp_path / "out.npz")

    recording, estimate = score.load_trial(str(trial)), score.load_est(str(tmp_path / "out.npz"))
    said = score.score_gps(recording, *estimate)["tilt_equivalent_deg"]
    record_property(f"{flight}, fused with GPS, degrees of tilt", round(said, 3))
    assert said <= bound


def test_a_log_with_too_slow_an_imu_is_refused_with_its_rate(shared_data, capsys):
    log = shared_data / "sitl" / "ardupilot_mission.BIN"
    if not log.is_file():
        pytest.skip("../shared/data/sitl/ardupilot_mission.BIN is absent")

    assert main(["estimate", str(log)]) == 2

    said = capsys.readouterr().err
    assert "12.5 Hz" in said
    assert "20 Hz" in said
