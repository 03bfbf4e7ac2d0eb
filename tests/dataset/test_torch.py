"""A dataset as torch takes it: the pixels on disk, in this process and in workers, files and recipes alike."""

import multiprocessing

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from glint_data import images
from glint_data.dataset import manifest
from glint_data.dataset.dataset import Dataset
from glint_data.dataset.planes import planes
from glint_data.errors import GlintError


def test_an_entry_is_the_image_on_disk(sound):
    files, recipes = (Dataset(folder).torch() for folder in sound)
    assert len(files) == len(recipes) == 18 and isinstance(files, torch.utils.data.Dataset)
    for index in (0, 7, -1):
        sample = Dataset(sound[0])[index]
        for entry in (files[index], recipes[index]):
            assert list(entry) == ["image", "reference", "mos", "std", "sample_id"]
            assert entry["image"].dtype == torch.float32 and entry["image"].shape == (
                3,
                *sample.pixels().shape[:2],
            )
            np.testing.assert_array_equal(
                (entry["image"] * 255).round().numpy().transpose(1, 2, 0), sample.pixels()
            )
            np.testing.assert_array_equal(
                (entry["reference"] * 255).round().numpy().transpose(1, 2, 0), sample.pristine()
            )
            assert float(entry["mos"]) == pytest.approx(sample.label.mos) and float(
                entry["std"]
            ) == pytest.approx(0.1)
            assert entry["sample_id"] == sample.id and entry["image"].min() >= 0 and entry["image"].max() <= 1


def test_planes_are_the_values_255th_parts_of_any_layout():
    image = np.arange(288).astype(np.uint8).reshape(12, 8, 3)  # every value
    image.setflags(write=False)
    for view in (image, image[::-1], image[1:9, 2:7]):
        assert np.array_equal(planes(view), (view.astype(np.float32) / np.float32(255)).transpose(2, 0, 1))


def test_what_a_loop_does_to_a_tensor_stays_in_that_tensor(sound):
    data = Dataset(sound[1]).torch()
    first = data[0]["reference"]
    expected = first.clone()
    first.zero_()
    assert torch.equal(data[0]["reference"], expected) and torch.equal(data[1]["reference"], expected)


def test_photos_kept_for_any_order_stay_within_their_bytes(sound):
    dataset = Dataset(sound[1])
    pictures = dataset._pictures
    pictures.spare = 40_000  # two of three photos
    for index in (0, 6, 12, 0, 12, 6, 1):
        dataset[index].pixels()
        kept = sum(picture.pixels.nbytes for picture in pictures._spared.values())
        assert kept == pictures._spared_bytes <= pictures.spare and len(pictures._spared) <= 2


def test_crops_are_a_function_of_seed_epoch_and_index(sound):
    data = Dataset(sound[0]).torch(crop=48)
    first = data[3]
    assert first["image"].shape == first["reference"].shape == (3, 48, 48)
    again = Dataset(sound[1]).torch(crop=48)[3]
    assert torch.equal(first["image"], again["image"]) and torch.equal(first["reference"], again["reference"])
    assert not torch.equal(Dataset(sound[0]).torch(crop=48, seed=1)[3]["image"], first["image"])
    data.set_epoch(1)
    assert not torch.equal(data[3]["image"], first["image"])
    assert Dataset(sound[0]).torch(crop=128)[0]["image"].shape == (3, 128, 128), (
        "smaller images are mirrored outwards"
    )


def batches(folder, workers, context=None, **options):
    data = Dataset(folder).torch(crop=48, **options)
    loader = DataLoader(data, batch_size=5, num_workers=workers, multiprocessing_context=context)
    return list(loader)


@pytest.mark.slow
def test_workers_give_the_same_batches(sound):
    alone = batches(sound[0], 0)
    assert [len(batch["sample_id"]) for batch in alone] == [5, 5, 5, 3] and alone[0][
        "mos"
    ].dtype == torch.float32
    for folder, context in ((sound[1], "spawn"), (sound[0], "fork")):
        if context not in multiprocessing.get_all_start_methods():
            continue
        for ours, theirs in zip(alone, batches(folder, 1, context), strict=True):
            assert ours["sample_id"] == theirs["sample_id"] and torch.equal(ours["mos"], theirs["mos"])
            assert torch.equal(ours["image"], theirs["image"])
            assert torch.equal(ours["reference"], theirs["reference"])


def test_without_pristine_photos_references_are_none_in_batches_too(own):
    manifest.write(own, manifest.read(own).assign(reference_path=None))
    data = Dataset(own).torch(crop=48)
    assert data[0]["reference"] is None
    assert next(iter(DataLoader(data, batch_size=4)))["reference"] is None


def test_labels(own):
    rows = manifest.read(own)
    rows.loc[:3, ["mos", "mos_low", "mos_high"]] = None
    manifest.write(own, rows)
    assert len(Dataset(own).torch()) == 14 and len(Dataset(own).torch(labelled=False)) == 18
    assert torch.isnan(Dataset(own).torch(labelled=False)[0]["mos"])
    manifest.write(own, rows.assign(mos=None, mos_low=None, mos_high=None))
    with pytest.raises(GlintError, match="glint-data label"):
        Dataset(own).torch()


def test_transform_sees_image_and_reference_alike(sound):
    shift = lambda image: image + torch.rand(())  # noqa: E731
    data, plain = Dataset(sound[0]).torch(transform=shift), Dataset(sound[0]).torch()
    moved = [data[2][name] - plain[2][name] for name in ("image", "reference")]
    entry = data[2]
    assert torch.allclose(
        entry["image"] - plain[2]["image"], (entry["reference"] - plain[2]["reference"]).mean()
    )
    assert moved[0].std() < 1e-6


def test_parts_are_photos(sound, capfd):
    parts = {part: Dataset(sound[0]).torch(part=part) for part in ("train", "val", "test")}
    names = {
        part: {data[index]["sample_id"].split("_")[0] for index in range(len(data))}
        for part, data in parts.items()
    }
    assert all(len(photos) == 1 for photos in names.values()) and len(set.union(*names.values())) == 3
    assert capfd.readouterr() == ("", "")


def test_samples_are_chosen_by_whole_numbers(sound):
    data = Dataset(sound[0]).torch()
    for number in (np.int64(1), np.uint8(1), torch.tensor(1), 1 - len(data)):
        assert data[number]["sample_id"] == data[1]["sample_id"]
    for wrong in (1.5, np.float32(1), slice(0, 3), "a", None, [1]):
        with pytest.raises(TypeError, match=r"samples are chosen by number.*torch.utils.data.Subset"):
            data[wrong]
    for beyond in (18, -19):
        with pytest.raises(IndexError, match=f"sample {beyond} of 18"):
            data[beyond]


@pytest.mark.parametrize("epoch", ["a", -1, 1.5, None, 1 << 63])
def test_an_epoch_is_a_whole_number(sound, epoch):
    data = Dataset(sound[0]).torch(crop=48)
    with pytest.raises(GlintError, match=r"set_epoch\(.*\): a whole number from 0"):
        data.set_epoch(epoch)
    data.set_epoch(np.int64(2))
    assert data[3]["image"].shape == (3, 48, 48)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"crop": 0}, "crop 0"),
        ({"part": "exam"}, "part 'exam'"),
        ({"seed": "a"}, "seed 'a': a whole number from 0"),
        ({"seed": -1}, "seed -1: a whole number"),
        ({"seed": 1.5}, "seed 1.5: a whole number"),
        ({"seed": None}, "seed None: a whole number"),
        ({"transform": 3}, "transform 3: a function"),
    ],
)
def test_wrong_options(sound, options, sentence):
    with pytest.raises(GlintError, match=sentence):
        Dataset(sound[0]).torch(**options)


def test_an_exchanged_picture_ends_it_by_name(own):
    images.write_png(own / Dataset(own)[1].path, Dataset(own)[0].pixels())
    data = Dataset(own).torch()
    assert data[0]["sample_id"] == "cat_01_02"
    with pytest.raises(GlintError, match=r"cat_01_05.*other pixels than were written"):
        data[1]
