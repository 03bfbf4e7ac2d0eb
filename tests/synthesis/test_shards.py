"""Several jobs, one dataset: merged, it is the dataset of a single run."""

import shutil

import pytest
from contents import contents
from test_synthesize import FEW

from glint_data import images
from glint_data.errors import GlintError
from glint_data.synthesis.shards import merge, parse, synthesize_shard
from glint_data.synthesis.synthesize import synthesize
from glint_data.work import only_run


@pytest.fixture
def many(photos, tmp_path):
    """Photos with a damaged file, a second copy of the same pixels, and two files of one name."""
    folder = tmp_path / "many"
    (folder / "below").mkdir(parents=True)
    for photo in photos.iterdir():
        shutil.copy(photo, folder)
    shutil.copy(photos / "cat.png", folder / "zcat.png")
    images.write_png(folder / "below" / "coffee.png", 255 - images.read_rgb(photos / "coffee.png"))
    (folder / "letter.jpg").write_text("no picture")
    return folder


def test_merged_shards_equal_one_run(many, tmp_path):
    for number in (3, 1, 2):
        synthesize_shard([many], tmp_path / "s", FEW, 1, (number, 3))
    summary = merge(tmp_path / "s")
    single = synthesize([many], tmp_path / "one", FEW, workers=1)
    assert (summary.sources, summary.kept) == (single.sources, single.made) == (4, 32)
    assert sorted(r.error for r in summary.refusals) == sorted(r.error for r in single.refusals)
    shards, one = contents(tmp_path / "s"), contents(tmp_path / "one")
    failures = shards.pop("failures.csv"), one.pop("failures.csv")
    assert all(failures)
    locks = [name for name in shards if name.startswith(".lock")]
    assert {name: shards[name] for name in shards if name not in locks} == one


def test_missing_and_unfinished_shards_are_named(many, tmp_path):
    folder = tmp_path / "s"
    synthesize_shard([many], folder, FEW, 1, (1, 2))
    with pytest.raises(GlintError, match="shards 2/2 have not been run"):
        merge(folder)
    synthesize_shard([many], folder, FEW, 1, (2, 2))
    (folder / "parts" / "cat.parquet").unlink()
    with pytest.raises(GlintError, match=r"1 photos lack samples, cat first; run shard \d/2 again"):
        merge(folder)
    with only_run(folder, ".lock.2-of-2"), pytest.raises(GlintError, match="another glint-data process"):
        merge(folder)


def test_shards_are_written_i_of_n():
    assert parse("2/8") == (2, 8)
    for wrong in ("0/3", "4/3", "2", "a/b", "1/"):
        with pytest.raises(GlintError, match="write I/N"):
            parse(wrong)
