"""Frequency responses of vehicles without their gains: measured once from the compiled loop, good for any gains.

Each vehicle flies on gains that are safe for anyone and gets a tiny pulse per axis; what the torque, rate, attitude,
velocity and position answered gives plant, motors, delays, IMU and strapdown as ratios of Fourier transforms.
"""

import copy
from dataclasses import dataclass, fields

import numpy as np

from flight.airframe import Airframe
from flight.modes import Level
from ground.tuning.fourier import transform
from ground.tuning.linear import WARM_UP_S
from ground.tuning.rigs import SAFE, Rigs, script

SECONDS = 5.0
FADE_FROM = 0.6
PULSE = 1e-4
# The same gains for every vehicle, without integrals, whose slow ends would take long to fade. Speed is held, too: what
# the air pushes at a drifting body tilts it back, which alone would take longer than anybody listens.
LISTENING = SAFE | {
    "RATE_ROLL_KP": 15.0, "RATE_PITCH_KP": 15.0, "RATE_YAW_KP": 6.0,
    "RATE_ROLL_KI": 0.0, "RATE_PITCH_KI": 0.0, "RATE_YAW_KI": 0.0,
    "ATT_ROLL_P": 4.0, "ATT_PITCH_P": 4.0, "ATT_YAW_P": 2.5,
    "VEL_XY_P": 2.0, "VEL_XY_I": 0.0, "VEL_Z_P": 4.0, "VEL_Z_I": 0.0, "RATE_YAW_HZ": 0.0,
}  # fmt: skip
# For rotors so heavy, or a delay so long, that a vehicle rings on these.
GENTLE = {
    "RATE_ROLL_KP": 8.0, "RATE_PITCH_KP": 8.0, "RATE_YAW_KP": 3.0, "RATE_YAW_HZ": 10.0,
    "ATT_ROLL_P": 2.5, "ATT_PITCH_P": 2.5, "ATT_YAW_P": 1.0, "VEL_XY_P": 1.0, "VEL_Z_P": 2.0,
}  # fmt: skip
# A vehicle that hovers without noise and turns faster than this rings, rad/s.
RINGING = 0.01
SPENT = 0.98
# A cell of lithium-polymer that hovering pulls below this is empty: more current would give less power.
EMPTY_CELL_V = 3.0
# Tilting about body x moves the vehicle east, about body y north (against the sign).
TILTS = {0: 1, 1: 0}


@dataclass
class Model:
    """Responses at f_hz, one row per vehicle: `rate` of angular acceleration asked for, `turn` of rate and so on.

    rate, turn: (axis, vehicle, frequency); sideways, sideways_a: velocity and acceleration per tilt (axis x, y as the
    velocity's); climb, climb_a: of the vertical acceleration asked for; notches: of the rotors; told: the
    velocity told, without its shaking, for the one that adds up to places; drag: what is fed forward of rotor drag, per
    second; effort: the greatest throttle of a rotor in hover, 1 with an empty battery (vehicle, 1).
    """

    dt: float
    f_hz: np.ndarray
    rate: np.ndarray
    turn: np.ndarray
    sideways: np.ndarray
    sideways_a: np.ndarray
    climb: np.ndarray
    climb_a: np.ndarray
    notches: np.ndarray
    told: np.ndarray
    drag: np.ndarray
    effort: np.ndarray

    def __len__(self) -> int:
        return self.climb.shape[0]

    def pick(self, which: np.ndarray) -> "Model":
        """Return the model of some of the vehicles."""
        last = {name: getattr(self, name)[..., which, :] for name in MATRICES}
        return Model(self.dt, self.f_hz, **last)

    def put(self, which: np.ndarray, other: "Model") -> "Model":
        """Return the model with some of the vehicles taken from another."""
        mine = {name: getattr(self, name).copy() for name in MATRICES}
        for name, rows in mine.items():
            rows[..., which, :] = getattr(other, name)
        return Model(self.dt, self.f_hz, **mine)

    def is_spent(self) -> np.ndarray:
        """Tell of each vehicle whether it hovers with a rotor at its end: no gains have anything to steer with."""
        return self.effort[:, 0] > SPENT

    def is_same(self, other: "Model") -> bool:
        """Tell whether another model is equal to the last bit."""
        return all(np.array_equal(getattr(self, name), getattr(other, name)) for name in MATRICES)


MATRICES = tuple(f.name for f in fields(Model))[2:]


def joined(parts: list[Model]) -> Model:
    """Return the model of all vehicles of several models."""
    one = parts[0]
    return Model(
        one.dt, one.f_hz, **{n: np.concatenate([getattr(p, n) for p in parts], axis=-2) for n in MATRICES}
    )


def listened(rigs: Rigs, airframe: Airframe, f_hz: np.ndarray) -> Model:
    """Return the model of hovering vehicles; those that do not come to rest are listened to on gentler gains."""
    model, is_restless = heard_on(LISTENING, rigs, airframe, f_hz)
    if is_restless.any():
        which = np.flatnonzero(is_restless)
        model = model.put(which, heard_on(LISTENING | GENTLE, rigs.pick(which), airframe, f_hz)[0])
    return model


def heard_on(
    gains: dict[str, float], rigs: Rigs, airframe: Airframe, f_hz: np.ndarray
) -> tuple[Model, np.ndarray]:
    """Return the model of vehicles that fly on some gains, and which of them rang of themselves."""
    careful = copy.deepcopy(airframe)
    for name, value in gains.items():
        careful.set(name, value)
    count, start = len(rigs), round(WARM_UP_S / rigs.dt)
    ticks = start + round(SECONDS / rigs.dt)
    quiet = rigs.pick(np.arange(count)).tune(careful.params)
    # The collective learned to hover stands still, as it does within a second.
    quiet.params.control.hover.lag_s = 60.0
    calm = quiet.pick(np.arange(count))
    base = calm.fly(script(ticks, Level.VELOCITY), np.zeros(count, np.int64))
    answers = []
    for axis in range(4):
        pulse = script(ticks, Level.VELOCITY)
        pulse["nudge_v_ned" if axis == 3 else "nudge_turn_frd"][0, start, min(axis, 2)] = PULSE
        kept = quiet.pick(np.arange(count)).fly(pulse, np.zeros(count, np.int64))
        signals = [signal(kept, *which) - signal(base, *which) for which in HEARD[axis]]
        found = spectrum(np.stack(signals)[..., start:], rigs.dt, f_hz)
        answers.append({name: found[i] for i, (name, _) in enumerate(HEARD[axis])})
    effort = np.maximum(effort_of(rigs), effort_of(calm))
    return made_of(answers, calm, effort, f_hz), is_ringing(base.omega_frd)


def is_ringing(omega_frd: np.ndarray) -> np.ndarray:
    """Tell which vehicles still turned at the end of a flight in which nothing was asked of them."""
    return np.abs(omega_frd[:, -omega_frd.shape[1] // 4 :]).max(axis=(1, 2)) > RINGING


# What is heard of a pulse about each axis: a trace and its component.
TURNING = ("omega_frd", "turn_frd", "torque_sp_frd")
HEARD = (
    *((*((name, axis) for name in TURNING), ("v_ned", to), ("a_ned", to)) for axis, to in TILTS.items()),
    tuple((name, 2) for name in TURNING),
    (("v_ned", 2), ("a_ned", 2), ("thrust_sp", None)),
)


def signal(trace: np.recarray, name: str, component: int | None) -> np.ndarray:
    """Return one trace of every vehicle."""
    return trace[name] if component is None else trace[name][..., component]


def spectrum(answers: np.ndarray, dt: float, f_hz: np.ndarray) -> np.ndarray:
    """Return the Fourier transform of an answer's slope: what settles elsewhere than it was has one as well.

    What has not quite settled is faded out; it would be heard as a jump.
    """
    slope = np.diff(answers, axis=-1, prepend=0.0)
    ticks = slope.shape[-1]
    late = np.clip(np.arange(ticks) / ticks - FADE_FROM, 0.0, None) / (1.0 - FADE_FROM)
    return transform(f_hz, dt, slope * np.cos(0.5 * np.pi * late) ** 2)


def effort_of(rigs: Rigs) -> np.ndarray:
    """Return the greatest throttle that a rotor of each vehicle is given, (vehicle, 1); 1 with an empty battery."""
    is_empty = rigs.vehicles.truth.voltage_v < EMPTY_CELL_V * rigs.params.airframe.cells
    return np.where(is_empty, 1.0, rigs.commands.motors.motor.max(axis=-1))[:, None]


def made_of(answers: list[dict[str, np.ndarray]], rigs: Rigs, effort: np.ndarray, f_hz: np.ndarray) -> Model:
    """Return the ratios of what was heard."""
    known = rigs.params.airframe
    full = rigs.states.control.hover.ratio * rigs.states.control.hover.computed
    rate = [
        answers[i]["omega_frd"] / answers[i]["torque_sp_frd"] * known.inertia[:, i, None] for i in range(3)
    ]
    turn = [answers[i]["turn_frd"] / answers[i]["omega_frd"] for i in range(3)]
    tilt = {to: answers[axis]["turn_frd"] * (-1.0 if axis == 1 else 1.0) for axis, to in TILTS.items()}
    heard = {to: answers[axis] for axis, to in TILTS.items()}
    up = -answers[3]["thrust_sp"] * full[:, None]
    return Model(
        rigs.dt,
        f_hz,
        np.array(rate),
        np.array(turn),
        np.array([heard[i]["v_ned"] / tilt[i] for i in range(2)]),
        np.array([heard[i]["a_ned"] / tilt[i] for i in range(2)]),
        answers[3]["v_ned"] / up,
        answers[3]["a_ned"] / up,
        notches_of(rigs, f_hz),
        told_of(rigs, f_hz),
        np.repeat((known.rotor_drag / known.mass_kg[:, None]).T[..., None], len(f_hz), axis=-1),
        effort,
    )  # fmt: skip


def notches_of(rigs: Rigs, f_hz: np.ndarray) -> np.ndarray:
    """Return the response of each vehicle's rotor notches as they stand."""
    count = int(rigs.params[0].control.filter.harmonics * rigs.params[0].airframe.rotor_count)
    product = np.ones((len(rigs), len(f_hz)), complex)
    for i in range(count):
        product *= biquad(rigs.states.control.gyro.rotors.coefficient[:, i].T[..., None], f_hz, rigs.dt)
    return product


def told_of(rigs: Rigs, f_hz: np.ndarray) -> np.ndarray:
    """Return the velocity told for the one integrated: less what two high-passes in a row let through."""
    tau = rigs.params.estimator.tremor_tau[:, None]
    back, keep = np.exp(-2j * np.pi * f_hz * rigs.dt), tau / (tau + rigs.dt)
    return 1.0 - (keep * (1.0 - back) / (1.0 - keep * back)) ** 2


def biquad(coefficient: np.ndarray, f_hz: np.ndarray, dt: float) -> np.ndarray:
    """Return the response of a filter b0, b1, b2, a1, a2."""
    b0, b1, b2, a1, a2 = coefficient
    back = np.exp(-2j * np.pi * f_hz * dt)
    return (b0 + b1 * back + b2 * back * back) / (1.0 + a1 * back + a2 * back * back)
