"""The vehicle as a ground station's programs see it: what it says, what one may ask of it."""

import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from flight import params
from flight.geodesy import geodetic, local_ned
from flight.inputs import DEMAND, Demand
from flight.modes import Arming, Event, Mode
from flight.parameter import Param, stored
from flight.vector import Vec3
from ground.link.clock import Clock
from ground.link.load import Load
from ground.link.opened import opened
from ground.link.px4_modes import Px4Mode, shown
from ground.link.settings import Settings
from ground.rings import Reader
from ground.seats import SNAPSHOT, Seats, What, request
from logs.events import event_text, level

REFUSALS = (Event.ARMING_REFUSED, Event.MODE_REFUSED, Event.DEMAND_REFUSED)
MOST_ANSWERS = 1024
# Serials of demands count up from the clock, so that a link that was restarted does not mistake old answers for new.
SERIALS_PER_S = 1000


class Happening(NamedTuple):
    """An event of the loop: when, its code and value in flight.modes.Event, its text, its syslog severity."""

    t_us: int
    code: int
    value: float
    text: str
    severity: int


class Answer(NamedTuple):
    """What became of a demand; `reason` says why it was refused."""

    is_accepted: bool
    reason: str = ""


class Place(NamedTuple):
    """A point on Earth."""

    lat_deg: float
    lon_deg: float
    alt_amsl_m: float


@dataclass(frozen=True)
class Facts:
    """What does not change while the link runs."""

    airframe: str = "pi450"
    log_folder: Path = Path("logs/flights")
    parameter_file: Path = Path("logs/parameters.toml")
    is_simulated: bool = True
    speed: float = 1.0
    signing_file: Path | None = None
    rotors: int = 4
    cells: float = 4.0
    # 0: not known.
    capacity_mah: float = 0.0
    resistance_ohm: float = 0.0
    # The link's own parameters that were given at the start, before what is kept.
    settings: dict[str, float] = field(default_factory=dict)
    # MAVLink's ids: the same until the vehicle's next start, whatever is set meanwhile and whoever is restarted.
    system: int = 1
    component: int = 1


class Vehicle:
    """The loop's newest records and events, and the way to ask it for something.

    `look` once a pass; `inputs`, `command` and `happenings` then stay as they are until the next pass, which overwrites
    them. `is_new` tells whether the last look found anything the look before it had not.
    """

    is_new = True
    # How many demands the core was sent.
    asked = 0

    def __init__(self, seats: Seats, facts: Facts | None = None) -> None:
        self.facts = facts or Facts()
        self.settings = Settings()
        self.requests = seats.link_requests
        self.table: tuple[Param, ...] = params.TABLE
        row = np.zeros(1, SNAPSHOT)
        self._bytes, self._newest = row.view(np.uint8), opened(row)
        self.happenings: list[Happening] = []
        # Set while the link sends the vehicle after somebody.
        self.is_following = False
        # Set while a mission's own item leads home.
        self.is_returning = False
        # Set while somebody turns the vehicle in his hands.
        self.is_calibrating = False
        self.answers: OrderedDict[int, Answer] = OrderedDict()
        self._snapshots = Reader(seats.snapshots, from_start=True)
        self._happenings = Reader(seats.happenings)
        self._params = Reader(seats.params, from_start=True)
        self._clock = Clock(self.facts.speed)
        self._load = Load(seats.timings, self.facts.speed)
        self._chosen = params.defaults()
        self._serial = int(time.time() * SERIALS_PER_S)

    def look(self) -> None:
        """Take in what the loop has said since the last look."""
        newest = self._snapshots.newest_bytes() if self._snapshots.waiting else None
        self.is_new = newest is not None
        if newest is not None:
            self._bytes[:] = newest
            self._clock.hear(self.t_us, float(self._newest.wall_s))
        chosen = self._params.newest() if self._params.waiting else None
        if chosen is not None:
            self._chosen = chosen
        self._load.look()
        self.happenings = []
        for row in self._happenings.drain().tolist() if self._happenings.waiting else ():
            self._take_in(*row)

    def _take_in(self, t_us: int, tick: int, code: int, value: float, serial: int, kind: int) -> None:
        if code:
            text = event_text(code, value)
            self.happenings.append(Happening(t_us, code, value, text, level(code, value)))
        if serial:
            answer = Answer(False, event_text(code, value)) if code in REFUSALS else Answer(True)
            if self.answers.get(serial, Answer(True)).is_accepted:
                self.answers[serial] = answer
            while len(self.answers) > MOST_ANSWERS:
                self.answers.popitem(last=False)

    @property
    def inputs(self) -> Any:
        """Return the newest inputs (flight.inputs.INPUTS)."""
        return self._newest.inputs

    @property
    def command(self) -> Any:
        """Return the newest command (flight.command.COMMAND): status, estimate, setpoint, motors."""
        return self._newest.command

    @property
    def load(self) -> float:
        """Return the share of its time that the loop works."""
        return self._load.share

    @property
    def is_flying(self) -> bool:
        """Tell whether the loop has flown a tick yet."""
        return int(self.command.status.tick) > 0

    @property
    def t_us(self) -> int:
        """Return microseconds since the vehicle was switched on."""
        return int(self.inputs.t_us)

    @property
    def now_ns(self) -> int:
        """Return nanoseconds since the vehicle was switched on, at this moment and not at the newest tick."""
        return self._clock.at_ns(time.time())

    @property
    def boot_unix_s(self) -> float:
        """Return when the vehicle was switched on, in seconds of the epoch."""
        return float(self._newest.wall_s) - 1e-6 * self.t_us

    @property
    def is_armed(self) -> bool:
        """Tell whether the motors may turn."""
        return int(self.command.status.arming) == Arming.ARMED

    @property
    def is_landed(self) -> bool:
        """Tell whether the vehicle stands on the ground."""
        return bool(self.command.status.is_landed)

    @property
    def mode(self) -> int:
        """Return the flight.modes.Mode number."""
        return int(self.command.status.mode)

    @property
    def shown_mode(self) -> Px4Mode:
        """Return the mode that ground stations are told."""
        return shown(self.mode, self.is_following, self.is_returning)

    @property
    def origin(self) -> Place | None:
        """Return where the local frame begins, None before the estimator knows."""
        e = self.command.estimate
        place = Place(float(e.origin_lat_deg), float(e.origin_lon_deg), float(e.origin_alt_amsl_m))
        return place if place[:2] != (0.0, 0.0) else None

    @property
    def home(self) -> Place | None:
        """Return where RETURN goes, None while there is no home."""
        status = self.command.status
        return self.place(status.home_ned) if status.is_home_set else None

    @property
    def here(self) -> Place | None:
        """Return where the vehicle is, None before the estimator knows."""
        return self.place(self.command.estimate.p_ned)

    def place(self, p_ned: Sequence[float] | np.ndarray) -> Place | None:
        """Return a local point's latitude, longitude and altitude; None before the origin is known."""
        origin = self.origin
        if origin is None:
            return None
        point = Vec3(float(p_ned[0]), float(p_ned[1]), float(p_ned[2]))
        return Place(*geodetic(point, *origin))

    def local(self, lat_deg: float, lon_deg: float, alt_amsl_m: float) -> Vec3 | None:
        """Return a point's metres north, east and down of the origin; None before that is known."""
        origin = self.origin
        return local_ned(lat_deg, lon_deg, alt_amsl_m, *origin) if origin else None

    def ask(self, kind: int, arguments: Sequence[float | None] = (), index: int = 0) -> int:
        """Send a demand to the core, None where an argument is not meant; return its serial for `answer`."""
        self._serial += 1
        self.asked += 1
        row = np.zeros(1, DEMAND)
        uses = sum(1 << i for i, value in enumerate(arguments) if value is not None)
        padded = [0.0 if value is None else value for value in arguments] + [0.0] * (8 - len(arguments))
        row[0] = (1, self._serial, kind, index, uses, padded)
        self.requests.push(request(What.DEMAND, demand=row[0]))
        return self._serial

    def answer(self, serial: int) -> Answer | None:
        """Return what became of a demand, None until the loop has seen it."""
        return self.answers.get(serial)

    def stream_offboard(self, setpoint: np.void) -> None:
        """Send one setpoint (a flight.inputs.OFFBOARD record; `fresh` and `t_us` are the loop's)."""
        self.requests.push(request(What.OFFBOARD, offboard=setpoint))

    def sticks(self, pilot: np.void) -> None:
        """Send a pilot's sticks (a flight.inputs.PILOT record; `fresh` and `t_us` are the loop's)."""
        self.requests.push(request(What.PILOT, pilot=pilot))

    def hear_ground(self) -> None:
        """Tell the loop that a ground station is there."""
        self.requests.push(request(What.GROUND_HEARD))

    def pretend(self, fault: str) -> None:
        """Let something fail in the simulator, written as for --fault."""
        self.requests.push(request(What.FAULT, text=np.bytes_(fault)))

    def row(self, name: str) -> Param | None:
        """Return a parameter's row of the table, None when there is no such id."""
        return params.BY_ID.get(name)

    def parameter(self, name: str) -> float:
        """Return a parameter's present value as the loop flies with it."""
        return stored(self._chosen[0], params.BY_ID[name])

    @property
    def parameter_bytes(self) -> bytes:
        """Return all parameters' values as the loop flies with them."""
        return self._chosen.tobytes()

    def set_parameter(self, name: str, value: float) -> int:
        """Ask for a new value, rounded to float32 as the wire carries it; return the demand's serial."""
        index = self.table.index(params.BY_ID[name])
        return self.ask(PARAM, (float(np.float32(value)),), index)

    @property
    def rotors(self) -> int:
        """Return how many motors there are."""
        return self.facts.rotors

    @property
    def cells(self) -> float:
        """Return how many cells the battery has."""
        return self.facts.cells

    @property
    def log_folder(self) -> Path:
        """Return where flight logs are written; the newest one may still grow."""
        return self.facts.log_folder

    @property
    def parameter_file(self) -> Path:
        """Return the file that keeps what was set, by id, over a restart."""
        return self.facts.parameter_file


# The demand that sets a parameter inside the core: index is the row of the table, a0 the value.
PARAM = int(Demand.__members__.get("PARAM", 16))
__all__ = ["Answer", "Facts", "Happening", "Mode", "Place", "Vehicle"]
