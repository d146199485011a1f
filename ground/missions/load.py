"""Find a mission by its name or file."""

from dataclasses import replace
from pathlib import Path

from flight.errors import ConfigError
from ground.missions import plan, table
from ground.missions.builtin import BUILTIN
from ground.missions.mission import Mission

READERS = {".plan": plan.read, ".toml": table.read}


def load(name: str) -> Mission:
    """Return a built-in mission or the one in a .plan or .toml file; raise ConfigError."""
    if name in BUILTIN:
        return BUILTIN[name]()
    path = Path(name)
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        known = ", ".join(BUILTIN)
        raise ConfigError(
            f"mission {name!r} is not known; known: {known}, or a path to a .plan or .toml file"
        )
    try:
        return replace(reader(path.name, path.read_text()), name=path.stem)
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not a text file") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
