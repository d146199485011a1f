"""A small shell over SERIAL_CONTROL, as PX4's clients open one: it looks and explains, and changes nothing."""

import importlib.metadata
from collections.abc import Callable

from flight.errors import ConfigError
from flight.modes import Mode
from flight.params import find
from ground.link.dialect import mavlink
from ground.link.service import Link, Message, Microservice, Sender
from ground.link.vehicle import Vehicle

SHELL = mavlink.SERIAL_CONTROL_DEV_SHELL
PROMPT = "quadloop> "
PIECE = 70
LONGEST_LINE = 200
MOST_CLIENTS = 16


class Shell(Microservice):
    """Answers lines typed at the vehicle."""

    messages = ("SERIAL_CONTROL",)

    def __init__(self, vehicle: Vehicle, link: Link) -> None:
        super().__init__(vehicle, link)
        self.lines: dict[Sender, str] = {}
        self.words: dict[str, tuple[Callable[[list[str]], str], str]] = {
            "help": (self.explain, "this list"),
            "ver": (self.version, "which program this is"),
            "status": (self.status, "mode, arming, battery"),
            "param": (self.parameter, "param show ID: a parameter's value and meaning"),
            "uptime": (self.uptime, "time since switched on"),
        }

    def handle(self, message: Message, sender: Sender, link: Link) -> None:
        """Take what was typed; answer every whole line."""
        if message.device != SHELL:
            return
        typed = bytes(message.data[: message.count]).decode("ascii", "replace")
        whole = (self.lines.pop(sender, "") + typed).replace("\r", "\n")
        *complete, rest = whole.split("\n")
        if rest and len(self.lines) < MOST_CLIENTS:
            self.lines[sender] = rest[-LONGEST_LINE:]
        for line in complete[:MOST_CLIENTS]:
            self.tell(f"{line}\n{self.answered(line)}{PROMPT}", sender)

    def answered(self, line: str) -> str:
        """Return what a line is answered with."""
        word, *rest = line.split() or [""]
        if not word:
            return ""
        if word not in self.words:
            return f"{word[:40]}: not known; try help\n"
        return self.words[word][0](rest) + "\n"

    def tell(self, text: str, sender: Sender) -> None:
        """Send text in as many pieces as it takes."""
        data = text.encode("ascii", "replace")
        for begin in range(0, len(data), PIECE):
            piece = data[begin : begin + PIECE]
            padded = list(piece.ljust(PIECE, b"\0"))
            flags = mavlink.SERIAL_CONTROL_FLAG_REPLY
            message = mavlink.MAVLink_serial_control_message(SHELL, flags, 0, 0, len(piece), padded)
            self.link.send(message, sender)

    def explain(self, _: list[str]) -> str:
        """List the commands."""
        return "\n".join(f"{word}: {about}" for word, (_, about) in self.words.items())

    def version(self, _: list[str]) -> str:
        """Name the program."""
        try:
            return f"Quadloop {importlib.metadata.version('quadloop')}"
        except importlib.metadata.PackageNotFoundError:
            return "Quadloop, not installed"

    def status(self, _: list[str]) -> str:
        """Say how the vehicle is."""
        volts = float(self.vehicle.inputs.battery.voltage_v)
        is_armed = "armed" if self.vehicle.is_armed else "disarmed"
        where = "landed" if self.vehicle.is_landed else "in the air"
        return f"{Mode(self.vehicle.mode).name.lower()}, {is_armed}, {where}, {volts:.2f} V"

    def parameter(self, words: list[str]) -> str:
        """Show a parameter."""
        if len(words) != 2 or words[0] != "show":
            return "param show ID; the link's parameter protocol sets them"
        try:
            row = find(words[1], "param")
        except ConfigError as error:
            return str(error)
        return f"{row.id} = {self.vehicle.parameter(row.id):g} {row.unit}: {row.about}; {row.allowed()}"

    def uptime(self, _: list[str]) -> str:
        """Say how long the vehicle has been on."""
        return f"{1e-6 * self.vehicle.t_us:.1f} s"
