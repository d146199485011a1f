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
from flight.kernel import kernel
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
# Odd, so that no bit of a word is lost: the golden ratio, and as a stream SplitMix64 (Steele 2014).
STEP = np.uint64(0x9E3779B97F4A7C15)
FOLD, BLOCK = np.uint64(29), 64


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
# What of sampled topics to write in a tick: nothing, all, or what is not as expected; or everything there is.
LEAVE, SAMPLE, FOLLOW, EVERYTHING = 0, 1, 2, 3


def _factors() -> np.ndarray:
    numbers = np.arange(1, ROW_WORDS, dtype=np.uint64) * STEP
    mixed = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    return (mixed ^ (mixed >> np.uint64(27))) | np.uint64(1)


FACTORS = _factors()


def digests(ticks: np.ndarray) -> np.ndarray:
    """Return a number of 64 bits for each tick that changes with every bit told and said in it."""
    found = np.empty(len(ticks), np.uint64)
    # In blocks that stay in the processor's cache: four times as fast.
    for begin in range(0, len(ticks), BLOCK):
        words = ticks[begin : begin + BLOCK, 1:] * STEP
        words ^= words >> FOLD
        np.matmul(words, FACTORS, out=found[begin : begin + BLOCK])
    return found


def checks(digested: np.ndarray) -> np.ndarray:
    """Return the 32 bits of each tick's digest that its message carries."""
    return (digested ^ (digested >> np.uint64(32))).astype(np.uint32)


@kernel
def encode(
    ticks: np.ndarray,
    raw: np.ndarray,
    imu_clock: np.ndarray,
    check: np.ndarray,
    wants: np.ndarray,
    spans: np.ndarray,
    begins: np.ndarray,
    is_sampled: np.ndarray,
    rules: np.ndarray,
    ids: np.ndarray,
    out: np.ndarray,
) -> int:
    """Write what is not as expected in ticks[1:] as ULog data messages; ticks[0] is the one before.

    `raw` holds the same rows as bytes, `check` their checks as bytes, `imu_clock` what is expected of that word,
    `wants` LEAVE, SAMPLE, FOLLOW or EVERYTHING. Returns how many bytes of `out` were filled.
    """
    at = 0
    last = len(begins) - 2
    for i in range(1, ticks.shape[0]):
        for topic in range(last + 1):
            begin = begins[topic]
            end = begins[topic + 1]
            if topic == last or wants[i] == EVERYTHING:
                is_due = True
            elif is_sampled[topic] and wants[i] != FOLLOW:
                is_due = wants[i] == SAMPLE
            else:
                is_due = differs(ticks, i, imu_clock, spans, begin, end, rules)
            if is_due:
                at = put_message(out, at, ids[topic], raw, check, i, spans, begin, end, topic == last)
    return at


@kernel
def differs(
    ticks: np.ndarray,
    i: int,
    imu_clock: np.ndarray,
    spans: np.ndarray,
    begin: int,
    end: int,
    rules: np.ndarray,
) -> bool:
    """Tell whether any word of a topic is not as expected after the tick before."""
    for span in range(begin, end):
        for word in range(spans[span, 0], spans[span, 1]):
            if rules[word] == ZERO:
                if ticks[i, word] != 0:
                    return True
            elif rules[word] == MOVES:
                if ticks[i, word] != imu_clock[i]:
                    return True
            elif ticks[i, word] != ticks[i - 1, word]:
                return True
    return False


@kernel
def copy_words(out: np.ndarray, at: int, raw: np.ndarray, i: int, first: int, end: int) -> int:
    """Copy a run of words and return the place after it."""
    for k in range(8 * (end - first)):
        out[at + k] = raw[i, 8 * first + k]
    return at + 8 * (end - first)


@kernel
def put_message(
    out: np.ndarray,
    at: int,
    number: int,
    raw: np.ndarray,
    check: np.ndarray,
    i: int,
    spans: np.ndarray,
    begin: int,
    end: int,
    is_mark: bool,
) -> int:
    """Write one data message - time stamp, row number, the topic's words - and return the place after it."""
    start = at
    out[at + 2] = 68
    out[at + 3] = number & 255
    out[at + 4] = number >> 8
    at = copy_words(out, at + 5, raw, i, 1, 2)
    for k in range(4):
        out[at + k] = raw[i, k]
    at += 4
    if is_mark:
        for k in range(4):
            out[at + k] = check[i, k]
        at += 4
    for span in range(begin, end):
        at = copy_words(out, at, raw, i, spans[span, 0], spans[span, 1])
    size = at - start - 3
    out[start] = size & 255
    out[start + 1] = size >> 8
    return at


def command_path(word: int) -> str:
    """Return the dotted path of one 64-bit word of a command, with its place in a vector: "estimate.p_ned[2]"."""
    for path, dtype in leaves(COMMAND).items():
        first = word_of(f"command.{path}")[0] - 1 - INPUT_WORDS
        size = dtype.itemsize // WORD
        if first <= word < first + size:
            return f"{path}[{word - first}]" if size > 1 else path
    raise IndexError(word)
