"""Serial parts: satellites (UBX), rangers (TFmini), radios (SBUS, iBUS, CRSF); cut out of streams that tear and lie."""

import os
import struct
import tty

import numpy as np
import pytest

from firmware_bridge.pi import crsf, ubx
from firmware_bridge.pi.crsf import Crsf
from firmware_bridge.pi.ibus import Ibus
from firmware_bridge.pi.receiver import USUAL, Receiver
from firmware_bridge.pi.sbus import Sbus
from firmware_bridge.pi.tfmini import Tfmini
from firmware_bridge.pi.ublox import Ublox
from firmware_bridge.wire import SerialWire
from flight.errors import ConfigError, LinkError
from flight.modes import Mode
from tests.registers.buses import Time
from tests.registers.lines import FakeGps, Line, crsf_frame, ibus_frame, nav_pvt, sbus_frame, tfmini_frame

DECODERS = {"sbus": (Sbus, sbus_frame), "ibus": (Ibus, ibus_frame), "crsf": (Crsf, crsf_frame)}
STICKS = (0.5, -0.25, -1.0, 1.0, -1.0, 1.0, 0.0)


def sent(name: str, ratios=STICKS, count: int = 1) -> bytes:
    """Return the same frame several times."""
    return DECODERS[name][1](ratios) * count


def test_a_receiver_of_satellites_is_found_at_any_speed_and_set_up():
    for factory_baud in (9600, 38400, 115200):
        time = Time()
        gps = FakeGps(time, factory_baud)
        driver = Ublox(gps, "/dev/ttyAMA0", 115200, rate_hz=10)
        driver.open(time)

        assert gps.baud == 115200
        assert gps.rate_ms == 100
        assert gps.dynamic_model == ubx.AIRBORNE_2G


def test_no_satellite_receiver_says_what_to_check():
    time = Time()
    gps = FakeGps(time, 9600)
    gps.is_silent = True
    driver = Ublox(gps, "/dev/ttyAMA0")

    with pytest.raises(LinkError, match="swap TX and RX"):
        driver.open(time)


def test_a_position_survives_the_wire_to_its_last_digit():
    line = Line()
    driver = Ublox(line, "")
    line.say(
        nav_pvt(47.3977421, 8.5455939, 488.123, (1.5, -0.25, 0.125), (1.2, 2.1, 0.3), fix=3, satellites=17)
    )
    told = driver.poll(0)

    assert told["lat_deg"] == pytest.approx(47.3977421, abs=1e-9)
    assert told["lon_deg"] == pytest.approx(8.5455939, abs=1e-9)
    assert told["alt_amsl_m"] == pytest.approx(488.123)
    assert told["v_ned"] == pytest.approx((1.5, -0.25, 0.125))
    assert (told["fix_type"], told["satellites"]) == (3, 17)
    assert [told[f"{what}_accuracy_m"] for what in ("horizontal", "vertical")] == pytest.approx([1.2, 2.1])
    assert told["speed_accuracy_m_s"] == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("fix", "flags", "told"), [(3, 1, 3), (3, 0, 0), (5, 1, 0), (1, 1, 0), (2, 1, 2), (4, 1, 3)]
)
def test_only_a_fix_the_receiver_vouches_for_is_one(fix, flags, told):
    line = Line()
    line.say(nav_pvt(47.0, 8.0, 488.0, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), fix=fix, flags=flags))

    assert Ublox(line, "").poll(0)["fix_type"] == told


def test_pvt_lies_where_the_manual_says():
    # UBX-13003221 32.17.15.1: byte offsets of fixType, flags, numSV, lon, lat, hMSL, hAcc, velN, sAcc.
    payload = bytearray(92)
    for at, value in ((24, 1), (28, 2), (36, 3), (40, 4), (44, 5), (48, 6), (52, 7), (56, 8), (68, 9)):
        struct.pack_into("<i", payload, at, value)
    payload[20], payload[21], payload[23] = 10, 11, 12

    assert ubx.PVT.unpack(payload) == (10, 11, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9)


def test_noise_and_torn_messages_cost_no_other():
    rng, splitter = np.random.default_rng(1), ubx.Splitter()
    stream, good = b"", 0
    for n in range(300):
        message = nav_pvt(47.0, 8.0, float(n), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
        if n % 3 == 1:
            message = rng.bytes(rng.integers(1, 40)).replace(b"\xb5", b"") + message[: rng.integers(1, 90)]
        elif n % 3 == 2:
            at = rng.integers(6, len(message))
            message = message[:at] + bytes([message[at] ^ 1 << rng.integers(8)]) + message[at + 1 :]
        else:
            good += 1
        stream += message
    found = [m for at in range(0, len(stream), 11) for m in splitter.feed(stream[at : at + 11])]

    assert len(found) == good
    assert splitter.damaged > 100


def test_a_length_that_never_ends_is_not_waited_for():
    splitter = ubx.Splitter()
    splitter.feed(ubx.SYNC + b"\x01\x07\xff\xff")

    assert splitter.feed(ubx.frame(ubx.NAV_PVT, bytes(92)))
    for _ in range(100):
        splitter.feed(b"\x00" * 1000)
    assert len(splitter.kept) < 2000


@pytest.mark.parametrize("name", DECODERS)
def test_sticks_survive_the_wire(name):
    line = Line()
    receiver = Receiver(line, DECODERS[name][0](), (*USUAL, "mode"))
    line.say(sent(name, count=3))
    told = receiver.poll(0)

    assert told["roll"] == pytest.approx(0.5, abs=2e-3)
    assert told["pitch"] == pytest.approx(-0.25, abs=2e-3)
    assert told["throttle"] == pytest.approx(0.0, abs=1e-3)
    assert told["yaw"] == pytest.approx(1.0, abs=2e-3)
    assert (told["is_kill_switch_on"], told["is_arm_switch_on"]) == (0, 1)
    assert told["mode"] == Mode.ALTITUDE


@pytest.mark.parametrize("name", DECODERS)
def test_torn_and_damaged_frames_move_no_stick(name):
    rng = np.random.default_rng(2)
    decoder = DECODERS[name][0]()
    stream = b""
    for n in range(400):
        frame = sent(name)
        if n % 4 == 1:
            frame = frame[: rng.integers(1, len(frame))]
        elif n % 4 == 2:
            frame = rng.bytes(rng.integers(1, 60)) + frame
        stream += frame
    heard = [decoder.feed(stream[at : at + 9]) for at in range(0, len(stream), 9)]
    seen = [channels.ratios[:7] for channels in heard if channels]
    wrong = [ratios for ratios in seen if np.abs(np.subtract(ratios, STICKS)).max() > 0.01]

    assert len(seen) > 100
    # Without a checksum, a torn frame that ends like one passes once in a while.
    assert len(wrong) <= (4 if name == "sbus" else 0)


@pytest.mark.parametrize("name", ["ibus", "crsf"])
def test_a_flipped_bit_is_a_frame_less(name):
    decoder, frame = DECODERS[name][0](), bytearray(sent(name))
    frame[9] ^= 0x10

    assert decoder.feed(bytes(frame)) is None
    assert decoder.damaged == 1
    assert decoder.feed(sent(name)) is not None


def test_the_checksum_is_the_standards():
    # CRC-8/DVB-S2 of "123456789", as every catalogue of checksums lists it.
    assert crsf.checksum(b"123456789") == 0xBC


def test_sbus_bits_lie_as_its_frames_have_them():
    # Channel 1 is the lowest eleven bits; a frame whose first three bytes are 0x0F, 0xE0, 0x03.
    frame = bytearray(sbus_frame((0.0,) * 16))
    frame[1:3] = bytes([0xE0, 0x03 | frame[2] & 0xF8])
    heard = Sbus().feed(bytes(frame) * 2)

    assert heard.ratios[0] == pytest.approx((0x3E0 - 991.5) / 819.5)


@pytest.mark.parametrize("name", DECODERS)
def test_a_transmitter_switched_off_leaves_the_sticks_to_grow_old(name):
    line = Line()
    receiver = Receiver(line, DECODERS[name][0]())
    line.say(sent(name, count=2))
    assert receiver.poll(0) is not None

    lost = {
        "sbus": sbus_frame(STICKS, flags=0x0C),
        "ibus": ibus_frame((0.0, 0.0, -1.3, 0.0)),
        "crsf": crsf_statistics(quality=0) + sent("crsf"),
    }[name]
    line.say(lost)

    assert receiver.poll(0) is None
    assert receiver.is_lost


def crsf_statistics(quality: int) -> bytes:
    """Return what a receiver tells of its link."""
    body = bytes([crsf.STATISTICS, 90, 90, quality, 0, 0, 0, 0, 0, 0, 0])
    return bytes([0xC8, len(body) + 1]) + body + bytes([crsf.checksum(body)])


def test_whose_stick_is_which_channel_can_be_told():
    line = Line()
    receiver = Receiver(line, Crsf(), ("throttle", "roll", "-pitch", "yaw"))
    line.say(crsf_frame((0.0, 0.5, 0.25, -0.5)))
    told = receiver.poll(0)

    assert told["throttle"] == pytest.approx(0.5, abs=1e-3)
    assert (told["roll"], told["pitch"], told["yaw"]) == pytest.approx((0.5, -0.25, -0.5), abs=2e-3)
    assert told["mode"] == 0
    with pytest.raises(ConfigError, match="no channel is yaw"):
        Receiver(line, Crsf(), ("roll", "pitch", "throttle"))
    with pytest.raises(ConfigError, match="'rol' is not known"):
        Receiver(line, Crsf(), ("rol", "pitch", "throttle", "yaw"))


def test_the_serial_ranger_knows_how_sure_it_is():
    line = Line()
    ranger = Tfmini(line)
    told = []
    for distance_cm, strength in ((234, 800), (234, 60), (20, 800), (234, 0xFFFF)):
        line.say(b"\x59\x12" + tfmini_frame(distance_cm, strength))
        told.append(ranger.poll(0))

    assert [t["is_valid"] for t in told] == [1, 0, 0, 0]
    assert told[0]["distance_m"] == pytest.approx(2.34)
    line.say(tfmini_frame(234, 800)[:-1] + b"\x00")
    assert ranger.poll(0) is None


@pytest.mark.parametrize(
    ("name", "baud", "stop_bits"), [("sbus", 100_000, 2), ("ibus", 115_200, 1), ("crsf", 420_000, 1)]
)
def test_a_real_port_carries_every_receivers_speed(name, baud, stop_bits):
    ours, theirs = os.openpty()
    tty.setraw(ours)
    tty.setraw(theirs)
    # A pseudo-terminal has no parity to set, which SBUS wants to be even.
    wire = SerialWire(os.ttyname(theirs), baud, "N", stop_bits)
    try:
        receiver = Receiver(wire, DECODERS[name][0]())
        os.write(ours, sent(name, count=2))
        heard = next(told for _ in range(50) if (told := receiver.poll(wire.now_us() + 100_000)))

        assert heard["roll"] == pytest.approx(0.5, abs=2e-3)
        os.close(ours)
        assert [receiver.poll(wire.now_us()) for _ in range(3)] == [None] * 3
    finally:
        wire.close()
        os.close(theirs)
