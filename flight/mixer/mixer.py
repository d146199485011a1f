"""From collective and torque to one throttle per rotor: yaw gives way first, then the collective."""

import math

from flight.filters import step_share
from flight.kernel import kernel
from flight.mixer.allocation import (
    NO_PART,
    collective_range,
    fill_allocation,
    fitting_part,
    room,
    share_of,
)
from flight.physics import NOMINAL_CELL_V
from flight.record import INTEGER, MAX_ROTORS, REAL, record
from flight.rotor import throttle_of, torque_of
from flight.vector import ZERO, Vec3, clamp, put, vec

FEWEST_ROTORS = 4
# voltage_ratio is filtered voltage over nominal; effect and work are only written in `configure`.
STATE = record(
    voltage_ratio=REAL,
    voltage_t_us=INTEGER,
    yaw_most_nm=REAL,
    lost_rotor=INTEGER,
    allocation=("f8", (MAX_ROTORS, 4)),
    effect=("f8", (MAX_ROTORS, 4)),
    work=("f8", (4, 8)),
)


@kernel
def reset(state, params):
    """Believe in nominal voltage until told otherwise."""
    state.voltage_ratio = 1.0
    state.voltage_t_us = 0


@kernel
def configure(state, params, airframe):
    """Work out the pseudo-inverse of the rotor layout and the yaw torque that takes all of a rotor's thrust."""
    if not state.voltage_ratio > 0.0:
        reset(state, params)
    fill_allocation(state.allocation, state.work, state.effect, airframe, state.lost_rotor)
    most = 0.0
    for i in range(airframe.rotor_count):
        most = max(most, abs(state.allocation[i, 3]))
    state.yaw_most_nm = 1.0 / most if most > 0.0 else 0.0


@kernel
def heed_loss(state, params, airframe, lost):
    """Share the work among the rotors that are left when one is lost."""
    if lost != state.lost_rotor:
        state.lost_rotor = lost
        configure(state, params, airframe)


@kernel
def ahead(state, params, airframe, command):
    """Return the torque for when it arrives: a vehicle that spins for want of a rotor has turned until then."""
    torque = vec(command.setpoint.torque_sp_frd)
    if state.lost_rotor == 0:
        return torque
    turn = command.estimate.omega_frd[2] * (airframe.motor_lag_s + params.loss_lead_s)
    c, s = math.cos(turn), math.sin(turn)
    # Three rotors have no yaw to give; more have, and do not spin.
    yaw = torque.z if airframe.rotor_count > FEWEST_ROTORS else 0.0
    return Vec3(c * torque.x + s * torque.y, c * torque.y - s * torque.x, yaw)


@kernel
def follow_voltage(state, params, airframe, battery):
    """Smooth the voltage readings that can be true; keep the last value through all others."""
    if not battery.fresh or not airframe.cells > 0.0:
        return
    cell = battery.voltage_v / airframe.cells
    if params.cell_low_v <= cell <= params.cell_high_v:
        dt = 1e-6 * (battery.t_us - state.voltage_t_us)
        share = 1.0 if state.voltage_t_us == 0 else step_share(max(dt, 0.0), params.battery_lag_s)
        state.voltage_ratio += share * (cell / NOMINAL_CELL_V - state.voltage_ratio)
        state.voltage_t_us = battery.t_us


@kernel
def firm_torque(allocation, count, torque, yaw_sure, floor, ceiling):
    """Return the torque that must be: all of roll and pitch and the sure part of yaw.

    Only where no collective carries it, yaw goes first and then, as physics demands, part of roll and pitch.
    """
    firm = Vec3(torque.x, torque.y, clamp(torque.z, -yaw_sure, yaw_sure))
    low, high = collective_range(allocation, count, firm, floor, ceiling)
    if low <= high:
        return firm
    tilting = Vec3(torque.x, torque.y, 0.0)
    return fitting_part(allocation, count, tilting, floor, ceiling) * tilting


@kernel
def sure_yaw(state, params, torque, spin):
    """Return the yaw torque that is always kept: more against a spin so fast that tilting soon comes too late."""
    fast = clamp(0.5 * (abs(spin) / params.spin_rate - 1.0), 0.0, 1.0)
    is_braking = state.lost_rotor == 0 and torque.z * spin < 0.0
    share = params.yaw_min + (fast * (params.spin_yaw - params.yaw_min) if is_braking else 0.0)
    return share * state.yaw_most_nm


@kernel
def write_motors(state, airframe, motors, collective, torque, floor, ceiling, gain):
    """Write the throttles and return collective share and torque they give."""
    share_sum = 0.0
    given = ZERO
    for i in range(airframe.rotor_count):
        if i + 1 == state.lost_rotor:
            motors.motor[i] = 0.0
            continue
        # Across from a lost rotor every thrust tips the vehicle further: this one may stand still.
        is_across = state.lost_rotor != 0 and state.allocation[i, 0] < NO_PART
        least = 0.0 if is_across else floor
        share = clamp(share_of(state.allocation, i, collective, torque), least, ceiling)
        motors.motor[i] = throttle_of(share * gain, airframe.throttle_curve)
        share_sum += share
        given = given + torque_of(airframe, i, share * airframe.thrust_max_n)
    return share_sum / max(airframe.rotor_count, 1), given


@kernel
def step(state, params, airframe, command, battery):
    """Write the motors' throttle ratios and what could not be given; priorities after Faessler 2017.

    Roll and pitch are kept, the collective moves to make room for them, further yaw takes what is left.
    """
    follow_voltage(state, params, airframe, battery)
    heed_loss(state, params, airframe, command.status.lost_rotor)
    ratio = state.voltage_ratio if params.is_battery_compensated else 1.0
    floor, ceiling = airframe.speed_idle * airframe.speed_idle, ratio * ratio
    allocation, count = state.allocation, airframe.rotor_count
    torque = ahead(state, params, airframe, command)
    wanted = command.setpoint.thrust_sp

    sure = sure_yaw(state, params, torque, command.estimate.omega_frd[2])
    firm = firm_torque(allocation, count, torque, sure, floor, ceiling)
    low, high = collective_range(allocation, count, firm, floor, ceiling)
    collective = min(max(wanted, low), high)
    if not params.is_airmode_on and wanted < low:
        idle, _ = collective_range(allocation, count, ZERO, floor, ceiling)
        collective = max(wanted, idle)
        firm = room(allocation, count, collective, ZERO, firm, floor, ceiling) * firm
    extra = Vec3(0.0, 0.0, torque.z - firm.z)
    firm = firm + room(allocation, count, collective, firm, extra, floor, ceiling) * extra

    # Yaw in the wanted direction may have made room for the collective.
    low, high = collective_range(allocation, count, firm, floor, ceiling)
    collective = min(max(wanted, low), high)

    motors = command.motors
    thrust, given = write_motors(state, airframe, motors, collective, firm, floor, ceiling, 1.0 / ceiling)
    motors.unallocated_thrust = wanted - thrust
    put(motors.unallocated_torque_frd, torque - given)
