"""The way home and down: return, landing on whatever the estimate vouches for, and feeling the ground."""

import numpy as np
import pytest

from flight.guidance import land
from flight.inputs import Demand
from flight.modes import Failsafe, Level, Mode
from tests.guidance_rig import flight, setpoint, watch
from tests.toy_flight import GRAVITY, HOVER, ToyFlight

pytestmark = pytest.mark.slow


def test_return_climbs_crosses_and_lands_at_home():
    f = flight(RTL_RETURN_ALT=15.0).airborne().ask(Demand.GOTO, 20.0, 0.0, -8.0).fly(8.0)
    f.ask(Demand.RETURN)
    track = watch(f, 12.0, lambda f: f.place.copy())
    f.until(lambda: not f.is_armed)

    high = track[track[:, 0] < 15.0]
    assert high[:50, 2].max() < -14.0
    assert np.linalg.norm(f.place[:2]) < 0.2
    assert f.place[2] == 0.0


def test_return_from_near_home_and_just_above_the_ground_does_not_drag_its_legs():
    f = flight(LAND_SLOW_ALT=2.0).airborne(3.0).ask(Demand.GOTO, 4.0, 0.0, -0.3).fly(6.0)
    f.ask(Demand.RETURN)
    track = watch(f, 5.0, lambda f: f.place.copy())
    f.until(lambda: not f.is_armed)

    between = track[(track[:, 0] < 3.0) & (track[:, 0] > 1.0)]
    assert len(between) > 0
    assert between[:, 2].max() < -1.0
    assert abs(f.place[0]) < 0.2


def test_return_from_just_above_home_goes_down():
    f = flight().airborne(3.0).ask(Demand.GOTO, 0.2, 0.0, -0.5).fly(6.0).ask(Demand.RETURN)

    assert watch(f, 4.0, lambda f: f.place[2]).min() > -0.6
    f.until(lambda: not f.is_armed)


def test_return_from_near_home_does_not_climb():
    f = flight(RTL_RETURN_ALT=50.0).airborne(5.0).ask(Demand.RETURN)

    f.until(lambda: not f.is_armed, 20.0)


def descent(f: ToyFlight) -> np.ndarray:
    """Land; return heights above home's level and the speeds asked for."""
    fall = []
    while f.is_armed:
        f.step()
        fall.append((-f.place[2], f.command.setpoint.v_ff_ned[2]))
    return np.array(fall)


@pytest.mark.parametrize("bias", [3.0, 12.0, -3.0])
def test_a_range_finder_off_by_metres_does_not_let_it_hit_the_ground(bias):
    f = flight().airborne(20.0)
    f.range_bias = bias
    fall = descent(f.ask(Demand.LAND))

    assert fall[:, 1].max() > 2.0
    assert fall[(fall[:, 0] < 1.8) & (fall[:, 0] > 0.05), 1].max() < 0.8


def test_where_the_ground_is_lower_than_home_it_is_slow_at_both_levels_only():
    f = flight().airborne(10.0)
    f.ground = 20.0
    fall = descent(f.ask(Demand.LAND))

    assert fall[np.abs(fall[:, 0]) < 1.5, 1].max() < 0.8
    assert fall[(fall[:, 0] < -5.0) & (fall[:, 0] > -15.0), 1].max() > 2.0
    assert fall[(fall[:, 0] < -18.5) & (fall[:, 0] > -19.95), 1].max() < 0.8


def test_landing_is_fast_while_high_and_slow_near_the_ground():
    f = flight().airborne(20.0).ask(Demand.LAND)
    fall = descent(f)

    assert fall[:, 1].max() == pytest.approx(3.0, abs=1e-3)
    near = fall[(fall[:, 0] < 1.8) & (fall[:, 0] > 0.05)]
    assert near[:, 1].max() < 0.8
    assert np.abs(f.place[:2]).max() < 0.01


@pytest.mark.parametrize(
    ("trust", "level"),
    [
        ((1, 1, 1, 1), Level.POSITION),
        ((1, 1, 1, 0), Level.VELOCITY),
        ((1, 1, 0, 0), Level.ALTITUDE),
        ((1, 0, 0, 0), Level.ATTITUDE),
        ((0, 0, 0, 0), Level.RATE),
    ],
)
def test_landing_uses_whatever_the_estimate_can_vouch_for(trust, level):
    f = flight().airborne().ask(Demand.LAND).fly(0.5)
    f.trust(*trust)
    f.fly(1.0)

    assert f.mode == Mode.LAND
    assert f.command.setpoint.level == level
    if level <= Level.ATTITUDE:
        assert 0.8 * HOVER < f.command.setpoint.thrust_sp < HOVER
        assert f.speed[2] > 0.0


def test_a_place_known_again_while_landing_is_no_reason_to_fly_back():
    f = flight(LAND_OPEN_RATE=0.0).airborne(30.0).ask(Demand.LAND)
    f.trust(1, 1, 0, 0)
    f.fly(0.5)
    f.place = f.place + np.array([7.0, 0.0, 0.0])
    f.fly(0.5)
    f.trust()
    f.fly(1.0)

    assert f.command.setpoint.level == Level.POSITION
    assert setpoint(f)[0] == pytest.approx(7.0, abs=0.1)


def test_return_from_a_fast_turn_still_lands_at_home():
    f = flight().airborne(4.0).ask(Demand.FIGURE8, 0.0, 0.0, None, 1.5, 5.0).fly(8.3).ask(Demand.RETURN)
    f.until(lambda: not f.is_armed, 20.0)

    assert np.linalg.norm(f.place[:2]) < 0.05


def test_home_is_where_it_was_armed():
    f = flight().fly(0.1)
    f.place = np.array([3.0, 4.0, 0.0])
    f.fly(0.1).ask(Demand.ARM)

    assert np.allclose(f.status.home_ned, (3.0, 4.0, 0.0))
    assert f.status.is_home_set == 1
    f.ask(Demand.TAKEOFF, 3.0).fly(4.0)
    assert np.allclose(f.status.home_ned, (3.0, 4.0, 0.0))


def test_touching_the_ground_idles_the_motors_before_it_counts_as_landed():
    f = flight(LND_T=5.0).airborne(3.0).ask(Demand.LAND)
    f.until(lambda: f.place[2] >= 0.0, 10.0).fly(0.8)

    assert f.status.is_landed == 0
    assert f.command.setpoint.level == Level.IDLE


def feeling(thrust_share, a_down, v_down=0.0, a_plan=0.0, failsafes=0):
    """Return whether guidance takes half a second of such a descent for the ground."""
    f = flight().airborne(3.0)
    f.command.setpoint.thrust_sp = thrust_share * f.command.terms.hover_thrust
    f.estimate.a_ned[2], f.estimate.v_ned[2] = a_down, v_down
    f.guidance.motion.a_ned[2] = a_plan
    f.status.failsafes = failsafes
    for _ in range(500):
        land.feel_ground(f.guidance, f.params.guidance, f.command, f.dt)
    return bool(land.is_touching(f.guidance, f.params.guidance))


def test_the_ground_carries_what_thrust_does_not():
    assert feeling(thrust_share=0.3, a_down=0.0)


def test_without_an_accelerometer_not_sinking_on_little_thrust_is_the_ground():
    falling = 0.7 * GRAVITY

    assert feeling(thrust_share=0.3, a_down=falling, failsafes=Failsafe.IMU_STUCK)
    assert not feeling(thrust_share=0.3, a_down=falling)
    assert not feeling(thrust_share=0.3, a_down=falling, v_down=1.0, failsafes=Failsafe.IMU_STUCK)
    assert not feeling(thrust_share=0.9, a_down=0.0, failsafes=Failsafe.IMU_STUCK)


def test_an_updraft_that_holds_a_light_vehicle_up_is_not_the_ground():
    fifth_of_weight = 0.2 * GRAVITY

    assert not feeling(thrust_share=0.4, a_down=0.6 * GRAVITY - fifth_of_weight)


def test_a_vehicle_that_begins_to_sink_is_light_without_touching_anything():
    assert not feeling(thrust_share=0.3, a_down=0.0, a_plan=2.0)


def test_a_vehicle_blown_upwards_does_not_touch_the_ground():
    assert not feeling(thrust_share=0.3, a_down=0.0, v_down=-0.9)


def test_a_vehicle_that_falls_after_all_flies_on():
    f = flight(LND_T=5.0).airborne(3.0).ask(Demand.LAND)
    f.until(lambda: f.place[2] >= 0.0, 10.0).fly(0.8)
    f.ground = 30.0
    f.fly(0.3)

    assert f.command.setpoint.level == Level.POSITION


def test_who_is_blown_off_the_spot_comes_down_all_the_same():
    f = flight().airborne(10.0).ask(Demand.LAND).blow(north=6.0)

    f.until(lambda: not f.is_armed, 20.0)


def test_who_flies_fast_and_low_brakes_before_it_lands():
    f = flight().airborne(2.0).ask(Demand.GOTO, 60.0, 0.0, -1.0, None, 10.0).fly(5.0)
    assert f.speed[0] > 9.0

    f.ask(Demand.LAND).until(lambda: f.speed[0] < 1.0)
    assert f.place[2] < -0.5
    f.until(lambda: not f.is_armed, 10.0)


def test_a_landing_waits_for_braking_only_so_long_and_only_near_the_ground():
    def sinking(height, speed, seconds):
        f = flight(LAND_SPEED=0.7, LAND_SLOW_ALT=2.0, NAV_STOP_T=5.0)
        f.guidance.motion.v_ned, f.guidance.phase_s = (0.0, speed, 0.0), seconds
        return land.sinking_speed(f.guidance, f.params.guidance, height)

    assert sinking(1.9, 0.8, 4.9) == 0.0
    assert sinking(2.0, 0.8, 4.9) == 0.7
    assert sinking(1.9, 0.7, 4.9) == 0.7
    assert sinking(1.9, 0.8, 5.0) == 0.7


def test_who_is_blown_off_far_lands_there_instead_of_flying_back_while_it_touches_down():
    f = flight().airborne(20.0).ask(Demand.LAND).blow(north=6.0).fly(3.0)
    blown_to = f.place[0]
    assert blown_to > 15.0

    f.blow().until(lambda: f.status.is_landed, 20.0)
    assert f.place[0] == pytest.approx(blown_to, abs=7.0)


def test_who_is_blown_off_a_little_lands_on_the_spot_after_all():
    f = flight().airborne(20.0).ask(Demand.LAND).blow(north=6.0).fly(0.5)
    assert f.place[0] > 2.5

    f.blow().until(lambda: f.status.is_landed, 20.0)
    assert f.place[0] == pytest.approx(0.0, abs=0.3)


def test_who_has_sunk_below_the_plan_is_not_asked_to_climb_back():
    f = flight(FS_THRUST_ACT=0).airborne(10.0).blow(down=5.0).fly(1.8)
    assert setpoint(f)[2] == pytest.approx(-10.0, abs=0.01)

    f.ask(Demand.LAND).blow(down=0.0).fly(0.5)
    assert setpoint(f)[2] > f.place[2] - 1.51
