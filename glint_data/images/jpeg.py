"""Whether a JPEG's data are whole, as far as they can tell."""

import re
import struct

from glint_data.errors import ImageRefused
from glint_data.images import sequential

_BASELINE, _EXTENDED, _PROGRESSIVE, _ARITHMETIC, _PROGRESSIVE_ARITHMETIC = 0xC0, 0xC1, 0xC2, 0xC9, 0xCA
_DECODED = (_BASELINE, _EXTENDED, _PROGRESSIVE, _ARITHMETIC, _PROGRESSIVE_ARITHMETIC)
_FRAMES = {0xF7, *range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_NAMES = {0xC3: "lossless", 0xC7: "lossless", 0xCB: "lossless", 0xCF: "lossless", 0xF7: "JPEG-LS"}
_START_OF_SCAN, _END = 0xDA, 0xD9


def check_coding(encoded: bytes) -> None:
    """Refuse a JPEG of a coding that is not decoded here: lossless, hierarchical, JPEG-LS, or of more than 8 bits.

    Raises:
        ImageRefused: see above.
    """
    at = 2
    while at + 9 <= len(encoded):
        marker = encoded[at + 1]
        if marker == 0xFF:  # a filling byte
            at += 1
            continue
        if encoded[at] != 0xFF or marker in (_START_OF_SCAN, _END):
            return
        if marker in _FRAMES:
            bits = encoded[at + 4]
            if marker not in _DECODED or bits != 8:
                coding = _NAMES.get(marker, "hierarchical" if marker not in _DECODED else "lossy")
                raise ImageRefused(
                    f"a JPEG of a coding that is not decoded here ({coding}, {bits} bits); convert it"
                )
            return
        (length,) = struct.unpack_from(">H", encoded, at + 2)
        at += 2 + length


def check(encoded: bytes) -> None:
    """Refuse a JPEG that libjpeg warns of (a hole, zeros, a cut), or whose blocks cannot be an encoder's.

    libjpeg reads the data at an eighth of the size; what it does not warn of is looked for in sequential files alone.

    Raises:
        ImageRefused: damaged.
    """
    try:
        _entropy_decoded(encoded)
    except ValueError as error:
        said = str(error).strip()
        padding = _PADDED.search(said)
        is_sound = _UNUSUAL_SAMPLING in said or (padding and _is_complete_without(encoded, int(padding[1])))
        if not is_sound:
            raise ImageRefused(f"damaged: {said}; restore the file from its source") from error
    wrong = sequential.what_is_wrong(encoded)
    if wrong:
        raise ImageRefused(f"damaged: {wrong}; restore the file from its source")


_UNUSUAL_SAMPLING = "determine subsampling"
"""libjpeg reads any sampling; the interface that tells its warnings knows the usual ones."""
_PADDED = re.compile(r"(\d+) extraneous bytes before marker 0xd9")
"""Some cameras fill up with zeros before the end; after damage it is picture data that are left over there."""


def _is_complete_without(encoded: bytes, padding: int) -> bool:
    """Whether a JPEG is sound when so many zeros before its end are taken out."""
    end = encoded.rfind(b"\xff\xd9")
    if padding == 0 or encoded[end - padding : end].strip(b"\0"):
        return False
    try:
        _entropy_decoded(encoded[: end - padding] + b"\xff\xd9")
    except ValueError:
        return False
    return True


def _entropy_decoded(encoded: bytes) -> None:
    """Read all data of a JPEG. Raises ValueError with libjpeg's warning."""
    import simplejpeg

    _height, _width, colours, _sampling = simplejpeg.decode_jpeg_header(encoded, strict=False)
    wanted = "CMYK" if colours in ("CMYK", "YCCK") else "Gray" if colours == "Gray" else "RGB"
    simplejpeg.decode_jpeg(encoded, wanted, fastdct=True, min_height=1, min_width=1, min_factor=8)
