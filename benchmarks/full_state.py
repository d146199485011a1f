"""The estimator that flies, alone: microseconds of one tick at 1 kHz, averaged over a flight with GPS and all its aids.

`python -m benchmarks.full_state [PX4 LOG]` prints it, and the estimate of a simulated PX4 flight beside EKF2's own.
"""

import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.tick import flown
from flight.command import COMMAND, ESTIMATE
from flight.estimator import estimator
from flight.modes import Arming
from flight.record import rows
from ground.estimation import log_readings
from ground.estimation.aids import AIDS
from ground.estimation.estimates import Estimates
from ground.estimation.full import estimate_full, follow
from ground.estimation.readings import Readings
from ground.estimation.run import errors
from logs.sources import open_log

PASSES, AIRBORNE_S = 5, 12.0
LOG = Path(__file__).resolve().parents[2] / "shared" / "data" / "sitl" / "px4_mission.ulg"


def tick_us() -> float:
    """Return the mean duration of a tick of the estimator alone in microseconds, best of some passes."""
    fleet, inputs = flown()
    armed = np.where(1e-6 * inputs.t_us > AIRBORNE_S, Arming.ARMED.value, Arming.DISARMED.value)
    said = rows(ESTIMATE, len(inputs))
    best = np.inf
    for _ in range(PASSES):
        state, command = rows(estimator.STATE), rows(COMMAND)
        estimator.reset(state[0], fleet.params[0].estimator)
        began = time.process_time_ns()
        follow(state[0], fleet.params[0], inputs, command[0], armed, inputs.t_us[0] - 1000, said)
        best = min(best, time.process_time_ns() - began)
    assert said[-1].is_position_valid, "the estimator did not navigate"
    return float(best) / len(inputs) / 1000.0


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
