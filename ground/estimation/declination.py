"""Where magnetic north is: the World Magnetic Model 2025 (NOAA and BGS, public domain) at its epoch, on the ground.

Within a degree or two for recordings of 2015 to 2035 away from the magnetic poles: it moves by 0.1 degree a year.
"""

import math

import numpy as np

from flight.geodesy import FLATTENING, SEMI_MAJOR_M

DEGREE = 12
RADIUS_M = 6371200.0
# Gauss coefficients g, h in nanotesla, in the order g(1,0), g(1,1), g(2,0) ...
# fmt: off
COEFFICIENTS = (
    (-29352, 0), (-1411, 4545), (-2557, 0), (2951, -3134), (1649, -815), (1361, 0), (-2404, -57), (1244, 238),
    (454, -550), (895, 0), (800, 279), (56, -134), (-281, 212), (12, -376), (-233, 0), (369, 45), (187, 220),
    (-139, -123), (-142, 43), (21, 106), (64, 0), (64, -18), (77, 17), (-116, 49), (-41, -60), (15, 11),
    (-61, 73), (80, 0), (-77, -49), (-9, -14), (59, -1), (16, 23), (2, -7), (-11, -25), (14, -2), (23, 0),
    (11, 7), (-18, -13), (2, 11), (-22, -10), (17, 13), (15, 1), (-17, -5), (1, 4), (5, 0), (8, -25), (3, 12),
    (0, 8), (-2, -3), (-13, -5), (2, 7), (9, -1), (-9, 1), (-13, 10), (-1, 0), (-6, 3), (0, 0), (2, 2), (-1, 5),
    (-1, -9), (-1, 0), (2, -4), (1, -4), (-3, 1), (-4, -9), (3, 0), (-2, 0), (-2, 3), (2, -1), (-1, 0), (0, 0),
    (-1, 0), (0, -1), (1, -2), (-1, -3), (0, -2), (3, -2), (-2, 0), (0, -1), (0, 1), (1, 1), (-1, -1), (1, 0),
    (1, 1), (0, 0), (0, 1), (0, 0), (0, -1), (-1, 0), (-1, 0),
)
# fmt: on


def declination(lat_deg: float, lon_deg: float) -> float:
    """Return by how much magnetic north is east of true north, rad."""
    lat, lon = math.radians(lat_deg), math.radians(lon_deg)
    squeezed = FLATTENING * (2.0 - FLATTENING)
    normal = SEMI_MAJOR_M / math.sqrt(1.0 - squeezed * math.sin(lat) ** 2)
    across, up = normal * math.cos(lat), normal * (1.0 - squeezed) * math.sin(lat)
    radius, geocentric = math.hypot(across, up), math.atan2(up, across)
    north, east, down = field(geocentric, lon, RADIUS_M / radius)
    # The geocentric vertical is not the plumb line.
    tilt = geocentric - lat
    return math.atan2(east, north * math.cos(tilt) - down * math.sin(tilt))


def field(lat: float, lon: float, nearness: float) -> tuple[float, float, float]:
    """Return north, east and down in nT in geocentric axes (WMM report 2025, eqs. 10 to 12)."""
    p, slope = legendre(math.sin(lat), max(math.cos(lat), 1e-9))
    north = east = down = 0.0
    coefficients = iter(COEFFICIENTS)
    for n in range(1, DEGREE + 1):
        strength = nearness ** (n + 2)
        for m in range(n + 1):
            g, h = next(coefficients)
            c, s = math.cos(m * lon), math.sin(m * lon)
            north -= strength * (g * c + h * s) * slope[n, m]
            east += strength * m * (g * s - h * c) * p[n, m] / max(math.cos(lat), 1e-9)
            down -= strength * (n + 1) * (g * c + h * s) * p[n, m]
    return north, east, down


def legendre(sine: float, cosine: float) -> tuple[np.ndarray, np.ndarray]:
    """Return Schmidt's semi-normalized functions of the sine of latitude, and their slopes over latitude."""
    p, slope = np.zeros((2, DEGREE + 1, DEGREE + 1))
    p[0, 0] = 1.0
    for n in range(1, DEGREE + 1):
        diagonal = 1.0 if n == 1 else math.sqrt(1.0 - 0.5 / n)
        p[n, n] = diagonal * cosine * p[n - 1, n - 1]
        slope[n, n] = diagonal * (cosine * slope[n - 1, n - 1] - sine * p[n - 1, n - 1])
        for m in range(n):
            root = math.sqrt(n * n - m * m)
            before = math.sqrt((n - 1) ** 2 - m * m) if n > m + 1 else 0.0
            older, older_slope = (p[n - 2, m], slope[n - 2, m]) if n > 1 else (0.0, 0.0)
            p[n, m] = ((2 * n - 1) * sine * p[n - 1, m] - before * older) / root
            turned = sine * slope[n - 1, m] + cosine * p[n - 1, m]
            slope[n, m] = ((2 * n - 1) * turned - before * older_slope) / root
    return p, slope
