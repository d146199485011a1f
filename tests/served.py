"""A vehicle that is served in a process of its own, and a client that speaks MAVLink to it."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from pymavlink import mavutil

from ground.link.dialect import mavlink
from tests.conftest import ROOT

NAN = float("nan")


def free_port(kind: int = socket.SOCK_DGRAM) -> int:
    """Return a port nobody uses."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Served:
    """`quadloop serve` on loopback; ends with Ctrl-C."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.port, self.folder = free_port(), folder
        command = [
            sys.executable,
            "-m",
            "ground",
            "serve",
            "--mavlink",
            f"udpin:127.0.0.1:{self.port}",
            "--json",
        ]
        self.out = (folder / "serve.json").open("w+")
        self.err = (folder / "serve.err").open("w+")
        self.process = subprocess.Popen(
            [*command, *options],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=self.out,
            stderr=self.err,
        )

    def end(self) -> int:
        """Press Ctrl-C and return the exit code."""
        self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(90.0)
        finally:
            self.process.kill()
            self.out.close()
            self.err.close()

    def children(self) -> dict[str, int]:
        """Return the pids of loop, recorder and link, in the order they were made."""
        text = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        pids = sorted(int(pid) for pid in text.split())
        return {str(k): pid for k, pid in enumerate(p for p in pids if b"resource_tracker" not in cmdline(p))}


def cmdline(pid: int) -> bytes:
    """Return a process's command line."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


class Client:
    """A pymavlink client with the few things every test does."""

    def __init__(self, port: int, system: int = 255, **options: Any) -> None:
        os.environ["MAVLINK20"] = "1"
        self.link = mavutil.mavlink_connection(f"udpout:127.0.0.1:{port}", source_system=system, **options)
        self.mav, self.texts = self.link.mav, []
        self.beaten_s = 0.0
        # The vehicle's own time: a busy machine may fly slower than it should.
        self.vehicle_s = 0.0

    def beat(self) -> None:
        """Say that we are here, once a second."""
        if time.monotonic() - self.beaten_s > 1.0:
            self.beaten_s = time.monotonic()
            self.mav.heartbeat_send(mavlink.MAV_TYPE_GCS, mavlink.MAV_AUTOPILOT_INVALID, 0, 0, 0)

    def receive(self, *names: str, where: Any = None, timeout_s: float = 30.0) -> Any:
        """Return the next message of these names for which `where` holds; None when none came."""
        until_s = time.monotonic() + timeout_s
        while time.monotonic() < until_s:
            self.beat()
            message = self.link.recv_match(blocking=True, timeout=0.2)
            if message is None:
                continue
            self.vehicle_s = 1e-3 * getattr(message, "time_boot_ms", 1e3 * self.vehicle_s)
            if message.get_type() == "STATUSTEXT":
                self.texts.append(message.text)
            if (not names or message.get_type() in names) and (where is None or where(message)):
                return message
        return None

    def track(self, seconds: float) -> list[Any]:
        """Return where the vehicle is while so many of its own seconds pass."""
        seen = [self.position()]
        until_s = self.vehicle_s + seconds
        while self.vehicle_s < until_s:
            seen.append(self.position())
        return seen

    def command(
        self, number: int, *parameters: float, system: int = 1, timeout_s: float = 20.0
    ) -> int | None:
        """Send a COMMAND_LONG and return its result."""
        padded = (*parameters, *[0.0] * (7 - len(parameters)))
        self.mav.command_long_send(system, 1, number, 0, *padded)
        ack = self.receive("COMMAND_ACK", where=lambda m: m.command == number, timeout_s=timeout_s)
        return None if ack is None else int(ack.result)

    def get_ready(self) -> None:
        """Wait until the vehicle can be armed."""
        assert self.receive("HOME_POSITION", timeout_s=400.0)
        assert self.receive("SYS_STATUS", where=is_ready, timeout_s=120.0), self.texts

    def position(self, where: Any = None, timeout_s: float = 90.0) -> Any:
        """Return a LOCAL_POSITION_NED."""
        return self.receive("LOCAL_POSITION_NED", where=where, timeout_s=timeout_s)


def is_ready(status: Any) -> bool:
    """Tell whether SYS_STATUS says that the vehicle can be armed."""
    return bool(status.onboard_control_sensors_health & mavlink.MAV_SYS_STATUS_PREARM_CHECK)
