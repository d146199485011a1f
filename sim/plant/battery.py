"""A lithium-polymer pack: open-circuit voltage by charge, internal resistance, current from power."""

import math

from flight.kernel import kernel
from flight.record import REAL, record
from flight.vector import clamp

STATE = record(voltage_v=REAL, current_a=REAL, charge_used_ah=REAL, energy_used_wh=REAL)
# A pack that is flat still shows some voltage, too little to turn a rotor.
FLAT_CELL_V = 0.1
SECONDS_PER_HOUR = 3600.0


@kernel
def open_circuit_cell_v(charge_share):
    """Return the voltage of an unloaded cell by its share of full charge (Chen & Rincon-Mora 2006, eq. 2)."""
    s = clamp(charge_share, -0.2, 1.0)
    v = 3.685 - 1.031 * math.exp(-35.0 * s) + s * (0.2156 + s * (0.3201 * s - 0.1178))
    return max(v, FLAT_CELL_V)


@kernel
def open_circuit_v(battery, plant):
    """Return the unloaded voltage of the pack."""
    return plant.cells * open_circuit_cell_v(1.0 - battery.charge_used_ah / plant.capacity_ah)


@kernel
def current_for(power_w, open_v, resistance):
    """Return the current that delivers a power behind a resistance; at most the one of greatest power."""
    room = open_v * open_v - 4.0 * resistance * power_w
    # The smaller root of R i^2 - V i + P = 0, written so that R = 0 needs no case of its own.
    return 2.0 * power_w / (open_v + math.sqrt(max(room, 0.0))) if room > 0.0 else 0.5 * open_v / resistance


@kernel
def drain(battery, plant, shaft_power_w, eager_w_v, dt):
    """Let the pack deliver a shaft power and the vehicle's other load for a time.

    For each volt more the motors would take `eager_w_v` more at once. Told only in the next step, that would make heavy
    rotors behind a poor pack swing between two currents; so the pack with what is eager behind it is a weaker pack.
    """
    open_v, resistance = open_circuit_v(battery, plant), plant.resistance_ohm
    power_w = shaft_power_w / plant.efficiency + plant.load_w
    eager_a = eager_w_v / plant.efficiency
    firm_w, firm_v = power_w - eager_a * battery.voltage_v, open_v - resistance * eager_a
    current = max(current_for(firm_w, firm_v, resistance) + eager_a, 0.0)
    battery.current_a = min(current, 0.5 * open_v / resistance) if resistance > 0.0 else current
    battery.voltage_v = open_v - resistance * battery.current_a
    battery.charge_used_ah += battery.current_a * dt / SECONDS_PER_HOUR
    battery.energy_used_wh += battery.voltage_v * battery.current_a * dt / SECONDS_PER_HOUR
