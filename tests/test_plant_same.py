"""The plant is one: compiled and interpreted give the same bits, and so does a flight taken up again half-way."""

import hashlib
import os
import subprocess
import sys

import numba
import numpy as np
import pytest

from sim.plant import plant as physics
from sim.plant import wind
from sim.plant.spread import HARD, NOMINAL, Spread, shift_centre, varied
from tests.conftest import ROOT
from tests.plant_rig import Rig, rig


def step(vehicle: Rig, motor: np.ndarray) -> None:
    """Let a millisecond pass with wind."""
    wind.blow(vehicle.wind, vehicle.truth.height_m, 4.0, 1e-3)
    physics.advance(vehicle.body, vehicle.plant, vehicle.wind, motor, vehicle.truth, vehicle.truth.t_us, 1e-3)


def eventful() -> list[tuple[Rig, np.ndarray]]:
    """Return a vehicle that takes off and one about to crash, both in turbulence, with their motors."""
    rising, crashing = rig("pi450", height_m=0.0), rig("racer5", height_m=0.4)
    wind.set_wind(rising.wind, (4.0, -2.0, 0.0), "severe", 11)
    wind.set_wind(crashing.wind, (0.0, 6.0, 0.0), "light", 12)
    wind.set_gust(crashing.wind, (1.0, 2.0, 3.0), 0.01, 0.05)
    crashing.body.v_ned[:] = (1.0, 2.0, 5.0)
    crashing.body.omega_frd[:] = (9.0, -3.0, 4.0)
    crashing.spin([900.0] * 4)
    return [(rising, np.array([0.9, 0.95, 1.0, 0.9, 0, 0, 0, 0])), (crashing, np.zeros(8))]


def flight_digest(steps: int = 160) -> str:
    """Return a checksum of everything that is remembered and told in two short flights."""
    digest = hashlib.sha256()
    for vehicle, motor in eventful():
        for _ in range(steps):
            step(vehicle, motor)
        digest.update(vehicle.body.tobytes() + vehicle.truth.tobytes() + vehicle.wind.tobytes())
    return digest.hexdigest()


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="this run is the interpreted one")
@pytest.mark.slow
def test_compiled_and_interpreted_flights_are_equal_to_the_bit():
    plain = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    run = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.test_plant_same"],
        cwd=ROOT,
        env=plain,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stderr[-2000:]
    assert run.stdout.strip() == flight_digest()


def test_a_flight_taken_up_from_its_record_goes_on_the_same():
    for vehicle, motor in eventful():
        for _ in range(50):
            step(vehicle, motor)
        twin = rig("pi450")
        for part in ("body", "plant", "wind", "truth"):
            saved = getattr(vehicle, part)
            setattr(twin, part, np.frombuffer(bytearray(saved.tobytes()), saved.dtype).view(np.recarray)[0])

        for _ in range(50):
            step(vehicle, motor)
            step(twin, motor)

        assert twin.body.tobytes() == vehicle.body.tobytes()
        assert twin.truth.tobytes() == vehicle.truth.tobytes()


def test_the_truth_carries_time_and_means_of_acceleration():
    vehicle = rig("pi450")
    vehicle.truth.t_us = 5_000_000
    before = vehicle.body.v_ned.copy()

    vehicle.fly(0.002, [0.7] * 4, dt=2e-3)

    assert vehicle.truth.t_us == 5_002_000
    assert vehicle.truth.a_ned * 2e-3 == pytest.approx(vehicle.body.v_ned - before, rel=1e-12)
    assert vehicle.truth.height_m == pytest.approx(1000.0 + 0.085, abs=0.01)


def test_no_spread_is_the_airframe_itself():
    plant = rig("pi450").plant

    assert varied(plant, 3, Spread())[0].tobytes() == plant.tobytes()


def test_a_seed_draws_one_vehicle_and_another_seed_another():
    plant = rig("pi450").plant

    assert varied(plant, 3)[0].tobytes() == varied(plant, 3)[0].tobytes()
    assert varied(plant, 3)[0].tobytes() != varied(plant, 4)[0].tobytes()


@pytest.mark.parametrize("spread", [NOMINAL, HARD])
def test_drawn_vehicles_stay_within_their_spread_and_use_it(spread):
    plant = rig("pi450").plant
    drawn = [varied(plant, seed, spread)[0] for seed in range(200)]

    thrust = np.array([one.thrust_n_s2[:4] / plant.thrust_n_s2[:4] - 1.0 for one in drawn])
    mass = np.array([one.mass_kg / plant.mass_kg - 1.0 for one in drawn])
    shift = np.array([one.centre_frd - plant.centre_frd for one in drawn])

    assert 0.95 * spread.thrust < np.abs(thrust).max() <= spread.thrust
    assert 0.95 * spread.mass < np.abs(mass).max() <= spread.mass
    assert np.linalg.norm(shift, axis=1) == pytest.approx(np.full(200, spread.centre_m))
    assert np.abs(shift.mean(axis=0)).max() < 0.2 * spread.centre_m
    for one in drawn[:5]:
        assert one.inertia @ one.inertia_inverse == pytest.approx(np.eye(3), abs=1e-9)
        assert one.arm_frd[0] - one.point_frd[4] == pytest.approx(np.zeros(3), abs=1e-15)


def test_a_centre_of_mass_moved_forward_drops_the_nose():
    vehicle = rig("pi450")
    shift_centre(vehicle.plant, np.array([0.01, 0.0, 0.0]))

    vehicle.spin([574.0] * 4).fly(2e-3)

    assert vehicle.truth.omega_dot_frd[1] == pytest.approx(-0.01 * 1.5 * 9.8 * 0.907 / 0.0131, rel=0.1)


if __name__ == "__main__":
    sys.stdout.write(flight_digest())
