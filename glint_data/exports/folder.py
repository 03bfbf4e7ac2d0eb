"""An output folder that is whole or not there: built beside its place, renamed when it is finished."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from glint_data.errors import CannotWrite, GlintError, Stopped
from glint_data.work import only_run


def check_free(out: Path) -> None:
    """Raise `GlintError` where `out` is a file or holds something already."""
    if out.is_dir() and any(out.iterdir()):
        raise GlintError(f"{out}: is not empty; an export goes into a new or an empty folder")
    if out.exists() and not out.is_dir():
        raise GlintError(f"{out}: is a file; name a new folder")


@contextlib.contextmanager
def building(out: Path) -> Iterator[Path]:
    """A folder beside `out` that takes its name when the block ends well, and vanishes otherwise.

    What a killed run left there is removed by the next one.

    Raises:
        GlintError: another process is writing the same export.
        CannotWrite: the disk is full or the folder not writable; nothing is left.
        Stopped: Ctrl-C; nothing is left.
    """
    check_free(out)
    out = out.resolve()
    partial = out.with_name(f".{out.name[:200]}.partial")
    try:
        partial.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotWrite(
            f"{out}: cannot be made ({error.strerror or error}); choose another --out"
        ) from error
    with only_run(partial):
        try:
            unfinished = partial / "export"
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            yield unfinished
            unfinished.replace(out)
        except (OSError, CannotWrite) as error:
            reason = getattr(error, "strerror", None) or error
            raise CannotWrite(
                f"{out}: the export was not finished ({reason}) and nothing of it was kept; "
                "free some space or choose another --out, then run the same command again"
            ) from error
        except KeyboardInterrupt:
            raise Stopped(f"stopped; nothing of the export {out} was kept") from None
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def write_file(file: Path, content: bytes) -> Path:
    """Write a file of an unfinished export. Raises `CannotWrite`."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as error:
        raise CannotWrite(f"{file.name}: {error.strerror or error}") from error
    return file
