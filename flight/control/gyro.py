"""The gyro as the rate loop sees it: without rotor vibration, and how fast it changes."""

from flight.control.rotor_notches import BANK, NOTCHES_PER_ROTOR, follow_rotors
from flight.filters import FILTER, PASS, filtered, forget, lowpass, lowpass_delay, notch, notch_delay, tune
from flight.kernel import kernel
from flight.record import MAX_ROTORS, REAL, VECTOR, record
from flight.vector import ZERO, is_finite, put, vec

# raw_frd is the last rate that was a number; delay_s how late the sensor and the fixed filters are.
STATE = record(
    delay_s=REAL,
    raw_frd=VECTOR,
    omega_frd=VECTOR,
    omega_dot_frd=VECTOR,
    static=FILTER,
    rotors=BANK,
    lowpass=FILTER,
    derivative=FILTER,
)


@kernel
def reset(state):
    """Forget all samples."""
    put(state.raw_frd, ZERO)
    put(state.omega_frd, ZERO)
    put(state.omega_dot_frd, ZERO)
    forget(state.static.memory)
    forget(state.lowpass.memory)
    forget(state.derivative.memory)
    for i in range(NOTCHES_PER_ROTOR * MAX_ROTORS):
        forget(state.rotors.memory[i])


@kernel
def configure(state, params, dt):
    """Work out the coefficients of the fixed filters."""
    tune(state.static.coefficient, notch(params.notch_hz, params.notch_q, 1.0, dt))
    tune(state.lowpass.coefficient, lowpass(params.gyro_cutoff_hz, dt))
    tune(state.derivative.coefficient, lowpass(params.d_cutoff_hz, dt))
    fixed = lowpass_delay(params.gyro_cutoff_hz) + notch_delay(params.notch_hz, params.notch_q, 1.0)
    state.delay_s = params.gyro_delay_s + fixed
    for i in range(NOTCHES_PER_ROTOR * MAX_ROTORS):
        tune(state.rotors.coefficient[i], PASS)


@kernel
def denoised(state, count, value):
    """Pass a sample through the fixed notch, the notches of `count` rotor lines and the low-pass."""
    value = filtered(state.static.coefficient, state.static.memory, value)
    for i in range(count):
        value = filtered(state.rotors.coefficient[i], state.rotors.memory[i], value)
    return filtered(state.lowpass.coefficient, state.lowpass.memory, value)


@kernel
def delay(state):
    """Return how late the filtered rates are in s, in slow movements."""
    return state.delay_s + state.rotors.delay_s


@kernel
def step(state, params, airframe, command, inputs, dt):
    """Filter this tick's rate, as the estimator believes it, and differentiate it."""
    follow_rotors(state.rotors, params, airframe, command, inputs, dt)
    sample = vec(command.estimate.omega_frd)
    if is_finite(sample):
        put(state.raw_frd, sample)
    before = vec(state.omega_frd)
    count = params.harmonics * airframe.rotor_count
    omega = denoised(state, count, vec(state.raw_frd))
    change = (omega - before) / dt
    put(state.omega_frd, omega)
    put(state.omega_dot_frd, filtered(state.derivative.coefficient, state.derivative.memory, change))
    put(command.terms.gyro_filtered_frd, omega)
