"""Compile a function once and keep it until something it can reach is edited.

Numba's own cache compares the time stamp of one file, so an edit in an imported module goes unnoticed. Here the stamp
of a kernel is the content of its module and of every project module that module imports.
"""

import hashlib
import os
import pickle
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba import types
from numba.core.caching import CompileResultCacheImpl, FunctionCache, _CacheLocator
from numba.core.serialize import dumps

F = TypeVar("F", bound=Callable[..., Any])
ROOMS = ("flight", "sim", "logs", "firmware_bridge", "ground")
IMPORT_LINE = re.compile(r"^(?:from\s+([\w.]+)\s+import\s+([^#\n(]+|\([^)]*\))|import\s+([\w.]+))", re.M)

# How long the machine code of other versions of a kernel is kept.
FORGET_S = 30 * 86400.0

registered: list[str] = []
compile_listeners: list[Callable[[str], None]] = []


def cache_folder() -> Path:
    """Return where compiled kernels are kept: $QUADLOOP_CACHE or the user's cache folder."""
    chosen = os.environ.get("QUADLOOP_CACHE")
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "quadloop"
    return Path(chosen) if chosen else base / "kernels"


@cache
def module_file(name: str) -> Path | None:
    """Return the source file of a project module, None for anything else."""
    if name.partition(".")[0] not in ROOMS:
        return None
    try:
        spec = find_spec(name)
    except ModuleNotFoundError:
        return None
    return Path(spec.origin) if spec and spec.origin else None


@cache
def imported_modules(name: str) -> frozenset[str]:
    """Return the project modules that a module's text imports directly."""
    file = module_file(name)
    found = set()
    for source, names, plain in IMPORT_LINE.findall(file.read_text() if file else ""):
        parent = source or plain
        children = re.findall(r"\b(\w+)\b(?!\s+as\b\s+\w+\s+as)", names)
        found |= {m for m in (parent, *(f"{parent}.{child}" for child in children)) if module_file(m)}
    return frozenset(found)


@cache
def import_closure(name: str) -> frozenset[str]:
    """Return a module and all project modules it reaches through imports."""
    reached: set[str] = set()
    waiting = [name]
    while waiting:
        module = waiting.pop()
        if module not in reached:
            reached.add(module)
            waiting.extend(imported_modules(module))
    return frozenset(reached)


@cache
def file_digest(file: Path) -> bytes:
    """Return the SHA-256 of a file's content."""
    return hashlib.sha256(file.read_bytes()).digest()


@cache
def closure_digest(name: str) -> str:
    """Return one digest over every source file a module can reach."""
    digest = hashlib.sha256()
    for module in sorted(import_closure(name)):
        file = module_file(module)
        digest.update(module.encode() + (file_digest(file) if file else b""))
    return digest.hexdigest()


class ClosureLocator(_CacheLocator):
    """Tell numba where a kernel is kept and which source text it was made of."""

    def __init__(self, py_func: Callable[..., Any]) -> None:
        self.module = py_func.__module__

    def get_cache_path(self) -> str:
        return str(cache_folder() / f"{sys.implementation.cache_tag}" / self.module)

    def get_source_stamp(self) -> str:
        return closure_digest(self.module)

    def get_disambiguator(self) -> str:
        return self.module

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> "ClosureLocator | None":
        return cls(py_func) if module_file(py_func.__module__) else None


class ClosureCacheImpl(CompileResultCacheImpl):
    _locator_classes = [ClosureLocator]


class OverloadFiles:
    """Keep one file per kernel, signature and source text.

    Numba's own index names files by a counter, which two processes compiling at once may both take: one would then
    run machine code made for other types. Here a name says everything the content depends on.
    """

    def __init__(self, folder: Path, base: str, stamp: str) -> None:
        self.folder, self.base, self.stamp = folder, base, stamp

    def path(self, key: Any) -> Path:
        """Return where the code of one signature is kept."""
        whole = repr((numba.__version__, self.stamp, key))
        return self.folder / f"{self.base}.{hashlib.sha256(whole.encode()).hexdigest()[:32]}.nbc"

    def load(self, key: Any) -> Any:
        """Return what was saved, None when nothing was."""
        try:
            return pickle.loads(self.path(key).read_bytes())
        except (OSError, EOFError, pickle.UnpicklingError):
            return None

    def save(self, key: Any, data: Any) -> None:
        """Write in one stroke, and forget versions nobody has compiled for a month."""
        path = self.path(key)
        unfinished = path.with_suffix(f".{os.getpid()}")
        unfinished.write_bytes(dumps(data))
        written = unfinished.stat().st_mtime
        unfinished.replace(path)
        for old in self.folder.glob(f"{self.base}.*"):
            # Another process may have given what it was writing its name in the meantime.
            with suppress(FileNotFoundError):
                if old.stat().st_mtime < written - FORGET_S:
                    old.unlink()

    def flush(self) -> None:
        """Forget every version."""
        for old in self.folder.glob(f"{self.base}.*"):
            old.unlink(missing_ok=True)


class ClosureCache(FunctionCache):
    """A function cache that reports every compilation to `compile_listeners`."""

    _impl_class = ClosureCacheImpl

    def __init__(self, py_func: Callable[..., Any]) -> None:
        super().__init__(py_func)
        self._cache_file = OverloadFiles(
            Path(self._cache_path), self._impl.filename_base, self._impl.locator.get_source_stamp()
        )

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        found = super().load_overload(sig, target_context)
        if found is None:
            for listener in compile_listeners:
                listener(f"{self._py_func.__module__}.{self._py_func.__qualname__}")
        return found


def plain(kind: Any) -> Any:
    """Return the type of a value that is not known while compiling: f(x, 1) and f(x, Mode.HOLD) share their code."""
    return kind.dtype if isinstance(kind, types.IntEnumMember) else types.unliteral(kind)


def call_template(resolve: Callable[..., Any], args: Any, keywords: Any) -> Any:
    """Resolve a kernel's call from another kernel without a version of its own for every constant."""
    return resolve(tuple(map(plain, args)), {name: plain(kind) for name, kind in keywords.items()})


def kernel(function: F | None = None, *, parallel: bool = False) -> Any:
    """Compile a function to machine code; plain Python when NUMBA_DISABLE_JIT is set.

    Division by zero gives infinity as in IEEE 754, never an exception; `fastmath` stays off for replay.
    """
    if function is None:
        return lambda wrapped: kernel(wrapped, parallel=parallel)
    compiled = numba.njit(error_model="numpy", parallel=parallel, no_cfunc_wrapper=True)(function)
    if compiled is not function and module_file(function.__module__):
        compiled._cache = ClosureCache(function)
        compiled.get_call_template = partial(call_template, compiled.get_call_template)
        registered.append(f"{function.__module__}.{function.__name__}")
    return compiled
