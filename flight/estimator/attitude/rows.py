"""The attitude filter's rows of the parameter table: noises, priors, times."""

from flight.parameter import row_writer

row = row_writer("ATT_", "estimator.attitude.")

# fmt: off
GYRO = (
    row("EPOCH", "epoch", 0.1, "s", 0.005, 0.5, "period of the corrections; attitude itself runs at the IMU's rate"),
    row("GYR_NOISE", "gyro_noise", 5.2e-4, "rad/s/rtHz", 1e-6, 0.1, "gyro noise density"),
    row("GYR_TURN", "gyro_turn", 0.003, "rad/rtrad", 0.0, 0.1, "attitude noise per root of the angle turned through"),
    row("GB_SD", "bias_sd", 0.087, "rad/s", 1e-4, 1.0, "gyro bias at start, across gravity: soon seen, may be large"),
    row("GB_UP_SD", "bias_up_sd", 0.0052, "rad/s", 1e-5, 1.0, "gyro bias at start, along gravity: seen at rest only"),
    row("GB_WALK", "bias_walk", 1.75e-4, "rad/s/rts", 0.0, 0.01, "how fast the gyro bias wanders"),
    row("GM_SD", "matrix_sd", 0.01, "", 0.0, 0.1, "gyro scale and misalignment errors at start"),
    row("GAP_TIME", "gap_time", 0.05, "s", 0.005, 1.0, "a longer time between samples is a gap"),
    row("GAP_MAX", "gap_max", 0.5, "s", 0.01, 5.0, "after a longer gap tilt is taken anew"),
    row("GYR_MAX", "gyro_max", 80.0, "rad/s", 5.0, 200.0, "a faster body rate is no measurement"),
    row("ACC_MAX", "accel_max", 400.0, "m/s2", 40.0, 4000.0, "a larger specific force is no measurement"),
    row("MAG_MAX", "field_max", 1000.0, "uT", 100.0, 1e5, "a stronger field is no measurement"),
    row("GAP_RATE", "gap_rate", 0.3, "rad/s", 0.0, 10.0, "body rate that may go unseen in a gap"),
)
REST = (
    row("REST_TAU", "rest_tau", 0.25, "s", 0.01, 5.0, "averaging time of the means taken at rest"),
    row("REST_GYR", "rest_gyro", 0.035, "rad/s", 1e-3, 1.0, "largest rms body rate about its mean at rest"),
    row("REST_ACC", "rest_accel", 0.5, "m/s2", 0.01, 5.0, "largest rms specific force about its mean at rest"),
    row("REST_TIME", "rest_time", 1.0, "s", 0.1, 10.0, "how long it must be still before it rests"),
    row("REST_B_MAX", "rest_bias_max", 0.175, "rad/s", 0.001, 1.0, "a faster mean rate is motion, never bias"),
    row("REST_JUMP", "rest_jump", 0.0087, "rad/s", 1e-4, 1.0, "largest change of bias believed after the first rest"),
    row("REST_B_SD", "rest_bias_sd", 8.7e-4, "rad/s/rtHz", 1e-6, 0.1, "noise density of the bias seen at rest"),
    row("REST_V_SD", "rest_velocity_sd", 0.05, "m/srts", 1e-4, 1.0, "noise density of zero velocity at rest"),
)
TILT = (
    row("TILT_SD", "tilt_sd", 0.52, "rad", 0.01, 2.0, "tilt at start, from one sample that may hold any acceleration"),
    row("ACC_NOISE", "accel_noise", 0.02, "m/s2/rtHz", 1e-5, 2.0, "accelerometer noise density"),
    row("V_SD", "velocity_sd", 1.0, "m/s", 0.01, 50.0, "velocity and its variation at start"),
    row("V_FLOOR", "velocity_floor", 0.5, "m/srts", 0.001, 50.0, "least noise density of the mean velocity being zero"),
    row("V_GAIN", "velocity_gain", 10.0, "s", 0.0, 1000.0, "how much the seen variance of velocity adds to that noise"),
    row("V_TAU", "velocity_tau", 5.0, "s", 0.1, 100.0, "averaging time of that variance"),
)
FIELD = (
    row("MAG_TILT", "field_tilt", 0.052, "rad", 0.001, 1.0, "tilt must be this sure before the first heading"),
    row("YAW_SD", "yaw_sd", 0.35, "rad", 0.01, 3.0, "first heading, magnetometer lag and disturbance included"),
    row("MAG_SD", "field_sd", 5.0, "uT", 0.1, 50.0, "first horizontal and vertical field"),
    row("MAG_WALK", "field_walk", 0.1, "uT/rts", 0.0, 5.0, "how fast the horizontal and vertical field wander"),
    row("MAG_EAST_SD", "east_sd", 2.0, "uT", 0.01, 20.0, "local eastward field: what turns the needle from north"),
    row("MAG_EAST_TAU", "east_tau", 60.0, "s", 1.0, 3600.0, "how long an eastward field lasts"),
    row("MAG_NOISE", "field_noise", 3.1, "uTrts", 0.01, 50.0, "magnetometer noise density, soft iron included"),
    row("MAG_GATE", "field_gate", 0.1, "", 0.01, 1.0,
        "deviation from the known field, in shares of it, that is doubted"),
    row("MAG_DOUBT", "field_doubt", 0.5, "s", 0.0, 100.0, "noise added per square of the doubted deviation"),
    row("MAG_OPEN", "field_open", 1.0, "1/s", 0.0, 100.0, "hard iron variance added per square of it and second"),
    row("MAG_HI_SD", "iron_sd", 1.0, "uT", 0.0, 100.0, "hard iron at start"),
    row("MAG_HI_WALK", "iron_walk", 0.02, "uT/rts", 0.0, 5.0, "how fast the hard iron wanders"),
    row("MAG_LAG_SD", "lag_sd", 0.02, "s", 0.0, 0.2, "magnetometer's unknown delay behind the gyro"),
)
ROWS = GYRO + REST + TILT + FIELD
