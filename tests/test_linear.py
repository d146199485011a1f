"""Margins of loops: against textbooks, another library, a loop worked out by hand, and a flight with noise."""

import copy

import control
import numpy as np
import pytest
from scipy.signal import cont2discrete

from flight.airframe import load
from ground.tuning import linear, rigs
from ground.tuning.margins import margins

pytestmark = pytest.mark.slow
ROLL = ("RATE_ROLL_KP", "RATE_ROLL_KI", "RATE_ROLL_KD")


def second_order(f_hz):
    """Return L = 2 / (s (s/4 + 1) (s/10 + 1)) and the same for python-control."""
    s = 2j * np.pi * f_hz
    system = control.tf([2.0], np.polymul(np.polymul([1.0, 0.0], [0.25, 1.0]), [0.1, 1.0]))
    return 2.0 / (s * (0.25 * s + 1.0) * (0.1 * s + 1.0)), system


def test_margins_are_those_another_library_finds():
    f_hz = np.geomspace(0.01, 50.0, 2000)
    L, system = second_order(f_hz)

    ours = margins(f_hz, L)

    gain, phase, _, _, crossover, _ = control.stability_margins(system)[:6]
    peak = np.abs(1.0 / (1.0 + L)).max()
    assert ours.gain_margin_db == pytest.approx(20.0 * np.log10(gain), abs=0.01)
    assert ours.phase_margin_deg == pytest.approx(phase, abs=0.05)
    assert ours.crossover_hz == pytest.approx(control.margin(system)[3] / (2.0 * np.pi), rel=1e-3)
    assert ours.delay_margin_s == pytest.approx(np.radians(phase) / control.margin(system)[3], rel=1e-3)
    assert ours.ms == pytest.approx(peak)
    assert ours.is_stable
    assert crossover > 0.0


@pytest.mark.parametrize("integral", [1.0, 100.0, 2000.0])
def test_a_hover_that_swings_by_itself_does_not_hide_that_its_rate_loop_is_unstable(integral):
    # Flapping rotors make the slow swing of a hovering quadrotor unstable; the rate loop stops it.
    f_hz = np.geomspace(0.12, 130.0, 64)
    s = control.tf("s")
    system = (26.0 + integral / s) * s / (s**2 - 0.8 * s + 7.8) / (0.05 * s + 1.0) / (0.008 * s + 1.0)

    ours = margins(f_hz, system(2j * np.pi * f_hz))

    poles = control.feedback(system, 1).poles()
    assert bool(ours.is_stable) == bool((poles.real < 1e-6).all())
    assert bool(ours.is_stable) == (integral < 1000.0)


@pytest.mark.parametrize("damping", [0.04, -0.04])
@pytest.mark.parametrize("late_s", [0.03, 1.0])
def test_a_slow_swing_at_the_lowest_frequencies_does_not_pass_for_an_unstable_rate_loop(damping, late_s):
    # On its drag a vehicle may swing at 0.14 Hz, hardly damped or not at all.
    f_hz = np.geomspace(0.12, 130.0, 64)
    s = control.tf("s")
    rotors = 1.0 / (late_s * s + 1.0) / (0.5 * late_s * s + 1.0) / (0.008 * s + 1.0)
    system = 36.0 * (1.0 + 0.25 * s) * s / (s**2 + damping * s + 0.78) * rotors

    ours = margins(f_hz, system(2j * np.pi * f_hz))

    poles = control.feedback(system, 1).poles()
    assert bool(ours.is_stable) == bool((poles.real < 1e-6).all())


def test_bandwidth_of_an_integrator_is_its_crossover():
    f_hz = np.geomspace(0.01, 50.0, 2000)

    ours = margins(f_hz, 10.0 / (2j * np.pi * f_hz))

    assert ours.crossover_hz == pytest.approx(10.0 / (2.0 * np.pi), rel=1e-4)
    assert ours.bandwidth_hz == pytest.approx(10.0 / (2.0 * np.pi), rel=1e-4)
    assert ours.rejection_hz == pytest.approx(10.0 / (2.0 * np.pi), rel=1e-4)
    assert ours.phase_margin_deg == pytest.approx(90.0, abs=1e-6)


@pytest.mark.parametrize("gain", [0.5, 2.0, 6.9, 7.1, 30.0])
def test_a_loop_is_stable_until_its_gain_margin_is_used_up(gain):
    # 2 / (s (s/4 + 1) (s/10 + 1)) is on the edge at s = j sqrt(40), with a gain of 14: seven times more.
    f_hz = np.geomspace(0.01, 50.0, 2000)
    L, _ = second_order(f_hz)

    assert bool(margins(f_hz, gain * L).is_stable) == (gain < 7.0)


@pytest.fixture(scope="module")
def fma():
    """Return the published vehicle: no drag, regulated motors of one lag; with a D term, without rotor notches."""
    airframe = load("fma")
    for name, value in {"FILT_RPM_N": 0, "RATE_ROLL_KI": 0.0, "RATE_ROLL_KD": 0.3}.items():
        airframe.set(name, value)
    return airframe


def by_hand(airframe, f_hz):
    """Return the roll rate loop on paper, sampled at 1 kHz, Tustin's low-passes written out from their definition."""
    dt, known = 1e-3, airframe.params[0].airframe
    z = np.exp(2j * np.pi * f_hz * dt)

    def butterworth(cutoff_hz):
        warped = np.tan(np.pi * cutoff_hz * dt)
        w = (z - 1.0) / (z + 1.0) / warped
        return 1.0 / (1.0 + np.sqrt(2.0) * w + w * w)

    gains = airframe.gains
    # Thrust settles with the motor, the rate is its integral; a command holds for a tick.
    up, down, _ = cont2discrete(([1.0], [known.motor_lag_s, 1.0, 0.0]), dt, "zoh")
    plant = np.polyval(up[0], z) / np.polyval(down, z)
    gyro = butterworth(180.0) * butterworth(100.0)
    slope = (1.0 - 1.0 / z) / dt * butterworth(60.0)
    # Thinner air gives less thrust (ICAO's standard atmosphere): 488 m is home, 50 m the height.
    thin = (1.0 - 2.25577e-5 * 538.0) ** 4.2559
    return thin * plant * gyro * (gains["RATE_ROLL_KP"] + gains["RATE_ROLL_KD"] * slope)


def test_the_compiled_rate_loop_is_the_one_on_paper(fma, record_property):
    vehicle = rigs.build(fma)
    f_hz = np.geomspace(0.5, 100.0, 60)

    L = linear.loop_response(vehicle, linear.LOOPS["rate_roll"], f_hz)[0]

    ratio = L / by_hand(fma, f_hz)
    record_property(
        "rate loop on paper, gain off by at most dB", np.abs(20.0 * np.log10(np.abs(ratio))).max()
    )
    record_property("rate loop on paper, phase off by at most deg", np.degrees(np.abs(np.angle(ratio))).max())
    assert np.all(np.abs(20.0 * np.log10(np.abs(ratio))) < 0.02)
    assert np.all(np.abs(np.degrees(np.angle(ratio))) < 0.3)


def test_a_sine_injected_into_a_flight_with_noise_shows_the_same_loop(record_property):
    airframe, loop = load("pi450"), linear.LOOPS["rate_roll"]
    quiet, noisy = rigs.build(airframe), rigs.build(airframe, is_quiet=False)
    f_hz = np.array([2.0, 4.0, 5.5, 8.0, 12.0])
    L = linear.loop_response(quiet, loop, f_hz)[0]

    measured = np.array([sine_response(noisy, loop, f) for f in f_hz])

    ratio = measured / L
    record_property("loop from injected sines, dB", np.abs(20.0 * np.log10(np.abs(ratio))).max().round(2))
    record_property("loop from injected sines, deg", np.degrees(np.abs(np.angle(ratio))).max().round(2))
    assert np.all(np.abs(20.0 * np.log10(np.abs(ratio))) < 1.0)
    assert np.all(np.abs(np.degrees(np.angle(ratio))) < 5.0)


def sine_response(noisy, loop, f_hz, amplitude=0.3, seconds=10.0):
    """Add a sine to the roll rate of a flying vehicle; return what is fed back over what was measured."""
    ticks = round(seconds / noisy.dt)
    sine = amplitude * np.sin(2.0 * np.pi * f_hz * noisy.dt * np.arange(ticks))
    made = rigs.script(ticks, loop.level)
    made.nudge_omega_frd[0, :, 0] = sine
    measured = noisy.pick([0]).fly(made, np.zeros(1, np.int64)).omega_frd[0, :, 0]
    window = np.hanning(ticks) * np.exp(-2j * np.pi * f_hz * noisy.dt * np.arange(ticks))
    return -(window @ measured) / (window @ (measured + sine))


def test_a_loop_driven_too_hard_is_called_unstable():
    airframe = load("pi450")
    airframe.set("RATE_ROLL_KP", 400.0)
    vehicle = rigs.build(airframe)
    f_hz = linear.grid(vehicle.dt)

    found = margins(f_hz, linear.loop_response(vehicle, linear.LOOPS["rate_roll"], f_hz))

    assert not found.is_stable[0]


def test_the_gain_margin_of_the_compiled_loop_is_what_the_gain_may_grow(fma):
    airframe = copy.deepcopy(fma)
    vehicle = rigs.build(airframe)
    f_hz, loop = linear.grid(vehicle.dt), linear.LOOPS["rate_roll"]
    margin = 10.0 ** (margins(f_hz, linear.loop_response(vehicle, loop, f_hz)).gain_margin_db[0] / 20.0)
    own = {name: airframe.gains[name] for name in ROLL}

    def is_stable(factor):
        for name, value in own.items():
            airframe.set(name, factor * value)
        driven = rigs.build(airframe)
        return bool(margins(f_hz, linear.loop_response(driven, loop, f_hz)).is_stable[0])

    assert is_stable(0.95 * margin)
    assert not is_stable(1.05 * margin)
