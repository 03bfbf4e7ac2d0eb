"""What messengers and social networks do: reductions, re-encodings, chroma subsampling, hop after hop."""

from __future__ import annotations

from distortions.suite import Suite, table

_SHARES = (0.8, 0.6, 0.4, 0.25, 0.15)
_SIZES = "ours: shares from a large screen's width to a thumbnail's, of a photo as phones take them"
_STEPS = "ours: steps from hardly visible to plainly bad, by eye"

SUITE = Suite(
    name="platform",
    version="1",
    title="Platforms",
    types=table(
        (1, "reduced_jpeg", "Reduced, JPEG 4:2:0", "share of the size", _SHARES, _SIZES),
        (2, "reduced_jpeg_444", "Reduced, JPEG 4:4:4", "share of the size", _SHARES, _SIZES),
        (3, "reduced_webp", "Reduced, WebP", "share of the size", _SHARES, _SIZES),
        (4, "sharpened_preview", "Sharpened preview", "share of the size", _SHARES, _SIZES),
        (5, "jpeg_444", "JPEG 4:4:4", "quality", (75, 40, 20, 10, 5)),
        (
            6,
            "chroma_subsampling",
            "Chroma subsampling",
            "chroma divisor",
            (2, 4, 8, 16, 32),
        ),
        (7, "hops", "Passed on again and again", "hops", (1, 3, 6, 10, 16)),
        source=_STEPS,
    ),
)
