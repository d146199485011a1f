"""What all tests share: the data nobody here wrote, and a list by name of what was not run."""

import shutil
from pathlib import Path

import pytest

from flight import kernel

# The tests' own kernels are kept from run to run, like those that fly.
kernel.ROOMS += ("tests",)
ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"
left_out: list[str] = []
measured: list[str] = []

# Files whose kernels are cheap enough to be tested a second time in plain Python, see test_interpreted.py.
INTERPRETED = (
    "test_control_gyro",
    "test_estimator_parts",
    "test_filters",
    "test_frames",
    "test_geodesy",
    "test_guidance_axis",
    "test_mixer",
    "test_random",
)
# Files of whole flights, left out of `make quick` besides the tests that say so themselves.
SLOW = ("test_flight_quality", "test_guidance_same")
# Files of minutes: begun last, one would keep one process busy while the other has nothing left to do.
FIRST = ("test_interpreted", "test_serial_world")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of other people's recordings; skip where a clone does not have it."""
    if not SHARED_DATA.is_dir():
        pytest.skip("../shared/data is absent: recordings of others are not part of the repository")
    return SHARED_DATA


@pytest.fixture
def record_property(record_property):
    """Show a figure as text: what numpy computed does not travel between test processes."""
    return lambda name, value: record_property(name, str(value))


@pytest.fixture(scope="session")
def chip(tmp_path_factory):
    """Return how to switch on a board; what the machine lacks is named."""
    from firmware_bridge.firmware import build
    from tests.emulator.board import Board, build_host

    missing = [tool for tool in ("avr-gcc", "avr-size", "cc") if not shutil.which(tool)]
    if not Path("/usr/include/simavr/sim_avr.h").exists():
        missing.append("libsimavr-dev")
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    folder = tmp_path_factory.mktemp("firmware")
    library, firmware = build_host(folder), build(folder)

    def switch_on(**how):
        return Board(library, firmware.elf, **how)

    switch_on.firmware = firmware
    return switch_on


@pytest.fixture
def board(chip):
    """Return a board that has come up."""
    from tests.firmware_rig import booted

    return booted(chip())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.stem in INTERPRETED:
            item.add_marker(pytest.mark.interpreted)
        if item.path.stem in SLOW:
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: item.path.stem not in FIRST)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call":
        measured.extend(f"{name}: {value}" for name, value in report.user_properties)
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        left_out.append(f"{report.nodeid}: {reason.removeprefix('Skipped: ')}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if measured:
        terminalreporter.section("MEASURED")
        for line in measured:
            terminalreporter.line(line)
    if left_out:
        terminalreporter.section("NOT RUN on this machine")
        for line in left_out:
            terminalreporter.line(line)
