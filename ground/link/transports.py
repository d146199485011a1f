"""Where clients are: UDP out, in and broadcast, a TCP server, a serial line. Nothing here ever waits."""

from ground.link.endpoints import parts_of
from ground.link.serial_line import SerialLine
from ground.link.signing import Keys
from ground.link.tcp import Tcp
from ground.link.udp import Udp

Transport = Udp | Tcp | SerialLine


def opened(text: str, keys: Keys | None) -> Transport:
    """Return an open transport; raise LinkError or ConfigError."""
    kind = parts_of(text)[0]
    if kind == "serial":
        return SerialLine(text, keys)
    return Tcp(text, keys) if kind == "tcpin" else Udp(text, keys)
