"""Calibration: a vehicle with drawn sensor errors is turned by hand; the fits find them or refuse with a reason."""

import json

import numpy as np
import pytest
from scipy.spatial.transform import Rotation, Slerp

from flight.record import rows
from ground.calibration import accel, gyro, mag, naming, overlay
from ground.calibration.correction import Correction, PoorDataError
from ground.calibration.recording import calibrate
from ground.calibration.stillness import Pose, poses
from ground.estimation.readings import Readings
from ground.main import main
from sim.sensors import presets, sensors
from sim.truth import TRUTH

pytestmark = pytest.mark.slow
STEP_S = 0.005
FACES = ("level", "upside down", "nose up", "nose down", "right side up", "left side up")
# Roll and pitch in degrees of the six faces and of eight slanted poses, and how the vehicle is then turned about.
UPRIGHT = [(0, 0), (180, 0), (0, 90), (0, -90), (-90, 0), (90, 0)]
SLANTED = [(40, 35), (-45, 30), (130, 40), (-135, 30), (40, -35), (-45, -30), (130, -40), (-135, -35)]
PARTS = {"imu": "mpu6050", "mag": "qmc5883l", "calibration": "uncalibrated", "vibration": "none"}


def by_hand(angles: list[tuple[float, float]], hold_s: float = 2.0, move_s: float = 1.0) -> Rotation:
    """Return body-to-world attitudes of poses held one after the other, and of a minute of turning every way."""
    keys, times, now = [], [], 0.0
    for n, (roll, pitch) in enumerate(angles):
        turn = Rotation.from_euler("ZYX", [37.0 * n, pitch, roll], degrees=True)
        keys, times, now = [*keys, turn, turn], [*times, now, now + hold_s], now + hold_s + move_s
    t = np.arange(0.0, times[-1], STEP_S)
    held = Slerp(times, Rotation.concatenate(keys))(t)
    w = np.arange(0.0, 40.0, STEP_S)
    turned = Rotation.from_euler("ZYX", np.c_[31.0 * w, 80.0 * np.sin(0.9 * w), 67.0 * w], degrees=True)
    return Rotation.concatenate([held, turned])


def recording(
    attitudes: Rotation, seed: int, warm_up_k: float | None = None
) -> tuple[Readings, np.recarray, np.ndarray]:
    """Return what the sensors of a vehicle moved like this say, the sensors themselves, and the true forces."""
    own, preset, truth, sample = (
        rows(sensors.SENSORS),
        presets.presets_for(PARTS),
        rows(TRUTH)[0],
        inputs_row(),
    )
    if warm_up_k is not None:
        preset[0].imu.warm_up_k, preset[0].imu.warm_up_s = warm_up_k, 15.0
    sensors.reset(own[0], preset[0], seed)
    q = attitudes.as_quat(scalar_first=True)
    omega = (attitudes[:-1].inv() * attitudes[1:]).as_rotvec() / STEP_S
    biases: list[np.ndarray] = []
    kept = {name: [] for name in ("t", "gyro", "accel", "mag", "temperature_c")}
    for i in range(len(omega)):
        truth.t_us, truth.q_ned_frd, truth.omega_frd = round(1e6 * STEP_S * (i + 1)), q[i], omega[i]
        sensors.imu.measure(own[0].imu, preset[0].imu, truth, sample.imu)
        sensors.mag.measure(own[0].mag, preset[0].mag, truth, sample.mag)
        if sample.imu.fresh:
            kept["t"].append(sample.imu.t_us * 1e-6)
            kept["gyro"].append(sample.imu.gyro_frd.copy())
            kept["accel"].append(sample.imu.accel_frd.copy())
            kept["mag"].append(sample.mag.field_ut_frd.copy() if sample.mag.fresh else np.full(3, np.nan))
            kept["temperature_c"].append(float(sample.imu.temperature_c))
        biases.append(np.r_[own[0].imu.accel.bias, own[0].imu.gyro.bias])
    told = {name: np.array(values) for name, values in kept.items()}
    readings = Readings("by hand", told["t"], told["gyro"], told["accel"], told["mag"], "frd",
                        aids={"temperature_c": told["temperature_c"], "true_bias": np.array(biases)})  # fmt: skip
    return readings, own, attitudes.inv().apply([0.0, 0.0, -9.80665])


def inputs_row() -> np.void:
    """Return an empty inputs record."""
    from flight.inputs import INPUTS

    return rows(INPUTS)[0]


@pytest.fixture(scope="module")
def turned():
    """Return recordings of three vehicles turned by hand."""
    return [recording(by_hand(UPRIGHT + SLANTED), seed) for seed in (1, 2, 3)]


def undone(matrix: np.ndarray, gain: np.ndarray) -> np.ndarray:
    """Return what correction and error make together: the identity, but for a turn that gravity cannot tell."""
    both = matrix @ gain
    left, _, right = np.linalg.svd(both)
    return both @ (left @ right).T


def test_the_accelerometers_errors_are_found(turned, record_property):
    offsets, scales = [], []
    for readings, own, _ in turned:
        found = accel.fit(poses(readings.t, readings.gyro_frd, readings.accel_frd))
        # The sensor warms up meanwhile: its bias is the mean of the poses' time.
        gain, bias = own[0].imu.accel.gain, readings.aids["true_bias"][: len(readings.t) // 2, :3].mean(0)
        offsets.append(np.abs(found.offset - bias).max())
        scales.append(np.abs(undone(found.matrix, np.array(gain)) - np.eye(3)).max())

    record_property("accelerometer: bias left, m/s2 (uncalibrated 0.6)", f"{max(offsets):.4f}")
    record_property("accelerometer: scale and misalignment left (uncalibrated 0.02)", f"{max(scales):.5f}")
    assert max(offsets) < 0.02
    assert max(scales) < 1e-3


def test_the_gyros_bias_is_found(turned, record_property):
    left = []
    for readings, *_ in turned:
        found = gyro.fit(
            poses(readings.t, readings.gyro_frd, readings.accel_frd, readings.aids["temperature_c"])
        )
        true = readings.aids["true_bias"][: len(readings.t) // 2, 3:].mean(0)
        left.append(np.degrees(np.abs(found.at(found.reference_c) - true).max()))

    record_property("gyro: bias left, deg/s (uncalibrated 10)", f"{max(left):.3f}")
    assert max(left) < 0.15


def test_the_gyros_bias_follows_its_temperature(record_property):
    level = Rotation.from_euler("ZYX", np.zeros((int(50.0 / STEP_S), 3)))
    readings, own, _ = recording(level, 4, warm_up_k=20.0)
    warm = readings.aids["temperature_c"]
    spans = [slice(i, i + 400) for i in range(0, len(warm) - 400, 400)]

    from ground.calibration.stillness import pose

    held = [pose(readings.t, readings.gyro_frd, readings.accel_frd, warm, span) for span in spans]
    found = gyro.fit(held)

    record_property("gyro: deg/s left over a warm-up of 20 K", f"{np.degrees(found.residual):.3f}")
    assert np.ptp(warm) > 10.0
    assert found.slope_per_k == pytest.approx(np.array(own[0].imu.gyro.per_k), abs=np.radians(0.004))
    assert found.residual < np.radians(0.03)


def test_the_magnetometers_iron_is_found(turned, record_property):
    left = []
    for readings, own, _ in turned:
        found = mag.fit(readings.mag_frd, 48.0)
        rng = np.random.default_rng(5)
        unit = rng.normal(size=(200, 3))
        unit /= np.linalg.norm(unit, axis=1, keepdims=True)
        iron, hard = np.array(own[0].mag.soft_iron), np.array(own[0].mag.hard_iron)
        read = found.apply(48.0 * unit @ iron.T + hard)
        turn, _ = Rotation.align_vectors(unit, read)
        read = turn.apply(read)
        cosine = np.sum(read * unit, 1) / np.linalg.norm(read, axis=1)
        left.append(np.degrees(np.arccos(np.clip(cosine, -1, 1))).max())

    record_property("magnetometer: direction off by, deg", f"{max(left):.2f}")
    assert max(left) < 1.0


@pytest.mark.parametrize("face", range(6), ids=FACES)
def test_a_missing_face_is_named(turned, face):
    readings, *_ = turned[0]
    held = poses(readings.t, readings.gyro_frd, readings.accel_frd)[:14]

    with pytest.raises(PoorDataError, match=FACES[face]):
        accel.fit(held[:face] + held[face + 1 : 6])


def test_too_few_poses_are_refused_with_what_to_do(turned):
    readings, *_ = turned[0]
    held = poses(readings.t, readings.gyro_frd, readings.accel_frd)

    with pytest.raises(PoorDataError, match="6 still poses, 9 are needed"):
        accel.fit(held[:6])


@pytest.mark.parametrize(
    "slanted",
    [[(45, 0), (0, 45), (-45, 0)], [(10, 0), (0, 10), (90, 10)]],
    ids=["x and y never share gravity", "hardly slanted"],
)
def test_slanted_poses_that_do_not_tell_misalignment_are_refused(slanted):
    ups = Rotation.from_euler("ZYX", [(0, pitch, roll) for roll, pitch in UPRIGHT + slanted], degrees=True)
    held = [Pose(0.0, 2.0, np.zeros(3), force, 25.0, 400) for force in ups.inv().apply([0.0, 0.0, -9.80665])]

    with pytest.raises(PoorDataError, match="slanted poses are too near the faces"):
        accel.fit(held)


def test_a_magnetometer_turned_about_one_axis_only_is_refused():
    angle = np.linspace(0.0, 12.0, 600)
    flat = np.c_[20 * np.cos(angle), 20 * np.sin(angle), np.full(600, 43.0)]

    with pytest.raises(PoorDataError, match=r"of all directions seen"):
        mag.fit(flat + np.random.default_rng(1).normal(0, 0.3, flat.shape))


def test_iron_beside_it_is_refused():
    rng = np.random.default_rng(2)
    unit = rng.normal(size=(800, 3))
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)

    with pytest.raises(PoorDataError, match="miss the sphere"):
        mag.fit(48.0 * unit + rng.normal(0, 8.0, unit.shape))


WIRES_UT_A = np.array([0.3, -0.1, 0.05])


def tied_down(turn_deg: tuple[float, float, float] = (0.0, 0.0, 0.0), most_a: float = 30.0) -> Readings:
    """Return a recording of motors run up and down on a vehicle that shakes in its ties, and may turn in them."""
    rng = np.random.default_rng(3)
    t = np.arange(0.0, 20.0, 0.01)
    current = 1.0 + most_a * np.sin(0.3 * t) ** 2
    rate = np.radians(turn_deg) / 20.0
    turned = Rotation.from_rotvec(t[:, None] * rate)
    field = turned.inv().apply([20.0, 0.0, 43.0]) + current[:, None] * WIRES_UT_A
    force = turned.inv().apply([0.0, 0.0, -9.80665]) + rng.normal(0, 2.0, (len(t), 3))
    said = rng.normal(rate, 0.1, (len(t), 3)), force, field + rng.normal(0, 0.5, field.shape)
    return Readings("tied down", t, *said, "frd", aids={"current_a": current})


def test_the_current_in_the_wires_is_told_from_the_field():
    found = calibrate(tied_down(), ("current",))

    assert found.current.ut_per_a == pytest.approx(WIRES_UT_A, abs=0.005)
    assert found.current.sd_ut_per_a < 0.005
    assert found.parameters()["CAL_MAG_A_X"] == pytest.approx(0.3, abs=0.005)


@pytest.mark.parametrize(
    ("turn_deg", "most_a", "why"),
    [
        ((0.0, 0.0, 0.0), 1.0, "hardly changed"),
        ((0.0, 0.0, 200.0), 30.0, "do not follow it"),
        ((20.0, 0.0, 0.0), 30.0, "the vehicle turned"),
    ],
)
def test_a_recording_that_does_not_tell_the_currents_field_is_refused(turn_deg, most_a, why):
    with pytest.raises(PoorDataError, match=why):
        calibrate(tied_down(turn_deg, most_a), ("current",))


def test_a_recording_without_an_ammeter_is_refused():
    readings = tied_down()
    readings.aids.clear()

    with pytest.raises(PoorDataError, match="no battery current"):
        calibrate(readings, ("current",))


def test_motors_run_on_a_calibrated_vehicle_leave_its_compass_where_it_was(tmp_path, record_property):
    from flight import params
    from flight.estimator import correction
    from flight.parameter import store

    stretch, iron = np.diag([1.2, 0.9, 1.05]), np.array([10.0, -4.0, 7.0])
    place = tmp_path / "mine.calibration.toml"
    overlay.write(place, overlay.Calibration(mag=Correction(stretch, iron, 0.1, 500)), "before")
    readings = tied_down()
    overlay.write(place, calibrate(readings, ("current",), None, overlay.known(place)), "tied down")
    chosen = params.defaults()
    for name, value in overlay.known(place).parameters.items():
        store(chosen[0], params.BY_ID[name], value)

    corrected, sample, seen = rows(correction.CORRECTED)[0], inputs_row(), []
    for field_ut, current in zip(readings.mag_frd, readings.aids["current_a"], strict=True):
        sample.mag.field_ut_frd, sample.battery.current_a = field_ut, current
        correction.step(corrected, chosen[0].estimator.correction, sample)
        seen.append(corrected.mag.field_ut_frd.copy())

    slope = np.polyfit(readings.aids["current_a"], np.array(seen), 1)[0]
    record_property("field per ampere left, uT/A (0.3)", f"{np.abs(slope).max():.4f}")
    assert np.abs(slope).max() < 1e-6


def test_a_vehicle_that_never_rests_is_refused(turned):
    readings, *_ = turned[0]
    moving = readings.t > readings.t[-1] - 35.0
    shaken = Readings(
        "shaken", readings.t[moving], readings.gyro_frd[moving], readings.accel_frd[moving], None, "frd"
    )

    with pytest.raises(PoorDataError, match="at rest"):
        calibrate(shaken, ("gyro",))


def test_the_level_is_the_tilt_of_the_longest_rest(turned):
    readings, *_ = turned[0]
    still = slice(0, 300)
    rest = Readings(
        "rest", readings.t[still], readings.gyro_frd[still], readings.accel_frd[still], None, "frd"
    )
    tilted = Rotation.from_euler("ZYX", [0.0, 3.0, -2.0], degrees=True)
    rest.accel_frd = np.tile(tilted.inv().apply([0.0, 0.0, -9.80665]), (300, 1))
    rest.gyro_frd = np.zeros((300, 3))

    found = calibrate(rest, ("level",))

    assert np.degrees(found.level_rad) == pytest.approx([-2.0, 3.0])
    assert naming.rotation(found.level_rad) @ rest.accel_frd[0] == pytest.approx([0.0, 0.0, -9.80665])


def test_a_level_found_later_turns_all_sensors_and_a_sensor_calibrated_later_keeps_it(tmp_path):
    place = tmp_path / "mine.calibration.toml"
    first, second = (
        Correction(np.diag(scale), np.zeros(3), 0.01, 900) for scale in ([1.1, 1, 1], [1, 1, 0.9])
    )
    tilt = (np.radians(-2.0), np.radians(3.0))
    turn = naming.rotation(tilt)

    overlay.write(place, overlay.Calibration(accel=first), "faces")
    overlay.write(place, overlay.Calibration(level_rad=tilt), "floor")
    levelled = overlay.known(place)
    overlay.write(place, overlay.Calibration(accel=second, level_rad=None), "faces again")
    known = overlay.known(place)

    assert levelled.matrix("ACC") == pytest.approx(first.matrix, abs=1e-8)
    assert turn @ levelled.matrix("GYR") == pytest.approx(turn)
    assert [levelled.parameters[f"CAL_GYR_X{a}"] for a in "XYZ"] == pytest.approx(turn[0], abs=1e-8)
    assert [known.parameters[f"CAL_ACC_X{a}"] for a in "XYZ"] == pytest.approx(
        (turn @ second.matrix)[0], abs=1e-8
    )


def test_a_level_is_seen_with_the_accelerometer_that_is_calibrated_already():
    offset = np.array([0.5, 0.0, 0.0])
    known = overlay.Known({"CAL_ACC_OFF_X": 0.5})
    t = np.arange(0.0, 3.0, 0.01)
    rest = Readings(
        "rest", t, np.zeros((300, 3)), np.tile(offset - [0.0, 0.0, 9.80665], (300, 1)), None, "frd"
    )

    assert calibrate(rest, ("level",), None, known).level_rad == pytest.approx((0.0, 0.0), abs=1e-9)
    assert np.degrees(calibrate(rest, ("level",)).level_rad[1]) == pytest.approx(2.9, abs=0.1)


@pytest.fixture
def recorded(turned, tmp_path):
    """Return a recording's file."""
    readings, *_ = turned[0]
    flip = np.array([1.0, -1.0, -1.0])
    path = tmp_path / "poses.npz"
    np.savez(
        path,
        t=readings.t,
        gyr=flip * readings.gyro_frd,
        acc=flip * readings.accel_frd,
        mag=flip * readings.mag_frd,
    )
    return path


def test_the_command_writes_an_overlay_and_keeps_what_it_does_not_calibrate(recorded, tmp_path, capsys):
    out = tmp_path / "my_quad.calibration.toml"
    assert main(["calibrate", str(recorded), "--only", "accel", "--out", str(out)]) == 0
    accel_only = out.read_text()
    capsys.readouterr()
    assert main(["calibrate", str(recorded), "--only", "mag", "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)

    assert "CAL_ACC_OFF_X" in accel_only
    assert "CAL_MAG_OFF_X" not in accel_only
    assert "CAL_ACC_OFF_X" in out.read_text()
    assert told["parameters"]["CAL_MAG_OFF_X"] == pytest.approx(
        float(line_of(out, "CAL_MAG_OFF_X")), rel=1e-6
    )
    assert told["mag_residual_ut"] < 3.0


def line_of(path, key: str) -> str:
    """Return a key's value in a TOML file."""
    return next(line.split("=")[1] for line in path.read_text().splitlines() if line.startswith(key))


def test_an_overlay_never_replaces_a_file_of_a_hand(recorded, tmp_path, capsys):
    airframe = tmp_path / "my_quad.toml"
    airframe.write_text("mine")

    assert main(["calibrate", str(recorded), "--out", str(airframe)]) == 2
    assert "calibration.toml" in capsys.readouterr().err
    assert airframe.read_text() == "mine"


def test_calibrated_samples_are_what_sound_sensors_would_have_said(turned):
    from flight import params
    from flight.estimator import correction
    from flight.parameter import store

    readings, *_ = turned[0]
    found = calibrate(readings, ("accel", "gyro"))
    chosen = params.defaults()
    for name, value in found.parameters().items():
        store(chosen[0], params.BY_ID[name], value)
    corrected, sample = rows(correction.CORRECTED)[0], inputs_row()
    sample.imu.fresh, sample.imu.temperature_c = 1, found.gyro.reference_c
    lengths = []
    for i in range(0, len(readings.t) // 2, 97):
        sample.imu.accel_frd, sample.imu.gyro_frd = readings.accel_frd[i], readings.gyro_frd[i]
        correction.step(corrected, chosen[0].estimator.correction, sample)
        if np.linalg.norm(readings.gyro_frd[i] - found.gyro.bias) < 0.02:
            lengths.append(np.linalg.norm(corrected.imu.accel_frd))

    assert np.mean(lengths) == pytest.approx(9.80665, abs=0.01)
    assert np.abs(np.array(lengths) - 9.80665).max() < 0.25


def test_the_default_calibration_changes_nothing_to_the_bit():
    from flight import params
    from flight.estimator import correction

    corrected, sample = rows(correction.CORRECTED)[0], inputs_row()
    rng = np.random.default_rng(1)
    sample.imu.accel_frd, sample.imu.gyro_frd = rng.normal(0, 9, 3), rng.normal(0, 1, 3)
    sample.mag.field_ut_frd, sample.battery.current_a = rng.normal(0, 30, 3), np.nan

    correction.step(corrected, params.defaults()[0].estimator.correction, sample)

    assert corrected.imu.accel_frd.tolist() == sample.imu.accel_frd.tolist()
    assert corrected.imu.gyro_frd.tolist() == sample.imu.gyro_frd.tolist()
    assert corrected.mag.field_ut_frd.tolist() == sample.mag.field_ut_frd.tolist()


def test_an_airframe_is_flown_with_its_calibration(tmp_path):
    from flight.airframe import folder, load

    path = tmp_path / "my_quad.toml"
    path.write_text((folder() / "pi450.toml").read_text())
    (tmp_path / "my_quad.calibration.toml").write_text(
        "[calibration]\nCAL_ACC_OFF_Z = 0.25\n[source]\naccel = 'x'\n"
    )

    assert load(path).params[0].estimator.correction.accel_offset.tolist() == [0.0, 0.0, 0.25]
