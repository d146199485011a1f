"""Replay a log: the whole autopilot on what it was told then, compared with what it said then."""

import os
import time
from collections.abc import Callable

from logs.again import dt_of, replayed_chunks
from logs.comparison import Comparison, Replay
from logs.reader import Log
from logs.ticks import Ticks

Share = Callable[[float, str], None]


def replay(
    source: Log | str | os.PathLike[str],
    settings: dict[str, object] | None = None,
    share: Share | None = None,
) -> Replay:
    """Run the autopilot of today over a log and compare every tick with what was said in flight.

    `settings` override parameters by id: an open-loop "what if", as the sensors still tell the flight that was flown.
    Raises LogError for a log without inputs and ConfigError for a setting that is wrong.
    """
    log = source if isinstance(source, Log) else Log(source)
    ticks = Ticks(log)
    began_s = time.perf_counter()
    comparison = Comparison(log, ticks)
    result = comparison.result
    for begin, logged, replayed, told in replayed_chunks(log, ticks, settings or {}):
        comparison.take(begin, logged, replayed, told)
        if share:
            share((begin + len(logged)) / len(ticks), f"{result.identical} ticks identical")
    wall_s = time.perf_counter() - began_s
    result.real_time_factor = len(ticks) * dt_of(log) / wall_s if wall_s > 0.0 else 0.0
    result.largest_differences = comparison.spread.largest()
    return result
