"""Random numbers: the published generator, the right distributions, streams of their own."""

import numpy as np
import pytest

from flight.kernel import kernel
from flight.record import rows
from sim import random

MASK = (1 << 64) - 1


def stream(seed: int, number: int = 0) -> np.void:
    """Return a generator that was started."""
    made = rows(random.RANDOM)[0]
    random.seed_stream(made, seed, number)
    return made


@kernel
def draw_normal(source, numbers):
    """Fill an array with normal numbers."""
    for i in range(numbers.size):
        numbers[i] = random.normal(source)


def published_uniform(state: list[int]) -> float:
    """Return the next number of xoshiro256+ (Blackman & Vigna 2021) in unbounded integers."""
    result = (state[0] + state[3]) & MASK
    shifted = (state[1] << 17) & MASK
    state[2] ^= state[0]
    state[3] ^= state[1]
    state[1] ^= state[2]
    state[0] ^= state[3]
    state[2] ^= shifted
    state[3] = ((state[3] << 45) | (state[3] >> 19)) & MASK
    return (result >> 11) * 2.0**-53


@pytest.mark.interpreted
def test_it_is_the_published_generator_to_the_bit():
    source = stream(42)
    state = [int(word) for word in source.s]

    numbers = [random.uniform(source) for _ in range(200)]

    assert numbers == [published_uniform(state) for _ in range(200)]


def test_splitmix_gives_its_published_numbers():
    # Reference output of splitmix64 from seed 1234567.
    state, given = 1234567, []
    for _ in range(3):
        state, word = random.splitmix(state)
        given.append(word)

    assert given == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_normal_numbers_have_mean_zero_and_variance_one():
    # A peer's noise process has mean four.
    numbers = np.zeros(200_000)
    draw_normal(stream(7), numbers)

    assert abs(numbers.mean()) < 0.01
    assert numbers.var() == pytest.approx(1.0, abs=0.015)
    assert (numbers**4).mean() == pytest.approx(3.0, abs=0.08)
    assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 0.01


def test_streams_of_one_seed_and_seeds_of_one_stream_are_unlike():
    numbers = np.zeros((4, 20_000))
    for row, source in zip(numbers, (stream(1, 0), stream(1, 1), stream(2, 0), stream(0, 1)), strict=True):
        draw_normal(source, row)

    assert np.abs(np.corrcoef(numbers) - np.eye(4)).max() < 0.03
