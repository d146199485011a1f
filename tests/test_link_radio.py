"""A radio gets no more than it can pass on, and all it can once it has room again."""

from types import SimpleNamespace

import pytest

from ground.link.channel import LEAST_SHARE, Channel
from ground.link.dialect import mavlink as m
from ground.link.radio import Radio
from ground.link.service import Sender
from ground.link.signing import Signing
from tests.link_rig import Line

LINE_BYTES_S = 5760.0
FRAME_BYTES = 50


@pytest.fixture
def channel():
    return Channel(
        SimpleNamespace(transmit=lambda data, address: None), None, "", Signing(), bytes_per_s=LINE_BYTES_S
    )


def hear(channel, percent_free, times=1):
    """Let the radio on a channel say how much of its buffer is free."""
    radio = Radio(None, Line())
    for _ in range(times):
        radio.handle(
            m.MAVLink_radio_status_message(100, 100, percent_free, 0, 0, 0, 0),
            Sender(51, 68, channel),
            radio.link,
        )


def sent_bytes_s(channel, seconds=20.0):
    """Return how much a second streams may send that would send more."""
    now_s = channel.outflow.then_s
    sent = 0
    for k in range(round(1000 * seconds)):
        if channel.has_room(FRAME_BYTES, now_s + 1e-3 * k):
            channel.forward(bytes(FRAME_BYTES))
            sent += FRAME_BYTES
    return sent / seconds


def test_a_radio_that_is_full_is_sent_less_and_at_last_a_trickle(channel):
    before = sent_bytes_s(channel)

    hear(channel, 10)
    slower = sent_bytes_s(channel)
    hear(channel, 10, times=100)

    assert before == pytest.approx(LINE_BYTES_S, rel=0.06)
    assert slower == pytest.approx(0.75 * LINE_BYTES_S, rel=0.06)
    assert sent_bytes_s(channel) == pytest.approx(LEAST_SHARE * LINE_BYTES_S, rel=0.06)


def test_a_radio_with_room_gets_all_its_line_carries_again_and_no_more(channel):
    hear(channel, 10, times=3)
    hear(channel, 45, times=100)
    kept = sent_bytes_s(channel)
    hear(channel, 90, times=100)

    assert kept == pytest.approx(0.75**3 * LINE_BYTES_S, rel=0.06)
    assert sent_bytes_s(channel) == pytest.approx(LINE_BYTES_S, rel=0.06)


def test_what_no_radio_can_say_changes_nothing(channel):
    hear(channel, 255, times=50)

    assert sent_bytes_s(channel) == pytest.approx(LINE_BYTES_S, rel=0.06)
