"""What is really so: the plant writes it each step, sensors and scorecards read it, the autopilot never does."""

from flight.record import FLAG, INTEGER, PER_ROTOR, QUATERNION, REAL, VECTOR, record

# p_ned counts from the take-off point; a_ned is the coordinate acceleration of the centre of mass (0 at rest);
# height_m is the frame's centre above the ground below.
TRUTH = record(
    t_us=INTEGER,
    p_ned=VECTOR,
    v_ned=VECTOR,
    a_ned=VECTOR,
    q_ned_frd=QUATERNION,
    omega_frd=VECTOR,
    omega_dot_frd=VECTOR,
    wind_ned=VECTOR,
    rotor_speed=PER_ROTOR,
    thrust_n=REAL,
    height_m=REAL,
    air_density_kg_m3=REAL,
    voltage_v=REAL,
    current_a=REAL,
    charge_used_ah=REAL,
    energy_used_wh=REAL,
    is_touching=FLAG,
)
