"""The gains overlay beside an airframe's file; the file itself is never edited."""

from pathlib import Path

from flight.airframe import folder
from flight.params import BY_ID
from ground.tuning.loops import Gains


def place_of(airframe: str) -> Path:
    """Return where an airframe's gains belong, for a name or a path."""
    path = Path(airframe)
    path = path if path.suffix == ".toml" else folder() / f"{airframe}.toml"
    return path.with_suffix(".gains.toml")


def text(gains: Gains, remark: str, by: str = "quadloop tune") -> str:
    """Return the overlay's TOML."""
    width = max(len(name) for name in gains)
    lines = [
        f"{name:<{width}} = {value:<9.5g}  # {BY_ID[name].unit or '-'}: {BY_ID[name].about}"
        for name, value in gains.items()
    ]
    return "\n".join(
        [
            f"# Written by `{by}`: {remark}.",
            "# Delete the file to fly as before.",
            "",
            "[gains]",
            *lines,
            "",
        ]
    )


def write(path: Path, gains: Gains, remark: str, by: str = "quadloop tune") -> None:
    """Write the overlay in one stroke."""
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(text(gains, remark, by))
    unfinished.replace(path)
