"""A whole flight out of its log: the commands that were not written are said again."""

import os
from dataclasses import dataclass, field

import numpy as np

from flight.airframe import Airframe, from_tables
from flight.errors import ConfigError, LogError
from logs.again import dt_of, replayed_chunks
from logs.comparison import Comparison
from logs.reader import Log
from logs.stored_params import flown_params
from logs.ticks import Ticks

# A replayed motor ratio farther off than this is another flight than the one that was flown.
ASTRAY = 0.02


@dataclass
class Flight:
    """A flight out of a log: inputs and commands of every tick, parameters, airframe (None when unknown), seed.

    `notes` say what makes commands that were not written less than proven.
    """

    inputs: np.recarray
    commands: np.recarray
    params: np.recarray
    airframe: Airframe | None
    dt: float
    seed: int
    notes: list[str] = field(default_factory=list)


def rebuild(source: Log | str | os.PathLike[str]) -> Flight:
    """Return a whole flight from its log; raise LogError when the log does not hold one.

    Commands that were not written are flown again.
    """
    log = source if isinstance(source, Log) else Log(source)
    ticks = Ticks(log)
    inputs, commands = ticks.rows()
    notes = [] if ticks.are_all_said else say_again(log, ticks, commands)
    return Flight(
        inputs, commands, flown_params(log)[0][1], flown_airframe(log), dt_of(log), seed_of(log), notes
    )


def say_again(log: Log, ticks: Ticks, commands: np.recarray) -> list[str]:
    """Fill in the commands that were not written; return why they are less than proven.

    Raises LogError where today's code says something else than was flown.
    """
    comparison, astray = Comparison(log, ticks), 0.0
    for begin, logged, replayed, told in replayed_chunks(log, ticks, {}):
        is_said = ticks.is_said(begin, begin + len(logged))
        comparison.take(begin, logged, replayed, told)
        moved = np.abs(replayed.motors.motor - logged.motors.motor)[is_said]
        astray = max(astray, float(np.nanmax(moved, initial=0.0)))
        commands[begin : begin + len(logged)][~is_said] = replayed[~is_said]
    if astray > ASTRAY:
        raise LogError(
            f"{log.path}: today's code does not say again what was flown (a motor is {astray:.2f} off): "
            f"take the version that recorded it, {log.info.get('ver_sw', 'unknown')}, or record with SDLOG_PROFILE=17"
        )
    result = comparison.result
    if result.identical < len(commands):
        result.notes.append(
            f"only {result.identical} of {len(commands)} commands are proven to be those flown"
        )
    return result.notes


def seed_of(log: Log) -> int:
    """Return the seed of the flight's random numbers, 0 for a real one."""
    return int(log.info.get("quadloop_seed", 0))


def flown_airframe(log: Log) -> Airframe | None:
    """Return the airframe as it was flown; None where today's code no longer takes its file."""
    import tomllib

    try:
        tables = tomllib.loads(log.info.get("quadloop_airframe_toml", ""))
        return from_tables(tables, str(log.path), log.info.get("quadloop_airframe", ""))
    except (tomllib.TOMLDecodeError, ConfigError):
        return None
