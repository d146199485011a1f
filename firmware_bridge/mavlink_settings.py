"""What an airframe's `[bridge.mavlink]` table chooses, and what a loop needs whose motors are behind another's link."""

from dataclasses import dataclass
from typing import Any

from flight.airframe import Airframe
from flight.errors import ConfigError
from flight.parameter import stored
from flight.params import find

# From the innermost: each is what the next falls back to where a far side does not take it.
OUTPUTS = ("actuator", "rate", "attitude")
LOOP_HZ = 250.0
# The far side may have the inner loop: what the motors do does not follow from what ours says then, so nothing may be
# concluded from the difference.
WATCH = {"ROT_LOSS": 1.0, "ROT_LOSS_T": 2.0, "ROT_LOSS_MIN": 2.0}
# Nothing may wind up over it either, while the rate loop is another's.
INTEGRALS = {"RATE_ROLL_KI": 0.0, "RATE_PITCH_KI": 0.0, "RATE_YAW_KI": 0.0}
# Two links and two computers between our attitude loop and the rotors leave it less room: with 3 ms each way the half
# of what was tuned flew best, single motors as well as rates, all of it shook itself where the rate loop is another's.
ATTITUDE_SHARE = 0.5


@dataclass(frozen=True)
class Settings:
    """The airframe's `[bridge.mavlink]` table: what is sent, and whether the far side's receiver is the pilot's."""

    outputs: str = "attitude"
    receiver: bool = False


def settings_from(table: dict[str, Any], where: str) -> Settings:
    """Return the settings of a `[bridge.mavlink]` table; raise ConfigError naming key, value and what may stand."""
    for key, value in table.items():
        if key not in ("outputs", "receiver"):
            raise ConfigError(f"{where}: bridge.mavlink.{key} is not known; known keys: outputs, receiver")
        if key == "outputs" and value not in OUTPUTS:
            raise ConfigError(f"{where}: bridge.mavlink.outputs = {value!r}; allowed: {', '.join(OUTPUTS)}")
        if key == "receiver" and not isinstance(value, bool):
            raise ConfigError(f"{where}: bridge.mavlink.receiver = {value!r}; allowed: true, false")
    return Settings(**table)


def adapt(airframe: Airframe, outputs: str | None = None) -> None:
    """Set an airframe's loop up for a far side that takes attitudes, rates, or single motors over a link."""
    outputs = outputs or settings_from(airframe.bridge.get("mavlink", {}), airframe.name).outputs
    airframe.loop_rate_hz = LOOP_HZ
    for name in () if outputs == "attitude" else ("ATT_ROLL_P", "ATT_PITCH_P"):
        airframe.set(name, ATTITUDE_SHARE * stored(airframe.params[0], find(name)))
    for name, value in (WATCH | ({} if outputs == "actuator" else INTEGRALS)).items():
        airframe.set(name, value)
