"""The flight that finds out what a vehicle is: known disturbances of every axis in turn while it holds its place."""

from flight.excitation.excitation import Point
from flight.excitation.signals import Signal
from flight.inputs import Demand
from ground.missions.mission import Mission
from sim.operator import Await, Step

HEIGHT_M = 3.0
SETTLE_S = 1.0
PAUSE_S = 0.3
# Point, amplitude in the point's unit, seconds, lowest and highest Hz: within a third of the motors' room, and
# tilted by a few degrees.
PLAN = (
    (Point.TORQUE_ROLL, 25.0, 6.0, 0.6, 25.0),
    (Point.TORQUE_PITCH, 25.0, 6.0, 0.6, 25.0),
    (Point.TORQUE_YAW, 3.0, 6.0, 0.4, 20.0),
    (Point.THRUST, 0.08, 5.5, 0.6, 15.0),
    (Point.VELOCITY_NORTH, 0.7, 2.5, 0.4, 0.8),
    (Point.VELOCITY_EAST, 0.7, 2.5, 0.4, 0.8),
)


def excite(
    point: Point, amplitude: float, seconds: float, low_hz: float, high_hz: float, wait_s: float
) -> Step:
    """Return the step that asks for a chirp once the vehicle has held its place for a while."""
    wanted = (float(Signal.CHIRP), amplitude, seconds, low_hz, high_hz)
    return Step(Demand.EXCITE, wanted, int(point), Await.HOLDING, wait_s)


def chirp() -> Mission:
    """Take off, sweep roll, pitch, yaw, collective and horizontal velocity, and land: 40 s."""
    steps = [Step(Demand.ARM, awaits=Await.READY), Step(Demand.TAKEOFF, (HEIGHT_M,), awaits=Await.ARMED)]
    wait_s = SETTLE_S
    for point, amplitude, seconds, low_hz, high_hz in PLAN:
        steps.append(excite(point, amplitude, seconds, low_hz, high_hz, wait_s))
        wait_s = seconds + PAUSE_S
    return Mission("chirp", [*steps, Step(Demand.LAND, awaits=Await.HOLDING, wait_s=wait_s)])
