"""A vehicle in the air on its own inertial navigation, pushed about by a script: the whole loop but aids and guidance.

Plant, IMU with its filter and delay, strapdown, control and mixer are those that fly. Position and velocity are as good
as the IMU makes them over some seconds; what GPS or motion capture would correct is slower than any loop here.
"""

import numba

from flight import autopilot
from flight.estimator import imu as samples
from flight.estimator import report, strapdown
from flight.kernel import kernel
from flight.modes import Arming, Level
from flight.quaternion import from_rotation_vector, from_yaw, put_quat, quat, rotation_vector, wrap_angle
from flight.record import INTEGER, REAL, VECTOR, record
from flight.vector import Vec3, put, vec
from sim.plant import plant as physics
from sim.sensors import battery, imu, rpm

ARMED, ATTITUDE = int(Arming.ARMED), int(Level.ATTITUDE)
# What is asked for in one tick, and what is added to measurements (nudge_*) or blows (wind_ned). turn_sp_frd is a
# rotation vector from level with the nose at yaw_sp; thrust_sp is taken at the levels RATE and ATTITUDE, where negative
# means the collective learned to hover.
ROW = record(
    level=INTEGER,
    p_sp_ned=VECTOR,
    v_ff_ned=VECTOR,
    a_ff_ned=VECTOR,
    jerk_ff_ned=VECTOR,
    yaw_sp=REAL,
    yaw_rate_ff=REAL,
    turn_sp_frd=VECTOR,
    omega_sp_frd=VECTOR,
    thrust_sp=REAL,
    wind_ned=VECTOR,
    nudge_omega_frd=VECTOR,
    nudge_turn_frd=VECTOR,
    nudge_v_ned=VECTOR,
    nudge_p_ned=VECTOR,
)
# What the loop measured (without the nudge) and asked for in one tick; turn_frd is the attitude as a rotation vector.
TRACE = record(
    omega_frd=VECTOR,
    turn_frd=VECTOR,
    a_ned=VECTOR,
    v_ned=VECTOR,
    p_ned=VECTOR,
    torque_sp_frd=VECTOR,
    thrust_sp=REAL,
)


@kernel
def sense(vehicle, setup, state, params, inputs, command, dt):
    """Measure, navigate, and say the estimate."""
    truth, own = vehicle.truth, state.estimator
    imu.measure(vehicle.sensors.imu, setup.presets.imu, truth, inputs.imu)
    battery.measure(vehicle.sensors.battery, setup.presets.battery, truth, inputs.battery)
    rpm.measure(vehicle.sensors.rpm, setup.presets.rpm, truth, inputs.rpm)
    samples.step(own.imu, params.estimator, inputs.imu, vec(own.nominal.gyro_bias_frd), False, dt)
    strapdown.step(own, params.estimator, params.airframe, dt)
    report.motion(own, params.estimator, command.estimate)


@kernel
def note(trace, estimate):
    """Keep what was measured."""
    put(trace.omega_frd, vec(estimate.omega_frd))
    put(trace.turn_frd, rotation_vector(quat(estimate.q_ned_frd)))
    put(trace.a_ned, vec(estimate.a_ned))
    put(trace.v_ned, vec(estimate.v_ned))
    put(trace.p_ned, vec(estimate.p_ned))


@kernel
def nudge(row, estimate):
    """Falsify what was measured."""
    put(estimate.omega_frd, vec(estimate.omega_frd) + vec(row.nudge_omega_frd))
    turn = from_rotation_vector(vec(row.nudge_turn_frd))
    put_quat(estimate.q_ned_frd, quat(estimate.q_ned_frd) * turn)
    put(estimate.v_ned, vec(estimate.v_ned) + vec(row.nudge_v_ned))
    put(estimate.p_ned, vec(estimate.p_ned) + vec(row.nudge_p_ned))


@kernel
def ask(row, setpoint, hover_thrust):
    """Fill the setpoint as guidance would."""
    setpoint.level = row.level
    put(setpoint.p_sp_ned, vec(row.p_sp_ned))
    put(setpoint.v_sp_ned, vec(row.v_ff_ned))
    put(setpoint.v_ff_ned, vec(row.v_ff_ned))
    put(setpoint.a_ff_ned, vec(row.a_ff_ned))
    put(setpoint.jerk_ff_ned, vec(row.jerk_ff_ned))
    setpoint.yaw_sp = wrap_angle(row.yaw_sp)
    setpoint.yaw_rate_ff = row.yaw_rate_ff
    put_quat(setpoint.q_sp_ned_frd, from_yaw(row.yaw_sp) * from_rotation_vector(vec(row.turn_sp_frd)))
    put(setpoint.omega_sp_frd, vec(row.omega_sp_frd))
    put(setpoint.omega_ff_frd, Vec3(0.0, 0.0, 0.0))
    put(setpoint.omega_dot_ff_frd, Vec3(0.0, 0.0, 0.0))
    # Above ATTITUDE the loop's own collective of the last tick stays: the hover thrust is learned from it.
    if row.level <= ATTITUDE:
        setpoint.thrust_sp = row.thrust_sp if row.thrust_sp >= 0.0 else hover_thrust


@kernel
def tick(row, trace, vehicle, setup, state, params, inputs, command):
    """Fly one tick of a script."""
    inputs.t_us = vehicle.truth.t_us
    dt = autopilot.begin(state, inputs, command)
    sense(vehicle, setup, state, params, inputs, command, dt)
    note(trace, command.estimate)
    nudge(row, command.estimate)
    command.status.arming = ARMED
    ask(row, command.setpoint, command.terms.hover_thrust)
    autopilot.fly(state, params, inputs, command, dt)
    put(trace.torque_sp_frd, vec(command.setpoint.torque_sp_frd))
    trace.thrust_sp = command.setpoint.thrust_sp
    put(vehicle.wind.v_ned, vec(row.wind_ned))
    for _ in range(setup.substeps):
        physics.advance(
            vehicle.body,
            setup.plant,
            vehicle.wind,
            command.motors.motor,
            vehicle.truth,
            vehicle.truth.t_us,
            setup.plant_dt_s,
        )


@kernel
def fly_script(script, kept, vehicle, setup, state, params, inputs, command):
    """Fly one vehicle through a script and keep every tick."""
    for k in range(len(script)):
        tick(script[k], kept[k], vehicle, setup, state, params, inputs, command)


@kernel(parallel=True)
def fly_scripts(scripts, which, kept, vehicles, setups, states, params, inputs, commands):
    """Fly vehicle i through the script number which[i] into kept[i], spread over the threads."""
    for i in numba.prange(len(vehicles)):
        fly_script(
            scripts[which[i]], kept[i], vehicles[i], setups[i], states[i], params[i], inputs[i], commands[i]
        )
