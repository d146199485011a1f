"""Which motor turned, which way, and how the IMU is mounted, from what the IMU felt."""

import io
import json

import numpy as np
import pytest

from firmware_bridge import mpu
from firmware_bridge.wiring import Wiring, axes
from flight.airframe import load
from flight.errors import ConfigError
from ground.main import main
from ground.motors.bench import Bench
from ground.motors.mounting import mounting
from ground.motors.reaction import judge, names
from sim.world import Simulator

GRAVITY = 9.80665


class Miswired:
    """The simulator with its motor wires swapped, or its rotors turning the other way."""

    def __init__(self, order: list[int], spin: float = 1.0, seed: int = 2) -> None:
        self.inner, self.order = Simulator(load("pi450"), seed), order
        self.inner.setups[0].plant.spin *= spin
        self.dt = self.inner.dt

    def read(self, inputs: np.void) -> bool:
        return self.inner.read(inputs)

    def write(self, command: np.void) -> None:
        told = command.copy()
        told.motors.motor[:4] = command.motors.motor[self.order]
        self.inner.write(told)


@pytest.mark.parametrize("seed", [2, 11])
@pytest.mark.parametrize(("order", "turned"), [([0, 1, 2, 3], [1, 2, 3, 4]), ([2, 1, 0, 3], [3, 2, 1, 4])])
@pytest.mark.slow
def test_the_corner_whose_lift_was_felt_is_named(order, turned, seed, record_property):
    airframe = load("pi450")
    verdicts = [
        judge([Bench(Miswired(order, seed=seed)).spin(motor, 0.12, 0.6)], motor, airframe, True)
        for motor in range(4)
    ]

    rotors = airframe.physics["rotor"]
    record_property("a motor's kick at 12 % throttle, deg", np.round(verdicts[0].kick_deg, 3))
    assert [v.corner for v in verdicts] == turned
    assert [v.is_corner_right for v in verdicts] == [
        a == b for a, b in zip(turned, (1, 2, 3, 4), strict=True)
    ]
    assert [v.direction for v in verdicts] == [rotors[corner - 1]["spin"] for corner in turned]


def test_a_motor_that_turns_the_wrong_way_is_told_without_its_propeller_too():
    airframe = load("pi450")
    for has_propellers in (True, False):
        world = Miswired([0, 1, 2, 3], spin=-1.0)
        if not has_propellers:
            world.inner.setups[0].plant.thrust_n_s2 *= 1e-3
        verdict = judge([Bench(world).spin(0, 0.2, 0.6)], 0, airframe, has_propellers)

        assert verdict.direction == "cw"
        assert verdict.is_direction_right is False
        # Without lift nothing tells the corner, and nothing is guessed.
        assert verdict.corner == int(has_propellers)


def test_a_motor_that_does_not_turn_is_not_judged():
    world = Miswired([4, 5, 6, 7])

    verdict = judge([Bench(world).spin(0, 0.2, 0.6)], 0, load("pi450"), True)

    assert verdict.is_direction_right is None
    assert verdict.is_corner_right is None


def test_places_are_named_in_words():
    assert names(load("pi450")) == ["front right", "rear left", "front left", "rear right"]


def test_motors_stop_whatever_happens():
    class Breaking(Miswired):
        said: list[float]

        def write(self, command: np.void) -> None:
            self.said.append(float(command.motors.motor.max()))
            super().write(command)
            if len(self.said) > 1500 and self.said[-1] > 0.0:
                raise KeyboardInterrupt

    world = Breaking([0, 1, 2, 3])
    world.said = []
    with pytest.raises(KeyboardInterrupt):
        Bench(world).spin(0, 0.2, 0.6)

    assert max(world.said) == pytest.approx(0.2)
    assert world.said[-1] == 0.0


def test_nothing_turns_until_somebody_says_that_nobody_can_be_hurt(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))

    code = main(["motors", "--world", "serial:/dev/no-such-port"])

    assert code == 2
    assert "--props-off" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options", [["--throttle", "0.9"], ["--motor", "5"], ["--seconds", "60"], ["--world", "x"]]
)
def test_what_is_no_check_is_refused(options, capsys):
    assert main(["motors", *options]) == 2
    assert "allowed" in (said := capsys.readouterr().err) or "1 to 4" in said or "known" in said


@pytest.mark.parametrize(
    "ways",
    [
        ["forward", "left", "up"],
        ["right", "forward", "up"],
        ["back", "left", "down"],
        ["up", "right", "forward"],
    ],
)
def test_the_mounting_is_found_from_three_poses(ways):
    frd_from_chip = np.array(axes(ways, ""))
    lean = np.radians(40.0)
    level = [0.0, 0.0, -GRAVITY]
    nose_down = [-GRAVITY * np.sin(lean), 0.0, -GRAVITY * np.cos(lean)]
    right_down = [0.0, -GRAVITY * np.sin(lean), -GRAVITY * np.cos(lean)]
    rng = np.random.default_rng(1)
    poses = [
        frd_from_chip.T @ np.array(pose) + rng.normal(0.0, 0.2, 3) for pose in (level, nose_down, right_down)
    ]

    found, off_deg = mounting(*poses)

    assert found == ways
    assert off_deg < 5.0


def test_poses_in_the_wrong_order_are_refused():
    lean = np.radians(40.0)
    level = np.array([0.0, 0.0, -GRAVITY])
    nose_down = np.array([-GRAVITY * np.sin(lean), 0.0, -GRAVITY * np.cos(lean)])
    left_down = np.array([0.0, GRAVITY * np.sin(lean), -GRAVITY * np.cos(lean)])

    with pytest.raises(ConfigError, match="fit together"):
        mounting(level, nose_down, left_down)
    with pytest.raises(ConfigError, match="nose down: leans too little"):
        mounting(level, level, left_down)
    with pytest.raises(ConfigError, match="level: 4"):
        mounting(0.5 * level, nose_down, left_down)


@pytest.mark.slow
def test_the_mounting_is_found_through_the_board_and_written_down(chip, tmp_path, capsys, monkeypatch):
    from flight.airframe import folder
    from tests.emulator.terminal import BoardOnTerminal

    # The chip lies turned by a quarter: its x points right, its y forward.
    turn = np.array(axes(["right", "forward", "up"], ""))
    half = GRAVITY * np.sqrt(0.5)
    poses = iter([(0.0, 0.0, -GRAVITY), (-half, 0.0, -half), (0.0, -half, -half)])
    now = [np.zeros(3)]

    class Hands:
        """Somebody who takes the next pose and presses Enter."""

        def readline(self) -> str:
            now[0] = np.array(next(poses))
            return "\n"

    airframe = tmp_path / "mine.toml"
    airframe.write_text((folder() / "pi450.toml").read_text())
    monkeypatch.setattr("sys.stdin", Hands())
    terminal = BoardOnTerminal(chip(sample=lambda _: mpu.encode(np.zeros(3), now[0], 25.0, turn)))
    try:
        code = main(
            ["doctor", "--orientation", "--airframe", str(airframe), "--world", f"serial:{terminal.port}",
             "--seconds", "0.2", "--json"]
        )  # fmt: skip
    finally:
        terminal.close()

    told = json.loads(capsys.readouterr().out)
    assert code == 0
    assert told["imu_axes"] == ["right", "forward", "up"]
    assert load(airframe).bridge["imu_axes"] == ["right", "forward", "up"]


@pytest.mark.slow
def test_a_motor_behind_the_boards_machine_code_is_told_by_its_kick(chip, record_property):
    from tests.emulator.flight import FlownBoard

    airframe = load("pi450")
    world = FlownBoard(chip, airframe, 3, [])
    verdict = judge([Bench(world).spin(2, 0.15, 0.6)], 2, airframe, True)
    world.serial.close()

    record_property("a motor's kick through the board, deg", np.round(verdict.kick_deg, 3))
    assert (verdict.corner, verdict.direction) == (3, "cw")
    assert isinstance(world.wiring, Wiring)
    assert not world.motor.any()
