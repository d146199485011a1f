"""Lists on their way over a link that loses messages and is shared: whole or not at all."""

import math

import numpy as np
import pytest
from pymavlink import mavwp

from flight.inputs import Demand
from ground.link.dialect import mavlink as m
from ground.link.missions import Missions
from ground.link.transfers import GIVE_UP_S
from ground.link.vehicle import Answer
from tests.link_rig import CLIENT, ORIGIN, PretendedVehicle, board
from tests.mission_rig import (
    AWAY,
    CIRCLE,
    HOME,
    LAT,
    LON,
    MISSION,
    OTHER,
    TAKEOFF,
    Client,
    item,
    item_message,
    same,
)


@pytest.fixture
def vehicle(tmp_path):
    return PretendedVehicle(tmp_path)


@pytest.fixture
def client(vehicle):
    return Client(vehicle)


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


def test_an_item_nobody_asked_for_is_no_success(client):
    client.upload(MISSION)

    (first,) = client.send(item_message(0, TAKEOFF))
    (others,) = client.send(item_message(len(MISSION) - 1, HOME), OTHER)
    client.send(m.MAVLink_mission_clear_all_message(1, 1, 0))
    (cleared,) = client.send(item_message(len(MISSION) - 1, HOME))

    assert [ack.type for ack in (first, others, cleared)] == [m.MAV_MISSION_ERROR] * 3
    assert "nobody asked for item 5" in client.line.texts[-1]


def test_a_last_item_that_comes_twice_waits_for_the_core_with_the_first(client, vehicle):
    vehicle.is_silent = True
    heard = client.send(m.MAVLink_mission_count_message(1, 1, 1, 0))
    for _ in range(2):
        heard = client.send(item_message(0, TAKEOFF))
        assert heard == []

    vehicle.replies = {serial + 1: Answer(True, "") for serial in range(len(vehicle.demands))}
    (ack,) = client.pass_by()

    assert ack.type == m.MAV_MISSION_ACCEPTED


def test_two_clients_download_at_once_but_only_one_uploads(client):
    client.upload(MISSION)
    client.send(m.MAVLink_mission_count_message(1, 1, 2, 0))

    (refused,) = client.send(m.MAVLink_mission_count_message(1, 1, 2, 0), OTHER)
    (count,) = client.send(m.MAVLink_mission_request_list_message(1, 1, 0), OTHER)

    assert refused.type == m.MAV_MISSION_DENIED
    assert refused.target_system == OTHER.system
    assert count.count == len(MISSION)


def test_a_client_that_was_restarted_uploads_from_another_port_at_once(client):
    client.send(m.MAVLink_mission_count_message(1, 1, 3, 0))
    client.send(item_message(0, TAKEOFF))
    restarted = CLIENT._replace(channel="another port")

    (first,) = client.send(m.MAVLink_mission_count_message(1, 1, 2, 0), restarted)
    (second,) = client.send(item_message(0, TAKEOFF), restarted)
    client.send(item_message(1, AWAY), restarted)
    (ack,) = client.pass_by()

    assert (first.get_type(), first.seq, second.seq) == ("MISSION_REQUEST_INT", 0, 1)
    assert ack.type == m.MAV_MISSION_ACCEPTED
    assert same(client.download(), [TAKEOFF, AWAY])


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
