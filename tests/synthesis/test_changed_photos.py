"""Photos that are exchanged, removed, renamed or added between two runs: nothing lost, nothing doubled, all said."""

import json
import os
import shutil

import numpy as np
import pytest
from contents import contents
from waiting import one_after_the_other

from glint_data import images, sources
from glint_data.dataset import manifest, runs
from glint_data.dataset import rendering as suites
from glint_data.dataset.verify import verify
from glint_data.errors import GlintError
from glint_data.synthesis import drift
from glint_data.synthesis import synthesize as rendering
from glint_data.synthesis.materialize import materialize
from glint_data.synthesis.recipes import Settings
from glint_data.synthesis.shards import merge, synthesize_shard
from glint_data.synthesis.synthesize import synthesize

TWO = Settings(types=(1, 11), levels=(2,))


@pytest.fixture
def some(photos, tmp_path, monkeypatch):
    """A folder with two photos that the test may change; tasks run in this process."""
    one_after_the_other(monkeypatch, sources, rendering)
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("cat", "coffee"):
        shutil.copy(photos / f"{name}.png", folder)
    return folder


def exchange(file, pixels, keep_stamp=False) -> None:
    """Other pixels in a file; with `keep_stamp` its size and time stay what they were."""
    status = file.stat()
    images.write_png(file, pixels)
    if keep_stamp:
        assert file.stat().st_size <= status.st_size
        with file.open("ab") as stream:
            stream.write(bytes(status.st_size - file.stat().st_size))
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_a_removed_photo_stays_and_is_said(some, tmp_path):
    synthesize([some], tmp_path / "d", TWO, 1)
    (some / "cat.png").unlink()
    summary = synthesize([some], tmp_path / "d", TWO, 1)
    assert (summary.sources, summary.kept, summary.others, summary.other_samples) == (1, 2, 1, 2)
    assert "also holds 2 samples of 1 photos that this run was not given; they stay" in summary.text()
    assert len(manifest.read(tmp_path / "d")) == 4 == summary.kept + summary.other_samples


@pytest.mark.parametrize("virtual", [False, True])
def test_an_exchanged_photo_joins_under_another_name_and_is_said(some, tmp_path, virtual):
    settings = Settings(types=(1, 11), levels=(2,), virtual=virtual)
    synthesize([some], tmp_path / "d", settings, 1)
    exchange(some / "cat.png", 255 - images.read_rgb(some / "cat.png"))
    summary = synthesize([some], tmp_path / "d", settings, 1)
    assert (summary.made, summary.kept, summary.other_samples, summary.replaced) == (2, 2, 2, ["cat"])
    assert "the files of 1 of them hold other photos now" in summary.text()
    names = manifest.read(tmp_path / "d")["source"].value_counts().to_dict()
    fresh = images.pixel_hash(images.read_rgb(some / "cat.png"))[:12]
    assert names == {"cat": 2, f"cat-{fresh}": 2, "coffee": 2}


def test_a_photo_exchanged_before_it_was_rendered_is_the_photo(some, tmp_path):
    """Same size, same time, other pixels: seen when it is rendered, and looked into by the next run."""
    smooth = np.full((100, 120, 3), 90, np.uint8)
    smooth[:50] = 30
    synthesize([some / "coffee.png"], tmp_path / "d", TWO, 1)
    known = sources.scan(sources.find([some]), sources.read(tmp_path / "d"), 1)[0]
    sources.write(tmp_path / "d", known)  # as a run leaves it that was killed after its scan
    exchange(some / "cat.png", smooth, keep_stamp=True)
    first = synthesize([some], tmp_path / "d", TWO, 1)
    assert (
        "cat.png: holds another photo than when it was scanned; bring that one back, or run the command"
        in first.refusals[0].error
    )
    second = synthesize([some], tmp_path / "d", TWO, 1)
    assert (second.made, second.kept, second.refusals, second.others) == (2, 2, [], 0)
    rows = manifest.read(tmp_path / "d")
    assert set(rows["source"]) == {"cat", "coffee"}
    assert images.pixel_hash(smooth) in set(rows["source_hash"])


def test_names_never_meet(some, tmp_path):
    """Two files of one stem, and a third whose name is what the second's would become."""
    cat = images.read_rgb(some / "cat.png")
    (some / "x").mkdir()
    images.write_png(some / "x" / "cat.png", 255 - cat)
    becomes = f"cat-{images.pixel_hash(255 - cat)[:12]}"
    images.write_png(some / f"{becomes}.png", cat[::-1].copy())
    images.write_png(some / f"{becomes.upper()}.png", cat[:, ::-1].copy())
    for order in ([some], [some / "x", some], [some / f"{becomes}.png", some]):
        folder = tmp_path / f"d{order[0].name}"
        assert synthesize(order, folder, TWO, 1).made == 10
        rows = manifest.read(folder)
        assert rows["path"].str.lower().is_unique and len(rows) == 10
        for row in rows.itertuples():
            assert images.pixel_hash(images.read_rgb(folder / row.path)) == row.image_hash
    assert becomes in set(rows["source"]) or f"{becomes}-" in " ".join(rows["source"])


def test_a_refused_file_keeps_its_place(some, tmp_path):
    content = (some / "cat.png").read_bytes()
    (some / "cat.png").write_bytes(b"")
    assert synthesize([some], tmp_path / "d", TWO, 1).sources == 1
    stamp = (some / "coffee.png").stat()
    (some / "cat.png").write_bytes(content)
    synthesize([some], tmp_path / "d", TWO, 1)
    synthesize([some], tmp_path / "undisturbed", TWO, 1)
    assert (some / "coffee.png").stat() == stamp
    assert contents(tmp_path / "d") == contents(tmp_path / "undisturbed")


def test_a_label_stays_where_the_pixels_do(some, tmp_path, monkeypatch):
    folder = tmp_path / "d"
    synthesize([some], folder, TWO, 1)
    rows = manifest.read(folder).assign(
        mos=0.5, mos_std=0.1, label_set="kadid", label_method="knn", split="test"
    )
    manifest.write(folder, rows, {"suite": "kadid10k"})
    (folder / rows["path"][0]).unlink()
    assert synthesize([some], folder, TWO, 1).unlabelled == 0
    again = manifest.read(folder)
    assert again.loc[0, ["mos", "label_set", "split"]].tolist() == [0.5, "kadid", "test"]
    assert again["status"].eq("ok").all()
    # another renderer, as a package of another version might be
    original = suites.render
    monkeypatch.setattr(suites, "render", lambda *values: _inverted(original(*values)))
    (folder / rows["path"][1]).unlink()
    summary = synthesize([some], folder, TWO, 1)
    assert (
        summary.unlabelled == 1 and "1 labelled samples were rendered again to other pixels" in summary.text()
    )
    again = manifest.read(folder)
    assert again["mos"].isna().tolist() == [False, True, False, False]
    assert again["split"].eq("test").all() and again["label_set"].isna().sum() == 1


def _inverted(made):
    made.pixels[:] = 255 - made.pixels
    return made


def test_shards_of_different_lists_are_refused_before_anything_is_touched(some, tmp_path):
    folder = tmp_path / "s"
    synthesize_shard([some], folder, TWO, 1, (1, 2))
    before = contents(folder)
    shutil.copy(some / "cat.png", some / "another.png")
    with pytest.raises(
        GlintError, match=r"shard 1/2 was given other photos \(1 are new, .*another\.png first\)"
    ):
        synthesize_shard([some], folder, TWO, 1, (2, 2))
    (some / "another.png").unlink()
    (some / "coffee.png").rename(tmp_path / "coffee.png")
    with pytest.raises(GlintError, match=r"1 are gone, .*coffee\.png first"):
        synthesize_shard([some], folder, TWO, 1, (2, 2))
    with pytest.raises(GlintError, match="is being made of 2 shards, not 3"):
        synthesize_shard([some], folder, TWO, 1, (1, 3))
    with pytest.raises(GlintError, match=r"is being made of 2 shards .*go on with --shard I/2"):
        synthesize([some], folder, TWO, 1)
    after = {name: digest for name, digest in contents(folder).items() if not name.startswith(".lock")}
    assert after == {name: digest for name, digest in before.items() if not name.startswith(".lock")}
    (tmp_path / "coffee.png").rename(some / "coffee.png")
    synthesize_shard([some], folder, TWO, 1, (2, 2))
    assert merge(folder).kept == 4
    rows = manifest.read(folder)
    assert all((folder / path).is_file() for path in (*rows["path"], *rows["reference_path"]))


def test_a_merge_cut_short_is_finished(some, tmp_path, monkeypatch):
    folder = tmp_path / "s"
    for number in (1, 2):
        synthesize_shard([some], folder, TWO, 1, (number, 2))
    shutil.copytree(folder, tmp_path / "whole")
    merge(tmp_path / "whole")
    from glint_data.synthesis import shards

    for cut in range(1, 5):
        there = tmp_path / f"cut{cut}"
        shutil.copytree(folder, there)
        removed, remove = [], shards.remove

        def stop(file, removed=removed, remove=remove, cut=cut):
            removed.append(file)
            if len(removed) == cut:
                raise KeyboardInterrupt
            remove(file)

        monkeypatch.setattr(shards, "remove", stop)
        with pytest.raises(KeyboardInterrupt):
            merge(there)
        monkeypatch.undo()
        assert merge(there).kept == 4
        assert contents(there) == contents(tmp_path / "whole")


def test_other_versions_go_on_where_the_pixels_are_the_same(some, tmp_path, capsys, monkeypatch):
    folder = tmp_path / "d"
    synthesize([some], folder, TWO, 1)
    record = runs.read(folder)
    record["versions"] |= {"numpy": "1.0"}
    runs.write(folder, record)
    assert synthesize([some], folder, TWO, 1).kept == 4
    assert "was begun with" not in capsys.readouterr().err, "nothing was rendered"
    (folder / "images" / "cat_11_02.png").unlink()
    assert synthesize([some], folder, TWO, 1).made == 1
    said = capsys.readouterr().err
    assert "was begun with numpy 1.0 (here" in said and "2 of its samples rendered again are the same" in said
    assert runs.read(folder)["gone_on_with"][-1]["numpy"] == runs.versions()["numpy"]
    monkeypatch.setattr(runs, "versions", lambda: record["versions"] | {"numpy": "9.9"})
    original = suites.render
    monkeypatch.setattr(suites, "render", lambda *values: _inverted(original(*values)))
    (folder / "images" / "cat_11_02.png").unlink()
    before = contents(folder)
    with pytest.raises(
        GlintError, match=r"was begun with numpy .* renders to other pixels now; install those"
    ):
        drift.check(folder)
    assert contents(folder) == before


@pytest.mark.parametrize("file", ["parts/cat.parquet", "sources.parquet", "photos.parquet", "run.json"])
def test_damaged_records_are_sentences(some, tmp_path, file, monkeypatch):
    folder = tmp_path / "d"
    monkeypatch.setattr(rendering.parts, "commit", lambda *_: 0)  # as if it were killed before the manifest
    synthesize([some], folder, TWO, 1)
    intact = (folder / file).read_bytes()
    for damage in (
        b"",
        intact[: len(intact) // 2],
        b"\0" * len(intact),
        intact[:-30] + bytes(30),
        b"[" * 100_000,
    ):
        (folder / file).write_bytes(damage)
        with pytest.raises(GlintError, match=rf"{file}.*(delete it|restore it)"):
            synthesize([some], folder, TWO, 1)
    if file == "run.json":
        for record in ([], {"verb": 3}, {"settings": []}, {"versions": "new"}, {"gone_on_with": {}}):
            (folder / file).write_text(json.dumps(record))
            with pytest.raises(GlintError, match=r"run\.json|was made by"):
                synthesize([some], folder, TWO, 1)


def test_a_run_that_fails_before_it_made_anything_leaves_no_record(some, tmp_path, monkeypatch):
    def fail(*_arguments):
        raise GlintError("the cluster cannot be joined")

    monkeypatch.setattr(sources, "run_tasks", fail)
    for run in (
        lambda: synthesize([some], tmp_path / "d", TWO, 1),
        lambda: synthesize_shard([some], tmp_path / "d", TWO, 1, (1, 2)),
    ):
        with pytest.raises(GlintError, match="cannot be joined"):
            run()
        left = {path.name for path in (tmp_path / "d").iterdir()}
        assert all(name.startswith(".lock") for name in left), left


@pytest.mark.parametrize("edit", [{}, {"max_side": 90}], ids=str)
def test_verify_sees_a_photo_that_changed_under_its_size_and_time(some, tmp_path, edit):
    """Nothing else can tell: the dataset keeps its own copy, and what is known of a file is its size and time."""
    settings = Settings(types=(1, 11), levels=(2,), **edit)
    smooth = np.full((100, 120, 3), 90, np.uint8)
    synthesize([some], tmp_path / "d", settings, 1)
    assert verify(tmp_path / "d", 1, sources=True).problems == []
    exchange(some / "cat.png", smooth, keep_stamp=True)
    assert synthesize([some], tmp_path / "d", settings, 1).kept == 4
    assert verify(tmp_path / "d", 1).problems == []
    (problem,) = verify(tmp_path / "d", 1, sources=True).problems
    assert problem.startswith(f"{some / 'cat.png'}: other pixels than when the samples of cat were made")
    os.utime(some / "cat.png")  # as the sentence says
    assert synthesize([some], tmp_path / "d", settings, 1).replaced == ["cat"]
    (some / "coffee.png").unlink()
    gone = verify(tmp_path / "d", 1, sources=True).problems
    assert any("coffee.png: cannot be read" in problem for problem in gone)


def test_a_virtual_dataset_of_photos_that_are_gone_says_so(some, tmp_path):
    synthesize([some], tmp_path / "v", Settings(types=(1,), levels=(2,), virtual=True), 1)
    for photo in some.iterdir():
        photo.unlink()
    with pytest.raises(
        GlintError,
        match=r"none of the samples of 2 photos could be made; .*failures.csv says why; the first: .*cannot be read",
    ):
        materialize(tmp_path / "v", tmp_path / "m", [], 1)
