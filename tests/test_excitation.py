"""Known disturbances: their shapes, where they enter, and what refuses or ends them."""

import math

import numpy as np
import pytest

from flight.command import COMMAND
from flight.excitation import excitation
from flight.excitation.excitation import Point
from flight.excitation.signals import Signal, value
from flight.inputs import INPUTS, Demand
from flight.modes import WHY, Arming, Event, Level, Mode, Why
from flight.params import AIRFRAME, defaults
from flight.record import rows

DT = 1e-3
pytestmark = pytest.mark.interpreted


class Flying:
    """A vehicle that holds its place in the air, and the excitation alone."""

    def __init__(self):
        self.state = rows(excitation.STATE)[0]
        self.params = defaults()[0].excitation
        self.inputs, self.command = rows(INPUTS)[0], rows(COMMAND)[0]
        status, estimate = self.command.status, self.command.estimate
        status.arming, status.mode, status.dt_s = Arming.ARMED, Mode.HOLD, DT
        estimate.q_ned_frd[0] = self.command.setpoint.q_sp_ned_frd[0] = 1.0
        estimate.is_position_valid = 1
        self.airframe = rows(AIRFRAME)[0]
        self.airframe.inertia[:] = 0.01, 0.02, 0.03

    def ask(
        self, point=Point.TORQUE_ROLL, signal=Signal.CHIRP, amplitude=10.0, seconds=1.0, low=1.0, high=10.0
    ):
        """Ask for an excitation in the next tick."""
        demand = self.inputs.demand
        demand.fresh, demand.kind, demand.index = 1, Demand.EXCITE, point
        demand.argument[:5] = signal, amplitude, seconds, low, high
        return self.tick()

    def tick(self, count=1):
        """Let ticks pass; return what was said in the last one."""
        for _ in range(count):
            self.command.status.events[:] = 0
            excitation.step(self.state, self.params, self.inputs, self.command, DT)
            self.inputs.demand.fresh = 0
        return self.said()

    def said(self):
        """Return the last tick's event and its value."""
        return int(self.command.status.events[0]), float(self.command.status.event_values[0])


def shape(signal, seconds=4.0, low=0.5, high=8.0, fade=0.0):
    t = np.arange(round(seconds / DT)) * DT
    return t, np.array([value(signal, x, seconds, low, high, fade) for x in t])


def test_a_chirp_begins_at_its_lowest_and_ends_at_its_highest_frequency():
    t, x = shape(Signal.CHIRP)

    rising = t[1:][(x[:-1] < 0.0) & (x[1:] >= 0.0)]

    # The last whole period is up to two periods old.
    assert 1.0 / np.diff(rising)[-1] == pytest.approx(8.0, rel=0.16)
    assert np.argmax(x[: round(0.6 / DT)]) * DT == pytest.approx(0.5, abs=0.12)  # a quarter of 2 s, rising
    assert np.abs(x).max() == pytest.approx(1.0, abs=1e-3)


def test_a_doublet_gives_back_what_it_takes():
    _, x = shape(Signal.DOUBLET)

    assert x.sum() == pytest.approx(0.0, abs=1.0)
    assert x.max() == 1.0
    assert x.min() == -1.0
    assert not x[round(2.0 / DT) + 1 :].any()


def test_a_multisine_stays_within_its_amplitude_and_its_band():
    _t, x = shape(Signal.MULTISINE)
    power = np.abs(np.fft.rfft(x)) ** 2
    f_hz = np.fft.rfftfreq(len(x), DT)

    assert 0.5 < np.abs(x).max() < 1.0
    assert power[(f_hz > 0.4) & (f_hz < 8.1)].sum() > 0.999 * power.sum()


def test_an_excitation_swells_and_fades():
    _, x = shape(Signal.CHIRP, fade=0.5)

    assert abs(x[0]) < 0.01
    assert abs(x[-1]) < 0.01


def test_torque_is_added_about_the_asked_axis_in_proportion_to_the_inertia():
    f = Flying()

    assert f.ask(Point.TORQUE_PITCH) == (Event.EXCITATION, Point.TORQUE_PITCH)
    f.tick(200)
    excitation.push(f.command, f.airframe)

    terms, torque = f.command.terms, f.command.setpoint.torque_sp_frd
    assert terms.excited == Point.TORQUE_PITCH
    assert terms.excitation != 0.0
    assert torque.tolist() == [0.0, 0.02 * terms.excitation, 0.0]


def test_every_point_but_its_own_stays_as_it_is():
    for point in Point:
        f = Flying()
        f.command.setpoint.level = Level.POSITION
        f.ask(point, amplitude=0.1)
        f.tick(150)
        excitation.lean(f.command)
        excitation.turn(f.command)
        excitation.push(f.command, f.airframe)

        s = f.command.setpoint
        moved = {
            "torque": s.torque_sp_frd.any(), "rate": s.omega_sp_frd.any(), "angle": s.q_sp_ned_frd[1:].any(),
            "velocity": s.v_ff_ned.any(), "thrust": s.thrust_sp != 0.0,
        }  # fmt: skip
        assert [name for name, did in moved.items() if did] == [point.name.partition("_")[0].lower()], point


def test_leaning_right_rolls_the_attitude_setpoint_right():
    f = Flying()
    f.ask(Point.ANGLE_ROLL, Signal.DOUBLET, 0.2, 2.0, 1.0, 1.0)

    excitation.lean(f.command)

    assert 2.0 * math.asin(f.command.setpoint.q_sp_ned_frd[1]) == pytest.approx(0.2)


def test_it_ends_by_itself_and_says_so():
    f = Flying()
    f.ask(seconds=0.5)

    assert f.tick(500) == (Event.EXCITATION, 0.0)
    assert f.command.terms.excited == 0
    assert f.command.terms.excitation == 0.0


@pytest.mark.parametrize(
    "what",
    ["tilt", "drift", "mode", "failsafe", "landed", "killed", "stick", "stick of nothing", "lost attitude"],
)
def test_whatever_speaks_against_it_cuts_it_short(what):
    f = Flying()
    f.ask(Point.TORQUE_YAW)
    f.tick(100)
    status, estimate, pilot = f.command.status, f.command.estimate, f.inputs.pilot
    if what == "tilt":
        half = 0.5 * math.radians(26.0)
        estimate.q_ned_frd[:] = math.cos(half), math.sin(half), 0.0, 0.0
    elif what == "drift":
        estimate.p_ned[0] = 5.1
    elif what == "mode":
        status.mode = Mode.LAND
    elif what == "failsafe":
        status.failsafes = 1
    elif what == "landed":
        status.is_landed = 1
    elif what == "killed":
        status.arming = Arming.KILLED
    elif what == "stick":
        pilot.t_us, pilot.roll = 1, -0.2
    elif what == "stick of nothing":
        pilot.t_us, pilot.yaw = 1, math.nan
    else:
        estimate.q_ned_frd[:] = math.nan

    assert f.tick() == (Event.EXCITATION, -float(Point.TORQUE_YAW))
    assert f.command.terms.excited == 0
    assert f.tick()[0] == 0


@pytest.mark.parametrize(
    ("why", "asked", "before"),
    [
        (Why.UNKNOWN, {"point": 0}, {}),
        (Why.UNKNOWN, {"point": 14}, {}),
        (Why.UNKNOWN, {"signal": 4}, {}),
        (Why.NOT_A_NUMBER, {"amplitude": math.nan}, {}),
        (Why.OUT_OF_RANGE, {"amplitude": 61.0}, {}),
        (Why.OUT_OF_RANGE, {"point": Point.THRUST, "amplitude": 0.2}, {}),
        (Why.OUT_OF_RANGE, {"seconds": 61.0}, {}),
        (Why.OUT_OF_RANGE, {"low": 11.0}, {}),
        (Why.OUT_OF_RANGE, {"low": 0.0}, {}),
        (Why.OUT_OF_RANGE, {"high": 251.0}, {}),
        (Why.NEEDS_AIRBORNE, {}, {"is_landed": 1}),
        (Why.NEEDS_AIRBORNE, {}, {"arming": Arming.DISARMED}),
        (Why.NOT_IN_MODE, {}, {"mode": Mode.MISSION}),
        (Why.FAILSAFE, {}, {"failsafes": 2}),
    ],
)
def test_what_cannot_be_done_safely_is_refused(why, asked, before):
    f = Flying()
    for name, now in before.items():
        f.command.status[name] = now

    assert f.ask(**asked) == (Event.DEMAND_REFUSED, Demand.EXCITE + WHY * why)
    assert f.command.terms.excited == 0
