"""How well a flight went, judged on truth: sums kept tick by tick, read out at the end."""

import math
from typing import Any

import numpy as np

from flight.kernel import kernel
from flight.modes import Arming, Level
from flight.quaternion import conjugate, quat, rotation_vector, tilt_of
from flight.record import FLAG, INTEGER, REAL, VECTOR, record
from flight.vector import dot, norm, put, vec

# Sums of squares per axis in the world frame (attitude: body frame), with how many ticks they hold.
SCORE = record(
    steady=INTEGER,
    airborne=INTEGER,
    position_sq=VECTOR,
    position_worst=REAL,
    attitude_estimate_sq=VECTOR,
    position_estimate_sq=VECTOR,
    velocity_estimate_sq=VECTOR,
    gps_sq=VECTOR,
    tilt_worst=REAL,
    speed_worst=REAL,
    height_worst=REAL,
    armed_us=INTEGER,
    took_off_us=INTEGER,
    disarmed_us=INTEGER,
    phase_us=INTEGER,
    mode=INTEGER,
    has_flown=FLAG,
    is_down=FLAG,
    is_crashed=FLAG,
    crash_us=INTEGER,
)
SETTLING_US = 5_000_000
CRASH_TILT = math.radians(60.0)
CRASH_SPEED = 3.0


@kernel
def squares(sums, error):
    """Add an error's squared components to a sum."""
    put(sums, vec(sums) + error * error)


@kernel
def judge(score, truth, command, gps_error_ned):
    """Add one tick to the score. Truth and local frame both count from where the vehicle took off."""
    note_phase(score, truth, command.status)
    score.is_down = truth.is_touching
    note_crash(score, truth)
    if truth.is_touching or command.status.arming != Arming.ARMED:
        return
    score.airborne += 1
    score.has_flown = 1
    score.tilt_worst = max(score.tilt_worst, tilt_of(quat(truth.q_ned_frd)))
    score.speed_worst = max(score.speed_worst, norm(vec(truth.v_ned)))
    score.height_worst = max(score.height_worst, -truth.p_ned[2])
    judge_estimate(score, truth, command.estimate)
    if truth.t_us - score.phase_us > SETTLING_US and command.setpoint.level == Level.POSITION:
        error = vec(truth.p_ned) - vec(command.setpoint.p_sp_ned)
        score.steady += 1
        squares(score.position_sq, error)
        squares(score.gps_sq, vec(gps_error_ned))
        score.position_worst = max(score.position_worst, norm(error))


@kernel
def judge_estimate(score, truth, estimate):
    """Compare the estimate with the truth."""
    q_err = conjugate(quat(estimate.q_ned_frd)) * quat(truth.q_ned_frd)
    squares(score.attitude_estimate_sq, rotation_vector(q_err))
    squares(score.position_estimate_sq, vec(truth.p_ned) - vec(estimate.p_ned))
    squares(score.velocity_estimate_sq, vec(truth.v_ned) - vec(estimate.v_ned))


@kernel
def note_phase(score, truth, status):
    """Keep the times of arming, take-off, disarming and of the last change of mode."""
    if status.mode != score.mode:
        score.mode = status.mode
        score.phase_us = truth.t_us
    if status.arming == Arming.ARMED and score.armed_us == 0:
        score.armed_us = truth.t_us
    if score.has_flown and score.took_off_us == 0:
        score.took_off_us = truth.t_us
    if status.arming != Arming.ARMED and score.armed_us > 0 and score.disarmed_us == 0:
        score.disarmed_us = truth.t_us


@kernel
def note_crash(score, truth):
    """Call it a crash when the vehicle touches the ground fast or toppled after having flown."""
    if score.is_crashed or not score.has_flown or not truth.is_touching:
        return
    v = vec(truth.v_ned)
    if tilt_of(quat(truth.q_ned_frd)) > CRASH_TILT or dot(v, v) > CRASH_SPEED * CRASH_SPEED:
        score.is_crashed = 1
        score.crash_us = truth.t_us


def root_mean(sums: np.ndarray, count: int) -> np.ndarray:
    """Return the per-axis RMS of a sum of squares."""
    return np.sqrt(np.asarray(sums) / max(int(count), 1))


def read_out(score: np.void) -> dict[str, Any]:
    """Return the score's figures with the key names of the command line's contract."""
    position = root_mean(score.position_sq, score.steady)
    estimate_p = root_mean(score.position_estimate_sq, score.airborne)
    estimate_v = root_mean(score.velocity_estimate_sq, score.airborne)
    attitude = np.degrees(root_mean(score.attitude_estimate_sq, score.airborne))
    ended = score.disarmed_us or score.armed_us
    return {
        "landed": bool(score.has_flown and score.disarmed_us and score.is_down and not score.is_crashed),
        "crashed": bool(score.is_crashed),
        "arm_to_disarm_s": float(ended - score.armed_us) * 1e-6,
        "position_error_rms_m": float(np.linalg.norm(position)),
        "position_error_max_m": float(score.position_worst),
        "altitude_error_rms_m": float(position[2]),
        "attitude_estimate_rms_deg": [float(a) for a in attitude],
        "position_estimate_rms_m": [float(np.hypot(*estimate_p[:2])), float(estimate_p[2])],
        "velocity_estimate_rms_m_s": [float(np.hypot(*estimate_v[:2])), float(estimate_v[2])],
        "gps_error_rms_m": float(np.linalg.norm(root_mean(score.gps_sq, score.steady))),
        "tilt_max_deg": float(np.degrees(score.tilt_worst)),
        "speed_max_m_s": float(score.speed_worst),
        "height_max_m": float(score.height_worst),
    }
