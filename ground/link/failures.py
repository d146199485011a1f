"""MAV_CMD_INJECT_FAILURE: let something fail in the simulator, if SYS_FAILURE_EN allows it."""

import math

from ground.link.dialect import mavlink
from ground.link.parameters import Parameters
from ground.link.service import (
    ACCEPTED,
    DENIED,
    UNSUPPORTED,
    WARNING,
    Link,
    Message,
    Microservice,
    Order,
    Sender,
)
from ground.link.vehicle import Vehicle

MOTOR = 101
PARTS = {0: "gyro", 1: "accel", 2: "mag", 3: "baro", 4: "gps", 5: "flow", 6: "mocap", 7: "range", 100: "battery",
         104: "pilot"}  # fmt: skip
HALVES = {"gyro": "imu", "accel": "imu"}
OK, OFF, STUCK, GARBAGE, WRONG, DELAYED = 0, 1, 2, 3, 4, 6
# What garbage and wrong mean, in each sensor's own unit.
SIZES = {"gyro": 0.5, "accel": 3.0, "mag": 30.0, "baro": 100.0, "gps": 20.0, "flow": 0.5, "mocap": 0.5, "range": 2.0,
         "battery": 2.0, "pilot": 0.5}  # fmt: skip
DELAY_S = 0.3
SWITCH = "SYS_FAILURE_EN"


class Failures(Microservice):
    """Passes failures on to the simulator; stands behind the parameters, which set its switch first."""

    messages = ("PARAM_SET",)

    def __init__(self, vehicle: Vehicle, link: Link) -> None:
        super().__init__(vehicle, link)
        self.commands = {mavlink.MAV_CMD_INJECT_FAILURE: self.inject}

    def handle(self, message: Message, sender: Sender, link: Link) -> None:
        """Tell the switch once more when it was set: MAVSDK does not take the answer to its PARAM_SET for news."""
        if message.param_id == SWITCH:
            link.send(link.service(Parameters).value_message(SWITCH), sender)  # type: ignore[attr-defined]

    def inject(self, order: Order, sender: Sender) -> int:
        """Let unit p1 fail as p2 says; p3 counts motors from 1, 0 is all of them."""
        if not self.vehicle.facts.is_simulated:
            return UNSUPPORTED
        if self.vehicle.settings[SWITCH] != 1:
            self.link.say(f"Failure denied: {SWITCH} is 0", WARNING, sender)
            return DENIED
        if not all(math.isfinite(p) for p in (order.p1, order.p2)):
            return DENIED
        unit, kind = int(order.p1), int(order.p2)
        which = int(order.p3) if math.isfinite(order.p3) else 0
        texts = self.motor_faults(kind, which) if unit == MOTOR else self.sensor_fault(unit, kind)
        for text in texts:
            self.vehicle.pretend(text)
        return ACCEPTED if texts else UNSUPPORTED

    def motor_faults(self, kind: int, which: int) -> list[str]:
        """Return what makes motors stop or run again."""
        if kind not in (OK, OFF) or not 0 <= which <= self.vehicle.rotors:
            return []
        motors = range(1, self.vehicle.rotors + 1) if which == 0 else (which,)
        now_s = 1e-6 * self.vehicle.t_us
        return [f"motor{motor}:{1 if kind == OK else 0}@{now_s:.3f}s" for motor in motors]

    def sensor_fault(self, unit: int, kind: int) -> list[str]:
        """Return what makes a sensor fail, or well again."""
        part = PARTS.get(unit)
        if part is None or int(self.vehicle.inputs[HALVES.get(part, part)].t_us) == 0:
            return []
        size = SIZES[part]
        how = {
            OK: "ok",
            OFF: "dropout",
            STUCK: "stuck",
            GARBAGE: f"noise={size}",
            WRONG: f"bias={size}",
            DELAYED: f"delay={DELAY_S}",
        }.get(kind)
        if how is None:
            return []
        whole = HALVES.get(part, part) if kind in (OFF, DELAYED) else part
        return [f"{whole}:{how}@{1e-6 * self.vehicle.t_us:.3f}s"]
