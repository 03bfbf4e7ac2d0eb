"""Writing files so that they are whole or not there."""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from glint_data.errors import CannotWrite

_ADVICE = {
    errno.ENOSPC: "; free some space and run the same command again, it goes on where it stopped",
    errno.EDQUOT: "; your quota is used up: free some space and run the same command again",
    errno.EACCES: "; check the folder's permissions or choose another folder",
    errno.EROFS: "; that disk is read-only: choose another folder",
    errno.ENOENT: "; the folder vanished while it was being written to",
}


def write_atomically(path: str | os.PathLike, content: bytes) -> None:
    """Write all of `content`, or nothing.

    Raises:
        CannotWrite: when the target cannot be written; nothing is left behind.
    """
    with writing(path) as stream:
        stream.write(content)


@contextlib.contextmanager
def writing(path: str | os.PathLike) -> Iterator[BinaryIO]:
    """A stream that becomes the file `path` by rename when the block ends well, and vanishes otherwise.

    The bytes are on the disk before they count, so a power cut leaves the file whole or not there; it may
    leave the stream's own file, which `sweep` removes.

    Raises:
        CannotWrite: when the target cannot be written; nothing is left behind.
    """
    path = Path(path)
    partial = path.with_name(f".{path.name[:200]}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
    except OSError as error:
        advice = _ADVICE.get(error.errno, "")
        raise CannotWrite(f"{path}: cannot be written ({error.strerror or error}){advice}") from error
    finally:
        partial.unlink(missing_ok=True)


def is_partial(path: Path) -> bool:
    """Whether the name is that of a stream that was not finished."""
    return path.name.startswith(".") and path.name.endswith(".partial")


def sweep(folder: Path) -> None:
    """Remove what streams left in a folder and below when their process was killed."""
    for path in folder.rglob(".*.partial"):
        path.unlink(missing_ok=True)
