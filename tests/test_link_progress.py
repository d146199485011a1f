"""How far a mission has come, told to everyone, and choosing where it goes on."""

import math
from types import SimpleNamespace

import pytest

from flight.inputs import Demand
from flight.modes import Event, Mode
from ground.link.dialect import mavlink as m
from tests.link_rig import CLIENT, PretendedVehicle, order
from tests.mission_rig import AWAY, MISSION, TAKEOFF, Client, item, item_message


@pytest.fixture
def vehicle(tmp_path):
    return PretendedVehicle(tmp_path)


@pytest.fixture
def client(vehicle):
    return Client(vehicle)


def fly(client, *steps):
    """Let the core say where it is; return the reached items in order."""
    vehicle = client.vehicle
    vehicle.said.arming, vehicle.said.mode = 1, int(Mode.MISSION)
    for index, reached in steps:
        vehicle.said.mission_index = index
        codes = [] if reached is None else [SimpleNamespace(code=Event.ITEM_REACHED, value=float(reached))]
        vehicle.happenings = codes
        client.service.tick(client.service.now + 0.1)
    vehicle.happenings = []
    return [n.seq for n in client.line.taken() if n.get_type() == "MISSION_ITEM_REACHED"]


def test_progress_counts_every_item_in_order(client):
    client.upload(MISSION)

    reached = fly(client, (0, None), (2, 0), (2, None), (4, 2), (5, 4), (6, 5))

    assert reached == [0, 1, 2, 3, 4, 5]


def test_the_present_item_is_told_with_the_state_of_the_mission(client, vehicle):
    empty = client.service.progress.message()
    client.upload(MISSION)
    waiting = client.service.progress.message()
    fly(client, (0, None), (2, 0))
    flown = client.service.progress.message()
    vehicle.said.mode = int(Mode.HOLD)
    client.service.tick(9.0)
    paused = client.service.progress.message()
    vehicle.happenings = [SimpleNamespace(code=Event.MISSION_DONE, value=6.0)]
    vehicle.said.mission_index = 6
    client.service.tick(10.0)
    done = client.service.progress.message()

    states = [s.mission_state for s in (empty, waiting, flown, paused, done)]
    assert states == [1, 2, 3, 4, 5]
    assert [s.seq for s in (flown, paused, done)] == [2, 2, 5]
    assert done.total == len(MISSION)


def test_choosing_an_item_asks_the_core_and_a_wrong_one_is_denied(client):
    client.upload(MISSION)
    progress = client.service.progress

    assert progress.set_current(order(224, 2.0), CLIENT) is None
    client.send(m.MAVLink_mission_set_current_message(1, 1, 4))
    assert [index for _, index in client.told(Demand.MISSION_SET)] == [2, 4]
    for wrong in (6.0, -3.0, math.nan, 1.5, math.inf):
        assert progress.set_current(order(224, wrong), CLIENT) == m.MAV_RESULT_DENIED
        assert progress.start(order(300, abs(wrong)), CLIENT) in (m.MAV_RESULT_DENIED, None)
    assert "the mission has 6" in client.line.texts[-1]


def test_a_mission_uploaded_while_it_is_flown_begins_with_its_first_item(client):
    client.upload(MISSION)
    fly(client, (2, 0))

    assert client.upload([TAKEOFF, AWAY]) == m.MAV_MISSION_ACCEPTED

    told = client.vehicle.demands[-4:]
    assert [kind for kind, _, _ in told[:2]] == [Demand.MISSION_ITEM] * 2
    assert told[2:] == [(Demand.MISSION_START, [], 0), (Demand.MISSION_CLEAR, [], 2)]
    assert client.told(Demand.MISSION_CLEAR)[:-1] == [([], 0)], "the one before the flight"


def test_setting_home_by_an_item_happens_when_it_is_passed(client):
    client.upload([TAKEOFF, item(179, 1.0), AWAY])

    fly(client, (0, None), (2, 0))

    assert len(client.told(Demand.SET_HOME)) == 1


def test_an_item_marked_go_there_is_flown_at_once(client):
    (ack,) = client.send(item_message(0, AWAY, is_int=False, current=2))

    (goto,) = client.told(Demand.GOTO)
    assert ack.type == m.MAV_MISSION_ACCEPTED
    assert goto[0][0] == pytest.approx(100.07, abs=0.5)
