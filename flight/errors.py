"""Errors a person can act on. In the air trouble is data, not an exception."""


class FlightError(Exception):
    """Anything Quadloop refuses to do, with a message that says what would have been right."""


class ConfigError(FlightError):
    """An airframe, parameter or mission that cannot be flown."""


class LinkError(FlightError):
    """A wire that does not answer or speaks another protocol."""


class LogError(FlightError):
    """A flight log that cannot be written or read."""
