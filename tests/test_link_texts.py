"""What is shown on the ground as text: what happened, why, what to do about it, and how severe it is."""

import pytest

from flight.modes import Event, Failsafe, Mode, Refusal
from flight.params import BY_ID
from flight.supervisor.reasons import FAILSAFES, REFUSALS
from flight.supervisor.table import Sign
from ground.link.dialect import mavlink
from ground.link.events import ACTIONS, AGAIN_S, Events
from ground.link.switchboard import SAID_AT_MOST
from ground.link.vehicle import Happening
from logs.events import event_text, level
from tests.link_rig import Line, PretendedVehicle

CRITICAL, WARNING = mavlink.MAV_SEVERITY_CRITICAL, mavlink.MAV_SEVERITY_WARNING
NOTICE, INFO = mavlink.MAV_SEVERITY_NOTICE, mavlink.MAV_SEVERITY_INFO


class Listener(Line):
    """Keeps how severe a text is with it."""

    def say(self, text, severity=6, to=None):
        assert len(text) <= SAID_AT_MOST
        self.texts.append((severity, text))


@pytest.fixture
def service(tmp_path):
    return Events(PretendedVehicle(tmp_path), Listener())


def said(service, code, value=0.0, now=0.0):
    """Let something happen; return the texts it brings with how severe they are."""
    service.link.texts.clear()
    happening = Happening(1_000_000, code, value, event_text(code, value), level(code, value))
    service.vehicle.happenings = [happening]
    service.tick(now)
    return list(service.link.texts)


def test_a_refusal_is_named_and_each_of_its_reasons_comes_with_what_to_do(service):
    texts = said(service, Event.ARMING_REFUSED, float(Refusal.TILT | Refusal.LOG))

    assert texts == [
        (WARNING, "Arming refused: tilt, log"),
        (NOTICE, "tilt: it is not level; put it on level ground (ARM_TILT_MAX)"),
        (NOTICE, "log: the flight is not being recorded; make room on the disk; restart the recorder"),
    ]


@pytest.mark.parametrize(("event", "all_told"), [
    (Event.ARMING_REFUSED, REFUSALS), (Event.FAILSAFE_RAISED, FAILSAFES)])  # fmt: skip
def test_every_reason_and_every_remedy_fits_into_a_text(service, event, all_told):
    for bit, told in all_told.items():
        (_, first), (_, second) = said(service, event, float(bit))
        assert first.endswith(second.partition(":")[0])
        assert second.endswith(f"{told.reason}; {told.remedy}")


def test_a_failsafe_that_only_warns_is_a_warning_and_one_that_acts_is_critical(service):
    vehicle = service.vehicle
    for action, severity in ((0.0, WARNING), (3.0, CRITICAL)):
        vehicle.set_parameter("FS_BLOW_ACT", action)
        assert said(service, Event.FAILSAFE_RAISED, float(Failsafe.BATTERY_LOW))[0] == (
            severity,
            "Failsafe raised: battery low",
        )
    both = float(Failsafe.BATTERY_LOW | Failsafe.BATTERY_CRITICAL)
    vehicle.set_parameter("FS_BLOW_ACT", 0.0)
    assert said(service, Event.FAILSAFE_RAISED, both)[0][0] == CRITICAL


def test_every_failsafe_has_its_action():
    assert sorted(ACTIONS) == [bit.bit_length() - 1 for bit in Failsafe]
    assert all(BY_ID[name].path == "supervisor.action" for name in ACTIONS.values())


def test_advice_is_not_repeated_at_once_though_the_refusal_is(service):
    counts = [
        len(said(service, Event.ARMING_REFUSED, float(Refusal.TILT), now)) for now in (0.0, 1.0, AGAIN_S)
    ]

    assert counts == [2, 1, 2]


def test_an_end_by_a_failsafe_is_critical_and_one_as_asked_is_not(service):
    assert said(service, Event.DISARMED, float(Sign.ORDER_DISARM)) == [
        (CRITICAL, "Disarmed: by a failsafe"),
        (NOTICE, "look at the vehicle, then disarm once more"),
    ]
    assert said(service, Event.DISARMED, float(Sign.DISARM_WISH)) == [(INFO, "Disarmed: as asked")]


def test_what_shows_elsewhere_is_not_said_and_a_number_that_is_none_has_no_advice(service):
    assert said(service, Event.PARAM_CHANGED, 3.0) == []
    assert said(service, Event.MODE_CHANGED, float(Mode.HOLD)) == [(INFO, "Mode changed: hold")]
    assert len(said(service, Event.FAILSAFE_RAISED, float("nan"))) == 1
