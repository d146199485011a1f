"""What all tests share: the data nobody here wrote, and a list by name of what was not run."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"
left_out: list[str] = []


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of other people's recordings; skip where a clone does not have it."""
    if not SHARED_DATA.is_dir():
        pytest.skip("../shared/data is absent: recordings of others are not part of the repository")
    return SHARED_DATA


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        left_out.append(f"{report.nodeid}: {reason.removeprefix('Skipped: ')}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if left_out:
        terminalreporter.section("NOT RUN on this machine")
        for line in left_out:
            terminalreporter.line(line)
