"""The panels of the page: what each shows, where it stands, and whether the log can show it."""

from collections.abc import Callable
from dataclasses import dataclass

from logs import drawing
from logs.drawing import Draw
from logs.view import View

ANGLES = ("Roll", "Pitch", "Yaw")
NORTH_EAST_DOWN = ("north", "east", "down")
BODY = ("roll", "pitch", "yaw")


@dataclass(frozen=True)
class Panel:
    """One plot of the page.

    `height` is in rows of the page, `is_over_time` when it shares the page's time axis, `least_span` what it shows at
    least from bottom to top, so that noise does not look like flying.
    """

    title: str
    draw: Draw
    is_available: Callable[[View], bool]
    is_over_time: bool = True
    height: int = 1
    least_span: float = 0.0


def attitude(axis: int) -> Panel:
    """Return the panel of one attitude angle."""
    return Panel(
        f"{ANGLES[axis]}  [°]",
        drawing.attitude(axis),
        lambda v: v.series.attitude is not None,
        least_span=4.0,
    )


def rate(axis: int) -> Panel:
    """Return the panel of one body rate."""
    return Panel(
        f"{ANGLES[axis]} rate  [°/s]",
        drawing.rate(axis),
        lambda v: v.series.rates is not None,
        least_span=10.0,
    )


LEFT = (
    *(attitude(axis) for axis in range(3)),
    Panel("Height  [m]", drawing.altitude, lambda v: v.series.position is not None, least_span=1.0),
    Panel("Climb rate  [m/s]", drawing.climb, lambda v: v.series.velocity is not None, least_span=0.5),
    Panel("Ground speed  [m/s]", drawing.speed, lambda v: v.series.velocity is not None, least_span=0.5),
    Panel(
        "Position estimate error, rms  [m]",
        drawing.errors(lambda v: v.position_error, NORTH_EAST_DOWN),
        lambda v: v.position_error is not None,
        least_span=0.02,
    ),
    Panel(
        "Velocity estimate error, rms  [m/s]",
        drawing.errors(lambda v: v.velocity_error, NORTH_EAST_DOWN),
        lambda v: v.velocity_error is not None,
        least_span=0.02,
    ),
    Panel(
        "Attitude estimate error, rms  [°]",
        drawing.errors(lambda v: v.attitude_error, BODY),
        lambda v: v.attitude_error is not None,
        least_span=0.1,
    ),
)
RIGHT = (
    *(rate(axis) for axis in range(3)),
    Panel(
        "Ground track  [m]",
        drawing.track,
        lambda v: v.series.position is not None,
        is_over_time=False,
        height=2,
    ),
    Panel("Motors  [throttle]", drawing.motors, lambda v: v.series.motors is not None),
    Panel("Battery", drawing.battery, lambda v: v.series.voltage is not None),
    Panel(
        "Vibration: accelerometer in the air  [m/s² per √Hz]",
        drawing.densities(lambda v: v.accel_spectrum),
        lambda v: v.accel_spectrum is not None,
        is_over_time=False,
    ),
    Panel(
        "Vibration: gyro in the air  [°/s per √Hz]",
        drawing.densities(lambda v: v.gyro_spectrum),
        lambda v: v.gyro_spectrum is not None,
        is_over_time=False,
    ),
)
