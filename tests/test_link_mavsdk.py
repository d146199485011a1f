"""MAVSDK, unmodified, flies a served vehicle: connect, telemetry, take-off, go-to, offboard, return."""

import asyncio
import math
import socket
import warnings

import pytest

from tests.served import Served

pytestmark = pytest.mark.slow
SPEED = 4.0

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    mavsdk = pytest.importorskip("mavsdk", reason="mavsdk is not installed")
    from mavsdk.offboard import OffboardError, PositionNedYaw, VelocityBodyYawspeed


async def seen(stream, where=lambda _: True, timeout_s=60.0):
    """Return the first of a stream's values for which something holds."""

    async def first():
        async for value in stream:
            if where(value):
                return value
        return None

    return await asyncio.wait_for(first(), timeout_s)


async def place(drone):
    """Return north, east and height."""
    p = (await seen(drone.telemetry.position_velocity_ned())).position
    return p.north_m, p.east_m, -p.down_m


async def get_ready(drone):
    """Connect and wait for health; return what the vehicle told about itself."""
    await seen(drone.core.connection_state(), lambda c: c.is_connected)
    await seen(drone.telemetry.health_all_ok(), bool)
    version = await drone.info.get_version()
    battery = await seen(drone.telemetry.battery())
    imu = await seen(drone.telemetry.imu())
    assert 0.0 <= battery.remaining_percent <= 100.0
    assert imu.acceleration_frd.down_m_s2 == pytest.approx(-9.8, abs=0.3)
    return version


async def take_off(drone):
    """Take off to 5 m; return the height that was reached."""
    await drone.action.set_takeoff_altitude(5.0)
    await drone.action.arm()
    await drone.action.takeoff()
    await seen(drone.telemetry.landed_state(), lambda state: state.name == "IN_AIR")
    await seen(drone.telemetry.flight_mode(), lambda mode: mode.name == "HOLD")
    await asyncio.sleep(3.0 / SPEED)
    position = await seen(drone.telemetry.position())
    home = await seen(drone.telemetry.home())
    relative = position.absolute_altitude_m - home.absolute_altitude_m
    assert position.relative_altitude_m == pytest.approx(relative, abs=0.01)
    return position.relative_altitude_m


async def pass_s(drone, seconds):
    """Let so many of the vehicle's own seconds pass: a busy machine flies slower than it should."""
    began = await seen(drone.telemetry.attitude_quaternion())
    until_us = began.timestamp_us + 1e6 * seconds
    await seen(drone.telemetry.attitude_quaternion(), lambda now: now.timestamp_us >= until_us)


async def go_north(drone):
    """Go 20 m north; return where it ended."""
    home = await seen(drone.telemetry.home())
    north_deg = home.latitude_deg + 20.0 / 111_132.95
    await drone.action.goto_location(north_deg, home.longitude_deg, home.absolute_altitude_m + 5.0, 0.0)
    await pass_s(drone, 14.0)
    return await place(drone)


async def fly_offboard(drone):
    """Fly to a place and then sideways in the body's axes; return both ends."""
    with pytest.raises(OffboardError):
        await drone.offboard.start()
    await drone.offboard.set_position_ned(PositionNedYaw(10.0, 5.0, -6.0, 90.0))
    await drone.offboard.start()
    await pass_s(drone, 12.0)
    there = await place(drone)
    # Facing east, the body's forward is east.
    await drone.offboard.set_velocity_body(VelocityBodyYawspeed(2.0, 0.0, 0.0, 0.0))
    await pass_s(drone, 5.0)
    moved = await place(drone)
    await drone.offboard.stop()
    return there, moved


async def fly(port):
    """Fly everything; return what was seen."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        server_port = probe.getsockname()[1]
    drone = mavsdk.System(port=server_port)
    await drone.connect(f"udpout://127.0.0.1:{port}")
    version = await get_ready(drone)
    height, there, (offboard, moved) = await take_off(drone), await go_north(drone), await fly_offboard(drone)
    await drone.action.return_to_launch()
    await seen(drone.telemetry.armed(), lambda armed: not armed, 120.0)
    values = await drone.param.get_all_params()
    return version, height, there, offboard, moved, await place(drone), values


def test_mavsdk_flies_it(tmp_path, record_property):
    served = Served(tmp_path, "--speed", f"{SPEED:g}")

    try:
        version, height, there, offboard, moved, landed, values = asyncio.run(fly(served.port))
    finally:
        code = served.end()

    record_property("MAVSDK: take-off to 5 m, height", f"{height:.2f} m")
    record_property("MAVSDK: go-to 20 m, error", f"{math.dist(there, (20.0, 0.0, 5.0)):.2f} m")
    record_property("MAVSDK: return lands off home by", f"{math.hypot(*landed[:2]):.2f} m")
    assert code == 130
    assert version.flight_sw_major == 0
    assert height == pytest.approx(5.0, abs=0.3)
    assert math.dist(there, (20.0, 0.0, 5.0)) < 0.5
    assert math.dist(offboard, (10.0, 5.0, 6.0)) < 0.5
    assert moved[1] > offboard[1] + 3.0
    assert abs(moved[0] - offboard[0]) < 0.5
    assert math.hypot(*landed[:2]) < 0.5
    assert len(values.float_params) + len(values.int_params) > 200
