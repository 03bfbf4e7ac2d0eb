"""What photos meet today: newer codecs, resaving and resizing, phone cameras, and chains of several distortions."""

from __future__ import annotations

from distortions.suite import Suite, table

_PSNR = "ours, matched to 36, 33, 30, 27 and 24 dB as near as it goes: median PSNR over six of Kodak's photos"
_STEPS = "ours: even steps, from hardly visible to what photos are deleted for"

SUITE = Suite(
    name="modern",
    version="1",
    title="Modern",
    types=table(
        (1, "webp", "WebP", "quality", (81, 60, 26, 5, 0), _PSNR),
        (2, "avif", "AVIF", "quality", (70, 58, 46, 28, 6), _PSNR),
        (3, "jpeg_xl", "JPEG XL", "quality", (85, 69, 37, 15, 1), _PSNR),
        (4, "heic", "HEIC", "quality", (50, 39, 29, 19, 7), _PSNR),
        (5, "double_jpeg", "Double JPEG, grids 4 px apart", "quality", (93, 84, 62, 25, 10), _PSNR),
        (6, "resize_chain", "Resized repeatedly", "least scale", (0.9, 0.7, 0.5, 0.3, 0.15), _STEPS),
        (7, "sensor_noise", "Sensor noise, demosaiced", "ISO", (100, 400, 1600, 6400, 25600), _STEPS),
        (8, "low_light", "Low light", "stops", (1, 2, 3, 4, 5), _STEPS),
        (
            9,
            "rolling_banding",
            "Rolling banding",
            "amplitude, share of light",
            (0.04, 0.08, 0.16, 0.3, 0.5),
            _STEPS,
        ),
        (10, "shared_photo", "Shared again and again", "times", (1, 2, 3, 4, 5), _STEPS),
        (11, "chain", "Chain of different distortions", "distortions", (1, 2, 3, 4, 5), _STEPS),
    ),
)
