"""From when GPS velocities lean the motion is also followed as a sound inertial unit would have it."""

import numpy as np
import pytest

from flight.command import COMMAND
from flight.estimator import coast, covariance, lateness, strapdown
from flight.estimator.layout import ACCEL_BIAS, BY_GPS, GYRO_BIAS, POSITION, STATE, THETA, VELOCITY
from flight.params import defaults
from flight.quaternion import from_euler, put_quat, quat
from flight.record import rows
from flight.vector import Vec3, norm, vec

DT = 0.001
NOW_US = 60_000_000
PARAMS, AIRFRAME = defaults()[0].estimator, defaults()[0].airframe


def flying() -> np.void:
    """Return an estimator that hovers, tilted, and turns slowly."""
    state = rows(STATE)[0]
    covariance.begin(state.filter, PARAMS)
    put_quat(state.nominal.q_ned_frd, from_euler(0.1, -0.2, 0.7))
    state.history.now.q[0] = 1.0
    state.strain.doubted_us = -(1 << 40)
    state.nominal.v_ned = (3.0, -1.0, 0.2)
    for name in ("gyro_frd", "gyro_before_frd"):
        state.imu[name] = (0.1, -0.05, 0.3)
    for name in ("accel_frd", "accel_before_frd"):
        state.imu[name] = (0.5, 0.2, -9.9)
    return state


def lean(state: np.void, sigmas: float) -> None:
    """Let the mean of innovations be so large and look at it."""
    state.strain.lean[BY_GPS] = sigmas
    coast.follow(state, PARAMS, NOW_US)


def fly(state: np.void, seconds: float) -> None:
    """Integrate the same sample for a while."""
    for _ in range(round(seconds / DT)):
        strapdown.step(state, PARAMS, AIRFRAME, DT)


def correct(state: np.void) -> None:
    """Spoil attitude and biases, as a GPS that is late does."""
    put_quat(state.nominal.q_ned_frd, from_euler(0.2, 0.0, 0.0) * quat(state.nominal.q_ned_frd))
    state.nominal.gyro_bias_frd = (0.05, 0.0, -0.1)
    state.nominal.accel_bias_frd = (0.3, -0.5, 0.0)


def test_corrections_made_while_velocities_lean_do_not_reach_the_coasting_motion():
    sound, spoilt = flying(), flying()
    for state in (sound, spoilt):
        lean(state, 2.0 * PARAMS.lag_strain)
    correct(spoilt)

    for state in (sound, spoilt):
        fly(state, 1.0)

    assert norm(vec(spoilt.history.now.coast_v_ned) - vec(sound.history.now.coast_v_ned)) < 1e-9
    assert norm(vec(spoilt.history.now.v_ned) - vec(sound.history.now.v_ned)) > 1.0


def test_while_nothing_leans_the_coasting_motion_is_the_felt_one():
    state = flying()
    lean(state, 0.5 * PARAMS.lag_strain)
    correct(state)

    fly(state, 1.0)

    assert tuple(state.history.now.coast_v_ned) == tuple(state.history.now.v_ned)


def test_what_the_coasting_motion_has_drifted_by_is_no_lateness():
    state = flying()
    lean(state, 2.0 * PARAMS.lag_strain)
    correct(state)
    fly(state, 1.0)
    state.lateness.drift[:] = 0.25

    lean(state, 0.0)

    now = state.history.now
    # Nothing has corrected the velocity since: all that it and the coasting one differ by is drift.
    drifted = np.array(now.v_ned) - np.array(now.coast_v_ned)
    assert np.abs(drifted).max() > 1.0
    assert state.lateness.drift == pytest.approx(np.tile(0.25 + drifted, (lateness.LATENESSES, 1)))
    assert state.coast.is_adrift == 0


def test_how_well_delays_fit_is_judged_anew_from_when_velocities_lean():
    state = flying()
    state.lateness.fit_s = 10.0

    lean(state, 2.0 * PARAMS.lag_strain)
    assert state.lateness.fit_s == 0.0

    state.lateness.fit_s = 0.3
    lean(state, 2.0 * PARAMS.lag_strain)
    assert state.lateness.fit_s == 0.3


def test_an_inertial_unit_is_acquitted_of_what_a_late_gps_has_done():
    sound, spoilt = flying(), flying()
    for state in (sound, spoilt):
        lean(state, 2.0 * PARAMS.lag_strain)
    spoilt.strain.doubted_us = NOW_US - 1_000_000
    correct(spoilt)
    for state in (sound, spoilt):
        fly(state, 1.0)

    status = rows(COMMAND)[0].status
    coast.acquit(spoilt, PARAMS, NOW_US, status)

    turned = [abs(a - b) for a, b in zip(spoilt.nominal.q_ned_frd, sound.nominal.q_ned_frd, strict=True)]
    assert max(turned) < 1e-9
    assert vec(spoilt.nominal.gyro_bias_frd) == vec(spoilt.nominal.accel_bias_frd) == Vec3(0.0, 0.0, 0.0)
    spread = np.sqrt(np.diag(spoilt.filter.covariance))
    assert spread[THETA] == pytest.approx(PARAMS.tilt_sd)
    assert spread[GYRO_BIAS] == pytest.approx(PARAMS.gyro_bias_sd)
    assert spread[ACCEL_BIAS] == pytest.approx(PARAMS.accel_bias_sd)
    assert spread[VELOCITY + 2] == pytest.approx(PARAMS.alone_velocity_sd)
    assert spread[POSITION] == pytest.approx(PARAMS.gps_accuracy)
    # It is not in doubt any more, and what is estimated is followed again.
    lean(spoilt, 0.0)
    assert spoilt.coast.is_adrift == 0


@pytest.mark.parametrize(("sigmas", "doubted_s"), [(3.0, 1e6), (0.0, 1.0)])
def test_without_a_doubt_or_a_coasting_motion_nothing_is_taken_back(sigmas, doubted_s):
    state = flying()
    lean(state, sigmas)
    state.strain.doubted_us = NOW_US - int(1e6 * doubted_s)
    correct(state)
    before = state.nominal.copy()

    coast.acquit(state, PARAMS, NOW_US, rows(COMMAND)[0].status)

    assert state.nominal == before
