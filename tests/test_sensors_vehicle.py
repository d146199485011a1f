"""All sensors together: their rates, their independence, the same numbers in every way of running them."""

import hashlib
import os
import subprocess
import sys

import numba
import numpy as np
import pytest

from flight.airframe import load
from flight.errors import ConfigError
from flight.inputs import INPUTS
from flight.record import field, rows
from sim.random import RANDOM, seed_stream
from sim.sensors import presets
from sim.sensors.faults import set_fault
from sim.sensors.parts import PARTS
from sim.sensors.sampling import gauss_markov
from tests.conftest import ROOT
from tests.sensing import ALL, STILL, Bench

G, DEG, GAUSS_UT, HECTO = 9.80665, np.pi / 180.0, 100.0, 100.0
RATE_HZ = {
    "imu": 1000,
    "mag": 100,
    "baro": 26,
    "gps": 5,
    "range": 30,
    "flow": 100,
    "mocap": 200,
    "battery": 50,
    "rpm": 250,
}


@pytest.mark.parametrize("loop_hz", [250, 500, 1000, 2000])
def test_every_sensor_keeps_its_rate_at_every_loop_rate(loop_hz):
    log = Bench(ALL, tick_us=1_000_000 // loop_hz).log(6.0)

    late = log[2 * loop_hz :]
    for name, rate_hz in RATE_HZ.items():
        assert np.sum(late[name].fresh) == pytest.approx(4 * min(rate_hz, loop_hz), abs=2), name


def test_sensors_do_not_all_sample_in_the_same_tick():
    log = Bench(ALL).log(2.0)

    fresh = np.sum([log[name].fresh for name in RATE_HZ if name != "imu"], axis=0)
    assert np.max(fresh[200:]) <= 6
    first = {name: int(np.argmax(log[name].fresh)) for name in ("mag", "baro", "flow", "mocap", "battery")}
    assert len(set(first.values())) >= 4


def test_a_sample_keeps_its_values_and_time_until_the_next():
    log = Bench(ALL).log(1.0)

    for name in RATE_HZ:
        group = log[name]
        kept = np.flatnonzero(group.fresh[1:] == 0)
        for column in set(group.dtype.names) - {"fresh"}:
            assert np.all(group[column][kept + 1] == group[column][kept])
        stamped = group.fresh == 1
        assert np.all(group.t_us[stamped] == np.flatnonzero(stamped) * 1000)


@pytest.mark.parametrize("gone", ["imu", "mag", "gps", "baro", "pilot"])
def test_taking_one_sensor_away_leaves_the_others_noise_alone(gone):
    whole, rest = Bench(ALL).log(1.0), Bench(ALL | {gone: "none"}).log(1.0)

    for name in ALL:
        assert (whole[name].tobytes() == rest[name].tobytes()) == (name != gone)


def test_another_seed_is_another_vehicle_and_the_same_seed_the_same():
    one, again, other = (Bench(ALL, seed=seed).log(0.5) for seed in (1, 1, 2))

    assert one.tobytes() == again.tobytes()
    for name in ("imu", "mag", "baro", "gps", "flow", "mocap", "battery"):
        assert one[name].tobytes() != other[name].tobytes()


def test_a_vehicle_saved_in_flight_goes_on_as_if_nothing_had_been():
    bench = Bench(ALL)
    bench.log(0.7)
    saved = [record.copy() for record in (bench.sensors, bench.truth, bench.inputs)]
    onwards = bench.log(0.5)

    twin = Bench(ALL, seed=9)
    twin.sensors, twin.truth, twin.inputs = saved

    assert twin.log(0.5).tobytes() == onwards.tobytes()


def test_sensors_leave_operator_and_links_alone():
    bench = Bench(ALL)
    bench.inputs.demand.serial, bench.inputs.link.ground_age_us, bench.inputs.offboard.level = 7, 42, 3

    bench.log(0.3)

    assert (bench.inputs.demand.serial, bench.inputs.link.ground_age_us, bench.inputs.offboard.level) == (
        7,
        42,
        3,
    )


def test_an_absent_sensor_never_speaks():
    log = Bench(dict.fromkeys(ALL, "none") | STILL).log(1.0)

    assert log.tobytes() == rows(INPUTS, len(log)).tobytes()


def checksum() -> str:
    """Return a digest of what all sensors say in a shaking, turning, faulty half second."""
    bench = Bench(ALL | {"calibration": "uncalibrated"}, seed=3)
    bench.presets.gps.timing.interval_us = 50_000
    bench.truth.omega_frd[:], bench.truth.omega_dot_frd[:] = (0.3, -2.0, 1.0), (5.0, 1.0, -3.0)
    bench.truth.q_ned_frd[:] = np.array([0.8, 0.1, -0.3, 0.2]) / np.sqrt(0.78)
    bench.truth.v_ned[:], bench.truth.wind_ned[:], bench.truth.p_ned[:] = (
        (3.0, -1.0, 0.2),
        (0.0, 4.0, 0.0),
        (20.0, -3.0, -1.0),
    )
    for name, kind in (("mag", "noise"), ("gps", "delay"), ("accel", "spike"), ("baro", "bias")):
        set_fault(bench.sensors, name, kind, 0.1, 0.4, 0.05)
    log = bench.log(0.5)
    return hashlib.sha256(log.tobytes() + bench.sensors.tobytes()).hexdigest()


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="compares with the compiled run")
@pytest.mark.slow
def test_compiled_and_interpreted_sensors_say_the_same_to_the_bit():
    command = "import tests.test_sensors_vehicle as t; print(t.checksum())"

    interpreted = subprocess.run(
        [sys.executable, "-c", command],
        cwd=ROOT,
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert interpreted.stdout.strip() == checksum()


@pytest.mark.interpreted
@pytest.mark.parametrize("steps", [1, 10])
def test_a_gauss_markov_error_has_its_spread_and_memory_at_any_step(steps):
    random = rows(RANDOM)[0]
    seed_stream(random, 5, 1)
    value, found = 0.0, []
    for k in range(3000 * steps):
        value = gauss_markov(random, value, 2.0, 4.0, 4.0 / steps)
        if k % steps == 0:
            found.append(value)
    x = np.array(found[10:])

    # One time constant between the kept values: correlation 1/e, so 3000 values count as some 2300 independent ones.
    assert np.std(x) == pytest.approx(2.0, rel=0.06)
    assert np.mean(x[1:] * x[:-1]) / np.mean(x * x) == pytest.approx(np.exp(-1.0), abs=0.06)


@pytest.mark.parametrize("name", PARTS)
def test_every_part_of_every_sensor_works(name):
    for part in PARTS[name]:
        log = Bench(STILL | {name: part}).log(1.5)

        assert np.sum(log[name].fresh) >= 4
        for column in set(log[name].dtype.names):
            assert np.all(np.isfinite(log[name][column]))


def test_an_unknown_sensor_or_part_is_refused_with_what_is_known():
    with pytest.raises(ConfigError, match=r"sensor 'sonar' is not known; known: imu, mag"):
        presets.presets_for({"sonar": "x"})
    with pytest.raises(ConfigError, match=r"imu = 'mpu9999' is not known; known: none, ideal, mpu6050"):
        presets.presets_for({"imu": "mpu9999"})
    with pytest.raises(ConfigError, match="known: none, smooth, typical, rough"):
        presets.presets_for({"vibration": "awful"})


def test_sensor_sets_swap_gps_for_motion_capture_or_make_everything_perfect():
    own = {"imu": "mpu6050", "gps": "ublox_m8", "mag": "none", "vibration": "rough"}

    mocap, ideal = presets.sensor_set(own, "mocap"), presets.sensor_set(own, "ideal")

    assert presets.sensor_set(own) == own
    assert (mocap["gps"], mocap["mocap"], mocap["imu"]) == ("none", "mocap", "mpu6050")
    assert ideal == {"imu": "ideal", "gps": "ideal", "vibration": "none", "calibration": "calibrated"}
    with pytest.raises(ConfigError, match="known: consumer, mocap, ideal"):
        presets.sensor_set(own, "military")


def test_sensors_sit_where_the_airframe_file_puts_them():
    airframe = load("fma")

    mounted = presets.presets_for(airframe.sensors, airframe)[0]

    body, rotors = airframe.physics["body"], airframe.physics["rotors"]
    assert np.allclose(
        mounted.imu.position_frd, np.subtract(body["imu_position_m_frd"], body["centre_of_mass_m_frd"])
    )
    lift = (
        len(airframe.physics["rotor"])
        * rotors["thrust_coefficient_n_s2"]
        * mounted.imu.vibration.hover_speed_rad_s**2
    )
    assert lift == pytest.approx(body["mass_kg"] * 9.80665)


# What the data sheets print, in their units; tolerances +-x are two standard deviations of the preset.
DATA_SHEETS = [
    ("mpu6050", "gyro.density", 0.005, DEG),
    ("mpu6050", "gyro.turn_on_spread", 20.0 / 2, DEG),
    ("mpu6050", "gyro.limit", 2000.0, DEG),
    ("mpu6050", "gyro.step", 1 / 16.4, DEG),
    ("mpu6050", "accel.density", 400e-6, G),
    ("mpu6050", "accel.limit", 16.0, G),
    ("mpu6050", "accel.step", 1 / 2048, G),
    ("icm42688", "gyro.density", 2.8e-3, DEG),
    ("icm42688", "gyro.turn_on_spread", 0.5 / 2, DEG),
    ("icm42688", "accel.density", 70e-6, G),
    ("icm42688", "accel.turn_on_spread", 20e-3 / 2, G),
    ("bmi088", "gyro.density", 0.014, DEG),
    ("bmi088", "accel.limit", 24.0, G),
    ("qmc5883l", "limit_ut", 8.0, GAUSS_UT),
    ("qmc5883l", "sigma_ut", 2e-3, GAUSS_UT),
    ("hmc5883l", "step_ut", 1 / 1090, GAUSS_UT),
    ("bmp280", "sigma_pa", 1.3, 1.0),
    ("bmp280", "pa_per_k_spread", 1.5 / 2, 1.0),
    ("bmp280", "offset_spread_pa", 1.0 / 2, HECTO),
    ("bmp388", "pa_per_k_spread", 0.75 / 2, 1.0),
    ("bmp388", "offset_spread_pa", 0.5 / 2, HECTO),
    ("vl53l1x", "high_m", 4.0, 1.0),
    ("tfmini", "high_m", 12.0, 1.0),
    ("pmw3901", "limit_rad_s", 7.4, 1.0),
    ("ublox_m8", "timing.interval_us", 1 / 5, 1e6),
    ("ublox_m10", "timing.interval_us", 1 / 10, 1e6),
]


@pytest.mark.parametrize(("part", "path", "printed", "unit"), DATA_SHEETS)
def test_a_part_has_the_figures_of_its_data_sheet(part, path, printed, unit):
    sensor = next(name for name, table in PARTS.items() if part in table)

    fitted = presets.presets_for({sensor: part})[0][sensor]

    assert field(fitted, path) == pytest.approx(printed * unit, rel=1e-3)
