"""Datasets: complete, the same whatever happens on the way, and refusing what would mix two of them."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from contents import contents
from waiting import HELD_RUN, wait_until

import distortions
from glint_data import images
from glint_data.dataset import manifest
from glint_data.errors import CannotWrite, GlintError
from glint_data.synthesis import parts
from glint_data.synthesis.recipes import Settings, sample_seed
from glint_data.synthesis.synthesize import synthesize

FEW = Settings(types=(1, 3, 11, 20), levels=(2, 5))


def test_every_sample_is_there_and_renders_again_from_its_row(photos, tmp_path):
    summary = synthesize([photos], tmp_path / "d", FEW, workers=1)
    assert (summary.sources, summary.made, summary.refusals) == (3, 24, [])
    rows = manifest.read(tmp_path / "d")
    assert len(rows) == 24 and rows["sample_id"].is_unique and (rows["status"] == "ok").all()
    for row in rows.itertuples():
        pixels = images.read_rgb(tmp_path / "d" / row.path)
        assert images.pixel_hash(pixels) == row.image_hash
        photo = images.read_rgb(tmp_path / "d" / row.reference_path)
        assert images.pixel_hash(photo) == row.source_hash
        suite = distortions.suite(row.suite)
        seeded = suite.render(distortions.Photo(photo), row.type, row.level, seed=row.seed)
        drawn = suite.render(
            distortions.Photo(photo), row.type, row.level, parameters=json.loads(row.parameters)
        )
        assert np.array_equal(seeded.pixels, pixels)
        assert np.array_equal(drawn.pixels, pixels)


def test_one_worker_and_two_write_the_same_bytes(photos, tmp_path):
    synthesize([photos], tmp_path / "one", FEW, workers=1)
    synthesize([photos], tmp_path / "two", FEW, workers=2)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


@pytest.mark.parametrize("victim", [signal.SIGKILL, signal.SIGINT])
def test_killed_and_resumed_equals_undisturbed(photos, tmp_path, victim):
    folder, flag = tmp_path / "d", tmp_path / "flag"
    arguments = ["synthesize", str(photos), "--out", str(folder), "--types", "1-14,16-25", "--workers", "1"]
    command = [sys.executable, HELD_RUN, str(flag), *arguments]
    run = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    wait_until(flag.exists, run)
    run.send_signal(victim)
    said = run.communicate()[1]
    assert run.returncode == (130 if victim == signal.SIGINT else -signal.SIGKILL)
    assert victim == signal.SIGKILL or "the same command resumes there" in said
    assert len(list(folder.glob("parts/*.parquet"))) == 1 and not (folder / manifest.FILE).exists()
    with pytest.raises(GlintError, match="unfinished"):
        manifest.read(folder)
    resumed = subprocess.run(
        [sys.executable, "-m", "glint_data", *arguments], capture_output=True, text=True, check=False
    )
    assert resumed.returncode == 0 and "kept from before" in resumed.stdout, resumed.stderr
    undisturbed = tmp_path / "e"
    settings = Settings(types=(*range(1, 15), *range(16, 26)))
    synthesize([photos], undisturbed, settings, workers=2)
    assert contents(folder) == contents(undisturbed)


def test_a_lost_image_is_made_again_and_nothing_else(photos, tmp_path):
    folder = tmp_path / "d"
    synthesize([photos], folder, FEW, workers=1)
    before = contents(folder)
    lost = folder / "images" / "cat_11_05.png"
    untouched = (folder / "images" / "cat_11_02.png").stat().st_mtime_ns
    lost.unlink()
    summary = synthesize([photos], folder, FEW, workers=1)
    assert (summary.made, summary.kept) == (1, 23)
    assert contents(folder) == before
    assert (folder / "images" / "cat_11_02.png").stat().st_mtime_ns == untouched


def test_an_image_lost_while_unfinished_costs_no_other_row(photos, tmp_path, monkeypatch):
    folder = tmp_path / "d"
    monkeypatch.setattr(parts, "commit", lambda *_: None)  # as if it were killed before the manifest
    synthesize([photos], folder, FEW, workers=1)
    monkeypatch.undo()
    (folder / "images" / "cat_11_05.png").unlink()
    assert synthesize([photos], folder, FEW, workers=1).made == 1
    synthesize([photos], tmp_path / "e", FEW, workers=1)
    assert contents(folder) == contents(tmp_path / "e")


def test_photos_added_later_join_and_labels_stay(photos, tmp_path):
    some = tmp_path / "some"
    some.mkdir()
    shutil.copy(photos / "cat.png", some)
    folder = tmp_path / "d"
    synthesize([some], folder, FEW, workers=1)
    manifest.write(folder, manifest.read(folder).assign(mos=0.5), {"suite": "kadid10k", "score": "kept"})
    shutil.copy(photos / "astronaut.png", some)
    summary = synthesize([some], folder, FEW, workers=1)
    assert (summary.made, summary.kept) == (8, 8)
    rows = manifest.read(folder)
    assert rows.groupby("source")["mos"].count().to_dict() == {"astronaut": 0, "cat": 8}
    assert manifest.facts(folder)["score"] == "kept"


def test_other_settings_are_refused_with_the_difference(photos, tmp_path):
    synthesize([photos], tmp_path / "d", FEW, workers=1)
    before = contents(tmp_path / "d")
    with pytest.raises(GlintError, match=r"seed: 0 there, 7 now"):
        synthesize([photos], tmp_path / "d", Settings(types=FEW.types, levels=FEW.levels, seed=7), workers=1)
    with pytest.raises(GlintError, match=r"types: 1,3,11,20 there, 1-25 now"):
        synthesize([photos], tmp_path / "d", Settings(levels=FEW.levels), workers=1)
    assert contents(tmp_path / "d") == before


def test_a_folder_with_other_things_is_not_written_to(photos, tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(GlintError, match=r"holds other things \(thesis\.tex\)"):
        synthesize([photos], tmp_path, FEW, workers=1)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_unknown_suite_type_level_format(photos, tmp_path):
    for settings, sentence in [
        (Settings(suite="kadid"), "kadid10k"),
        (Settings(types=(26,)), r"--types 26: kadid10k has no such type; it has 1 to 25"),
        (Settings(levels=(0, 6)), r"--levels 0, 6: .* it has 1 to 5"),
        (Settings(format="jpg"), "--format jpg: not one of the lossless formats png, webp"),
    ]:
        with pytest.raises(GlintError, match=sentence):
            synthesize([photos], tmp_path / "d", settings, workers=1)
    assert not (tmp_path / "d").exists()


def test_a_missing_codec_is_named_before_anything_is_made(photos, tmp_path, monkeypatch):
    from distortions.registry import Distortion

    missing = property(lambda self: ("pillow-heif",) if self.name == "heic" else ())
    monkeypatch.setattr(Distortion, "missing", missing)
    with pytest.raises(GlintError, match=r"types 4 of modern need pillow-heif: pip install.*--types 1,2,3,5"):
        synthesize([photos], tmp_path / "d", Settings(suite="modern"), workers=1)
    with pytest.raises(GlintError, match=r"types 4 of modern need pillow-heif: .*or choose another suite$"):
        Settings(suite="modern", types=(4,)).resolved()
    assert not (tmp_path / "d").exists()


def test_bad_files_are_refused_by_name_and_the_rest_is_made(photos, tmp_path):
    mixed = tmp_path / "mixed"
    shutil.copytree(photos, mixed)
    (mixed / "letter.jpg").write_text("no picture")
    summary = synthesize([mixed], tmp_path / "d", FEW, workers=1)
    assert summary.made == 24 and len(summary.refusals) == 1
    failures = (tmp_path / "d" / "failures.csv").read_text()
    assert "letter.jpg" in failures and "not an image" in failures
    (mixed / "letter.jpg").unlink()
    assert synthesize([mixed], tmp_path / "d", FEW, workers=1).refusals == []
    assert not (tmp_path / "d" / "failures.csv").exists()


def test_nothing_admitted_is_an_error(tmp_path):
    (tmp_path / "letter.jpg").write_text("no picture")
    with pytest.raises(GlintError, match=r"none of the 1 files was admitted.*letter\.jpg"):
        synthesize([tmp_path / "letter.jpg"], tmp_path / "d", FEW, workers=1)


def test_a_run_that_made_nothing_binds_no_later_one(photos, tmp_path):
    (tmp_path / "letter.jpg").write_text("no picture")
    with pytest.raises(GlintError):
        synthesize([tmp_path / "letter.jpg"], tmp_path / "d", FEW, workers=1)
    assert "letter.jpg" in (tmp_path / "d" / "failures.csv").read_text()
    assert synthesize([photos], tmp_path / "d", Settings(types=(1,), levels=(1,)), workers=1).made == 3


def test_pristine_copies_and_samples_never_meet(photos, tmp_path):
    twins = tmp_path / "twins"
    twins.mkdir()
    shutil.copy(photos / "cat.png", twins / "a.png")
    shutil.copy(photos / "coffee.png", twins / "a_01_02.png")
    synthesize([twins], tmp_path / "d", FEW, workers=1)
    rows = manifest.read(tmp_path / "d")
    assert rows["path"].is_unique and len(rows) == 16
    assert set(rows["path"]).isdisjoint(rows["reference_path"])


def test_virtual_rows_have_the_same_recipes(photos, tmp_path):
    synthesize([photos], tmp_path / "d", FEW, workers=1)
    virtual = Settings(types=FEW.types, levels=FEW.levels, virtual=True)
    summary = synthesize([photos], tmp_path / "v", virtual, workers=1)
    assert summary.made == 24 and not (tmp_path / "v" / "images").exists()
    real, planned = manifest.read(tmp_path / "d"), manifest.read(tmp_path / "v")
    for column in ("sample_id", "source_hash", "suite", "type", "level", "strength", "seed"):
        assert real[column].tolist() == planned[column].tolist()
    assert planned["path"].isna().all() and (planned["status"] == "planned").all()
    assert synthesize([photos], tmp_path / "v", virtual, workers=1).kept == 24


def test_seed_depends_on_everything_it_should():
    base = (0, "ab", "kadid10k", 1, 2)
    others = [(1, "ab", "kadid10k", 1, 2), (0, "ac", "kadid10k", 1, 2), (0, "ab", "tid2013", 1, 2)]
    others += [(0, "ab", "kadid10k", 2, 2), (0, "ab", "kadid10k", 1, 3)]
    assert len({sample_seed(*key) for key in [base, *others]}) == 6
    assert sample_seed(*base) == 9772043110691582319, "seeds of published datasets must never change"


@pytest.mark.skipif(
    os.geteuid() != 0 or not Path("/dev/full").exists(), reason="NOT TESTED: needs a tiny disk"
)
def test_full_disk_is_a_sentence_and_a_later_run_finishes(photos, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "none", str(disk)], check=False).returncode:
        pytest.skip("NOT TESTED: no tiny disk can be mounted here")
    try:
        with pytest.raises(
            CannotWrite, match=r"No space left.*free some space and run the same command again"
        ):
            synthesize([photos], disk / "d", FEW, workers=1)
        assert not list(disk.rglob("*.partial"))
        subprocess.run(["mount", "-o", "remount,size=20m", str(disk)], check=True)
        synthesize([photos], disk / "d", FEW, workers=1)
        synthesize([photos], tmp_path / "e", FEW, workers=1)
        assert contents(disk / "d") == contents(tmp_path / "e")
    finally:
        subprocess.run(["umount", str(disk)], check=True)
