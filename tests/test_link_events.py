"""Events on the wire: numbered, kept, explained by a page, and a report of what keeps the vehicle from arming."""

import json
import struct
from collections import defaultdict
from types import SimpleNamespace

import pytest

from flight.inputs import Demand
from flight.modes import WHY, Event, Mode, Refusal, Why
from flight.supervisor.table import Sign
from ground.link import event_definitions
from ground.link.dialect import mavlink
from ground.link.event_protocol import KEPT, EventProtocol
from ground.link.vehicle import Happening
from logs.events import event_text
from tests.link_rig import CLIENT, Line, PretendedVehicle, order

PAGE = json.loads(event_definitions.page())["components"]["1"]
ENUMS = PAGE["enums"]
EXPLAINED = {int(n): said for group in PAGE["event_groups"].values() for n, said in group["events"].items()}
SIZES = {"uint8_t": "B", "uint32_t": "I"}


class Watched(PretendedVehicle):
    """A vehicle with sensors that were heard a moment ago."""

    @property
    def inputs(self):
        heard = SimpleNamespace(t_us=self.clock_us)
        silent = SimpleNamespace(t_us=0)
        return defaultdict(lambda: silent, {"imu": heard, "gps": heard})


@pytest.fixture
def vehicle(tmp_path):
    made = Watched(tmp_path)
    made.said.refusals = 0
    return made


@pytest.fixture
def line():
    return Line()


@pytest.fixture
def service(vehicle, line):
    made = EventProtocol(vehicle, line)
    made.tick(0.0)
    line.taken()
    return made


def happens(service, code, value=0.0, now=0.1):
    """Let something happen; return the events that are sent."""
    service.vehicle.happenings = [Happening(1_000_000, code, value, event_text(code, value), 6)]
    service.tick(now)
    service.vehicle.happenings = []
    return [message for message in service.link.taken() if message.get_type() == "EVENT"]


def values(message):
    """Return an event's arguments by the types that the page gives them."""
    kinds = [a["type"] for a in EXPLAINED[message.id & 0xFFFFFF].get("arguments", [])]
    form = "<" + "".join(SIZES[ENUMS[kind]["type"] if kind in ENUMS else kind] for kind in kinds)
    return struct.unpack(form, bytes(message.arguments[: struct.calcsize(form)]))


def read(message):
    """Return what a ground station shows, from the page alone."""
    said = EXPLAINED[message.id & 0xFFFFFF]
    text = said["message"]
    pairs = zip(said.get("arguments", []), values(message), strict=True)
    for place, (argument, value) in enumerate(pairs, 1):
        enum = ENUMS[argument["type"]]
        bits = [b for b in map(int, enum["entries"]) if b & value] if enum["is_bitfield"] else [value]
        names = ", ".join(enum["entries"][str(bit)]["description"] for bit in bits)
        text = text.replace(f"{{{place}}}", names)
    return text


@pytest.mark.parametrize(
    ("code", "value"),
    [
        (Event.ARMED, 0.0),
        (Event.ARMING_REFUSED, float(Refusal.TILT | Refusal.COMPASS)),
        (Event.MODE_CHANGED, float(Mode.RETURN)),
        (Event.MODE_REFUSED, float(Mode.OFFBOARD + WHY * Why.NEEDS_STREAM)),
        (Event.DEMAND_REFUSED, float(Demand.TAKEOFF + WHY * Why.NEEDS_ARMED)),
        (Event.FAILSAFE_RAISED, float(1 << 18)),
        (Event.DISARMED, float(Sign.IDLE)),
        (Event.DISARMED, float(Sign.DISARM_WISH | Sign.LANDED)),
        (Event.KILLED, float(Sign.ORDER_TERMINATE)),
    ],
)
def test_an_event_says_by_its_page_what_the_text_says(service, code, value):
    (message,) = happens(service, code, value)

    assert message.id >> 24 == 1
    assert read(message) == event_text(code, value)


def test_numbers_count_up_and_what_was_missed_is_sent_again(service, line):
    sent = [happens(service, Event.ARMED)[0], happens(service, Event.DISARMED)[0]]
    assert sent[1].sequence == sent[0].sequence + 1

    ask = mavlink.mavlink_map[412](
        target_system=1, target_component=1, first_sequence=sent[0].sequence, last_sequence=sent[1].sequence
    )
    service.handle(ask, CLIENT, line)

    assert [(m.sequence, m.id) for m in line.taken()] == [(m.sequence, m.id) for m in sent]


def test_who_missed_too_much_is_told_where_to_go_on(service, line):
    first = happens(service, Event.ARMED)[0].sequence
    for _ in range(KEPT):
        happens(service, Event.ARMED)

    ask = mavlink.mavlink_map[412](
        target_system=1, target_component=1, first_sequence=first, last_sequence=first
    )
    service.handle(ask, CLIENT, line)

    (answer,) = line.taken()
    assert answer.get_type() == "RESPONSE_EVENT_ERROR"
    assert (answer.sequence, answer.sequence_oldest_available) == (first, first + 1)


def test_what_keeps_it_from_arming_comes_as_a_report_whenever_it_changes(service, vehicle, line):
    vehicle.said.refusals = int(Refusal.COMPASS | Refusal.TILT)
    service.tick(0.2)
    begin, *reasons, end = [m for m in line.taken() if m.get_type() == "EVENT"]

    texts = [EXPLAINED[m.id & 0xFFFFFF]["message"] for m in reasons]
    magnetometer = 1 << event_definitions.PARTS.index("magnetometer")
    chunk, error, _, can_arm, can_run = values(begin)
    assert texts == [
        "It is not level",
        "The compass is silent, contradicts the estimate, or its field is not earth's",
    ]
    assert (chunk, error & magnetometer, can_arm, can_run) == (0, magnetometer, 0, 1)
    _, present, bad, _ = values(end)
    assert present & 1 << event_definitions.PARTS.index("gps")
    assert not present & 1 << event_definitions.PARTS.index("battery")
    assert bad == error

    service.tick(0.3)
    assert not [m for m in line.taken() if m.get_type() == "EVENT"]

    vehicle.said.refusals = 0
    service.tick(0.4)
    begin, end = [m for m in line.taken() if m.get_type() == "EVENT"]
    assert values(begin) == (0, 0, 0, 1, 1)


def test_the_report_is_told_again_to_who_asks(service, line):
    service.commands[401](order(401), CLIENT)
    service.tick(0.5)

    assert [m for m in line.taken() if m.get_type() == "EVENT"]
    assert line.texts == ["Ready to arm"]


def test_every_reason_not_to_arm_has_its_own_words():
    told = [EXPLAINED[event_definitions.check_number(reason)] for reason in Refusal]

    assert len({said["message"] for said in told}) == len(Refusal)
    assert all(said["description"] for said in told)
