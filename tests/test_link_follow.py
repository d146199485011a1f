"""Following somebody: beside the target, looking at it, and never longer than anybody wants it."""

import math
from types import SimpleNamespace

import pytest

from flight.geodesy import geodetic
from flight.inputs import Demand
from flight.modes import Arming, Mode
from flight.supervisor.choosing import ALREADY
from flight.vector import Vec3
from ground.link.dialect import mavlink
from ground.link.follow import LOST_S, PERIOD_S, Follow
from ground.link.missions import Missions
from ground.link.plans import FENCE, Plan
from ground.link.service import Order, Sender
from ground.link.wire_items import WireItem
from tests.link_rig import CLIENT, ORIGIN, Line, PretendedVehicle

FOLLOW_MODE = Order(176, 1.0, 4.0, 8.0, 0.0, 0.0, 0.0, 0.0)
OTHER = Sender(254, 191, "elsewhere")
NAN = math.nan


class Pursuer(PretendedVehicle):
    """A vehicle in the air that goes where it is sent."""

    command = property(
        lambda self: SimpleNamespace(status=self.said, estimate=SimpleNamespace(p_ned=(0.0, 0.0, -8.0)))
    )


class Followed:
    """A pursuer, somebody who tells where he is, and a clock."""

    def __init__(self, folder) -> None:
        self.vehicle = Pursuer(folder)
        said = self.vehicle.said
        said.arming, said.mode, said.is_landed, said.home_ned = Arming.ARMED, Mode.GOTO, 0, (0.0, 0.0, 0.0)
        self.line, self.now = Line(), 100.0
        self.missions = Missions(self.vehicle, self.line)
        self.line.service = lambda kind: self.missions
        self.service = Follow(self.vehicle, self.line)
        self.service.tick(self.now)
        self.service.start(FOLLOW_MODE, CLIENT)

    def tell(self, north: float, east: float, velocity=(0.0, 0.0, 0.0), sender=CLIENT, **odd) -> None:
        """Tell where the target is."""
        place = geodetic(Vec3(north, east, 0.0), *ORIGIN)
        fields = {"lat": round(1e7 * place[0]), "lon": round(1e7 * place[1]), "alt": place[2]} | odd
        still = [0.0, 0.0, 0.0]
        message = mavlink.MAVLink_follow_target_message(
            0, 3, *fields.values(), list(velocity), still, [1, 0, 0, 0], still, still, 0
        )
        self.service.handle(message, sender, self.line)

    def pass_s(self, seconds: float) -> None:
        """Let time pass."""
        for _ in range(round(seconds / PERIOD_S)):
            self.now += PERIOD_S
            self.service.tick(self.now)

    @property
    def goal(self):
        """Return where the vehicle was sent last."""
        kind, arguments, _ = self.vehicle.demands[-1]
        assert kind == Demand.GOTO
        return arguments


@pytest.fixture
def followed(tmp_path):
    """Return a vehicle that has just been told to follow."""
    return Followed(tmp_path)


def test_it_stays_where_it_is_until_somebody_says_where_he_is(followed):
    followed.pass_s(2.0)

    assert [(kind, arguments) for kind, arguments, _ in followed.vehicle.demands] == [(Demand.GOTO, [])]
    assert followed.vehicle.shown_mode.custom == 4 << 16 | 8 << 24


def test_it_keeps_its_distance_and_height_and_looks_at_one_who_stands(followed):
    followed.tell(30.0, 40.0)
    followed.pass_s(1.0)

    north, east, down, yaw = followed.goal
    # From where the vehicle is: eight metres short of the target.
    assert (north, east) == pytest.approx((30.0 * 42 / 50, 40.0 * 42 / 50), abs=0.05)
    assert down == pytest.approx(-8.0)
    assert yaw == pytest.approx(math.atan2(40.0, 30.0), abs=0.01)


@pytest.mark.parametrize(("angle", "side"), [(180.0, (-8.0, 0.0)), (90.0, (0.0, 8.0)), (0.0, (8.0, 0.0))])
def test_it_turns_to_the_wanted_side_of_one_who_walks_north(followed, angle, side):
    followed.vehicle.settings.take({"FLW_TGT_FA": angle})
    for second in range(12):
        followed.tell(2.0 * second, 0.0, (2.0, 0.0, 0.0))
        followed.pass_s(1.0)

    north, east, _, yaw = followed.goal
    # The last word was that he is at 22 m, and a second has passed since.
    assert (north - 24.0, east) == pytest.approx(side, abs=0.1)
    assert math.cos(yaw - math.atan2(-side[1], -side[0])) == pytest.approx(1.0, abs=0.01)


def test_one_who_falls_silent_is_not_chased_on(followed):
    followed.tell(10.0, 0.0, (5.0, 0.0, 0.0))
    followed.pass_s(LOST_S + 1.0)
    count = len(followed.vehicle.demands)
    followed.pass_s(5.0)

    assert len(followed.vehicle.demands) == count
    assert followed.goal[0] < 10.0 + 5.0 * LOST_S + 8.0


def test_of_two_who_tell_where_they_are_the_first_is_followed_until_he_falls_silent(followed):
    for _ in range(8):
        followed.tell(30.0, 40.0)
        followed.tell(-30.0, -40.0, (0.0, 3.0, 0.0), sender=OTHER)
        followed.pass_s(PERIOD_S)
        assert followed.goal[:2] == pytest.approx((30.0 * 42 / 50, 40.0 * 42 / 50), abs=0.05)
    assert [text for text in followed.line.texts if "254/191" in text] == followed.line.texts != []

    followed.pass_s(LOST_S)
    followed.tell(-30.0, -40.0, sender=OTHER)
    followed.tell(30.0, 40.0)
    followed.pass_s(PERIOD_S)

    assert followed.goal[:2] == pytest.approx((-30.0 * 42 / 50, -40.0 * 42 / 50), abs=0.05)


def test_one_person_on_two_links_is_one(followed):
    followed.tell(30.0, 40.0)
    followed.tell(60.0, 80.0, sender=CLIENT._replace(channel="telephone"))
    followed.pass_s(PERIOD_S)

    assert followed.goal[:2] == pytest.approx((60.0 * 92 / 100, 80.0 * 92 / 100), abs=0.05)


def test_another_mode_ends_it_and_so_does_a_refusal(followed):
    followed.vehicle.said.mode = Mode.RETURN
    followed.pass_s(1.0)
    assert not followed.vehicle.is_following
    count = len(followed.vehicle.demands)
    followed.tell(10.0, 0.0)
    followed.pass_s(1.0)
    assert len(followed.vehicle.demands) == count

    followed.vehicle.said.mode = Mode.GOTO
    followed.vehicle.refuse = lambda *_: "a failsafe is acting"
    followed.service.start(FOLLOW_MODE, CLIENT)
    followed.pass_s(1.0)
    assert not followed.vehicle.is_following
    assert any("failsafe" in text for text in followed.line.texts)


def test_who_is_sent_elsewhere_while_a_place_is_told_stays_there(followed):
    followed.tell(10.0, 0.0)
    followed.pass_s(PERIOD_S)
    followed.vehicle.refuse = lambda *_: "not in this mode"
    followed.pass_s(PERIOD_S)
    followed.vehicle.said.mode = Mode.LAND
    followed.pass_s(PERIOD_S)

    assert [index for _, _, index in followed.vehicle.demands] == [0, ALREADY, ALREADY]
    assert not followed.vehicle.is_following
    assert followed.line.texts == []


@pytest.mark.parametrize("odd", [{"lat": 2**31 - 1}, {"alt": NAN}, {"alt": math.inf}])
def test_a_target_on_no_globe_is_not_followed(followed, odd):
    followed.tell(10.0, 0.0, **odd)
    followed.tell(10.0, 0.0, (NAN, 0.0, 0.0))
    followed.pass_s(1.0)

    assert len(followed.vehicle.demands) == 1


def test_who_leads_out_of_the_fence_is_waited_for_inside_and_looked_at_and_that_is_said_once(followed):
    circle = WireItem(6, 5003, 1, 40.0, 0.0, 0.0, 0.0, round(ORIGIN[0] * 1e7), round(ORIGIN[1] * 1e7), 0.0)
    followed.missions.plans[FENCE] = Plan(FENCE, [circle])
    followed.tell(30.0, 0.0)
    followed.pass_s(1.0)
    assert followed.goal[0] == pytest.approx(22.0, abs=0.05)

    for _ in range(30):
        followed.tell(0.0, 60.0)
        followed.pass_s(1.0)

    assert followed.goal == [None, None, None, pytest.approx(math.pi / 2.0, abs=0.01)]
    assert followed.vehicle.is_following
    assert followed.line.texts == ["Following waits at the fence: the target leads outside"]
    followed.tell(30.0, 0.0)
    followed.pass_s(1.0)
    assert followed.goal[0] == pytest.approx(22.0, abs=0.05)


def test_who_is_followed_to_the_fence_stops_before_the_fence_would_stop_it(followed):
    circle = WireItem(6, 5003, 1, 40.0, 0.0, 0.0, 0.0, round(ORIGIN[0] * 1e7), round(ORIGIN[1] * 1e7), 0.0)
    followed.missions.plans[FENCE] = Plan(FENCE, [circle])
    # At 5 m/s half a second and two metres before 40 m.
    for north, is_near_enough in ((43.4, True), (43.6, False)):
        followed.tell(north, 0.0)
        followed.pass_s(1.0)

        assert (followed.goal[0] is not None) == is_near_enough
