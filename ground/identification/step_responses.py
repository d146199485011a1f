"""The step responses of rate and attitude loops that a log's ordinary flight shows: ours, or any autopilot's."""

import os
from dataclasses import dataclass

import numpy as np

from flight.errors import LogError
from ground.identification.deconvolution import StepResponse, deconvolved, sampled
from logs.contents import viewed
from logs.foreign.blackbox_terms import implied_rates_sp
from logs.foreign.recording import Recording
from logs.reader import Log
from logs.rebuilding import rebuild
from logs.series import Curve, Series
from logs.sources import open_log
from logs.ticks import is_whole

AXES = ("roll", "pitch", "yaw")
# By kind of loop: how long a response is watched, how finely, and how much a setpoint must move (rms, deg/s and deg).
LONGEST_S = {"rate": 0.6, "attitude": 1.5}
FINEST_S = {"rate": 0.005, "attitude": 0.01}
LEAST_MOVED = {"rate": 3.0, "attitude": 0.5}
# What explains less of the motion is no response to it.
LEAST_FIT_PERCENT = 50.0
# A log with fewer samples than this shows no response.
FEWEST_PER_RESPONSE = 12


@dataclass
class Signals:
    """Setpoint and measurement of one kind of loop, columns roll, pitch, yaw in degrees or deg/s."""

    setpoint: Curve
    measured: Curve


@dataclass
class Found:
    """Step responses by loop, and why others are missing."""

    steps: dict[str, StepResponse]
    missing: dict[str, str]


def step_responses(path: str | os.PathLike[str]) -> Found:
    """Return the step response of every loop whose setpoint moves enough; raise LogError where none does."""
    found = Found({}, {})
    for kind, signals in signals_of(path).items():
        for axis, name in enumerate(AXES):
            try:
                found.steps[f"{kind}_{name}"] = respond(kind, signals, axis)
            except LogError as error:
                found.missing[f"{kind}_{name}"] = str(error)
    if not found.steps:
        why = "; ".join(f"{name}: {reason}" for name, reason in found.missing.items())
        raise LogError(
            f"{path}: shows no step response: {why or 'it holds no setpoint beside a measurement'}"
        )
    return found


def signals_of(path: str | os.PathLike[str]) -> dict[str, Signals]:
    """Return setpoint and measurement of the loops that a log holds."""
    recording = open_log(path)
    with viewed(recording) as log:
        if is_whole(log):
            return own_signals(log)
        series = Series(log)
        pairs = {
            "rate": (series.rates_sp or implied(recording, series), series.rates),
            "attitude": (unwrapped(series.attitude_sp), unwrapped(series.attitude)),
        }
    return {kind: Signals(a, b) for kind, (a, b) in pairs.items() if a is not None and b is not None}


def implied(recording: Recording, series: Series) -> Curve | None:
    """Return the rates that an old blackbox's P terms answered."""
    found = implied_rates_sp(recording)
    return found and Curve(series.seconds(found[0]), np.degrees(found[1]))


def own_signals(log: Log) -> dict[str, Signals]:
    """Return every tick in the air of a log of ours."""
    from logs.series import euler_deg

    commands = rebuild(log).commands
    commands = commands[(commands.status.is_landed == 0) & (commands.status.arming == 1)]
    estimate, setpoint, t_s = commands.estimate, commands.setpoint, 1e-6 * commands.t_us
    rates = [Curve(t_s, np.degrees(v)) for v in (setpoint.omega_sp_frd, estimate.omega_frd)]
    angles = [unwrapped(Curve(t_s, euler_deg(q))) for q in (setpoint.q_sp_ned_frd, estimate.q_ned_frd)]
    return {"rate": Signals(*rates), "attitude": Signals(*angles)} if len(t_s) else {}  # type: ignore[arg-type]


def unwrapped(curve: Curve | None) -> Curve | None:
    """Return angles that do not jump."""
    return curve and Curve(curve.t, np.degrees(np.unwrap(np.radians(curve.y), axis=0)))


def respond(kind: str, signals: Signals, axis: int) -> StepResponse:
    """Return one loop's step response; raise LogError where the log shows none."""
    (t_sp, setpoint), (t, measured) = (clean(curve, axis) for curve in (signals.setpoint, signals.measured))
    if len(t_sp) < 2 or len(t) < 2:
        raise LogError("is not in the log")
    dt = max(FINEST_S[kind], *(float(np.median(np.diff(times))) for times in (t_sp, t)))
    if LONGEST_S[kind] / dt < FEWEST_PER_RESPONSE:
        raise LogError(
            f"is logged {1.0 / dt:.0f} times a second, too seldom for {LONGEST_S[kind]:g} s of response"
        )
    at = np.arange(max(t_sp[0], t[0]), min(t_sp[-1], t[-1]), dt)
    if len(at) * dt < 2.0 * LONGEST_S[kind]:
        raise LogError("is too short")
    asked = sampled(t_sp, setpoint, at, dt)
    if asked.std() < LEAST_MOVED[kind]:
        raise LogError(f"the setpoint moves by {asked.std():.2g} only; {LEAST_MOVED[kind]:g} is the least")
    found = deconvolved(asked, sampled(t, measured, at, dt), dt, LONGEST_S[kind])
    if found.fit_percent < LEAST_FIT_PERCENT:
        raise LogError(f"the setpoint explains {found.fit_percent:.0f} % only of what was measured")
    return found


def clean(curve: Curve, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Return times that rise, and one axis' numbers."""
    y = curve.y[:, axis]
    good = np.isfinite(y) & np.concatenate(([True], np.diff(curve.t) > 0.0))
    return curve.t[good], y[good]
