"""The parameter microservice: MAVLink's classic protocol and the extended one, for every row of the table.

https://mavlink.io/en/services/parameter.html and parameter_ext.html, in PX4's manner: byte-wise values, `_HASH_CHECK`.
A value that is refused is answered with the old one, a PARAM_ERROR and the reason as text.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain

from flight.errors import ConfigError, FlightError
from flight.parameter import Param
from ground.link import parameter_wire as wire
from ground.link.dialect import mavlink
from ground.link.pace import has_room
from ground.link.parameter_values import ParameterValues
from ground.link.service import (
    ACCEPTED,
    REJECTED,
    UNSUPPORTED,
    WARNING,
    Link,
    Message,
    Microservice,
    Order,
    Sender,
)
from ground.link.vehicle import Vehicle

# PX4 tells its whole list in about a second; a fast burst would overrun the buffers of a ground station.
LIST_S = 0.95
FRAME_BYTES = 37
MOST_LISTS = 16
TEXT_PERIOD_S = 0.2
BY_NAME, NO_INDEX = -1, 0xFFFF
READ, SAVE, RESET = 0, 1, 2
DOES_NOT_EXIST = mavlink.MAV_PARAM_ERROR_DOES_NOT_EXIST
OUT_OF_RANGE = mavlink.MAV_PARAM_ERROR_VALUE_OUT_OF_RANGE
PERMISSION_DENIED = mavlink.MAV_PARAM_ERROR_PERMISSION_DENIED


class Listing:
    """A list on its way to one client: the places still to send."""

    def __init__(self, send: Callable[[int], None], to: Sender, count: int, now: float) -> None:
        self.send, self.to, self.count = send, to, count
        self.places: Iterator[int] = iter(range(count))
        self.due_s = now

    def again(self) -> None:
        """Send everything once more, from where it is now: a client that asks in a hurry still gets it all."""
        place = next(self.places, 0)
        self.places = chain(range(place, self.count), range(place))

    def go_on(self, now: float) -> bool:
        """Send what is due; tell whether the list is complete."""
        # A pass that came late makes up for a tenth of a second at most.
        self.due_s = max(self.due_s, now - 0.1)
        while self.due_s <= now and has_room(self.to, FRAME_BYTES, now, is_answer=True):
            place = next(self.places, None)
            if place is None:
                return True
            self.due_s += LIST_S / self.count
            self.send(place)
        return False


class Parameters(Microservice):
    """Answers for the parameters of one vehicle."""

    messages = (
        "PARAM_REQUEST_LIST",
        "PARAM_REQUEST_READ",
        "PARAM_SET",
        "PARAM_EXT_REQUEST_LIST",
        "PARAM_EXT_REQUEST_READ",
        "PARAM_EXT_SET",
    )
    capabilities = mavlink.MAV_PROTOCOL_CAPABILITY_PARAM_ENCODE_BYTEWISE

    def __init__(self, vehicle: Vehicle, link: Link) -> None:
        super().__init__(vehicle, link)
        self.values = ParameterValues(vehicle)
        self.names = list(self.values.rows)
        self.places = {name: place for place, name in enumerate(self.names)}
        self.lists: dict[tuple[Sender, bool], Listing] = {}
        self.now = self.text_due_s = 0.0
        # Making the checksum takes as long as a hundred answers.
        self.summed, self.checksum = b"", 0
        self.commands[mavlink.MAV_CMD_PREFLIGHT_STORAGE] = self.store
        self.answers: dict[str, Callable[[Message, Sender], None]] = {
            "PARAM_REQUEST_LIST": partial(self.list_all, send=self.tell_place, is_extended=False),
            "PARAM_EXT_REQUEST_LIST": partial(self.list_all, send=self.tell_extended_place, is_extended=True),
            "PARAM_REQUEST_READ": self.read,
            "PARAM_EXT_REQUEST_READ": self.read_extended,
            "PARAM_SET": self.set,
            "PARAM_EXT_SET": self.set_extended,
        }

    def handle(self, message: Message, sender: Sender, link: Link) -> None:
        """Answer a request."""
        self.answers[message.get_type()](message, sender)

    def tick(self, now: float) -> None:
        """Go on with the lists and bring answers of the loop."""
        self.now = now
        self.values.tick(now)
        for key in [key for key, listing in self.lists.items() if listing.go_on(now)]:
            del self.lists[key]

    def list_all(
        self, _: Message, sender: Sender, send: Callable[[int, Sender], None], is_extended: bool
    ) -> None:
        """Begin to send every parameter; the classic list begins with its checksum, as PX4's."""
        key = (sender, is_extended)
        if not is_extended:
            self.tell_hash(sender)
        if key in self.lists:
            self.lists[key].again()
        elif len(self.lists) < MOST_LISTS:
            self.lists[key] = Listing(lambda place: send(place, sender), sender, len(self.names), self.now)

    def tell_place(self, place: int, sender: Sender) -> None:
        """Send one parameter of a list."""
        self.link.send(self.value_message(self.names[place]), sender)

    def tell_extended_place(self, place: int, sender: Sender) -> None:
        """Send one parameter of an extended list."""
        self.link.send(self.extended_message(self.names[place]), sender)

    def value_message(self, name: str, value: float | None = None) -> Message:
        """Return the message that tells a parameter."""
        row = self.values.rows[name]
        raw = wire.packed(row, self.values[name] if value is None else value)
        return mavlink.MAVLink_param_value_message(
            name.encode(), wire.as_float(raw), wire.kind_of(row), len(self.names), self.places[name]
        )

    def extended_message(self, name: str) -> Message:
        """Return the message that tells a parameter in the extended protocol."""
        row = self.values.rows[name]
        raw = wire.packed(row, self.values[name])
        return mavlink.MAVLink_param_ext_value_message(
            name.encode(), raw, wire.kind_of(row), len(self.names), self.places[name]
        )

    def tell_hash(self, sender: Sender) -> None:
        """Send the checksum by which a client knows that its copy of the list is right."""
        if self.values.as_bytes() != self.summed:
            self.summed = self.values.as_bytes()
            self.checksum = wire.checksum((row, self.values[name]) for name, row in self.values.rows.items())
        number = wire.as_float(self.checksum.to_bytes(4, "little"))
        message = mavlink.MAVLink_param_value_message(
            wire.HASH.encode(), number, wire.UINT32, len(self.names), NO_INDEX
        )
        self.link.send(message, sender)

    def named(self, message: Message) -> str | None:
        """Return the id a message asks for by name or index, None when there is none."""
        index = getattr(message, "param_index", BY_NAME)
        if index == BY_NAME:
            return message.param_id if message.param_id in self.places else None
        return self.names[index] if 0 <= index < len(self.names) else None

    def read(self, message: Message, sender: Sender) -> None:
        """Answer with one parameter."""
        name = self.named(message)
        if message.param_index == BY_NAME and message.param_id == wire.HASH:
            self.tell_hash(sender)
        elif name is None:
            self.tell_error(message.param_id, sender, DOES_NOT_EXIST, message.param_index)
        else:
            self.link.send(self.value_message(name), sender)

    def read_extended(self, message: Message, sender: Sender) -> None:
        """Answer with one parameter in the extended protocol."""
        name = self.named(message)
        if name is not None:
            self.link.send(self.extended_message(name), sender)

    def set(self, message: Message, sender: Sender) -> None:
        """Set a parameter and tell everyone, or say why not and tell the old value."""
        if message.param_id == wire.HASH:  # A client found its copy right and needs no list.
            self.lists.pop((sender, False), None)
            return
        raw = wire.as_bytes(message.param_value)
        self.set_by(message, raw, lambda name, reason, error: self.answer_set(name, sender, reason, error))

    def set_extended(self, message: Message, sender: Sender) -> None:
        """Set a parameter by the extended protocol."""
        raw = message._param_value_raw
        self.set_by(
            message, raw, lambda name, reason, _: self.answer_set_extended(message, name, sender, reason)
        )

    def set_by(self, message: Message, raw: bytes, done: Callable[[str, str, int], None]) -> None:
        """Set the parameter a message names; `done` gets its name, and why it is refused."""
        name = message.param_id
        row = self.values.rows.get(name)
        if row is None:
            done(name, f"parameter {name!r} is not known", DOES_NOT_EXIST)
            return
        try:
            value = row.checked(wire.unpacked(row, raw, message.param_type), "PARAM_SET")
        except ConfigError as error:
            done(name, str(error), OUT_OF_RANGE)
        except FlightError as error:
            done(name, str(error), PERMISSION_DENIED)
        else:
            if not self.values.is_busy:  # Else the client asks again.
                self.values.change(row, value, lambda reason: done(name, reason, PERMISSION_DENIED))

    def answer_set(self, name: str, sender: Sender, reason: str, error: int) -> None:
        """Tell how setting a parameter ended."""
        if not reason:
            self.link.broadcast(self.value_message(name))
            return
        self.complain(reason, sender)
        if name in self.places:
            self.link.send(self.value_message(name), sender)
        self.tell_error(name, sender, error)

    def answer_set_extended(self, message: Message, name: str, sender: Sender, reason: str) -> None:
        """Tell how setting a parameter by the extended protocol ended, with the value that now holds."""
        row: Param | None = self.values.rows.get(name)
        held = wire.packed(row, self.values[name]) if row else message._param_value_raw
        kind = wire.kind_of(row) if row else message.param_type
        result = mavlink.PARAM_ACK_FAILED if row is None else mavlink.PARAM_ACK_VALUE_UNSUPPORTED
        if reason:
            self.complain(reason, sender)
        else:
            result = mavlink.PARAM_ACK_ACCEPTED
        self.link.send(mavlink.MAVLink_param_ext_ack_message(name.encode(), held, kind, result), sender)
        if not reason:
            self.link.broadcast(self.value_message(name))

    def complain(self, reason: str, sender: Sender) -> None:
        """Say why something was refused, not more often than a person can read."""
        if self.now >= self.text_due_s:
            self.text_due_s = self.now + TEXT_PERIOD_S
            self.link.say(reason, WARNING, sender)

    def tell_error(self, name: str, sender: Sender, error: int, index: int = BY_NAME) -> None:
        """Send a PARAM_ERROR."""
        known = self.places.get(name, index)
        self.link.send(
            mavlink.MAVLink_param_error_message(
                sender.system, sender.component, name.encode()[:16], known, error
            ),
            sender,
        )

    def store(self, order: Order, sender: Sender) -> int:
        """Obey MAV_CMD_PREFLIGHT_STORAGE: read the file, write it, or go back to the airframe's values."""
        if self.vehicle.is_armed:
            self.complain("parameters are stored on the ground: disarm first", sender)
            return REJECTED
        if order.p1 == READ:
            self.values.reload()
        elif order.p1 == RESET:
            self.values.reset()
        elif order.p1 != SAVE:  # What was set is saved as soon as it holds.
            return UNSUPPORTED
        return ACCEPTED
