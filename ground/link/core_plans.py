"""What the core has been told of mission, fence and rally points, and telling it anew when home moves or it restarts.

Items are relative to home and on the globe, the core counts metres from where it began: so what it is told follows from
both, and has to wait until both are known.
"""

from collections.abc import Callable

from flight.modes import Event
from ground.link import feasible
from ground.link.plans import ASK, FENCE, MISSION, RALLY, Plan, earth_of
from ground.link.transfers import Telling
from ground.link.vehicle import Vehicle
from ground.missions.items import Earth

PATIENCE_S = 2.0
# The core obeys one demand a tick; a slow or a busy loop takes so long for each of a long list.
EACH_S = 0.01
# A home that moved by less does not change what is flown.
NEAR_M = 0.01
KINDS = (MISSION, FENCE, RALLY)
Done = Callable[[str], None]


def ignored(_: str) -> None:
    """Do nothing with an answer."""


class CorePlans:
    """Tells the core the lists in `plans`."""

    def __init__(self, vehicle: Vehicle, plans: dict[int, Plan]) -> None:
        self.vehicle, self.plans = vehicle, plans
        self.earth: Earth | None = None
        # A fence that is switched off is kept here and not told.
        self.is_fence_on = True
        # Rally points outside the fence, which the core is not told; by what they were judged.
        self.astray: list[int] = []
        self.judged: tuple[object, ...] = ()
        self.telling: list[Telling] = []
        self.newest_us = -1
        self.now = 0.0

    def present_earth(self) -> Earth | None:
        """Return where metres are counted from now, None while it is not known."""
        origin, home = self.vehicle.origin, self.vehicle.home
        return earth_of(origin, home.alt_amsl_m) if origin and home else None

    def tell(self, kind: int, done: Done = ignored, is_flown: bool = False) -> None:
        """Tell the core a list; `done` gets the reason of a refusal, later. Without a position it waits for one."""
        self.earth = self.earth or self.present_earth()
        if self.earth is None:
            done("")
        else:
            self.ask(self.flown(kind, self.earth).demands(self.earth, is_flown), done)

    @property
    def fence(self) -> Plan:
        """Return the fence that holds: none while it is switched off."""
        return self.plans[FENCE] if self.is_fence_on else Plan(FENCE)

    def flown(self, kind: int, earth: Earth) -> Plan:
        """Return of a list what the core is told: no fence that is off, no rally point outside of it."""
        if kind == FENCE:
            return self.fence
        if kind != RALLY:
            return self.plans[kind]
        self.judged = self.grounds
        rally, bounds = self.plans[RALLY], feasible.bounds_of(self.vehicle, self.fence, earth)
        self.astray = feasible.astray(bounds, rally, earth) if bounds else []
        return Plan(RALLY, [item for place, item in enumerate(rally.items) if place not in self.astray])

    @property
    def grounds(self) -> tuple[object, ...]:
        """Return by what rally points are judged."""
        rally, fence = self.plans[RALLY].identity, self.fence.identity
        return rally, fence, self.vehicle.parameter("FENCE_DIST_MAX"), self.vehicle.home

    def judge(self) -> None:
        """Tell the rally points anew when fence or home have changed what is outside."""
        if self.plans[RALLY].items and self.grounds != self.judged:
            self.tell(RALLY)

    def ask(self, demands: list[ASK], done: Done = ignored) -> None:
        """Send demands and wait for their answers."""
        serials = [self.vehicle.ask(what, arguments, index) for what, arguments, index in demands]
        deadline_s = self.now + PATIENCE_S + EACH_S * len(serials)
        self.telling.append(Telling(serials, done, deadline_s))

    def tick(self, now: float) -> None:
        """Bring answers; tell everything again after a restart, and the mission when home has moved."""
        self.now = now
        self.telling = [telling for telling in self.telling if not self.settle(telling)]
        if not self.vehicle.is_flying:
            return
        has_restarted = not 0 <= self.newest_us <= self.vehicle.t_us
        self.newest_us = self.vehicle.t_us
        if has_restarted or self.earth is None:
            self.begin()
        elif any(happening.code == Event.HOME_SET for happening in self.vehicle.happenings):
            self.follow_home()
        if self.earth is not None:
            self.judge()

    def begin(self) -> None:
        """Tell a core that knows nothing yet."""
        self.earth = self.present_earth()
        for kind in KINDS if self.earth else ():
            if self.plans[kind].items and not self.has_it(kind):
                self.tell(kind)

    def has_it(self, kind: int) -> bool:
        """Tell whether the core flies this mission already: the link was restarted, not the loop."""
        status = self.vehicle.command.status
        return (
            kind == MISSION
            and self.vehicle.is_armed
            and int(status.mission_count) == len(self.plans[MISSION].items)
        )

    def follow_home(self) -> None:
        """Tell the mission's heights anew, without forgetting how far it has been flown."""
        earth, before = self.present_earth(), self.earth
        if earth and before and abs(earth.home_alt_amsl_m - before.home_alt_amsl_m) > NEAR_M:
            self.earth = earth
            if self.plans[MISSION].items:
                self.ask(self.plans[MISSION].again(earth))

    def settle(self, telling: Telling) -> bool:
        """Tell whether the core has answered, and if so say how."""
        answers = [self.vehicle.answer(serial) for serial in telling.serials]
        refused = next((answer.reason for answer in answers if answer and not answer.is_accepted), "")
        if refused:
            telling.done(refused)
        elif all(answers):
            telling.done("")
        elif self.now > telling.deadline_s:
            telling.done("the flight loop does not answer")
        else:
            return False
        return True
