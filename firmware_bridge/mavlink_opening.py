"""Before a flight through another autopilot: find it, ask for its sensors, see what it obeys; say what to do if not."""

import logging

from pymavlink.dialects.v20 import common as mavlink

from firmware_bridge.mavlink_actuators import Corners, Way, ways_to
from firmware_bridge.mavlink_far import ARDUPILOT, result_name
from firmware_bridge.mavlink_line import ASK_US, Line
from firmware_bridge.mavlink_sensors import IMU_KINDS
from flight.errors import LinkError

events = logging.getLogger("quadloop.bridge")
ANSWER_US, LISTEN_US = 10_000_000, 3_000_000
LEAST_HZ = 50.0
SET_ATTITUDE_TARGET = 64
# ArduPilot's GUID_OPTIONS: thrust is thrust, not a climb rate.
THRUST_AS_THRUST = 8
# Before this an ArduPilot wants an attitude in every target.
RATES_SINCE = (4, 2)
# What is asked for, and how often a second; the inertial ones as often as the loop ticks.
ASKED = {
    "SCALED_PRESSURE": 25.0, "GPS_RAW_INT": 10.0, "GPS2_RAW": 10.0, "GLOBAL_POSITION_INT": 10.0, "RC_CHANNELS": 25.0,
    "BATTERY_STATUS": 2.0, "SYS_STATUS": 2.0, "DISTANCE_SENSOR": 25.0,
}  # fmt: skip


def find(line: Line) -> None:
    """Wait for the far side's heartbeat, and ask what it can; raise LinkError when nobody is there."""
    if not line.insist(line.beat, lambda: line.far.system != 0, ANSWER_US):
        raise LinkError("no autopilot is heard: is its MAVLink sent here, and is the baud rate right?")
    line.mav.srcSystem = line.far.system

    def ask() -> None:
        line.beat()
        number = float(mavlink.MAVLINK_MSG_ID_AUTOPILOT_VERSION)
        line.send(line.far.command(mavlink.MAV_CMD_REQUEST_MESSAGE, number))

    line.insist(ask, lambda: line.far.capabilities is not None, LISTEN_US)


def ask_streams(line: Line, dt: float) -> None:
    """Ask for every message that is of use."""
    for kind, rate_hz in (ASKED | dict.fromkeys(IMU_KINDS, 1.0 / dt)).items():
        number = float(getattr(mavlink, f"MAVLINK_MSG_ID_{kind}"))
        line.send(line.far.command(mavlink.MAV_CMD_SET_MESSAGE_INTERVAL, number, 1e6 / rate_hz))


def check_rate(line: Line, dt: float) -> None:
    """Ask for the sensors; raise LinkError when the IMU does not come often enough."""
    counts = line.senses.counts
    # Twice: a request may be lost, and who sends some by itself has yet to be asked for the rest.
    for _ in range(2):
        ask_streams(line, dt)
        line.listen(line.now_us() + 2 * ASK_US, lambda: False)
    before = {kind: counts.get(kind, 0) for kind in IMU_KINDS}
    line.listen(line.now_us() + 1_000_000, lambda: False)
    rates = {kind: counts.get(kind, 0) - before[kind] for kind in IMU_KINDS}
    if max(rates.values()) < LEAST_HZ:
        heard = ", ".join(f"{kind} {rate} Hz" for kind, rate in rates.items())
        raise LinkError(
            f"{line.far.name} sends its IMU too seldom ({heard}; at least {LEAST_HZ:g} are needed): "
            "raise the stream rate of this port or use a faster one"
        )


def learn(line: Line, names: tuple[str, ...]) -> bool:
    """Ask for some of the far side's parameters; tell whether all of them came."""
    far = line.far

    def ask() -> None:
        line.beat()
        for name in names:
            if name not in far.params:
                request = (far.system, far.component, name.encode(), -1)
                line.send(mavlink.MAVLink_param_request_read_message(*request))

    return not names or line.insist(ask, lambda: all(name in far.params for name in names), LISTEN_US)


def check_targets(line: Line) -> None:
    """Raise LinkError unless the far side takes attitude targets, and reads thrust as thrust."""
    far = line.far
    if far.capabilities is not None and not far.capabilities & SET_ATTITUDE_TARGET:
        raise LinkError(f"{far.name} does not take attitude targets")
    if far.autopilot != ARDUPILOT:
        return
    if not learn(line, ("GUID_OPTIONS",)):
        raise LinkError("ArduPilot does not tell its GUID_OPTIONS: is it a Copter of version 4.1 or newer?")
    if not int(far.params["GUID_OPTIONS"]) & THRUST_AS_THRUST:
        raise LinkError("ArduPilot reads thrust as a climb rate: set GUID_OPTIONS to 8 and try again")


def tried(line: Line, way: Way) -> str:
    """Return why single motors cannot be told this way: by the far side's settings, or by its answer to idle ones."""
    learn(line, way.asks)
    objection = way.objection(line.far, line.senses)
    if objection:
        return objection
    for message in way.messages(line.far, [0.0] * way.motors):
        line.send(message)
    line.listen(line.now_us() + ASK_US, lambda: False)
    result = line.far.results.get(mavlink.MAV_CMD_DO_SET_ACTUATOR, mavlink.MAV_RESULT_ACCEPTED)
    is_taken = result in (mavlink.MAV_RESULT_ACCEPTED, mavlink.MAV_RESULT_IN_PROGRESS)
    return "" if is_taken else f"answered by {result_name(result)}"


def agreed_way(line: Line, corners: Corners) -> Way | None:
    """Return how single motors are told, None when in no way; say which, or why not."""
    why = []
    for way in ways_to(line.far, corners):
        objection = tried(line, way)
        if not objection:
            events.warning("%s: single motors by %s; %s", line.far.name, way.name, way.deadman(line.far))
            return way
        why.append(f"{way.name}: {objection}")
    events.warning(
        "%s takes no single motors: rates are sent (%s)", line.far.name, "; ".join(why) or "unknown"
    )
    return None


def agreed(line: Line, wanted: str, corners: Corners) -> tuple[str, Way | None]:
    """Return what is sent: what was asked for, or the next that the far side takes, which is then said."""
    way = agreed_way(line, corners) if wanted == "actuator" else None
    if way is not None:
        return wanted, way
    check_targets(line)
    far = line.far
    is_old = far.autopilot == ARDUPILOT and far.version is not None and far.version < RATES_SINCE
    if wanted == "attitude" or not is_old:
        return "attitude" if wanted == "attitude" else "rate", None
    events.warning("%s before 4.2 takes no rates alone: attitudes are sent", far.name)
    return "attitude", None
