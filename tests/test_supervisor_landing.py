"""What the supervisor takes for the ground under its feet."""

import math

import numpy as np
import pytest

from flight.modes import Event, Mode
from flight.supervisor import landing, supervisor
from tests.supervisor_rig import DT, above, below, flying, in_plain_python, toy
from tests.toy_flight import HOVER, ToyFlight

in_plain_python()
pytestmark = pytest.mark.interpreted
G = 9.80665


def test_force_and_rate_are_filtered_in_first_order():
    f = toy()
    ground, p = f.s.landing, f.p.land
    ground.force_err, ground.omega_frd = 1.0, (1.0, 2.0, 3.0)
    f.inputs.imu.accel_frd, f.estimate.omega_frd = (0.0, 3.0, -4.0), (2.0, 4.0, 6.0)
    landing.listen(ground, p, f.inputs, f.estimate, DT)
    part = DT / (0.1 + DT)

    assert ground.force_err == pytest.approx(1.0 + (5.0 - G - 1.0) * part, rel=1e-12)
    assert ground.omega_frd == pytest.approx(np.array([1.0, 2.0, 3.0]) * (1.0 + part), rel=1e-12)


QUIET = [
    ("estimate", "v_ned", (0.0, 0.0, below(0.3)), True),
    ("estimate", "v_ned", (0.0, 0.0, 0.3), False),
    ("estimate", "v_ned", (0.0, 0.0, -0.3), False),
    ("estimate", "v_ned", (0.0, below(1.0), 0.0), True),
    ("estimate", "v_ned", (0.0, 1.0, 0.0), False),
    ("ground", "force_err", below(1.5), True),
    ("ground", "force_err", 1.5, False),
    ("ground", "force_err", -1.5, False),
    ("ground", "omega_frd", (0.0, 0.0, below(0.5)), True),
    ("ground", "omega_frd", (0.5, 0.0, 0.0), False),
]


@pytest.mark.parametrize(("where", "name", "value", "quiet"), QUIET)
def test_standing_is_quiet_below_each_limit(where, name, value, quiet):
    f = toy()
    setattr(f.estimate if where == "estimate" else f.s.landing, name, value)

    assert landing.is_quiet(f.s.landing, f.p.land, f.estimate, 0.4) == quiet


def test_what_is_not_known_does_not_speak_against_standing_but_thrust_does():
    f = toy()
    f.estimate.v_ned = (9.0, 0.0, 9.0)
    f.trust(1, 0, 1, 0)
    assert not landing.is_quiet(f.s.landing, f.p.land, f.estimate, 0.0)
    f.trust(1, 1, 0, 0)
    assert not landing.is_quiet(f.s.landing, f.p.land, f.estimate, 0.0)
    f.trust(1, 0, 0, 0)
    assert landing.is_quiet(f.s.landing, f.p.land, f.estimate, below(0.5))
    assert not landing.is_quiet(f.s.landing, f.p.land, f.estimate, 0.5)


def test_thrust_that_carries_nothing_for_long_is_spent_except_under_the_pilots_hand():
    f = toy()
    ground, p = f.s.landing, f.p.land
    landing.configure(ground, 0.05)
    ground.spent_s = 2.5
    assert not landing.is_spent(ground, p, Mode.LAND, 0.05, 0.4, 0.25)
    assert ground.spent_s == 2.75
    assert landing.is_spent(ground, p, Mode.LAND, 0.1, below(0.25), 0.25)
    for mode, thrust, share in ((Mode.ANGLE, 0.0, 0.0), (Mode.LAND, 0.05 + 1e-9, 0.25)):
        ground.spent_s = 9.0
        assert not landing.is_spent(ground, p, mode, thrust, share, 0.25)
        assert ground.spent_s == 0.0


@pytest.mark.parametrize(
    ("down", "sink", "thrust", "valid", "lifting_s", "lifted"),
    [
        (-1.0, 0.0, 0.7, 1, 0.0, True),
        (-0.75, 0.0, 0.7, 1, 0.0, False),
        (-0.5, -0.3, 0.7, 1, 0.0, False),
        (-0.5, -0.3001, 0.7, 1, 0.0, True),
        (0.5, 5.0, 0.7, 1, 0.0, False),
        (-1.0, 0.0, 0.6, 1, 0.0, False),
        (-1.0, 0.0, 0.6000001, 1, 0.0, True),
        (-1.0, -1.0, 0.7, 0, 0.0, False),
        (0.0, 0.0, 0.0, 0, 1.0, True),
        (0.0, 0.0, 0.0, 1, below(1.0), False),
    ],
)
def test_lifting_off_is_a_climb_with_thrust_or_full_thrust_for_long(
    down, sink, thrust, valid, lifting_s, lifted
):
    f = toy(LND_TKO_CLIMB=0.25)
    f.s.landing.ground_down, f.s.landing.lifting_s = -0.5, lifting_s
    f.estimate.p_ned, f.estimate.v_ned, f.estimate.is_altitude_valid = (
        (0.0, 0.0, down),
        (0.0, 0.0, sink),
        valid,
    )

    assert landing.has_lifted(f.s.landing, f.p.land, f.estimate, thrust) == lifted


def standing(**change: float) -> ToyFlight:
    f = toy()
    f.s.landing.ground_down, f.estimate.p_ned = -3.0, (0.0, 0.0, -3.1)
    f.s.landing.airborne_s = f.s.landing.quiet_s = f.s.landing.spent_s = 7.0
    landing.stand(f.s.landing, f.p.land, f.estimate, change["thrust"], bool(change["armed"]), DT)
    return f


def test_on_the_ground_the_floor_is_where_no_thrust_is():
    for thrust, armed, floor in ((0.0, 1, -3.1), (0.3, 0, -3.1), (0.3, 1, -3.0), (-0.1, 1, -3.1)):
        ground = standing(thrust=thrust, armed=armed).s.landing
        assert (ground.ground_down, ground.is_landed, ground.has_flown) == (floor, 1, 0)
        assert ground.rest_s == DT


def test_full_thrust_is_counted_from_the_middle_between_lift_off_and_hover():
    assert standing(thrust=0.8, armed=1).s.landing.lifting_s == 0.0
    assert standing(thrust=above(0.8), armed=1).s.landing.lifting_s == DT
    f = toy()
    f.s.landing.lifting_s = 0.5
    landing.stand(f.s.landing, f.p.land, f.estimate, 0.9, True, DT)
    assert f.s.landing.lifting_s == pytest.approx(0.51)


def test_a_take_off_starts_all_clocks_anew_and_needs_arming():
    for armed in (1, 0):
        f = toy()
        ground = f.s.landing
        ground.lifting_s, ground.airborne_s, ground.quiet_s, ground.spent_s = 5.0, 7.0, 7.0, 7.0
        landing.stand(ground, f.p.land, f.estimate, 0.9, bool(armed), DT)
        clocks = (ground.airborne_s, ground.quiet_s, ground.spent_s)
        assert (ground.is_landed, ground.has_flown) == (1 - armed, armed)
        assert clocks == ((0.0, 0.0, 0.0) if armed else (7.0, 7.0, 7.0))


def hovering(mode: Mode = Mode.LAND, thrust: float = 0.3, **chosen: float) -> ToyFlight:
    f = flying(mode)
    ground = f.s.landing
    ground.airborne_s, f.estimate.p_ned = 50.0, (0.0, 0.0, -2.0)
    for name, value in chosen.items():
        setattr(ground, name, value)
    landing.hover(ground, f.p.land, f.estimate, mode, HOVER * thrust, thrust, 0.125)
    return f


def test_quiet_for_long_enough_is_landed():
    ground = hovering(quiet_s=0.375, lifting_s=9.0, rest_s=9.0).s.landing
    assert (ground.is_landed, ground.rest_s, ground.lifting_s, ground.ground_down) == (1, 0.0, 0.0, -2.0)
    assert ground.airborne_s == 50.125
    assert hovering(quiet_s=0.25).s.landing.is_landed == 0
    assert hovering(quiet_s=0.25).s.landing.quiet_s == 0.375
    assert hovering(quiet_s=0.375, thrust=0.7).s.landing.quiet_s == 0.0
    assert hovering(spent_s=3.0, thrust=0.0, force_err=9.0).s.landing.is_landed == 1
    assert hovering(Mode.ANGLE, spent_s=3.0, thrust=0.0, force_err=9.0).s.landing.is_landed == 0


@pytest.mark.parametrize(
    ("asked", "known", "armed", "share"),
    [
        (0.3, 0.5, 1, 0.6),
        (0.3, 0.0, 1, 0.75),
        (0.3, 0.5, 0, 0.0),
        (math.nan, 0.5, 1, 0.0),
        (0.3, -1.0, 1, 0.75),
    ],
)
def test_thrust_is_a_share_of_hover_thrust_learnt_or_chosen(asked, known, armed, share):
    f = toy()
    f.command.setpoint.thrust_sp, f.command.terms.hover_thrust = asked, known

    assert landing.hover_share_of(f.p.land, f.command, bool(armed)) == pytest.approx(share)


def test_the_land_detector_watches_for_what_can_come_next():
    f = toy()
    f.command.setpoint.thrust_sp, f.s.landing.lifting_s = HOVER, 0.5
    landing.step(f.s.landing, f.p.land, f.inputs, f.command, True, DT)
    assert f.s.landing.lifting_s == 0.51
    f = flying()
    f.command.setpoint.thrust_sp, f.s.landing.spent_s, f.command.status.mode = 0.0, 1.0, Mode.LAND
    landing.step(f.s.landing, f.p.land, f.inputs, f.command, True, DT)
    assert f.s.landing.spent_s == 1.01
    assert f.s.landing.force_err < 0.0


@pytest.mark.parametrize(("asked", "spent"), [(HOVER, 0.0), (0.05, 1.01)])
def test_in_the_air_the_least_thrust_is_told_from_what_is_asked_for(asked, spent):
    f = flying(Mode.LAND, LND_SPENT_THR=0.0)
    f.command.status.mode = Mode.LAND
    landing.configure(f.s.landing, 0.05)
    f.command.setpoint.thrust_sp, f.s.landing.spent_s = asked, 1.0

    landing.step(f.s.landing, f.p.land, f.inputs, f.command, True, DT)

    assert f.s.landing.spent_s == spent


def test_reset_stands():
    f = flying()
    ground = f.s.landing
    for name in ("has_flown", "quiet_s", "spent_s", "lifting_s", "force_err"):
        setattr(ground, name, 1.0)
    landing.reset(ground)

    assert ground.is_landed == 1
    assert [getattr(ground, n) for n in ("has_flown", "quiet_s", "spent_s", "lifting_s", "force_err")] == [
        0
    ] * 5


def test_leaving_and_reaching_the_ground_is_said():
    for was, now, said in ((1, 0, Event.TOOK_OFF), (0, 1, Event.LANDED), (1, 1, 0), (0, 0, 0)):
        f = toy()
        f.s.landing.is_landed = now
        supervisor.note_ground(f.s, f.status, was)
        assert (f.status.events[0], f.status.event_values[0]) == (said, 0.0)


def test_every_mode_of_the_sticks_may_idle_in_the_air_and_time_on_the_ground_adds_up():
    for mode in (Mode.RATE, Mode.ANGLE, Mode.ALTITUDE, Mode.POSITION):
        f = toy()
        f.s.landing.spent_s = 9.0
        assert not landing.is_spent(f.s.landing, f.p.land, mode, 0.0, 0.0, DT)
    f = toy()
    f.s.landing.rest_s = 1.0
    landing.stand(f.s.landing, f.p.land, f.estimate, 0.0, True, DT)
    assert f.s.landing.rest_s == 1.0 + DT
