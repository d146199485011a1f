"""PX4's simulator interface: HIL_SENSOR and what goes with it out, HIL_ACTUATOR_CONTROLS back, one for one.

The other side is PX4's simulator_mavlink. Its clock is the time of the HIL_SENSOR it has read, counted from the first
one; 250 of them a second are what it expects.
"""

from dataclasses import dataclass
from typing import Any

from flight.airframe import Airframe
from ground.link.dialect import mavlink
from ground.physics.px4_messages import FIRST_US, TRUTH_US, Composer, Sticks
from ground.physics.rotors import Order, ratios_for
from sim.hosted import Hosted

PORT = 4560
STEP_US, TICK_US = 4000, 1000
# A clock further off than this is of another kind.
STALE_US = 500_000
ARMED, LOCKSTEP = 128, 1
# One that answered before and now is silent for so long is paused; its clock must go on for it to wake. One that
# answers now and then only is waited for less and less, and as long as before once it answers every time again.
PATIENCE_S, LEAST_PATIENCE_S, IMPATIENT, STEADY = 2.0, 0.1, 0.5, 250


@dataclass
class Tally:
    """What came and what was made of it."""

    steps: int = 0
    answered: int = 0
    stale: int = 0
    unanswered: int = 0
    sessions: int = 0


class Session:
    """One PX4 from connecting to leaving. Knows no socket and no clock."""

    def __init__(
        self, vehicle: Hosted, order: Order, tally: Tally, unix_us: int = 0, sticks: Sticks = list
    ) -> None:
        self.vehicle, self.order, self.tally = vehicle, order, tally
        vehicle.restart()
        self.composer = Composer(vehicle, unix_us, sticks)
        self.ratios: list[float] = []
        self.is_lockstep = self.is_armed = self.has_answered = False
        self.sent_us = 0
        self.patience_s, self.in_a_row = PATIENCE_S, 0
        tally.sessions += 1

    def advance(self) -> bytes:
        """Let one step pass under the newest controls and return what to send."""
        for _ in range(STEP_US // TICK_US):
            self.vehicle.step(self.ratios, TICK_US)
            self.composer.listen()
        is_first = self.sent_us == 0
        self.sent_us = self.composer.t_us
        self.tally.steps += 1
        return self.composer.messages(is_first)

    def take(self, message: Any) -> bool:
        """Take in one message; tell whether it answers what was sent last."""
        kind = message.get_type()
        if kind == "COMMAND_LONG":
            self.obey(message)
        if kind != "HIL_ACTUATOR_CONTROLS":
            return False
        # One that answers late is waited for from now on: left to run ahead, we would never be caught up with.
        self.has_answered, self.is_lockstep = True, bool(message.flags & LOCKSTEP)
        if not self.is_current(message.time_usec):
            self.tally.stale += 1
            return False
        self.is_armed = bool(message.mode & ARMED)
        self.ratios = ratios_for(self.order, list(message.controls)) if self.is_armed else []
        self.tally.answered += 1
        self.in_a_row += 1
        if self.in_a_row == STEADY:
            self.patience_s = PATIENCE_S
        return True

    @property
    def is_awaited(self) -> bool:
        """Tell whether PX4 will answer what was sent last: it has begun to, and counts time by it."""
        return self.has_answered and self.is_lockstep

    def give_up(self) -> None:
        """Note that no answer came: until the next one time goes on by itself."""
        self.tally.unanswered += 1
        self.has_answered, self.in_a_row = False, 0
        self.patience_s = max(IMPATIENT * self.patience_s, LEAST_PATIENCE_S)

    def is_current(self, time_us: int) -> bool:
        """Tell whether controls were worked out from the newest sensors.

        PX4 tells their time counted from its first HIL_SENSOR; controls of a clock that is neither that nor ours are
        taken as they come.
        """
        behind = [self.sent_us - start_us - time_us for start_us in (0, FIRST_US + STEP_US)]
        if any(abs(lag) < STEP_US // 2 for lag in behind):
            return True
        return not any(0 < lag < STALE_US for lag in behind)

    def obey(self, command: Any) -> None:
        """Send the truth as often as is asked: an interval in microseconds, 0 the usual one, -1 never."""
        wanted = (mavlink.MAV_CMD_SET_MESSAGE_INTERVAL, mavlink.MAVLINK_MSG_ID_HIL_STATE_QUATERNION)
        if (command.command, int(command.param1)) == wanted:
            interval_us = float(command.param2)
            self.composer.truth_us = None if interval_us < 0.0 else round(interval_us) or TRUTH_US


def advice(airframe: Airframe, order: Order, vehicle: Hosted) -> list[str]:
    """Return the parameters by which PX4 knows this vehicle."""
    lines = ["CA_AIRFRAME 0", f"CA_ROTOR_COUNT {len(order.rotor)}"]
    for k, place in enumerate(order.rotor):
        rotor = airframe.physics["rotor"][place]
        moment = airframe.physics["rotors"]["torque_per_thrust_m"] * (1.0 if rotor["spin"] == "ccw" else -1.0)
        x, y = rotor["position_m_frd"][:2]
        lines += [f"CA_ROTOR{k}_PX {x:g}", f"CA_ROTOR{k}_PY {y:g}", f"CA_ROTOR{k}_KM {moment:g}"]
    lines.append(f"THR_MDL_FAC {airframe.physics['rotors']['throttle_curve']:g}")
    return [f"param set {line}" for line in (*lines, *sensor_advice(vehicle))]


def sensor_advice(vehicle: Hosted) -> list[str]:
    """Return what PX4's EKF must be told of the sensors this vehicle carries."""
    presets = vehicle.records[1][0].presets
    has = {name: float(presets[name].timing.interval_us) > 0.0 for name in ("gps", "flow", "mocap")}
    late_ms = {name: 1e-3 * float(presets[name].timing.delay_us) for name in has}
    lines = [f"EKF2_GPS_DELAY {late_ms['gps']:g}"] if has["gps"] else ["EKF2_GPS_CTRL 0", "SYS_HAS_GPS 0"]
    lines += ["EKF2_OF_CTRL 1", f"EKF2_OF_DELAY {late_ms['flow']:g}"] if has["flow"] else []
    # Position, height and yaw of the camera's pose.
    lines += ["EKF2_EV_CTRL 11", f"EKF2_EV_DELAY {late_ms['mocap']:g}"] if has["mocap"] else []
    return lines + (["EKF2_HGT_REF 3"] if has["mocap"] and not has["gps"] else [])
