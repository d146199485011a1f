"""One tick, from what was told to what is said."""

from flight.command import COMMAND
from flight.control import control
from flight.estimator import estimator
from flight.guidance import guidance
from flight.inputs import INPUTS
from flight.kernel import kernel
from flight.mixer import mixer
from flight.params import PARAMS
from flight.record import INTEGER, record, rows
from flight.supervisor import supervisor

STATE = record(
    t_us=INTEGER,
    tick=INTEGER,
    estimator=estimator.STATE,
    supervisor=supervisor.STATE,
    guidance=guidance.STATE,
    control=control.STATE,
    mixer=mixer.STATE,
)
