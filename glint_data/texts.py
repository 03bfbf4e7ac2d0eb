"""Text files as people's programs write them: with a byte order mark, in UTF-16, in Windows' code page."""

import codecs

from glint_data.errors import GlintError
from glint_data.storage.files import read_bytes
from glint_data.storage.places import Place

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_text(file: Place) -> str:
    """A text file's content, whatever its encoding says of itself; without a mark UTF-8.

    Raises:
        GlintError: it cannot be read, or is no text in any of them.
    """
    try:
        return decoded(read_bytes(file), str(file))
    except OSError as error:
        raise GlintError(f"{file}: cannot be read ({error.strerror or error})") from error


def decoded(content: bytes, name: str) -> str:
    """`read_text` for bytes in memory. Raises `GlintError`."""
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), None)
    if encoding is None and b"\0" in content[:4000]:
        # no mark: UTF-16 of mostly ASCII has a zero in every second byte
        encoding = {0: "utf-16-be", 1: "utf-16-le"}[content.index(b"\0") % 2]
    try:
        return content.decode(encoding or "utf-8")
    except UnicodeDecodeError as error:
        if encoding is None and b"\0" not in content:
            at = content[: error.start].count(b"\n") + 1
            raise GlintError(
                f"{name}: line {at} is no UTF-8 text; save it as UTF-8 (in Excel: 'CSV UTF-8')"
            ) from error
        raise GlintError(f"{name}: no readable text ({error.reason}); save it as UTF-8") from error
