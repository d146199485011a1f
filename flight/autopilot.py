"""One tick, from what was told to what is said."""

import numpy as np
from numba import config

from flight import retuning
from flight.autotune import autotune
from flight.command import COMMAND, EVENTS_PER_TICK
from flight.control import control
from flight.estimator import estimator
from flight.excitation import excitation
from flight.guidance import guidance
from flight.inputs import INPUTS
from flight.kernel import kernel
from flight.mixer import mixer
from flight.params import PARAMS
from flight.record import INTEGER, REAL, record, rows
from flight.supervisor import fence, supervisor
from flight.vector import clamp

# dt_mean_s: smoothed length of a tick; dt_filters_s: the one that the filters' coefficients are for.
STATE = record(
    t_us=INTEGER,
    tick=INTEGER,
    dt_nominal_s=REAL,
    dt_mean_s=REAL,
    dt_filters_s=REAL,
    estimator=estimator.STATE,
    supervisor=supervisor.STATE,
    guidance=guidance.STATE,
    control=control.STATE,
    mixer=mixer.STATE,
    excitation=excitation.STATE,
    autotune=autotune.STATE,
)
SHORTEST_TICK = 125e-6
LONGEST_TICK = 20e-3
# A loop that has been slower or faster than its filters by this factor, smoothed over so many seconds, tunes them anew.
PACE_S, PACE_FACTOR = 0.1, 1.3


@kernel
def configure(state, params):
    """Derive every coefficient that follows from parameters; call it again after a change."""
    control.configure(state.control, params.control, params.airframe, state.dt_filters_s)
    mixer.configure(state.mixer, params.mixer, params.airframe)
    estimator.configure(state.estimator, params.estimator, params.airframe)
    yaw_limit = state.control.rate.integral_max_frd[2]
    supervisor.configure(state.supervisor, params.airframe, yaw_limit, params.control.thrust.share_min)
    guidance.configure(state.guidance, params.guidance, fence.ceiling(params.supervisor.fence))


@kernel
def start(state, params, dt):
    """Make a zeroed state ready for its first tick; dt is the nominal tick in seconds."""
    state.dt_nominal_s = state.dt_mean_s = state.dt_filters_s = dt
    estimator.reset(state.estimator, params.estimator)
    supervisor.reset(state.supervisor, params.supervisor)
    guidance.reset(state.guidance, params.guidance)
    control.reset(state.control, params.control)
    autotune.reset(state.autotune)
    configure(state, params)


@kernel
def begin(state, inputs, command):
    """Open the tick's record and return the time since the last one in seconds."""
    elapsed = 1e-6 * (inputs.t_us - state.t_us) if state.tick > 0 else state.dt_nominal_s
    dt = clamp(elapsed, SHORTEST_TICK, LONGEST_TICK)
    state.t_us = inputs.t_us
    state.tick += 1
    command.t_us = inputs.t_us
    command.status.tick = state.tick
    command.status.dt_s = dt
    for i in range(EVENTS_PER_TICK):
        command.status.events[i] = 0
        command.status.event_values[i] = 0.0
    return dt


@kernel
def keep_pace(state, params, dt):
    """Give the filters the cut-offs they were asked for, even where every tick comes late."""
    state.dt_mean_s += dt / (PACE_S + dt) * (dt - state.dt_mean_s)
    ratio = state.dt_mean_s / max(state.dt_filters_s, SHORTEST_TICK)
    if ratio > PACE_FACTOR or ratio * PACE_FACTOR < 1.0:
        state.dt_filters_s = state.dt_mean_s
        control.configure(state.control, params.control, params.airframe, state.dt_filters_s)


@kernel
def retune(state, params, inputs, command):
    """Take a new parameter's value from the demand, if it is one."""
    autotune.yield_to(state.autotune, params, inputs.demand, command)
    if retuning.step(params, inputs.demand, command.status):
        configure(state, params)


@kernel
def decide(state, params, inputs, command, dt):
    """Go from the estimate in `command` to motor ratios."""
    supervisor.step(state.supervisor, params.supervisor, inputs, command, dt)
    guidance.step(state.guidance, params.guidance, inputs, command, dt)
    excitation.step(state.excitation, params.excitation, inputs, command, dt)
    autotune.step(state.autotune, params, state.control, inputs, command, state.dt_nominal_s, dt)
    fly(state, params, inputs, command, dt)
    supervisor.guard(state.supervisor, command)


@kernel
def fly(state, params, inputs, command, dt):
    """Go from guidance's setpoint to motor ratios."""
    control.step(state.control, params.control, params.airframe, command, inputs, dt)
    mixer.step(state.mixer, params.mixer, params.airframe, command, inputs.battery)


@kernel
def step(state, params, inputs, command):
    """Turn one tick's inputs into one tick's command.

    Arguments are one record each: STATE (remembered), PARAMS (chosen), INPUTS (told) and COMMAND (said, carried
    over from the last tick). `state` and `command` are written, `params` where a demand says so; nothing raises.
    """
    dt = begin(state, inputs, command)
    retune(state, params, inputs, command)
    keep_pace(state, params, dt)
    estimator.step(
        state.estimator,
        params.estimator,
        params.airframe,
        inputs,
        command.estimate,
        command.motors,
        command.status,
        dt,
    )
    decide(state, params, inputs, command, dt)


@kernel
def step_row(states, params, inputs, commands):
    """Fly one tick of the first rows: arrays cross from Python into machine code seven times faster than records."""
    step(states[0], params[0], inputs[0], commands[0])


class Autopilot:
    """The four records of one vehicle and the tick that joins them; demands change its own copy of the parameters."""

    def __init__(self, params, dt: float) -> None:
        self.params = params.copy()
        self.states = rows(STATE)
        self.commands = rows(COMMAND)
        self.inputs = rows(INPUTS)
        start(self.states[0], self.params[0], dt)
        parts = (self.states, self.params, self.inputs, self.commands)
        # Compiled, records' own array class costs 6 us a call; interpreted, only it knows its fields by name.
        self.parts = parts if config.DISABLE_JIT else tuple(part.view(np.ndarray) for part in parts)

    def step(self) -> None:
        """Fly one tick on `self.inputs[0]`; the answer is in `self.commands[0]`."""
        step_row(*self.parts)


__all__ = ["COMMAND", "INPUTS", "PARAMS", "STATE", "Autopilot", "configure", "decide", "start", "step"]
