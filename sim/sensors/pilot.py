"""The pilot's receiver: the sticks of `script`, framed, rounded and late."""

from flight.kernel import kernel
from flight.record import FLAG, INTEGER, REAL, record
from sim.sensors.faults import disturbed
from sim.sensors.sampling import DEPTH, LINE, TIMING, is_due, post, receive, rounded, stagger

# What the pilot's hands do now; the world writes it. is_present 0: the transmitter is off, no frame arrives.
SCRIPT = record(
    is_present=FLAG,
    roll=REAL,
    pitch=REAL,
    yaw=REAL,
    throttle=REAL,
    mode=INTEGER,
    is_arm_switch_on=FLAG,
    is_kill_switch_on=FLAG,
)
SENSOR = record(line=LINE, script=SCRIPT, stick_sent=("f8", (DEPTH, 4)), switch_sent=("i8", (DEPTH, 3)))
# step: one count of a stick that goes from -1 to 1.
PRESET = record(timing=TIMING, step=REAL)


@kernel
def draw(sensor, preset):
    """Draw when the first frame comes."""
    stagger(sensor.line, preset.timing)


@kernel
def measure(sensor, preset, truth, sample):
    """Report sticks and switches."""
    if is_due(sensor.line, preset.timing, truth.t_us) and sensor.script.is_present:
        sense(sensor, preset, truth)
    slot = receive(sensor.line, sample, truth.t_us)
    if slot < 0:
        return
    sample.roll = sensor.stick_sent[slot, 0]
    sample.pitch = sensor.stick_sent[slot, 1]
    sample.yaw = sensor.stick_sent[slot, 2]
    sample.throttle = sensor.stick_sent[slot, 3]
    sample.mode = sensor.switch_sent[slot, 0]
    sample.is_arm_switch_on = sensor.switch_sent[slot, 1]
    sample.is_kill_switch_on = sensor.switch_sent[slot, 2]


@kernel
def sense(sensor, preset, truth):
    """Send one frame off."""
    slot = post(sensor.line, preset.timing, truth.t_us)
    if slot < 0:
        return
    script, t_us = sensor.script, truth.t_us
    sensor.stick_sent[slot, 0] = counted(sensor.line.fault, preset.step, t_us, script.roll)
    sensor.stick_sent[slot, 1] = counted(sensor.line.fault, preset.step, t_us, script.pitch)
    sensor.stick_sent[slot, 2] = counted(sensor.line.fault, preset.step, t_us, script.yaw)
    # The throttle stick covers the same counts with half the numbers.
    spread = 2.0 * script.throttle - 1.0
    sensor.stick_sent[slot, 3] = 0.5 * (counted(sensor.line.fault, preset.step, t_us, spread) + 1.0)
    sensor.switch_sent[slot, 0] = script.mode
    sensor.switch_sent[slot, 1] = script.is_arm_switch_on
    sensor.switch_sent[slot, 2] = script.is_kill_switch_on


@kernel
def counted(fault, step, t_us, stick):
    """Return a stick as the frame carries it, -1 to 1."""
    return min(max(rounded(disturbed(fault, t_us, stick), step), -1.0), 1.0)
