"""The autotune on axes whose truth is known: what it finds, what it makes of it, and that it leaves nothing behind."""

import cmath
import math
import os
import subprocess
import sys
from functools import cache

import numpy as np
import pytest

from flight.autotune import shaping
from flight.autotune.autotune import Stage
from flight.autotune.gains import HIGHS, IDS
from flight.autotune.guard import Reason
from flight.inputs import Demand
from flight.modes import WHY, Arming, Event, Failsafe, Mode, Why
from tests.conftest import ROOT
from tests.tuned_axis import DT, Axis, Toy

pytestmark = pytest.mark.slow

DEGREE = math.pi / 180.0
ROLL, PITCH, YAW, ALTITUDE = 1, 2, 4, 8
TRUTHS = {
    "nimble roll": (ROLL, Axis(1.3, 0.02, 0.004)),
    "slow roll": (ROLL, Axis(0.7, 0.09, 0.016)),
    "yaw with rotors' inertia": (YAW, Axis(1.0, 0.05, 0.008, 0.03)),
    "altitude": (ALTITUDE, Axis(1.1, 0.06, 0.01)),
}


@cache
def tuned(name):
    """Return a toy whose one axis has been tuned, and that axis' number."""
    bit, axis = TRUTHS[name]
    i = bit.bit_length() - 1
    truths = [Axis() for _ in range(4)]
    truths[i] = Axis(axis.gain, axis.lag, axis.delay, axis.zero)
    toy = Toy(*truths)
    toy.ask(index=bit)
    toy.fly()
    return toy, i


@pytest.mark.parametrize("name", TRUTHS)
def test_what_an_axis_is_is_heard_from_its_tones(name, record_property):
    truth = TRUTHS[name][1]

    toy, _ = tuned(name)

    found = toy.state[0].plant
    f = np.array([1.0, 2.0, 4.0, 8.0])
    z = np.exp(2j * np.pi * f * DT)
    share = DT / (DT + truth.lag)
    lagged = share * z / (z - 1.0 + share)
    true = truth.gain * (DT * z / (z - 1.0) + truth.zero) * lagged * z ** -(round(truth.delay / DT))
    heard = np.array([complex(*answer(found, 2.0 * math.pi * x)) for x in f])
    off = heard / true
    record_property(f"{name}: model against truth", f"{np.abs(20 * np.log10(np.abs(off))).max():.2f} dB, "
                    f"{np.abs(np.degrees(np.angle(off))).max():.1f} degrees")  # fmt: skip
    assert np.abs(np.abs(off) - 1.0).max() < 0.06
    assert np.abs(np.angle(off)).max() < 4.0 * DEGREE


def answer(plant, omega):
    """Return the model's response by the equation of its docstring."""
    G = plant.gain * (1.0 + 1j * omega * plant.zero) / (1j * omega * (1.0 + 1j * omega * plant.lag))
    G = complex(G) * cmath.exp(-1j * omega * float(plant.delay))
    return G.real, G.imag


@pytest.mark.parametrize("name", TRUTHS)
def test_the_gains_kept_have_the_margins_asked_for(name, record_property):
    toy, i = tuned(name)

    truth = TRUTHS[name][1]
    kp, ki, _, outer = toy.gains()[i]
    f = np.geomspace(0.05, 0.4 / DT, 4000)
    z = np.exp(2j * np.pi * f * DT)
    share, total = DT / (DT + truth.lag), DT * z / (z - 1.0)
    plant = (
        truth.gain
        * (total + truth.zero)
        * share
        * z
        / (z - 1.0 + share)
        * z ** -(round(truth.delay / DT) + 1)
    )
    if name.startswith("yaw"):
        pole = DT / (DT + 1.0 / (2.0 * math.pi * float(toy.params[0].control.rate.yaw_cutoff_hz)))
        plant = plant * pole * z / (z - 1.0 + pole)
    inner = plant * (kp + ki * total)
    around = outer * total * plant * (kp + ki * total) / (1.0 + inner)
    for which, L in (("inner", inner), ("outer", around)):
        pm, gm, ms = margins(L)
        record_property(f"{name}, {which}", f"PM {pm:.0f} degrees, GM {gm:.1f} dB, Ms {ms:.2f}")
        assert pm >= 50.0
        assert gm >= 8.0
        assert ms <= 1.7


def margins(L):
    """Return phase margin in degrees, gain margin in dB and the greatest sensitivity of a loop on a dense grid."""
    phase = np.unwrap(np.angle(L))
    last = np.flatnonzero(np.abs(L) >= 1.0)[-1]
    back = np.flatnonzero((phase[:-1] > -math.pi) & (phase[1:] <= -math.pi))
    gm = -20.0 * np.log10(np.abs(L[back]).max()) if len(back) else np.inf
    return np.degrees(math.pi + phase[last]), gm, (1.0 / np.abs(1.0 + L)).max()


def test_a_whole_autotune_takes_40_s_and_says_what_it_does(record_property):
    toy = Toy()
    before = toy.gains()
    toy.ask()

    toy.fly()

    values = [value for code, value in toy.said if code == Event.AUTOTUNE]
    record_property("autotune of four axes without a second try", f"{float(toy.state[0].flown_s):.1f} s")
    assert values == [1, 41, 11, 2, 42, 12, 3, 43, 13, 4, 44, 14, 0]
    assert toy.state[0].flown_s < 40.0
    assert np.all(toy.gains()[:, [0, 3]] != before[:, [0, 3]])
    assert np.array_equal(toy.command[0].tuning.gains, toy.gains())
    assert toy.command[0].terms.excited == 0
    assert toy.command[0].status.is_tuning == 0


def test_only_what_was_asked_for_is_tuned():
    toy = Toy()
    before = toy.gains()
    toy.ask(index=PITCH)

    toy.fly()

    assert [bool(np.any(a != b)) for a, b in zip(before, toy.gains(), strict=True)] == [
        False,
        True,
        False,
        False,
    ]


def test_an_axis_that_oscillates_by_itself_gets_gains_that_calm_it():
    toy = Toy(Axis(limit=60.0))
    # More than lag and delay bear: it goes round in a limit cycle.
    toy.params[0].control.rate.kp[0] = 130.0
    toy.axes[0].rate = 0.1
    toy.ask(index=ROLL)

    toy.fly()

    values = [value for code, value in toy.said if code == Event.AUTOTUNE]
    assert values[-1] == 0.0
    assert toy.gains()[0, 0] < 65.0


# Stages of the second axis, when the first one's gains already fly.
STAGES = [stage for stage in Stage if stage != Stage.IDLE]


@pytest.fixture(scope="module")
def at():
    """Return a toy at every stage of pitch, roll being verified, and the gains before."""
    toy = Toy()
    before = toy.gains()
    toy.ask(index=ROLL | PITCH)
    found = {}
    for stage in STAGES:
        toy.fly(until=(1, int(stage)))
        found[stage] = toy.copy()
    return found, before


def stick(toy):
    toy.inputs[0].pilot.t_us, toy.inputs[0].pilot.pitch = 1, -0.2


def lost_stick(toy):
    toy.inputs[0].pilot.t_us, toy.inputs[0].pilot.yaw = 1, math.nan


def failsafe(bit):
    def raised(toy):
        toy.command[0].status.failsafes = int(bit)

    return raised


def status(name, value):
    def changed(toy):
        toy.command[0].status[name] = value

    return changed


def estimate(name, value):
    def changed(toy):
        toy.command[0].estimate[name] = value

    return changed


def turned(toy):
    half = 0.5 * 13.0 * DEGREE
    toy.command[0].estimate.q_ned_frd[:] = math.cos(half), 0.0, math.sin(half), 0.0


def leaning(toy):
    half = 0.5 * 26.0 * DEGREE
    toy.command[0].estimate.q_ned_frd[:] = math.cos(half), math.sin(half), 0.0, 0.0
    toy.command[0].setpoint.q_sp_ned_frd[:] = toy.command[0].estimate.q_ned_frd


def asked(kind, index=0):
    return lambda toy: toy.ask(kind, index)


def too_long(toy):
    toy.state[0].flown_s = 40.0


PATHS = {
    "stick": (stick, Reason.STICK),
    "stick without a number": (lost_stick, Reason.STICK),
    "killed": (status("arming", int(Arming.KILLED)), Reason.DISARMED),
    "disarmed": (status("arming", int(Arming.DISARMED)), Reason.DISARMED),
    "landed": (status("is_landed", 1), Reason.LANDED),
    "battery low": (failsafe(Failsafe.BATTERY_LOW), Reason.FAILSAFE),
    "battery unknown": (failsafe(Failsafe.BATTERY_UNKNOWN), Reason.FAILSAFE),
    "pilot lost": (failsafe(Failsafe.PILOT_LOST), Reason.FAILSAFE),
    "ground lost": (failsafe(Failsafe.GROUND_LOST), Reason.FAILSAFE),
    "estimator": (failsafe(Failsafe.ESTIMATOR), Reason.FAILSAFE),
    "IMU stuck": (failsafe(Failsafe.IMU_STUCK), Reason.FAILSAFE),
    "aid lost": (failsafe(Failsafe.AID_LOST), Reason.FAILSAFE),
    "fence": (failsafe(Failsafe.FENCE), Reason.FAILSAFE),
    "late loop": (failsafe(Failsafe.LOOP_LATE), Reason.FAILSAFE),
    "rotor lost": (status("lost_rotor", 2), Reason.FAILSAFE),
    "mode": (status("mode", int(Mode.LAND)), Reason.MODE),
    "position lost": (estimate("is_position_valid", 0), Reason.POSITION),
    "attitude lost": (estimate("is_attitude_valid", 0), Reason.POSITION),
    "turned": (turned, Reason.TURNED),
    "leaning far": (leaning, Reason.TURNED),
    "drifted": (estimate("p_ned", (1.3, 0.0, 0.0)), Reason.DRIFTED),
    "sunk": (estimate("p_ned", (0.0, 0.0, 1.3)), Reason.DRIFTED),
    "shaking": (estimate("omega_frd", (0.0, 4.1, 0.0)), Reason.SHAKING),
    "rate without a number": (estimate("omega_frd", (math.nan, 0.0, 0.0)), Reason.NOT_A_NUMBER),
    "place without a number": (estimate("p_ned", (0.0, math.nan, 0.0)), Reason.NOT_A_NUMBER),
    "velocity without a number": (estimate("v_ned", (0.0, 0.0, math.inf)), Reason.NOT_A_NUMBER),
    "attitude without a number": (estimate("q_ned_frd", math.nan), Reason.NOT_A_NUMBER),
    "asked to end": (asked(Demand.AUTOTUNE), Reason.ASKED),
    "asked to begin again": (asked(Demand.AUTOTUNE, 15), Reason.ASKED),
    "another excitation": (asked(Demand.EXCITE, 1), Reason.ASKED),
    "a parameter": (asked(Demand.PARAM, 3), Reason.PARAMETER),
    "too long": (too_long, Reason.TOO_LONG),
}


@pytest.mark.parametrize("path", PATHS)
def test_whatever_ends_it_at_whatever_stage_brings_every_old_gain_back(path, at):
    happens, reason = PATHS[path]
    found, before = at
    for stage in STAGES:
        toy = found[stage].copy()
        assert np.any(toy.gains() != before)

        happens(toy)
        said = toy.tick()

        assert said[0] == (Event.AUTOTUNE, -float(reason)), stage
        assert np.array_equal(toy.gains(), before), stage
        assert np.array_equal(toy.command[0].tuning.gains, before), stage
        assert toy.state[0].stage == Stage.IDLE, stage
        assert toy.command[0].terms.excited == 0, stage
        assert toy.command[0].status.is_tuning == 0, stage


def test_an_axis_that_cannot_be_heard_is_softened_twice_and_nothing_of_that_stays(at):
    found, before = at
    toy = found[Stage.FIT].copy()
    toy.params[0].autotune.misfit = 1e-9

    toy.fly(3.0)
    softer = toy.gains()[1]
    toy.fly(12.0)

    assert softer.tolist() == (before[1] * (0.5, 0.5, 0.5, 0.7)).tolist()
    assert [value for _, value in toy.said] == [32.0, 32.0, -float(Reason.NOT_HEARD)]
    assert np.array_equal(toy.gains(), before)


@pytest.mark.parametrize("what", ["plant", "sums"])
def test_numbers_that_are_none_never_reach_a_gain(what, at):
    found, before = at
    toy = found[Stage.SHAPE].copy() if what == "plant" else found[Stage.LISTEN].copy()
    toy.params[0].autotune.soften = 0
    if what == "plant":
        toy.state[0].plant.gain = math.nan
        toy.state[0].shaper.plant[:] = math.nan
    else:
        toy.state[0].bank.part[:] = math.nan

    toy.fly(6.0)

    assert toy.said[-1][1] in (-Reason.NO_GAINS, -Reason.OUT_OF_RANGE, -Reason.NOT_HEARD)
    assert np.array_equal(toy.gains(), before)


def test_nothing_stays_where_no_gains_hold_the_margins(at):
    found, before = at
    toy = found[Stage.SHAPE].copy()
    toy.params[0].autotune.ms = 1.0001

    toy.fly(5.0)

    assert toy.said[-1] == (Event.AUTOTUNE, -Reason.NO_GAINS)
    assert np.array_equal(toy.gains(), before)


@pytest.mark.parametrize("term", range(4))
def test_gains_out_of_their_range_are_never_flown(term, at):
    found, before = at
    toy = found[Stage.SURROUND].copy()
    toy.state[0].shaper.halving = 99
    toy.state[0].shaper.low = 1.0
    toy.state[0].shaper.gains[:] = 1.0
    toy.state[0].shaper.gains[term] = 2.0 * HIGHS[1, term]
    if term == shaping.OUTER:
        toy.state[0].shaper.low = toy.state[0].shaper.high = 2.0 * HIGHS[1, term]
        toy.params[0].autotune.ms_out = 1e-9

    toy.tick()

    assert toy.said[-1] == (Event.AUTOTUNE, -Reason.OUT_OF_RANGE)
    assert np.array_equal(toy.gains(), before)


def test_gains_that_do_not_do_what_was_expected_are_tried_slower_once_and_then_given_up(at):
    found, before = at
    toy = found[Stage.CHECK].copy()
    toy.params[0].autotune.ok_ms = 0.5

    toy.fly(20.0)

    assert [value for _, value in toy.said] == [22.0, 42.0, -float(Reason.NOT_VERIFIED)]
    assert np.array_equal(toy.gains(), before)


@pytest.mark.parametrize(("throttle", "ends"), [(0.9, 0.0), (0.97, -float(Reason.NO_RESERVE))])
def test_altitude_is_tuned_only_where_the_rotors_have_thrust_to_hold_it_with(throttle, ends):
    toy = Toy()
    before = toy.gains()
    toy.ask(index=ALTITUDE)
    toy.command[0].motors.motor[:4] = throttle

    toy.fly(20.0)

    assert toy.said[-1] == (Event.AUTOTUNE, ends)
    assert np.array_equal(toy.gains(), before) == (ends < 0.0)


def test_gusts_are_averaged_out_before_new_gains_are_given_up(at):
    found, _ = at
    toy = found[Stage.CHECK].copy()
    toy.params[0].autotune.ok_ms = 0.5

    toy.fly(2.5)
    toy.params[0].autotune.ok_ms = 2.2
    toy.fly(1.0)

    assert [value for _, value in toy.said] == [12.0, 0.0]


def test_a_vehicle_that_changed_while_it_was_tuned_is_not_verified():
    toy = Toy()
    before = toy.gains()
    toy.params[0].autotune.tries = 1
    toy.ask(index=ROLL)
    toy.fly(until=(0, int(Stage.FLY)))
    # Twice as far from what was heard as a crossover may be.
    toy.axes[0].gain *= 0.4

    toy.fly()

    assert toy.said[-1] == (Event.AUTOTUNE, -Reason.NOT_VERIFIED)
    assert np.array_equal(toy.gains(), before)


@pytest.mark.parametrize(
    ("why", "spoil"),
    [
        (Why.UNKNOWN, asked(Demand.AUTOTUNE, 0)),
        (Why.UNKNOWN, asked(Demand.AUTOTUNE, 16)),
        (Why.NEEDS_AIRBORNE, status("arming", int(Arming.DISARMED))),
        (Why.NEEDS_AIRBORNE, status("is_landed", 1)),
        (Why.FAILSAFE, failsafe(Failsafe.BATTERY_LOW)),
        (Why.FAILSAFE, status("lost_rotor", 1)),
        (Why.NOT_IN_MODE, status("mode", int(Mode.MISSION))),
        (Why.NEEDS_POSITION, estimate("is_position_valid", 0)),
        (Why.OUT_OF_RANGE, estimate("height_m", 1.0)),
        (Why.OUT_OF_RANGE, estimate("height_m", math.nan)),
        (Why.OUT_OF_RANGE, estimate("v_ned", (1.0, 0.0, 0.0))),
        (Why.OUT_OF_RANGE, stick),
    ],
)
def test_what_cannot_be_begun_is_refused_and_changes_nothing(why, spoil):
    toy = Toy()
    before = toy.gains()
    toy.ask()
    spoil(toy)

    said = toy.tick()

    assert said == [(Event.DEMAND_REFUSED, Demand.AUTOTUNE + WHY * why)]
    assert toy.state[0].stage == Stage.IDLE
    assert np.array_equal(toy.gains(), before)


SCRIPT = """
from tests.tuned_axis import Toy
toy = Toy()
toy.ask(index=4)
toy.fly()
print(toy.said, toy.gains().tobytes().hex())
"""


def test_compiled_and_interpreted_find_the_same_gains_to_the_bit():
    said = []
    for plain in ("0", "1"):
        environment = os.environ | {"NUMBA_DISABLE_JIT": plain, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", SCRIPT]
        run = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=300.0, check=True
        )
        said.append(run.stdout)

    assert said[0] == said[1]
    assert "(20, 0.0)" in said[0]


def test_the_sixteen_gains_are_the_parameters_they_are_called():
    from flight.parameter import stored
    from flight.params import BY_ID

    toy = Toy()
    read = toy.gains()

    assert [[stored(toy.params[0], BY_ID[id]) for id in axis] for axis in IDS] == read.tolist()
