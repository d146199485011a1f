"""The estimator that flies, alone: microseconds of one tick at 1 kHz, averaged over hover with GPS and all its aids.

`python -m benchmarks.full_state [PX4 LOG]` prints it, and the estimate of a simulated PX4 flight beside EKF2's own.
"""

import sys
import time
from pathlib import Path

import numpy as np

from flight import airframe
from flight.command import COMMAND, ESTIMATE
from flight.estimator import estimator
from flight.inputs import INPUTS
from flight.modes import Arming
from flight.record import rows
from ground.estimation import log_readings
from ground.estimation.aids import AIDS
from ground.estimation.estimates import Estimates
from ground.estimation.full import estimate_full, follow
from ground.estimation.readings import Readings
from ground.estimation.run import errors
from ground.options import DEFAULT_AIRFRAME
from logs.sources import open_log

PASSES, TICKS, AIRBORNE_US = 5, 30_000, 5_000_000
LOG = Path(__file__).resolve().parents[2] / "shared" / "data" / "sitl" / "px4_mission.ulg"


def hovering() -> np.recarray:
    """Return half a minute of inputs at 1 kHz: GPS at 10 Hz, barometer at 50 Hz, magnetometer at 100 Hz, all noisy."""
    noise = np.random.default_rng(1).standard_normal
    inputs = rows(INPUTS, TICKS)
    inputs.t_us = 1000 * np.arange(1, TICKS + 1)
    imu, gps, baro, mag = inputs.imu, inputs.gps, inputs.baro, inputs.mag
    imu.fresh, imu.gyro_frd = 1, 0.005 * noise((TICKS, 3))
    imu.accel_frd = np.array([0.0, 0.0, -9.81]) + 0.1 * noise((TICKS, 3))
    for sensor, every in ((gps, 100), (baro, 20), (mag, 10)):
        sensor.fresh[::every] = 1
        sensor.t_us = inputs.t_us
    gps.fix_type, gps.satellites, gps.v_ned = 3, 14, 0.05 * noise((TICKS, 3))
    gps.lat_deg, gps.lon_deg = 47.4 + 2e-6 * noise(TICKS), 8.5 + 2e-6 * noise(TICKS)
    baro.pressure_pa = 95000.0 + 2.0 * noise(TICKS)
    mag.field_ut_frd = np.array([21.0, 1.0, 43.0]) + 0.3 * noise((TICKS, 3))
    return inputs


def tick_us() -> float:
    """Return the mean duration of a tick of the estimator alone in microseconds, best of some passes."""
    params, inputs, said = airframe.load(DEFAULT_AIRFRAME).params[0], hovering(), rows(ESTIMATE, TICKS)
    armed = np.where(inputs.t_us > AIRBORNE_US, Arming.ARMED.value, Arming.DISARMED.value)
    best = np.inf
    for _ in range(PASSES):
        state, command = rows(estimator.STATE), rows(COMMAND)
        estimator.reset(state[0], params.estimator)
        command.motors.motor = 0.5
        began = time.process_time_ns()
        follow(state[0], params, inputs, command[0], armed, 0, said)
        best = min(best, time.process_time_ns() - began)
    assert said[-1].is_position_valid, "the estimator did not navigate"
    return float(best) / TICKS / 1000.0


def figures() -> dict[str, float]:
    """Return the estimator's cost."""
    return {"full_state_tick_us": tick_us()}


def ekf2(log: Path) -> Estimates:
    """Return what PX4's own estimator said on board."""
    told = open_log(log)
    attitude, place = told["vehicle_attitude"], told["vehicle_local_position"]
    t, at = 1e-6 * attitude["t_us"], 1e-6 * place["t_us"]
    position, velocity = (
        np.stack([np.interp(t, at, place[prefix + axis]) for axis in "xyz"], -1) for prefix in ("", "v")
    )
    return Estimates(t, np.asarray(attitude["q"], float), position, velocity)


def print_beside_ekf2(log: Path) -> None:
    """Print both estimates' errors against the simulator's truth while armed."""
    readings = log_readings.read(log)
    print(
        "| px4_mission.ulg | roll / pitch / yaw, degrees | position, m | velocity, m/s |\n|---|---|---|---|"
    )
    print(line("EKF2, on board", errors(readings, ekf2(log))))
    for name, left_out in (
        ("all", ()),
        ("GPS, barometer, magnetometer", ("range",)),
        ("GPS alone", AIDS[1:]),
    ):
        print(line(f"Quadloop, {name}", errors(readings, estimate_full(without(log, left_out), {}))))


def without(log: Path, left_out: tuple[str, ...]) -> Readings:
    """Return a log's readings less some aids."""
    readings = log_readings.read(log)
    readings.around = readings.around.only(tuple(name for name in AIDS if name not in left_out))
    if "mag" in left_out:
        readings.mag_frd = None
    return readings


def line(name: str, said: dict) -> str:
    """Return a row of the table."""
    keys = ("attitude_estimate_rms_deg", "position_estimate_rms_m", "velocity_estimate_rms_m_s")
    return f"| {name} | " + " | ".join(" / ".join(f"{x:.2f}" for x in said[key]) for key in keys) + " |"


def main() -> None:
    """Print the cost and the table."""
    print(f"{tick_us():.2f} us per tick of 1 ms\n")
    log = Path(sys.argv[1]) if len(sys.argv) > 1 else LOG
    if log.is_file():
        print_beside_ekf2(log)


if __name__ == "__main__":
    main()
