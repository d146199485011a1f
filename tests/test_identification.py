"""From a flight of 40 s with all its sensors' errors back to the vehicle that flew it."""

import json
from dataclasses import dataclass

import numpy as np
import pytest

from flight.airframe import load
from ground.identification import findings
from ground.main import main
from ground.missions.load import load as load_mission
from ground.session import Conditions, prepared

pytestmark = pytest.mark.slow
SEED = 17


@dataclass
class Flown:
    """A log and the plant that made it."""

    log: str
    plant: np.void


@pytest.fixture(scope="module")
def flown(tmp_path_factory):
    log = str(tmp_path_factory.mktemp("identified") / "chirp.ulg")
    assert main(["fly", "chirp", "--seed", str(SEED), "--log", log, "--no-picture"]) == 0
    fleet = prepared(load("pi450"), load_mission("chirp"), Conditions(seed=SEED), [SEED])
    return Flown(log, fleet.setups[0].plant)


def off(found, truth):
    """Return a number's error as a share of the truth."""
    return found.value / truth - 1.0


def test_a_flight_of_forty_seconds_tells_what_flew(flown, record_property):
    plant = flown.plant
    found = findings.identify(flown.log, float(plant.mass_kg)).numbers

    thrust = off(found["thrust_coefficient_n_s2"], plant.thrust_n_s2[:4].mean())
    inertia = [off(found[f"inertia_{a}{a}_kg_m2"], plant.inertia[i, i]) for i, a in enumerate("xyz")]
    lag = off(found["motor_lag_s"], 0.5 * (plant.spin_up_s + plant.spin_down_s))
    # Commands 2 ms, the MPU-6050's read-out 1 ms and its filter at 98 Hz.
    delay_s = found["total_delay_s"].value - (0.002 + 0.001 + np.sqrt(2.0) / (2.0 * np.pi * 98.0))
    record_property("thrust error %", round(100.0 * thrust, 2))
    record_property("inertia errors %", [round(100.0 * e, 2) for e in inertia])
    record_property("motor lag error %", round(100.0 * lag, 2))
    record_property("delay error ms", round(1e3 * delay_s, 2))
    assert abs(thrust) < 0.02
    assert max(map(abs, inertia)) < 0.05
    assert abs(lag) < 0.10
    assert abs(delay_s) < 1e-3
    for i in range(4):
        assert abs(off(found[f"thrust_{i + 1}_n_s2"], plant.thrust_n_s2[i])) < 0.02


def test_the_command_tells_numbers_with_intervals_and_writes_the_airframe(flown, capsys, tmp_path):
    out = tmp_path / "measured.toml"

    code = main(["identify", flown.log, "--json", "--out", str(out)])

    told = json.loads(capsys.readouterr().out)
    assert code == 0
    share = told.pop("fit_percent")
    assert min(share[f"gyro_{a}"] for a in "xyz") > 80.0
    assert all(
        set(n) == {"value", "low", "high", "unit"} and n["low"] < n["value"] < n["high"]
        for n in told.values()
    )
    measured = load(str(out)).physics
    assert measured["rotors"]["thrust_coefficient_n_s2"] == pytest.approx(
        told["thrust_coefficient_n_s2"]["value"], rel=1e-4
    )
    assert measured["body"]["inertia_kg_m2"][0] == pytest.approx(told["inertia_xx_kg_m2"]["value"], rel=1e-4)
