"""What a camera adds by itself: noise of the raw picture, its own processing, its lens, and the screen before it."""

from __future__ import annotations

from distortions.suite import Suite, table

_STEPS = "ours: steps from hardly visible to what photos are deleted for, by eye"
_NOISE = (
    _STEPS
    + "; Poisson-Gaussian raw noise (Foi et al., IEEE TIP 17, 2008), 4000 electrons at white at ISO 100"
)

SUITE = Suite(
    name="camera",
    version="1",
    title="Camera",
    types=table(
        (1, "sensor_noise", "Sensor noise, demosaiced", "ISO", (200, 800, 3200, 12800, 51200), _NOISE),
        (2, "demosaic", "Demosaicing", "sensor pixels to a pixel", (1, 1.35, 1.8, 2.4, 3.2)),
        (3, "denoise_smear", "Noise smeared away", "ISO", (400, 1600, 6400, 12800, 25600), _NOISE),
        (4, "over_sharpen", "Over-sharpening", "amount", (1, 2, 3.5, 6, 10)),
        (5, "tone_map", "Tone mapping, local contrast", "amount", (0.15, 0.35, 0.7, 1.2, 2)),
        (6, "lens_shading", "Lens shading", "stops at the corners", (0.4, 0.8, 1.5, 2.5, 4)),
        (7, "flare", "Flare", "light of the veil", (0.1, 0.25, 0.5, 1, 2)),
        (8, "lens_dirt", "Dirt on the lens", "share of the lens covered", (0.2, 0.35, 0.5, 0.7, 1)),
        (
            9,
            "screen_moire",
            "Moire of a screen",
            "contrast of the screen's grid",
            (0.05, 0.12, 0.25, 0.45, 0.8),
        ),
        (10, "rolling_shutter", "Rolling shutter", "largest shift, px", (2, 5, 10, 18, 30)),
        source=_STEPS,
    ),
)
