"""The wind: shear, gusts, and turbulence with the strength and spectrum of its specification."""

import numpy as np
import pytest
from scipy.signal import welch

from flight.kernel import kernel
from flight.record import rows
from sim.plant import dryden, wind

FOOT = 0.3048


def air(*arguments, **keywords) -> np.void:
    """Return a wind that was set."""
    made = rows(wind.WIND)[0]
    wind.set_wind(made, *arguments, **keywords)
    return made


@kernel
def record_wind(moving, height_m, air_speed, dt, series):
    """Let the wind blow and note its velocity."""
    for i in range(series.shape[0]):
        wind.blow(moving, height_m, air_speed, dt)
        series[i, 0] = moving.v_ned[0]
        series[i, 1] = moving.v_ned[1]
        series[i, 2] = moving.v_ned[2]


def blown(moving: np.void, seconds: float, height_m: float = 10.0, air_speed: float = 8.0, dt: float = 0.01):
    """Return the wind's velocity over time."""
    series = np.zeros((round(seconds / dt), 3))
    record_wind(moving, height_m, air_speed, dt, series)
    return series


def published_sigma(w20: float, height_m: float) -> np.ndarray:
    """Return the strengths of MIL-F-8785C, 3.7.3.4, along, across, down."""
    h = height_m / FOOT
    down = 0.1 * w20
    return np.array([down / (0.177 + 0.000823 * h) ** 0.4] * 2 + [down])


def published_length(height_m: float) -> np.ndarray:
    """Return the lengths of MIL-F-8785C, 3.7.3.4, along, across, down in metres."""
    h = height_m / FOOT
    return FOOT * np.array([h / (0.177 + 0.000823 * h) ** 1.2] * 2 + [h])


def test_still_air_is_still():
    assert not blown(air(), 1.0).any()


def test_the_mean_wind_blows_where_it_was_told_to_at_20_feet():
    assert blown(air((3.0, -4.0, 0.0)), 0.01, 20.0 * FOOT)[-1] == pytest.approx([3.0, -4.0, 0.0])


def test_shear_follows_the_logarithmic_law():
    # The same law in knots and feet: W = W20 (0.46 log10 h + 0.4) (MIL-DTL-9490E).
    heights = np.array([5.0, 10.0, 50.0, 200.0])

    law = [wind.shear(h * FOOT) for h in heights]

    assert law == pytest.approx(0.46 * np.log10(heights) + 0.4, abs=0.02)
    assert wind.shear(0.0) == 0.0


def test_without_shear_the_wind_is_the_same_everywhere():
    steady = air((5.0, 0.0, 0.0), has_shear=False)

    assert blown(steady, 0.01, 0.1)[-1, 0] == blown(steady, 0.01, 100.0)[-1, 0] == 5.0


def test_a_gust_rises_as_a_cosine_holds_and_falls():
    gusty = air()
    wind.set_gust(gusty, (0.0, 6.0, 0.0), start_s=1.0, rise_s=2.0, hold_s=1.0)

    east = blown(gusty, 8.0, dt=0.01)[:, 1]

    at = lambda seconds: east[round(seconds * 100) - 1]  # noqa: E731
    assert [at(1.0), at(1.5), at(2.0), at(3.0), at(4.0), at(5.0), at(6.0), at(7.0)] == pytest.approx(
        [0.0, 3.0 * (1.0 - np.cos(np.pi / 4)), 3.0, 6.0, 6.0, 3.0, 0.0, 0.0], abs=1e-9
    )


def test_a_gust_without_rise_time_is_a_step_that_stays():
    gusty = air()
    wind.set_gust(gusty, (10.0, 0.0, 0.0), start_s=1.0)

    north = blown(gusty, 5.0, dt=0.01)[:, 0]

    assert set(np.round(north, 9)) == {0.0, 10.0}
    assert north[95] == 0.0
    assert north[105] == north[-1] == 10.0


def test_a_swing_is_a_sine():
    swinging = air((8.5, 0.0, 0.0), has_shear=False)
    wind.set_swing(swinging, (2.4, 0.0, 0.0), period_s=2.0 * np.pi)

    north = blown(swinging, 2.0 * np.pi)[:, 0]

    assert (north.max(), north.min(), north.mean()) == pytest.approx((10.9, 6.1, 8.5), abs=0.01)


@pytest.mark.parametrize(("level", "knots"), [("light", 15.0), ("moderate", 30.0), ("severe", 45.0)])
def test_levels_of_turbulence_are_winds_in_knots(level, knots):
    assert air(turbulence=level).dryden.w20 == pytest.approx(knots * 1852.0 / 3600.0, rel=1e-5)


def ensemble(height_m: float, air_speed: float, count: int = 400, dt: float = 0.05) -> np.ndarray:
    """Return series of many independent turbulences, one row each, in the mean wind's axes."""
    made = [blown(air((0.0, 1e-5, 0.0), 15.4, seed), 60.0, height_m, air_speed, dt) for seed in range(count)]
    # The mean wind blows east, too weak to count: along is east, across is south.
    return np.array(made)[:, :, [1, 0, 2]] * [1.0, -1.0, 1.0]


@pytest.mark.parametrize("height_m", [3.5, 10.0, 100.0])
def test_turbulence_has_the_strength_of_its_specification(height_m):
    gusts = ensemble(height_m, 40.0)

    # 400 vehicles for a minute, fast through the air so that they meet many gusts; at once and to the end.
    assert gusts.std(axis=(0, 1)) == pytest.approx(published_sigma(15.4, height_m), rel=0.03)
    assert gusts[:, 0].std(axis=0) == pytest.approx(published_sigma(15.4, height_m), rel=0.12)
    assert gusts[:, -1].std(axis=0) == pytest.approx(published_sigma(15.4, height_m), rel=0.12)
    assert np.abs(gusts.mean(axis=(0, 1)) / published_sigma(15.4, height_m)).max() < 0.1


def dryden_density(frequency_hz: np.ndarray, sigma: float, length: float, speed: float, is_along: bool):
    """Return the one-sided density per hertz of MIL-F-8785C, whose integral is sigma squared."""
    k = 2.0 * np.pi * frequency_hz * length / speed
    along = 1.0 / (1.0 + k**2) if is_along else 0.5 * (1.0 + 3.0 * k**2) / (1.0 + k**2) ** 2
    return 4.0 * sigma**2 * length / speed * along


def test_turbulence_has_the_spectrum_of_its_specification():
    height, speed, dt = 10.0, 10.0, 0.01
    gusts = blown(air((0.0, 1e-5, 0.0), 15.4, 5), 4000.0, height, speed, dt)[:, [1, 0, 2]]
    sigma, length = published_sigma(15.4, height), published_length(height)

    frequency, density = welch(gusts, 1.0 / dt, nperseg=16384, axis=0)

    band = (frequency > 0.05) & (frequency < 5.0)
    for axis in range(3):
        law = dryden_density(frequency[band], sigma[axis], length[axis], speed, axis == 0)
        # Chi-squared noise of the estimate: a tenth of an octave-wide mean.
        ratio = np.log(density[band, axis] / law)
        assert abs(ratio.mean()) < 0.06
        slope = np.polyfit(np.log(frequency[band]), np.log(density[band, axis]), 1)[0]
        assert slope == pytest.approx(np.polyfit(np.log(frequency[band]), np.log(law), 1)[0], abs=0.06)


def correlation(dt: float) -> np.ndarray:
    """Return the correlation of turbulence with itself half a second later, sampled with a step."""
    gusts = blown(air((0.0, 1e-5, 0.0), 15.4, 9), 6000.0, 10.0, 10.0, dt)
    lag = round(0.5 / dt)
    return np.array([np.corrcoef(gusts[:-lag, i], gusts[lag:, i])[0, 1] for i in range(3)])


def test_turbulence_is_the_same_at_any_step():
    assert correlation(0.01) == pytest.approx(correlation(0.25), abs=0.03)


def test_turbulence_turns_with_the_mean_wind():
    eastward = blown(air((0.0, 1e-5, 0.0), "moderate", 4), 20.0)
    turn = np.radians(30.0)

    turned = blown(air((-1e-5 * np.sin(turn), 1e-5 * np.cos(turn), 0.0), "moderate", 4), 20.0)

    north = eastward[:, 0] * np.cos(turn) - eastward[:, 1] * np.sin(turn)
    east = eastward[:, 0] * np.sin(turn) + eastward[:, 1] * np.cos(turn)
    assert turned == pytest.approx(np.column_stack([north, east, eastward[:, 2]]), abs=1e-4)


def test_every_seed_is_its_own_wind_and_the_same_each_time():
    one, again, other = (blown(air((5, 0, 0), "moderate", seed), 1.0) for seed in (1, 1, 2))

    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_hovering_in_still_air_freezes_no_turbulence():
    gusts = blown(air((0.0, 0.0, 0.0), "light", 3), 60.0, air_speed=0.0)

    assert np.ptp(gusts, axis=0).min() > 0.5


def test_the_transition_is_exact_for_one_long_step_and_many_short_ones():
    short, long = rows(dryden.DRYDEN)[0], rows(dryden.DRYDEN)[0]
    dryden.set_transition(short, 0, 0.01)
    dryden.set_transition(long, 0, 1.0)
    step = np.array([[short.keep[0], 0.0], [short.carry[0], short.keep[0]]])
    root = np.array([[short.spread[0], 0.0], [short.lean[0], short.rest[0]]])

    covariance, power = np.zeros((2, 2)), np.eye(2)
    for _ in range(100):
        covariance = step @ covariance @ step.T + root @ root.T
        power = step @ power

    wide = np.array([[long.spread[0], 0.0], [long.lean[0], long.rest[0]]])
    assert power == pytest.approx(np.array([[long.keep[0], 0.0], [long.carry[0], long.keep[0]]]), rel=1e-9)
    assert covariance == pytest.approx(wide @ wide.T, rel=1e-6)
