"""The estimator's rows of the parameter table: its start, delays, what it vouches for; and all of them together."""

from flight.estimator.aid_rows import ROWS as AIDS
from flight.estimator.calibration_rows import ROWS as CALIBRATION
from flight.estimator.imu_rows import ROWS as IMU
from flight.parameter import Param, row_writer

row = row_writer("EKF_", "estimator.")

# fmt: off
START = (
    row("ALIGN_TIME", "align_time", 1.0, "s", 0.2, 10.0, "how long it must stand still to take tilt and heading"),
    row("ALIGN_MAX", "align_max", 6.0, "s", 1.0, 60.0, "after this wait it aligns even while moving"),
    row("STILL_TAU", "still_tau", 0.25, "s", 0.05, 5.0, "averaging time of the means taken at rest"),
    row("STILL_GYR", "still_gyro", 0.05, "rad/s", 0.001, 1.0, "largest body rate about its mean that counts as still"),
    row("STILL_RATE", "still_rate", 0.1, "rad/s", 0.005, 1.0, "largest mean body rate that counts as still"),
    row("STILL_ACC", "still_accel", 1.0, "m/s2", 0.05, 5.0, "largest change of specific force that counts as still"),
    row("TILT_SD", "tilt_sd", 0.02, "rad", 0.001, 0.5, "uncertainty of roll and pitch after alignment at rest"),
    row("YAW_SD", "yaw_sd", 0.15, "rad", 0.005, 1.0, "uncertainty of a heading taken from the magnetometer"),
    row("GYR_B_SD", "gyro_bias_sd", 0.003, "rad/s", 1e-5, 0.2, "uncertainty of the gyro bias taken at rest"),
    row("ACC_B_SD", "accel_bias_sd", 0.06, "m/s2", 1e-3, 2.0, "uncertainty of the accelerometer bias at start"),
    row("WIND_SD", "wind_sd", 3.0, "m/s", 0.1, 20.0, "uncertainty of the wind at start"),
    row("COURSE_DT", "course_period", 0.8, "s", 0.1, 10.0, "interval of velocity changes that tell a heading"),
    row("COURSE_TURN", "course_turn", 0.5, "rad", 0.1, 3.2, "heading error seen in them that is set right at once"),
    row("GPS_AVG", "gps_average", 3.0, "s", 0.0, 60.0, "how long the first fixes are averaged to set the origin"),
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
TRUST = (
    row("OK_TILT", "valid_tilt", 0.17, "rad", 0.01, 1.0, "largest tilt uncertainty of a valid attitude"),
    row("OK_V", "valid_velocity", 1.5, "m/s", 0.05, 10.0, "largest uncertainty of a valid velocity"),
    row("OK_P", "valid_position", 8.0, "m", 0.05, 100.0, "largest uncertainty of a valid position"),
    row("OK_Z", "valid_altitude", 5.0, "m", 0.05, 100.0, "largest uncertainty of a valid altitude"),
)
# fmt: on
ROWS: tuple[Param, ...] = (*START, *IMU, *DELAYS, *AIDS, *TRUST, *CALIBRATION)
