"""Code of others that is called here: it may fail, but it may not end the program that called it."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator


@contextlib.contextmanager
def may_not_exit(name: str) -> Iterator[None]:
    """Raise RuntimeError in place of a SystemExit of the code of that name, such as by argparse in what it calls."""
    try:
        yield
    except SystemExit as end:
        if is_of_a_signal(end):
            raise
        raise RuntimeError(told(name, end)) from end


def told(name: str, end: SystemExit) -> str:
    """The sentence for a SystemExit of the code of that name."""
    return (
        f"{name} raised SystemExit({end.code!r}), which would end the program: have it raise an error instead"
    )


def is_of_a_signal(end: SystemExit) -> bool:
    """Whether a handler of a signal raised it: then somebody asked this process to end, whatever it was at."""
    handlers = {getattr(signal.getsignal(number), "__code__", None) for number in signal.valid_signals()}
    trace = end.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code in handlers:
            return True
        trace = trace.tb_next
    return False
