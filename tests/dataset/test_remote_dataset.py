"""A dataset in an object store is a dataset like others."""

import numpy as np
import pytest

from glint_data.dataset.dataset import Dataset
from glint_data.errors import GlintError
from glint_data.storage.places import place

pytest.importorskip("s3fs")


@pytest.mark.slow
def test_a_dataset_at_an_address(server, sound):
    address = place("s3://glint/dataset")
    for file in sorted(sound[0].rglob("*")):
        if file.is_file() and file.name != ".lock":
            address.joinpath(file.relative_to(sound[0]).as_posix()).write_bytes(file.read_bytes())
    here = Dataset(sound[0])
    for named in ("s3://glint/dataset", address, "s3://glint/dataset/manifest.parquet"):
        there = Dataset(named)
        assert len(there) == 18 and there[4].id == here[4].id
    np.testing.assert_array_equal(there[4].pixels(), here[4].pixels())
    np.testing.assert_array_equal(there[4].pristine(), here[4].pristine())
    assert [sample.id for sample in there.samples(type=11, level=5)] == [
        "cat_11_05",
        "cup_11_05",
        "face_11_05",
    ]
    assert there.columns("mos")["mos"].tolist() == here.columns("mos")["mos"].tolist()
    there.rewrite({"cat_01_02": {"mos": 0.25}})
    assert Dataset("s3://glint/dataset")[0].label.mos == there[0].label.mos == 0.25
    with pytest.raises(GlintError, match="has no sample nobody"):
        there.rewrite({"nobody": {"mos": 0.5}})
    assert there[0].label.mos == 0.25
