"""A vehicle that is served, life after life, until somebody has had enough; how it is brought down then."""

import time
from dataclasses import dataclass, field
from typing import Any

from flight.autopilot import Autopilot
from flight.geodesy import geodetic, local_ned
from flight.inputs import Demand
from flight.quaternion import Quat, rotate_back
from flight.vector import Vec3
from ground import board
from ground.boot import Boot
from ground.choice import Choice, made_world
from ground.link.frames import Scanner
from ground.loop import End, demanded
from ground.seats import What
from ground.session import Interrupt, interruptible
from logs.version import code_version

LOOK_S = 0.02
# How long a landing on Ctrl-C may take.
LANDING_S = 120.0
ANSWER_S = 0.2


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
