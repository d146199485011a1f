"""Notice a rotor that no longer pushes: the vehicle turns as if the thrust it was told to give were missing.

The residual of the angular acceleration is compared with what each rotor's loss would cause (a parity check; Isermann,
"Fault-Diagnosis Systems", 2006, chapter 10), about the two axes on which thrust acts with a lever. Ground that is
touched on one side turns the vehicle like that, too, but it lifts it, and a lost rotor lets it fall.
"""

import math

from flight.kernel import kernel
from flight.record import INTEGER, MAX_ROTORS, PER_ROTOR, REAL, VECTOR, record
from flight.rotor import thrust_share_of
from flight.vector import ZERO, Vec3, put, vec

# effect: angular acceleration about x and y per newton; lift: upward specific force per newton; thrust: what was asked
# for, as late as motors and filter; earlier: as late again as a slow inertial unit may be; usual: residual about x, y
# and upwards; felt_s: for how long the gyro has told how the vehicle turns.
ROTORS = record(
    count=INTEGER,
    full_n=REAL,
    curve=REAL,
    lag_s=REAL,
    effect=("f8", (MAX_ROTORS, 2)),
    lift=REAL,
    fast=PER_ROTOR,
    thrust=PER_ROTOR,
    earlier=PER_ROTOR,
    omega_slow_frd=VECTOR,
    lift_slow=REAL,
    usual=VECTOR,
    missing_s=PER_ROTOR,
    felt_s=REAL,
    lost=INTEGER,
)


@kernel
def reset(rotors):
    """Trust every rotor."""
    rotors.lost = 0
    rotors.felt_s = 0.0
    for i in range(MAX_ROTORS):
        rotors.fast[i] = 0.0
        rotors.thrust[i] = 0.0
        rotors.earlier[i] = 0.0
        rotors.missing_s[i] = 0.0
    rotors.lift_slow = 0.0
    put(rotors.usual, ZERO)


@kernel
def configure(rotors, airframe):
    """Learn what each rotor does to the vehicle."""
    rotors.count = airframe.rotor_count
    rotors.full_n = airframe.thrust_max_n
    rotors.curve = airframe.throttle_curve
    rotors.lag_s = airframe.motor_lag_s
    rotors.lift = 1.0 / max(airframe.mass_kg, 1e-9)
    for i in range(airframe.rotor_count):
        rotors.effect[i, 0] = -airframe.rotor_y[i] / max(airframe.inertia[0], 1e-9)
        rotors.effect[i, 1] = airframe.rotor_x[i] / max(airframe.inertia[1], 1e-9)


@kernel
def follow(rotors, params, motors, dt):
    """Let the thrust that was asked for arrive as late as the motors' and the filter's lags; return its push twice.

    The second is as late again as a slow inertial unit may be.
    """
    push, earlier = ZERO, ZERO
    for i in range(rotors.count):
        asked = rotors.full_n * thrust_share_of(motors.motor[i], rotors.curve)
        rotors.fast[i] += dt / (rotors.lag_s + dt) * (asked - rotors.fast[i])
        rotors.thrust[i] += dt / (params.filter_s + dt) * (rotors.fast[i] - rotors.thrust[i])
        rotors.earlier[i] += dt / (params.late_s + dt) * (rotors.thrust[i] - rotors.earlier[i])
        effect = Vec3(rotors.effect[i, 0], rotors.effect[i, 1], rotors.lift)
        push = push + rotors.thrust[i] * effect
        earlier = earlier + rotors.earlier[i] * effect
    return push, earlier


@kernel
def feel(rotors, params, omega_frd, lift, dt):
    """Return angular acceleration about x and y and specific force upwards through the same filter."""
    slow, gain = vec(rotors.omega_slow_frd), dt / (params.filter_s + dt)
    slow = slow + (omega_frd - slow) * gain
    put(rotors.omega_slow_frd, slow)
    if math.isfinite(lift):
        rotors.lift_slow += (lift - rotors.lift_slow) * gain
    turn = (omega_frd - slow) / max(params.filter_s, 1e-3)
    return Vec3(turn.x, turn.y, rotors.lift_slow)


@kernel
def sudden(rotors, params, left, dt):
    """Return what is new in the residual: wind, a centre of mass off its place or a weak rotor turn it all the time."""
    usual = vec(rotors.usual)
    usual = usual + (left - usual) * (dt / (params.usual_s + dt))
    put(rotors.usual, usual)
    return left - usual


@kernel
def has_most_of(params, left, loss):
    """Tell whether most of the turning that a loss would leave is in a residual."""
    return left.x * loss.x + left.y * loss.y > params.share * (loss.x * loss.x + loss.y * loss.y)


@kernel
def compare(rotors, params, left, late, news, least_n, dt):
    """Count for how long each rotor's thrust has been missing; name one that has been for long enough.

    It must be missing altogether and of late: where a weak rotor is asked for less, the one across seems to push less.
    And nothing new may lift the vehicle. A slow inertial unit must not explain it: `late` is the residual against
    what was asked for a little earlier.
    A rotor asked for little cannot be judged: a gust turns the vehicle by more than its loss would.
    """
    for i in range(rotors.count):
        effect = Vec3(rotors.effect[i, 0], rotors.effect[i, 1], 0.0)
        loss = -rotors.thrust[i] * effect
        is_turned = has_most_of(params, left, loss) and has_most_of(params, news, loss)
        is_turned = is_turned and has_most_of(params, late, -rotors.earlier[i] * effect)
        is_missing = is_turned and rotors.thrust[i] > least_n and not news.z > 0.0
        rotors.missing_s[i] = rotors.missing_s[i] + dt if is_missing else 0.0
        if rotors.missing_s[i] >= params.time_s and rotors.lost == 0:
            rotors.lost = i + 1


@kernel
def forget(rotors, omega_frd):
    """Wait for the gyro: how the vehicle turns is not known, and the rate it comes back with is no acceleration."""
    put(rotors.omega_slow_frd, omega_frd)
    rotors.felt_s = 0.0
    for i in range(rotors.count):
        rotors.missing_s[i] = 0.0


@kernel
def step(rotors, params, motors, estimate, lift, hover, is_flying, is_felt, dt):
    """Watch the rotors of a flying vehicle.

    `lift` is the specific force upwards, `hover` the share of full thrust that carries the vehicle.
    Where the gyro is silent, stuck, or heard too seldom, nothing is judged, nor for a while after.
    """
    push, earlier = follow(rotors, params, motors, dt)
    omega = Vec3(estimate.omega_frd[0], estimate.omega_frd[1], 0.0)
    if not is_felt or rotors.felt_s == 0.0:
        forget(rotors, omega)
    if not is_felt:
        return
    rotors.felt_s += dt
    felt = feel(rotors, params, omega, lift, dt)
    left = felt - push
    news = sudden(rotors, params, left, dt)
    if is_flying and rotors.felt_s > params.settle_s:
        compare(rotors, params, left, felt - earlier, news, params.least * hover * rotors.full_n, dt)
