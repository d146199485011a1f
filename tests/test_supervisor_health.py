"""What the supervisor makes of its sensors: shaking, stuck and silent ones, aids that fail and doubts about them."""

import math

import numpy as np
import pytest

from flight.supervisor import health
from flight.supervisor.health import BARO, GPS_POSITION, GPS_VELOCITY, MAG, MOCAP
from tests.supervisor_rig import DT, in_plain_python, toy

in_plain_python()
pytestmark = pytest.mark.interpreted


def test_shaking_is_the_filtered_square_of_what_is_not_steady():
    f = toy()
    h, p = f.s.health, f.p.health
    h.accel_mean_frd, h.shake = (1.0, 0.0, 0.0), 2.0
    f.inputs.imu.accel_frd, f.inputs.imu.gyro_frd = (4.0, 4.0, 0.0), (1.0, 0.0, 0.0)
    health.feel(h, p, f.inputs.imu, True, DT)

    assert h.accel_mean_frd == pytest.approx(
        np.array([1.0, 0, 0]) + np.array([3.0, 4.0, 0]) * DT / (0.2 + DT)
    )
    assert h.shake == pytest.approx(2.0 + (25.0 - 2.0) * DT / (1.0 + DT))
    assert list(h.accel_before_frd) == [4.0, 4.0, 0.0]
    assert list(h.gyro_before_frd) == [1.0, 0.0, 0.0]
    f.inputs.imu.accel_frd = (math.nan, 0.0, 0.0)
    health.feel(h, p, f.inputs.imu, True, DT)
    assert math.isfinite(h.shake)


@pytest.mark.parametrize(
    ("gyro", "accel", "frozen_s"),
    [
        ((1.0, 0.0, 0.0), (0.0, 0.0, -9.8), 0.5 + DT),
        ((1.0, 0.0, 1e-9), (0.0, 0.0, -9.8), 0.5 + DT),
        ((1.0, 0.0, 0.0), (0.0, 1e-9, -9.8), 0.5 + DT),
        ((1.0, 0.0, 1e-9), (0.0, 1e-9, -9.8), 0.0),
        ((1.1, 0.0, 0.0), (0.1, 0.0, -9.8), 0.0),
    ],
)
def test_an_imu_is_stuck_while_one_of_its_parts_says_the_same(gyro, accel, frozen_s):
    f = toy()
    h = f.s.health
    h.gyro_before_frd, h.accel_before_frd, h.frozen_s = (1.0, 0.0, 0.0), (0.0, 0.0, -9.8), 0.5
    f.inputs.imu.gyro_frd, f.inputs.imu.accel_frd = gyro, accel
    health.feel(h, f.p.health, f.inputs.imu, True, DT)

    assert h.frozen_s == frozen_s


@pytest.mark.parametrize("part", ["gyro_frd", "accel_frd"])
def test_on_the_ground_a_resting_imu_with_coarse_steps_is_not_stuck_until_both_its_parts_are(part):
    f = toy()
    h = f.s.health
    h.gyro_before_frd, h.accel_before_frd, h.frozen_s = (1.0, 0.0, 0.0), (0.0, 0.0, -9.8), 0.0
    f.inputs.imu.gyro_frd, f.inputs.imu.accel_frd = (1.0, 0.0, 0.0), (0.0, 0.0, -9.8)
    health.feel(h, f.p.health, f.inputs.imu, False, DT)
    assert h.frozen_s == DT

    setattr(f.inputs.imu, part, (0.001, 0.0, -9.8))
    health.feel(h, f.p.health, f.inputs.imu, False, DT)
    assert h.frozen_s == 0.0


def test_what_hangs_in_the_air_still_hangs_on_the_ground():
    f = toy()
    h, at_rest = f.s.health, (0.0, 0.0, -9.8)
    h.accel_before_frd, h.frozen_s = at_rest, f.p.health.frozen_s + DT
    f.inputs.imu.gyro_frd, f.inputs.imu.accel_frd = (1.0, 0.0, 0.0), at_rest
    health.feel(h, f.p.health, f.inputs.imu, False, DT)

    assert h.frozen_s == pytest.approx(f.p.health.frozen_s + 2.0 * DT)

    h.frozen_s = f.p.health.frozen_s
    f.inputs.imu.gyro_frd = (1.1, 0.0, 0.0)
    health.feel(h, f.p.health, f.inputs.imu, False, DT)
    assert h.frozen_s == 0.0


@pytest.mark.parametrize(("is_flying", "frozen_s"), [(True, DT), (False, 0.0)])
def test_a_step_knows_whether_the_vehicle_flies(is_flying, frozen_s):
    f = toy()
    f.s.health.accel_before_frd = f.inputs.imu.accel_frd = (0.0, 0.0, -9.8)
    f.inputs.imu.fresh, f.inputs.imu.gyro_frd = 1, (1.0, 0.0, 0.0)
    health.step(f.s.health, f.p.health, f.inputs, f.estimate, True, is_flying, DT)

    assert f.s.health.frozen_s == frozen_s


def test_a_gyro_of_exactly_nothing_is_a_simulated_one_a_tiny_rate_is_not():
    for rate, frozen_s in ((0.0, 0.0), (1e-3, 0.5 + DT)):
        f = toy()
        h = f.s.health
        h.gyro_before_frd, h.frozen_s = (rate, 0.0, 0.0), 0.5
        f.inputs.imu.gyro_frd = (rate, 0.0, 0.0)
        health.feel(h, f.p.health, f.inputs.imu, True, DT)
        assert h.frozen_s == frozen_s


def test_a_silent_imu_counts_as_stuck():
    f = toy()
    f.s.health.frozen_s = 0.5
    health.step(f.s.health, f.p.health, f.inputs, f.estimate, True, True, DT)
    assert f.s.health.frozen_s == pytest.approx(0.5 + DT)

    f.inputs.imu.fresh, f.inputs.imu.gyro_frd = 1, (1.0, 0.0, 0.0)
    f.inputs.imu.accel_frd = (0.0, 0.0, -9.7)
    health.step(f.s.health, f.p.health, f.inputs, f.estimate, True, True, DT)
    assert f.s.health.frozen_s == 0.0


def test_the_share_of_clipped_samples_is_followed_while_samples_come():
    f = toy()
    h = f.s.health
    h.clipped, f.estimate.is_clipped, f.inputs.imu.fresh = 0.5, 1, 1
    health.step(h, f.p.health, f.inputs, f.estimate, True, True, DT)
    assert h.clipped == pytest.approx(0.5 + 0.5 * DT / (1.0 + DT))
    h.clipped, f.inputs.imu.fresh = 0.5, 0
    health.step(h, f.p.health, f.inputs, f.estimate, True, True, DT)
    assert h.clipped == 0.5
    f.estimate.is_clipped, f.inputs.imu.fresh = 0, 1
    health.step(h, f.p.health, f.inputs, f.estimate, True, True, DT)
    assert h.clipped == pytest.approx(0.5 - 0.5 * DT / (1.0 + DT))


def test_the_share_of_late_ticks_is_followed():
    f = toy()
    h, system = f.s.health, f.inputs.system
    h.late, h.overruns, system.overruns = 0.5, 3, 4
    health.watch_loop(h, f.p.health, system, DT)
    assert h.late == pytest.approx(0.5 + 0.5 * DT / (1.0 + DT))
    assert h.overruns == 4
    h.late = 0.5
    health.watch_loop(h, f.p.health, system, DT)
    assert h.late == pytest.approx(0.5 - 0.5 * DT / (1.0 + DT))


def test_steady_aids_are_remembered_while_armed():
    f = toy()
    h = f.s.health
    steady = sum(1 << i for i in (GPS_POSITION, GPS_VELOCITY, BARO, MAG))
    f.estimate.sensor_health[:] = 1
    f.estimate.sensor_health[MOCAP] = 0
    health.watch_aids(h, f.estimate, True)
    assert (h.aids, h.aids_seen) == (steady, steady)
    f.estimate.sensor_health[BARO] = 0
    health.watch_aids(h, f.estimate, True)
    assert (h.aids, h.aids_seen) == (steady & ~(1 << BARO), steady)
    health.watch_aids(h, f.estimate, False)
    assert h.aids_seen == steady & ~(1 << BARO)


def test_aids_that_motion_capture_takes_the_place_of_are_not_missed():
    f = toy()
    h = f.s.health
    for healthy, missed in (
        ((GPS_POSITION, GPS_VELOCITY, BARO, MAG), ()),
        ((GPS_POSITION, GPS_VELOCITY, BARO, MAG, MOCAP), ()),
        ((BARO, MOCAP), ()),
        ((MOCAP,), (BARO,)),
        ((BARO,), (MOCAP,)),
        ((BARO, MAG), (MOCAP,)),
        ((BARO,), (MAG, MOCAP)),
    ):
        f.estimate.sensor_health[:] = [i in healthy for i in range(len(f.estimate.sensor_health))]
        health.watch_aids(h, f.estimate, True)
        assert h.aids_seen & ~h.aids == sum(1 << i for i in missed)


def test_test_ratios_are_smoothed_apart_and_the_worse_of_the_satellites_counts():
    for place, speed in ((1.75, 1.0), (1.0, 1.75)):
        f = toy()
        h, ratios = f.s.health, f.estimate.test_ratios
        h.ratios = (1.0, 1.0, 1.0)
        ratios[GPS_POSITION], ratios[GPS_VELOCITY], ratios[BARO], ratios[MAG] = place, speed, 0.5, 1.5
        health.watch_ratios(h, f.p.health, f.estimate, DT)
        part = DT / (3.0 + DT)
        assert list(h.ratios) == pytest.approx([1.0 + 0.75 * part, 1.0 - 0.5 * part, 1.0 + 0.5 * part])


@pytest.mark.parametrize("aid", [GPS_POSITION, GPS_VELOCITY, BARO, MAG])
def test_the_spike_of_a_hard_landing_is_forgotten_like_any_other_doubt(aid):
    f = toy()
    f.estimate.test_ratios[aid] = 90.0
    for _ in range(round(10.0 / DT)):
        health.watch_ratios(f.s.health, f.p.health, f.estimate, DT)

    assert 1.8 < max(f.s.health.ratios) <= 2.0


@pytest.mark.parametrize("aid", [GPS_POSITION, GPS_VELOCITY, BARO, MAG])
def test_a_test_ratio_that_is_no_number_is_a_doubt_that_ends_with_it(aid):
    f = toy()
    f.estimate.test_ratios[aid] = math.nan
    for _ in range(round(10.0 / DT)):
        health.watch_ratios(f.s.health, f.p.health, f.estimate, DT)
    assert 1.8 < max(f.s.health.ratios) <= 2.0

    f.estimate.test_ratios[aid] = 0.0
    for _ in range(round(10.0 / DT)):
        health.watch_ratios(f.s.health, f.p.health, f.estimate, DT)
    assert max(f.s.health.ratios) < 0.1


def test_the_field_is_taken_at_once_and_smoothed_from_then_on():
    f = toy()
    h, mag = f.s.health, f.inputs.mag
    mag.field_ut_frd = (30.0, 0.0, 40.0)
    health.watch_field(h, f.p.health, mag, DT)
    assert h.has_field == 0
    mag.fresh = 1
    health.watch_field(h, f.p.health, mag, DT)
    assert (h.field_ut, h.has_field) == (50.0, 1)
    mag.field_ut_frd = (60.0, 0.0, 80.0)
    health.watch_field(h, f.p.health, mag, DT)
    assert h.field_ut == pytest.approx(50.0 + 50.0 * DT / (0.5 + DT))
    mag.field_ut_frd = (math.nan, 0.0, 0.0)
    health.watch_field(h, f.p.health, mag, DT)
    assert math.isfinite(h.field_ut)


def test_acceleration_is_smoothed_as_long_as_it_is_a_number():
    f = toy()
    h = f.s.health
    h.force, f.estimate.a_ned = 1.0, (3.0, 0.0, 4.0)
    health.step(h, f.p.health, f.inputs, f.estimate, True, True, DT)
    assert h.force == pytest.approx(1.0 + 4.0 * DT / (0.2 + DT))
    f.estimate.a_ned, before = (math.inf, 0.0, 0.0), h.force
    health.step(h, f.p.health, f.inputs, f.estimate, True, True, DT)
    assert h.force == before


def test_a_step_of_health_takes_in_everything():
    f = toy()
    h = f.s.health
    f.inputs.system.overruns, f.inputs.mag.fresh, f.inputs.mag.field_ut_frd = 1, 1, (48.0, 0.0, 0.0)
    f.estimate.sensor_health[:], f.estimate.test_ratios[:] = 1, 2.0
    health.step(h, f.p.health, f.inputs, f.estimate, True, True, DT)

    assert h.late > 0.0
    assert h.aids_seen > 0
    assert min(h.ratios) > 0.0
    assert h.field_ut == 48.0


def test_reset_feels_nothing_yet():
    h = toy().s.health
    names = (
        "shake",
        "clipped",
        "force",
        "frozen_s",
        "overruns",
        "late",
        "aids_seen",
        "field_ut",
        "has_field",
    )
    for name in names:
        setattr(h, name, 1.0)
    health.reset(h)

    assert [getattr(h, name) for name in names] == [0] * 9


def test_aids_that_are_not_healthy_are_none_of_them():
    f = toy()
    f.estimate.sensor_health[:] = 0
    health.watch_aids(f.s.health, f.estimate, False)

    assert (f.s.health.aids, f.s.health.aids_seen) == (0, 0)


def test_each_test_ratio_goes_on_from_its_own():
    f = toy()
    h = f.s.health
    h.ratios, f.estimate.test_ratios[:] = (0.25, 0.5, 0.75), 1.0
    health.watch_ratios(h, f.p.health, f.estimate, DT)

    part = DT / (3.0 + DT)
    assert list(h.ratios) == pytest.approx(
        [0.25 + 0.75 * part, 0.5 + 0.5 * part, 0.75 + 0.25 * part], abs=1e-12
    )
