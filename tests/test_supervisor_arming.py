"""Arming by its table, and what disarms."""

import pytest

from flight.inputs import Demand
from flight.modes import Arming, Event, Failsafe, Mode
from flight.supervisor import supervisor
from flight.supervisor.table import DISARM, LAND, TERMINATE, Sign
from tests.supervisor_rig import DT, below, flying, heard, in_plain_python, toy
from tests.toy_flight import ToyFlight

in_plain_python()
pytestmark = pytest.mark.interpreted
S = Sign
ARMED, DISARMED, KILLED = Arming.ARMED, Arming.DISARMED, Arming.KILLED
TABLE = [
    (ARMED, S.KILL, KILLED, Event.KILLED, 0),
    (ARMED, S.ORDER_TERMINATE, KILLED, Event.KILLED, 1),
    (ARMED, S.ORDER_TERMINATE | S.KILL, KILLED, Event.KILLED, 0),
    (ARMED, S.ORDER_DISARM, DISARMED, Event.DISARMED, 1),
    (ARMED, S.ORDER_DISARM | S.ORDER_TERMINATE, KILLED, Event.KILLED, 1),
    (ARMED, S.TIPPED, DISARMED, Event.DISARMED, 1),
    (ARMED, S.DISARM_WISH | S.LANDED, DISARMED, Event.DISARMED, 0),
    (ARMED, S.DISARM_WISH | S.FORCED, DISARMED, Event.DISARMED, 0),
    (ARMED, S.DISARM_WISH | S.BY_SWITCH | S.STICKS_ONLY, DISARMED, Event.DISARMED, 0),
    (ARMED, S.DISARM_WISH | S.BY_SWITCH, ARMED, Event.DEMAND_REFUSED, 0),
    (ARMED, S.DISARM_WISH | S.STICKS_ONLY, ARMED, Event.DEMAND_REFUSED, 0),
    (ARMED, S.DISARM_WISH, ARMED, Event.DEMAND_REFUSED, 0),
    (ARMED, S.RESTED, DISARMED, Event.DISARMED, 0),
    (ARMED, S.IDLE, DISARMED, Event.DISARMED, 0),
    (ARMED, S.RESTED | S.UNDERWAY, ARMED, 0, 0),
    (ARMED, S.IDLE | S.UNDERWAY, ARMED, 0, 0),
    (ARMED, S.TIPPED | S.UNDERWAY, DISARMED, Event.DISARMED, 1),
    (ARMED, S.ARM_WISH, ARMED, 0, 0),
    (ARMED, S.LANDED | S.FORCED | S.NOT_READY | S.KILL_SWITCH, ARMED, 0, 0),
    (DISARMED, S.ARM_WISH, ARMED, Event.ARMED, 0),
    (DISARMED, S.ARM_WISH | S.NOT_READY, DISARMED, Event.ARMING_REFUSED, 0),
    (DISARMED, S.KILL | S.DISARM_WISH | S.ORDER_TERMINATE | S.IDLE, DISARMED, 0, 0),
    (KILLED, S.DISARM_WISH, DISARMED, Event.DISARMED, 0),
    (KILLED, S.DISARM_WISH | S.KILL_SWITCH, KILLED, Event.DEMAND_REFUSED, 0),
    (KILLED, S.ARM_WISH, KILLED, Event.ARMING_REFUSED, 0),
    (KILLED, S.RESTED | S.KILL, KILLED, 0, 0),
]


@pytest.mark.parametrize(("arming", "have", "after", "said", "crashed"), TABLE)
def test_arming_goes_by_its_table(arming, have, after, said, crashed):
    f = toy()
    f.s.arming, f.s.armed_s, f.s.landing.has_flown, f.s.rotors.lost = arming, 9.0, 1, 2
    supervisor.change_arming(f.s, f.status, int(have), 64)

    assert (f.s.arming, f.s.is_crashed) == (after, crashed)
    assert [e for e, _ in heard(f)] == ([said] if said else [])
    values = {Event.ARMING_REFUSED: 64.0, Event.DEMAND_REFUSED: float(Demand.DISARM)}
    if said:
        value = heard(f)[0][1]
        assert value == values.get(said, value)
        assert said in values or int(value) & int(have) == int(value) > 0
    fresh = after != arming
    assert (f.s.armed_s, f.s.landing.has_flown, f.s.rotors.lost) == ((0.0, 0, 0) if fresh else (9.0, 1, 2))


def test_an_earlier_crash_is_not_forgotten_by_arming():
    f = toy()
    f.s.arming, f.s.is_crashed = ARMED, 1
    supervisor.change_arming(f.s, f.status, int(S.RESTED), 0)
    assert f.s.is_crashed == 1


@pytest.mark.parametrize("flag", Failsafe)
@pytest.mark.parametrize(
    ("before", "after", "ends"),
    [
        (ARMED, DISARMED, 1),
        (ARMED, KILLED, 1),
        (KILLED, DISARMED, 0),
        (DISARMED, ARMED, 0),
        (ARMED, ARMED, 0),
    ],
)
def test_what_failed_in_a_flight_wants_to_be_looked_at_however_it_ended(flag, before, after, ends):
    f = toy()
    f.s.arming, f.s.watch.raised = before, int(flag | Failsafe.WIND)
    supervisor.enter(f.s, after)

    is_suspect = flag.name in ("NOT_A_NUMBER", "ROTOR_LOST", "CRASHED", "RUNAWAY")
    assert f.s.is_crashed == (1 if is_suspect and ends else 0)


@pytest.mark.parametrize(
    ("crashed", "told", "wishes", "then"),
    [
        (1, 0, S.DISARM_WISH | S.BY_SWITCH, (1, 0)),
        (1, 0, S.ARM_WISH, (1, 1)),
        (1, 1, 0, (1, 1)),
        (1, 1, S.ARM_WISH, (1, 1)),
        (1, 1, S.DISARM_WISH, (1, 1)),
        (1, 1, S.DISARM_WISH | S.BY_SWITCH, (0, 1)),
        (0, 1, 0, (0, 0)),
        (0, 0, S.ARM_WISH, (0, 0)),
    ],
)
def test_the_switch_says_that_a_crash_was_looked_at_once_it_has_been_told(crashed, told, wishes, then):
    f = toy()
    f.s.is_crashed, f.s.is_crash_told = crashed, told
    supervisor.forgive(f.s, int(wishes))

    assert (f.s.is_crashed, f.s.is_crash_told) == then


@pytest.mark.parametrize(
    ("raised", "wrong_s", "landed", "airborne_s", "tipped"),
    [
        (Failsafe.TILT, 0.5, 1, 99.0, True),
        (Failsafe.TILT, 0.5, 0, below(3.0), True),
        (Failsafe.TILT, 0.5, 0, 3.0, False),
        (Failsafe.TILT, 2.0, 0, 99.0, True),
        (Failsafe.TILT, below(2.0), 0, 99.0, False),
        (Failsafe.TILT, 0.0, 1, 99.0, False),
        (Failsafe.WIND, 9.0, 1, 99.0, False),
        (Failsafe.TILT, 1.0, 1, 99.0, True),
    ],
)
def test_tipped_is_tilted_early_or_for_long(raised, wrong_s, landed, airborne_s, tipped):
    f = flying()
    f.s.watch.raised, f.s.watch.wrong_s[8] = int(raised), wrong_s
    f.s.landing.is_landed, f.s.landing.airborne_s = landed, airborne_s

    assert supervisor.is_tipped(f.s, f.p, f.estimate) == tipped


def test_orders_follow_from_the_worst_answer_and_the_clocks():
    def ordered(worst: int = 0, refused: int = 0, change=lambda f: None) -> int:
        f = flying()
        f.s.landing.has_flown = 1
        change(f)
        return supervisor.order_signs(f.s, f.p, f.estimate, worst, refused)

    def tilted(f: ToyFlight) -> None:
        f.s.watch.raised, f.s.watch.wrong_s[8] = int(Failsafe.TILT), 9.0

    def resting(f: ToyFlight) -> None:
        f.s.landing.is_landed, f.s.landing.rest_s = 1, 9.0

    def idling(f: ToyFlight) -> None:
        f.s.landing.has_flown, f.s.armed_s = 0, 99.0

    def blind(f: ToyFlight) -> None:
        f.s.watch.raised, f.s.watch.wrong_s[6] = Failsafe.ESTIMATOR, 3.0

    def blind_for_a_moment(f: ToyFlight) -> None:
        f.s.watch.raised, f.s.watch.wrong_s[6] = Failsafe.ESTIMATOR, 2.9

    def no_longer_blind(f: ToyFlight) -> None:
        f.s.watch.raised, f.s.watch.wrong_s[6] = int(Failsafe.WIND), 9.0

    assert ordered(change=blind) == S.TIPPED
    assert ordered(change=no_longer_blind) == 0
    assert ordered(change=blind_for_a_moment) == 0
    assert ordered() == ordered(LAND) == 0
    assert ordered(DISARM) == S.ORDER_DISARM
    assert ordered(TERMINATE) == S.ORDER_TERMINATE
    assert ordered(refused=4) == S.NOT_READY
    assert ordered(change=tilted) == S.TIPPED
    assert ordered(change=resting) == S.RESTED
    assert ordered(change=idling) == S.IDLE


@pytest.mark.parametrize(
    ("fresh", "now", "was", "safe", "then"),
    [
        (1, 1, 0, 0, (1, 0)),
        (1, 0, 1, 0, (0, 1)),
        (1, 1, 0, 1, (1, 1)),
        (0, 1, 0, 0, (0, 0)),
        (0, 0, 1, 0, (1, 0)),
    ],
)
def test_a_switch_seen_off_is_safe(fresh, now, was, safe, then):
    f = toy()
    f.inputs.pilot.fresh, f.inputs.pilot.is_arm_switch_on = fresh, now
    f.s.is_arm_switch_on, f.s.is_arm_switch_safe = was, safe
    supervisor.move_switch(f.s, f.p, f.inputs)

    assert (f.s.is_arm_switch_on, f.s.is_arm_switch_safe) == then


@pytest.mark.parametrize(
    ("seen", "age_us", "was", "safe"),
    [(1, 500_000, 0, 1), (1, 500_001, 0, 0), (0, 0, 0, 0), (1, 500_001, 1, 1), (1, 0, 1, 1)],
)
def test_a_switch_that_may_have_been_moved_unheard_is_no_longer_safe(seen, age_us, was, safe):
    f = toy()
    f.inputs.t_us, f.inputs.pilot.t_us = 9_000_000, 9_000_000 - age_us
    f.s.pilot_seen, f.s.is_arm_switch_on, f.s.is_arm_switch_safe = seen, was, 1
    supervisor.move_switch(f.s, f.p, f.inputs)

    assert (f.s.is_arm_switch_on, f.s.is_arm_switch_safe) == (was, safe)


def test_decisions_are_published():
    for arming, refusals in ((ARMED, 0), (DISARMED, 12), (KILLED, 12)):
        f = flying(Mode.ORBIT)
        f.s.arming, f.s.rotors.lost, f.s.watch.raised, f.s.landing.is_landed = arming, 3, 40, 1
        supervisor.publish(f.s, f.status, 12)
        s = f.status
        assert (s.arming, s.mode, s.is_landed, s.refusals, s.failsafes, s.lost_rotor) == (
            arming, Mode.ORBIT, 1, refusals, 40, 3,
        )  # fmt: skip


def test_reset_starts_disarmed_with_everything_yet_to_be_seen():
    f = flying(MODE_BOOT=2)
    names = (
        "switch_mode", "armed_s", "pilot_seen", "offboard_seen", "battery_seen", "is_arm_switch_on",
        "is_arm_switch_safe", "is_output_broken", "cell_v", "battery_quiet_s", "is_crashed",
        "is_crash_told",
    )  # fmt: skip
    for name in names:
        setattr(f.s, name, 1.0)
    f.s.test.left_s, f.s.fence.count, f.s.health.late, f.s.rotors.lost, f.s.watch.raised = 1.0, 1, 1.0, 1, 1
    supervisor.reset(f.s, f.p)

    assert [getattr(f.s, name) for name in names] == [0] * len(names)
    assert (f.s.arming, f.s.mode, f.s.landing.is_landed) == (DISARMED, Mode.ANGLE, 1)
    assert (f.s.test.left_s, f.s.fence.count, f.s.health.late, f.s.rotors.lost, f.s.watch.raised) == (0,) * 5


def test_links_that_are_heard_exist():
    f = toy()
    supervisor.hear(f.s, f.p, f.inputs, DT)
    assert (f.s.pilot_seen, f.s.offboard_seen) == (0, 0)
    f.inputs.pilot.fresh = 1
    supervisor.hear(f.s, f.p, f.inputs, DT)
    assert (f.s.pilot_seen, f.s.offboard_seen) == (1, 0)
    f.inputs.pilot.fresh, f.inputs.offboard.fresh = 0, 1
    supervisor.hear(f.s, f.p, f.inputs, DT)
    assert (f.s.pilot_seen, f.s.offboard_seen) == (1, 1)
    assert f.s.battery_quiet_s == pytest.approx(3.0 * DT)
