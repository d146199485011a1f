"""Filters do what scipy's do, and leave alone what they shall leave alone."""

import math

import numpy as np
import pytest
from scipy import signal

from flight import filters
from flight.filters import FILTER, filtered, lowpass, notch, step_share, step_share_hz, tune
from flight.record import rows
from flight.vector import Vec3

RATE_HZ = 1000.0
DT = 1.0 / RATE_HZ

pytestmark = pytest.mark.interpreted


def passed(biquad, samples):
    """Return three-axis samples after a filter."""
    record = rows(FILTER)[0]
    tune(record.coefficient, biquad)
    return np.array([filtered(record.coefficient, record.memory, Vec3(*map(float, s))) for s in samples])


def noise(count=300):
    return np.random.default_rng(1).normal(size=(count, 3))


def gain_at(biquad, frequency):
    b, a = [biquad.b0, biquad.b1, biquad.b2], [1.0, biquad.a1, biquad.a2]
    return abs(signal.freqz(b, a, worN=[frequency], fs=RATE_HZ)[1][0])


@pytest.mark.parametrize("cutoff", [5.0, 80.0, 400.0])
def test_the_low_pass_is_butterworths(cutoff):
    b, a = signal.butter(2, cutoff, fs=RATE_HZ)
    samples = noise()

    result = passed(lowpass(cutoff, DT), samples)

    assert np.allclose(result, signal.lfilter(b, a, samples, axis=0), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("centre", "q"), [(90.0, 5.0), (200.0, 2.0), (420.0, 10.0)])
def test_the_notch_is_scipys(centre, q):
    b, a = signal.iirnotch(centre, q, fs=RATE_HZ)
    samples = noise()

    result = passed(notch(centre, q, 1.0, DT), samples)

    assert np.allclose(result, signal.lfilter(b, a, samples, axis=0), rtol=1e-9, atol=1e-12)


def test_a_notch_removes_its_line_and_spares_what_the_loop_needs():
    biquad = notch(95.0, 5.0, 1.0, DT)

    assert gain_at(biquad, 95.0) < 1e-6
    assert gain_at(biquad, 95.0 * (1.0 + 0.5 / 5.0)) == pytest.approx(math.sqrt(0.5), abs=0.04)
    assert gain_at(biquad, 10.0) == pytest.approx(1.0, abs=0.001)
    assert gain_at(biquad, 0.0) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("weight", [0.0, 0.25, 0.5, 0.75, 1.0])
def test_a_fading_notch_takes_its_weight_from_the_line(weight):
    assert gain_at(notch(95.0, 5.0, weight, DT), 95.0) == pytest.approx(1.0 - weight, abs=1e-9)


@pytest.mark.parametrize(
    "biquad", [lowpass(0.0, DT), lowpass(480.0, DT), notch(0.0, 5.0, 1.0, DT), notch(490.0, 5.0, 1.0, DT)]
)
def test_a_filter_that_cannot_be_is_no_filter(biquad):
    samples = noise(20)

    assert np.array_equal(passed(biquad, samples), samples)


def test_a_filter_changed_in_flight_does_not_jump():
    record = rows(FILTER)[0]
    steady = Vec3(1.0, -2.0, 3.0)
    tune(record.coefficient, notch(90.0, 5.0, 1.0, DT))
    for _ in range(500):
        filtered(record.coefficient, record.memory, steady)

    largest = 0.0
    for centre in np.linspace(90.0, 110.0, 50):
        tune(record.coefficient, notch(float(centre), 5.0, 1.0, DT))
        largest = max(largest, abs(filtered(record.coefficient, record.memory, steady).z - 3.0))

    assert largest < 0.03


def test_forgetting_empties_the_memory():
    record = rows(FILTER)[0]
    tune(record.coefficient, lowpass(20.0, DT))
    filtered(record.coefficient, record.memory, Vec3(1.0, 1.0, 1.0))

    filters.forget(record.memory)

    assert not record.memory.any()


def test_a_lag_reaches_63_percent_after_its_time_constant():
    value = 0.0
    for _ in range(1000):
        value += step_share(0.001, 1.0) * (1.0 - value)

    assert value == pytest.approx(1.0 - math.exp(-1.0), abs=0.001)
    assert step_share(0.001, 0.0) == 1.0
    assert step_share_hz(0.001, 0.0) == 1.0
    assert step_share_hz(0.001, 10.0) == pytest.approx(step_share(0.001, 1.0 / (20.0 * math.pi)))
