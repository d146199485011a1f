"""The parameter table: every number a person may choose, gathered from the rows of each room of the core."""

import difflib

import numpy as np

from flight.autotune.rows import ROWS as AUTOTUNE
from flight.control.rows import ROWS as CONTROL
from flight.errors import ConfigError
from flight.estimator.rows import ROWS as ESTIMATOR
from flight.excitation.rows import ROWS as EXCITATION
from flight.guidance.rows import ROWS as GUIDANCE
from flight.mixer.rows import ROWS as MIXER
from flight.parameter import Param, filled, storage
from flight.record import MAX_ROTORS, PER_ROTOR, REAL, VECTOR, record
from flight.recording_rows import ROWS as RECORDING
from flight.supervisor.rows import ROWS as SUPERVISOR

TABLE: tuple[Param, ...] = (
    *CONTROL, *MIXER, *ESTIMATOR, *GUIDANCE, *SUPERVISOR, *EXCITATION, *RECORDING, *AUTOTUNE
)  # fmt: skip
BY_ID = {row.id: row for row in TABLE}

# What the airframe file tells the controller; measured numbers, not for tuning.
AIRFRAME = record(
    mass_kg=REAL,
    inertia=VECTOR,
    rotor_count="i8",
    rotor_x=PER_ROTOR,
    rotor_y=PER_ROTOR,
    rotor_z=PER_ROTOR,
    rotor_spin=PER_ROTOR,  # +1 clockwise, -1 counter-clockwise, seen from above
    thrust_max_n=REAL,  # one rotor, full throttle, nominal voltage
    torque_per_thrust_m=REAL,
    motor_lag_s=REAL,
    throttle_curve=REAL,
    speed_idle=REAL,  # share of speed_max
    speed_max=REAL,
    rotor_inertia=REAL,
    rotor_drag=VECTOR,
    cells=REAL,
    imu_position_frd=VECTOR,  # from the centre of mass
)
assert MAX_ROTORS >= 4
_groups = storage(TABLE)
PARAMS = record(airframe=AIRFRAME, **{name: _groups[name] for name in _groups.names or ()})


def defaults() -> np.recarray:
    """Return one parameter record with every default; the airframe part is zero."""
    return filled(PARAMS, TABLE)


def find(name: str, source: str = "--set") -> Param:
    """Return the row of a parameter id, or raise ConfigError with the closest ids."""
    row = BY_ID.get(name.upper())
    if row is None:
        close = difflib.get_close_matches(name.upper(), BY_ID, 3)
        hint = f"; did you mean {' or '.join(close)}?" if close else "; see `quadloop params list`"
        raise ConfigError(f"{source}: parameter {name!r} is not known{hint}")
    return row
