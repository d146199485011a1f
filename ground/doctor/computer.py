"""Examine the computer the loop will run on: ports, permissions, privileges, punctuality, clock, disk, heat."""

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ground import realtime
from ground.doctor.finding import Finding, State, judged

NAPS, NAP_NS = 500, 2_000_000
# A loop of 2 ms that wakes half a millisecond late now and then still flies; later ones cost samples.
LATE_ODD_US = 500.0
# An hour at 1 kHz is about 2 GB.
DISK_ODD_GB, DISK_BAD_GB = 4.0, 0.2
HOT_C, SCORCHING_C = 75.0, 82.0
YEAR_LEAST = 2026
SYNCHRONIZED = Path("/run/systemd/timesync/synchronized")
THERMAL = Path("/sys/class/thermal/thermal_zone0/temp")
GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
# Adapters that sit on Arduinos: Arduino's own, CH340, FTDI, CP210x.
MAKERS = (0x2341, 0x2A03, 0x1A86, 0x0403, 0x10C4)


@dataclass(frozen=True)
class Port:
    """A serial port that may lead to a board."""

    device: str
    about: str
    is_likely: bool


def ports() -> list[Port]:
    """Return the serial ports with something behind them, and a Pi's own."""
    from serial.tools.list_ports import comports

    found = [Port(p.device, p.description, p.vid in MAKERS) for p in comports() if p.vid is not None]
    return found + [
        Port(d, "the Pi's own", False) for d in ("/dev/serial0", "/dev/ttyAMA0") if Path(d).exists()
    ]


def look_at_ports(found: list[Port]) -> Finding:
    """Say which ports there are, and whether this user may open them."""
    if not found:
        return Finding(
            "serial ports",
            State.ABSENT,
            "none: no board is attached",
            "plug the Arduino in, or --world serial:PORT",
        )
    names = ", ".join(f"{port.device} ({port.about})" for port in found)
    closed = [port.device for port in found if not os.access(port.device, os.R_OK | os.W_OK)]
    if not closed:
        return Finding("serial ports", State.GOOD, names)
    to_do = "sudo usermod -aG dialout $USER, then log in again"
    return Finding("serial ports", State.BAD, f"{', '.join(closed)} may not be opened", to_do)


def look_at_privileges() -> Finding:
    """Say what the operating system grants a loop."""
    missing = realtime.missing()
    if not missing:
        core = realtime.choose_core()
        return Finding("real-time", State.GOOD, f"SCHED_FIFO, memory locked, core {core}")
    return Finding(
        "real-time", State.ODD, f"the loop would do without {'; '.join(missing)}",
        "run as the service in deploy/, which is granted all three",
    )  # fmt: skip


def look_at_punctuality(lateness_us: np.ndarray) -> Finding:
    """Say how late this computer wakes a process that sleeps 2 ms."""
    p99, most = np.percentile(lateness_us, 99.0), lateness_us.max()
    found = f"wakes {np.median(lateness_us):.0f} us late, 99 % within {p99:.0f} us, at most {most:.0f} us"
    to_do = (
        "end other programs, use the performance governor and a PREEMPT_RT kernel; keep WLAN off in flight"
    )
    return judged("punctuality", found, to_do, is_odd=bool(p99 > LATE_ODD_US))


def lateness_us() -> np.ndarray:
    """Return how much later than asked a process wakes, microseconds, with the priority this user can have."""
    policy, parameter, late = os.sched_getscheduler(0), os.sched_getparam(0), np.zeros(NAPS)
    realtime.attempt(realtime.take_priority, "priority", [])
    try:
        due_ns = time.monotonic_ns()
        for i in range(NAPS):
            due_ns = max(due_ns, time.monotonic_ns()) + NAP_NS
            realtime.sleep_until(due_ns)
            late[i] = 1e-3 * (time.monotonic_ns() - due_ns)
    finally:
        os.sched_setscheduler(0, policy, parameter)
    return late


def look_at_clock() -> Finding:
    """Say whether the time of day can be believed; the loop does not need it, logs do."""
    now, is_synchronized = datetime.now(UTC), SYNCHRONIZED.exists()
    found = f"{now:%Y-%m-%d %H:%M:%S} UTC{'' if is_synchronized else ', not known to be synchronised'}"
    to_do = "connect to a network once after boot, or fit a real-time clock: logs are named by the time"
    return judged("clock", found, to_do, is_odd=now.year < YEAR_LEAST or not is_synchronized)


def look_at_disk(folder: Path) -> Finding:
    """Say how much room there is for logs."""
    place = next(p for p in (folder, *folder.resolve().parents) if p.is_dir())
    free_gb = shutil.disk_usage(place).free * 1e-9
    if not os.access(place, os.W_OK):
        return Finding("disk", State.BAD, f"{place} may not be written", "choose another folder with --log")
    to_do = f"delete old logs in {folder}: an hour of flight takes 2 GB"
    return judged(
        "disk", f"{free_gb:.1f} GB free in {place}", to_do, free_gb < DISK_BAD_GB, free_gb < DISK_ODD_GB
    )


def look_at_heat(heat: Path = THERMAL) -> Finding:
    """Say how hot the processor is; a Pi slows down from 80 degrees."""
    try:
        hot_c = float(heat.read_text()) * 1e-3
    except (OSError, ValueError):
        return Finding("temperature", State.ABSENT, "this computer does not tell")
    to_do = "give it a heat sink or air: it slows down above 80 degrees"
    return judged("temperature", f"{hot_c:.0f} degrees C", to_do, hot_c > SCORCHING_C, hot_c > HOT_C)


def look_at_governor(governor: Path = GOVERNOR) -> Finding:
    """Say whether the processor keeps its pace."""
    try:
        name = governor.read_text().strip()
    except OSError:
        return Finding("processor", State.ABSENT, "its pace is not this computer's to choose")
    to_do = f"echo performance | sudo tee {governor}; deploy/setup-pi does it at every boot"
    return judged("processor", f"governor {name}", to_do, is_odd=name != "performance")


def examine(found: list[Port], log_folder: Path) -> list[Finding]:
    """Look at everything."""
    looks: tuple[Callable[[], Finding], ...] = (
        lambda: look_at_ports(found),
        look_at_privileges,
        lambda: look_at_punctuality(lateness_us()),
        look_at_governor,
        look_at_heat,
        look_at_clock,
        lambda: look_at_disk(log_folder),
    )
    return [look() for look in looks]
