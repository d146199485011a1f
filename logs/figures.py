"""The figures of a flight a pilot asks for first."""

import numpy as np

from logs.phases import Phase
from logs.series import Curve, tilt_deg
from logs.spectrum import band_rms, sliced
from logs.view import View

# Shaking counts as vibration above what a vehicle of this size can do by flying.
VIBRATION_ABOVE_HZ = 30.0


def figures(view: View) -> dict[str, float]:
    """Return named figures in SI units, as far as the log holds them."""
    found: dict[str, float | None] = {"duration_s": view.series.duration_s}
    found |= motion(view) | tracking(view) | honesty(view) | power(view)
    if view.accel_spectrum:
        found["vibration_accel_rms_m_s2"] = band_rms(view.accel_spectrum, VIBRATION_ABOVE_HZ)
    return {name: float(value) for name, value in found.items() if value is not None and np.isfinite(value)}


def motion(view: View) -> dict[str, float | None]:
    """Return how long, far, high and fast it flew."""
    s = view.series
    position, velocity, q = (flown(c, view) for c in (s.position, s.velocity, s.q))
    path = None if position is None else np.nansum(np.linalg.norm(np.diff(position.y, axis=0), axis=1))
    return {
        "airborne_s": sum(p.end_s - p.begin_s for p in view.airborne),
        "armed_s": sum(p.end_s - p.begin_s for p in view.armed),
        "way_m": path,
        "height_max_m": None if position is None else np.nanmax(-position.y[:, 2]),
        "speed_max_m_s": None if velocity is None else np.nanmax(np.linalg.norm(velocity.y, axis=1)),
        "tilt_max_deg": None if q is None else np.nanmax(tilt_deg(q.y)),
    }


def tracking(view: View) -> dict[str, float | None]:
    """Return how closely the estimate followed the setpoints."""
    s = view.series
    pairs = (
        ("roll_tracking_rms_deg", s.attitude, s.attitude_sp, 0),
        ("pitch_tracking_rms_deg", s.attitude, s.attitude_sp, 1),
        ("roll_rate_tracking_rms_deg_s", s.rates, s.rates_sp, 0),
        ("pitch_rate_tracking_rms_deg_s", s.rates, s.rates_sp, 1),
        ("height_tracking_rms_m", s.position, s.position_sp, 2),
    )
    return {name: rms_between(flown(a, view), b, axis) for name, a, b, axis in pairs}


def honesty(view: View) -> dict[str, float | None]:
    """Return how far the estimate was from the truth."""
    found: dict[str, float | None] = {}
    for name, curve, unit in (
        ("position", view.position_error, "m"),
        ("velocity", view.velocity_error, "m_s"),
    ):
        error = flown(curve, view)
        if error is not None:
            found[f"{name}_estimate_horizontal_rms_{unit}"] = rms(np.hypot(error.y[:, 0], error.y[:, 1]))
            found[f"{name}_estimate_vertical_rms_{unit}"] = rms(error.y[:, 2])
    error = flown(view.attitude_error, view)
    if error is not None:
        for axis, name in enumerate(("roll", "pitch", "yaw")):
            found[f"{name}_estimate_rms_deg"] = rms(error.y[:, axis])
    return found


def power(view: View) -> dict[str, float | None]:
    """Return what the battery gave."""
    voltage, current = view.series.voltage, view.series.current
    found: dict[str, float | None] = {}
    if voltage is not None:
        found |= {
            "voltage_first_v": voltage.y[0],
            "voltage_last_v": voltage.y[-1],
            "voltage_min_v": voltage.y.min(),
        }
    if voltage is not None and current is not None:
        watts = current.y * voltage.at(current.t)
        found["energy_used_wh"] = np.trapezoid(np.nan_to_num(watts), current.t) / 3600.0
        found["charge_used_ah"] = np.trapezoid(current.y, current.t) / 3600.0
        found["current_max_a"] = current.y.max()
    return found


def flown(curve: Curve | None, view: View) -> Curve | None:
    """Return a curve's part in the air; None when there is none."""
    if curve is None:
        return None
    windows: list[Phase] = view.airborne or view.armed or [Phase(0.0, view.series.duration_s, "")]
    parts = [sliced(curve, window) for window in windows]
    some = Curve(np.concatenate([p.t for p in parts]), np.concatenate([p.y for p in parts]))
    return some if len(some.t) and np.isfinite(some.y).any() else None


def rms(values: np.ndarray) -> float | None:
    """Return the root mean square of what is a number."""
    good = values[np.isfinite(values)]
    return float(np.sqrt(np.mean(good * good))) if len(good) else None


def rms_between(a: Curve | None, b: Curve | None, axis: int) -> float | None:
    """Return the root mean square of one component's difference."""
    if a is None or b is None:
        return None
    return rms(a.y[:, axis] - b.at(a.t)[:, axis])
