"""One model of a real quadrotor, held to flights that it was not fitted to."""

import json
from pathlib import Path

import numpy as np
import pytest

from flight.airframe import load
from flight.errors import LogError
from flight.record import rows
from flight.vector import Vec3
from ground.identification import crossing, in_plant, recorded
from ground.identification.findings import Finding
from ground.identification.foresee import KILO, MODEL, force_of, foresee, turn_of
from ground.main import main
from tests.plant_rig import Rig, rig

ASKED = np.array([0.10, 0.40, 0.20, 0.60])


def made_up(seconds: float = 6.0, seed: int = 1) -> dict[str, np.ndarray]:
    """Return columns of a recording: rotor speeds that wander about hover, and a vehicle that stands still."""
    n = round(100.0 * seconds)
    wander = np.cumsum(np.random.default_rng(seed).normal(0.0, 2.0, (n, 4)), axis=0)
    still = {"p": np.zeros((n, 3)), "v": np.zeros((n, 3)), "w": np.zeros((n, 3))}
    upright = np.tile([1.0, 0.0, 0.0, 0.0], (n, 1))
    return {"t": 0.01 * np.arange(n), "q": upright, "rotor": 1725.0 + wander, **still}


def read_back(folder: Path, columns: dict[str, np.ndarray]) -> recorded.Recorded:
    """Write columns and read them as a recording."""
    np.savez(folder / "flight.npz", **columns)
    return recorded.read(folder / "flight.npz")


def told(flight: recorded.Recorded, **numbers: float) -> np.ndarray:
    """Return (50, 13) what a model with a few numbers foresees from the first sample."""
    model, motion = rows(MODEL), np.zeros((crossing.HORIZON, 13))
    for name, value in ({"thrust": 0.8239, "lag_s": 0.02, "heading_s": 0.1} | numbers).items():
        model[0][name] = value
    foresee(model[0], flight.motion, 0, motion, np.zeros(4), flight.dt)
    return motion


def test_more_thrust_than_weight_lifts_and_a_faster_left_side_rolls_right(tmp_path):
    columns = made_up()
    columns["rotor"][:] = 1800.0
    lifted = told(read_back(tmp_path, columns))
    columns["rotor"][:] = [1700.0, 1700.0, 1750.0, 1750.0]
    rolled = told(read_back(tmp_path, columns), roll=30.0, pitch=30.0, yaw=0.7)

    climb = 0.8239 * 4.0 * 1.8**2 - 9.80665
    assert lifted[-1, 5] == pytest.approx(-climb * 0.5, rel=1e-6)
    assert lifted[-1, 2] == pytest.approx(-climb * 0.125, rel=1e-6)
    assert rolled[-1, 10] > 0.1
    assert rolled[-1, 11:13] == pytest.approx([0.0, 0.0], abs=1e-9)


def test_flapping_leans_the_vehicle_back_from_where_it_flies(tmp_path):
    columns = made_up()
    columns["v"][:, :] = [0.0, 2.0, 0.0]
    columns["q"][:] = [np.sqrt(0.5), 0.0, 0.0, np.sqrt(0.5)]
    forward = told(read_back(tmp_path, columns), flap_roll=20.0, flap_pitch=20.0)

    # Nose and way along the world's second axis: the nose rises.
    assert forward[-1, 11] > 1.0
    assert abs(forward[-1, 10]) < 1e-9


def test_unseen_torques_hold_the_rate_where_it_was_heading(tmp_path):
    columns = made_up()
    columns["rotor"][:] = [1720.0, 1720.0, 1730.0, 1730.0]
    flight = read_back(tmp_path, columns)
    torque = 30.0 * 2.0 * (1.73**2 - 1.72**2)

    assert told(flight, roll=30.0)[-1, 10] == pytest.approx(0.5 * torque, rel=1e-6)
    assert told(flight, roll=30.0, unseen=1.1 * torque)[-1, 10] == pytest.approx(0.0, abs=1e-9)
    assert told(flight, roll=30.0, unseen=0.5 * torque)[-1, 10] == pytest.approx(0.25 * torque, rel=1e-6)


def accelerations(made: Rig, speeds: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """Return how the plant's velocity and body rate change within a moment, gravity taken off."""
    dt, v, omega = 1e-5, made.body.v_ned.copy(), made.body.omega_frd.copy()
    made.spin(speeds)
    made.plant.spin_up_s = made.plant.spin_down_s = 1e3
    made.fly(dt, np.full(4, made.throttle_for(float(np.mean(speeds)))), dt)
    return (made.body.v_ned - v) / dt - [0.0, 0.0, 9.80665], (made.body.omega_frd - omega) / dt


@pytest.mark.parametrize("v_frd", [(0.0, 0.0, 0.0), (1.5, 0.0, 0.0), (0.0, -1.5, 0.0), (0.8, 0.6, -1.0)])
def test_the_simulators_plant_moves_as_the_model_it_was_filled_from(v_frd):
    numbers = dict.fromkeys(crossing.NAMES, 0.0) | {
        "thrust": 0.823, "inflow": 0.05, "lift": 0.08, "drag_x": 0.1, "drag_y": 0.1, "roll": 35.0, "pitch": 27.0,
        "yaw": 0.6, "spin_up": 0.4, "flap_roll": 26.0, "flap_pitch": 20.0, "damping": 2.8, "damping_yaw": 5.0,
    }  # fmt: skip
    physics = in_plant.physics_of(numbers, load("crazyflie21").physics, 0.045)
    calm = {"rotors": {"vortex_ring_loss": 0.0, "ground_effect": 0.0, "voltage_sensitivity": 0.0}}
    made = rig("crazyflie21", {table: physics[table] for table in ("body", "rotors")}, calm, height_m=5.0)
    speeds, omega = [1715.0, 1720.0, 1735.0, 1725.0], np.array([0.4, -0.3, 0.2])
    made.body.v_ned[:], made.body.omega_frd[:] = v_frd, omega
    force, turn = accelerations(made, speeds)

    model = rows(MODEL)
    for name, value in numbers.items():
        model[0][name] = value
    # The plant's rotors stand in the order front right, rear left, front left, rear right.
    order = KILO * np.array(speeds)[[0, 3, 1, 2]]
    expected = np.array(force_of(model[0], Vec3(*v_frd), order))
    spun = np.array(turn_of(model[0], Vec3(*v_frd), order, 0.0)) - omega * [2.8, 2.8, 5.0]
    # Found without it: gyroscopic torques, thinner air than at sea level, and one flapping for both axes.
    mean_moment = 0.5 * (26.0 / 35.0 + 20.0 / 27.0)
    spun += np.array([-v_frd[1] * (mean_moment * 35.0 - 26.0), v_frd[0] * (mean_moment * 27.0 - 20.0), 0.0])
    assert force == pytest.approx(expected, abs=0.02)
    assert turn == pytest.approx(spun, abs=0.35)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c.pop("rotor"), "has no rotor"),
        (lambda c: c.update(w=c["w"][:-1]), "w must have"),
        (lambda c: c["t"].__setitem__(9, 7.0), "not evenly spaced"),
        (lambda c: c["v"].__setitem__((5, 1), np.nan), "row 5"),
    ],
)
def test_a_recording_that_is_none_is_refused_by_name(tmp_path, change, said):
    columns = made_up()
    change(columns)

    with pytest.raises(LogError, match=said):
        read_back(tmp_path, columns)


@pytest.mark.parametrize("half", [("--mass", "1"), ("--out", "made.toml")])
def test_recordings_become_an_airframe_only_with_a_scale(tmp_path, capsys, half):
    np.savez(tmp_path / "one.npz", **made_up())

    assert main(["identify", str(tmp_path), *half]) == 2
    assert "--out and --mass go together" in capsys.readouterr().err


def test_recordings_and_a_scale_make_an_airframe_that_weighs_what_the_scale_says(tmp_path, monkeypatch):
    numbers = dict.fromkeys(crossing.NAMES, 0.0) | {"thrust": 0.8, "roll": 35.0, "pitch": 27.0, "yaw": 0.6}
    found = {name: Finding(value, value, value, "") for name, value in numbers.items()}
    missed = [crossing.Missed("flight1", np.zeros((crossing.HORIZON, 4)), 1)]
    monkeypatch.setattr(crossing, "crossed", lambda *_: crossing.Crossed(np.zeros(0), found, missed))
    for name in ("flight1", "flight2"):
        np.savez(tmp_path / f"{name}.npz", **made_up())
    out = tmp_path / "made.toml"

    assert main(["identify", str(tmp_path), "--out", str(out), "--mass", "0.045"]) == 0

    made = load(str(out)).physics
    assert made["body"]["mass_kg"] == 0.045
    assert made["rotors"]["thrust_coefficient_n_s2"] == pytest.approx(0.8e-6 * 0.045, rel=1e-4)


def test_one_recording_alone_cannot_be_held_to_others(tmp_path, capsys):
    np.savez(tmp_path / "one.npz", **made_up())

    assert main(["identify", str(tmp_path)]) == 2
    assert "name two or more" in capsys.readouterr().err


@pytest.mark.slow
def test_flights_of_each_kind_are_foreseen_by_a_model_of_the_others(shared_data, record_property):
    folder = shared_data / "recordings" / "model" / "nanodrone"
    flights = [recorded.read(file) for file in recorded.files_of([folder])]
    kept = ("chirp_run4", "random2_run2", "square_run4")
    held, others = [f for f in flights if f.name in kept], [f for f in flights if f.name not in kept]

    missed = crossing.predicted(crossing.fitted(others), held)

    whole = crossing.Crossed(np.zeros(0), {}, missed).by_window()[-1]
    for one in missed:
        record_property(f"{one.name} after 50 steps m, m/s, rad, rad/s", one.mean[-1].round(3))
    record_property("every window after 50 steps", f"{whole.round(3)} (asked {ASKED})")
    assert np.all(whole <= ASKED)


@pytest.mark.slow
def test_the_command_tells_one_json_object(tmp_path, capsys):
    for seed in (1, 2):
        np.savez(tmp_path / f"flight{seed}.npz", **made_up(seed=seed))

    assert main(["identify", str(tmp_path), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert set(figures["thrust"]) == {"value", "low", "high", "unit"}
    assert {"flight1", "flight2", "every window", "every flight"} == set(figures["cross_validation"])
    assert set(figures["cross_validation"]["flight1"]["rate_rad_s"]) == {
        "after_1",
        "after_10",
        "after_50",
        "sum",
    }
