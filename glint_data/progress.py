"""What a run says while it works: a bar on a terminal, plain lines with a rate in a log."""

import contextlib
import re
import sys
import time
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress, Task, TaskID

Item = TypeVar("Item")

_SECONDS_BETWEEN_LINES = 10.0


_is_shown = ContextVar("progress", default=True)


@contextlib.contextmanager
def shown(wanted: bool) -> Iterator[None]:
    """Whether anything is said within the block; not where a block around it is silent already."""
    before = _is_shown.set(wanted and _is_shown.get())
    try:
        yield
    finally:
        _is_shown.reset(before)


def say(text: str = "") -> None:
    """Print one line for the person at the keyboard; standard output stays free for results."""
    if _is_shown.get():
        print(printable(text), file=sys.stderr, flush=True)


def printable(text: str) -> str:
    """Text for a terminal: what names of files hold beside text is spelled out, so that it commands nothing."""
    return _COMMANDS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def is_text(name: str) -> bool:
    """Whether a name can be written as UTF-8; one with other bytes holds lone surrogates."""
    return not _SURROGATES.search(name)


_SURROGATES = re.compile("[\ud800-\udfff]")
_COMMANDS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def track(iterable: Iterable[Item], total: int | None, what: str) -> Iterator[Item]:
    """Yield the items and show how far it got. `what` names the items: "samples", "photos", "batches"."""
    with Meter(total, what) as meter:
        for item in iterable:
            yield item
            meter.advance()


class Meter:
    """Counts `what` up to `total` (None where unknown) and shows count, rate and remaining time.

    A context manager. `advance(n)` counts, `note(text)` sets a few words shown after the numbers.
    """

    def __init__(self, total: int | None, what: str) -> None:
        self.total, self.what = total, what
        self.done, self._note = 0, ""
        self._bar: Progress | None = None
        self._task: TaskID
        self._begun = self._spoke = 0.0

    def __enter__(self) -> "Meter":
        self._begun = self._spoke = time.monotonic()
        if _is_shown.get() and sys.stderr.isatty():
            self._open_bar()
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._bar is not None:
            self._bar.stop()
        else:
            self._line()

    def advance(self, count: int = 1) -> None:
        """Count `count` more as done."""
        self.done += count
        if self._bar is not None:
            self._bar.update(self._task, advance=count)
        elif time.monotonic() - self._spoke >= _SECONDS_BETWEEN_LINES:
            self._line()

    def note(self, text: str) -> None:
        """Show `text` after the numbers from now on."""
        self._note = text
        if self._bar is not None:
            self._bar.update(self._task, note=text)

    @property
    def rate(self) -> float:
        """Items per second since the start."""
        return self.done / max(time.monotonic() - self._begun, 1e-9)

    def _open_bar(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
        from rich.text import Text

        meter = self

        class Rate(TextColumn):
            def render(self, task: "Task") -> Text:
                return Text(f"{meter.rate:.1f}/s", style="cyan")

        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            Rate(""),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=Console(stderr=True),
        )
        self._task = bar.add_task(self.what, total=self.total, note="")
        bar.start()
        self._bar = bar

    def _line(self) -> None:
        self._spoke = time.monotonic()
        of_total = f"{self.done:,}/{self.total:,}" if self.total is not None else f"{self.done:,}"
        text = f"{self.what}: {of_total}, {self.rate:.1f}/s"
        if self.total and 0 < self.done < self.total:
            text += f", {duration((self.total - self.done) / self.rate)} to go"
        say(f"{text}{'; ' + self._note if self._note else ''}")


def duration(seconds: float) -> str:
    """Seconds as a person says them: "8 s", "3 min 20 s", "2 h 5 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
