"""The battery monitor: voltage and current through a divider, a shunt and a converter."""

from flight.kernel import kernel
from flight.record import REAL, record
from sim.random import normal
from sim.sensors.faults import disturbed
from sim.sensors.sampling import DEPTH, LINE, TIMING, is_due, post, receive, rounded, stagger

SENSOR = record(
    line=LINE, voltage_scale=REAL, current_scale=REAL, current_offset_a=REAL, sent=("f8", (DEPTH, 2))
)
PRESET = record(
    timing=TIMING,
    voltage_scale_spread=REAL,
    current_scale_spread=REAL,
    current_offset_spread_a=REAL,
    voltage_sigma_v=REAL,
    current_sigma_a=REAL,
    voltage_step_v=REAL,
    current_step_a=REAL,
)


@kernel
def draw(sensor, preset):
    """Draw this one monitor's errors."""
    random = sensor.line.random
    stagger(sensor.line, preset.timing)
    sensor.voltage_scale = 1.0 + preset.voltage_scale_spread * normal(random)
    sensor.current_scale = 1.0 + preset.current_scale_spread * normal(random)
    sensor.current_offset_a = preset.current_offset_spread_a * normal(random)


@kernel
def measure(sensor, preset, truth, sample):
    """Report voltage and current."""
    if is_due(sensor.line, preset.timing, truth.t_us):
        sense(sensor, preset, truth)
    slot = receive(sensor.line, sample, truth.t_us)
    if slot >= 0:
        sample.voltage_v = sensor.sent[slot, 0]
        sample.current_a = sensor.sent[slot, 1]


@kernel
def sense(sensor, preset, truth):
    """Take one sample and send it off."""
    random = sensor.line.random
    voltage = sensor.voltage_scale * truth.voltage_v + preset.voltage_sigma_v * normal(random)
    current = sensor.current_scale * truth.current_a + preset.current_sigma_a * normal(random)
    voltage = disturbed(sensor.line.fault, truth.t_us, voltage)
    slot = post(sensor.line, preset.timing, truth.t_us)
    if slot >= 0:
        sensor.sent[slot, 0] = max(rounded(voltage, preset.voltage_step_v), 0.0)
        sensor.sent[slot, 1] = rounded(current + sensor.current_offset_a, preset.current_step_a)
