"""The ticks of a log of ours: inputs and commands again, exact to the bit."""

import numpy as np

from flight.command import COMMAND
from flight.errors import LogError
from flight.inputs import INPUTS
from logs.exact import INPUT_WORDS, ROW_WORDS, TOPICS, Topic
from logs.reader import Log
from logs.scan import hold


class Ticks:
    """What was told and said in every tick, rebuilt range by range: a long flight need not fit into memory.

    A field of today's records that the log does not know stays zero and is named in `missing`.
    Raises LogError when the log holds no ticks of ours.
    """

    def __init__(self, log: Log) -> None:
        if "quadloop_tick" not in log:
            raise LogError(
                f"{log.path}: holds no inputs to replay: it ends before the first tick or was not written by Quadloop"
            )
        self.log = log
        self.missing: list[str] = []
        self.parts = [self._part(topic) for topic in TOPICS]
        self.count = len(self.parts[-1][0])

    def __len__(self) -> int:
        return self.count

    def rows(self, begin: int = 0, end: int | None = None) -> tuple[np.recarray, np.recarray]:
        """Return inputs and commands of the ticks from `begin` to before `end`."""
        end = self.count if end is None else min(end, self.count)
        words = np.zeros((max(end - begin, 0), ROW_WORDS), np.uint64)
        for numbers, values, sources, places in self.parts:
            latest = int(np.searchsorted(numbers, begin, side="right")) - 1
            hold(words, begin, numbers, values, sources, places, latest)
        inputs = np.ascontiguousarray(words[:, 1 : 1 + INPUT_WORDS])
        commands = np.ascontiguousarray(words[:, 1 + INPUT_WORDS :])
        return _records(inputs, INPUTS), _records(commands, COMMAND)

    def _part(self, topic: Topic) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return a topic's row numbers, its words, which of them are known today and where they belong."""
        rows = self.log.intact(topic.name) if topic.name in self.log else np.zeros(0, topic.dtype)
        sources: list[int] = []
        places: list[int] = []
        fields, taken = rows.dtype.fields or {}, 0
        for name in topic.dtype.names[2:]:
            size = topic.dtype[name].itemsize // 8
            if name in fields and fields[name][0] == topic.dtype[name]:
                first = fields[name][1] // 8
                sources += range(first, first + size)
                places += topic.words[taken : taken + size]
            else:
                self.missing.append(f"{topic.name}.{name}")
            taken += size
        if topic.name == "quadloop_tick":
            sources, places = [0, *sources], [1, *places]
        words = rows.view("<u8").reshape(len(rows), rows.dtype.itemsize // 8)
        return rows["row"].astype(np.int64), words, np.array(sources, int), np.array(places, int)


def _records(words: np.ndarray, dtype: np.dtype) -> np.recarray:
    return words.view(dtype).reshape(-1).view(np.recarray)
