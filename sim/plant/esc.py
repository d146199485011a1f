"""From throttle ratio to rotor speed: command delay, throttle curve, supply voltage, first-order lag."""

import math

from flight.kernel import kernel
from flight.vector import clamp

DELAY_SLOTS = 64
# Below this speed friction stops a rotor that is not driven.
STOPPED_RAD_S = 0.5


@kernel
def throttle_ratio(command):
    """Return a motor command as the ESC takes it: 0 to 1, and 0 for what is no number."""
    return clamp(command, 0.0, 1.0) if math.isfinite(command) else 0.0


@kernel
def push_command(body, motor, count):
    """Put the newest command into the delay line."""
    body.delay_at = (body.delay_at + 1) % DELAY_SLOTS
    for i in range(count):
        body.delay_line[body.delay_at, i] = throttle_ratio(motor[i])


@kernel
def delayed_slot(body, plant, dt):
    """Return the slot of the delay line that reaches the ESCs now."""
    steps = min(int(plant.command_delay_s / dt + 0.5), DELAY_SLOTS - 1)
    return (body.delay_at - steps + DELAY_SLOTS) % DELAY_SLOTS


@kernel
def speed_for(throttle, plant, voltage_ratio):
    """Return the speed a throttle ratio settles at; any throttle above zero turns the rotor at least at idle."""
    if throttle <= 0.0:
        return 0.0
    share = math.sqrt(throttle * (plant.throttle_curve * throttle + 1.0 - plant.throttle_curve))
    supply = 1.0 + plant.voltage_sensitivity * (voltage_ratio - 1.0)
    return max(plant.speed_max * share, plant.speed_min) * max(supply, 0.0)


@kernel
def follow(body, plant, slot, dt):
    """Work out rotor speeds and accelerations at the start, middle and end of the step.

    First-order lag towards a target that holds over the step, solved exactly.
    """
    work = body.work
    voltage_ratio = body.battery.voltage_v / plant.nominal_v
    half_up = math.exp(-0.5 * dt / plant.spin_up_s)
    half_down = math.exp(-0.5 * dt / plant.spin_down_s)
    for i in range(plant.rotor_count):
        target = body.health[i] * speed_for(body.delay_line[slot, i], plant, voltage_ratio)
        short = target - body.rotor_speed[i]
        lag, half = (plant.spin_up_s, half_up) if short > 0.0 else (plant.spin_down_s, half_down)
        for stage in range(3):
            work.speed[stage, i] = target - short
            work.spin_up[stage, i] = short / lag
            short *= half
        if work.speed[2, i] < STOPPED_RAD_S and target == 0.0:
            work.speed[2, i] = 0.0
