"""The mixer's rows of the parameter table."""

from flight.parameter import Param

ROWS: tuple[Param, ...] = ()
