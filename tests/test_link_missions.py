"""Missions, fences and rally points over MAVLink: whole or not at all, read back equal, refused for a reason."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from pymavlink import mavwp

from flight.inputs import Demand, Fence
from flight.modes import Event, Item, Mode
from ground.link.dialect import mavlink as m
from ground.link.fence_switch import FenceSwitch
from ground.link.missions import Missions
from ground.link.service import DENIED, REJECTED
from ground.link.transfers import GIVE_UP_S
from ground.link.vehicle import Place
from tests.link_rig import CLIENT, ORIGIN, Line, PretendedVehicle, board, order

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
        self.missions: Missions | None = None

    def service(self, kind):
        assert kind is Missions
        return self.missions


class Client:
    """A ground station that answers what it is asked."""

    def __init__(self, vehicle) -> None:
        self.vehicle, self.line = vehicle, Plans()
        self.service = self.line.missions = Missions(vehicle, self.line)
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


@pytest.fixture
def vehicle(tmp_path):
    return PretendedVehicle(tmp_path)


@pytest.fixture
def client(vehicle):
    return Client(vehicle)


def same(messages, wanted):
    """Tell whether what was read is what was uploaded; a NaN is equal to a NaN."""
    read = [
        (n.frame, n.command, n.param1, n.param2, n.param3, n.param4, n.x, n.y, n.z, n.mission_type)
        for n in messages
    ]
    return len(read) == len(wanted) and np.allclose(read, wanted, rtol=1e-7, atol=0.0, equal_nan=True)


@pytest.mark.parametrize(
    ("kind", "wanted"), [(0, MISSION), (1, [*SQUARE, CIRCLE]), (2, [item(5100, kind=2)] * 3)]
)
@pytest.mark.parametrize("is_int", [True, False])
def test_what_was_uploaded_reads_back_equal(client, kind, wanted, is_int):
    assert client.upload(wanted, kind, is_int) == m.MAV_MISSION_ACCEPTED

    assert same(client.download(kind), wanted)
    older = client.download(kind, is_int=False)
    assert [n.seq for n in older] == list(range(len(wanted)))
    assert older[0].x == pytest.approx(wanted[0][6] * 1e-7, abs=4e-6)


def test_the_core_is_told_every_item_at_its_place_in_metres(client):
    client.upload(MISSION)

    told = client.told(Demand.MISSION_ITEM)
    kinds = [arguments[0] for arguments, _ in told]

    assert [index for _, index in told] == list(range(len(MISSION)))
    # What cannot be done here is a jump that is not taken: the vehicle flies past it.
    assert kinds == [Item.TAKEOFF, Item.SPEED, Item.WAYPOINT, Item.JUMP, Item.LOITER_TIME, Item.RETURN]
    assert told[2][0][1:4] == pytest.approx((100.07, 0.0, -15.0), abs=0.1)
    assert told[2][0][4] is None
    assert told[2][0][5] == 2.0
    assert told[1][0][6] == 7.0
    assert told[3][0][1:] == [0, 0]


def test_a_jump_for_ever_is_as_many_as_there_can_be(client):
    assert client.upload([TAKEOFF, AWAY, item(177, 1.0, -1.0, frame=MISSION_FRAME, x=0, y=0)]) == 0

    (arguments, place) = client.told(Demand.MISSION_ITEM)[-1]
    assert (place, arguments[:3]) == (2, [Item.JUMP, 1, 1000])


def test_what_has_no_height_may_come_with_any(client):
    assert client.upload([item(5100, z=30_000.0, kind=2)], 2) == 0
    assert client.upload([item(5003, 30.0, z=30_000.0, kind=1)], 1) == 0


def test_a_fence_and_rally_points_reach_the_core(client):
    assert client.upload([item(5000, z=0.0, kind=1), *SQUARE, CIRCLE], 1) == m.MAV_MISSION_ACCEPTED
    client.upload([item(5100, x=LAT + 100 * METRE, kind=2)], 2)

    points = [arguments for arguments, _ in client.told(Demand.FENCE_POINT)]
    (rally,) = client.told(Demand.RALLY_POINT)

    assert [p[0] for p in points] == [Fence.POLYGON_INSIDE] * 4 + [Fence.CIRCLE_OUTSIDE]
    assert [p[3] for p in points] == [4.0] * 4 + [30.0]
    assert rally[0] == pytest.approx((100.07, 0.0), abs=0.1)


BAD = {
    "NaN altitude": (item(16, z=math.nan), m.MAV_MISSION_INVALID_PARAM7),
    "infinite altitude": (item(16, z=math.inf), m.MAV_MISSION_INVALID_PARAM7),
    "absurd altitude": (item(16, z=1e9), m.MAV_MISSION_INVALID_PARAM7),
    "latitude of 95 degrees": (item(16, x=950_000_000), m.MAV_MISSION_INVALID_PARAM5_X),
    "longitude of 190 degrees": (item(16, y=1_900_000_000), m.MAV_MISSION_INVALID_PARAM6_Y),
    "infinite wait": (item(16, math.inf), m.MAV_MISSION_INVALID_PARAM1),
    "negative wait": (item(19, -5.0), m.MAV_MISSION_INVALID_PARAM1),
    "heading of a thousand": (item(16, 0, 0, 0, 1000.0), m.MAV_MISSION_INVALID_PARAM4),
    "unknown command": (item(7777), m.MAV_MISSION_UNSUPPORTED),
    "a plane's landing": (item(85), m.MAV_MISSION_UNSUPPORTED),
    "terrain frame": (item(16, frame=TERRAIN), m.MAV_MISSION_UNSUPPORTED_FRAME),
    "local frame": (item(16, frame=1), m.MAV_MISSION_UNSUPPORTED_FRAME),
    "negative speed": (item(178, 1.0, -7.0), m.MAV_MISSION_INVALID_PARAM2),
    "NaN speed": (item(178, 1.0, math.nan), m.MAV_MISSION_INVALID_PARAM2),
    "less than no jump": (item(177, 0.0, -2.0), m.MAV_MISSION_INVALID_PARAM2),
    "jump past the end": (item(177, 9.0, 1.0), m.MAV_MISSION_INVALID_PARAM1),
    "relative turn": (item(115, 90.0, 0.0, 0.0, 1.0), m.MAV_MISSION_INVALID_PARAM4),
}


@pytest.mark.parametrize("name", BAD)
def test_an_item_that_cannot_be_flown_is_refused_for_its_reason_and_the_old_mission_stays(client, name):
    wrong, result = BAD[name]
    client.upload(MISSION)
    told = len(client.vehicle.demands)

    assert client.upload([TAKEOFF, wrong]) == result
    assert same(client.download(), MISSION)
    assert len(client.vehicle.demands) == told
    assert "Mission refused: " in client.line.texts[-1]


@pytest.mark.parametrize(
    ("wanted", "result"),
    [
        ([(*CIRCLE[:2], math.nan, *CIRCLE[3:])], m.MAV_MISSION_INVALID_PARAM1),
        ([(*CIRCLE[:2], -3.0, *CIRCLE[3:])], m.MAV_MISSION_INVALID_PARAM1),
        (SQUARE[:3], m.MAV_MISSION_INVALID_PARAM1),
        ([item(5001, 2.0, kind=1)] * 2, m.MAV_MISSION_INVALID_PARAM1),
        ([item(16, kind=1)], m.MAV_MISSION_UNSUPPORTED),
        ([item(5003, 5.0, x=950_000_000, kind=1)], m.MAV_MISSION_INVALID_PARAM5_X),
    ],
)
def test_a_fence_that_encloses_nothing_is_refused(client, wanted, result):
    assert client.upload(wanted, 1) == result
    assert client.download(1) == []


@pytest.mark.parametrize("is_int", [True, False])
def test_a_circle_of_no_size_at_nowhere_says_that_there_is_none(client, is_int):
    none = item(5003, 0.0, x=0, y=0, z=0.0, kind=1)

    assert client.upload([*SQUARE, none], 1, is_int) == m.MAV_MISSION_ACCEPTED
    assert same(client.download(1), [*SQUARE, none])
    assert len(client.told(Demand.FENCE_POINT)) == len(SQUARE)
    # At a place it would be a mistake: nobody can stay inside of it.
    assert client.upload([item(5003, 0.0, z=0.0, kind=1)], 1, is_int) == m.MAV_MISSION_INVALID_PARAM1


def test_a_fence_is_switched_off_kept_and_switched_on_again(client):
    client.upload([*SQUARE, CIRCLE], 1)
    points = client.told(Demand.FENCE_POINT)
    client.vehicle.demands.clear()

    assert client.switch_fence(0.0) == 0
    assert [kind for kind, _, _ in client.vehicle.demands] == [Demand.FENCE_CLEAR]
    assert same(client.download(1), [*SQUARE, CIRCLE])

    assert client.switch_fence(1.0) == 0
    assert client.told(Demand.FENCE_POINT) == points


def test_a_fence_loaded_while_it_is_off_is_on(client):
    client.switch_fence(0.0)

    client.upload([CIRCLE], 1)

    assert client.told(Demand.FENCE_POINT)


@pytest.mark.parametrize("wish", [2.0, -1.0, math.nan, math.inf])
def test_a_fence_is_on_or_off_and_nothing_else(client, wish):
    client.upload(SQUARE, 1)
    client.vehicle.demands.clear()

    assert client.switch_fence(wish) == DENIED
    assert not client.vehicle.demands
    assert client.line.texts


def test_a_core_that_refuses_the_fence_is_no_success(client):
    client.upload(SQUARE, 1)
    client.vehicle.refuse = lambda kind, arguments, index: "fence: full" if kind == Demand.FENCE_POINT else ""

    assert client.switch_fence(1.0) == REJECTED
    assert client.line.texts[-1] == "fence: full"


def counted(client, kind=0):
    """Return the MISSION_COUNT of a list."""
    return client.send(m.MAVLink_mission_request_list_message(1, 1, kind))[0]


def test_a_list_is_known_again_by_a_number_that_changes_with_it(client):
    assert [counted(client, kind).opaque_id for kind in (0, 1, 2)] == [0, 0, 0]
    acks = [answered(client, wanted) for wanted in (MISSION, MISSION[:-1], MISSION)]
    client.upload(SQUARE, 1)
    client.upload([TAKEOFF, item(7777)])
    current = client.service.progress.message()

    ids = [ack.opaque_id for ack in acks]
    assert ids[0] == ids[2] == counted(client).opaque_id == current.mission_id != 0
    assert ids[1] not in (0, ids[0])
    assert current.fence_id == counted(client, 1).opaque_id not in (0, ids[0])
    assert current.rally_points_id == 0


def answered(client, wanted):
    """Upload a list; return the MISSION_ACK."""
    (ask,) = client.send(m.MAVLink_mission_count_message(1, 1, len(wanted), 0))
    while ask.get_type() != "MISSION_ACK":
        heard = client.send(item_message(ask.seq, wanted[ask.seq])) or client.pass_by()
        ask = heard[-1]
    return ask


def test_a_mission_that_changed_is_told_at_once_by_its_number(client):
    client.upload(MISSION)
    client.service.tick(client.service.now + 0.01)
    client.line.taken()
    client.upload(SQUARE, 1)
    client.service.tick(client.service.now + 0.01)

    assert client.service.progress.told[-2] == counted(client, 1).opaque_id


class Busy:
    """A channel that has room now and then."""

    def __init__(self, *answers: bool) -> None:
        self.answers = list(answers)

    def has_room(self, size: float, now: float, is_answer: bool) -> bool:
        return not self.answers or self.answers.pop(0)


def test_an_item_asked_for_on_a_busy_channel_comes_when_there_is_room(client):
    client.upload(MISSION)
    busy = CLIENT._replace(channel=Busy(False, False, False))

    at_once = client.send(m.MAVLink_mission_request_int_message(1, 1, 2, 0), busy)
    later = [client.pass_by(0.002) for _ in range(4)]

    assert at_once == []
    assert [[n.seq for n in heard] for heard in later] == [[], [], [2], []]


def test_more_items_than_fit_and_unknown_lists_are_refused_at_once(client):
    assert client.upload([], count=501) == m.MAV_MISSION_NO_SPACE
    assert client.upload([], count=65535) == m.MAV_MISSION_NO_SPACE
    assert client.upload([], kind=1, count=200) == m.MAV_MISSION_NO_SPACE
    (ack,) = client.send(m.MAVLink_mission_count_message(1, 1, 1, 77))
    assert ack.type == m.MAV_MISSION_UNSUPPORTED


def test_lost_requests_are_repeated_and_a_client_that_left_is_given_up(client):
    client.upload(MISSION)
    (first,) = client.send(m.MAVLink_mission_count_message(1, 1, 2, 0))
    heard = [client.pass_by(0.3) for _ in range(4)]
    (second,) = client.send(item_message(0, TAKEOFF))
    repeated = client.send(item_message(0, TAKEOFF))
    early = client.send(item_message(7, AWAY))
    after = [message for _ in range(30) for message in client.pass_by(0.3)]

    assert first.get_type() == "MISSION_REQUEST_INT"
    assert all(messages[0].seq == 0 for messages in heard)
    assert heard[-1][-1].get_type() == "MISSION_REQUEST", "an old client knows only the float form"
    assert (second.seq, repeated, early[0].seq) == (1, [], 1)
    assert after[-1].type == m.MAV_MISSION_OPERATION_CANCELLED
    assert client.service.now > GIVE_UP_S
    assert same(client.download(), MISSION)


def test_an_upload_survives_loss_and_any_order_of_messages(tmp_path):
    for seed in range(6):
        random = np.random.default_rng(seed)
        client = Client(PretendedVehicle(tmp_path / str(seed)))
        heard = client.send(m.MAVLink_mission_count_message(1, 1, len(MISSION), 0))
        result = None
        for _ in range(400):
            heard = [message for message in heard if random.random() > 0.3] or client.pass_by(0.1)
            answers = [h for h in heard if h.get_type() == "MISSION_ACK"]
            if answers:
                result = answers[0].type
                break
            asked = [h.seq for h in heard]
            noise = [int(random.integers(len(MISSION)))] if random.random() < 0.2 else []
            sent = [n for n in asked + noise if random.random() > 0.3]
            heard = [h for n in sent for h in client.send(item_message(n, MISSION[n]))]
        assert result in (m.MAV_MISSION_ACCEPTED, m.MAV_MISSION_ERROR, None)
        if not client.service.uploads:
            assert same(client.download(), MISSION)


def test_a_last_item_whose_answer_was_lost_is_answered_again(client):
    client.upload(MISSION)

    (ack,) = client.send(item_message(len(MISSION) - 1, HOME))

    assert ack.type == m.MAV_MISSION_ACCEPTED


def test_two_clients_download_at_once_but_only_one_uploads(client):
    client.upload(MISSION)
    client.send(m.MAVLink_mission_count_message(1, 1, 2, 0))

    (refused,) = client.send(m.MAVLink_mission_count_message(1, 1, 2, 0), OTHER)
    (count,) = client.send(m.MAVLink_mission_request_list_message(1, 1, 0), OTHER)

    assert refused.type == m.MAV_MISSION_DENIED
    assert refused.target_system == OTHER.system
    assert count.count == len(MISSION)


def test_cancelling_keeps_the_old_mission_and_clearing_empties_every_list(client):
    client.upload(MISSION)
    client.upload([CIRCLE], 1)
    client.send(m.MAVLink_mission_count_message(1, 1, 1, 0))
    client.send(m.MAVLink_mission_ack_message(1, 1, m.MAV_MISSION_OPERATION_CANCELLED, 0))

    assert not client.service.uploads
    assert same(client.download(), MISSION)
    (ack,) = client.send(m.MAVLink_mission_clear_all_message(1, 1, 255))
    assert (ack.type, ack.mission_type) == (m.MAV_MISSION_ACCEPTED, 255)
    assert client.download() == client.download(1) == []
    assert client.told(Demand.MISSION_CLEAR)
    assert client.told(Demand.FENCE_CLEAR)


def test_a_part_of_a_mission_is_replaced(client):
    client.upload(MISSION)
    heard = client.send(m.MAVLink_mission_write_partial_list_message(1, 1, 2, 3, 0))
    new = [item(16, z=20.0), item(16, z=30.0)]
    heard = client.send(item_message(heard[0].seq, new[0]))
    client.send(item_message(heard[0].seq, new[1]))
    (ack,) = client.pass_by()

    assert ack.type == m.MAV_MISSION_ACCEPTED
    assert same(client.download(), [*MISSION[:2], *new, *MISSION[4:]])
    (wrong,) = client.send(m.MAVLink_mission_write_partial_list_message(1, 1, 5, 9, 0))
    (count,) = client.send(m.MAVLink_mission_request_partial_list_message(1, 1, 2, -1, 0))
    assert wrong.type == m.MAV_MISSION_INVALID_SEQUENCE
    assert count.count == 4


def test_an_item_that_is_not_there_is_an_error(client):
    client.upload(MISSION)

    (ack,) = client.send(m.MAVLink_mission_request_int_message(1, 1, 99, 0))

    assert ack.type == m.MAV_MISSION_INVALID_SEQUENCE


def test_what_the_core_refuses_does_not_replace_the_old_mission(client):
    client.upload(MISSION)
    client.vehicle.refuse = lambda kind, arguments, index: "too many" if index == 1 else ""

    result = client.upload([TAKEOFF, AWAY])

    assert result == m.MAV_MISSION_ERROR
    assert same(client.download(), MISSION)


def test_without_a_position_a_mission_waits_for_it(client, vehicle):
    vehicle.place_of_origin = None
    client.service.core.earth = None

    assert client.upload(MISSION) == m.MAV_MISSION_ACCEPTED
    assert not client.told(Demand.MISSION_ITEM)
    vehicle.place_of_origin = ORIGIN
    client.pass_by()
    assert len(client.told(Demand.MISSION_ITEM)) == len(MISSION)


def test_heights_follow_home(client, vehicle):
    client.upload(MISSION)
    before = client.told(Demand.MISSION_ITEM)[2][0][3]
    vehicle.place_of_home = Place(*ORIGIN[:2], ORIGIN.alt_amsl_m + 3.0)
    vehicle.happenings = [SimpleNamespace(code=Event.HOME_SET, value=0.0)]

    client.pass_by()
    after = client.told(Demand.MISSION_ITEM)[-len(MISSION) + 2][0][3]

    assert after - before == pytest.approx(-3.0)
    assert len(client.told(Demand.MISSION_CLEAR)) == 1, "a mission under way keeps its place"


def test_lists_are_there_again_after_a_restart(client, vehicle):
    client.upload(MISSION)
    client.upload([*SQUARE, CIRCLE], 1)
    while client.service.saver.is_busy:
        client.pass_by(0.001)

    vehicle.demands.clear()
    again = Client(vehicle)

    assert same(again.download(), MISSION)
    assert same(again.download(1), [*SQUARE, CIRCLE])
    assert len(again.told(Demand.MISSION_ITEM)) == len(MISSION)


def fly(client, *steps):
    """Let the core say where it is; return the reached items in order."""
    vehicle = client.vehicle
    vehicle.said.arming, vehicle.said.mode = 1, int(Mode.MISSION)
    for index, reached in steps:
        vehicle.said.mission_index = index
        codes = [] if reached is None else [SimpleNamespace(code=Event.ITEM_REACHED, value=float(reached))]
        vehicle.happenings = codes
        client.service.tick(client.service.now + 0.1)
    vehicle.happenings = []
    return [n.seq for n in client.line.taken() if n.get_type() == "MISSION_ITEM_REACHED"]


def test_progress_counts_every_item_in_order(client):
    client.upload(MISSION)

    reached = fly(client, (0, None), (2, 0), (2, None), (4, 2), (5, 4), (6, 5))

    assert reached == [0, 1, 2, 3, 4, 5]


def test_the_present_item_is_told_with_the_state_of_the_mission(client, vehicle):
    empty = client.service.progress.message()
    client.upload(MISSION)
    waiting = client.service.progress.message()
    fly(client, (0, None), (2, 0))
    flown = client.service.progress.message()
    vehicle.said.mode = int(Mode.HOLD)
    client.service.tick(9.0)
    paused = client.service.progress.message()
    vehicle.happenings = [SimpleNamespace(code=Event.MISSION_DONE, value=6.0)]
    vehicle.said.mission_index = 6
    client.service.tick(10.0)
    done = client.service.progress.message()

    states = [s.mission_state for s in (empty, waiting, flown, paused, done)]
    assert states == [1, 2, 3, 4, 5]
    assert [s.seq for s in (flown, paused, done)] == [2, 2, 5]
    assert done.total == len(MISSION)


def test_choosing_an_item_asks_the_core_and_a_wrong_one_is_denied(client):
    client.upload(MISSION)
    progress = client.service.progress

    assert progress.set_current(order(224, 2.0), CLIENT) is None
    client.send(m.MAVLink_mission_set_current_message(1, 1, 4))
    assert [index for _, index in client.told(Demand.MISSION_SET)] == [2, 4]
    for wrong in (6.0, -3.0, math.nan, 1.5, math.inf):
        assert progress.set_current(order(224, wrong), CLIENT) == m.MAV_RESULT_DENIED
        assert progress.start(order(300, abs(wrong)), CLIENT) in (m.MAV_RESULT_DENIED, None)
    assert "the mission has 6" in client.line.texts[-1]


def test_a_mission_uploaded_while_it_is_flown_begins_with_its_first_item(client):
    client.upload(MISSION)
    fly(client, (2, 0))

    assert client.upload([TAKEOFF, AWAY]) == m.MAV_MISSION_ACCEPTED

    assert client.vehicle.demands[-1] == (Demand.MISSION_START, [], 0)


def test_setting_home_by_an_item_happens_when_it_is_passed(client):
    client.upload([TAKEOFF, item(179, 1.0), AWAY])

    fly(client, (0, None), (2, 0))

    assert len(client.told(Demand.SET_HOME)) == 1


def test_an_item_marked_go_there_is_flown_at_once(client):
    (ack,) = client.send(item_message(0, AWAY, is_int=False, current=2))

    (goto,) = client.told(Demand.GOTO)
    assert ack.type == m.MAV_MISSION_ACCEPTED
    assert goto[0][0] == pytest.approx(100.07, abs=0.5)


@pytest.mark.parametrize("seed", range(4))
def test_random_messages_leave_a_list_that_can_be_read(vehicle, seed):
    random = np.random.default_rng(seed)
    client = Client(vehicle)
    numbers = [0.0, 1.0, -1.0, math.nan, math.inf, 1e38, 5.0]
    for _ in range(1500):
        kind = int(random.choice([0, 0, 1, 2, 3, 255]))
        place = int(random.choice([0, 1, 2, 3, 500, 65535]))
        params = random.choice(numbers, 5)
        wanted = (
            int(random.integers(12)),
            int(random.choice([16, 22, 20, 177, 178, 5001, 5004, 5100, 9])),
            *params[:4],
        )
        where = (int(random.choice([LAT, 2**31 - 1, -(2**31)])), LON, params[4], kind)
        message = random.choice(
            [
                m.MAVLink_mission_count_message(1, 1, int(random.choice([0, 1, 2, 3, 600])), kind),
                item_message(place, wanted + where),
                item_message(place, (*wanted, 0, 0, params[4], kind), is_int=False),
                m.MAVLink_mission_request_int_message(1, 1, place, kind),
                m.MAVLink_mission_ack_message(1, 1, int(random.integers(16)), kind),
                m.MAVLink_mission_clear_all_message(1, 1, kind),
                m.MAVLink_mission_write_partial_list_message(1, 1, place % 5 - 1, place % 7, kind),
                m.MAVLink_mission_request_list_message(1, 1, kind),
                m.MAVLink_mission_set_current_message(1, 1, place),
            ]
        )
        client.send(message, CLIENT if random.random() < 0.8 else OTHER)
        client.pass_by(0.05)

    for _ in range(40):
        client.pass_by(0.5)
    assert not client.service.uploads
    assert client.upload(MISSION) == m.MAV_MISSION_ACCEPTED
    assert same(client.download(), MISSION)
    for demand, arguments, _ in vehicle.demands:
        assert all(math.isfinite(a) for a in arguments if a is not None), Demand(demand)


def test_pymavlinks_own_waypoint_list_goes_up_and_down_under_loss(vehicle):
    loader = mavwp.MAVWPLoader(1, 1)
    for i in range(12):
        loader.add_latlonalt(ORIGIN.lat_deg + i * 1e-5, ORIGIN.lon_deg, 10.0 + i)
    with board(lambda line: [Missions(vehicle, line)], loss=0.05) as client:
        result, back = None, {}
        for _ in range(10):
            client.waypoint_count_send(loader.count())
            while (
                n := client.recv_match(
                    type=["MISSION_REQUEST", "MISSION_REQUEST_INT", "MISSION_ACK"], blocking=True, timeout=1.0
                )
            ) is not None:
                if n.get_type() == "MISSION_ACK":
                    result = n.type
                    break
                client.mav.send(loader.wp(n.seq))
            if result is not None:
                break
        for _ in range(200):
            missing = [i for i in range(loader.count()) if i not in back]
            if not missing:
                break
            client.mav.mission_request_int_send(1, 1, missing[0], 0)
            n = client.recv_match(type="MISSION_ITEM_INT", blocking=True, timeout=0.2)
            if n is not None:
                back[n.seq] = n

    assert result == m.MAV_MISSION_ACCEPTED
    assert [back[i].z for i in range(12)] == [10.0 + i for i in range(12)]
    assert back[11].x == pytest.approx(LAT + 1100, abs=40)
