"""What cameras wrote beside the pixels: said on the way in, left out where that is wanted."""

import io

import numpy as np
import pytest
from PIL import Image

from glint_data import images
from glint_data.dataset import manifest, verify
from glint_data.importing import import_table


def exif_with_position():
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Maker", 6
    exif.get_ifd(0x8825).update({1: "N", 2: (50.0, 7.0, 0.0), 3: "E", 4: (8.0, 40.0, 0.0)})
    return exif


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_positions_are_named_and_left_out_where_asked(tmp_path, form):
    pixels = np.asarray(
        Image.fromarray(np.random.default_rng(1).integers(0, 256, (6, 8, 3), np.uint8)).resize((64, 48))
    )
    file = tmp_path / f"a.{form.lower()}"
    Image.fromarray(pixels).save(file, form, exif=exif_with_position())
    (tmp_path / "t.csv").write_text(f"image\n{file.name}\n")
    kept = import_table(tmp_path / "t.csv", tmp_path / "kept")
    said = (
        "camera data (EXIF)" if form == "TIFF" else "a position (GPS), camera data (EXIF)"
    )  # Pillow's writer
    assert f"1 files carry {said}; --strip" in kept.text()
    cut = import_table(tmp_path / "t.csv", tmp_path / "cut", strip=True)
    assert "GPS" not in cut.text()
    rows = [manifest.read(tmp_path / name).iloc[0] for name in ("kept", "cut")]
    assert (
        rows[0]["image_hash"] == rows[1]["image_hash"] and verify.verify(tmp_path / "cut", 1).problems == []
    )
    content = (tmp_path / "cut" / rows[1]["path"]).read_bytes()
    with Image.open(io.BytesIO(content)) as image:
        exif = image.getexif()
        assert not exif.get_ifd(0x8825) and 0x010F not in exif
    assert b"Maker" not in content
    assert images.read_rgb(tmp_path / "cut" / rows[1]["path"]).shape == (64, 48, 3), "still upright"
