"""What standing still, or having no aid at all, says about the motion."""

from flight.command import say
from flight.estimator import alignment, baro, covariance, lag, update
from flight.estimator.layout import DRAG, GYRO_BIAS, POSITION, VELOCITY, Part
from flight.estimator.thrust import is_carrying
from flight.kernel import kernel
from flight.modes import Arming, Event
from flight.quaternion import down_frd, put_quat, quat
from flight.vector import ZERO, dot, norm, put, unit, vec

# A gate that refuses nothing.
ANY = 1e3
# Gravity felt farther than this from the estimate's is a wrong tilt: 6 degrees.
COS_TILTED = 0.9945


@kernel
def is_at_rest(state, params, status):
    """Tell whether the vehicle is disarmed and has stood still for a while."""
    return status.arming != Arming.ARMED and state.imu.still_s >= params.align_time


@kernel
def is_confused(state, params):
    """Tell whether what the filter believes cannot be true of a vehicle that stands."""
    nominal, imu = state.nominal, state.imu
    is_moving = norm(vec(nominal.v_ned)) > params.rest_velocity_max
    is_biased = norm(vec(nominal.accel_bias_frd)) > params.rest_accel_bias
    is_turning = norm(vec(imu.gyro_mean_frd) - vec(nominal.gyro_bias_frd)) > params.still_rate
    up_frd = unit(vec(imu.accel_mean_frd), ZERO)
    is_tilted = -dot(down_frd(quat(nominal.q_ned_frd)), up_frd) < COS_TILTED
    return is_moving or is_biased or is_turning or is_tilted


@kernel
def align_anew(state, params, now_us, status):
    """Begin again with what standing tells: a crash leaves a motion that no sensor could follow.

    Fused as an error of the velocity alone it would be shared out among tilt and biases, for minutes.
    """
    nominal = state.nominal
    put_quat(nominal.q_ned_frd, alignment.level_attitude(vec(state.imu.accel_mean_frd)))
    put(nominal.v_ned, ZERO)
    put(nominal.gyro_bias_frd, vec(state.imu.gyro_mean_frd))
    put(nominal.accel_bias_frd, ZERO)
    put(nominal.gps_slow_v_ned, ZERO)
    lag.take_back(state, params)
    baro.take_height(state, params)
    # The field gathered before the first flight tells where the nose pointed then; the next sample tells where now.
    state.mag.has_mean = 0
    state.has_heading = 0
    alignment.finish(state, params, now_us)
    covariance.restart(state.filter, POSITION, 3, params.rest_position_sd)
    say(status, Event.ESTIMATOR_RESET, float(Part.COVARIANCE.value))


@kernel
def is_waiting(state, status):
    """Tell whether the vehicle is armed and stands: rotors turn, but not for long nor fast enough to carry it."""
    return status.arming == Arming.ARMED and status.is_landed and not is_carrying(state.thrust)


@kernel
def step(state, params, status, now_us):
    """At rest fuse zero velocity and zero rate; in the air without any aid assume a moderate velocity.

    An accelerometer that steps between arming and take-off shows at once; else the vehicle would take off in motion.
    """
    if is_at_rest(state, params, status):
        state.ground.take_off_z_m = state.nominal.p_ned[2]
        if 1e-6 * (now_us - state.rest_us) >= params.rest_period:
            state.rest_us = now_us
            if is_confused(state, params):
                align_anew(state, params, now_us, status)
            else:
                baro.keep_height(state)
            stand(state, params)
    elif is_waiting(state, status) and 1e-6 * (now_us - state.rest_us) >= params.rest_period:
        state.rest_us = now_us
        stay(state, params.idle_velocity_sd)
    elif is_alone(state, params, now_us) and 1e-6 * (now_us - state.alone_us) >= params.rest_period:
        state.alone_us = now_us
        assume(state, params)


@kernel
def is_alone(state, params, now_us):
    """Tell whether nothing, not even drag, has told the horizontal motion for a long time."""
    is_blind = 1e-6 * (now_us - state.aided_us) > params.dead_time
    return is_blind and not update.is_healthy(state.aid, DRAG, now_us, params.aid_time)


@kernel
def stand(state, params):
    """Fuse zero velocity and a gyro that shows nothing but its bias."""
    stay(state, params.rest_velocity_sd)
    rate = vec(state.imu.gyro_mean_frd) - vec(state.nominal.gyro_bias_frd)
    variance = params.rest_gyro_sd * params.rest_gyro_sd
    for i in range(3):
        update.clear(state.filter)
        update.depend(state.filter, GYRO_BIAS + i, 1.0)
        update.fuse(state.filter, update.pick(rate, i), variance, 1.0, ANY)


@kernel
def stay(state, sd):
    """Fuse zero velocity."""
    v = vec(state.nominal.v_ned)
    for i in range(3):
        update.clear(state.filter)
        update.depend(state.filter, VELOCITY + i, 1.0)
        update.fuse(state.filter, -update.pick(v, i), sd * sd, 1.0, ANY)


@kernel
def assume(state, params):
    """Fuse a velocity of about zero, so that gravity keeps the tilt from drifting."""
    v = vec(state.nominal.v_ned)
    variance = params.alone_velocity_sd * params.alone_velocity_sd
    for i in range(2):
        update.clear(state.filter)
        update.depend(state.filter, VELOCITY + i, 1.0)
        update.fuse(state.filter, -update.pick(v, i), variance, params.alone_slowness, ANY)
