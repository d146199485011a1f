"""Fly a mission on a vehicle that processes fly: somebody at the controls who sends its steps, as for the simulator."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from flight.errors import ConfigError
from flight.inputs import DEMAND
from flight.modes import Arming, Event, Failsafe, Refusal
from flight.record import rows
from ground.boot import Boot
from ground.choice import Choice
from ground.log_mode import LogMode
from ground.missions import autotune
from ground.missions.mission import Mission
from ground.rings import Reader
from ground.seats import SNAPSHOT, What
from ground.serving import LOOK_S, ask_down, warm
from ground.session import Flight, Interrupt, interruptible
from logs.events import event_text, words
from sim.operator import OPERATOR, brief, operate

Share = Callable[[float, str], None]
# How long a vehicle may take to be ready, and how long it is recorded after it was disarmed.
READY_S, AFTERMATH_S = 90.0, 1.0


@dataclass
class Errand:
    """One flight: what was seen of it so far."""

    choice: Choice
    mission: Mission
    share: Share | None = None
    events: list[dict[str, Any]] = field(default_factory=list)
    armed_us: int = 0
    disarmed_us: int = 0
    refusals: int = 0
    has_crashed: bool = False
    # What is asked before the loop has opened its world is not heard.
    is_up: bool = False

    def __post_init__(self) -> None:
        self.operator, self.demand = rows(OPERATOR)[0], rows(DEMAND)[0]
        self.newest = rows(SNAPSHOT)[0]
        brief(self.operator, self.mission.steps)

    def run(self) -> Flight:
        """Fly; Ctrl-C lands, a second one disarms. Raises LinkError when the board does not answer."""
        warm(self.choice)
        operate(self.operator.copy(), self.newest.command.status, self.demand.copy(), 0)
        # Also a flight that was refused has a log that tells why.
        choice = replace(self.choice, log_mode=LogMode.BOOT_TO_DISARMING)
        boot, began_s = Boot(choice), time.monotonic()
        happenings = Reader(boot.seats.happenings, from_start=True)
        boot.start()
        try:
            with interruptible() as interrupt:
                self.watch(boot, happenings, interrupt)
        finally:
            boot.stop()
            life = boot.figures()
            boot.close()
        return Flight(self.figures(life, time.monotonic() - began_s), interrupt.presses > 0)

    def watch(self, boot: Boot, happenings: Reader, interrupt: Interrupt) -> None:
        """Send step after step until the vehicle is disarmed, never gets ready, or its loop has ended."""
        began_s, pressed = time.monotonic(), 0
        while boot.tend() is None and not self.is_over(time.monotonic() - began_s):
            self.look(boot, happenings)
            if interrupt.presses and not self.armed_us:
                return
            if interrupt.presses > pressed:
                pressed = interrupt.presses
                ask_down(boot, pressed)
            elif self.is_up and not pressed:
                self.send(boot)
            time.sleep(LOOK_S)
        self.look(boot, happenings)

    def look(self, boot: Boot, happenings: Reader) -> None:
        """Take in what the loop says."""
        for row in happenings.drain():
            if row.code:
                self.note(int(row.t_us), int(row.code), float(row.value))
        newest = boot.snapshots.newest()
        if newest is None:
            return
        self.newest, self.is_up = newest[0], True
        status, t_us = self.newest.command.status, int(self.newest.inputs.t_us)
        self.has_crashed |= bool(status.failsafes & Failsafe.CRASHED)
        if status.arming == Arming.ARMED:
            self.armed_us = self.armed_us or t_us
        elif self.armed_us:
            self.disarmed_us = self.disarmed_us or t_us
        else:
            self.refusals = int(status.refusals)

    def note(self, t_us: int, code: int, value: float) -> None:
        """Keep an event."""
        self.events.append(
            {"t_s": 1e-6 * t_us, "name": Event(code).name.lower(), "text": event_text(code, value)}
        )

    def send(self, boot: Boot) -> None:
        """Send the next step when its time has come."""
        operate(self.operator, self.newest.command.status, self.demand, int(self.newest.inputs.t_us))
        if self.demand.fresh:
            boot.order(What.DEMAND, self.demand)
        if self.share:
            self.share(
                self.operator.cursor / max(int(self.operator.count), 1),
                f"{1e-6 * self.newest.inputs.t_us:.0f} s",
            )

    def is_over(self, wall_s: float) -> bool:
        """Tell whether there is nothing to wait for."""
        if self.disarmed_us:
            return bool(self.newest.inputs.t_us - self.disarmed_us > 1e6 * AFTERMATH_S)
        longest_s = self.choice.conditions.longest_s if self.armed_us else READY_S
        return wall_s > longest_s

    def figures(self, life: dict[str, Any], wall_s: float) -> dict[str, Any]:
        """Return the flight's figures; what only the truth would tell is None."""
        status = self.newest.command.status
        landed = bool(self.disarmed_us and status.is_landed and not self.has_crashed)
        refusals = [words(bit.name) for bit in Refusal if self.refusals & bit] if not self.armed_us else []
        unknown = ("position_error_rms_m", "position_error_max_m", "altitude_error_rms_m", "attitude_estimate_rms_deg",
                   "position_estimate_rms_m", "velocity_estimate_rms_m_s", "battery_used_wh", "seed")  # fmt: skip
        return (
            dict.fromkeys(unknown)
            | {
                "log": life["logs"][0] if life["logs"] else None,
                "landed": landed,
                "crashed": self.has_crashed,
                "arm_to_disarm_s": 1e-6 * (self.disarmed_us - self.armed_us) if self.disarmed_us else 0.0,
                "duration_s": wall_s,
                "real_time_factor": 1.0,
                "ticks": life["ticks"],
                "overruns": life["overruns"],
                "timing": life["timing"],
                "refusals": refusals,
                "events": self.events,
                "airframe": self.choice.airframe.name,
            }
            | self.tuned()
        )

    def tuned(self) -> dict[str, Any]:
        """Return what an autotune came to, nothing on other missions."""
        if self.mission.name != autotune.NAME:
            return {}
        return {autotune.NAME: autotune.outcome(self.events, self.newest.command)}


def fly(choice: Choice, mission: Mission, share: Share | None = None) -> Flight:
    """Fly a mission; raise ConfigError for one whose places belong elsewhere."""
    if mission.home is not None and choice.port:
        raise ConfigError(
            f"{mission.name}: its places are on Earth, not around the vehicle: "
            "upload it from a ground station to `quadloop serve`"
        )
    return Errand(choice, mission, share).run()


def text(figures: dict[str, Any]) -> str:
    """Return the flight as a person reads it."""
    from ground.scorecard import events_text, verdict
    from logs import timing

    lines = [
        events_text(figures["events"]),
        f"{figures['airframe']}: {verdict(figures)}, log {figures['log']}",
    ]
    if figures["timing"]:
        lines.append(f"loop: {timing.text(figures['timing'])}")
    return "\n".join(filter(None, lines))
