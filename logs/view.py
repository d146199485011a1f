"""A log with everything its pictures and figures need worked out once."""

from functools import cached_property

import numpy as np

from logs import ink, phases
from logs.series import Curve, Series
from logs.spectrum import Spectrum, longest, spectrum


class View:
    """A log with everything the panels need worked out once."""

    def __init__(self, series: Series) -> None:
        self.series = series
        self.modes = phases.modes(series)
        self.armed = phases.armed(series)
        self.airborne = phases.airborne(series)
        self.failsafes = phases.failsafes(series)
        self.happenings = phases.happenings(series)

    @cached_property
    def window(self) -> tuple[float, float]:
        """Return the time to show: the armed part with a little before and after, else everything."""
        end = self.series.duration_s
        if not self.armed:
            return 0.0, end
        first, last = self.armed[0].begin_s, self.armed[-1].end_s
        margin = max(1.0, 0.03 * (last - first))
        return max(0.0, first - margin), min(end, last + margin)

    def steered(self, curve: Curve | None) -> Curve | None:
        """Return a setpoint where it had an effect: while armed."""
        return ink.within(curve, self.armed)

    @cached_property
    def accel_spectrum(self) -> Spectrum | None:
        """Return the spectrum of the accelerometer in the air."""
        return spectrum(self.series.accel, longest(self.airborne))

    @cached_property
    def gyro_spectrum(self) -> Spectrum | None:
        """Return the spectrum of the gyro in the air, in deg/s."""
        gyro = self.series.gyro
        return spectrum(gyro and Curve(gyro.t, np.degrees(gyro.y)), longest(self.airborne))

    @cached_property
    def position_error(self) -> Curve | None:
        """Return estimate minus truth in metres north, east, down."""
        return difference(self.series.position, self.series.true_position)

    @cached_property
    def velocity_error(self) -> Curve | None:
        """Return estimate minus truth in m/s north, east, down."""
        return difference(self.series.velocity, self.series.true_velocity)

    @cached_property
    def attitude_error(self) -> Curve | None:
        """Return estimate minus truth as a rotation in degrees about body x, y, z."""
        q, true = self.series.q, self.series.true_q
        if q is None or true is None:
            return None
        return Curve(q.t, rotation_between_deg(true.at(q.t), q.y))


def difference(a: Curve | None, b: Curve | None) -> Curve | None:
    """Return a minus b at the times of a."""
    return None if a is None or b is None else Curve(a.t, a.y - b.at(a.t))


def rotation_between_deg(q_from: np.ndarray, q_to: np.ndarray) -> np.ndarray:
    """Return the small rotation from one attitude to another about body axes in degrees."""
    # The first quaternion is interpolated, and may have been across its change of sign.
    a = q_from / np.linalg.norm(q_from, axis=1, keepdims=True)
    w, x, y, z = a[:, 0], -a[:, 1], -a[:, 2], -a[:, 3]
    tw, tx, ty, tz = q_to.T
    scalar = w * tw - x * tx - y * ty - z * tz
    vector = np.stack(
        (
            w * tx + x * tw + y * tz - z * ty,
            w * ty - x * tz + y * tw + z * tx,
            w * tz + x * ty - y * tx + z * tw,
        ),
        -1,
    )
    return np.degrees(2.0 * np.where(scalar < 0.0, -1.0, 1.0)[:, None] * vector)
