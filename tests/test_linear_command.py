"""`quadloop margins`: what a person and a program get."""

import json

import pytest

from ground.main import main
from ground.tuning.linear import LOOPS

pytestmark = pytest.mark.slow
PROMISED = {
    "phase_margin_deg",
    "gain_margin_db",
    "delay_margin_s",
    "ms",
    "bandwidth_hz",
    "rise_s",
    "overshoot",
}


def test_margins_tell_every_loop_and_draw_it(capsys, tmp_path):
    code = main(["margins", "fma", "--json", "--plots", str(tmp_path)])

    told = json.loads(capsys.readouterr().out)
    assert code == 0
    assert set(told) == set(LOOPS)
    assert all(set(loop) >= PROMISED for loop in told.values())
    assert all(loop["phase_margin_deg"] > 40.0 for loop in told.values())
    assert {path.name for path in tmp_path.iterdir()} == {"fma_bode.png", "fma_nyquist.png"}


def test_an_unstable_loop_fails_and_is_named(capsys):
    code = main(["margins", "fma", "--set", "RATE_ROLL_KP=400"])

    assert code == 1
    assert "rate_roll" in next(line for line in capsys.readouterr().out.splitlines() if "UNSTABLE" in line)


def test_an_unknown_airframe_is_named(capsys):
    code = main(["margins", "nobody"])

    assert code == 2
    assert "nobody" in capsys.readouterr().err
