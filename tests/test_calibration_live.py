"""Calibration by hand: asked for pose after pose, a hand obeys or does not; what is found is what the sensors have."""

import json

import numpy as np
import pytest

from firmware_bridge import mpu
from firmware_bridge.wiring import Wiring
from flight.airframe import folder, load
from flight.modes import Arming
from ground.calibration import guide, overlay, practice, run_up
from ground.calibration.correction import PoorDataError
from ground.calibration.guide import ORDER, Guide, Wish, wrong_face
from ground.calibration.listening import Listener
from ground.calibration.live import Session, calibrate
from ground.calibration.stillness import Pose
from ground.main import main
from sim.hand import Held
from sim.world import Simulator

pytestmark = pytest.mark.slow
GRAVITY = 9.80665


class Clumsy:
    """A hand that first does something else than what is asked; it asks itself anew until it has run out of ideas."""

    def __init__(self, *instead, seed: int = 1) -> None:
        self.world = Held(load("pi450"), seed)
        self.instead = list(instead)
        self.asked: list[str] = []
        self.told: list[str] = []
        self.guide = Guide(Listener(self.world), self.ask, self.say)

    def ask(self, wish: Wish) -> None:
        """Do something else as long as there is something else."""
        self.asked.append(wish.name)
        self.wish = wish
        if wish.kind == "rest" or not self.instead:
            practice.obey(self.world, wish)
        else:
            self.instead.pop(0)(self.world)

    def say(self, text: str) -> None:
        """Hear what is wrong, and do what was asked."""
        self.told.append(text)
        practice.obey(self.world, self.wish)


def shows(name: str):
    """Return a hand's move to the wrong pose."""
    return lambda world: world.turn_to(practice.attitude_of(name))


def only_the_first_face(leader: Guide) -> Pose:
    """Ask for the level face alone, after a rest."""
    leader.rest(5.0)
    return leader.accepted(Wish("face", "level", "level"), lambda held: wrong_face(held, "level"))


def test_a_vehicle_led_through_its_poses_has_its_errors_found(tmp_path, capsys, record_property):
    out, kept = tmp_path / "mine.calibration.toml", tmp_path / "kept.npz"
    options = [
        "--world",
        "sim",
        "--seed",
        "3",
        "--field-ut",
        "48",
        "--out",
        str(out),
        "--record",
        str(kept),
        "--json",
    ]

    assert main(["calibrate", *options]) == 0
    told = json.loads(capsys.readouterr().out)

    own = Held(load("pi450"), 3).sensors[0]
    found = overlay.known(out)
    for name, gain, bias, scale_left, bias_left in (
        ("ACC", own.imu.accel.gain, own.imu.accel.turn_on, 2e-3, 0.05),
        ("MAG", own.mag.soft_iron, own.mag.hard_iron, 0.02, 0.5),
    ):
        both = found.matrix(name) @ np.array(gain)
        stretch = float(np.abs(np.linalg.svd(both)[1] - 1.0).max())
        off = float(np.abs(found.vector(f"{name}_OFF") - np.array(bias)).max())
        record_property(f"{name}: scale left, offset left", f"{stretch:.4f}, {off:.3f}")
        assert stretch < scale_left
        assert off < bias_left
    assert found.vector("GYR_OFF") == pytest.approx(np.array(own.imu.gyro.turn_on), abs=np.radians(1.0))
    assert told["accel_residual_m_s2"] < 0.02
    # The samples that were kept tell the same.
    assert main(["calibrate", str(kept), "--field-ut", "48", "--dry-run", "--json"]) == 0
    again = json.loads(capsys.readouterr().out)["parameters"]
    for name, value in told["parameters"].items():
        if name != "CAL_GYR_TREF":
            assert again[name] == pytest.approx(value, abs=0.5 if "MAG_OFF" in name else 0.02), name


def test_the_faces_are_asked_for_one_after_the_other():
    hand = Clumsy()
    hand.guide.rest(5.0)
    hand.guide.six_faces()

    assert hand.asked[1:7] == list(ORDER)
    assert not hand.told
    assert len(hand.guide.poses) == 6 + 12


@pytest.mark.parametrize("face", ["nose up", "left side up", "upside down"])
def test_a_wrong_face_is_refused_by_its_name_and_the_right_one_then_taken(face):
    hand = Clumsy(shows(face))

    pose = only_the_first_face(hand.guide)

    assert hand.told[0].startswith(f"this is {face}, level is asked for")
    assert "doctor --orientation" in hand.told[0]
    assert pose.accel[2] < -0.9 * GRAVITY


def test_a_face_between_two_faces_is_refused_with_how_far_it_leans():
    hand = Clumsy(shows("level, right side raised by half"))

    only_the_first_face(hand.guide)

    assert hand.told[0].startswith("it leans 4")
    assert "from level" in hand.told[0]


def test_a_slanted_pose_that_is_there_already_is_refused():
    hand = Clumsy(*[lambda world, name=name: practice.obey(world, Wish("face", name, "")) for name in ORDER])
    hand.instead.append(shows("upside down"))
    hand.guide.rest(5.0)
    hand.guide.six_faces()

    assert hand.told == ["lean it further: a pose like this is there already"]


def test_a_vehicle_that_is_never_held_still_is_refused_with_the_pose_that_is_missing(monkeypatch):
    monkeypatch.setattr(guide, "LONGEST_S", 15.0)
    hand = Clumsy(lambda world: world.tumble(60.0))

    with pytest.raises(PoorDataError, match="level: not seen within 15 s: it was never held still"):
        only_the_first_face(hand.guide)


def test_a_vehicle_that_turns_evenly_is_not_taken_for_still():
    def spin(world: Held) -> None:
        # About the vertical: neither gyro nor accelerometer scatters.
        world.rates.extend([np.array([0.0, 0.0, 0.3])] * round(10.0 / world.dt))

    hand = Clumsy(spin)

    only_the_first_face(hand.guide)

    assert hand.told == ["it is turning"]


def test_a_rest_that_is_disturbed_begins_anew():
    hand = Clumsy()
    listen, heard = hand.guide.listener.listen, []

    def listen_and_knock(seconds: float) -> None:
        heard.append(seconds)
        if len(heard) == 3:
            hand.world.tumble(0.3)
        listen(seconds)

    hand.guide.listener.listen = listen_and_knock
    hand.guide.rest(5.0)

    assert hand.told == ["it was moved: the rest begins anew"]
    assert len(heard) > 7


def test_a_sensor_of_the_wrong_range_is_refused():
    hand = Clumsy()
    hand.world.sensors[0].imu.accel.gain[:] = 2.0 * np.eye(3)

    with pytest.raises(PoorDataError, match=r"accelerometer: 19\.\d m/s2 at rest instead of 9.8"):
        only_the_first_face(hand.guide)


def test_a_vehicle_without_a_magnetometer_says_so_and_the_rest_is_calibrated():
    hand = Clumsy()
    hand.world.presets[0].mag.timing.interval_us = 0

    found = calibrate(hand.guide, Session(("gyro", "mag")), overlay.NOTHING_KNOWN)

    assert "has none that says anything" in found.left_out["mag"]
    assert found.gyro is not None


def test_a_long_rest_from_cold_tells_the_gyros_bias_over_temperature(record_property):
    hand = Clumsy(seed=4)
    imu = hand.world.presets[0].imu
    imu.warm_up_k, imu.warm_up_s = 20.0, 15.0

    found = calibrate(hand.guide, Session(("gyro",), rest_s=40.0), overlay.NOTHING_KNOWN)

    left = np.degrees(np.abs(found.gyro.slope_per_k - np.array(hand.world.sensors[0].imu.gyro.per_k)).max())
    record_property("gyro: slope left, deg/s/K (uncalibrated 0.17)", f"{left:.4f}")
    assert left < 0.005


def test_practice_writes_nothing_unless_told_where(capsys):
    assert main(["calibrate", "--world", "sim", "--only", "gyro", "--rest", "5"]) == 0

    assert "nothing written" in capsys.readouterr().out
    assert not (folder() / "pi450.calibration.toml").exists()


def test_motors_run_up_and_down_tell_the_field_of_the_wires(tmp_path, capsys, record_property):
    out = tmp_path / "mine.calibration.toml"
    command = ["calibrate", "--world", "sim", "--only", "current", "--out", str(out), "--seed", "2", "--json"]

    assert main(command) == 0
    told = json.loads(capsys.readouterr().out)

    wires = np.array(Simulator(load("pi450"), 2).vehicles[0].sensors.mag.ut_per_a)
    left = np.abs(overlay.known(out).vector("MAG_A") - wires).max()
    record_property(
        "field per ampere left, uT/A; currents, A", f"{left:.4f}; to {told['current_most_a']:.1f}"
    )
    assert left < 4.0 * told["current_sd_ut_per_a"] + 0.003


def test_motors_stop_when_the_run_up_is_broken_off():
    world = Simulator(load("pi450"), 2)
    listener = Listener(world)

    def interrupted(share: float, text: str) -> None:
        if share > 0.4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_up.calibrate(listener, 0.3, overlay.NOTHING_KNOWN, interrupted)

    assert not listener.command.motors.motor.any()
    assert listener.command.status.arming == Arming.DISARMED
    assert world.vehicles[0].truth.rotor_speed.max() < 200.0


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ([], "one of RECORDING and --world"),
        (["some.npz", "--world", "sim"], "one of RECORDING and --world"),
        (["--world", "mavlink:udpin:127.0.0.1:14550"], "calibrates its sensors itself"),
        (["--world", "serial:/dev/nowhere", "--only", "current"], "tie the vehicle down"),
        (["--world", "sim", "--only", "current", "--only", "gyro"], "by itself"),
        (["--world", "sim", "--only", "current", "--throttle", "0.9"], "allowed 0.1 to 0.6"),
        (["--world", "sim", "--rest", "1"], "allowed 5 to 3600 s"),
        (["--world", "sim", "--record", "kept.csv"], "must end in .npz"),
    ],
)
def test_what_cannot_be_calibrated_is_refused_in_one_line(options, why, capsys):
    assert main(["calibrate", *options]) == 2

    assert why in capsys.readouterr().err


def test_a_gyro_behind_the_board_is_calibrated_through_its_wire(chip, tmp_path, capsys):
    from tests.emulator.terminal import BoardOnTerminal

    level = np.array([0.0, 0.0, -GRAVITY])
    bias, out = np.array([0.03, -0.02, 0.01]), tmp_path / "mine.calibration.toml"
    terminal = BoardOnTerminal(chip(sample=lambda _: mpu.encode(bias, level, 25.0, Wiring().rotation)))
    try:
        code = main(["calibrate", "--world", f"serial:{terminal.port}", "--only", "gyro", "--only", "level",
                     "--rest", "5", "--out", str(out), "--json"])  # fmt: skip
    finally:
        terminal.close()

    told = json.loads(capsys.readouterr().out)
    assert code == 0
    assert [told["parameters"][f"CAL_GYR_OFF_{axis}"] for axis in "XYZ"] == pytest.approx(bias, abs=2e-3)
    assert told["level_roll_deg"] == pytest.approx(0.0, abs=0.2)
