"""Parameters over MAVLink: every row of the table, complete under loss, refused without harm, kept over a restart."""

import math
import struct
import time

import numpy as np
import pytest
from pymavlink import mavparm

from flight import params
from ground.link import parameter_file
from ground.link import parameter_wire as wire
from ground.link.dialect import mavlink
from ground.link.failures import Failures
from ground.link.parameters import Parameters
from ground.link.services import SERVICES
from tests.link_rig import CLIENT, Line, PretendedVehicle, board, order

COUNT = len(parameter_file.TABLE)
REAL32, INT32 = 9, 6


@pytest.fixture
def vehicle(tmp_path):
    return PretendedVehicle(tmp_path)


@pytest.fixture
def line():
    return Line()


@pytest.fixture
def service(vehicle, line):
    return Parameters(vehicle, line)


def set_message(name, value, kind=REAL32):
    if kind == INT32:
        value = struct.unpack("<f", struct.pack("<i", value))[0]
    return mavlink.MAVLink_param_set_message(1, 1, name.encode(), value, kind)


def ask(service, line, message):
    """Return what a request is answered with."""
    line.taken()
    service.handle(message, CLIENT, line)
    service.tick(service.now + 0.01)
    return line.taken()


def listed(service, line, seconds):
    service.handle(mavlink.MAVLink_param_request_list_message(1, 1), CLIENT, line)
    for _ in range(round(seconds / 0.004)):
        service.tick(service.now + 0.004)
    return line.taken()


def test_the_whole_list_comes_in_a_second_with_stable_places(service, line):
    first, *rest = listed(service, line, 1.0)

    again = listed(service, line, 1.0)[1:]

    assert (first.param_id, first.param_index, first.param_count) == ("_HASH_CHECK", 0xFFFF, COUNT)
    assert [m.param_index for m in rest] == list(range(COUNT))
    assert [m.param_id for m in rest] == sorted(parameter_file.TABLE) == [m.param_id for m in again]


def test_a_value_read_back_is_the_one_the_vehicle_flies_with(service, line, vehicle):
    for message in listed(service, line, 1.0)[1:]:
        row = parameter_file.TABLE[message.param_id]
        raw = struct.pack("<f", message.param_value)
        told = struct.unpack("<i" if row.is_integer else "<f", raw)[0]
        held = vehicle.settings[row.id] if row.id not in params.BY_ID else vehicle.parameter(row.id)
        assert message.param_type == (INT32 if row.is_integer else REAL32)
        assert told == pytest.approx(held, rel=1e-6)


def test_a_client_that_asks_twice_still_gets_everything(service, line):
    listed(service, line, 0.1)

    got = {m.param_id for m in listed(service, line, 1.2)}

    assert len(got) == COUNT + 1


def test_the_checksum_is_the_one_ground_stations_compute(service, line):
    crc, table = 0, []
    for number in range(256):  # CRC-32 bit by bit, as in QGroundControl: begun with 0, not inverted.
        for _ in range(8):
            number = (number >> 1) ^ (0xEDB88320 if number & 1 else 0)
        table.append(number)
    for message in sorted(listed(service, line, 1.0)[1:], key=lambda m: m.param_id):
        for byte in message.param_id.encode() + struct.pack("<f", message.param_value):
            crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)

    request = mavlink.MAVLink_param_request_read_message(1, 1, b"_HASH_CHECK", -1)
    (told,) = ask(service, line, request)

    assert struct.pack("<f", told.param_value) == struct.pack("<I", crc)


@pytest.mark.parametrize("name", ["MIS_TAKEOFF_ALT", "FLW_TGT_HT"])
def test_the_checksum_changes_with_a_value_of_the_loop_and_with_one_of_the_link(service, line, name):
    request = mavlink.MAVLink_param_request_read_message(1, 1, b"_HASH_CHECK", -1)
    before = struct.pack("<f", ask(service, line, request)[0].param_value)

    ask(service, line, mavlink.MAVLink_param_set_message(1, 1, name.encode(), 3.5, 9))
    service.tick(service.now + 0.01)
    line.taken()
    after = struct.pack("<f", ask(service, line, request)[0].param_value)

    ask(service, line, mavlink.MAVLink_param_set_message(1, 1, name.encode(), 3.5, 9))
    service.tick(service.now + 0.01)
    line.taken()
    again = struct.pack("<f", ask(service, line, request)[0].param_value)

    assert before != after == again


def test_a_parameter_is_read_by_name_and_by_index(service, line):
    (by_name,) = ask(service, line, mavlink.MAVLink_param_request_read_message(1, 1, b"MIS_TAKEOFF_ALT", -1))

    (by_index,) = ask(
        service, line, mavlink.MAVLink_param_request_read_message(1, 1, b"", by_name.param_index)
    )

    assert by_index.param_id == "MIS_TAKEOFF_ALT"
    assert by_index.param_value == by_name.param_value == 2.5


def test_setting_a_parameter_tells_everyone_the_new_value(service, line, vehicle):
    (real,) = ask(service, line, set_message("MIS_TAKEOFF_ALT", 7.3))
    (whole,) = ask(service, line, set_message("NAV_RCL_ACT", 3, INT32))

    assert real.param_value == np.float32(7.3) == vehicle.parameter("MIS_TAKEOFF_ALT")
    assert struct.pack("<f", whole.param_value) == struct.pack("<i", 3)
    assert vehicle.parameter("NAV_RCL_ACT") == 3


def test_mavsdk_hears_that_it_has_just_allowed_failures(vehicle, line):
    # It takes the first PARAM_VALUE for the answer to its PARAM_SET, and only another one for news.
    line.service = lambda kind: next(s for s in services if isinstance(s, kind))
    services = [kind(vehicle, line) for kind in SERVICES if kind in (Parameters, Failures)]

    for value in (1, 0):
        for service in services:
            service.handle(set_message("SYS_FAILURE_EN", value, INT32), CLIENT, line)

    assert [wire.as_bytes(m.param_value)[0] for m in line.taken()] == [1, 1, 0, 0]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e38, -5.0])
def test_what_no_vehicle_can_fly_with_is_answered_with_the_old_value_and_a_reason(
    service, line, vehicle, value
):
    value_message, error = ask(service, line, set_message("MIS_TAKEOFF_ALT", value))

    assert value_message.param_value == 2.5 == vehicle.parameter("MIS_TAKEOFF_ALT")
    assert error.get_type() == "PARAM_ERROR"
    assert not vehicle.demands
    assert "MIS_TAKEOFF_ALT" in line.texts[0]
    assert "0.3 to 120 m" in line.texts[0]


@pytest.mark.parametrize(
    ("name", "kind"), [("MIS_TAKEOFF_ALT", INT32), ("NAV_RCL_ACT", REAL32), ("NAV_RCL_ACT", 1)]
)
def test_a_value_of_another_type_is_refused(service, line, vehicle, name, kind):
    before = vehicle.parameter(name)

    answer, error = ask(service, line, mavlink.MAVLink_param_set_message(1, 1, name.encode(), 1.0, kind))

    assert answer.param_id == name
    assert error.error == mavlink.MAV_PARAM_ERROR_PERMISSION_DENIED
    assert vehicle.parameter(name) == before


def test_an_unknown_name_is_an_error_not_silence(service, line):
    (error,) = ask(service, line, set_message("NO_SUCH", 1.0))
    (unread,) = ask(service, line, mavlink.MAVLink_param_request_read_message(1, 1, b"", 9999))

    assert error.error == unread.error == mavlink.MAV_PARAM_ERROR_DOES_NOT_EXIST


def test_what_the_loop_refuses_or_does_not_answer_keeps_the_old_value(service, line, vehicle):
    vehicle.refuse = lambda *_: "disarm first"
    refused = ask(service, line, set_message("MIS_TAKEOFF_ALT", 7.0))
    vehicle.is_silent = True
    service.handle(set_message("MIS_TAKEOFF_ALT", 8.0), CLIENT, line)
    for _ in range(100):
        service.tick(service.now + 0.01)

    assert refused[0].param_value == line.taken()[0].param_value == 2.5
    assert "disarm first" in line.texts[0]
    assert "does not answer" in line.texts[1]


def test_a_limit_that_float32_rounds_outwards_can_be_set(service, line, vehicle):
    for row in params.TABLE:
        for limit in (row.low, row.high):
            kind = INT32 if row.is_integer else REAL32
            answer = ask(service, line, set_message(row.id, int(limit) if row.is_integer else limit, kind))[0]
            assert row.low <= vehicle.parameter(row.id) <= row.high
            assert answer.get_type() == "PARAM_VALUE"
            assert vehicle.parameter(row.id) == pytest.approx(limit, rel=1e-6)


def test_the_extended_protocol_reads_lists_and_sets(service, line, vehicle):
    raw = struct.pack("<f", 6.5)
    (ack, told) = ask(
        service, line, mavlink.MAVLink_param_ext_set_message(1, 1, b"MIS_TAKEOFF_ALT", raw, REAL32)
    )
    request = mavlink.MAVLink_param_ext_request_read_message(1, 1, b"MIS_TAKEOFF_ALT", -1)
    (value,) = ask(service, line, request)
    bad = mavlink.MAVLink_param_ext_set_message(1, 1, b"MIS_TAKEOFF_ALT", struct.pack("<f", math.nan), REAL32)
    (refused,) = ask(service, line, bad)
    service.handle(mavlink.MAVLink_param_ext_request_list_message(1, 1), CLIENT, line)
    for _ in range(300):
        service.tick(service.now + 0.004)

    assert ack.param_result == mavlink.PARAM_ACK_ACCEPTED
    assert told.get_type() == "PARAM_VALUE"
    assert value._param_value_raw[:4] == raw
    assert refused.param_result == mavlink.PARAM_ACK_VALUE_UNSUPPORTED
    assert refused._param_value_raw[:4] == raw
    assert len({m.param_id for m in line.taken()}) == COUNT


def saved(service):
    """Let the service save and return what the file then holds."""
    for _ in range(1000):
        service.tick(service.now + 0.001)
        if not service.values.saver.is_busy:
            break
        time.sleep(0.001)
    return parameter_file.read(service.vehicle.parameter_file)


def test_what_was_set_is_flown_with_after_a_restart(service, line, vehicle, tmp_path):
    ask(service, line, set_message("MIS_TAKEOFF_ALT", 7.0))
    ask(service, line, set_message("SYS_FAILURE_EN", 1, INT32))

    kept = saved(service)
    restarted = PretendedVehicle(tmp_path)
    after = Parameters(restarted, line)
    after.tick(0.0)

    assert kept == {"MIS_TAKEOFF_ALT": 7.0, "SYS_FAILURE_EN": 1}
    assert restarted.parameter("MIS_TAKEOFF_ALT") == 7.0
    assert restarted.settings["SYS_FAILURE_EN"] == 1


def test_a_loop_that_restarts_gets_its_parameters_back(service, line, vehicle):
    ask(service, line, set_message("MIS_TAKEOFF_ALT", 7.0))
    vehicle._chosen = PretendedVehicle(vehicle.parameter_file.parent)._chosen
    vehicle.clock_us = 10

    service.tick(1.0)

    assert vehicle.parameter("MIS_TAKEOFF_ALT") == 7.0


def test_storage_commands_reset_to_the_airframe_and_never_in_flight(service, line, vehicle):
    ask(service, line, set_message("MIS_TAKEOFF_ALT", 7.0))
    vehicle.said.arming = 1
    in_flight = service.store(order(245, 2), CLIENT)
    vehicle.said.arming = 0
    done = service.store(order(245, 2), CLIENT)

    assert in_flight == mavlink.MAV_RESULT_TEMPORARILY_REJECTED
    assert done == mavlink.MAV_RESULT_ACCEPTED
    assert vehicle.parameter("MIS_TAKEOFF_ALT") == 2.5
    assert saved(service) == {}


def test_byte_wise_encoding_keeps_every_whole_number_there_is():
    row = params.BY_ID["NAV_RCL_ACT"]

    for value in (-(2**31), -1, 0, 1, 3, 2**31 - 1):
        raw = wire.packed(row, value)
        assert wire.as_bytes(wire.as_float(raw)) == raw


@pytest.mark.slow
def test_pymavlinks_own_client_gets_the_whole_list_under_loss(vehicle):
    with board(lambda line: [Parameters(vehicle, line)], loss=0.05) as client:
        found: dict[int, str] = {}
        client.mav.param_request_list_send(1, 1)
        end = time.monotonic() + 10.0
        while len(found) < COUNT and time.monotonic() < end:
            message = client.recv_match(type="PARAM_VALUE", blocking=True, timeout=0.3)
            if message is None:
                for index in set(range(COUNT)) - set(found):
                    client.mav.param_request_read_send(1, 1, b"", index)
            elif message.param_index < COUNT:
                found[message.param_index] = message.param_id
        stored = mavparm.MAVParmDict()
        stored.mavset(client, "MIS_TAKEOFF_ALT", 4.0, retries=5)

    assert [found[i] for i in range(COUNT)] == sorted(parameter_file.TABLE)
    assert vehicle.parameter("MIS_TAKEOFF_ALT") == 4.0
