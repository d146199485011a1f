"""How much of a long answer may be sent now."""

from contextlib import AbstractContextManager, nullcontext

from ground.link.service import Sender


def has_room(to: Sender, size: int, now: float, is_answer: bool = False) -> bool:
    """Tell whether a client's channel can take a message of so many bytes; if not, it waits for the next pass."""
    ask = getattr(to.channel, "has_room", None)
    return ask is None or ask(size, now, is_answer)


def together(to: Sender) -> AbstractContextManager[None]:
    """Send a client many messages in few datagrams."""
    bundle = getattr(to.channel, "together", None)
    return nullcontext() if bundle is None else bundle()
