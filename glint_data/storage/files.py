"""Writing files so that they are whole or not there, on this machine's disks and in object stores."""

import contextlib
import errno
import os
import shutil
import uuid
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import BinaryIO

from glint_data.errors import CannotWrite
from glint_data.storage import uploads
from glint_data.storage.places import AnyPlace, Place, explaining, is_remote, place

_ADVICE = {
    errno.ENOSPC: "; free some space and run the same command again, it goes on where it stopped",
    errno.EDQUOT: "; your quota is used up: free some space and run the same command again",
    errno.EACCES: "; check the folder's permissions or choose another folder",
    errno.EROFS: "; that disk is read-only: choose another folder",
    errno.ENOENT: "; its folder does not exist or vanished meanwhile: make it or choose another",
}


def write_atomically(path: AnyPlace, content: bytes, durable: bool = True) -> None:
    """Write all of `content`, or nothing. See `writing`.

    Raises:
        CannotWrite: when the target cannot be written; nothing is left behind.
    """
    target = place(path)
    if is_remote(target):
        (uploads.put if durable else uploads.put_soon)(target, content)
        return
    with writing(target, durable) as stream:
        stream.write(content)


def write_first(path: Place, content: bytes) -> bool:
    """Write a file, whole, only where there is none; false where one is there, also one written this very moment.

    Raises:
        CannotWrite: the target cannot be written.
    """
    if is_remote(path):
        return uploads.put_first(path, content)
    candidate = path.with_name(f".{path.name}.{uuid.uuid4().hex}.partial")
    write_atomically(candidate, content)
    try:
        path.hardlink_to(candidate)
    except FileExistsError:
        return False
    except (
        OSError
    ):  # a file system without hard links: then the last of two that begin in the same instant wins
        candidate.replace(path)
    finally:
        candidate.unlink(missing_ok=True)
    return True


@contextlib.contextmanager
def writing(target: AnyPlace, durable: bool = True) -> Iterator[BinaryIO]:
    """A stream that becomes the file `target` by rename when the block ends well, and vanishes otherwise.

    The bytes are on the disk before they count, so a power cut leaves the file whole or not there; it may
    leave the stream's own file, which `sweep` removes. Not so where `durable` is false: then `make_durable`
    has to follow before anything says that the file is there. A store's object is put when the block ends.

    Raises:
        CannotWrite: when the target cannot be written; nothing is left behind.
    """
    path = place(target)
    if is_remote(path):
        with uploads.uploading(path) as stream:
            yield stream
        return
    partial = path.with_name(f".{path.name[:200]}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as stream:
            yield stream
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        partial.replace(path)
    except OSError as error:
        advice = _ADVICE.get(error.errno or 0, "")
        raise CannotWrite(f"{path}: cannot be written ({error.strerror or error}){advice}") from error
    finally:
        with contextlib.suppress(OSError):  # where nothing can be written, nothing was left either
            partial.unlink()


def make_durable(paths: Iterable[Place]) -> None:
    """Wait until these files are on the disk, side by side: four times faster than one after the other.

    Raises:
        CannotWrite: one of them cannot be.
    """

    def sync(path: Place) -> None:
        try:
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
        except OSError as error:
            raise CannotWrite(f"{path}: cannot be written ({error.strerror or error})") from error

    paths = list(paths)
    uploads.finish(path for path in paths if is_remote(path))
    with ThreadPoolExecutor(_SYNCED_TOGETHER) as pool:
        list(pool.map(sync, (path for path in paths if not is_remote(path))))


_SYNCED_TOGETHER = 8


def is_partial(name: str) -> bool:
    """Whether the name is that of a stream that was not finished."""
    return name.startswith(".") and name.endswith(".partial")


def sweep(folder: Place) -> None:
    """Remove what streams left in a folder and below when their process was killed; stores keep nothing."""
    if is_remote(folder):
        return
    for path in folder.rglob(".*.partial"):
        path.unlink(missing_ok=True)


def make_folder(folder: Place) -> None:
    """Make a folder and those above it. Stores have none: there a name with slashes is enough.

    Raises:
        CannotWrite: it cannot be made.
    """
    if is_remote(folder):
        uploads.require_store(folder)
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except NotADirectoryError as error:
        raise CannotWrite(f"{folder}: is a file, or lies below one; name a folder") from error
    except FileExistsError as error:
        raise CannotWrite(f"{folder}: is a file; name a folder") from error
    except OSError as error:
        raise CannotWrite(
            f"{folder}: cannot be used ({error.strerror or error}); choose another --out"
        ) from error


def remove(file: Place) -> None:
    """Remove a file, if it is there."""
    if not is_remote(file):
        file.unlink(missing_ok=True)
        return
    with explaining(file), contextlib.suppress(FileNotFoundError):
        file.fs.rm_file(file.path)


def remove_folder(folder: Place) -> None:
    """Remove a folder with all that is in it, as far as that is possible."""
    if not is_remote(folder):
        shutil.rmtree(folder, ignore_errors=True)
        return
    with explaining(folder), contextlib.suppress(FileNotFoundError):
        folder.fs.rm(folder.path, recursive=True)


def listing(folder: Place) -> dict[str, int]:
    """Names of the files directly in a folder with their sizes, and of its folders with -1.

    Raises:
        GlintError: a remote folder cannot be reached. A folder that is not there is empty.
    """
    if is_remote(folder):
        with explaining(folder):
            try:
                described = folder.fs.ls(folder.path, detail=True)
            except FileNotFoundError:
                return {}
        names = {entry["name"].rstrip("/").rpartition("/")[2]: entry for entry in described}
        return {
            name: entry["size"] if entry["type"] == "file" else -1 for name, entry in names.items() if name
        }
    if not folder.is_dir():
        return {}
    with os.scandir(folder) as entries:
        return {entry.name: _size(entry) for entry in entries}


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return -1 if entry.is_dir() else entry.stat().st_size
    except OSError:  # a link to nothing
        return 0


def holds(folder: Place, name: str) -> bool:
    """Whether a file of that name is in the folder. Raises `GlintError` where that cannot be asked."""
    return listing(folder).get(name, -1) >= 0 if is_remote(folder) else (folder / name).is_file()


def read_bytes(file: Place) -> bytes:
    """All of a file. Raises `GlintError` where a remote one cannot be had for another reason than its absence."""
    if not is_remote(file):
        return file.read_bytes()
    with explaining(file):
        content: bytes = file.fs.cat_file(file.path)
        return content


def read_ahead(files: Iterable[Place], together: int = 16) -> Iterator[tuple[Place, bytes]]:
    """The contents of small files, in their order, some being fetched while the caller works.

    Raises:
        GlintError, OSError: a file cannot be read.
    """

    queue: deque[tuple[Place, Future[bytes]]] = deque()
    with ThreadPoolExecutor(together) as pool:
        for file in files:
            queue.append((file, pool.submit(read_bytes, file)))
            if len(queue) > 2 * together:
                oldest, content = queue.popleft()
                yield oldest, content.result()
        for file, content in queue:
            yield file, content.result()
