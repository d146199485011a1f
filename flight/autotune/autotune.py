"""The autotune's stages: calm, swell, listen, fit, shape, surround, fly, check; one axis after the other.

All or nothing: whatever goes wrong, every gain goes back to what it was before the first axis.
"""

from enum import IntEnum

from flight.autotune import plant, shaping, tones
from flight.autotune.checking import is_verified
from flight.autotune.gains import AXES, are_allowed, put_gains, read_all, read_gains
from flight.autotune.guard import PARAM, Reason, excess, hindrance, objection
from flight.autotune.shaking import ALTITUDE, effort_of, listen, shake, swell
from flight.command import refuse, say
from flight.inputs import Demand
from flight.kernel import kernel
from flight.modes import Event
from flight.physics import STANDARD_GRAVITY
from flight.quaternion import put_quat, quat
from flight.record import INTEGER, QUATERNION, REAL, VECTOR, record
from flight.vector import put, vec


class Stage(IntEnum):
    """What an axis is going through."""

    IDLE = 0
    CALM = 1
    SWELL = 2
    LISTEN = 3
    FIT = 4
    SHAPE = 5
    SURROUND = 6
    FLY = 7
    CHECK = 8


IDLE, CALM, SWELL, LISTEN, FIT = (int(Stage[n]) for n in ("IDLE", "CALM", "SWELL", "LISTEN", "FIT"))
SHAPE, SURROUND, FLY, CHECK = (int(Stage[n]) for n in ("SHAPE", "SURROUND", "FLY", "CHECK"))
STATE = record(
    stage=INTEGER,
    axis=INTEGER,
    axes=INTEGER,
    mode=INTEGER,
    tries=INTEGER,
    softened=INTEGER,
    reason=INTEGER,
    share=REAL,
    stage_s=REAL,
    flown_s=REAL,
    unrest=REAL,
    effort=REAL,
    judged=INTEGER,
    full=REAL,
    start_ned=VECTOR,
    start_q_ned_frd=QUATERNION,
    old=("f8", (AXES, 4)),
    bank=tones.BANK,
    plant=plant.PLANT,
    shaper=shaping.SHAPER,
)
DEMANDED = int(Demand.AUTOTUNE)
NOT_HEARD, NO_GAINS = int(Reason.NOT_HEARD), int(Reason.NO_GAINS)
OUT_OF_RANGE, NOT_VERIFIED = int(Reason.OUT_OF_RANGE), int(Reason.NOT_VERIFIED)
NO_RESERVE = int(Reason.NO_RESERVE)
PARAMETER = int(Reason.PARAMETER)
# What the event's value adds to the axis (1 roll to 4 altitude) that is verified, tried again more slowly,
# listened to again with softer gains, or flies new ones. Every change of a gain has its event.
VERIFIED, AGAIN, SOFTER, FLOWN = 10.0, 20.0, 30.0, 40.0
# The inner gains go down by this, the outer one by less: what holds the place counts on it.
SOFTER_INNER, SOFTER_OUTER = 0.5, 0.7


@kernel
def reset(state):
    """Tune nothing."""
    state.stage, state.reason = IDLE, 0


@kernel
def tell(state, control, command):
    """Write where the autotune stands and what gains it flies."""
    tuning = command.tuning
    command.status.is_tuning = 1 if state.stage != IDLE else 0
    tuning.stage, tuning.axis = state.stage, state.axis + 1
    read_all(control, tuning.gains)


@kernel
def enter(state, stage):
    """Begin a stage."""
    state.stage, state.stage_s = stage, 0.0


@kernel
def next_axis(state, status):
    """Begin the next axis asked for, or say that all are done."""
    while state.axis < AXES and not state.axes >> state.axis & 1:
        state.axis += 1
    if state.axis == AXES:
        state.stage, state.axis = IDLE, 0
        say(status, Event.AUTOTUNE, 0.0)
    else:
        state.tries, state.softened, state.share = 0, 0, 1.0
        enter(state, CALM)
        say(status, Event.AUTOTUNE, float(state.axis + 1))


@kernel
def begin(state, params, inputs, command):
    """Start with the first axis, or say why not."""
    why = objection(params.autotune, inputs, command)
    if why != 0:
        refuse(command.status, Event.DEMAND_REFUSED, inputs.demand.kind, why)
        return
    state.axes, state.axis, state.mode = inputs.demand.index, 0, command.status.mode
    state.flown_s, state.reason = 0.0, 0
    put(state.start_ned, vec(command.estimate.p_ned))
    put_quat(state.start_q_ned_frd, quat(command.estimate.q_ned_frd))
    read_all(params.control, state.old)
    next_axis(state, command.status)
    tell(state, params.control, command)


@kernel
def roll_back(state, params, command, reason):
    """Fly the old gains again, all of them, and say why."""
    for axis in range(AXES):
        put_gains(params.control, axis, state.old[axis])
    state.stage, state.axis, state.reason = IDLE, 0, reason
    say(command.status, Event.AUTOTUNE, -float(reason))
    tell(state, params.control, command)


@kernel
def yield_to(state, params, demand, command):
    """Roll back before somebody changes a parameter, so that the change stays."""
    if state.stage != IDLE and demand.fresh and demand.kind == PARAM:
        roll_back(state, params, command, PARAMETER)


@kernel
def start_shaping(state, params, dt_nominal_s, derivatives):
    """Work out the loops of the model that was found."""
    axis, lag_s = state.axis, params.airframe.motor_lag_s
    lowest = 0.2 * tones.TWO_PI / state.bank.period_s
    shaping.begin(state.shaper, state.plant, params.control, params.autotune, axis, lag_s)
    coefficient = derivatives.velocity.acceleration.coefficient
    if axis != ALTITUDE:
        coefficient = derivatives.gyro.derivative.coefficient
    shaping.spread_out(
        state.shaper, state.plant, params.control, coefficient, lag_s, axis, lowest, dt_nominal_s
    )


@kernel
def think(state, params, command, derivatives, dt_nominal_s):
    """Do one tick's share of fitting and shaping."""
    shaper, gain = state.shaper, state.plant.gain
    if state.stage == FIT:
        if plant.search(state.plant):
            if not plant.is_believable(state.plant, params.autotune):
                soften(state, params, command)
                return
            start_shaping(state, params, dt_nominal_s, derivatives)
            enter(state, SHAPE)
    elif state.stage == SHAPE:
        if shaping.shape(shaper, params.autotune, gain, shaping.fastest(params.autotune, state.axis)):
            settle(state, params, command)
    elif shaping.surround(shaper, params.autotune, shaping.fastest(params.autotune, state.axis)):
        fly_new(state, params, command)


@kernel
def soften(state, params, command):
    """Listen again with softer gains, as what oscillates by itself hears no tones; give up after a few times."""
    if state.softened >= params.autotune.soften:
        roll_back(state, params, command, NOT_HEARD)
        return
    state.softened += 1
    gains = state.shaper.gains
    read_gains(params.control, state.axis, gains)
    for k in range(3):
        gains[k] *= SOFTER_INNER
    gains[3] *= SOFTER_OUTER
    put_gains(params.control, state.axis, gains)
    say(command.status, Event.AUTOTUNE, SOFTER + state.axis + 1.0)
    enter(state, CALM)


@kernel
def settle(state, params, command):
    """Go on with the fastest loop found, or give up where there is none."""
    if not state.shaper.best > 0.0:
        roll_back(state, params, command, NO_GAINS)
        return
    shaping.settle_on(state.shaper, params.autotune, state.plant.gain, state.share)
    enter(state, SURROUND)


@kernel
def fly_new(state, params, command):
    """Fly the gains found, if they are any."""
    if not are_allowed(state.axis, state.shaper.gains):
        roll_back(state, params, command, OUT_OF_RANGE)
        return
    put_gains(params.control, state.axis, state.shaper.gains)
    tones.prick_up(state.bank)
    say(command.status, Event.AUTOTUNE, FLOWN + state.axis + 1.0)
    enter(state, FLY)


@kernel
def judge(state, params, command, dt_nominal_s):
    """Keep the new gains if they do what they were expected to; else listen on, then try slower ones, then give up."""
    state.judged = state.bank.periods
    if is_verified(state.bank, state.plant, state.shaper, params, state.axis, state.unrest, dt_nominal_s):
        say(command.status, Event.AUTOTUNE, VERIFIED + state.axis + 1.0)
        state.axis += 1
        next_axis(state, command.status)
        return
    if state.judged < params.autotune.check_max:
        return
    state.tries += 1
    if state.tries >= params.autotune.tries:
        roll_back(state, params, command, NOT_VERIFIED)
        return
    put_gains(params.control, state.axis, state.old[state.axis])
    state.share *= params.autotune.back
    say(command.status, Event.AUTOTUNE, AGAIN + state.axis + 1.0)
    settle(state, params, command)


@kernel
def shaken(state, params, command, dt_nominal_s, dt):
    """Go through the stages in which tones sound."""
    tuning, airframe = params.autotune, params.airframe
    if state.stage == SWELL:
        swell(state, tuning, airframe, command, dt)
        if state.stage_s >= state.bank.period_s:
            tones.prick_up(state.bank)
            state.effort = 0.0
            enter(state, LISTEN)
    elif state.stage == LISTEN:
        state.effort += effort_of(command.motors, airframe.rotor_count)
        if listen(state, airframe, command, tuning.listen, dt):
            take_in(state, params, command)
    elif state.stage == FLY:
        if state.stage_s >= 0.5 * state.bank.period_s:
            state.judged = 0
            enter(state, CHECK)
    elif listen(state, airframe, command, tuning.check, dt) and state.bank.periods > state.judged:
        judge(state, params, command, dt_nominal_s)
    if state.stage == SWELL or state.stage == LISTEN or state.stage >= FLY:
        shake(state, command, dt)


@kernel
def take_in(state, params, command):
    """Begin to fit a model to what was heard; give up altitude where the rotors have nothing left to hold it with."""
    if state.axis == ALTITUDE and state.effort > params.autotune.effort * state.bank.ticks:
        roll_back(state, params, command, NO_RESERVE)
        return
    state.unrest = tones.unrest(state.bank)
    plant.take_in(state.plant, state.bank, state.axis == 2)
    enter(state, FIT)


@kernel
def go_on(state, params, command, derivatives, dt_nominal_s, dt):
    """Go one tick further with the axis."""
    tuning = params.autotune
    if state.stage == CALM:
        if state.stage_s >= tuning.pause_s:
            tones.begin(state.bank, tuning.period_z_s if state.axis == ALTITUDE else tuning.period_s)
            state.full = STANDARD_GRAVITY / max(command.terms.hover_thrust, 1e-3)
            enter(state, SWELL)
    elif FIT <= state.stage <= SURROUND:
        think(state, params, command, derivatives, dt_nominal_s)
    else:
        shaken(state, params, command, dt_nominal_s, dt)


@kernel
def step(state, params, derivatives, inputs, command, dt_nominal_s, dt):
    """Listen for a demand; go on with a running autotune, or end it where anything speaks against it.

    `derivatives` is the control's state, for the filters of the D terms. What is added in this tick stands in
    `command.terms`, as an excitation's does; gains are written into `params`.
    """
    command.status.is_tuning = 1 if state.stage != IDLE else 0
    if state.stage == IDLE:
        if inputs.demand.fresh and inputs.demand.kind == DEMANDED:
            begin(state, params, inputs, command)
        return
    state.flown_s += dt
    state.stage_s += dt
    reason = hindrance(state, params.autotune, inputs, command)
    if reason == 0:
        q_sp_ned_frd = quat(command.setpoint.q_sp_ned_frd)
        reason = excess(state, params.autotune, command.estimate, q_sp_ned_frd)
    if reason != 0:
        roll_back(state, params, command, reason)
        return
    before = state.stage
    go_on(state, params, command, derivatives, dt_nominal_s, dt)
    if state.stage != before:
        tell(state, params.control, command)
