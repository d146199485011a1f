"""The battery: what it delivers, what it loses, how it sags."""

import numpy as np
import pytest

from flight.airframe import load
from flight.record import rows
from ground.tuning import anyone, plants, rigs
from ground.tuning.rigs import script
from sim.plant import battery, esc, rotors
from tests.plant_rig import NO_AIR, STEADY_SUPPLY, rig


def pack(**numbers: float) -> tuple[np.void, np.void]:
    """Return a fresh battery and the plant it belongs to."""
    plant = rig("pi450").plant
    for name, value in numbers.items():
        plant[name] = value
    return rows(battery.STATE)[0], plant


def drained(seconds: float, power_w: float, **numbers: float) -> tuple[np.void, np.void, float]:
    """Drain a fresh battery for some time; return it, its plant and the chemical energy it gave in Wh."""
    state, plant = pack(**numbers)
    given = 0.0
    for _ in range(round(seconds)):
        open_v = battery.open_circuit_v(state, plant)
        battery.drain(state, plant, power_w, 0.0, 1.0)
        given += open_v * state.current_a / 3600.0
    return state, plant, given


def test_what_the_cells_give_is_delivered_or_lost_in_the_resistance():
    state, plant, given = drained(600.0, 130.0)

    # Power is nearly constant, so the mean squared current is close to the squared mean.
    delivered = (130.0 / plant.efficiency + plant.load_w) * 600.0 / 3600.0
    mean_current = state.charge_used_ah * 6.0
    assert state.energy_used_wh == pytest.approx(delivered, rel=1e-9)
    lost = plant.resistance_ohm * mean_current**2 * 600.0 / 3600.0
    assert given - state.energy_used_wh == pytest.approx(lost, rel=0.01)


def test_voltage_and_current_obey_ohm_and_give_the_power_asked():
    state, plant = pack()

    battery.drain(state, plant, 300.0, 0.0, 1e-3)

    assert state.voltage_v * state.current_a == pytest.approx(
        300.0 / plant.efficiency + plant.load_w, rel=1e-12
    )
    assert state.voltage_v == pytest.approx(
        battery.open_circuit_v(state, plant) - plant.resistance_ohm * state.current_a, rel=1e-6
    )


def test_without_resistance_the_voltage_does_not_sag():
    assert battery.current_for(100.0, 10.0, 0.0) == 10.0


def test_more_power_than_there_is_halves_the_voltage():
    # The most a source behind a resistance gives is V^2 / 4 R, at half its voltage.
    assert battery.current_for(1e6, 10.0, 0.1) == pytest.approx(50.0)
    assert battery.current_for(250.0, 10.0, 0.1) == pytest.approx(50.0)


def test_a_cell_has_the_published_voltages():
    # Chen & Rincon-Mora 2006, figure 3: 4.10 V full, 3.8 V half full, 3.6 V nearly empty.
    volts = [battery.open_circuit_cell_v(share) for share in (1.0, 0.5, 0.1, 0.05)]

    assert volts == pytest.approx([4.103, 3.804, 3.675, 3.517], abs=0.005)


def test_an_empty_pack_turns_no_rotors():
    vehicle = rig("pi450")
    vehicle.body.battery.charge_used_ah = 1.2 * vehicle.plant.capacity_ah

    vehicle.fly(1.0, [0.5] * 4)

    assert vehicle.body.battery.voltage_v < 2.0
    assert vehicle.body.rotor_speed.max() < 100.0
    assert np.isfinite(vehicle.body.p_ned).all()


def test_hovering_lasts_as_long_as_the_charge():
    vehicle = rig("pi450")
    speed = vehicle.hover_speed()
    volts = vehicle.body.battery.voltage_v / vehicle.plant.nominal_v

    vehicle.spin([speed] * 4).fly(5.0, [vehicle.throttle_for(speed / volts)] * 4)

    minutes = 60.0 * vehicle.plant.capacity_ah / vehicle.body.battery.current_a
    assert 15.0 < minutes < 30.0
    assert vehicle.body.battery.charge_used_ah == pytest.approx(
        vehicle.body.battery.current_a * 5 / 3600, rel=0.05
    )
    assert vehicle.truth.voltage_v == vehicle.body.battery.voltage_v


def test_spinning_up_costs_the_rotors_kinetic_energy():
    vehicle = rig("pi450", NO_AIR, STEADY_SUPPLY, {"rotors": {"thrust_coefficient_n_s2": 1e-16}})
    vehicle.plant.load_w = 0.0

    vehicle.fly(0.5, [1.0] * 4)

    speed = vehicle.body.rotor_speed[:4]
    kinetic = 0.5 * vehicle.plant.rotor_inertia * float(speed @ speed)
    spent = vehicle.body.battery.energy_used_wh * 3600.0 * vehicle.plant.efficiency
    assert spent == pytest.approx(kinetic, rel=0.01)


def test_full_throttle_pulls_the_voltage_down_and_rest_lets_it_recover():
    vehicle = rig("pi450")
    fresh = float(vehicle.body.battery.voltage_v)

    under_load = float(vehicle.fly(0.5, [1.0] * 4).body.battery.voltage_v)
    recovered = float(vehicle.fly(2.0, [0.0] * 4).body.battery.voltage_v)

    assert under_load < fresh - 0.5
    assert recovered == pytest.approx(fresh, abs=0.02)


def test_heavy_rotors_behind_a_poor_pack_draw_a_steady_current():
    # A volt more in one step spun the rotors up in the next, whose power took the volt away again: 0 and 33 A in turn.
    hovering = rigs.build(anyone.airframe(1, 23), 7920, [704], cloud=plants.USUAL)
    drawn = []
    for _ in range(20):
        hovering.fly(script(1), np.zeros(1, int))
        drawn.append(float(hovering.vehicles[0].truth.current_a))

    assert np.mean(drawn) == pytest.approx(17.3, abs=0.5)
    assert np.ptp(drawn) < 0.1


def test_motors_are_as_eager_as_their_power_rises_with_the_supply():
    hovering = rigs.build(load("pi450"))
    body, plant = hovering.vehicles[0].body, hovering.setups[0].plant
    eager = rotors.eagerness(body, plant)
    supply, taken = float(body.battery.voltage_v), []
    for volts in (supply - 0.05, supply + 0.05):
        body.battery.voltage_v = volts
        esc.follow(body, plant, body.delay_at, 1e-5)
        taken.append(rotors.shaft_power(body, plant))

    # In so short a step the rotors have not come any closer to the speed they are driven to.
    assert (taken[1] - taken[0]) / 0.1 == pytest.approx(eager, rel=0.02)
