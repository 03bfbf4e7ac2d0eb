"""Writing files so that they are whole or not there."""

import errno
import os
from pathlib import Path

from glint_data.errors import CannotWrite

_ADVICE = {
    errno.ENOSPC: "; free some space and run the same command again, it goes on where it stopped",
    errno.EDQUOT: "; your quota is used up: free some space and run the same command again",
    errno.EACCES: "; check the folder's permissions or choose another folder",
    errno.EROFS: "; that disk is read-only: choose another folder",
    errno.ENOENT: "; the folder vanished while it was being written to",
}


def write_atomically(path: str | os.PathLike, content: bytes, durable: bool = False) -> None:
    """Write beside the target, then rename. `durable` waits until the bytes are on the disk.

    Raises:
        CannotWrite: when the target cannot be written; nothing is left behind.
    """
    path = Path(path)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as stream:
            stream.write(content)
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise CannotWrite(
            f"{path}: cannot be written ({error.strerror or error}){_ADVICE.get(error.errno, '')}"
        ) from error
