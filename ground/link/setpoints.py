"""Offboard: a program's setpoints, whatever message, frame and type mask they come in, as one record of the core."""

import math

import numpy as np

from flight.inputs import OFFBOARD, Use
from flight.modes import Level
from flight.record import rows
from flight.vector import Vec3
from ground.link.dialect import mavlink
from ground.link.one_at_a_time import OneAtATime
from ground.link.places import GLOBAL_ABOVE_HOME, GLOBAL_AMSL, amsl, turned
from ground.link.service import Link, Message, Microservice, Sender
from ground.link.telemetry import euler, floats
from ground.link.vehicle import Vehicle

# Fields a type mask may switch off: first bit, fields, what their use is called.
XY, Z = (0, 1), (2,)
IGNORE_YAW, IGNORE_YAW_RATE, IS_FORCE = 1 << 10, 1 << 11, 1 << 9
IGNORE_RATES, IGNORE_THRUST, IGNORE_ATTITUDE = 7, 64, 128
LOCAL_NED, LOCAL_OFFSET, BODY_NED, BODY_OFFSET, BODY_FRD = 1, 7, 8, 9, 12
HEADING_FRAMES = (BODY_NED, BODY_OFFSET, BODY_FRD)
# Who streams has the vehicle for itself as long as no gap is longer.
OWNED_S = 1.0


class Setpoints(Microservice):
    """Passes on the setpoints of one program at a time."""

    messages = ("SET_POSITION_TARGET_LOCAL_NED", "SET_POSITION_TARGET_GLOBAL_INT", "SET_ATTITUDE_TARGET")
    capabilities = (
        mavlink.MAV_PROTOCOL_CAPABILITY_SET_POSITION_TARGET_LOCAL_NED
        | mavlink.MAV_PROTOCOL_CAPABILITY_SET_POSITION_TARGET_GLOBAL_INT
        | mavlink.MAV_PROTOCOL_CAPABILITY_SET_ATTITUDE_TARGET
    )

    def __init__(self, vehicle: Vehicle, link: Link) -> None:
        super().__init__(vehicle, link)
        self.stream = OneAtATime(link, "Offboard setpoints", OWNED_S)

    def handle(self, message: Message, sender: Sender, link: Link) -> None:
        """Pass on a sound setpoint of the program that streams."""
        is_attitude = message.get_type() == "SET_ATTITUDE_TARGET"
        row = attitude_of(message) if is_attitude else self.place_of(message)
        if row is None or not is_sound(row):
            self.stream.complain(
                "Offboard setpoint ignored: not finite, out of range, or nothing in it", sender
            )
        elif self.stream.admits(sender):
            self.vehicle.stream_offboard(row[0])

    def place_of(self, m: Message) -> np.recarray | None:
        """Return the record of a position, velocity or acceleration setpoint, None where it makes no sense."""
        uses = uses_of(m.type_mask)
        # dronekit's examples set the bit of a force together with those that ignore it.
        if uses is None or (uses & Use.ACCELERATION and m.type_mask & IS_FORCE):
            return None
        placed = self.placed(m)
        if placed is None:
            return None
        frame, point = placed
        yaw = self.heading
        is_turned = frame in HEADING_FRAMES
        v, a = Vec3(m.vx, m.vy, m.vz), Vec3(m.afx, m.afy, m.afz)
        row = rows(OFFBOARD)
        row[0].level = Level.POSITION if uses & (Use.POSITION_XY | Use.POSITION_Z) else Level.VELOCITY
        row[0].uses = uses
        fill(row[0].p_ned, point, uses & (Use.POSITION_XY | Use.POSITION_Z))
        fill(row[0].v_ned, turned(v, yaw) if is_turned else v, uses & (Use.VELOCITY_XY | Use.VELOCITY_Z))
        fill(row[0].a_ned, turned(a, yaw) if is_turned else a, uses & Use.ACCELERATION)
        offset = yaw if frame in (BODY_OFFSET, BODY_FRD) else 0.0
        row[0].yaw = wrapped(m.yaw + offset) if uses & Use.YAW else 0.0
        row[0].yaw_rate = m.yaw_rate if uses & Use.YAW_RATE else 0.0
        return blanked(row, uses)

    @property
    def heading(self) -> float:
        """Return the vehicle's yaw."""
        return euler(floats(self.vehicle.command.estimate.q_ned_frd))[2]

    def placed(self, m: Message) -> tuple[int, Vec3] | None:
        """Return a setpoint's frame and its place in local NED."""
        frame = m.coordinate_frame
        here = Vec3(*floats(self.vehicle.command.estimate.p_ned))
        if m.get_type() == "SET_POSITION_TARGET_LOCAL_NED":
            given = Vec3(m.x, m.y, m.z)
            if frame == LOCAL_NED:
                return frame, given
            if frame == LOCAL_OFFSET:
                return frame, Vec3(here.x + given.x, here.y + given.y, here.z + given.z)
            if frame not in HEADING_FRAMES:
                return None
            away = turned(given, self.heading)
            return frame, Vec3(here.x + away.x, here.y + away.y, here.z + away.z)
        if frame not in (*GLOBAL_AMSL, *GLOBAL_ABOVE_HOME):
            return None
        return self.placed_globally(m, here)

    def placed_globally(self, m: Message, here: Vec3) -> tuple[int, Vec3] | None:
        """Return a global setpoint's place; what the mask ignores may be anything."""
        has_place, has_height = m.type_mask & 3 == 0, m.type_mask & 4 == 0
        lat_deg, lon_deg = (1e-7 * m.lat_int, 1e-7 * m.lon_int) if has_place else (0.0, 0.0)
        if abs(lat_deg) > 90.0 or abs(lon_deg) > 180.0 or (has_height and not math.isfinite(m.alt)):
            return None
        now = self.vehicle.here
        if now is None:
            return None
        try:
            alt = amsl(self.vehicle, m.alt, m.coordinate_frame) if has_height else now.alt_amsl_m
        except ValueError:
            return None
        point = self.vehicle.local(*((lat_deg, lon_deg) if has_place else now[:2]), alt)
        return None if point is None else (m.coordinate_frame, point)


def uses_of(mask: int) -> int | None:
    """Return which parts of a setpoint are meant as Use flags, None for a mask that says half a vector or nothing."""
    uses = 0
    for first, xy, z in ((0, Use.POSITION_XY, Use.POSITION_Z), (3, Use.VELOCITY_XY, Use.VELOCITY_Z)):
        axes = ~mask >> first & 7
        if axes & 3 in (1, 2):
            return None
        uses |= (xy if axes & 3 else 0) | (z if axes & 4 else 0)
    if mask & 0x1C0 == 0:
        uses |= Use.ACCELERATION
    if uses == 0:
        return None
    return uses | (0 if mask & IGNORE_YAW else Use.YAW) | (0 if mask & IGNORE_YAW_RATE else Use.YAW_RATE)


def fill(field: np.ndarray, value: Vec3, is_meant: int) -> None:
    """Write a vector if it is meant."""
    field[:] = value if is_meant else (0.0, 0.0, 0.0)


def blanked(row: np.recarray, uses: int) -> np.recarray:
    """Return the record without the axes that are not meant, whatever stands in them."""
    for name, xy, z in (
        ("p_ned", Use.POSITION_XY, Use.POSITION_Z),
        ("v_ned", Use.VELOCITY_XY, Use.VELOCITY_Z),
    ):
        if not uses & xy:
            row[0][name][:2] = 0.0
        if not uses & z:
            row[0][name][2] = 0.0
    row[0].q_ned_frd[:] = (1.0, 0.0, 0.0, 0.0)
    return row


def wrapped(angle: float) -> float:
    """Return an angle within half a turn; NaN stays."""
    return math.atan2(math.sin(angle), math.cos(angle)) if math.isfinite(angle) else angle


def attitude_of(m: Message) -> np.recarray | None:
    """Return the record of an attitude or rate setpoint, None where the mask leaves nothing to fly."""
    row = rows(OFFBOARD)
    wish = row[0]
    if m.type_mask & IGNORE_THRUST or not 0.0 <= m.thrust <= 1.0:
        return None
    wish.thrust = m.thrust
    used = [not m.type_mask & 1 << k for k in range(3)]
    rates = (m.body_roll_rate, m.body_pitch_rate, m.body_yaw_rate)
    wish.omega_frd[:] = [rate if is_used else 0.0 for rate, is_used in zip(rates, used, strict=True)]
    if m.type_mask & IGNORE_ATTITUDE:
        if not all(used):
            return None
        wish.level = Level.RATE
        wish.q_ned_frd[:] = (1.0, 0.0, 0.0, 0.0)
        return row
    wish.level = Level.ATTITUDE
    size = math.sqrt(sum(part * part for part in m.q))
    if not 0.5 < size < 2.0:
        return None
    wish.q_ned_frd[:] = [part / size for part in m.q]
    return row


def is_sound(row: np.recarray) -> bool:
    """Tell whether every number of a setpoint is finite and none is absurd."""
    wish = row[0]
    numbers = [
        *wish.p_ned,
        *wish.v_ned,
        *wish.a_ned,
        *wish.q_ned_frd,
        *wish.omega_frd,
        wish.yaw,
        wish.yaw_rate,
    ]
    return all(math.isfinite(n) for n in numbers) and max(abs(float(n)) for n in numbers) < 1e5
