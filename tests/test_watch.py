"""`quadloop watch`: a vehicle is found by its plate, seen without its noticing, and shown as it is."""

import json

import numpy as np
import pytest

from flight.airframe import load
from flight.autopilot import Autopilot
from flight.errors import LinkError
from flight.modes import Arming, Mode
from ground import nameplate, realtime, terminal
from ground.loop import FlightLoop, plain
from ground.main import main
from ground.nameplate import Nameplate
from ground.seats import SNAPSHOT, Seats
from ground.watching import SHADES, Watch, page, shades
from logs.timing import BINS
from sim.world import Simulator


@pytest.fixture
def vehicle():
    """Return the loop of a vehicle that has flown some ticks, and its rings, named."""
    airframe, seats = load("pi450"), Seats()
    plate = Nameplate(seats, airframe.name)
    world = Simulator(airframe, 1)
    standing = realtime.Standing(is_prior=True)
    loop = FlightLoop(Autopilot(airframe.params, world.dt), world, seats, standing=standing)
    for _ in range(200):
        loop.tick()
    yield loop, plate
    plate.close()
    seats.close()


def told_of(plate: Nameplate) -> dict:
    """Return what a plate says."""
    return nameplate.read(plate.memory.name)


def test_what_is_shown_is_what_the_loop_has_said(vehicle):
    loop, plate = vehicle
    told = Watch(told_of(plate)).look()
    newest = loop.autopilot.commands[0]

    assert told["airframe"] == "pi450"
    assert told["tick"] == newest.status.tick
    assert (told["arming"], told["mode"]) == ("disarmed", Mode(newest.status.mode).name.lower())
    assert told["battery_v"] == loop.autopilot.inputs[0].battery.voltage_v
    assert sum(told["timing"]["work"]) == told["timing"]["ticks"]


def test_the_page_says_what_is_wrong_in_capitals_and_what_keeps_it_from_arming(vehicle):
    loop, plate = vehicle
    commands, inputs = loop.autopilot.commands.copy(), loop.autopilot.inputs.copy()
    status = commands[0].status
    status.arming, status.failsafes, status.refusals = Arming.ARMED, 1, 0
    loop.seats.snapshots.push(plain(inputs).view(np.uint8), plain(commands).view(np.uint8), 1.0, 7)

    shown = page(Watch(told_of(plate)).look())

    assert "armed" in shown
    assert "PILOT LOST" in shown
    # Snapshots that are from 1970 come no more.
    assert "THE LOOP HAS BEEN SILENT" in shown
    assert "SCHED_FIFO" in shown
    assert "sample to motor |" in shown


def test_a_histogram_is_darker_where_more_ticks_are():
    counts = [0] * BINS
    counts[3], counts[10], counts[20] = 1, 100, 10_000

    drawn = shades(counts)

    assert len(drawn) == BINS
    assert drawn[0] == " "
    depths = [SHADES.index(drawn[k]) for k in (3, 10, 20)]
    assert depths == sorted(set(depths))


def test_the_command_shows_what_flies_and_says_when_nothing_does(vehicle, capsys, monkeypatch):
    assert main(["watch", "--json"]) == 0
    mine = [v for v in json.loads(capsys.readouterr().out)["vehicles"] if v["pid"] == plate_pid(vehicle)]
    assert mine[0]["airframe"] == "pi450"

    assert main(["watch", "--pid", "1"]) == 0
    assert "nothing flies here" in capsys.readouterr().out
    assert main(["watch", "--every", "0"]) == 2


def plate_pid(vehicle) -> int:
    """Return the process that flies a vehicle."""
    return int(told_of(vehicle[1])["pid"])


def test_another_version_and_rings_that_have_gone_are_told_in_a_line(vehicle):
    told = told_of(vehicle[1])
    name, capacity, size = told["rings"]["snapshots"]

    with pytest.raises(LinkError, match="another version"):
        nameplate.reader(told | {"rings": {"snapshots": [name, capacity, size + 8]}}, "snapshots", SNAPSHOT)
    with pytest.raises(LinkError, match="gone"):
        nameplate.reader(told | {"rings": {"snapshots": ["nobody", capacity, size]}}, "snapshots", SNAPSHOT)


def test_a_vehicle_of_another_version_does_not_hide_the_others(vehicle, capsys, monkeypatch):
    told = told_of(vehicle[1])
    name, capacity, size = told["rings"]["timings"]
    other = told | {"rings": told["rings"] | {"timings": [name, capacity, size - 8]}}
    monkeypatch.setattr(nameplate, "flying", lambda: [other, told])

    assert main(["watch", "--json"]) == 0

    out, err = capsys.readouterr()
    assert len(json.loads(out)["vehicles"]) == 1
    assert "another version" in err

    monkeypatch.setattr(nameplate, "flying", lambda: [other])

    assert main(["watch"]) == 2


def test_a_vehicle_of_another_user_says_how_to_see_it(vehicle, capsys, monkeypatch):
    def refuse(_: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(nameplate, "attached", refuse)

    assert main(["watch"]) == 2
    assert "sudo -u" in capsys.readouterr().err


def test_a_plate_is_gone_with_its_vehicle():
    seats = Seats()
    plate = Nameplate(seats, "pi450")
    name = plate.memory.name
    assert nameplate.is_hung(name)

    plate.close()
    seats.close()

    assert not nameplate.is_hung(name)
    assert nameplate.read(name) == {}


def test_pages_are_drawn_over_each_other_on_a_terminal_alone(capsys, monkeypatch):
    screen = terminal.Screen()
    screen.show("a\nb")
    screen.show("c\nd")
    assert capsys.readouterr().out == "a\nb\nc\nd\n"

    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    screen.show("e")
    assert capsys.readouterr().out == "\x1b[2F\x1b[Je\n"
