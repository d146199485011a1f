"""The topics PX4's users know, by their names and in their units, computed from inputs, commands and truth."""

from logs.px4.attitude import ATTITUDE
from logs.px4.estimator import ESTIMATOR
from logs.px4.position import POSITION
from logs.px4.sensors import SENSORS
from logs.px4.status import STATUS
from logs.px4.truth import TRUTH

TOPICS = (*ATTITUDE, *POSITION, *ESTIMATOR, *SENSORS, *STATUS, *TRUTH)
