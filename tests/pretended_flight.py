"""A flight that is known exactly, and the samples its sensors would give: truth for the estimator's tests.

Independent of the simulator: the path is a sum of sines, attitude follows from thrust and linear drag (isotropic), and
rates are differences of attitudes.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.transform import Rotation

from flight.command import COMMAND, ESTIMATE
from flight.estimator import estimator
from flight.geodesy import geodetic
from flight.inputs import INPUTS
from flight.kernel import kernel
from flight.modes import Arming
from flight.params import defaults
from flight.record import rows
from flight.vector import Vec3

DT = 1e-3
GRAVITY = 9.80665
HOME = (47.3977, 8.5456, 488.0)
# 48 uT, dipping 65 degrees, 3 degrees east: the declination the parameters have for home.
FIELD_NED = 48.0 * np.array([0.42262 * math.cos(0.0524), 0.42262 * math.sin(0.0524), 0.90631])
REST_S = 8.0
EVERY = 10
DEGREE = math.pi / 180.0


@dataclass
class Flight:
    """What was flown: a window opens sines of these amplitudes (m), frequencies (rad/s) and phases after the rest."""

    seconds: float = 60.0
    amplitude: tuple = (6.0, 5.0, 2.0)
    frequency: tuple = (0.5, 0.4, 0.3)
    yaw: float = 0.6
    heading: float = 0.4
    drag: float = 0.3
    wind: tuple = (0.0, 0.0, 0.0)
    rest: float = REST_S

    def window(self, t):
        """Return a smooth rise from 0 to 1 over 4 s after the rest, with two derivatives."""
        x = np.clip((t - self.rest) / 4.0, 0.0, 1.0)
        rise = x**4 * (35 - 84 * x + 70 * x**2 - 20 * x**3)
        slope = 140 * x**3 * (1 - x) ** 3 / 4.0
        curve = 420 * x**2 * (1 - x) ** 2 * (1 - 2 * x) / 16.0
        return rise[:, None], slope[:, None], curve[:, None]

    def motion(self, t):
        """Return position, velocity and acceleration in NED, one row per time."""
        g, gd, gdd = self.window(t)
        amplitude, w = np.array(self.amplitude), np.array(self.frequency)
        phase = w * (t[:, None] - self.rest) + np.array([0.0, 1.0, 2.0])
        s, sd, sdd = (
            amplitude * np.sin(phase),
            amplitude * w * np.cos(phase),
            -amplitude * w**2 * np.sin(phase),
        )
        climb = np.array([0.0, 0.0, -10.0])
        return g * (s + climb), gd * (s + climb) + g * sd, gdd * (s + climb) + 2 * gd * sd + g * sdd

    def force(self, t):
        """Return the specific force in NED."""
        return self.motion(t)[2] - np.array([0.0, 0.0, GRAVITY])

    def attitude(self, t):
        """Return the rotations that turn body into world vectors."""
        _, v, _ = self.motion(t)
        air = (v - np.array(self.wind)) * self.window(t)[0]
        down = -(self.force(t) + self.drag * air)
        down /= np.linalg.norm(down, axis=1)[:, None]
        yaw = self.heading + self.yaw * self.window(t)[0][:, 0] * np.sin(0.7 * (t - self.rest))
        nose = np.stack([np.cos(yaw), np.sin(yaw), 0 * yaw], axis=1)
        right = np.cross(down, nose)
        right /= np.linalg.norm(right, axis=1)[:, None]
        return Rotation.from_matrix(np.stack([np.cross(right, down), right, down], axis=2))

    def rate(self, t):
        """Return body rates by central difference."""
        h = 2e-4
        return (self.attitude(t - h).inv() * self.attitude(t + h)).as_rotvec() / (2 * h)


@dataclass
class Sensors:
    """What the vehicle carries and how bad it is; a period of 0 means the sensor is not there."""

    gyro_noise: float = 1e-4
    accel_noise: float = 4e-3
    gyro_bias: tuple = (0.01, -0.02, 0.015)
    accel_bias: tuple = (0.05, -0.05, 0.1)
    vibration: float = 3.0
    lever: tuple = (0.0, 0.0, 0.0)
    gps: float = 0.1
    gps_delay: float = 0.15
    gps_wander: float = 0.7
    gps_v: float = 0.07
    baro: float = 0.02
    mag: float = 0.02
    iron: float = 0.6
    mocap: float = 0.0
    range: float = 0.0
    flow: float = 0.0


@dataclass
class Record:
    """Truth, samples and estimates of one flight; estimates and truth every EVERY ticks."""

    flight: Flight
    sensors: Sensors
    inputs: np.recarray
    t: np.ndarray
    p: np.ndarray
    v: np.ndarray
    attitude: Rotation
    fix: np.ndarray
    estimate: np.recarray = field(default=None)
    state: np.recarray = field(default=None)
    command: np.recarray = field(default=None)

    def after(self, seconds):
        """Return which kept rows are later than this."""
        return self.t[::EVERY] > seconds

    def p_err(self):
        """Return estimate less truth of the position."""
        return self.estimate.p_ned - self.p[::EVERY]

    def v_err(self):
        """Return estimate less truth of the velocity."""
        return self.estimate.v_ned - self.v[::EVERY]

    def q_err(self):
        """Return the world turn from estimate to truth in rad."""
        q = np.array(self.estimate.q_ned_frd)[:, [1, 2, 3, 0]]
        return (self.attitude[::EVERY] * Rotation.from_quat(q).inv()).as_rotvec()


def wander(rng, n, sd, tau, dt):
    """Return a slowly changing error that starts anywhere."""
    keep = math.exp(-dt / tau)
    noise = rng.normal(0.0, sd * math.sqrt(1 - keep * keep), n)
    noise[0] = rng.normal(0.0, sd)
    for k in range(1, n):
        noise[k] += keep * noise[k - 1]
    return noise


def arrivals(n, period, offset=0):
    """Return the ticks in which samples arrive."""
    return np.arange(offset, n, max(1, round(period / DT))) if period else np.arange(0)


def pretend(flight=None, sensors=None, seed=0):
    """Return the truth of a flight and what its sensors say."""
    flight, sensors = flight or Flight(), sensors or Sensors()
    rng = np.random.default_rng(seed)
    n = round(flight.seconds / DT)
    t = DT * np.arange(1, n + 1)
    p, v, _ = flight.motion(t)
    record = Record(flight, sensors, rows(INPUTS, n), t, p, v, flight.attitude(t), np.zeros((0, 3)))
    record.inputs.t_us = np.round(1e6 * t).astype(int)
    feel(record, rng)
    see_sky(record, rng)
    see_air_and_north(record, rng)
    see_cameras(record, rng)
    see_ground(record, rng)
    return record


def feel(record, rng):
    """Fill in the IMU."""
    flight, sensors, t = record.flight, record.sensors, record.t
    imu = record.inputs.imu
    omega = flight.rate(t)
    h = 1e-4
    omega_dot = (flight.rate(t + h) - flight.rate(t - h)) / (2 * h)
    arm = np.array(sensors.lever)
    force = record.attitude.inv().apply(flight.force(t))
    force += np.cross(omega_dot, arm) + np.cross(omega, np.cross(omega, arm))
    spin = 2 * np.pi * np.cumsum(140.0 + 10.0 * np.sin(0.5 * t)) * DT
    shake = flight.window(t)[0] * np.stack([np.sin(spin), np.cos(spin), np.sin(2 * spin + 1)], axis=1)
    white = rng.normal(size=(2, len(t), 3)) / math.sqrt(DT)
    imu.fresh[:] = 1
    imu.t_us[:] = record.inputs.t_us
    imu.gyro_frd[:] = (
        omega + sensors.gyro_bias + sensors.gyro_noise * white[0] + 0.02 * sensors.vibration * shake
    )
    imu.accel_frd[:] = force + sensors.accel_bias + sensors.accel_noise * white[1] + sensors.vibration * shake


def see_sky(record, rng):
    """Fill in GPS: late, with an error that wanders."""
    sensors, gps = record.sensors, record.inputs.gps
    at = arrivals(len(record.t), sensors.gps, 400)
    if not len(at):
        return
    p, v, _ = record.flight.motion(record.t[at] - sensors.gps_delay)
    slow = np.stack(
        [wander(rng, len(at), sensors.gps_wander * k, 60.0, sensors.gps) for k in (1, 1, 1.5)], axis=1
    )
    record.fix = slow - slow[0] + rng.normal(0.0, 0.1 * sensors.gps_wander, (len(at), 3))
    places = np.array([geodetic(Vec3(*row), *HOME) for row in p + record.fix])
    gps.fresh[at], gps.t_us[at] = 1, record.inputs.t_us[at]
    gps.fix_type[at], gps.satellites[at] = 3, 12
    gps.lat_deg[at], gps.lon_deg[at], gps.alt_amsl_m[at] = places.T
    gps.v_ned[at] = v + rng.normal(0.0, sensors.gps_v, (len(at), 3))
    gps.horizontal_accuracy_m[at], gps.vertical_accuracy_m[at] = sensors.gps_wander, 1.5 * sensors.gps_wander
    gps.speed_accuracy_m_s[at] = sensors.gps_v


def see_air_and_north(record, rng):
    """Fill in barometer and magnetometer."""
    sensors, baro, mag = record.sensors, record.inputs.baro, record.inputs.mag
    at = arrivals(len(record.t), sensors.baro, 7)
    if len(at):
        p, _, _ = record.flight.motion(record.t[at] - 0.02)
        height = (
            HOME[2] - p[:, 2] + rng.normal(0.0, 0.1, len(at)) + wander(rng, len(at), 0.3, 100.0, sensors.baro)
        )
        baro.fresh[at], baro.t_us[at] = 1, record.inputs.t_us[at]
        baro.pressure_pa[at] = 101325.0 * (1.0 - height / 44330.769) ** 5.25588
    at = arrivals(len(record.t), sensors.mag, 11)
    if len(at):
        field_frd = record.flight.attitude(record.t[at] - 0.01).inv().apply(FIELD_NED)
        mag.fresh[at], mag.t_us[at] = 1, record.inputs.t_us[at]
        mag.field_ut_frd[at] = (
            field_frd + rng.normal(0.0, 0.4, (len(at), 3)) + rng.normal(0.0, sensors.iron, 3)
        )


def see_cameras(record, rng):
    """Fill in motion capture: 1 mm, 0.2 degrees, 10 ms late."""
    mocap = record.inputs.mocap
    at = arrivals(len(record.t), record.sensors.mocap, 3)
    if not len(at):
        return
    past = record.t[at] - 0.01
    noise = Rotation.from_rotvec(rng.normal(0.0, 0.2 * DEGREE, (len(at), 3)))
    mocap.fresh[at], mocap.t_us[at] = 1, record.inputs.t_us[at]
    mocap.p_ned[at] = record.flight.motion(past)[0] + rng.normal(0.0, 1e-3, (len(at), 3))
    mocap.q_ned_frd[at] = (noise * record.flight.attitude(past)).as_quat()[:, [3, 0, 1, 2]]


def see_ground(record, rng):
    """Fill in range finder and flow over flat ground."""
    flight, sensors, inputs = record.flight, record.sensors, record.inputs
    at = arrivals(len(record.t), sensors.range, 5)
    if len(at):
        cosine = flight.attitude(record.t[at] - 0.02).as_matrix()[:, 2, 2]
        height = 0.1 - flight.motion(record.t[at] - 0.02)[0][:, 2]
        inputs.range.fresh[at], inputs.range.t_us[at], inputs.range.is_valid[at] = 1, inputs.t_us[at], 1
        inputs.range.distance_m[at] = height / cosine + rng.normal(0.0, 0.02, len(at))
    at = arrivals(len(record.t), sensors.flow, 9)
    if len(at):
        past = record.t[at] - 0.02
        p, v, _ = flight.motion(past)
        attitude = flight.attitude(past)
        distance = (0.1 - p[:, 2]) / attitude.as_matrix()[:, 2, 2]
        v_frd, omega = attitude.inv().apply(v), flight.rate(past)
        flow, noise = inputs.flow, rng.normal(0.0, 0.05, (2, len(at)))
        flow.fresh[at], flow.t_us[at], flow.quality[at] = 1, inputs.t_us[at], 200
        flow.rate_x[at] = omega[:, 0] - v_frd[:, 1] / distance + noise[0]
        flow.rate_y[at] = omega[:, 1] + v_frd[:, 0] / distance + noise[1]


def parameters(sensors=None, drag=0.3, **chosen):
    """Return parameters of a 1 kg vehicle, with some of the estimator's chosen by path."""
    params = defaults()
    airframe = params[0].airframe
    airframe.mass_kg = 1.0
    airframe.rotor_count = 4
    airframe.thrust_max_n = 5.0
    airframe.rotor_drag[:] = drag
    airframe.imu_position_frd[:] = (sensors or Sensors()).lever
    # This IMU tells the motion of the very tick.
    params[0].estimator.imu_delay = 0.0
    for name, value in chosen.items():
        params[0].estimator[name] = value
    return params


def begin(params):
    """Return state and command of a vehicle that has just been switched on."""
    state, command = rows(estimator.STATE), rows(COMMAND)
    estimator.reset(state[0], params[0].estimator)
    estimator.configure(state[0], params[0].estimator, params[0].airframe)
    return state, command


@kernel
def run(states, params, inputs, commands, estimates, first, last, take_off_us):
    """Let the estimator see ticks `first` to `last` and keep every EVERYth estimate."""
    state, command = states[0], commands[0]
    for k in range(first, last):
        dt = 1e-6 * (inputs[k].t_us - inputs[k - 1].t_us) if k > 0 else 1e-3
        is_flying = inputs[k].t_us > take_off_us
        command.status.arming = 1 if is_flying else 0
        command.status.is_landed = 0 if is_flying else 1
        for i in range(4):
            command.motors.motor[i] = 0.5 if is_flying else 0.0
        estimator.step(
            state,
            params[0].estimator,
            params[0].airframe,
            inputs[k],
            command.estimate,
            command.motors,
            command.status,
            dt,
        )
        if k % EVERY == 0:
            estimates[k // EVERY] = command.estimate


def estimated(record, params=None, state=None, command=None):
    """Return the record with estimates of the whole flight."""
    params = parameters(record.sensors, record.flight.drag) if params is None else params
    if state is None:
        state, command = begin(params)
    n = len(record.t)
    record.estimate = rows(ESTIMATE, -(-n // EVERY))
    run(state, params, record.inputs, command, record.estimate, 0, n, round(1e6 * (record.flight.rest - 0.2)))
    record.state, record.command = state, command
    return record


def rms(errors):
    """Return the root mean square over rows, per column."""
    return np.sqrt(np.mean(np.square(errors), axis=0))


assert Arming.ARMED == 1
