"""The IMU feels what the laws of motion say, with the errors its data sheet admits."""

import math

import numpy as np
import pytest
from scipy import signal, stats
from scipy.spatial.transform import Rotation

from sim.sensors.parts import DEG, IMU
from tests.sensing import STILL, Bench

G = 9.80665
IDEAL = STILL | {"imu": "ideal"}


def turned(bench: Bench, rotation: Rotation) -> None:
    """Give the vehicle an attitude; scipy keeps w last."""
    x, y, z, w = rotation.as_quat()
    bench.truth.q_ned_frd[:] = w, x, y, z


def confidence(values: np.ndarray, sigma: float) -> bool:
    """Tell whether independent normal values have the given standard deviation, with 1 in 10000 false alarms."""
    low, high = stats.chi2.interval(0.9999, values.size)
    return bool(low < np.sum((values / sigma) ** 2) < high)


@pytest.mark.interpreted
def test_lying_level_it_feels_one_g_upwards():
    bench = Bench(IDEAL)

    bench.tick()

    assert np.allclose(bench.inputs.imu.accel_frd, (0.0, 0.0, -G))
    assert np.allclose(bench.inputs.imu.gyro_frd, 0.0)


@pytest.mark.interpreted
def test_leaning_right_it_is_pushed_to_its_left():
    bench = Bench(IDEAL)
    turned(bench, Rotation.from_euler("x", 30.0, degrees=True))

    bench.tick()

    assert np.allclose(bench.inputs.imu.accel_frd, (0.0, -0.5 * G, -G * math.cos(math.radians(30.0))))


def test_gravity_turns_with_any_attitude():
    bench = Bench(IDEAL)
    for rotation in Rotation.random(50, rng=1):
        turned(bench, rotation)

        bench.tick()

        assert np.allclose(bench.inputs.imu.accel_frd, rotation.inv().apply((0.0, 0.0, -G)), atol=1e-12)


def test_in_free_fall_it_feels_nothing():
    bench = Bench(IDEAL)
    bench.truth.a_ned[2] = G

    bench.tick()

    assert np.allclose(bench.inputs.imu.accel_frd, 0.0, atol=1e-12)


@pytest.mark.interpreted
@pytest.mark.parametrize("yaw_deg", [0.0, 57.0, 143.0, -90.0])
def test_off_centre_in_a_spin_it_is_pulled_to_the_axis_at_any_heading(yaw_deg):
    bench = Bench(IDEAL)
    bench.presets.imu.position_frd[:] = 0.03, 0.0, 0.0
    bench.truth.omega_frd[2] = 30.1
    turned(bench, Rotation.from_euler("z", yaw_deg, degrees=True))

    bench.tick()

    # 2.8 g three centimetres off the axis of a vehicle spinning on three propellers.
    assert np.allclose(bench.inputs.imu.accel_frd, (-30.1 * 30.1 * 0.03, 0.0, -G))


def test_off_centre_it_feels_the_motion_of_its_own_place():
    # The place's path through the world, differentiated twice, is the outside truth.
    arm, omega, omega_dot = (
        np.array([0.04, -0.03, 0.02]),
        np.array([3.0, -2.0, 4.0]),
        np.array([20.0, 9.0, -15.0]),
    )
    start, h = Rotation.from_euler("ZYX", [100.0, 30.0, -40.0], degrees=True), 1e-4
    # Exact to second order in time: the body rate changes by omega_dot.
    places = [
        (start * Rotation.from_rotvec(omega * t + 0.5 * omega_dot * t * t)).apply(arm) for t in (-h, 0.0, h)
    ]
    a_ned = (places[0] - 2.0 * places[1] + places[2]) / (h * h)
    bench = Bench(IDEAL)
    turned(bench, start)
    bench.presets.imu.position_frd[:] = arm
    bench.truth.omega_frd[:], bench.truth.omega_dot_frd[:] = omega, omega_dot

    bench.tick()

    assert np.allclose(bench.inputs.imu.accel_frd, start.inv().apply(a_ned - (0.0, 0.0, G)), atol=1e-4)


@pytest.mark.parametrize("tick_us", [1000, 2000, 4000])
@pytest.mark.parametrize("part", ["mpu6050", "icm42688"])
def test_its_noise_has_the_data_sheets_density_at_every_loop_rate(part, tick_us):
    bench = Bench(STILL | {"imu": part}, tick_us=tick_us)
    bench.presets.imu.gyro.walk_sigma = bench.presets.imu.accel.walk_sigma = 0.0

    rows = bench.samples("imu", 40.0, "gyro_frd", "accel_frd")[50:]

    for first, triad in ((1, "gyro"), (4, "accel")):
        for axis in range(3):
            f, psd = signal.welch(rows[:, first + axis], 1e6 / tick_us, nperseg=1024)
            flat = psd[(f > 4.0) & (f < 20.0)]
            density = math.sqrt(float(np.mean(flat)))
            # Rounding to counts adds its own white noise, step^2 / 12.
            rounding = IMU[part][f"{triad}.step"] / math.sqrt(12.0 * 0.5e6 / tick_us)
            # Over 1000 independent lines: two percent is one standard deviation of the density.
            assert density == pytest.approx(math.hypot(IMU[part][f"{triad}.density"], rounding), rel=0.08)


def test_an_mpu6050_at_100_hertz_shows_the_total_noise_of_its_data_sheet():
    rows = Bench(STILL | {"imu": "mpu6050"}).samples("imu", 20.0, "gyro_frd")

    # PS-MPU-6000A-00, section 6.1: 0.05 degrees/s RMS with DLPFCFG 2.
    assert np.std(rows[50:, 1:], axis=0) == pytest.approx([0.05 * DEG] * 3, rel=0.15)


def test_every_turn_on_draws_other_biases_as_wide_as_the_data_sheet_says():
    bench = Bench(STILL | {"imu": "mpu6050", "calibration": "uncalibrated"})
    drawn = []
    for seed in range(150):
        bench.reset(seed)
        imu = bench.sensors.imu
        drawn.append(np.hstack([imu.gyro.turn_on, imu.accel.turn_on, np.diag(imu.gyro.gain) - 1.0]))
    gyro, accel, scale = np.split(np.array(drawn), 3, axis=1)

    # Tolerances +-20 degrees/s and +-3 % as two standard deviations.
    assert confidence(gyro, 10.0 * DEG)
    assert confidence(accel, 0.03 * G)
    assert confidence(scale, 0.015)
    assert np.all(abs(np.corrcoef(gyro.T) - np.eye(3)) < 0.35)


def test_calibration_leaves_a_twentieth():
    raw = Bench(STILL | {"imu": "mpu6050", "calibration": "uncalibrated"})
    calibrated = Bench(STILL | {"imu": "mpu6050"})

    ratio = calibrated.sensors.imu.gyro.turn_on / raw.sensors.imu.gyro.turn_on

    assert ratio == pytest.approx([0.05] * 3)


def test_it_warms_up_over_minutes_and_its_bias_follows():
    bench = Bench(STILL | {"imu": "mpu6050"}, tick_us=100_000)
    bench.presets.imu.gyro.walk_sigma = 0.0
    cold = bench.sensors.imu.gyro.bias - bench.sensors.imu.gyro.walk

    rows = bench.samples("imu", 180.0, "temperature_c")

    risen = rows[-1, 1] - rows[0, 1]
    assert risen == pytest.approx(12.0 * (1.0 - math.exp(-1.0)), rel=0.02)
    drift = bench.sensors.imu.gyro.bias - bench.sensors.imu.gyro.walk - cold
    assert drift == pytest.approx(risen * bench.sensors.imu.gyro.per_k, rel=0.02)


def test_uncalibrated_it_takes_acceleration_for_rotation():
    bench = Bench(STILL | {"imu": "ideal"})
    bench.sensors.imu.gyro_per_g[0, 2] = 0.1 * DEG / G

    bench.tick()

    assert bench.inputs.imu.gyro_frd == pytest.approx([-0.1 * DEG, 0.0, 0.0])


def test_it_saturates_at_its_range():
    bench = Bench(STILL | {"imu": "mpu6050"})
    bench.truth.omega_frd[2] = -3000.0 * DEG
    bench.truth.a_ned[0] = 30.0 * G

    bench.log(0.1)

    assert bench.inputs.imu.gyro_frd[2] == pytest.approx(-2000.0 * DEG, abs=0.1 * DEG)
    assert bench.inputs.imu.accel_frd[0] == pytest.approx(16.0 * G, abs=0.01)


def test_it_speaks_in_whole_counts():
    rows = Bench(STILL | {"imu": "mpu6050"}).samples("imu", 0.5, "gyro_frd", "accel_frd")

    counts = np.hstack([rows[:, 1:4] * 16.4 / DEG, rows[:, 4:7] * 2048.0 / G])
    assert np.allclose(counts, np.round(counts), atol=1e-6)


def lag_of(bench: Bench, frequency_hz: float) -> float:
    """Return how late a slow swing about the roll axis is reported, in seconds."""
    turn = 2.0 * math.pi * frequency_hz

    def swing(truth, t):
        truth.omega_frd[0] = math.sin(turn * t)

    rows = bench.samples("imu", 10.0 / frequency_hz, "gyro_frd", move=swing)
    t, rate = rows[:, 0], rows[:, 1]
    sine, cosine = np.linalg.lstsq(np.c_[np.sin(turn * t), np.cos(turn * t)], rate, rcond=None)[0]
    return float(-np.arctan2(cosine, sine) / turn)


def test_it_reports_late_by_its_filter_and_its_wire():
    bench = Bench(STILL | {"imu": "mpu6050", "calibration": "calibrated"})

    # A Butterworth low-pass lags by sqrt(2) / omega_c; the two-wire read-out takes a millisecond.
    assert lag_of(bench, 5.0) == pytest.approx(math.sqrt(2.0) / (2.0 * math.pi * 98.0) + 1e-3, abs=0.1e-3)


def test_the_ideal_imu_is_not_late():
    assert lag_of(Bench(IDEAL), 5.0) == pytest.approx(0.0, abs=1e-6)


def shaken(speed: float, cutoff_hz: float, **lines: float) -> tuple[np.ndarray, np.ndarray]:
    """Return frequencies and amplitudes of the accelerometer's x and z lines with one rotor turning."""
    bench = Bench(IDEAL)
    vibration = bench.presets.imu.vibration
    vibration.rotor_count, vibration.hover_speed_rad_s = 1, 500.0
    for name, amplitude in lines.items():
        vibration[name] = amplitude
    bench.presets.imu.cutoff_hz = cutoff_hz
    bench.sensors.imu.shaker.imbalance[0] = 1.0
    bench.truth.rotor_speed[0] = speed
    rows = bench.samples("imu", 2.2, "accel_frd")[-2000:]
    window = signal.windows.hann(2000, sym=False)[:, None]
    spectrum = 2.0 * np.fft.rfft((rows[:, 1:] - rows[:, 1:].mean(axis=0)) * window, axis=0) / window.sum()
    return np.fft.rfftfreq(2000, 1e-3), abs(spectrum)


def test_an_imbalanced_rotor_shakes_once_per_turn_and_four_times_as_hard_at_twice_the_speed():
    turn = 2.0 * math.pi
    f, slow = shaken(40.0 * turn, 0.0, plane_m_s2=2.0)
    _, fast = shaken(80.0 * turn, 0.0, plane_m_s2=2.0)

    assert f[slow[:, 0].argmax()] == pytest.approx(40.0, abs=0.5)
    assert f[fast[:, 0].argmax()] == pytest.approx(80.0, abs=0.5)
    assert slow[:, 0].max() == pytest.approx(2.0 * (40.0 * turn / 500.0) ** 2, rel=0.01)
    assert fast[:, 0].max() / slow[:, 0].max() == pytest.approx(4.0, rel=0.01)


def test_two_blades_shake_twice_per_turn():
    f, amplitude = shaken(60.0 * 2.0 * math.pi, 0.0, blades_m_s2=1.0)

    assert f[amplitude[:, 2].argmax()] == pytest.approx(120.0, abs=0.5)


def test_a_line_above_half_the_sampling_rate_comes_back_as_an_alias_the_filter_could_not_stop():
    speed = 700.0 * 2.0 * math.pi
    f, amplitude = shaken(speed, 350.0, plane_m_s2=1.0)

    # 700 Hz sampled at 1000 Hz looks like 300 Hz; a Butterworth at half the frequency leaves 1 / sqrt(1 + 2^4).
    assert f[amplitude[:, 0].argmax()] == pytest.approx(300.0, abs=0.5)
    assert amplitude[:, 0].max() == pytest.approx((speed / 500.0) ** 2 / math.sqrt(17.0), rel=0.01)


def test_a_consumer_quadrotor_shakes_by_metres_per_second_squared_in_hover():
    rows = Bench({"imu": "mpu6050"}).samples("imu", 4.0, "accel_frd", "gyro_frd")

    rms = np.std(rows[100:, 1:], axis=0)
    assert np.all((rms[:3] > 0.5) & (rms[:3] < 4.0))
    assert np.all((rms[3:] > 0.2 * DEG) & (rms[3:] < 5.0 * DEG))
