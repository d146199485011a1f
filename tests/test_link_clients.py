"""Programs nobody here wrote use what the link offers: MAVProxy at its prompt, MAVSDK's services one by one."""

import asyncio
import importlib.util
import math
import socket
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import pytest

from tests.served import Served

pytestmark = pytest.mark.slow
SPEED = 4.0
PATIENCE_S = 60.0
HOME = 47.397742, 8.545594
METRE_DEG = 1.0 / 111_132.95
MISSION = f"""QGC WPL 110
0\t1\t3\t22\t0\t0\t0\t0\t0\t0\t5\t1
1\t0\t3\t16\t0\t0\t0\t0\t{HOME[0] + 10 * METRE_DEG}\t{HOME[1]}\t5\t1
2\t0\t3\t19\t60\t0\t0\t0\t{HOME[0] + 10 * METRE_DEG}\t{HOME[1]}\t5\t1
"""
FENCE = "".join(
    f"{HOME[0] + north:.7f} {HOME[1] + east:.7f}\n"
    for north, east in ((0, 0), (1e-3, -1e-3), (1e-3, 1e-3), (-1e-3, 1e-3), (-1e-3, -1e-3), (1e-3, -1e-3))
)


@pytest.fixture
def served(tmp_path):
    """Serve one vehicle; it must end in good order."""
    vehicle = Served(tmp_path, "--speed", f"{SPEED:g}")
    code = 0
    try:
        yield vehicle
    finally:
        code = vehicle.end()
    assert code == 130


class Prompt:
    """MAVProxy as a person uses it: lines in, lines out."""

    def __init__(self, port: int, folder: Path) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-W", "ignore", str(Path(sys.executable).with_name("mavproxy.py"))),
                *(f"--master=udpout:127.0.0.1:{port}", f"--state-basedir={folder}", "--mav20"),
            ],
            cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1,
        )  # fmt: skip
        threading.Thread(target=self.read, daemon=True).start()

    def read(self) -> None:
        """Keep what it says."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    def type(self, command: str) -> None:
        """Type a command."""
        assert self.process.stdin is not None
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def ask(self, command: str, answer: str, patience_s: float = PATIENCE_S) -> None:
        """Type a command, again now and then, until the answer is there."""
        seen, until_s, again_s = len(self.lines), time.monotonic() + patience_s, 0.0
        while not any(answer in line for line in self.lines[seen:]):
            assert time.monotonic() < until_s, "\n".join([command, answer, *self.lines[-60:]])
            if command and time.monotonic() > again_s:
                again_s = time.monotonic() + 5.0
                self.type(command)
            time.sleep(0.05)

    def end(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait(10.0)


@pytest.mark.skipif(importlib.util.find_spec("MAVProxy") is None, reason="MAVProxy is not installed")
def test_mavproxy_sets_parameters_loads_plans_flies_and_lists_logs(served, tmp_path):
    (tmp_path / "way.txt").write_text(MISSION)
    (tmp_path / "fence.txt").write_text(FENCE)
    prompt = Prompt(served.port, tmp_path)
    try:
        prompt.ask("", "online system 1")
        prompt.ask("param fetch", "Saved")
        prompt.type("param set MIS_TAKEOFF_ALT 6.5")
        prompt.ask("param show MIS_TAKEOFF_ALT", "MIS_TAKEOFF_ALT  6.5")
        prompt.type("param set NAV_RCL_ACT 1")
        prompt.ask("param show NAV_RCL_ACT", "NAV_RCL_ACT      1")
        prompt.ask("param save kept.parm", "Saved")
        prompt.ask("wp load way.txt", "TYPE_MISSION: ACCEPTED")
        prompt.ask("fence load fence.txt", "TYPE_FENCE: ACCEPTED")
        prompt.ask("log list", "numLogs 1")
        prompt.ask("arm throttle", "ARMED")
        # Its own `mode NAME` breaks on every PX4: it hands a tuple to a message that takes a number.
        prompt.ask("long DO_SET_MODE 1 4 4", "Mode MISSION")
        prompt.ask("wp status", "waypoint 2")
        prompt.ask("long NAV_RETURN_TO_LAUNCH", "Mode RTL")
        prompt.ask("wp status", "DISARMED", 120.0)
    finally:
        prompt.end()

    kept = (tmp_path / "kept.parm").read_text()
    assert "MIS_TAKEOFF_ALT  6.5" in kept


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    try:
        import mavsdk
        from mavsdk.follow_me import Config, TargetLocation
        from mavsdk.geofence import FenceType, GeofenceData, Point, Polygon
        from mavsdk.mission_raw import MissionItem
    except ImportError:
        mavsdk = None


async def seen(stream, where=lambda _: True, patience_s=PATIENCE_S):
    """Return the first of a stream's values for which something holds."""

    async def first():
        async for value in stream:
            if where(value):
                return value
        return None

    return await asyncio.wait_for(first(), patience_s)


def within(awaitable):
    """Return what is awaited, unless it takes too long."""
    return asyncio.wait_for(awaitable, PATIENCE_S)


async def connected(port: int):
    """Return a connected MAVSDK that found a healthy vehicle."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        server_port = probe.getsockname()[1]
    drone = mavsdk.System(port=server_port)
    await within(drone.connect(f"udpout://127.0.0.1:{port}"))
    await seen(drone.core.connection_state(), lambda c: c.is_connected)
    await seen(drone.telemetry.health_all_ok(), bool)
    return drone


async def use_on_the_ground(drone, folder):
    """Calibrate, list and fetch files and logs, ask the shell; return what came."""
    lines = []
    async for step in drone.calibration.calibrate_gyro():
        lines.append(step)
    pages = await within(drone.ftp.list_directory("/etc/extras"))
    async for _ in drone.ftp.download("/etc/extras/parameters.json", str(folder), False):
        pass
    logs = await within(drone.log_files.get_entries())
    await seen(
        drone.log_files.download_log_file(logs[-1], str(folder / "flight.ulg")), lambda p: p.progress > 0.02
    )
    fence = Polygon([Point(HOME[0] + n, HOME[1] + e) for n, e in ((1e-3, 0), (-1e-3, 1e-3), (-1e-3, -1e-3))],
                    FenceType.INCLUSION)  # fmt: skip
    await within(drone.geofence.upload_geofence(GeofenceData([fence], [])))
    await within(drone.geofence.clear_geofence())
    return lines, pages, logs


def square(side_m: float) -> list:
    """Return four waypoints around home at 6 m, and the way back."""
    corners = [(0.0, side_m), (side_m, side_m), (side_m, 0.0), (0.0, 0.0)]
    east_deg = METRE_DEG / math.cos(math.radians(HOME[0]))
    return [
        MissionItem(
            k, 6, 16, int(k == 0), 1, 0.0, 1.0, 0.0, math.nan,
            round((HOME[0] + n * METRE_DEG) * 1e7), round((HOME[1] + e * east_deg) * 1e7), 6.0, 0,
        )
        for k, (n, e) in enumerate(corners)
    ]  # fmt: skip


async def fly_square(drone):
    """Fly four waypoints; return the progress that was told."""
    await within(drone.mission_raw.upload_mission(square(12.0)))
    told = []
    await within(drone.action.arm())
    await within(drone.mission_raw.start_mission())
    await seen(
        drone.mission_raw.mission_progress(), lambda p: told.append(p.current) or p.current >= p.total, 120.0
    )
    return told


def apart_m(place, lat_deg: float, lon_deg: float) -> float:
    """Return how far a position is from a point, over ground."""
    east_m = (place.longitude_deg - lon_deg) * math.cos(math.radians(lat_deg)) / METRE_DEG
    return math.hypot((place.latitude_deg - lat_deg) / METRE_DEG, east_m)


async def follow(drone):
    """Follow somebody who stands 30 m north, 6 m away from him; return how far away and how high that is."""
    await within(
        drone.follow_me.set_config(Config(8.0, 6.0, 0.1, Config.FollowAltitudeMode.CONSTANT, 5.0, 180.0))
    )
    await within(drone.follow_me.start())
    await seen(drone.telemetry.flight_mode(), lambda mode: mode.name == "FOLLOW_ME")
    there = HOME[0] + 30.0 * METRE_DEG, HOME[1]
    await within(drone.follow_me.set_target_location(TargetLocation(*there, 488.0, 0.0, 0.0, 0.0)))
    await seen(drone.telemetry.position(), lambda p: apart_m(p, *there) < 7.0 and p.relative_altitude_m > 7.5)
    await asyncio.sleep(8.0 / SPEED)
    settled = await seen(drone.telemetry.position())
    await within(drone.follow_me.stop())
    await seen(drone.telemetry.flight_mode(), lambda mode: mode.name == "HOLD")
    return apart_m(settled, *there), settled.relative_altitude_m


async def use_everything(port: int, folder: Path):
    """Use the services, fly the mission, follow, land; return what was seen."""
    drone = await connected(port)
    lines, pages, logs = await use_on_the_ground(drone, folder)
    told = await fly_square(drone)
    place = await follow(drone)
    await within(drone.action.return_to_launch())
    await seen(drone.telemetry.armed(), lambda armed: not armed, 120.0)
    return lines, pages, logs, told, place


@pytest.mark.skipif(mavsdk is None, reason="mavsdk is not installed")
def test_mavsdk_calibrates_fetches_files_flies_a_mission_and_follows(served, tmp_path, record_property):
    lines, pages, logs, told, place = asyncio.run(
        asyncio.wait_for(use_everything(served.port, tmp_path), 400.0)
    )

    assert lines[-1].progress == pytest.approx(1.0)
    assert any("parameters.json" in name for name in pages.files)
    assert "MIS_TAKEOFF_ALT" in (tmp_path / "parameters.json").read_text()
    assert logs[-1].size_bytes > 0
    assert (tmp_path / "flight.ulg").read_bytes()[:4] == b"ULog"
    assert told == sorted(told)
    assert {1, 2, 3, 4} <= set(told)
    record_property(
        "MAVSDK follow me, 6 m from one who stands, 8 m high", f"{place[0]:.2f} m, {place[1]:.2f} m"
    )
    assert place == pytest.approx((6.0, 8.0), abs=0.5)
