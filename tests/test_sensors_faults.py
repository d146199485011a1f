"""Every sensor can fail, alone, for a while, and its noise goes on as if nothing had happened."""

import numpy as np
import pytest

from flight.errors import ConfigError
from flight.record import rows
from sim.sensors.faults import Fault, set_fault
from sim.vehicle import VEHICLE
from tests.sensing import ALL, STILL, Bench

# What a fault acts on, and one that stays clear of limits and rounding.
ACTS_ON = {
    "gyro": ("imu", "gyro_frd"),
    "accel": ("imu", "accel_frd"),
    "mag": ("mag", "field_ut_frd"),
    "baro": ("baro", "pressure_pa"),
    "gps": ("gps", "alt_amsl_m"),
    "range": ("range", "distance_m"),
    "flow": ("flow", "rate_x"),
    "mocap": ("mocap", "p_ned"),
    "battery": ("battery", "voltage_v"),
    "rpm": ("rpm", "speed"),
    "pilot": ("pilot", "roll"),
}
SENSORS = tuple(ALL)
# One count of each part, the coarsest change a bias may be rounded by.
COUNT = {
    "mag": 0.034,
    "baro": 0.17,
    "gps": 2e-3,
    "range": 2e-3,
    "flow": 0.53,
    "battery": 0.015,
    "rpm": 1.6,
    "pilot": 2e-3,
}


def pair(name: str, kind: str, magnitude: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Return the logs of a sound and of a faulty vehicle, which fails from 1 s to 2 s of 3."""
    logs = []
    for is_faulty in (False, True):
        bench = Bench(ALL | STILL)
        if is_faulty:
            set_fault(bench.sensors, name, kind, 1.0, 2.0, magnitude)
        logs.append(bench.log(3.0))
    return logs[0], logs[1]


def between(log: np.ndarray, group: str, start_s: float, stop_s: float) -> np.ndarray:
    """Return the fresh samples of a group that arrived within a time."""
    sample = log[group]
    return sample[(sample.fresh == 1) & (sample.t_us >= 1e6 * start_s) & (sample.t_us < 1e6 * stop_s)]


@pytest.mark.parametrize("name", SENSORS)
def test_a_dropout_silences_the_sensor_and_then_it_returns(name):
    _, faulty = pair(name, "dropout")

    assert len(between(faulty, name, 0.5, 1.0)) > 0
    assert len(between(faulty, name, 1.0, 2.0)) == 0
    assert len(between(faulty, name, 2.3, 3.0)) > 0


@pytest.mark.parametrize("name", SENSORS)
def test_stuck_it_keeps_talking_and_says_the_same(name):
    sound, faulty = pair(name, "stuck")

    stuck = between(faulty, name, 1.05, 2.0)
    assert len(stuck) == len(between(sound, name, 1.05, 2.0))
    for field in set(stuck.dtype.names) - {"t_us", "fresh", "temperature_c"}:
        assert np.all(stuck[field] == stuck[field][0])


@pytest.mark.parametrize("name", ACTS_ON)
def test_a_bias_step_moves_the_value_by_its_size_and_nothing_else(name):
    group, field = ACTS_ON[name]
    size = {"gps": 20.0, "rpm": 50.0, "flow": 1.5, "pilot": 0.5}.get(name, 0.25)
    sound, faulty = pair(name, "bias", size)

    step = between(faulty, group, 1.2, 2.0)[field] - between(sound, group, 1.2, 2.0)[field]
    expected = -size if name == "gps" else size
    if name == "rpm":
        step = step[:, :4]
    assert np.allclose(step, expected, atol=COUNT.get(name, 0.01))
    assert np.mean(step) == pytest.approx(expected, abs=0.3 * COUNT.get(name, 0.01))
    for sound_time in ((0.0, 1.0), (2.4, 3.0)):
        before = between(faulty, group, *sound_time)[field] - between(sound, group, *sound_time)[field]
        assert np.allclose(before, 0.0, atol=COUNT["flow"] if name == "flow" else 1e-12)


@pytest.mark.parametrize("name", ["gyro", "accel", "mag", "baro", "range", "mocap", "battery", "rpm"])
def test_spikes_are_rare_and_of_the_given_size(name):
    group, field = ACTS_ON[name]
    sound, faulty = pair(name, "spike", 0.8 if name != "rpm" else 80.0)

    error = between(faulty, group, 1.05, 2.0)[field] - between(sound, group, 1.05, 2.0)[field]
    hit = abs(error) > 0.5
    assert np.mean(hit) < 0.12
    assert np.allclose(abs(error[hit]), 0.8 if name != "rpm" else 80.0, atol=COUNT.get(name, 0.01))
    assert np.allclose(error[~hit], 0.0, atol=0.02)


@pytest.mark.parametrize("name", ["gyro", "accel", "mocap", "rpm"])
def test_a_noise_fault_adds_its_standard_deviation(name):
    group, field = ACTS_ON[name]
    sound, faulty = pair(name, "noise", 5.0)

    error = between(faulty, group, 1.05, 2.0)[field] - between(sound, group, 1.05, 2.0)[field]
    assert np.std(error[:, :3]) == pytest.approx(5.0, rel=0.15)


def arrivals(samples: np.ndarray) -> dict[bytes, int]:
    """Return when each sample with values of its own arrived."""
    fields = [name for name in samples.dtype.names if name not in ("t_us", "fresh", "temperature_c")]
    keys = [b"".join(np.asarray(sample[name]).tobytes() for name in fields) for sample in samples]
    return {key: int(t) for key, t in zip(keys, samples.t_us, strict=True) if keys.count(key) == 1}


@pytest.mark.parametrize("name", ["imu", "mag", "baro", "gps", "mocap", "battery"])
def test_a_delay_fault_makes_samples_arrive_later(name):
    sound, faulty = pair(name, "delay", 0.013)

    on_time, late = arrivals(between(sound, name, 1.0, 1.9)), arrivals(between(faulty, name, 1.2, 1.9))
    shifts = [late[key] - on_time[key] for key in late.keys() & on_time.keys()]
    assert len(shifts) >= 2
    assert set(shifts) == {13_000}


def test_an_accelerometer_can_stick_alone():
    _, faulty = pair("accel", "stuck")

    stuck = between(faulty, "imu", 1.05, 2.0)
    assert np.all(stuck.accel_frd == stuck.accel_frd[0])
    assert len(np.unique(stuck.gyro_frd[:, 0])) > 3


def test_a_fault_can_last_for_good():
    bench = Bench(ALL)
    set_fault(bench.sensors, "gps", "dropout", 1.0)

    assert between(bench.log(10.0), "gps", 1.0, 10.0).size == 0


def test_a_reset_repairs_everything():
    bench = Bench(ALL)
    set_fault(bench.sensors, "baro", "dropout")

    bench.reset(1)

    assert between(bench.log(1.0), "baro", 0.0, 1.0).size > 0


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        ("sonar", "stuck", "known: gyro, accel, imu"),
        ("gps", "tired", "known: none, stuck"),
        ("gyro", "dropout", "imu"),
    ],
)
def test_an_unknown_fault_is_refused_with_what_is_known(name, kind, says):
    with pytest.raises(ConfigError, match=says):
        set_fault(Bench(ALL).sensors, name, kind)


@pytest.mark.parametrize("kind", ["dropout", "delay"])
@pytest.mark.parametrize("half", ["gyro", "accel"])
def test_half_an_imu_that_is_well_again_gives_the_samples_back_that_both_halves_share(half, kind):
    sensors = rows(VEHICLE)[0].sensors
    set_fault(sensors, "imu", kind, magnitude=0.3)

    set_fault(sensors, half, "none")

    assert sensors.imu.line.fault.kind == Fault.NONE


def test_an_accelerometer_that_is_well_again_leaves_the_gyro_its_own_fault():
    sensors = rows(VEHICLE)[0].sensors
    set_fault(sensors, "gyro", "bias", magnitude=0.1)
    set_fault(sensors, "accel", "stuck")

    set_fault(sensors, "accel", "none")

    assert sensors.imu.line.fault.kind == Fault.BIAS
    assert sensors.imu.accel_fault.kind == Fault.NONE
