"""Fourier transforms of sampled answers at any frequencies."""

import numba
import numpy as np

from flight.kernel import kernel


@kernel
def sum_up(values, turn_re, turn_im, re, im):
    """Add up values times powers of every turn by Horner's rule."""
    for k in range(len(values) - 1, -1, -1):
        for i in range(len(turn_re)):
            ahead = re[i] * turn_re[i] - im[i] * turn_im[i] + values[k]
            im[i] = re[i] * turn_im[i] + im[i] * turn_re[i]
            re[i] = ahead


@kernel(parallel=True)
def sum_all_up(values, turn_re, turn_im, sums):
    """Add up every row, spread over the threads; no row's sum depends on how many they are."""
    for row in numba.prange(len(values)):
        sum_up(values[row], turn_re, turn_im, sums[row, 0], sums[row, 1])


def transform(f_hz: np.ndarray, dt: float, answers: np.ndarray) -> np.ndarray:
    """Return the Fourier transform of sampled answers (ticks along the last axis) at any frequencies."""
    turn = np.exp(-2j * np.pi * dt * f_hz)
    flat = np.ascontiguousarray(answers, float).reshape(-1, answers.shape[-1])
    sums = np.zeros((len(flat), 2, len(f_hz)))
    sum_all_up(flat, turn.real.copy(), turn.imag.copy(), sums)
    return (sums[:, 0] + 1j * sums[:, 1]).reshape(*answers.shape[:-1], len(f_hz))
