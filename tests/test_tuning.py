"""Tuning: gains found from nothing are robust in the compiled loop, written where the airframe's loader reads them."""

import json
import os
import shutil
import signal
from dataclasses import replace

import numpy as np
import pytest

from flight.airframe import folder, load
from ground.campaign.jobs import Threads, hired
from ground.campaign.results import Results
from ground.main import main
from ground.tuning import anyone, fleet, linear, model, pieces, plants, rigs, trials, tuner
from ground.tuning.loops import closed
from ground.tuning.margins import margins
from ground.tuning.search import IDS
from tests.two_workers import two_workers

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", ["pi450", "fma", "any-1-1"])
def test_the_fast_loops_are_those_of_the_compiled_vehicle(name, record_property):
    # The last one's rate loops end from below, where its body swings on its rotors' drag.
    airframe = anyone.airframe(1, 1) if name == "any-1-1" else load(name)
    airframe.set("RATE_LEAD", 0.3)
    vehicles = rigs.build(airframe, 1, (0, 7, 22), cloud=plants.USUAL)
    vehicles.fly(rigs.script(4000), np.zeros(3, np.int64))
    f_hz = np.geomspace(0.1, 30.0, 32)

    lag_s = float(airframe.params[0].airframe.motor_lag_s)
    fast = closed(model.listened(vehicles, airframe, f_hz), tuner.control_gains(airframe), lag_s)

    ratios, peaks = [], []
    for loop in linear.LOOPS:
        L = linear.loop_response(vehicles, linear.LOOPS[loop], f_hz)
        # Where the loop is far weaker or stronger than 1 nothing is decided.
        ratios.append((fast.L[loop] / L)[(np.abs(L) > 0.1) & (np.abs(L) < 10.0)])
        peaks.append(np.abs(1.0 + L).min(axis=-1) / np.abs(1.0 + fast.L[loop]).min(axis=-1))
    worst_db = max(np.abs(20.0 * np.log10(np.abs(r))).max() for r in ratios)
    worst_deg = max(np.degrees(np.abs(np.angle(r))).max() for r in ratios)
    record_property(
        f"fast loops of {name}: Ms off by, share", round(float(np.abs(np.array(peaks) - 1.0).max()), 3)
    )
    assert np.array(peaks) == pytest.approx(1.0, abs=0.025)
    record_property(f"fast loops of {name} off by, dB", round(worst_db, 2))
    record_property(f"fast loops of {name} off by, deg", round(worst_deg, 2))
    assert worst_db < 0.7
    assert worst_deg < 3.0


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Return what tuning a copy of a vehicle with gains four times too high tells, and where."""
    place = tmp_path_factory.mktemp("tuned")
    text = (folder() / "fma.toml").read_text().replace("RATE_ROLL_KP = 36.0", "RATE_ROLL_KP = 144.0")
    (place / "quad.toml").write_text(text)
    told = place / "told.json"
    with told.open("w") as out, pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdout", out)
        patch.setattr(tuner, "GENERATIONS", 40)
        code = main(["tune", str(place / "quad.toml"), "--robust", "12", "--json", "--report", str(place / "report"),
                     "--resume", str(place / "searches")])  # fmt: skip
    return place, code, json.loads(told.read_text())


def test_tuning_meets_every_demand_and_tells_what_it_did(found, record_property):
    _, code, told = found

    assert code == 0
    assert told["is_proven"]
    assert told["plants"] == 12
    assert told["lost"] == 0
    record_property("tuning of fma with 12 plants, simulated s", round(told["simulated_s"]))
    for loop in told["nominal"].values():
        assert loop["phase_margin_deg"] >= 50.0
        assert loop["gain_margin_db"] >= 8.0
        assert loop["ms"] <= 1.7
    for loop in told["worst"].values():
        assert loop["phase_margin_deg"] >= 40.0
        assert loop["gain_margin_db"] >= 6.0
        assert loop["ms"] <= 2.0


def test_the_worst_plant_keeps_its_margins_in_the_compiled_loop(found):
    place, _, _ = found
    airframe = load(place / "quad.toml")
    vehicles = rigs.build(airframe, 1, tuple(range(13)), cloud=plants.USUAL)
    f_hz = linear.grid(vehicles.dt)

    kept = [
        margins(f_hz, linear.loop_response(vehicles, linear.LOOPS[n], f_hz))
        for n in ("rate_roll", "attitude_roll")
    ]

    assert all(loop.is_stable.all() for loop in kept)
    assert min(loop.phase_margin_deg.min() for loop in kept) >= 40.0
    assert max(loop.ms.max() for loop in kept) <= 2.0


def test_the_overlay_is_flown_and_the_airframe_file_is_untouched(found):
    place, _, told = found

    flown = load(place / "quad.toml")

    assert flown.gains["RATE_ROLL_KP"] == pytest.approx(told["gains"]["RATE_ROLL_KP"], rel=1e-4)
    assert "RATE_ROLL_KP = 144.0" in (place / "quad.toml").read_text()


def test_the_report_shows_pictures(found):
    place, _, _ = found

    page = (place / "report" / "report.html").read_text()

    for picture in ("trials.png", "cloud.png", "bode.png", "nyquist.png"):
        assert picture in page
        assert (place / "report" / picture).stat().st_size > 10_000


def test_a_tuning_resumed_gives_the_same_gains_without_searching(found, tmp_path, capsys):
    place, _, told = found
    shutil.copy(place / "quad.toml", tmp_path / "quad.toml")

    main(["tune", str(tmp_path / "quad.toml"), "--robust", "12", "--json", "--report", str(tmp_path),
          "--resume", str(place / "searches"), "--dry-run"])  # fmt: skip

    again = json.loads(capsys.readouterr().out)
    assert again["gains"] == told["gains"]
    assert again["evaluations"] == 0
    assert again["overlay"] is None
    assert not (tmp_path / "quad.gains.toml").exists()


def test_ten_trial_flights_make_a_figure_that_was_never_flown_far_closer(record_property):
    # DiffTune (Cheng et al. 2024): 3.5 times closer in ten trials over twelve gains, on a real vehicle.
    airframe = load("fma")
    own = tuner.control_gains(airframe)
    slack = {n: 0.4 * own[n] for n in IDS if "HZ" not in n}
    before = rigs.tally.flights

    tuned = tuner.tune(trials.tuned(airframe, slack), 1, 0)
    flights = rigs.tally.flights - before

    closer = trials.fly(airframe, slack, 1, [0]).rms_m[0] / trials.fly(airframe, tuned.gains, 1, [0]).rms_m[0]
    record_property("figure-8 at 5 m/s from gains x0.4, times closer", round(closer, 1))
    record_property("trial flights for it", flights)
    assert flights <= 10
    assert closer >= 3.5


def test_nonsense_is_refused(capsys):
    assert main(["tune", "fma", "--robust", "-1"]) == 2
    assert "--robust" in capsys.readouterr().err


def test_random_airframes_are_tuned_once_and_plants_not_seen_keep_their_margins(tmp_path, record_property):
    jobs = [job for job in fleet.jobs_of(2, 1, 8, 50, 4) if "number" in job.task]
    with Results(tmp_path / "fleet.jsonl", {}) as kept:
        verdicts = fleet.judge_all(jobs, Threads(), kept, lambda part, text: None)

    with Results(tmp_path / "fleet.jsonl", {}) as kept:
        assert fleet.judge_all(jobs, Idle(), kept, lambda part, text: None) == verdicts
    assert len(verdicts) == 2
    for verdict in verdicts:
        record_property(
            f"random airframe of {verdict['mass_kg']:.2f} kg: worst Ms of 50 plants",
            round(verdict["worst_ms"], 2),
        )
        assert not verdict["failings"]
        assert verdict["lost"] == 0
        assert verdict["is_same_from_wrong"]


class Idle:
    """A crew that must have nothing to do."""

    name, threads = "nobody", 1

    def run(self, work, jobs):
        """Refuse any job."""
        assert not jobs
        return iter(())


def test_the_gains_a_vehicle_comes_with_do_not_matter(monkeypatch):
    monkeypatch.setattr(tuner, "GENERATIONS", 3)

    found = [tuner.tune(fleet.mistuned(load("fma"), factor), 1, 0) for factor in fleet.WRONG]

    assert sum(found[0].before[id] < found[1].before[id] for id in IDS) > 20
    assert [found[0].gains[id] for id in IDS] == [found[1].gains[id] for id in IDS]


def test_a_cluster_finds_the_very_gains_that_threads_find_even_when_a_worker_is_killed(monkeypatch):
    monkeypatch.setattr(tuner, "GENERATIONS", 4)
    monkeypatch.setattr(pieces, "CHUNK", 4)
    airframe, numbers = load("fma"), list(range(6))
    here = tuner.tune(airframe, 1, 6)
    flown = pieces.flown(airframe, here.gains, 1, numbers)

    with two_workers() as address, hired(address=address) as crew:
        victims = [*crew.client.run(os.getpid).values()][:1]

        def kill(part, text):
            """Take one worker down as soon as the first piece has come back."""
            while victims:
                os.kill(victims.pop(), signal.SIGKILL)

        there = tuner.tune(airframe, 1, 6, kill, crew=crew)
        flown_there = pieces.flown(airframe, there.gains, 1, numbers, crew)

    assert not victims
    assert there.gains == here.gains
    assert there.model.is_same(here.model)
    assert there.judge.evaluations == here.judge.evaluations
    assert np.array_equal(flown_there.rms_m, flown.rms_m)
    assert np.array_equal(flown_there.step, flown.step)


def test_random_airframes_are_vehicles_that_could_be_built():
    for number in range(1, 200):
        physics = anyone.airframe(3, number).physics
        body, rotors = physics["body"], physics["rotors"]
        places = np.array([r["position_m_frd"][:2] for r in physics["rotor"]])
        apart = np.linalg.norm(places[:, None] - places, axis=-1)[~np.eye(4, dtype=bool)].min()
        thrust = 4.0 * rotors["thrust_coefficient_n_s2"] * rotors["speed_max_rad_s"] ** 2

        assert 0.05 <= body["mass_kg"] <= 5.0
        assert apart > 1.6 * rotors["radius_m"]
        assert 2.0 * max(body["inertia_kg_m2"]) <= sum(body["inertia_kg_m2"])
        assert 2.4 <= thrust / (body["mass_kg"] * 9.80665) <= 8.1
        assert rotors["speed_max_rad_s"] * rotors["radius_m"] < 0.75 * 340.0


def test_a_plant_that_rings_on_the_gains_it_is_listened_to_with_is_heard_on_gentler_ones():
    # Heavy propellers turn the body as they speed up: the strong, light one with the longest delay rings about yaw.
    found = pieces.heard(anyone.airframe(1, 25), 1, [0, plants.FIRST_CORNER + 4])

    slow = found.f_hz < 4.0
    assert np.abs(found.climb[1, slow]) == pytest.approx(np.abs(found.climb[0, slow]), rel=0.3)


def test_a_plant_whose_battery_gives_in_is_spent():
    fma = load("fma")
    empty = rigs.build(fma, 1, (0, 1), cloud=replace(plants.USUAL, charge=(0.0, 0.005)))

    found = model.listened(empty, fma, pieces.frequencies(empty.dt, 8))

    assert found.is_spent().tolist() == [False, True]
