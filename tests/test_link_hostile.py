"""Ten million hostile bytes and a thousand connections: the flight in progress never learns of them."""

import contextlib
import os
import random
import socket
import struct
import tty
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ground.link.dialect import mavlink
from logs.reader import Log
from logs.ticks import Ticks
from tests.served import NAN, Client, Served, free_port
from tests.test_link_serve import ACCEPTED, fly_up

pytestmark = pytest.mark.slow
MANY_BYTES, PIECE = 3_400_000, 1000
CONNECTIONS = 1000


@pytest.fixture(scope="module")
def flown(tmp_path_factory):
    """Yield a client of a vehicle in the air that listens on UDP, TCP and a serial line, and the three places."""
    folder = tmp_path_factory.mktemp("hostile")
    ours, theirs = os.openpty()
    tty.setraw(ours)
    os.set_blocking(ours, False)
    tcp, log = free_port(socket.SOCK_STREAM), folder / "hostile.ulg"
    lines = ["--mavlink", f"tcpin:127.0.0.1:{tcp}", "--mavlink", f"serial:{os.ttyname(theirs)}:921600"]
    served = Served(folder, *lines, "--log", str(log), "--seed", "5")
    try:
        client = Client(served.port)
        client.get_ready()
        fly_up(client)
        client.track(5.0)
        yield client, served, tcp, ours, log
        client.link.close()
    finally:
        served.end()
        os.close(ours)
        os.close(theirs)


def hostile(seed: int) -> Iterator[bytes]:
    """Yield noise, frames torn, flipped and of others, and whole frames whose numbers make no sense."""
    chance, mav = random.Random(seed), mavlink.MAVLink(None, srcSystem=66)
    while True:
        wild = [chance.choice([float("inf"), -1e30, 1e30]) for _ in range(9)]
        wilder = [chance.choice([NAN, number]) for number in wild]
        item = chance.randrange(65536)
        whole = [
            mav.command_long_encode(1, 1, chance.choice([22, 176, 178, 192, 34, 115]), 0, *wild[:7]),
            mav.set_position_target_local_ned_encode(0, 1, 1, 1, 0xDF8, *wilder, 0, 0),
            mav.set_attitude_target_encode(0, 1, 1, 0, wilder[:4], *wilder[4:8]),
            mav.mission_count_encode(1, 1, item, chance.randrange(3)),
            mav.mission_item_int_encode(1, 1, item, 3, 16, 0, 1, *wild[:4], 0, 0, wild[4], 0),
            mav.param_set_encode(1, 1, b"RATE_ROLL_KP", wilder[0], 9),
            mav.param_request_list_encode(1, 1),
            mav.command_long_encode(99, 1, 400, 0, 0, 21196, 0, 0, 0, 0, 0),
        ]
        frames = [message.pack(mav) for message in whole]
        data = bytearray(chance.choice(frames))
        kind = chance.randrange(4)
        if kind == 0:
            data = bytearray(chance.randbytes(chance.randrange(1, 300)))
        elif kind == 1:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            data[-2:] = struct.pack("<H", chance.randrange(65536))
        elif kind == 2:
            del data[chance.randrange(len(data)) :]
        yield bytes(data)


def pieces(seed: int) -> Iterator[bytes]:
    """Yield the hostile stream in equal pieces."""
    waiting = b""
    for data in hostile(seed):
        waiting += data
        while len(waiting) >= PIECE:
            yield waiting[:PIECE]
            waiting = waiting[PIECE:]


def memory_kb(served: Served) -> int:
    """Return what the served processes keep for themselves in memory, in kB."""
    found = 0
    for pid in served.children().values():
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        found += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Private_"))
    return found


def pour(seed: int, put, client: Client) -> int:
    """Pour the stream into a line; after each thousand pieces the vehicle's heart must have beaten."""
    beats = 0
    for k, piece in enumerate(pieces(seed)):
        if k * PIECE >= MANY_BYTES:
            return beats
        put(piece)
        if k % 1000 == 999:
            assert client.receive("HEARTBEAT", timeout_s=60.0), f"no heartbeat after {k} pieces"
            beats += 1
    return beats


def drained(line: socket.socket | int) -> None:
    """Throw away what the vehicle says on a line."""
    with contextlib.suppress(BlockingIOError, ConnectionError):
        while line.recv(65536) if isinstance(line, socket.socket) else os.read(line, 65536):
            pass


def test_ten_million_hostile_bytes_and_a_thousand_connections_change_nothing(flown, record_property):
    client, served, port, pty, log = flown
    before, held_kb = client.position(), memory_kb(served)
    udp, tcp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.create_connection(("127.0.0.1", port))
    tcp.setblocking(False)

    def put_tcp(piece):
        drained(tcp)
        with contextlib.suppress(BlockingIOError):
            tcp.send(piece)

    def put_serial(piece):
        drained(pty)
        with contextlib.suppress(BlockingIOError):
            os.write(pty, piece)

    beats = pour(1, lambda piece: udp.sendto(piece, ("127.0.0.1", served.port)), client)
    beats += pour(2, put_tcp, client)
    beats += pour(3, put_serial, client)
    with contextlib.ExitStack() as stack:
        for _ in range(CONNECTIONS):
            stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=30.0))
        late = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60.0))
        assert late.recv(1), "a client that comes after a thousand silent ones is served"
        beats += client.receive("HEARTBEAT") is not None
    after, grown_kb = client.position(), memory_kb(served) - held_kb
    assert client.command(20) == ACCEPTED, " / ".join(client.texts)
    client.receive("HEARTBEAT", where=lambda h: not h.base_mode & 128, timeout_s=120.0)

    inputs, _ = Ticks(Log(log)).rows()
    told = inputs[(inputs.t_us > 1e3 * before.time_boot_ms) & (inputs.t_us < 1e3 * after.time_boot_ms)]
    record_property("hostile: bytes on three lines, heartbeats", f"{3 * MANY_BYTES}, {beats}")
    record_property("hostile: memory grown by", f"{grown_kb / 1024:.1f} MB")
    assert len(told) > 1000
    # Demands, setpoints and sticks are all that crosses into the loop: none did, so the flight is the same to the bit.
    assert not told.demand.fresh.any()
    assert not told.offboard.fresh.any()
    assert not told.pilot.fresh.any()
    assert np.linalg.norm([after.x - before.x, after.y - before.y, after.z - before.z]) < 0.25
    assert grown_kb < 10 * 1024
