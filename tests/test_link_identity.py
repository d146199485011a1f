"""Several vehicles side by side are told apart: each speaks, and is spoken to, by ids of its own."""

from types import SimpleNamespace

import pytest

from flight.airframe import load
from flight.errors import ConfigError
from flight.modes import Mode
from ground.choice import Choice, as_kept, identity, link_settings
from ground.link import parameter_file
from ground.link.channel import Channel
from ground.link.dialect import mavlink as m
from ground.link.frames import decoded
from ground.link.identity import Identity
from ground.link.process import connected
from ground.link.signing import Signing
from ground.link.vehicle import Facts
from ground.main import main
from ground.seats import Seats
from ground.session import Conditions
from tests.link_rig import Line, PretendedVehicle

CAPABILITIES = 520


@pytest.fixture
def file(tmp_path):
    return tmp_path / "kept.params"


def chosen(file, **given):
    return Choice(load("pi450"), Conditions(), parameter_file=file, overrides=given)


def test_the_ids_are_the_usual_ones_those_kept_or_those_given(file):
    assert identity(chosen(file)) == (1, 1)

    parameter_file.write(file, {"MAV_SYS_ID": 7.0, "MAV_COMP_ID": 3.0})

    assert identity(chosen(file)) == (7, 3)
    assert identity(chosen(file, MAV_SYS_ID=8.0)) == (8, 3)


def test_what_is_given_reaches_loop_or_link_whichever_it_belongs_to(file):
    choice = chosen(file, LINK_AUTOPILOT=0.0, RATE_ROLL_KP=20.0)

    assert link_settings(choice) == {"LINK_AUTOPILOT": 0.0}
    assert as_kept(choice).gains["RATE_ROLL_KP"] == 20.0


def test_a_system_id_that_cannot_be_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    assert main(["serve", "--set", "MAV_SYS_ID=300"]) == 2
    assert "MAV_SYS_ID" in capsys.readouterr().err
    with pytest.raises(ConfigError):
        parameter_file.find("NO_SUCH_ID", "--set")


@pytest.fixture
def vehicle(file):
    """A link with ids of its own, and a client whose frames are kept."""
    seats, sent = Seats(), []
    facts = Facts(parameter_file=file, settings={"LINK_AUTOPILOT": 0.0}, system=7, component=3)
    board = connected(seats, facts, [])
    carrier = SimpleNamespace(transmit=lambda data, _: sent.append(decoded(SimpleNamespace(data=data))))
    channel = Channel(carrier, None, "", Signing())
    board.transports = [SimpleNamespace(channels={0: channel}, tidy=lambda now_s: None, files=lambda: ())]
    yield SimpleNamespace(board=board, channel=channel, sent=sent)
    seats.close()


def answers(vehicle, system, component):
    """Ask what can be done; return who acknowledged."""
    vehicle.sent.clear()
    asked = m.MAVLink_command_long_message(system, component, CAPABILITIES, 0, 0, 0, 0, 0, 0, 0, 0)
    coder = m.MAVLink(None, 255, 190)
    vehicle.board.take((vehicle.channel, vehicle.channel.sort(asked.pack(coder))))
    return {(a.get_srcSystem(), a.get_srcComponent()) for a in vehicle.sent if a.get_type() == "COMMAND_ACK"}


def test_a_vehicle_speaks_and_listens_by_its_own_ids(vehicle):
    assert answers(vehicle, 7, 3) == answers(vehicle, 7, 0) == {(7, 3)}
    assert answers(vehicle, 1, 1) == answers(vehicle, 7, 1) == set()

    vehicle.sent.clear()
    vehicle.board.pass_once(0.0)

    (beat,) = [message for message in vehicle.sent if message.get_type() == "HEARTBEAT"]
    assert (beat.get_srcSystem(), beat.get_srcComponent(), beat.autopilot) == (7, 3, m.MAV_AUTOPILOT_GENERIC)


def beats(folder, *steps):
    """Return whether armed and in which main mode each heartbeat says, as time passes and the loop does something."""
    vehicle, line = PretendedVehicle(folder), Line()
    vehicle.said.failsafes, line.channels = 0, []
    identity, told = Identity(vehicle, line), []
    for now_s, vehicle.said.arming, vehicle.said.mode in steps:
        identity.tick(now_s)
        heard = [x for x in line.taken() if x.get_type() == "HEARTBEAT"]
        told.append(
            [(bool(x.base_mode & m.MAV_MODE_FLAG_SAFETY_ARMED), x.custom_mode >> 16 & 255) for x in heard]
        )
    return told


def test_the_heart_beats_every_second_and_when_armed_or_in_another_mode(tmp_path):
    hold, pilot = int(Mode.HOLD), int(Mode.POSITION)

    told = beats(
        tmp_path,
        (100.0, 0, hold), (100.5, 0, hold), (100.7, 1, hold), (101.0, 1, hold), (101.5, 1, pilot),
        (101.55, 1, hold), (101.59, 1, hold), (101.61, 1, hold), (101.62, 1, hold), (102.62, 1, hold),
    )  # fmt: skip

    # Not sooner than a tenth of a second after the last.
    assert told == [
        [(False, 4)], [], [(True, 4)], [], [(True, 3)],
        [], [], [(True, 4)], [], [(True, 4)],
    ]  # fmt: skip


def test_everyone_who_comes_is_greeted_once_however_many_were_there_before(vehicle):
    texts = []
    carrier = SimpleNamespace(transmit=lambda data, _: texts.append(decoded(SimpleNamespace(data=data))))
    for _ in range(20):
        newcomer = Channel(carrier, None, "", Signing())
        newcomer.heard_s = 1.0
        vehicle.board.transports[0].channels = {0: newcomer}
        for _ in range(2):
            vehicle.board.pass_once(0.0)
        # Its place in memory is the next one's.
        vehicle.board.transports[0].channels = {}
        del newcomer

    greetings = [told.text for told in texts if told.get_type() == "STATUSTEXT"]
    assert len(greetings) == 20
    assert all(text.startswith("Quadloop") for text in greetings)
