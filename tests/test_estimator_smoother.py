"""A hover on GPS beside what an offline smoother makes of the same samples."""

import numpy as np
import pytest

from flight.airframe import load
from flight.modes import Arming, Mode
from ground.missions.mission import Mission
from ground.session import Conditions, prepared
from tests.flying import recorded, up
from tests.smoother import smoothed

pytestmark = pytest.mark.slow
SEEDS = range(1, 11)
SETTLED_S = 5.0


def flight(seed: int) -> np.ndarray:
    """Return the mean squared distance from the truth of smoother, estimate and setpoint in one hover of 45 s."""
    fleet = prepared(load("pi450"), Mission("hover", up(3.0)), Conditions(), [seed])
    inputs, commands, truth = recorded(fleet, 0, 50.0)
    armed = int(np.argmax(commands.status.arming == Arming.ARMED))
    t_s, places = smoothed(inputs, armed)
    at = np.searchsorted(truth.t_us * 1e-6, t_s - 1e-9)
    is_holding = commands.status.mode[at] == Mode.HOLD
    is_holding &= t_s > t_s[np.argmax(is_holding)] + SETTLED_S
    true = truth.p_ned[at]
    told = (places, commands.estimate.p_ned[at], commands.setpoint.p_sp_ned[at])
    return np.array([np.mean(np.sum((true - one)[is_holding] ** 2, axis=1)) for one in told])


def test_hover_on_gps_is_as_good_as_hindsight_could_make_it(record_property):
    smoother, estimate, hover = np.sqrt(np.mean([flight(seed) for seed in SEEDS], axis=0))

    record_property("offline smoother, RMS m", round(smoother, 3))
    record_property("flight estimator, RMS m", round(estimate, 3))
    record_property("hover, RMS m", round(hover, 3))
    record_property("hover over smoother", f"{hover / smoother:.3f} (asked 1.1)")
    # A wrong smoother would be easy to beat.
    assert smoother < 1.1 * estimate
    assert hover < 1.1 * smoother
