"""Follow me: keep beside somebody whose place and velocity come as FOLLOW_TARGET, in PX4's manner and parameters.

The link turns what it hears into go-tos of the core. So a target that falls silent, or a link that dies, leave the
vehicle holding where it was last sent; every other command, pilot or failsafe ends following. A target that leads
outside the fence is waited for inside.
"""

import math

from flight.inputs import Demand
from flight.modes import Mode
from flight.supervisor.choosing import ALREADY
from flight.vector import Vec3
from ground.link.missions import Missions
from ground.link.places import FURTHEST_M, checked
from ground.link.service import WARNING, Link, Message, Microservice, Order, Sender
from ground.link.vehicle import Vehicle

PERIOD_S = 0.25
# Told more rarely than this, the target is lost: the vehicle stays.
LOST_S = 3.0
# Who moves more slowly has no course; the last one holds.
COURSE_M_S = 0.5
# FLW_TGT_RS 1 smooths the target's velocity over so long.
SLUGGISH_S = 5.0
COMPLAIN_S = 5.0
HAS_VELOCITY = 2
ABOVE_TARGET = 2
STILL = (0.0, 0.0, 0.0)
Goal = tuple[float, float, float, float]


class Follow(Microservice):
    """Follows one target at a time."""

    messages = ("FOLLOW_TARGET",)

    def __init__(self, vehicle: Vehicle, link: Link) -> None:
        super().__init__(vehicle, link)
        self.target = self.velocity = Vec3(*STILL)
        self.course: float | None = None
        self.side: float | None = None
        # MAVLink system and component that is followed as long as it is heard.
        self.leader: tuple[int, int] | None = None
        self.heard_s = self.due_s = self.complained_s = -math.inf
        self.serial = -1
        self.is_at_fence = False
        self.now = 0.0

    def handle(self, message: Message, sender: Sender, link: Link) -> None:
        """Note where the target is and how it moves."""
        place = self.place_of(message)
        if place is None or not self.is_leader(sender):
            return
        told = Vec3(*(message.vel if message.est_capabilities & HAS_VELOCITY else STILL))
        sluggish_s, passed_s = SLUGGISH_S * self.vehicle.settings["FLW_TGT_RS"], self.now - self.heard_s
        part = 1.0 if passed_s > LOST_S else passed_s / (passed_s + sluggish_s + 1e-6)
        self.velocity = moved(self.velocity, moved(told, self.velocity, -1.0), part)
        if math.hypot(told.x, told.y) > COURSE_M_S:
            self.course = math.atan2(self.velocity.y, self.velocity.x)
        self.target, self.heard_s = place, self.now

    def is_leader(self, sender: Sender) -> bool:
        """Tell whether this one is followed: the first that is heard, until it is silent."""
        who = sender.system, sender.component
        if who == self.leader:
            return True
        if self.now - self.heard_s < LOST_S:
            self.complain(f"Target of {who[0]}/{who[1]} ignored: another one is followed")
            return False
        self.leader, self.course, self.side = who, None, None
        return True

    def complain(self, text: str) -> None:
        """Say so, not too often, and only to people who follow."""
        if self.vehicle.is_following and self.now - self.complained_s > COMPLAIN_S:
            self.complained_s = self.now
            self.link.say(text, WARNING)

    def place_of(self, message: Message) -> Vec3 | None:
        """Return a target's place in local NED, None for one that makes no sense."""
        lat_deg, lon_deg = 1e-7 * message.lat, 1e-7 * message.lon
        try:
            checked(lat_deg, lon_deg, message.alt)
        except ValueError:
            return None
        place = self.vehicle.local(lat_deg, lon_deg, message.alt)
        numbers = (*message.vel, *(place or (math.nan,)))
        is_sound = all(math.isfinite(n) and abs(n) < FURTHEST_M for n in numbers)
        return place if is_sound else None

    def start(self, order: Order, sender: Sender) -> None:
        """Follow from now on; until a target is told, stay here."""
        self.serial = self.vehicle.ask(Demand.GOTO)
        self.course = self.side = None
        self.due_s = self.now + PERIOD_S
        self.vehicle.is_following = True
        self.link.settle(order, sender, self.serial)

    def tick(self, now: float) -> None:
        """Go where the target wants its follower."""
        self.now = now
        if not self.vehicle.is_following or now < self.due_s or not self.is_still_wanted():
            return
        self.due_s = now + PERIOD_S
        age_s = now - self.heard_s
        if age_s < LOST_S:
            target = moved(self.target, self.velocity, age_s)
            self.serial = self.vehicle.ask(Demand.GOTO, self.within_fence(self.goal(target), target), ALREADY)

    def is_still_wanted(self) -> bool:
        """Tell whether the core goes where it is sent; end following when it does not."""
        # Who has changed the mode meanwhile has the core refuse to be sent on.
        answer = self.vehicle.answer(self.serial)
        if answer is None:
            return False
        if not answer.is_accepted and self.vehicle.mode == Mode.GOTO:
            self.link.say(f"Following ends: {answer.reason}", WARNING)
        self.vehicle.is_following = answer.is_accepted and self.vehicle.mode == Mode.GOTO
        return self.vehicle.is_following

    def goal(self, target: Vec3) -> Goal:
        """Return where to be, and the heading that looks at the target."""
        settings = self.vehicle.settings
        side, away_m = self.turned(target), settings["FLW_TGT_DST"]
        is_above_target = settings["FLW_TGT_ALT_M"] == ABOVE_TARGET
        floor = target.z if is_above_target else float(self.vehicle.command.status.home_ned[2])
        north, east = target.x + away_m * math.cos(side), target.y + away_m * math.sin(side)
        return north, east, floor - settings["FLW_TGT_HT"], math.remainder(side + math.pi, math.tau)

    def within_fence(self, goal: Goal, target: Vec3) -> tuple[float | None, ...]:
        """Return the goal, or nothing but the heading to the target where the vehicle would be stopped by the fence."""
        braking_m = self.vehicle.parameter("FENCE_DELAY") * self.vehicle.parameter("MPC_XY_CRUISE")
        margin_m = self.vehicle.parameter("FENCE_MARGIN") + braking_m
        reason = self.link.service(Missions).outside(goal[:3], 0.0, margin_m)  # type: ignore[attr-defined]
        was_at_fence, self.is_at_fence = self.is_at_fence, bool(reason)
        if not reason:
            return goal
        if not was_at_fence:
            self.complain("Following waits at the fence: the target leads outside")
        here = self.vehicle.command.estimate.p_ned
        return None, None, None, math.atan2(target.y - float(here[1]), target.x - float(here[0]))

    def turned(self, target: Vec3) -> float:
        """Return the bearing from the target to its follower, brought nearer to the one that is wanted."""
        settings = self.vehicle.settings
        if self.side is None:
            here = self.vehicle.command.estimate.p_ned
            self.side = math.atan2(float(here[1]) - target.y, float(here[0]) - target.x)
        if self.course is not None:
            missing = math.remainder(self.course + math.radians(settings["FLW_TGT_FA"]) - self.side, math.tau)
            most = PERIOD_S * settings["FLW_TGT_MAX_VEL"] / settings["FLW_TGT_DST"]
            self.side += max(-most, min(most, missing))
        return self.side


def moved(start: Vec3, way: Vec3, times: float) -> Vec3:
    """Return a vector and so many times another one."""
    return Vec3(*(a + times * b for a, b in zip(start, way, strict=True)))
