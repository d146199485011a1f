"""The loops of a flight as its excitations show them: L, margins and their confidence, from a log alone.

The vehicle's response is measured (torque asked for to rate), the gyro's filters too, moving notches included; gains,
the rest of the control law and how strapdown turns rate into attitude are those of the log.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from flight.errors import LogError
from flight.excitation.excitation import Point
from flight.excitation.signals import Signal
from flight.inputs import Demand
from flight.parameter import stored
from flight.params import TABLE
from ground.identification.response import RING_S, Response, Sweep, response
from ground.tuning import loops
from ground.tuning.linear import AXES
from ground.tuning.margins import NUMBERS, margins
from ground.tuning.model import Model
from logs.rebuilding import Flight

POINTS = 160
DRAWS = 300
# Motors that speed up faster than they slow down make a loop of two, a little more of it when it swings: one standard
# deviation of the gain that a linear loop leaves out.
UNEVEN = 0.01
SEED = 1
Z95 = (2.5, 97.5)
TORQUES = (Point.TORQUE_ROLL, Point.TORQUE_PITCH, Point.TORQUE_YAW)
# Where one standard deviation of a response is more than this share of it, the excitation has not shown it.
UNSURE = 0.15
# An excitation shorter than this was cut short.
LEAST_S = 2.0


@dataclass
class MeasuredLoop:
    """One loop over f_hz: L, draws of L that could be as well (rows), coherence; whether it is the one flown."""

    f_hz: np.ndarray
    L: np.ndarray
    drawn: np.ndarray
    coherence: np.ndarray
    is_flown: bool

    def figures(self) -> dict[str, Any]:
        """Return margins with their 95 % limits and the least coherence about the crossover."""
        found = margins(self.f_hz, self.L[None]).of(0)
        cloud = margins(self.f_hz, self.drawn)
        limits = {name: limits_of(getattr(cloud, name)) for name in NUMBERS}
        near = np.abs(np.log2(self.f_hz / found["crossover_hz"])) < 0.5
        return found | {
            "is_stable": self.is_flown or found["is_stable"],
            "rise_s": None,
            "overshoot": None,
            "coherence": float(self.coherence[near].min()) if near.any() else 0.0,
            "low": {name: low for name, (low, _) in limits.items()},
            "high": {name: high for name, (_, high) in limits.items()},
        }


def limits_of(values: np.ndarray) -> tuple[float, float]:
    """Return the 95 % limits of those values that there are, NaN where there is none."""
    there = values[np.isfinite(values)]
    low, high = np.percentile(there, Z95) if len(there) else (np.nan, np.nan)
    return float(low), float(high)


def measured_loops(flight: Flight, settings: dict[str, float] | None = None) -> dict[str, MeasuredLoop]:
    """Return the rate and attitude loops of every axis whose torque was excited; raise LogError where none was.

    `settings` are gains by id in place of the flown ones: what the loops would have been.
    """
    found: dict[str, MeasuredLoop] = {}
    for axis, point in enumerate(TORQUES):
        part = excited(flight, point)
        if part is not None:
            low_hz, high_hz = band(flight, point)
            grid = np.geomspace(low_hz, high_hz, POINTS)
            found |= axis_loops(flight, part, axis, grid, settings or {})
    if not found:
        raise LogError(
            "the log holds no excitation of the torque; fly `quadloop fly chirp`, or ask for the airframe's margins"
        )
    return found


def excited(flight: Flight, point: Point) -> slice | None:
    """Return the ticks of the longest excitation at a point, with the rest before and after; None without one."""
    is_on = flight.commands.terms.excited == point
    edges = np.flatnonzero(np.diff(np.concatenate(([0], is_on.astype(np.int8), [0])))).reshape(-1, 2)
    first, last = max(edges, key=lambda ends: ends[1] - ends[0], default=(0, 0))
    if (last - first) * flight.dt < LEAST_S:
        return None
    ring = round(RING_S / flight.dt)
    return slice(max(int(first) - ring, 0), int(last) + ring)


def band(flight: Flight, point: Point) -> tuple[float, float]:
    """Return the lowest and highest frequency that was asked for."""
    demand = flight.inputs.demand
    asked = np.flatnonzero((demand.fresh == 1) & (demand.kind == Demand.EXCITE) & (demand.index == point))
    signal, _, _, low_hz, high_hz = (float(v) for v in demand.argument[asked[-1], :5])
    # A doublet of one frequency shows what lies about it.
    return (low_hz, high_hz) if signal != Signal.DOUBLET else (0.3 * low_hz, 4.0 * low_hz)


def axis_loops(
    flight: Flight, part: slice, axis: int, f_hz: np.ndarray, settings: dict[str, float]
) -> dict[str, MeasuredLoop]:
    """Return one axis' rate and attitude loop."""
    commands, known = flight.commands[part], flight.params[0].airframe
    inertia, terms = float(known.inertia[axis]), commands.terms
    y = np.column_stack((commands.estimate.omega_frd[:, axis], terms.gyro_filtered_frd[:, axis]))
    sweep = Sweep(
        flight.dt, np.array(terms.excitation), commands.setpoint.torque_sp_frd[:, axis] / inertia, y
    )
    seen = shown(response(sweep, f_hz, lambda f_hz: usual_shape(flight, f_hz)))
    random = np.random.default_rng(SEED + axis)
    uneven = 1.0 + UNEVEN * np.concatenate(([0.0], random.normal(size=DRAWS)))[:, None]
    found = law(flight, seen, uneven * seen.drawn(random, 0, DRAWS), settings, axis)
    return {
        name: MeasuredLoop(seen.f_hz, L[0], L[1:], seen.coherence[0], not settings)
        for name, L in found.items()
        if name.endswith(AXES[axis])
    }


def shown(seen: Response) -> Response:
    """Return the longest band over which the rate's response is known; all of it where there is none.

    At the ends of a sweep noise alone may cross any gain.
    """
    doubt = np.sqrt((np.abs(seen.spread[0]) ** 2).sum(axis=1)) / np.abs(seen.H[0])
    edges = np.flatnonzero(np.diff(np.concatenate(([0], doubt < UNSURE, [0])))).reshape(-1, 2)
    first, last = max(edges, key=lambda ends: ends[1] - ends[0], default=(0, len(doubt)))
    kept = slice(int(first), int(last))
    return Response(seen.f_hz[kept], seen.H[:, kept], seen.coherence[:, kept], seen.spread[:, kept])


def usual_shape(flight: Flight, f_hz: np.ndarray) -> np.ndarray:
    """Return about what rates make of a torque: an integral, the motors' lag and some delay."""
    s, lag_s = 2j * np.pi * f_hz, float(flight.params[0].airframe.motor_lag_s)
    return np.exp(-s * float(flight.params[0].control.filter.gyro_delay_s)) / (s * (1.0 + lag_s * s))


def turning(flight: Flight, back: np.ndarray) -> np.ndarray:
    """Return what strapdown makes of a rate: the angle added up and carried over the IMU's delay.

    Known, not measured: corrections by magnetometer and GPS are slower than these loops and would bring their noise.
    """
    return 0.5 * flight.dt * (1.0 + back) / (1.0 - back) + float(flight.params[0].estimator.imu_delay)


def law(
    flight: Flight, seen: Response, rates: np.ndarray, settings: loops.Gains, axis: int
) -> dict[str, np.ndarray]:
    """Return the loops that the control law closes about responses of the rate to torque, a row for each."""
    shape, back = (3, *rates.shape), np.exp(-2j * np.pi * seen.f_hz * flight.dt)
    none = np.zeros(shape, complex)
    gains = {row.id: float(stored(flight.params[0], row)) for row in TABLE}
    heard = Model(
        dt=flight.dt, f_hz=seen.f_hz, rate=np.broadcast_to(rates, shape),
        turn=np.broadcast_to(turning(flight, back), shape), sideways=none, sideways_a=none, climb=none[0],
        climb_a=none[0], notches=np.ones_like(rates), told=np.ones_like(rates), drag=none,
        effort=np.zeros((len(rates), 1)),
    )  # fmt: skip
    heard.notches = seen.H[1] / seen.H[0] / loops.gyro(heard, gains)
    made = loops.Loops({}, {}, {})
    loops.attitude(heard, gains | settings, float(flight.params[0].airframe.motor_lag_s), back, axis, made)
    return made.L
