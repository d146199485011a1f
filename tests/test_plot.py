"""The picture and the report of a flight."""

import re
import struct

import numpy as np
import pytest

from flight import airframe
from flight.errors import LogError
from logs import info
from logs.figures import figures
from logs.phases import airborne, failsafes, modes
from logs.plot import plot
from logs.reader import Log
from logs.recorder import FlightLog
from logs.series import Series
from logs.view import View
from tests.log_rows import smooth_flight

SECONDS = 20.0


@pytest.fixture(scope="module")
def flight(tmp_path_factory):
    """Return the log of a made-up flight: 20 s, 16 of them in the air, on a circle of 5 m radius."""
    path = tmp_path_factory.mktemp("flight") / "circle.ulg"
    quad = airframe.load(airframe.names()[0])
    with FlightLog(path, quad, dt=0.001, seed=7) as log:
        log.append(*smooth_flight(SECONDS))
    return path


def test_a_flight_becomes_a_picture_and_one_page_that_fetches_nothing(flight, tmp_path):
    picture, report = plot(flight, tmp_path)

    width, height = struct.unpack(">II", picture.read_bytes()[16:24])
    page = report.read_text()
    assert (picture.name, report.name) == ("circle.png", "circle.html")
    assert width > 1200
    assert height > 1200
    assert not re.search(r"""(src|href|url)\s*[=(]\s*["']?(https?:)?//""", page)
    assert "Failsafe raised: battery low" in page


@pytest.mark.slow
def test_the_picture_goes_where_it_is_wanted(flight, tmp_path):
    picture, report = plot(flight, tmp_path / "deep" / "page.png")

    assert (picture, report) == (tmp_path / "deep" / "page.png", tmp_path / "deep" / "page.html")
    assert report.exists()


def test_a_log_that_knows_only_what_fills_one_column_is_drawn_too(flight, tmp_path, monkeypatch):
    monkeypatch.setattr("logs.plot.RIGHT", ())

    picture, _ = plot(flight, tmp_path)

    assert picture.exists()


def test_modes_and_failsafes_are_found_where_they_were(flight):
    series = Series(Log(flight))

    assert [p.name for p in modes(series)] == ["takeoff", "mission", "land"]
    assert [(round(p.begin_s), round(p.end_s)) for p in airborne(series)] == [(2, 18)]
    assert [(p.name, round(p.end_s - p.begin_s)) for p in failsafes(series)] == [("battery low", 3)]


def test_the_figures_are_those_of_the_flight(flight):
    found = figures(View(Series(Log(flight))))

    assert found["airborne_s"] == pytest.approx(16.0, abs=0.01)
    assert found["height_max_m"] == pytest.approx(5.0, abs=0.5)
    # Up and down 5 m each, and once round.
    assert figures(View(Series(Log(flight))))["way_m"] > 10.0 + 2.0 * np.pi * 5.0 - 1.0
    assert found["speed_max_m_s"] == pytest.approx(2.0 * np.pi * 5.0 / 12.0, rel=0.1)
    assert found["charge_used_ah"] == pytest.approx(16.0 * 16.0 / 3600.0 + 4.0 / 3600.0, rel=0.02)
    # A sine of 2 m/s2 on three axes, over noise of 0.3 m/s2.
    assert found["vibration_accel_rms_m_s2"] == pytest.approx(np.sqrt(3.0 * (2.0 + 0.09 * 0.94)), rel=0.03)


def test_the_shaking_is_seen_at_its_frequency(flight):
    shaking = View(Series(Log(flight))).accel_spectrum

    assert shaking.hz[np.argmax(shaking.density[:, 0])] == pytest.approx(95.5, abs=1.0)


def test_info_tells_rates_events_and_parameters(flight):
    facts = info.info(flight)

    assert facts["ticks"] == 20_000
    assert facts["is_replayable"]
    assert facts["duration_s"] == pytest.approx(SECONDS, abs=0.01)
    assert facts["topics"]["vehicle_attitude"]["rate_hz"] == pytest.approx(100.0, rel=0.01)
    advice = "battery low: the battery is low; come home"
    told = ["Armed", "Failsafe raised: battery low", advice, "Disarmed"]
    assert [e["text"] for e in facts["events"]] == told
    assert "quadloop_in_imu" in info.text(facts)


@pytest.mark.slow
def test_px4_logs_of_every_age_become_pages(shared_data, tmp_path):
    names = (
        "px4_mission.ulg",
        "pyulog_sample.ulg",
        "pyulog_sample_log_small.ulg",
        "pyulog_sample_px4_events.ulg",
    )
    for path in (p for p in sorted(shared_data.rglob("*.ulg")) if p.name in names):
        picture, report = plot(path, tmp_path)

        assert picture.stat().st_size > 50_000
        assert report.stat().st_size > picture.stat().st_size


def test_a_log_without_anything_to_draw_is_refused(tmp_path):
    path = tmp_path / "empty.ulg"
    FlightLog(path, airframe.load(airframe.names()[0]), dt=0.001).close()

    with pytest.raises(LogError, match="nothing this page could draw"):
        plot(path, tmp_path)
