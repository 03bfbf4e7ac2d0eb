"""What a run says while it works: a bar on a terminal, plain lines with a rate in a log."""

import contextlib
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from ctypes import c_ulong

    from rich.console import Console, RenderableType
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
    return _COMMANDS.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


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


def tick(count: int = 1) -> None:
    """Say, within a task, that `count` of what is counted are done: the bar moves on before the task is."""
    if _ticks is not None:
        _ticks.value += count


def ticks_of_workers() -> "c_ulong":
    """A number in shared memory for the `tick`s of new worker processes, which hand it to `count_ticks_in`.

    Without a lock: a worker killed within one would stop all others. Two ticks at once may count as one; what is
    counted for good is what `Meter.advance` is told.
    """
    from glint_data.spawning import CONTEXT

    global _ticked_by_others
    while len(_listened_to) > 3:  # of pools that are gone
        _ticked_by_others += _listened_to.pop(0).value
    counter: c_ulong = CONTEXT.RawValue("L", 0)
    _listened_to.append(counter)
    return counter


def count_ticks_in(counter: "c_ulong") -> None:
    """Let `tick` count there, in this process."""
    global _ticks
    _ticks = counter


_ticks: "c_ulong | None" = None
_listened_to: "list[c_ulong]" = []
_ticked_by_others = 0


@contextlib.contextmanager
def busy(words: str = "working") -> Iterator[None]:
    """Show these words and the seconds on a terminal while work is done that has no count, and no bar is shown."""
    _busy.append(words)
    _show_spinner()
    try:
        yield
    finally:
        _busy.pop()
        _show_spinner()


def _show_spinner() -> None:
    """The innermost words of `busy`, where there are any and no bar stands in their place."""
    global _spinner
    if _spinner is not None:
        _spinner.stop()
        _spinner = None
    if _busy and not _bars and _is_shown.get() and sys.stderr.isatty():
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
        _spinner = Progress(*columns, console=_terminal(), transient=True, refresh_per_second=4)
        _spinner.add_task(_busy[-1], total=None)
        _spinner.start()


def _terminal() -> "Console":
    from rich.console import Console

    return Console(stderr=True)


_busy: list[str] = []
_bars: "list[Meter]" = []
_spinner: "Progress | None" = None


class Meter:
    """Counts `what` up to `total` (None where unknown) and shows count, rate and remaining time.

    A context manager. `advance(n)` counts, `note(text)` sets a few words shown after the numbers. Work in progress is
    shown as far as workers `tick`.
    """

    def __init__(self, total: int | None, what: str) -> None:
        self.total, self.what = total, what
        self.done, self._note = 0, ""
        self._bar: Progress | None = None
        self._task: TaskID
        self._begun = self._spoke = 0.0
        self._first: tuple[int, float] | None = None
        self._ticked_before = 0
        self._said: int | None = None

    def __enter__(self) -> "Meter":
        self._begun = self._spoke = time.monotonic()
        self._ticked_before = _ticked()
        if _is_shown.get() and sys.stderr.isatty():
            self._open_bar()
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._bar is not None:
            if self.total is None:  # it is known now
                self._bar.update(self._task, total=self.done)
            self._bar.stop()
            _bars.remove(self)
            _show_spinner()
        elif self._said != self.done:
            self._line()

    def advance(self, count: int = 1) -> None:
        """Count `count` more as done."""
        self.done += count
        if self._bar is None and time.monotonic() - self._spoke >= _SECONDS_BETWEEN_LINES:
            self._line()

    def note(self, text: str) -> None:
        """Show `text` after the numbers from now on."""
        self._note = text
        if self._bar is not None:
            self._bar.update(self._task, note=text)

    @property
    def reached(self) -> int:
        """How many are done, those of tasks under way with them."""
        reached = max(self.done, _ticked() - self._ticked_before)
        reached = reached if self.total is None else min(reached, max(self.total, self.done))
        if reached and self._first is None:
            self._first = reached, time.monotonic()
        return reached

    @property
    def rate(self) -> float:
        """Items per second since the start."""
        return self.reached / max(time.monotonic() - self._begun, 1e-9)

    def pace(self) -> str:
        """The rate in words: "7.3/s", below one a second "2.5 s/sample"; "" before anything is done."""
        if not self.reached:
            return ""
        return f"{self.rate:.1f}/s" if self.rate >= 1 else f"{1 / self.rate:.1f} s/{_one_of(self.what)}"

    def left(self) -> str:
        """The remaining time in words, "" where nothing can be said of it.

        By what came after the first ones, which waited for processes and compilers to begin.
        """
        reached = self.reached
        if not self.total or not self._first or not self._first[0] < reached < self.total:
            return ""
        seconds = (time.monotonic() - self._first[1]) / (reached - self._first[0])
        return f"{duration((self.total - reached) * seconds)} to go"

    def _open_bar(self) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
        from rich.text import Text

        meter = self
        _bars.append(self)
        _show_spinner()

        class Live(Progress):
            def get_renderables(
                self,
            ) -> (
                "Iterable[RenderableType]"
            ):  # before each refresh: what workers ticked is known to nobody else
                for task in self.tasks:
                    self.update(task.id, completed=meter.reached)
                yield from super().get_renderables()

        class Words(TextColumn):
            def __init__(self, words: Callable[[], str]) -> None:
                super().__init__("")
                self.words = words

            def render(self, task: "Task") -> Text:
                return Text(self.words(), style="cyan")

        bar = Live(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            Words(meter.pace),
            Words(meter.left),
            TextColumn("{task.fields[note]}"),
            console=_terminal(),
            refresh_per_second=4,
        )
        self._task = bar.add_task(self.what, total=self.total, note="")
        bar.start()
        self._bar = bar

    def _line(self) -> None:
        self._spoke, self._said = time.monotonic(), self.done
        of_total = f"{self.done:,}/{self.total:,}" if self.total is not None else f"{self.done:,}"
        numbers = ", ".join(filter(None, (of_total, self.pace(), self.left())))
        say(f"{self.what}: {numbers}{'; ' + self._note if self._note else ''}")


def _ticked() -> int:
    return _ticked_by_others + sum(counter.value for counter in _listened_to)


def _one_of(what: str) -> str:
    """ "photos scanned" -> "photo": the first word of several, as of one."""
    plural = re.search(r"\b(\w+)s\b", what)
    return plural[1] if plural else "item"


def duration(seconds: float) -> str:
    """Seconds as a person says them: "8 s", "3 min 20 s", "2 h 5 min"."""
    rounded = round(seconds)
    if rounded < 60:
        return f"{rounded} s"
    if rounded < 3600:
        return f"{rounded // 60} min {rounded % 60} s"
    return f"{rounded // 3600} h {rounded % 3600 // 60} min"
