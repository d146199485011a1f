"""The MAVLink world: an autopilot of others as the bridge, its sensors in and attitude targets out."""

import logging
import math
import socket

import pytest
from pymavlink.dialects.v20 import common as mavlink

from firmware_bridge import mavlink_opening, mavlink_wire
from firmware_bridge.mavlink_actuators import corners_of
from firmware_bridge.mavlink_far import Far, Handshake
from firmware_bridge.mavlink_sensors import Senses, battery, inertial, receiver, satellites
from firmware_bridge.mavlink_settings import Settings, adapt, settings_from
from firmware_bridge.mavlink_wire import checked_url, opened_wire
from firmware_bridge.mavlink_world import MavlinkWorld
from flight.airframe import load
from flight.autopilot import Autopilot
from flight.errors import ConfigError, LinkError
from flight.inputs import DEMAND, INPUTS, BridgeFault, Demand
from flight.modes import Arming, Failsafe
from flight.record import rows
from ground.board import apart
from ground.loop import Inbox, demanded
from ground.main import main
from ground.seats import Seats, What, request
from sim.operator import OPERATOR, Await, Step, brief, operate
from tests.mavlink_vehicle import ARDUPILOT, PX4, FarSide
from tests.served import free_port

DT = 0.004
HOP = [
    Step(Demand.ARM, awaits=Await.READY, wait_s=0.5),
    Step(Demand.TAKEOFF, (3.0,), awaits=Await.ARMED),
    Step(Demand.LAND, awaits=Await.HOLDING, wait_s=4.0),
]


HOVER = HOP[:2]


class Bench:
    """Our loop, the MAVLink world, and the vehicle behind it."""

    def __init__(self, far: FarSide, steps=HOP, settings=None) -> None:
        airframe = load("pi450")
        self.far, self.world = far, MavlinkWorld(far, DT, settings, corners_of(airframe.physics["rotor"]))
        self.world.open()
        adapt(airframe, self.world.settings.outputs)
        self.autopilot = Autopilot(airframe.params, DT)
        self.operator, self.demand = rows(OPERATOR)[0], rows(DEMAND)[0]
        brief(self.operator, steps)
        self.heights, self.failsafes, self.has_armed = [], 0, False

    @property
    def status(self):
        return self.autopilot.commands[0].status

    def fly(self, seconds, is_ended_by_disarming=True):
        """Fly for a while, or until the vehicle is down and disarmed."""
        inputs, command = self.autopilot.inputs[0], self.autopilot.commands[0]
        until_us = self.far.now_us() + round(1e6 * seconds)
        while self.far.now_us() < until_us:
            self.world.read(inputs)
            operate(self.operator, command.status, self.demand, int(inputs.t_us))
            inputs.demand = self.demand
            self.autopilot.step()
            self.world.write(command)
            self.heights.append(self.far.height)
            self.failsafes |= int(command.status.failsafes)
            self.has_armed |= command.status.arming == Arming.ARMED
            if is_ended_by_disarming and self.has_armed and command.status.arming != Arming.ARMED:
                return self
        return self


@pytest.mark.slow
@pytest.mark.parametrize(
    ("autopilot", "imu", "imu_hz", "outputs"),
    [
        (PX4, "HIGHRES_IMU", 250, "attitude"),
        (ARDUPILOT, "RAW_IMU", 100, "attitude"),
        (PX4, "SCALED_IMU", 250, "rate"),
    ],
)
def test_the_loop_takes_off_hovers_and_lands_through_another_autopilot(
    autopilot, imu, imu_hz, outputs, record_property
):
    far = FarSide(autopilot, imu, imu_hz)
    bench = Bench(far, settings=Settings(outputs)).fly(90.0)

    highest = max(bench.heights)
    place = far.vehicle.truth["p_ned"][0].tolist()
    record_property(
        f"{imu} {imu_hz} Hz, {outputs}: highest, and landed beside (m)",
        f"{highest:.2f}, {math.hypot(*place[:2]):.2f}",
    )
    assert bench.has_armed
    assert highest == pytest.approx(3.0, abs=0.5)
    assert math.hypot(*place[:2]) < 2.0
    assert bench.status.arming == Arming.DISARMED
    assert far.height == pytest.approx(0.0, abs=0.1)
    assert not bench.failsafes & (Failsafe.BRIDGE_FAULT | Failsafe.BRIDGE_LOST | Failsafe.CRASHED)
    bench.fly(2.0, is_ended_by_disarming=False)
    assert not far.is_armed


@pytest.mark.slow
def test_dropouts_of_a_tenth_of_a_second_are_flown_through():
    bench = Bench(FarSide(), HOVER).fly(11.0)
    assert bench.far.height > 1.0

    for _ in range(5):
        bench.far.is_mute = True
        bench.fly(0.1)
        bench.far.is_mute = False
        bench.fly(0.5)

    assert bench.status.arming == Arming.ARMED
    assert bench.far.height > 1.0
    assert not bench.failsafes & (Failsafe.BRIDGE_LOST | Failsafe.BRIDGE_FAULT)


@pytest.mark.slow
def test_a_line_that_is_cut_grows_old_in_the_inputs_and_nothing_raises():
    bench = Bench(FarSide(), HOVER).fly(11.0)
    bench.far.cut = True

    bench.fly(2.0)

    link = bench.autopilot.inputs[0].link
    assert link.bridge_age_us == pytest.approx(2_000_000, abs=50_000)
    assert bench.failsafes & Failsafe.BRIDGE_LOST
    assert bench.autopilot.inputs[0].imu.fresh == 0


@pytest.mark.slow
def test_a_far_side_that_refuses_to_arm_ends_the_attempt_and_its_reason_is_told(caplog):
    far = FarSide()
    far.refuses = "Preflight Fail: no compass"

    with caplog.at_level(logging.WARNING, logger="quadloop.bridge"):
        bench = Bench(far).fly(20.0)

    assert bench.has_armed
    assert bench.status.arming == Arming.DISARMED
    assert bench.failsafes & Failsafe.BRIDGE_FAULT
    assert max(bench.heights) < 0.05
    assert "PX4: Preflight Fail: no compass" in caplog.text
    assert "PX4 refuses arming" in caplog.text


@pytest.mark.slow
def test_a_far_side_that_is_not_ready_keeps_the_loop_from_arming():
    far = FarSide()
    far.is_ready = False

    bench = Bench(far).fly(7.0)

    assert not bench.has_armed
    assert bench.autopilot.inputs[0].system.bridge_faults & BridgeFault.OUTPUTS


@pytest.mark.slow
def test_a_pilot_who_takes_the_far_side_over_keeps_it():
    bench = Bench(FarSide(), HOVER).fly(11.0)
    asked = bench.far.heard["COMMAND_LONG"]
    bench.far.mode = 2

    bench.fly(3.0)

    assert bench.far.heard["COMMAND_LONG"] == asked
    assert bench.far.mode == 2
    assert bench.failsafes & Failsafe.BRIDGE_FAULT


@pytest.mark.slow
def test_the_far_side_gets_no_thrust_before_it_is_armed():
    far = FarSide()
    far.refuses = "no"
    seen = []
    far.write = lambda data, write=far.write: (
        seen.append(far.target.thrust if far.target else 0.0) or write(data)
    )

    Bench(far).fly(8.0)

    assert len(seen) > 500
    assert not any(seen)


def test_messages_that_are_of_use_are_asked_for():
    far = FarSide()

    Bench(far)

    assert far.intervals[105] == pytest.approx(4000.0)
    assert {27, 26, 29, 24, 124, 65, 147, 1, 33, 132} <= set(far.intervals)


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda far: setattr(far, "is_mute", True), "no autopilot is heard"),
        (lambda far: setattr(far, "imu_us", 100_000), "IMU too seldom.*HIGHRES_IMU 10 Hz"),
        (lambda far: setattr(far, "capabilities", 0), "does not take attitude targets"),
        (
            lambda far: far.__dict__.update(autopilot=ARDUPILOT, imu="RAW_IMU", params={"GUID_OPTIONS": 0}),
            "GUID_OPTIONS to 8",
        ),
        (lambda far: far.__dict__.update(imu="RAW_IMU"), "IMU too seldom"),
    ],
    ids=["silent", "slow", "incapable", "climb rate", "raw counts"],
)
def test_what_cannot_be_flown_is_refused_before_take_off(spoil, complaint):
    far = FarSide()
    spoil(far)

    with pytest.raises(LinkError, match=complaint):
        MavlinkWorld(far, DT).open()


def test_rubbish_between_messages_is_passed_over():
    far = FarSide()
    world = MavlinkWorld(far, DT)
    world.open()
    before = world.line.senses.counts["HIGHRES_IMU"]

    far.arriving.append((far.clock_us, b"\xfd\xff\x00rubbish\xfe" * 30))
    world.line.listen(far.now_us() + 400_000, lambda: False)

    assert world.line.senses.counts["HIGHRES_IMU"] - before > 80


def test_a_far_side_that_begins_anew_is_told_as_such():
    bench = Bench(FarSide())
    bench.fly(1.0)
    t_us = int(bench.autopilot.inputs[0].t_us)
    bench.far.boot_us = 0

    bench.fly(0.5)

    inputs = bench.autopilot.inputs[0]
    assert inputs.system.bridge_faults & BridgeFault.RESTARTED
    assert inputs.t_us == pytest.approx(t_us + 500_000, abs=20_000)


def test_a_far_side_that_has_forgotten_what_was_asked_is_asked_again():
    bench = Bench(FarSide(), [])
    bench.fly(2.5)
    asked = bench.far.heard["COMMAND_LONG"]
    bench.fly(2.5)
    assert bench.far.heard["COMMAND_LONG"] == asked
    bench.far.boot_us = 0
    bench.far.imu_us = 200_000
    bench.far.intervals.clear()

    bench.fly(2.5)

    assert bench.far.intervals[105] == pytest.approx(4000.0)


def test_sample_times_are_told_in_our_clock():
    far = FarSide(latency_us=3000)
    bench = Bench(far)
    bench.fly(3.0)

    age_us = far.now_us() - bench.world.sampled_us

    # The constant part of a link's delay cannot be told from an offset of the clocks.
    assert 0 <= age_us < 2000


def test_a_loop_that_was_late_flies_the_newest_sample():
    far = FarSide()
    bench = Bench(far)
    bench.fly(1.0)
    skipped = bench.world.overruns
    for _ in range(100):
        far.pass_millisecond()

    bench.fly(0.002)

    assert 20 <= bench.world.overruns - skipped <= 30
    assert far.now_us() - bench.world.sampled_us < 15_000


# Single motors.


def far_with_motors(way):
    """Return a far side set up so that it takes single motors in one of the three ways."""
    if way == "override":
        far = FarSide(ARDUPILOT, "RAW_IMU")
        far.version = (4, 5)
        far.params |= {"RC_OVERRIDE_TIME": 0.3, "SYSID_MYGCS": 1.0}
        far.params |= {f"SERVO{k}_FUNCTION": 58 + k for k in range(1, 5)}
        return far
    far = FarSide(PX4)
    far.params["COM_OF_LOSS_T"] = 0.5
    if way == "group":
        far.version, far.capabilities = (1, 13), 64 | 1024
        far.params["THR_MDL_FAC"] = 0.0
    else:
        far.params |= {"COM_OBL_RC_ACT": 7} | {f"PWM_AUX_FUNC{k}": 300 + k for k in range(1, 5)}
    return far


@pytest.mark.slow
@pytest.mark.parametrize("way", ["group", "set", "override"])
def test_single_motors_fly_through_another_autopilot(way, record_property):
    far = far_with_motors(way)
    bench = Bench(far, settings=Settings("actuator")).fly(60.0)

    highest = max(bench.heights)
    place = far.vehicle.truth["p_ned"][0].tolist()
    record_property(
        f"motors by {way}: highest, and landed beside (m)", f"{highest:.2f}, {math.hypot(*place[:2]):.2f}"
    )
    assert far.direct_by == way
    assert bench.has_armed
    assert highest == pytest.approx(3.0, abs=0.5)
    assert math.hypot(*place[:2]) < 2.0
    assert bench.status.arming == Arming.DISARMED
    assert not bench.failsafes & (Failsafe.BRIDGE_FAULT | Failsafe.BRIDGE_LOST | Failsafe.CRASHED)
    bench.fly(1.0, is_ended_by_disarming=False)
    assert far.throttles() == [0.0] * 4


@pytest.mark.parametrize("way", ["set", "override"])
def test_motors_stop_within_half_a_second_of_our_last_word(way):
    far = far_with_motors(way)
    bench = Bench(far, settings=Settings("actuator"))
    command = bench.autopilot.commands[0]
    command.status.arming, command.motors.motor[:4] = Arming.ARMED, 0.3
    command.setpoint.level, command.setpoint.q_sp_ned_frd[0] = 1, 1.0
    for _ in range(500):
        bench.world.read(bench.autopilot.inputs[0])
        bench.world.write(command)
    assert far.throttles() == pytest.approx([0.3] * 4, abs=1e-3)

    far.cut = True
    for _ in range(500):
        far.pass_millisecond()

    assert far.throttles() == [0.0] * 4


def test_each_motor_is_told_alone_and_what_is_no_number_stops_it():
    for way in ("group", "set", "override"):
        far = far_with_motors(way)
        bench = Bench(far, settings=Settings("actuator"))
        command = bench.autopilot.commands[0]
        ratios = [0.5, 0.6, 0.45, 0.7] if way == "group" else [0.0, 2.0, math.nan, 0.25]

        command.motors.motor[:4] = ratios
        bench.world.send_motors(bench.world.way, command, is_flying=True)
        assert far.direct == pytest.approx(
            [0.5, 0.6, 0.45, 0.7] if way == "group" else [0, 1, 0, 0.25], abs=1e-3
        )
        bench.world.send_motors(bench.world.way, command, is_flying=False)
        assert far.direct == pytest.approx([0.0] * 4)


@pytest.mark.parametrize(
    ("way", "spoil", "reason", "outputs"),
    [
        ("group", {"capabilities": 64}, "says that it does not take it", "rate"),
        ("group", {"version": (1, 14)}, "PX4 ended it", "rate"),
        ("group", {"THR_MDL_FAC": 0.3}, "THR_MDL_FAC must be 0", "rate"),
        ("set", {"PWM_AUX_FUNC3": 103}, "no output has the function 303", "rate"),
        ("set", {"COM_OF_LOSS_T": 1.0}, "COM_OF_LOSS_T is 1 s", "rate"),
        ("set", {"COM_OBL_RC_ACT": 4}, "COM_OBL_RC_ACT must be 6 or 7", "rate"),
        ("set", {"answers": {187: 3}}, "answered by unsupported", "rate"),
        ("override", {"SERVO2_FUNCTION": 34}, "four outputs must be RCINn", "rate"),
        ("override", {"SYSID_MYGCS": 255.0}, "SYSID_MYGCS must be 1", "rate"),
        ("override", {"RC_OVERRIDE_TIME": -1.0}, "RC_OVERRIDE_TIME is -1 s", "rate"),
        ("override", {"receiver": [1500] * 16}, "a receiver must hold those channels", "rate"),
        ("override", {"receiver": [1500] * 16, "version": (4, 1)}, "takes no rates alone", "attitude"),
    ],
)
def test_without_a_deadman_no_motor_is_told_and_the_next_best_is_sent(way, spoil, reason, outputs, caplog):
    far = far_with_motors(way)
    for name, value in spoil.items():
        if hasattr(far, name):
            setattr(far, name, value)
        else:
            far.params[name] = value
    world = MavlinkWorld(far, DT, Settings("actuator"), corners_of(load("pi450").physics["rotor"]))

    with caplog.at_level(logging.WARNING, logger="quadloop.bridge"):
        world.open()

    assert world.outputs == outputs
    assert world.way is None
    assert reason in caplog.text


def test_only_an_x_is_told_by_its_mixers_controls():
    assert corners_of(load("pi450").physics["rotor"])[0] == (-1.0, 1.0, 1.0)
    assert corners_of(load("plus450").physics["rotor"]) == ()


# What messages mean.


def test_scaled_units_become_si():
    raw = mavlink.MAVLink_raw_imu_message(5_000_000, 0, 500, -1000, 100, -200, 0, 200, 0, 430, 0, 0)
    scaled = mavlink.MAVLink_scaled_imu_message(5000, 0, 500, -1000, 100, -200, 0, 200, 0, 430, 0)

    for message in (raw, scaled):
        t_us, sample = inertial(message)
        assert t_us == 5_000_000
        assert sample["accel_frd"] == pytest.approx([0.0, 4.903325, -9.80665])
        assert sample["gyro_frd"] == pytest.approx([0.1, -0.2, 0.0])


def highres(t_us=1, bits=0x1FFF, acc=(0.1, 0.2, -9.8), mag=(0.2, 0.0, 0.43)):
    return mavlink.MAVLink_highres_imu_message(
        t_us, *acc, 0.01, 0.02, 0.03, *mag, 956.0, 0.0, 488.0, 20.0, bits, 0
    )


def test_highres_imu_brings_field_and_pressure_when_they_are_new():
    senses = Senses()

    assert senses.take(highres(), 10_000, PX4)[1]["accel_frd"] == pytest.approx([0.1, 0.2, -9.8])
    assert senses.pending["mag"]["field_ut_frd"] == pytest.approx([20.0, 0.0, 43.0])
    assert senses.pending["baro"]["pressure_pa"] == pytest.approx(95_600.0)
    senses.pending.clear()
    assert senses.take(highres(bits=0x3F), 20_000, PX4) is not None
    assert not senses.pending
    assert senses.take(highres(bits=0x1C0, mag=(0.21, 0.0, 0.43)), 30_000, PX4) is None
    assert set(senses.pending) == {"mag"}
    assert senses.take(highres(acc=(math.nan, 0.0, 0.0)), 40_000, PX4) is None


def test_the_best_inertial_message_is_believed_until_it_is_silent():
    senses = Senses()
    scaled = mavlink.MAVLink_scaled_imu_message(5000, 0, 0, -1000, 0, 0, 0, 0, 0, 0, 0)
    raw = mavlink.MAVLink_raw_imu_message(5_000_000, 0, 0, -1000, 0, 0, 0, 0, 0, 0, 0, 0)

    assert senses.take(scaled, 100_000, ARDUPILOT) is not None
    assert senses.take(raw, 110_000, ARDUPILOT) is not None
    assert senses.take(scaled, 120_000, ARDUPILOT) is None
    assert senses.take(highres(), 130_000, ARDUPILOT) is not None
    assert senses.take(raw, 140_000, ARDUPILOT) is None
    assert senses.take(raw, 2_000_000, ARDUPILOT) is not None
    assert senses.take(raw, 9_000_000, PX4) is None


def fix(kind="gps_raw_int", fix_type=3, vel=500, cog=9000, **more):
    make = getattr(mavlink, f"MAVLink_{kind}_message")
    extra = (0, 0) if kind == "gps2_raw" else ()
    return make(1, fix_type, 473977420, 85455940, 488000, 120, 150, vel, cog, 12, *extra, **more)


def test_a_fix_tells_place_velocity_and_accuracy():
    found = satellites(fix(h_acc=900, v_acc=1500, vel_acc=300), -0.5)

    assert (found["lat_deg"], found["lon_deg"]) == pytest.approx((47.397742, 8.545594))
    assert found["alt_amsl_m"] == pytest.approx(488.0)
    assert found["v_ned"] == pytest.approx([0.0, 5.0, -0.5], abs=1e-9)
    assert found["horizontal_accuracy_m"] == pytest.approx(0.9)
    assert found["speed_accuracy_m_s"] == pytest.approx(0.3)
    assert satellites(fix(vel=0xFFFF), 0.0) is None
    assert satellites(fix(fix_type=6), 0.0)["fix_type"] == 3


def test_the_second_receiver_counts_while_the_first_has_no_fix():
    senses = Senses()

    senses.take(fix("gps2_raw", vel=100), 100_000, PX4)
    assert senses.pending.pop("gps")["v_ned"][1] == pytest.approx(1.0)
    senses.take(fix(), 200_000, PX4)
    senses.pending.clear()
    senses.take(fix("gps2_raw"), 300_000, PX4)
    assert "gps" not in senses.pending
    senses.take(fix("gps2_raw"), 2_000_000, PX4)
    assert "gps" in senses.pending


def test_a_battery_is_the_sum_of_its_cells():
    cells = [4100, 4000, 65535, 65535, 65535, 65535, 65535, 65535, 65535, 65535]
    found = battery(mavlink.MAVLink_battery_status_message(0, 0, 0, 0, cells, 1250, -1, -1, 50))

    assert found == {"voltage_v": pytest.approx(8.1), "current_a": pytest.approx(12.5)}


def test_the_far_sides_sticks_are_the_pilots_only_when_chosen():
    widths = [1600, 1400, 1250, 1500] + [0] * 14
    message = mavlink.MAVLink_rc_channels_message(0, 8, *widths, 255)

    assert receiver(message) == pytest.approx({"roll": 0.2, "pitch": -0.2, "yaw": 0.0, "throttle": 0.25})
    for chosen in (False, True):
        senses = Senses(has_receiver=chosen)
        senses.take(message, 1, PX4)
        assert ("pilot" in senses.pending) is chosen
    assert receiver(mavlink.MAVLink_rc_channels_message(0, 0, *[0] * 18, 255)) is None


# How the far side is brought to obey.


def handshake(autopilot=PX4):
    far = Far()
    far.system, far.component, far.autopilot = 1, 1, autopilot
    return Handshake(far), far


@pytest.mark.parametrize(("autopilot", "mode", "custom"), [(PX4, 6.0, 6 << 16), (ARDUPILOT, 20.0, 20)])
def test_first_the_mode_then_arming_once(autopilot, mode, custom):
    hands, far = handshake(autopilot)

    (first,) = hands.requests(Arming.ARMED, 1_000_000)
    again = hands.requests(Arming.ARMED, 1_010_000)
    far.custom_mode = custom
    (second,) = hands.requests(Arming.ARMED, 1_400_000)
    far.is_armed = True
    after = [hands.requests(Arming.ARMED, 1_500_000 + k * 400_000) for k in range(20)]

    assert (first.command, first.param2) == (176, mode)
    assert again == []
    assert (second.command, second.param1, second.param2) == (400, 1.0, 0.0)
    assert not any(after)
    assert hands.is_flying
    assert not hands.is_lost


def test_it_is_disarmed_with_the_loop_and_by_force_when_killed():
    hands, far = handshake()
    far.custom_mode, far.is_armed = 6 << 16, True
    hands.requests(Arming.ARMED, 1_000_000)

    (gently,) = hands.requests(Arming.DISARMED, 2_000_000)
    (forced,) = hands.requests(Arming.KILLED, 3_000_000)
    far.is_armed = False

    assert (gently.command, gently.param1, gently.param2) == (400, 0.0, 0.0)
    assert forced.param2 == 21196.0
    assert hands.requests(Arming.DISARMED, 4_000_000) == []


def test_one_that_somebody_else_armed_is_left_alone():
    hands, far = handshake()
    far.is_armed = True

    assert hands.requests(Arming.DISARMED, 1_000_000) == []


@pytest.mark.parametrize(
    "url", ["udpin:0.0.0.0:14550", "tcp:127.0.0.1:5760", "serial:/dev/ttyACM0:921600", "serial:/dev/x"]
)
def test_places_are_read(url):
    assert checked_url(url)[0] == url.partition(":")[0]


@pytest.mark.parametrize("url", ["", "udp", "udpin:1", "http://x:1", "tcp:host"])
def test_places_that_are_none_are_refused(url):
    with pytest.raises(ConfigError, match="write it as mavlink:udpin"):
        checked_url(url)


@pytest.mark.parametrize("table", [{"outputs": "motors"}, {"receiver": 1}, {"speed": 2}])
def test_settings_that_make_no_sense_are_refused(table):
    with pytest.raises(ConfigError, match=r"frame: bridge.mavlink"):
        settings_from(table, "frame")


# On the command line.


def test_a_demand_is_told_to_the_core_once():
    seats, inputs = Seats(), rows(INPUTS)
    try:
        inbox = Inbox(seats, inputs)
        seats.parent_requests.push(request(What.DEMAND, demand=demanded(Demand.TAKEOFF, 3.0)))
        told = []
        for _ in range(3):
            inbox.fill()
            told.append(int(inputs[0].demand.fresh))
    finally:
        seats.close()

    assert told == [1, 0, 0]


def test_nobody_on_the_far_side_is_one_line_and_exit_code_2(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(mavlink_opening, "ANSWER_US", 300_000)

    assert main(["fly", "hover", "--world", f"mavlink:udpin:127.0.0.1:{free_port()}", "--no-picture"]) == 2

    said = [line for line in capsys.readouterr().err.splitlines() if "does without" not in line]
    assert said == ["quadloop: no autopilot is heard: is its MAVLink sent here, and is the baud rate right?"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["fly", "hover", "--world", "mavlink:nowhere"], "write it as mavlink:udpin"),
        (["fly", "hover", "--world", "mavlink:udpin:127.0.0.1:1", "--wind", "3"], "simulator"),
        (["motors", "--world", "mavlink:udpin:127.0.0.1:1", "--motor", "1"], "tests its motors itself"),
        (["serve", "--world", "mavlink:tcp:x"], "write it as mavlink:udpin"),
    ],
)
def test_what_makes_no_sense_behind_an_autopilot_is_refused(arguments, complaint, capsys):
    assert main(arguments) == 2
    assert complaint in capsys.readouterr().err


def test_the_loop_does_not_talk_to_the_port_where_it_listens():
    usual = ("udpout:127.0.0.1:14550", "udpout:127.0.0.1:14540")

    assert apart(usual, "mavlink:udpin:0.0.0.0:14550") == usual[1:]
    assert apart(usual, "mavlink:udpout:10.0.0.2:14550") == usual
    assert apart(usual, "") == usual


def test_a_stranger_on_the_port_is_not_taken_for_the_far_side():
    wire = opened_wire(f"udpin:127.0.0.1:{free_port()}")
    place = wire.socket.getsockname()
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other,
    ):
        own.sendto(b"own", place)
        first = wire.read(wire.now_us() + 1_000_000)
        other.sendto(b"other", place)
        second = wire.read(wire.now_us() + 300_000)
        own.sendto(b"again", place)
        third = wire.read(wire.now_us() + 1_000_000)
        assert wire.write(b"to you")
        own.settimeout(10.0)
        answer = own.recv(100)
    wire.close()

    assert (first, second, third, answer) == (b"own", b"", b"again", b"to you")


def test_a_server_that_hangs_up_is_connected_to_again(monkeypatch):
    monkeypatch.setattr(mavlink_wire, "RETRY_US", 1000)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10.0)
        wire = opened_wire(f"tcp:127.0.0.1:{server.getsockname()[1]}")
        for data in (b"one", b"two"):
            line, _ = server.accept()
            line.sendall(data)
            heard = [wire.read(wire.now_us() + 2_000_000) for _ in range(1)]
            line.close()
            for _ in range(20):
                wire.read(wire.now_us() + 2000)
            assert heard == [data]
        wire.close()
        assert not wire.write(b"x")
