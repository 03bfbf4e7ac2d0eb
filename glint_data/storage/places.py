"""Where things lie: folders and files of this machine, or fsspec addresses such as s3://bucket/photos.

`place` turns what a person typed into a `pathlib.Path` or into a `upath.UPath`, which has the same methods.
A signature says `Place` where either will do, and Path for what has to lie on this machine. Credentials and
endpoints come from the usual environment (AWS_PROFILE, AWS_ENDPOINT_URL, FSSPEC_S3_..., fsspec's configuration) alone.
"""

import contextlib
import errno
import os
import re
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, Union
from urllib.parse import unquote, urlsplit

from glint_data.errors import GlintError

if TYPE_CHECKING:
    from typing_extensions import TypeIs
    from upath import UPath

Place: TypeAlias = Union[Path, "UPath"]
"""Where something lies: a path of this machine, or an address. Both have the methods of `pathlib.Path`."""

AnyPlace: TypeAlias = Union[str, os.PathLike[str], "UPath"]
"""What names a place; `place` makes one of it."""

OBJECT_STORES = frozenset(("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oss", "memory"))
"""Schemes whose single write is whole or not there: only these are written to."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")


def place(text: AnyPlace) -> Place:
    """A path, or an address that begins with a scheme (s3://, gs://, ...); file:// is a path.

    Raises:
        GlintError: nothing but blanks, what is no path, or an unknown scheme or one whose package is not installed.
    """
    if not isinstance(text, str):
        try:
            return text if isinstance(text, Path) or is_remote(text) else Path(text)
        except TypeError:
            raise GlintError(f"{text!r}: is no path; name a file or a folder by text or a Path") from None
    if not text.strip():
        raise GlintError(
            "an empty path, as of a variable that is not set; name a file or a folder ('.' is this one)"
        )
    scheme = _SCHEME.match(text)
    if not scheme:
        return Path(text)
    if scheme[1].lower() == "file":
        return Path(unquote(urlsplit(text).path))
    if "::" in text:
        raise GlintError(
            f"{text}: chained addresses (::) are not followed; name the one that holds the files"
        )
    try:
        from upath import UPath
    except ImportError:
        raise GlintError(f"{text}: addresses need more packages: pip install 'glint-data[remote]'") from None
    try:
        # No listings kept: worker processes write what this one has listed before.
        address = UPath(text.rstrip("/") if scheme.end() < len(text) else text, use_listings_cache=False)
        _ = address.fs  # imports the scheme's package
    except ImportError as error:
        raise GlintError(f"{text}: {error}; pip install 'glint-data[remote]' brings that of s3://") from None
    except Exception as error:  # each scheme's package raises its own kinds
        raise GlintError(f"{text}: not an address that can be used here ({_one_line(error)})") from None
    return address


def recorded(text: str) -> Place:
    """A place that a manifest names: a path or an object store's address, never another server.

    Raises:
        GlintError: a manifest from elsewhere could have this machine call any server; not followed.
    """
    scheme = _SCHEME.match(text)
    if scheme and scheme[1].lower() not in OBJECT_STORES:
        raise GlintError(f"{text}: named by a manifest, but at no object store; not followed")
    return place(text)


def is_remote(path: object) -> "TypeIs[UPath]":
    """Whether a place is an address, not a path of this machine."""
    return hasattr(path, "fs") and not isinstance(path, Path)


def check(path: Place) -> None:
    """Ask a remote place for a sign of life, so that an unreachable one is not taken for an empty one.

    Raises:
        GlintError: no such bucket, no credentials, access refused, no answer.
    """
    if not is_remote(path):
        return
    with explaining(path), contextlib.suppress(FileNotFoundError):
        try:
            path.fs.info(path.path)
        except FileNotFoundError as error:
            if _code(error) == "NoSuchBucket":
                raise GlintError(f"{path}: {_BY_CODE['NoSuchBucket']}") from error


@contextlib.contextmanager
def explaining(path: Place) -> Iterator[None]:
    """Errors of a remote place within the block become one sentence; "not found" passes as it is.

    Raises:
        GlintError: naming the place, what its server said, and what to do.
    """
    try:
        yield
    except (GlintError, FileNotFoundError):
        raise
    except Exception as error:
        if not is_remote(path) or not (isinstance(error, OSError) or is_of_a_server(error)):
            raise
        raise GlintError(f"{path}: {reason(error)}") from error


def reason(error: BaseException) -> str:
    """What a remote place's error means, and what to do, without its name."""
    name = type(error).__name__
    if name in _BY_CODE:
        return _BY_CODE[name]
    if _code(error) in _BY_CODE:
        return _BY_CODE[_code(error)]
    if isinstance(error, PermissionError):
        return _REFUSED
    if isinstance(error, ValueError) and "endpoint" in str(error).lower():
        return f"{_one_line(error)}; check AWS_ENDPOINT_URL, which begins with https:// or http://"
    if isinstance(error, FileNotFoundError):
        return "there is no such object"
    if isinstance(error, (ConnectionError, TimeoutError)) or "Connect" in name or "Timeout" in name:
        return f"its server does not answer ({_one_line(error)}); check the network and AWS_ENDPOINT_URL"
    if (
        isinstance(error, OSError) and error.errno in _OF_A_SERVER
    ):  # the package has asked several times by now
        said = (
            error.strerror
            if error.strerror and error.strerror != os.strerror(error.errno or 0)
            else _code(error)
        )
        return f"its server failed, asked several times ({said or 'no reason was said'}); {_LATER}"
    return f"{name}: {_one_line(error)}"


def is_of_a_server(error: BaseException) -> bool:
    """Whether the error came out of the packages that talk to remote places."""
    packages = ("botocore", "aiobotocore", "aiohttp", "s3fs", "gcsfs", "adlfs", "fsspec")
    chain = [link for link in (error, error.__cause__, error.__context__) if link is not None]
    names = [type(link).__module__ for link in chain] + [_raised_in(link) for link in chain]
    return any(name.partition(".")[0] in packages for name in names)


def _raised_in(error: BaseException) -> str:
    """The module that raised an error."""
    name = ""
    for frame, _line in traceback.walk_tb(error.__traceback__):
        name = frame.f_globals.get("__name__", "")
    return name


_OF_A_SERVER = {getattr(errno, name) for name in ("EREMOTEIO", "EIO", "EBUSY") if hasattr(errno, name)}
_LATER = "run the same command again in a while, it goes on where it stopped"
_REFUSED = "access was refused; check the credentials and what they may do with this bucket"
_CREDENTIALS = (
    "no credentials were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or AWS_PROFILE "
    "(for a public bucket FSSPEC_S3_ANON=true)"
)
_BY_CODE = {
    "NoSuchBucket": "there is no such bucket; make it first, or mend the address",
    "NoCredentialsError": _CREDENTIALS,
    "PartialCredentialsError": _CREDENTIALS,
    "AccessDenied": _REFUSED,
    "403": _REFUSED,
    "InvalidAccessKeyId": _REFUSED,
    "SignatureDoesNotMatch": _REFUSED,
    "ParamValidationError": "not an address that its server takes; bucket names hold letters, digits, dots, dashes",
}


def _code(error: BaseException) -> str:
    """The server's own code, which s3fs keeps in the cause."""
    response = getattr(error.__cause__, "response", None) or getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
