"""Every microservice of the link, in the order they see a pass."""

from ground.link.ftp import Ftp
from ground.link.log_download import LogDownload
from ground.link.metadata import Metadata
from ground.link.parameters import Parameters
from ground.link.service import Microservice

SERVICES: tuple[type[Microservice], ...] = (Parameters, Ftp, LogDownload, Metadata)
