"""What other gains would have done: predicted from one log, and then really flown."""

import json

import numpy as np
import pytest

from flight.airframe import load
from ground.main import main
from ground.missions.load import load as load_mission
from ground.session import Conditions, fly
from ground.whatif import prediction, reflight
from ground.whatif.motion import motion_of, scores
from ground.whatif.validity import validity_of
from logs.reader import Log
from logs.rebuilding import rebuild

pytestmark = pytest.mark.slow
SEED = 5
SLOW = {"RATE_ROLL_KP": 12.0, "RATE_PITCH_KP": 12.0}


def flown(path, settings):
    """Fly a square of a minute's half in light wind with other gains, everything else the same."""
    airframe = load("pi450")
    for name, value in settings.items():
        airframe.set(name, value)
    fly(airframe, load_mission("square"), Conditions(seed=SEED, wind_m_s=3.0, turbulence="light"), str(path))
    return path


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    return flown(tmp_path_factory.mktemp("what_if") / "usual.ulg", {})


@pytest.fixture(scope="module")
def predicted(log):
    return prediction.predict(Log(log), SLOW)


def test_gains_never_flown_do_in_flight_what_was_predicted(predicted, tmp_path, record_property):
    other = rebuild(flown(tmp_path / "other.ulg", SLOW))
    motion = motion_of(other.commands, other.dt)

    real = scores(motion, motion)

    assert predicted.validity.verdict == "good"
    assert predicted.trouble == []
    for axis in ("roll", "pitch"):
        for name in (f"rate_{axis}_error_rms_deg_s", f"attitude_{axis}_error_rms_deg"):
            figure = predicted.figures[name]
            record_property(f"{name} predicted / real", f"{figure.predicted:.2f} / {real[name]:.2f}")
            assert real[name] > 1.5 * figure.flown
            assert figure.predicted == pytest.approx(real[name], rel=0.15)
    motors = predicted.figures["motor_activity_percent"]
    assert motors.predicted < 0.8 * motors.flown
    assert motors.predicted == pytest.approx(real["motor_activity_percent"], rel=0.15)


def test_gains_that_do_not_fly_are_predicted_to_fail(log, predicted):
    found = prediction.predict(Log(log), {"RATE_ROLL_KP": 200.0}, found=predicted.found)

    assert found.figures["motor_activity_percent"].predicted > 10.0
    assert "motors oscillate" in found.trouble


def test_the_word_of_another_vehicle_is_worth_nothing(log, predicted):
    flight, heavy = rebuild(log), predicted.found.fit.values()
    for axis in "xyz":
        heavy[f"inertia_{axis}"] *= 4.0
    stretch = reflight.stretch_of(Log(log), flight, heavy)

    model = motion_of(reflight.fly(stretch, flight, heavy, {}), flight.dt)

    assert validity_of(motion_of(stretch.flown, flight.dt), model).verdict == "poor"


def test_the_command_says_that_it_predicts_and_what_that_is_worth(log, capsys, tmp_path):
    picture = tmp_path / "what_if.png"

    code = main(
        [
            "replay",
            str(log),
            "--what-if",
            "closed",
            "--set",
            "ATT_ROLL_P=6",
            "--picture",
            str(picture),
            "--json",
        ]
    )

    told = json.loads(capsys.readouterr().out)
    assert code == 0
    assert told["kind"] == "prediction"
    assert told["validity"]["verdict"] == "good"
    assert told["settings"] == {"ATT_ROLL_P": 6.0}
    figure = told["figures"]["attitude_roll_error_rms_deg"]
    assert figure["low"] <= figure["predicted"] <= figure["high"]
    assert picture.stat().st_size > 50_000


def test_a_question_without_other_gains_is_none(log, capsys):
    assert main(["replay", str(log), "--what-if", "closed"]) == 2
    assert "--set" in capsys.readouterr().err


def test_open_loop_says_that_the_sensors_stay_as_they_were(log, capsys):
    code = main(["replay", str(log), "--what-if", "open", "--set", "ATT_ROLL_P=6"])

    shown = capsys.readouterr().out
    assert code == 0
    assert shown.startswith("open loop")
    assert "torque_sp_frd moved by" in shown


def test_a_gain_set_to_what_it_was_changes_nothing(predicted, log):
    flight, x = rebuild(log), predicted.found.fit.values()
    stretch = reflight.stretch_of(Log(log), flight, x)

    again = reflight.fly(stretch, flight, x, {"RATE_ROLL_KP": load("pi450").gains["RATE_ROLL_KP"]})

    assert np.array_equal(motion_of(again, flight.dt).rate, predicted.model.rate)
