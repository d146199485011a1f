"""The supervisor: evaluated first, it decides arming and mode; obeyed last, it stops the motors of the disarmed."""

import math

from flight.command import insist, say
from flight.inputs import Demand
from flight.kernel import kernel
from flight.modes import Arming, Event, Failsafe
from flight.record import FLAG, INTEGER, MAX_ROTORS, REAL, record
from flight.supervisor import (
    choosing,
    energy,
    failsafes,
    fence,
    health,
    home,
    landing,
    motor_test,
    orders,
    rotors,
)
from flight.supervisor.checks import is_pilot_there, troubles, when
from flight.supervisor.failsafes import WATCH
from flight.supervisor.fence import FENCE
from flight.supervisor.health import HEALTH
from flight.supervisor.home import HOME
from flight.supervisor.landing import LANDING
from flight.supervisor.motor_test import TEST
from flight.supervisor.readiness import refusals
from flight.supervisor.rotors import ROTORS
from flight.supervisor.signs import demand_signs, is_idling, is_resting, standing_signs, switch_signs
from flight.supervisor.table import (
    ARMING_TABLE,
    DISARM,
    FORBIDDEN,
    FROM,
    NEEDED,
    SAID,
    SUSPECT,
    TERMINATE,
    TO,
    WRECKING,
    Sign,
)

STATE = record(
    arming=INTEGER,
    mode=INTEGER,
    switch_mode=INTEGER,
    armed_s=REAL,
    pilot_seen=FLAG,
    offboard_seen=FLAG,
    battery_seen=FLAG,
    is_arm_switch_on=FLAG,
    is_arm_switch_safe=FLAG,
    is_output_broken=FLAG,
    is_crashed=FLAG,
    is_crash_told=FLAG,
    cells=REAL,
    told_v=REAL,
    cell_v=REAL,
    slow_v=REAL,
    slower_v=REAL,
    battery_quiet_s=REAL,
    yaw_limit=REAL,
    landing=LANDING,
    watch=WATCH,
    fence=FENCE,
    home=HOME,
    health=HEALTH,
    rotors=ROTORS,
    test=TEST,
)

DISARM_DEMAND = int(Demand.DISARM)
NOT_A_NUMBER = int(Failsafe.NOT_A_NUMBER)
TILT_PLACE, NAN_PLACE = int(Failsafe.TILT).bit_length() - 1, NOT_A_NUMBER.bit_length() - 1
BLIND_PLACE = int(Failsafe.ESTIMATOR).bit_length() - 1


@kernel
def reset(state, params):
    """Start disarmed on the ground, with every switch and link yet to be seen."""
    state.arming = Arming.DISARMED
    state.mode = params.boot_mode
    state.switch_mode = 0
    state.armed_s = 0.0
    state.pilot_seen = 0
    state.offboard_seen = 0
    state.battery_seen = 0
    state.is_arm_switch_on = 0
    state.is_arm_switch_safe = 0
    state.is_output_broken = 0
    state.cell_v = 0.0
    state.battery_quiet_s = 0.0
    state.is_crashed = 0
    state.is_crash_told = 0
    state.test.left_s = 0.0
    fence.reset(state.fence)
    home.reset(state.home)
    health.reset(state.health)
    rotors.reset(state.rotors)
    landing.reset(state.landing)
    failsafes.reset(state.watch)


@kernel
def configure(state, airframe, yaw_limit, thrust_least):
    """Learn cells and rotors, how much yaw the rate loop may integrate, rad/s2, and the least collective in flight."""
    state.cells = airframe.cells
    state.yaw_limit = yaw_limit
    landing.configure(state.landing, thrust_least)
    rotors.configure(state.rotors, airframe)


@kernel
def hear(state, params, inputs, dt):
    """Note which links exist; listen to the battery and to the vehicle itself."""
    if inputs.pilot.fresh:
        state.pilot_seen = 1
    if inputs.offboard.fresh:
        state.offboard_seen = 1
    energy.hear(state, params.battery, inputs.battery, dt)


@kernel
def is_flying_free(state, params, command, is_armed):
    """Tell whether nothing but the rotors turns the vehicle: it flies, is carried by them, and is off the ground."""
    if not is_armed or state.landing.is_landed or state.landing.airborne_s <= params.rotor.settle_s:
        return False
    is_high = not command.estimate.is_altitude_valid or command.estimate.height_m > params.rotor.height
    return is_high and landing.hover_share_of(params.land, command, is_armed) > params.land.thrust


@kernel
def watch_fence(state, params, estimate, is_armed, dt):
    """Follow the fence and where a return leads; home not chosen yet is where the vehicle will be armed: here."""
    is_home_known = is_armed or state.home.is_chosen
    home_ned = state.home.place_ned if is_home_known else estimate.p_ned
    if fence.step(state.fence, params.fence, estimate, home_ned, dt) or state.home.is_new:
        home.choose(state.home, state.fence, estimate, state.mode)


@kernel
def look(state, params, inputs, command, is_armed, dt):
    """Follow ground, fence, rotors and the vehicle's health."""
    estimate, was_landed = command.estimate, state.landing.is_landed
    landing.step(state.landing, params.land, inputs, command, is_armed, dt)
    note_ground(state, command.status, was_landed)
    is_free = is_flying_free(state, params, command, is_armed)
    hover = landing.hover_of(params.land, command)
    health.step(state.health, params.health, inputs, estimate, is_armed, is_free, dt)
    is_felt = max(2.0 * state.health.frozen_s, dt) < params.rotor.time_s
    lift = -inputs.imu.accel_frd[2]
    rotors.step(state.rotors, params.rotor, command.motors, estimate, lift, hover, is_free, is_felt, dt)
    watch_fence(state, params, estimate, is_armed, dt)
    must_end = orders.must_end_test(state, params, inputs, estimate)
    motor_test.step(state.test, command.status, must_end, dt)


@kernel
def move_switch(state, params, inputs):
    """Remember the arming switch; having seen it off makes it safe, until it may have been moved unheard."""
    pilot = inputs.pilot
    if pilot.fresh:
        state.is_arm_switch_on = pilot.is_arm_switch_on
        state.is_arm_switch_safe = 1 if state.is_arm_switch_safe or not pilot.is_arm_switch_on else 0
    elif not (state.is_arm_switch_on or is_pilot_there(state, params, inputs)):
        state.is_arm_switch_safe = 0


@kernel
def is_tipped(state, params, estimate):
    """Tell whether the tilt of a crash or of a failed take-off is seen."""
    if not state.watch.raised & Failsafe.TILT or state.watch.wrong_s[TILT_PLACE] == 0.0:
        return False
    is_early = landing.is_just_off(state.landing, params, estimate)
    return is_early or state.watch.wrong_s[TILT_PLACE] >= params.crash_s


@kernel
def has_fallen(state, params):
    """Tell whether the attitude has been unknown for longer than any vehicle stays up without it."""
    return (
        bool(state.watch.raised & Failsafe.ESTIMATOR) and state.watch.wrong_s[BLIND_PLACE] >= params.blind_s
    )


@kernel
def order_signs(state, params, estimate, worst, refused):
    """Return what the supervisor itself asks of the motors."""
    return (
        when(worst == DISARM, Sign.ORDER_DISARM)
        | when(worst == TERMINATE, Sign.ORDER_TERMINATE)
        | when(is_tipped(state, params, estimate) or has_fallen(state, params), Sign.TIPPED)
        | when(is_resting(state, params), Sign.RESTED)
        | when(is_idling(state, params), Sign.IDLE)
        | when(refused, Sign.NOT_READY)
    )


@kernel
def tell(status, event, needs, refused):
    """Say what became of a wish: refusals with their reasons, everything else with what brought it about."""
    if event == Event.ARMING_REFUSED:
        insist(status, event, refused)
    elif event == Event.DEMAND_REFUSED:
        insist(status, event, DISARM_DEMAND)
    else:
        say(status, event, needs)


@kernel
def change_arming(state, status, signs, refused):
    """Obey the first row of the arming table that fits."""
    for row in range(len(ARMING_TABLE)):
        change = ARMING_TABLE[row]
        fits = signs & change[NEEDED] == change[NEEDED] and signs & change[FORBIDDEN] == 0
        if change[FROM] == state.arming and fits:
            state.is_crashed = 1 if change[NEEDED] & WRECKING else state.is_crashed
            enter(state, change[TO])
            tell(status, change[SAID], change[NEEDED], refused)
            return


@kernel
def enter(state, arming):
    """Take on an arming state."""
    if state.arming == Arming.ARMED and arming != Arming.ARMED and state.watch.raised & SUSPECT:
        state.is_crashed = 1
    if arming != state.arming:
        state.arming = arming
        state.armed_s = 0.0
        state.landing.has_flown = 0
        state.rotors.lost = 0


@kernel
def forgive(state, wishes):
    """Let the arming switch say that a crash has been looked at: by going off after arming was refused for it."""
    if not state.is_crashed:
        state.is_crash_told = 0
    elif wishes & Sign.ARM_WISH:
        state.is_crash_told = 1
    elif wishes & Sign.BY_SWITCH and state.is_crash_told:
        state.is_crashed = 0


@kernel
def note_ground(state, status, was_landed):
    """Say when the ground is left or reached."""
    if state.landing.is_landed != was_landed:
        say(status, Event.LANDED if state.landing.is_landed else Event.TOOK_OFF, 0.0)


@kernel
def publish(state, status, refused):
    """Write the decisions where everyone reads them."""
    status.arming = state.arming
    status.mode = state.mode
    status.is_landed = state.landing.is_landed
    status.refusals = refused if state.arming != Arming.ARMED else 0
    status.failsafes = state.watch.raised
    status.lost_rotor = state.rotors.lost


@kernel
def step(state, params, inputs, command, dt):
    """Decide arming and mode; write `command.status`."""
    status, was_armed = command.status, state.arming == Arming.ARMED
    is_standing = state.arming == Arming.DISARMED and not state.test.left_s > 0.0
    hear(state, params, inputs, dt)
    look(state, params, inputs, command, was_armed, dt)
    if inputs.demand.fresh:
        orders.obey(state, params, inputs, status)
        orders.refuse_kill(inputs.demand, status, is_standing)
        home.listen(state.home, state.fence, params.fence, inputs.demand, command.estimate, status)
    signs = standing_signs(state, params, inputs, command)
    wrong = troubles(state, params, inputs, command, signs)
    failsafes.step(state.watch, params, wrong, was_armed, status, dt)
    state.is_output_broken = 0
    refused = 0 if was_armed else refusals(state, params, inputs, command.estimate, signs)
    signs |= order_signs(state, params, command.estimate, failsafes.worst(state.watch, params), refused)
    wishes = demand_signs(inputs.demand) | switch_signs(state, inputs.pilot)
    change_arming(state, status, signs | wishes, refused)
    forgive(state, wishes)
    move_switch(state, params, inputs)
    state.armed_s += dt
    signs |= when(state.arming == Arming.ARMED, Sign.ARMED) | when(
        was_armed and state.arming != Arming.ARMED, Sign.OVER
    )
    choosing.step(state, params, inputs, status, signs)
    is_arming = state.arming == Arming.ARMED and not was_armed
    home.keep(state.home, status, command.estimate, state.landing.is_landed, is_arming)
    home.publish(state.home, status, state.mode)
    publish(state, status, refused)


@kernel
def stop(motors):
    """Stop every motor."""
    for i in range(MAX_ROTORS):
        motors.motor[i] = 0.0


@kernel
def guard(state, command):
    """Have the last word: no motor turns unless armed, and none on a number that is none."""
    motors, status = command.motors, command.status
    if status.arming != Arming.ARMED:
        stop(motors)
        motor_test.turn(state.test, motors)
        return
    total = 0.0
    for i in range(MAX_ROTORS):
        total += float(motors.motor[i])
    if not math.isfinite(total):
        stop(motors)
        if state.watch.wrong_s[NAN_PLACE] == 0.0:
            say(status, Event.FAILSAFE_RAISED, NOT_A_NUMBER)
        status.failsafes |= NOT_A_NUMBER
        state.is_output_broken = 1
