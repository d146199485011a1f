"""Whole flights of the autotune: one that keeps its gains, and what brings the old ones back through the supervisor."""

import pytest

from flight.airframe import load
from flight.autotune.gains import IDS
from flight.autotune.guard import Reason
from flight.inputs import Demand
from flight.parameter import stored
from flight.params import BY_ID, TABLE
from ground.missions.autotune import autotune
from ground.missions.load import load as load_mission
from ground.missions.mission import Mission
from ground.session import Conditions, fly, prepared
from logs.reader import Log
from logs.replay import replay
from sim.operator import Step, brief

pytestmark = pytest.mark.slow
BEFORE_S, CHUNK_S = 40.0, 0.05
LAND_AS_USUAL = Mission("autotune", autotune().steps[:-1])
ANY_ROW = TABLE.index(BY_ID["EXC_FADE_T"])


def demanded(kind, *arguments, index=0):
    """Let the operator ask for something."""
    return lambda fleet, i: brief(fleet.vehicles[i].operator, [Step(kind, arguments, index)])


def stick(fleet, i):
    script = fleet.vehicles[i].sensors.pilot.script
    script.is_present, script.throttle, script.roll = 1, 0.5, 0.5


def kill_switch(fleet, i):
    script = fleet.vehicles[i].sensors.pilot.script
    script.is_present, script.throttle, script.is_kill_switch_on = 1, 0.5, 1


def fault(text):
    def begins(fleet, i):
        from ground import faults

        now_s = float(fleet.vehicles[i].truth.t_us) * 1e-6
        faults.parse(f"{text}@{now_s + 0.1:.3f}s").apply(fleet.vehicles[i], fleet.setups[i])

    return begins


def empty_battery(fleet, i):
    body, plant = fleet.vehicles[i].body, fleet.setups[i].plant
    body.battery.charge_used_ah = 0.985 * plant.capacity_ah


# What happens while the second axis flies its new gains, and why that ends it; None where there may be several.
PATHS = {
    "stick": (stick, Reason.STICK),
    "kill": (demanded(Demand.KILL), Reason.DISARMED),
    "kill switch": (kill_switch, Reason.DISARMED),
    "forced disarming": (demanded(Demand.DISARM, 1.0), Reason.DISARMED),
    "land": (demanded(Demand.LAND), Reason.MODE),
    "return": (demanded(Demand.RETURN), Reason.MODE),
    "ended by the ground": (demanded(Demand.AUTOTUNE), Reason.ASKED),
    "a parameter set": (demanded(Demand.PARAM, 0.3, index=ANY_ROW), Reason.PARAMETER),
    "battery low": (empty_battery, Reason.FAILSAFE),
    "ground link lost": (fault("ground:dropout"), Reason.FAILSAFE),
    "GPS lost": (fault("gps:dropout"), None),
    "IMU stuck": (fault("imu:stuck"), None),
    "IMU silent": (fault("imu:dropout"), None),
    "motor at a third": (fault("motor2:0.3"), None),
    "loop late": (fault("loop:delay=0.004"), None),
}


def gains_of(params):
    """Return the sixteen gains of a parameter record."""
    return [stored(params, BY_ID[name]) for axis in IDS for name in axis]


@pytest.fixture(scope="module")
def ended():
    """Fly one vehicle per path, let its trouble begin in pitch's check; return the fleet and the gains before."""
    fleet = prepared(load("pi450"), LAND_AS_USUAL, Conditions(), [1] * len(PATHS))
    before = gains_of(fleet.params[0])
    for _ in range(round(BEFORE_S / CHUNK_S)):
        fleet.fly(CHUNK_S)
        if fleet.states[0].autotune.axis == 1 and fleet.states[0].autotune.stage == 8:
            break
    changed = gains_of(fleet.params[0])
    assert changed[:4] != before[:4]
    assert changed[4:8] != before[4:8]
    for i, (begins, _) in enumerate(PATHS.values()):
        begins(fleet, i)
    fleet.fly(14.0)
    return fleet, before


@pytest.mark.parametrize("path", PATHS)
def test_whatever_happens_in_flight_brings_every_old_gain_back(path, ended, record_property):
    fleet, before = ended
    i, reason = list(PATHS).index(path), PATHS[path][1]

    found = Reason(int(fleet.states[i].autotune.reason))

    record_property(f"autotune, {path}", found.name.lower().replace("_", " "))
    assert gains_of(fleet.params[i]) == before
    assert fleet.states[i].autotune.stage == 0
    assert reason is None or found == reason


def test_an_autotune_flown_replays_to_the_bit_and_its_log_holds_the_gains(tmp_path, record_property):
    place = tmp_path / "autotune.ulg"
    vehicle = load("pi450")

    flight = fly(vehicle, load_mission("autotune"), Conditions(seed=5), str(place))

    found = flight.figures["autotune"]
    record_property("autotune of roll, pitch, yaw and altitude", f"{found['seconds']:.1f} s")
    assert found["is_verified"], found["text"]
    assert found["seconds"] < 40.0
    assert flight.figures["landed"]
    told = replay(place)
    assert told.identical == told.ticks
    written = {name: value for _, name, value in Log(place).changed_parameters}
    assert written == pytest.approx(found["gains"], rel=1e-6)
