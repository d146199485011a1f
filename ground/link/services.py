"""Every microservice of the link, in the order they see every other pass."""

from ground.link.autotune import Autotune
from ground.link.calibration import Calibration
from ground.link.event_protocol import EventProtocol
from ground.link.events import Events
from ground.link.failures import Failures
from ground.link.fence_switch import FenceSwitch
from ground.link.flight_commands import FlightCommands
from ground.link.follow import Follow
from ground.link.ftp import Ftp
from ground.link.gaze import Gaze
from ground.link.identity import Identity
from ground.link.log_download import LogDownload
from ground.link.log_stream import LogStreams
from ground.link.metadata import Metadata
from ground.link.missions import Missions
from ground.link.motor_tests import MotorTests
from ground.link.parameters import Parameters
from ground.link.pastimes import Pastimes
from ground.link.radio import Radio
from ground.link.service import Microservice
from ground.link.setpoints import Setpoints
from ground.link.shell import Shell
from ground.link.sticks import Sticks
from ground.link.streams import Streams

SERVICES: tuple[type[Microservice], ...] = (
    Identity,
    Streams,
    Events,
    EventProtocol,
    FlightCommands,
    MotorTests,
    Follow,
    Gaze,
    Setpoints,
    Sticks,
    Parameters,
    Failures,
    Missions,
    FenceSwitch,
    Ftp,
    LogDownload,
    LogStreams,
    Metadata,
    Calibration,
    Autotune,
    Shell,
    Pastimes,
    Radio,
)
