"""Campaigns: the same flights whoever flies them, nothing lost on the way, every crash named and flown again."""

import json
import math
import os
import shlex
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace

import pytest

from flight.errors import ConfigError, LinkError
from ground.campaign import flights
from ground.campaign.campaign import fly, read
from ground.campaign.cases import Dice, jobs_of
from ground.campaign.definition import campaign_of, load
from ground.campaign.figures import figures_of
from ground.campaign.jobs import Cluster, Job, Processes, Threads, hired
from ground.campaign.markdown import page as markdown_page
from ground.campaign.outcome import outcome
from ground.campaign.page import page as web_page
from ground.campaign.results import Results
from ground.main import main
from ground.session import Conditions
from tests import campaign_work
from tests.conftest import ROOT
from tests.two_workers import two_workers

SMALL = """
about = "a small one"
flights = 14
seed = 5
longest_s = 60
phases = ["hover", "leg", "landing"]
control = 0.2

[[vehicle]]
airframe = "agi"
mission = "room"
set = { FENCE_DIST_MAX = 15, FENCE_ALT_MAX = 12 }

[[vehicle]]
airframe = "fma"
mission = "room"
set = { FENCE_DIST_MAX = 15, FENCE_ALT_MAX = 12 }

[[vehicle]]
airframe = "pi450"
mission = "room"
sensors = "mocap"

[faults]
single = ["baro:dropout~3", "mag:dropout"]
attitude = ["imu:dropout"]
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Return the file of a small campaign."""
    file = tmp_path_factory.mktemp("campaign") / "small.toml"
    file.write_text(SMALL)
    return file


@pytest.fixture(scope="module")
def flown(small):
    """Return the small campaign as the threads of this machine flew it, with its folder."""
    campaign, folder = load(str(small)), small.parent / "flown"
    fly(campaign, Threads(2), folder)
    return read(campaign, folder), folder


def said(**told):
    """Return the facts of a flight that went well but for what is told."""
    fine = {
        "is_crashed": False, "has_flown": True, "is_down": True, "is_disarmed": True, "outside_m": 0.0,
        "mode": "mission", "item": 6, "miss_m": 0.5, "impact_m_s": 0.7, "impact_tilt_deg": 2.0,
    }  # fmt: skip
    return fine | told


@pytest.mark.parametrize(
    ("told", "called"),
    [
        ({}, "fine"),
        ({"has_flown": False}, "refused"),
        ({"mode": "land"}, "degraded"),
        ({"item": 3}, "degraded"),
        ({"miss_m": 3.5}, "degraded"),
        ({"outside_m": 2.0}, "fine"),
        ({"outside_m": 4.0}, "fence"),
        ({"outside_m": 30.0}, "flyaway"),
        ({"outside_m": None}, "flyaway"),
        ({"is_down": False}, "flyaway"),
        ({"is_disarmed": False}, "flyaway"),
        ({"is_down": False, "is_disarmed": False, "mode": "hold"}, "held"),
        ({"is_down": False, "is_disarmed": False, "mode": "hold", "outside_m": 0.1}, "flyaway"),
        ({"is_down": False, "mode": "hold"}, "flyaway"),
        ({"is_disarmed": False, "mode": "hold"}, "flyaway"),
        ({"is_down": False, "is_disarmed": False, "mode": "return"}, "flyaway"),
        ({"is_crashed": True}, "tipped"),
        ({"is_crashed": True, "impact_m_s": 3.1}, "crash"),
        ({"impact_m_s": 3.1}, "crash"),
        ({"impact_tilt_deg": 61.0, "mode": "land"}, "crash"),
        ({"is_crashed": True, "impact_tilt_deg": 61.0, "outside_m": 90.0}, "crash"),
    ],
)
def test_a_flight_is_called_by_the_worst_that_befell_it(told, called):
    assert outcome(said(**told), items=7) == called


def test_a_vehicle_switched_off_in_the_air_has_crashed_when_it_is_on_the_ground(tmp_path):
    file = tmp_path / "switched_off.toml"
    file.write_text(
        'about = "off in the air"\nflights = 4\nseed = 3\nlongest_s = 60\ncontrol = 0\nphases = ["hover"]\n'
        '[[vehicle]]\nairframe = "agi"\nmission = "room"\n'
        '[faults]\nsingle = ["log:dropout"]\n[needs]\n"log:dropout" = { FS_LOG_ACT = 6 }\n'
    )
    campaign = load(str(file))
    fly(campaign, Threads(2), tmp_path / "flown")

    fallen = read(campaign, tmp_path / "flown").flights
    assert [f["outcome"] for f in fallen] == ["crash"] * 4
    assert all(f["impact_m_s"] > 3.0 and f["is_crashed"] and f["crash_s"] for f in fallen)


def test_a_longer_campaign_begins_with_the_flights_of_a_shorter_one():
    short = Dice(replace(load("safety"), flights=10))
    long = Dice(replace(load("safety"), flights=100_000))

    assert [short.case(n) for n in range(40)] == [long.case(n) for n in range(40)]
    assert short.case(3) != Dice(replace(load("safety"), seed=2)).case(3)


def test_the_safety_campaign_meets_every_fault_in_every_phase():
    campaign = load("safety")
    met: Counter[tuple[str, str]] = Counter()
    doubles = []
    for job in jobs_of(campaign):
        for case in job.task["cases"]:
            if case["group"] == "double":
                doubles.append(case)
            else:
                met[case["names"][0], case["phase"]] += 1

    assert sum(met.values()) + len(doubles) == campaign.flights >= 10_000
    for kind in campaign.kinds:
        assert all(met[kind.name, phase] >= 5 for phase in campaign.phases), kind.name
    assert len(doubles) > 1000
    assert len({tuple(sorted(case["names"])) for case in doubles}) > 500


def test_side_by_side_fly_only_those_alike_and_none_twice():
    jobs = list(jobs_of(replace(load("safety"), flights=2000)))
    numbers = [case["number"] for job in jobs for case in job.task["cases"]]

    assert sorted(numbers) == list(range(2000))
    assert len({job.key for job in jobs}) == len(jobs)
    assert len({case["seed"] for job in jobs for case in job.task["cases"]}) == 2000


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"flihgts": 3}, "flihgts is not known; known: about, flights"),
        ({"flights": 0}, "flights = 0; allowed 1 to"),
        ({"vehicle": []}, "no \\[\\[vehicle\\]\\]"),
        ({"vehicle": [{"airframe": "zeppelin"}]}, "zeppelin"),
        ({"vehicle": [{"airframe": "pi450", "set": {"FENCE_DISTMAX": 3}}]}, "FENCE_DIST_MAX"),
        ({"vehicle": [{"airframe": "pi450", "wind_m_s": [99]}]}, "allowed 0 to 40"),
        ({"phases": ["lunch"]}, "'lunch' is not known; known: ground"),
        ({"faults": {"single": ["gps"]}}, "known: "),
        ({"faults": {"single": ["gps:bias~3"]}}, "needs a size"),
        ({"faults": {"single": ["loop:stuck"]}}, "knows only delay"),
        ({"faults": {"double": []}}, "known: single, motor, attitude"),
    ],
)
def test_a_campaign_that_cannot_be_flown_is_refused_by_key_and_value(change, told):
    whole = {"vehicle": [{"airframe": "pi450"}], "faults": {"single": ["gps:dropout"]}} | change

    with pytest.raises(ConfigError, match=told):
        campaign_of("mine", "mine.toml", whole)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere"], "campaign 'nowhere' is not known; known: safety, or a path to a .toml file"),
        (["nowhere.toml"], "nowhere.toml: cannot be read"),
        (["safety", "--workers", "0"], "--workers 0: out of range; allowed 1 to 1024"),
        (["safety", "--flights", "0"], "--flights 0: out of range"),
        (["safety", "--only", "wings"], "no fault's name contains it; faults: gps:dropout"),
        (["safety", "--set", "FENCE_ALT_MAX=-1"], "allowed 0 to 10000 m"),
    ],
)
def test_what_cannot_be_flown_is_told_in_one_line(arguments, told, capsys, tmp_path):
    assert main(["campaign", *arguments, "--out", str(tmp_path / "out")]) == 2

    complaint = capsys.readouterr().err
    assert told in complaint
    assert complaint.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_results_cut_off_in_the_middle_of_a_line_are_as_if_never_written(tmp_path):
    path = tmp_path / "results.jsonl"
    with Results(path, {"of": "this"}) as results:
        results.keep("a", [1.5])
        results.keep("b", [2.5])
    whole = path.read_bytes()

    for size in range(len(whole) + 1):
        path.write_bytes(whole[:size])
        with Results(path, {"of": "this"}) as results:
            lines = whole[:size].count(b"\n")
            assert list(results.found) == ["a", "b"][: max(lines - 1, 0)]
            for key, value in (("a", [1.5]), ("b", [2.5])):
                if not results.has(key):
                    results.keep(key, value)
        assert path.read_bytes() == whole


def test_results_of_something_else_are_not_mixed_in(tmp_path):
    with Results(tmp_path / "results.jsonl", {"of": "this", "seed": 1}):
        pass

    with pytest.raises(ConfigError, match="another seed; move it away"):
        Results(tmp_path / "results.jsonl", {"of": "this", "seed": 2})


def test_a_cluster_that_is_not_there_is_told_in_a_line(monkeypatch):
    pytest.importorskip("distributed", reason="Dask is not installed")
    monkeypatch.setattr("ground.campaign.jobs.PATIENCE_S", 0.5)

    for address in ("tcp://127.0.0.1:1", "nonsense"):
        with pytest.raises(LinkError, match="does not answer"), hired(address=address):
            pass


class Lost:
    """A job's future whose worker died with the result; asked, it waits until another has found it."""

    def __init__(self, *statuses: str) -> None:
        self.statuses = list(statuses)

    @property
    def status(self) -> str:
        return self.statuses[0]

    def exception(self) -> None:
        self.statuses = self.statuses[1:] or self.statuses

    def result(self) -> tuple[bool, int]:
        return True, 9


def test_what_a_dead_worker_had_found_is_waited_for_until_it_is_found_again():
    cluster = object.__new__(Cluster)
    cluster.name = "cluster"

    assert cluster.answer(Job("3", 3), Lost("finished")) == 9
    assert cluster.answer(Job("3", 3), Lost("lost", "lost", "pending", "finished")) == 9
    with pytest.raises(LinkError, match="job 3 was lost"):
        cluster.answer(Job("3", 3), Lost("lost", "cancelled"))


@pytest.mark.slow
def test_a_cluster_does_what_threads_do_even_when_workers_die(tmp_path):
    jobs = [Job(str(n), {"number": n}) for n in range(40)]
    expected = {job.key: result for job, result in Threads(1).run(campaign_work.squared, jobs)}
    jobs[17] = Job("17", {"number": 17, "grave": str(tmp_path / "grave")})

    with two_workers() as address, hired(address=address) as crew:
        found = {job.key: result for job, result in crew.run(campaign_work.squared_once_dead, jobs)}

        assert (tmp_path / "grave").exists()
        assert found == expected
        with pytest.raises(ValueError, match="no square"):
            list(crew.run(campaign_work.wrong, jobs[:1]))
        with pytest.raises(LinkError, match="job 3 was lost with its workers"):
            list(crew.run(campaign_work.deadly, jobs[3:4]))


@pytest.mark.slow
def test_processes_do_what_threads_do_even_when_one_dies(tmp_path):
    jobs = [Job(str(n), {"number": n}) for n in range(12)]
    expected = {job.key: result for job, result in Threads(1).run(campaign_work.squared, jobs)}
    jobs[5] = Job("5", {"number": 5, "grave": str(tmp_path / "grave")})

    found = {job.key: result for job, result in Processes(2).run(campaign_work.squared_once_dead, jobs)}

    assert (tmp_path / "grave").exists()
    assert found == expected
    with pytest.raises(ValueError, match="no square"):
        list(Processes(1).run(campaign_work.wrong, jobs[:1]))
    with pytest.raises(LinkError, match="job 3 was lost with its process"):
        list(Processes(1).run(campaign_work.deadly, jobs[3:4]))


@pytest.mark.slow
def test_every_flight_is_the_same_on_a_cluster_and_on_threads(flown, tmp_path):
    with two_workers() as address, hired(address=address) as crew:
        fly(flown[0].campaign, crew, tmp_path)

    assert read(flown[0].campaign, tmp_path).flights == flown[0].flights


@pytest.mark.slow
def test_flights_side_by_side_are_the_same_as_alone(flown):
    job = next(job for job in jobs_of(flown[0].campaign) if len(job.task["cases"]) > 2)
    together = flights.fly(job.task)

    alone = flights.fly(job.task | {"cases": job.task["cases"][1:2]})

    assert alone == together[1:2]


@pytest.mark.slow
def test_faults_begin_in_their_phase_and_the_harmless_are_survived(flown):
    told = [s for s in flown[0].flights if s["faults"]]

    assert {s["group"] for s in flown[0].flights} == {"none", "single", "attitude"}
    for s in told:
        assert float(s["faults"][0].partition("@")[2].partition("s")[0]) == pytest.approx(
            s["fault_s"], abs=1e-6
        )
        assert s["fault_s"] < s["ended_s"]
    assert all(s["outcome"] in ("fine", "degraded") for s in flown[0].flights if s["group"] != "attitude")
    assert any(s["outcome"] == "crash" for s in told if s["group"] == "attitude")


@pytest.mark.slow
def test_a_crash_is_flown_again_by_the_command_that_the_report_names(flown, capsys, tmp_path, monkeypatch):
    worst = max((s for s in flown[0].flights if s["outcome"] == "crash"), key=lambda s: s["impact_m_s"])
    monkeypatch.chdir(tmp_path)

    code = main([*shlex.split(worst["replay"])[1:], "--no-picture", "--json", "--log", "again.ulg"])
    again = json.loads(capsys.readouterr().out)
    raised = {e["text"].partition(": ")[2] for e in again["events"] if e["name"] == "failsafe_raised"}

    assert code == 1
    assert again["crashed"]
    assert again["height_max_m"] == pytest.approx(worst["highest_m"], abs=1e-4)
    assert raised == {name.replace("_", " ") for name in worst["failsafes"]}


@pytest.mark.slow
def test_the_report_names_every_flight_that_ended_badly(flown):
    figures = figures_of(flown[0])
    crashed = [s for s in flown[0].flights if s["is_crashed"]]
    web, markdown = web_page(flown[0], figures), markdown_page(flown[0], figures)

    assert figures["flights"] == 14
    assert figures["crashed"] == len(crashed) == len(figures["worst"]) > 0
    assert figures["bad"] == 0
    for bad in figures["worst"]:
        assert {"seed", "log", "reason", "replay"} <= set(bad)
        assert str(bad["seed"]) in web
    assert "`imu:dropout`" in markdown
    assert math.isclose(sum(sum(c.values()) for c in figures["groups"].values()), 14)


@pytest.mark.slow
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_a_campaign_that_is_ended_goes_on_where_it_was(flown, small, tmp_path, ending):
    command = [sys.executable, "-m", "ground", "campaign", str(small), "--out", str(tmp_path), "--logs", "1"]
    process = subprocess.Popen(
        [*command, "--workers", "1"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    try:
        until = time.monotonic() + 60.0
        while lines(tmp_path / "results.jsonl") < 2 and time.monotonic() < until and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(ending)
        process.communicate(timeout=60.0)
    finally:
        process.kill()
    done = lines(tmp_path / "results.jsonl")

    assert done >= 2
    # Where the machine was quicker than the signal, everything has been flown.
    assert process.returncode in (130, -signal.SIGKILL, 0)
    assert main([*command[3:], "--workers", "2"]) == 0
    assert read(flown[0].campaign, tmp_path).flights == flown[0].flights
    assert lines(tmp_path / "results.jsonl") == lines(flown[1] / "results.jsonl")
    figures = json.loads((tmp_path / "report.json").read_text())
    logged = [bad for bad in figures["worst"] if bad["log"]]
    assert len(logged) == 1
    assert (tmp_path / logged[0]["log"]).stat().st_size > 1_000_000


@pytest.mark.parametrize(
    ("from_deg", "towards"), [(0.0, (-5.0, 0.0)), (90.0, (0.0, -5.0)), (None, (4.0, 3.0))]
)
def test_wind_comes_from_where_it_is_told_to(from_deg, towards):
    north, east, down = Conditions(wind_m_s=5.0, wind_from_deg=from_deg).mean_wind_ned()

    assert (north, east, down) == pytest.approx((*towards, 0.0), abs=1e-9)


@pytest.mark.slow
def test_links_recorder_loop_and_pilot_fail_as_they_are_told(flown):
    told = {
        "ground:dropout": ("ground_lost", "return"),
        "bridge:dropout": ("bridge_lost", "land"),
        "pilot:dropout": ("pilot_lost", "return"),
        "log:dropout": ("log_lost", "mission"),
        "loop:delay=0.002": ("loop_late", "mission"),
    }
    params = {"NAV_DLL_ACT": 2.0, "FS_PILOT_ALL": 1.0, "RTL_RETURN_ALT": 2.5}
    job = next(job for job in jobs_of(flown[0].campaign) if job.task["airframe"] == "agi")
    case = job.task["cases"][0] | {"phase": "hover", "begins_s": 0.1, "set": params}
    cases = [case | {"names": [what], "faults": [[what, 0.0, None]]} for what in told]

    for said, (failsafe, mode) in zip(flights.fly(job.task | {"cases": cases}), told.values(), strict=True):
        assert failsafe in said["failsafes"]
        assert said["mode"] == mode
        assert not said["is_crashed"]
        assert said["is_down"]


def lines(file):
    """Return how many whole lines a file has."""
    return file.read_bytes().count(b"\n") if file.exists() else 0
