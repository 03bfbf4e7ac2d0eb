"""Several distortions in a row: a photo that was shared, and chains drawn at random with their recipe."""

from __future__ import annotations

from typing import Any

import numpy as np

from distortions.photo import Photo, closing
from distortions.registry import distortion, distortion_named
from distortions.strengths import Range

# (distortion, weakest and strongest strength to draw from)
LINKS: tuple[tuple[str, float, float], ...] = (
    ("gaussian_blur", 0.4, 2.0),
    ("lens_blur", 0.8, 2.5),
    ("motion_blur", 2.0, 7.0),
    ("white_noise", 0.0003, 0.004),
    ("color_component_noise", 0.0003, 0.003),
    ("sensor_noise", 200, 3200),
    ("resize_chain", 0.3, 0.9),
    ("jpeg", 20, 80),
    ("webp", 15, 80),
    ("mean_shift", -0.12, 0.12),
    ("contrast_scale", 0.6, 1.3),
)
INTEGERS = ("jpeg", "webp")


def _draw_chain(rng: np.random.Generator, photo: Photo, count: float) -> dict[str, Any]:
    """`count` different links in drawn order, each with its strength and what it draws itself."""
    steps = []
    for index in rng.permutation(len(LINKS))[: int(count)]:
        name, weakest, strongest = LINKS[index]
        strength = float(rng.uniform(weakest, strongest))
        strength = float(round(strength)) if name in INTEGERS else strength
        drawn = distortion_named(name).parameters(photo, strength, rng)
        steps.append({"distortion": name, "strength": strength, "parameters": drawn})
    return {"steps": steps}


@distortion(Range(1, 11, "distortions", whole=True), draw=_draw_chain, needs={"PIL._webp": "pillow"})
def chain(photo: Photo, count: float, steps: list[dict[str, Any]]) -> Photo:
    """`count` different distortions one after the other, each on the 8-bit result of the last."""
    for step in steps:
        link = distortion_named(step["distortion"])
        result = link.render(photo, step["strength"], step["parameters"])
        photo = Photo(closing(result, stretch=False, floating=False))
    return photo


@distortion(Range(1, 8, "times", whole=True), needs={"PIL._webp": "pillow"})
def shared_photo(photo: Photo, times: float) -> Photo:
    """Shared that many times: made smaller and back, JPEG, WebP, each time with less care."""
    for turn in range(int(times)):
        for name, strength in (
            ("resize_chain", 0.8 - 0.08 * turn),
            ("jpeg", 75 - 10 * turn),
            ("webp", 60 - 8 * turn),
        ):
            result = distortion_named(name).render(photo, strength, {})
            photo = Photo(closing(result, stretch=False, floating=False))
    return photo
