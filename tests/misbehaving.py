"""A task that does what it is told, for tests of whatever runs tasks."""

import os
import signal
import sys
from pathlib import Path

from glint_data.errors import CannotWrite, ImageRefused


def behave(task: tuple):
    """(action, value) -> value; or refuse, break, exit, die, die unless the file `value` is there, find a full disk."""
    action, value = task
    if action == "refuse":
        raise ImageRefused(f"photo {value} refused")
    if action == "break":
        raise RuntimeError("a fault of ours")
    if action == "exit":
        sys.exit(value)
    if action == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "die once" and not Path(value).exists():
        Path(value).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "full":
        raise CannotWrite("disk full")
    return value
