"""A vehicle that is nothing but kinematics: it follows its setpoint with a lag, stands on a floor and feels its thrust.

It lets supervisor and guidance fly without estimator, control and plant.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import config

from flight.command import COMMAND
from flight.guidance import guidance
from flight.guidance.rows import ROWS as GUIDANCE
from flight.inputs import INPUTS, Demand
from flight.kernel import kernel
from flight.modes import WHY, Arming, Event, Level, Mode
from flight.parameter import filled, storage
from flight.record import rows
from flight.supervisor import fence, supervisor
from flight.supervisor.rows import ROWS as SUPERVISOR
from tests.plain import IS_WANTED, Handle, plain

GRAVITY = 9.80665
HOVER = 0.45
TABLE = (*GUIDANCE, *SUPERVISOR)
BY_ID = {row.id: row for row in TABLE}


@kernel
def decide(supervisors, guidances, params, inputs, commands, dt):
    """Have supervisor and guidance decide; arrays cross from Python into machine code faster than records."""
    supervisor.step(supervisors[0], params[0].supervisor, inputs[0], commands[0], dt)
    guidance.step(guidances[0], params[0].guidance, inputs[0], commands[0], dt)


@kernel
def guard(supervisors, commands):
    """Give the supervisor the last word."""
    supervisor.guard(supervisors[0], commands[0])


class ToyFlight:
    """Supervisor, guidance and a lagging point that flies what they say."""

    def __init__(self, dt: float = 0.001, lag_s: float = 0.05, **chosen: float) -> None:
        from flight.parameter import store

        self.dt, self.lag_s = dt, lag_s
        params = filled(storage(TABLE), TABLE)
        for name, value in chosen.items():
            store(params[0], BY_ID[name], value)
        inputs, command = rows(INPUTS), rows(COMMAND)
        stored = [rows(supervisor.STATE), rows(guidance.STATE), params, inputs, command]
        seen = [plain(array[0]) for array in stored]
        self.supervisor, self.guidance, self.params, self.inputs, self.command = seen
        # Compiled kernels take arrays as they are; plain Python knows fields by name.
        self.parts = [[row] for row in seen] if config.DISABLE_JIT else [a.view(np.ndarray) for a in stored]
        self.hands = (self.inputs, self.command) if IS_WANTED else (Handle(inputs), Handle(command))
        supervisor.reset(self.supervisor, self.params.supervisor)
        guidance.reset(self.guidance, self.params.guidance)
        ceiling = fence.ceiling(self.params.supervisor.fence)
        guidance.configure(self.guidance, self.params.guidance, ceiling)
        self.supervisor.cells = 4.0
        self.command.terms.hover_thrust = HOVER
        self.inputs.link.ground_age_us = self.inputs.link.bridge_age_us = -1
        self.estimate = self.command.estimate
        self.estimate.q_ned_frd = (1.0, 0.0, 0.0, 0.0)
        self.place, self.speed, self.ground, self.range_bias = np.zeros(3), np.zeros(3), 0.0, 0.0
        self.events: list[tuple[float, Event, float]] = []
        self.voltage, self.tick, self.is_frozen = 16.0, 0, False
        self.forced: tuple[float | None, ...] = (None, None, None)
        self.trust()

    def trust(self, attitude: int = 1, altitude: int = 1, velocity: int = 1, position: int = 1) -> None:
        """Set what the estimator vouches for."""
        e = self.estimate
        e.is_attitude_valid, e.is_altitude_valid = attitude, altitude
        e.is_velocity_valid, e.is_position_valid = velocity, position

    @property
    def t(self) -> float:
        return self.tick * self.dt

    @property
    def status(self) -> Any:
        return self.command.status

    @property
    def mode(self) -> Mode:
        return Mode(int(self.hands[1].status.mode))

    @property
    def is_armed(self) -> bool:
        return self.hands[1].status.arming == Arming.ARMED

    def ask(self, kind: Demand, *arguments: float | None, index: int = 0) -> ToyFlight:
        """Send one demand; None leaves an argument out."""
        demand = self.inputs.demand
        demand.fresh, demand.serial, demand.kind, demand.index = 1, demand.serial + 1, kind, index
        demand.uses = sum(1 << k for k, a in enumerate(arguments) if a is not None)
        demand.argument = [float(a) if a is not None else 0.0 for a in (*arguments, *[None] * 8)][:8]
        self.step()
        return self

    def sticks(self, roll=0.0, pitch=0.0, yaw=0.0, throttle=0.0, **switches: int) -> ToyFlight:
        """Move the pilot's sticks and switches; they stay there until moved."""
        p = self.inputs.pilot
        p.fresh, p.t_us = 1, self.inputs.t_us
        p.roll, p.pitch, p.yaw, p.throttle = roll, pitch, yaw, throttle
        for name, value in switches.items():
            p[name] = value
        return self

    def stream(self, level: Level, uses: int = 0, **values: Any) -> ToyFlight:
        """Send one offboard setpoint."""
        o = self.inputs.offboard
        o.fresh, o.t_us, o.level, o.uses = 1, self.inputs.t_us, level, uses
        for name, value in values.items():
            o[name] = value
        return self

    def sense(self) -> None:
        """Fill the sensors of this tick."""
        i, e = self.hands[0], self.hands[1].estimate
        self.tick += 1
        t_us = round(self.t * 1e6)
        i.t_us = i.imu.t_us = i.battery.t_us = t_us
        i.imu.fresh = i.battery.fresh = 1
        i.battery.voltage_v = self.voltage
        for source in (i.pilot, i.offboard):
            if source.fresh:
                source.t_us = t_us
        e.p_ned, e.v_ned = self.place, self.speed
        e.height_m = self.ground - self.place[2] + self.range_bias

    def step(self) -> ToyFlight:
        """Fly one tick."""
        self.sense()
        i, status = self.hands[0], self.hands[1].status
        status.events[:] = 0
        status.event_values[:] = 0.0
        decide(*self.parts, self.dt)
        self.control()
        guard(self.parts[0], self.parts[-1])
        for k in np.flatnonzero(status.events):
            self.events.append((self.t, Event(int(status.events[k])), float(status.event_values[k])))
        i.demand.fresh = i.pilot.fresh = i.offboard.fresh = 0
        return self

    def control(self) -> None:
        """Follow the setpoint with a lag; thrust is what the vertical motion needs, none below the floor."""
        command = self.hands[1]
        s, level = command.setpoint, command.setpoint.level
        goal = s.v_ff_ned + 2.0 * (s.p_sp_ned - self.place)
        if level == Level.VELOCITY:
            goal = s.v_sp_ned.copy()
        if level == Level.ALTITUDE:
            goal[:2] = 0.0
            command.estimate.q_ned_frd = s.q_sp_ned_frd
        a = (goal - self.speed) / self.lag_s
        if level in (Level.RATE, Level.ATTITUDE):
            a = np.array([0.0, 0.0, GRAVITY * (1.0 - s.thrust_sp / HOVER)]) - 0.2 * self.speed
        elif level != Level.IDLE:
            s.thrust_sp = float(np.clip(HOVER * (1.0 - a[2] / GRAVITY), 0.02, 1.0))
        if level == Level.IDLE or command.status.arming != Arming.ARMED:
            s.thrust_sp = 0.0
            a = np.array([0.0, 0.0, GRAVITY])
        self.move(np.clip(a, -30.0, GRAVITY))
        command.motors.motor[:4] = s.thrust_sp if level != Level.IDLE else 0.05

    def move(self, a: np.ndarray) -> None:
        """Advance the point, stopped by the floor."""
        before = self.speed.copy()
        if not self.is_frozen:
            self.speed = self.speed + a * self.dt
            for i, speed in enumerate(self.forced):
                self.speed[i] = self.speed[i] if speed is None else speed
            self.place = self.place + self.speed * self.dt
        if self.place[2] >= self.ground:
            self.place[2] = self.ground
            self.speed[2] = min(self.speed[2], 0.0)
            self.speed[:2] *= 0.0
        force = (self.speed - before) / self.dt - np.array([0.0, 0.0, GRAVITY])
        self.hands[0].imu.accel_frd = force if np.linalg.norm(force) > 0.0 else (0.0, 0.0, -1e-9)

    def fly(self, seconds: float) -> ToyFlight:
        """Fly for a while."""
        for _ in range(round(seconds / self.dt)):
            self.step()
        return self

    def until(self, condition: Any, longest_s: float = 60.0) -> ToyFlight:
        """Fly until something holds; fail if it never does."""
        end = self.t + longest_s
        while not condition():
            assert self.t < end, f"not within {longest_s} s: mode {self.mode!r}, events {self.events[-5:]}"
            self.step()
        return self

    def said(self, event: Event, value: float | None = None) -> bool:
        """Tell whether an event has been said, with a value if one is given; a refusal's may leave out why."""
        refusals = (Event.DEMAND_REFUSED, Event.MODE_REFUSED)
        return any(
            e == event and (value in (None, v) or (e in refusals and v % WHY == value))
            for _, e, v in self.events
        )

    def blow(
        self, north: float | None = None, east: float | None = None, down: float | None = None
    ) -> ToyFlight:
        """Force a speed upon the vehicle that it cannot resist; of nothing it has its own again."""
        self.forced = (north, east, down)
        return self

    def airborne(self, height: float = 10.0) -> ToyFlight:
        """Stand ready, arm, take off and hold."""
        self.fly(0.2).ask(Demand.ARM)
        assert self.is_armed, self.status.refusals
        self.ask(Demand.TAKEOFF, height)
        return self.until(lambda: self.mode == Mode.HOLD).fly(1.0)


def angle_between(a: float, b: float) -> float:
    """Return the smallest difference of two headings."""
    return abs(math.remainder(a - b, 2.0 * math.pi))
