"""Say how the vehicle was when a late sample was taken.

What is kept is pure inertial motion; the past is the present, corrected as it is, less the motion since.
So corrections never have to be applied to old states, and resets never disturb them.
"""

from flight.estimator.layout import HISTORY_PERIOD_US, HISTORY_ROWS
from flight.estimator.strapdown import GRAVITY_NED
from flight.kernel import kernel
from flight.quaternion import Quat, conjugate, normalize, put_quat, quat, rotation_vector
from flight.vector import clamp, put, vec

SHAKEN_S = 0.05


@kernel
def remember(history, now_us):
    """Keep a row of the motion every few milliseconds."""
    if history.count > 0 and now_us - history.t_us[history.newest] < HISTORY_PERIOD_US:
        return
    history.newest = (history.newest + 1) % HISTORY_ROWS
    history.count = min(history.count + 1, HISTORY_ROWS)
    put_quat(history.now.q, normalize(quat(history.now.q)))
    put_quat(history.q[history.newest], quat(history.now.q))
    put(history.v_ned[history.newest], vec(history.now.v_ned))
    put(history.p_ned[history.newest], vec(history.now.p_ned))
    put(history.coast_v_ned[history.newest], vec(history.now.coast_v_ned))
    history.t_us[history.newest] = now_us


@kernel
def row_before(history, t_us):
    """Return the newest row earlier than t_us, the oldest kept where there is none."""
    at = history.newest
    for _ in range(history.count - 1):
        if history.t_us[at] < t_us:
            break
        at = (at + HISTORY_ROWS - 1) % HISTORY_ROWS
    return at


@kernel
def coasting_velocity(history, t_us):
    """Return the coasting velocity at a time: of the row before it, plus its share of the way to the next."""
    at = row_before(history, t_us)
    v = vec(history.coast_v_ned[at])
    if at == history.newest:
        return v
    after = (at + 1) % HISTORY_ROWS
    span_us = max(history.t_us[after] - history.t_us[at], 1)
    share = clamp(float(t_us - history.t_us[at]) / span_us, 0.0, 1.0)
    return v + share * (vec(history.coast_v_ned[after]) - v)


@kernel
def blend(a, b, share):
    """Return the attitude between two close ones."""
    return normalize(
        Quat(
            a.w + share * (b.w - a.w),
            a.x + share * (b.x - a.x),
            a.y + share * (b.y - a.y),
            a.z + share * (b.z - a.z),
        )
    )


@kernel
def recall(state, sample_us, now_us, delay_s):
    """Fill `state.past` for a sample that arrived at sample_us, delay_s after it was taken."""
    history = state.history
    at = row_before(history, sample_us - int(1e6 * delay_s))
    is_newest = at == history.newest
    after = at if is_newest else (at + 1) % HISTORY_ROWS
    before_us = history.t_us[at]
    after_us = now_us if is_newest else history.t_us[after]
    t_us = float(sample_us) - 1e6 * delay_s
    span_us = max(after_us - before_us, 1)
    share = clamp((t_us - before_us) / span_us, 0.0, 1.0)
    q_before = quat(history.q[at])
    v_before = vec(history.v_ned[at])
    p_before = vec(history.p_ned[at])
    q_after = quat(history.now.q) if is_newest else quat(history.q[after])
    v_after = vec(history.now.v_ned) if is_newest else vec(history.v_ned[after])
    p_after = vec(history.now.p_ned) if is_newest else vec(history.p_ned[after])
    turn = rotation_vector(conjugate(q_before) * q_after)
    put(state.past.omega_frd, turn / (1e-6 * span_us))
    age = 1e-6 * (now_us - (before_us + share * span_us))
    look_back(
        state,
        blend(q_before, q_after, share),
        v_before + share * (v_after - v_before),
        p_before + share * (p_after - p_before),
        age,
    )


@kernel
def look_back(state, q_then, v_then, p_then, age):
    """Take the inertial motion since then off the present state."""
    now = state.history.now
    nominal = state.nominal
    past = state.past
    dv = vec(now.v_ned) - v_then
    put_quat(past.q_ned_frd, normalize(quat(nominal.q_ned_frd) * conjugate(normalize(quat(now.q))) * q_then))
    put(past.v_ned, vec(nominal.v_ned) - dv)
    drift = vec(nominal.v_ned) - vec(now.v_ned)
    put(past.p_ned, vec(nominal.p_ned) - age * drift - (vec(now.p_ned) - p_then))
    put(past.force_dv_ned, dv - age * GRAVITY_NED)
    # Over so short a time that vibration would show, the smoothed acceleration of the present is the better one.
    put(past.a_ned, dv / age if age > SHAKEN_S else vec(state.a_ned))
    past.age_s = age
