"""PX4's topics of the truth, where the world knows it."""

from logs.px4.topic import Px4Topic, Q, V
from logs.px4.values import ORIGIN, SAMPLED, local_position

TRUTH = (
    Px4Topic(
        "vehicle_attitude_groundtruth",
        100,
        SAMPLED | {"q": (Q, lambda f: f.t["q_ned_frd"])},
        needs_truth=True,
    ),
    Px4Topic(
        "vehicle_angular_velocity_groundtruth",
        100,
        SAMPLED | {"xyz": (V, lambda f: f.t["omega_frd"])},
        needs_truth=True,
    ),
    Px4Topic(
        "vehicle_local_position_groundtruth",
        50,
        local_position(
            lambda f: f.t["p_ned"], lambda f: f.t["v_ned"], lambda f: f.t["a_ned"], lambda f: f.t["q_ned_frd"]
        )
        | ORIGIN,
        needs_truth=True,
    ),
)
