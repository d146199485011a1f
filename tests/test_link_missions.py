"""Missions over MAVLink: read back equal, told to the core, refused for a reason, there again after a restart."""

import math
from types import SimpleNamespace

import pytest

from flight.inputs import Demand
from flight.modes import Event, Item
from ground.link.dialect import mavlink as m
from ground.link.vehicle import Answer, Place
from tests.link_rig import ORIGIN, PretendedVehicle
from tests.mission_rig import (
    AWAY,
    CIRCLE,
    MISSION,
    MISSION_FRAME,
    SQUARE,
    TAKEOFF,
    TERRAIN,
    Client,
    item,
    item_message,
    same,
)


@pytest.fixture
def vehicle(tmp_path):
    return PretendedVehicle(tmp_path)


@pytest.fixture
def client(vehicle):
    return Client(vehicle)


@pytest.mark.parametrize(
    ("kind", "wanted"), [(0, MISSION), (1, [*SQUARE, CIRCLE]), (2, [item(5100, kind=2)] * 3)]
)
@pytest.mark.parametrize("is_int", [True, False])
def test_what_was_uploaded_reads_back_equal(client, kind, wanted, is_int):
    assert client.upload(wanted, kind, is_int) == m.MAV_MISSION_ACCEPTED

    assert same(client.download(kind), wanted)
    older = client.download(kind, is_int=False)
    assert [n.seq for n in older] == list(range(len(wanted)))
    assert older[0].x == pytest.approx(wanted[0][6] * 1e-7, abs=4e-6)


def test_the_core_is_told_every_item_at_its_place_in_metres(client):
    client.upload(MISSION)

    told = client.told(Demand.MISSION_ITEM)
    kinds = [arguments[0] for arguments, _ in told]

    assert [index for _, index in told] == list(range(len(MISSION)))
    # What cannot be done here is a jump that is not taken: the vehicle flies past it.
    assert kinds == [Item.TAKEOFF, Item.SPEED, Item.WAYPOINT, Item.JUMP, Item.LOITER_TIME, Item.RETURN]
    assert told[2][0][1:4] == pytest.approx((100.07, 0.0, -15.0), abs=0.1)
    assert told[2][0][4] is None
    assert told[2][0][5] == 2.0
    assert told[1][0][6] == 7.0
    assert told[3][0][1:] == [0, 0]


def test_a_jump_for_ever_is_as_many_as_there_can_be(client):
    assert client.upload([TAKEOFF, AWAY, item(177, 1.0, -1.0, frame=MISSION_FRAME, x=0, y=0)]) == 0

    (arguments, place) = client.told(Demand.MISSION_ITEM)[-1]
    assert (place, arguments[:3]) == (2, [Item.JUMP, 1, 1000])


BAD = {
    "NaN altitude": (item(16, z=math.nan), m.MAV_MISSION_INVALID_PARAM7),
    "infinite altitude": (item(16, z=math.inf), m.MAV_MISSION_INVALID_PARAM7),
    "absurd altitude": (item(16, z=1e9), m.MAV_MISSION_INVALID_PARAM7),
    "latitude of 95 degrees": (item(16, x=950_000_000), m.MAV_MISSION_INVALID_PARAM5_X),
    "longitude alone": (item(16, x=2**31 - 1), m.MAV_MISSION_INVALID_PARAM5_X),
    "latitude alone": (item(16, y=2**31 - 1), m.MAV_MISSION_INVALID_PARAM6_Y),
    "longitude of 190 degrees": (item(16, y=1_900_000_000), m.MAV_MISSION_INVALID_PARAM6_Y),
    "infinite wait": (item(16, math.inf), m.MAV_MISSION_INVALID_PARAM1),
    "negative wait": (item(19, -5.0), m.MAV_MISSION_INVALID_PARAM1),
    "heading of a thousand": (item(16, 0, 0, 0, 1000.0), m.MAV_MISSION_INVALID_PARAM4),
    "unknown command": (item(7777), m.MAV_MISSION_UNSUPPORTED),
    "a plane's landing": (item(85), m.MAV_MISSION_UNSUPPORTED),
    "terrain frame": (item(16, frame=TERRAIN), m.MAV_MISSION_UNSUPPORTED_FRAME),
    "local frame": (item(16, frame=1), m.MAV_MISSION_UNSUPPORTED_FRAME),
    "negative speed": (item(178, 1.0, -7.0), m.MAV_MISSION_INVALID_PARAM2),
    "NaN speed": (item(178, 1.0, math.nan), m.MAV_MISSION_INVALID_PARAM2),
    "less than no jump": (item(177, 0.0, -2.0), m.MAV_MISSION_INVALID_PARAM2),
    "jump past the end": (item(177, 9.0, 1.0), m.MAV_MISSION_INVALID_PARAM1),
    "relative turn": (item(115, 90.0, 0.0, 0.0, 1.0), m.MAV_MISSION_INVALID_PARAM4),
}


@pytest.mark.parametrize("name", BAD)
def test_an_item_that_cannot_be_flown_is_refused_for_its_reason_and_the_old_mission_stays(client, name):
    wrong, result = BAD[name]
    client.upload(MISSION)
    told = len(client.vehicle.demands)

    assert client.upload([TAKEOFF, wrong]) == result
    assert same(client.download(), MISSION)
    assert len(client.vehicle.demands) == told
    assert "Mission refused: " in client.line.texts[-1]


def counted(client, kind=0):
    """Return the MISSION_COUNT of a list."""
    return client.send(m.MAVLink_mission_request_list_message(1, 1, kind))[0]


def test_a_list_is_known_again_by_a_number_that_changes_with_it(client):
    assert [counted(client, kind).opaque_id for kind in (0, 1, 2)] == [0, 0, 0]
    acks = [answered(client, wanted) for wanted in (MISSION, MISSION[:-1], MISSION)]
    client.upload(SQUARE, 1)
    client.upload([TAKEOFF, item(7777)])
    current = client.service.progress.message()

    ids = [ack.opaque_id for ack in acks]
    assert ids[0] == ids[2] == counted(client).opaque_id == current.mission_id != 0
    assert ids[1] not in (0, ids[0])
    assert current.fence_id == counted(client, 1).opaque_id not in (0, ids[0])
    assert current.rally_points_id == 0


def answered(client, wanted):
    """Upload a list; return the MISSION_ACK."""
    (ask,) = client.send(m.MAVLink_mission_count_message(1, 1, len(wanted), 0))
    while ask.get_type() != "MISSION_ACK":
        heard = client.send(item_message(ask.seq, wanted[ask.seq])) or client.pass_by()
        ask = heard[-1]
    return ask


def test_a_mission_that_changed_is_told_at_once_by_its_number(client):
    client.upload(MISSION)
    client.service.tick(client.service.now + 0.01)
    client.line.taken()
    client.upload(SQUARE, 1)
    client.service.tick(client.service.now + 0.01)

    assert client.service.progress.told[-2] == counted(client, 1).opaque_id


def test_what_the_core_refuses_does_not_replace_the_old_mission(client):
    client.upload(MISSION)
    client.vehicle.refuse = lambda kind, arguments, index: "too many" if index == 1 else ""

    result = client.upload([TAKEOFF, AWAY])

    assert result == m.MAV_MISSION_ERROR
    assert same(client.download(), MISSION)


def test_a_list_cleared_while_the_core_still_refuses_it_stays_cleared(client, vehicle):
    client.upload(MISSION)
    vehicle.is_silent = True
    client.upload([TAKEOFF, AWAY])
    asked = len(vehicle.demands)

    client.send(m.MAVLink_mission_clear_all_message(1, 1, 0))
    vehicle.replies |= {serial: Answer(False, "too many") for serial in range(1, asked + 1)}
    client.pass_by()

    assert client.download() == []


def test_a_long_mission_has_the_time_that_a_slow_loop_takes_for_it(client, vehicle):
    vehicle.is_silent = True
    assert client.upload([TAKEOFF, *[AWAY] * 400]) is None

    assert not client.pass_by(4.0)
    vehicle.replies |= {serial: Answer(True) for serial in range(1, len(vehicle.demands) + 1)}

    assert client.pass_by()[-1].type == m.MAV_MISSION_ACCEPTED


def test_without_a_position_a_mission_waits_for_it(client, vehicle):
    vehicle.place_of_origin = None
    client.service.core.earth = None

    assert client.upload(MISSION) == m.MAV_MISSION_ACCEPTED
    assert not client.told(Demand.MISSION_ITEM)
    vehicle.place_of_origin = ORIGIN
    client.pass_by()
    assert len(client.told(Demand.MISSION_ITEM)) == len(MISSION)


def test_heights_follow_home(client, vehicle):
    client.upload(MISSION)
    before = client.told(Demand.MISSION_ITEM)[2][0][3]
    vehicle.place_of_home = Place(*ORIGIN[:2], ORIGIN.alt_amsl_m + 3.0)
    vehicle.happenings = [SimpleNamespace(code=Event.HOME_SET, value=0.0)]

    client.pass_by()
    after = client.told(Demand.MISSION_ITEM)[-len(MISSION) + 2][0][3]

    assert after - before == pytest.approx(-3.0)
    assert len(client.told(Demand.MISSION_CLEAR)) == 1, "a mission under way keeps its place"


def test_lists_are_there_again_after_a_restart(client, vehicle):
    client.upload(MISSION)
    client.upload([*SQUARE, CIRCLE], 1)
    while client.service.saver.is_busy:
        client.pass_by(0.001)

    vehicle.demands.clear()
    again = Client(vehicle)

    assert same(again.download(), MISSION)
    assert same(again.download(1), [*SQUARE, CIRCLE])
    assert len(again.told(Demand.MISSION_ITEM)) == len(MISSION)
