"""Lead somebody through a calibration: say what to do next, see that it is done, accept it or say what is wrong."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from flight.physics import STANDARD_GRAVITY
from ground.calibration import mag
from ground.calibration.accel import FACES, MOST_OFFSET, MOST_SCALE_ERROR
from ground.calibration.correction import PoorDataError
from ground.calibration.listening import HELD_S, Listener
from ground.calibration.stillness import Pose

# A piece of rest is looked at every second.
LOOK_S, STANDS_S, PIECE_S = 0.25, 4.0, 0.95
# Nobody waits longer for one pose; the magnetometer's turning takes as long as a minute.
LONGEST_S, LONGEST_TURN_S = 120.0, 180.0
# The order in which a vehicle is turned over most easily.
ORDER = ("level", "nose up", "nose down", "right side up", "left side up", "upside down")
SLANTS = (
    "level, nose raised by half", "level, right side raised by half", "upside down, nose raised by half",
    "upside down, left side raised by half", "on its right side, nose raised by half",
    "on its left side, nose raised by half",
)  # fmt: skip
# How far a face may be off, and how far a slanted pose must be from every other, degrees.
FACE_MOST_DEG, SLANT_LEAST_DEG = 25.0, 20.0
# More than the least that a fit takes: what is seen well is fitted well.
COVERED = 0.8


@dataclass(frozen=True)
class Wish:
    """What somebody shall do: `kind` is rest, face, slant, turn or level; `name` tells which of them."""

    kind: str
    name: str
    text: str


@dataclass
class Guide:
    """One calibration by hand: asks with `asks`, says what is wrong with `says`, shows shares of 1 with `shows`."""

    listener: Listener
    asks: Callable[[Wish], None]
    says: Callable[[str], None]
    shows: Callable[[float, str], None] = lambda share, text: None
    poses: list[Pose] = field(default_factory=list)
    faces: list[Pose] = field(default_factory=list)

    def rest(self, seconds: float) -> None:
        """Keep what the gyro says at rest, a pose for about every second of it."""
        self.asks(Wish("rest", "rest", f"leave the vehicle alone for {seconds:.0f} s"))
        self.listener.begin()
        kept: list[Pose] = []
        wanted, waited_s = math.ceil(seconds / PIECE_S), 0.0
        while len(kept) < wanted:
            self.listener.listen(1.0)
            waited_s += 1.0
            still = self.listener.held(PIECE_S)
            if still is None and kept:
                self.says("it was moved: the rest begins anew")
            kept = [*kept, still] if still else []
            self.shows(len(kept) / wanted, "at rest" if still else "it moves")
            if waited_s > seconds + LONGEST_S:
                raise PoorDataError("gyro: the vehicle was never left alone")
        self.listener.gyro_bias = np.mean([p.gyro for p in kept], axis=0)
        self.poses += kept

    def six_faces(self) -> None:
        """See each face up, in order, and then poses between them."""
        for name in ORDER:
            wish = Wish("face", name, f"hold it still: {name}")
            self.faces.append(self.accepted(wish, partial(wrong_face, wanted=name)))
        for name in SLANTS:
            wish = Wish("slant", name, f"hold it still: {name}")
            self.faces.append(self.accepted(wish, self.wrong_slant))
        self.poses += self.faces

    def wrong_slant(self, held: Pose) -> str:
        """Say what is wrong with a slanted pose, nothing when it is right."""
        nearest = min(angle_deg(held.accel, other.accel) for other in self.faces)
        return "lean it further: a pose like this is there already" if nearest < SLANT_LEAST_DEG else ""

    def level(self) -> None:
        """See how it stands on level ground."""
        wish = Wish("level", "level", "stand it on level ground, as it is to hover, and let go")
        self.poses.append(self.accepted(wish, partial(wrong_face, wanted="level"), STANDS_S))

    def accepted(self, wish: Wish, wrong: Callable[[Pose], str], seconds: float = HELD_S) -> Pose:
        """Return the first pose held still with which nothing is wrong; raise PoorDataError when none comes."""
        self.asks(wish)
        self.listener.begin()
        said, waited_s = "", 0.0
        while waited_s < LONGEST_S:
            self.listener.listen(LOOK_S)
            waited_s += LOOK_S
            held = self.listener.held(seconds)
            self.shows(waited_s / LONGEST_S, f"{wish.name}: {'still' if held else 'moving'}")
            if held is None:
                continue
            check_size(held)
            trouble = "it is turning" if self.listener.is_turning(held) else wrong(held)
            if not trouble:
                return held
            if trouble != said:
                said = trouble
                self.says(trouble)
        reason = said or "it was never held still"
        raise PoorDataError(f"{wish.name}: not seen within {LONGEST_S:.0f} s: {reason}")

    def turn(self) -> None:
        """See the field from every side; what is missing in the end the fit will say."""
        if not len(self.listener.field()):
            raise PoorDataError("magnetometer: the vehicle has none that says anything")
        text = "turn it slowly about every axis, away from iron: each side down once, and once around"
        self.asks(Wish("turn", "turn", text))
        first, waited_s = self.listener.count, 0.0
        while waited_s < LONGEST_TURN_S:
            self.listener.listen(LOOK_S)
            waited_s += LOOK_S
            field_ut = self.listener.field(first)
            seen = mag.seen_of(field_ut)
            self.shows(seen / COVERED, f"{100 * seen:.0f} % of all directions seen")
            if seen > COVERED and len(field_ut) > mag.LEAST_SAMPLES:
                return


def check_size(held: Pose) -> None:
    """Raise PoorDataError for a gravity that no sound accelerometer reads: no other pose would mend that."""
    size = float(np.linalg.norm(held.accel))
    if abs(size - STANDARD_GRAVITY) > MOST_SCALE_ERROR * STANDARD_GRAVITY + MOST_OFFSET:
        raise PoorDataError(
            f"accelerometer: {size:.1f} m/s2 at rest instead of 9.8: wrong range, wrong unit or a broken sensor"
        )


def wrong_face(held: Pose, wanted: str) -> str:
    """Say what is wrong with a pose that should show a face, nothing when it does."""
    angles = {name: angle_deg(held.accel, axis_of(name)) for name in ORDER}
    shown = min(angles, key=lambda name: angles[name])
    if angles[shown] > FACE_MOST_DEG:
        return f"it leans {angles[wanted]:.0f} degrees from {wanted}; put that face straight up"
    if shown == wanted:
        return ""
    hint = "; if it does stand level, the IMU is mounted otherwise: quadloop doctor --orientation"
    return f"this is {shown}, {wanted} is asked for{hint if wanted == 'level' else ''}"


def axis_of(name: str) -> np.ndarray:
    """Return where specific force points with a face up."""
    axis, sign = next(place for place, face in FACES.items() if face == name)
    return sign * np.eye(3)[axis]


def angle_deg(a: np.ndarray, b: np.ndarray) -> float:
    """Return the angle between two vectors."""
    cosine = float(a @ b) / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-9)
    return math.degrees(math.acos(min(1.0, max(-1.0, cosine))))
