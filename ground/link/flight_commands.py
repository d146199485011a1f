"""Commands that fly: arm, take off, go, orbit, land, modes. Each becomes one demand, and the core's answer its ACK."""

import math
from collections.abc import Callable, Sequence

from flight.inputs import Demand
from flight.modes import Mode
from ground.link import px4_modes
from ground.link.dialect import mavlink
from ground.link.follow import Follow
from ground.link.gaze import Gaze
from ground.link.missions import Missions
from ground.link.places import (
    GLOBAL_ABOVE_HOME,
    GLOBAL_AMSL,
    Ned,
    amsl,
    as_meant,
    checked,
    is_elsewhere,
    local_place,
)
from ground.link.service import (
    ACCEPTED,
    DENIED,
    NOTICE,
    REJECTED,
    WARNING,
    Link,
    Message,
    Microservice,
    Order,
    Sender,
)
from ground.link.telemetry import euler, floats
from ground.link.vehicle import Vehicle

Command = Callable[[Order, Sender], int | None]
FORCE = 21196.0
SET_MODE_MESSAGE = 11
LOWEST_TAKEOFF_M = 0.3
REBOOTS = (1, 3)
USUAL_SPEED = -2.0
FASTEST = 100.0


def given(value: float) -> float | None:
    """Return a number, None where NaN leaves it open; raise ValueError for infinity."""
    if math.isinf(value):
        raise ValueError("an infinite number makes no sense")
    return None if math.isnan(value) else value


class FlightCommands(Microservice):
    """Turns commands into demands."""

    messages = ("SET_MODE",)
    capabilities = mavlink.MAV_PROTOCOL_CAPABILITY_COMMAND_INT

    def __init__(self, vehicle: Vehicle, link: Link) -> None:
        super().__init__(vehicle, link)
        self.commands = {
            mavlink.MAV_CMD_COMPONENT_ARM_DISARM: self.arm,
            mavlink.MAV_CMD_DO_FLIGHTTERMINATION: self.terminate,
            mavlink.MAV_CMD_NAV_TAKEOFF: self.take_off,
            mavlink.MAV_CMD_NAV_LAND: self.on_the_spot(Demand.LAND),
            mavlink.MAV_CMD_NAV_RETURN_TO_LAUNCH: self.simple(Demand.RETURN),
            mavlink.MAV_CMD_NAV_LOITER_UNLIM: self.on_the_spot(Demand.HOLD),
            mavlink.MAV_CMD_DO_SET_MODE: self.set_mode,
            mavlink.MAV_CMD_DO_SET_STANDARD_MODE: self.set_standard_mode,
            mavlink.MAV_CMD_DO_REPOSITION: self.reposition,
            mavlink.MAV_CMD_DO_CHANGE_ALTITUDE: self.change_altitude,
            mavlink.MAV_CMD_DO_ORBIT: self.orbit,
            mavlink.MAV_CMD_CONDITION_YAW: self.turn,
            mavlink.MAV_CMD_DO_CHANGE_SPEED: self.change_speed,
            mavlink.MAV_CMD_DO_SET_HOME: self.set_home,
            mavlink.MAV_CMD_DO_PAUSE_CONTINUE: self.pause,
            mavlink.MAV_CMD_NAV_GUIDED_ENABLE: self.guide,
            mavlink.MAV_CMD_PREFLIGHT_REBOOT_SHUTDOWN: self.reboot,
        }

    def ask(
        self,
        order: Order,
        sender: Sender,
        kind: Demand,
        arguments: Sequence[float | None] = (),
        index: int = 0,
    ) -> int | None:
        """Send a demand; its answer will be the command's."""
        if kind == Demand.GOTO:
            self.vehicle.is_following = False
        self.link.settle(order, sender, self.vehicle.ask(kind, arguments, index))
        return None

    def simple(self, kind: Demand) -> Command:
        """Return a command that is a demand without arguments."""
        return lambda order, sender: self.ask(order, sender, kind)

    def on_the_spot(self, kind: Demand) -> Command:
        """Return a command that is obeyed where the vehicle is, as PX4 does, and says so if it names another place."""

        def obey(order: Order, sender: Sender) -> int | None:
            if is_elsewhere(self.vehicle, order):
                self.link.say(
                    f"{kind.name.capitalize()}: here; DO_REPOSITION flies to places", NOTICE, sender
                )
            return self.ask(order, sender, kind)

        return obey

    def handle(self, message: Message, sender: Sender, link: Link) -> None:
        """Obey SET_MODE as if it were the command."""
        custom = message.custom_mode
        order = Order(
            SET_MODE_MESSAGE,
            float(message.base_mode),
            float(custom >> 16 & 0xFF),
            float(custom >> 24),
            0.0,
            0.0,
            0.0,
            0.0,
        )
        result = self.set_mode(order, sender)
        if result is not None:
            link.acknowledge(order, sender, result)

    def refuse(self, sender: Sender, reason: str) -> int:
        """Deny a command and say why."""
        self.link.say(reason, WARNING, sender)
        return DENIED

    def arm(self, order: Order, sender: Sender) -> int | None:
        """Arm (p1 1) or disarm (p1 0); a forced disarming stops the motors in the air too."""
        if order.p1 not in (0.0, 1.0):
            return self.refuse(sender, f"Arm denied: {order.p1:g}; 1 arms, 0 disarms")
        if order.p1 == 1.0 and self.vehicle.is_calibrating:
            self.refuse(sender, "Arming denied: calibrating")
            return REJECTED
        if order.p1 == 1.0 and self.vehicle.mode == Mode.MISSION and not self.may_fly_mission(sender):
            return REJECTED
        if order.p1 == 1.0:
            self.ask(order, sender, Demand.ARM)
        else:
            self.ask(order, sender, Demand.DISARM, (1.0,) if order.p2 == FORCE else ())
        return None

    def terminate(self, order: Order, sender: Sender) -> int | None:
        """Stop the motors for good."""
        if not order.p1 > 0.5:
            return self.refuse(sender, "Termination denied: 1 terminates, and nothing takes it back")
        return self.ask(order, sender, Demand.KILL)

    def take_off(self, order: Order, sender: Sender) -> int | None:
        """Climb above the ground, in the air above home; an altitude that lies far below it is taken for a height."""
        checked(order.x, order.y, order.z)
        if math.isnan(order.z):
            return self.climb(order, sender)
        here = self.vehicle.here
        if here is None:
            return self.refuse(sender, "Take-off denied: the position is not known yet")
        floor = here if self.vehicle.is_landed else self.vehicle.home or here
        height_m = amsl(self.vehicle, order.z, order.frame) - floor.alt_amsl_m
        # What lies nearer below the ground than so high above it is a wrong altitude, unless any return climbs higher.
        highest_m = max(-height_m, self.vehicle.parameter("RTL_RETURN_ALT"))
        if height_m < LOWEST_TAKEOFF_M <= order.z <= highest_m and order.frame in (None, 0, 5):
            height_m = order.z
            self.link.say(f"Take-off: {order.z:g} m AMSL is below ground, taken as height", NOTICE, sender)
        if height_m < LOWEST_TAKEOFF_M:
            return self.refuse(sender, f"Take-off denied: {height_m:.1f} m above ground is no height")
        return self.climb(order, sender, height_m)

    def climb(self, order: Order, sender: Sender, height_m: float | None = None) -> int | None:
        """Ask for a take-off to a height, the usual one if none is meant, unless it is above the fence's ceiling."""
        wanted_m = self.vehicle.parameter("MIS_TAKEOFF_ALT") if height_m is None else height_m
        here = self.vehicle.here
        floor = here if self.vehicle.is_landed else self.vehicle.home or here
        below = self.vehicle.local(*floor) if floor else None
        if below is not None:
            self.check_inside((None, None, below.z - wanted_m))
        return self.ask(order, sender, Demand.TAKEOFF, () if height_m is None else (height_m,))

    def set_mode(self, order: Order, sender: Sender) -> int | None:
        """Change to one of PX4's modes: p2 its main mode, p3 its sub mode."""
        is_custom = (
            int(order.p1) & mavlink.MAV_MODE_FLAG_CUSTOM_MODE_ENABLED if math.isfinite(order.p1) else 0
        )
        main, sub = (int(p) if math.isfinite(p) and 0 <= p < 256 else -1 for p in (order.p2, order.p3))
        if is_custom and px4_modes.is_follow(main, sub):
            return self.link.service(Follow).start(order, sender)  # type: ignore[attr-defined]
        mode = px4_modes.asked(main, max(sub, 0)) if is_custom else None
        if mode is None:
            return self.refuse(sender, f"Mode denied: {main}/{sub} is none; see AVAILABLE_MODES")
        if mode == Mode.TAKEOFF:
            return self.climb(order, sender)
        return self.enter(order, sender, mode)

    def enter(self, order: Order, sender: Sender, mode: Mode) -> int | None:
        """Ask for a mode; a mission must be one that may be flown."""
        if mode == Mode.MISSION and not self.may_fly_mission(sender):
            return DENIED
        return self.ask(order, sender, Demand.MODE, (float(mode),))

    def may_fly_mission(self, sender: Sender) -> bool:
        """Tell whether the mission may be flown; say why when it may not."""
        return bool(self.link.service(Missions).may_fly(sender))  # type: ignore[attr-defined]

    def set_standard_mode(self, order: Order, sender: Sender) -> int | None:
        """Change to one of MAVLink's own modes, p1."""
        mode = px4_modes.standard(order.p1)
        if mode is None:
            return self.refuse(
                sender, f"Mode denied: standard mode {order.p1:g} is none; see AVAILABLE_MODES"
            )
        return self.set_mode(order._replace(p1=1.0, p2=float(mode.main), p3=float(mode.sub)), sender)

    def reposition(self, order: Order, sender: Sender) -> int | None:
        """Go somewhere: p1 speed, p4 heading in radians; NaN keeps what is."""
        north, east, down = local_place(self.vehicle, order)
        speed = given(order.p1)
        if speed is not None and speed > FASTEST:
            raise ValueError(f"a speed of {speed:g} m/s is too fast")
        speed = speed if speed is not None and speed > 0.0 else None
        heading = given(order.p4)
        if heading is not None and abs(heading) > 360.0:
            raise ValueError(f"a heading of {heading:g} is out of range")
        self.check_inside((north, east, down))
        if heading is not None:
            self.look_nowhere()
        return self.ask(order, sender, Demand.GOTO, (north, east, down, heading, speed))

    def check_inside(self, place: Ned, radius_m: float = 0.0) -> None:
        """Raise ValueError for a place outside the fence, or whose circle or straight way from here leads there."""
        reason = self.link.service(Missions).outside(place, radius_m)  # type: ignore[attr-defined]
        if reason:
            raise ValueError(reason)

    def change_altitude(self, order: Order, sender: Sender) -> int | None:
        """Fly over the same place at an altitude of p1 in the frame p2."""
        if not math.isfinite(order.p1) or order.p2 not in (*GLOBAL_AMSL, *GLOBAL_ABOVE_HOME):
            return self.refuse(sender, f"Altitude denied: {order.p1:g} m in frame {order.p2:g}")
        there = order._replace(x=math.nan, y=math.nan, z=order.p1, frame=int(order.p2))
        place = local_place(self.vehicle, there)
        self.check_inside(place)
        return self.ask(order, sender, Demand.GOTO, (*place, None, None))

    def orbit(self, order: Order, sender: Sender) -> int | None:
        """Fly a circle: p1 radius, negative counter-clockwise, p2 speed."""
        meant = as_meant(self.vehicle, order)
        place = local_place(self.vehicle, meant)
        if meant.frame != order.frame:
            what = "above sea level" if meant.frame in GLOBAL_AMSL else "above home"
            self.link.say(f"Orbit: {order.z:g} m is taken as {what}", NOTICE, sender)
        radius, speed = given(order.p1), given(order.p2)
        if radius is not None and not 1.0 <= abs(radius) <= 1000.0:
            raise ValueError(f"a radius of {radius:g} m is out of range; 1 to 1000 m")
        if speed is not None and abs(speed) > FASTEST:
            raise ValueError(f"a speed of {speed:g} m/s is too fast")
        here = floats(self.vehicle.command.estimate.p_ned)
        centre = [h if p is None else p for p, h in zip(place, here, strict=True)]
        usual_m = self.vehicle.parameter("NAV_LOITER_RAD")
        self.check_inside((centre[0], centre[1], place[2]), abs(usual_m if radius is None else radius))
        from ground.link.streams import Streams

        telemetry = self.link.service(Streams).telemetry  # type: ignore[attr-defined]
        telemetry.circle = (radius or 0.0, centre)
        return self.ask(order, sender, Demand.ORBIT, (*place, radius, speed))

    def turn(self, order: Order, sender: Sender) -> int | None:
        """Turn to a heading of p1 degrees, or by it when p4 is 1, to the side p3."""
        if not math.isfinite(order.p1) or abs(order.p1) > 360.0:
            return self.refuse(sender, f"Heading denied: {order.p1:g} deg; 0 to 360")
        angle = math.radians(order.p1)
        if order.p4 == 1.0:
            yaw = euler(floats(self.vehicle.command.estimate.q_ned_frd))[2]
            angle = yaw + (-angle if order.p3 == -1.0 else angle)
        wrapped = math.atan2(math.sin(angle), math.cos(angle))
        self.look_nowhere()
        return self.ask(order, sender, Demand.YAW, (wrapped,))

    def look_nowhere(self) -> None:
        """End a region of interest: the newest word on the heading holds."""
        self.link.service(Gaze).forget()  # type: ignore[attr-defined]

    def change_speed(self, order: Order, sender: Sender) -> int | None:
        """Fly at p2 m/s; -1 changes nothing, -2 goes back to the usual speed."""
        if order.p2 == -1.0:
            return ACCEPTED
        if order.p2 == USUAL_SPEED:
            return self.ask(order, sender, Demand.SPEED)
        if not 0.0 < order.p2 <= FASTEST:
            return self.refuse(sender, f"Speed denied: {order.p2:g} m/s; above 0 to {FASTEST:g}")
        return self.ask(order, sender, Demand.SPEED, (order.p2,))

    def set_home(self, order: Order, sender: Sender) -> int | None:
        """Put home here (p1 1) or where the command says."""
        if order.p1 == 1.0:
            return self.ask(order, sender, Demand.SET_HOME)
        place = local_place(self.vehicle, order)
        if None in place:
            return self.refuse(sender, "Home denied: latitude, longitude and altitude are all needed")
        return self.ask(order, sender, Demand.SET_HOME, place)

    def pause(self, order: Order, sender: Sender) -> int | None:
        """Hold (p1 0), or go on with the mission (p1 1)."""
        if order.p1 == 0.0:
            return self.ask(order, sender, Demand.HOLD)
        if order.p1 == 1.0:
            return self.enter(order, sender, Mode.MISSION)
        return self.refuse(sender, f"Pause denied: {order.p1:g}; 0 pauses, 1 goes on")

    def guide(self, order: Order, sender: Sender) -> int | None:
        """Fly what a program streams (p1 1), or hold."""
        if order.p1 > 0.5:
            return self.ask(order, sender, Demand.MODE, (float(Mode.OFFBOARD),))
        return self.ask(order, sender, Demand.HOLD)

    def reboot(self, order: Order, sender: Sender) -> int | None:
        """Switch the vehicle off and on again."""
        if order.p1 == 0.0:
            return ACCEPTED
        if order.p1 not in REBOOTS:
            return self.refuse(sender, f"Reboot denied: {order.p1:g}; 1 reboots, nothing here can shut down")
        return self.ask(order, sender, Demand.REBOOT)
