"""Labels into manifests: joins by key, refusals, evidence, strange photos."""

import cv2
import numpy as np
import pytest
import skimage.data

from glint_data.dataset import manifest
from glint_data.dataset.dataset import Dataset
from glint_data.errors import GlintError
from glint_data.images import pixel_hash, write_png
from glint_data.labels import label_dataset
from glint_data.labels.stage.labelling import UNLIKE as NOTE
from glint_data.labels.stage.samples import read_samples
from glint_data.reference_sets import references


def plan(folder, photos, cells, suite="kadid10k", status="planned"):
    """A virtual dataset of these photos (name -> pixels) and cells, written without the synthesizer."""
    import pandas as pd

    rows = []
    folder.mkdir(exist_ok=True)
    for name, pixels in photos.items():
        write_png(folder / f"{name}.png", pixels)
        for type_number, level in cells:
            rows.append(
                {
                    "sample_id": f"{name}_{type_number:02d}_{level:02d}",
                    "source": name,
                    "source_path": str(folder / f"{name}.png"),
                    "source_hash": pixel_hash(pixels),
                    "suite": suite,
                    "type": type_number,
                    "level": level,
                    "seed": 1,
                    "status": status,
                }
            )
    manifest.write(folder, pd.DataFrame(rows), {"suite": suite})
    return folder


def small(pixels):
    return cv2.resize(pixels, (256, 192), interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="module")
def photos():
    return {
        "coffee": small(skimage.data.coffee()),
        "chelsea": small(skimage.data.chelsea()),
        "astronaut": small(skimage.data.astronaut()),
    }


CELLS = [(1, 1), (1, 5), (10, 3), (25, 2)]


def test_labels_are_written_with_their_evidence(tmp_path, photos):
    dataset = plan(tmp_path, photos, CELLS)
    before = manifest.read(dataset)
    summary = label_dataset(dataset, method="content", cache=tmp_path / "cache")
    after = manifest.read(dataset)
    assert (summary.labelled, summary.unlabelled, summary.photos) == (12, 0, 3)
    untouched = [name for name in before if not name.startswith(("mos", "label"))]
    assert after[untouched].equals(before[untouched])
    sharp, blurred = (after.query("type == 1 and level == @level")["mos"] for level in (1, 5))
    assert sharp.min() > 0.8 > 0.3 > blurred.max()
    assert (after["mos_low"] < after["mos"]).all() and (after["mos"] < after["mos_high"]).all()
    assert set(after["label_set"]) == {"kadid"}
    for names, similarities in zip(after["label_references"], after["label_similarities"], strict=True):
        assert len(names) == 5 and all(name.startswith("I") for name in names)
        assert list(similarities) == sorted(similarities, reverse=True)
    facts = manifest.facts(dataset)["label"]
    assert (facts["low"], facts["high"], facts["higher_is_better"]) == (1.0, 5.0, True)
    assert "QoMEX" in facts["citation"] and facts["references_left_out"] == ["I04"]


def test_order_of_rows_does_not_matter(tmp_path, photos):
    first = plan(tmp_path / "a", photos, CELLS) if (tmp_path / "a").mkdir() is None else None
    label_dataset(first, method="content", cache=tmp_path / "cache")
    expected = manifest.read(first).set_index("sample_id")["mos"]
    shuffled = manifest.read(first).sample(frac=1, random_state=0)
    (tmp_path / "b").mkdir()
    manifest.write(tmp_path / "b", shuffled.drop(columns=["mos", "mos_low", "mos_high", "mos_std"]), {})
    label_dataset(tmp_path / "b", method="content", cache=tmp_path / "cache")
    rows = manifest.read(tmp_path / "b").set_index("sample_id")["mos"]
    assert rows.loc[expected.index].equals(expected)


def test_cells_without_scores_get_no_label_and_say_so(tmp_path, photos):
    dataset = plan(tmp_path, photos, [(1, 1), (1, 6), (26, 1)])
    summary = label_dataset(dataset, method="content", cache=tmp_path / "cache")
    rows = manifest.read(dataset)
    assert (summary.labelled, summary.unlabelled) == (3, 6)
    unlabelled = rows[(rows["type"] == 26) | (rows["level"] == 6)]
    assert unlabelled["mos"].isna().all() and unlabelled["label_references"].isna().all()
    assert unlabelled["label_note"].str.startswith("no label: ").all()
    assert "type 26" in unlabelled["label_note"].iloc[-1]


def test_photo_changed_since_is_not_labelled(tmp_path, photos):
    dataset = plan(tmp_path, photos, CELLS)
    write_png(tmp_path / "coffee.png", photos["chelsea"])
    summary = label_dataset(dataset, method="content", cache=tmp_path / "cache")
    rows = manifest.read(dataset).set_index("source")
    assert summary.unlabelled == 4 and "is not the photo that" in summary.photos_unreadable["coffee"]
    assert rows.loc["coffee", "mos"].isna().all() and rows.loc["chelsea", "mos"].notna().all()


def strange_photos():
    """A page of text, a screenshot, noise and a line drawing."""
    rng = np.random.default_rng(0)
    page = np.full((384, 512, 3), 255, np.uint8)
    for line in range(20):
        cv2.putText(
            page, "The quick brown fox jumps over the lazy dog", (16, 22 + 18 * line), 0, 0.5, (0, 0, 0), 1
        )
    screen = np.full((384, 512, 3), 240, np.uint8)
    screen[:28] = (40, 44, 52)
    screen[28:, :120] = (250, 250, 250)
    for row in range(8):
        cv2.putText(screen, f"Entry {row}", (10, 60 + 30 * row), 0, 0.4, (60, 60, 60), 1)
    for column in range(3):
        cv2.rectangle(screen, (140 + 120 * column, 60), (240 + 120 * column, 200), (255, 255, 255), -1)
        cv2.rectangle(screen, (150 + 120 * column, 160), (210 + 120 * column, 185), (52, 120, 246), -1)
    drawing = np.full((384, 512, 3), 255, np.uint8)
    for _ in range(30):
        x0, y0, x1, y1 = (int(v) for v in rng.integers(0, 384, 4))
        cv2.line(drawing, (x0, y0), (x1, y1), (0, 0, 0), 2)
    return {
        "page": page,
        "screen": screen,
        "noise": rng.integers(0, 256, (384, 512, 3), dtype=np.uint8),
        "drawing": drawing,
    }


def test_photos_unlike_every_reference_are_flagged_and_wide(tmp_path, photos):
    dataset = plan(tmp_path, strange_photos() | photos, [(1, 3), (22, 4)])
    summary = label_dataset(dataset, method="content", cache=tmp_path / "cache")
    rows = manifest.read(dataset).set_index("source")
    for name in strange_photos():
        assert (rows.loc[name, "label_note"] == NOTE).all(), name
        assert (rows.loc[name, "label_method"] == "mean").all()
    for name in photos:
        assert rows.loc[name, "label_note"].isna().all(), name
    width = rows["mos_high"] - rows["mos_low"]
    assert width[list(strange_photos())].mean() > width[list(photos)].mean()
    assert summary.photos_unlike_references == 4


def test_scores_of_references_left_out_play_no_part(tmp_path, photos, monkeypatch):
    dataset = plan(tmp_path, photos, CELLS)

    def labelled(leave_out):
        label_dataset(dataset, method="content", cache=tmp_path / "cache", leave_out=leave_out)
        return manifest.read(dataset)

    everyone = labelled(())
    named = sorted({name for row in everyone["label_references"] for name in row})[:2]
    before = labelled(named)
    assert not before["mos"].equals(everyone["mos"])
    assert not any(set(named) & set(row) for row in before["label_references"])
    assert not set(named) & set(manifest.facts(dataset)["label"]["references"])
    scores = references.bundled_scores(references.description_of("kadid"))
    scores.loc[scores["reference"].isin(named), "score"] = 1.0
    monkeypatch.setattr(references, "bundled_scores", lambda description: scores)
    assert labelled(named)["mos"].equals(before["mos"])
    assert not labelled(())["mos"].equals(everyone["mos"])
    with pytest.raises(GlintError, match="kadid has no such reference"):
        labelled(["I99"])
    with pytest.raises(GlintError, match="keep some"):
        labelled(sorted(set(scores["reference"]) - {"I04"}))


def test_the_default_method_measures_through_the_network_and_keeps_what_it_measured(tmp_path, photos):
    """A second run takes everything from the cache and writes the same bytes; a third, without it, does too."""
    cells = [(1, 3), (10, 2), (10, 5)]
    first, again, anew = (plan(tmp_path / name, photos, cells) for name in ("a", "b", "c"))
    summary = label_dataset(first, cache=tmp_path / "cache", workers=1)
    assert summary.method == "deep" and summary.labelled == len(photos) * len(cells)
    label_dataset(again, cache=tmp_path / "cache", workers=1)
    label_dataset(anew, cache=tmp_path / "another", workers=2)
    tables = [manifest.read(dataset).drop(columns=["source_path"]) for dataset in (first, again, anew)]
    assert tables[0].equals(tables[1]) and tables[0].equals(tables[2])
    assert tables[0].groupby(["type", "level"])["mos"].nunique().min() > 1  # no cell's mean for everybody


def stored(folder, photos, cells):
    """A dataset of files, as the synthesizer leaves it: samples and pristine pixels with their hashes."""
    import distortions

    dataset = plan(folder, photos, cells, status="ok")
    frame = manifest.read(dataset)
    suite = distortions.suite("kadid10k")
    (folder / "images").mkdir()
    for row in frame.index:
        name, number, level = frame.loc[row, ["source", "type", "level"]]
        pixels = suite.render(distortions.Photo(photos[name]), int(number), int(level), seed=1).pixels
        path = f"images/{frame.loc[row, 'sample_id']}.png"
        write_png(folder / path, pixels)
        frame.loc[row, ["path", "image_hash", "reference_path"]] = path, pixel_hash(pixels), f"{name}.png"
    manifest.write(folder, frame, {"suite": "kadid10k"})
    return dataset


def labels_of(dataset):
    return manifest.read(dataset).set_index("sample_id")["mos"]


def test_an_exchanged_image_is_not_labelled_and_nothing_of_it_is_kept(tmp_path, photos):
    """Repaired, it gets the label it would have had: the cache never held what was measured of the wrong pixels."""
    dataset = stored(tmp_path / "a", {"coffee": photos["coffee"]}, CELLS)
    file = dataset / "images/coffee_01_01.png"
    right = file.read_bytes()
    file.write_bytes((dataset / "images/coffee_01_05.png").read_bytes())
    summary = label_dataset(dataset, method="pair", cache=tmp_path / "cache", workers=1)
    row = manifest.read(dataset).set_index("sample_id").loc["coffee_01_01"]
    assert summary.unlabelled == 1 and np.isnan(row["mos"]) and "other pixels" in row["label_note"]
    assert labels_of(dataset).notna().sum() == 3
    file.write_bytes(right)
    assert label_dataset(dataset, method="pair", cache=tmp_path / "cache", workers=1).unlabelled == 0
    clean = stored(tmp_path / "b", {"coffee": photos["coffee"]}, CELLS)
    label_dataset(clean, method="pair", cache=tmp_path / "other", workers=1)
    assert labels_of(dataset).equals(labels_of(clean))


def test_labels_do_not_depend_on_whether_measurements_can_be_kept(tmp_path, photos, monkeypatch):
    from glint_data.errors import CannotWrite
    from glint_data.labels.stage import measuring

    dataset = stored(tmp_path / "a", {"coffee": photos["coffee"]}, CELLS)
    label_dataset(dataset, method="pair", cache=tmp_path / "cache", workers=1)
    before = labels_of(dataset)

    def full(*arguments):
        raise CannotWrite("the disk is full")

    monkeypatch.setattr(measuring, "write_atomically", full)
    samples = read_samples(Dataset(dataset))
    task = measuring.MeasuringTask(
        0,
        samples.photos[0],
        (Dataset(dataset)[0],),
        np.array([0]),
        frozenset({"pairs/plain-1"}),
        tmp_path / "full",
    )
    outcome = measuring.measure_photo(task)
    assert "cannot be written" in outcome.unkept and np.isfinite(outcome.blocks["pairs/plain-1"]).all()
    blocked = tmp_path / "file"
    blocked.write_text("")  # a cache below a file cannot be made
    label_dataset(dataset, method="pair", cache=blocked / "cache", workers=1)
    assert labels_of(dataset).equals(before)


def test_labelling_waits_for_nobody_who_writes_into_the_dataset(tmp_path, photos):
    from glint_data import work

    dataset = plan(tmp_path / "a", photos, CELLS)
    with work.only_run(dataset), pytest.raises(GlintError, match=r"in use|under way|another|at work"):
        label_dataset(dataset, method="content", cache=tmp_path / "cache")
    assert labels_of(dataset).isna().all()


@pytest.mark.parametrize("cell", [(-1, 1), (-24, 5), (32767, 32767), (25, -4)])
def test_odd_numbers_of_types_get_no_label_of_another_type(tmp_path, photos, cell):
    dataset = plan(tmp_path, {"coffee": photos["coffee"]}, [(1, 1), cell])
    with pytest.raises(GlintError, match=r"type|level"):
        label_dataset(dataset, method="content", cache=tmp_path / "cache")


def test_two_samples_of_one_cell_get_labels_of_their_own(tmp_path, photos):
    dataset = stored(tmp_path, {"coffee": photos["coffee"]}, [(1, 1), (1, 5)])
    frame = manifest.read(dataset)
    twin = frame.iloc[[1]].assign(sample_id="twin", level=1)  # strongly blurred, but said to be of level 1
    import pandas as pd

    manifest.write(dataset, pd.concat([frame, twin]), {"suite": "kadid10k"})
    assert label_dataset(dataset, method="pair", cache=tmp_path / "cache", workers=1).labelled == 3
    found = labels_of(dataset)
    assert found["twin"] < found["coffee_01_01"]
