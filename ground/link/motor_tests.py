"""Turning one motor on the ground: MAV_CMD_DO_MOTOR_TEST and MAV_CMD_ACTUATOR_TEST."""

import math

from flight.inputs import Demand
from ground.link.dialect import mavlink
from ground.link.service import DENIED, REJECTED, UNSUPPORTED, WARNING, Link, Microservice, Order, Sender
from ground.link.vehicle import Vehicle

PERCENT, PWM = 0, 1
LONGEST_S = 10.0
# ACTUATOR_OUTPUT_FUNCTION: motors are counted from here; what is no motor there is not.
FIRST_MOTOR = 1
# The core wants a time: so short a test ends the one that runs.
STOPPED_S = 1e-3


class MotorTests(Microservice):
    """Turns them; the core looks that the vehicle is disarmed and stands."""

    def __init__(self, vehicle: Vehicle, link: Link) -> None:
        super().__init__(vehicle, link)
        self.commands = {
            mavlink.MAV_CMD_DO_MOTOR_TEST: self.test_motor,
            mavlink.MAV_CMD_ACTUATOR_TEST: self.test_actuator,
        }

    def refuse(self, sender: Sender, reason: str, result: int = DENIED) -> int:
        """Deny a test and say why."""
        self.link.say(f"Motor test denied: {reason}", WARNING, sender)
        return result

    def ask(self, order: Order, sender: Sender, motor: int, ratio: float, seconds: float) -> int | None:
        """Have a motor, counted from 0, turned; the core's answer is the command's."""
        if ratio > 0.0 and self.vehicle.is_calibrating:
            return self.refuse(sender, "calibrating", REJECTED)
        self.link.settle(order, sender, self.vehicle.ask(Demand.MOTOR_TEST, (ratio, seconds), motor))
        return None

    def test_motor(self, order: Order, sender: Sender) -> int | None:
        """Spin motor p1 (1 is the first) at p3 for p4 seconds; p2 says whether p3 is percent or a pulse width."""
        if not 1.0 <= order.p1 <= self.vehicle.rotors:
            return self.refuse(sender, f"motors are 1 to {self.vehicle.rotors}")
        if order.p2 not in (PERCENT, PWM):
            return self.refuse(sender, "throttle in percent (0) or as pulse width (1)")
        ratio = 0.01 * order.p3 if order.p2 == PERCENT else 0.001 * (order.p3 - 1000.0)
        if not 0.0 <= ratio <= 1.0 or not 0.0 <= order.p4 <= LONGEST_S:
            return self.refuse(sender, f"throttle 0 to 100 %, 0 to {LONGEST_S:g} s")
        return self.ask(order, sender, int(order.p1) - 1, ratio, order.p4)

    def test_actuator(self, order: Order, sender: Sender) -> int | None:
        """Spin the motor with output function x at p1, 0 to 1, for p2 seconds; NaN, or no time, stops it."""
        value, seconds = order.p1, order.p2
        motor = order.x - FIRST_MOTOR
        if motor not in range(self.vehicle.rotors):
            return self.refuse(
                sender, f"there are outputs 1 to {self.vehicle.rotors}, all motors", UNSUPPORTED
            )
        if math.isnan(value) or seconds == 0.0:
            value, seconds = 0.0, STOPPED_S
        if not 0.0 <= value <= 1.0 or not 0.0 < seconds <= LONGEST_S:
            return self.refuse(sender, f"0 to 1, for up to {LONGEST_S:g} s")
        return self.ask(order, sender, int(motor), value, seconds)
