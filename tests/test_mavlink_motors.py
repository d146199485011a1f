"""Single motors told through another autopilot, and what stops them."""

import logging
import math

import pytest

from firmware_bridge.mavlink_actuators import corners_of
from firmware_bridge.mavlink_settings import Settings
from firmware_bridge.mavlink_world import MavlinkWorld
from flight.airframe import load
from flight.modes import Arming, Failsafe
from tests.mavlink_bench import DT, Bench
from tests.mavlink_vehicle import ARDUPILOT, PX4, FarSide

pytestmark = pytest.mark.slow


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
