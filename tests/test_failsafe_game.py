"""`quadloop failsafe --given`: what the vehicle would do, by the real supervisor."""

import pytest

from flight.errors import ConfigError
from flight.modes import Failsafe, Mode
from ground.supervising import GIVENS, Pretence, outcome

pytestmark = pytest.mark.slow

MODES = {"pilot": Mode.POSITION, "stream": Mode.OFFBOARD}


def raised(name: str, value: str) -> int:
    """Return every failsafe that a trouble raises within a quarter of a minute, as a sum of bits."""
    pretence, found = Pretence(), 0
    pretence.take_off(MODES.get(name, Mode.HOLD))
    GIVENS[name][value](pretence)
    for _ in range(1500):
        pretence.step()
        found |= int(pretence.command.status.failsafes)
    return found


def test_every_failsafe_can_be_tried_out():
    found = 0
    for name, values in GIVENS.items():
        for value in values:
            bits = raised(name, value)
            assert bits, f"{name}={value}"
            found |= bits

    assert [bit.name for bit in Failsafe if not found & bit] == []


@pytest.mark.parametrize(
    ("given", "mode", "arming"),
    [
        ("mode=mission", "mission", "armed"),
        ("battery=low,pilot=lost,mode=position", "return", "armed"),
        ("battery=reserve,mode=mission", "return", "armed"),
        ("yaw=limit", "hold", "armed"),
        ("rotor=lost,mode=mission", "land", "armed"),
        ("takeoff=runaway", "hold", "disarmed"),
        ("numbers=lost", "hold", "killed"),
    ],
)
def test_the_vehicle_ends_as_its_tables_say(given, mode, arming):
    found = outcome(given)

    assert (found["mode"], found["arming"]) == (mode, arming)


def test_what_is_not_known_is_named_with_what_is():
    with pytest.raises(ConfigError, match=r"battery=purple: is not known.*battery=low/critical"):
        outcome("battery=purple")
