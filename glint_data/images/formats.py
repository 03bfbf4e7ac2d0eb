"""Which files are pictures: the formats that are opened, what a file is by its first bytes, packages some need."""

import functools
import importlib
from pathlib import PurePosixPath

from glint_data.errors import ImageRefused

EXTENSIONS = frozenset(
    f".{ending}"
    for ending in (
        *("png", "apng", "jpg", "jpeg", "jpe", "jfif", "mpo", "bmp", "dib", "tif", "tiff", "webp", "gif"),
        *(
            "ppm",
            "pgm",
            "pbm",
            "pnm",
            "jp2",
            "j2k",
            "j2c",
            "jpc",
            "jpf",
            "jpx",
            "avif",
            "heic",
            "heif",
            "hif",
            "jxl",
        ),
    )
)
RAW_EXTENSIONS = frozenset(
    f".{ending}"
    for ending in (
        *("3fr", "arw", "cr2", "cr3", "crw", "dcr", "dng", "erf", "fff", "gpr", "iiq", "kdc", "mef", "mrw"),
        *("nef", "nrw", "orf", "pef", "raf", "rw2", "rwl", "sr2", "srf", "srw", "x3f"),
    )
)
"""Files of a camera's sensor. They have no one rendering, so they are refused by name, never passed over."""

_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    *((mark, "TIFF") for mark in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG2000"),
    (b"\xff\x4f\xff\x51", "JPEG2000"),
    (b"\xff\x0a", "JXL"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JXL"),
    *((b"P%d" % form, "PPM") for form in range(1, 7)),
    (b"Pf", "PPM"),
)
"""Pillow's names of what is opened, whatever a file's ending says. Not EPS, which would start an interpreter."""

_STRANGERS = (
    ((b"%!PS", b"\xc5\xd0\xd3\xc6"), "PostScript, which is a program and is not run"),
    ((b"%PDF",), "a PDF"),
    ((b"<svg", b"<?xml"), "an SVG or another XML document"),
    ((b"<!doctype html", b"<html"), "a page of HTML, perhaps a failed download"),
    ((b"version https://git-lfs",), "a Git LFS pointer; fetch the file itself with 'git lfs pull'"),
    ((b"PK\x03\x04",), "a zip archive"),
    ((b"8BPS",), "a Photoshop document"),
)
_HEIF_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"mif2"))
_RAW_BEGINNINGS = (b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FOVb", b"\0MRM")
_PLUGINS = {"HEIF": ("pillow_heif", "pillow-heif"), "JXL": ("pillow_jxl", "pillow-jxl-plugin")}


def identify(encoded: bytes) -> str:
    """Pillow's name of the format that the file's first bytes are of.

    Raises:
        ImageRefused: a camera's RAW file, or what is no picture (PostScript, HTML, ...).
    """
    format = _boxed(encoded) if encoded[4:8] == b"ftyp" else _by_beginning(encoded)
    if format is None:
        raise ImageRefused("not an image, or of a kind that cannot be decoded here")
    return format


_USUAL_ENDINGS = {"JPEG": ".jpg", "TIFF": ".tif", "JPEG2000": ".jp2", "HEIF": ".heic"}


def ending_of(name: str, encoded: bytes) -> str:
    """The ending for a copy of a file: its own in small letters, or the usual one of what it holds. See `identify`."""
    own = PurePosixPath(name).suffix.lower()
    format = identify(encoded)
    return own if own in EXTENSIONS else _USUAL_ENDINGS.get(format, f".{format.lower()}")


def _by_beginning(encoded: bytes) -> str | None:
    if encoded[:4] == b"RIFF" and encoded[8:12] == b"WEBP":
        return "WEBP"
    canon = encoded[6:14] == b"HEAPCCDR" or (encoded[:4] == b"II*\0" and encoded[8:10] == b"CR")
    if canon or encoded.startswith(_RAW_BEGINNINGS):
        raise ImageRefused(RAW)
    head = encoded[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for marks, what in _STRANGERS:
        if head.startswith(tuple(mark.lower() for mark in marks)):
            raise ImageRefused(f"holds {what}; give the picture as PNG, JPEG or TIFF")
    return next((name for mark, name in _BEGINNINGS if encoded.startswith(mark)), None)


RAW = "a camera's RAW file, which has no one rendering; develop it and export 16-bit TIFF or PNG"


def _boxed(encoded: bytes) -> str | None:
    """AVIF, HEIF or RAW by the brands of an ISO media file (ISO/IEC 14496-12, 4.3)."""
    size = min(int.from_bytes(encoded[:4]), 256)
    brands = {encoded[start : start + 4] for start in (8, *range(16, size, 4))}
    if b"crx " in brands:
        raise ImageRefused(RAW)
    if brands & {b"avif", b"avis"}:
        return "AVIF"
    return "HEIF" if brands & _HEIF_BRANDS else None


def make_readable(name: str | None) -> None:
    """Register the reader of a format that Pillow itself lacks, so that the answer never depends on what ran before.

    Raises:
        ImageRefused: its package is not installed; the sentence names it.
    """
    if name not in _PLUGINS:
        return
    module, package = _PLUGINS[name]
    try:
        _register(module)
    except ImportError:
        title = {"HEIF": "HEIC", "JXL": "JPEG XL"}[name]
        raise ImageRefused(
            f"{title} pictures need the package {package}: pip install {package}, or convert the file to PNG"
        ) from None


@functools.cache
def _register(module: str) -> None:
    plugin = importlib.import_module(module)
    if module == "pillow_heif":
        plugin.register_heif_opener(thumbnails=False)
