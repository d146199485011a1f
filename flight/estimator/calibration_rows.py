"""The rows of the sensors' calibration, as `quadloop calibrate` writes them: true = M (raw - offset)."""

from flight.parameter import Param

AXES = "XYZ"
PLACE = "estimator.correction"


def matrix(sensor: str, group: str) -> tuple[Param, ...]:
    """Return nine rows: scales on the diagonal, misalignments beside it."""
    return tuple(
        Param(
            f"CAL_{group}_{AXES[i]}{AXES[j]}",
            f"{PLACE}.{sensor}_matrix",
            3 * i + j,
            default=float(i == j),
            low=-2.0,
            high=2.0,
            about=f"{sensor} calibration: {AXES[i]} of what {AXES[j]} reads",
        )
        for i in range(3)
        for j in range(3)
    )


def vector(name: str, path: str, unit: str, most: float, about: str) -> tuple[Param, ...]:
    """Return a row per axis."""
    return tuple(
        Param(f"CAL_{name}_{AXES[i]}", f"{PLACE}.{path}", i, unit=unit, low=-most, high=most, about=about)
        for i in range(3)
    )


ROWS: tuple[Param, ...] = (
    *matrix("accel", "ACC"),
    *vector("ACC_OFF", "accel_offset", "m/s2", 5.0, "accelerometer calibration: what it reads too much"),
    *matrix("gyro", "GYR"),
    *vector("GYR_OFF", "gyro_offset", "rad/s", 1.0, "gyro calibration: what it reads at rest"),
    *vector("GYR_K", "gyro_per_k", "rad/s/K", 0.1, "gyro calibration: how that changes with temperature"),
    Param(
        "CAL_GYR_TREF", f"{PLACE}.gyro_reference_c", unit="degC", default=25.0, low=-40.0, high=105.0,
        about="gyro calibration: the temperature its offsets are for",
    ),
    *matrix("mag", "MAG"),
    *vector("MAG_OFF", "mag_offset", "uT", 500.0, "magnetometer calibration: hard iron"),
    *vector("MAG_A", "mag_per_ampere", "uT/A", 20.0, "magnetometer calibration: field of the battery's current"),
)  # fmt: skip
