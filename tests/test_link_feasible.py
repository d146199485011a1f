"""A mission that leaves the fence is kept, told of, and not flown."""

import math
from types import SimpleNamespace

import pytest

from flight.inputs import Demand
from flight.modes import Arming, Mode
from flight.parameter import store
from flight.params import BY_ID
from ground.link.dialect import mavlink as m
from ground.link.flight_commands import FlightCommands
from ground.link.streams import Streams
from tests.link_rig import CLIENT, ORIGIN, PretendedVehicle, order
from tests.mission_rig import AWAY, HOME, LAT, LON, METRE, SQUARE, TAKEOFF, Client, item, item_message

DENIED, REJECTED = m.MAV_RESULT_DENIED, m.MAV_RESULT_TEMPORARILY_REJECTED
# A square of 30 m to the north and 40 m to the east, and a circle of 8 m in it to keep out of.
ROOMY = [
    item(5001, 4.0, x=LAT + round(north * METRE), y=LON + round(east * METRE), z=0.0, kind=1)
    for north, east in ((-10, -10), (-10, 50), (30, 50), (30, -10))
]
KEEP_OUT = item(5004, 8.0, x=LAT + 10 * METRE, y=LON + 20 * METRE, z=0.0, kind=1)
INSIDE = item(16, x=LAT + 20 * METRE, z=15.0)
IN_CIRCLE = item(16, x=LAT + 10 * METRE, y=LON + 20 * METRE, z=15.0)
LANDING_AWAY = item(21, x=LAT + 60 * METRE, z=0.0)


class Known(PretendedVehicle):
    """A vehicle that knows where it is."""

    p_ned = (0.0, 0.0, 0.0)
    command = property(
        lambda self: SimpleNamespace(status=self.said, estimate=SimpleNamespace(p_ned=self.p_ned))
    )


@pytest.fixture
def client(tmp_path):
    made = Client(Known(tmp_path))
    made.line.services[Streams] = SimpleNamespace(telemetry=SimpleNamespace())
    made.commands = FlightCommands(made.vehicle, made.line).commands
    assert made.upload([*ROOMY, KEEP_OUT], 1) == m.MAV_MISSION_ACCEPTED
    return made


def choose(client, name, value):
    """Set a parameter as the loop has it."""
    store(client.vehicle._chosen[0], BY_ID[name], value)


def start(client):
    """Ask for the mission in every way there is; return what each was answered."""
    asked = [(300, 0.0), (176, 1.0, 4.0, 4.0), (262, 6.0), (193, 1.0)]
    commands = client.commands | client.service.commands
    answers = [commands[number](order(number, *rest), CLIENT) for number, *rest in asked]
    return {client.line.results.pop() if answer is None else answer for answer in answers}


@pytest.mark.parametrize("wanted", [[TAKEOFF, INSIDE, HOME], [TAKEOFF, item(93, 5.0), item(21, x=0, y=0)]])
def test_a_mission_inside_the_fence_is_flown(client, wanted):
    assert client.upload(wanted) == m.MAV_MISSION_ACCEPTED

    assert start(client) == {m.MAV_RESULT_ACCEPTED}
    assert not client.line.texts


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (AWAY, "item 2 lies 70 m outside the fence"),
        (IN_CIRCLE, "item 2 lies 8 m outside the fence"),
        (LANDING_AWAY, "item 2 lies 30 m outside the fence"),
    ],
)
def test_a_mission_that_leaves_the_fence_is_kept_and_not_flown(client, wrong, words):
    assert client.upload([TAKEOFF, INSIDE, wrong]) == m.MAV_MISSION_ACCEPTED
    assert words in client.line.texts[-1]
    client.vehicle.demands.clear()

    assert start(client) == {DENIED}

    assert words in client.line.texts[-1]
    assert not client.vehicle.demands
    assert len(client.download()) == 3


def test_a_fence_that_comes_after_the_mission_counts_too_and_none_or_one_switched_off_does_not(client):
    client.switch_fence(0.0)
    client.upload([TAKEOFF, AWAY])
    assert start(client) == {m.MAV_RESULT_ACCEPTED}

    client.switch_fence(1.0)
    assert start(client) == {DENIED}
    client.send(m.MAVLink_mission_clear_all_message(1, 1, 1))
    assert start(client) == {m.MAV_RESULT_ACCEPTED}
    client.line.texts.clear()
    client.upload(SQUARE, 1)

    assert "item 1 lies" in client.line.texts[-1]
    assert start(client) == {DENIED}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("FENCE_ALT_MAX", 12.0, "item 1 is 15 m high; FENCE_ALT_MAX is 12 m"),
        ("FENCE_DIST_MAX", 18.0, "item 1 is 20 m from home; FENCE_DIST_MAX is 18 m"),
    ],
)
def test_the_limits_of_height_and_distance_count_like_a_fence(client, name, value, words):
    client.upload([TAKEOFF, INSIDE])
    assert start(client) == {m.MAV_RESULT_ACCEPTED}

    choose(client, name, value)

    assert start(client) == {DENIED}
    assert words in client.line.texts[-1]
    choose(client, name, 20.1)
    assert start(client) == {m.MAV_RESULT_ACCEPTED}


def test_a_mission_that_leaves_the_fence_does_not_take_the_place_of_one_that_is_flown(client):
    client.upload([TAKEOFF, INSIDE])
    client.vehicle.said.arming, client.vehicle.said.mode = int(Arming.ARMED), int(Mode.MISSION)
    client.vehicle.demands.clear()

    assert client.upload([TAKEOFF, AWAY]) == m.MAV_MISSION_ERROR

    assert "item 1 lies 70 m outside the fence" in client.line.texts[-1]
    assert not client.vehicle.demands
    assert len(client.download()) == 2
    assert client.download()[1].x == INSIDE[6]


def test_who_is_about_to_fly_such_a_mission_is_not_armed(client):
    client.upload([TAKEOFF, AWAY])
    client.vehicle.said.mode = int(Mode.MISSION)

    assert client.commands[400](order(400, 1.0), CLIENT) == REJECTED

    assert not client.told(Demand.ARM)
    client.vehicle.said.mode = int(Mode.HOLD)
    assert client.commands[400](order(400, 1.0), CLIENT) is None
    assert client.told(Demand.ARM)


def test_where_nobody_knows_home_nothing_is_objected(client):
    client.vehicle.place_of_home = None
    client.upload([TAKEOFF, AWAY])

    assert client.service.objection() == ""
    assert not math.isnan(client.service.now)


def at(north, east):
    """Return an item at a place in metres from home."""
    east_units = east * METRE / math.cos(math.radians(ORIGIN.lat_deg))
    return item(16, x=LAT + round(north * METRE), y=LON + round(east_units), z=15.0)


# West and east of the circle, whose middle is 10 m north and 13.6 m east, and around it.
WEST, AROUND, EAST = at(10, -1), at(27, 14), at(10, 30)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ([TAKEOFF, WEST, EAST], "the way from item 1 to item 2 leads 8 m outside the fence"),
        ([TAKEOFF, WEST, item(178, 1.0, 7.0), EAST], "the way from item 1 to item 3 leads 8 m outside"),
        ([TAKEOFF, WEST, AROUND, EAST, item(177, 2.0, 1.0)], ""),
        (
            [TAKEOFF, WEST, AROUND, EAST, item(177, 1.0, 1.0)],
            "the way from item 3 to item 1 leads 8 m outside",
        ),
        ([TAKEOFF, WEST, HOME, EAST], ""),
        ([TAKEOFF, WEST, AROUND, EAST, item(21, x=0, y=0, z=0.0)], ""),
    ],
)
def test_so_does_the_way_between_two_places_inside(client, wanted, words):
    assert client.upload(wanted) == m.MAV_MISSION_ACCEPTED

    assert start(client) == ({DENIED} if words else {m.MAV_RESULT_ACCEPTED})

    assert words in "".join(client.line.texts[-1:])
    assert bool(client.line.texts) == bool(words)


def test_a_way_along_the_fence_itself_stays_inside(client):
    client.upload([TAKEOFF, *(item(16, x=corner[6], y=corner[7], z=15.0) for corner in ROOMY[:3])])

    assert start(client) == {m.MAV_RESULT_ACCEPTED}


def test_the_way_to_where_the_mission_goes_on_counts_from_where_the_vehicle_is(client):
    client.upload([TAKEOFF, WEST, AROUND, EAST])
    client.vehicle.said.mission_index = 3
    client.vehicle.p_ned = (10.0, 2.0, -15.0)

    assert client.commands[176](order(176, 1.0, 4.0, 4.0), CLIENT) == DENIED
    assert "the way from here to item 3 leads 8 m outside the fence" in client.line.texts[-1]

    assert client.service.commands[300](order(300, 1.0), CLIENT) is None
    client.vehicle.p_ned = (24.0, 14.0, -15.0)
    assert client.commands[176](order(176, 1.0, 4.0, 4.0), CLIENT) is None


def switch(client, mode, arming=Arming.ARMED):
    """Let a pilot's switch choose a mode."""
    client.vehicle.said.mode, client.vehicle.said.arming = int(mode), int(arming)
    client.pass_by()


def test_a_pilots_switch_begins_no_such_mission_either(client):
    client.upload([TAKEOFF, INSIDE, AWAY])
    switch(client, Mode.POSITION)
    assert not client.told(Demand.HOLD)

    switch(client, Mode.MISSION)

    assert len(client.told(Demand.HOLD)) == 1
    assert "Mission ended: item 2 lies 70 m outside the fence" in client.line.texts[-1]
    client.pass_by()
    assert len(client.told(Demand.HOLD)) == 1


def test_a_pilots_switch_begins_one_that_stays_inside(client):
    client.upload([TAKEOFF, INSIDE])
    switch(client, Mode.POSITION)
    switch(client, Mode.MISSION)

    assert not client.told(Demand.HOLD)


def test_a_link_that_comes_back_leaves_a_mission_alone_that_is_flown(client):
    client.upload([TAKEOFF, INSIDE, AWAY])
    client.service.was_flown = None

    switch(client, Mode.MISSION)

    assert not client.told(Demand.HOLD)


@pytest.mark.parametrize(
    ("north", "words"), [(19.0, "item 2 to item 3 comes within 1.0 m of the fence"), (20.5, "")]
)
def test_a_way_that_the_fence_will_stop_is_told_of(client, north, words):
    assert (
        client.upload([TAKEOFF, WEST, at(north, -1), at(north, 13.6), AROUND, EAST]) == m.MAV_MISSION_ACCEPTED
    )

    told = "".join(client.line.texts)
    assert words in told
    assert ("the vehicle stops 2 m before it" in told) == bool(words)
    assert start(client) == {m.MAV_RESULT_ACCEPTED}


def place(north, east=0.0):
    """Return a place's latitude and longitude as COMMAND_INT carries them, in degrees."""
    return 1e-7 * (LAT + north * METRE), 1e-7 * (LON + east * METRE)


ABOVE_HOME = 6
GO, HEIGHT, CIRCLE_ROUND, CLIMB = 192, 186, 34, 22


def ask(client, number, *numbers):
    """Send a command in a frame above home; return whether the core was asked, and what was said."""
    before = len(client.vehicle.demands)
    try:
        result = client.commands[number](order(number, *numbers)._replace(frame=ABOVE_HOME), CLIENT)
    except ValueError as error:
        return False, str(error)
    return result is None and len(client.vehicle.demands) == before + 1, ""


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ((GO, -1, 0, 0, math.nan, *place(20), 15.0), ""),
        ((GO, -1, 0, 0, math.nan, *place(40), 15.0), "the place lies 10 m outside the fence"),
        ((GO, -1, 0, 0, math.nan, *place(10, 20), 15.0), "the place lies 8 m outside the fence"),
        ((GO, -1, 0, 0, math.nan, *place(20), 25.0), "the place is 25 m high; FENCE_ALT_MAX is 22 m"),
        ((GO, -1, 0, 0, math.nan, *place(41), 5.0), "the place is 41 m from home; FENCE_DIST_MAX is 40 m"),
        ((GO, -1, 0, 0, math.nan, math.nan, math.nan, 25.0), "the place is 25 m high; FENCE_ALT_MAX is 22 m"),
        ((HEIGHT, 20.0, 3.0), ""),
        ((HEIGHT, 23.0, 3.0), "the place is 23 m high; FENCE_ALT_MAX is 22 m"),
        ((CIRCLE_ROUND, 5.0, 2.0, 0, 0, *place(15), 15.0), ""),
        ((CIRCLE_ROUND, -18.0, 2.0, 0, 0, *place(15), 15.0), "lies 3 m outside the fence"),
        ((CLIMB, 0, 0, 0, 0, math.nan, math.nan, 20.0), ""),
        ((CLIMB, 0, 0, 0, 0, math.nan, math.nan, 30.0), "the place is 30 m high; FENCE_ALT_MAX is 22 m"),
    ],
)
def test_a_place_outside_the_fence_is_denied_with_a_reason(client, numbers, words):
    choose(client, "FENCE_ALT_MAX", 22.0)
    choose(client, "FENCE_DIST_MAX", 40.0)

    is_asked, text = ask(client, *numbers)

    assert is_asked == (not words)
    assert words in text


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ((GO, -1, 0, 0, math.nan, *place(10, 40), 15.0), "the way from here to there leads 8 m outside"),
        ((GO, -1, 0, 0, math.nan, *place(25, 0), 15.0), ""),
        ((GO, -1, 0, 0, math.nan, *place(28, 20), 15.0), ""),
        # The nearest point of this circle lies this side of the one to keep out of, of that one beyond it.
        (
            (CIRCLE_ROUND, 2.0, 1.0, 0, 0, *place(10, 44), 15.0),
            "the way from here to there leads 8 m outside",
        ),
        ((CIRCLE_ROUND, 2.0, 1.0, 0, 0, *place(10, 3), 15.0), ""),
        # Around the place to keep out of: this side of the circle is reached without crossing it.
        ((CIRCLE_ROUND, 9.5, 1.0, 0, 0, *place(10, 20), 15.0), ""),
    ],
)
def test_so_is_a_place_inside_whose_straight_way_leads_outside(client, numbers, words):
    client.vehicle.p_ned = (10.0, -4.0, -15.0)

    is_asked, text = ask(client, *numbers)

    assert is_asked == (not words)
    assert words in text


def test_who_is_outside_may_come_in_but_not_go_out_again(client):
    client.vehicle.p_ned = (10.0, -20.0, -15.0)

    assert ask(client, GO, -1, 0, 0, math.nan, *place(10, -4), 15.0)[0]
    assert not ask(client, GO, -1, 0, 0, math.nan, *place(10, 40), 15.0)[0]


def test_the_usual_take_off_is_denied_where_it_is_higher_than_the_fence(client):
    assert ask(client, CLIMB, 0, 0, 0, 0, math.nan, math.nan, math.nan)[0]

    choose(client, "FENCE_ALT_MAX", 1.0)
    assert "FENCE_ALT_MAX is 1 m" in ask(client, CLIMB, 0, 0, 0, 0, math.nan, math.nan, math.nan)[1]


def test_a_fence_that_is_off_and_an_open_place_object_to_nothing(client):
    client.vehicle.p_ned = (100.0, 0.0, -10.0)
    assert ask(client, HEIGHT, 20.0, 3.0)[0]
    assert not ask(client, GO, -1, 0, 0, math.nan, *place(40), 15.0)[0]

    client.switch_fence(0.0)
    assert ask(client, GO, -1, 0, 0, math.nan, *place(40), 15.0)[0]


@pytest.mark.parametrize(("radius_m", "is_flown"), [(4.0, True), (-12.0, False), (0.0, True)])
def test_a_circle_of_a_mission_must_lie_inside_too(client, radius_m, is_flown):
    circles = item(18, 1.0, 0, radius_m, 0, x=LAT + 20 * METRE, z=15.0)
    client.upload([TAKEOFF, circles, HOME])

    assert (start(client) == {m.MAV_RESULT_ACCEPTED}) == is_flown
    assert any("with a radius of 12 m lies" in text for text in client.line.texts) != is_flown


def test_go_there_is_refused_outside(client):
    (ack,) = client.send(item_message(0, AWAY, is_int=False, current=2))

    assert ack.type == m.MAV_MISSION_DENIED
    assert "the place lies 70 m outside the fence" in client.line.texts[-1]
    assert not client.told(Demand.GOTO)
