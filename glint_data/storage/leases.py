"""One run at a time in a folder of an object store, where the operating system has no lock to offer.

The lock is an object that is created only where there is none (S3's If-None-Match). Its holder writes it
again every minute. It counts as left behind when its process is known to be dead (same machine), or when it
is older than `STALE`: S3 refuses requests of a machine whose clock is 15 minutes off, so that no clock
can make a living lock look that old.
"""

import contextlib
import json
import os
import signal
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glint_data.errors import CannotWrite, GlintError
from glint_data.progress import say
from glint_data.storage.places import reason
from glint_data.storage.uploads import require_store

if TYPE_CHECKING:
    from upath import UPath

REFRESH = 60.0
STALE = 20 * 60.0
"""Seconds between signs of life, and after which a lock without one counts as left behind."""
SETTLE = 2.0


@contextlib.contextmanager
def lease(lock: "UPath") -> Iterator[None]:
    """Hold the lock object for the time of the block.

    Raises:
        GlintError: another process holds it; the sentence says who, and how to go on if it is dead.
        CannotWrite: the lock cannot be written.
    """
    require_store(lock)
    mine = {"owner": uuid.uuid4().hex, "host": socket.gethostname(), "process": _process()}
    _acquire(lock, mine)
    ended = threading.Event()
    keeper = threading.Thread(target=_keep, args=(lock, mine, ended), daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join()
        with contextlib.suppress(Exception):  # a store that is gone must not hide why the run ended
            if _holder(lock).get("owner") == mine["owner"]:
                lock.fs.rm_file(lock.path)


def _acquire(lock: "UPath", mine: dict[str, Any]) -> None:
    if _create(lock, mine):
        return
    holder, age = _holder(lock), _age(lock)
    if not holder and _create(lock, mine):
        return  # it was released just now
    if age < STALE and not _is_dead(holder):
        raise GlintError(
            f"{lock.parent}: another glint-data process is writing here (on {holder.get('host')}, last sign of life "
            f"{age:.0f} s ago); wait for it, or choose another folder. If it is dead, its lock ends "
            f"{STALE / 60:.0f} minutes after its last sign; to go on at once delete {lock}"
        )
    say(f"{lock.parent}: the run that held the lock (on {holder.get('host')}) is dead; going on")
    with contextlib.suppress(OSError):
        lock.fs.rm_file(lock.path)
    taken = _create(lock, mine)
    time.sleep(SETTLE)  # of two that found the same dead lock, the second may just have removed the new one
    if not taken or _holder(lock).get("owner") != mine["owner"]:
        raise GlintError(f"{lock.parent}: another glint-data process was quicker; run the same command again")


def _create(lock: "UPath", mine: dict[str, Any]) -> bool:
    """Whether the lock was free and is ours now.

    A store may have written it though it answered with an error; asked again it then says that there is one, ours.
    """
    try:
        lock.fs.pipe_file(lock.path, _content(mine), mode="create")
    except FileExistsError:
        return bool(_holder(lock).get("owner") == mine["owner"])
    except Exception as error:  # each scheme's package raises its own kinds
        with contextlib.suppress(Exception):  # the first error says more
            if _holder(lock).get("owner") == mine["owner"]:
                return True
        raise CannotWrite(f"{lock.parent}: cannot be locked: {reason(error)}") from error
    return True


def _keep(lock: "UPath", mine: dict[str, Any], ended: threading.Event) -> None:
    """Renew the lock until the block ends; stop the run where another has taken it over."""
    while not ended.wait(REFRESH):
        try:
            if _holder(lock).get("owner") == mine["owner"]:
                lock.fs.pipe_file(lock.path, _content(mine))
                continue
        except Exception as error:
            say(f"{lock}: not renewed ({reason(error)}); trying again")
            continue
        say(f"{lock.parent}: another run has taken this folder over")
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)  # as Ctrl-C would
        return


def _content(mine: dict[str, Any]) -> bytes:
    return json.dumps(mine).encode()


def _holder(lock: "UPath") -> dict[str, Any]:
    """Who holds the lock; empty where nobody does, or where the object is none of ours."""
    try:
        record = json.loads(lock.fs.cat_file(lock.path))
    except (FileNotFoundError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _age(lock: "UPath") -> float:
    """Seconds since the lock was written, by the store's clock; the lock just released counts as new."""
    try:
        written: datetime = lock.fs.modified(lock.path)
        return max((datetime.now(UTC) - written).total_seconds(), 0.0)
    except FileNotFoundError:
        return 0.0


def _is_dead(holder: dict[str, Any]) -> bool:
    """Whether the holder was a process of this machine that is no more."""
    known, here = holder.get("process"), _process()
    if not known or not here or known["machine"] != here["machine"]:
        return False
    return bool(known["begun"] != _begun(known["id"]))


def _process() -> dict[str, Any] | None:
    """This process so that no other is taken for it: machine, number, start. None where that is not to be had."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        machine = f"{boot} {os.readlink('/proc/self/ns/pid')}"  # noqa: PTH115  (the text, not a path)
    except OSError:
        return None
    return {"machine": machine, "id": os.getpid(), "begun": _begun(os.getpid())}


def _begun(process: int) -> str | None:
    """When a process began, in ticks since the machine's start; None where there is no such process."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else fields[19]
