"""One flight through every mode says the same, compiled and interpreted, to the bit."""

import hashlib
import os
import subprocess
import sys

import numba
import pytest

from flight.inputs import Demand, Use
from flight.modes import Item, Level, Mode
from tests.conftest import ROOT
from tests.toy_flight import ToyFlight

PRINT = "from tests.test_guidance_same import digest; print(digest())"


def digest() -> str:
    """Return a checksum of everything said in a flight that visits every mode."""
    told = hashlib.sha256()
    f = ToyFlight(dt=0.01, RTL_RETURN_ALT=14.0)

    def fly(seconds: float) -> None:
        for _ in range(round(seconds / f.dt)):
            f.step()
            told.update(f.command.tobytes())

    f.ask(Demand.MISSION_ITEM, Item.TAKEOFF, None, None, -8.0, index=0)
    f.ask(Demand.MISSION_ITEM, Item.WAYPOINT, 6.0, 3.0, -9.0, index=1)
    f.ask(Demand.MISSION_ITEM, Item.LOITER_TURNS, 3.0, 3.0, -9.0, None, None, 3.0, 0.3, index=2)
    f.ask(Demand.ARM).ask(Demand.MISSION_START, index=0)
    fly(14.0)
    for order in (
        (Demand.GOTO, 5.0, 5.0, -11.0, 1.0),
        (Demand.ORBIT, 3.0, 0.0, None, -2.0),
        (Demand.FIGURE8,),
    ):
        f.ask(*order)
        fly(2.0)
    for mode in (Mode.POSITION, Mode.ALTITUDE, Mode.ANGLE, Mode.RATE):
        f.sticks(0.3, -0.4, 0.2, 0.55, mode=mode)
        fly(0.4)
    f.stream(Level.VELOCITY, Use.VELOCITY_XY | Use.POSITION_Z, v_ned=(1.0, 2.0, 0.0), p_ned=(0.0, 0.0, -9.0))
    f.ask(Demand.MODE, Mode.OFFBOARD)
    fly(2.0)
    f.ask(Demand.RETURN)
    fly(16.0)
    return told.hexdigest()


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="compares a compiled run with an interpreted one")
def test_compiled_and_interpreted_say_the_same():
    plain = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    command = [sys.executable, "-W", "error::RuntimeWarning", "-c", PRINT]

    other = subprocess.run(command, cwd=ROOT, env=plain, capture_output=True, text=True, check=True)

    assert other.stdout.strip() == digest()
