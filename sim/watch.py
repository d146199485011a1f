"""Watch many flights to their very end: when a phase begins, what the vehicle did then, how it met the ground."""

from enum import IntEnum

import numba

from flight.kernel import kernel
from flight.modes import Arming, Item, Mode
from flight.quaternion import conjugate, quat, rotation_vector, tilt_of
from flight.record import FLAG, INTEGER, REAL, VECTOR, record
from flight.vector import norm, norm_xy, put, vec
from sim import vehicle as one


class Phase(IntEnum):
    """What a flight is doing, told from the truth and from what the vehicle means to do."""

    OTHER = 0
    GROUND = 1  # not armed yet
    TAKEOFF = 2  # armed, and the first metre
    CLIMB = 3
    HOVER = 4
    LEG = 5
    TURN = 6
    DESCENT = 7
    LANDING = 8
    TOUCHDOWN = 9  # the last metre


LOW_M = 1.0
MOVING_M_S = 1.0
SINKING_M_S = 0.5
# A phase counts once it has been entered; wanted: the one to tell of, at `fired_us`, `offset_us` after it began.
# mode, mission_index: the last while it was armed.
# down_us: when it last came to the ground. touch_*: the hardest contact with it, just before; *_error: estimate
# against truth, until then.
WATCH = record(
    longest_us=INTEGER,
    patience_us=INTEGER,
    wanted=INTEGER,
    offset_us=INTEGER,
    fired_us=INTEGER,
    is_over=FLAG,
    was_touching=FLAG,
    down_us=INTEGER,
    before_v=VECTOR,
    before_tilt=REAL,
    touch_us=INTEGER,
    touch_speed=REAL,
    touch_sink=REAL,
    touch_tilt=REAL,
    farthest_m=REAL,
    highest_m=REAL,
    tilt_worst=REAL,
    mode=INTEGER,
    mission_index=INTEGER,
    failsafes=INTEGER,
    first_failsafe_us=INTEGER,
    tilt_error=REAL,
    place_error=REAL,
    height_error=REAL,
)
# As `quadloop fly` records them: a disarmed vehicle that stands, one that falls; a wreck that will not stop.
AFTERMATH_US = 500_000
FALL_US = 15_000_000
WRECK_US = 6_000_000
HOVERING = (1 << int(Item.LOITER_TIME)) | (1 << int(Item.LOITER_UNLIMITED)) | (1 << int(Item.DELAY))
LANDING = (1 << int(Item.LAND)) | (1 << int(Item.RETURN))


@kernel
def phase_of(truth, status, kind, has_flown):
    """Return the phase; `kind` is the mission item under way, 0 outside of missions."""
    if status.arming != Arming.ARMED:
        return Phase.GROUND
    if not has_flown or ((kind == Item.TAKEOFF or status.mode == Mode.TAKEOFF) and truth.height_m < LOW_M):
        return Phase.TAKEOFF
    if kind == Item.TAKEOFF or status.mode == Mode.TAKEOFF:
        return Phase.CLIMB
    if LANDING >> kind & 1 or status.mode == Mode.LAND or status.mode == Mode.RETURN:
        return Phase.TOUCHDOWN if truth.height_m < LOW_M else Phase.LANDING
    if HOVERING >> kind & 1 or status.mode == Mode.HOLD:
        return Phase.HOVER
    if kind == Item.LOITER_TURNS or status.mode == Mode.ORBIT:
        return Phase.TURN
    if truth.v_ned[2] > SINKING_M_S:
        return Phase.DESCENT
    return Phase.LEG if norm_xy(vec(truth.v_ned)) > MOVING_M_S else Phase.OTHER


@kernel
def item_under_way(state, status):
    """Return the kind of the mission item that is flown, 0 when none is."""
    plan = state.guidance.mission
    is_flown = status.mode == Mode.MISSION and 0 <= plan.index < plan.count
    return int(plan.items[plan.index, 0]) if is_flown else 0


@kernel
def note_phase(watch, vehicle, state, status):
    """Note when what was waited for will have begun."""
    truth = vehicle.truth
    kind = item_under_way(state, status)
    if watch.fired_us == 0 and phase_of(truth, status, kind, vehicle.score.has_flown) == watch.wanted:
        watch.fired_us = truth.t_us + watch.offset_us
    if status.arming == Arming.ARMED:
        watch.mode, watch.mission_index = status.mode, status.mission_index
    watch.failsafes |= status.failsafes
    if status.failsafes != 0 and watch.first_failsafe_us == 0:
        watch.first_failsafe_us = truth.t_us


@kernel
def note_estimate(watch, truth, estimate):
    """Keep the estimate's worst errors."""
    turn = rotation_vector(conjugate(quat(estimate.q_ned_frd)) * quat(truth.q_ned_frd))
    error = vec(estimate.p_ned) - vec(truth.p_ned)
    watch.tilt_error = max(watch.tilt_error, norm_xy(turn))
    watch.place_error = max(watch.place_error, norm_xy(error))
    watch.height_error = max(watch.height_error, abs(error.z))


@kernel
def note_motion(watch, truth):
    """Keep how far it came and how hard it touched the ground."""
    watch.farthest_m = max(watch.farthest_m, norm_xy(vec(truth.p_ned)))
    watch.highest_m = max(watch.highest_m, -truth.p_ned[2])
    speed = norm(vec(watch.before_v))
    if truth.is_touching and not watch.was_touching and speed > watch.touch_speed:
        watch.touch_us, watch.touch_speed = truth.t_us, speed
        watch.touch_sink, watch.touch_tilt = watch.before_v[2], watch.before_tilt
    if truth.is_touching and not watch.was_touching:
        watch.down_us = truth.t_us
    watch.was_touching = truth.is_touching
    if not truth.is_touching:
        watch.before_tilt = tilt_of(quat(truth.q_ned_frd))
        watch.tilt_worst = max(watch.tilt_worst, watch.before_tilt)
        put(watch.before_v, vec(truth.v_ned))


@kernel
def is_over(watch, score, truth):
    """Tell whether nothing more can come of a flight."""
    if score.disarmed_us > 0 and truth.is_touching:
        return truth.t_us - max(score.disarmed_us, watch.down_us) > AFTERMATH_US
    if score.disarmed_us > 0:
        return truth.t_us - score.disarmed_us > FALL_US
    if score.armed_us == 0:
        return truth.t_us > watch.patience_us
    return truth.t_us > watch.longest_us or (score.is_crashed and truth.t_us - score.crash_us > WRECK_US)


@kernel
def observe(watch, vehicle, state, command):
    """Look at a vehicle after a tick."""
    note_phase(watch, vehicle, state, command.status)
    if vehicle.score.has_flown:
        note_motion(watch, vehicle.truth)
        if not vehicle.score.is_crashed and vehicle.score.disarmed_us == 0:
            note_estimate(watch, vehicle.truth, command.estimate)
    watch.is_over = 1 if is_over(watch, vehicle.score, vehicle.truth) else 0


@kernel(parallel=True)
def fly_watched(vehicles, setups, states, params, inputs, commands, watches, ticks):
    """Fly every vehicle that is not over for a number of ticks, spread over the threads."""
    for i in numba.prange(len(vehicles)):
        for _ in range(ticks):
            if watches[i].is_over:
                break
            one.tick(vehicles[i], setups[i], states[i], params[i], inputs[i], commands[i])
            observe(watches[i], vehicles[i], states[i], commands[i])
