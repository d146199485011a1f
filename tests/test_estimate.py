"""`quadloop estimate` on made recordings: what it writes is right side up, what it cannot use it names."""

import json

import numpy as np
import pytest

from ground.main import main

HZ, BIAS = 100.0, np.array([0.01, -0.02, 0.015])


@pytest.fixture
def rolled():
    """Return five seconds at rest, forward-left-up: rolled right by 30 degrees, nose to the north, with gyro bias."""
    t = np.arange(int(5.0 * HZ)) / HZ
    noise = np.random.default_rng(4).standard_normal((3, len(t), 3))
    half = np.radians(15.0)
    # Rolled right, up is to the left in body axes; the field points north and down.
    up = np.array([0.0, 2.0 * np.sin(half) * np.cos(half), np.cos(2.0 * half)])
    return {
        "t": t,
        "gyr": BIAS + 0.001 * noise[0],
        "acc": 9.81 * up + 0.02 * noise[1],
        "mag": np.array([20.0, 0.0, 0.0]) - 40.0 * up + 0.1 * noise[2],
    }


def turned(q, v):
    """Return v_world of rows of q and one body vector."""
    w, x, y, z = q.T
    u = np.stack([x, y, z], -1)
    t = 2.0 * np.cross(u, v)
    return v + w[:, None] * t + np.cross(u, t)


def write_csv(path, recording):
    heads = ["t", *(f"{name}_{axis}" for name in ("gyr", "acc", "mag") for axis in "xyz")]
    rows = np.column_stack([recording[name] for name in ("t", "gyr", "acc", "mag")])
    np.savetxt(path, rows, "%.9g", ",", header=",".join(heads), comments="")


def told(capsys, arguments):
    """Return the JSON object of a run that works."""
    assert main(["estimate", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("kind", ["npz", "csv"])
def test_up_is_up_and_north_is_y_in_what_it_writes(rolled, tmp_path, capsys, kind):
    recording, out = tmp_path / f"rolled.{kind}", tmp_path / "out.npz"
    np.savez(recording, **rolled) if kind == "npz" else write_csv(recording, rolled)

    said = told(capsys, [str(recording), "--out", str(out)])

    assert said["samples"] == len(rolled["t"])
    assert said["out"] == str(out)
    q = np.load(out)["q"]
    assert turned(q, rolled["acc"].mean(0))[-1] == pytest.approx([0.0, 0.0, 9.81], abs=0.1)
    assert turned(q, np.array([1.0, 0.0, 0.0]))[-1] == pytest.approx([0.0, 1.0, 0.0], abs=0.02)


@pytest.mark.parametrize("name", ["ours", "mahony", "madgwick"])
def test_errors_against_the_truth_are_those_of_the_tilt_that_was_added(rolled, tmp_path, capsys, name):
    # The truth is wrong by 10 degrees about north, which is inclination alone.
    half, wrong = np.radians(15.0), np.radians(5.0)
    nose_north = np.array([np.sqrt(0.5), 0.0, 0.0, np.sqrt(0.5)])
    roll = np.array([np.cos(half + wrong), np.sin(half + wrong), 0.0, 0.0])
    w, z = nose_north[0], nose_north[3]
    q_ref = np.array([w * roll[0], w * roll[1], z * roll[1], z * roll[0]])
    late = rolled["t"] > 4.0
    np.savez(tmp_path / "a.npz", **rolled, t_ref=rolled["t"], q_ref=np.tile(q_ref, (len(late), 1)), eval=late)

    said = told(capsys, [str(tmp_path / "a.npz"), "--filter", name, "--calibrate-at-rest"])

    assert said["inclination_rmse_deg"] == pytest.approx(10.0, abs=0.3)
    assert said["heading_rmse_deg"] < 1.5


def test_the_bias_of_the_stillest_second_is_the_gyros(rolled, tmp_path, capsys):
    rolled["gyr"][: int(3.0 * HZ)] += np.sin(rolled["t"][: int(3.0 * HZ)] * 20.0)[:, None]
    np.savez(tmp_path / "a.npz", **rolled)

    told(capsys, [str(tmp_path / "a.npz"), "--calibrate-at-rest", "--out", str(tmp_path / "out.npz")])

    assert np.load(tmp_path / "out.npz")["gyro_bias"][0] == pytest.approx(BIAS, abs=5e-4)


def spoilt(recording, what):
    """Return the recording with one thing wrong, and the words that must name it."""
    wrong = {name: array.copy() for name, array in recording.items()}
    if what == "no acc":
        del wrong["acc"]
        return wrong, ("acc",)
    if what == "nan":
        wrong["gyr"][7, 1] = np.nan
        return wrong, ("gyr", "sample 7")
    if what == "back":
        wrong["t"][9] = wrong["t"][5]
        return wrong, ("t:", "sample 9", "increase")
    if what == "slow":
        wrong["t"] *= 20.0
        return wrong, ("5 Hz", "20 Hz")
    wrong["acc"] /= 9.81
    return wrong, ("acc", "m/s2")


@pytest.mark.parametrize("what", ["no acc", "nan", "back", "slow", "g"])
def test_what_cannot_be_used_is_named(rolled, tmp_path, capsys, what):
    wrong, words = spoilt(rolled, what)
    np.savez(tmp_path / "wrong.npz", **wrong)

    assert main(["estimate", str(tmp_path / "wrong.npz")]) == 2

    said = capsys.readouterr().err
    assert all(word in said for word in ("wrong.npz", *words)), said


@pytest.mark.parametrize("text", ["", "t,gyr_x\n", "t,gyr_x\n0,1,2\n0.01,1\n", "no,numbers\na,b\n"])
def test_a_csv_without_a_recording_is_refused_in_one_line(tmp_path, capsys, text):
    (tmp_path / "wrong.csv").write_text(text)

    assert main(["estimate", str(tmp_path / "wrong.csv")]) == 2

    assert "wrong.csv" in capsys.readouterr().err.splitlines()[-1]


def test_one_bad_file_does_not_keep_a_folder_from_being_estimated(rolled, tmp_path, capsys):
    np.savez(tmp_path / "good.npz", **rolled)
    (tmp_path / "bad.npz").write_bytes(b"PK\x03\x04 no more")

    code = main(["estimate", str(tmp_path), "--out", str(tmp_path / "out")])

    said = capsys.readouterr()
    assert code == 2
    assert "good.npz" in said.out
    assert "bad.npz" in said.err
    assert (tmp_path / "out" / "good.npz").exists()


def test_a_vehicle_never_at_rest_is_not_calibrated(rolled, tmp_path, capsys):
    rolled["gyr"] += np.sin(rolled["t"] * 20.0)[:, None]
    np.savez(tmp_path / "a.npz", **rolled)

    assert main(["estimate", str(tmp_path / "a.npz"), "--calibrate-at-rest"]) == 2

    assert "never at rest" in capsys.readouterr().err
