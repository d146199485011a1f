"""An offline smoother of a GPS hover: what the same samples tell somebody who also knows those still to come.

A forward error-state Kalman filter and a backward pass over it (Rauch, Tung & Striebel 1965), in NumPy and independent
of the flight estimator. It is told what no vehicle knows: the very densities and times of the simulated sensors.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from flight.geodesy import local_ned
from sim.sensors.parts import BARO, GPS, IMU

THETA, V, P, GYRO, ACCEL, SLOW_V, SLOW_P = (slice(3 * i, 3 * i + 3) for i in range(7))
BARO_AT, GROUND_AT, IRON_AT, COUNT = 21, 22, 23, 24
STEP_S = 0.02
GRAVITY = np.array([0.0, 0.0, 9.80665])
IMU_LATE_S = 0.003
PA_PER_M = 11.5


@dataclass
class Reading:
    """One sample, when it was taken, as rows of a linear measurement: residual of the nominal state and its model."""

    kind: str
    t_s: float
    value: np.ndarray


def readings(inputs: np.ndarray, origin: np.ndarray) -> list[Reading]:
    """Return all samples but the IMU's in the order in which they were taken."""
    t = inputs.t_us * 1e-6 + IMU_LATE_S
    found = []
    for k in np.flatnonzero(inputs.gps.fresh):
        gps = inputs.gps[k]
        place = np.array(local_ned(gps.lat_deg, gps.lon_deg, gps.alt_amsl_m, *origin))
        found.append(Reading("gps", t[k] - 0.150, np.concatenate([gps.v_ned, place])))
    for k in np.flatnonzero(inputs.baro.fresh):
        found.append(Reading("baro", t[k] - 0.040, np.array([altitude(inputs.baro.pressure_pa[k])])))
    for k in np.flatnonzero(inputs.range.fresh & inputs.range.is_valid)[::10]:
        found.append(Reading("range", t[k] - 0.010, np.array([inputs.range.distance_m[k]])))
    for k in np.flatnonzero(inputs.mag.fresh)[::20]:
        found.append(Reading("mag", t[k] - 0.006, inputs.mag.field_ut_frd[k].copy()))
    return sorted(found, key=lambda reading: reading.t_s)


def altitude(pressure_pa: float) -> float:
    """Return metres in the standard atmosphere (ISO 2533)."""
    return 44330.769 * (1.0 - (pressure_pa / 101325.0) ** 0.190263)


@dataclass
class State:
    """Attitude as body to world, everything else in a vector laid out as the errors are (the first three unused)."""

    attitude: Rotation
    x: np.ndarray

    def moved(self, error: np.ndarray) -> "State":
        """Return the state with an error added."""
        return State(Rotation.from_rotvec(error[THETA]) * self.attitude, self.x + zeroed(error))

    def less(self, other: "State") -> np.ndarray:
        """Return the error that turns another state into this one."""
        error = self.x - other.x
        error[THETA] = (self.attitude * other.attitude.inv()).as_rotvec()
        return error


def zeroed(error: np.ndarray) -> np.ndarray:
    """Return an error without its attitude."""
    rest = error.copy()
    rest[THETA] = 0.0
    return rest


def skew(v: np.ndarray) -> np.ndarray:
    """Return the matrix of the cross product."""
    return np.array([[0.0, -v[2], v[1]], [v[2], 0.0, -v[0]], [-v[1], v[0], 0.0]])


def predicted(
    state: State, gyro: np.ndarray, accel: np.ndarray, dt: float
) -> tuple[State, np.ndarray, np.ndarray]:
    """Carry the state over one step of IMU samples; return it with its transition and noise."""
    turns = (gyro - state.x[GYRO]) * dt
    before = np.cumsum(turns, axis=0) - 0.5 * turns
    push = (accel - state.x[ACCEL]) * dt
    dv = state.attitude.apply((push + np.cross(before, push)).sum(axis=0))
    t = dt * len(gyro)
    moved = State(state.attitude * Rotation.from_rotvec(turns.sum(axis=0)), state.x.copy())
    moved.x[V] += dv + t * GRAVITY
    moved.x[P] += t * state.x[V] + 0.5 * t * (dv + t * GRAVITY)
    body = state.attitude.as_matrix()
    f = np.eye(COUNT)
    f[THETA, GYRO] = f[V, ACCEL] = -t * body
    f[V, THETA] = -skew(dv)
    f[P, V] = t * np.eye(3)
    keep, q = fading(t)
    f[range(SLOW_V.start, COUNT), range(SLOW_V.start, COUNT)] = keep
    moved.x[SLOW_V.start :] *= keep
    return moved, f, q


def fading(t: float) -> tuple[np.ndarray, np.ndarray]:
    """Return what is kept of the slow errors after t seconds, and the noise of one step."""
    imu, gps, air = IMU["mpu6050"], GPS["ublox_m8"], BARO["bmp280"]
    # An origin taken from GPS leaves the change since then: twice the variance, twice the time.
    slow = np.sqrt(2.0) * np.array([gps["wander_xy_m"], gps["wander_xy_m"], gps["wander_z_m"]])
    sd = np.concatenate([[gps["wander_v_m_s"]] * 3, slow, [air["drift_sigma_pa"] / PA_PER_M, 0.0, 0.0]])
    tau = np.array(
        [gps["wander_v_tau_s"]] * 3 + [2.0 * gps["wander_tau_s"]] * 3 + [air["drift_tau_s"], 1e12, 1e12]
    )
    keep = np.exp(-t / tau)
    q = np.zeros(COUNT)
    # One-sided densities of data sheets hold twice the power per hertz of two-sided ones.
    q[THETA], q[V] = imu["gyro.density"] ** 2 / 2 * t, imu["accel.density"] ** 2 / 2 * t
    for name, at in (("gyro", GYRO), ("accel", ACCEL)):
        q[at] = 2.0 * imu[f"{name}.walk_sigma"] ** 2 / imu[f"{name}.walk_tau_s"] * t
    q[SLOW_V.start :] = sd * sd * (1.0 - keep * keep)
    return keep, np.diag(q)


def compared(state: State, reading: Reading) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return residual, rows and variances of one reading."""
    x, h = state.x, np.zeros((6, COUNT))
    if reading.kind == "gps":
        h[:3, V] = h[:3, SLOW_V] = h[3:, P] = h[3:, SLOW_P] = np.eye(3)
        expected = np.concatenate([x[V] + x[SLOW_V], x[P] + x[SLOW_P]])
        return reading.value - expected, h, np.array([0.04, 0.04, 0.04, 0.06, 0.06, 0.1]) ** 2
    h = h[:1]
    if reading.kind == "baro":
        h[0, P.start + 2], h[0, BARO_AT] = -1.0, 1.0
        return reading.value - (x[BARO_AT] - x[P][2]), h, np.array([1.3 / PA_PER_M]) ** 2
    if reading.kind == "range":
        cosine = state.attitude.as_matrix()[2, 2]
        h[0, P.start + 2], h[0, GROUND_AT] = -1.0, 1.0
        return reading.value * cosine - (x[GROUND_AT] - x[P][2]), h, np.array([0.03**2])
    field = state.attitude.apply(reading.value)
    h[0, 2], h[0, IRON_AT] = 1.0, 1.0
    return np.array([0.0524 - np.arctan2(field[1], field[0]) - x[IRON_AT]]), h, np.array([0.02**2])


def updated(state: State, covariance: np.ndarray, reading: Reading) -> tuple[State, np.ndarray]:
    """Correct a state by one reading."""
    residual, h, variance = compared(state, reading)
    spread = covariance @ h.T
    gain = np.linalg.solve(h @ spread + np.diag(variance), spread.T).T
    left = np.eye(COUNT) - gain @ h
    return state.moved(gain @ residual), left @ covariance @ left.T + (gain * variance) @ gain.T


def started(inputs: np.ndarray) -> tuple[State, np.ndarray]:
    """Return state and covariance of a vehicle that has been standing all along."""
    accel, gyro = inputs.imu.accel_frd.mean(axis=0), inputs.imu.gyro_frd.mean(axis=0)
    down = -accel / np.linalg.norm(accel)
    level = Rotation.align_vectors([[0.0, 0.0, 1.0]], [down])[0]
    field = level.apply(inputs.mag.field_ut_frd[inputs.mag.fresh == 1].mean(axis=0))
    north = Rotation.from_euler("z", 0.0524 - np.arctan2(field[1], field[0]))
    x = np.zeros(COUNT)
    x[GYRO] = gyro
    x[BARO_AT] = np.mean([altitude(p) for p in inputs.baro.pressure_pa[inputs.baro.fresh == 1][-50:]])
    sd = np.full(COUNT, 1e-3)
    sd[THETA], sd[2], sd[GYRO], sd[ACCEL] = 2e-3, 0.03, 3e-4, 0.015
    sd[SLOW_V], sd[SLOW_P], sd[BARO_AT], sd[GROUND_AT], sd[IRON_AT] = 0.03, 0.1, 0.7, 0.5, 0.03
    return State(north * level, x), np.diag(sd**2)


def smoothed(inputs: np.ndarray, first: int) -> tuple[np.ndarray, np.ndarray]:
    """Return times in s and positions of a hover that began at a tick; everything before was standing."""
    gps = inputs.gps[:first]
    fixes = gps[gps.fresh == 1]
    origin = [np.mean(fixes[name][-15:]) for name in ("lat_deg", "lon_deg", "alt_amsl_m")]
    state, covariance = started(inputs[first - 3000 : first])
    flown = inputs[first:]
    dt = float(flown.t_us[1] - flown.t_us[0]) * 1e-6
    stride = round(STEP_S / dt)
    waiting = [r for r in readings(flown, np.array(origin)) if r.t_s > flown.t_us[0] * 1e-6]
    kept = []
    for k in range(0, len(flown) - stride, stride):
        imu = flown.imu[k : k + stride]
        before, spread = state, covariance
        state, f, q = predicted(before, imu.gyro_frd, imu.accel_frd, dt)
        covariance = f @ spread @ f.T + q
        kept.append((flown.t_us[k] * 1e-6, before, spread, state, covariance, f))
        while waiting and waiting[0].t_s <= flown.t_us[k + stride] * 1e-6:
            state, covariance = updated(state, covariance, waiting.pop(0))
    return backward(kept, state)


def backward(kept: list, state: State) -> tuple[np.ndarray, np.ndarray]:
    """Let every moment know what came after it."""
    found = []
    for t, before, spread, ahead, ahead_spread, f in reversed(kept):
        gain = np.linalg.solve(ahead_spread, f @ spread).T
        state = before.moved(gain @ state.less(ahead))
        found.append((t, state.x[P]))
    t_s, places = zip(*reversed(found), strict=True)
    return np.array(t_s), np.array(places)
