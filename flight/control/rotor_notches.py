"""A notch on every rotor's line of vibration, moved as the rotor changes its speed."""

import math

from flight.filters import notch, notch_delay, step_share, tune
from flight.kernel import kernel
from flight.record import INTEGER, MAX_ROTORS, PER_ROTOR, REAL, record
from flight.rotor import thrust_share_of
from flight.vector import clamp

NOTCHES_PER_ROTOR = 2
# speed is each rotor's last known or modelled speed in rad/s; one rotor is updated at a time.
# delay_s is what all notches together cost, were all rotors as fast as the last one updated.
BANK = record(
    coefficient=("f8", (NOTCHES_PER_ROTOR * MAX_ROTORS, 5)),
    memory=("f8", (NOTCHES_PER_ROTOR * MAX_ROTORS, 2, 3)),
    speed=PER_ROTOR,
    delay_s=REAL,
    rotor=INTEGER,
    wait=INTEGER,
)


@kernel
def modelled_speed(airframe, throttle, speed, dt):
    """Return a rotor's speed in rad/s after `dt` at a throttle: the throttle curve through the motor's lag."""
    share = math.sqrt(max(thrust_share_of(throttle, airframe.throttle_curve), 0.0))
    aim = airframe.speed_max * max(share, airframe.speed_idle)
    return speed + step_share(dt, airframe.motor_lag_s) * (aim - speed)


@kernel
def has_telemetry(params, inputs):
    """Tell whether measured rotor speeds are fresh enough to use."""
    return inputs.rpm.t_us > 0 and 1e-6 * (inputs.t_us - inputs.rpm.t_us) <= params.rpm_age_s


@kernel
def place_notches(bank, params, count, rotor, dt):
    """Move one rotor's notches to its speed and multiples; they fade out where a notch would cost phase."""
    bank.delay_s = 0.0
    for k in range(params.harmonics):
        frequency = (k + 1) * bank.speed[rotor] / (2.0 * math.pi)
        weight = clamp((frequency - params.rpm_min_hz) / params.rpm_fade_hz, 0.0, 1.0)
        tune(bank.coefficient[k * count + rotor], notch(frequency, params.rpm_q, weight, dt))
        bank.delay_s += count * notch_delay(frequency, params.rpm_q, weight)


@kernel
def follow_rotors(bank, params, airframe, command, inputs, dt):
    """Every few ticks, take the next rotor's speed and move its notches."""
    count = airframe.rotor_count
    bank.wait += 1
    if bank.wait < params.every or count < 1:
        return
    bank.wait = 0
    rotor = bank.rotor % count
    bank.rotor = (rotor + 1) % count
    if has_telemetry(params, inputs):
        bank.speed[rotor] = inputs.rpm.speed[rotor]
    else:
        since = dt * params.every * count
        bank.speed[rotor] = modelled_speed(airframe, command.motors.motor[rotor], bank.speed[rotor], since)
    place_notches(bank, params, count, rotor, dt)
