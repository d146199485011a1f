"""The attitude filter: samples per second, and its errors on other people's recordings beside the teaching filters'.

`python -m benchmarks.attitude_filter [FOLDER]` prints the errors on the recordings below FOLDER, default
`../shared/data/recordings/attitude`.
"""

import importlib.util
import math
import sys
import time
from pathlib import Path

import numpy as np

from flight.estimator.attitude import batch, madgwick, mahony
from flight.frames import swap_attitude
from flight.kernel import kernel
from flight.quaternion import Quat
from flight.record import rows
from flight.vector import vec

SAMPLES, PASSES, IMU_HZ = 300_000, 3, 286.0
# The best single gains for the BROAD set that its authors report are of this size.
MAHONY_GAINS, MADGWICK_BETA = (0.74, 0.0012), 0.12
DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
# Guests' axes: x-forward y-left z-up against forward-right-down.
FRD_FLU = np.array([1.0, -1.0, -1.0])


@kernel
def run_mahony(state, t, gyro, accel, mag, kp, ki, q):
    """Step the Mahony filter through arrays."""
    for k in range(t.shape[0]):
        dt = t[k] - t[k - 1] if k > 0 else 0.0
        mahony.step(state, vec(gyro[k]), vec(accel[k]), vec(mag[k]), dt, kp, ki)
        q[k] = state.q_ned_body


@kernel
def run_madgwick(state, t, gyro, accel, mag, beta, q):
    """Step the Madgwick filter through arrays."""
    for k in range(t.shape[0]):
        dt = t[k] - t[k - 1] if k > 0 else 0.0
        madgwick.step(state, vec(gyro[k]), vec(accel[k]), vec(mag[k]), dt, beta)
        q[k] = state.q_ned_body


def recording(file: Path) -> dict:
    """Return a recording of `../shared/data`; the filter sees its body axes as forward-right-down."""
    loaded = np.load(file)
    trial = {name: loaded[name].astype(float) for name in loaded.files if name != "meta"}
    trial["name"] = file.stem
    for name in {"gyr", "acc", "mag", "gyro_bias_rest"} & set(trial):
        trial[name] = trial[name] * FRD_FLU
    return trial


def in_guest_axes(q_ned_frd: np.ndarray) -> np.ndarray:
    """Return attitudes as the scorer wants them, from forward-left-up to east-north-up."""
    return np.array([swap_attitude(Quat(*q)) for q in q_ned_frd])


def ours(trial: dict, use_mag: bool = True, at_rest: bool = False) -> np.ndarray:
    """Estimate a recording's attitudes; `at_rest` gives the filter the bias of a start-up calibration."""
    bias = trial["gyro_bias_rest"] if at_rest else None
    mag = trial.get("mag") if use_mag else None
    return in_guest_axes(batch.estimate(trial["t"], trial["gyr"], trial["acc"], mag, bias))


def taught(trial: dict, use_mag: bool, at_rest: bool, which: str) -> np.ndarray:
    """Estimate a recording's attitudes with one of the teaching filters."""
    gyro = trial["gyr"] - (trial["gyro_bias_rest"] if at_rest else 0.0)
    mag = trial["mag"] if use_mag and "mag" in trial else np.full_like(gyro, math.nan)
    q = np.zeros((len(gyro), 4))
    arrays = (trial["t"], gyro, trial["acc"], mag)
    if which == "mahony":
        run_mahony(rows(mahony.STATE)[0], *arrays, *MAHONY_GAINS, q)
    else:
        run_madgwick(rows(madgwick.STATE)[0], *arrays, MADGWICK_BETA, q)
    return in_guest_axes(q)


def scorer():
    """Return the recordings' own scorer, a module beside them."""
    spec = importlib.util.spec_from_file_location("score", DATA / "score.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def errors(trial: dict, q: np.ndarray, mode: str) -> tuple[float, float, float]:
    """Return total, heading and inclination error in degrees (BROAD's protocol)."""
    said = scorer().score_attitude(trial, trial["t"], q, mode)
    return tuple(said[f"{part}_rmse_deg"] for part in ("total", "heading", "inclination"))


def gps_consistency(trial: dict, q: np.ndarray) -> float:
    """Return how badly attitude and GPS velocity agree, in degrees of tilt."""
    guest = trial | {"acc": trial["acc"] * FRD_FLU}
    return scorer().score_gps(guest, trial["t"], q)["tilt_equivalent_deg"]


def samples_per_second() -> float:
    """Return how many samples with magnetometer the filter takes on one core, best of three passes."""
    noise = np.random.default_rng(1).standard_normal
    t = np.arange(SAMPLES) / IMU_HZ
    gyro = np.sin(t)[:, None] * np.array([2.0, 1.0, 3.0]) + 0.01 * noise((SAMPLES, 3))
    accel = np.array([0.0, 0.0, -9.8]) + 0.5 * noise((SAMPLES, 3))
    mag = np.array([20.0, 0.0, 40.0]) + noise((SAMPLES, 3))
    batch.estimate(t[:100], gyro[:100], accel[:100], mag[:100])
    took = []
    for _ in range(PASSES):
        began = time.perf_counter()
        batch.estimate(t, gyro, accel, mag)
        took.append(time.perf_counter() - began)
    return SAMPLES / min(took)


def figures() -> dict[str, float]:
    """Return the filter's speed."""
    return {"attitude_filter_samples_per_s": samples_per_second()}


def print_table(folder: Path, title: str, mode: str, at_rest: bool = False) -> None:
    """Print total / heading / inclination of the three filters on every recording of a folder."""
    print(f"\n{title:46s}{'ours':>22s}{'Mahony':>22s}{'Madgwick':>22s}")
    means = []
    for file in sorted(folder.glob("*.npz")):
        trial = recording(file)
        estimates = [ours(trial, mode == "9d", at_rest)]
        estimates += [taught(trial, mode == "9d", at_rest, which) for which in ("mahony", "madgwick")]
        means.append([errors(trial, q, mode) for q in estimates])
        print(f"{file.stem[:45]:46s}" + cells(means[-1]))
    print(f"{'mean':46s}" + cells(np.mean(means, axis=0)))


def cells(scores) -> str:
    """Return one row of the table."""
    return "".join(f"{'{:.2f} / {:.2f} / {:.2f}'.format(*score):>22s}" for score in scores)


def print_gps(folder: Path) -> None:
    """Print the consistency with GPS velocity of the recordings that have one."""
    for file in sorted(folder.glob("ardu_quad*.npz")):
        trial = recording(file)
        said = [ours(trial), *(taught(trial, True, False, which) for which in ("mahony", "madgwick"))]
        print(
            f"{file.stem + ', GPS velocity':46s}"
            + "".join(f"{gps_consistency(trial, q):22.2f}" for q in said)
        )


def main() -> None:
    """Print every figure."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DATA / "recordings" / "attitude"
    print(f"{samples_per_second() / 1e6:.1f} M samples/s with magnetometer, one core")
    print("total / heading / inclination RMSE in degrees")
    print_table(folder / "broad", "BROAD, magnetometer used", "9d")
    print_table(folder / "euroc", "EuRoC as recorded", "6d")
    print_table(folder / "euroc", "EuRoC calibrated at rest", "6d", at_rest=True)
    print_table(folder / "crazyflie_util", "Crazyflie", "6d")
    print_gps(folder / "autopilot")


if __name__ == "__main__":
    main()
