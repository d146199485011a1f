"""The clock that TIMESYNC tells: of the stamps, monotonic, and even though the computer is not."""

import numpy as np
import pytest

from ground.link.clock import BELIEVE_S, LATEST_S, Clock

SNAPSHOT_S, BEGUN_S = 0.004, 1_700_000_000.0


def told(late_s, seconds=10.0, speed=1.0, ask_s=0.0173):
    """Return when a clock was asked, what it said in seconds, and the newest stamp; `late_s` of when a tick is due."""
    clock, rows, asked_s = Clock(speed), [], 0.0
    for k in range(1, round(seconds / SNAPSHOT_S)):
        due_s = k * SNAPSHOT_S
        flown_s = due_s + late_s(due_s)
        while asked_s < flown_s:
            if k > 1:
                rows.append((asked_s, 1e-9 * clock.at_ns(BEGUN_S + asked_s), 1e-6 * clock.t_us))
            asked_s += ask_s
        clock.hear(round(1e6 * speed * due_s), BEGUN_S + flown_s)
    return np.array(rows).T


def bursts(due_s):
    """Ticks that are flown three milliseconds' worth at a time."""
    return -(due_s % 0.0031)


def stall(due_s):
    """A computer that is busy for a quarter of a second and then catches up four times as fast."""
    return max(0.0, 0.25 - 3.0 * max(0.0, due_s - 4.0) / 4.0) if due_s >= 4.0 else 0.0


def give_up(due_s):
    """A loop that gives a quarter of a second up for good."""
    return 0.25 if due_s >= 4.0 else 0.0


@pytest.mark.parametrize("late_s", [bursts, stall, give_up])
@pytest.mark.parametrize("speed", [1.0, 4.0])
def test_time_goes_forward_and_no_stamp_is_ahead_of_it(late_s, speed):
    _, said_s, stamp_s = told(late_s, speed=speed)

    assert np.all(np.diff(said_s) >= 0.0)
    assert np.all(said_s >= stamp_s - 1e-6)


def test_ticks_flown_in_bursts_do_not_shake_the_clock():
    asked_s, said_s, _ = told(bursts)

    assert np.ptp((said_s - asked_s)[asked_s > 1.0]) < 1e-3


def test_a_short_stall_moves_the_clock_by_a_fraction_of_it():
    asked_s, said_s, _ = told(stall)

    assert np.ptp(said_s - asked_s) < 0.25 * 0.25


def test_time_that_was_given_up_is_believed_little_by_little():
    asked_s, said_s, _ = told(give_up, seconds=20.0)
    off_s = said_s - asked_s

    assert off_s[-1] == pytest.approx(-0.25, abs=2e-3)
    assert np.max(-np.diff(off_s)) < 0.0173 * 0.25 / BELIEVE_S * 1.5


def test_a_loop_that_says_nothing_stands_still_and_one_switched_on_anew_begins_anew():
    clock = Clock(1.0)
    clock.hear(7_000_000, BEGUN_S)

    assert clock.at_ns(BEGUN_S + 60.0) == pytest.approx(1e9 * (7.0 + LATEST_S), abs=1e3)
    clock.hear(2_000, BEGUN_S + 61.0)
    assert clock.at_ns(BEGUN_S + 61.001) == pytest.approx(3e6, abs=1e3)
