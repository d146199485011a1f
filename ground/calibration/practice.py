"""A simulated hand that does what it is asked, for practice without a vehicle."""

from scipy.spatial.transform import Rotation

from ground.calibration.guide import Wish
from sim.hand import Held

# Roll and pitch, degrees.
POSES = {
    "level": (0, 0),
    "upside down": (180, 0),
    "nose up": (0, 90),
    "nose down": (0, -90),
    "right side up": (-90, 0),
    "left side up": (90, 0),
    "level, nose raised by half": (0, 40),
    "level, right side raised by half": (-45, 0),
    "upside down, nose raised by half": (180, 40),
    "upside down, left side raised by half": (140, 0),
    "on its right side, nose raised by half": (90, 40),
    "on its left side, nose raised by half": (-90, 40),
}
TUMBLED_S = 60.0


def attitude_of(name: str) -> Rotation:
    """Return the attitude of a named pose, heading north."""
    roll, pitch = POSES[name]
    return Rotation.from_euler("ZYX", [0.0, pitch, roll], degrees=True)


def obey(world: Held, wish: Wish) -> None:
    """Do what is asked."""
    if wish.kind in ("rest", "level"):
        world.put_down()
    elif wish.kind == "turn":
        world.tumble(TUMBLED_S)
    else:
        world.turn_to(attitude_of(wish.name))
