"""Run all motors of a vehicle that is tied down up and down, and listen to its compass meanwhile."""

from collections.abc import Callable

from ground.calibration.listening import Listener
from ground.calibration.overlay import Calibration, Known
from ground.calibration.recording import fitted
from ground.motors.bench import Bench

# Shares of the most throttle, each held for a while.
STEPS = (0.0, 0.3, 0.6, 0.8, 1.0, 0.8, 0.6, 0.3, 0.0)
STEP_S = 2.0
# A vehicle that is tied down well bears more than one that stands.
THROTTLE_LEAST, THROTTLE_MOST = 0.1, 0.6


def calibrate(
    listener: Listener, throttle: float, known: Known, shows: Callable[[float, str], None]
) -> Calibration:
    """Find the field of the battery's current; whatever happens, the motors are told to stop.

    Raises LinkError with the board's reason when it does not arm, PoorDataError when the field does not follow.
    """
    bench = Bench(listener.world, listener.inputs, listener.command)
    try:
        bench.arm()
        for step, share in enumerate(STEPS):
            listener.command.motors.motor[:] = share * throttle
            shows(step / len(STEPS), f"motors at {100 * share * throttle:.0f} %")
            listener.listen(STEP_S)
    finally:
        bench.stop()
    return fitted(listener.readings(), [], ("current",), None, known)
