"""How far a mission has come, told to everyone, and choosing where it goes on."""

import math
from types import SimpleNamespace

import pytest

from flight.inputs import Demand
from flight.modes import Event, Mode
from ground.link.dialect import mavlink as m
from tests.link_rig import CLIENT, PretendedVehicle, order
from tests.mission_rig import (
    AWAY,
    LAT,
    LON,
    METRE,
    MISSION,
    MISSION_FRAME,
    TAKEOFF,
    Client,
    item,
    item_message,
)


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


def test_a_missions_own_return_is_shown_as_one_as_px4_does(client, vehicle):
    client.upload(MISSION)

    fly(client, (0, None), (4, 2))
    before = vehicle.shown_mode.name
    fly(client, (5, 4))
    returning = vehicle.shown_mode.name
    vehicle.said.mode = int(Mode.HOLD)
    client.service.tick(client.service.now + 0.1)

    assert (before, returning, vehicle.shown_mode.name) == ("Mission", "Return", "Hold")


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


@pytest.mark.parametrize(("reason", "told"), [("", [1, 2]), ("not now", [])])
def test_an_item_chosen_where_the_vehicle_is_already_is_told_before_the_one_it_is_past_to(
    client, vehicle, reason, told
):
    client.upload(MISSION)
    fly(client, (0, None), (2, 0), (2, None))
    vehicle.refuse = lambda kind, arguments, index: reason

    client.service.progress.set_current(order(224, 1.0), CLIENT)
    client.service.tick(20.0)
    client.line.taken()
    vehicle.clock_us += 200_000
    client.service.tick(20.2)

    assert [n.seq for n in client.line.taken() if n.get_type() == "MISSION_CURRENT"] == told


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


EAST = item(195, x=LAT, y=LON + 1000 * METRE)
AHEAD = item(197, frame=MISSION_FRAME, x=0, y=0)
OLDER = [item(80, 3.0, y=LON + 1000 * METRE), item(201, 3.0, y=LON + 1000 * METRE), EAST]
# Mission Planner names the place and leaves the kind at none.
OLDER.append(item(201, 0.0, y=LON + 1000 * METRE))


@pytest.mark.parametrize("region", OLDER)
@pytest.mark.parametrize("end", [AHEAD, item(201, x=0, y=0), item(80, 1.0), item(196)])
def test_the_nose_turns_to_a_region_of_interest_on_the_legs_after_it(client, region, end):
    assert client.upload([TAKEOFF, region, AWAY, AWAY, end, AWAY]) == m.MAV_MISSION_ACCEPTED
    seen = []

    for steps in (((0, None),), ((2, 0),), ((3, 2),), ((5, 3),)):
        fly(client, *steps)
        seen.append(client.gaze.place)

    assert seen[0] is None
    assert seen[1] == seen[2] == pytest.approx((0.0, 677.0), abs=3.0)
    assert seen[3] is None


def test_a_jump_back_to_a_region_of_interest_looks_there_again(client):
    jump = item(177, 1.0, 1.0, frame=MISSION_FRAME, x=0, y=0)
    client.upload([TAKEOFF, EAST, AWAY, AHEAD, AWAY, jump, AWAY])

    fly(client, (0, None), (2, 0), (4, 2))
    assert client.gaze.place is None
    reached = fly(client, (2, 4))

    assert client.gaze.place is not None
    assert reached == [4, 1]


def test_an_item_that_turns_the_vehicle_ends_looking_at_a_region_of_interest(client):
    turn = item(115, 90.0, frame=MISSION_FRAME, x=0, y=0)
    client.upload([TAKEOFF, EAST, AWAY, turn, AWAY])

    fly(client, (0, None), (2, 0))
    assert client.gaze.place is not None
    fly(client, (3, 2))

    assert client.gaze.place is None


def test_a_region_of_interest_that_is_no_place_is_refused(client):
    assert client.upload([TAKEOFF, item(195, x=950_000_000), AWAY]) == m.MAV_MISSION_INVALID_PARAM5_X
    assert client.upload([TAKEOFF, item(201, 2.0, 3.0), item(197, frame=MISSION_FRAME), AWAY]) == 0


def current_at(client, wanted, places):
    """Upload a mission with these items marked as the current one; return the MAV_MISSION_RESULT."""
    heard = client.send(m.MAVLink_mission_count_message(1, 1, len(wanted), 0))
    while heard[-1].get_type() != "MISSION_ACK":
        place = heard[-1].seq
        heard = client.send(item_message(place, wanted[place], current=int(place in places)))
        heard = heard or client.pass_by()
    return heard[-1].type


def test_a_mission_begins_with_the_item_marked_as_the_current_one(client):
    orders_first = [item(178, 1.0, 7.0, frame=MISSION_FRAME, x=0, y=0), TAKEOFF, AWAY, AWAY]

    assert current_at(client, orders_first, {2}) == m.MAV_MISSION_ACCEPTED

    assert client.vehicle.demands[-1] == (Demand.MISSION_SET, [], 2)
    # The loop says where it is a little later; what was left out is not told as reached.
    assert fly(client, (0, None), (2, None), (3, 2)) == [2]


def test_a_mission_whose_first_item_is_the_current_one_is_not_moved(client):
    assert current_at(client, MISSION, {0}) == m.MAV_MISSION_ACCEPTED

    assert not client.told(Demand.MISSION_SET)


def test_a_mission_uploaded_while_another_is_flown_goes_on_with_the_item_marked(client):
    client.upload(MISSION)
    fly(client, (2, 0))

    current_at(client, [TAKEOFF, AWAY, AWAY], {1})

    assert client.told(Demand.MISSION_START) == [([], 1)]


def test_an_item_marked_go_there_is_flown_at_once_and_nobody_is_followed_any_more(client, vehicle):
    vehicle.is_following = True
    assert client.send(item_message(0, AWAY, is_int=False, current=2)) == []
    (ack,) = client.pass_by()

    (goto,) = client.told(Demand.GOTO)
    assert ack.type == m.MAV_MISSION_ACCEPTED
    assert goto[0][0] == pytest.approx(100.07, abs=0.5)
    assert not vehicle.is_following


def test_who_does_not_go_there_does_not_say_so(client, vehicle):
    vehicle.refuse = lambda *_: "go to refused: only in the air"
    client.send(item_message(0, AWAY, is_int=False, current=2))
    (ack,) = client.pass_by()

    assert ack.type == m.MAV_MISSION_ERROR
    assert any("only in the air" in text for text in client.line.texts)
