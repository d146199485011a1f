"""How punctual a flight loop was: histograms of its work and of sample to motor, counted since it began."""

from typing import Any

import numpy as np

from flight.record import FLAG, INTEGER, record

TOPIC = "loop_timing"
BINS = 48
# Thirds of an octave from 4 us to a quarter of a second; the last bin holds all that is above.
EDGES_US = tuple(4.0 * 2.0 ** (k / 3.0) for k in range(BINS - 1))
# core -1: any; work: from waking up to the command's leaving; latency: from the sample to the same; worked_us: the sum.
TIMING = record(
    t_us=INTEGER,
    ticks=INTEGER,
    overruns=INTEGER,
    worked_us=INTEGER,
    is_real=FLAG,
    is_prior=FLAG,
    is_locked=FLAG,
    core=INTEGER,
    work_max_us=INTEGER,
    latency_max_us=INTEGER,
    work=("i8", BINS),
    latency=("i8", BINS),
)


def percentile_us(counts: np.ndarray, share: float) -> float:
    """Return the upper edge of the bin in which a share of all lies, in microseconds; 0 when nothing was counted."""
    total = int(np.sum(counts))
    if total == 0:
        return 0.0
    place = int(np.searchsorted(np.cumsum(counts), share * total))
    return EDGES_US[min(place, BINS - 2)]


def spread(row: Any, name: str) -> dict[str, float]:
    """Return what a histogram of a TIMING says: percentiles and the most, in microseconds."""
    counts, most = np.asarray(row[name]), float(row[f"{name}_max_us"])
    shares = {"median": 0.5, "p99": 0.99, "p999": 0.999}
    return {key: min(percentile_us(counts, s), most) for key, s in shares.items()} | {"max": most}


def facts(row: Any) -> dict[str, Any]:
    """Return a loop's punctuality as figures."""
    return {
        "ticks": int(row["ticks"]),
        "overruns": int(row["overruns"]),
        "is_prior": bool(row["is_prior"]),
        "is_locked": bool(row["is_locked"]),
        "core": int(row["core"]),
        "work_us": spread(row, "work"),
        "sample_to_motor_us": spread(row, "latency"),
    }


def text(told: dict[str, Any]) -> str:
    """Return the figures as one line."""
    parts = [f"{told['overruns']} of {told['ticks']} late"]
    for name in ("work_us", "sample_to_motor_us"):
        parts.append(f"{words(name)} {spread_text(told[name])}")
    return "; ".join([*parts, standing(told)])


def spread_text(told: dict[str, float]) -> str:
    """Return percentiles as a person reads them."""
    return f"{told['median']:.0f} us, 99.9 % within {told['p999']:.0f}, most {told['max']:.0f}"


def words(name: str) -> str:
    """Return a key without its unit."""
    return name.removesuffix("_us").replace("_", " ")


def standing(told: dict[str, Any]) -> str:
    """Say how the loop stood with the operating system."""
    held = [
        word
        for word, is_so in (("SCHED_FIFO", told["is_prior"]), ("memory locked", told["is_locked"]))
        if is_so
    ]
    return " and ".join(held) or "an ordinary process"
