"""Small datasets for this room's tests: two photos, files or recipes."""

from pathlib import Path

import skimage.data

from glint_data import images
from glint_data.dataset import manifest
from glint_data.synthesis.recipes import Settings
from glint_data.synthesis.synthesize import synthesize

FEW = Settings(types=(1, 11, 22), levels=(2, 5))


def make(folder: Path, virtual: bool = False, settings: Settings = FEW) -> Path:
    """A dataset of three photos (crops of skimage's), six samples each, labelled by level."""
    from dataclasses import replace

    photos, out = folder / "photos", folder / ("recipes" if virtual else "files")
    photos.mkdir(parents=True, exist_ok=True)
    crops = {
        "cat": skimage.data.chelsea()[60:132, 100:190],
        "cup": skimage.data.coffee()[100:180, 200:280],
        "face": skimage.data.astronaut()[20:100, 180:260],
    }
    for name, pixels in crops.items():
        images.write_png(photos / f"{name}.png", pixels)
    synthesize([photos], out, replace(settings, virtual=virtual), workers=1)
    rows = manifest.read(out)
    labels = {
        "mos": 0.9 - rows["level"] / 10,
        "mos_std": 0.1,
        "mos_low": 0.2,
        "mos_high": 0.95,
        "label_set": "kadid",
        "label_method": "pair",
        "label_references": [["I01", "I02"]] * len(rows),
        "label_similarities": [[0.9, 0.4]] * len(rows),
    }
    manifest.write(out, rows.assign(**labels), {"suite": "kadid10k", "label": {"set": "kadid"}})
    return out
