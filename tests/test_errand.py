"""A mission flown through processes: in the simulator to its end; behind a board without other sensors, not at all."""

import json

import pytest

from flight.airframe import load
from ground import errand
from ground.choice import Choice
from ground.main import main
from ground.missions.load import load as load_mission
from ground.session import Conditions
from logs.info import info

pytestmark = pytest.mark.slow


def test_the_steps_of_a_mission_reach_the_loop_and_it_lands(tmp_path, record_property):
    choice = Choice(
        load("pi450"), Conditions(seed=3), 4.0, (), str(tmp_path / "a.ulg"), tmp_path / "kept.params"
    )

    figures = errand.fly(choice, load_mission("hover")).figures

    record_property("a hover through processes: arm to disarm", f"{figures['arm_to_disarm_s']:.1f} s")
    assert figures["landed"], figures
    assert not figures["refusals"]
    assert {"armed", "disarmed"} <= {event["name"] for event in figures["events"]}
    assert figures["timing"]["ticks"] > 1000
    facts = info(tmp_path / "a.ulg")
    assert facts["is_replayable"]
    assert facts["loop"]["ticks"] > 1000


def test_a_board_alone_does_not_arm_and_says_why(chip, tmp_path, capsys, monkeypatch):
    from tests.emulator.terminal import BoardOnTerminal

    monkeypatch.setattr(errand, "READY_S", 20.0)
    monkeypatch.chdir(tmp_path)
    board = BoardOnTerminal(chip())
    try:
        code = main(
            ["fly", "hover", "--world", f"serial:{board.port}", "--json", "--no-picture", "--log", "a.ulg"]
        )
    finally:
        board.close()
    told = json.loads(capsys.readouterr().out)

    record = [event["name"] for event in told["events"]]
    assert code == 1
    assert told["refusals"], record
    assert not told["landed"]
    assert told["position_error_rms_m"] is None
    assert told["ticks"] > 0
    assert not (board.board.pulses()["value"] > 126 * 16).any()


@pytest.mark.parametrize("options", [["--vehicles", "3"], ["--wind", "3"], ["--fault", "motor2@12s"]])
def test_a_real_vehicle_has_no_weather_to_choose(options, capsys):
    assert main(["fly", "hover", "--world", "serial:/dev/ttyUSB7", *options]) == 2
    assert "simulator" in capsys.readouterr().err


def test_a_plan_of_another_place_is_not_flown_here(capsys):
    assert main(["fly", "examples/survey.plan", "--world", "serial:/dev/ttyUSB7"]) == 2
    assert "ground station" in capsys.readouterr().err
