"""Files and manifests made to do harm: refused by name, never a crash, never a step out of the folder.

The fuzz tests try a fixed number of cases with a fixed seed; README states the numbers.
"""

import io
import os
import random
import struct
import warnings

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import skimage.data
from PIL import Image

from glint_data import images, manifest, sources
from glint_data.errors import GlintError, ImageRefused

IMAGE_CASES = 4000
MANIFEST_CASES = 600
KINDS = {
    "PNG": {},
    "JPEG": {},
    "TIFF": {"compression": "tiff_lzw"},
    "WEBP": {},
    "GIF": {},
    "BMP": {},
    "JPEG2000": {},
}


def seeds() -> list[bytes]:
    photo = Image.fromarray(skimage.data.chelsea()[100:148, 150:214])
    encoded = []
    for kind, options in KINDS.items():
        stream = io.BytesIO()
        photo.save(stream, kind, **options)
        encoded.append(stream.getvalue())
    return encoded


def mutated(content: bytes, chance: random.Random) -> bytes:
    """A few bytes changed, mostly in the header; sometimes cut, doubled or spliced."""
    broken = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        place = chance.randrange(min(len(broken), chance.choice((40, 200, len(broken)))))
        broken[place] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
    match chance.randrange(6):
        case 0:
            broken = broken[: chance.randrange(1, len(broken))]
        case 1:
            place = chance.randrange(len(broken))
            broken[place:place] = broken[max(place - 30, 0) : place]
        case 2:
            place = chance.randrange(max(len(broken) - 4, 1))
            broken[place : place + 4] = struct.pack(">I", chance.choice((0, 0xFFFFFFFF, 0x7FFFFFFF, 100_000)))
    return bytes(broken)


def test_mutated_images_are_pixels_or_refused():
    chance, whole = random.Random(0), seeds()
    refused = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for case in range(IMAGE_CASES):
            content = mutated(whole[case % len(whole)], chance)
            try:
                pixels = images.decode(content, f"case {case}", max_pixels=1_000_000).pixels
            except ImageRefused as refusal:
                assert str(refusal).startswith(f"case {case}")
                refused += 1
            else:
                assert pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3
                assert pixels.shape[0] * pixels.shape[1] <= 1_000_000
    assert IMAGE_CASES / 10 < refused < IMAGE_CASES, "the mutations do not reach the decoders"


def test_mutated_manifests_are_rows_or_refused(tmp_path):
    rows = pd.DataFrame(
        {"sample_id": [f"a_01_{n:02d}" for n in range(50)], "type": 1, "level": range(50), "mos": 0.5}
    )
    manifest.write(tmp_path, rows, {"suite": "kadid10k"})
    file = tmp_path / manifest.FILE
    whole, chance, refused = file.read_bytes(), random.Random(1), 0
    for _ in range(MANIFEST_CASES):
        file.write_bytes(mutated(whole, chance) if chance.random() < 0.3 else flipped_footer(whole, chance))
        try:
            manifest.read(tmp_path)
        except GlintError as refusal:
            assert manifest.FILE in str(refusal)
            refused += 1
    assert refused > MANIFEST_CASES / 10, "the mutations do not reach the reader"


def flipped_footer(content: bytes, chance: random.Random) -> bytes:
    """Parquet keeps its structure at the end: change bytes there."""
    broken = bytearray(content)
    for _ in range(chance.randint(1, 6)):
        broken[-chance.randrange(1, min(len(broken), 4000))] = chance.randrange(256)
    return bytes(broken)


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../outside.png", "images/../../x.png", "a\0b", "", "..\\x.png"]
)
def test_paths_out_of_the_folder_are_not_followed(tmp_path, path):
    with pytest.raises(GlintError, match="no path inside the dataset"):
        manifest.inside(tmp_path, path)


def test_wrong_types_in_parquet_are_refused(tmp_path):
    plain = pa.table({name: pa.array([1.5]) for name in manifest.COLUMNS})
    pq.write_table(plain.replace_schema_metadata(manifest.schema_metadata({})), tmp_path / manifest.FILE)
    with pytest.raises(GlintError, match="sample_id"):
        manifest.read(tmp_path)


@pytest.mark.parametrize(
    "name", [b"new\nline.png", b"\xff\xfe.png", b"a" * 251 + b".png", b"-rf .png", b"$(reboot).png"]
)
def test_odd_names_become_safe_ones(tmp_path, name):
    content = images.encode_png(skimage.data.chelsea()[60:124, 100:180])
    with open(os.fsencode(tmp_path) + b"/" + name, "wb") as stream:  # noqa: PTH123  (bytes are no Path)
        stream.write(content)
    admitted, refused = sources.scan(sources.find([tmp_path]), [], workers=1)
    assert not refused
    assert admitted[0].name.isascii() and "/" not in admitted[0].name and len(admitted[0].name) <= 80


def test_polyglot_file_is_one_image_or_refused(tmp_path):
    photo = images.encode_png(skimage.data.chelsea()[60:124, 100:180])
    pixels = images.decode(photo + b"PK\x03\x04<script>alert(1)</script>", "both.png").pixels
    assert np.array_equal(pixels, skimage.data.chelsea()[60:124, 100:180])


def test_thousands_of_empty_files_are_refused_by_name(tmp_path):
    for number in range(2000):
        (tmp_path / f"{number}.png").touch()
    admitted, refused = sources.scan(sources.find([tmp_path]), [], workers=2)
    assert not admitted and len(refused) == 2000
    assert all("empty" in refusal.error for refusal in refused)
