"""Columns of a manifest are replaced by key, beside other writers and in spite of kills, or not at all."""

import signal
import subprocess
import sys
import textwrap
import threading

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from glint_data.dataset import manifest
from glint_data.dataset.dataset import Dataset
from glint_data.errors import GlintError


def test_rows_are_joined_by_their_names(own):
    before = manifest.read(own)
    dataset = Dataset(own)
    names = before["sample_id"].tolist()
    changes = pd.DataFrame(
        {"sample_id": names[::-1], "mos": [n / 100 + 0.25 for n in range(18)], "label_note": "new"}
    )
    assert dataset.rewrite(changes, {"score": "kept"}) is dataset
    after = manifest.read(own)
    assert after["mos"].tolist() == pytest.approx([n / 100 + 0.25 for n in range(18)][::-1])
    assert set(after["label_note"]) == {"new"}
    same = [name for name in manifest.COLUMNS if name not in ("mos", "label_note")]
    pd.testing.assert_frame_equal(after[same], before[same])
    assert manifest.facts(own) == {"suite": "kadid10k", "label": {"set": "kadid"}, "score": "kept"}


def test_few_rows_a_table_and_a_function(own):
    dataset = Dataset(own)
    dataset.rewrite({"cup_11_05": {"mos": None, "mos_low": None, "mos_high": None, "label_note": "gone"}})
    dataset.rewrite(pa.table({"sample_id": ["cat_01_02"], "licence": ["cc0"]}))
    dataset.rewrite(lambda rows: {"mos_std": pc.multiply(rows["mos_std"], 2)})
    table = dataset.table(["sample_id", "mos", "label_note", "licence", "mos_std"]).set_index("sample_id")
    assert pd.isna(table.loc["cup_11_05", "mos"]) and table.loc["cup_11_05", "label_note"] == "gone"
    assert table["mos"].notna().sum() == 17 and table["licence"].notna().sum() == 1
    assert table["mos_std"].tolist() == pytest.approx([0.2] * 18)


def test_columns_of_others_stay(own):
    pd.read_parquet(own / manifest.FILE).assign(mine=range(18)).to_parquet(own / manifest.FILE)
    Dataset(own).rewrite({"cat_01_02": {"mos": 0.5}})
    assert pd.read_parquet(own / manifest.FILE)["mine"].tolist() == list(range(18))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"nobody": {"mos": 0.5}, "cat_01_02": {"mos": 0.5}}, "has no sample nobody"),
        (pa.table({"sample_id": ["cat_01_02"] * 2, "mos": [0.5, 0.6]}), "cat_01_02 more than once"),
        ({"cat_01_02": {"moss": 0.5}}, "moss: is no column"),
        ({"cat_01_02": {"mos": 7.5}}, "row 0.*column mos: 7.5 must lie"),
        ({"cat_01_02": {"mos": "good"}}, "mos"),
        ({"cat_01_02": {"mos": 0.5}, "cat_01_05": {"mos_std": 0.5}}, "other columns for one sample"),
        (lambda rows: {"mos": [0.5]}, "1 new values for 18 rows"),
        (lambda rows: {"sample_id": ["x"] * 18}, "joined by"),
        (pa.table({"mos": [0.5]}), "sample_id"),
    ],
)
def test_what_does_not_fit_changes_nothing(own, changes, sentence):
    before = (own / manifest.FILE).read_bytes()
    with pytest.raises(GlintError, match=sentence):
        Dataset(own).rewrite(changes)
    assert (own / manifest.FILE).read_bytes() == before
    assert not [path for path in own.iterdir() if path.name.endswith(".partial")]


def test_rows_of_one_name_are_refused(own):
    rows = manifest.read(own)
    rows.loc[1, "sample_id"] = rows.loc[0, "sample_id"]
    manifest.write(own, rows)
    with pytest.raises(GlintError, match="several rows are called cat_01_02"):
        Dataset(own).rewrite({"cat_01_02": {"mos": 0.5}})


def other_process(code: str, folder) -> subprocess.Popen:
    head = (
        "import sys, time\nfrom glint_data.dataset.dataset import Dataset\ndataset = Dataset(sys.argv[1])\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", head + textwrap.dedent(code), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_beside_another_writer_one_waits_its_turn(own):
    """The lock is held for a whole verb, and may be taken again within it."""
    holder = other_process(
        """
        with dataset.lock():
            print("held", flush=True)
            sys.stdin.readline()
            dataset.rewrite({"cat_01_02": {"mos": 0.3}})
        print("done", flush=True)
        """,
        own,
    )
    assert holder.stdout.readline() == "held\n"
    dataset = Dataset(own)
    with pytest.raises(GlintError, match="another glint-data process is writing here"):
        dataset.rewrite({"cat_01_05": {"mos": 0.3}})
    with pytest.raises(GlintError, match="another"), dataset.lock():
        pass
    holder.communicate("go on\n")
    assert holder.returncode == 0
    dataset.rewrite({"cat_01_05": {"mos": 0.25}})
    assert dataset.columns("mos")["mos"][:2].tolist() == pytest.approx([0.3, 0.25])


def test_killed_within_a_rewriting(own):
    """The old manifest stays whole; what is left lying is gone after the next rewriting."""
    before = (own / manifest.FILE).read_bytes()
    killed = other_process(
        """
        def change(rows):
            print("writing", flush=True)
            time.sleep(600)
        dataset.rewrite(change)
        """,
        own,
    )
    assert killed.stdout.readline() == "writing\n"
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert (own / manifest.FILE).read_bytes() == before
    assert [path.name for path in own.iterdir() if path.name.endswith(".partial")]
    Dataset(own).rewrite({"cat_01_02": {"mos": 0.3}})
    assert not [path.name for path in own.iterdir() if path.name.endswith(".partial")]
    assert Dataset(own)[0].label.mos == pytest.approx(0.3)


def test_another_thread_does_not_hold_the_lock_of_this_one(own):
    """One `Dataset` in two threads: the lock is the thread's that took it, not the object's."""
    dataset, said = Dataset(own), []

    def write():
        try:
            dataset.rewrite({"cat_01_02": {"mos": 0.3}})
        except GlintError as error:
            said.append(str(error))

    with dataset.lock():
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
        dataset.rewrite({"cat_01_05": {"mos": 0.25}})
    assert "another glint-data process is writing here" in said[0]
