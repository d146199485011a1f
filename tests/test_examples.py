"""The examples run as they stand."""

import runpy
import sys

import pytest

from flight.airframe import load
from flight.inputs import Demand
from ground.missions.mission import Mission
from ground.session import Conditions, fly
from sim.operator import Await, Step
from tests.conftest import ROOT
from tests.flying import up

pytestmark = pytest.mark.slow


def test_gains_are_compared(capsys):
    runpy.run_path(str(ROOT / "examples" / "compare_gains.py"), run_name="__main__")

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert all("20 of 20 landed" in line for line in lines)


def test_a_log_is_read(tmp_path, monkeypatch, capsys):
    hop = Mission("hop", [*up(2.0), Step(Demand.LAND, awaits=Await.HOLDING)])
    log = fly(load("pi450"), hop, Conditions(), str(tmp_path / "hop.ulg")).figures["log"]
    monkeypatch.setattr(sys, "argv", ["read_a_log.py", log])

    runpy.run_path(str(ROOT / "examples" / "read_a_log.py"), run_name="__main__")

    assert "in the air" in capsys.readouterr().out
