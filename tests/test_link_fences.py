"""Fences and rally points over MAVLink: told to the core, refused where they enclose nothing, switched off and on."""

import math

import pytest

from flight.inputs import Demand, Fence
from ground.link.dialect import mavlink as m
from ground.link.service import DENIED, REJECTED
from tests.link_rig import PretendedVehicle
from tests.mission_rig import CIRCLE, LAT, LON, METRE, SQUARE, Client, item, same


@pytest.fixture
def vehicle(tmp_path):
    return PretendedVehicle(tmp_path)


@pytest.fixture
def client(vehicle):
    return Client(vehicle)


def test_what_has_no_height_may_come_with_any(client):
    assert client.upload([item(5100, z=30_000.0, kind=2)], 2) == 0
    assert client.upload([item(5003, 30.0, z=30_000.0, kind=1)], 1) == 0


def test_a_fence_and_rally_points_reach_the_core(client):
    client.upload([item(5100, x=LAT + 100 * METRE, kind=2)], 2)
    assert client.upload([item(5000, z=0.0, kind=1), *SQUARE, CIRCLE], 1) == m.MAV_MISSION_ACCEPTED

    points = [arguments for arguments, _ in client.told(Demand.FENCE_POINT)]
    (rally,) = client.told(Demand.RALLY_POINT)

    assert [p[0] for p in points] == [Fence.POLYGON_INSIDE] * 4 + [Fence.CIRCLE_OUTSIDE]
    assert [p[3] for p in points] == [4.0] * 4 + [30.0]
    assert rally[0] == pytest.approx((100.07, 0.0), abs=0.1)


def test_rally_points_outside_the_fence_are_kept_and_not_flown_to_until_they_are_inside(client):
    rally = [item(5100, x=LAT + north * METRE, y=LON + 5 * METRE, kind=2) for north in (100, 5)]
    client.upload(rally, 2)
    assert len(client.told(Demand.RALLY_POINT)) == 2

    client.upload(SQUARE, 1)
    client.pass_by()
    (inside,) = client.told(Demand.RALLY_POINT)[2:]
    assert inside == (pytest.approx((5.0, 3.4), abs=0.1), 0)
    assert client.line.texts[-1] == "Rally points outside the fence are ignored: 0"
    assert same(client.download(2), rally)

    client.switch_fence(0.0)
    client.pass_by()
    assert len(client.told(Demand.RALLY_POINT)) == 5


@pytest.mark.parametrize(
    ("wanted", "result"),
    [
        ([(*CIRCLE[:2], math.nan, *CIRCLE[3:])], m.MAV_MISSION_INVALID_PARAM1),
        ([(*CIRCLE[:2], -3.0, *CIRCLE[3:])], m.MAV_MISSION_INVALID_PARAM1),
        (SQUARE[:3], m.MAV_MISSION_INVALID_PARAM1),
        ([item(5001, 2.0, kind=1)] * 2, m.MAV_MISSION_INVALID_PARAM1),
        ([item(16, kind=1)], m.MAV_MISSION_UNSUPPORTED),
        ([item(5003, 5.0, x=950_000_000, kind=1)], m.MAV_MISSION_INVALID_PARAM5_X),
    ],
)
def test_a_fence_that_encloses_nothing_is_refused(client, wanted, result):
    assert client.upload(wanted, 1) == result
    assert client.download(1) == []


@pytest.mark.parametrize("is_int", [True, False])
def test_a_circle_of_no_size_at_nowhere_says_that_there_is_none(client, is_int):
    none = item(5003, 0.0, x=0, y=0, z=0.0, kind=1)

    assert client.upload([*SQUARE, none], 1, is_int) == m.MAV_MISSION_ACCEPTED
    assert same(client.download(1), [*SQUARE, none])
    assert len(client.told(Demand.FENCE_POINT)) == len(SQUARE)
    # At a place it would be a mistake: nobody can stay inside of it.
    assert client.upload([item(5003, 0.0, z=0.0, kind=1)], 1, is_int) == m.MAV_MISSION_INVALID_PARAM1


def test_a_fence_is_switched_off_kept_and_switched_on_again(client):
    client.upload([*SQUARE, CIRCLE], 1)
    points = client.told(Demand.FENCE_POINT)
    client.vehicle.demands.clear()

    assert client.switch_fence(0.0) == 0
    assert [kind for kind, _, _ in client.vehicle.demands] == [Demand.FENCE_CLEAR]
    assert same(client.download(1), [*SQUARE, CIRCLE])

    assert client.switch_fence(1.0) == 0
    assert client.told(Demand.FENCE_POINT) == points


def test_a_fence_loaded_while_it_is_off_is_on(client):
    client.switch_fence(0.0)

    client.upload([CIRCLE], 1)

    assert client.told(Demand.FENCE_POINT)


@pytest.mark.parametrize("wish", [2.0, -1.0, math.nan, math.inf])
def test_a_fence_is_on_or_off_and_nothing_else(client, wish):
    client.upload(SQUARE, 1)
    client.vehicle.demands.clear()

    assert client.switch_fence(wish) == DENIED
    assert not client.vehicle.demands
    assert client.line.texts


def test_a_core_that_refuses_the_fence_is_no_success(client):
    client.upload(SQUARE, 1)
    client.vehicle.refuse = lambda kind, arguments, index: "fence: full" if kind == Demand.FENCE_POINT else ""

    assert client.switch_fence(1.0) == REJECTED
    assert client.line.texts[-1] == "fence: full"
