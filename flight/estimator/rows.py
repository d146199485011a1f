"""The estimator's rows of the parameter table: noises, delays, gates, times."""

from flight.estimator.calibration_rows import ROWS as CALIBRATION
from flight.parameter import Param


def row(name: str, path: str, default: float, unit: str, low: float, high: float, about: str) -> Param:
    """Return one row of the estimator's group."""
    return Param(
        f"EKF_{name}", f"estimator.{path}", unit=unit, default=default, low=low, high=high, about=about
    )


START = (
    row(
        "ALIGN_TIME",
        "align_time",
        1.0,
        "s",
        0.2,
        10.0,
        "how long it must stand still to take tilt and heading",
    ),
    row("ALIGN_MAX", "align_max", 6.0, "s", 1.0, 60.0, "after this wait it aligns even while moving"),
    row("STILL_TAU", "still_tau", 0.25, "s", 0.05, 5.0, "averaging time of the means taken at rest"),
    row(
        "STILL_GYR",
        "still_gyro",
        0.05,
        "rad/s",
        0.001,
        1.0,
        "largest body rate about its mean that counts as still",
    ),
    row("STILL_RATE", "still_rate", 0.1, "rad/s", 0.005, 1.0, "largest mean body rate that counts as still"),
    row(
        "STILL_ACC",
        "still_accel",
        1.0,
        "m/s2",
        0.05,
        5.0,
        "largest change of specific force that counts as still",
    ),
    row(
        "TILT_SD", "tilt_sd", 0.02, "rad", 0.001, 0.5, "uncertainty of roll and pitch after alignment at rest"
    ),
    row("YAW_SD", "yaw_sd", 0.15, "rad", 0.005, 1.0, "uncertainty of a heading taken from the magnetometer"),
    row("GYR_B_SD", "gyro_bias_sd", 0.003, "rad/s", 1e-5, 0.2, "uncertainty of the gyro bias taken at rest"),
    row(
        "ACC_B_SD", "accel_bias_sd", 0.06, "m/s2", 1e-3, 2.0, "uncertainty of the accelerometer bias at start"
    ),
    row("WIND_SD", "wind_sd", 3.0, "m/s", 0.1, 20.0, "uncertainty of the wind at start"),
    row(
        "COURSE_DT", "course_period", 0.8, "s", 0.1, 10.0, "interval of velocity changes that tell a heading"
    ),
    row(
        "COURSE_TURN",
        "course_turn",
        0.5,
        "rad",
        0.1,
        3.2,
        "heading error seen in them that is set right at once",
    ),
    row(
        "GPS_AVG",
        "gps_average",
        3.0,
        "s",
        0.0,
        60.0,
        "how long the first fixes are averaged to set the origin",
    ),
)
PROCESS = (
    row("PREDICT_DT", "predict_dt", 0.01, "s", 0.001, 0.05, "period of the covariance's propagation"),
    row("GYR_NOISE", "gyro_noise", 6e-4, "rad/s/rtHz", 1e-6, 0.1, "gyro noise density, vibration included"),
    row(
        "GYR_SCALE",
        "gyro_scale",
        1e-3,
        "1/rtHz",
        0.0,
        0.1,
        "noise density added per body rate: scale, misalignment",
    ),
    row(
        "ACC_NOISE",
        "accel_noise",
        0.03,
        "m/s2/rtHz",
        1e-5,
        2.0,
        "accelerometer noise density, vibration included",
    ),
    row(
        "ROUGH_GAIN",
        "rough_gain",
        1.0,
        "",
        0.0,
        10.0,
        "how many times the IMU's own scatter from sample to sample counts as noise",
    ),
    row("ROUGH_TAU", "rough_tau", 0.5, "s", 0.05, 60.0, "averaging time of that scatter"),
    row("GYR_B_WALK", "gyro_bias_walk", 1e-4, "rad/s/rts", 0.0, 0.01, "how fast the gyro bias wanders"),
    row(
        "ACC_B_WALK", "accel_bias_walk", 1e-3, "m/s2/rts", 0.0, 0.5, "how fast the accelerometer bias wanders"
    ),
    row("BARO_WALK", "baro_walk", 0.04, "m/rts", 0.0, 1.0, "how fast the barometer's altitude wanders"),
    row("WIND_WALK", "wind_walk", 0.2, "m/s/rts", 0.0, 5.0, "how fast the wind changes"),
    row(
        "STRAIN_TAU",
        "strain_tau",
        0.5,
        "s",
        0.05,
        10.0,
        "averaging time of the innovations that betray a broken IMU",
    ),
    row(
        "STRAIN_MAX", "strain_max", 2.75, "sd", 0.5, 100.0, "mean innovation beyond which the IMU is doubted"
    ),
    row("STRAIN_MOST", "strain_most", 6.0, "sd", 1.0, 100.0, "most that one innovation counts in that mean"),
    row("DOUBT_WAIT", "doubt_wait", 2.0, "s", 0.0, 60.0, "least time between two doubts of the IMU"),
    row("JUMP_TIME", "jump_time", 0.7, "s", 0.05, 10.0, "how long ago a doubted IMU may have changed"),
    row("JUMP_GYR", "jump_gyro", 0.1, "rad/s", 0.0, 1.0, "step of gyro bias allowed for when in doubt"),
    row("JUMP_TILT", "jump_tilt", 0.05, "rad", 0.0, 1.0, "turn of attitude allowed for when in doubt"),
    row(
        "JUMP_ACC",
        "jump_accel",
        1.0,
        "m/s2",
        0.0,
        5.0,
        "step of accelerometer bias allowed for when in doubt",
    ),
    row("GYR_JUMP", "gyro_jump", 4.0, "rad/s", 0.1, 100.0, "a larger jump between samples is a bad sample"),
    row("ACC_JUMP", "accel_jump", 40.0, "m/s2", 1.0, 1e3, "a larger jump between samples is a bad sample"),
    row(
        "ACC_HUNG",
        "accel_hung",
        0.05,
        "s",
        0.01,
        1.0,
        "in flight the same force for longer is a part that hangs",
    ),
    row(
        "ACC_BAD",
        "accel_bad_noise",
        1.0,
        "m/s2/rtHz",
        0.0,
        20.0,
        "noise density of hover, assumed in its place",
    ),
    row("GYR_B_MAX", "gyro_bias_max", 0.35, "rad/s", 0.01, 1.0, "largest gyro bias believed"),
    row("ACC_B_MAX", "accel_bias_max", 3.0, "m/s2", 0.05, 5.0, "largest accelerometer bias believed"),
    row("GYR_MAX", "gyro_max", 80.0, "rad/s", 5.0, 200.0, "a faster body rate is no measurement"),
    row("ACC_MAX", "accel_max", 400.0, "m/s2", 40.0, 4000.0, "a larger specific force is no measurement"),
    row("ACC_TAU", "accel_tau", 0.03, "s", 0.0, 1.0, "smoothing of the world acceleration told to others"),
)
DELAYS = (
    row("IMU_DELAY", "imu_delay", 0.003, "s", 0.0, 0.02, "from motion to the IMU sample's arrival"),
    row("GPS_DELAY", "gps_delay", 0.15, "s", 0.0, 0.3, "from motion to the fix's arrival"),
    row("BARO_DELAY", "baro_delay", 0.04, "s", 0.0, 0.3, "from motion to the pressure's arrival"),
    row("MAG_DELAY", "mag_delay", 0.006, "s", 0.0, 0.3, "from motion to the magnetic field's arrival"),
    row("RNG_DELAY", "range_delay", 0.02, "s", 0.0, 0.3, "from motion to the distance's arrival"),
    row("FLOW_DELAY", "flow_delay", 0.01, "s", 0.0, 0.3, "from motion to the flow's arrival"),
    row("MOCAP_DELAY", "mocap_delay", 0.01, "s", 0.0, 0.3, "from motion to the pose's arrival"),
)
AIDS = (
    row("AID_TIME", "aid_time", 1.0, "s", 0.05, 10.0, "an aid not accepted for this long is not healthy"),
    row("DEAD_TIME", "dead_time", 15.0, "s", 1.0, 600.0, "how long dead reckoning may call itself valid"),
    row(
        "RESET_TIME", "reset_time", 5.0, "s", 0.5, 60.0, "an aid rejected for this long is believed after all"
    ),
    row("IMU_TIME", "imu_time", 0.1, "s", 0.02, 1.0, "without an IMU sample for this long attitude is lost"),
    row("GPS_P_SD", "gps_position_sd", 0.5, "m", 0.01, 10.0, "least error of a fix, horizontal"),
    row("GPS_Z_SD", "gps_height_sd", 0.8, "m", 0.01, 20.0, "least error of a fix, vertical"),
    row("GPS_QUICK", "gps_quick", 0.25, "", 0.01, 1.0, "part of a fix's error that is new in every fix"),
    row("GPS_P_WAND", "gps_position_wander", 0.9, "m", 0.0, 20.0, "slow error of GPS, horizontal"),
    row("GPS_Z_WAND", "gps_height_wander", 1.7, "m", 0.0, 50.0, "slow error of GPS, vertical"),
    row("GPS_WAND_T", "gps_wander_time", 180.0, "s", 1.0, 1e4, "how long a slow error of GPS lasts"),
    row("GPS_V_SD", "gps_velocity_sd", 0.1, "m/s", 0.01, 5.0, "least error of a GPS velocity"),
    row("GPS_V_QUICK", "gps_velocity_quick", 0.045, "m/s", 0.005, 5.0, "part of it that is new in every fix"),
    row("GPS_V_WAND", "gps_velocity_wander", 0.03, "m/s", 0.0, 2.0, "slow error of a GPS velocity"),
    row("GPS_V_WT", "gps_velocity_time", 2.0, "s", 0.1, 100.0, "how long a slow error of GPS velocity lasts"),
    row("GPS_JITTER", "gps_jitter", 0.008, "s", 0.0, 0.1, "how irregularly fixes arrive"),
    row("LAG_SD", "lag_sd", 0.001, "s", 0.0, 0.2, "how wrong the delay of GPS or motion capture may be"),
    row("LAG_WALK", "lag_walk", 1e-4, "s/rts", 0.0, 0.1, "how fast that delay wanders"),
    row(
        "LAG_STRAIN", "lag_strain", 1.2, "sd", 0.1, 100.0, "mean innovation beyond which the delay is doubted"
    ),
    row("LAG_DOUBT", "lag_doubt", 0.07, "s/rts/sd", 0.0, 1.0, "how fast the delay then wanders"),
    row("LAG_MAX", "lag_max", 0.4, "s", 0.0, 0.45, "largest error of the delay believed"),
    row("GPS_GATE", "gps_gate", 5.0, "sd", 1.0, 100.0, "innovation gate of GPS"),
    row("GPS_SATS", "gps_satellites", 5.0, "", 0.0, 30.0, "fewest satellites of a good fix"),
    row("GPS_ACC", "gps_accuracy", 6.0, "m", 0.5, 100.0, "largest reported horizontal error of a good fix"),
    row("BARO_SD", "baro_sd", 0.3, "m", 0.01, 20.0, "error of the barometric altitude"),
    row(
        "BARO_GND_SD", "baro_ground_sd", 1.5, "m", 0.01, 20.0, "the same in the rotors' wash near the ground"
    ),
    row("BARO_GND_Z", "baro_ground_height", 0.8, "m", 0.0, 10.0, "how high the wash near the ground is felt"),
    row(
        "BARO_AIR",
        "baro_air",
        0.25,
        "",
        0.0,
        1.0,
        "part of the dynamic pressure that may reach the barometer",
    ),
    row("BARO_GATE", "baro_gate", 5.0, "sd", 1.0, 100.0, "innovation gate of the barometer"),
    row("MAG_SD", "mag_sd", 0.1, "rad", 0.01, 1.0, "error of the magnetic heading"),
    row(
        "MAG_SLOW",
        "mag_slowness",
        30.0,
        "",
        1.0,
        1e4,
        "variance factor: successive headings share their error",
    ),
    row(
        "MAG_IRON",
        "mag_iron",
        0.03,
        "rad",
        0.0,
        1.0,
        "lasting heading error no filter sees, told in sigma_attitude",
    ),
    row("MAG_GATE", "mag_gate", 3.0, "sd", 1.0, 100.0, "innovation gate of the magnetic heading"),
    row(
        "MAG_PERIOD",
        "mag_period",
        0.1,
        "s",
        0.0,
        10.0,
        "headings closer in time share their error and are skipped",
    ),
    row(
        "MAG_DECL",
        "mag_declination",
        0.0524,
        "rad",
        -3.2,
        3.2,
        "magnetic declination, east positive (Zurich)",
    ),
    row(
        "MAG_NORM_TOL", "mag_norm_tolerance", 0.25, "", 0.01, 1.0, "largest relative change of field strength"
    ),
    row(
        "MAG_INCL_TOL",
        "mag_incline_tolerance",
        0.2,
        "rad",
        0.01,
        1.5,
        "largest change of magnetic inclination",
    ),
    row(
        "MAG_LEARN",
        "mag_learn",
        20.0,
        "s",
        0.1,
        600.0,
        "how fast the expected field follows the measured one",
    ),
    row("RNG_SD", "range_sd", 0.05, "m", 0.001, 2.0, "error of the range finder"),
    row("RNG_GATE", "range_gate", 5.0, "sd", 1.0, 100.0, "innovation gate of the range finder"),
    row(
        "RNG_HUNG",
        "range_hung",
        0.3,
        "s",
        0.05,
        60.0,
        "in flight the same distance for longer is a part that hangs",
    ),
    row("RNG_TILT", "range_tilt", 0.5, "rad", 0.05, 1.4, "largest tilt at which the distance is a height"),
    row("RNG_SLOPE", "range_slope", 0.3, "", 0.0, 5.0, "how fast the ground may rise per metre flown"),
    row(
        "RNG_AID_Z",
        "range_aid_height",
        3.0,
        "m",
        0.0,
        100.0,
        "below this height the distance also aids altitude",
    ),
    row("FLOW_SD", "flow_sd", 0.15, "rad/s", 0.005, 2.0, "error of the optical flow"),
    row("FLOW_GATE", "flow_gate", 4.0, "sd", 1.0, 100.0, "innovation gate of the optical flow"),
    row("FLOW_QMIN", "flow_quality", 60.0, "", 0.0, 255.0, "least quality of a flow sample"),
    row("MOCAP_P_SD", "mocap_position_sd", 0.0015, "m", 1e-4, 1.0, "error of the motion-capture position"),
    row("MOCAP_Q_SD", "mocap_attitude_sd", 0.0035, "rad", 1e-4, 1.0, "error of the motion-capture attitude"),
    row("MOCAP_JUMP_T", "pose_jump_time", 0.1, "s", 0.01, 10.0, "EKF_JUMP_TIME where poses tell"),
    row(
        "MOCAP_ODD", "pose_surprise", 3.0, "sd", 1.0, 10.0, "innovation of a pose that is worse than assumed"
    ),
    row(
        "MOCAP_SLACK",
        "pose_slack",
        300.0,
        "",
        1.0,
        1e4,
        "most that a pose's error may be learned to be larger",
    ),
    row("MOCAP_GATE", "mocap_gate", 6.0, "sd", 1.0, 100.0, "innovation gate of motion capture"),
    row(
        "DRAG_SD", "drag_sd", 0.5, "m/s2", 0.01, 10.0, "error of the rotor-drag model; over 9 it is not used"
    ),
    row("DRAG_GATE", "drag_gate", 3.0, "sd", 1.0, 100.0, "innovation gate of the rotor-drag model"),
    row("DRAG_DT", "drag_period", 0.1, "s", 0.01, 1.0, "how often the rotor-drag model is asked"),
    row("REST_V_SD", "rest_velocity_sd", 0.02, "m/s", 1e-3, 1.0, "error of a velocity known to be zero"),
    row("REST_GYR_SD", "rest_gyro_sd", 0.003, "rad/s", 1e-5, 0.1, "error of a mean rate known to be zero"),
    row("REST_DT", "rest_period", 0.1, "s", 0.01, 1.0, "how often rest is used as a measurement"),
    row(
        "RESET_SLEW",
        "reset_slew",
        1.0,
        "m/s",
        0.0,
        100.0,
        "how fast a reset position shows in flight; 0 at once",
    ),
    row(
        "ALONE_SLOW",
        "alone_slowness",
        300.0,
        "",
        1.0,
        1e5,
        "variance factor of ALONE_V_SD: one guess, not many",
    ),
    row(
        "ALONE_V_SD",
        "alone_velocity_sd",
        3.0,
        "m/s",
        0.1,
        50.0,
        "spread of velocities assumed without any aid",
    ),
)
TRUST = (
    row("OK_TILT", "valid_tilt", 0.17, "rad", 0.01, 1.0, "largest tilt uncertainty of a valid attitude"),
    row("OK_V", "valid_velocity", 1.5, "m/s", 0.05, 10.0, "largest uncertainty of a valid velocity"),
    row("OK_P", "valid_position", 8.0, "m", 0.05, 100.0, "largest uncertainty of a valid position"),
    row("OK_Z", "valid_altitude", 5.0, "m", 0.05, 100.0, "largest uncertainty of a valid altitude"),
)
ROWS: tuple[Param, ...] = (*START, *PROCESS, *DELAYS, *AIDS, *TRUST, *CALIBRATION)
