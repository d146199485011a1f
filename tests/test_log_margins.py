"""Margins from a log alone: beside a loop on paper, and beside the vehicle that flew."""

import copy
import json

import numpy as np
import pytest

from benchmarks import identification as bench
from flight.airframe import load
from flight.command import COMMAND
from flight.errors import LogError
from flight.inputs import INPUTS
from flight.record import rows
from ground.identification.loops import measured_loops, shown
from ground.identification.response import RING_S, Response, Sweep, response
from ground.main import main
from ground.tuning import linear
from ground.tuning.margins import margins
from logs.rebuilding import Flight

DT = 1e-3
LAG_S, GAIN, SECONDS = 0.05, 20.0, 6.0
SEED = 23


def swept(noise, seed, kick_s=0.0):
    """Sweep the torque of a rate loop on paper, u = r - GAIN y, y' = lagged u, its gyro noisy.

    Rotors that turn the vehicle as they speed up, as about yaw, add `kick_s` times the lagged u's slope.
    """
    t = DT * np.arange(round((SECONDS + 2.0 * RING_S) / DT)) - RING_S
    octaves = np.log(25.0 / 0.6)
    sweep = np.sin(2.0 * np.pi * 0.6 * SECONDS / octaves * (np.exp(octaves * t / SECONDS) - 1.0))
    r = 25.0 * sweep * np.clip(np.minimum(t, SECONDS - t) / 0.5, 0.0, 1.0)
    random = np.random.default_rng(seed)
    u, y = np.zeros(len(t)), np.zeros(len(t))
    rate = lagged = 0.0
    for k in range(len(t)):
        y[k] = rate + noise * random.normal()
        u[k] = r[k] - GAIN * y[k]
        slope = (u[k] - lagged) / LAG_S
        lagged += DT * slope
        rate += DT * (lagged + kick_s * slope)
    return Sweep(DT, r, u, y[:, None])


def on_paper(f_hz, kick_s=0.0):
    """Return the response of that vehicle, sampled."""
    z = np.exp(2j * np.pi * f_hz * DT)
    return DT * (DT * z + kick_s * (z - 1.0)) / LAG_S / ((z - 1.0) * (z - 1.0 + DT / LAG_S))


def about(f_hz):
    """Return what is believed of it: a motor lag that is a fifth too short, and no kick."""
    s = 2j * np.pi * f_hz
    return 1.0 / (s * (1.0 + 0.8 * LAG_S * s))


@pytest.mark.parametrize("seed", range(4))
def test_noise_in_a_closed_loop_does_not_bias_what_is_measured(seed):
    f_hz = np.geomspace(0.8, 20.0, 60)

    seen = response(swept(0.1, seed), f_hz, about)

    off = seen.H[0] - on_paper(f_hz)
    sigma = np.sqrt((np.abs(seen.spread[0]) ** 2).sum(axis=1))
    assert np.mean(np.abs(off) < 2.5 * sigma) > 0.9
    near = (f_hz > 2.0) & (f_hz < 6.0)
    assert np.all(np.abs(off / on_paper(f_hz))[near] < 0.1)
    assert np.all(seen.coherence <= 1.0 + 1e-9)


def test_a_response_that_rises_where_the_loop_is_quiet_is_not_taken_for_that_of_its_loud_side():
    f_hz = np.geomspace(0.7, 20.0, 60)

    seen = response(swept(0.0, 0, 0.2), f_hz, about)

    off = np.abs(seen.H[0] / on_paper(f_hz, 0.2) - 1.0)
    assert off.max() < 0.005


def test_what_a_sweep_has_not_shown_at_its_ends_crosses_nothing():
    f_hz = np.geomspace(0.6, 25.0, 6)
    H = np.stack([1.0 / (2j * np.pi * f_hz)])
    doubt = np.array([0.4, 0.05, 0.01, 0.01, 0.02, 0.5])

    kept = shown(Response(f_hz, H, np.ones((1, 6)), doubt[None, :, None] * H[:, :, None]))

    assert np.array_equal(kept.f_hz, f_hz[1:5])
    assert np.array_equal(kept.H, H[:, 1:5])
    assert kept.coherence.shape == (1, 4)
    assert kept.spread.shape == (1, 4, 1)


def test_a_log_without_an_excitation_says_what_is_missing():
    airframe = load("pi450")
    flight = Flight(rows(INPUTS, 100), rows(COMMAND, 100), airframe.params, airframe, DT, 1)

    with pytest.raises(LogError, match="fly chirp"):
        measured_loops(flight)


@pytest.fixture(scope="module")
def flown():
    airframe = load("pi450")
    flight, setup = bench.flown(airframe, SEED)
    return airframe, flight, setup


@pytest.mark.slow
def test_a_chirp_shows_the_margins_of_the_vehicle_that_flew(flown, record_property):
    airframe, flight, setup = flown

    told = bench.loops(flight, airframe, copy.deepcopy(setup))

    worst = {
        kind: max(abs(t.error) for name, t in told.items() if kind in name) for kind in ("phase", "crossover")
    }
    record_property("phase margins from a log, worst deg", round(worst["phase"], 2))
    record_property("crossovers from a log, worst %", round(worst["crossover"], 2))
    assert len(told) == 12
    assert worst["phase"] < 2.0
    assert worst["crossover"] < 3.0


@pytest.mark.slow
def test_a_log_tells_the_margins_of_gains_that_were_not_flown(flown):
    airframe, flight, setup = flown
    doubled = {"RATE_ROLL_KP": 2.0 * airframe.gains["RATE_ROLL_KP"]}
    other = load("pi450")
    other.set("RATE_ROLL_KP", doubled["RATE_ROLL_KP"])
    rig = bench.true_rig(other, copy.deepcopy(setup))
    f_hz = np.geomspace(0.6, 25.0, 300)

    told = measured_loops(flight, doubled)["rate_roll"].figures()

    real = margins(f_hz, linear.loop_response(rig, linear.LOOPS["rate_roll"], f_hz)).of(0)
    assert told["phase_margin_deg"] == pytest.approx(real["phase_margin_deg"], abs=2.0)
    assert told["crossover_hz"] == pytest.approx(real["crossover_hz"], rel=0.03)
    assert told["gain_margin_db"] == pytest.approx(real["gain_margin_db"], abs=0.5)


@pytest.mark.slow
def test_the_command_measures_a_log_and_draws_it(capsys, tmp_path):
    log = tmp_path / "chirp.ulg"
    assert main(["fly", "chirp", "--log", str(log), "--no-picture", "--json"]) == 0
    capsys.readouterr()

    code = main(["margins", str(log), "--json", "--plots", str(tmp_path)])

    told = json.loads(capsys.readouterr().out)
    assert code == 0
    assert set(told) == {f"{kind}_{axis}" for kind in ("rate", "attitude") for axis in linear.AXES}
    for loop in told.values():
        assert loop["low"]["phase_margin_deg"] <= loop["phase_margin_deg"] <= loop["high"]["phase_margin_deg"]
        assert loop["is_stable"]
    assert (tmp_path / "chirp_bode.png").stat().st_size > 30_000
