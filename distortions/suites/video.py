"""Frames of low-bitrate video: H.264, H.265 and AV1 at five rates. The clip is a slow pan over the photo."""

from __future__ import annotations

from dataclasses import replace

from distortions.suite import Suite, table

_CRF = "ours: constant rate factors from good streaming to a bad connection"

_TYPES = table(
    (1, "h264", "H.264 frame", "CRF", (23, 29, 35, 41, 47)),
    (2, "h265", "H.265 frame", "CRF", (25, 31, 37, 43, 49)),
    (3, "av1", "AV1 frame", "CRF", (30, 40, 48, 56, 63)),
    source=_CRF,
)
# its largest factor is milder than the others' fourth
_TYPES[3] = replace(_TYPES[3], words=("slight", "slight", "just noticeable", "relevant", "obvious"))

SUITE = Suite(name="video", version="1", title="Video frames", types=_TYPES)
