"""Reference curves: their feed-forward is the derivative of their position, and they are the curves they are called."""

import math

import numpy as np
import pytest

from flight.guidance import curve
from flight.modes import Mode
from flight.record import rows
from tests.toy_flight import Demand, ToyFlight, angle_between

pytestmark = pytest.mark.slow

RAMP = 3.0


def sampled(kind: int, radius: float, rate: float, times: np.ndarray) -> list[np.ndarray]:
    """Return position, velocity, acceleration and jerk of a curve at many times."""
    c = rows(curve.CURVE)[0]
    c.kind, c.radius, c.rate, c.start = kind, radius, rate, 0.3
    found = []
    for t in times:
        c.time_s = t
        found.append(np.array([tuple(x) for x in curve.evaluate(c, RAMP)[:4]]))
    return [np.array(found)[:, k] for k in range(4)]


@pytest.mark.interpreted
@pytest.mark.parametrize("kind", [curve.CIRCLE, curve.EIGHT])
def test_velocity_acceleration_and_jerk_are_derivatives(kind):
    h = 1e-4
    times = np.arange(0.05, 6.0, 0.013)
    before, here, after = (sampled(kind, 1.3, 1.7, times + d) for d in (-h, 0.0, h))

    for order in range(3):
        slope = (after[order] - before[order]) / (2.0 * h)

        assert np.allclose(here[order + 1], slope, atol=2e-5)


@pytest.mark.interpreted
def test_the_start_is_at_rest_and_smooth_to_the_jerk():
    _, v, a, jerk = sampled(curve.CIRCLE, 2.0, 1.5, np.array([0.0]))

    assert np.abs([v, a, jerk]).max() == 0.0


@pytest.mark.interpreted
def test_an_orbit_keeps_its_distance_and_speed_once_up_to_speed():
    p, v, a, _ = sampled(curve.CIRCLE, 1.0, 3.0, np.linspace(3.0, 9.0, 200))

    assert np.allclose(np.linalg.norm(p, axis=1), 1.0)
    assert np.allclose(np.linalg.norm(v, axis=1), 3.0)
    assert np.allclose(a, -9.0 * p)


@pytest.mark.interpreted
def test_the_figure_8_is_the_published_one():
    t = np.linspace(3.0, 9.0, 100)
    w = 2.0 * math.pi / 5.0
    phase = 0.3 + w * (t - 0.5 * RAMP)

    p, _, _, _ = sampled(curve.EIGHT, 1.0, w, t)

    assert np.allclose(p, np.c_[np.sin(phase), 0.5 * np.sin(2.0 * phase), 0.0 * t])


def circling(radius: float) -> ToyFlight:
    return ToyFlight(dt=0.004, lag_s=0.05).airborne().ask(Demand.ORBIT, 6.0, 0.0, None, radius, 2.0)


@pytest.mark.parametrize("radius", [3.0, -3.0])
def test_an_orbit_turns_the_way_it_is_told_and_faces_its_centre(radius):
    flight = circling(radius).fly(9.0)
    assert flight.mode == Mode.ORBIT
    for _ in range(100):
        flight.fly(0.05)
        s = flight.command.setpoint
        out = np.array(s.p_sp_ned) - (6.0, 0.0, -10.0)

        assert np.linalg.norm(out) == pytest.approx(3.0, abs=1e-6)
        assert np.linalg.norm(s.v_ff_ned) == pytest.approx(2.0, abs=1e-6)
        # Clockwise seen from above is a positive turn about down.
        assert np.sign(np.cross(out, s.v_ff_ned)[2]) == np.sign(radius)
        assert angle_between(s.yaw_sp, math.atan2(-out[1], -out[0])) < 1e-6
        assert s.yaw_rate_ff == pytest.approx(2.0 / radius, abs=1e-6)


def test_the_way_onto_a_curve_is_smooth():
    flight = ToyFlight(dt=0.004).airborne()
    flight.ask(Demand.FIGURE8, 3.0, 1.0, None, 1.0, 5.0)
    before = None
    for _ in range(2000):
        s = flight.step().command.setpoint
        now = np.concatenate([s.p_sp_ned, s.v_ff_ned, s.a_ff_ned])
        if before is not None:
            assert np.abs(now[:3] - before[:3] - 0.004 * before[3:6]).max() < 0.004**2 * 8.0
            assert np.abs(now[3:6] - before[3:6]).max() < 0.004 * 8.0
            assert np.abs(now[6:] - before[6:]).max() < 0.004 * 30.0
        before = now

    assert flight.mode == Mode.FIGURE8
    assert np.abs(np.array(s.p_sp_ned) - (3.0, 1.0, -10.0)).max() <= 1.0 + 1e-6


def test_leaving_an_orbit_brakes_from_its_speed():
    flight = circling(3.0).fly(8.0)
    before = np.array(flight.command.setpoint.v_ff_ned)

    flight.ask(Demand.HOLD)
    after = np.array(flight.command.setpoint.v_ff_ned)
    flight.fly(4.0)

    assert np.abs(after - before).max() < 0.02
    assert np.abs(flight.command.setpoint.v_ff_ned).max() == 0.0


@pytest.mark.parametrize("speed", [None, 1e30, -1e30])
def test_a_small_circle_turns_no_harder_than_setpoints_may_whatever_speed_is_asked(speed):
    flight = ToyFlight(dt=0.004, lag_s=0.05).airborne().ask(Demand.ORBIT, 6.0, 0.0, None, 1.0, speed)
    flight.fly(8.0)

    assert np.linalg.norm(flight.command.setpoint.a_ff_ned) == pytest.approx(4.0, abs=1e-3)

    flight.ask(Demand.GOTO, 0.0, 0.0, -10.0).fly(6.0)

    assert np.linalg.norm(np.array(flight.command.setpoint.p_sp_ned) - (0.0, 0.0, -10.0)) < 0.1
