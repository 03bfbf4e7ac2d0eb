"""Files and manifests made to do harm: refused by name, never a crash, never a step out of the folder.

The fuzz tests try a fixed number of cases with a fixed seed; README states the numbers.
"""

import io
import json
import os
import random
import shutil
import struct
import warnings
import zipfile
import zlib
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import skimage.data
from PIL import Image, ImageFile

from glint_data import images, sources
from glint_data.dataset import manifest
from glint_data.dataset.verify import verify
from glint_data.errors import GlintError, ImageRefused
from glint_data.progress import printable
from glint_data.synthesis.materialize import materialize
from glint_data.synthesis.recipes import Settings
from glint_data.synthesis.synthesize import synthesize

IMAGE_CASES = 10_000
MANIFEST_CASES = 2000
ONE = Settings(types=(1,), levels=(1,))
KINDS = {
    "PNG": {},
    "JPEG": {},
    "TIFF": {"compression": "tiff_lzw"},
    "WEBP": {},
    "GIF": {},
    "BMP": {},
    "JPEG2000": {},
    "AVIF": {},
    "PPM": {},
}


def seeds() -> list[bytes]:
    photo = Image.fromarray(skimage.data.chelsea()[100:148, 150:214])
    encoded = []
    for type_number, options in KINDS.items():
        stream = io.BytesIO()
        photo.save(stream, type_number, **options)
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
    intact, chance, refused = file.read_bytes(), random.Random(1), 0
    for _ in range(MANIFEST_CASES):
        file.write_bytes(mutated(intact, chance) if chance.random() < 0.3 else flipped_footer(intact, chance))
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


ODD_NAMES = [
    *(b"new\nline.png", b"a" * 251 + b".png", b"-rf .png", b"$(reboot).png", b"...png", b".png.png"),
    *(b"\x1b[2Jclear.png", b"a;b,c\"d'.png", "\u202egnp.exe.png".encode(), b"CON.png", b"%2e%2e%2f.png"),
]
NOT_TEXT = b"\xff\xfe.png"


def test_odd_names_in_a_whole_run(tmp_path, capsys):
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    for number, name in enumerate([*ODD_NAMES, NOT_TEXT]):
        content = images.encode_png(skimage.data.chelsea()[60:124, 100 + number : 180 + number])
        with open(os.fsencode(photos) + b"/" + name, "wb") as stream:  # noqa: PTH123  (bytes are no Path)
            stream.write(content)
    summary = synthesize([photos], out, ONE, workers=1)
    seen = [name for name in ODD_NAMES if not name.startswith(b".")]
    assert (summary.sources, summary.made) == (len(seen), len(seen))
    assert ["no UTF-8 text" in refusal.error for refusal in summary.refusals] == [True]
    assert "\\udcff\\udcfe.png" in (out / "failures.csv").read_text(encoding="utf-8")
    for name in manifest.read(out)["source"]:
        assert name.isascii() and "/" not in name and not name.startswith((".", "-")) and len(name) <= 100
    assert not verify(out, workers=1).problems
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "photos"]
    said = capsys.readouterr().err
    assert f"(hidden {len(ODD_NAMES) - len(seen)})" in said
    assert "\x1b" not in printable("\x1b[2Jclear.png") + summary.text() + said


@pytest.mark.parametrize(
    "change",
    [
        {"name": "../../outside"},
        {"name": "/etc/cron.d/x"},
        {"name": ""},
        {"name": "a\\b"},
        {"path": None},
        {"place": "first"},
    ],
    ids=str,
)
def test_hostile_sources_write_nothing_outside(tmp_path, change):
    photos, recipes = tmp_path / "photos", tmp_path / "recipes"
    photos.mkdir()
    images.write_png(photos / "cat.png", skimage.data.chelsea()[60:124, 100:180])
    synthesize([photos], recipes, replace(ONE, virtual=True), workers=1)
    rows = pq.ParquetFile(recipes / sources.FILE).read().to_pylist()
    pq.write_table(pa.Table.from_pylist([rows[0] | change]), recipes / sources.FILE)
    samples = manifest.read(recipes).assign(source=change.get("name", "cat"))
    manifest.write(recipes, samples, {"suite": "kadid10k"})
    with pytest.raises(GlintError, match="not a readable table of sources"):
        materialize(recipes, tmp_path / "below" / "out", [], workers=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photos", "recipes"]


@pytest.mark.parametrize(
    "settings", [None, [], {"suite": 5}, {"suite": "kadid10k", "types": 5, "levels": "x"}]
)
def test_hostile_settings_are_refused(tmp_path, settings):
    photos, recipes = tmp_path / "photos", tmp_path / "recipes"
    photos.mkdir()
    images.write_png(photos / "cat.png", skimage.data.chelsea()[60:124, 100:180])
    synthesize([photos], recipes, replace(ONE, virtual=True), workers=1)
    record = json.loads((recipes / "run.json").read_text())
    (recipes / "run.json").write_text(json.dumps(record | {"settings": settings}))
    with pytest.raises(GlintError):
        materialize(recipes, tmp_path / "out", [], workers=1)


def polyglots() -> dict[str, bytes]:
    """Files that are a picture and something else."""
    photo = skimage.data.chelsea()[60:124, 100:180]
    png, jpeg = images.encode_png(photo), io.BytesIO()
    Image.fromarray(photo).save(jpeg, "JPEG", comment=PAYLOAD)
    text = struct.pack(">I", len(PAYLOAD) + 8) + b"tEXtComment\0" + PAYLOAD
    archive = io.BytesIO(png)
    archive.seek(0, io.SEEK_END)
    with zipfile.ZipFile(archive, "a") as packed:
        packed.writestr("run.sh", PAYLOAD)
    return {
        "after.png": png + PAYLOAD,
        "inside.png": png[:33] + text + struct.pack(">I", zlib.crc32(text[4:])) + png[33:],
        "archive.png": archive.getvalue(),
        "comment.jpg": jpeg.getvalue(),
        "named_otherwise.png": jpeg.getvalue(),
        "script.png": b"#!/bin/sh\n" + PAYLOAD + png,
        "page.jpg": b"<html>" + PAYLOAD + b"</html>",
    }


PAYLOAD = b"<script>alert(document.cookie)</script>"


def test_polyglots_leave_nothing_but_pixels(tmp_path):
    (tmp_path / "photos").mkdir()
    for name, content in polyglots().items():
        (tmp_path / "photos" / name).write_bytes(content)
    summary = synthesize([tmp_path / "photos"], tmp_path / "out", ONE, workers=1)
    assert summary.sources == 2, "all PNGs hold the same pixels, both JPEGs too"
    refused = {refusal.path.rpartition("/")[2] for refusal in summary.refusals}
    assert refused >= {"script.png", "page.jpg"} and len(refused) == 5
    written = [path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(written) > 5 and not any(PAYLOAD in content for content in written)


def test_links_among_photos(tmp_path):
    """Links to files are photos like others; links to folders are not searched; links to nothing are refused."""
    photos, elsewhere = tmp_path / "photos", tmp_path / "elsewhere"
    (elsewhere / "deep").mkdir(parents=True)
    photos.mkdir()
    images.write_png(elsewhere / "cat.png", skimage.data.chelsea()[60:124, 100:180])
    images.write_png(elsewhere / "deep" / "cup.png", skimage.data.coffee()[60:124, 100:180])
    (photos / "cat.png").symlink_to(elsewhere / "cat.png")
    (photos / "folder").symlink_to(elsewhere / "deep")
    (photos / "gone.png").symlink_to(tmp_path / "nothing.png")
    (photos / "round.png").symlink_to(photos / "round.png")
    os.mkfifo(photos / "pipe.png")
    admitted, refused = sources.scan(sources.find([photos]), [], workers=1)
    assert [source.name for source in admitted] == ["cat"]
    assert [refusal.path.rpartition("/")[2] for refusal in refused] == ["gone.png", "round.png"]


@pytest.mark.parametrize("name", ["images", "references", "parts", "images/0001", ".lock", "run.json"])
def test_nothing_is_written_through_links(tmp_path, name):
    photos, out, elsewhere = tmp_path / "photos", tmp_path / "out", tmp_path / "elsewhere"
    photos.mkdir()
    images.write_png(photos / "cat.png", skimage.data.chelsea()[60:124, 100:180])
    synthesize([photos], out, ONE, workers=1)
    elsewhere.mkdir()
    (elsewhere / "precious").write_text("mine")
    link = out / name
    if link.is_dir():
        shutil.rmtree(link)
    link.unlink(missing_ok=True)
    link.symlink_to(elsewhere if "." not in name.lstrip(".") else elsewhere / "precious")
    with pytest.raises(GlintError, match="is a link, and nothing is written through links"):
        synthesize([photos], out, ONE, workers=1)
    assert [path.name for path in elsewhere.iterdir()] == ["precious"]
    assert (elsewhere / "precious").read_text() == "mine"
    if name == "references":
        assert any("is a link" in problem for problem in verify(out, workers=1).problems)


def test_bomb_is_refused_before_it_is_decoded(tmp_path, monkeypatch):
    """A PNG of some kilobytes that says, and holds, 60,000 x 60,000 pixels."""
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(7501 * 1000), 9)
    chunks = b"".join(
        struct.pack(">I", len(body)) + chunk_type + body + struct.pack(">I", zlib.crc32(chunk_type + body))
        for chunk_type, body in ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    )
    (tmp_path / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunks)
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda _: pytest.fail("it was decoded"))
    with pytest.raises(ImageRefused, match=r"60000x60000 is more than 200000000 pixels|decompression bomb"):
        images.read_rgb(tmp_path / "bomb.png")


def test_thousands_of_empty_files_are_refused_by_name(tmp_path):
    for number in range(10_000):
        (tmp_path / f"{number}.png").touch()
    admitted, refused = sources.scan(sources.find([tmp_path]), [], workers=2)
    assert not admitted and len(refused) == 10_000
    assert all("empty" in refusal.error for refusal in refused)
