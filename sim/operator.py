"""A person at the controls, as a list of steps: wait for something, then ask for something."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from flight.inputs import Demand
from flight.kernel import kernel
from flight.modes import Arming, Mode
from flight.record import INTEGER, record

MOST_STEPS = 128


class Await(IntEnum):
    """What the operator looks for before a step, on the vehicle's own telemetry."""

    NOTHING = 0
    READY = 1
    ARMED = 2
    HOLDING = 3
    DISARMED = 4
    AIRBORNE = 5
    TUNED = 6  # holding, and no autotune running


STEP = record(
    awaits=INTEGER,
    wait_us=INTEGER,
    kind=INTEGER,
    index=INTEGER,
    uses=INTEGER,
    argument=("f8", 8),
)
OPERATOR = record(
    cursor=INTEGER,
    count=INTEGER,
    since_us=INTEGER,
    serial=INTEGER,
    steps=(STEP, MOST_STEPS),
)


@dataclass(frozen=True)
class Step:
    """Wait until `awaits` holds for `wait_s` seconds, then send `demand` with its arguments (None: not meant)."""

    demand: Demand
    arguments: tuple[float | None, ...] = ()
    index: int = 0
    awaits: Await = Await.NOTHING
    wait_s: float = 0.0


def brief(operator: np.void, steps: list[Step]) -> None:
    """Hand the operator a list of steps, replacing any other."""
    if len(steps) > MOST_STEPS:
        raise ValueError(f"an operator remembers at most {MOST_STEPS} steps, not {len(steps)}")
    operator.cursor = 0
    operator.count = len(steps)
    for row, step in zip(operator.steps, steps, strict=False):
        meant = [a is not None for a in step.arguments]
        row["awaits"], row["wait_us"] = step.awaits, round(step.wait_s * 1e6)
        row["kind"], row["index"] = step.demand, step.index
        row["uses"] = sum(1 << i for i, used in enumerate(meant) if used)
        row["argument"] = 0.0
        row["argument"][: len(meant)] = [a if a is not None else 0.0 for a in step.arguments]


@kernel
def is_met(awaits, status):
    """Tell whether the telemetry shows what the operator waits for."""
    if awaits == Await.READY:
        return status.tick > 0 and status.refusals == 0
    if awaits == Await.ARMED:
        return status.arming == Arming.ARMED
    if awaits == Await.HOLDING:
        return status.mode == Mode.HOLD and status.arming == Arming.ARMED
    if awaits == Await.DISARMED:
        return status.arming != Arming.ARMED
    if awaits == Await.TUNED:
        return status.mode == Mode.HOLD and status.arming == Arming.ARMED and status.is_tuning == 0
    if awaits == Await.AIRBORNE:
        return status.is_landed == 0
    return True


@kernel
def operate(operator, status, demand, t_us):
    """Send the next step's demand when its time has come."""
    demand.fresh = 0
    if operator.cursor >= operator.count:
        return
    step = operator.steps[operator.cursor]
    if not is_met(step.awaits, status):
        operator.since_us = t_us
        return
    if t_us - operator.since_us < step.wait_us:
        return
    operator.cursor += 1
    operator.since_us = t_us
    operator.serial += 1
    send(step, operator.serial, demand)


@kernel
def send(step, serial, demand):
    """Put a step's request on the wire."""
    demand.fresh = 1
    demand.serial = serial
    demand.kind = step.kind
    demand.index = step.index
    demand.uses = step.uses
    for i in range(8):
        demand.argument[i] = step.argument[i]
