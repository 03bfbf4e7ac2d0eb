"""Small rated datasets of made-up scores: crops of scikit-image's photos, a few cells, quick to measure."""

import cv2
import numpy as np
import skimage.data

import distortions
from glint_data.dataset import manifest
from glint_data.images import pixel_hash, write_png

CELLS = [(1, 1), (1, 3), (1, 5), (10, 2), (10, 4), (10, 5), (11, 2), (11, 4), (11, 5)]
CELLS += [(9, 2), (9, 4), (16, 3), (17, 5), (7, 3), (12, 4)]


def crops(count: int, size: tuple[int, int] = (128, 96)) -> dict[str, np.ndarray]:
    """name -> pixels of different places of different photos."""
    photos = [skimage.data.astronaut(), skimage.data.coffee(), skimage.data.chelsea(), skimage.data.rocket()]
    rng = np.random.default_rng(0)
    made = {}
    for number in range(count):
        photo = photos[number % len(photos)]
        width, height = 2 * size[0], 2 * size[1]
        top, left = (
            int(rng.integers(0, span - side))
            for span, side in zip(photo.shape, (height, width), strict=False)
        )
        part = photo[top : top + height, left : left + width]
        made[f"p{number:02d}"] = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    return made


def score(photo: np.ndarray, sample: np.ndarray) -> float:
    """What these raters say: the larger the squared error, the lower; on 0 to 1."""
    grey = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(float) for image in (photo, sample)]
    error = ((grey[0] - grey[1]) ** 2).mean()
    return float(np.clip(1 - 0.11 * np.log1p(error), 0.02, 0.98))


def rated(
    folder, photos: dict[str, np.ndarray], cells=CELLS, typed: bool = True, method: str | None = "rated"
):
    """A dataset of files; with `method` "rated" its scores are people's, None leaves them out."""
    import pandas as pd

    rows = []
    (folder / "images").mkdir(parents=True)
    (folder / "references").mkdir()
    suite = distortions.suite("kadid10k")
    for name, pixels in photos.items():
        write_png(folder / f"references/{name}.png", pixels)
        prepared = distortions.Photo(pixels)
        for number, level in cells:
            image = suite.render(prepared, number, level, seed=1).pixels
            row = {
                "sample_id": f"{name}_{number:02d}_{level:02d}",
                "source": name,
                "source_hash": pixel_hash(pixels),
                "reference_path": f"references/{name}.png",
                "path": f"images/{name}_{number:02d}_{level:02d}.png",
                "image_hash": pixel_hash(image),
                "width": image.shape[1],
                "height": image.shape[0],
                "status": "ok",
            }
            if typed:
                row |= {"suite": "kadid10k", "suite_version": suite.version, "type": number, "level": level}
            if method:
                row |= {"mos": score(pixels, image), "label_method": method, "label_set": "ours"}
            write_png(folder / row["path"], image)
            rows.append(row)
    about = {"method": method, "set": "ours", "title": "Our study", "low": 0, "high": 100}
    manifest.write(folder, pd.DataFrame(rows), {"label": about} if method else {})
    return folder
