"""The mixer's rows of the parameter table."""

from flight.parameter import Param

ROWS: tuple[Param, ...] = (
    Param(
        "MIX_AIRMODE",
        "mixer.is_airmode_on",
        default=1,
        low=0,
        high=1,
        is_integer=True,
        about="1: raise the collective where roll and pitch need it, so that zero throttle keeps authority",
    ),
    Param(
        "MIX_YAW_MIN",
        "mixer.yaw_min",
        unit="share",
        default=0.04,
        low=0.0,
        high=0.3,
        about="rotor thrust share that yaw keeps even at the expense of the collective",
    ),
    Param(
        "MIX_BAT_COMP",
        "mixer.is_battery_compensated",
        default=1,
        low=0,
        high=1,
        is_integer=True,
        about="1: raise the throttle as the battery voltage sags",
    ),
    Param(
        "MIX_BAT_LAG",
        "mixer.battery_lag_s",
        unit="s",
        default=0.5,
        low=0.0,
        high=60.0,
        about="lag of the voltage used for compensation",
    ),
    Param(
        "MIX_CELL_LOW",
        "mixer.cell_low_v",
        unit="V",
        default=2.8,
        low=1.0,
        high=3.8,
        about="voltage per cell below which a reading is not believed",
    ),
    Param(
        "MIX_CELL_HIGH",
        "mixer.cell_high_v",
        unit="V",
        default=4.5,
        low=3.8,
        high=6.0,
        about="voltage per cell above which a reading is not believed",
    ),
    Param(
        "MIX_LOSS_LEAD",
        "mixer.loss_lead_s",
        unit="s",
        default=0.005,
        low=0.0,
        high=0.1,
        about="delay besides the motors' that a vehicle spinning on fewer rotors runs ahead of",
    ),
)
