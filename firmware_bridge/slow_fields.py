"""What rides along with the board's samples, one number with each: the battery's and the receiver's fields."""

from collections.abc import Sequence

from firmware_bridge.protocol import Slow
from firmware_bridge.views import Told, put
from firmware_bridge.wiring import Wiring

PPM_CENTRE_US, PPM_HALF_US = 1500.0, 500.0
PPM_LEAST_US, PPM_MOST_US = 1000.0, 2000.0
PPM_LAST = Slow.PPM + 7


def fill(told: Told, place: int, slow: Sequence[int], wiring: Wiring) -> None:
    """Write what a new number, `place` among the slow ones, completes."""
    if place == Slow.BATTERY:
        fill_battery(told, slow, wiring)
    elif place == PPM_LAST and wiring.has_receiver:
        fill_pilot(told, slow)


def fill_battery(told: Told, slow: Sequence[int], wiring: Wiring) -> None:
    """Write the battery's voltage and current, once the supply they are measured against is known."""
    supply_mv = slow[Slow.SUPPLY_MV]
    if supply_mv:
        put(
            told.battery,
            fresh=1,
            t_us=told.t_us[0],
            voltage_v=wiring.battery_v(slow[Slow.BATTERY], supply_mv),
            current_a=wiring.current_a(slow[Slow.CURRENT], supply_mv),
        )


def fill_pilot(told: Told, slow: Sequence[int]) -> None:
    """Write the receiver's sticks (channels in the order roll, pitch, throttle, yaw, kill, arm)."""
    channels = slow[Slow.PPM : PPM_LAST + 1]
    if not all(channels[:4]):
        return
    roll, pitch, yaw = (min(max((channels[i] - PPM_CENTRE_US) / PPM_HALF_US, -1.0), 1.0) for i in (0, 1, 3))
    throttle = (channels[2] - PPM_LEAST_US) / (PPM_MOST_US - PPM_LEAST_US)
    put(
        told.pilot,
        fresh=1,
        t_us=told.t_us[0],
        roll=roll,
        pitch=pitch,
        yaw=yaw,
        throttle=min(max(throttle, 0.0), 1.0),
        is_kill_switch_on=int(channels[4] > PPM_CENTRE_US),
        is_arm_switch_on=int(channels[5] > PPM_CENTRE_US),
    )
