"""One vehicle of four integrators with lag and delay, flown by the gains that an autotune changes."""

import math
from collections import deque

import numpy as np

from flight.autotune import autotune
from flight.autotune.autotune import Stage
from flight.autotune.gains import read_all
from flight.command import COMMAND
from flight.control import control
from flight.inputs import INPUTS, Demand
from flight.modes import Arming, Mode
from flight.params import defaults
from flight.physics import STANDARD_GRAVITY
from flight.record import rows

DT = 0.002
ALTITUDE = 3
HOVER = 0.4
RECORDS = ("state", "params", "control", "inputs", "command")


class Axis:
    """A true axis: gain, lag and delay, and the P, I and outer P of the rate that hold it."""

    def __init__(self, gain=1.0, lag=0.04, delay=0.008, zero=0.0, limit=math.inf):
        self.gain, self.lag, self.delay, self.zero = gain, lag, delay, zero
        self.limit = limit
        self.line = deque([0.0] * max(1, round(delay / DT)))
        self.push = self.rate = self.place = self.integral = 0.0

    def move(self, gains, added):
        """Let a tick pass; return what the rotors were asked for."""
        kp, ki, _, outer = gains
        error = -outer * self.place - self.rate
        self.integral += DT * ki * error
        asked = min(max(kp * error + self.integral + added, -self.limit), self.limit)
        self.line.append(asked)
        before, share = self.push, DT / (DT + self.lag)
        self.push += share * (self.line.popleft() - self.push)
        self.rate += self.gain * (DT * self.push + self.zero * (self.push - before))
        self.place += DT * self.rate
        return asked


class Toy:
    """The records of a vehicle that hovers, an autotune, and the world it shakes."""

    def __init__(self, *axes):
        self.axes = [*axes, *(Axis() for _ in range(4 - len(axes)))]
        self.state, self.params = rows(autotune.STATE), defaults()
        self.control = rows(control.STATE)
        self.inputs, self.command = rows(INPUTS), rows(COMMAND)
        known, status, estimate = self.params[0].airframe, self.command[0].status, self.command[0].estimate
        known.inertia[:], known.mass_kg, known.motor_lag_s = (0.01, 0.02, 0.03), 1.0, 0.04
        known.rotor_count, known.thrust_max_n = 4, 6.0
        self.params[0].control.rate.kd[:] = 0.0
        # These axes have no derivative.
        self.params[0].autotune.derivative = 0.0
        self.params[0].control.rate.kp[:], self.params[0].control.rate.ki[:] = (12.0, 12.0, 6.0), 10.0
        self.params[0].control.attitude.kp[:] = 3.0, 3.0, 1.5
        control.configure(self.control[0], self.params[0].control, known, DT)
        autotune.reset(self.state[0])
        status.arming, status.mode, status.dt_s = Arming.ARMED, Mode.HOLD, DT
        estimate.q_ned_frd[0] = self.command[0].setpoint.q_sp_ned_frd[0] = 1.0
        estimate.is_position_valid = estimate.is_attitude_valid = 1
        estimate.height_m = 5.0
        self.command[0].terms.hover_thrust = HOVER
        self.said = []
        self.open()

    def open(self):
        """Open the records once: numpy takes longer for that than a tick."""
        plain = [getattr(self, name).view(np.ndarray)[0] for name in RECORDS]
        self.records = [getattr(self, name)[0] for name in RECORDS]
        command = plain[RECORDS.index("command")]
        self.demand = plain[RECORDS.index("inputs")]["demand"]
        self.status, self.estimate = command["status"], command["estimate"]
        self.terms, self.setpoint = command["terms"], command["setpoint"]
        self.inertia = self.params[0].airframe.inertia.tolist()
        self.read = np.zeros((4, 4))

    def gains(self):
        """Return all sixteen gains as flown."""
        read_all(self.records[1].control, self.read)
        return self.read.copy()

    def ask(self, kind=Demand.AUTOTUNE, index=15):
        """Send a demand with the next tick."""
        demand = self.inputs[0].demand
        demand.fresh, demand.kind, demand.index = 1, kind, index

    def tick(self):
        """Fly one tick; return the events said in it."""
        state, params, held, inputs, command = self.records
        self.status["events"][:], self.terms["excited"], self.terms["excitation"] = 0, 0, 0.0
        if self.demand["fresh"]:
            autotune.yield_to(state, params, inputs.demand, command)
        autotune.step(state, params, held, inputs, command, DT, DT)
        self.demand["fresh"] = 0
        self.move(self.gains().tolist())
        codes, values = self.status["events"].tolist(), self.status["event_values"].tolist()
        said = [(code, value) for code, value in zip(codes, values, strict=True) if code]
        self.said += said
        return said

    def move(self, gains):
        """Let the axes move and the estimate tell it."""
        full, excited = STANDARD_GRAVITY / HOVER, int(self.terms["excited"])
        excitation = float(self.terms["excitation"])
        for i, axis in enumerate(self.axes):
            added = excitation if excited == (13 if i == ALTITUDE else 1 + i) else 0.0
            asked = axis.move(gains[i], -full * added if i == ALTITUDE else added)
            if i == ALTITUDE:
                self.setpoint["thrust_sp"] = HOVER - asked / full
            else:
                self.setpoint["torque_sp_frd"][i] = asked * self.inertia[i]
                self.estimate["omega_frd"][i] = self.terms["gyro_filtered_frd"][i] = axis.rate
        turn = [0.5 * axis.place for axis in self.axes[:3]]
        self.estimate["q_ned_frd"][:] = math.sqrt(max(0.0, 1.0 - sum(t * t for t in turn))), *turn
        self.estimate["v_ned"][2], self.estimate["p_ned"][2] = self.axes[3].rate, self.axes[3].place

    def fly(self, seconds=45.0, until=None):
        """Fly until a stage of an axis, or until the autotune is over."""
        for _ in range(round(seconds / DT)):
            self.tick()
            axis, stage = self.stage()
            if (until is None and stage == Stage.IDLE) or (axis, stage) == until:
                return

    def stage(self):
        """Return the axis and the stage it is in."""
        state = self.state.view(np.ndarray)
        return int(state["axis"][0]), int(state["stage"][0])

    def copy(self):
        """Return a copy of the records, for one more tick."""
        other = object.__new__(Toy)
        other.axes, other.said = [Axis() for _ in range(4)], []
        for name in RECORDS:
            setattr(other, name, getattr(self, name).copy().view(np.recarray))
        other.open()
        return other
