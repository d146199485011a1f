"""The autotune as a ground station sees it: begun by a command, told in its acknowledgements, kept when verified."""

from types import SimpleNamespace

import numpy as np
import pytest

from flight.autotune.autotune import Stage
from flight.inputs import Demand
from flight.modes import Event
from flight.parameter import store
from flight.params import BY_ID
from ground.link import service as results
from ground.link.autotune import GAINS, Autotune
from ground.link.parameters import Parameters
from ground.link.vehicle import Happening
from tests.link_rig import CLIENT, Line, PretendedVehicle, order

COMMAND = 212


class Tuned(PretendedVehicle):
    """A vehicle whose autotune stands where the test puts it."""

    tuning = SimpleNamespace(stage=0, axis=1, gains=np.zeros((4, 4)))

    @property
    def command(self):
        self.said.is_tuning = int(self.tuning.stage > 0)
        return SimpleNamespace(status=self.said, tuning=self.tuning)

    def say(self, value):
        self.happenings = [Happening(self.clock_us, int(Event.AUTOTUNE), value, "", 6)]


class Answering(Line):
    """A line that keeps percentages too."""

    def __init__(self):
        super().__init__()
        self.percents = []

    def acknowledge(self, order, to, result, progress=255, result_param2=0):
        self.results.append(result)
        self.percents.append(progress)

    def service(self, kind):
        return self.parameters


@pytest.fixture
def station(tmp_path):
    vehicle, line = Tuned(tmp_path), Answering()
    vehicle.tuning = SimpleNamespace(stage=0, axis=1, gains=np.zeros((4, 4)))
    line.parameters = Parameters(vehicle, line)
    return Autotune(vehicle, line)


def test_the_command_asks_for_all_axes_unless_it_names_some(station):
    assert station.obey(order(COMMAND, 1.0), CLIENT) is None
    station.asked.clear()
    assert station.obey(order(COMMAND, 1.0, 3.0), CLIENT) is None

    assert station.vehicle.demands == [(Demand.AUTOTUNE, [], 15), (Demand.AUTOTUNE, [], 3)]


@pytest.mark.parametrize("numbers", [(2.0,), (1.0, 16.0), (1.0, 0.5), (float("nan"),)])
def test_what_is_no_autotune_is_denied(station, numbers):
    assert station.obey(order(COMMAND, *numbers), CLIENT) == results.DENIED
    assert station.vehicle.demands == []


def test_its_progress_comes_every_second_and_at_the_end_its_result(station):
    station.obey(order(COMMAND, 1.0), CLIENT)
    vehicle, line = station.vehicle, station.link

    for axis, stage, now in ((1, Stage.LISTEN, 1.0), (1, Stage.LISTEN, 1.5), (3, Stage.CHECK, 20.0)):
        vehicle.tuning.axis, vehicle.tuning.stage = axis, int(stage)
        station.tick(now)
    vehicle.tuning.stage = 0
    vehicle.say(0.0)
    station.tick(31.0)

    assert line.results == [results.IN_PROGRESS, results.IN_PROGRESS, results.ACCEPTED]
    assert 20 <= line.percents[0] < 40
    assert 60 <= line.percents[1] < 80
    assert line.percents[2] == 100


def test_who_asks_again_while_it_runs_or_just_after_gets_its_state_and_no_second_one(station):
    station.obey(order(COMMAND, 1.0), CLIENT)
    station.vehicle.tuning.stage = int(Stage.FIT)
    station.tick(1.0)
    assert station.obey(order(COMMAND, 1.0), CLIENT) is None
    station.vehicle.tuning.stage = 0
    station.vehicle.say(-1.0)
    station.tick(2.0)

    assert station.obey(order(COMMAND, 1.0), CLIENT) == results.FAILED
    assert station.link.results[-1] == results.FAILED
    assert len(station.vehicle.demands) == 1


def test_what_the_core_refuses_is_rejected(station):
    station.vehicle.refuse = lambda kind, arguments, index: "needs airborne"
    station.obey(order(COMMAND, 1.0), CLIENT)

    station.tick(0.1)

    assert station.link.results == [results.REJECTED]


def test_the_gains_are_told_whenever_they_change_and_kept_only_when_verified(station):
    values = station.link.parameters.values
    for value in (41.0, -1.0, 0.0):
        store(station.vehicle._chosen[0], BY_ID["RATE_ROLL_KP"], 33.0)
        station.vehicle.say(value)
        station.tick(1.0)
        told = [m for m in station.link.taken() if m.get_type() == "PARAM_VALUE"]

        assert {m.param_id for m in told} == set(GAINS)
        assert next(m for m in told if m.param_id == "RATE_ROLL_KP").param_value == 33.0
        assert ("RATE_ROLL_KP" in values.kept) == (value == 0.0)

    assert values.kept["RATE_ROLL_KP"] == 33.0


def test_it_is_ended_by_the_command_too(station):
    station.vehicle.tuning.stage = int(Stage.SWELL)

    assert station.obey(order(COMMAND, 0.0), CLIENT) is None

    assert station.vehicle.demands == [(Demand.AUTOTUNE, [], 0)]
