"""What is in a log, at a glance: for `quadloop log info`."""

import os
from typing import Any

import numpy as np

from logs import timing
from logs.figures import figures
from logs.reader import Log
from logs.series import Series
from logs.ticks import is_whole
from logs.view import View

MAKERS = (
    "sys_name",
    "ver_hw",
    "ver_sw",
    "quadloop_version",
    "quadloop_airframe",
    "quadloop_seed",
    "quadloop_dt_s",
)


def info(source: Log | str | os.PathLike[str]) -> dict[str, Any]:
    """Return a log's facts, SI units in the names; raise LogError when it cannot be read."""
    log = source if isinstance(source, Log) else Log(source)
    view = View(Series(log))
    return {
        "file": str(log.path),
        "size_bytes": len(log.data),
        "duration_s": view.series.duration_s,
        "bytes_per_s": len(log.data) / view.series.duration_s if view.series.duration_s > 0.0 else 0.0,
        "ticks": len(log["quadloop_tick"]) if "quadloop_tick" in log else None,
        "is_replayable": is_whole(log) and "quadloop_params" in log.multi_info,
        "made_by": {key: log.info[key] for key in MAKERS if key in log.info},
        "topics": {name: topic(log, name) for name in sorted(log)},
        "events": [{"t_s": h.t_s, "text": h.text, "severity": h.severity} for h in view.happenings],
        "parameters": len(log.parameters),
        "parameters_changed": changed(log),
        "dropouts": {"count": len(log.dropouts), "total_s": sum(ms for _, ms in log.dropouts) / 1000.0},
        "damage": log.damage,
        "figures": figures(view),
        "loop": loop(log),
    }


def loop(log: Log) -> dict[str, Any] | None:
    """Return how punctual the loop was; None in a log that does not tell."""
    rows = log.get(timing.TOPIC, ())
    return timing.facts(rows[-1]) if len(rows) else None


def topic(log: Log, name: str) -> dict[str, Any]:
    """Return how much of a topic there is and at which rate."""
    rows, size = len(log.places[name]), log.dtypes[name].itemsize
    span_s = 0.0
    if rows and "timestamp" in (log.dtypes[name].names or ()):
        stamps = log[name]["timestamp"].astype(np.int64)
        span_s = float(stamps[-1] - stamps[0]) * 1e-6
    return {"rows": rows, "bytes": rows * (size + 5), "rate_hz": (rows - 1) / span_s if span_s > 0.0 else 0.0}


def changed(log: Log) -> dict[str, dict[str, float]]:
    """Return the parameters that differ from the defaults the log knows."""
    return {
        name: {"value": log.parameters[name], "default": default}
        for name, default in sorted(log.default_parameters.items())
        if name in log.parameters and log.parameters[name] != default
    }


def text(facts: dict[str, Any]) -> str:
    """Return a log's facts as a person reads them."""
    made = facts["made_by"]
    lines = [
        f"{facts['file']}: {facts['duration_s']:.1f} s, {facts['size_bytes'] / 1e6:.2f} MB"
        f" ({facts['bytes_per_s'] / 1e3:.0f} kB/s)",
        f"made by   {' '.join(str(made[k]) for k in ('sys_name', 'ver_hw', 'ver_sw') if k in made)}",
        f"replay    {facts['ticks']} ticks, exact"
        if facts["is_replayable"]
        else "replay    not possible: no inputs in it",
        f"dropouts  {facts['dropouts']['count']}, {facts['dropouts']['total_s']:.2f} s",
        *(f"damage    {line}" for line in facts["damage"]),
        *([f"loop      {timing.text(facts['loop'])}"] if facts.get("loop") else []),
        f"parameters {facts['parameters']}, {len(facts['parameters_changed'])} not at their default",
        "",
        f"{'topic':<38}{'rows':>9}{'Hz':>9}{'kB':>10}",
        *(
            f"{name:<38}{t['rows']:>9}{t['rate_hz']:>9.1f}{t['bytes'] / 1e3:>10.1f}"
            for name, t in facts["topics"].items()
        ),
        "",
        *(f"{e['t_s']:>9.2f} s  {e['text']}" for e in facts["events"]),
    ]
    return "\n".join(lines)
