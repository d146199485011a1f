"""One tick of the supervisor: every part is asked, with what it needs, and what it says is heeded in the same tick."""

import math

import numpy as np
import pytest

from flight.inputs import Demand, LogState
from flight.modes import WHY, Action, Arming, Event, Failsafe, Level, Mode, Refusal, Why
from flight.supervisor import checks, failsafes, landing, orders, signs, supervisor
from flight.supervisor.health import BARO
from flight.supervisor.table import Sign
from tests.supervisor_rig import DT, flying, heard, in_plain_python, leaning, toy
from tests.toy_flight import HOVER, ToyFlight

in_plain_python()
pytestmark = pytest.mark.interpreted


def ticked(f: ToyFlight, kind: Demand | None = None, *arguments: float, index: int = 0) -> ToyFlight:
    d = f.inputs.demand
    d.fresh = 0
    if kind is not None:
        d.fresh, d.kind, d.index, d.uses = 1, int(kind), index, (1 << len(arguments)) - 1
        d.argument[: len(arguments)] = arguments
    f.status.events[:], f.status.event_values[:] = 0, 0.0
    f.inputs.t_us += 10_000
    f.inputs.imu.t_us, f.inputs.imu.accel_frd = f.inputs.t_us, (0.0, 0.0, -9.8)
    supervisor.step(f.s, f.p, f.inputs, f.command, DT)
    return f


def ready() -> ToyFlight:
    """Stand with everything in order."""
    f = toy()
    f.inputs.battery.fresh, f.inputs.battery.voltage_v, f.inputs.imu.fresh = 1, 16.0, 1
    f.command.setpoint.thrust_sp = 0.0
    return ticked(f)


def up(mode: Mode = Mode.HOLD) -> ToyFlight:
    """Hover at ten metres."""
    f = flying(mode)
    f.inputs.battery.fresh, f.inputs.battery.voltage_v, f.inputs.imu.fresh = 1, 16.0, 1
    f.s.landing.has_flown, f.command.setpoint.thrust_sp, f.estimate.height_m = 1, HOVER, 10.0
    f.estimate.p_ned = (0.0, 0.0, -10.0)
    return ticked(f)


def test_a_ready_vehicle_arms_and_the_ground_hears_why():
    f = ticked(ready(), Demand.ARM)

    assert (f.status.arming, f.status.refusals) == (Arming.ARMED, 0)
    assert heard(f) == [(Event.ARMED, float(Sign.ARM_WISH)), (Event.HOME_SET, 0.0)]
    assert f.s.armed_s == DT


def test_an_unready_vehicle_does_not_and_says_every_reason():
    f = ready()
    f.inputs.system.log_state, f.s.is_crashed = int(LogState.STOPPED), 1
    ticked(f, Demand.ARM)

    assert f.status.arming == Arming.DISARMED
    assert heard(f) == [(Event.ARMING_REFUSED, float(Refusal.LOG | Refusal.CRASHED))]


def test_a_take_off_is_seen_in_its_tick():
    f = ticked(ready(), Demand.ARM)
    f.command.setpoint.thrust_sp, f.estimate.v_ned = HOVER, (0.0, 0.0, -1.0)
    ticked(f)

    assert (f.status.is_landed, heard(f)) == (0, [(Event.TOOK_OFF, 0.0)])
    f.s.arming = Arming.DISARMED
    f.s.landing.is_landed, f.s.landing.has_flown = 1, 0
    assert ticked(f).status.is_landed == 1


def test_on_the_ground_it_disarms_in_the_air_it_does_not():
    f = ticked(ticked(ready(), Demand.ARM), Demand.DISARM)
    assert f.status.arming == Arming.DISARMED

    f = ticked(up(), Demand.DISARM)
    assert f.status.arming == Arming.ARMED
    assert heard(f) == [(Event.DEMAND_REFUSED, float(Demand.DISARM))]


def test_the_time_armed_adds_up_to_the_idle_limit():
    f = ticked(ready(), Demand.ARM)
    f.s.armed_s = 5.0
    assert ticked(f).s.armed_s == 5.0 + DT
    f.s.armed_s = 15.0
    assert ticked(f).status.arming == Arming.DISARMED


def test_modes_are_chosen_by_what_is_so_in_the_same_tick():
    assert ticked(up(), Demand.GOTO, 1.0, 2.0, -10.0).status.mode == Mode.GOTO
    assert ticked(up(), Demand.TAKEOFF, 5.0).status.mode == Mode.TAKEOFF
    f = ready()
    f.s.mode = Mode.LAND
    assert ticked(f).status.mode == Mode.LAND
    f = ticked(up(Mode.LAND), Demand.DISARM, 1.0)
    assert (f.status.arming, f.status.mode) == (Arming.DISARMED, Mode.HOLD)


def test_a_failsafe_is_raised_told_and_answered_in_the_same_tick():
    f = up()
    f.inputs.link.bridge_age_us = 600_000
    ticked(f)
    assert f.status.failsafes == Failsafe.BRIDGE_LOST
    assert heard(f) == [
        (Event.FAILSAFE_RAISED, float(Failsafe.BRIDGE_LOST)),
        (Event.MODE_CHANGED, float(Mode.LAND)),
    ]

    f = up()
    f.inputs.link.bridge_age_us, f.p.action[10] = 600_000, int(Action.DISARM)
    ticked(f)
    assert (f.status.arming, f.s.is_crashed) == (Arming.DISARMED, 1)


def test_what_is_latched_lasts_in_the_air():
    for arming, left in ((Arming.ARMED, Failsafe.TILT), (Arming.DISARMED, 0)):
        f = up()
        f.s.arming, f.s.watch.raised, f.s.watch.right_s[8] = arming, int(Failsafe.TILT), 9.0
        assert ticked(f).status.failsafes == left
    f.s.watch.raised, f.s.watch.right_s[:] = 1, 9.0
    assert ticked(f).status.failsafes == 0


def test_a_dead_rotor_is_found_out_in_flight_only():
    for arming, lost in ((Arming.ARMED, 1), (Arming.DISARMED, 0)):
        f = up()
        r = f.s.rotors
        r.count, r.full_n, r.lag_s, r.effect[:2, 0] = 2, 8.0, 0.02, (-40.0, 40.0)
        r.fast[:2] = r.thrust[:2] = 4.0
        r.felt_s = 1.0
        r.lift_slow = r.usual[2] = -f.inputs.imu.accel_frd[2]
        f.command.motors.motor[:2], f.s.arming = 0.5, arming
        r.curve, r.omega_slow_frd = 0.0, (0.0, 0.0, 0.0)
        for k in range(8):
            f.estimate.omega_frd = (1.6 * (k + 1), 0.0, 0.0)
            f.s.mode = Mode.RATE
            ticked(f)
        assert f.status.lost_rotor == lost


def test_rotors_are_judged_against_hover_thrust():
    for hover, lost in ((0.4, 1), (1.2, 0)):
        f = up()
        r = f.s.rotors
        r.count, r.full_n, r.lag_s, r.effect[:2, 0], f.command.terms.hover_thrust = (
            2,
            8.0,
            0.02,
            (-40.0, 40.0),
            hover,
        )
        r.fast[:2] = r.thrust[:2] = 4.0
        r.felt_s = 1.0
        r.lift_slow = r.usual[2] = -f.inputs.imu.accel_frd[2]
        f.command.motors.motor[:2], f.command.setpoint.thrust_sp = 0.5, 0.7
        for k in range(8):
            f.estimate.omega_frd, f.s.mode = (1.6 * (k + 1), 0.0, 0.0), Mode.RATE
            ticked(f)
        assert f.status.lost_rotor == lost


def test_aids_are_remembered_from_arming():
    for arming, seen in ((Arming.ARMED, 1 << BARO), (Arming.DISARMED, 0)):
        f = up()
        f.s.arming, f.s.health.aids_seen = arming, 1 << BARO
        assert ticked(f).s.health.aids_seen == seen


def test_a_second_sample_of_the_field_is_smoothed():
    f = ready()
    f.inputs.mag.fresh, f.inputs.mag.field_ut_frd = 1, (40.0, 0.0, 0.0)
    ticked(f)
    f.inputs.mag.field_ut_frd = (90.0, 0.0, 0.0)

    assert ticked(f).s.health.field_ut == pytest.approx(40.0 + 50.0 * DT / (0.5 + DT))


def test_a_motor_test_is_ordered_and_its_time_passes():
    f = ready()
    f.s.rotors.count = 4
    ticked(f, Demand.MOTOR_TEST, 0.1, 1.0, index=2)
    assert heard(f) == [(Event.MOTOR_TEST, 2.0)]
    ticked(f)
    assert f.s.test.left_s == pytest.approx(1.0 - DT)
    assert f.status.refusals == Refusal.MOTOR_TEST


def test_the_fence_is_ordered():
    f = ticked(ready(), Demand.FENCE_POINT, 1.0, 0.0, 0.0, 9.0)
    assert f.s.fence.count == 1
    ticked(f, Demand.FENCE_POINT, 1.0, 0.0, 0.0, 0.0)
    assert heard(f) == [(Event.DEMAND_REFUSED, float(Demand.FENCE_POINT + WHY * Why.OUT_OF_RANGE))]
    f.inputs.demand.kind = int(Demand.FENCE_CLEAR)
    orders.obey(f.s, f.p, f.inputs, f.status)
    assert f.s.fence.count == 0


def test_the_battery_is_heard_in_its_tick():
    f = ready()
    assert (f.s.battery_seen, f.s.cell_v) == (1, 4.0)
    f.inputs.battery.voltage_v = 12.0
    assert ticked(f).s.cell_v == pytest.approx(4.0 - DT / (1.0 + DT))


# Troubles of a kind are all told.


def test_attitude_and_place_are_lost_by_their_names():
    f = flying(Mode.POSITION)
    f.estimate.is_attitude_valid = 0
    assert checks.attitude_troubles(f.s, f.p, f.inputs, f.estimate, -1) == Failsafe.ESTIMATOR
    assert (
        checks.attitude_troubles(f.s, f.p, f.inputs, f.estimate, 0)
        == Failsafe.ESTIMATOR | Failsafe.POSITION_LOST
    )
    f.s.mode = Mode.RATE
    assert checks.attitude_troubles(f.s, f.p, f.inputs, f.estimate, 0) == 0


def test_rotors_thrust_crash_and_runaway_are_told_together_and_alone():
    f = flying()
    f.s.yaw_limit, f.command.terms.rate_i = 0.5, (0.0, 0.0, 0.4)
    assert checks.rotor_troubles(f.s, f.p, f.command) == Failsafe.YAW_LIMIT
    f = flying()
    f.command.setpoint.thrust_sp, f.estimate.v_ned = 1.0, (0.0, 0.0, 5.0)
    assert checks.rotor_troubles(f.s, f.p, f.command) == Failsafe.THRUST_LOST
    f.command.setpoint.thrust_sp, f.estimate.v_ned = 1.0, (0.0, 0.0, 0.9)
    assert checks.rotor_troubles(f.s, f.p, f.command) == 0
    f.s.mode, f.estimate.v_ned, f.s.landing.is_landed = Mode.TAKEOFF, (0.0, 0.0, -0.1), 1
    assert checks.rotor_troubles(f.s, f.p, f.command) & Failsafe.THRUST_LOST
    f.estimate.v_ned = (0.0, 0.0, -0.3)
    assert not checks.rotor_troubles(f.s, f.p, f.command) & Failsafe.THRUST_LOST
    f = leaning(flying(), 45.0)
    assert checks.rotor_troubles(f.s, f.p, f.command) == Failsafe.CRASHED
    f.s.landing.airborne_s, f.estimate.omega_frd = 1.0, (9.0, 0.0, 0.0)
    assert checks.rotor_troubles(f.s, f.p, f.command) == Failsafe.CRASHED | Failsafe.RUNAWAY
    f = flying()
    f.s.landing.airborne_s, f.estimate.omega_frd = 1.0, (9.0, 0.0, 0.0)
    assert checks.rotor_troubles(f.s, f.p, f.command) == Failsafe.RUNAWAY


def test_a_short_flight_can_be_too_long_and_home_too_far():
    f = flying(FLT_TIME_MAX=0.5)
    assert checks.place_troubles(f.s, f.p, f.inputs.offboard, f.command) == Failsafe.FLIGHT_TIME
    f = flying()
    f.s.battery_seen, f.status.is_home_set, f.estimate.p_ned = 1, 1, (900.0, 0.0, 0.0)
    f.command.setpoint.p_sp_ned = (900.0, 0.0, 0.0)
    f.s.slow_v, f.s.slower_v, f.s.cell_v = 3.5, 3.6, 3.5
    assert checks.place_troubles(f.s, f.p, f.inputs.offboard, f.command) == Failsafe.RESERVE


def test_an_empty_battery_is_told_beside_everything_else():
    f = flying()
    f.s.battery_seen, f.s.cell_v, f.inputs.link.bridge_age_us = 1, 3.45, 600_000

    assert checks.troubles(f.s, f.p, f.inputs, f.command, -1) == Failsafe.BATTERY_LOW | Failsafe.BRIDGE_LOST


def test_every_link_that_is_lost_is_held_for():
    for place in range(3):
        f = toy()
        f.p.action[place] = int(Action.LAND)
        assert failsafes.severity(f.s.watch, f.p, place) == 1


def test_a_stream_is_a_sign_when_it_can_be_flown():
    f = flying()
    f.s.offboard_seen, f.inputs.offboard.level = 1, int(Level.POSITION)
    assert signs.standing_signs(f.s, f.p, f.inputs, f.command) & Sign.STREAM
    f.estimate.is_altitude_valid = 0
    assert not signs.standing_signs(f.s, f.p, f.inputs, f.command) & Sign.STREAM


def test_hover_thrust_is_chosen_until_it_is_learnt():
    f = toy()
    f.command.terms.hover_thrust, f.command.setpoint.thrust_sp, f.s.landing.lifting_s = 0.0, 0.4, 0.5
    landing.step(f.s.landing, f.p.land, f.inputs, f.command, True, DT)
    assert f.s.landing.lifting_s == 0.5 + DT
    f.s.landing.lifting_s = 2.0
    f.command.setpoint.thrust_sp = 0.0
    landing.step(f.s.landing, f.p.land, f.inputs, f.command, True, DT)
    assert f.s.landing.lifting_s == 0.0


def test_motors_as_loud_as_can_be_are_numbers_still():
    f = flying()
    f.status.arming, f.command.motors.motor[:] = Arming.ARMED, 1.0
    supervisor.guard(f.s, f.command)
    assert np.all(f.command.motors.motor == 1.0)
    f.command.motors.motor[:2] = math.inf, -math.inf
    supervisor.guard(f.s, f.command)
    assert not np.any(f.command.motors.motor)


def test_an_imu_of_which_one_half_repeats_itself_hangs_in_the_air_only():
    for f, frozen_s in ((up(), DT), (ready(), 0.0)):
        f.inputs.imu.gyro_frd = (0.1, 0.2, 0.3)
        assert ticked(f).s.health.frozen_s == frozen_s


@pytest.mark.parametrize(("time_s", "is_felt"), [(2.5 * DT, True), (2.0 * DT, False)])
def test_a_gyro_silent_for_half_the_time_of_a_lost_rotor_tells_nothing_about_rotors(time_s, is_felt):
    f = up()
    f.inputs.imu.fresh, f.p.rotor.time_s = 0, time_s

    assert (ticked(f).s.rotors.felt_s > 0.0) == is_felt


def test_before_hover_thrust_is_learnt_rotors_are_judged_by_the_chosen_one():
    f = up()
    f.command.terms.hover_thrust = 0.0

    assert ticked(f).status.failsafes == 0
