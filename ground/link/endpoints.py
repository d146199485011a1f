"""How a person writes where a client is: "udpout:127.0.0.1:14550"."""

from flight.errors import ConfigError

KINDS = ("udpout", "udpin", "udpbcast", "tcpin", "serial")
EXAMPLES = "udpout:127.0.0.1:14550, udpin:0.0.0.0:14560, tcpin:0.0.0.0:5760, serial:/dev/ttyUSB0:57600"
DEFAULT_BAUD = 57600


def parts_of(text: str) -> tuple[str, str, int]:
    """Return an endpoint's kind, host or device, and port or baud rate; raise ConfigError."""
    kind, _, rest = text.partition(":")
    where, _, number = rest.rpartition(":")
    if kind == "serial" and not where:
        where, number = rest, str(DEFAULT_BAUD)
    if kind not in KINDS or not where or not number.isdigit():
        raise ConfigError(f"--mavlink {text}: cannot be read; write it as {EXAMPLES}")
    if kind != "serial" and int(number) > 65535:
        raise ConfigError(f"--mavlink {text}: port {number} is out of range; allowed 0 to 65535")
    return kind, where, int(number)


def checked_endpoint(text: str) -> str:
    """Return the endpoint; raise ConfigError when it is none."""
    parts_of(text)
    return text
