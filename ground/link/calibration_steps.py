"""What a calibration looks at, sample by sample, and when it has seen enough: still, each side up, or turned around.

Each yields lines for the ground as it goes and ends by returning what it found; ValueError says why it cannot go on.
"""

import math
from collections.abc import Generator

import numpy as np

from flight.physics import STANDARD_GRAVITY

STILL_S = 2.0
# How far samples may stray about their mean on a vehicle that stands.
STILL_RATE = 0.05
STILL_FORCE = 0.6
SIDES = ("front", "back", "right", "left", "down", "up")
# Cosine of how far from a side the vehicle may lean and still be on it.
ON_A_SIDE = 0.9
# Whole turn of each axis that shows a magnetometer every direction.
TURNED = 2.0 * math.pi
Sample = tuple[float, np.ndarray, np.ndarray]  # seconds, gyro_frd, accel_frd
Steps = Generator[str, Sample, str]


def still(
    longest_s: float = 30.0, is_told: bool = True
) -> Generator[str, Sample, tuple[np.ndarray, np.ndarray]]:
    """Wait until the vehicle has stood still for a while; return its mean rate and specific force."""
    began_s, shown = math.nan, -1
    kept: list[Sample] = []
    while True:
        sample = yield ""
        began_s = sample[0] if math.isnan(began_s) else began_s
        kept.append(sample)
        rates, forces = (np.array([s[i] for s in kept]) for i in (1, 2))
        is_quiet = np.ptp(rates, 0).max() <= 2.0 * STILL_RATE and np.ptp(forces, 0).max() <= 2.0 * STILL_FORCE
        if not is_quiet:
            kept, shown = [sample], -1
        elapsed_s = kept[-1][0] - kept[0][0]
        if elapsed_s >= STILL_S:
            return rates.mean(0), forces.mean(0)
        if sample[0] - began_s > longest_s:
            raise ValueError("the vehicle does not stand still")
        share = 10 * int(10.0 * elapsed_s / STILL_S)
        if is_told and share > shown:
            shown = share
            yield f"progress <{share}>"


def gyro() -> Steps:
    """Measure the gyroscope's bias at rest."""
    rate, _ = yield from still()
    yield "progress <100>"
    if np.linalg.norm(rate) > 0.2:
        raise ValueError(f"a bias of {np.linalg.norm(rate):.2f} rad/s is too large")
    return "bias {:.4f} {:.4f} {:.4f} rad/s; it is learnt anew at every start".format(*rate)


def level() -> Steps:
    """Measure how level the vehicle stands."""
    _, force = yield from still()
    yield "progress <100>"
    roll = math.degrees(math.atan2(-force[1], -force[2]))
    pitch = math.degrees(math.atan2(force[0], -force[2]))
    if math.hypot(roll, pitch) > 15.0:
        raise ValueError(f"it leans {roll:.0f} degrees to the right and {pitch:.0f} back; stand it level")
    return f"it leans {roll:.1f} degrees to the right and {pitch:.1f} back"


def side_of(force: np.ndarray) -> str | None:
    """Return which side of the vehicle lies below, None in between; front is the nose down."""
    toward_ground = -force / max(float(np.linalg.norm(force)), 1e-6)
    axis = int(np.argmax(np.abs(toward_ground)))
    if abs(toward_ground[axis]) < ON_A_SIDE:
        return None
    return SIDES[2 * axis + (0 if toward_ground[axis] > 0.0 else 1)]


def accel() -> Steps:
    """Measure the accelerometer with gravity along each of the six sides; return offsets and scales."""
    seen: dict[str, np.ndarray] = {}
    yield "pending: " + " ".join(SIDES)
    yield "hold vehicle still on a pending side"
    while len(seen) < len(SIDES):
        _, force = yield from still(longest_s=math.inf, is_told=False)
        side = side_of(force)
        if side is None or side in seen:
            yield f"{side} side already completed" if side else "place it flat on one of its sides"
            continue
        yield f"{side} orientation detected"
        seen[side] = force
        yield f"progress <{round(100 * len(seen) / len(SIDES))}>"
        yield f"{side} side done, rotate to a different side"
    pairs = [(seen[SIDES[2 * axis]][axis], seen[SIDES[2 * axis + 1]][axis]) for axis in range(3)]
    offsets = [0.5 * (a + b) for a, b in pairs]
    scales = [abs(a - b) / (2.0 * STANDARD_GRAVITY) for a, b in pairs]
    return "offsets {:.3f} {:.3f} {:.3f} m/s2, scales {:.4f} {:.4f} {:.4f}".format(*offsets, *scales)


def mag() -> Steps:
    """Watch the vehicle being turned about all of its axes."""
    turned, before_s, shown = np.zeros(3), math.nan, -1
    yield "pending: " + " ".join(SIDES)
    yield "rotate the vehicle about all of its axes"
    while turned.min() < TURNED:
        t_s, rate, _ = yield ""
        turned += np.abs(rate) * (t_s - before_s if before_s <= t_s else 0.0) * (np.abs(rate) > STILL_RATE)
        before_s = t_s
        share = 10 * int(10.0 * np.minimum(turned / TURNED, 1.0).mean())
        if share > shown:
            shown = share
            yield f"progress <{share}>"
    return "every direction was seen"
