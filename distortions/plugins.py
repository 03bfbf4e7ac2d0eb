"""Plug-ins: what other packages and files register, loaded once a process.

Two ways bring one in: an installed package with an entry point of the group `glint_data.plugins`, or a Python file
that the environment variable GLINT_DATA_PLUGINS names (several joined by `os.pathsep`). The variable reaches worker
processes by itself. A plug-in is a module; importing it registers what it brings.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.machinery
import importlib.util
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

GROUP = "glint_data.plugins"
VARIABLE = "GLINT_DATA_PLUGINS"


class PluginFailed(ValueError):
    """A plug-in that is not there or cannot be imported. The sentence names it and what to do."""


@dataclass(frozen=True)
class Plugin:
    """A plug-in by its name (of the entry point, or of the file) and the SHA-256 of its module's file."""

    name: str
    sha256: str


_lock = threading.RLock()
_loaded: dict[str, Plugin] = {}
_sources: dict[str, tuple[str, bytes]] = {}
_tables: list[dict[str, Any]] = []
_current: Plugin | None = None
_packages_are_loaded = False
_files_loaded = ""


def load() -> None:
    """Import the plug-ins that are not imported yet; at once where there are none.

    Raises:
        PluginFailed: one of them is missing or its import fails. What it had registered is taken back.
    """
    global _packages_are_loaded, _files_loaded
    files = os.environ.get(VARIABLE, "")
    if _packages_are_loaded and files == _files_loaded:
        return
    with _lock:
        if _current is not None:  # a plug-in that is being imported looks something up
            return
        if not _packages_are_loaded:
            for point in sorted(metadata.entry_points(group=GROUP), key=lambda point: point.name):
                _load_package(point)
            _packages_are_loaded = True
        for name in filter(None, files.split(os.pathsep)):
            load_file(Path(name))
        _files_loaded = files


def loaded() -> dict[str, str]:
    """The plug-ins of this process: their names with the SHA-256 of their module's file."""
    load()
    return {plugin.name: plugin.sha256 for plugin in _loaded.values()}


def files() -> list[tuple[str, bytes]]:
    """Name and content of the plug-ins that are files, for machines that do not see these."""
    load()
    return list(_sources.values())


def load_file(file: Path) -> None:
    """Import a plug-in's file. Raises `PluginFailed`."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise PluginFailed(
            f"plug-in {file}: cannot be read ({error.strerror or error}); name a Python file in --plugin "
            f"or {VARIABLE}"
        ) from None
    load_content(str(file.absolute()), content)


def load_content(file: str, content: bytes) -> None:
    """Import a plug-in from its file's content; the same content is imported once. Raises `PluginFailed`."""
    digest = hashlib.sha256(content).hexdigest()
    stem = Path(file).stem
    # The same name in every process, so that a worker finds what a task refers to.
    module_name = f"glint_plugin_{''.join(c if c.isalnum() else '_' for c in stem)}_{digest[:12]}"
    with _lock:
        if module_name in _loaded:
            return
        spec = importlib.machinery.ModuleSpec(module_name, None, origin=file)
        module = importlib.util.module_from_spec(spec)
        module.__file__ = file
        with _loading(module_name, Plugin(stem, digest), f"plug-in {file}"):
            sys.modules[module_name] = module
            try:
                exec(compile(content, file, "exec"), module.__dict__)
            except BaseException:
                del sys.modules[module_name]
                raise
        _sources[module_name] = file, content


def _load_package(point: metadata.EntryPoint) -> None:
    key = f"{point.name} = {point.value}"
    if key in _loaded:
        return
    where = f"plug-in {point.name} (package {point.dist.name if point.dist else point.value})"
    spec = None
    with contextlib.suppress(ImportError, ValueError):
        spec = importlib.util.find_spec(point.module)
    content = Path(spec.origin).read_bytes() if spec and spec.origin and Path(spec.origin).is_file() else b""
    with _loading(key, Plugin(point.name, hashlib.sha256(content).hexdigest()), where):
        point.load()


@contextlib.contextmanager
def _loading(key: str, plugin: Plugin, where: str) -> Iterator[None]:
    """While a plug-in is imported: what is registered is marked as its own, and taken back where it fails."""
    global _current
    if plugin.name in {other.name for other in _loaded.values()}:
        raise PluginFailed(
            f"{where}: another plug-in called {plugin.name} is loaded already; rename one of them, "
            "or begin a new Python process where you changed it"
        )
    before = [dict(table) for table in _tables]
    _current = plugin
    try:
        yield
    except (Exception, SystemExit) as error:  # a plug-in ends no command
        for table, entries in zip(_tables, before, strict=False):
            table.clear()
            table.update(entries)
        reason = " ".join(str(error).split()) or type(error).__name__
        raise PluginFailed(
            f"{where}: cannot be loaded ({type(error).__name__}: {reason}); mend it or leave it out"
        ) from error
    finally:
        _current = None
    _loaded[key] = plugin


def being_loaded() -> Plugin | None:
    """The plug-in whose import is under way."""
    return _current


def watch(table: dict[str, Any]) -> None:
    """Have a registry's table restored where a plug-in fails half-way."""
    _tables.append(table)
