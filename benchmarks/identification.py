"""What one flight of 40 s with full sensor noise tells of a vehicle: errors of its numbers and margins, and how often
the stated 95 % intervals cover the truth: `python -m benchmarks.identification --flights 100 --seed 1`."""

import argparse
import sys
from dataclasses import dataclass

import numpy as np

from flight.airframe import Airframe, load
from ground.identification.findings import identified
from ground.identification.loops import measured_loops
from ground.missions.load import load as load_mission
from ground.session import Conditions, prepared, record
from ground.tuning import linear, rigs
from ground.tuning.margins import margins
from ground.whatif.vehicle import imu_delay_s
from logs.rebuilding import Flight

FLIGHT_S = 44.0
FEW = 6
# Where the chirp's vehicle flies; the rigs hover elsewhere, in thinner air.
HEIGHT_M = 3.0
BAND_HZ = (0.3, 25.0)


@dataclass
class Told:
    """One number of one flight: how far off it is, in its unit for figures (%, ms, mm, deg), and whether covered."""

    error: float
    is_covered: bool


def flown(airframe: Airframe, seed: int) -> tuple[Flight, np.void]:
    """Return a chirp flight of a vehicle like the airframe, and what really flew."""
    fleet = prepared(airframe, load_mission("chirp"), Conditions(seed=seed), [seed])
    inputs, commands, _ = record(fleet, round(FLIGHT_S / fleet.dt))
    params = airframe.params.copy().view(np.recarray)
    return Flight(inputs, commands, params, airframe, fleet.dt, seed), fleet.setups[0]


def truths(setup: np.void) -> dict[str, float]:
    """Return the true numbers under the airframe file's names."""
    plant, count = setup.plant, int(setup.plant.rotor_count)
    true = {f"inertia_{a}{a}_kg_m2": float(plant.inertia[i, i]) for i, a in enumerate("xyz")}
    true |= {f"centre_of_mass_{a}_m": -float(plant.centre_frd[i]) for i, a in enumerate("xy")}
    true |= {f"thrust_{i + 1}_n_s2": float(plant.thrust_n_s2[i]) for i in range(count)}
    return true | {
        "thrust_coefficient_n_s2": float(plant.thrust_n_s2[:count].mean()),
        "torque_per_thrust_m": float(plant.torque_per_thrust_m),
        "motor_lag_s": 0.5 * float(plant.spin_up_s + plant.spin_down_s),
        "throttle_curve": float(plant.throttle_curve),
        "total_delay_s": float(plant.command_delay_s) + imu_delay_s(setup.presets.imu),
    }


def numbers(flight: Flight, setup: np.void) -> dict[str, Told]:
    """Return how far each identified number is off."""
    flight.airframe.physics["body"]["mass_kg"] = float(setup.plant.mass_kg)  # type: ignore[union-attr]
    found, true = identified(flight).numbers, truths(setup)
    told = {}
    for name, truth in true.items():
        number = found[name]
        off = number.value - truth
        is_absolute = name.startswith(("centre", "total_delay"))
        label = f"{name} {'ms or mm' if is_absolute else '%'}"
        told[label] = Told(
            1e3 * off if is_absolute else 100.0 * off / truth, number.low <= truth <= number.high
        )
    return told


def loops(flight: Flight, airframe: Airframe, setup: np.void) -> dict[str, Told]:
    """Return how far each measured margin is off that of the compiled loop with the plant that flew."""
    found, true = measured_loops(flight), true_rig(airframe, setup)
    f_hz = linear.grid(true.dt, 400, BAND_HZ[0])
    f_hz = f_hz[f_hz < BAND_HZ[1]]
    told = {}
    for name, loop in found.items():
        real = margins(f_hz, linear.loop_response(true, linear.LOOPS[name], f_hz)).of(0)
        seen = loop.figures()
        for key, scale in (("phase_margin_deg", 1.0), ("crossover_hz", 100.0 / real["crossover_hz"])):
            label = f"{name} {'phase margin deg' if scale == 1.0 else 'crossover %'}"
            is_covered = seen["low"][key] <= real[key] <= seen["high"][key]
            told[label] = Told(scale * (seen[key] - real[key]), bool(is_covered))
    return told


def true_rig(airframe: Airframe, setup: np.void) -> rigs.Rigs:
    """Return the plant that flew, hovering without noise in the same air."""
    rig = rigs.build(airframe)
    rig.setups[0].plant = setup.plant
    rig.setups[0].plant.ground_amsl_m -= rigs.HEIGHT_M - HEIGHT_M
    rigs.one_lag(rig.setups[0].plant)
    rig.fly(rigs.script(round(rigs.SETTLE_S / rig.dt)), np.zeros(1, np.int64))
    return rig


def measured(name: str, seeds: range) -> dict[str, list[Told]]:
    """Return what every flight told, by number."""
    kept: dict[str, list[Told]] = {}
    for seed in seeds:
        airframe = load(name)
        flight, setup = flown(airframe, seed)
        for label, told in (loops(flight, airframe, setup) | numbers(flight, setup)).items():
            kept.setdefault(label, []).append(told)
    return kept


def figures() -> dict[str, float]:
    """Return the worst errors of a few flights, and the share of intervals that cover."""
    kept = measured("pi450", range(1, 1 + FEW))
    worst = {label: max(abs(one.error) for one in told) for label, told in kept.items()}
    everything = [one.is_covered for told in kept.values() for one in told]
    return {
        "identify_worst_inertia_percent": max(v for k, v in worst.items() if k.startswith("inertia")),
        "identify_worst_thrust_percent": max(v for k, v in worst.items() if k.startswith("thrust")),
        "identify_worst_phase_margin_deg": max(v for k, v in worst.items() if "phase" in k),
        "identify_worst_crossover_percent": max(v for k, v in worst.items() if "crossover" in k),
        "identify_covered_percent": 100.0 * float(np.mean(everything)),
    }


def main() -> None:
    """Fly, identify, and print a line per number."""
    parser = argparse.ArgumentParser(
        description="errors and coverage of identified numbers and measured margins"
    )
    parser.add_argument("--flights", type=int, default=FEW)
    parser.add_argument("--seed", type=int, default=1, help="of the first flight")
    parser.add_argument("--airframe", default="pi450")
    arguments = parser.parse_args()
    kept = measured(arguments.airframe, range(arguments.seed, arguments.seed + arguments.flights))
    say = sys.stdout.write
    say(f"{'number':36} {'mean':>8} {'spread':>8} {'worst':>8}  covered by its 95 % interval\n")
    for label, told in kept.items():
        error = np.array([one.error for one in told])
        covered = sum(one.is_covered for one in told)
        line = f"{label:36} {error.mean():8.3f} {error.std():8.3f} {np.abs(error).max():8.3f}"
        say(f"{line}  {covered} of {len(told)}\n")


if __name__ == "__main__":
    main()
