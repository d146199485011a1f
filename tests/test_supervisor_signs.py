"""What is so and what is asked for, as signs: of the estimate, of a stream, of demands and of the arming switch."""

import math

import pytest

from flight.inputs import Demand
from flight.modes import Action, Arming, Level, Mode
from flight.supervisor import signs
from flight.supervisor.table import Sign
from tests.supervisor_rig import DT, below, flying, in_plain_python, toy
from tests.toy_flight import ToyFlight

in_plain_python()
pytestmark = pytest.mark.interpreted
ALL = sum(Sign)


def test_signs_of_the_estimate():
    f = toy()
    for name, sign in (("attitude", Sign.ATTITUDE), ("altitude", Sign.ALTITUDE), ("position", Sign.POSITION)):
        f.trust()
        assert signs.estimate_signs(f.estimate) == Sign.ATTITUDE | Sign.ALTITUDE | Sign.POSITION
        setattr(f.estimate, f"is_{name}_valid", 0)
        assert signs.estimate_signs(f.estimate) & sign == 0
    f.trust(1, 1, 0, 1)
    assert signs.estimate_signs(f.estimate) == Sign.ATTITUDE | Sign.ALTITUDE


@pytest.mark.parametrize(
    ("level", "have", "flyable"),
    [
        (Level.IDLE, ALL, False),
        (Level.RATE, 0, True),
        (Level.ATTITUDE, 0, True),
        (Level.ALTITUDE, int(Sign.ALTITUDE), True),
        (Level.ALTITUDE, int(Sign.ATTITUDE), False),
        (Level.VELOCITY, int(Sign.ATTITUDE | Sign.ALTITUDE | Sign.POSITION), True),
        (Level.VELOCITY, int(Sign.ATTITUDE | Sign.ALTITUDE), False),
        (Level.POSITION, int(Sign.ATTITUDE | Sign.ALTITUDE | Sign.POSITION), True),
        (Level.POSITION, int(Sign.ALTITUDE | Sign.POSITION), False),
        (Level.POSITION + 1, ALL, False),
    ],
)
def test_a_stream_is_flyable_when_the_estimate_suffices_for_its_level(level, have, flyable):
    f = toy()
    f.s.offboard_seen, f.inputs.offboard.level = 1, int(level)

    assert signs.is_stream_flyable(f.s, f.p, f.inputs, have) == flyable
    f.s.offboard_seen = 0
    assert not signs.is_stream_flyable(f.s, f.p, f.inputs, have)


def test_standing_signs_say_what_is_so():
    def found(change=lambda f: None, air: bool = False) -> int:
        f = flying() if air else toy()
        f.trust(0, 0, 0, 0)
        change(f)
        return signs.standing_signs(f.s, f.p, f.inputs, f.command)

    def pilot(f: ToyFlight, **more: int) -> None:
        f.s.pilot_seen = 1
        for name, value in more.items():
            setattr(f.inputs.pilot, name, value)

    f = toy()
    base = int(Sign.LANDED | Sign.WAY_HOME)
    boot = base | (Sign.STICKS_ONLY if f.s.mode in (Mode.RATE, Mode.ANGLE) else 0)
    assert found() == boot
    assert found(air=True) == Sign.AIRBORNE | Sign.WAY_HOME
    assert found(lambda f: setattr(f.s, "arming", Arming.KILLED), air=True) == Sign.WAY_HOME
    assert found(lambda f: setattr(f.s, "mode", Mode.RATE)) == base | Sign.STICKS_ONLY
    assert found(lambda f: setattr(f.s, "mode", Mode.ANGLE)) == base | Sign.STICKS_ONLY
    assert found(pilot) == base | Sign.PILOT
    assert found(lambda f: pilot(f, is_kill_switch_on=1)) == base | Sign.PILOT | Sign.KILL | Sign.KILL_SWITCH
    assert found(lambda f: setattr(f.inputs.pilot, "is_kill_switch_on", 1)) == base
    assert found(lambda f: setattr(f.status, "mission_count", 1)) == base | Sign.MISSION
    assert found(lambda f: setattr(f.status, "is_home_set", 1)) == base | Sign.HOME
    assert found(lambda f: setattr(f.status, "is_done", 1)) == base | Sign.DONE
    assert found(lambda f: setattr(f.s, "mode", Mode.MISSION)) == base | Sign.UNDERWAY
    assert (
        found(lambda f: (setattr(f.s, "mode", Mode.MISSION), setattr(f.status, "is_done", 1)))
        == base | Sign.DONE
    )


def test_low_is_who_flies_and_is_known_to_be_nearly_on_the_ground():
    def found(height, known=1, landed=0):
        f = flying(FS_LOW_ALT=0.5)
        f.estimate.height_m, f.estimate.is_altitude_valid, f.s.landing.is_landed = height, known, landed
        return bool(signs.standing_signs(f.s, f.p, f.inputs, f.command) & Sign.LOW)

    assert found(below(0.5))
    assert not found(0.5)
    assert not found(0.1, known=0)
    assert not found(0.1, landed=1)


@pytest.mark.parametrize(
    ("action", "is_barred", "is_lost"),
    [
        *((action, 1, False) for action in (Action.WARN, Action.HOLD, Action.RETURN)),
        *((action, 1, True) for action in (Action.LAND, Action.DISARM, Action.TERMINATE)),
        (Action.LAND, 0, False),
    ],
)
def test_a_way_home_that_leaves_the_fence_is_none_where_leaving_it_ends_the_flight(
    action, is_barred, is_lost
):
    f = toy(FS_FENCE_ACT=float(action))
    f.s.home.is_barred = is_barred

    assert signs.is_way_barred(f.s, f.p) == is_lost
    found = signs.standing_signs(f.s, f.p, f.inputs, f.command)
    assert bool(found & Sign.WAY_HOME) != is_lost


def test_it_rests_after_a_flight_and_idles_before_one():
    f = toy()
    f.s.landing.has_flown, f.s.landing.rest_s = 1, 0.5
    assert signs.is_resting(f.s, f.p)
    f.s.landing.rest_s = below(0.5)
    assert not signs.is_resting(f.s, f.p)
    f.s.landing.rest_s, f.s.landing.is_landed = 9.0, 0
    assert not signs.is_resting(f.s, f.p)
    f.s.landing.is_landed, f.s.landing.has_flown = 1, 0
    assert not signs.is_resting(f.s, f.p)
    f.s.landing.has_flown, f.p.arm.rest_s, f.s.landing.rest_s = 1, 0.001, 0.001
    assert signs.is_resting(f.s, f.p)
    for never in (0.0, -1.0):
        f.p.arm.rest_s = never
        assert not signs.is_resting(f.s, f.p)

    f = toy()
    f.s.armed_s = 10.0
    assert signs.is_idling(f.s, f.p)
    f.s.armed_s = below(10.0)
    assert not signs.is_idling(f.s, f.p)
    f.s.armed_s, f.s.landing.has_flown = 99.0, 1
    assert not signs.is_idling(f.s, f.p)
    f.s.landing.has_flown, f.s.landing.lifting_s = 0, DT
    assert not signs.is_idling(f.s, f.p)
    f.s.landing.lifting_s = 0.0
    for never in (0.0, -1.0):
        f.p.arm.idle_s = never
        assert not signs.is_idling(f.s, f.p)
    f.p.arm.idle_s = 0.001
    assert signs.is_idling(f.s, f.p)


@pytest.mark.parametrize(
    ("kind", "uses", "argument", "meant"),
    [
        (Demand.ARM, 0, 0.0, Sign.ARM_WISH),
        (Demand.DISARM, 0, 1.0, Sign.DISARM_WISH),
        (Demand.DISARM, 1, 0.0, Sign.DISARM_WISH),
        (Demand.DISARM, 1, 1.0, Sign.DISARM_WISH | Sign.FORCED),
        (Demand.DISARM, 2, 1.0, Sign.DISARM_WISH),
        (Demand.ARM, 1, 1.0, Sign.ARM_WISH),
        (Demand.KILL, 1, 1.0, Sign.KILL),
        (Demand.LAND, 0, 0.0, 0),
    ],
)
def test_demands_ask_something_of_the_motors(kind, uses, argument, meant):
    f = toy()
    d = f.inputs.demand
    d.fresh, d.kind, d.uses, d.argument[0] = 1, int(kind), uses, argument
    assert signs.demand_signs(d) == meant
    d.fresh = 0
    assert signs.demand_signs(d) == 0


@pytest.mark.parametrize(
    ("fresh", "was", "now", "safe", "meant"),
    [
        (1, 0, 1, 1, Sign.ARM_WISH),
        (1, 0, 1, 0, 0),
        (1, 1, 1, 1, 0),
        (1, 0, 0, 1, 0),
        (1, 1, 0, 1, Sign.DISARM_WISH | Sign.BY_SWITCH),
        (0, 0, 1, 1, 0),
        (0, 1, 0, 1, 0),
    ],
)
def test_only_movements_of_the_arming_switch_mean_something(fresh, was, now, safe, meant):
    f = toy()
    f.inputs.pilot.fresh, f.inputs.pilot.is_arm_switch_on = fresh, now
    f.s.is_arm_switch_on, f.s.is_arm_switch_safe = was, safe

    assert signs.switch_signs(f.s, f.inputs.pilot) == meant


@pytest.mark.parametrize("place", range(8))
def test_a_demand_is_meant_when_its_numbers_are_numbers_and_others_do_not_matter(place):
    d = toy().inputs.demand
    d.uses, d.argument[place] = 1 << place, math.nan
    assert not signs.is_meant(d)

    d.uses = 255 & ~(1 << place)
    assert signs.is_meant(d)
