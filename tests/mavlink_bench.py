"""The loop with another autopilot as its vehicle, on a clock of their own."""

from firmware_bridge.mavlink_actuators import corners_of
from firmware_bridge.mavlink_settings import adapt
from firmware_bridge.mavlink_world import MavlinkWorld
from flight.airframe import load
from flight.autopilot import Autopilot
from flight.inputs import DEMAND, Demand
from flight.modes import Arming
from flight.record import rows
from sim.operator import OPERATOR, Await, Step, brief, operate
from tests.mavlink_vehicle import FarSide

DT = 0.004
HOP = [
    Step(Demand.ARM, awaits=Await.READY, wait_s=0.5),
    Step(Demand.TAKEOFF, (3.0,), awaits=Await.ARMED),
    Step(Demand.LAND, awaits=Await.HOLDING, wait_s=4.0),
]
HOVER = HOP[:2]


class Bench:
    """Our loop, the MAVLink world, and the vehicle behind it."""

    def __init__(self, far: FarSide, steps=HOP, settings=None) -> None:
        airframe = load("pi450")
        self.far, self.world = far, MavlinkWorld(far, DT, settings, corners_of(airframe.physics["rotor"]))
        self.world.open()
        adapt(airframe, self.world.settings.outputs)
        self.autopilot = Autopilot(airframe.params, DT)
        self.operator, self.demand = rows(OPERATOR)[0], rows(DEMAND)[0]
        brief(self.operator, steps)
        self.heights, self.failsafes, self.has_armed = [], 0, False

    @property
    def status(self):
        return self.autopilot.commands[0].status

    def fly(self, seconds, is_ended_by_disarming=True):
        """Fly for a while, or until the vehicle is down and disarmed."""
        inputs, command = self.autopilot.inputs[0], self.autopilot.commands[0]
        until_us = self.far.now_us() + round(1e6 * seconds)
        while self.far.now_us() < until_us:
            self.world.read(inputs)
            operate(self.operator, command.status, self.demand, int(inputs.t_us))
            inputs.demand = self.demand
            self.autopilot.step()
            self.world.write(command)
            self.heights.append(self.far.height)
            self.failsafes |= int(command.status.failsafes)
            self.has_armed |= command.status.arming == Arming.ARMED
            if is_ended_by_disarming and self.has_armed and command.status.arming != Arming.ARMED:
                return self
        return self
