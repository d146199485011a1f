"""The commands around a flight: fly, replay, plot, log info; their JSON, exit codes and files."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import logs.plot
from flight.errors import LogError
from ground.main import main
from tests.conftest import ROOT
from tests.test_command_line import result, run

pytestmark = pytest.mark.slow

HOP = """
[[item]]
do = "takeoff"
height_m = 2
[[item]]
do = "land"
"""
FLY_KEYS = {
    "log", "picture", "landed", "crashed", "arm_to_disarm_s", "duration_s", "real_time_factor", "ticks", "overruns",
    "position_error_rms_m", "position_error_max_m", "altitude_error_rms_m", "attitude_estimate_rms_deg",
    "position_estimate_rms_m", "velocity_estimate_rms_m_s", "battery_used_wh", "events", "seed", "airframe",
}  # fmt: skip


@pytest.fixture(scope="module")
def hop(tmp_path_factory) -> Path:
    """Return a folder with a short mission, its log and its picture."""
    folder = tmp_path_factory.mktemp("hop")
    (folder / "hop.toml").write_text(HOP)
    assert main(["fly", str(folder / "hop.toml"), "--log", str(folder / "hop.ulg"), "--seed", "3"]) == 0
    return folder


def fly(capsys, hop: Path, *arguments: str) -> dict:
    """Fly the short mission again without a picture; return its figures."""
    log = str(hop / "again.ulg")
    return result(capsys, "fly", str(hop / "hop.toml"), "--no-picture", "--log", log, *arguments)


def test_a_flight_tells_everything_the_contract_names(capsys, hop):
    figures = fly(capsys, hop, "--seed", "3")

    assert set(figures) >= FLY_KEYS
    assert figures["landed"]
    assert not figures["crashed"]
    assert figures["ticks"] == pytest.approx(figures["duration_s"] * 1000.0, abs=2)
    assert len(figures["attitude_estimate_rms_deg"]) == 3
    assert {"t_s", "name", "text"} == set(figures["events"][0])
    assert {"armed", "took_off", "landed", "disarmed"} <= {event["name"] for event in figures["events"]}


def test_a_flight_leaves_a_log_a_picture_and_a_page(hop):
    assert {"hop.ulg", "hop.png", "hop.html"} <= {file.name for file in hop.iterdir()}
    assert (hop / "hop.png").read_bytes().startswith(b"\x89PNG")


def test_a_flight_whose_picture_cannot_be_drawn_still_tells_its_figures(capsys, hop, monkeypatch):
    def draw(*_):
        raise LogError("hop.png: cannot be written: No space left on device")

    monkeypatch.setattr(logs.plot, "plot", draw)
    assert main(["fly", str(hop / "hop.toml"), "--log", str(hop / "undrawn.ulg"), "--json"]) == 0

    shown = capsys.readouterr()
    assert json.loads(shown.out)["picture"] is None
    assert "No space left on device" in shown.err


def test_the_same_seed_flies_the_same_flight_and_another_does_not(capsys, hop):
    timeless = {"real_time_factor", "log", "picture"}

    first, again, other = (fly(capsys, hop, "--seed", seed) for seed in ("3", "3", "4"))

    assert {k: v for k, v in first.items() if k not in timeless} == {
        k: v for k, v in again.items() if k not in timeless
    }
    assert first["attitude_estimate_rms_deg"] != other["attitude_estimate_rms_deg"]


def test_a_lost_imu_crashes_and_ends_with_exit_code_1(capsys, hop):
    arguments = ["fly", str(hop / "hop.toml"), "--no-picture", "--log", str(hop / "crash.ulg")]

    code, out, _ = run(capsys, *arguments, "--fault", "imu:dropout@6s", "--json")

    assert code == 1
    assert json.loads(out)["crashed"]


def test_a_vehicle_that_may_not_arm_gives_up_after_a_minute_and_names_the_reason(capsys, hop):
    arguments = ["fly", str(hop / "hop.toml"), "--no-picture", "--log", str(hop / "grounded.ulg")]

    code, out, _ = run(capsys, *arguments, "--fault", "gps:dropout@1s", "--json")

    figures = json.loads(out)
    assert code == 1
    assert figures["refusals"] == ["mode"]
    assert 60.0 <= figures["duration_s"] < 62.0


def test_many_vehicles_fly_at_once(capsys, hop):
    figures = result(capsys, "fly", str(hop / "hop.toml"), "--vehicles", "3")

    assert (figures["vehicles"], figures["landed"], figures["crashed"]) == (3, 3, 0)


def test_a_log_without_a_name_goes_into_the_folder(capsys, hop, tmp_path):
    figures = result(capsys, "fly", str(hop / "hop.toml"), "--no-picture", "--log", str(tmp_path))

    assert [str(file) for file in tmp_path.iterdir()] == [figures["log"]]
    assert "pi450_hop" in figures["log"]


def test_replay_finds_every_tick_identical(capsys, hop):
    replayed = result(capsys, "replay", str(hop / "hop.ulg"))

    assert replayed["ticks"] > 5000
    assert replayed["identical"] == replayed["ticks"]
    assert replayed["first_difference"] is None


def test_replay_with_another_gain_tells_where_it_matters(capsys, hop):
    replayed = result(capsys, "replay", str(hop / "hop.ulg"), "--set", "ATT_ROLL_P=5")

    assert 0 < replayed["identical"] < replayed["ticks"]
    assert set(replayed["first_difference"]) == {"tick", "field", "logged", "replayed"}
    assert "command" not in replayed["first_difference"]["field"]


def test_the_log_tells_the_imus_temperature_and_the_batterys_current_for_a_calibration(hop):
    from ground.estimation.run import read

    found = read(hop / "hop.ulg").aids

    assert 5.0 < found["temperature_c"].min() < found["temperature_c"].max() < 30.0
    assert found["current_a"].min() < 1.0
    assert 8.0 < found["current_a"].max() < 60.0


def test_a_replay_that_differs_ends_with_exit_code_1(capsys, hop, monkeypatch):
    import logs.comparison
    import logs.replay

    differing = logs.comparison.Replay(
        ticks=2, identical=1, first_difference={"tick": 1, "field": "status.mode"}
    )
    differing.first_difference |= {"logged": 1, "replayed": 2}
    monkeypatch.setattr(logs.replay, "replay", lambda *_: differing)

    code, out, _ = run(capsys, "replay", str(hop / "hop.ulg"))

    assert code == 1
    assert "1/2 ticks identical; tick 1: status.mode was 1, now 2" in out


def test_plot_draws_where_it_is_told(capsys, hop, tmp_path):
    drawn = result(capsys, "plot", str(hop / "hop.ulg"), "--out", str(tmp_path / "new" / "page.png"))

    assert Path(drawn["picture"]).read_bytes().startswith(b"\x89PNG")
    assert "http" not in Path(drawn["report"]).read_text().partition("<body")[0]


def test_log_info_tells_who_flew_and_what_happened(capsys, hop):
    facts = result(capsys, "log", "info", str(hop / "hop.ulg"))

    assert facts["made_by"]["quadloop_airframe"] == "pi450"
    assert facts["is_replayable"]
    assert facts["topics"]["vehicle_attitude"]["rows"] > 100
    assert "hop.ulg" in run(capsys, "log", "info", str(hop / "hop.ulg"))[1]


@pytest.mark.parametrize("command", [["replay"], ["plot"], ["log", "info"]])
@pytest.mark.parametrize("content", [None, b"", b"not a log at all, only text"])
def test_what_is_no_log_is_refused_in_one_line(capsys, tmp_path, command, content):
    path = tmp_path / "bad.ulg"
    if content is not None:
        path.write_bytes(content)

    code, out, err = run(capsys, *command, str(path))

    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "bad.ulg" in err


def test_a_log_cut_off_in_the_middle_is_replayed_as_far_as_it_goes(capsys, hop, tmp_path):
    whole = (hop / "hop.ulg").read_bytes()
    (tmp_path / "cut.ulg").write_bytes(whole[: len(whole) // 2])

    code, out, err = run(capsys, "replay", str(tmp_path / "cut.ulg"), "--json")

    replayed = json.loads(out)
    assert code == 0
    assert "cut.ulg: ends in the middle" in err
    assert 1000 < replayed["identical"] == replayed["ticks"]


def test_a_log_that_cannot_be_written_stops_the_flight_before_it_begins(capsys, hop):
    code, out, err = run(capsys, "fly", str(hop / "hop.toml"), "--log", str(hop / "hop.toml" / "flight.ulg"))

    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "flight.ulg" in err


@pytest.mark.parametrize("armed_s", [0.0, 5.5], ids=["on the ground", "in the air"])
def test_ctrl_c_twice_disarms_closes_the_log_and_exits_130(capsys, tmp_path, armed_s):
    log = tmp_path / "interrupted.ulg"
    command = [
        sys.executable,
        "-m",
        "ground",
        "fly",
        "hover",
        "--realtime",
        "--no-picture",
        "--json",
        "--log",
        str(log),
    ]
    flight = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for(flight, lambda: log.exists() and log.stat().st_size > 200_000)
    time.sleep(armed_s)

    for _ in range(2):
        flight.send_signal(signal.SIGINT)
        time.sleep(0.3)
    out, err = finish(flight)

    assert flight.returncode == 130, err
    assert not json.loads(out)["landed"]
    replayed = result(capsys, "replay", str(log))
    assert replayed["identical"] == replayed["ticks"] > 100


def wait_for(process: subprocess.Popen, condition: Callable[[], bool]) -> None:
    """Wait until a process has got somewhere, or has ended."""
    while process.poll() is None and not condition():
        time.sleep(0.05)


def finish(process: subprocess.Popen) -> tuple[str, str]:
    """Return what a process said, on stdout and stderr; it does not outlive the test."""
    try:
        return process.communicate(timeout=60)
    finally:
        process.kill()
