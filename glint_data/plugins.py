"""Plug-ins for a run: other packages' entry points, and files named by `--plugin` or GLINT_DATA_PLUGINS.

`distortions.plugins` finds and imports them; here their errors become sentences for a person, and files are
named for this process and all that it begins.
"""

import contextlib
import os
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from glint_data.errors import GlintError

Sources = tuple[tuple[str, bytes], ...]
"""Plug-ins by their file's name and content."""


def load() -> None:
    """Import the plug-ins that are not imported yet.

    Raises:
        GlintError: one of them is missing or cannot be imported.
    """
    from distortions import plugins

    try:
        plugins.load()
    except plugins.PluginFailed as error:
        raise GlintError(str(error)) from error


def use(files: Iterable[str | os.PathLike[str]]) -> None:
    """Load plug-ins from these Python files, here and in every process that this one begins.

    Raises:
        GlintError: a file is missing or cannot be imported.
    """
    from distortions.plugins import VARIABLE

    named = list(filter(None, os.environ.get(VARIABLE, "").split(os.pathsep)))
    for file in files:
        path = str(Path(file).absolute())
        if os.pathsep in path:
            raise GlintError(f"plug-in {path}: holds a {os.pathsep!r}, which separates plug-ins; rename it")
        if not Path(path).is_file():
            raise GlintError(f"plug-in {path}: no such file; name a Python file")
        if path not in named:
            named.append(path)
    before = os.environ.get(VARIABLE)
    if named:
        os.environ[VARIABLE] = os.pathsep.join(named)
    try:
        load()
    except GlintError:
        if before is None:
            os.environ.pop(VARIABLE, None)
        else:
            os.environ[VARIABLE] = before
        raise


def sources() -> Sources:
    """The plug-ins that are files, for machines that do not see these: their names and contents."""
    load()
    from distortions import plugins

    return tuple(plugins.files())


def take(sources: Sources) -> None:
    """Load plug-ins that came as `sources()` from another machine. Raises `GlintError`."""
    from distortions import plugins

    try:
        for file, content in sources:
            plugins.load_content(file, content)
    except plugins.PluginFailed as error:
        raise GlintError(str(error)) from error
    load()


def record() -> dict[str, str]:
    """The plug-ins of this run for `run.json`: names, and the SHA-256 of their module's file."""
    load()
    from distortions import plugins

    return plugins.loaded()


@contextlib.contextmanager
def raised_by(who: str, unless: Callable[[BaseException], bool] | None = None) -> Iterator[None]:
    """What somebody's code raises in this block becomes a sentence that names it, such as "loss mine raised ...".

    Our own sentences stay as they are, and so does an error of which `unless` says so.

    Raises:
        GlintError: the block raised, or wanted to end the process.
    """
    try:
        yield
    except (Exception, SystemExit) as error:
        if isinstance(error, GlintError) or (unless is not None and unless(error)):
            raise
        if isinstance(error, SystemExit) and _asked_for(error):
            raise
        reason = " ".join(str(error).split()) or "without a word"
        raise GlintError(f"{who} raised {type(error).__name__}: {reason}{_line_of(error)}") from error


def _asked_for(end: SystemExit) -> bool:
    """Whether a signal's handler raised it, whatever the code was at."""
    from distortions.foreign import is_of_a_signal

    return is_of_a_signal(end)


def _line_of(error: BaseException) -> str:
    """Where in its own file the code that was called stood still; what it called in turn is not its author's."""
    called = traceback.extract_tb(error.__traceback__)[2:]  # behind `raised_by` and the block itself
    own = [frame for frame in called if frame.filename == called[0].filename]
    return f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""
