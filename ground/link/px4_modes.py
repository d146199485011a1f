"""PX4's flight modes by number, and which of ours each one is."""

from typing import NamedTuple

from flight.modes import Mode

UNKNOWN_STANDARD_MODE = 0


class Px4Mode(NamedTuple):
    """A mode as ground stations know it; `standard` is MAVLink's MAV_STANDARD_MODE."""

    name: str
    main: int
    sub: int
    mode: Mode
    standard: int = UNKNOWN_STANDARD_MODE
    is_for_users: bool = True

    @property
    def custom(self) -> int:
        """Return PX4's custom_mode number."""
        return self.main << 16 | self.sub << 24


MODES = (
    Px4Mode("Stabilized", 7, 0, Mode.ANGLE),
    Px4Mode("Acro", 5, 0, Mode.RATE),
    Px4Mode("Altitude", 2, 0, Mode.ALTITUDE, 3),
    Px4Mode("Position", 3, 0, Mode.POSITION, 1),
    Px4Mode("Orbit", 3, 1, Mode.ORBIT, 2),
    Px4Mode("Hold", 4, 3, Mode.HOLD),
    Px4Mode("Mission", 4, 4, Mode.MISSION, 6),
    Px4Mode("Return", 4, 5, Mode.RETURN, 5),
    Px4Mode("Land", 4, 6, Mode.LAND, 7),
    Px4Mode("Takeoff", 4, 2, Mode.TAKEOFF, 8),
    Px4Mode("Offboard", 6, 0, Mode.OFFBOARD),
)
# The core knows only that it goes to places; that somebody is followed is the link's.
FOLLOW = Px4Mode("Follow Me", 4, 8, Mode.GOTO)
# Modes PX4 has no number for: it flies them in these.
ALIKE = {Mode.GOTO: Mode.HOLD, Mode.FIGURE8: Mode.ORBIT}
MANUAL_MAIN = 1
BY_MODE = {m.mode: m for m in MODES}
BY_NUMBER = {(m.main, m.sub): m for m in MODES}


def shown(mode: int, is_following: bool = False, is_returning: bool = False) -> Px4Mode:
    """Return the PX4 mode that a mode of ours is shown as; a mission's own return is one there."""
    if is_following and mode == Mode.GOTO:
        return FOLLOW
    if is_returning and mode == Mode.MISSION:
        return BY_MODE[Mode.RETURN]
    known = Mode(mode) if mode in list(Mode) else Mode.HOLD
    return BY_MODE.get(ALIKE.get(known, known), BY_MODE[Mode.HOLD])


def is_follow(main: int, sub: int) -> bool:
    """Tell whether PX4's main and sub mode are those of following."""
    return (main, sub) == (FOLLOW.main, FOLLOW.sub)


def standard(number: float) -> Px4Mode | None:
    """Return the mode that MAVLink calls by a MAV_STANDARD_MODE number."""
    return next((m for m in MODES if m.standard == number != UNKNOWN_STANDARD_MODE), None)


def asked(main: int, sub: int) -> Mode | None:
    """Return our mode for PX4's main and sub mode, None for one there is not."""
    if main == MANUAL_MAIN:
        return Mode.ANGLE
    found = BY_NUMBER.get((main, sub if main in (3, 4) else 0))
    return found.mode if found else None
