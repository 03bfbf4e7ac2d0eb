"""`imagenet_c` beside the package imagecorruptions, which runs as it stands in an environment of its own.

    python -m venv reference
    reference/bin/pip install imagecorruptions "numpy==1.23.5" "scikit-image==0.20.0" "scipy<1.12" "opencv-python<4.9" \
        "numba<0.60"
    python -m benchmarks.reference_corruptions --reference reference/bin/python [--photos FOLDER] [--seeds 4]

Its other versions meet a scikit-image, or a NumPy, that it does not know. Two of its corruptions call scikit-image's
`gaussian` by an argument that is gone; they are given a `gaussian` that takes it. Photos are cut to 224 x 224 px.
What draws nothing is compared pixel by pixel: equal, or at most one grey level apart (it cuts off where we round). What
draws is compared over seeds by the change that it makes, mean and standard deviation, in grey levels. Ends with 1
where something deterministic is further off, or a noise's deviation by more than 3 %.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import distortions
from benchmarks.distortions import synthetic_photo

EQUAL = ("pixelate", "jpeg_compression")
NEAR = ("defocus_blur", "zoom_blur", "brightness", "contrast", "saturate", "gaussian_blur")
NOISES = ("gaussian_noise", "shot_noise", "impulse_noise", "speckle_noise")
WORKER = """
import sys, warnings
warnings.simplefilter("ignore")
import numpy as np
import skimage.filters
plain = skimage.filters.gaussian
def gaussian(image, *given, multichannel=None, **named):
    return plain(image, *given, channel_axis=-1 if multichannel else None, **named)
skimage.filters.gaussian = gaussian
from imagecorruptions import corrupt
source, out, names, seeds = sys.argv[1:]
photos, made = np.load(source), {}
for name in names.split(","):
    for severity in range(1, 6):
        for seed in range(int(seeds)):
            for number, photo in enumerate(photos):
                np.random.seed(1000 * seed + number)
                made[f"{name}/{severity}/{seed}/{number}"] = corrupt(photo, severity, name)
np.savez(out, **made)
"""


def photos(folder: Path | None) -> np.ndarray:
    """N x 224 x 224 x 3 uint8."""
    if folder is None:
        return np.stack([synthetic_photo()[top : top + 224, top : top + 224] for top in (0, 100)])
    from glint_data import images

    files = sorted(folder.glob("*.png"))
    return np.stack([images.read_rgb(file)[100:324, 150:374] for file in files])


def references(
    python: str, pixels: np.ndarray, names: list[str], seeds: int, folder: Path
) -> dict[str, np.ndarray]:
    """What the package makes of them, by corruption/severity/seed/photo."""
    np.save(folder / "photos.npy", pixels)
    arguments = [str(folder / "photos.npy"), str(folder / "made.npz"), ",".join(names), str(seeds)]
    subprocess.run([python, "-c", WORKER, *arguments], check=True)
    return dict(np.load(folder / "made.npz"))


def exact(name: str, pixels: np.ndarray, made: dict[str, np.ndarray]) -> bool:
    """Print how far the pixels are apart; whether that is within what is stated."""
    most, differing = 0, []
    for severity in range(1, 6):
        for number, photo in enumerate(pixels):
            ours = distortions.apply(photo, name, severity, "imagenet_c").astype(int)
            apart = np.abs(ours - made[f"{name}/{severity}/0/{number}"])
            most, differing = max(most, int(apart.max())), [*differing, float((apart > 0).mean())]
    print(f"{name:18} at most {most} grey levels apart, {np.mean(differing):.1%} of the values differ")
    return most <= (0 if name in EQUAL else 1)


def spread(name: str, pixels: np.ndarray, made: dict[str, np.ndarray], seeds: int) -> bool:
    """Print mean and SD of the change by severity, ours / theirs; whether a noise's SD is as stated."""
    fits, cells = True, []
    for severity in range(1, 6):
        ours, theirs = [], []
        for seed in range(seeds):
            for number, photo in enumerate(pixels):
                mine = distortions.apply(photo, name, severity, "imagenet_c", seed=1000 * seed + number)
                ours.append(mine.astype(float) - photo)
                theirs.append(made[f"{name}/{severity}/{seed}/{number}"].astype(float) - photo)
        one, two = np.stack(ours), np.stack(theirs)
        cells.append(f"{one.mean():+.1f} {one.std():.1f} / {two.mean():+.1f} {two.std():.1f}")
        fits &= name not in NOISES or abs(one.std() / two.std() - 1) <= 0.03
    print(f"{name:18} {'   '.join(cells)}", flush=True)
    return fits


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--reference", required=True, help="the Python that has imagecorruptions")
    parser.add_argument("--photos", type=Path, help="a folder of PNGs (default: a synthetic photo)")
    parser.add_argument("--seeds", type=int, default=4)
    options = parser.parse_args()
    names = [entry.name for entry in distortions.suite("imagenet_c").types.values()]
    drawn = [name for name in names if name not in EQUAL + NEAR]
    pixels = photos(options.photos)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = references(options.reference, pixels, [*EQUAL, *NEAR], 1, folder)
        made |= references(options.reference, pixels, drawn, options.seeds, folder)
    print(f"{len(pixels)} photos of 224 x 224, 5 severities")
    fits = [exact(name, pixels, made) for name in EQUAL + NEAR]
    print(f"\nmean and SD of the change at severities 1 to 5, ours / imagecorruptions, {options.seeds} seeds")
    fits += [spread(name, pixels, made, options.seeds) for name in drawn]
    sys.exit(not all(fits))


if __name__ == "__main__":
    main()
