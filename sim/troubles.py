"""What goes wrong beside sensors and rotors: links that fall silent, a recorder that stops, a loop that is late."""

import numpy as np

from flight.errors import ConfigError
from flight.inputs import LogState
from flight.kernel import kernel
from flight.record import INTEGER, record
from sim.sensors.faults import FOREVER_US

# From start_us to stop_us; 0 is never. stretch_ticks: by how many ticks every tick of a late loop is longer.
TROUBLE = record(start_us=INTEGER, stop_us=INTEGER)
TROUBLES = record(ground=TROUBLE, bridge=TROUBLE, log=TROUBLE, loop=TROUBLE, stretch_ticks=INTEGER)
KINDS = {"ground": "dropout", "bridge": "dropout", "log": "dropout", "loop": "delay"}
STOPPED = int(LogState.STOPPED)


@kernel
def is_on(trouble, t_us):
    """Tell whether a trouble is present now."""
    return 0 < trouble.start_us <= t_us < trouble.stop_us


@kernel
def silence_us(trouble, t_us):
    """Return how long a link has been silent."""
    return t_us - trouble.start_us if is_on(trouble, t_us) else 0


@kernel
def tell(troubles, inputs):
    """Let the loop know what its computer and links would tell it; what never fails stays as it is."""
    if troubles.ground.start_us > 0:
        inputs.link.ground_age_us = silence_us(troubles.ground, inputs.t_us)
    if troubles.bridge.start_us > 0:
        inputs.link.bridge_age_us = silence_us(troubles.bridge, inputs.t_us)
    if is_on(troubles.log, inputs.t_us):
        inputs.system.log_state = STOPPED
    if is_on(troubles.loop, inputs.t_us):
        inputs.system.overruns += 1


@kernel
def ticks_lost(troubles, t_us):
    """Return how many ticks pass without the loop."""
    return troubles.stretch_ticks if is_on(troubles.loop, t_us) else 0


def set_trouble(
    troubles: np.void,
    name: str,
    kind: str,
    start_s: float,
    stop_s: float | None = None,
    delay_s: float = 0.0,
    dt: float = 1e-3,
) -> None:
    """Let a link or the computer fail between two times; a late loop takes `delay_s` more for every tick of dt.

    Raises ConfigError naming what is known.
    """
    if KINDS.get(name) != kind:
        known = ", ".join(f"{part}:{does}" for part, does in KINDS.items())
        raise ConfigError(f"--fault {name}:{kind}: is not known; known: {known}")
    troubles[name].start_us = max(1, round(start_s * 1e6))
    troubles[name].stop_us = FOREVER_US if stop_s is None else round(stop_s * 1e6)
    if name == "loop":
        troubles.stretch_ticks = max(1, round(delay_s / dt))
