"""The excitation's rows of the parameter table: how much may be asked for, and what ends it."""

from flight.parameter import Param


def row(id: str, path: str, unit: str, default: float, low: float, high: float, about: str) -> Param:
    """Return a row of the excitation's table."""
    return Param(id, f"excitation.{path}", None, unit, default, low, high, about)


# fmt: off
ROWS = (
    row("EXC_ACC_MAX", "angular_max", "rad/s2", 60.0, 0.0, 1000.0, "largest angular acceleration added to the torque"),
    row("EXC_THR_MAX", "thrust_max", "share", 0.15, 0.0, 0.5, "largest share added to the collective"),
    row("EXC_RATE_MAX", "rate_max", "rad/s", 3.0, 0.0, 20.0, "largest body rate added to its setpoint"),
    row("EXC_ANG_MAX", "angle_max", "rad", 0.35, 0.0, 1.0, "largest angle added to the attitude setpoint"),
    row("EXC_VEL_MAX", "velocity_max", "m/s", 3.0, 0.0, 10.0, "largest velocity added to its setpoint"),
    row("EXC_TIME_MAX", "seconds_max", "s", 60.0, 1.0, 600.0, "longest excitation"),
    row("EXC_FADE_T", "fade_s", "s", 0.5, 0.0, 5.0, "time an excitation takes to swell and to fade"),
    row("EXC_TILT_MAX", "tilt_max_deg", "deg", 25.0, 1.0, 80.0, "tilt at which an excitation is cut short"),
    row("EXC_DRIFT_MAX", "drift_max", "m", 5.0, 0.1, 100.0, "way from where it began at which it is cut short"),
    row("EXC_STICK", "stick", "", 0.1, 0.01, 1.0, "stick deflection at which it is cut short"),
)
