"""Every threshold to the last bit: at its parameter's value nothing is wrong, just beyond it something is."""

import math

import pytest

from flight.inputs import BridgeFault, LogState, Use
from flight.modes import Arming, Event, Failsafe, Level, Mode, Refusal, Why
from flight.params import TABLE
from flight.quaternion import body_z_ned, quat, tilt_of
from flight.supervisor import checks, energy, landing
from flight.supervisor.reasons import ENDINGS, FAILSAFES, LIMITS, REFUSALS, THRESHOLDS, TIMES, WHYS
from flight.supervisor.table import ARMING_TABLE, NEEDED, SAID, Sign
from flight.vector import dot
from tests.supervisor_rig import DT, above, below, flying, in_plain_python, leaning, toy
from tests.toy_flight import ToyFlight

in_plain_python()
pytestmark = pytest.mark.interpreted


# Links.


def test_a_sample_is_as_old_as_its_time_and_one_that_never_was_is_older():
    assert checks.age_s(2_000_000, 500_000, True) == pytest.approx(1.5)
    assert checks.age_s(2_000_000, 500_000, False) > 1e6


@pytest.mark.parametrize(("late_us", "there"), [(0, True), (1, False)])
def test_pilot_and_stream_are_lost_beyond_their_time(late_us, there):
    f = toy()
    for part, seen in (("pilot", "pilot_seen"), ("offboard", "offboard_seen")):
        setattr(f.s, seen, 1)
        f.inputs[part].t_us = 1_000_000
    f.inputs.t_us = 1_500_000 + late_us
    assert checks.is_pilot_there(f.s, f.p, f.inputs) == there
    f.inputs.t_us = 2_000_000 + late_us
    assert checks.is_stream_running(f.s, f.p, f.inputs) == there

    f.s.pilot_seen = f.s.offboard_seen = 0
    f.inputs.t_us = 1_000_000
    assert not checks.is_pilot_there(f.s, f.p, f.inputs)
    assert not checks.is_stream_running(f.s, f.p, f.inputs)


def test_bridge_and_ground_are_lost_beyond_their_time():
    f = flying()
    f.inputs.link.bridge_age_us, f.inputs.link.ground_age_us = 500_000, 5_000_000
    assert checks.link_troubles(f.s, f.p, f.inputs) == 0

    f.inputs.link.bridge_age_us, f.inputs.link.ground_age_us = 500_001, 5_000_001
    assert checks.link_troubles(f.s, f.p, f.inputs) == Failsafe.BRIDGE_LOST | Failsafe.GROUND_LOST


@pytest.mark.parametrize(
    ("mode", "seen", "needs", "everywhere", "raised", "missed"),
    [
        (Mode.ANGLE, 1, 0, 0, 0, True),
        (Mode.ANGLE, 0, 0, 0, 0, False),
        (Mode.ANGLE, 0, 1, 0, 0, True),
        (Mode.GOTO, 1, 0, 0, 0, False),
        (Mode.GOTO, 1, 0, 1, 0, True),
        (Mode.GOTO, 1, 0, 0, int(Failsafe.PILOT_LOST), True),
        (Mode.GOTO, 1, 0, 0, int(Failsafe.GROUND_LOST), False),
    ],
)
def test_a_pilot_is_missed_where_one_was_or_must_be_and_the_mode_cares(
    mode, seen, needs, everywhere, raised, missed
):
    f = flying(mode, ARM_NEED_PILOT=needs, FS_PILOT_ALL=everywhere)
    f.s.pilot_seen, f.s.watch.raised, f.inputs.t_us = seen, raised, 9_000_000

    assert checks.link_troubles(f.s, f.p, f.inputs) == (Failsafe.PILOT_LOST if missed else 0)


@pytest.mark.parametrize(
    ("mode", "raised", "missed"),
    [
        (Mode.OFFBOARD, 0, True),
        (Mode.HOLD, 0, False),
        (Mode.HOLD, int(Failsafe.OFFBOARD_LOST), True),
        (Mode.HOLD, int(Failsafe.GROUND_LOST), False),
    ],
)
def test_a_stream_is_missed_by_the_mode_that_flies_it_and_after_it_was_lost(mode, raised, missed):
    f = flying(mode)
    f.s.watch.raised = raised

    assert checks.link_troubles(f.s, f.p, f.inputs) == (Failsafe.OFFBOARD_LOST if missed else 0)


# Motion.


def test_numbers_everywhere_make_an_estimate_sound():
    for name, length in (("q_ned_frd", 4), ("omega_frd", 3), ("v_ned", 3), ("p_ned", 3)):
        for i in range(length):
            f = toy()
            assert checks.is_sound(f.estimate)
            f.estimate[name][i] = math.nan
            assert not checks.is_sound(f.estimate)


def test_tilt_is_too_much_beyond_its_limit():
    f = leaning(flying(), 50.0)
    f.p.tilt_max = tilt_of(quat(f.estimate.q_ned_frd))
    assert checks.attitude_troubles(f.s, f.p, f.inputs, f.estimate, -1) == 0
    f.p.tilt_max = below(f.p.tilt_max)
    assert checks.attitude_troubles(f.s, f.p, f.inputs, f.estimate, -1) == Failsafe.TILT
    f.s.mode = Mode.RATE
    assert checks.attitude_troubles(f.s, f.p, f.inputs, f.estimate, -1) == 0


@pytest.mark.parametrize(
    ("mode", "raised", "signs", "lost"),
    [
        (Mode.POSITION, 0, Sign.ATTITUDE | Sign.ALTITUDE | Sign.POSITION, False),
        (Mode.POSITION, 0, Sign.ATTITUDE | Sign.ALTITUDE, True),
        (Mode.ALTITUDE, 0, Sign.ATTITUDE | Sign.ALTITUDE, False),
        (Mode.ALTITUDE, 0, Sign.ATTITUDE | Sign.POSITION, True),
        (Mode.POSITION, 0, Sign.ATTITUDE | Sign.ALTITUDE | Sign.POSITION | Sign.HOME, False),
        (Mode.ALTITUDE, int(Failsafe.POSITION_LOST), Sign.ATTITUDE | Sign.ALTITUDE, True),
        (
            Mode.ALTITUDE,
            int(Failsafe.POSITION_LOST),
            Sign.ATTITUDE | Sign.ALTITUDE | Sign.POSITION | Sign.HOME,
            False,
        ),
        (Mode.ALTITUDE, int(Failsafe.TILT), Sign.ATTITUDE | Sign.ALTITUDE, False),
        (Mode.LAND, 0, 0, False),
    ],
)
def test_a_place_is_lost_to_the_mode_that_needs_it_and_stays_so_until_all_of_it_is_back(
    mode, raised, signs, lost
):
    f = flying(mode)
    f.s.watch.raised = raised

    assert checks.is_place_lost(f.s, f.inputs.offboard, int(signs)) == lost


@pytest.mark.parametrize(
    ("level", "missing", "lost"),
    [
        (Level.RATE, Sign.ALTITUDE | Sign.POSITION, False),
        (Level.RATE, Sign.ATTITUDE, True),
        (Level.ATTITUDE, Sign.ALTITUDE | Sign.POSITION, False),
        (Level.ALTITUDE, Sign.POSITION, False),
        (Level.ALTITUDE, Sign.ALTITUDE, True),
        (Level.VELOCITY, Sign.POSITION, True),
        (Level.POSITION, Sign.POSITION, True),
        (Level.POSITION, Sign.HOME, False),
    ],
)
def test_a_stream_needs_the_place_its_level_is_told_by(level, missing, lost):
    f = flying(Mode.OFFBOARD)
    f.inputs.offboard.level = int(level)
    assert checks.is_place_lost(f.s, f.inputs.offboard, sum(Sign) & ~int(missing)) == lost
    assert checks.attitude_troubles(f.s, f.p, f.inputs, f.estimate, sum(Sign) & ~int(missing)) == (
        Failsafe.POSITION_LOST if lost else 0
    )

    f.s.mode = Mode.LAND
    assert not checks.is_place_lost(f.s, f.inputs.offboard, sum(Sign) & ~int(missing))


def test_one_is_astray_when_the_thrust_axis_is_beyond_an_angle_and_attitude_is_flown():
    f = leaning(flying(), 40.0)
    setpoint, estimate = f.command.setpoint, f.estimate
    cosine = dot(body_z_ned(quat(setpoint.q_sp_ned_frd)), body_z_ned(quat(estimate.q_ned_frd)))

    assert not checks.is_astray(setpoint, estimate, cosine)
    assert checks.is_astray(setpoint, estimate, above(cosine))
    setpoint.level = Level.ATTITUDE
    assert checks.is_astray(setpoint, estimate, above(cosine))
    setpoint.level = Level.RATE
    assert not checks.is_astray(setpoint, estimate, above(cosine))


def test_a_crash_is_astray_slow_and_unmoved_on_all_rotors():
    def lies(**change: float) -> bool:
        f = leaning(flying(), 45.0)
        f.s.rotors.lost = int(change.get("lost", 0))
        f.estimate.is_velocity_valid = int(change.get("valid", 1))
        f.estimate.v_ned = (change.get("speed", 0.0), 0.0, 0.0)
        f.s.health.force = change.get("force", 0.0)
        return bool(checks.has_crashed(f.s, f.p, f.command))

    assert lies()
    assert not lies(lost=1)
    assert lies(speed=below(10.0))
    assert not lies(speed=10.0)
    assert lies(speed=99.0, valid=0)
    assert lies(force=below(3.0))
    assert not lies(force=3.0)


def test_a_runaway_spins_about_the_level_axes_while_it_stands_or_has_just_left():
    def runs(*rates: float, mode: Mode = Mode.HOLD, landed: int = 0, airborne_s: float = 1.0) -> bool:
        f = flying(mode)
        f.estimate.omega_frd, f.s.landing.is_landed, f.s.landing.airborne_s = rates, landed, airborne_s
        f.p.flight.runaway_rate, f.p.early_s = 5.0, 3.0
        return bool(checks.runs_away(f.s, f.p, f.command))

    assert not runs(3.0, 4.0, 0.0)
    assert runs(3.0, above(4.0) + 1e-9, 0.0)
    assert runs(above(3.0) + 1e-9, -4.0, 0.0)
    assert runs(0.0, 5.1, 0.0)
    assert runs(5.1, 0.0, 0.0)
    assert not runs(0.0, 0.0, 50.0)
    assert not runs(50.0, 0.0, 0.0, mode=Mode.RATE)
    assert not runs(50.0, 0.0, 0.0, airborne_s=3.0)
    assert runs(50.0, 0.0, 0.0, airborne_s=below(3.0))
    assert runs(50.0, 0.0, 0.0, airborne_s=99.0, landed=1)


@pytest.mark.parametrize(
    ("climbed", "known", "landed", "airborne_s", "just_off"),
    [
        (1.25, 1, 0, 1.0, True),
        (1.5, 1, 0, 1.0, False),
        (9.0, 0, 0, 1.0, True),
        (0.0, 1, 0, 3.0, False),
        (9.0, 1, 1, 99.0, True),
    ],
)
def test_whoever_is_high_or_long_in_the_air_has_not_just_left_the_ground(
    climbed, known, landed, airborne_s, just_off
):
    f = flying(FS_EARLY_T=3.0, FS_EARLY_ALT=1.5)
    f.s.landing.ground_down, f.estimate.p_ned = -20.0, (0.0, 0.0, -20.0 - climbed)
    f.estimate.is_altitude_valid, f.s.landing.is_landed, f.s.landing.airborne_s = known, landed, airborne_s
    # A turn that counts while it has just left the ground.
    f.estimate.omega_frd = (50.0, 0.0, 0.0)

    assert bool(landing.is_just_off(f.s.landing, f.p, f.estimate)) == just_off
    assert bool(checks.runs_away(f.s, f.p, f.command)) == just_off


def test_a_runaway_leans_elsewhere_than_it_should_while_it_takes_off():
    def runs(degrees: float, mode: Mode = Mode.HOLD, airborne_s: float = 1.0, lost: int = 0) -> bool:
        f = leaning(flying(mode, FLT_RUN_ANG=math.radians(30.0), FS_EARLY_T=3.0), degrees)
        f.s.landing.airborne_s, f.s.rotors.lost = airborne_s, lost
        return bool(checks.runs_away(f.s, f.p, f.command))

    assert not runs(29.9)
    assert runs(30.1)
    assert runs(-30.1)
    assert not runs(90.0, airborne_s=3.0)
    assert not runs(90.0, mode=Mode.RATE)
    # Which rotor is lost is known then, and the mixer flies it down.
    assert not runs(90.0, lost=1)


def test_who_stands_level_and_is_asked_to_lean_is_no_runaway():
    def runs(tilted: float, asked: float) -> bool:
        f = leaning(flying(FLT_RUN_ANG=math.radians(45.0)), tilted)
        half = math.radians(asked) / 2.0
        f.command.setpoint.q_sp_ned_frd = (math.cos(half), math.sin(half), 0.0, 0.0)
        f.s.landing.is_landed = 1
        return bool(checks.runs_away(f.s, f.p, f.command))

    assert not runs(0.0, 60.0)
    assert not runs(50.0, 40.0)
    assert runs(50.0, 0.0)


def test_a_runaway_leans_by_more_than_its_angle_to_the_last_bit():
    f = leaning(flying(), 50.0)
    f.command.setpoint.q_sp_ned_frd, f.s.landing.airborne_s = (0.0, 1.0, 0.0, 0.0), 1.0
    for angle, runs in ((tilt_of(quat(f.estimate.q_ned_frd)), False), (math.radians(49.0), True)):
        f.p.flight.runaway_angle = angle
        assert bool(checks.runs_away(f.s, f.p, f.command)) == runs


def test_all_the_thrust_there_is_does_not_hold_it():
    def falls(thrust: float, sinking: float, valid: int = 1, landed: int = 0) -> bool:
        f = flying()
        f.command.setpoint.thrust_sp, f.estimate.v_ned = thrust, (0.0, 0.0, sinking)
        f.estimate.is_altitude_valid, f.s.landing.is_landed = valid, landed
        return bool(checks.falls_at_full_thrust(f.s, f.p, f.command))

    assert falls(above(0.9), above(1.0))
    assert not falls(0.9, 5.0)
    assert not falls(1.0, 1.0)
    assert not falls(1.0, 5.0, valid=0)
    assert not falls(1.0, 5.0, landed=1)


def test_all_the_thrust_there_is_does_not_lift_who_is_led_upwards():
    def falls(
        asked: float, climbing: float, level: Level = Level.POSITION, mode: Mode = Mode.MISSION
    ) -> bool:
        f = flying()
        f.s.mode, f.command.setpoint.level = mode, level
        f.command.setpoint.thrust_sp, f.command.setpoint.v_sp_ned = 1.0, (-9.0, -9.0, -asked)
        f.estimate.v_ned, f.s.landing.is_landed = (-9.0, -9.0, -climbing), 1
        return bool(checks.falls_at_full_thrust(f.s, f.p, f.command))

    assert falls(above(1.0), climbing=0.1)
    assert falls(above(1.0), climbing=0.1, level=Level.ALTITUDE)
    assert not falls(1.0, climbing=0.1)
    assert not falls(2.0, climbing=0.2)
    assert not falls(2.0, climbing=0.1, level=Level.ATTITUDE)
    assert not falls(2.0, climbing=0.1, mode=Mode.POSITION)
    assert falls(0.0, climbing=0.1, mode=Mode.TAKEOFF)


def test_shaking_yaw_and_rotors_are_told_apart():
    f = flying()
    f.s.yaw_limit, f.command.terms.rate_i = 2.0, (9.0, 9.0, -1.5)
    f.s.health.shake = 900.0
    assert checks.rotor_troubles(f.s, f.p, f.command) == 0

    f.s.health.shake = above(900.0)
    assert checks.rotor_troubles(f.s, f.p, f.command) == Failsafe.VIBRATION
    f.s.health.shake, f.command.terms.rate_i = 0.0, (0.0, 0.0, above(1.5))
    assert checks.rotor_troubles(f.s, f.p, f.command) == Failsafe.YAW_LIMIT
    f.s.yaw_limit = 0.5
    f.command.terms.rate_i = (0.0, 0.0, 0.3)
    assert checks.rotor_troubles(f.s, f.p, f.command) == 0
    f.s.yaw_limit, f.command.terms.rate_i = 0.0, (0.0, 0.0, 1e9)
    assert checks.rotor_troubles(f.s, f.p, f.command) == 0
    f.s.rotors.lost = 3
    assert checks.rotor_troubles(f.s, f.p, f.command) == Failsafe.ROTOR_LOST


def test_a_spin_is_one_beyond_its_rate_to_either_side_of_what_was_asked_for():
    def spins(rad_s, asked=0.0, **lost):
        f = flying(FLT_SPIN_RATE=3.0)
        f.estimate.omega_frd, f.command.setpoint.omega_sp_frd = (9.0, 9.0, rad_s), (0.0, 0.0, asked)
        f.estimate.is_rate_lost, f.s.rotors.lost = lost.get("rate", 0), lost.get("rotor", 0)
        return bool(checks.rotor_troubles(f.s, f.p, f.command) & Failsafe.SPINNING)

    assert not spins(3.0)
    assert not spins(-3.0)
    assert spins(above(3.0))
    assert spins(-above(3.0))
    assert not spins(9.0, asked=8.0)
    assert spins(0.0, asked=8.0)
    # On fewer rotors it has to, and a rate that nobody measures proves nothing.
    assert not spins(9.0, rotor=2)
    assert not spins(9.0, rate=1)


# Place, time and computers.


def test_a_wind_that_is_no_number_is_too_much():
    f = flying()
    f.estimate.wind_ned = (math.nan, 0.0, 0.0)

    assert checks.place_troubles(f.s, f.p, f.inputs.offboard, f.command) == Failsafe.WIND


def test_wind_and_time_are_too_much_beyond_their_limits():
    f = flying(FLT_TIME_MAX=100.0)
    f.estimate.wind_ned = (9.0, 12.0, 0.0)
    assert checks.place_troubles(f.s, f.p, f.inputs.offboard, f.command) == 0

    f.s.landing.airborne_s, f.estimate.wind_ned = above(100.0), (9.0, 12.0, 1.0)
    assert (
        checks.place_troubles(f.s, f.p, f.inputs.offboard, f.command) == Failsafe.WIND | Failsafe.FLIGHT_TIME
    )
    f.p.flight.longest_s, f.estimate.wind_ned = 0.0, (0.0, 0.0, 0.0)
    assert checks.place_troubles(f.s, f.p, f.inputs.offboard, f.command) == 0
    f.s.fence.is_near, f.s.fence.is_breached = 1, 1
    assert (
        checks.place_troubles(f.s, f.p, f.inputs.offboard, f.command) == Failsafe.FENCE_NEAR | Failsafe.FENCE
    )


def test_off_course_is_who_flies_by_itself_and_is_far_behind_a_place_it_should_be_at():
    def is_lost(mode, level, north, known=1, uses=0):
        f = flying(FLT_AWAY_DIST=20.0)
        f.inputs.offboard.uses = uses
        f.s.mode, f.estimate.is_position_valid = mode, known
        f.estimate.p_ned, f.command.setpoint.level = (5.0, 0.0, -10.0), level
        f.command.setpoint.p_sp_ned = (north, 12.0, -10.0)
        return bool(checks.troubles(f.s, f.p, f.inputs, f.command, -1) & Failsafe.OFF_COURSE)

    assert not is_lost(Mode.MISSION, Level.POSITION, 21.0)
    assert is_lost(Mode.MISSION, Level.POSITION, above(21.0))
    assert is_lost(Mode.HOLD, Level.POSITION, -11.001)
    # What is not flown has gone nowhere; pilots, and programs that stream where it is to be now, may ask for any place.
    assert not is_lost(Mode.MISSION, Level.VELOCITY, 99.0)
    assert not is_lost(Mode.MISSION, Level.POSITION, 99.0, known=0)
    assert not is_lost(Mode.POSITION, Level.POSITION, 99.0)
    assert is_lost(Mode.OFFBOARD, Level.POSITION, 99.0, uses=Use.POSITION_XY + Use.POSITION_Z)
    assert is_lost(Mode.OFFBOARD, Level.POSITION, 99.0, uses=Use.VELOCITY_XY + Use.VELOCITY_Z)
    assert is_lost(Mode.OFFBOARD, Level.POSITION, 99.0, uses=Use.POSITION_Z + Use.VELOCITY_XY)
    for velocity in (Use.VELOCITY_XY, Use.VELOCITY_Z):
        streamed = Use.POSITION_XY + Use.POSITION_Z + velocity
        assert not is_lost(Mode.OFFBOARD, Level.POSITION, 99.0, uses=streamed)
        assert is_lost(Mode.HOLD, Level.POSITION, 99.0, uses=streamed)


def test_sensors_and_computers_fail_beyond_their_limits_each_by_its_name():
    f = flying()
    f.s.health.late, f.s.health.frozen_s, f.s.health.aids, f.s.health.aids_seen = 0.05, 0.1, 12, 4
    f.inputs.system.log_state = int(LogState.RUNNING)
    assert checks.system_troubles(f.s, f.p, f.inputs) == 0

    f.s.health.late = above(0.05)
    assert checks.system_troubles(f.s, f.p, f.inputs) == Failsafe.LOOP_LATE
    f.s.health.late, f.s.health.clipped = 0.0, 0.01
    assert checks.system_troubles(f.s, f.p, f.inputs) == 0
    f.s.health.clipped = above(0.01)
    assert checks.system_troubles(f.s, f.p, f.inputs) == Failsafe.IMU_CLIPPED
    f.s.health.clipped, f.s.health.frozen_s = 0.0, above(0.1)
    assert checks.system_troubles(f.s, f.p, f.inputs) == Failsafe.IMU_STUCK
    f.s.health.frozen_s, f.s.health.aids_seen = 0.0, 5
    assert checks.system_troubles(f.s, f.p, f.inputs) == Failsafe.AID_LOST
    f.s.health.aids_seen, f.inputs.system.log_state = 0, int(LogState.STOPPED)
    assert checks.system_troubles(f.s, f.p, f.inputs) == Failsafe.LOG_LOST
    f.inputs.system.log_state, f.inputs.system.bridge_faults = 0, int(BridgeFault.STOPPED)
    assert checks.system_troubles(f.s, f.p, f.inputs) == Failsafe.BRIDGE_FAULT


def test_on_the_ground_only_what_matters_there_is_wrong():
    f = leaning(flying(), 100.0)
    f.s.fence.is_breached, f.s.rotors.lost, f.inputs.system.bridge_faults = 1, 1, 2
    f.inputs.link.ground_age_us = 60_000_000
    here = Failsafe.TILT | Failsafe.ROTOR_LOST | Failsafe.BRIDGE_FAULT | Failsafe.GROUND_LOST
    assert checks.troubles(f.s, f.p, f.inputs, f.command, -1) == here | Failsafe.FENCE
    f.s.landing.is_landed = 1
    assert checks.troubles(f.s, f.p, f.inputs, f.command, -1) == here
    f.s.arming = Arming.DISARMED
    assert checks.troubles(f.s, f.p, f.inputs, f.command, -1) == 0
    f.s.is_output_broken = 1
    assert checks.troubles(f.s, f.p, f.inputs, f.command, -1) == Failsafe.NOT_A_NUMBER
    f.s.is_output_broken, f.estimate.v_ned = 0, (0.0, math.nan, 0.0)
    assert checks.troubles(f.s, f.p, f.inputs, f.command, -1) == Failsafe.NOT_A_NUMBER


# The battery.


def test_each_level_counts_below_it():
    f = toy()
    f.s.battery_seen = 1
    flags = 0
    for level, flag in (
        (3.5, Failsafe.BATTERY_LOW),
        (3.4, Failsafe.BATTERY_CRITICAL),
        (3.3, Failsafe.BATTERY_EMERGENCY),
    ):
        f.s.cell_v = level
        assert checks.battery_troubles(f.s, f.p) == flags
        f.s.cell_v, flags = below(level), flags | flag
        assert checks.battery_troubles(f.s, f.p) == flags
    f.s.cell_v, f.s.battery_quiet_s = 4.0, 5.0
    assert checks.battery_troubles(f.s, f.p) == 0
    f.s.battery_quiet_s = above(5.0)
    assert checks.battery_troubles(f.s, f.p) == Failsafe.BATTERY_UNKNOWN
    f.s.battery_seen = 0
    assert checks.battery_troubles(f.s, f.p) == 0


def test_voltages_are_followed_by_first_order_filters_of_one_and_two_times_the_time():
    f = toy()
    battery, p = f.inputs.battery, f.p.battery
    battery.fresh, battery.voltage_v = 1, 16.0
    energy.hear(f.s, p, battery, DT)
    assert (f.s.cell_v, f.s.slow_v, f.s.slower_v, f.s.battery_seen) == (4.0, 4.0, 4.0, 1)
    battery.fresh, f.s.told_v = 0, 3.0
    energy.hear(f.s, p, battery, DT)
    got = [4.0 - v for v in (f.s.cell_v, f.s.slow_v, f.s.slower_v)]
    assert got == pytest.approx([DT / (T + DT) for T in (1.0, 30.0, 60.0)], rel=1e-12)
    assert f.s.battery_quiet_s == pytest.approx(DT)


def test_a_later_voltage_is_approached_not_taken():
    f = toy()
    f.s.battery_seen, f.s.cell_v, f.s.battery_quiet_s = 1, 4.0, 3.0
    f.inputs.battery.fresh, f.inputs.battery.voltage_v = 1, 12.0
    energy.hear(f.s, f.p.battery, f.inputs.battery, DT)

    assert f.s.told_v == 3.0
    assert f.s.cell_v == pytest.approx(4.0 - DT / (1.0 + DT))
    assert f.s.battery_quiet_s == 0.0


@pytest.mark.parametrize(("voltage", "cells"), [(math.nan, 4.0), (math.inf, 4.0), (16.0, 0.0)])
def test_a_voltage_that_tells_nothing_is_no_voltage(voltage, cells):
    f = toy()
    f.s.cells = cells
    f.inputs.battery.fresh, f.inputs.battery.voltage_v = 1, voltage
    energy.hear(f.s, f.p.battery, f.inputs.battery, DT)

    assert f.s.battery_seen == 0
    f.s.battery_seen, f.s.told_v, f.s.cell_v = 1, 4.0, 4.0
    energy.hear(f.s, f.p.battery, f.inputs.battery, DT)
    assert f.s.cell_v == 4.0
    assert f.s.battery_quiet_s == pytest.approx(2.0 * DT)


def test_a_single_cell_is_a_battery_too():
    f = toy()
    f.s.cells, f.inputs.battery.fresh, f.inputs.battery.voltage_v = 1.0, 1, 4.0
    energy.hear(f.s, f.p.battery, f.inputs.battery, DT)

    assert f.s.cell_v == 4.0


def test_the_time_left_is_the_voltage_above_critical_over_its_fall():
    f = toy()
    f.s.slow_v, f.s.slower_v, f.s.cell_v = 3.60, 3.66, 3.60
    assert energy.time_left_s(f.s, f.p.battery) == pytest.approx(100.0)
    f.s.cell_v = 3.3
    assert energy.time_left_s(f.s, f.p.battery) == 0.0
    f.s.slower_v = 3.60
    assert energy.time_left_s(f.s, f.p.battery) > 1e6
    f.p.battery.slope_s, f.s.cell_v, f.s.slower_v = 1.0, 3.6, 3.62
    assert energy.time_left_s(f.s, f.p.battery) == pytest.approx(10.0, rel=1e-9)


def test_the_way_home_takes_distance_over_speed_and_height_over_sinking():
    f = toy()
    f.status.home_ned, f.estimate.p_ned = (1.0, 2.0, -3.0), (31.0, 42.0, -13.0)
    p = f.p.battery
    assert energy.time_home_s(p, f.status, f.estimate) == pytest.approx(50.0 / 4.0 + 10.0 / 1.0)
    f.estimate.p_ned = (31.0, 42.0, 5.0)
    assert energy.time_home_s(p, f.status, f.estimate) == pytest.approx(50.0 / 4.0)
    p.home_speed, p.sink_speed, f.estimate.p_ned = 2.0, 0.5, (4.0, 6.0, -4.0)
    assert energy.time_home_s(p, f.status, f.estimate) == pytest.approx(5.0 / 2.0 + 1.0 / 0.5)


def homeward() -> ToyFlight:
    """120 m from home with 50 s left: thirty to fly and twenty in reserve."""
    f = flying()
    f.s.battery_seen, f.status.is_home_set, f.estimate.p_ned = 1, 1, (120.0, 0.0, 0.0)
    f.s.slow_v, f.s.slower_v, f.s.cell_v = 3.5, 3.5 + 30.0 / 512.0, 3.5
    f.p.battery.critical_v = 3.5 - 50.0 / 512.0
    return f


def is_far(f: ToyFlight) -> bool:
    return bool(energy.is_home_far(f.s, f.p.battery, f.status, f.estimate))


def test_home_is_far_when_less_is_left_than_the_way_takes():
    f = homeward()
    need = energy.time_home_s(f.p.battery, f.status, f.estimate) + 20.0
    left = energy.time_left_s(f.s, f.p.battery)
    assert need == pytest.approx(50.0)
    assert left == pytest.approx(50.0)
    f.p.battery.reserve_s = left - 30.0
    assert not is_far(f)
    f.p.battery.reserve_s += 1e-9
    assert is_far(f)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda f: setattr(f.s, "battery_seen", 0),
        lambda f: setattr(f.status, "is_home_set", 0),
        lambda f: setattr(f.estimate, "is_position_valid", 0),
        lambda f: setattr(f.s.landing, "airborne_s", 90.0),
        lambda f: setattr(f.p.battery, "critical_v", 3.5),
        lambda f: (setattr(f.s, "cell_v", 3.5 - 0.0625), setattr(f.p.battery, "step_v", 0.0625)),
        lambda f: (setattr(f.s, "cell_v", 3.5 + 0.0625), setattr(f.p.battery, "step_v", 0.0625)),
    ],
)
def test_whether_home_is_far_is_known_in_a_settled_flight_only(spoil):
    f = homeward()
    f.p.battery.reserve_s = 100.0
    f.s.landing.airborne_s = above(90.0)
    assert is_far(f)
    spoil(f)

    assert not is_far(f)


def test_every_threshold_told_of_is_a_parameter():
    known = {row.id for row in TABLE}

    assert set(THRESHOLDS) <= set(Failsafe) == set(FAILSAFES)
    assert all(name in known for names in THRESHOLDS.values() for name in names)
    assert all(name in known for names in LIMITS.values() for name in names)
    assert set(LIMITS) <= set(REFUSALS) == set(Refusal)
    assert set(WHYS) == set(Why)
    assert all(name in known for names in TIMES.values() for name in names)
    assert set(TIMES) <= set(ENDINGS)


def test_every_ending_has_its_words():
    ends = [row for row in ARMING_TABLE if row[SAID] in (Event.DISARMED, Event.KILLED)]

    assert {int(row[NEEDED]) for row in ends} == {int(signs) for signs in ENDINGS}
