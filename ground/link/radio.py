"""Radios that say how full they are: less is sent to a full one (RADIO_STATUS, https://mavlink.io/en/services/radio.html).

The steps are PX4's: a buffer that is nearly full empties within seconds, one with room is filled gently.
"""

from ground.link.service import Link, Message, Microservice, Sender

# Percent of its buffer that a radio has left, and what becomes of the rate below it.
STEPS = ((25, 0.75), (35, 0.975), (50, 1.0), (100, 1.025))


class Radio(Microservice):
    """Suits the rate of a channel to the radio on it."""

    messages = ("RADIO_STATUS",)

    def handle(self, message: Message, sender: Sender, link: Link) -> None:
        """Send less, or more again; a number above 100 tells nothing."""
        factor = next((factor for most, factor in STEPS if message.txbuf <= most), 1.0)
        sender.channel.outflow.suit(factor)
