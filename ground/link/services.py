"""Every microservice of the link, in the order they see a pass."""

from ground.link.parameters import Parameters
from ground.link.service import Microservice

SERVICES: tuple[type[Microservice], ...] = (Parameters,)
