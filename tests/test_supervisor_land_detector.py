"""Whether the vehicle stands or flies, as the land detector sees it from take-off to rest."""

import pytest

from flight.inputs import Demand
from flight.modes import Event, Mode
from flight.supervisor import landing
from tests.supervised_flight import DT, armed, high, piloted
from tests.toy_flight import HOVER

pytestmark = pytest.mark.interpreted


def test_it_takes_off_when_it_climbs():
    f = armed().ask(Demand.TAKEOFF, 5.0).fly(1.5)

    assert f.status.is_landed == 0
    assert f.said(Event.TOOK_OFF)


def test_idle_motors_in_a_drifting_estimate_are_no_take_off():
    f = armed()
    f.place[2] = -1.0
    f.is_frozen = True

    assert f.fly(1.0).status.is_landed == 1


def test_hover_thrust_without_any_height_is_a_take_off_after_a_while():
    f = armed()
    f.trust(1, 0, 0, 0)
    f.is_frozen = True
    f.sticks(throttle=0.55, mode=Mode.ANGLE).step()
    for _ in range(120):
        f.sticks(throttle=0.55).step()

    assert f.status.is_landed == 0


@pytest.mark.parametrize("throttle", [0.0, 0.2])
def test_falling_is_not_landing(throttle):
    f = piloted(Mode.ANGLE)
    f.place[2] = -500.0
    for _ in range(300):
        f.sticks(throttle=throttle).step()
        assert f.status.is_landed == 0

    assert f.is_armed


def test_hovering_is_not_landing():
    assert high().fly(5.0).status.is_landed == 0


def test_a_gentle_touch_with_spinning_rotors_is_not_yet_landing():
    f = high()
    f.place[2] = 0.0
    f.estimate.omega_frd = (2.0, 0.0, 0.0)
    f.ask(Demand.LAND).fly(2.0)

    assert f.status.is_landed == 0


def test_no_thrust_for_long_is_landing_whatever_the_gyro_says():
    f = high(LND_SPENT_T=3.0)
    f.place[2] = 0.0
    f.estimate.omega_frd = (2.0, 0.0, 0.0)
    f.ask(Demand.LAND).fly(4.0)

    assert f.status.is_landed == 1


def test_landing_without_any_position_is_noticed_by_force_and_rate():
    f = high(LAND_OPEN_RATE=0.2)
    f.trust(1, 0, 0, 0)
    f.ask(Demand.LAND)

    f.until(lambda: not f.is_armed, 20.0)
    assert f.place[2] == 0.0


@pytest.mark.parametrize(
    ("sinking", "weight", "stands"),
    [(0.0, 9.8, True), (4.0, 9.8, False), (-4.0, 9.8, False), (0.0, 3.0, False)],
)
def test_only_one_g_without_sinking_is_standing(sinking, weight, stands):
    # Steady sinking at no thrust feels one g, the top of a throw stands still: neither is the ground.
    f = high()
    f.estimate.v_ned = (0.0, 0.0, sinking)
    f.inputs.imu.accel_frd = (0.0, 0.0, -weight)
    f.command.setpoint.thrust_sp = 0.05
    for _ in range(200):
        landing.step(f.supervisor.landing, f.params.supervisor.land, f.inputs, f.command, True, DT)

    assert (f.supervisor.landing.is_landed == 1) == stands


@pytest.mark.parametrize(("down", "lifted"), [(-0.3, True), (0.3, False), (-0.1, False)])
def test_a_climb_too_slow_to_see_in_the_speed_shows_in_the_height(down, lifted):
    f = armed()
    f.estimate.p_ned = (0.0, 0.0, down)
    f.estimate.v_ned = (0.0, 0.0, -0.1)
    f.command.setpoint.thrust_sp = 0.8 * HOVER
    landing.step(f.supervisor.landing, f.params.supervisor.land, f.inputs, f.command, True, DT)

    assert (f.supervisor.landing.is_landed == 0) == lifted
