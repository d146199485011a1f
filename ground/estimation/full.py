"""The estimator that flies, compiled as it flies, over a recording: attitude, velocity, position, biases."""

from collections.abc import Iterator, Mapping

import numpy as np

from flight.command import COMMAND, ESTIMATE
from flight.estimator import estimator
from flight.inputs import INPUTS
from flight.kernel import kernel
from flight.modes import Arming
from flight.parameter import Param, store
from flight.params import BY_ID, defaults
from flight.record import rows
from ground.estimation.aids import Aids
from ground.estimation.estimates import Estimates
from ground.estimation.readings import Readings

MEGA = 1e6
CHUNK = 8192
# A longer pause than this many usual steps is one in which the loop ticks without a sample, as it does in flight.
PAUSE = 3
# What a sensor said longer than this before the IMU's first sample is not told at all.
EARLY_US = 1_000_000
MOST_TICKS_OF_A_PAUSE = 10_000
# Recordings of others, where they do not say better: samples are stamped when taken, a GPS fix is as late as ArduPilot
# takes those of u-blox to be, the IMU is filtered (its scatter tells a fifth of its noise) and of unknown sampling and
# mounting (a lasting strain says nothing about a broken part), GPS velocity is as good as today's receivers make it.
DEFAULT = {
    "EKF_IMU_DELAY": 0.0,
    "EKF_BARO_DELAY": 0.0,
    "EKF_MAG_DELAY": 0.0,
    "EKF_RNG_DELAY": 0.0,
    "EKF_FLOW_DELAY": 0.0,
    "EKF_GPS_DELAY": 0.22,
    "EKF_MAG_DECL": 0.0,
    "EKF_MAG_SLOW": 100.0,
    "EKF_ROUGH_GAIN": 5.0,
    "EKF_ACC_NOISE": 0.2,
    "EKF_ACC_B_SD": 0.02,
    "EKF_ACC_B_WALK": 1e-4,
    "EKF_GYR_B_SD": 0.01,
    "EKF_GPS_V_SD": 0.07,
    "EKF_GPS_V_QUICK": 0.06,
    "EKF_GPS_GATE": 10.0,
    "EKF_STRAIN_MAX": 100.0,
    "EKF_LAG_SD": 0.03,
    "EKF_LAG_DOUBT": 0.0,
}


def estimate_full(
    readings: Readings, settings: Mapping[str, float], bias: np.ndarray | None = None
) -> Estimates:
    """Run the flight estimator; `settings` by id go before what the recording states, `bias` is a calibration's."""
    params = params_for(readings, settings)
    gyro = readings.gyro_frd if bias is None else readings.gyro_frd - bias
    said = np.concatenate([*run(readings, gyro, params)]).view(np.recarray)
    return Estimates(
        readings.t,
        said.q_ned_frd,
        p_ned=said.p_ned,
        v_ned=said.v_ned,
        gyro_bias_frd=said.gyro_bias_frd + (0.0 if bias is None else bias),
        accel_bias_frd=said.accel_bias_frd,
        attitude_sd_ned=said.sigma_attitude,
        v_sd_ned=said.sigma_v,
        p_sd_ned=said.sigma_p,
    )


def params_for(readings: Readings, settings: Mapping[str, float]) -> np.recarray:
    """Return the parameters that fly, for recordings of others with DEFAULT over them.

    What the recording itself states goes before, and a person's wishes before that.
    """
    params = defaults()
    stated = {name: clamped(BY_ID[name], value) for name, value in readings.around.settings.items()}
    for name, value in {**({} if readings.is_own else DEFAULT), **stated, **settings}.items():
        store(params[0], BY_ID[name], value)
    return params


def clamped(row: Param, value: float) -> float:
    """Return a value that someone else's log states as the table allows it."""
    return min(max(value, row.low), row.high)


def run(readings: Readings, gyro: np.ndarray, params: np.recarray) -> Iterator[np.ndarray]:
    """Yield what the estimator says at the IMU's samples, chunk by chunk."""
    state, command, around = rows(estimator.STATE), rows(COMMAND), readings.around
    estimator.reset(state[0], params[0].estimator)
    t_us, sample = ticks(microseconds(readings.t))
    heard = {name: arrivals(t_us, some["t_us"]) for name, some in around.samples.items()}
    armed = arming(t_us, around)
    for first in range(0, len(t_us), CHUNK):
        part = slice(first, min(first + CHUNK, len(t_us)))
        inputs = rows(INPUTS, part.stop - first)
        inputs.t_us = t_us[part]
        tell_imu(inputs, readings, gyro, sample[part])
        for name, (at, which) in heard.items():
            now = slice(*np.searchsorted(at, (first, part.stop)))
            inputs[name][at[now] - first] = around.samples[name][which[now]]
        said = rows(ESTIMATE, len(inputs))
        before_us = t_us[first - 1] if first else t_us[0]
        follow(state[0], params[0], inputs, command[0], armed[part], before_us, said)
        yield said[sample[part] >= 0]


@kernel
def follow(
    state: np.record, params: np.record, inputs: np.recarray, command: np.record, armed: np.ndarray,
    before_us: int, said: np.recarray,
) -> None:  # fmt: skip
    """Step the estimator through told inputs."""
    for k in range(len(inputs)):
        command.status.arming = armed[k]
        command.status.is_landed = 1 if armed[k] != Arming.ARMED else 0
        dt = 1e-6 * float(inputs[k].t_us - before_us)
        before_us = inputs[k].t_us
        estimator.step(
            state, params.estimator, params.airframe, inputs[k], command.estimate, command.motors,
            command.status, dt,
        )  # fmt: skip
        said[k] = command.estimate


def microseconds(t: np.ndarray) -> np.ndarray:
    """Return times in whole microseconds, no two alike."""
    order = np.arange(len(t))
    return np.maximum.accumulate(np.rint(MEGA * t).astype(np.int64) - order) + order


def ticks(t_us: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return when the loop ticks, and at which sample, -1 in the pauses between samples."""
    steps = np.diff(t_us)
    usual = max(int(np.median(steps)), 1)
    pieces, places = [t_us[:1]], [np.zeros(1, np.int64)]
    last = 0
    for k in np.flatnonzero(steps > PAUSE * usual):
        step = max(usual, int(steps[k]) // MOST_TICKS_OF_A_PAUSE)
        extra = np.arange(t_us[k] + step, t_us[k + 1], step)
        pieces += [t_us[last + 1 : k + 1], extra]
        places += [np.arange(last + 1, k + 1), np.full(len(extra), -1)]
        last = k
    pieces.append(t_us[last + 1 :])
    places.append(np.arange(last + 1, len(t_us)))
    return np.concatenate(pieces), np.concatenate(places)


def arrivals(t_us: np.ndarray, sample_us: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return at which ticks samples of a sensor are told, and which: of those that came since a tick, the newest."""
    at = np.searchsorted(t_us, sample_us)
    is_newest = np.append(np.diff(at) > 0, True)[: len(at)]
    which = np.flatnonzero(is_newest & (at < len(t_us)) & (sample_us > t_us[0] - EARLY_US))
    return at[which], which


def arming(t_us: np.ndarray, around: Aids) -> np.ndarray:
    """Return the arming state at every tick; where nobody tells, it flies: then nothing is taken for rest."""
    if not len(around.armed_us):
        return np.full(len(t_us), Arming.ARMED.value)
    return np.where(around.armed_at(t_us), Arming.ARMED.value, Arming.DISARMED.value)


def tell_imu(inputs: np.recarray, readings: Readings, gyro: np.ndarray, sample: np.ndarray) -> None:
    """Tell gyro, accelerometer and, where there is a new one, magnetometer samples."""
    fresh = sample >= 0
    imu = inputs.imu
    imu.fresh[fresh], imu.t_us[fresh] = 1, inputs.t_us[fresh]
    imu.gyro_frd[fresh] = gyro[sample[fresh]]
    imu.accel_frd[fresh] = readings.accel_frd[sample[fresh]]
    if readings.mag_frd is not None:
        field = np.where(fresh[:, None], readings.mag_frd[np.maximum(sample, 0)], np.nan)
        has_field = np.isfinite(field).all(1)
        mag = inputs.mag
        mag.fresh[has_field], mag.t_us[has_field] = 1, inputs.t_us[has_field]
        mag.field_ut_frd[has_field] = field[has_field]
