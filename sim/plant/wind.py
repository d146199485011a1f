"""The moving air: mean wind with shear, gusts, a swing, and Dryden turbulence."""

import math
from collections.abc import Sequence

import numpy as np

from flight.kernel import kernel
from flight.record import FLAG, REAL, VECTOR, record
from flight.vector import Vec3, norm_xy, put, vec
from sim.plant.dryden import DRYDEN, follow_height, start, turn_over
from sim.random import RANDOM, seed_stream

KNOT = 0.514444
# Wind at 20 feet that goes with each level of turbulence (MIL-F-8785C, figure 7).
TURBULENCE = {"none": 0.0, "light": 15.0 * KNOT, "moderate": 30.0 * KNOT, "severe": 45.0 * KNOT}
STREAM = 0x57494E44
ROUGHNESS_M = 0.15 * 0.3048
REFERENCE_M = 20.0 * 0.3048

# mean_ned holds at 20 feet; a gust rises, holds and falls again; the swing is a sine of the given period.
WIND = record(
    v_ned=VECTOR,
    mean_ned=VECTOR,
    has_shear=FLAG,
    gust_ned=VECTOR,
    gust_start_s=REAL,
    gust_rise_s=REAL,
    gust_hold_s=REAL,
    swing_ned=VECTOR,
    swing_period_s=REAL,
    elapsed_s=REAL,
    dryden=DRYDEN,
    random=RANDOM,
)


def set_wind(
    wind: np.void,
    mean_ned: Sequence[float] = (0.0, 0.0, 0.0),
    turbulence: str | float = "none",
    seed: int = 0,
    has_shear: bool = True,
) -> None:
    """Start a wind with its own random stream and no gusts.

    `mean_ned` is the air's velocity 20 ft (6.1 m) above the ground; `turbulence` is none, light, moderate, severe or
    the wind speed at 20 ft in m/s that it belongs to.
    """
    for name in WIND.names or ():
        wind[name] = np.zeros((), WIND[name])
    wind.mean_ned[:] = mean_ned
    wind.has_shear = has_shear
    wind.dryden.w20 = TURBULENCE[turbulence] if isinstance(turbulence, str) else turbulence
    seed_stream(wind.random, seed, STREAM)
    start(wind.dryden, wind.random)


def set_gust(
    wind: np.void, gust_ned: Sequence[float], start_s: float, rise_s: float = 0.0, hold_s: float = math.inf
) -> None:
    """Add one gust of 1-cosine flanks (MIL-F-8785C, 3.7.3), a step where rise_s is 0; times count from set_wind."""
    wind.gust_ned[:] = gust_ned
    wind.gust_start_s, wind.gust_rise_s, wind.gust_hold_s = start_s, rise_s, hold_s


def set_swing(wind: np.void, swing_ned: Sequence[float], period_s: float) -> None:
    """Add a wind that swings as a sine."""
    wind.swing_ned[:] = swing_ned
    wind.swing_period_s = period_s


@kernel
def shear(height_m):
    """Return wind speed over its value at 20 feet by the logarithmic law (MIL-F-8785C, 3.7.3.1)."""
    return max(math.log(max(height_m, 1e-3) / ROUGHNESS_M) / math.log(REFERENCE_M / ROUGHNESS_M), 0.0)


@kernel
def flank(elapsed_s, rise_s):
    """Return a rise from 0 to 1 by half a cosine wave."""
    if elapsed_s <= 0.0:
        return 0.0
    return 1.0 if elapsed_s >= rise_s else 0.5 * (1.0 - math.cos(math.pi * elapsed_s / rise_s))


@kernel
def gust_share(wind):
    """Return how much of the gust blows now."""
    since = wind.elapsed_s - wind.gust_start_s
    return flank(since, wind.gust_rise_s) - flank(
        since - wind.gust_rise_s - wind.gust_hold_s, wind.gust_rise_s
    )


@kernel
def steady(wind, height_m):
    """Return mean wind, gust and swing without turbulence."""
    mean = vec(wind.mean_ned) * (shear(height_m) if wind.has_shear else 1.0)
    air = mean + gust_share(wind) * vec(wind.gust_ned)
    if wind.swing_period_s > 0.0:
        air = air + math.sin(2.0 * math.pi * wind.elapsed_s / wind.swing_period_s) * vec(wind.swing_ned)
    return air


@kernel
def along(mean_ned, gust):
    """Return turbulence given along, across (right) and down of the mean wind in the world's axes."""
    speed = norm_xy(mean_ned)
    north, east = (mean_ned.x / speed, mean_ned.y / speed) if speed > 1e-6 else (1.0, 0.0)
    return Vec3(north * gust.x - east * gust.y, east * gust.x + north * gust.y, gust.z)


@kernel
def blow(wind, height_m, air_speed, dt):
    """Let dt seconds pass and write v_ned at the vehicle's height; air_speed carries it through the turbulence."""
    wind.elapsed_s += dt
    air = steady(wind, height_m)
    if wind.dryden.w20 > 0.0:
        follow_height(wind.dryden, height_m, air_speed, dt)
        air = air + along(vec(wind.mean_ned), turn_over(wind.dryden, wind.random))
    put(wind.v_ned, air)
