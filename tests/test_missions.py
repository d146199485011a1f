"""Missions: what the operator will ask, read from names and files and checked before anything flies."""

import json
import math
from itertools import pairwise

import pytest

from flight.errors import ConfigError
from flight.inputs import Demand
from flight.modes import Item
from ground.missions import plan, table
from ground.missions.builtin import BUILTIN
from ground.missions.load import load

HOME = [47.397742, 8.545594, 488.0]
METRES_PER_DEGREE = 111_180.0


def item(command: int, *parameters: float | None, frame: int = 3) -> dict:
    """Return a plan's simple item."""
    return {"type": "SimpleItem", "command": command, "frame": frame, "params": list(parameters)}


def planned(*items: dict) -> str:
    """Return a plan's text."""
    mission = {"plannedHomePosition": HOME, "items": list(items), "hoverSpeed": 4.0, "version": 2}
    return json.dumps({"fileType": "Plan", "version": 1, "mission": mission})


TAKEOFF = item(22, 0, 0, 0, None, *HOME[:2], 15)
AWAY = item(16, 3, 0, 0, 90, HOME[0] + 100 / METRES_PER_DEGREE, HOME[1], 25)
HERE = item(21, 0, 0, 0, None, *HOME[:2], 0)


def items_of(mission) -> list:
    return [step for step in mission.steps if step.demand == Demand.MISSION_ITEM]


@pytest.mark.parametrize("name", BUILTIN)
def test_a_builtin_mission_arms_once_and_ends_on_the_ground(name):
    mission = load(name)

    demands = [step.demand for step in mission.steps]

    assert demands.count(Demand.ARM) == 1
    assert Demand.LAND in demands or items_of(mission)[-1].arguments[0] == Item.LAND


def test_the_square_climbs_to_10_m_and_turns_at_four_corners_20_m_apart():
    way = [step.arguments for step in items_of(load("square"))]

    corners = [(north, east) for kind, north, east, *_ in way if kind == Item.WAYPOINT]

    assert way[0][3] == -10.0
    assert all(math.dist(a, b) == 20.0 for a, b in pairwise(corners))
    assert corners[-1] == (0.0, 0.0)


def test_a_plan_becomes_metres_from_its_home():
    mission = plan.read("a.plan", planned(TAKEOFF, AWAY, HERE))

    takeoff, away, here = (step.arguments for step in items_of(mission))

    assert (takeoff[0], takeoff[3]) == (Item.TAKEOFF, -15.0)
    assert away[1:4] == pytest.approx((100.0, 0.0, -25.0), abs=0.1)
    assert away[4:7] == pytest.approx((math.pi / 2, 3.0, 4.0))
    assert here[0] == Item.LAND
    assert mission.home.alt_amsl_m == 488.0


def test_an_altitude_above_the_sea_is_taken_from_home():
    high = item(16, 0, 0, 0, None, HOME[0], HOME[1], 500.0, frame=0)

    way = items_of(plan.read("a.plan", planned(TAKEOFF, high, HERE)))

    assert way[1].arguments[3] == pytest.approx(-12.0)


def test_east_is_shorter_than_north_per_degree_away_from_the_equator():
    east = item(16, 0, 0, 0, None, HOME[0], HOME[1] + 1e-3, 20.0)

    way = items_of(plan.read("a.plan", planned(TAKEOFF, east, HERE)))

    assert way[1].arguments[2] == pytest.approx(111_320.0 * 1e-3 * math.cos(math.radians(HOME[0])), rel=3e-3)


def test_null_means_not_meant():
    way = items_of(plan.read("a.plan", planned(TAKEOFF, HERE)))

    assert way[0].arguments[4] is None


def test_a_mission_that_does_not_land_is_landed_by_the_operator():
    mission = plan.read("a.plan", planned(TAKEOFF, AWAY))

    assert mission.steps[-1].demand == Demand.LAND


def test_a_change_of_speed_holds_for_what_follows():
    faster = {"type": "SimpleItem", "command": 178, "frame": 2, "params": [1, 7.5, -1, 0, 0, 0, 0]}

    way = items_of(plan.read("a.plan", planned(TAKEOFF, faster, AWAY, HERE)))

    assert way[1].arguments[6] == 7.5


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "not a QGroundControl plan"),
        ("{}", "not a QGroundControl plan"),
        (planned(), "the mission is empty"),
        (planned(AWAY, HERE), "begins with a take-off"),
        (planned(TAKEOFF, item(16, 0, 0, 0, None, 48.0, 8.5, 20)), "item 2 (waypoint): north_m = "),
        (planned(TAKEOFF, item(16, 0, 0, 0, None, *HOME[:2], 900)), "height_m = 900; allowed 0.5 to 120"),
        (planned(TAKEOFF, item(16, 0, 0, 0, None, HOME[0], float("nan"), 20)), "is not a number"),
        (planned(TAKEOFF, item(16, 0, 0, 0, None, *HOME[:2], 20, frame=10)), "frame 10 is not supported"),
        (planned(TAKEOFF, item(201, 0, 0, 0, 0, 0, 0, 0)), "command 201 is not supported"),
        (planned(TAKEOFF, {"type": "ComplexItem", "complexItemType": "survey"}), "'survey' is not supported"),
        (planned(TAKEOFF, item(17, 0, 0, 0, None, *HOME[:2], 20), HERE), "must be the last item"),
    ],
)
def test_a_plan_that_cannot_be_flown_is_refused_by_name(text, told):
    with pytest.raises(ConfigError, match=r"a\.plan: ") as refusal:
        plan.read("a.plan", text)

    assert told in str(refusal.value)


def test_a_table_reads_as_it_flies():
    text = """
    [[item]]
    do = "takeoff"
    height_m = 5
    [[item]]
    do = "goto"
    north_m = 4
    east_m = -3
    yaw_deg = -90
    speed_m_s = 2.5
    [[item]]
    do = "land"
    """

    takeoff, away, _ = (step.arguments for step in items_of(table.read("a.toml", text)))

    assert takeoff[3] == -5.0
    assert away[1:] == (4.0, -3.0, None, -math.pi / 2, None, 2.5, None)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[item]", "not valid TOML"),
        ("", "the mission is empty"),
        ("[mission]", "mission is not known"),
        ('[[item]]\ndo = "jump"', "do = 'jump'; known: takeoff"),
        ('[[item]]\ndo = "takeoff"', "height_m is missing"),
        ('[[item]]\ndo = "takeoff"\nheight_m = "high"', "'high' is not a number"),
        ('[[item]]\ndo = "takeoff"\nheight_m = nan', "is not a number"),
        ('[[item]]\ndo = "takeoff"\nheight_m = 5\nheight_ft = 5', "height_ft is not known"),
        ('[[item]]\ndo = "takeoff"\nheight_m = 500', "height_m = 500; allowed 0.5 to 120"),
        ("[home]\nlat_deg = 1", "[home] must hold exactly"),
    ],
)
def test_a_table_that_cannot_be_flown_is_refused_by_name(text, told):
    with pytest.raises(ConfigError, match=r"a\.toml: ") as refusal:
        table.read("a.toml", text)

    assert told in str(refusal.value)


def test_a_plans_circle_keeps_its_radius_and_its_way_round():
    circle = item(18, 2, 0, -12.0, None, *HOME[:2], 15)

    way = items_of(plan.read("a.plan", planned(TAKEOFF, circle, HERE)))

    assert way[1].arguments[5] == -12.0
    assert way[1].arguments[7] == 2.0


def test_a_plans_jump_goes_to_the_item_it_names():
    numbered = [
        {**TAKEOFF, "doJumpId": 1},
        {**AWAY, "doJumpId": 7},
        item(177, 7, 2, 0, 0, 0, 0, 0, frame=2),
        HERE,
    ]

    way = items_of(plan.read("a.plan", planned(*numbered)))

    assert way[2].arguments == (Item.JUMP, 1, 2)
    with pytest.raises(ConfigError, match=r"item 3: jumps to doJumpId 9"):
        plan.read("a.plan", planned(TAKEOFF, AWAY, item(177, 9, 2, 0, 0, 0, 0, 0, frame=2)))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[]", "'mission' must be there"),
        ('{"mission": {"items": []}}', "'plannedHomePosition' must be there and be a list"),
        (
            '{"mission": {"items": [], "plannedHomePosition": [1, 2]}}',
            "plannedHomePosition [1, 2] is not on Earth",
        ),
        ('{"mission": {"items": [], "plannedHomePosition": ["a", 2, 3]}}', "params[0] = 'a' is not a number"),
        ('{"mission": {"plannedHomePosition": [1, 2, 3]}}', "'items' must be there and be a list"),
        ('{"mission": {"plannedHomePosition": [1, 2, 3], "items": [null]}}', "type None is not supported"),
        (
            '{"mission": {"plannedHomePosition": [1, 2, 3], "items": [{"type": "SimpleItem"}]}}',
            "command None",
        ),
    ],
)
def test_a_broken_plan_is_told_in_words_not_as_an_exception_of_python(text, told):
    with pytest.raises(ConfigError, match=r"a\.plan: ") as refusal:
        plan.read("a.plan", text)

    assert told in str(refusal.value)
    assert "Error(" not in str(refusal.value)
