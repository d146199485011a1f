"""One life of a vehicle: a loop that flies, a recorder and a link beside it; the parent brings back what dies."""

import multiprocessing
import os
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from flight.autopilot import Autopilot
from ground import board, realtime
from ground.child import Child
from ground.choice import Choice, as_kept, identity, let_fail, link_settings, made_world
from ground.link.vehicle import Facts
from ground.loop import End, FlightLoop, Paced, plain
from ground.nameplate import Nameplate
from ground.pulse_guard import guard
from ground.recording import Plan, record
from ground.rings import Reader
from ground.seats import Seats, What, request
from ground.session import log_path
from logs import timing


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
        system, component = identity(choice)
        self.facts = Facts(
            self.airframe.name, folder.parent, choice.parameter_file, not choice.port, choice.speed,
            signing_file=choice.signing_file,
            rotors=int(self.airframe.params[0].airframe.rotor_count),
            cells=float(self.airframe.params[0].airframe.cells),
            capacity_mah=1e3 * float(self.airframe.physics["battery"]["capacity_ah"]),
            resistance_ohm=float(self.airframe.physics["battery"]["resistance_ohm"]),
            settings=link_settings(choice), system=system, component=component,
        )  # fmt: skip
        self.loop = Child("quadloop-loop", self.fly)
        self.loop_pid = multiprocessing.RawValue("q", 0)
        self.beside = [Child("quadloop-recorder", self.record), Child("quadloop-link", self.talk)]
        if board.has_pulses(self.airframe, choice.port):
            self.beside.append(Child("quadloop-guard", self.guard))

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
