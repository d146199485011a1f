"""What would the vehicle do if ...: the real supervisor, told of troubles in a made-up flight."""

from collections.abc import Callable
from typing import Any

import numpy as np

from flight import params as table
from flight.command import COMMAND
from flight.errors import ConfigError
from flight.inputs import INPUTS, BridgeFault, Demand, Fence, LogState
from flight.modes import Arming, Event, Level, Mode
from flight.record import rows
from flight.supervisor import supervisor
from logs.events import advice, event_text, words

DT = 0.01
HOVER = 0.4
# How long the made-up flight goes on after the troubles have begun.
WATCHED_S = 60.0
OVER = 0.924, 0.383, 0.0, 0.0
UPSIDE_DOWN = 0.0, 1.0, 0.0, 0.0


class Pretence:
    """A vehicle that hovers 20 m from home with everything in order, until it is told otherwise."""

    def __init__(self, params: np.recarray | None = None) -> None:
        self.params = (table.defaults() if params is None else params)[0]
        self.state, self.inputs = rows(supervisor.STATE)[0], rows(INPUTS)[0]
        self.command = rows(COMMAND)[0]
        self.tick, self.cell_v, self.shaking = 0, 4.0, 0.0
        self.pilots, self.streams, self.samples, self.measures = True, True, True, True
        self.timeline: list[dict[str, Any]] = []
        supervisor.reset(self.state, self.params.supervisor)
        self.state.cells = 4.0
        self.inputs.link.ground_age_us = self.inputs.link.bridge_age_us = -1
        self.fill_estimate()

    def fill_estimate(self) -> None:
        """Vouch for everything; hover."""
        estimate, setpoint, status = self.command.estimate, self.command.setpoint, self.command.status
        for name in ("attitude", "altitude", "velocity", "position"):
            estimate[f"is_{name}_valid"] = 1
        estimate.q_ned_frd = setpoint.q_sp_ned_frd = (1.0, 0.0, 0.0, 0.0)
        estimate.sensor_health[:] = 1
        status.mission_count = 3
        setpoint.level, self.command.terms.hover_thrust = Level.POSITION, HOVER
        self.inputs.imu.accel_frd = (0.0, 0.0, -9.8)
        self.inputs.offboard.level = Level.POSITION
        self.inputs.pilot.throttle = 0.5

    def step(self) -> None:
        """Pass one tick and note what is said."""
        i, status = self.inputs, self.command.status
        self.tick += 1
        i.t_us = round(self.tick * DT * 1e6)
        i.battery.fresh, i.battery.voltage_v = int(self.measures), 4.0 * self.cell_v
        if self.samples:
            i.imu.fresh, i.imu.t_us = 1, i.t_us
            wobble = 1e-3 * (self.tick % 7)
            i.imu.gyro_frd = (wobble, 0.0, 0.0)
            i.imu.accel_frd = (self.shaking * (-1) ** self.tick, 0.0, -9.8 + wobble)
        for part, is_there in ((i.pilot, self.pilots), (i.offboard, self.streams)):
            part.fresh = int(is_there)
            part.t_us = i.t_us if is_there else part.t_us
        status.events[:], status.event_values[:] = 0, 0.0
        supervisor.step(self.state, self.params.supervisor, i, self.command, DT)
        self.note(status)
        i.demand.fresh = 0

    def note(self, status: np.record) -> None:
        """Write down this tick's events."""
        for code, value in zip(status.events.tolist(), status.event_values.tolist(), strict=True):
            if code:
                line = {"t_s": round(self.tick * DT, 2), "name": Event(code).name.lower()}
                line |= {"text": event_text(code, value), "advice": advice(code, value)}
                self.timeline.append(line)

    def ask(self, kind: Demand, *arguments: float, index: int = 0) -> None:
        """Send one demand."""
        demand = self.inputs.demand
        demand.fresh, demand.kind, demand.index = 1, kind, index
        demand.uses, demand.argument = (1 << len(arguments)) - 1, [*arguments, *[0.0] * (8 - len(arguments))]
        self.step()

    def take_off(self, mode: Mode) -> None:
        """Arm, be in the air at once, and fly a mode."""
        for _ in range(20):
            self.step()
        self.ask(Demand.ARM)
        landing, estimate = self.state.landing, self.command.estimate
        landing.is_landed, landing.has_flown, landing.airborne_s = 0, 1, 120.0
        estimate.p_ned = self.command.setpoint.p_sp_ned = (20.0, 0.0, -20.0)
        self.command.setpoint.thrust_sp = HOVER
        estimate.height_m = 20.0
        self.inputs.pilot.mode = int(mode) if mode <= Mode.POSITION else 0
        self.step()
        if mode not in (Mode.HOLD, self.command.status.mode):
            self.ask(Demand.MODE, float(mode))
        if self.command.status.mode != mode:
            raise ConfigError(f"--given mode={words(mode.name)}: cannot be flown with these parameters")
        self.timeline.clear()
        self.tick = 0
        self.inputs.pilot.t_us = self.inputs.offboard.t_us = 0


def tilted(p: Pretence, q: tuple[float, float, float, float]) -> None:
    """Tilt the vehicle away from its setpoint."""
    p.command.estimate.q_ned_frd = q


def fenced(p: Pretence, north: float, radius: float, speed: float) -> None:
    """Have a round fence, and fly north."""
    p.ask(Demand.FENCE_POINT, Fence.CIRCLE_INSIDE, north, 0.0, radius)
    p.command.estimate.v_ned = (speed, 0.0, 0.0)


def late(p: Pretence) -> None:
    """Let every tick from now on be late."""
    p.state.health.late = 1.0
    p.state.health.overruns = -(1 << 40)
    p.params.supervisor.health.late_s = 1e6


def sinking(p: Pretence) -> None:
    """Sink at full thrust."""
    p.command.setpoint.thrust_sp = 1.0
    p.command.estimate.v_ned = (0.0, 0.0, 3.0)


def just_enough(p: Pretence) -> None:
    """Have a battery that falls towards its critical level in half a minute."""
    s, battery = p.state, p.params.supervisor.battery
    p.cell_v = float(battery.critical_v) + 0.05
    s.told_v = s.cell_v = s.slow_v = p.cell_v
    s.slower_v = p.cell_v + 0.05 * float(battery.slope_s) / 30.0


def twisted(p: Pretence) -> None:
    """Need all the yaw there is."""
    p.state.yaw_limit, p.command.terms.rate_i = 1.0, (0.0, 0.0, 1.0)


def spun(p: Pretence) -> None:
    """Turn over right after the take-off."""
    p.state.landing.airborne_s, p.state.landing.ground_down = 0.0, p.command.estimate.p_ned[2]
    p.command.estimate.omega_frd = (99.0, 0.0, 0.0)


def astray(p: Pretence) -> None:
    """Be far from where it should be."""
    p.command.setpoint.level, p.command.setpoint.p_sp_ned = Level.POSITION, (99.0, 0.0, -20.0)


def frozen(p: Pretence) -> None:
    """Let the IMU say the same for ever."""
    p.state.health.frozen_s = 1e9
    p.samples = False


GIVENS: dict[str, dict[str, Callable[[Pretence], object]]] = {
    "pilot": {"lost": lambda p: setattr(p, "pilots", False)},
    "ground": {"lost": lambda p: setattr(p.inputs.link, "ground_age_us", 60_000_000)},
    "stream": {"lost": lambda p: setattr(p, "streams", False)},
    "bridge": {
        "lost": lambda p: setattr(p.inputs.link, "bridge_age_us", 60_000_000),
        "fault": lambda p: setattr(p.inputs.system, "bridge_faults", int(BridgeFault.BUS)),
    },
    "battery": {
        "low": lambda p: setattr(p, "cell_v", float(p.params.supervisor.battery.low_v) - 0.02),
        "critical": lambda p: setattr(p, "cell_v", float(p.params.supervisor.battery.critical_v) - 0.02),
        "empty": lambda p: setattr(p, "cell_v", float(p.params.supervisor.battery.emergency_v) - 0.02),
        "silent": lambda p: setattr(p, "measures", False),
        "reserve": just_enough,
    },
    "position": {"lost": lambda p: setattr(p.command.estimate, "is_position_valid", 0)},
    "height": {"lost": lambda p: setattr(p.command.estimate, "is_altitude_valid", 0)},
    "attitude": {"lost": lambda p: setattr(p.command.estimate, "is_attitude_valid", 0)},
    "numbers": {"lost": lambda p: setattr(p.command.estimate, "v_ned", (np.nan, 0.0, 0.0))},
    "fence": {"near": lambda p: fenced(p, 20.0, 20.0, 10.0), "outside": lambda p: fenced(p, -90.0, 9.0, 0.0)},
    "takeoff": {"runaway": spun},
    "yaw": {
        "limit": twisted,
        "spinning": lambda p: setattr(p.command.estimate, "omega_frd", (0.0, 0.0, 9.0)),
    },
    "rotor": {"lost": lambda p: setattr(p.state.rotors, "lost", 1)},
    "thrust": {"lost": sinking},
    "vibration": {"high": lambda p: setattr(p, "shaking", 90.0)},
    "imu": {
        "stuck": frozen,
        "clipped": lambda p: setattr(p.command.estimate, "is_clipped", 1),
    },
    "tilt": {"over": lambda p: tilted(p, UPSIDE_DOWN)},
    "crash": {"yes": lambda p: tilted(p, OVER)},
    "course": {"lost": astray},
    "wind": {"strong": lambda p: setattr(p.command.estimate, "wind_ned", (99.0, 0.0, 0.0))},
    "sensor": {"lost": lambda p: p.command.estimate.sensor_health.fill(0)},
    "time": {"over": lambda p: setattr(p.params.supervisor.flight, "longest_s", 1.0)},
    "loop": {"late": late},
    "log": {"stopped": lambda p: setattr(p.inputs.system, "log_state", int(LogState.STOPPED))},
}


def understood(text: str) -> tuple[Mode, list[Callable[[Pretence], object]]]:
    """Return the mode and troubles of a text such as "battery=low,mode=mission"; ConfigError says what may stand."""
    mode = Mode.HOLD
    troubles: list[Callable[[Pretence], object]] = []
    for part in filter(None, (piece.strip().lower() for piece in text.split(","))):
        name, _, value = part.partition("=")
        if name == "mode" and value.upper() in Mode.__members__ and value != "none":
            mode = Mode[value.upper()]
        elif value in GIVENS.get(name, {}):
            troubles.append(GIVENS[name][value])
        else:
            known = [f"{key}={'/'.join(values)}" for key, values in GIVENS.items()]
            modes = "/".join(words(m.name) for m in Mode if m)
            raise ConfigError(f"--given {part}: is not known; known: mode={modes}, {', '.join(known)}")
    return mode, troubles


def outcome(text: str, params: np.recarray | None = None) -> dict[str, Any]:
    """Return what the supervisor does in a flight with the given troubles: timeline and how it stands in the end."""
    mode, troubles = understood(text)
    pretence = Pretence(None if params is None else params.copy())
    pretence.take_off(mode)
    for trouble in troubles:
        trouble(pretence)
    for _ in range(round(WATCHED_S / DT)):
        pretence.step()
    status = pretence.command.status
    return {
        "given": text,
        "timeline": pretence.timeline,
        "mode": words(Mode(int(status.mode)).name),
        "arming": words(Arming(int(status.arming)).name),
    }
