"""The control's rows of the parameter table, from the position loop down to the gyro's filters."""

from typing import Any

from flight.parameter import Param, per_axis


def row(
    id: str, path: str, unit: str, default: float, low: float, high: float, about: str, **more: Any
) -> Param:
    """Return a row of the control's table."""
    return Param(id, f"control.{path}", None, unit, default, low, high, about, **more)


# Filters keep what they have heard: other coefficients in the air would shake the vehicle.
STATIC: dict[str, Any] = {"needs_disarmed": True}

# fmt: off
POSITION = (
    row("POS_XY_P", "position.kp_xy", "1/s", 1.6, 0.0, 10.0, "horizontal velocity per position error"),
    row("POS_Z_P", "position.kp_z", "1/s", 2.5, 0.0, 10.0, "vertical velocity per height error"),
    row("POS_XY_ACC", "position.a_max_xy", "m/s2", 4.0, 0.0, 50.0, "braking the loop counts on; 0: no square root"),
    row("POS_Z_ACC", "position.a_max_z", "m/s2", 4.0, 0.0, 50.0, "vertical braking the loop counts on; 0: no root"),
    row("POS_XY_VEL", "position.v_max_xy", "m/s", 5.0, 0.1, 50.0, "fastest horizontal correction"),
    row("POS_SURE_GAIN", "position.sure_gain", "", 1.0, 1.0, 3.0, "factor on horizontal gains, sure by motion capture"),
    row("POS_SURE_SD", "position.sure_sd", "m", 0.02, 1e-4, 10.0, "spread of the position that is sure; twice is not"),
    row("POS_Z_VEL", "position.v_max_z", "m/s", 3.0, 0.1, 30.0, "fastest vertical correction"),
)
VELOCITY = (
    row("VEL_XY_P", "velocity.kp_xy", "1/s", 3.0, 0.0, 20.0, "horizontal acceleration per velocity error"),
    row("VEL_XY_I", "velocity.ki_xy", "1/s2", 1.5, 0.0, 20.0, "horizontal acceleration per position error left over"),
    row("VEL_XY_D", "velocity.kd_xy", "", 0.2, 0.0, 2.0, "horizontal acceleration per acceleration error"),
    row("VEL_Z_P", "velocity.kp_z", "1/s", 8.0, 0.0, 20.0, "vertical acceleration per velocity error"),
    row("VEL_Z_I", "velocity.ki_z", "1/s2", 1.0, 0.0, 20.0, "vertical acceleration per height error left over"),
    row("VEL_Z_D", "velocity.kd_z", "", 0.0, 0.0, 2.0, "vertical acceleration per acceleration error"),
    row("VEL_XY_ILIM", "velocity.integral_max_xy", "m/s2", 6.0, 0.0, 20.0, "largest horizontal integral"),
    row("VEL_Z_ILIM", "velocity.integral_max_z", "m/s2", 5.0, 0.0, 20.0, "largest vertical integral"),
    row("VEL_D_LAG", "velocity.d_lag", "s", 0.04, 0.0, 0.5, "how late the measured acceleration is"),
    row("VEL_D_HZ", "velocity.d_cutoff_hz", "Hz", 5.0, 0.0, 100.0, "low-pass of the acceleration; 0: none", **STATIC),
)
THRUST = (
    row("THR_MIN", "thrust.share_min", "share", 0.05, 0.0, 0.5, "smallest collective the velocity loop asks for"),
    row("THR_MAX", "thrust.share_max", "share", 0.95, 0.1, 1.0, "largest collective the velocity loop asks for"),
    row("THR_MARGIN", "thrust.margin", "share", 0.15, 0.0, 0.5, "collective kept for horizontal control at full climb"),
    row("THR_TILT_MAX", "thrust.tilt_max_deg", "deg", 45.0, 5.0, 180.0, "largest tilt; from 89 on it may invert"),
    row("THR_TILT_COMP", "thrust.tilt_comp_deg", "deg", 60.0, 0.0, 80.0, "tilt up to which climb force is kept exact"),
    row("THR_FORCE_MIN", "thrust.force_min", "m/s2", 3.0, 0.1, 9.0, "specific thrust that still chooses its direction"),
    row("THR_DRAG_FF", "thrust.drag_ff", "", 1.0, 0.0, 1.0, "part of the known rotor drag that is fed forward"),
    row("THR_JERK_FF", "thrust.jerk_ff", "", 1.0, 0.0, 1.0, "part of the jerk fed forward as body rates"),
    row("THR_LEAD", "thrust.lead", "", 1.0, 0.0, 2.0, "part of the motor lag that the collective's plan runs ahead"),
    row("THR_SNAP_HZ", "thrust.snap_cutoff_hz", "Hz", 8.0, 0.0, 50.0, "low-pass of fed-forward rates' slope; 0: off"),
    row("HOVER_LAG", "hover.lag_s", "s", 1.0, 0.05, 60.0, "time constant of learning the hover thrust in flight"),
    row("HOVER_SETTLE", "hover.settle_s", "s", 10.0, 0.1, 600.0, "time constant of what is kept on the ground"),
    row("HOVER_RATIO_MIN", "hover.ratio_min", "", 0.5, 0.1, 1.0, "least learned thrust per computed thrust"),
    row("HOVER_RATIO_MAX", "hover.ratio_max", "", 1.6, 1.0, 5.0, "most learned thrust per computed thrust"),
    row("HOVER_GATE", "hover.gate", "", 0.5, 0.1, 1.0, "part of the hover thrust below which nothing is learned"),
)
UNSEEN = (
    row("PUSH_XY", "unseen.share_xy", "", 0.0, 0.0, 1.0, "part of an unexpected horizontal push answered; 0: none"),
    row("PUSH_Z", "unseen.share_z", "", 0.0, 0.0, 1.0, "part of an unexpected vertical push answered; 0: none"),
    row("PUSH_HZ", "unseen.cutoff_hz", "Hz", 3.0, 0.1, 50.0, "low-pass of unexpected pushes", **STATIC),
    row("PUSH_LAG", "unseen.lag_s", "s", 0.033, 0.0, 0.2, "how late the acceleration is felt"),
    row("PUSH_MAX", "unseen.most", "m/s2", 6.0, 0.0, 20.0, "largest unexpected push answered"),
)
ATTITUDE = (
    *per_axis("ATT_{}_P", "control.attitude.kp", (9.0, 9.0, 4.0), unit="1/s", low=0.0, high=50.0,
              about="body rate per attitude error"),
    *per_axis("ATT_{}_RATE", "control.attitude.rate_max_deg_s", (260.0, 260.0, 200.0), unit="deg/s", low=1.0,
              high=2000.0, about="fastest rate the attitude loop asks for"),
    *per_axis("ATT_{}_ACC", "control.attitude.a_max_deg_s2", (3500.0, 3500.0, 400.0), unit="deg/s2", low=1.0,
              high=50000.0, about="angular braking the loop counts on and most that is fed forward"),
    row("ATT_REF_HZ", "attitude.reference_hz", "Hz", 0.0, 0.0, 50.0, "bandwidth of leading an attitude in; 0: none"),
)
RATE = (
    *per_axis("RATE_{}_KP", "control.rate.kp", (40.0, 40.0, 15.0), unit="1/s", low=0.0, high=500.0,
              about="angular acceleration per rate error"),
    *per_axis("RATE_{}_KI", "control.rate.ki", (120.0, 120.0, 15.0), unit="1/s2", low=0.0, high=5000.0,
              about="angular acceleration per angle error left over"),
    *per_axis("RATE_{}_KD", "control.rate.kd", (0.8, 0.8, 0.0), low=0.0, high=5.0,
              about="angular acceleration against measured angular acceleration"),
    *per_axis("RATE_{}_FF", "control.rate.ff", (1.0, 1.0, 1.0), low=0.0, high=2.0,
              about="part of the angular acceleration fed forward"),
    *per_axis("RATE_{}_ILIM", "control.rate.integral_max", (40.0, 40.0, 10.0), unit="rad/s2", low=0.0, high=1000.0,
              about="largest integral, unless RATE_I_SHARE allows more"),
    row("RATE_I_SHARE", "rate.integral_share", "", 0.3, 0.0, 1.0, "largest integral as a share of the rotors' torque"),
    row("RATE_WEIGHT", "rate.weight", "", 1.0, 0.0, 1.0, "part of the setpoint that the P term sees"),
    row("RATE_I_FADE", "rate.fade_deg_s", "deg/s", 400.0, 1.0, 5000.0, "rate error at which integration has faded out"),
    row("RATE_LEAD", "rate.lead", "", 0.0, 0.0, 0.8, "part of the motor lag cancelled by a lead on the torque"),
    row("RATE_YAW_HZ", "rate.yaw_cutoff_hz", "Hz", 10.0, 0.0, 100.0, "low-pass of the yaw torque; 0: none"),
)
FILTER = (
    row("FILT_GYRO_DELAY", "filter.gyro_delay_s", "s", 0.002, 0.0, 0.05, "how late gyro samples are before filtering"),
    row("FILT_GYRO_HZ", "filter.gyro_cutoff_hz", "Hz", 100.0, 0.0, 500.0, "gyro low-pass; 0: none", **STATIC),
    row("FILT_D_HZ", "filter.d_cutoff_hz", "Hz", 60.0, 0.0, 500.0, "angular acceleration low-pass; 0: none", **STATIC),
    row("FILT_NOTCH_HZ", "filter.notch_hz", "Hz", 0.0, 0.0, 500.0, "notch for a frame resonance; 0: none", **STATIC),
    row("FILT_NOTCH_Q", "filter.notch_q", "", 3.0, 0.5, 20.0, "frequency over width of the fixed notch", **STATIC),
    row("FILT_RPM_N", "filter.harmonics", "", 1, 0, 2, "notches per rotor on its speed and multiples", is_integer=True),
    row("FILT_RPM_Q", "filter.rpm_q", "", 5.0, 0.5, 20.0, "frequency over width of the rotor notches"),
    row("FILT_RPM_MIN", "filter.rpm_min_hz", "Hz", 50.0, 10.0, 500.0, "rotor notches fade out down to this frequency"),
    row("FILT_RPM_FADE", "filter.rpm_fade_hz", "Hz", 20.0, 1.0, 200.0, "how far above it they are fully there"),
    row("FILT_RPM_EVERY", "filter.every", "ticks", 4, 1, 100, "ticks between updates of one rotor", is_integer=True),
    row("FILT_RPM_AGE", "filter.rpm_age_s", "s", 0.1, 0.001, 10.0, "age at which measured rotor speeds are not used"),
)
# fmt: on
ROWS: tuple[Param, ...] = (*POSITION, *VELOCITY, *THRUST, *UNSEEN, *ATTITUDE, *RATE, *FILTER)
