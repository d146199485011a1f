"""The airframes: complete, flyable, true to their sources, and refused with one clear line when they are not."""

import tomllib

import numpy as np
import pytest

from flight import airframe
from flight.errors import ConfigError
from sim.plant.plant import plant_from
from sim.sensors.presets import presets_for

NAMES = airframe.names()
KNOWN = ("agi", "crazyflie21", "fma", "pi450", "plus450", "racer5")


def changed(old: str, new: str) -> airframe.Airframe:
    """Return the default airframe with one piece of its text replaced."""
    text = (airframe.folder() / "pi450.toml").read_text()
    assert old in text
    return airframe.from_tables(tomllib.loads(text.replace(old, new, 1)), "pi450.toml", "pi450")


def thrust_to_weight(vehicle: airframe.Airframe) -> float:
    """Return the thrust of all rotors at nominal voltage over the weight."""
    rotors = vehicle.physics["rotors"]
    thrust = rotors["thrust_coefficient_n_s2"] * rotors["speed_max_rad_s"] ** 2
    return len(vehicle.physics["rotor"]) * thrust / (vehicle.physics["body"]["mass_kg"] * 9.80665)


def test_the_fleet_is_there():
    assert set(KNOWN) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_airframe_can_fly_and_carries_known_sensors(name):
    vehicle = airframe.load(name)
    plant = plant_from(vehicle)[0]

    assert len(vehicle.about) > 10
    assert thrust_to_weight(vehicle) > 1.8
    assert presets_for(vehicle.sensors, vehicle).size == 1
    assert plant.inertia @ plant.inertia_inverse == pytest.approx(np.eye(3), abs=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_every_airframe_hovers_without_torque(name):
    vehicle = airframe.load(name)
    places = np.array([rotor["position_m_frd"] for rotor in vehicle.physics["rotor"]])
    spins = [1 if rotor["spin"] == "cw" else -1 for rotor in vehicle.physics["rotor"]]

    assert places[:, :2].sum(axis=0) == pytest.approx([0.0, 0.0], abs=1e-9)
    assert sum(spins) == 0


@pytest.mark.parametrize("name", ["pi450", "racer5", "crazyflie21", "agi"])
def test_quad_x_rotors_come_in_px4_order(name):
    layout = airframe.load(name).physics["rotor"]

    corners = [(np.sign(r["position_m_frd"][0]), np.sign(r["position_m_frd"][1]), r["spin"]) for r in layout]

    assert corners == [(1, 1, "ccw"), (-1, -1, "ccw"), (1, -1, "cw"), (-1, 1, "cw")]


@pytest.mark.parametrize("name", NAMES)
def test_every_number_of_an_airframe_says_where_it_comes_from(name):
    lines = (airframe.folder() / f"{name}.toml").read_text().splitlines()
    physics = lines[lines.index("[physics.body]") : lines.index("[sensors]")]
    unexplained = []
    for before, line in zip(["", *physics], physics, strict=False):
        is_number = "=" in line.split("#")[0] and not line.startswith(("spin", "position"))
        if is_number and "#" not in line and not before.startswith("#"):
            unexplained.append(line)

    assert not unexplained


def test_the_reference_vehicles_have_the_published_numbers():
    agi, fma = airframe.load("agi"), airframe.load("fma")

    # Sun et al. 2022, table II, and the roll acceleration that follows from its geometry.
    assert thrust_to_weight(agi) == pytest.approx(4.6, abs=0.05)
    arm = agi.physics["rotor"][0]["position_m_frd"]
    assert np.hypot(arm[0], arm[1]) == pytest.approx(0.14, abs=1e-4)
    assert 2.0 * 8.5 * arm[1] / agi.physics["body"]["inertia_kg_m2"][0] == pytest.approx(789.0, abs=1.0)
    # Mueller & D'Andrea 2014, section V-A.
    assert thrust_to_weight(fma) == pytest.approx(3.1, abs=0.01)
    assert fma.physics["rotor"][0]["position_m_frd"][:2] == [0.17, 0.0]
    idle = fma.physics["rotors"]["thrust_coefficient_n_s2"] * fma.physics["rotors"]["speed_min_rad_s"] ** 2
    assert idle == pytest.approx(0.2, rel=1e-3)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("mass_kg = 1.50", "weight_kg = 1.50", "physics.body.weight_kg is not known; known keys: mass_kg"),
        ("mass_kg = 1.50", "", "physics.body.mass_kg is missing: take-off mass"),
        ("mass_kg = 1.50", "mass_kg = -1.5", "mass_kg = -1.5 is out of range; allowed 0.01 to 100"),
        ("mass_kg = 1.50", 'mass_kg = "heavy"', "mass_kg = 'heavy' is not a number"),
        ("mass_kg = 1.50", "mass_kg = nan", "mass_kg = nan is out of range"),
        ("[0.0123, 0.0131, 0.0226]", "[0.0123, -0.0131, 0.0226]", "inertia_kg_m2 = -0.0131 is out of range"),
        ("[0.0123, 0.0131, 0.0226]", "[0.0123, 0.0131]", "must be a list of 3 numbers"),
        ("[0.0123, 0.0131, 0.0226]", "[0.0123, 0.0131, 0.0426]", "inertia_kg_m2: no body has these moments"),
        ("[0.0, 2.0e-4, 0.0]", "[0.0, 0.5, 0.0]", "inertia_kg_m2: no body has these moments"),
        ("speed_min_rad_s = 120.0", "speed_min_rad_s = 950.0", "speed_min_rad_s = 950 must be below"),
        ("speed_max_rad_s = 900.0", "speed_max_rad_s = 400.0", "cannot lift"),
        ('spin = "ccw"', 'spin = "left"', "physics.rotor[0].spin = 'left' must be 'cw' or 'ccw'"),
        ("[physics.battery]", "[physics.accumulator]", "physics.accumulator is not known"),
        ("[sensors]", "[senses]", "[senses] is not known; known tables"),
        ("loop_rate_hz = 1000", "loop_rate_hz = 999", "loop_rate_hz = 999; allowed 250, 500, 1000, 2000"),
    ],
)
def test_a_wrong_airframe_is_refused_with_file_key_value_and_what_is_allowed(old, new, said):
    with pytest.raises(ConfigError) as refused:
        changed(old, new)

    message = str(refused.value)
    assert message.startswith("pi450.toml: ")
    assert said in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("old", "new"),
    [("0.1591", "0.0"), ('spin = "cw"', 'spin = "ccw"'), (", 0.1591, -0.025", ", -0.1591, -0.025")],
    ids=["all at the centre", "all of one spin", "all on one side"],
)
def test_rotors_that_cannot_hold_an_attitude_are_refused(old, new):
    text = (airframe.folder() / "pi450.toml").read_text()
    assert old in text

    with pytest.raises(ConfigError, match="cannot lift, roll, pitch and yaw independently"):
        airframe.from_tables(tomllib.loads(text.replace(old, new)), "pi450.toml", "pi450")


def test_an_unknown_airframe_names_the_known_ones():
    with pytest.raises(ConfigError, match=r"known: .*pi450"):
        airframe.load("pi4500")
