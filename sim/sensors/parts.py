"""Which parts there are: the data sheets' figures, in SI.

Sources: MPU-6050 PS-MPU-6000A-00 rev 3.4; ICM-42688-P DS-000347; BMI088 BST-BMI088-DS001; QMC5883L 13-52-04 rev A;
HMC5883L 900405; BMP280 BST-BMP280-DS001; BMP388 BST-BMP388-DS001; NEO-M8 UBX-15031086; MAX-M10S UBX-20035208;
VL53L1X DS12385; TFmini SJ-PM-TFmini-T-01; PMW3901MB-TXQT v1.0. Tolerances "+-x" count as two standard deviations.
The CEP of a GPS is a day's figure; of it `wander` holds what changes within minutes, the rest is common to home.
"""

import math
from typing import Any

from flight.physics import STANDARD_GRAVITY

DEG = math.pi / 180.0
MILLI_G = 1e-3 * STANDARD_GRAVITY
MICRO_G = 1e-6 * STANDARD_GRAVITY
GAUSS_UT = 100.0
CALIBRATED = 0.05
Table = dict[str, dict[str, Any]]

# Four rotors of the typical kind shake by 2-3 m/s2 RMS before the filter, well within what autopilots call good (15).
VIBRATION: Table = {
    "none": {"rotor_count": 0},
    "smooth": {"plane_m_s2": 0.3, "shaft_m_s2": 0.3, "blades_m_s2": 0.2, "angular_rad_s": 0.005},
    "typical": {"plane_m_s2": 2.0, "shaft_m_s2": 1.5, "blades_m_s2": 1.0, "angular_rad_s": 0.03},
    "rough": {"plane_m_s2": 6.0, "shaft_m_s2": 5.0, "blades_m_s2": 3.0, "angular_rad_s": 0.1},
}
CALIBRATION = {"calibrated": CALIBRATED, "uncalibrated": 1.0}

IMU: Table = {
    "ideal": {"rate_hz": 1000, "gyro.limit": math.inf, "accel.limit": math.inf},
    "mpu6050": {
        "rate_hz": 1000,
        "delay_ms": 1.0,  # two-wire read-out
        "cutoff_hz": 98.0,  # DLPF_CFG 2
        "warm_up_k": 12.0,
        "warm_up_s": 180.0,
        "gyro.density": 0.005 * DEG,
        "gyro.turn_on_spread": 0.5 * 20.0 * DEG,
        "gyro.per_k_spread": 0.5 * 20.0 * DEG / 60.0,
        "gyro.scale_spread": 0.5 * 0.03,
        "gyro.cross_spread": 0.5 * 0.02,
        "gyro.walk_sigma": 0.02 * DEG,
        "gyro.walk_tau_s": 300.0,
        "gyro.limit": 2000.0 * DEG,
        "gyro.step": DEG / 16.4,
        "gyro_per_g_spread": 0.5 * 0.1 * DEG / STANDARD_GRAVITY,
        "accel.density": 400.0 * MICRO_G,
        "accel.turn_on_spread": 0.5 * 60.0 * MILLI_G,
        "accel.per_k_spread": 0.5 * 40.0 * MILLI_G / 70.0,
        "accel.scale_spread": 0.5 * 0.03,
        "accel.cross_spread": 0.5 * 0.02,
        "accel.walk_sigma": 0.3 * MILLI_G,
        "accel.walk_tau_s": 300.0,
        "accel.limit": 16.0 * STANDARD_GRAVITY,
        "accel.step": STANDARD_GRAVITY / 2048.0,
    },
}
IMU["icm42688"] = IMU["mpu6050"] | {
    "delay_ms": 0.0,
    "cutoff_hz": 180.0,
    "warm_up_k": 8.0,
    "gyro.density": 0.0028 * DEG,
    "gyro.turn_on_spread": 0.5 * 0.5 * DEG,
    "gyro.per_k_spread": 0.5 * 0.005 * DEG,
    "gyro.scale_spread": 0.5 * 0.005,
    "gyro.cross_spread": 0.5 * 0.0125,
    "gyro.walk_sigma": 0.005 * DEG,
    "gyro.step": DEG / 131.0,  # the 20-bit samples of the queue
    "accel.density": 70.0 * MICRO_G,
    "accel.turn_on_spread": 0.5 * 20.0 * MILLI_G,
    "accel.per_k_spread": 0.5 * 0.15 * MILLI_G,
    "accel.scale_spread": 0.5 * 0.005,
    "accel.cross_spread": 0.5 * 0.01,
    "accel.walk_sigma": 0.05 * MILLI_G,
    "accel.step": STANDARD_GRAVITY / 8192.0,
}
IMU["bmi088"] = IMU["mpu6050"] | {
    "delay_ms": 0.0,
    "cutoff_hz": 116.0,
    "warm_up_k": 8.0,
    "gyro.density": 0.014 * DEG,
    "gyro.turn_on_spread": 0.5 * 1.0 * DEG,
    "gyro.per_k_spread": 0.5 * 0.015 * DEG,
    "gyro.scale_spread": 0.5 * 0.01,
    "gyro.cross_spread": 0.5 * 0.01,
    "gyro.walk_sigma": 0.003 * DEG,
    "gyro.step": DEG / 16.384,
    "accel.density": 190.0 * MICRO_G,
    "accel.turn_on_spread": 0.5 * 20.0 * MILLI_G,
    "accel.per_k_spread": 0.5 * 0.2 * MILLI_G,
    "accel.scale_spread": 0.5 * 0.005,
    "accel.cross_spread": 0.5 * 0.005,
    "accel.walk_sigma": 0.05 * MILLI_G,
    "accel.limit": 24.0 * STANDARD_GRAVITY,
    "accel.step": STANDARD_GRAVITY / 1365.0,
}
IRON = {"hard_iron_spread_ut": 10.0, "soft_iron_spread": 0.1, "ut_per_a_spread": 0.03}
MAG: Table = {
    "ideal": {"rate_hz": 100, "limit_ut": math.inf},
    "qmc5883l": IRON
    | {
        "rate_hz": 100,
        "delay_ms": 6.0,
        "sigma_ut": 2e-3 * GAUSS_UT,
        "limit_ut": 800.0,
        "step_ut": GAUSS_UT / 3000.0,
    },
    "hmc5883l": IRON
    | {
        "rate_hz": 75,
        "delay_ms": 8.0,
        "sigma_ut": 2e-3 * GAUSS_UT,
        "limit_ut": 130.0,
        "step_ut": GAUSS_UT / 1090.0,
    },
}
AIR = {
    "drift_sigma_pa": 4.0,
    "drift_tau_s": 300.0,
    "wind_share": -0.15,
    "ground_pa": 8.0,
    "ground_scale_m": 0.3,
}
BARO: Table = {
    "ideal": {"rate_hz": 50},
    "bmp280": AIR
    | {
        "rate_hz": 26,  # 16 samples of pressure and 2 of temperature per measurement
        "delay_ms": 20.0,
        "filter": 2.0,
        "offset_spread_pa": 50.0,
        "pa_per_k_spread": 0.5 * 1.5,
        "sigma_pa": 1.3,
        "step_pa": 0.16,
        "warm_up_k": 6.0,
        "warm_up_s": 180.0,
    },
    "bmp388": AIR
    | {
        "rate_hz": 50,
        "delay_ms": 10.0,
        "filter": 2.0,
        "offset_spread_pa": 25.0,
        "pa_per_k_spread": 0.5 * 0.75,
        "sigma_pa": 1.2,
        "step_pa": 0.016,
        "warm_up_k": 6.0,
        "warm_up_s": 180.0,
    },
}
GPS: Table = {
    "ideal": {"rate_hz": 10, "satellites_mean": 20.0},
    "ublox_m8": {
        "rate_hz": 5,
        "delay_ms": 150.0,
        "jitter_ms": 8.0,
        "wander_xy_m": 0.9,
        "wander_z_m": 1.7,
        "wander_tau_s": 180.0,
        "white_xy_m": 0.06,
        "white_z_m": 0.1,
        "wander_v_m_s": 0.03,
        "wander_v_tau_s": 2.0,
        "white_v_m_s": 0.04,
        "first_fix_s": 1.0,
        "satellites_mean": 13.0,
        "satellites_spread": 2.0,
        "step_deg": 1e-7,
        "step_alt_m": 1e-3,
        "step_v_m_s": 1e-3,
    },
}
GPS["ublox_m10"] = GPS["ublox_m8"] | {
    "rate_hz": 10,
    "delay_ms": 110.0,
    "jitter_ms": 6.0,
    "wander_xy_m": 0.7,
    "wander_z_m": 1.4,
    "satellites_mean": 20.0,
}
RANGE: Table = {
    "ideal": {"rate_hz": 50, "sure_m": 1e6, "high_m": 1e6},
    "vl53l1x": {
        "rate_hz": 30,  # 33 ms is the shortest budget of the 4 m mode; 50 Hz reaches 1.3 m
        "delay_ms": 20.0,
        "low_m": 0.04,
        "sure_m": 3.0,
        "high_m": 4.0,
        "cos_tilt_low": math.cos(35.0 * DEG),
        "scale_spread": 0.5 * 0.01,
        "sigma_m": 0.003,
        "sigma_share": 0.005,
        "step_m": 1e-3,
    },
    "tfmini": {
        "rate_hz": 100,
        "delay_ms": 10.0,
        "low_m": 0.3,
        "sure_m": 9.0,
        "high_m": 12.0,
        "cos_tilt_low": math.cos(45.0 * DEG),
        "scale_spread": 0.5 * 0.01,
        "sigma_m": 0.015,
        "sigma_share": 0.003,
        "step_m": 0.01,
    },
}
FLOW: Table = {
    "ideal": {
        "rate_hz": 100,
        "best_m": 1e6,
        "high_m": 2e6,
        "light": 1.0,
        "best_quality": 255.0,
        "limit_rad_s": 1e6,
    },
    "pmw3901": {
        "rate_hz": 100,
        "delay_ms": 8.0,
        "low_m": 0.08,
        "best_m": 2.0,
        "high_m": 6.0,
        "light": 0.8,
        "best_quality": 255.0,
        "scale_spread": 0.02,
        "sigma_rad_s": 0.05,
        "limit_rad_s": 7.4,
        "step_rad": 1.0 / 385.0,  # as the open drivers scale a count
    },
}
MOCAP: Table = {
    "ideal": {"rate_hz": 200},
    "mocap": {"rate_hz": 200, "delay_ms": 10.0, "sigma_m": 1e-3, "sigma_rad": 0.2 * DEG},
    "mocap_slow": {"rate_hz": 200, "delay_ms": 30.0, "sigma_m": 1e-3, "sigma_rad": 0.2 * DEG},
}
BATTERY: Table = {
    "ideal": {"rate_hz": 50},
    # 12 bits of 3.3 V behind a 1:18.2 divider and 36.4 A/V, as common power modules have them.
    "analog": {
        "rate_hz": 50,
        "delay_ms": 2.0,
        "voltage_scale_spread": 0.01,
        "current_scale_spread": 0.03,
        "current_offset_spread_a": 0.3,
        "voltage_sigma_v": 0.02,
        "current_sigma_a": 0.15,
        "voltage_step_v": 3.3 / 4096.0 * 18.182,
        "current_step_a": 3.3 / 4096.0 * 36.364,
    },
    "ina226": {
        "rate_hz": 50,
        "delay_ms": 2.0,
        "voltage_scale_spread": 0.0005,
        "current_scale_spread": 0.005,
        "current_offset_spread_a": 0.01,
        "voltage_sigma_v": 0.001,
        "current_sigma_a": 0.01,
        "voltage_step_v": 1.25e-3,
        "current_step_a": 5e-3,
    },
}
# Bidirectional DShot counts electrical turns in hundreds per minute; 7 pole pairs.
RPM: Table = {
    "ideal": {"rate_hz": 500},
    "rpm_esc": {
        "rate_hz": 250,
        "delay_ms": 1.0,
        "sigma_share": 1e-3,
        "step_rad_s": 100.0 / 7.0 * 2.0 * math.pi / 60.0,
    },
}
PILOT: Table = {
    "ideal": {"rate_hz": 100},
    # 1640 counts from end to end (172 to 1811), 14 ms a frame.
    "sbus": {"rate_hz": 71.4, "delay_ms": 12.0, "loss": 0.002, "step": 2.0 / 1639.0},
    "crsf": {"rate_hz": 150, "delay_ms": 6.0, "loss": 0.002, "step": 2.0 / 1639.0},
}
# In the order of the inputs' sensor groups.
PARTS: dict[str, Table] = {
    "imu": IMU,
    "mag": MAG,
    "baro": BARO,
    "gps": GPS,
    "range": RANGE,
    "flow": FLOW,
    "mocap": MOCAP,
    "battery": BATTERY,
    "rpm": RPM,
    "pilot": PILOT,
}
