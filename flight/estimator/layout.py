"""What the estimator remembers, and where each error stands in its covariance.

The state is an attitude, velocities, biases and offsets ("nominal") plus a vector of small errors with covariance;
the attitude error turns world vectors: q_true = exp(error) * q (Solà 2017, section 7, global angular error).
"""

from enum import IntEnum

from flight.command import AIDS
from flight.estimator.correction import CORRECTED
from flight.record import FLAG, INTEGER, QUATERNION, REAL, VECTOR, record

THETA, VELOCITY, POSITION, GYRO_BIAS, ACCEL_BIAS, BARO_OFFSET, WIND = 0, 3, 6, 9, 12, 15, 16
# What GPS tells wrong for seconds (velocity) and for minutes (position), and how much later an aid is than said.
SLOW_VELOCITY, SLOW_POSITION, LAG, TERRAIN = 18, 21, 24, 25
# The range finder's scale is never corrected, but what it may do to all others is followed (Schmidt 1966).
RANGE_SCALE = 26
COUNT = 27
# The most errors one scalar measurement may depend on.
TERMS = 12
HISTORY_ROWS = 288
HISTORY_PERIOD_US = 5000
# The bank of delays beyond the one said, in which a late GPS is looked for.
LATENESSES, LATENESS_STEP_S = 13, 0.1
GPS_POSITION, GPS_VELOCITY, BARO, MAG, RANGE, FLOW, MOCAP, DRAG = range(len(AIDS))
NEVER = -1
LONG_AGO_US = -(1 << 40)
# Where the means of GPS velocity, of a pose's position and attitude stand.
BY_GPS, BY_POSE, STRAINS = 0, 3, 9
GPS_HEARD, POSE_HEARD, BANK_HEARD = 0, 1, 2


class Part(IntEnum):
    """What an ESTIMATOR_RESET event reset."""

    HEADING = 1
    VELOCITY = 2
    POSITION = 3
    HEIGHT = 4
    POSE = 5
    COVARIANCE = 6
    ATTITUDE = 7


NOMINAL = record(
    q_ned_frd=QUATERNION,
    v_ned=VECTOR,
    p_ned=VECTOR,
    gyro_bias_frd=VECTOR,
    accel_bias_frd=VECTOR,
    baro_offset_m=REAL,
    wind_ned=VECTOR,
    gps_slow_v_ned=VECTOR,
    gps_slow_p_ned=VECTOR,
    lag_s=REAL,
    lag_calm_s=REAL,
    lag_least_s=REAL,
    lag_most_s=REAL,
    terrain_z_m=REAL,
)
# `index`, `value`, `count` hold the row of one scalar measurement, `spread` the covariance times that row.
FILTER = record(
    covariance=("f8", (COUNT, COUNT)),
    noise=("f8", COUNT),
    error=("f8", COUNT),
    spread=("f8", COUNT),
    index=("i8", TERMS),
    value=("f8", TERMS),
    count=INTEGER,
    is_touched=FLAG,
)
# *_power: the square of the noise density that the scatter from sample to sample looks like. period_s: the time
# between the last two samples.
IMU = record(
    gyro_frd=VECTOR,
    accel_frd=VECTOR,
    gyro_before_frd=VECTOR,
    accel_before_frd=VECTOR,
    gyro_mean_frd=VECTOR,
    accel_mean_frd=VECTOR,
    lever_v_ned=VECTOR,
    gyro_power=REAL,
    accel_power=REAL,
    force_power=REAL,
    force_before_frd=VECTOR,
    force_change_frd=VECTOR,
    rate_power=REAL,
    rate_before_frd=VECTOR,
    rate_change_frd=VECTOR,
    rate_bend_frd=VECTOR,
    still_s=REAL,
    stale_s=REAL,
    period_s=REAL,
    patience_s=REAL,
    accel_same_s=REAL,
    gyro_same_s=REAL,
    heard_gyro_frd=VECTOR,
    refused_gyro_frd=VECTOR,
    refused_accel_frd=VECTOR,
    refused=INTEGER,
    unfelt_dv2=REAL,
    unfelt_turn2=REAL,
    accel_cut_s=REAL,
    gyro_cut_s=REAL,
    alike=INTEGER,
    has_sample=FLAG,
)
# Since the covariance was last propagated: time, change of velocity by specific force, turn.
PENDING = record(time_s=REAL, force_dv_ned=VECTOR, turn_frd=VECTOR)
# Pure inertial motion, never corrected; differences of it say how the vehicle moved in between. coast_v_ned: as the
# inertial unit has it if it is not to blame.
ODOMETRY = record(q=QUATERNION, v_ned=VECTOR, p_ned=VECTOR, coast_v_ned=VECTOR)
HISTORY = record(
    now=ODOMETRY,
    q=("f8", (HISTORY_ROWS, 4)),
    v_ned=("f8", (HISTORY_ROWS, 3)),
    p_ned=("f8", (HISTORY_ROWS, 3)),
    coast_v_ned=("f8", (HISTORY_ROWS, 3)),
    t_us=("i8", HISTORY_ROWS),
    newest=INTEGER,
    count=INTEGER,
)
# The nominal state as it is now known to have been when a sample was taken, age_s ago.
PAST = record(
    q_ned_frd=QUATERNION,
    v_ned=VECTOR,
    p_ned=VECTOR,
    a_ned=VECTOR,
    omega_frd=VECTOR,
    force_dv_ned=VECTOR,
    age_s=REAL,
)
AID = record(
    ratio=("f8", len(AIDS)),
    seen_us=("i8", len(AIDS)),
    accepted_us=("i8", len(AIDS)),
    failing_since_us=("i8", len(AIDS)),
)
# apart, scatter: how far the last fix was from where the one before and the velocity put it, and by how much such
# differences scatter, in the deviation and variance expected.
GPS = record(
    origin_lat_deg=REAL,
    origin_lon_deg=REAL,
    origin_alt_m=REAL,
    mean_ned=VECTOR,
    last_lat_deg=REAL,
    last_lon_deg=REAL,
    last_v_ned=VECTOR,
    place_ned=VECTOR,
    place_v_ned=VECTOR,
    place_us=INTEGER,
    apart=VECTOR,
    has_apart=FLAG,
    scatter=REAL,
    fixes=INTEGER,
    started_us=INTEGER,
    has_origin=FLAG,
)
# Means of normalized innovations that betray a broken IMU (GPS velocity, motion capture), and when heard; calm_s: for
# how long none of them leaned; gain_ned: velocity gained of late.
STRAIN = record(lean=("f8", STRAINS), heard_us=("i8", 3), doubted_us=INTEGER, calm_s=REAL, gain_ned=VECTOR)
# Attitude and biases since GPS velocities lean, without any correction; off_ned: what the estimated velocity then was
# more than the coasting one.
COAST = record(
    q_ned_frd=QUATERNION, gyro_bias_frd=VECTOR, accel_bias_frd=VECTOR, off_ned=VECTOR, is_adrift=FLAG
)
# At each delay of the bank: the slow part of the velocities' difference, the square of its last quick part, what speaks
# against the delay, and how badly it fits, the mean of fit_s.
LATENESS = record(
    drift=("f8", (LATENESSES, 3)),
    square=("f8", LATENESSES),
    cost=("f8", LATENESSES),
    misfit=("f8", LATENESSES),
    fit_s=REAL,
    coarse=REAL,
    variance=REAL,
    is_heard=FLAG,
)
# The velocity's part that only shaking can be, and the first stage of its high-pass.
TREMOR = record(stage_ned=VECTOR, v_ned=VECTOR)
# Thrust over mass as the throttles have it, and which part of it is felt.
THRUST = record(told=REAL, scale=REAL)
# Wind felt as drag, averaged, and as it was at the last two looks; *power: how fast its square grows, m2/s3.
GUSTS = record(
    mean_ned=VECTOR,
    before_ned=VECTOR,
    earlier_ned=VECTOR,
    looked_s=REAL,
    power=REAL,
    earlier_power=REAL,
    has_mean=FLAG,
)
# told_frd, other_frd: angular acceleration by the rotors and by all else.
SPIN = record(told_frd=VECTOR, other_frd=VECTOR, omega_frd=VECTOR)
POSE = record(last_ned=VECTOR, slack_p=REAL, slack_q=REAL, leap_ned=VECTOR, leaps=INTEGER, is_off=FLAG)
COURSE = record(
    felt_ned=VECTOR, seen_ned=VECTOR, sine=REAL, cosine=REAL, weight=REAL, t_us=INTEGER, has_last=FLAG
)
MAGNETIC = record(
    last_ut_frd=VECTOR,
    mean_ut_frd=VECTOR,
    norm_ut=REAL,
    inclination=REAL,
    off_rad=REAL,
    fused_us=INTEGER,
    has_mean=FLAG,
)
# baro_offset_m, gps_slow_z_m: as they were when the vehicle last stood and nothing spoke against it.
GROUND = record(
    has_range=FLAG,
    take_off_z_m=REAL,
    baro_offset_m=REAL,
    gps_slow_z_m=REAL,
    has_height=FLAG,
    seen_us=INTEGER,
    last_distance_m=REAL,
    changed_us=INTEGER,
)

STATE = record(
    corrected=CORRECTED,
    nominal=NOMINAL,
    filter=FILTER,
    imu=IMU,
    pending=PENDING,
    history=HISTORY,
    past=PAST,
    aid=AID,
    gps=GPS,
    course=COURSE,
    mag=MAGNETIC,
    ground=GROUND,
    strain=STRAIN,
    coast=COAST,
    lateness=LATENESS,
    tremor=TREMOR,
    thrust=THRUST,
    spin=SPIN,
    gusts=GUSTS,
    pose=POSE,
    mean_force_frd=VECTOR,
    a_ned=VECTOR,
    waited_s=REAL,
    lagging=INTEGER,
    is_aligned=FLAG,
    has_heading=FLAG,
    has_baro=FLAG,
    last_pressure_pa=REAL,
    stagnation_m=REAL,
    jump_ned=VECTOR,
    rest_us=INTEGER,
    drag_us=INTEGER,
    alone_us=INTEGER,
    aided_us=INTEGER,
)
