"""One picture at 12 megapixels and scaled to 768x512: do its labels agree?

    python -m benchmarks.sizes KODAK_FOLDER [FOLDER]

No natively large photos come with the project, so that two are made: a mosaic of 36 Kodak photos side by side, whose
detail is a camera's at every pixel (4608x3072), and one Kodak photo enlarged to that size, whose is not. Each is
distorted at full size in four ways; pairs are imported at that size, and scaled to 768x512 with their photo, and
labelled by default. Printed: both labels on 0 to 1, and their difference (asked: at most .06).
"""

import csv
import sys
import tempfile
from pathlib import Path

import numpy as np

LARGE, SMALL = (4608, 3072), (768, 512)
WAYS = (("gaussian_blur", 5.0), ("jpeg", 20), ("white_noise", 0.02), ("brighten", 0.4))


def main(arguments: list[str]) -> None:
    """Make the pairs, label, compare."""
    import cv2

    import distortions
    import glint_data as glint
    from glint_data import images

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(arguments[1] if len(arguments) > 1 else temporary)
        folder.mkdir(parents=True, exist_ok=True)
        lines = [("distorted", "reference")]

        def write(name: str, pixels: np.ndarray) -> None:
            small = cv2.resize(pixels, SMALL, interpolation=cv2.INTER_AREA)
            images.write_png(folder / f"{name}_large.png", pixels)
            images.write_png(folder / f"{name}_small.png", small)

        for title, photo in photos(Path(arguments[0])).items():
            write(title, photo)
            for name, strength in WAYS:
                write(
                    f"{title}_{name}", np.asarray(distortions.apply(photo, name, strength=strength, seed=1))
                )
                lines += [
                    (f"{title}_{name}_{size}.png", f"{title}_{size}.png") for size in ("large", "small")
                ]
        with (folder / "pairs.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(lines)
        dataset = glint.import_table(folder / "pairs.csv", folder / "dataset", workers=1)
        dataset = glint.label(dataset, workers=1)
        print(dataset.text())
        label = {Path(sample.path or "").stem: sample.label for sample in dataset}
        for title in ("mosaic", "enlarged"):
            for name, strength in WAYS:
                large, small = (label[f"{title}_{name}_{size}"].mos for size in ("large", "small"))
                print(
                    f"{title:<9} {name:<14} {strength:<5} large {large:.3f}  small {small:.3f}  {large - small:+.3f}"
                )


def photos(kodak: Path) -> dict[str, np.ndarray]:
    """The two large photos."""
    import cv2

    from glint_data import images

    files = sorted(kodak.glob("*.png"))
    tiles = [images.read_rgb(files[number % len(files)]) for number in range(36)]
    tiles = [tile if tile.shape[0] == 512 else np.rot90(tile) for tile in tiles]
    rows = [np.concatenate(tiles[start : start + 6], axis=1) for start in range(0, 36, 6)]
    enlarged = cv2.resize(tiles[0], LARGE, interpolation=cv2.INTER_CUBIC)
    return {"mosaic": np.ascontiguousarray(np.concatenate(rows)), "enlarged": enlarged}


if __name__ == "__main__":
    main(sys.argv[1:])
