"""The table every stage meets in: what is written is read back, what is foreign is refused."""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from glint_data.dataset import manifest
from glint_data.errors import GlintError


@pytest.fixture
def rows() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "sample_id": ["a_01_01", "a_01_02"],
            "source": ["a", "a"],
            "suite": ["kadid10k", "kadid10k"],
            "type": [1, 1],
            "level": [1, 2],
            "seed": [2**64 - 1, 0],
            "mos": [0.5, None],
            "label_references": [["I01", "I02"], None],
        }
    )


def test_rows_come_back_as_written(tmp_path, rows):
    manifest.write(tmp_path, rows, {"range": [1, 5]})
    back = manifest.read(tmp_path)
    assert list(back.columns) == list(manifest.COLUMNS)
    assert back["seed"].tolist() == [2**64 - 1, 0]
    assert list(back["label_references"][0]) == ["I01", "I02"]
    assert back["label_references"][1] is None
    assert pd.isna(back["mos"][1])
    assert manifest.facts(tmp_path) == {"range": [1, 5]}
    assert pq.read_table(tmp_path / manifest.FILE).num_rows == 2, "a plain Parquet reader must read it"


def test_chosen_columns_only(tmp_path, rows):
    manifest.write(tmp_path, rows)
    assert list(manifest.read(tmp_path, ["type", "mos"]).columns) == ["type", "mos"]


def test_writing_leaves_nothing_else(tmp_path, rows):
    manifest.write(tmp_path, rows)
    assert [path.name for path in tmp_path.iterdir()] == [manifest.FILE]


def test_foreign_columns_are_refused(tmp_path, rows):
    with pytest.raises(GlintError, match="dmos"):
        manifest.write(tmp_path, rows.assign(dmos=1.0))


def test_wrong_type_is_refused(tmp_path, rows):
    with pytest.raises(GlintError, match="schema"):
        manifest.write(tmp_path, rows.assign(mos=["good", "bad"]))


def test_other_version_is_refused(tmp_path, rows, monkeypatch):
    monkeypatch.setattr(manifest, "VERSION", 99)
    manifest.write(tmp_path, rows)
    monkeypatch.undo()
    with pytest.raises(GlintError, match=r"version 99.*reads version"):
        manifest.read(tmp_path)


def test_what_is_no_manifest_is_refused(tmp_path):
    with pytest.raises(GlintError, match="no such file"):
        manifest.read(tmp_path / "absent")
    with pytest.raises(GlintError, match=r"holds no manifest\.parquet"):
        manifest.read(tmp_path)
    pq.write_table(pa.table({"type": [1]}), tmp_path / manifest.FILE)
    with pytest.raises(GlintError, match="not a glint-data manifest"):
        manifest.read(tmp_path)
    (tmp_path / manifest.FILE).write_bytes(b"PAR1 and then nothing")
    with pytest.raises(GlintError, match="not a readable manifest"):
        manifest.read(tmp_path)


def test_unfinished_dataset_says_how_to_finish(tmp_path):
    (tmp_path / manifest.PARTS).mkdir()
    with pytest.raises(GlintError, match=r"unfinished.*synthesize"):
        manifest.read(tmp_path)
