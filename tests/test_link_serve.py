"""A vehicle that is served flies what pymavlink asks for, and nothing that hurts it."""

import json
import math
import os
import random
import signal
import socket
import time
from itertools import pairwise

import pytest

from ground.link.dialect import mavlink
from tests.served import NAN, Client, Served, is_ready

pytestmark = pytest.mark.slow
ACCEPTED, REJECTED, DENIED, UNSUPPORTED = 0, 1, 2, 3
ARM, TAKEOFF, LAND, REQUEST, INTERVAL = 400, 22, 21, 512, 511
CONDITION_YAW = 115
SPEED = 4.0


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Serve one vehicle for all tests here; Ctrl-C must end it in good order."""
    vehicle = Served(tmp_path_factory.mktemp("served"), "--speed", f"{SPEED:g}", "--seed", "3")
    yield vehicle
    code = vehicle.end()
    assert code == 130, (vehicle.folder / "serve.err").read_text()
    figures = json.loads((vehicle.folder / "serve.json").read_text())
    # One tick a millisecond, whatever was killed meanwhile.
    assert figures["ticks"] == pytest.approx(1e3 * figures["duration_s"], abs=1.5)


@pytest.fixture
def client(served):
    """Return a client of the vehicle, ready to fly and on the ground."""
    one = Client(served.port)
    one.get_ready()
    yield one
    one.command(ARM, 0, 21196)
    one.link.close()


def fly_up(client: Client, height_m: float = 5.0) -> None:
    """Arm and take off."""
    assert client.command(ARM, 1) == ACCEPTED, client.texts
    home = client.receive("HOME_POSITION")
    assert client.command(TAKEOFF, 0, 0, 0, NAN, NAN, NAN, 1e-3 * home.altitude + height_m) == ACCEPTED, (
        client.texts
    )
    assert client.position(lambda p: p.z < home.z - height_m + 0.3), client.texts


def come_down(client: Client) -> None:
    """Land and wait until disarmed."""
    assert client.command(LAND) == ACCEPTED
    assert client.receive("HEARTBEAT", where=lambda h: not h.base_mode & 128, timeout_s=120.0), client.texts


def test_it_says_who_it_is_and_what_it_can(client):
    wanted = (148, 242, 1, 245, 2, 30, 33, 147, 435, 436)

    answers = {number: client.command(REQUEST, number) for number in wanted}
    client.command(REQUEST, 148)
    client.mav.command_long_send(1, 0, REQUEST, 0, 148, 0, 0, 0, 0, 0, 0)
    version = client.receive("AUTOPILOT_VERSION")

    assert set(answers.values()) == {ACCEPTED}, answers
    assert version.capabilities & mavlink.MAV_PROTOCOL_CAPABILITY_COMMAND_INT
    assert version.vendor_id not in (0, 0x26AC), "PX4's boards have their own vendor"
    assert (
        any("Quadloop" in text for text in client.texts)
        or client.receive("STATUSTEXT", timeout_s=2.0) is None
    )


def test_commands_nobody_knows_are_refused_and_others_commands_left_alone(client):
    assert client.command(31999) == UNSUPPORTED
    assert client.command(REQUEST, 9999) == DENIED
    assert client.command(ARM, 1, system=77, timeout_s=1.0) is None
    client.mav.command_int_send(1, 1, 0, 31998, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    assert client.receive("COMMAND_ACK", where=lambda a: a.command == 31998).result == UNSUPPORTED


def test_rates_are_what_was_asked_for(client, record_property):
    wanted = {30: (50.0, "ATTITUDE"), 105: (25.0, "HIGHRES_IMU"), 32: (10.0, "LOCAL_POSITION_NED")}
    for number, (rate, _) in wanted.items():
        assert client.command(INTERVAL, number, 1e6 / rate) == ACCEPTED
    assert client.command(INTERVAL, 74, -1) == ACCEPTED

    seen: dict[str, list[float]] = {}
    sequence: list[int] = []
    until_s = time.monotonic() + 4.0
    while time.monotonic() < until_s:
        message = client.link.recv_match(blocking=True, timeout=1.0)
        seen.setdefault(message.get_type(), []).append(time.monotonic())
        sequence.append(message.get_seq())

    for rate, name in wanted.values():
        times = seen[name]
        measured = (len(times) - 1) / (times[-1] - times[0])
        record_property(f"rate of {name}, asked for {rate:g} Hz", f"{measured:.2f} Hz")
        assert measured == pytest.approx(rate, rel=0.1)
    assert "VFR_HUD" not in seen
    gaps = sum((b - a) % 256 != 1 for a, b in pairwise(sequence[10:]))
    assert gaps <= 0.03 * len(sequence)


def test_times_and_pings_are_answered(client):
    client.mav.timesync_send(0, 12345)
    assert client.receive("TIMESYNC", where=lambda t: t.ts1 == 12345).tc1 > 0
    client.mav.ping_send(1, 42, 0, 0)
    assert client.receive("PING").seq == 42


def test_it_takes_off_goes_and_lands(client, record_property):
    fly_up(client)
    height = -client.track(4.0)[-1].z
    assert height == pytest.approx(5.0, abs=0.3)

    home = client.receive("HOME_POSITION")
    north = round(home.latitude + 20.0 / 1.11132954e5 * 1e7)
    client.mav.command_int_send(
        1, 1, 0, 192, 0, 0, -1, 1, 0, NAN, north, home.longitude, 1e-3 * home.altitude + 5.0
    )
    assert client.receive("COMMAND_ACK", where=lambda a: a.command == 192).result == ACCEPTED
    track = client.track(14.0)
    end = track[-1]

    record_property("take-off to 5 m, height", f"{height:.2f} m")
    record_property(
        "go-to 20 m: error, overshoot", f"{abs(end.x - 20):.2f} m, {max(p.x for p in track) - 20:.2f} m"
    )
    assert math.hypot(end.x - 20.0, end.y) < 0.5
    assert max(p.x for p in track) < 20.5
    assert -end.z == pytest.approx(5.0, abs=0.3)
    assert client.command(20) == ACCEPTED
    assert client.receive("HEARTBEAT", where=lambda h: not h.base_mode & 128, timeout_s=120.0), client.texts
    landed = client.position()
    record_property("return lands off home by", f"{math.hypot(landed.x, landed.y):.2f} m")
    assert math.hypot(landed.x, landed.y) < 0.5


def test_what_makes_no_sense_is_denied_with_a_reason(client):
    assert client.command(ARM, 7) == DENIED
    assert client.command(TAKEOFF, 0, 0, 0, NAN, 95.0, 8.0, 500.0) == DENIED
    assert client.command(176, 1, 99, 0) == DENIED
    assert client.command(192, -1, 1, 0, NAN, math.inf, 8.0, 500.0) == DENIED
    assert client.command(TAKEOFF, 0, 0, 0, NAN, NAN, NAN, NAN) == REJECTED, "not armed"
    assert sum("denied" in text.lower() for text in client.texts) >= 4, client.texts
    assert not client.receive("HEARTBEAT").base_mode & 128


def stream(client: Client, seconds: float, **fields: float) -> None:
    """Send position setpoints at 20 Hz or more while so many of the vehicle's seconds pass."""
    values = {"x": 0.0, "y": 0.0, "z": -5.0, "yaw": 0.0} | fields
    client.position()
    until_s = client.vehicle_s + seconds
    while client.vehicle_s < until_s:
        client.mav.set_position_target_local_ned_send(
            0,
            1,
            1,
            1,
            0b100111111000,
            values["x"],
            values["y"],
            values["z"],
            0,
            0,
            0,
            0,
            0,
            0,
            values["yaw"],
            0,
        )
        client.receive("LOCAL_POSITION_NED", timeout_s=0.05)


def test_offboard_needs_a_stream_follows_it_and_is_left_when_it_stops(client):
    fly_up(client)
    assert client.command(176, 1, 6, 0) == REJECTED, "no stream, no offboard"

    stream(client, 2.0)
    assert client.command(176, 1, 6, 0) == ACCEPTED, client.texts
    stream(client, 8.0, x=6.0, y=3.0)
    before = client.position()
    stream(client, 2.0, x=NAN)
    after = client.position()
    gone = client.receive("HEARTBEAT", where=lambda h: h.custom_mode >> 16 & 0xFF != 6, timeout_s=30.0)

    assert math.dist((before.x, before.y, before.z), (6.0, 3.0, -5.0)) < 0.5
    assert math.dist((before.x, before.y, before.z), (after.x, after.y, after.z)) < 0.5
    assert gone is not None
    come_down(client)


def test_a_pilot_flies_by_manual_control_and_losing_it_holds(client):
    fly_up(client)
    client.mav.manual_control_send(1, 0, 0, 500, 0, 0)
    assert client.command(176, 1, 3, 0) == ACCEPTED, client.texts

    until_s = client.vehicle_s + 6.0
    while client.vehicle_s < until_s:
        client.mav.manual_control_send(1, 500, 0, 500, 0, 0)
        client.receive("LOCAL_POSITION_NED", timeout_s=0.03)
    moved = client.position()
    client.receive("STATUSTEXT", where=lambda t: "pilot" in t.text.lower(), timeout_s=20.0)
    held = client.receive("HEARTBEAT", where=lambda h: h.custom_mode >> 16 & 0xFF == 4, timeout_s=20.0)

    assert math.hypot(moved.x, moved.y) > 2.0
    assert held is not None, client.texts
    come_down(client)


def test_garbage_changes_nothing(served, client):
    fly_up(client)
    before = client.track(8.0)[-1]
    chance = random.Random(5)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hostile:
        for k in range(4000):
            data = chance.randbytes(chance.randrange(1, 300))
            hostile.sendto((b"\xfd" if k % 3 else b"") + data, ("127.0.0.1", served.port))
    nan_flood = Client(served.port, system=254)
    for _ in range(500):
        nan_flood.mav.set_position_target_local_ned_send(
            0, 1, 1, 1, 0xDF8, NAN, math.inf, 0, *[NAN] * 6, 0, 0
        )
        nan_flood.mav.command_long_send(1, 1, 192, 0, NAN, NAN, NAN, NAN, math.inf, NAN, NAN)
    beats = [client.receive("HEARTBEAT") for _ in range(3)]
    after = client.position()

    assert all(beats)
    assert math.dist((before.x, before.y, before.z), (after.x, after.y, after.z)) < 0.25
    nan_flood.link.close()
    come_down(client)


def test_killing_link_and_recorder_costs_the_loop_not_one_tick(served, client):
    fly_up(client)
    loop, *beside = list(served.children().values())
    for _ in range(5):
        for pid in beside:
            os.kill(pid, signal.SIGKILL)
        assert client.receive("HEARTBEAT", timeout_s=30.0)
        loop_again, *beside = list(served.children().values())
        assert loop_again == loop

    assert client.receive("HEARTBEAT", where=lambda h: h.base_mode & 128, timeout_s=30.0)
    assert -client.position().z == pytest.approx(5.0, abs=0.5)
    come_down(client)


def test_killed_in_the_air_it_finds_itself_on_the_ground_and_flies_again(client, record_property):
    fly_up(client)
    # Not as it stood when it was switched on.
    assert client.command(CONDITION_YAW, 120, 30, 1, 0) == ACCEPTED
    assert client.receive("ATTITUDE", where=lambda a: abs(math.degrees(a.yaw) - 120.0) < 3.0), client.texts
    assert client.command(ARM, 0, 21196) == ACCEPTED
    assert client.receive("HEARTBEAT", where=lambda h: not h.base_mode & 128)
    # It falls for a second.
    client.track(3.0)

    assert client.receive("SYS_STATUS", where=is_ready, timeout_s=60.0), client.texts
    field, told = client.receive("HIGHRES_IMU"), client.receive("ATTITUDE").yaw
    off = math.remainder(math.atan2(-field.ymag, field.xmag) - told, math.tau)
    assert math.degrees(off) == pytest.approx(0.0, abs=15.0)

    record_property("killed at 5 m, height then off by, m", round(abs(client.position().z), 2))
    fly_up(client)
    come_down(client)
