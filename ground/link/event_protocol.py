"""The events microservice: what happens in the loop, numbered so that nothing gets lost, and why it cannot arm.

https://mavlink.io/en/services/events.html. A client that misses a number asks for it again. Reasons not to arm come as
a report: a summary, each reason, another summary.
"""

import struct
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from flight.modes import Event, Refusal
from ground.link import event_definitions as events
from ground.link.dialect import mavlink
from ground.link.events import QUIET
from ground.link.sensor_telemetry import BITS, STALE_US
from ground.link.service import ACCEPTED, NOTICE, Link, Message, Microservice, Order, Sender
from ground.link.vehicle import Vehicle
from logs.events import counsel, event_text

EVENT, CURRENT, ERROR = 410, 411, 413
KEPT = 200
TOLD_S, REPORT_S = 2.0, 10.0
RESET = 1
GONE = 0
MOST_AGAIN = 50
# Log levels, internal in the upper half; a summary is for programs alone.
PROTOCOL, CHECK = 0x98, 0x33
GROUPS = {"imu": "gyro", "mag": "magnetometer", "baro": "barometer", "gps": "gps", "battery": "battery",
          "pilot": "remote_control"}  # fmt: skip


class Said(NamedTuple):
    """An event as it was sent."""

    sequence: int
    message: Message


class EventProtocol(Microservice):
    """Numbers and keeps events."""

    messages = ("REQUEST_EVENT",)

    def __init__(self, vehicle: Vehicle, link: Link) -> None:
        super().__init__(vehicle, link)
        self.sequence = 0
        self.kept: deque[Said] = deque(maxlen=KEPT)
        self.reported = -1
        self.told_s = self.report_s = 0.0
        self.requestable[CURRENT] = self.tell_current
        self.commands[mavlink.MAV_CMD_RUN_PREARM_CHECKS] = self.check

    def tick(self, now: float) -> None:
        """Tell what happened, the report when it has changed, and now and then how far the numbers are."""
        for happening in self.vehicle.happenings:
            if happening.code not in QUIET:
                level = happening.severity << 4 | happening.severity
                self.say(happening.code, level, events.packed(happening.code, happening.value))
        refusals = int(self.vehicle.command.status.refusals)
        if self.vehicle.is_flying and (refusals != self.reported or now >= self.report_s):
            self.reported, self.report_s = refusals, now + REPORT_S
            for number, level, arguments in self.report(refusals):
                self.say(number, level, arguments)
        if now >= self.told_s:
            self.told_s = now + TOLD_S
            self.link.broadcast(self.current())

    def say(self, number: int, level: int, arguments: bytes) -> None:
        """Send an event to everyone and keep it."""
        self.sequence = (self.sequence + 1) & 0xFFFF
        message = mavlink.mavlink_map[EVENT](
            destination_component=0,
            destination_system=0,
            id=events.event_id(number),
            event_time_boot_ms=self.vehicle.t_us // 1000 & 0xFFFFFFFF,
            sequence=self.sequence,
            log_levels=level,
            arguments=list(arguments.ljust(40, b"\0")),
        )
        self.kept.append(Said(self.sequence, message))
        self.link.broadcast(message)

    def report(self, refusals: int) -> Iterator[tuple[int, int, bytes]]:
        """Yield the events of the report on what keeps the vehicle from arming."""
        reasons = [reason for reason in Refusal if refusals & reason]
        bad = 0
        for reason in reasons:
            bad |= 1 << events.part_of(reason)
        can_arm = 0 if reasons else 1
        yield events.ARMING_SUMMARY, PROTOCOL, struct.pack("<BIIII", 0, bad, 0, can_arm, 1)
        for reason in reasons:
            yield events.check_number(reason), CHECK, struct.pack("<IB", 1, events.part_of(reason))
        yield events.HEALTH_SUMMARY, PROTOCOL, struct.pack("<BIII", 0, self.present(), bad, 0)

    def check(self, _: Order, sender: Sender) -> int:
        """Say what keeps the vehicle from arming, in words and as a report."""
        refusals = int(self.vehicle.command.status.refusals)
        text = event_text(Event.ARMING_REFUSED, refusals) if refusals else "Ready to arm"
        for line in (text, *counsel(Event.ARMING_REFUSED, refusals)):
            self.link.say(line, NOTICE, sender)
        self.report_s = 0.0
        return ACCEPTED

    def present(self) -> int:
        """Return which parts are there, as bits."""
        bits = 1 << events.PARTS.index("attitude") | 1 << events.PARTS.index("system")
        for group, _, _ in BITS:
            sample = self.vehicle.inputs[group]
            if group in GROUPS and sample.t_us > 0 and self.vehicle.t_us - int(sample.t_us) < STALE_US:
                bits |= 1 << events.PARTS.index(GROUPS[group])
        return bits

    def current(self) -> Message:
        """Return CURRENT_EVENT_SEQUENCE; before the first event it says that numbers begin anew."""
        return mavlink.mavlink_map[CURRENT](sequence=self.sequence, flags=0 if self.kept else RESET)

    def tell_current(self, _: Order, sender: Sender) -> int:
        """Send the newest number."""
        self.link.send(self.current(), sender)
        return ACCEPTED

    def handle(self, message: Message, sender: Sender, link: Link) -> None:
        """Send events again, or say that they are no longer known."""
        count = min((message.last_sequence - message.first_sequence) & 0xFFFF, MOST_AGAIN)
        for sequence in ((message.first_sequence + k) & 0xFFFF for k in range(count + 1)):
            again = next((said.message for said in self.kept if said.sequence == sequence), None)
            link.send(again or self.lost(sequence, sender), sender)

    def lost(self, sequence: int, sender: Sender) -> Message:
        """Return that an event is not kept, and which one is the oldest that is."""
        oldest = self.kept[0].sequence if self.kept else self.sequence
        return mavlink.mavlink_map[ERROR](
            target_system=sender.system,
            target_component=sender.component,
            sequence=sequence,
            sequence_oldest_available=oldest,
            reason=GONE,
        )
