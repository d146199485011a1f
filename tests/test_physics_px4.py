"""Our simulator as PX4's physics: HIL_SENSOR and HIL_ACTUATOR_CONTROLS over TCP, in lock-step."""

import json
import math
import signal
import socket
import subprocess
import sys
import threading
import time
from itertools import pairwise

import pytest

from flight import airframe
from ground.main import main
from ground.physics import px4 as interface
from ground.physics.hosting import Hosting
from ground.physics.px4 import Session, Tally
from ground.physics.px4_numbers import Updated
from ground.physics.rotors import order_of
from ground.physics.tcp import Tcp
from sim.hosted import Hosted
from tests.conftest import ROOT
from tests.other_autopilots import Hand, Px4, serving
from tests.served import free_port

pytestmark = pytest.mark.slow

HOME = (473977420, 85455940, 488000)
STEP_S = 0.004


class Physics(Tcp):
    """The server, with what it counted."""

    def __init__(self, speed=0.0, wait_s=30.0, sensors="consumer"):
        chosen = airframe.load("pi450")
        self.vehicle, self.tally = Hosted(chosen, 1, sensors), Tally()
        order = order_of(chosen)
        hosting = Hosting("127.0.0.1", 0, wait_s, say=lambda text: None)
        super().__init__(lambda: Session(self.vehicle, order, self.tally), hosting, speed)


@pytest.fixture
def physics():
    with serving(Physics()) as server:
        yield server


def stand(px4, steps, is_armed=False):
    """Answer with motors at rest; return the sensors' messages."""
    found = []
    for _ in range(steps):
        found.append(px4.next_sensor())
        px4.answer([0.0] * 4, is_armed)
    return found


def fly(px4, hand, seconds, goal):
    """Fly towards a place by the truth; return the places on the way."""
    places = []
    for _ in range(round(seconds / STEP_S)):
        px4.next_sensor()
        place = px4.where(HOME)
        places.append(place[0])
        px4.answer(hand.motors(*place, goal))
    return places


def test_a_copter_takes_off_hovers_and_lands_in_lock_step(physics, record_property):
    px4, hand = Px4(physics.port), Hand(STEP_S)
    stand(px4, 300)

    places = fly(px4, hand, 9.0, (1.0, 1.0, -3.0))
    fly(px4, hand, 6.0, (1.0, 1.0, 1.0))
    stand(px4, 300)

    worst = max(math.dist(p, (1.0, 1.0, -3.0)) for p in places[-250:])
    record_property("PX4's wire: hover, furthest from its place (m)", round(worst, 3))
    assert worst < 0.5
    assert px4.where(HOME)[0][2] == pytest.approx(0.0, abs=0.05)
    assert physics.tally.unanswered == 0
    # Those sent before the first answer arrived may be more.
    assert physics.tally.answered >= px4.counts["HIL_SENSOR"] - 50


def test_sensors_speak_px4s_units_at_rest(physics):
    px4 = Px4(physics.port)

    sensors = stand(px4, 1500)

    settled = sensors[500:]
    mean = {
        name: sum(getattr(s, name) for s in settled) / len(settled) for name in settled[0].get_fieldnames()
    }
    assert mean["zacc"] == pytest.approx(-9.81, abs=0.2)
    assert abs(mean["xacc"]) < 0.3
    assert all(abs(mean[name]) < 0.02 for name in ("xgyro", "ygyro", "zgyro"))
    assert math.hypot(mean["xmag"], mean["ymag"], mean["zmag"]) == pytest.approx(0.48, abs=0.03)
    assert mean["zmag"] > 0.3
    # The standard atmosphere at 488 m (ISO 2533).
    assert mean["abs_pressure"] == pytest.approx(956.0, abs=1.5)
    assert mean["pressure_alt"] == pytest.approx(488.0, abs=12.0)
    assert 5.0 < mean["temperature"] < 25.0
    assert all(s.id == 0 and s.diff_pressure == 0.0 for s in sensors)
    assert len({s.xacc for s in settled}) > 100


def test_each_sensor_comes_at_its_rate_and_says_when_it_is_new(physics):
    px4 = Px4(physics.port)

    sensors = stand(px4, 1000)

    steps = {b.time_usec - a.time_usec for a, b in pairwise(sensors)}
    assert steps == {4000}
    assert all(s.fields_updated & 0b111111 == 0b111111 for s in sensors)
    mags = sum(s.fields_updated & 0b111000000 == 0b111000000 for s in sensors)
    baros = sum(s.fields_updated & 0b1101000000000 == 0b1101000000000 for s in sensors)
    assert not any(s.fields_updated & 0b10000000000 for s in sensors)
    assert int(Updated.BARO) == 0b1101000000000
    # A compass of 100 Hz, a barometer of 26, a GPS of 5; four seconds.
    assert mags == pytest.approx(400, abs=8)
    assert baros == pytest.approx(104, abs=4)
    assert px4.counts["HIL_GPS"] == pytest.approx(20, abs=3)
    assert px4.counts["HIL_STATE_QUATERNION"] == pytest.approx(800, abs=10)
    assert px4.counts["HEARTBEAT"] in (4, 5)
    assert px4.counts["SYSTEM_TIME"] in (4, 5)
    gps, ground = px4.newest["HIL_GPS"], px4.newest["DISTANCE_SENSOR"]
    assert gps.fix_type == 3
    assert abs(gps.lat - HOME[0]) < 500
    assert abs(gps.alt - HOME[2]) < 15_000
    assert 20 < gps.eph < 300
    assert gps.satellites_visible > 6
    assert gps.cog == 65535
    assert ground.orientation == 25
    assert ground.min_distance == 30
    assert ground.max_distance == 1200


def test_the_same_controls_give_the_same_sensors_whatever_the_clock(record_property):
    streams = []
    for pause_s in (0.0, 0.003):
        with serving(Physics()) as server:
            px4 = Px4(server.port)
            for k in range(500):
                px4.next_sensor()
                time.sleep(pause_s * (k % 7 == 0))
                controls = [0.6 + 0.01 * (k % 5)] * 4
                px4.answer(controls, is_armed=k > 250)
            streams.append(px4.sensors)
            heights = px4.where(HOME)[0][2]

    assert heights < -0.2
    assert streams[0] == streams[1]


def test_one_that_leaves_and_comes_back_finds_the_vehicle_where_it_began(physics):
    first = Px4(physics.port)
    stand(first, 100)
    fly(first, Hand(STEP_S), 2.0, (0.0, 0.0, -3.0))
    assert first.where(HOME)[0][2] < -0.5
    first.socket.close()

    second = Px4(physics.port)
    stand(second, 100)

    assert second.where(HOME)[0][2] == pytest.approx(0.0, abs=0.02)
    assert second.start_us == first.start_us
    assert second.sensors[:60] == first.sensors[:60]
    assert physics.tally.sessions == 2


def test_one_that_leaves_for_good_ends_the_service():
    server = Physics(wait_s=0.0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    px4 = Px4(server.port)
    stand(px4, 5)

    px4.socket.close()
    thread.join(60.0)

    assert not thread.is_alive()


def test_one_that_stops_answering_keeps_getting_sensors(physics, monkeypatch):
    monkeypatch.setattr(interface, "PATIENCE_S", 0.05)
    px4 = Px4(physics.port)
    stand(px4, 50)

    silent = [px4.next_sensor().time_usec for _ in range(20)]
    stand(px4, 50)

    assert silent[-1] - silent[0] == 19 * 4000
    assert physics.tally.unanswered >= 1


def test_one_that_is_slow_to_begin_is_waited_for_from_its_first_answer(physics):
    px4 = Px4(physics.port)
    px4.next_sensor()
    time.sleep(0.3)

    stand(px4, 400)

    # What was sent before the first answer, and no more, was not waited for.
    assert physics.tally.answered >= 300
    assert physics.tally.unanswered == 0
    assert physics.tally.steps - px4.counts["HIL_SENSOR"] <= 1


def test_the_truth_can_be_switched_off(physics):
    px4 = Px4(physics.port)
    stand(px4, 20)
    px4.request(115, -1.0)
    stand(px4, 20)
    before = px4.counts["HIL_STATE_QUATERNION"]

    stand(px4, 50)

    assert px4.counts["HIL_STATE_QUATERNION"] == before


def test_rubbish_on_the_line_is_passed_over(physics):
    px4 = Px4(physics.port)
    stand(px4, 10)

    px4.socket.sendall(b"\xfd\xff\x00rubbish\xfe" * 20)
    stand(px4, 100)

    # The rubbish may claim to be a long frame and take an answer with it, no more.
    assert physics.tally.unanswered <= 1


def test_real_time_is_kept_when_asked():
    with serving(Physics(speed=4.0)) as server:
        px4 = Px4(server.port)
        stand(px4, 10)
        began_s = time.monotonic()
        stand(px4, 250)

        # A second of flight at four times real time: not sooner.
        assert time.monotonic() - began_s > 0.2


def test_the_command_serves_px4_and_ends_with_it(capsys):
    port = free_port(socket.SOCK_STREAM)
    codes = []
    arguments = ["physics", "px4", "--listen", f"127.0.0.1:{port}", "--wait", "0", "--speed", "0", "--json"]
    thread = threading.Thread(target=lambda: codes.append(main(arguments)), daemon=True)
    thread.start()

    px4 = patient(lambda: Px4(port))
    stand(px4, 50)
    px4.socket.close()
    thread.join(60.0)

    assert codes == [0]
    figures = json.loads(capsys.readouterr().out)
    assert figures["sessions"] == 1
    assert figures["answered"] > 10
    assert figures["airframe"] == "pi450"


def patient(attempt):
    """Try until somebody listens."""
    until_s = time.monotonic() + 60.0
    while True:
        try:
            return attempt()
        except ConnectionRefusedError:
            assert time.monotonic() < until_s
            time.sleep(0.05)


def test_ctrl_c_ends_the_command_with_its_figures():
    # Who runs the tests in the background ignores Ctrl-C, and children inherit that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [sys.executable, "-m", "ground", "physics", "ardupilot", "--listen", "127.0.0.1:0", "--wind", "3"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    signal.signal(signal.SIGINT, before)
    watchdog = threading.Timer(300.0, process.kill)
    watchdog.start()
    try:
        said = [process.stdout.readline() for _ in range(3)]
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()

        assert process.wait(60.0) == 130
    finally:
        watchdog.cancel()
        process.kill()
        process.stdout.close()
        process.stderr.close()
    assert "waiting for ArduPilot" in said[0]
    assert "sim_vehicle.py" in said[1]
    assert "0 frames" in rest


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["ardupilot", "--speed", "2"], "--speedup"),
        (["px4", "--speed", "-1"], "allowed 0 to 100"),
        (["px4", "--listen", "nowhere:port"], "must read HOST:PORT"),
        (["px4", "--wind", "99"], "allowed 0 to 40"),
        (["px4", "--airframe", "nothing"], "is not known"),
    ],
)
def test_what_cannot_be_served_is_refused_in_one_line(arguments, complaint, capsys):
    assert main(["physics", *arguments]) == 2

    said = capsys.readouterr().err
    assert complaint in said
    assert said.count("\n") == 1
