"""Step responses from a log's ordinary motion: beside loops on paper, and beside the vehicle that flew."""

import json

import numpy as np
import pytest
from scipy.signal import cont2discrete, lfilter

from benchmarks import identification as bench
from flight.airframe import load
from flight.errors import LogError
from flight.excitation.excitation import Point
from flight.excitation.signals import Signal
from flight.inputs import Demand
from ground.identification.deconvolution import deconvolved, features, sampled
from ground.identification.step_responses import Signals, respond
from ground.main import main
from ground.missions.mission import Mission
from ground.session import Conditions, prepared, record
from ground.tuning import steps
from logs.series import Curve, euler_deg
from sim.operator import Await, Step

pytestmark = pytest.mark.slow

DT, FINE = 0.005, 0.001
SECONDS = 20.0


def stick(random):
    """Return 20 s of a pilot's stick: held somewhere for a quarter of a second, moved in 60 ms."""
    held = np.repeat(random.normal(size=round(SECONDS / 0.25)), round(0.25 / FINE))
    return np.convolve(held, np.ones(60) / 60.0, "same")


def loop(frequency, damping, delay_s):
    """Return how a loop of second order with a delay answers, sampled finely."""
    up, down, _ = cont2discrete(([frequency**2], [1.0, 2.0 * damping * frequency, frequency**2]), FINE, "zoh")
    late = round(delay_s / FINE)
    return lambda x: lfilter(up[0], down, np.concatenate((np.full(late, x[0]), x[: len(x) - late])))


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.4])
@pytest.mark.parametrize(("frequency", "damping"), [(30.0, 0.5), (45.0, 0.9), (25.0, 0.35)])
def test_twenty_seconds_of_stick_tell_the_step_response_of_a_loop_on_paper(frequency, damping, noise):
    random = np.random.default_rng(4)
    answer, x = loop(frequency, damping, 0.012), stick(random)
    t, at = FINE * np.arange(len(x)), np.arange(0.0, SECONDS - 0.1, DT)
    measured = answer(x) + noise * random.normal(size=len(x))

    found = deconvolved(sampled(t, x, at, DT), sampled(t, measured, at, DT), DT, 0.6).figures()

    real = features(t[:600], answer(np.concatenate(([0.0], np.ones(599)))))
    assert found["rise_s"] == pytest.approx(real[0], abs=0.003 + 0.015 * noise)
    assert found["delay_s"] == pytest.approx(real[1], abs=0.003)
    assert found["overshoot"] == pytest.approx(real[2], abs=0.01 + 0.05 * noise)
    assert found["final"] == pytest.approx(1.0, abs=0.01 + 0.02 * noise)
    assert found["low"]["overshoot"] - 0.01 <= real[2] <= found["high"]["overshoot"] + 0.01


def test_a_setpoint_that_rests_tells_nothing():
    t = DT * np.arange(4000)
    still = Curve(t, np.zeros((len(t), 3)))

    with pytest.raises(LogError, match="moves by"):
        respond("rate", Signals(still, still), 0)


@pytest.fixture(scope="module")
def shaken():
    """Fly a hover whose roll rate and then roll angle are asked to move about."""
    airframe = load("pi450")
    shape = float(Signal.MULTISINE)
    mission = Mission(
        "shaken",
        [
            Step(Demand.ARM, awaits=Await.READY),
            Step(Demand.TAKEOFF, (3.0,), awaits=Await.ARMED),
            Step(Demand.EXCITE, (shape, 1.5, 12.0, 0.5, 15.0), int(Point.RATE_ROLL), Await.HOLDING, 1.0),
            Step(Demand.EXCITE, (shape, 0.2, 12.0, 0.2, 8.0), int(Point.ANGLE_ROLL), Await.HOLDING, 13.0),
            Step(Demand.LAND, awaits=Await.HOLDING, wait_s=13.0),
        ],
    )
    fleet = prepared(airframe, mission, Conditions(seed=5), [5])
    _, commands, _ = record(fleet, 38_000)
    # What leads attitudes in stands before the loop that is measured.
    airframe.set("ATT_REF_HZ", 0.0)
    return commands, bench.true_rig(airframe, fleet.setups[0])


@pytest.mark.parametrize("kind", ["rate", "attitude"])
def test_a_flight_tells_how_its_loops_answer_a_step(shaken, kind, record_property):
    commands, rig = shaken
    on = commands[commands.terms.excited == (Point.RATE_ROLL if kind == "rate" else Point.ANGLE_ROLL)]
    t = 1e-6 * on.t_us
    asked, was = (
        (np.degrees(on.setpoint.omega_sp_frd), np.degrees(on.estimate.omega_frd))
        if kind == "rate"
        else (euler_deg(on.setpoint.q_sp_ned_frd), euler_deg(on.estimate.q_ned_frd))
    )

    found = respond(kind, Signals(Curve(t, asked), Curve(t, was)), 0).figures()

    truth = steps.step(rig, f"{kind}_roll")
    rise, overshoot = float(truth.rise_s()[0]), float(truth.overshoot()[0])
    record_property(f"{kind} roll rise ms, told / true", f"{1e3 * found['rise_s']:.0f} / {1e3 * rise:.0f}")
    record_property(
        f"{kind} roll overshoot, told / true",
        f"{found['overshoot'] * found['final'] + found['final'] - 1.0:.3f} / {overshoot:.3f}",
    )
    assert found["rise_s"] == pytest.approx(rise, rel=0.15)


def test_the_command_reads_other_autopilots_logs(shared_data, capsys, tmp_path):
    log = shared_data / "recordings" / "logs" / "bblog_btfl_002.bbl"
    picture = tmp_path / "step.png"

    code = main(["identify", str(log), "--step-response", "--json", "--picture", str(picture)])

    told = json.loads(capsys.readouterr().out)
    assert code == 0
    roll = told["rate_roll"]
    assert 0.005 < roll["rise_s"] < 0.08
    assert roll["final"] == pytest.approx(1.0, abs=0.1)
    assert roll["low"]["rise_s"] <= roll["rise_s"] <= roll["high"]["rise_s"]
    assert picture.stat().st_size > 20_000


def test_a_log_without_setpoints_tells_them_by_its_p_terms(shared_data, capsys):
    log = shared_data / "recordings" / "logs" / "pidanalyzer_better_tune.BBL"

    code = main(["identify", str(log), "--step-response", "--json"])

    told = json.loads(capsys.readouterr().out)
    assert code == 0
    for name in ("rate_roll", "rate_pitch"):
        assert told[name]["final"] == pytest.approx(1.0, abs=0.1)
        assert 0.005 < told[name]["rise_s"] < 0.05
