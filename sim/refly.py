"""A recorded flight flown again by a model: told and asked what was told and asked then, moving as the model moves.

Plant, IMU with its filter and delay, strapdown, supervisor, guidance, control and mixer are those that fly. What aids
would correct is led back to the model's truth; by how much the estimate wandered then, and how sure it was, is taken
from the recording.
"""

from flight import autopilot
from flight.estimator import imu as samples
from flight.estimator import report, strapdown
from flight.kernel import kernel
from flight.quaternion import conjugate, from_rotation_vector, normalize, put_quat, quat, rotation_vector
from flight.record import REAL, VECTOR, record
from flight.vector import Vec3, put, vec
from sim.plant import plant as physics
from sim.sensors import battery, imu, rpm

# What surrounds the model in a tick of the recording: the wind; what is added to its sensors and to its estimate;
# how far down the ground is.
AROUND = record(
    air_ned=VECTOR,
    gyro_shake_frd=VECTOR,
    accel_shake_frd=VECTOR,
    v_wander_ned=VECTOR,
    p_wander_ned=VECTOR,
    ground_d=REAL,
)
# Aids hold an estimate about this fast; what the IMU does by itself is faster.
AIDED_S = 1.0


@kernel
def measure(vehicle, setup, own, around, inputs):
    """Put what the model's IMU, battery and rotors show in the recorded ones' place; `own` keeps it between samples."""
    truth = vehicle.truth
    imu.measure(vehicle.sensors.imu, setup.presets.imu, truth, own.imu)
    battery.measure(vehicle.sensors.battery, setup.presets.battery, truth, own.battery)
    rpm.measure(vehicle.sensors.rpm, setup.presets.rpm, truth, own.rpm)
    inputs.imu.fresh, inputs.imu.t_us = own.imu.fresh, own.imu.t_us
    put(inputs.imu.gyro_frd, vec(own.imu.gyro_frd) + vec(around.gyro_shake_frd))
    put(inputs.imu.accel_frd, vec(own.imu.accel_frd) + vec(around.accel_shake_frd))
    inputs.battery.fresh, inputs.battery.t_us = own.battery.fresh, own.battery.t_us
    inputs.battery.voltage_v, inputs.battery.current_a = own.battery.voltage_v, own.battery.current_a
    inputs.rpm.fresh, inputs.rpm.t_us = own.rpm.fresh, own.rpm.t_us
    for i in range(8):
        inputs.rpm.speed[i] = own.rpm.speed[i]


@kernel
def lead_back(nominal, truth, share):
    """Take a share of the strapdown's errors away."""
    q = quat(nominal.q_ned_frd)
    off = rotation_vector(conjugate(q) * quat(truth.q_ned_frd))
    put_quat(nominal.q_ned_frd, normalize(q * from_rotation_vector(share * off)))
    put(nominal.v_ned, vec(nominal.v_ned) + share * (vec(truth.v_ned) - vec(nominal.v_ned)))
    put(nominal.p_ned, vec(nominal.p_ned) + share * (vec(truth.p_ned) - vec(nominal.p_ned)))


@kernel
def navigate(state, params, truth, inputs, shown, around, estimate, dt):
    """Say the estimate: the model's motion with the recording's wander, trust, wind and spreads."""
    samples.step(state.imu, params.estimator, inputs.imu, Vec3(0.0, 0.0, 0.0), False, dt)
    strapdown.step(state, params.estimator, params.airframe, dt)
    lead_back(state.nominal, truth, dt / (dt + AIDED_S))
    report.motion(state, params.estimator, estimate)
    put(estimate.v_ned, vec(estimate.v_ned) + vec(around.v_wander_ned))
    put(estimate.p_ned, vec(estimate.p_ned) + vec(around.p_wander_ned))
    put(estimate.wind_ned, vec(shown.wind_ned))
    put(estimate.sigma_attitude, vec(shown.sigma_attitude))
    put(estimate.sigma_v, vec(shown.sigma_v))
    put(estimate.sigma_p, vec(shown.sigma_p))
    for i in range(len(shown.test_ratios)):
        estimate.test_ratios[i] = shown.test_ratios[i]
        estimate.sensor_health[i] = shown.sensor_health[i]
    estimate.height_m = around.ground_d - estimate.p_ned[2]
    estimate.is_attitude_valid, estimate.is_altitude_valid = shown.is_attitude_valid, shown.is_altitude_valid
    estimate.is_velocity_valid, estimate.is_position_valid = shown.is_velocity_valid, shown.is_position_valid


@kernel
def tick(vehicle, setup, state, params, told, shown, own, around, command):
    """Fly one tick; `told` is the recording's input and becomes the model's, `shown` the recording's estimate."""
    dt = autopilot.begin(state, told, command)
    vehicle.truth.t_us = told.t_us
    measure(vehicle, setup, own, around, told)
    autopilot.retune(state, params, told, command)
    autopilot.keep_pace(state, params, dt)
    navigate(state.estimator, params, vehicle.truth, told, shown, around, command.estimate, dt)
    autopilot.decide(state, params, told, command, dt)
    put(vehicle.wind.v_ned, vec(around.air_ned))
    step_s = dt / setup.substeps
    for _ in range(setup.substeps):
        physics.advance(
            vehicle.body,
            setup.plant,
            vehicle.wind,
            command.motors.motor,
            vehicle.truth,
            vehicle.truth.t_us,
            step_s,
        )


@kernel
def fly_again(vehicles, setups, states, params, told, flown, own, around, command, kept):
    """Fly the first vehicle through a recording's inputs and commands; keep every tick's command."""
    for k in range(len(told)):
        tick(
            vehicles[0], setups[0], states[0], params[0], told[k], flown[k].estimate, own[0], around[k], command[0]
        )  # fmt: skip
        kept[k] = command[0]
