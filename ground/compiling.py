"""Show which kernels are being compiled: on the first start that takes a while, and later starts say nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

from ground.terminal import Progress


@contextmanager
def shown() -> Iterator[None]:
    """Show every kernel compiled inside the block on one line of the terminal."""
    from flight import kernel

    names: set[str] = set()
    with Progress("first start: compiling") as progress:

        def listener(name: str) -> None:
            names.add(name)
            progress.say(f"{len(names)} of at most {len(set(kernel.registered))} kernels: {name}")

        kernel.compile_listeners.append(listener)
        try:
            yield
        finally:
            kernel.compile_listeners.remove(listener)
