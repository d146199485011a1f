"""PX4's topics of what the estimator thinks of itself."""

from logs.px4.topic import B, F, Px4Topic, V
from logs.px4.values import SAMPLED, along, is_on, sigma_xy

ESTIMATOR = (
    Px4Topic(
        "hover_thrust_estimate",
        5,
        SAMPLED
        | {
            "hover_thrust": (F, lambda f: f.c["terms"]["hover_thrust"]),
            "valid": (B, lambda f: f.c["terms"]["hover_thrust"] > 0.0),
        },
    ),
    Px4Topic(
        "estimator_status",
        5,
        SAMPLED
        | {
            "pos_horiz_accuracy": (F, lambda f: sigma_xy(f.e["sigma_p"])),
            "pos_vert_accuracy": (F, lambda f: f.e["sigma_p"][:, 2]),
            "pos_test_ratio": (F, along(0, lambda f: f.e["test_ratios"])),
            "vel_test_ratio": (F, along(1, lambda f: f.e["test_ratios"])),
            "hgt_test_ratio": (F, along(2, lambda f: f.e["test_ratios"])),
            "hdg_test_ratio": (F, along(3, lambda f: f.e["test_ratios"])),
            "hagl_test_ratio": (F, along(4, lambda f: f.e["test_ratios"])),
        },
    ),
    Px4Topic(
        "estimator_sensor_bias",
        5,
        SAMPLED
        | {
            "gyro_bias": (V, lambda f: f.e["gyro_bias_frd"]),
            "accel_bias": (V, lambda f: f.e["accel_bias_frd"]),
            "gyro_bias_valid": (B, lambda f: is_on(f.e["is_attitude_valid"])),
            "accel_bias_valid": (B, lambda f: is_on(f.e["is_attitude_valid"])),
        },
    ),
)
