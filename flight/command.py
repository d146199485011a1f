"""What the loop says each tick: motor ratios and every estimate and setpoint on the way there.

Setpoint vectors carry `_sp`; feed-forwards `_ff`. Units are SI, axes as the last word of the name says.
"""

import numpy as np

from flight.inputs import Demand
from flight.kernel import kernel
from flight.modes import WHY, Event
from flight.record import FLAG, INTEGER, PER_ROTOR, QUATERNION, REAL, VECTOR, record

EVENTS_PER_TICK = 4
REFUSED, MODE_REFUSED = int(Event.DEMAND_REFUSED), int(Event.MODE_REFUSED)

# is_done: the mode is through; lost_rotor: from 1, 0: none
# home_ned, return_ned: home, and where RETURN goes, that or a rally point; meant once is_home_set
STATUS = record(
    tick=INTEGER,
    dt_s=REAL,
    mode=INTEGER,
    arming=INTEGER,
    is_landed=FLAG,
    refusals=INTEGER,
    failsafes=INTEGER,
    mission_index=INTEGER,
    mission_count=INTEGER,
    is_done=FLAG,
    is_tuning=FLAG,
    is_home_set=FLAG,
    lost_rotor=INTEGER,
    home_ned=VECTOR,
    return_ned=VECTOR,
    events=("i8", EVENTS_PER_TICK),
    event_values=("f8", EVENTS_PER_TICK),
)
# Sensors in the order of `test_ratios` and `sensor_health` (1 = used and consistent).
AIDS = ("gps_position", "gps_velocity", "baro", "mag", "range", "flow", "mocap", "drag")
# p_ned counts from where the estimator was initialised (`origin_*`); height_m is above the ground below.
# sigma_* are one standard deviation; validity flags say what guidance may rely on.
# is_rate_lost: the gyro has been silent for longer than rotors can tell the rate; is_force_lost: the accelerometer is.
# is_clipped: the IMU's newest sample was at the end of its range; accel_clips counts those of the accelerometer.
ESTIMATE = record(
    q_ned_frd=QUATERNION,
    omega_frd=VECTOR,
    v_ned=VECTOR,
    p_ned=VECTOR,
    a_ned=VECTOR,
    gyro_bias_frd=VECTOR,
    accel_bias_frd=VECTOR,
    wind_ned=VECTOR,
    height_m=REAL,
    sigma_attitude=VECTOR,
    sigma_v=VECTOR,
    sigma_p=VECTOR,
    origin_lat_deg=REAL,
    origin_lon_deg=REAL,
    origin_alt_amsl_m=REAL,
    test_ratios=("f8", len(AIDS)),
    sensor_health=("i8", len(AIDS)),
    is_attitude_valid=FLAG,
    is_altitude_valid=FLAG,
    is_velocity_valid=FLAG,
    is_position_valid=FLAG,
    is_rate_lost=FLAG,
    is_force_lost=FLAG,
    is_clipped=FLAG,
    accel_clips=INTEGER,
)
# Guidance fills the part above its level; every stage below fills the next.
# thrust_sp is the collective along -z as a share of the full thrust of all rotors, 0 to 1.
SETPOINT = record(
    level=INTEGER,
    p_sp_ned=VECTOR,
    v_sp_ned=VECTOR,
    v_ff_ned=VECTOR,
    a_ff_ned=VECTOR,
    jerk_ff_ned=VECTOR,
    a_sp_ned=VECTOR,
    yaw_sp=REAL,
    yaw_rate_ff=REAL,
    q_sp_ned_frd=QUATERNION,
    omega_ff_frd=VECTOR,
    omega_sp_frd=VECTOR,
    omega_dot_ff_frd=VECTOR,
    thrust_sp=REAL,
    torque_sp_frd=VECTOR,
)
# The pieces that add up, for plots and tuning: rate loop as angular acceleration rad/s2, velocity loop as m/s2.
# excited: the flight.excitation Point where `excitation` is added in this tick, 0: none.
TERMS = record(
    rate_p=VECTOR,
    rate_i=VECTOR,
    rate_d=VECTOR,
    rate_ff=VECTOR,
    velocity_p=VECTOR,
    velocity_i=VECTOR,
    velocity_d=VECTOR,
    hover_thrust=REAL,
    gyro_filtered_frd=VECTOR,
    excited=INTEGER,
    excitation=REAL,
)
# motor: throttle ratio 0 to 1 in the airframe's rotor order. unallocated: what the mixer could not give,
# as thrust share and torque N m.
MOTORS = record(motor=PER_ROTOR, unallocated_thrust=REAL, unallocated_torque_frd=VECTOR)

# Where an autotune stands: flight.autotune.autotune.Stage, axis from 1 (roll) to 4 (altitude), and the gains of every
# axis as flown when that last changed (rows of flight.autotune.gains.IDS).
TUNING = record(stage=INTEGER, axis=INTEGER, gains=("f8", (4, 4)))

COMMAND = record(
    t_us=INTEGER,
    status=STATUS,
    estimate=ESTIMATE,
    setpoint=SETPOINT,
    terms=TERMS,
    motors=MOTORS,
    tuning=TUNING,
)


@kernel
def say(status, event, value):
    """Note an event in this tick's record; the fifth and later ones of one tick are dropped."""
    for i in range(EVENTS_PER_TICK):
        if status.events[i] == 0:
            status.events[i] = event
            status.event_values[i] = value
            return


@kernel
def insist(status, event, value):
    """Note an event even where all places are taken: who hears of no refusal takes it for consent."""
    status.events[EVENTS_PER_TICK - 1] = 0
    say(status, event, value)


@kernel
def refuse(status, event, what, why):
    """Note that a demand or a mode was refused, and why."""
    insist(status, event, what + float(WHY * why))


@kernel
def is_refused(status, kind):
    """Tell whether this tick's demand, of a kind, has been refused."""
    for i in range(EVENTS_PER_TICK):
        is_demand = status.events[i] == REFUSED and int(status.event_values[i]) % WHY == kind
        if is_demand or (status.events[i] == MODE_REFUSED and kind == Demand.MODE):
            return True
    return False


def same(a: np.void, b: np.void) -> bool:
    """Tell whether two records are equal to the bit."""
    return a.tobytes() == b.tobytes()
