"""What reaches the rate loop: slow turns pass, the rotors' vibration does not; and all of it to the bit."""

import hashlib
import math
import os
import subprocess
import sys

import numba
import numpy as np
import pytest
from scipy import signal

from flight.command import COMMAND
from flight.control import gyro
from flight.inputs import INPUTS
from flight.modes import Level
from flight.params import defaults
from flight.quaternion import from_euler
from flight.record import rows
from tests.conftest import ROOT
from tests.flying_body import DT, hovering, told_airframe

SPEEDS = 2.0 * math.pi * np.array([90.0, 95.0, 101.0, 108.0])


class Shaker:
    """A gyro on a shaker table, with or without rotor-speed telemetry."""

    def __init__(self, **filters):
        self.params = defaults()[0]
        told_airframe(self.params.airframe)
        for name, value in filters.items():
            self.params.control.filter[name] = value
        self.state, self.command, self.inputs = rows(gyro.STATE)[0], rows(COMMAND)[0], rows(INPUTS)[0]
        gyro.reset(self.state)
        gyro.configure(self.state, self.params.control.filter, DT)

    def amplitude(self, frequency, speeds=None, throttle=0.0, ticks=2000):
        """Return the amplitude that is left of a vibration of 1 rad/s."""
        self.command.motors.motor[:4] = throttle
        seen = []
        for k in range(ticks):
            self.inputs.t_us = 1000 * (k + 1)
            self.inputs.imu.gyro_frd[:] = math.sin(2.0 * math.pi * frequency * k * DT)
            if speeds is not None:
                self.inputs.rpm.speed[:4], self.inputs.rpm.t_us = speeds, self.inputs.t_us
            self.command.estimate.omega_frd[:] = self.inputs.imu.gyro_frd
            gyro.step(
                self.state, self.params.control.filter, self.params.airframe, self.command, self.inputs, DT
            )
            seen.append(self.state.omega_frd[0])
        return math.sqrt(2.0) * np.std(seen[-1000:])


@pytest.mark.parametrize("frequency", [90.0, 95.0, 101.0, 108.0])
def test_measured_rotor_lines_are_removed(frequency):
    assert Shaker().amplitude(frequency, SPEEDS) < 0.003


@pytest.mark.parametrize("frequency", [5.0, 20.0, 60.0, 130.0, 250.0])
def test_the_whole_chain_is_what_scipy_says(frequency):
    chain = 1.0
    for b, a in (signal.butter(2, 100.0, fs=1 / DT), signal.iirnotch(40.0, 3.0, fs=1 / DT)):
        chain *= abs(signal.freqz(b, a, worN=[frequency], fs=1 / DT)[1][0])
    for line in (90.0, 95.0, 101.0, 108.0):
        for k in (1, 2):
            b, a = signal.iirnotch(k * line, 5.0, fs=1 / DT)
            chain *= abs(signal.freqz(b, a, worN=[frequency], fs=1 / DT)[1][0])

    left = Shaker(notch_hz=40.0, harmonics=2).amplitude(frequency, SPEEDS)

    assert left == pytest.approx(chain, rel=0.01, abs=1e-4)


def test_without_telemetry_the_lines_are_found_from_throttle():
    throttle = 0.5
    speed_hz = 900.0 * math.sqrt(0.4 * throttle**2 + 0.6 * throttle) / (2.0 * math.pi)

    assert Shaker().amplitude(speed_hz, throttle=throttle) < 0.01
    assert Shaker(harmonics=0).amplitude(speed_hz, throttle=throttle) > 0.5


def test_stale_telemetry_is_not_used():
    shaker = Shaker()
    shaker.inputs.rpm.speed[:4], shaker.inputs.rpm.t_us = SPEEDS, 1

    shaker.amplitude(90.0, throttle=0.5)

    assert shaker.state.rotors.speed[:4] == pytest.approx(np.full(4, 900.0 * math.sqrt(0.4)), rel=0.01)


def test_slow_rotors_get_no_notch():
    assert Shaker().amplitude(20.0, np.full(4, 2.0 * math.pi * 20.0)) > 0.95


def test_the_filters_know_their_own_delay():
    shaker = Shaker(gyro_delay_s=0.0, notch_hz=50.0)
    ramp = []
    for k in range(800):
        shaker.inputs.t_us = 1000 * (k + 1)
        shaker.inputs.imu.gyro_frd[:] = k * DT
        shaker.inputs.rpm.speed[:4], shaker.inputs.rpm.t_us = SPEEDS, shaker.inputs.t_us
        shaker.command.estimate.omega_frd[:] = shaker.inputs.imu.gyro_frd
        gyro.step(
            shaker.state,
            shaker.params.control.filter,
            shaker.params.airframe,
            shaker.command,
            shaker.inputs,
            DT,
        )
        ramp.append(k * DT - shaker.state.omega_frd[0])

    assert gyro.delay(shaker.state) == pytest.approx(ramp[-1], rel=0.1)
    assert shaker.state.omega_dot_frd == pytest.approx([1.0, 1.0, 1.0], rel=0.01)


def flight_digest():
    """Return a checksum over states and commands of a varied flight of 300 ticks."""
    digest = hashlib.sha256()
    flight = hovering()
    flight.setpoint.p_sp_ned[:] = 3.0, -2.0, -1.0
    flight.setpoint.v_ff_ned[:], flight.setpoint.a_ff_ned[:] = (0.3, 0.2, 0.1), (1.0, -2.0, 0.5)
    flight.setpoint.jerk_ff_ned[:], flight.setpoint.yaw_sp = (4.0, 5.0, -6.0), 2.0
    flight.body[0].push_torque_frd[:] = 0.3, -0.2, 0.05
    for level in (Level.POSITION, Level.VELOCITY, Level.ALTITUDE, Level.ATTITUDE, Level.RATE, Level.IDLE):
        flight.setpoint.level = level
        if level == Level.ATTITUDE:
            flight.setpoint.q_sp_ned_frd[:] = from_euler(2.5, -0.3, 1.0)
        flight.fly(0.05)
        for row in (flight.states, flight.mixers, flight.commands):
            digest.update(row.tobytes())
    return digest.hexdigest()


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="compares this run with the interpreted one")
@pytest.mark.slow
def test_compiled_and_interpreted_control_agree_to_the_bit():
    code = "from tests.test_control_gyro import flight_digest; print(flight_digest())"
    plain = os.environ | {"NUMBA_DISABLE_JIT": "1"}

    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=plain, capture_output=True, text=True, check=True
    )

    assert run.stdout.strip() == flight_digest()
