"""The attitude filter: samples per second, and its errors beside other people's filters on other people's recordings.

`python -m benchmarks.attitude_filter [FOLDER]` prints the table of docs/estimation.md from the recordings below FOLDER,
default `../shared/data/recordings/attitude`; `pip install quadloop[compare]` brings the others' filters.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from flight.estimator.attitude import batch
from ground.estimation import files, log_readings
from ground.estimation.attitude import bias_at_rest, estimate_attitude
from ground.estimation.axes import swapped_attitude, swapped_body, turned_body
from ground.estimation.readings import Readings
from ground.estimation.scores import PARTS, attitude_errors, product
from logs.sources import open_log

SAMPLES, PASSES, IMU_HZ = 300_000, 3, 286.0
DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "recordings" / "attitude"
GRAVITY, EKF2_FROM_S = 9.80665, 20.4
# A filter takes a recording and the gyro bias to remove and returns (n, 4) attitudes, body to world with z up.
Filter = Callable[[Readings, np.ndarray], np.ndarray]


def our(name: str, readings: Readings, bias: np.ndarray) -> np.ndarray:
    """Run one of our filters."""
    return estimate_attitude(readings, name, bias if bias.any() else None).z_up("flu")["q"]


def guest_axes(readings: Readings, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Return gyro without bias, specific force and field as the recording has them."""
    mag = None if readings.mag_frd is None else swapped_body(readings.mag_frd)
    return swapped_body(readings.gyro_frd - bias), swapped_body(readings.accel_frd), mag


def vqf(name: str, readings: Readings, bias: np.ndarray) -> np.ndarray:
    """Run VQF (Laidig & Seel 2023), its authors' C++, default parameters."""
    import vqf as package

    gyro, accel, mag = guest_axes(readings, bias)
    found = getattr(package, name)(step_of(readings)).updateBatch(gyro, accel, mag)
    return found["quat6D" if mag is None else "quat9D"]


def ahrs(name: str, readings: Readings, bias: np.ndarray) -> np.ndarray:
    """Run a filter of the package ahrs, default parameters; its Madgwick speaks of north-west-up."""
    from ahrs import filters

    gyro, accel, mag = guest_axes(readings, bias)
    # Its Madgwick takes millitesla; directions are all that counts.
    field = {} if mag is None else {"mag": 1e-3 * mag}
    q = getattr(filters, name)(gyr=gyro, acc=accel, frequency=1.0 / step_of(readings), **field).Q
    quarter_turn = np.array([[np.sqrt(0.5), 0.0, 0.0, np.sqrt(0.5)]])
    return product(quarter_turn, q) if name == "Madgwick" else q


def imufusion(readings: Readings, bias: np.ndarray) -> np.ndarray:
    """Run imufusion, default settings but its axes and rate."""
    import imufusion as package

    gyro, accel, mag = guest_axes(readings, bias)
    settings = package.AhrsSettings()
    settings.convention, settings.sample_rate = package.CONVENTION_ENU, 1.0 / step_of(readings)
    running = package.Ahrs()
    running.set_settings(settings)
    q = np.empty((len(gyro), 4))
    for k in range(len(gyro)):
        sample = np.degrees(gyro[k]), accel[k] / GRAVITY
        if mag is None:
            running.update_no_magnetometer(*sample)
        else:
            running.update(*sample, mag[k])
        q[k] = np.asarray(running.get_quaternion())
    return q


def step_of(readings: Readings) -> float:
    """Return the usual time between samples in s."""
    return float(np.median(np.diff(readings.t)))


def filters() -> dict[str, Filter]:
    """Return the filters that can be run here, by name."""
    found: dict[str, Filter] = {
        "Quadloop": partial(our, "ours"),
        "our Mahony": partial(our, "mahony"),
        "our Madgwick": partial(our, "madgwick"),
    }
    if find_spec("vqf"):
        found |= {"VQF": partial(vqf, "VQF"), "BasicVQF": partial(vqf, "BasicVQF")}
    if find_spec("ahrs"):
        found |= {"Mahony (ahrs)": partial(ahrs, "Mahony"), "Madgwick (ahrs)": partial(ahrs, "Madgwick")}
    if find_spec("imufusion"):
        found["imufusion"] = imufusion
    return found


SETS = (
    ("broad", True, False),
    ("euroc", False, True),
    ("euroc", False, False),
    ("crazyflie_util", False, False),
)
HEADS = ("BROAD, magnetometer", "EuRoC, calibrated at rest", "EuRoC as recorded", "Crazyflie")


def mean_error(folder: Path, run: Filter, use_mag: bool, at_rest: bool) -> tuple[str, float]:
    """Return total / heading / inclination, means over the recordings of a folder, and samples per second."""
    said, samples, took_s = [], 0, 0.0
    for file in sorted(folder.glob("*.npz")):
        readings = loaded(file)
        readings.mag_frd = field(file) if use_mag else None
        bias = bias_at_rest(readings) if at_rest else np.zeros(3)
        began = time.process_time()
        q = run(readings, bias)
        took_s += time.process_time() - began
        samples += len(q)
        said.append([attitude_errors(readings.truth, readings.t, q)[part] for part in PARTS])
    return " / ".join(f"{figure:.2f}" for figure in np.mean(said, axis=0)), samples / took_s


@cache
def loaded(file: Path) -> Readings:
    """Return a recording, read once."""
    return files.read(file)


@cache
def field(file: Path) -> np.ndarray | None:
    """Return a recording's magnetometer."""
    return files.read(file).mag_frd


def print_beside_ekf2(log: Path) -> None:
    """Print our attitude and PX4's own of a simulated flight against its truth; EKF2 had GPS and barometer too."""
    readings = log_readings.read(log)
    told = open_log(log)["vehicle_attitude"]
    ekf2 = turned_body(swapped_attitude(told["q"]))
    ours = estimate_attitude(readings).z_up(readings.body)["q"]
    # Before arming an estimator may still be aligning.
    readings.truth.counts &= readings.truth.t > EKF2_FROM_S
    print("\n| px4_mission.ulg | total / heading / inclination |\n|---|---|")
    for name, t, q in (("Quadloop", readings.t, ours), ("EKF2", 1e-6 * told["t_us"], ekf2)):
        said = attitude_errors(readings.truth, t, q)
        print(f"| {name} | {' / '.join(f'{said[part]:.2f}' for part in PARTS)} |")


def samples_per_second() -> float:
    """Return how many samples with magnetometer the filter takes on one core, best of three passes."""
    t, gyro, accel, mag = made()
    batch.estimate(t[:100], gyro[:100], accel[:100], mag[:100])
    return SAMPLES / best(lambda: batch.estimate(t, gyro, accel, mag))


def samples_per_second_from_file() -> float:
    """Return the same from an npz on disk to attitudes with z up."""
    t, gyro, accel, mag = made()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.npz"
        np.savez(path, t=t, gyr=swapped_body(gyro), acc=swapped_body(accel), mag=swapped_body(mag))
        return SAMPLES / best(lambda: estimate_attitude(files.read(path)).z_up("flu"))


def made() -> tuple[np.ndarray, ...]:
    """Return samples of a body that turns to and fro."""
    noise = np.random.default_rng(1).standard_normal
    t = np.arange(SAMPLES) / IMU_HZ
    gyro = np.sin(t)[:, None] * np.array([2.0, 1.0, 3.0]) + 0.01 * noise((SAMPLES, 3))
    accel = np.array([0.0, 0.0, -9.8]) + 0.5 * noise((SAMPLES, 3))
    return t, gyro, accel, np.array([20.0, 0.0, 40.0]) + noise((SAMPLES, 3))


def best(run: Callable[[], object]) -> float:
    """Return the shortest time in s of some passes: the processor's own, for others may use it too."""
    took = []
    for _ in range(PASSES):
        began = time.process_time()
        run()
        took.append(time.process_time() - began)
    return min(took)


def figures() -> dict[str, float]:
    """Return the filter's speed."""
    return {
        "attitude_filter_samples_per_s": samples_per_second(),
        "attitude_filter_samples_per_s_from_file": samples_per_second_from_file(),
    }


def main() -> None:
    """Print the table."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA
    print("Total / heading / inclination, degrees RMS, mean over the recordings\n")
    print("| filter | " + " | ".join(HEADS) + " | samples/s |\n|---|" + "---|" * (len(HEADS) + 1))
    for name, run in filters().items():
        run(loaded(sorted((folder / "crazyflie_util").glob("*.npz"))[0]), np.zeros(3))
        scores = [mean_error(folder / where, run, *how) for where, *how in SETS]
        cells = " | ".join(score for score, _ in scores)
        print(f"| {name} | {cells} | {scores[0][1]:,.0f} |", flush=True)
    log = folder.parents[1] / "sitl" / "px4_mission.ulg"
    if log.is_file():
        print_beside_ekf2(log)


if __name__ == "__main__":
    main()
