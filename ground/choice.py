"""What is served: the vehicle as it was set up before, and the simulator under the chosen conditions."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from flight.airframe import Airframe
from flight.errors import ConfigError
from flight.params import BY_ID
from ground import faults
from ground.link import parameter_file, settings
from ground.log_mode import LogMode
from ground.session import Conditions
from sim.pack import WAIT_US
from sim.plant.wind import set_wind
from sim.sensors.faults import set_fault
from sim.world import Simulator


@dataclass
class Choice:
    """What is served: the vehicle, its world, and where ground stations are."""

    airframe: Airframe
    conditions: Conditions
    speed: float = 1.0
    endpoints: tuple[str, ...] = ()
    log: str | None = None
    parameter_file: Path = Path("logs/parameters.toml")
    signing_file: Path | None = None
    longest_s: float | None = None
    overrides: dict[str, float] = field(default_factory=dict)
    # The serial port of a board, "pi" for the Pi's own buses, or nothing: the simulator.
    port: str = ""
    # SDLOG_MODE where nobody has set it; as PX4 has it, a simulator logs from boot on.
    log_mode: int | None = None

    @property
    def dt(self) -> float:
        """Return the loop's period in seconds."""
        return 1.0 / self.airframe.loop_rate_hz


def as_kept(choice: Choice) -> Airframe:
    """Return the airframe with what was set over the link before; `--set` goes before that."""
    airframe = replace(
        choice.airframe, params=choice.airframe.params.copy(), gains=dict(choice.airframe.gains)
    )
    kept = parameter_file.read(choice.parameter_file)
    if "SDLOG_MODE" not in airframe.gains:
        usual = LogMode.ARMED if choice.port else LogMode.BOOT_TO_DISARMING
        airframe.set("SDLOG_MODE", int(usual if choice.log_mode is None else choice.log_mode))
    for name, value in (kept | choice.overrides).items():
        if name in BY_ID:
            airframe.set(name, value, str(choice.parameter_file))
    return airframe


def link_settings(choice: Choice) -> dict[str, float]:
    """Return the link's own parameters that were given with `--set`."""
    return {name: value for name, value in choice.overrides.items() if name in settings.BY_ID}


def identity(choice: Choice) -> tuple[int, int]:
    """Return MAVLink's ids of system and component, as given or as kept."""
    values = parameter_file.read(choice.parameter_file) | choice.overrides
    system, component = (
        values.get(name, settings.BY_ID[name].default) for name in ("MAV_SYS_ID", "MAV_COMP_ID")
    )
    return int(system), int(component)


def made_world(choice: Choice) -> Simulator:
    """Return the simulator under the chosen conditions."""
    conditions = choice.conditions
    world = Simulator(choice.airframe, conditions.seed, conditions.sensors)
    vehicle, setup = world.vehicles[0], world.setups[0]
    vehicle.pack.wait_us = WAIT_US
    set_wind(vehicle.wind, conditions.mean_wind_ned(), conditions.turbulence, conditions.seed)
    for text in conditions.faults:
        faults.parse(text).apply(vehicle, setup)
    return world


def let_fail(world: Simulator, text: str) -> None:
    """Let a part of the simulated vehicle fail, or be well again (`gps:ok@0s`); what makes no sense does nothing."""
    part, _, rest = text.partition(":")
    try:
        if rest.startswith("ok@"):
            set_fault(world.vehicles[0].sensors, part, "none")
        else:
            faults.parse(text).apply(world.vehicles[0], world.setups[0])
    except ConfigError:
        return
