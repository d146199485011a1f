"""The serial world: codec, clocks, trouble on the wire, and whole flights with the board's machine code in the loop."""

from itertools import pairwise

import numpy as np
import pytest

from firmware_bridge import mpu, protocol
from firmware_bridge.clocks import WRAP, Alignment, Unwrapped
from firmware_bridge.protocol import Flag, Imu, State
from firmware_bridge.serial_world import SerialWorld
from firmware_bridge.wiring import Wiring
from flight.airframe import Airframe, load
from flight.autopilot import Autopilot
from flight.inputs import BridgeFault, Demand
from flight.modes import Arming, Mode
from flight.quaternion import conjugate, euler, quat, rotation_vector
from ground.missions.load import load as load_mission
from sim.operator import Await, Step, brief
from sim.score import read_out
from sim.world import Simulator
from tests.emulator.flight import FlownBoard, Trouble

TAKEOFF = [Step(Demand.ARM, awaits=Await.READY, wait_s=0.5), Step(Demand.TAKEOFF, (3.0,), awaits=Await.ARMED)]
HOP = [*TAKEOFF, Step(Demand.LAND, awaits=Await.HOLDING, wait_s=3.0)]


@pytest.mark.parametrize("length", [0, 1, 12, 30])
def test_frames_survive_the_wire_whatever_they_hold(length):
    rng = np.random.default_rng(length)
    bodies = [rng.integers(0, 3, length, dtype=np.uint8).tobytes() for _ in range(50)]
    wire = b"".join(protocol.pack(1, seq, body) for seq, body in enumerate(bodies))
    splitter = protocol.Splitter()

    frames = [frame for at in range(0, len(wire), 7) for frame in splitter.feed(wire[at : at + 7])]

    assert frames == [bytes([1, seq]) + body for seq, body in enumerate(bodies)]
    assert splitter.damaged == 0


def test_a_damaged_byte_costs_its_own_frame_alone():
    rng, lost = np.random.default_rng(3), []
    frames = [protocol.motors(seq, tuple(rng.integers(0, 2001, 4).tolist())) for seq in range(200)]
    for bad in range(200):
        at = rng.integers(len(frames[bad]))
        broken = bytearray(frames[bad])
        broken[at] ^= 1 << rng.integers(8)
        whole = protocol.Splitter().feed(b"".join([*frames[:bad], bytes(broken), *frames[bad + 1 :]]))
        seqs = {frame[1] for frame in whole}
        lost.append(set(range(200)) - seqs)

    assert all(gone <= {bad} for bad, gone in enumerate(lost))


def test_a_line_of_noise_does_not_fill_the_memory():
    splitter = protocol.Splitter()

    splitter.feed(b"\x55" * 1_000_000)

    assert len(splitter.kept) < 200


def test_the_registers_mean_what_the_data_sheet_says():
    wiring = Wiring()
    raw = mpu.COUNTS.pack(2048, 0, 2048, -340, 164, 0, -164)

    gyro, accel, temperature_c = mpu.decode(raw, wiring.rotation)

    # Chip x forward and z up: 1 g forward, 1 g up which is minus z; 10 degrees/s about forward, 10 about down.
    assert accel == pytest.approx([9.80665, 0.0, -9.80665])
    assert np.degrees(gyro) == pytest.approx([10.0, 0.0, 10.0])
    assert temperature_c == pytest.approx(35.53)
    assert mpu.encode(gyro, accel, temperature_c, wiring.rotation) == raw


def test_the_boards_clock_grows_over_its_wrap():
    unwrap = Unwrapped()

    times = [unwrap(t % WRAP) for t in range(WRAP - 5000, WRAP + 5000, 1000)]

    assert [b - a for a, b in pairwise(times)] == [1000] * 9


@pytest.mark.parametrize("drift", [-0.005, 0.0, 0.005], ids=["slow", "right", "fast"])
def test_sample_times_are_told_in_the_pis_clock(drift, record_property):
    rng, alignment, errors = np.random.default_rng(1), Alignment(), []
    start = WRAP - 20_000_000
    for n in range(60_000):
        pi_us = 1_000_000 + 1000 * n
        board_us = round(start + (1.0 + drift) * 1000 * n) % WRAP
        # The wire takes 1.1 ms, the Pi's scheduler now and then much more.
        arrival = pi_us + 1100 + rng.exponential(300) + (rng.random() < 0.01) * rng.uniform(0, 20_000)
        errors.append(alignment.align(board_us, round(arrival)) - pi_us - 1100)
    steps = np.diff(errors[10_000:])

    record_property(f"clock off by, us, drift {drift:+.1%}", f"{np.abs(errors[10_000:]).max():.0f}")
    assert np.abs(errors[10_000:]).max() < 150.0
    assert np.abs(steps).max() < 100.0


class Bench:
    """A flight on the emulated board."""

    def __init__(self, chip, steps: list[Step], seed: int = 3, trouble: Trouble | None = None) -> None:
        self.airframe: Airframe = load("pi450")
        self.world = FlownBoard(chip, self.airframe, seed, steps, trouble)
        self.autopilot = Autopilot(self.airframe.params, self.world.dt)
        self.attitude_sq, self.airborne = 0.0, 0
        self.rolls: list[float] = []

    def fly(self, seconds: float) -> None:
        """Fly for a while, or until the vehicle is down and disarmed."""
        vehicle, pilot = self.world.vehicle, self.autopilot
        until_us = self.now_us() + 1e6 * seconds
        while self.now_us() < until_us and not vehicle.score.disarmed_us:
            self.world.read(pilot.inputs[0])
            pilot.step()
            self.world.write(pilot.commands[0])
            self.judge(vehicle.truth, pilot.commands[0])

    def now_us(self) -> int:
        """Return the time, which passes even while the sensor says nothing."""
        return self.world.serial.wire.now_us()

    def judge(self, truth: np.void, command: np.void) -> None:
        """Add up how far the vehicle's attitude is from its setpoint."""
        if command.status.arming == Arming.ARMED and not truth.is_touching:
            error = rotation_vector(conjugate(quat(command.setpoint.q_sp_ned_frd)) * quat(truth.q_ned_frd))
            self.attitude_sq += error.x * error.x + error.y * error.y
            self.airborne += 1
            self.rolls.append(euler(quat(truth.q_ned_frd)).x)

    @property
    def attitude_rms_deg(self) -> float:
        """Return roll and pitch against their setpoints."""
        return float(np.degrees(np.sqrt(self.attitude_sq / max(self.airborne, 1))))


class InProcess(Bench):
    """The same flight in the ordinary simulator."""

    def __init__(self, steps: list[Step], seed: int = 3) -> None:
        self.airframe = load("pi450")
        self.world = Simulator(self.airframe, seed)
        self.world.vehicle = self.world.vehicles[0]
        brief(self.world.vehicle.operator, steps)
        self.autopilot = Autopilot(self.airframe.params, self.world.dt)
        self.attitude_sq, self.airborne = 0.0, 0
        self.rolls = []

    def now_us(self) -> int:
        """Return the simulator's time."""
        return int(self.world.vehicle.truth.t_us)


@pytest.mark.slow
def test_the_boards_machine_code_flies_a_square_and_lands_like_the_simulator(chip, record_property):
    steps = load_mission("square").steps
    flights = [Bench(chip, steps), InProcess(steps)]
    for flight in flights:
        flight.fly(120.0)
    flights[0].world.serial.close()
    scores = [read_out(flight.world.vehicle.score) for flight in flights]
    rms = [flight.attitude_rms_deg for flight in flights]

    record_property("attitude RMS on the board, deg (in process)", f"{rms[0]:.3f} ({rms[1]:.3f})")
    record_property("position error on the board, m (in process)",
                    f"{scores[0]['position_error_rms_m']:.2f} ({scores[1]['position_error_rms_m']:.2f})")  # fmt: skip
    assert [score["landed"] for score in scores] == [True, True]
    assert rms[0] <= 1.2 * rms[1]
    assert flights[0].world.serial.lost == 0
    assert flights[0].world.serial.last.state == State.DISARMED


@pytest.mark.slow
def test_roll_steps_on_the_board_are_as_quick_as_in_the_simulator(chip, record_property):
    flights = [Bench(chip, TAKEOFF), InProcess(TAKEOFF)]
    rolls = [roll_steps(flight) for flight in flights]
    rms = [flight.attitude_rms_deg for flight in flights]

    rises_s = [
        float(np.max([np.argmax(step >= 0.9) for step in steps])) * flights[0].world.dt for steps in rolls
    ]
    record_property("roll steps of 20 degrees: to 90 % on the board, s (in process)",
                    f"{rises_s[0]:.3f} ({rises_s[1]:.3f})")  # fmt: skip
    record_property("roll steps: attitude RMS on the board, deg (in process)", f"{rms[0]:.3f} ({rms[1]:.3f})")
    assert 0.0 < rises_s[0] <= rises_s[1] + 0.01
    assert all(step.max() < 1.2 for steps in rolls for step in steps)
    assert rms[0] <= 1.2 * rms[1]


def roll_steps(flight: "Bench") -> list[np.ndarray]:
    """Hover, then step the roll stick right and left; return the true roll as a share of what was asked for."""
    flight.autopilot.params[0].guidance.pilot.tilt = np.radians(20.0)
    flight.fly(9.0)
    assert flight.autopilot.commands[0].status.mode == Mode.HOLD
    flight.attitude_sq, flight.airborne = 0.0, 0
    script = flight.world.vehicle.sensors.pilot.script
    script.is_present, script.mode, script.throttle, script.roll = 1, Mode.ALTITUDE, 0.5, 0.0
    flight.fly(1.0)
    steps = []
    for stick in (1.0, -1.0, 1.0, -1.0):
        before = len(flight.rolls)
        script.roll = stick
        flight.fly(0.8)
        begun = np.array(flight.rolls[before:])
        # From the other side, whose lean is the last step's.
        steps.append((begun - begun[0]) / (stick * np.radians(20.0) - begun[0]))
    return steps


@pytest.mark.slow
@pytest.mark.parametrize(
    "trouble",
    [
        Trouble(loss=0.01),
        Trouble(loss=0.05),
        Trouble(loss=0.2),
        Trouble(flips=0.002),
        Trouble().hesitate(50_000, 10_000, 40_000_000),
    ],
    ids=["1 % lost", "5 % lost", "20 % lost", "corrupted", "10 ms of jitter"],
)
def test_it_flies_on_through_a_bad_line(chip, trouble, record_property):
    flight = Bench(chip, HOP, trouble=trouble)
    flight.fly(30.0)
    score = read_out(flight.world.vehicle.score)

    record_property(
        f"lost {flight.world.serial.lost} samples, most tilt, deg", f"{score['tilt_max_deg']:.1f}"
    )
    assert score["landed"]
    assert score["tilt_max_deg"] < 20.0


@pytest.mark.slow
def test_stalls_of_50_ms_and_a_cable_pulled_for_80_ms_do_not_bring_it_down(chip):
    trouble = Trouble()
    flight = Bench(chip, HOP, trouble=trouble)
    flight.fly(9.0)
    assert not flight.world.vehicle.truth.is_touching
    now_us = flight.world.board.cycle // 16
    trouble.stalls = [(now_us + 200_000 * n, now_us + 200_000 * n + 50_000) for n in range(3)]
    trouble.cuts = [(now_us + 1_000_000, now_us + 1_080_000)]
    flight.fly(30.0)

    assert read_out(flight.world.vehicle.score)["landed"]


@pytest.mark.slow
def test_a_cable_pulled_for_150_ms_stops_the_motors_and_nothing_restarts_them(chip):
    trouble = Trouble()
    flight = Bench(chip, TAKEOFF, trouble=trouble)
    flight.fly(9.0)
    now_us = flight.world.board.cycle // 16
    trouble.cuts = [(now_us, now_us + 150_000)]

    flight.fly(0.3)
    states = set()
    for _ in range(20):
        flight.fly(0.1)
        states.add(flight.world.serial.last.state)

    assert State.ARMED not in states
    assert not flight.world.motor.any()


@pytest.mark.slow
def test_a_stale_imu_is_no_sample(chip):
    flight = Bench(chip, TAKEOFF)
    flight.fly(1.0)
    flight.world.board.imu.unplug()
    flight.fly(0.1)
    inputs = flight.autopilot.inputs[0]

    assert flight.world.serial.last.flags & Flag.IMU_STALE
    assert not inputs.imu.fresh
    assert inputs.system.bridge_faults


@pytest.mark.slow
def test_a_board_that_begins_anew_on_the_ground_is_set_up_again_and_arms(chip):
    from flight.command import COMMAND
    from flight.inputs import INPUTS
    from flight.record import rows
    from tests.emulator.flight import EmulatedWire

    board = chip()
    world, inputs, command = SerialWorld(EmulatedWire(board), 0.002), rows(INPUTS)[0], rows(COMMAND)[0]
    world.open()

    def tick(count: int) -> int:
        for _ in range(count):
            world.read(inputs)
            world.write(command)
        return int(inputs.system.bridge_faults)

    assert tick(20) == 0
    board.call("reset", 4)
    tick(500)
    assert tick(20) == 0
    # Its own rate is 1 kHz, its nonce another.
    first = world.last.t_us
    tick(100)
    assert world.last.t_us - first == pytest.approx(200_000, abs=5000)
    command.status.arming = Arming.ARMED
    tick(40)
    assert world.last.state == State.ARMED

    board.call("reset", 4)
    tick(500)

    # In the air it is a fault that stays, and nothing arms it again, until the loop has disarmed.
    assert tick(20) & (BridgeFault.RESTARTED | BridgeFault.STOPPED)
    assert world.last.state == State.DISARMED
    command.status.arming = Arming.DISARMED
    tick(20)
    assert tick(20) == 0


def test_only_frames_this_version_knows_are_believed():
    short = protocol.parse(bytes([protocol.Frame.IMU, 0]) + bytes(3))
    unknown = protocol.parse(bytes([0x55, 0]))
    whole = protocol.parse(bytes([protocol.Frame.IMU, 7]) + bytes(protocol.IMU_BODY.size))

    assert short is None
    assert unknown is None
    assert isinstance(whole, Imu)


@pytest.fixture
def terminal(chip):
    """Return a board on a pseudo-terminal."""
    from tests.emulator.terminal import BoardOnTerminal

    board = BoardOnTerminal(chip())
    yield board
    board.close()


@pytest.mark.slow
def test_pyserial_flies_the_board_in_real_time(terminal, record_property):
    from firmware_bridge.wire import SerialWire
    from flight.command import COMMAND
    from flight.inputs import INPUTS
    from flight.record import rows

    world = SerialWorld(SerialWire(terminal.port), 0.002)
    hello = world.open()
    inputs, command = rows(INPUTS)[0], rows(COMMAND)[0]
    states, times = [], []
    for tick in range(1500):
        world.read(inputs)
        command.status.arming = Arming.ARMED if 200 <= tick < 1200 else Arming.DISARMED
        command.motors.motor[:4] = 0.4
        world.write(command)
        states.append(world.last.state if world.last else None)
        times.append(inputs.t_us)
    world.close()

    record_property("real time over a terminal: samples lost of 1500", world.lost)
    assert hello.protocol == protocol.PROTOCOL_VERSION
    assert states[150] == State.DISARMED
    assert State.ARMED in states[210:1200]
    assert states[-1] == State.DISARMED
    assert world.lost == 0
    assert np.all(np.diff(times) > 0)
    assert terminal.board.pulses()["value"].max() == pytest.approx((125.0 + 0.4 * 125.0) * 16, abs=16)


@pytest.mark.slow
def test_a_port_that_goes_away_is_silence_not_an_exception(chip):
    from firmware_bridge.wire import SerialWire
    from flight.command import COMMAND
    from flight.inputs import INPUTS
    from flight.record import rows
    from tests.emulator.terminal import BoardOnTerminal

    board = BoardOnTerminal(chip())
    world = SerialWorld(SerialWire(board.port), 0.002)
    world.open()
    inputs, command = rows(INPUTS)[0], rows(COMMAND)[0]
    world.read(inputs)
    board.close()
    for _ in range(50):
        assert world.read(inputs)
        world.write(command)

    assert not inputs.imu.fresh
    assert inputs.link.bridge_age_us > 50_000
    assert world.wire.losses == 1
    world.close()


def test_a_port_that_is_not_there_is_named():
    from firmware_bridge.wire import SerialWire
    from flight.errors import LinkError

    with pytest.raises(LinkError, match="/dev/no-such-port"):
        SerialWire("/dev/no-such-port")


@pytest.mark.slow
def test_a_board_is_served_like_the_simulator(chip, tmp_path, record_property):
    from ground.link.dialect import mavlink
    from tests.emulator.terminal import BoardOnTerminal
    from tests.served import Client, Served

    wiring, roll = Wiring(), 0.2
    leaning = (0.0, -9.80665 * np.sin(roll), -9.80665 * np.cos(roll))
    board = BoardOnTerminal(
        chip(sample=lambda _: mpu.encode((0.0, 0.0, 0.0), leaning, 25.0, wiring.rotation))
    )
    served = Served(tmp_path, "--world", f"serial:{board.port}", "--log", str(tmp_path / "bench.npz"))
    try:
        client = Client(served.port)
        beat = client.receive("HEARTBEAT", timeout_s=120.0)
        attitude = client.receive("ATTITUDE", where=lambda m: m.time_boot_ms > 3000, timeout_s=60.0)
        assert beat
        assert beat.autopilot == mavlink.MAV_AUTOPILOT_PX4
        assert attitude
        refused = client.command(mavlink.MAV_CMD_COMPONENT_ARM_DISARM, 1)
    finally:
        ended = served.end()
        board.close()

    record_property(
        "a served board leaning 0.2 rad: roll and pitch", f"{attitude.roll:.3f}, {attitude.pitch:.3f}"
    )
    assert attitude.roll == pytest.approx(roll, abs=0.02)
    assert attitude.pitch == pytest.approx(0.0, abs=0.02)
    # No GPS, barometer or battery on this bench: it says no and why.
    assert refused in (mavlink.MAV_RESULT_DENIED, mavlink.MAV_RESULT_TEMPORARILY_REJECTED)
    assert client.texts
    # Ctrl-C.
    assert ended == 130
