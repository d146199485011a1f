"""Change a parameter in flight: a demand like any other, so that a log replays it at the same tick."""

import math

import numpy as np
from numba import types
from numba.extending import intrinsic, overload

from flight.command import refuse, say
from flight.inputs import Demand
from flight.kernel import kernel
from flight.modes import Arming, Event, Why
from flight.parameter import place, store
from flight.params import PARAMS, TABLE

# The table as a kernel sees it, in its order. A parameter's place is its 64-bit word in the record.
PLACES = np.array([place(PARAMS, row) for row in TABLE], np.int64)
LOWS = np.array([row.low for row in TABLE])
HIGHS = np.array([row.high for row in TABLE])
WHOLE = np.array([row.is_integer for row in TABLE])
GROUNDED = np.array([row.needs_disarmed for row in TABLE])

UNKNOWN, NOT_A_NUMBER = int(Why.UNKNOWN), int(Why.NOT_A_NUMBER)
OUT_OF_RANGE, NEEDS_DISARMED = int(Why.OUT_OF_RANGE), int(Why.NEEDS_DISARMED)


@intrinsic
def put_word(typing_context, row, index, value):
    """Write a 64-bit number into a record, as its word `index`; the number's type must be the word's."""

    def generate(context, builder, signature, arguments):
        kind = context.get_value_type(signature.args[2]).as_pointer()
        words = builder.bitcast(arguments[0], kind)
        builder.store(arguments[2], builder.gep(words, [arguments[1]]))
        return context.get_dummy_value()

    if isinstance(row, types.Record):
        return types.void(row, types.int64, value), generate
    return None


def write(params, row, value):
    """Write row number `row` of the table into a parameter record."""
    store(params, TABLE[row], int(value) if WHOLE[row] else value)


@overload(write)
def _write(params, row, value):
    def compiled(params, row, value):
        if WHOLE[row]:
            put_word(params, PLACES[row], int(value))
        else:
            put_word(params, PLACES[row], float(value))

    return compiled


@kernel
def objection(row, value, is_armed):
    """Return Why a parameter cannot take a value now, 0 when it can."""
    if not 0 <= row < len(PLACES):
        return UNKNOWN
    if not math.isfinite(value):
        return NOT_A_NUMBER
    if not LOWS[row] <= value <= HIGHS[row] or (WHOLE[row] and value != math.floor(value)):
        return OUT_OF_RANGE
    return NEEDS_DISARMED if is_armed and GROUNDED[row] else 0


@kernel
def step(params, demand, status):
    """Obey a demand for another value; tell whether `params` has changed."""
    if not (demand.fresh and demand.kind == Demand.PARAM):
        return False
    value = demand.argument[0]
    why = objection(demand.index, value, status.arming == Arming.ARMED)
    if why != 0:
        refuse(status, Event.DEMAND_REFUSED, demand.kind, why)
        return False
    write(params, demand.index, value)
    say(status, Event.PARAM_CHANGED, demand.index)
    return True
