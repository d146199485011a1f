"""The estimator's rows of the parameter table: how the IMU and the world may wander, what makes it doubt the IMU."""

from flight.parameter import row_writer

row = row_writer("EKF_", "estimator.")

# fmt: off
WANDER = (
    row("PREDICT_DT", "predict_dt", 0.01, "s", 0.001, 0.05, "period of the covariance's propagation"),
    row("GYR_NOISE", "gyro_noise", 6e-4, "rad/s/rtHz", 1e-6, 0.1, "gyro noise density, vibration included"),
    row("GYR_SCALE", "gyro_scale", 1e-3, "1/rtHz", 0.0, 0.1, "noise density added per body rate: scale, misalignment"),
    row("ACC_NOISE", "accel_noise", 0.03, "m/s2/rtHz", 1e-5, 2.0, "accelerometer noise density, vibration included"),
    row("ROUGH_GAIN", "rough_gain", 1.0, "", 0.0, 10.0,
        "how many times the IMU's own scatter from sample to sample counts as noise"),
    row("ROUGH_SUM", "rough_sum", 0.2, "", 0.0, 10.0,
        "the same of its mean forces, where vibration is gone but motion is not"),
    row("ROUGH_TURN", "rough_turn", 6.0, "", 0.0, 1e3,
        "scatter of mean rates that may be flight, as a multiple of EKF_GYR_NOISE: more is noise"),
    row("ROUGH_TAU", "rough_tau", 0.5, "s", 0.05, 60.0, "averaging time of that scatter"),
    row("GYR_B_WALK", "gyro_bias_walk", 1e-4, "rad/s/rts", 0.0, 0.01, "how fast the gyro bias wanders"),
    row("ACC_B_WALK", "accel_bias_walk", 1e-3, "m/s2/rts", 0.0, 0.5, "how fast the accelerometer bias wanders"),
    row("BARO_WALK", "baro_walk", 0.04, "m/rts", 0.0, 1.0, "how fast the barometer's altitude wanders"),
    row("WIND_WALK", "wind_walk", 0.4, "m/s/rts", 0.0, 5.0, "how fast a wind of 5 m/s changes"),
    row("WIND_CALM", "wind_calm", 0.05, "", 0.0, 2.0, "share of EKF_WIND_WALK that is left in calm air"),
    row("GUST_TAU", "gust_tau", 20.0, "s", 1.0, 600.0, "averaging time of how fast the wind is felt to change"),
)
DOUBT = (
    row("STRAIN_TAU", "strain_tau", 0.5, "s", 0.05, 10.0, "averaging time of the innovations that betray a broken IMU"),
    row("STRAIN_MAX", "strain_max", 2.75, "sd", 0.5, 100.0, "mean innovation beyond which the IMU is doubted"),
    row("STRAIN_MOST", "strain_most", 6.0, "sd", 1.0, 100.0, "most that one innovation counts in that mean"),
    row("GYR_DOUBT", "gyro_doubt", 0.05, "rad/s/rts/sd", 0.0, 1.0, "how fast the gyro's bias wanders when poses lean"),
    row("ACC_DOUBT", "accel_doubt", 0.5, "m/s2/rts/sd", 0.0, 10.0,
        "how fast the accelerometer's bias wanders when poses lean"),
    row("DOUBT_WAIT", "doubt_wait", 2.0, "s", 0.0, 60.0, "least time between two doubts of the IMU"),
    row("JUMP_TIME", "jump_time", 0.7, "s", 0.05, 10.0, "how long ago a doubted IMU may have changed"),
    row("DOUBT_TIME", "doubt_time", 10.0, "s", 0.0, 600.0,
        "how long after a doubt drag judges the IMU and no lag is learnt"),
    row("JUMP_GYR", "jump_gyro", 0.1, "rad/s", 0.0, 1.0, "step of gyro bias allowed for when in doubt"),
    row("JUMP_TILT", "jump_tilt", 0.05, "rad", 0.0, 1.0, "turn of attitude allowed for when in doubt"),
    row("JUMP_ACC", "jump_accel", 0.5, "m/s2", 0.0, 5.0, "step of accelerometer bias allowed for when in doubt"),
)
BROKEN = (
    row("GYR_JUMP", "gyro_jump", 4.0, "rad/s", 0.1, 100.0, "a larger jump between samples is a bad sample"),
    row("ACC_JUMP", "accel_jump", 40.0, "m/s2", 1.0, 1e3, "a larger jump between samples is a bad sample"),
    row("JUMP_SCAT", "jump_scatter", 4.0, "", 1.0, 100.0,
        "it must also be so many times the samples' usual change to be one"),
    row("ACC_HUNG", "accel_hung", 0.05, "s", 0.01, 1.0, "in flight the same force for longer is a part that hangs"),
    row("GYR_HUNG", "gyro_hung", 0.01, "s", 0.002, 1.0, "in flight the same rate for longer is a part that hangs"),
    row("THRUST_TAU", "thrust_tau", 2.0, "s", 0.05, 60.0, "averaging time of how much of the thrust is felt"),
    row("ACC_BAD", "accel_bad_noise", 1.0, "m/s2/rtHz", 0.0, 20.0,
        "noise density of the thrust that then stands in for it"),
    row("GYR_BAD", "gyro_bad_noise", 0.3, "rad/s/rtHz", 0.0, 5.0, "noise density of the rate that rotors then tell"),
    row("SPIN_TIME", "spin_time", 0.5, "s", 0.02, 2.0, "in flight the rotors tell the rate for so long, then nobody"),
    row("SPIN_TAU", "spin_tau", 0.05, "s", 0.005, 1.0, "averaging time of what turns it beside the rotors"),
    row("GYR_B_MAX", "gyro_bias_max", 0.35, "rad/s", 0.01, 1.0, "largest gyro bias believed"),
    row("ACC_B_MAX", "accel_bias_max", 3.0, "m/s2", 0.05, 5.0, "largest accelerometer bias believed"),
    row("GYR_MAX", "gyro_max", 80.0, "rad/s", 5.0, 200.0, "a faster body rate is no measurement"),
    row("ACC_MAX", "accel_max", 400.0, "m/s2", 40.0, 4000.0, "a larger specific force is no measurement"),
    row("GYR_STOP", "gyro_stop", 34.5, "rad/s", 1.0, 200.0, "what the gyro reads at the end of its range"),
    row("ACC_STOP", "accel_stop", 152.0, "m/s2", 10.0, 4e3, "the same of the accelerometer: 15.5 g of 16"),
    row("STOP_MORE", "stop_excess", 0.1, "", 0.0, 10.0, "by what part of it more the truth may then be"),
    row("TREMOR_TAU", "tremor_tau", 0.02, "s", 0.0, 0.2, "motion quicker than this is shaking: not told as velocity"),
    row("ACC_TAU", "accel_tau", 0.03, "s", 0.0, 1.0, "smoothing of the world acceleration told to others"),
)
ROWS = WANDER + DOUBT + BROKEN
