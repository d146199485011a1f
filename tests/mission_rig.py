"""A client of the mission protocol that answers what it is asked, and lists worth uploading."""

import math

import numpy as np

from ground.link.dialect import mavlink as m
from ground.link.fence_switch import FenceSwitch
from ground.link.gaze import Gaze
from ground.link.missions import Missions
from tests.link_rig import CLIENT, ORIGIN, Line, order

LAT, LON = round(ORIGIN.lat_deg * 1e7), round(ORIGIN.lon_deg * 1e7)
METRE = 90  # 1e-7 degrees of latitude
RELATIVE, MISSION_FRAME, TERRAIN = 6, 2, 11
OTHER = CLIENT._replace(system=254)


def item(command, *params, x=LAT, y=LON, z=10.0, frame=RELATIVE, kind=0):
    """Return an item as (frame, command, p1..p4, x, y, z, type)."""
    p = [*params, *[0.0] * (4 - len(params))]
    return (frame, command, *p, x, y, z, kind)


TAKEOFF = item(22)
AWAY = item(16, 2.0, 0, 0, math.nan, x=LAT + 100 * METRE, z=15.0)
HOME = item(20, frame=MISSION_FRAME, x=0, y=0, z=0.0)
MISSION = [
    TAKEOFF,
    item(178, 1.0, 7.0, -1.0, frame=MISSION_FRAME, x=0, y=0),
    AWAY,
    item(201),
    item(19, 5.0),
    HOME,
]
SQUARE = [
    item(5001, 4.0, x=LAT + a * METRE, y=LON + b * METRE, z=0.0, kind=1)
    for a, b in ((0, 0), (0, 9), (9, 9), (9, 0))
]
CIRCLE = item(5004, 30.0, z=0.0, kind=1)


def item_message(place, wanted, is_int=True, current=0):
    frame, command, *params, x, y, z, kind = wanted
    make = m.MAVLink_mission_item_int_message if is_int else m.MAVLink_mission_item_message
    where = (x, y) if is_int else (x * 1e-7, y * 1e-7)
    return make(1, 1, place, frame, command, current, 1, *params, *where, z, kind)


class Plans(Line):
    """A line on which other services find the missions."""

    def __init__(self) -> None:
        super().__init__()
        self.services: dict = {}

    def service(self, kind):
        return self.services[kind]


class Client:
    """A ground station that answers what it is asked."""

    def __init__(self, vehicle) -> None:
        self.vehicle, self.line = vehicle, Plans()
        self.service = self.line.services[Missions] = Missions(vehicle, self.line)
        self.gaze = self.line.services[Gaze] = Gaze(vehicle, self.line)
        self.service.tick(0.0)
        self.line.taken()

    def send(self, message, sender=CLIENT):
        self.service.handle(message, sender, self.line)
        return self.heard()

    def pass_by(self, seconds=0.05):
        self.service.tick(self.service.now + seconds)
        return self.heard()

    def heard(self):
        return [message for message in self.line.taken() if message.get_type() != "MISSION_CURRENT"]

    def upload(self, wanted, kind=0, is_int=True, count=None):
        """Upload a list; return the MAV_MISSION_RESULT, None without one."""
        heard = self.send(
            m.MAVLink_mission_count_message(1, 1, len(wanted) if count is None else count, kind)
        )
        for _ in range(10 * len(wanted) + 10):
            heard = heard or self.pass_by()
            if not heard:
                return None
            if heard[-1].get_type() == "MISSION_ACK":
                return heard[-1].type
            heard = self.send(item_message(heard[0].seq, wanted[heard[0].seq], is_int))
        return None

    def download(self, kind=0, is_int=True):
        """Return a list as items."""
        (count,) = self.send(m.MAVLink_mission_request_list_message(1, 1, kind))
        ask = m.MAVLink_mission_request_int_message if is_int else m.MAVLink_mission_request_message
        return [self.send(ask(1, 1, place, kind))[0] for place in range(count.count)]

    def switch_fence(self, wish):
        """Send MAV_CMD_DO_FENCE_ENABLE; return its result."""
        switch = FenceSwitch(self.vehicle, self.line)
        result = switch.commands[207](order(207, wish), CLIENT)
        self.pass_by()
        return self.line.results.pop() if result is None else result

    def told(self, kind):
        """Return the arguments and places of the demands of a kind."""
        return [(arguments, index) for demand, arguments, index in self.vehicle.demands if demand == kind]


def same(messages, wanted):
    """Tell whether what was read is what was uploaded; a NaN is equal to a NaN."""
    read = [
        (n.frame, n.command, n.param1, n.param2, n.param3, n.param4, n.x, n.y, n.z, n.mission_type)
        for n in messages
    ]
    return len(read) == len(wanted) and np.allclose(read, wanted, rtol=1e-7, atol=0.0, equal_nan=True)
