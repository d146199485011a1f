"""The recorder's rows of the parameter table: PX4's names with PX4's meaning. No kernel reads them."""

from flight.parameter import Param

ROWS = (
    Param(
        "SDLOG_MODE",
        "recording.mode",
        None,
        "",
        0,
        -1,
        4,
        "log: -1 never, 0 armed, 1 from boot to disarming, 2 from boot on, 4 from the first arming on; from the next "
        "boot on",
        is_integer=True,
    ),
    Param(
        "SDLOG_PROFILE",
        "recording.profile",
        None,
        "",
        1,
        0,
        4095,
        "sum: 8 or 16 every command of every tick, for identification; else what a replay needs and plots show",
        is_integer=True,
    ),
    Param(
        "LOG_FILE_MB_FREE",
        "recording.free_mb",
        None,
        "MB",
        300,
        0,
        1e6,
        "less free disk: the oldest flight logs go, on the ground; 0: none ever",
        is_integer=True,
    ),
)
