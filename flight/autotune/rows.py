"""The autotune's rows of the parameter table: how hard it shakes, what it asks of the loops, what ends it."""

from flight.parameter import Param


def row(
    id: str, path: str, unit: str, default: float, low: float, high: float, about: str, **more: bool
) -> Param:
    """Return a row of the autotune's table."""
    return Param(id, f"autotune.{path}", None, unit, default, low, high, about, **more)


# fmt: off
SHAKING = (
    row("AUT_ACC_TILT", "acc_tilt", "rad/s2", 40.0, 1.0, 1000.0, "most angular acceleration added about roll, pitch"),
    row("AUT_ACC_YAW", "acc_yaw", "rad/s2", 10.0, 0.1, 200.0, "most angular acceleration added about yaw"),
    row("AUT_ACC_Z", "acc_z", "m/s2", 2.5, 0.1, 10.0, "most vertical acceleration added to the collective"),
    row("AUT_SWING", "swing", "rad/s", 0.7, 0.05, 3.0, "body rate at which the shaking grows no more"),
    row("AUT_SWING_Z", "swing_z", "m/s", 0.25, 0.02, 2.0, "climb rate at which it grows no more"),
    row("AUT_LOST", "lost", "share", 0.1, 0.01, 1.0, "part of it beyond the rotors' reach at which it shrinks"),
    row("AUT_PERIOD", "period_s", "s", 1.0, 0.5, 4.0, "period of the lowest tone about roll, pitch and yaw"),
    row("AUT_PERIOD_Z", "period_z_s", "s", 1.6, 0.5, 8.0, "period of the lowest tone of the collective"),
    row("AUT_PAUSE", "pause_s", "s", 0.3, 0.0, 5.0, "rest before an axis is shaken"),
    row("AUT_LISTEN", "listen", "periods", 3, 2, 10, "periods listened to find out what an axis is",
        is_integer=True),
    row("AUT_CHECK", "check", "periods", 2, 1, 10, "periods listened to check the new gains", is_integer=True),
    row("AUT_CHECK_MAX", "check_max", "periods", 4, 1, 20, "periods after which they are given up: gusts average out",
        is_integer=True),
)
TRUSTED = (
    row("AUT_MISFIT", "misfit", "", 0.2, 0.01, 1.0, "worst relative fit of gain, lag and delay to what was heard"),
    row("AUT_GAIN_MAX", "gain_max", "", 5.0, 1.1, 100.0, "most an axis may answer more or less than the file says"),
    row("AUT_LAG_MAX", "lag_max", "s", 0.2, 0.01, 1.0, "longest believable lag of the motors"),
    row("AUT_EFFORT", "effort", "share", 0.95, 0.5, 1.0, "most throttle in hover with which altitude is tuned"),
    row("AUT_DELAY_MAX", "delay_max", "s", 0.08, 0.005, 0.5, "longest believable delay"),
)
ASKED = (
    row("AUT_MS", "ms", "", 1.6, 1.2, 3.0, "greatest sensitivity of the inner loop; 1.6 leaves 8.5 dB of gain"),
    row("AUT_PM", "pm_deg", "deg", 56.0, 20.0, 80.0, "least phase margin of the inner loop"),
    row("AUT_MS_OUT", "ms_out", "", 1.4, 1.1, 3.0, "greatest sensitivity of the outer loop"),
    row("AUT_PM_OUT", "pm_out_deg", "deg", 62.0, 20.0, 85.0, "least phase margin of the outer loop"),
    row("AUT_MS_ALL", "ms_all", "", 1.9, 1.2, 4.0, "greatest sensitivity of both loops together, at the motors"),
    row("AUT_WC_TILT", "wc_tilt", "rad/s", 90.0, 2.0, 300.0, "fastest rate loop about roll and pitch it looks for"),
    row("AUT_WC_YAW", "wc_yaw", "rad/s", 15.0, 1.0, 100.0, "fastest rate loop about yaw it looks for"),
    row("AUT_WC_Z", "wc_z", "rad/s", 9.0, 0.5, 50.0, "fastest climb rate loop it looks for"),
    row("AUT_I", "integral", "", 0.15, 0.0, 1.0, "integral per proportional gain, in parts of the crossover"),
    row("AUT_I_Z", "integral_z", "", 0.08, 0.0, 1.0, "the same of the climb rate loop"),
    row("AUT_D", "derivative", "", 0.8, 0.0, 2.0, "most derivative per proportional gain, in parts of the lag"),
    row("AUT_KD_MAX", "kd_max", "", 2.0, 0.0, 5.0, "largest derivative gain it looks for"),
)
CHECKED = (
    row("AUT_SOFTEN", "soften", "", 2, 0, 4, "times an axis that cannot be heard is listened to with softer gains",
        is_integer=True),
    row("AUT_OK_MS", "ok_ms", "", 2.2, 1.2, 5.0, "greatest amplification of a tone with the new gains"),
    row("AUT_OK_WC", "ok_wc", "", 0.35, 0.05, 1.0, "how far the crossover may lie from the one expected"),
    row("AUT_OK_SHAKE", "ok_shake", "", 3.0, 1.0, 10.0, "times the unrest found before at which it is too much"),
    row("AUT_BACK", "back", "", 0.7, 0.3, 0.95, "crossover of the next try in parts of the one that failed"),
    row("AUT_TRIES", "tries", "", 2, 1, 5, "tries per axis", is_integer=True),
)
GUARDS = (
    row("AUT_TILT_MAX", "tilt_max_deg", "deg", 12.0, 2.0, 45.0, "turn away from the attitude asked for that ends it"),
    row("AUT_LEAN_MAX", "lean_max_deg", "deg", 25.0, 2.0, 60.0, "turn away from the first attitude that ends it"),
    row("AUT_DRIFT_MAX", "drift_max", "m", 1.2, 0.1, 20.0, "way from where it began that ends it"),
    row("AUT_RATE_MAX", "rate_max", "rad/s", 4.0, 0.2, 20.0, "body rate that ends it"),
    row("AUT_STICK", "stick", "", 0.1, 0.01, 1.0, "stick deflection that ends it"),
    row("AUT_HEIGHT", "height", "m", 1.5, 0.0, 50.0, "least height above the ground to begin at"),
    row("AUT_SPEED", "speed", "m/s", 0.7, 0.05, 5.0, "greatest speed to begin at"),
    row("AUT_TIME_MAX", "seconds_max", "s", 40.0, 5.0, 300.0, "longest autotune"),
)
# fmt: on
ROWS = (*SHAKING, *TRUSTED, *ASKED, *CHECKED, *GUARDS)
