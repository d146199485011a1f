"""What is put on a Raspberry Pi: a set-up that says what it does and may be repeated, a service that grants enough."""

import configparser
import os
import re
import shlex
import shutil
import subprocess

import pytest

from ground import realtime
from ground.main import parser
from tests.conftest import ROOT

DEPLOY = ROOT / "deploy"
SETUP = DEPLOY / "setup-pi"


def set_up(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the set-up."""
    return subprocess.run(
        [str(SETUP), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60.0,
        stdin=subprocess.DEVNULL,
    )


def service(name: str = "quadloop.service") -> configparser.SectionProxy:
    """Return a service's table."""
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(DEPLOY / name)
    return unit["Service"]


def test_a_dry_run_says_everything_and_does_nothing(tmp_path):
    before = sorted(os.listdir(tmp_path))

    done = set_up("--dry-run", "--boot", str(tmp_path))

    assert done.returncode == 0, done.stderr
    for said in (
        "apt-get install",
        "useradd",
        "pip install",
        "enable_uart=1",
        "isolcpus=3",
        "systemctl daemon-reload",
    ):
        assert said in done.stdout
    assert sorted(os.listdir(tmp_path)) == before
    assert not os.path.exists("/opt/quadloop")


def test_the_boot_files_are_changed_once_however_often_it_is_run(tmp_path):
    (tmp_path / "config.txt").write_text("arm_64bit=1\n")
    (tmp_path / "cmdline.txt").write_text("console=serial0,115200 console=tty1 root=PARTUUID=1 rootwait\n")
    results = []
    for _ in range(2):
        assert set_up("--boot", str(tmp_path), "boot").returncode == 0
        results.append([(tmp_path / name).read_text() for name in ("config.txt", "cmdline.txt")])

    assert results[0] == results[1]
    assert results[0][1] == "console=tty1 root=PARTUUID=1 rootwait isolcpus=3\n"
    assert results[0][0].splitlines() == [
        "arm_64bit=1",
        "enable_uart=1",
        "dtoverlay=disable-bt",
        "dtparam=i2c_arm=on",
        "dtparam=i2c_arm_baudrate=400000",
        "dtparam=spi=on",
    ]


@pytest.mark.parametrize("arguments", [["--now"], ["--boot"], ["--boot", "/no/such/folder", "boot"]])
def test_what_it_does_not_know_it_refuses(arguments):
    done = set_up(*arguments)

    assert done.returncode == 2
    assert done.stderr.startswith("setup-pi: ")


def test_the_service_grants_what_the_loop_asks_for():
    table = service()

    assert int(table["LimitRTPRIO"]) >= realtime.PRIORITY
    assert table["LimitMEMLOCK"] == "infinity"
    # The first Ctrl-C lands: the service must wait as long as a landing may take.
    from ground.serving import LANDING_S

    assert table["KillSignal"] == "SIGINT"
    assert float(table["TimeoutStopSec"]) > LANDING_S
    assert table["Restart"] == "no"


def test_the_service_starts_a_command_there_is():
    settings = dict(line.split("=", 1) for line in (DEPLOY / "quadloop.conf").read_text().splitlines()[1:])
    line = re.sub(r"\$\{(\w+)\}", lambda found: settings[found[1]], service()["ExecStart"])

    chosen = parser().parse_args(shlex.split(line)[1:])

    assert chosen.world == "serial:/dev/serial0"
    assert chosen.airframe == "pi450"


@pytest.mark.parametrize("script", [SETUP, ROOT / "tools" / "prepare"], ids=lambda path: path.name)
def test_the_script_is_sound(script):
    if not (tool := shutil.which("shellcheck")):
        pytest.skip("not installed: shellcheck")

    done = subprocess.run([tool, str(script)], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


def test_the_services_are_sound():
    if not (tool := shutil.which("systemd-analyze")):
        pytest.skip("not installed: systemd-analyze")

    done = subprocess.run(
        [tool, "verify", *map(str, DEPLOY.glob("*.service"))],
        capture_output=True,
        text=True,
        check=False,
        timeout=60.0,
    )
    # Its program is not on this machine.
    complaints = [
        line for line in done.stderr.splitlines() if "quadloop" in line and "not executable" not in line
    ]

    assert not complaints
