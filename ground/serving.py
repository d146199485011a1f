"""A vehicle and the processes around it: a loop that flies, a recorder, a link; the parent brings back what dies."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from flight.airframe import Airframe
from flight.autopilot import Autopilot
from flight.errors import ConfigError
from flight.geodesy import geodetic, local_ned
from flight.inputs import Demand
from flight.params import BY_ID
from flight.quaternion import Quat, rotate_back
from flight.vector import Vec3
from ground import board, faults, realtime
from ground.link import parameter_file
from ground.link.frames import Scanner
from ground.link.vehicle import Facts
from ground.log_mode import LogMode
from ground.loop import End, FlightLoop, Paced, demanded, plain
from ground.nameplate import Nameplate
from ground.pulse_guard import guard
from ground.recording import Plan, record
from ground.rings import Reader
from ground.seats import Seats, What, request
from ground.session import Conditions, Interrupt, interruptible, log_path
from logs import timing
from logs.version import code_version
from sim.plant.wind import set_wind
from sim.sensors.faults import set_fault
from sim.world import Simulator

# Children inherit the compiled kernels: a link that was killed is back in milliseconds.
fork = multiprocessing.get_context("fork")
LOOK_S = 0.02
# A child that keeps dying is brought back less and less often.
PATIENCE_S, MOST_PATIENCE_S = 0.02, 2.0
# How long a landing on Ctrl-C may take, and the last words of recorder and link.
LANDING_S, LAST_WORDS_S = 120.0, 5.0
ANSWER_S = 0.2


@dataclass
class Choice:
    """What is served: the vehicle, its world, and where ground stations are."""

    airframe: Airframe
    conditions: Conditions
    speed: float = 1.0
    endpoints: tuple[str, ...] = ()
    log: str | None = None
    parameter_file: Path = Path("logs/parameters.toml")
    signing_file: Path | None = None
    longest_s: float | None = None
    overrides: dict[str, float] = field(default_factory=dict)
    # The serial port of a board, "pi" for the Pi's own buses, or nothing: the simulator.
    port: str = ""
    # SDLOG_MODE where nobody has set it; as PX4 has it, a simulator logs from boot on.
    log_mode: int | None = None

    @property
    def dt(self) -> float:
        """Return the loop's period in seconds."""
        return 1.0 / self.airframe.loop_rate_hz


@dataclass
class Child:
    """A process that may die and is brought back."""

    name: str
    run: Callable[[int], None]
    process: Any = None
    starts: int = 0
    due_s: float = 0.0
    patience_s: float = PATIENCE_S
    began_s: float = 0.0

    def start(self) -> None:
        """Start it, deaf to Ctrl-C, which is the parent's to answer."""
        number, self.starts = self.starts, self.starts + 1
        self.process = fork.Process(target=quietly, args=(self.run, number), name=self.name, daemon=True)
        self.process.start()
        self.began_s = time.monotonic()

    def tend(self) -> None:
        """Bring it back when it is gone."""
        now_s = time.monotonic()
        if self.process is not None and not self.process.is_alive():
            self.process.close()
            self.process = None
            lived_s = now_s - self.began_s
            self.patience_s = PATIENCE_S if lived_s > 1.0 else min(2.0 * self.patience_s, MOST_PATIENCE_S)
            self.due_s = now_s + self.patience_s
        if self.process is None and now_s >= self.due_s:
            self.start()

    def end(self) -> None:
        """Ask it to end, and make it when it does not."""
        if self.process is None:
            return
        self.process.terminate()
        self.process.join(LAST_WORDS_S)
        self.process.kill()


def quietly(run: Callable[[int], None], number: int) -> None:
    """Run a child's work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    run(number)


class Boot:
    """One life of the vehicle, from switching it on to switching it off."""

    def __init__(self, choice: Choice, logs_before: int = 0) -> None:
        self.choice, self.logs_before = choice, logs_before
        self.airframe = as_kept(choice)
        self.seats = Seats()
        self.nameplate = Nameplate(self.seats, self.airframe.name)
        self.simulator = None if choice.port else made_world(choice)
        self.snapshots = Reader(self.seats.snapshots, from_start=True)
        folder = log_path(choice.log, "serve", self.airframe.name)
        self.facts = Facts(
            self.airframe.name, folder.parent, choice.parameter_file, not choice.port, choice.speed,
            signing_file=choice.signing_file,
            rotors=int(self.airframe.params[0].airframe.rotor_count),
            cells=float(self.airframe.params[0].airframe.cells),
            capacity_mah=1e3 * float(self.airframe.physics["battery"]["capacity_ah"]),
            resistance_ohm=float(self.airframe.physics["battery"]["resistance_ohm"]),
        )  # fmt: skip
        self.loop = Child("quadloop-loop", self.fly)
        self.loop_pid = multiprocessing.RawValue("q", 0)
        self.beside = [Child("quadloop-recorder", self.record), Child("quadloop-link", self.talk)]
        if board.has_pulses(self.airframe, choice.port):
            self.beside.append(Child("quadloop-guard", self.guard))
        self.stray_s = 0.0

    def fly(self, _: int) -> None:
        """Be the flight loop."""
        self.loop_pid.value = os.getpid()
        autopilot = Autopilot(self.airframe.params, self.choice.dt)
        loop = self.simulated(autopilot) if self.simulator else self.on_board(autopilot)
        loop.obey = self.obey
        os._exit(loop.run())

    def simulated(self, autopilot: Autopilot) -> FlightLoop:
        """Return the loop in the simulator, at its pace."""
        assert self.simulator is not None
        speed, truth = self.choice.speed, plain(self.simulator.vehicles)["truth"]
        world = Paced(self.simulator, speed) if speed > 0.0 else self.simulator
        return FlightLoop(autopilot, world, self.seats, truth, speed)

    def on_board(self, autopilot: Autopilot) -> FlightLoop:
        """Return the loop on a real vehicle, whose samples are its pace."""
        world = board.opened(self.airframe, self.choice.port)
        return FlightLoop(autopilot, world, self.seats, standing=realtime.claim())

    def obey(self, what: What, text: bytes) -> End | None:
        """Do what is asked of the simulator itself."""
        if what == What.FAULT and self.simulator:
            let_fail(self.simulator, text.decode("ascii", "replace"))
        return {What.POWER_CYCLE: End.POWER_CYCLE, What.END: End.ASKED}.get(what)

    def record(self, number: int) -> None:
        """Be the recorder; one that was brought back begins another log."""
        self.stand_back()
        mode = int(self.airframe.params[0].recording.mode)
        plan = Plan(
            self.airframe,
            self.choice.dt,
            self.choice.conditions.seed,
            mode,
            self.log_file,
            not self.choice.port,
        )
        record(self.seats, plan, from_start=number == 0)

    def guard(self, _: int) -> None:
        """Be the deadman of motors that the Pi drives itself."""
        self.stand_back()
        guard(
            self.seats.ticks,
            lambda: int(self.loop_pid.value),
            partial(board.silence, self.airframe, self.choice.port),
        )

    def stand_back(self) -> None:
        """Leave a vehicle's loop the core it runs on."""
        if self.choice.port:
            realtime.step_aside()

    def log_file(self, number: int) -> Path:
        """Return where the log goes that is `number` since boot; a file that was named is followed by numbered ones."""
        path = log_path(self.choice.log, "serve", self.airframe.name)
        place = self.logs_before + number
        is_named = self.choice.log is not None and path == Path(self.choice.log)
        return path.with_name(f"{path.stem}_{place + 1}{path.suffix}") if is_named and place else path

    def logs(self) -> list[str]:
        """Return the files of all logs since boot."""
        return [os.fsdecode(row.path) for row in Reader(self.seats.logged, from_start=True).drain()]

    def talk(self, _: int) -> None:
        """Be the link."""
        from ground.link.process import talk

        self.stand_back()
        talk(self.seats, self.facts, self.choice.endpoints)

    def start(self) -> None:
        """Switch on."""
        for child in (self.loop, *self.beside):
            child.start()

    def tend(self) -> int | None:
        """Bring back recorder and link; return the loop's exit code once it has ended."""
        for child in self.beside:
            child.tend()
        process = self.loop.process
        return None if process.is_alive() else int(process.exitcode)

    def status(self) -> Any:
        """Return the newest status, None before the first tick."""
        newest = self.snapshots.newest()
        return None if newest is None else newest[0].command.status

    def order(self, what: What, demand: np.void | None = None) -> None:
        """Ask the loop for something."""
        parts = {} if demand is None else {"demand": demand}
        self.seats.parent_requests.push(request(what, **parts))

    def stop(self) -> None:
        """Switch off, the recorder last but one."""
        self.order(What.END)
        self.loop.process.join(1.0)
        self.loop.process.kill()
        # A pulse generator repeats its last pulse for ever.
        board.silence(self.airframe, self.choice.port)
        for child in self.beside:
            child.end()

    def close(self) -> None:
        """Let go of the rings; nobody finds them any more."""
        self.nameplate.close()
        self.seats.close()

    def figures(self) -> dict[str, Any]:
        """Return what this life showed."""
        newest = self.snapshots.newest()
        row = None if newest is None else newest[0]
        recorder = self.beside[0]
        timed = Reader(self.seats.timings, from_start=True).newest()
        return {
            "logs": self.logs(),
            "duration_s": 0.0 if row is None else 1e-6 * float(row.inputs.t_us),
            "ticks": 0 if row is None else int(row.command.status.tick),
            "overruns": 0 if row is None else int(row.overruns),
            "timing": None if timed is None else timing.facts(timed[0]),
            "link_restarts": self.beside[1].starts - 1,
            "recorder_restarts": recorder.starts - 1,
        }


def as_kept(choice: Choice) -> Airframe:
    """Return the airframe with what was set over the link before; `--set` goes before that."""
    airframe = replace(
        choice.airframe, params=choice.airframe.params.copy(), gains=dict(choice.airframe.gains)
    )
    kept = parameter_file.read(choice.parameter_file)
    if "SDLOG_MODE" not in airframe.gains:
        usual = LogMode.ARMED if choice.port else LogMode.BOOT_TO_DISARMING
        airframe.set("SDLOG_MODE", int(usual if choice.log_mode is None else choice.log_mode))
    for name, value in (kept | choice.overrides).items():
        if name in BY_ID:
            airframe.set(name, value, str(choice.parameter_file))
    return airframe


def made_world(choice: Choice) -> Simulator:
    """Return the simulator under the chosen conditions."""
    conditions = choice.conditions
    world = Simulator(choice.airframe, conditions.seed, conditions.sensors)
    vehicle, setup = world.vehicles[0], world.setups[0]
    set_wind(vehicle.wind, conditions.mean_wind_ned(), conditions.turbulence, conditions.seed)
    for text in conditions.faults:
        faults.parse(text).apply(vehicle, setup)
    return world


def let_fail(world: Simulator, text: str) -> None:
    """Let a part of the simulated vehicle fail, or be well again (`gps:ok@0s`); what makes no sense does nothing."""
    part, _, rest = text.partition(":")
    try:
        if rest.startswith("ok@"):
            set_fault(world.vehicles[0].sensors, part, "none")
        else:
            faults.parse(text).apply(world.vehicles[0], world.setups[0])
    except ConfigError:
        return


@dataclass
class Service:
    """What is served until somebody has had enough."""

    choice: Choice
    lives: list[dict[str, Any]] = field(default_factory=list)
    began_s: float = 0.0

    def run(self) -> tuple[dict[str, Any], bool]:
        """Serve; return the figures, and whether Ctrl-C ended it."""
        warm(self.choice)
        self.began_s = time.monotonic()
        with interruptible() as interrupt:
            code = int(End.POWER_CYCLE)
            while code == End.POWER_CYCLE and not self.is_over(interrupt):
                code = self.live(interrupt)
        totals = {key: sum(life[key] for life in self.lives) for key in ("ticks", "overruns", "duration_s")}
        return totals | {"boots": self.lives, "loop_exit_code": code}, interrupt.presses > 0

    def live(self, interrupt: Interrupt) -> int:
        """Live one life; return how the loop ended."""
        boot = Boot(self.choice, sum(len(life["logs"]) for life in self.lives))
        boot.start()
        try:
            code = self.watch(boot, interrupt)
            if code == End.POWER_CYCLE:
                # The link still owes somebody an answer.
                time.sleep(ANSWER_S)
        finally:
            boot.stop()
            self.lives.append(boot.figures())
            boot.close()
        return code

    def is_over(self, interrupt: Interrupt) -> bool:
        """Tell whether it is time to end."""
        longest_s = self.choice.longest_s
        is_late = longest_s is not None and time.monotonic() - self.began_s > longest_s
        return interrupt.presses > 0 or is_late

    def watch(self, boot: Boot, interrupt: Interrupt) -> int:
        """Tend the processes until the loop ends or somebody wants the end; land first."""
        pressed, since_s = 0, 0.0
        while (code := boot.tend()) is None:
            if self.is_over(interrupt):
                since_s = since_s or time.monotonic()
                status = boot.status()
                if status is None or status.arming != 1 or time.monotonic() - since_s > LANDING_S:
                    return 0
                if pressed < max(1, min(interrupt.presses, 2)):
                    pressed += 1
                    ask_down(boot, pressed)
            time.sleep(LOOK_S)
        return code


def warm(choice: Choice) -> None:
    """Load everything the children need before they are made, and see that every endpoint can be had."""
    from ground.link.process import opened_all

    for transport in opened_all(choice.endpoints, choice.signing_file):
        transport.close()
    if choice.port:
        board.opened(choice.airframe, choice.port).close()
    autopilot = Autopilot(choice.airframe.params, choice.dt)
    world = None if choice.port else made_world(choice)
    if world:
        world.read(autopilot.inputs[0])
    autopilot.step()
    if world:
        world.write(autopilot.commands[0])
    code_version()  # Asks git, which the recorder should not have to.
    local_ned(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    geodetic(Vec3(0.0, 0.0, 0.0), 0.0, 0.0, 0.0)
    rotate_back(Quat(1.0, 0.0, 0.0, 0.0), Vec3(0.0, 0.0, 0.0))
    Scanner().take(bytes(8), is_stream=True)


def ask_down(boot: Boot, presses: int) -> None:
    """Land at the first request, stop the motors at the second."""
    boot.order(What.DEMAND, demanded(Demand.LAND) if presses == 1 else demanded(Demand.DISARM, 1.0))
