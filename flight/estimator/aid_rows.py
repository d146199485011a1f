"""The estimator's rows of the parameter table: how far each aid is believed, and for how long it may be silent."""

from flight.parameter import row_writer

row = row_writer("EKF_", "estimator.")

# fmt: off
AGE = (
    row("AID_TIME", "aid_time", 1.0, "s", 0.05, 10.0, "an aid not accepted for this long is not healthy"),
    row("DEAD_TIME", "dead_time", 5.0, "s", 1.0, 600.0, "how long dead reckoning may call itself valid"),
    row("RESET_TIME", "reset_time", 5.0, "s", 0.5, 60.0, "an aid rejected for this long is believed after all"),
    row("IMU_TIME", "imu_time", 0.1, "s", 0.02, 1.0, "without an IMU sample for this long attitude is lost"),
)
GPS = (
    row("GPS_P_SD", "gps_position_sd", 0.5, "m", 0.01, 10.0, "least error of a fix, horizontal"),
    row("GPS_Z_SD", "gps_height_sd", 0.8, "m", 0.01, 20.0, "least error of a fix, vertical"),
    row("GPS_QUICK", "gps_quick", 0.25, "", 0.01, 1.0, "part of a fix's error that is new in every fix"),
    row("GPS_SCAT_T", "scatter_time", 2.0, "s", 0.1, 60.0, "mean over how much fixes scatter"),
    row("GPS_P_WAND", "gps_position_wander", 0.9, "m", 0.0, 20.0, "slow error of GPS, horizontal"),
    row("GPS_Z_WAND", "gps_height_wander", 1.7, "m", 0.0, 50.0, "slow error of GPS, vertical"),
    row("GPS_WAND_T", "gps_wander_time", 180.0, "s", 1.0, 1e4, "how long a slow error of GPS lasts"),
    row("GPS_V_SD", "gps_velocity_sd", 0.1, "m/s", 0.01, 5.0, "least error of a GPS velocity"),
    row("GPS_V_QUICK", "gps_velocity_quick", 0.045, "m/s", 0.005, 5.0, "part of it that is new in every fix"),
    row("GPS_V_WAND", "gps_velocity_wander", 0.03, "m/s", 0.0, 2.0, "slow error of a GPS velocity"),
    row("GPS_V_WT", "gps_velocity_time", 2.0, "s", 0.1, 100.0, "how long a slow error of GPS velocity lasts"),
    row("GPS_JITTER", "gps_jitter", 0.008, "s", 0.0, 0.1, "how irregularly fixes arrive"),
)
LAG = (
    row("LAG_SD", "lag_sd", 0.001, "s", 0.0, 0.2, "how wrong the delay of GPS or motion capture may be"),
    row("LAG_WALK", "lag_walk", 1e-4, "s/rts", 0.0, 0.1, "how fast that delay wanders"),
    row("LAG_STRAIN", "lag_strain", 1.2, "sd", 0.1, 100.0, "mean innovation beyond which the delay is doubted"),
    row("LAG_DOUBT", "lag_doubt", 0.07, "s/rts/sd", 0.0, 1.0, "how fast the delay then wanders"),
    row("LAG_MAX", "lag_max", 1.0, "s", 0.0, 1.2, "largest error of the delay believed"),
    row("MOCAP_LAG", "mocap_lag_max", 0.2, "s", 0.0, 0.75, "largest error of motion capture's delay believed"),
    row("LATE_TIME", "late_time", 2.0, "s", 0.2, 60.0, "averaging time in which a late GPS is found"),
    row("LATE_DRIFT_T", "late_drift_time", 30.0, "s", 0.1, 60.0, "what changes slower than this tells no delay"),
    row("LATE_FIT_T", "late_fit_time", 0.5, "s", 0.05, 60.0, "averaging time of how well a delay fits"),
    row("LATE_FLOOR", "late_floor", 16.0, "", 1.0, 1e3, "log-likelihood beyond which no delay is less likely"),
    row("LATE_HINT", "late_hint", 2.0, "", 0.0, 1e3, "the same, so that the IMU is not doubted"),
    row("LATE_SURE", "late_sure", 8.0, "", 1.0, 1e3, "log-likelihood against the assumed delay that disputes it"),
    row("LATE_FIT", "late_misfit", 5.0, "", 1.0, 1e3, "squared error in sd2 that a delay may leave to explain"),
)
FIX = (
    row("GPS_GATE", "gps_gate", 5.0, "sd", 1.0, 100.0, "innovation gate of GPS"),
    row("GPS_SATS", "gps_satellites", 5.0, "", 0.0, 30.0, "fewest satellites of a good fix"),
    row("GPS_ACC", "gps_accuracy", 6.0, "m", 0.5, 100.0, "largest reported horizontal error of a good fix"),
)
BARO = (
    row("BARO_SD", "baro_sd", 0.3, "m", 0.01, 20.0, "error of the barometric altitude"),
    row("BARO_GND_SD", "baro_ground_sd", 1.5, "m", 0.01, 20.0, "the same in the rotors' wash near the ground"),
    row("BARO_GND_Z", "baro_ground_height", 0.8, "m", 0.0, 10.0, "how high the wash near the ground is felt"),
    row("BARO_AIR", "baro_air", 0.25, "", 0.0, 1.0, "part of the dynamic pressure that may reach the barometer"),
    row("BARO_GATE", "baro_gate", 5.0, "sd", 1.0, 100.0, "innovation gate of the barometer"),
)
MAG = (
    row("MAG_SD", "mag_sd", 0.1, "rad", 0.01, 1.0, "error of the magnetic heading"),
    row("MAG_SLOW", "mag_slowness", 30.0, "", 1.0, 1e4, "variance factor: successive headings share their error"),
    row("MAG_IRON", "mag_iron", 0.03, "rad", 0.0, 1.0, "lasting heading error no filter sees, told in sigma_attitude"),
    row("MAG_DIP_SD", "mag_dip_sd", 0.06, "rad", 0.01, 1.0, "error of the field's change of dip within EKF_MAG_LEARN"),
    row("MAG_DIP_SLOW", "mag_dip_slowness", 10.0, "", 1.0, 1e4, "the same as EKF_MAG_SLOW for it"),
    row("MAG_GATE", "mag_gate", 3.0, "sd", 1.0, 100.0, "innovation gate of the magnetic heading"),
    row("MAG_YIELD", "mag_yield", 0.35, "rad", 0.01, 3.2, "a heading less sure than this yields to the compass"),
    row("MAG_PERIOD", "mag_period", 0.1, "s", 0.0, 10.0, "headings closer in time share their error and are skipped"),
    row("MAG_DECL", "mag_declination", 0.0524, "rad", -3.2, 3.2, "magnetic declination, east positive (Zurich)"),
    row("MAG_NORM_TOL", "mag_norm_tolerance", 0.25, "", 0.01, 1.0, "largest relative change of field strength"),
    row("MAG_INCL_TOL", "mag_incline_tolerance", 0.2, "rad", 0.01, 1.5, "largest change of magnetic inclination"),
    row("MAG_LEARN", "mag_learn", 20.0, "s", 0.1, 600.0, "how fast the expected field follows the measured one"),
)
GROUND = (
    row("RNG_SD", "range_sd", 0.03, "m", 0.001, 2.0, "error of the range finder"),
    row("RNG_SCALE", "range_scale", 0.01, "", 0.0, 0.2, "error of the range finder's scale"),
    row("RNG_GATE", "range_gate", 5.0, "sd", 1.0, 100.0, "innovation gate of the range finder"),
    row("RNG_HUNG", "range_hung", 0.3, "s", 0.05, 60.0, "in flight the same distance for longer is a part that hangs"),
    row("RNG_TILT", "range_tilt", 0.5, "rad", 0.05, 1.4, "largest tilt at which the distance is a height"),
    row("RNG_SLOPE", "range_slope", 0.3, "", 0.0, 5.0, "how fast the ground may rise per metre flown"),
    row("RNG_AID_Z", "range_aid_height", 3.0, "m", 0.0, 100.0, "below this height the distance also aids altitude"),
    row("FLOW_SD", "flow_sd", 0.15, "rad/s", 0.005, 2.0, "error of the optical flow"),
    row("FLOW_GATE", "flow_gate", 4.0, "sd", 1.0, 100.0, "innovation gate of the optical flow"),
    row("FLOW_QMIN", "flow_quality", 60.0, "", 0.0, 255.0, "least quality of a flow sample"),
)
MOCAP = (
    row("MOCAP_P_SD", "mocap_position_sd", 0.0015, "m", 1e-4, 1.0, "error of the motion-capture position"),
    row("MOCAP_Q_SD", "mocap_attitude_sd", 0.0035, "rad", 1e-4, 1.0, "error of the motion-capture attitude"),
    row("MOCAP_JUMP_T", "pose_jump_time", 0.1, "s", 0.01, 10.0, "EKF_JUMP_TIME where poses tell"),
    row("MOCAP_ODD", "pose_surprise", 3.0, "sd", 1.0, 10.0, "innovation of a pose that is worse than assumed"),
    row("MOCAP_SLACK", "pose_slack", 300.0, "", 1.0, 1e4, "most that a pose's error may be learned to be larger"),
    row("MOCAP_FIRST", "pose_slack_first", 30.0, "", 1.0, 1e3,
        "how many times larger it is thought until poses have shown what it is"),
    row("MOCAP_GATE", "mocap_gate", 6.0, "sd", 1.0, 100.0, "innovation gate of motion capture"),
)
DRAG = (
    row("DRAG_SD", "drag_sd", 0.5, "m/s2", 0.01, 10.0, "error of the rotor-drag model; over 9 it is not used"),
    row("DRAG_GATE", "drag_gate", 3.0, "sd", 1.0, 100.0, "innovation gate of the rotor-drag model"),
    row("DRAG_DT", "drag_period", 0.1, "s", 0.01, 1.0, "how often the rotor-drag model is asked"),
)
REST = (
    row("REST_V_SD", "rest_velocity_sd", 0.02, "m/s", 1e-3, 1.0, "error of a velocity known to be zero"),
    row("IDLE_V_SD", "idle_velocity_sd", 0.1, "m/s", 1e-3, 1.0, "the same of a vehicle that is armed and stands"),
    row("REST_GYR_SD", "rest_gyro_sd", 0.003, "rad/s", 1e-5, 0.1, "error of a mean rate known to be zero"),
    row("REST_V_MAX", "rest_velocity_max", 1.0, "m/s", 0.05, 100.0,
        "standing still with a larger velocity it begins anew"),
    row("REST_ACC_B", "rest_accel_bias", 1.5, "m/s2", 0.05, 10.0, "the same of the accelerometer's bias"),
    row("REST_P_SD", "rest_position_sd", 10.0, "m", 0.1, 1000.0, "how far off the position may then be"),
    row("REST_DT", "rest_period", 0.1, "s", 0.01, 1.0, "how often rest is used as a measurement"),
)
RESET = (
    row("RESET_SLEW", "reset_slew", 1.0, "m/s", 0.0, 100.0, "how fast a reset position shows in flight; 0 at once"),
    row("ALONE_SLOW", "alone_slowness", 300.0, "", 1.0, 1e5, "variance factor of ALONE_V_SD: one guess, not many"),
    row("ALONE_V_SD", "alone_velocity_sd", 3.0, "m/s", 0.1, 50.0, "spread of velocities assumed without any aid"),
)
ROWS = AGE + GPS + LAG + FIX + BARO + MAG + GROUND + MOCAP + DRAG + REST + RESET
