"""Rotor speed telemetry of the ESCs, counted in electrical turns."""

from flight.kernel import kernel
from flight.record import MAX_ROTORS, REAL, record
from sim.random import normal
from sim.sensors.faults import disturbed
from sim.sensors.sampling import DEPTH, LINE, TIMING, is_due, post, receive, rounded, stagger

SENSOR = record(line=LINE, speed_sent=("f8", (DEPTH, MAX_ROTORS)))
PRESET = record(timing=TIMING, sigma_share=REAL, step_rad_s=REAL)


@kernel
def draw(sensor, preset):
    """Draw when the first telegram comes."""
    stagger(sensor.line, preset.timing)


@kernel
def measure(sensor, preset, truth, sample):
    """Report every rotor's speed."""
    if is_due(sensor.line, preset.timing, truth.t_us):
        sense(sensor, preset, truth)
    slot = receive(sensor.line, sample, truth.t_us)
    if slot >= 0:
        for i in range(MAX_ROTORS):
            sample.speed[i] = sensor.speed_sent[slot, i]


@kernel
def sense(sensor, preset, truth):
    """Take one sample and send it off."""
    slot = post(sensor.line, preset.timing, truth.t_us)
    if slot < 0:
        return
    for i in range(MAX_ROTORS):
        true_speed = abs(truth.rotor_speed[i])
        speed = true_speed
        if true_speed > 0.0:
            speed = true_speed * (1.0 + preset.sigma_share * normal(sensor.line.random))
            speed = disturbed(sensor.line.fault, truth.t_us, speed)
        sensor.speed_sent[slot, i] = max(rounded(speed, preset.step_rad_s), 0.0)
