"""One flight is one flight: through the seam or compiled, alone or among many, paused or in one go, compiled or not."""

import os
import subprocess
import sys

import numba
import numpy as np
import pytest

from flight.airframe import load
from flight.autopilot import Autopilot
from flight.inputs import Demand
from ground.missions.mission import Mission
from ground.session import Conditions, prepared
from sim.batch import Fleet, fly_ticks
from sim.operator import Await, Step, brief
from sim.world import Simulator
from tests.conftest import ROOT
from tests.flying import up

pytestmark = pytest.mark.slow
WIND = Conditions(wind_m_s=5.0, turbulence="moderate")
HOP = Mission("hop", [*up(2.0), Step(Demand.LAND, awaits=Await.HOLDING, wait_s=1.0)])
AIRBORNE_S = 7.0
ON_S = 0.3


def hopping(seeds) -> Fleet:
    return prepared(load("pi450"), HOP, WIND, list(seeds))


def bytes_of(fleet: Fleet, i: int) -> bytes:
    return b"".join(r[i].tobytes() for r in (fleet.vehicles, fleet.states, fleet.inputs, fleet.commands))


def go_on(fleet: Fleet, i: int, seconds: float) -> None:
    fly_ticks(
        fleet.vehicles[i],
        fleet.setups[i],
        fleet.states[i],
        fleet.params[i],
        fleet.inputs[i],
        fleet.commands[i],
        round(seconds / fleet.dt),
    )


def test_one_of_many_flies_as_it_would_alone():
    many = hopping([3, 7, 5])
    alone = hopping([7])

    many.fly(AIRBORNE_S)
    alone.fly(AIRBORNE_S)

    assert bytes_of(many, 1) == bytes_of(alone, 0)
    assert bytes_of(many, 0) != bytes_of(alone, 0)


def test_the_number_of_threads_changes_nothing():
    one, all_ = hopping([1, 2, 3, 4]), hopping([1, 2, 3, 4])

    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    one.fly(AIRBORNE_S)
    numba.set_num_threads(threads)
    all_.fly(AIRBORNE_S)

    assert [bytes_of(one, i) for i in range(4)] == [bytes_of(all_, i) for i in range(4)]


def test_the_loop_through_the_seam_flies_the_compiled_flight():
    airframe = load("pi450")
    fleet = Fleet(airframe, [11])
    fleet.brief(HOP.steps)
    world, autopilot = Simulator(airframe, seed=11), Autopilot(airframe.params, 1.0 / airframe.loop_rate_hz)
    brief(world.vehicles[0].operator, HOP.steps)

    fleet.fly(AIRBORNE_S)
    for _ in range(round(AIRBORNE_S * airframe.loop_rate_hz)):
        assert world.read(autopilot.inputs[0])
        autopilot.step()
        world.write(autopilot.commands[0])

    assert fleet.vehicles[0].score.has_flown
    assert autopilot.commands[0].tobytes() == fleet.commands[0].tobytes()
    assert world.vehicles[0].tobytes() == fleet.vehicles[0].tobytes()


def test_a_flight_saved_in_the_air_goes_on_from_its_bytes():
    whole, saved = hopping([2]), hopping([2])
    whole.fly(AIRBORNE_S)
    go_on(whole, 0, ON_S)

    saved.fly(AIRBORNE_S)
    resumed = hopping([9])
    for name in ("vehicles", "setups", "states", "inputs", "commands"):
        kept = getattr(saved, name)
        getattr(resumed, name)[:] = np.frombuffer(kept.tobytes(), kept.dtype)
    go_on(resumed, 0, ON_S)

    assert bytes_of(resumed, 0) == bytes_of(whole, 0)


GO_ON_IN_PLAIN_PYTHON = """
import sys, numpy as np
from tests.test_same_flight import ON_S, bytes_of, go_on, hopping
fleet = hopping([2])
stored = np.load(sys.argv[1])
for name in ("vehicles", "setups", "states", "inputs", "commands"):
    kept = getattr(fleet, name)
    kept[:] = np.frombuffer(stored[name].tobytes(), kept.dtype)
go_on(fleet, 0, ON_S)
sys.stdout.buffer.write(bytes_of(fleet, 0))
"""


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="compares this run with the interpreted one")
def test_interpreted_the_whole_vehicle_flies_the_compiled_flight(tmp_path):
    fleet = hopping([2])
    fleet.fly(AIRBORNE_S)
    names = ("vehicles", "setups", "states", "inputs", "commands")
    np.savez(tmp_path / "air.npz", **{n: np.frombuffer(getattr(fleet, n).tobytes(), np.uint8) for n in names})
    go_on(fleet, 0, ON_S)

    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", GO_ON_IN_PLAIN_PYTHON, str(tmp_path / "air.npz")],
        cwd=ROOT,
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        check=False,
    )

    assert run.returncode == 0, run.stderr[-2000:].decode()
    assert run.stdout == bytes_of(fleet, 0)
