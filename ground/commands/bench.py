"""`quadloop bench`: how fast it is on this machine, beside the last committed figures."""

from argparse import ArgumentParser, Namespace
from typing import Any

from ground import options, terminal

ABOUT = "measure the figures in benchmarks/ on this machine, next to the last committed ones"
EXAMPLE = "quadloop bench --only tick"


def add_arguments(parser: ArgumentParser) -> None:
    """Take which benchmarks to run and what to do with their figures."""
    parser.add_argument("--only", action="append", metavar="NAME", help="run one benchmark; may be repeated")
    parser.add_argument("--save", action="store_true", help="write the figures to benchmarks/figures.json")
    options.add_json(parser)


def run(arguments: Namespace) -> int:
    """Run the benchmarks one after the other."""
    from ground import bench

    chosen = arguments.only or bench.names()
    check(chosen)
    figures: dict[str, Any] = {"machine": bench.machine()}
    with terminal.Progress("measuring") as progress:
        for i, name in enumerate(chosen):
            progress.share(i / len(chosen), name)
            figures |= bench.measure(name)
    if arguments.json:
        terminal.tell_json(figures)
    else:
        terminal.tell(compared(figures, bench.committed()))
    if arguments.save:
        terminal.note(f"saved to {bench.save(figures)}")
    return 0


def check(chosen: list[str]) -> None:
    """Raise ConfigError for a benchmark that does not exist."""
    from flight.errors import ConfigError
    from ground import bench

    for name in chosen:
        if name not in bench.names():
            raise ConfigError(f"--only {name}: is not known; known: {', '.join(bench.names())}")


def compared(figures: dict[str, Any], before: dict[str, Any]) -> str:
    """Return the figures beside those of before, with their ratio."""
    now, then = flat(figures), flat(before)
    return terminal.table(
        [row(key, now[key], then.get(key)) for key in now], ("figure", "now", "committed", "ratio")
    )


def row(key: str, now: Any, then: Any) -> tuple[str, ...]:
    """Return one figure's line."""
    both_numbers = isinstance(now, int | float) and isinstance(then, int | float) and then
    return key, shown(now), shown(then), f"{now / then:.2f}" if both_numbers else ""


def shown(value: Any) -> str:
    """Return a figure as a person reads it."""
    if isinstance(value, float):
        return f"{value:,.4g}" if value < 1e4 else f"{value:,.0f}"
    return "-" if value is None else str(value)


def flat(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the dotted path and value of every figure."""
    found: dict[str, Any] = {}
    for key, value in tree.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return found
