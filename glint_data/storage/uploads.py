"""Writing to object stores: an object is whole or not there, so a stream is collected first and put at once."""

import contextlib
import tempfile
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from glint_data.errors import CannotWrite
from glint_data.storage.places import OBJECT_STORES, Place, reason

if TYPE_CHECKING:
    from upath import UPath

TOGETHER = 8
"""Objects under way side by side: a round trip takes longer than rendering a sample."""

_waiting: dict[str, Future[None]] = {}
_room = threading.BoundedSemaphore(2 * TOGETHER)  # bounds the memory of what waits
_pool: ThreadPoolExecutor | None = None


def put(address: "UPath", content: bytes) -> None:
    """Write an object. Raises `CannotWrite`; what was there before then stays."""
    require_store(address)
    with _as_cannot_write(address):
        address.fs.pipe_file(address.path, content)


def put_first(address: "UPath", content: bytes) -> bool:
    """Write an object where there is none; false where there is one with another content. Raises `CannotWrite`."""
    require_store(address)
    with _as_cannot_write(address):
        try:
            address.fs.pipe_file(address.path, content, mode="create")
        except FileExistsError:  # or ours: a store may have written it though it answered with an error
            return bool(address.fs.cat_file(address.path) == content)
    return True


def put_soon(address: "UPath", content: bytes) -> None:
    """Write an object in the background; `finish` waits for it and raises what went wrong."""
    global _pool
    _pool = _pool or ThreadPoolExecutor(TOGETHER, "upload")
    _room.acquire()
    future = _pool.submit(put, address, content)
    future.add_done_callback(lambda _: _room.release())
    _waiting[str(address)] = future


def finish(addresses: Iterable[Place]) -> None:
    """Wait for objects written in the background. Raises `CannotWrite` for the first that failed."""
    futures = [_waiting.pop(str(address)) for address in addresses if str(address) in _waiting]
    for future in futures:
        future.exception()
    for future in futures:
        future.result()


@contextlib.contextmanager
def uploading(address: "UPath") -> Iterator[BinaryIO]:
    """A stream to a temporary file that becomes the object when the block ends well."""
    require_store(address)
    with tempfile.TemporaryDirectory(prefix="glint-data-") as folder:
        file = Path(folder) / "whole"
        with file.open("wb") as stream:
            yield stream
        with _as_cannot_write(address):
            address.fs.put_file(str(file), address.path)


def require_store(address: "UPath") -> None:
    """Raise `CannotWrite` for a scheme that would show half of a file while it is written."""
    if address.protocol not in OBJECT_STORES:
        raise CannotWrite(
            f"{address}: {address.protocol}:// is read, not written to; write to one of "
            f"{', '.join(f'{scheme}://' for scheme in sorted(OBJECT_STORES - {'memory'}))} or to a folder"
        )


@contextlib.contextmanager
def _as_cannot_write(address: "UPath") -> Iterator[None]:
    try:
        yield
    except Exception as error:  # each scheme's package raises its own kinds
        raise CannotWrite(f"{address}: cannot be written: {reason(error)}") from error
