"""One log for each flight: from before arming until after disarming, or as SDLOG_MODE says; every one replays."""

import os
import signal

import numpy as np
import pytest

from flight.airframe import load
from flight.autopilot import Autopilot
from flight.inputs import Demand, LogState
from flight.modes import Arming
from ground import recording
from ground.log_mode import LogMode, Wish, runs
from ground.loop import FlightLoop, demanded, plain
from ground.recording import Plan, Recording
from ground.seats import TICK, Seats, What, request
from logs import space
from logs.reader import Log
from logs.replay import replay
from logs.ticks import Ticks
from sim.world import Simulator
from tests.served import Client, Served

READY_TICKS = 8000


class Bench:
    """A loop and a recorder in one process, so that the recorder may be killed between any two ticks."""

    def __init__(self, folder, mode: int) -> None:
        airframe = load("pi450")
        self.seats, world = Seats(), Simulator(airframe, 1)
        self.loop = FlightLoop(
            Autopilot(airframe.params, world.dt), world, self.seats, plain(world.vehicles)["truth"]
        )
        self.plan = Plan(airframe, world.dt, 1, mode, lambda k: folder / f"{k}.ulg")
        self.recorder: Recording | None = Recording(self.seats, self.plan, from_start=True)

    def fly(self, ticks: int) -> None:
        """Fly some ticks, the recorder looking in as often as it does."""
        for tick in range(1, ticks + 1):
            self.loop.tick()
            if tick % 250 == 0 and self.recorder:
                self.recorder.take()

    def demand(self, kind: Demand, *arguments: float) -> None:
        self.seats.parent_requests.push(request(What.DEMAND, demand=demanded(kind, *arguments)))

    def arm(self) -> int:
        """Arm; return the tick before that."""
        before = self.loop.ticks
        self.demand(Demand.ARM)
        self.fly(250)
        assert self.loop.command.status.arming == Arming.ARMED, self.loop.command.status.refusals
        return before

    def disarm(self, then: int = 5500) -> None:
        self.demand(Demand.DISARM, 1.0)
        self.fly(250)
        assert self.loop.command.status.arming != Arming.ARMED
        self.fly(then)

    def kill(self) -> None:
        """Let the recorder be gone with whatever it has not yet handed to the operating system."""
        os.close(self.recorder.log.sink.file)
        self.recorder.log.sink.file = -1
        self.recorder = None

    def bring_back(self) -> None:
        self.recorder = Recording(self.seats, self.plan, from_start=False)


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.setattr(recording, "ANSWER_S", 0.0)
    made = []

    def make(mode):
        made.append(Bench(tmp_path, mode))
        return made[-1]

    yield make
    for one in made:
        if one.recorder and one.recorder.log:
            one.recorder.log.close()
        one.seats.close()


def ticks_of(path) -> np.ndarray:
    """Return the loop's numbers of the ticks in a log that says they are exact."""
    result = replay(path)
    assert result.text() == f"{result.ticks}/{result.ticks} ticks identical"
    assert result.notes == []
    return Ticks(Log(path)).rows()[0].t_us // 1000


@pytest.mark.slow
def test_each_flight_has_a_log_of_its_own_that_begins_before_arming_and_replays(bench, tmp_path):
    vehicle = bench(LogMode.ARMED)
    vehicle.fly(READY_TICKS)
    assert os.listdir(tmp_path) == []

    armed = []
    for _ in range(2):
        armed.append(vehicle.arm())
        vehicle.fly(1000)
        vehicle.disarm(8000)

    assert sorted(os.listdir(tmp_path)) == ["0.ulg", "1.ulg"]
    for k, tick in enumerate(armed):
        numbers = ticks_of(tmp_path / f"{k}.ulg")
        assert np.all(np.diff(numbers) == 1)
        assert 2000 <= tick - numbers[0] <= 5000
        assert 4950 < numbers[-1] - tick - 1250 < 5300


@pytest.mark.slow
def test_from_boot_to_disarming_and_then_each_flight(bench, tmp_path):
    vehicle = bench(LogMode.BOOT_TO_DISARMING)
    vehicle.fly(READY_TICKS)
    assert os.listdir(tmp_path) == ["0.ulg"]
    vehicle.arm()
    vehicle.disarm()
    before = vehicle.loop.ticks
    vehicle.arm()
    vehicle.disarm()

    first, second = (ticks_of(tmp_path / name) for name in ("0.ulg", "1.ulg"))
    assert first[0] <= 1
    assert first[-1] < second[0] < before


@pytest.mark.slow
def test_a_recorder_killed_in_flight_comes_back_and_between_them_no_tick_is_lost(
    bench, tmp_path, record_property
):
    vehicle = bench(LogMode.ARMED)
    vehicle.fly(READY_TICKS)
    vehicle.arm()
    vehicle.fly(2500)
    vehicle.kill()
    vehicle.fly(777)
    vehicle.bring_back()
    vehicle.fly(1500)
    vehicle.disarm()

    first, second = (ticks_of(tmp_path / name) for name in ("0.ulg", "1.ulg"))
    record_property("ticks that two logs of a killed recorder share", int(first[-1] - second[0] + 1))
    assert np.all(np.diff(first) == 1)
    assert np.all(np.diff(second) == 1)
    assert second[0] <= first[-1] + 1


@pytest.mark.slow
def test_a_recorder_that_was_gone_for_longer_than_the_ring_is_begins_where_the_loop_is(bench, tmp_path):
    vehicle = bench(LogMode.ARMED)
    vehicle.fly(READY_TICKS)
    vehicle.arm()
    vehicle.fly(500)
    vehicle.kill()
    vehicle.fly(9000)
    vehicle.bring_back()
    back = vehicle.loop.ticks
    vehicle.fly(500)
    vehicle.disarm()

    first, second = (ticks_of(tmp_path / name) for name in ("0.ulg", "1.ulg"))
    assert first[-1] < second[0]
    assert back <= second[0] <= back + 500


@pytest.mark.slow
def test_a_recorder_too_slow_for_the_ring_goes_on_in_the_same_log_and_says_what_is_missing(bench, tmp_path):
    vehicle = bench(LogMode.BOOT)
    vehicle.fly(3000)
    slow, vehicle.recorder = vehicle.recorder, None
    vehicle.fly(9000)
    vehicle.recorder = slow
    vehicle.fly(3000)
    vehicle.recorder.log.close()

    numbers = ticks_of(tmp_path / "0.ulg")
    log = Log(tmp_path / "0.ulg")
    assert os.listdir(tmp_path) == ["0.ulg"]
    assert np.sum(np.diff(numbers) > 1) == 1
    assert len(log.dropouts) == 1
    assert any("ticks were lost" in text for _, _, text in log.messages)


def flown(arming) -> np.recarray:
    ticks = np.zeros(len(arming), TICK).view(np.recarray)
    ticks.command.status.arming = arming
    ticks.inputs.t_us = 100_000 * np.arange(len(arming))
    return ticks


@pytest.mark.parametrize(
    ("mode", "wanted"),
    [
        (LogMode.NEVER, []),
        (LogMode.ARMED, [(10, 70), (130, 190)]),
        (LogMode.STICK, [(10, 70), (130, 190)]),
        (LogMode.BOOT_TO_DISARMING, [(0, 70), (130, 190)]),
        (LogMode.BOOT, [(0, 200)]),
        (LogMode.FIRST_ARMING, [(10, 200)]),
    ],
)
@pytest.mark.parametrize("piece", [200, 7, 1])
def test_the_mode_says_which_ticks_are_logged_however_they_come(mode, wanted, piece):
    arming = np.zeros(200, int)
    arming[10:20] = arming[130:140] = Arming.ARMED
    ticks, wish = flown(arming), Wish(mode)

    found = np.concatenate([wish.wanted(ticks[k : k + piece]) for k in range(0, 200, piece)])

    assert [(a, b) for a, b, is_wanted in runs(found) if is_wanted] == wanted


def test_a_full_disk_loses_its_oldest_logs_and_none_that_a_person_named(tmp_path, monkeypatch):
    names = [f"2026-11-{day:02}_10-00-00_pi450_serve.ulg" for day in (9, 10, 11, 12)] + ["mine.ulg"]
    for name in names:
        (tmp_path / name).write_bytes(b"x")
    free = {"mb": 100.0}
    monkeypatch.setattr(
        space, "free_mb", lambda _: free["mb"] + 100.0 * (len(names) - len(os.listdir(tmp_path)))
    )

    removed = space.make_room(tmp_path, 250.0, {tmp_path / names[1]})

    assert [path.name for path in removed] == [names[0], names[2]]
    assert space.make_room(tmp_path, 1e6, set()) == [tmp_path / names[1]]
    assert sorted(os.listdir(tmp_path)) == names[3:]


def test_logs_are_told_in_the_order_they_were_flown(tmp_path):
    names = ["a.ulg", "a_2.ulg", "a_10.ulg", "b_1.ulg"]
    for name in reversed(names):
        (tmp_path / name).write_bytes(b"x")

    assert [path.name for path in space.logs_in(tmp_path)] == names


@pytest.mark.slow
def test_a_log_that_cannot_be_opened_is_told_to_the_loop_and_tried_again(bench, tmp_path, monkeypatch):
    vehicle = bench(LogMode.ARMED)
    vehicle.plan.path = lambda k: tmp_path / "file" / f"{k}.ulg"
    (tmp_path / "file").write_text("no folder")
    vehicle.fly(READY_TICKS)
    vehicle.arm()
    vehicle.fly(200)
    assert vehicle.loop.inputs.system.log_state == LogState.STOPPED
    (tmp_path / "file").unlink()
    vehicle.recorder.tried_s = -recording.AGAIN_S
    vehicle.fly(500)
    assert vehicle.loop.inputs.system.log_state == LogState.RUNNING
    vehicle.disarm()

    assert len(ticks_of(tmp_path / "file" / "0.ulg")) > 5000


@pytest.mark.slow
def test_a_served_vehicles_recorder_is_killed_and_every_tick_is_in_one_log_or_the_other(
    tmp_path, record_property
):
    served = Served(tmp_path, "--speed", "2", "--log", str(tmp_path / "a.ulg"))
    try:
        client = Client(served.port)
        client.track(4.0)
        os.kill(served.children()["1"], signal.SIGKILL)
        client.track(6.0)
        client.link.close()
    finally:
        code = served.end()

    first, second = (ticks_of(tmp_path / name) for name in ("a.ulg", "a_2.ulg"))
    record_property("served, recorder killed: ticks in its log, its successor's, both", (
        len(first), len(second), int(first[-1] - second[0] + 1)))  # fmt: skip
    assert code == 130
    assert sorted(path.name for path in tmp_path.glob("*.ulg")) == ["a.ulg", "a_2.ulg"]
    assert second[0] <= first[-1] + 1 < second[-1]
    assert np.all(np.diff(first) == 1)
    assert np.all(np.diff(second) == 1)
