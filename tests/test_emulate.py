"""`quadloop firmware emulate`: the machine code at a pseudo-terminal, in a checkout; elsewhere it says why not."""

import json

import pytest

from firmware_bridge import firmware
from ground.main import main


@pytest.mark.slow
def test_the_emulator_says_where_the_board_is_and_ends_by_itself(chip, tmp_path, capfd):
    code = main(["firmware", "emulate", "--out", str(tmp_path), "--seconds", "0.2"])

    assert code == 0
    assert "serial:/dev/pts/" in capfd.readouterr().out


@pytest.mark.slow
def test_without_a_checkout_it_says_why_there_is_no_emulator(chip, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(firmware, "EMULATOR", tmp_path / "nothing.py")

    code = main(["firmware", "emulate", "--out", str(tmp_path)])

    assert code == 2
    assert "GPL" in capsys.readouterr().err


@pytest.mark.slow
def test_building_still_tells_the_size(chip, tmp_path, capsys):
    assert main(["firmware", "build", "--out", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["flash_bytes"] <= 8192
