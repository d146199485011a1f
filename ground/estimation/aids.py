"""What a recording holds beside IMU and magnetometer, in the form in which the flying autopilot is told of it."""

from dataclasses import dataclass, field

import numpy as np

from flight.estimator.baro import EXPONENT, SCALE_M, SEA_LEVEL_PA
from flight.inputs import INPUTS
from flight.record import rows
from ground.estimation.declination import declination

AIDS = ("gps", "baro", "mag", "range", "flow", "mocap")
FIX_3D, ENOUGH_SATELLITES = 3, 10
DOWNWARD = 25
NEAREST_POLE_DEG = 75.0
# What a receiver that says nothing of its errors is taken to have: the flight parameters' least errors rule.
UNTOLD = 0.0


@dataclass
class Aids:
    """Samples by sensor: rows of `flight.inputs`, in the order of their arrival; the magnetometer is with the IMU.

    `armed_us` and `is_armed` say since when what holds, empty where nobody tells. `settings` are parameters of the
    flight estimator, by id, that the recording itself states: delays of its sensors, where magnetic north is.
    """

    samples: dict[str, np.ndarray] = field(default_factory=dict)
    armed_us: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    is_armed: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    settings: dict[str, float] = field(default_factory=dict)

    def only(self, names: tuple[str, ...]) -> "Aids":
        """Return the same with some sensors alone."""
        kept = {name: some for name, some in self.samples.items() if name in names}
        return Aids(kept, self.armed_us, self.is_armed, self.settings)

    def armed_at(self, t_us: np.ndarray) -> np.ndarray:
        """Tell for each time whether the vehicle was armed."""
        place = np.searchsorted(self.armed_us, t_us, "right") - 1
        return self.is_armed[np.maximum(place, 0)] == 1

    def located(self) -> "Aids":
        """Return the same with the declination of the place, where a receiver tells it and nobody says otherwise."""
        fixes = self.samples.get("gps")
        if fixes is None or "EKF_MAG_DECL" in self.settings:
            return self
        good = fixes[(fixes["fix_type"] >= FIX_3D) & (np.abs(fixes["lat_deg"]) < NEAREST_POLE_DEG)]
        if len(good):
            self.settings["EKF_MAG_DECL"] = declination(float(good[0]["lat_deg"]), float(good[0]["lon_deg"]))
        return self

    def places(self) -> bool:
        """Tell whether position or velocity is seen from outside: a pose, or more than a receiver without a fix."""
        fixes = self.samples.get("gps")
        has_fix = fixes is not None and bool(
            (np.isfinite(fixes["v_ned"]).all(1) & (fixes["fix_type"] >= FIX_3D)).any()
        )
        return has_fix or len(self.samples.get("mocap", ())) > 0


def told(sensor: str, t_us: np.ndarray, **columns: np.ndarray | float) -> np.ndarray:
    """Return samples of one sensor as the autopilot is told of them, in order of time."""
    found = rows(INPUTS[sensor], len(t_us))
    found.fresh, found.t_us = 1, t_us
    for name, column in columns.items():
        found[name] = column
    return found[np.argsort(found.t_us, kind="stable")]


def gps(t_us: np.ndarray, v_ned: np.ndarray, **columns: np.ndarray | float) -> np.ndarray:
    """Return GPS samples; without lat_deg, lon_deg and alt_amsl_m they are of velocity alone."""
    unknown = dict.fromkeys(("lat_deg", "lon_deg", "alt_amsl_m"), np.nan)
    least = dict.fromkeys(("horizontal_accuracy_m", "vertical_accuracy_m", "speed_accuracy_m_s"), UNTOLD)
    known = {"fix_type": FIX_3D, "satellites": ENOUGH_SATELLITES} | unknown | least | columns
    return told("gps", t_us, v_ned=v_ned, **known)


def baro_at(t_us: np.ndarray, altitude_m: np.ndarray) -> np.ndarray:
    """Return barometer samples of which the altitude in the standard atmosphere is known."""
    pressure = SEA_LEVEL_PA * np.maximum(1.0 - altitude_m / SCALE_M, 1e-3) ** (1.0 / EXPONENT)
    return told("baro", t_us, pressure_pa=pressure)


def range_down(t_us: np.ndarray, distance_m: np.ndarray, low_m: np.ndarray, high_m: np.ndarray) -> np.ndarray:
    """Return samples of a range finder along body z; outside its range it says nothing."""
    is_valid = np.isfinite(distance_m) & (distance_m > low_m) & (distance_m < high_m)
    return told("range", t_us, distance_m=np.where(is_valid, distance_m, 0.0), is_valid=is_valid)
