"""Run records, parts, lists and tables of sources that are damaged or made to do harm: a sentence, or a sound run.

A fixed number of cases with a fixed seed; docs/scale.md names this file.
"""

import json
import random
import shutil
from functools import partial
from pathlib import Path

import pytest
import skimage.data
from waiting import one_after_the_other

from glint_data import images, sources
from glint_data.dataset import manifest
from glint_data.errors import GlintError
from glint_data.synthesis import synthesize as rendering
from glint_data.synthesis.materialize import materialize
from glint_data.synthesis.recipes import Settings
from glint_data.synthesis.shards import merge, synthesize_shard
from glint_data.synthesis.synthesize import synthesize

ONE = Settings(types=(1,), levels=(1,))
VIRTUAL = Settings(types=(1,), levels=(1,), virtual=True)
RECORD_CASES, FILE_CASES = 200, 60
VALUES = (
    *(None, True, -1, 0, 3.5, 2**70, float("nan"), "", "x", "../..", "a\0b", "1" * 300),
    *([], [None], [1, "1"], {}, {"a": 1}, [[]], "png", "kadid10k", "2"),
)


@pytest.fixture
def whole(tmp_path, monkeypatch):
    """photos/, and d/ as a run leaves it that was killed before its manifest, s/ with one of two shards."""
    one_after_the_other(monkeypatch, sources, rendering)
    photos = tmp_path / "photos"
    photos.mkdir()
    images.write_png(photos / "cat.png", skimage.data.chelsea()[60:108, 100:148])
    images.write_png(photos / "cup.png", skimage.data.coffee()[60:108, 100:148])
    with monkeypatch.context() as killed:
        killed.setattr(rendering.parts, "commit", lambda *_: 0)
        synthesize([photos], tmp_path / "d", ONE, 1)
    synthesize([photos], tmp_path / "v", VIRTUAL, 1)
    for number in (1, 2):
        synthesize_shard([photos], tmp_path / "s", ONE, 1, (number, 2))
    return tmp_path


def changed(record: dict, chance: random.Random) -> dict:
    """A value somewhere in it replaced, removed or added."""
    record = json.loads(json.dumps(record))
    at = record
    while isinstance(at, dict) and at and chance.random() < 0.7:
        name = chance.choice(sorted(at))
        if not isinstance(at[name], dict) or chance.random() < 0.3:
            at[name] = chance.choice(VALUES)
            return record
        at = at[name]
    if isinstance(at, dict):
        at[
            chance.choice(["suite", "types", "suite_record", "crop", "max_side", "versions", "verb", "new"])
        ] = chance.choice(VALUES)
    return record


def attempt(folder: Path, verb) -> bool:
    """Whether it went through; anything but a sentence fails the test."""
    try:
        verb()
    except GlintError as error:
        assert len(str(error)) < 1500 and str(error).strip()
        return False
    assert manifest.read(folder)["status"].isin(["ok", "planned"]).all()
    return True


@pytest.mark.slow
def test_changed_run_records(whole):
    chance, went = random.Random(2), 0
    original = json.loads((whole / "v" / "run.json").read_text())
    for case in range(RECORD_CASES):
        record = changed(original, chance)
        (whole / "v" / "run.json").write_text(json.dumps(record))
        out = whole / f"m{case}"
        went += attempt(out, lambda out=out: materialize(whole / "v", out, [], 1))
        shutil.rmtree(out, ignore_errors=True)
        attempt(whole / "v", lambda: synthesize([whole / "photos"], whole / "v", VIRTUAL, 1))
    assert 0 < went < RECORD_CASES * 0.8, "the changes do not reach what is read"
    assert sorted(path.name for path in whole.iterdir()) == ["d", "photos", "s", "v"]


def again(whole: Path, name: str) -> None:
    """Go on with the run that was killed, or merge the shards."""
    if name == "d":
        synthesize([whole / "photos"], whole / name, ONE, 1)
    else:
        merge(whole / name)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "file"),
    [
        *(("d", file) for file in ("parts/cat.parquet", "sources.parquet", "photos.parquet", "run.json")),
        *(("s", file) for file in ("photos.1-of-2.parquet", "sources.2-of-2.parquet", "parts/cup.parquet")),
    ],
)
def test_mutated_files(whole, name, file):
    chance, refused = random.Random(3), 0
    shutil.copytree(whole / name, whole / "sound")
    content = (whole / name / file).read_bytes()
    for _ in range(FILE_CASES):
        broken = bytearray(content)
        for _ in range(chance.randint(1, 6)):
            broken[chance.choice((chance.randrange(len(broken)), -chance.randrange(1, len(broken))))] = (
                chance.choice((0, 255, chance.randrange(256)))
            )
        if chance.random() < 0.2:
            broken = broken[: chance.randrange(len(broken))]
        shutil.rmtree(whole / name)
        shutil.copytree(whole / "sound", whole / name)
        (whole / name / file).write_bytes(broken)
        refused += not attempt(whole / name, partial(again, whole, name))
    assert refused > FILE_CASES / 10, "the mutations do not reach the reader"
    assert sorted(path.name for path in whole.iterdir()) == ["d", "photos", "s", "sound", "v"]
