"""What passes between the flight loop and the processes beside it: the records and the rings that carry them."""

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from flight.autopilot import STATE
from flight.command import COMMAND
from flight.inputs import DEMAND, INPUTS, OFFBOARD, PILOT
from flight.params import PARAMS
from flight.record import INTEGER, REAL, record
from ground.rings import Ring
from logs.timing import TIMING
from sim.truth import TRUTH

TEXT = "S64"
# What the loop knows at a tick; wall_s is the clock it was flown at.
SNAPSHOT = record(inputs=INPUTS, command=COMMAND, wall_s=REAL, overruns=INTEGER)
TICK = record(inputs=INPUTS, command=COMMAND, truth=TRUTH)
# Something said in a tick (code 0: nothing), and the demand the loop was told in it (serial 0: none).
HAPPENING = record(t_us=INTEGER, tick=INTEGER, code=INTEGER, value=REAL, serial=INTEGER, kind=INTEGER)
# How far the recorder is, flight.inputs.LogState, and what the next recorder must know of flights so far.
RECORDED = record(ticks=INTEGER, state=INTEGER, has_armed=INTEGER, has_ended=INTEGER)
# The whole autopilot as it stands before a tick: a log may begin there.
CHECKPOINT = record(tick=INTEGER, state=STATE, command=COMMAND, params=PARAMS)
LOGGED = record(path="S1024")
# What somebody wants of the loop; only the part that `what` names is meant.
REQUEST = record(what=INTEGER, demand=DEMAND, offboard=OFFBOARD, pilot=PILOT, text=TEXT)


class What(IntEnum):
    """Kinds of request."""

    DEMAND = 1
    OFFBOARD = 2
    PILOT = 3
    GROUND_HEARD = 4
    FAULT = 5  # simulator only; text as in --fault
    POWER_CYCLE = 6
    END = 7


@dataclass
class Seats:
    """The rings of one vehicle, made before its processes start so that each of them may die and come back."""

    snapshots: Ring = field(default_factory=lambda: Ring(SNAPSHOT, 8))
    happenings: Ring = field(default_factory=lambda: Ring(HAPPENING, 1024))
    params: Ring = field(default_factory=lambda: Ring(PARAMS, 4))
    ticks: Ring = field(default_factory=lambda: Ring(TICK, 8192))
    timings: Ring = field(default_factory=lambda: Ring(TIMING, 4))
    recorded: Ring = field(default_factory=lambda: Ring(RECORDED, 2))
    # The recorder asks for a checkpoint by writing anything.
    asked: Ring = field(default_factory=lambda: Ring(record(ticks=INTEGER), 2))
    checkpoints: Ring = field(default_factory=lambda: Ring(CHECKPOINT, 4))
    # The files of all logs since boot, in their order.
    logged: Ring = field(default_factory=lambda: Ring(LOGGED, 256))
    # One ring for each process that may ask: only one writes into each.
    link_requests: Ring = field(default_factory=lambda: Ring(REQUEST, 2048))
    parent_requests: Ring = field(default_factory=lambda: Ring(REQUEST, 16))

    def close(self) -> None:
        """Remove every ring."""
        for ring in vars(self).values():
            ring.close()


def request(what: What, **parts: np.void) -> np.recarray:
    """Return one request."""
    row = np.zeros(1, REQUEST).view(np.recarray)
    row[0].what = what
    for name, part in parts.items():
        row[0][name] = part
    return row
