"""Who is examined never trains, whatever the file is called; a virtual sample is the image on disk."""

import hashlib
import json

import cv2
import numpy as np
import pandas
import pytest
import torch
from test_training import photo, write_dataset

import distortions
from glint_data import images, models
from glint_data.dataset import manifest
from glint_data.errors import GlintError
from glint_data.training.feed.loader import Pixels, RandomCrops
from glint_data.training.feed.pixels import PixelFeed
from glint_data.training.run.processes import Processes
from glint_data.training.samples import read_samples
from glint_data.training.settings import TrainSettings, settings_from
from glint_data.training.splits import Split, make_split, read_split


def test_photos_are_dealt_whole_and_every_part_has_some(tmp_path):
    samples = read_samples([write_dataset(tmp_path / "a")])
    split = make_split(samples, TrainSettings())
    parts = {part: {s.source for s in split.select(samples, part)} for part in ("train", "val", "test")}
    assert all(parts.values()) and sum(map(len, parts.values())) == 8
    split.write(tmp_path)
    assert read_split(tmp_path).part == split.part
    assert make_split(samples, TrainSettings(split_seed=5)).part != split.part


def test_near_duplicates_stay_together(tmp_path):
    twin = tmp_path / "twin"
    folder = write_dataset(tmp_path / "a", photos=6)
    frame = manifest.read(folder)
    scaled = cv2.resize(photo(0), (72, 60), interpolation=cv2.INTER_AREA)
    twin.mkdir()
    images.write_png(twin / "copy.png", scaled)
    row = frame.iloc[0].to_dict() | {
        "sample_id": "copy_11_01",
        "source": "copy",
        "source_hash": images.pixel_hash(scaled),
        "reference_path": "copy.png",
        "path": "copy.png",
    }
    manifest.write(twin, pandas.DataFrame([row]))
    samples = read_samples([folder, twin])
    for seed in range(6):
        split = make_split(samples, TrainSettings(split_seed=seed))
        assert split.near_duplicates == 1
        assert split.part[row["source_hash"]] == split.part[images.pixel_hash(photo(0))]


def test_a_split_file_is_told_what_it_leaves_open_and_what_it_parts(tmp_path):
    """A name that is written wrong leaves a photo out; twins on two sides spoil the examination."""
    folder = write_dataset(tmp_path / "a", photos=5)
    frame = manifest.read(folder)
    names = list(dict.fromkeys(frame["source"]))
    copy = cv2.resize(photo(0), (72, 60), interpolation=cv2.INTER_AREA)
    images.write_png(folder / "copy.png", copy)
    row = frame.iloc[0].to_dict() | {
        "sample_id": "copy_11_01",
        "source": "copy",
        "source_hash": images.pixel_hash(copy),
        "image_hash": images.pixel_hash(copy),
        "reference_path": "copy.png",
        "path": "copy.png",
    }
    manifest.write(folder, pandas.concat([frame, pandas.DataFrame([row])]))
    table = tmp_path / "mine.csv"

    def notes(parts):
        table.write_text("source,part\n" + "".join(f"{name},{part}\n" for name, part in parts.items()))
        return make_split(read_samples([folder]), TrainSettings(split_file=str(table))).notes

    sides = dict(zip([*names, "copy"], ["train", "train", "train", "val", "test", "train"], strict=True))
    assert notes(sides) == []
    assert notes(sides | {names[1]: "unused", "copy": "unused"}) == []
    (parted,) = notes(sides | {"copy": "test"})
    assert parted.endswith(f"the examination knows what was learned: {names[0]} (train) and copy (test)")
    del sides[names[1]]
    assert notes(sides | {"typo": "train"}) == [
        f"{table} does not name {names[1]}: left out",
        f"{table} names typo, of which there are no samples here",
    ]


def test_labels_from_examined_photos_are_left_out(tmp_path):
    folder = write_dataset(tmp_path / "a")
    samples = read_samples([folder])
    split = make_split(samples, TrainSettings())
    examined = next(split.names[source] for source, part in split.part.items() if part == "test")
    frame = manifest.read(folder)
    frame["label_references"] = [[examined] if level == 3 else ["elsewhere"] for level in frame["level"]]
    manifest.write(folder, frame)
    samples = read_samples([folder])
    kept = split.select(samples, "train")
    assert {sample.level for sample in kept} == {1, 2, 4, 5}
    assert split.excluded["train"] == len({s.source for s in kept})
    assert {sample.level for sample in split.select(samples, "test")} == {1, 2, 3, 4, 5}


def other_hash(name: str) -> str:
    """The hash of a photo that nobody has."""
    return hashlib.sha256(name.encode()).hexdigest()


@pytest.mark.parametrize(
    ("examined_set", "label_set", "reference", "left_out"),
    [
        ("tid2013", "kadid", "{}", False),  # another set's photo that happens to have this name
        ("kadid", "kadid", "{}", True),
        ("tid2013", "kadid+tid2013", "tid2013:{}", True),
        ("kadid", "kadid+tid2013", "tid2013:{}", False),
    ],
)
def test_references_of_one_set_are_not_those_of_another(
    tmp_path, examined_set, label_set, reference, left_out
):
    rated, ours = write_dataset(tmp_path / "rated"), write_dataset(tmp_path / "ours")
    frame = manifest.read(rated)
    frame["label_set"], frame["label_references"] = examined_set, None
    manifest.write(rated, frame)
    frame = manifest.read(ours)
    frame["source"], frame["source_hash"] = (
        "Q" + frame["source"],
        [other_hash(name) for name in frame["source"]],
    )
    frame["label_set"] = label_set
    frame["label_references"] = [[reference.format("P0")]] * len(frame)
    manifest.write(ours, frame)
    samples = read_samples([rated, ours])
    part = {sample.source_hash: "test" if sample.source == "P0" else "train" for sample in samples}
    split = Split(part, {sample.source_hash: sample.source for sample in samples})
    kept = split.select(samples, "train")
    assert (1 in kept.dataset) is not left_out and 0 in kept.dataset


def test_a_split_file_is_obeyed(tmp_path):
    samples = read_samples([write_dataset(tmp_path / "a")])
    file = tmp_path / "split.csv"
    file.write_text("source,part\nP0,train\nP1,val\nP2,test\nP3,unused\n")
    split = make_split(samples, TrainSettings(split_file=str(file)))
    assert {split.names[source]: part for source, part in split.part.items()} == {
        "P0": "train",
        "P1": "val",
        "P2": "test",
    }
    file.write_text("source,part\nP0,train\nP1,exam\n")
    with pytest.raises(GlintError, match="'exam'"):
        make_split(samples, TrainSettings(split_file=str(file)))
    with pytest.raises(GlintError, match="at least 3"):
        make_split(samples[:10], TrainSettings())


def test_a_virtual_sample_has_the_pixels_of_the_file(tmp_path):
    folder = write_dataset(tmp_path / "a", photos=3)
    frame = manifest.read(folder)
    source = images.read_rgb(frame["source_path"][0])
    rendering = distortions.suite("kadid10k").render(distortions.Photo(source), 13, 4, seed=2**63 + 11)
    images.write_png(folder / "images/real.png", rendering.pixels)
    real = frame.iloc[0].to_dict() | {"type": 13, "level": 4, "seed": 2**63 + 11, "path": "images/real.png"}
    drawn = json.dumps(rendering.parameters)
    virtual = real | {"sample_id": "virtual", "path": None, "reference_path": None, "status": "planned"}
    recorded = virtual | {"sample_id": "recorded", "parameters": drawn, "seed": 0}
    manifest.write(folder, pandas.DataFrame([real, virtual, recorded]))
    on_disk, planned, replayed = read_samples([folder])
    assert planned.seed == 2**63 + 11
    np.testing.assert_array_equal(planned.pixels(), on_disk.pixels())
    np.testing.assert_array_equal(replayed.pixels(), on_disk.pixels())
    np.testing.assert_array_equal(planned.pristine(), source)
    images.write_png(frame["source_path"][0], photo(99))
    with pytest.raises(GlintError, match="not the photo"):
        read_samples([folder])[1].pixels()


def test_unlabelled_and_missing_are_named(tmp_path):
    folder = write_dataset(tmp_path / "a", photos=3, mos=None)
    with pytest.raises(GlintError, match="glint-data label"):
        read_samples([folder])
    (folder / "images/P0_11_01.png").unlink()
    with pytest.raises(GlintError, match=r"P0_11_01.*synthesize"):
        read_samples([folder], labelled=False)[0].pixels()


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("loss", "huber+huge", "there is no loss 'huge'"),
        ("loss", "x*l1", "no weight"),
        ("epochs", 0, "at least 1"),
        ("optimizer", "sgd", "adamw"),
        ("learning_rate", 0.0, "above 0"),
        ("test_share", 0.95, "between"),
        ("depth", 3, "no option depth"),
    ],
)
def test_wrong_settings_are_refused(option, value, said):
    with pytest.raises(GlintError, match=said):
        settings_from({option: value})


@pytest.mark.parametrize("model", ["glintiqa", "ahiq"])
def test_loader_processes_give_the_same_batches(tmp_path, model, monkeypatch):
    samples = read_samples([write_dataset(tmp_path / "a", photos=3)])
    parts = {"train": samples[:10], "val": samples[10:]}
    network = models.create(model, size="tiny", input_size=32)
    planned = [[(0, 3), (0, 1), (0, 9)], [(0, 2), (0, 2), (0, 0)], [(1, 3), (1, 1), (1, 9)]]
    settings = TrainSettings(validation_crops=2, flip_vertically=True)
    values = []
    for workers in (0, 1):
        feed = PixelFeed(settings, network, parts, Processes(), workers)
        values.append([list(feed.batches(planned[:2])), list(feed.batches(planned[2:]))])
    for alone, helped in zip(*(first + second for first, second in values), strict=True):
        assert alone.images.shape == (3, 3, 32, 32) and torch.equal(alone.images, helped.images)
        assert torch.equal(alone.mos, helped.mos) and torch.equal(alone.mos_std, helped.mos_std)
        assert (alone.references is None) == (model == "glintiqa")
        assert alone.references is None or torch.equal(alone.references, helped.references)
    assert not torch.equal(values[0][0][0].images, values[0][1][0].images)  # another epoch, other crops


def test_fixed_crops_come_again(tmp_path):
    samples = read_samples([write_dataset(tmp_path / "a", photos=3)])
    crops = RandomCrops(Pixels(samples, True, True), 32, 0, False, places=2)
    seen = {crops[epoch, 4][0].tobytes() for epoch in range(20)}
    assert seen == {crops.fixed(4, place)[0].tobytes() for place in range(2)} and len(seen) == 2
    # All samples of a photo share its crops, so that its reference is cut once.
    assert all(np.array_equal(crops.fixed(0, place)[1], crops.fixed(4, place)[1]) for place in range(2))
    anywhere = RandomCrops(crops.pixels, 32, 0, False)
    assert len({anywhere[epoch, 4][0].tobytes() for epoch in range(20)}) > 15


@pytest.mark.slow
def test_an_exchanged_picture_stops_training_by_name(tmp_path):
    """In this process and in a loader's, whose tracebacks are not shown."""
    folder = write_dataset(tmp_path / "a", photos=3)
    frame = manifest.read(folder)
    hashes = [images.pixel_hash(images.read_rgb(folder / path)) for path in frame["path"]]
    manifest.write(folder, frame.assign(image_hash=hashes))
    images.write_png(folder / frame["path"][4], photo(99))
    samples = read_samples([folder])
    network = models.create("glintiqa", size="tiny", input_size=32)
    parts = {"train": samples, "val": samples}
    sentence = r"^\S+P0_11_05\.png: other pixels than were written[^\n]*$"
    with pytest.raises(GlintError, match=sentence):
        PixelFeed(TrainSettings(), network, parts, Processes(), 0)
    feed = PixelFeed(TrainSettings(), network, parts, Processes(), 1)
    assert len(next(feed.batches([[(0, 0), (0, 1)]])).mos) == 2
    with pytest.raises(GlintError, match=sentence):
        list(feed.batches([[(0, 3), (0, 4)]]))
