"""Calibration in the words ground stations parse, a shell that answers, and what is politely not done."""

import re
import time
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from flight.inputs import Demand
from ground.link.calibration import Calibration
from ground.link.dialect import mavlink as m
from ground.link.flight_commands import FlightCommands
from ground.link.motor_tests import MotorTests
from ground.link.parameters import Parameters
from ground.link.pastimes import Pastimes
from ground.link.shell import Shell
from tests.link_rig import CLIENT, Line, PretendedVehicle, order

GRAVITY = 9.80665
SIDES = {"front": (0, 1), "back": (0, -1), "right": (1, 1), "left": (1, -1), "down": (2, 1), "up": (2, -1)}


class Standing(PretendedVehicle):
    """A vehicle whose IMU the test holds in its hands."""

    gyro, accel, field = (0.001, -0.002, 0.0005), (0.0, 0.0, -GRAVITY), (20.0, 0.0, 43.0)

    @property
    def inputs(self):
        imu = SimpleNamespace(
            gyro_frd=np.array(self.gyro), accel_frd=np.array(self.accel), temperature_c=25.0
        )
        mag = SimpleNamespace(field_ut_frd=np.array(self.field))
        return SimpleNamespace(imu=imu, mag=mag, battery=SimpleNamespace(voltage_v=16.2))


class WithParameters(Line):
    """A line on which the calibration finds the parameters."""

    def __init__(self, vehicle) -> None:
        super().__init__()
        self.parameters = Parameters(vehicle, self)

    def service(self, kind):
        assert kind is Parameters
        return self.parameters

    def kept(self, name):
        """Return the values that three parameters have at the next start."""
        return [self.parameters.values.at_start(f"CAL_{name}_{axis}") for axis in "XYZ"]

    def kept_matrix(self, sensor):
        """Return the matrix that a sensor has at the next start."""
        value = self.parameters.values.at_start
        return np.array([[value(f"CAL_{sensor}_{i}{j}") for j in "XYZ"] for i in "XYZ"])


@pytest.fixture
def vehicle(tmp_path):
    return Standing(tmp_path)


@pytest.fixture
def line(vehicle):
    return WithParameters(vehicle)


@pytest.fixture
def service(vehicle, line):
    return Calibration(vehicle, line)


def pass_by(service, seconds):
    for _ in range(round(seconds / 0.02)):
        service.vehicle.clock_us += 20_000
        service.tick(0.0)


def asked(service, *numbers):
    """Return the result of a command, whether given back or sent."""
    result = service.obey(order(241, *numbers), CLIENT)
    return service.link.results.pop() if result is None else result


def test_a_still_vehicle_calibrates_its_gyro_with_progress_to_the_end(service, line):
    result = asked(service, 1.0)
    pass_by(service, 3.0)

    progress = [
        int(number) for text in line.texts for number in re.findall(r"\[cal\] progress <(\d+)>", text)
    ]
    assert result == m.MAV_RESULT_ACCEPTED
    assert line.texts[0] == "[cal] calibration started: 2 gyro"
    assert line.texts[-1] == "[cal] calibration done: gyro"
    assert progress == sorted(progress)
    assert progress[-1] == 100


def test_no_motor_turns_on_a_vehicle_that_somebody_holds(service, vehicle, line):
    arm = partial(FlightCommands(vehicle, line).arm, order(400, 1.0), CLIENT)
    turn = partial(MotorTests(vehicle, line).test_motor, order(209, 1.0, 0.0, 10.0, 1.0), CLIENT)

    asked(service, 0, 0, 0, 0, 1.0)
    held = [arm(), turn(), list(vehicle.demands)]
    asked(service, 0.0)
    pass_by(service, 0.02)

    assert held == [m.MAV_RESULT_TEMPORARILY_REJECTED, m.MAV_RESULT_TEMPORARILY_REJECTED, []]
    assert "Arming denied: calibrating" in line.texts
    assert (arm(), turn()) == (None, None)
    assert [kind for kind, _, _ in vehicle.demands] == [Demand.ARM, Demand.MOTOR_TEST]


def test_a_vehicle_that_is_moved_fails_and_says_why(service, vehicle, line):
    asked(service, 1.0)
    for i in range(2000):
        vehicle.gyro = (0.5 * (-1) ** i, 0.0, 0.0)
        pass_by(service, 0.02)

    assert line.texts[-1] == "[cal] calibration failed: the vehicle does not stand still"


def test_the_accelerometer_wants_every_side_once_and_measures_its_offset(service, vehicle, line):
    asked(service, 0, 0, 0, 0, 1.0)
    for axis, sign in SIDES.values():
        force = np.array([0.1, -0.2, 0.05])
        force[axis] -= sign * GRAVITY
        vehicle.accel = tuple(force)
        pass_by(service, 2.5)

    assert [t for t in line.texts if "orientation detected" in t] == [
        f"[cal] {s} orientation detected" for s in SIDES
    ]
    assert line.texts[-1] == "[cal] calibration done: accel"
    assert "offsets 0.100 -0.200 0.050" in line.texts[-2]


def test_what_was_measured_is_flown_with_from_the_next_start_on(service, vehicle, line):
    asked(service, 1.0)
    pass_by(service, 3.0)

    assert line.kept("GYR_OFF") == pytest.approx(vehicle.gyro, abs=1e-6)
    assert not [demand for demand in vehicle.demands if demand[0] == Demand.PARAM]
    assert "from the next start on" in line.texts[-2]


def test_an_accelerometer_calibrated_on_six_sides_then_reads_gravity_on_each(service, vehicle, line):
    scale, offset = np.array([1.01, 0.98, 1.02]), np.array([0.1, -0.2, 0.05])
    asked(service, 0, 0, 0, 0, 1.0)
    for axis, sign in SIDES.values():
        vehicle.accel = tuple(offset - sign * GRAVITY * scale * np.eye(3)[axis])
        pass_by(service, 2.5)

    matrix, kept = line.kept_matrix("ACC"), line.kept("ACC_OFF")
    for axis, sign in SIDES.values():
        truth = -sign * GRAVITY * np.eye(3)[axis]
        assert matrix @ (offset + scale * truth - kept) == pytest.approx(truth, abs=1e-4)


def test_levelling_turns_every_sensor_and_counts_on_what_was_calibrated_before(service, vehicle, line):
    lean = Rotation.from_euler("ZYX", (0.0, 0.05, -0.03)).inv()
    line.parameters.values.keep_for_start({"CAL_ACC_OFF_X": 0.2})
    vehicle.accel = tuple(np.add(lean.apply([0.0, 0.0, -GRAVITY]), [0.2, 0.0, 0.0]))
    asked(service, 0, 0, 0, 0, 2.0)
    pass_by(service, 3.0)

    upright = line.kept_matrix("ACC") @ (np.array(vehicle.accel) - [0.2, 0.0, 0.0])
    assert upright == pytest.approx([0.0, 0.0, -GRAVITY], abs=1e-4)
    assert line.kept_matrix("MAG") == pytest.approx(line.kept_matrix("GYR"))
    assert np.linalg.det(line.kept_matrix("GYR")) == pytest.approx(1.0, abs=1e-5)


def test_a_magnetometer_turned_about_every_axis_loses_the_iron_beside_it(service, vehicle, line):
    iron, attitude, until_s = np.array([12.0, -30.0, 7.0]), Rotation.identity(), time.monotonic() + 60.0
    asked(service, 0, 1.0)
    # The vehicle's clock runs far ahead of the thread that loads the optimiser and fits.
    service.deadline_us = 10**15
    step = 0
    while service.steps is not None and time.monotonic() < until_s:
        # A figure of eight in the air, as people do it.
        rate = np.roll([1.5, 0.4, 0.1], step // 300)
        step += 1
        attitude *= Rotation.from_rotvec(0.02 * rate)
        vehicle.gyro = tuple(rate)
        vehicle.field = tuple(attitude.inv().apply([20.0, 0.0, 43.0]) + iron)
        pass_by(service, 0.02)

    assert line.texts[-1] == "[cal] calibration done: mag"
    assert line.kept("MAG_OFF") == pytest.approx(iron, abs=0.1)


def test_a_calibration_is_cancelled_and_another_may_follow(service, line):
    asked(service, 0, 1.0)
    pass_by(service, 0.5)
    while_running = asked(service, 1.0)
    cancelled = asked(service)

    assert while_running == m.MAV_RESULT_TEMPORARILY_REJECTED
    assert cancelled == m.MAV_RESULT_ACCEPTED
    assert line.texts[-1] == "[cal] calibration cancelled"
    assert asked(service, 0, 0, 0, 0, 2.0) == m.MAV_RESULT_ACCEPTED
    pass_by(service, 3.0)
    assert line.texts[-1] == "[cal] calibration done: level"


def test_of_several_things_asked_for_at_once_the_first_is_done_and_the_rest_named(service, line):
    assert asked(service, 1.0, 0, 1.0) == m.MAV_RESULT_ACCEPTED

    assert line.texts[:2] == [
        "Calibrating one thing at a time: gyro now",
        "[cal] calibration started: 2 gyro",
    ]
    pass_by(service, 5.0)
    assert line.texts[-1] == "[cal] calibration done: gyro"


def test_nothing_is_calibrated_in_flight_or_that_is_not_there(service, vehicle):
    assert asked(service, 0, 0, 0, 1.0) == m.MAV_RESULT_UNSUPPORTED
    assert asked(service, 0, 0, 0, 1.0, 1.0) == m.MAV_RESULT_UNSUPPORTED
    vehicle.said.arming = 1
    assert asked(service, 1.0) == m.MAV_RESULT_TEMPORARILY_REJECTED


def typed(shell, line, text):
    data = text.encode()
    for begin in range(0, len(data), 70):
        piece = data[begin : begin + 70]
        message = m.MAVLink_serial_control_message(10, 0, 0, 0, len(piece), list(piece.ljust(70, b"\0")))
        shell.handle(message, CLIENT, line)
    return b"".join(bytes(n.data[: n.count]) for n in line.taken()).decode()


def test_the_shell_answers_lines_however_they_are_cut(vehicle, line):
    shell = Shell(vehicle, line)

    assert typed(shell, line, "param sh") == ""
    assert "MIS_TAKEOFF_ALT = 2.5 m" in typed(shell, line, "ow MIS_TAKEOFF_ALT\n")
    assert "hold, disarmed, landed, 16.20 V" in typed(shell, line, "status\n")
    assert "not known; try help" in typed(shell, line, "rm -rf /\n")
    assert "uptime" in typed(shell, line, "help\n")


def test_tunes_and_corrections_are_answered_once_and_do_nothing(vehicle, line):
    service = Pastimes(vehicle, line)
    for _ in range(5):
        service.handle(m.MAVLink_play_tune_message(1, 1, b"abc"), CLIENT, line)
        service.handle(m.MAVLink_gps_rtcm_data_message(0, 3, [0] * 180), CLIENT, line)
        service.handle(m.MAVLink_statustext_message(6, b"hello"), CLIENT, line)

    assert len(line.texts) == 2
    assert not vehicle.demands


def test_a_signing_key_that_a_station_sends_is_not_taken_silently(vehicle, line):
    Pastimes(vehicle, line).handle(m.MAVLink_setup_signing_message(1, 1, b"k" * 32, 1), CLIENT, line)

    assert ["--signing FILE" in text for text in line.texts] == [True]


def test_every_tune_asked_for_by_hand_is_answered_and_a_stream_of_corrections_now_and_then(vehicle, line):
    service = Pastimes(vehicle, line)
    for second in range(5):
        service.tick(float(second))
        service.handle(m.MAVLink_play_tune_message(1, 1, b"abc"), CLIENT, line)
        service.handle(m.MAVLink_gps_rtcm_data_message(0, 3, [0] * 180), CLIENT, line)

    assert sum("tune" in text for text in line.texts) == 5
    assert sum("RTCM" in text for text in line.texts) == 1
