"""What a vehicle's rings are called: left in shared memory, so that another program finds them, and may come and go."""

import json
import os
from itertools import count
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any

import numpy as np

from flight.errors import LinkError
from ground.rings import Reader, Ring, attached
from ground.seats import Seats

# Where Linux keeps shared memory that has a name.
FOLDER = Path("/dev/shm")
PREFIX = "quadloop-"
numbers = count()


class Nameplate:
    """Tells, as long as it hangs, what the rings of the vehicle are called that this process flies."""

    def __init__(self, seats: Seats, airframe: str) -> None:
        rings = {name: [ring.name, ring.capacity, ring.dtype.itemsize] for name, ring in vars(seats).items()}
        name = f"{PREFIX}{os.getpid()}-{next(numbers)}"
        told = {"airframe": airframe, "pid": os.getpid(), "name": name, "rings": rings}
        text = json.dumps(told).encode()
        self.memory = SharedMemory(name, create=True, size=len(text))
        assert self.memory.buf is not None
        self.memory.buf[: len(text)] = text

    def close(self) -> None:
        """Take it down."""
        self.memory.close()
        self.memory.unlink()


def flying() -> list[dict[str, Any]]:
    """Return what the plates of all vehicles on this computer say; raise LinkError where all are another user's."""
    found, closed = [], None
    for place in sorted(FOLDER.glob(f"{PREFIX}*")):
        try:
            found.append(read(place.name) if is_hung(place.name) else {})
        except LinkError as error:
            closed = error
    if closed is not None and not any(found):
        raise closed
    return [told for told in found if told]


def is_hung(name: str) -> bool:
    """Tell whether a plate still hangs, and the process is there that hung it up."""
    pid = name.removeprefix(PREFIX).partition("-")[0]
    return pid.isdigit() and Path(f"/proc/{pid}").exists() and (FOLDER / name).exists()


def read(name: str) -> dict[str, Any]:
    """Return what a plate says, nothing when it has just been taken down; raise LinkError for another user's."""
    try:
        memory = attached(name)
    except PermissionError:
        owner = (FOLDER / name).owner()
        raise LinkError(f"a vehicle of the user {owner} flies here: sudo -u {owner} quadloop watch") from None
    except (FileNotFoundError, ValueError):
        return {}
    text = b"" if memory.buf is None else bytes(memory.buf)
    memory.close()
    # One that is being hung up says nothing yet.
    return dict(json.loads(text.rstrip(b"\0") or b"{}"))


def reader(told: dict[str, Any], name: str, dtype: np.dtype) -> Reader:
    """Return a reader of one of a vehicle's rings, from its oldest record on; raise LinkError when it has gone."""
    place, capacity, size = told["rings"][name]
    if size != dtype.itemsize:
        raise LinkError(f"{told['airframe']}: flown by another version of quadloop: use that one to watch it")
    try:
        return Reader(Ring(dtype, capacity, place), from_start=True)
    except FileNotFoundError:
        raise LinkError(f"{told['airframe']}: has just landed for good: its rings are gone") from None
