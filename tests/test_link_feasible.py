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
from tests.link_rig import CLIENT, PretendedVehicle, order
from tests.mission_rig import AWAY, HOME, LAT, LON, METRE, SQUARE, TAKEOFF, Client, item

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

    command = property(
        lambda self: SimpleNamespace(status=self.said, estimate=SimpleNamespace(p_ned=(0.0, 0.0, 0.0)))
    )


@pytest.fixture
def client(tmp_path):
    made = Client(Known(tmp_path))
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
