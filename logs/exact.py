"""Inputs and commands as ULog topics, exact to the bit and written only when they are not what a reader expects.

A tick is seen as one row of 64-bit words: its number in the log, then the inputs, then the command. Each topic
below holds some of these words. What was told, and the status, is written in every tick where a word is not as
expected: the same as before, zero again (what is true for one tick only), or moved on with the time. The rest of the
command a replay says again: it is written now and then, and a check of 32 bits proves every tick. The topic of the tick
itself comes last in every tick, so a log cut off anywhere holds whole ticks up to its last `quadloop_tick`.
"""

from dataclasses import dataclass

import numpy as np

from flight.command import COMMAND
from flight.inputs import INPUTS
from flight.record import leaves

WORD = 8
INPUT_WORDS = INPUTS.itemsize // WORD
COMMAND_WORDS = COMMAND.itemsize // WORD
ROW_WORDS = 1 + INPUT_WORDS + COMMAND_WORDS
# Parts of the command that change at another pace than the rest of their group have topics of their own.
APART = {
    "setpoint.level": "quadloop_guidance",
    "setpoint.p_sp_ned": "quadloop_guidance",
    "setpoint.v_ff_ned": "quadloop_guidance",
    "setpoint.a_ff_ned": "quadloop_guidance",
    "setpoint.jerk_ff_ned": "quadloop_guidance",
    "setpoint.yaw_sp": "quadloop_guidance",
    "setpoint.yaw_rate_ff": "quadloop_guidance",
    "setpoint.omega_ff_frd": "quadloop_guidance",
    "setpoint.omega_dot_ff_frd": "quadloop_guidance",
    "estimate.gyro_bias_frd": "quadloop_estimator",
    "estimate.accel_bias_frd": "quadloop_estimator",
    "estimate.wind_ned": "quadloop_estimator",
    "estimate.sigma_attitude": "quadloop_estimator",
    "estimate.sigma_v": "quadloop_estimator",
    "estimate.sigma_p": "quadloop_estimator",
    "estimate.origin_lat_deg": "quadloop_health",
    "estimate.origin_lon_deg": "quadloop_health",
    "estimate.origin_alt_amsl_m": "quadloop_health",
    "estimate.test_ratios": "quadloop_health",
    "estimate.sensor_health": "quadloop_health",
    "estimate.is_attitude_valid": "quadloop_health",
    "estimate.is_altitude_valid": "quadloop_health",
    "estimate.is_velocity_valid": "quadloop_health",
    "estimate.is_position_valid": "quadloop_health",
    "t_us": "quadloop_clock",
    "status.tick": "quadloop_clock",
    "status.dt_s": "quadloop_clock",
}
# What differs in nearly every tick goes with the tick itself: each further message costs as much as two numbers.
MARK = "quadloop_tick"
WITH_MARK = ("inputs.imu.gyro_frd", "inputs.imu.accel_frd")
# The command's topics that are written in every tick like the inputs; all others may be sampled.
ALWAYS = ("quadloop_status", "quadloop_tuning")
# What a reader expects of a word that was not written.
HOLDS, ZERO, MOVES = 0, 1, 2
IMU_CLOCK = "inputs.imu.t_us"


@dataclass(frozen=True)
class Topic:
    """One topic: the leaves and words of a tick's row it holds after time stamp and row number, how they are named,
    and whether a replay says them again."""

    name: str
    paths: tuple[str, ...]
    words: tuple[int, ...]
    dtype: np.dtype
    is_sampled: bool


def word_of(path: str) -> tuple[int, np.dtype]:
    """Return the first word and type of a leaf such as "inputs.imu.gyro_frd"."""
    side, *names = path.split(".")
    dtype, offset = (INPUTS, WORD) if side == "inputs" else (COMMAND, WORD + INPUTS.itemsize)
    for name in names:
        assert dtype.fields is not None
        dtype, start = dtype.fields[name][:2]
        offset += start
    return offset // WORD, dtype


def topic_of(path: str) -> str:
    """Return the topic a leaf belongs to."""
    if path in WITH_MARK:
        return MARK
    side, _, leaf = path.partition(".")
    group = leaf.partition(".")[0]
    return f"quadloop_in_{group}" if side == "inputs" else APART.get(leaf, f"quadloop_{group}")


def field_name(path: str) -> str:
    """Return what a leaf is called in its topic."""
    return "command_t_us" if path == "command.t_us" else "_".join(path.split(".")[2:])


def expected(path: str) -> int:
    """Return what is expected of a leaf that was not written."""
    # The gyro speaks in every tick: its silence is the exception.
    is_brief = path.endswith(".fresh") and path != "inputs.imu.fresh"
    if is_brief or path in ("command.status.events", "command.status.event_values"):
        return ZERO
    return MOVES if path == IMU_CLOCK else HOLDS


def _topics() -> tuple[Topic, ...]:
    paths = [f"inputs.{p}" for p in leaves(INPUTS) if p != "t_us"] + [f"command.{p}" for p in leaves(COMMAND)]
    members: dict[str, list[str]] = {}
    for path in sorted(paths, key=lambda p: topic_of(p) == MARK):
        members.setdefault(topic_of(path), []).append(path)
    return tuple(_topic(name, some) for name, some in members.items())


def _topic(name: str, paths: list[str]) -> Topic:
    words: list[int] = []
    fields: list = [("timestamp", "<u8"), ("row", "<u4")] + [("check", "<u4")] * (name == MARK)
    for path in paths:
        first, dtype = word_of(path)
        words += range(first, first + dtype.itemsize // WORD)
        base, shape = dtype.subdtype or (dtype, ())
        fields.append((field_name(path), base, (int(np.prod(shape)),)) if shape else (field_name(path), base))
    is_sampled = not name.startswith("quadloop_in_") and name not in (*ALWAYS, MARK)
    return Topic(name, tuple(paths), tuple(words), np.dtype(fields), is_sampled)


def _rules() -> np.ndarray:
    rules = np.zeros(ROW_WORDS, np.int64)
    for path in [f"inputs.{p}" for p in leaves(INPUTS)] + [f"command.{p}" for p in leaves(COMMAND)]:
        first, dtype = word_of(path)
        rules[first : first + dtype.itemsize // WORD] = expected(path)
    return rules


TOPICS = _topics()
LARGEST_TICK = sum(5 + WORD * (2 + len(t.words)) for t in TOPICS)


def _spans() -> tuple[np.ndarray, np.ndarray]:
    """Return runs of neighbouring words (first, end) of all topics, and where each topic's runs begin."""
    runs: list[list[int]] = []
    begins = [0]
    for topic in TOPICS:
        for place, word in enumerate(topic.words):
            if place and word == topic.words[place - 1] + 1:
                runs[-1][1] = word + 1
            else:
                runs.append([word, word + 1])
        begins.append(len(runs))
    return np.array(runs, np.int64), np.array(begins, np.int64)


SPANS, BEGINS = _spans()
RULES = _rules()
IS_SAMPLED = np.array([t.is_sampled for t in TOPICS])
IMU_CLOCK_WORD = word_of(IMU_CLOCK)[0]


def command_path(word: int) -> str:
    """Return the dotted path of one 64-bit word of a command, with its place in a vector: "estimate.p_ned[2]"."""
    for path, dtype in leaves(COMMAND).items():
        first = word_of(f"command.{path}")[0] - 1 - INPUT_WORDS
        size = dtype.itemsize // WORD
        if first <= word < first + size:
            return f"{path}[{word - first}]" if size > 1 else path
    raise IndexError(word)


def words_of(records: np.ndarray, size: int) -> np.ndarray:
    """Return records as rows of so many 64-bit words."""
    plain = records if records.flags.c_contiguous else np.ascontiguousarray(records)
    if plain.dtype.itemsize != size * WORD:
        raise TypeError(f"rows of {plain.dtype.itemsize} bytes are not the loop's records")
    return np.ndarray.view(plain, np.uint64, np.ndarray).reshape(-1, size)
