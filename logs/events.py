"""What the loop's event codes say to a person."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

import numpy as np

from flight.autotune.guard import Reason
from flight.estimator.layout import Part
from flight.excitation.excitation import Point
from flight.inputs import Demand
from flight.modes import WHY, Event, Failsafe, Mode, Refusal, Why
from flight.params import TABLE
from flight.supervisor.reasons import ENDINGS, FAILSAFES, REFUSALS, WHYS, Told
from flight.supervisor.table import Sign
from logs.ulog import CRITICAL, INFO, WARNING

POINTS = {int(point): point.name.lower().replace("_", " ") for point in Point}
SEVERE: dict[int, int] = {
    Event.KILLED: CRITICAL,
    Event.FAILSAFE_RAISED: CRITICAL,
    Event.ARMING_REFUSED: WARNING,
    Event.MODE_REFUSED: WARNING,
    Event.DEMAND_REFUSED: WARNING,
    Event.ESTIMATOR_RESET: WARNING,
    Event.RETURN_LEAVES_FENCE: WARNING,
}
VALUES: dict[Event, type[IntEnum]] = {
    Event.ARMING_REFUSED: Refusal,
    Event.MODE_CHANGED: Mode,
    Event.MODE_REFUSED: Mode,
    Event.FAILSAFE_RAISED: Failsafe,
    Event.FAILSAFE_CLEARED: Failsafe,
    Event.DEMAND_REFUSED: Demand,
    Event.ESTIMATOR_RESET: Part,
}
ADVISED: dict[int, Mapping[Any, Told]] = {Event.ARMING_REFUSED: REFUSALS, Event.FAILSAFE_RAISED: FAILSAFES}
COUNTED = (Event.ITEM_REACHED, Event.MOTOR_TEST)
EXCITATION = {0: "through"} | {-point: f"{words} cut short" for point, words in POINTS.items()} | POINTS
# What an autotune says of an axis, by the tens of the event's value; why it was rolled back.
AXES = ("roll", "pitch", "yaw", "altitude")
TUNED = ("", " verified", ": not as expected, tried again more slowly", ": not heard, gains softened",
         ": new gains fly")  # fmt: skip
ROLLED_BACK: dict[int, str] = {
    Reason.STICK: "a stick was moved",
    Reason.DISARMED: "disarmed",
    Reason.LANDED: "on the ground",
    Reason.FAILSAFE: "a failsafe",
    Reason.MODE: "the mode was changed",
    Reason.POSITION: "position or attitude is lost",
    Reason.TURNED: "tilted or turned too far; fly it in less wind, or lower AUT_ACC_TILT",
    Reason.DRIFTED: "drifted too far; fly it in less wind",
    Reason.SHAKING: "shook too much; start with lower gains",
    Reason.NOT_A_NUMBER: "an estimate is not a number",
    Reason.ASKED: "as asked",
    Reason.PARAMETER: "a parameter was changed",
    Reason.TOO_LONG: "it took too long",
    Reason.NOT_HEARD: "the axis cannot be heard; start with lower gains, in less wind",
    Reason.NO_GAINS: "no gains hold the margins",
    Reason.OUT_OF_RANGE: "the gains found are out of range",
    Reason.NOT_VERIFIED: "the new gains did not do what was expected",
    Reason.NO_RESERVE: "the rotors have too little thrust left to hold the altitude with",
}
# The one demand that is refused without a number for why: an armed vehicle is told to disarm in the air.
IN_THE_AIR = "disarm: land first, or force it"
REFUSED = (Event.MODE_REFUSED, Event.DEMAND_REFUSED)
ENDED = (Event.DISARMED, Event.KILLED)
BAD_ENDS = (Sign.ORDER_TERMINATE, Sign.ORDER_DISARM, Sign.TIPPED)


def words(name: str) -> str:
    """Return an enumeration's name as a person writes it."""
    return name.lower().replace("_", " ")


def named(kind: type[IntEnum], value: int) -> str:
    """Return a number's name; several where it is a sum of bits."""
    if value in list(kind):
        return words(kind(value).name)
    bits = [words(bit.name) for bit in kind if value & bit] if kind in (Refusal, Failsafe) else []
    return ", ".join(bits) or str(value)


def reason(value: int) -> str:
    """Return why something was refused, as an afterthought; nothing where no reason is known."""
    why = value // WHY
    return f": {WHYS[Why(why)]}" if why in list(Why) else ""


def counsel(code: int, value: float) -> list[str]:
    """Return what each of a refusal's or failsafe's reasons means and what to do about it, nothing for other events."""
    if code in ENDED and value in ENDINGS:
        return [ENDINGS[int(value)].remedy] if ENDINGS[int(value)].remedy else []
    if code not in ADVISED or not np.isfinite(value):
        return []
    return [
        f"{words(bit.name)}: {told.reason}; {told.remedy}"
        for bit, told in ADVISED[code].items()
        if int(value) & bit
    ]


def advice(code: int, value: float) -> str:
    """Return the counsel in one text, empty where there is none."""
    return ". ".join(counsel(code, value))


def event_text(code: int, value: float) -> str:
    """Return an event as a sentence: "Failsafe raised: battery low"."""
    if code not in list(Event):
        return f"Event {code}: {value:g}"
    event = Event(code)
    sentence = words(event.name).capitalize()
    number = int(value) if np.isfinite(value) else 0
    if event == Event.DEMAND_REFUSED and number == Demand.DISARM:
        return f"{sentence}: {IN_THE_AIR}"
    if event in REFUSED:
        return f"{sentence}: {named(VALUES[event], number % WHY)}{reason(number)}"
    if event == Event.PARAM_CHANGED and 0 <= number < len(TABLE):
        return f"{sentence}: {TABLE[number].id}"
    if event in VALUES:
        return f"{sentence}: {named(VALUES[event], number)}"
    if event in ENDED and number in ENDINGS:
        return f"{sentence}: {ENDINGS[number].reason}"
    if event == Event.EXCITATION:
        return f"{sentence}: {EXCITATION.get(number, number)}"
    if event == Event.AUTOTUNE:
        return f"{sentence}: {autotune_text(number)}"
    return f"{sentence}: {number}" if event in COUNTED else sentence


def autotune_text(number: int) -> str:
    """Return what an autotune's event says."""
    if number <= 0:
        return (
            f"rolled back: {ROLLED_BACK.get(-number, -number)}" if number else "all verified, new gains kept"
        )
    tens, axis = divmod(number, 10)
    is_known = tens < len(TUNED) and 1 <= axis <= len(AXES)
    return f"{AXES[axis - 1]}{TUNED[tens]}" if is_known else str(number)


def level(code: int, value: float) -> int:
    """Return how severe an event is, as a syslog level."""
    return CRITICAL if code in ENDED and value in BAD_ENDS else SEVERE.get(code, INFO)


def happened(times_us: np.ndarray, statuses: np.ndarray) -> list[tuple[int, int, float]]:
    """Return (t_us, event code, value) of every event in rows of a command's status."""
    rows, places = np.nonzero(statuses["events"])
    codes, values = statuses["events"][rows, places], statuses["event_values"][rows, places]
    return list(zip(times_us[rows].tolist(), codes.tolist(), values.tolist(), strict=True))
