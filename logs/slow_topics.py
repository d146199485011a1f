"""Write what is computed or known of some ticks only: PX4's topics and the truth, each at its own pace."""

import numpy as np

from logs.pace import Pace
from logs.px4.topic import Flown, Px4Topic
from logs.px4.topics import TOPICS
from logs.ulog import ULogWriter

TRUTH_TOPIC = "quadloop_truth"
TRUTH_RATE_HZ, TRUTH_RATE_IN_FULL_HZ = 50, 250


def px4_topics(has_truth: bool) -> list[Px4Topic]:
    """Return PX4's topics that a log can hold."""
    return [topic for topic in TOPICS if has_truth or not topic.needs_truth]


class SlowTopics:
    """Writes topics that the writer knows already; `in_full` writes the truth more often."""

    def __init__(self, writer: ULogWriter, topics: list[Px4Topic], in_full: bool) -> None:
        self.writer, self.topics = writer, topics
        truth_rate_hz = TRUTH_RATE_IN_FULL_HZ if in_full else TRUTH_RATE_HZ
        self.truth_pace = Pace(truth_rate_hz)
        self.paces = {topic.name: Pace(topic.rate_hz) for topic in topics}

    def write_truth(self, t_us: np.ndarray, truth: np.ndarray) -> None:
        """Write the truth of ticks."""
        chosen = self.truth_pace.chosen(t_us)
        rows = np.zeros(len(chosen), self.writer.formats[TRUTH_TOPIC])
        rows["timestamp"] = t_us[chosen]
        for name in truth.dtype.names or ():
            rows[name] = truth[name][chosen]
        self.writer.append(TRUTH_TOPIC, rows)

    def write_px4(self, t_us: np.ndarray, flown: Flown) -> None:
        """Write PX4's topics of ticks."""
        fresh: dict[str, np.ndarray] = {"": np.arange(len(t_us))}
        for topic in self.topics:
            if topic.sensor not in fresh:
                fresh[topic.sensor] = np.flatnonzero(flown.i[topic.sensor]["fresh"])
            ticks = fresh[topic.sensor]
            chosen = ticks[self.paces[topic.name].chosen(t_us[ticks])]
            if len(chosen):
                self.writer.append(topic.name, topic.rows(flown.at(chosen)))
