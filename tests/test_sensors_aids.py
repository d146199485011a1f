"""Magnetometer, barometer, range finder, flow camera, motion capture, battery monitor, telemetry and receiver."""

import math

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from flight.modes import Mode
from sim.sensors.parts import DEG
from sim.sensors.presets import set_field, set_home
from tests.sensing import Bench


def turned(bench: Bench, sequence: str, *angles_deg: float) -> Rotation:
    """Give the vehicle an attitude; scipy keeps w last."""
    rotation = Rotation.from_euler(sequence, angles_deg, degrees=True)
    x, y, z, w = rotation.as_quat()
    bench.truth.q_ned_frd[:] = w, x, y, z
    return rotation


@pytest.mark.interpreted
def test_facing_north_the_field_points_ahead_and_down_facing_east_to_the_left():
    bench = Bench({"mag": "ideal"})
    set_field(bench.presets, 48.0, 65.0, 0.0)
    ahead, down = 48.0 * math.cos(65.0 * DEG), 48.0 * math.sin(65.0 * DEG)

    bench.log(0.02)
    north = bench.inputs.mag.field_ut_frd.copy()
    turned(bench, "Z", 90.0)
    bench.log(0.02)

    assert north == pytest.approx([ahead, 0.0, down])
    assert bench.inputs.mag.field_ut_frd == pytest.approx([0.0, -ahead, down])


def test_declination_turns_the_needle_to_the_east():
    bench = Bench({"mag": "ideal"})
    set_field(bench.presets, 48.0, 65.0, 3.0)

    bench.log(0.02)

    x, y, _ = bench.inputs.mag.field_ut_frd
    assert math.degrees(math.atan2(y, x)) == pytest.approx(3.0)


def test_iron_and_currents_bend_the_field():
    bench = Bench({"mag": "qmc5883l", "calibration": "uncalibrated"})
    bench.presets.mag.sigma_ut = 0.0
    bench.truth.current_a = 0.0
    bench.log(0.1)
    quiet = bench.inputs.mag.field_ut_frd.copy()

    bench.truth.current_a = 100.0
    bench.log(0.1)

    mag = bench.sensors.mag
    step_ut = bench.presets.mag.step_ut
    assert bench.inputs.mag.field_ut_frd - quiet == pytest.approx(100.0 * mag.ut_per_a, abs=step_ut)
    bent = mag.soft_iron @ bench.presets.mag.field_ut_ned + mag.hard_iron
    assert quiet == pytest.approx(bent, abs=step_ut)
    assert 2.0 < np.linalg.norm(mag.hard_iron) < 40.0


def test_the_magnetometer_has_its_noise_its_rate_and_its_counts():
    rows = Bench({"mag": "qmc5883l"}).samples("mag", 20.0, "field_ut_frd")

    assert len(rows) == pytest.approx(2000, abs=2)
    # 2 milligauss, 3000 counts per gauss.
    assert np.std(rows[:, 1:], axis=0) == pytest.approx([0.2] * 3, rel=0.08)
    assert np.allclose(rows[:, 1:] * 30.0, np.round(rows[:, 1:] * 30.0), atol=1e-6)


@pytest.mark.interpreted
@pytest.mark.parametrize(
    ("alt_m", "pressure_pa"), [(0.0, 101325.0), (500.0, 95461.0), (1000.0, 89875.0), (2000.0, 79495.0)]
)
def test_the_barometer_follows_the_published_standard_atmosphere(alt_m, pressure_pa):
    # ISO 2533 tabulates geopotential altitudes to about a pascal.
    bench = Bench({"baro": "ideal"})
    set_home(bench.presets, 47.0, 8.0, 0.0)
    bench.truth.p_ned[2] = -alt_m

    bench.log(0.05)

    assert bench.inputs.baro.pressure_pa == pytest.approx(pressure_pa, abs=1.0)


def test_a_metre_up_is_eleven_pascals_less_in_zurich():
    bench = Bench({"baro": "ideal"})
    bench.log(0.05)
    low = bench.inputs.baro.pressure_pa

    bench.truth.p_ned[2] = -1.0
    bench.log(0.05)

    assert bench.inputs.baro.pressure_pa - low == pytest.approx(-11.4, abs=0.2)


def test_far_away_the_barometer_and_the_gps_still_agree():
    bench = Bench({"baro": "ideal", "gps": "ideal"})
    bench.truth.p_ned[:] = 4000.0, -3000.0, -100.0

    bench.log(0.2)

    # 25 square kilometres over the Earth's diameter: the sea lies two metres below the local plane.
    climbed = bench.inputs.gps.alt_amsl_m - bench.presets.gps.alt_amsl_m
    assert climbed == pytest.approx(101.96, abs=0.02)
    share = (bench.inputs.baro.pressure_pa / 101325.0) ** (1.0 / 5.255877)
    assert (1.0 - share) * 288.15 / 0.0065 == pytest.approx(bench.inputs.gps.alt_amsl_m, abs=0.02)


def test_the_barometers_noise_behind_its_filter_is_the_data_sheets():
    bench = Bench({"baro": "bmp280"})
    bench.presets.baro.drift_sigma_pa = bench.presets.baro.pa_per_k_spread = 0.0
    # BST-BMP280-DS001 table 7: sixteenfold oversampling, filter 4 leaves 4.0 cm.
    bench.presets.baro.filter = 4.0
    bench.reset(1)

    rows = bench.samples("baro", 120.0, "pressure_pa")

    assert np.std(rows[50:, 1]) / 12.0 == pytest.approx(0.040, rel=0.1)


@pytest.mark.slow
def test_the_weather_drifts_within_minutes_by_its_sigma():
    bench = Bench({"baro": "bmp388"}, tick_us=20_000)

    rows = bench.samples("baro", 4.0 * 3600.0, "pressure_pa")[::50, 1]

    # 48 correlation times: the standard deviation is known to a tenth; the warm-up adds a little.
    assert np.std(rows) == pytest.approx(4.0, rel=0.35)
    assert np.std(np.diff(rows)) < 1.6


def test_wind_sucks_air_out_of_the_frame_and_rotors_near_the_ground_press_it_in():
    bench = Bench({"baro": "ideal"})
    for name, value in {"wind_share": -0.15, "ground_pa": 8.0, "ground_scale_m": 0.3}.items():
        bench.presets.baro[name] = value
    bench.truth.height_m = 50.0
    bench.log(0.05)
    calm = bench.inputs.baro.pressure_pa

    bench.truth.wind_ned[0] = 10.0
    bench.log(0.05)
    windy = bench.inputs.baro.pressure_pa
    bench.truth.wind_ned[0], bench.truth.height_m = 0.0, 0.1
    bench.truth.thrust_n = bench.presets.baro.hover_thrust_n
    bench.log(0.05)

    assert windy - calm == pytest.approx(-0.15 * 0.5 * 1.2 * 100.0)
    assert bench.inputs.baro.pressure_pa - calm == pytest.approx(8.0 * math.exp(-1.0 / 3.0))


@pytest.mark.interpreted
@pytest.mark.parametrize("axis", ["x", "y"])
def test_leaning_over_the_ground_is_further_along_the_beam(axis):
    bench = Bench({"range": "ideal"})
    bench.truth.height_m = 2.0
    turned(bench, axis, 60.0)

    bench.log(0.05)

    assert bench.inputs.range.distance_m == pytest.approx(4.0)
    assert bench.inputs.range.is_valid


@pytest.mark.parametrize(
    ("part", "height_m", "tilt_deg", "is_valid"),
    [
        ("vl53l1x", 2.0, 0.0, 1),
        ("vl53l1x", 5.0, 0.0, 0),
        ("vl53l1x", 0.02, 0.0, 0),
        ("vl53l1x", 1.0, 50.0, 0),
        ("tfmini", 5.0, 0.0, 1),
        ("tfmini", 13.0, 0.0, 0),
        ("tfmini", 0.2, 0.0, 0),
        ("ideal", 2.0, 180.0, 0),
    ],
)
def test_out_of_reach_or_turned_away_there_is_no_echo(part, height_m, tilt_deg, is_valid):
    bench = Bench({"range": part})
    bench.truth.height_m = height_m
    turned(bench, "x", tilt_deg)

    bench.log(0.2)

    assert bench.inputs.range.is_valid == is_valid


def test_near_its_limit_the_range_finder_loses_some_echoes():
    bench = Bench({"range": "vl53l1x"})
    bench.truth.height_m = 3.5

    rows = bench.samples("range", 60.0, "is_valid", "distance_m")

    assert np.mean(rows[:, 1]) == pytest.approx(0.5, abs=0.06)
    assert np.std(rows[rows[:, 1] == 1, 2]) == pytest.approx(0.003 + 0.005 * 3.5, rel=0.15)


@pytest.mark.interpreted
@pytest.mark.parametrize(
    ("v_ned", "expected"),
    [
        ((0.0, 1.0, 0.0), (-0.5, 0.0)),  # to the right: the ground runs to the left, as when rolling left
        ((1.0, 0.0, 0.0), (0.0, 0.5)),  # ahead: the ground runs backwards, as when pitching up
        ((0.0, 0.0, 1.0), (0.0, 0.0)),
    ],
)
def test_the_ground_runs_the_other_way(v_ned, expected):
    bench = Bench({"flow": "ideal"})
    bench.truth.height_m = 2.0
    bench.truth.v_ned[:] = v_ned

    bench.log(0.05)

    assert (bench.inputs.flow.rate_x, bench.inputs.flow.rate_y) == pytest.approx(expected)


def test_turning_on_the_spot_flow_equals_the_gyro_at_any_height():
    bench = Bench({"flow": "ideal"})
    bench.truth.omega_frd[:] = 0.7, -0.4, 2.0
    for height_m in (0.5, 20.0):
        bench.truth.height_m = height_m

        bench.log(0.05)

        assert (bench.inputs.flow.rate_x, bench.inputs.flow.rate_y) == pytest.approx((0.7, -0.4))


def test_leaning_and_moving_flow_is_what_a_camera_sees():
    # The outside truth: the direction to one point of the ground, followed for a moment.
    bench = Bench({"flow": "ideal"})
    bench.truth.height_m = 3.0
    start = turned(bench, "ZYX", 40.0, 12.0, -20.0)
    omega, v_ned, h = np.array([0.3, -0.5, 0.8]), np.array([1.0, -2.0, 0.5]), 1e-5
    bench.truth.omega_frd[:], bench.truth.v_ned[:] = omega, v_ned
    axis_ned = start.apply((0.0, 0.0, 1.0))
    point = axis_ned * 3.0 / axis_ned[2]
    seen = [(start * Rotation.from_rotvec(omega * t)).inv().apply(point - v_ned * t) for t in (-h, h)]
    slide = [p[:2] / p[2] for p in seen]

    bench.log(0.05)

    image_rate = (slide[1] - slide[0]) / (2.0 * h)
    # Rolling right moves the ground's image to the right: +y; pitching up moves it backwards... which is -x.
    assert bench.inputs.flow.rate_x == pytest.approx(image_rate[1], rel=1e-6)
    assert bench.inputs.flow.rate_y == pytest.approx(-image_rate[0], rel=1e-6)


def test_flow_slower_than_a_count_per_sample_is_not_lost():
    bench = Bench({"flow": "pmw3901"})
    bench.presets.flow.sigma_rad_s = bench.presets.flow.scale_spread = 0.0
    bench.reset(1)
    bench.truth.v_ned[0] = 0.03

    rows = bench.samples("flow", 60.0, "rate_y")

    counts = rows[:, 1] * 0.01 * 385.0
    assert np.allclose(counts, np.round(counts), atol=1e-6)
    assert np.mean(rows[:, 1]) == pytest.approx(0.03, abs=0.001)


@pytest.mark.parametrize(
    ("height_m", "light", "low", "high"),
    [(1.0, 1.0, 250, 255), (4.0, 1.0, 100, 150), (8.0, 1.0, 0, 0), (1.0, 0.0, 0, 0)],
)
def test_flow_quality_falls_with_height_and_darkness(height_m, light, low, high):
    bench = Bench({"flow": "pmw3901"})
    bench.presets.flow.light = light
    bench.truth.height_m = height_m
    bench.truth.v_ned[0] = 1.0

    bench.log(0.1)

    assert low <= bench.inputs.flow.quality <= high
    assert (bench.inputs.flow.quality > 0) == (bench.inputs.flow.rate_y != 0.0)


def test_motion_capture_is_a_millimetre_and_a_fifth_of_a_degree_off_and_ten_milliseconds_late():
    bench = Bench({"mocap": "mocap"})
    attitude = turned(bench, "ZYX", 70.0, 10.0, -5.0)

    def move(truth, t):
        truth.p_ned[0] = 5.0 * t

    rows = bench.samples("mocap", 3.0, "p_ned", "q_ned_frd", move=move)

    assert len(rows) == pytest.approx(598, abs=2)
    late_s = rows[:, 0] - rows[:, 1] / 5.0
    assert np.mean(late_s) == pytest.approx(0.010, abs=0.0005)
    assert np.std(rows[:, 2:4], axis=0) == pytest.approx([1e-3] * 2, rel=0.12)
    w, x, y, z = rows[:, 4:].T
    error = (attitude.inv() * Rotation.from_quat(np.c_[x, y, z, w])).as_rotvec()
    assert np.std(error, axis=0) == pytest.approx([0.2 * DEG] * 3, rel=0.12)
    assert np.mean(error, axis=0) == pytest.approx([0.0] * 3, abs=0.05 * DEG)


def test_the_battery_monitor_is_off_by_its_scale_and_offset_and_counts_in_steps():
    bench = Bench({"battery": "analog"})

    rows = bench.samples("battery", 60.0, "voltage_v", "current_a")

    monitor, preset = bench.sensors.battery, bench.presets.battery
    assert np.mean(rows[:, 1]) == pytest.approx(12.0 * monitor.voltage_scale, abs=0.003)
    expected_a = 10.0 * monitor.current_scale + monitor.current_offset_a
    assert np.mean(rows[:, 2]) == pytest.approx(expected_a, abs=0.02)
    assert np.std(rows[:, 1]) == pytest.approx(0.02, rel=0.1)
    counts = rows[:, 1] / preset.voltage_step_v
    assert np.allclose(counts, np.round(counts), atol=1e-6)


def test_rotor_speeds_come_in_hundreds_of_electrical_turns():
    bench = Bench({"rpm": "rpm_esc"})
    bench.truth.rotor_speed[1] = -550.0

    rows = bench.samples("rpm", 4.0, "speed")

    assert len(rows) == pytest.approx(1000, abs=2)
    electrical = rows[:, 1:] * 60.0 / (2.0 * math.pi) * 7.0
    assert np.allclose(electrical / 100.0, np.round(electrical / 100.0), atol=1e-6)
    assert np.mean(rows[:, 1:5], axis=0) == pytest.approx([540.0, 550.0, 545.0, 560.0], abs=0.5)
    assert np.all(rows[:, 5:] == 0.0)


@pytest.mark.interpreted
def test_the_receiver_passes_on_what_the_hands_do():
    bench = Bench({"pilot": "sbus"})
    script = bench.sensors.pilot.script
    script.roll, script.pitch, script.yaw, script.throttle = 0.5, -1.0, 0.123, 0.25
    script.mode, script.is_arm_switch_on = Mode.ANGLE, 1

    bench.log(0.1)

    pilot = bench.inputs.pilot
    assert (pilot.roll, pilot.pitch, pilot.yaw, pilot.throttle) == pytest.approx(
        (0.5, -1.0, 0.123, 0.25), abs=1e-3
    )
    assert (pilot.mode, pilot.is_arm_switch_on, pilot.is_kill_switch_on) == (Mode.ANGLE, 1, 0)


def test_a_stick_is_counted_in_eleven_bits_and_a_frame_is_late():
    bench = Bench({"pilot": "sbus"})

    def move(truth, t):
        bench.sensors.pilot.script.roll = 0.5 * t

    rows = bench.samples("pilot", 2.0, "roll", move=move)

    counts = rows[:, 1] * 1639.0 / 2.0
    assert np.allclose(counts, np.round(counts), atol=1e-6)
    assert np.mean(rows[:, 0] - rows[:, 1] / 0.5) == pytest.approx(0.012, abs=0.001)
    assert len(rows) == pytest.approx(2.0 * 71.4, abs=4)


def test_with_the_transmitter_off_no_frame_arrives():
    bench = Bench({"pilot": "sbus"})
    bench.log(1.0)

    bench.sensors.pilot.script.is_present = 0
    bench.log(0.05)

    assert len(bench.samples("pilot", 1.0)) == 0


def test_a_marker_body_put_on_crooked_is_crooked_in_body_axes():
    bench = Bench({"mocap": "ideal"})
    attitude = turned(bench, "Z", 90.0)
    bench.sensors.mocap.turned[:] = 2.0 * DEG, 0.0, 0.0

    bench.log(0.02)

    w, x, y, z = bench.inputs.mocap.q_ned_frd
    seen = attitude.inv() * Rotation.from_quat((x, y, z, w))
    assert seen.as_rotvec() == pytest.approx([2.0 * DEG, 0.0, 0.0])
