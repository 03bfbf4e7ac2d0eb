"""Damaged rows, hostile names, a full disk, Ctrl-C: what was exported is whole and inside its folder, or not there."""

import hashlib
import signal
import subprocess
import sys
import tarfile

import numpy as np
import pandas
import pytest
from contents import contents, csv_lines
from waiting import wait_until

from glint_data import images
from glint_data.dataset import manifest
from glint_data.errors import CannotWrite, GlintError
from glint_data.exports import FORMATS, export_dataset
from glint_data.exports.format import Chunk
from glint_data.exports.stage import in_order
from glint_data.work import Outcome


def test_damaged_and_changed_pixels_are_refused_by_name(pair, tmp_path, copy):
    rows = manifest.read(copy)
    (copy / rows["path"][0]).unlink()
    pixels = images.read_rgb(copy / rows["path"][1]).copy()
    pixels[0, 0, 0] ^= 1
    images.write_png(copy / rows["path"][1], pixels)
    rows.loc[3, ["status", "error"]] = ["failed", "some reason"]
    manifest.write(copy, rows)
    summary = export_dataset(copy, "hf", tmp_path / "o", 1)
    assert (summary.written, summary.refused) == (5, 3)
    failures = {row["sample_id"]: row["error"] for row in csv_lines(tmp_path / "o" / "failures.csv")}
    sentences = (
        "cannot be read",
        "other pixels than were written",
        "some reason",
    )
    for name, sentence in zip(rows["sample_id"][[0, 1, 3]], sentences, strict=True):
        assert sentence in failures[name]
    rows.loc[2, "path"] = "../../outside.png"
    manifest.write(copy, rows)
    with pytest.raises(GlintError, match=r"row 2 .*column path: .*no path inside the dataset"):
        export_dataset(copy, "hf", tmp_path / "p", 1)


def test_a_photo_is_there_for_later_rows_though_its_first_row_is_not(copy, tmp_path, monkeypatch):
    rows = manifest.read(copy)
    (copy / rows["path"][0]).unlink()
    (copy / rows["path"][4]).unlink()
    monkeypatch.setattr(FORMATS["hf"], "rows_a_chunk", (1, 2))
    monkeypatch.setattr(FORMATS["webdataset"], "rows_a_chunk", (2, 2))
    manifest.write(copy, rows.iloc[[0, 4, 1, 5, 2, 6, 3, 7]])
    assert export_dataset(copy, "hf", tmp_path / "hf", 1).written == 6
    table = pandas.read_parquet(tmp_path / "hf" / "train" / "metadata.parquet")
    assert table["sample_id"].tolist() == rows["sample_id"].iloc[[1, 5, 2, 6, 3, 7]].tolist()
    assert all((tmp_path / "hf" / "train" / name).is_file() for name in table["reference_file_name"])
    assert export_dataset(copy, "webdataset", tmp_path / "w", 2).written == 6
    with tarfile.open(tmp_path / "w" / "references" / "train-000000.tar") as shard:
        assert len(shard.getnames()) == 2


def test_a_piece_of_work_that_fails_ends_the_export(pair, tmp_path):
    chunk = Chunk(0, 0, "hf", "", "", "", ({"sample_id": "first"}, {"sample_id": "last"}), frozenset())
    with pytest.raises(GlintError, match=r"first to last: the worker died; nothing was exported"):
        list(in_order([Outcome(chunk, error="the worker died")]))


def test_a_photo_that_changed_is_not_rendered(pair, tmp_path):
    rows = manifest.read(pair[1])
    dataset = tmp_path / "v"
    dataset.mkdir()
    images.write_png(tmp_path / "other.png", np.zeros((64, 64, 3), np.uint8))
    manifest.write(dataset, rows.assign(source_path=str(tmp_path / "other.png")))
    with pytest.raises(GlintError, match="is not the photo that the recipes were made for"):
        export_dataset(dataset, "hf", tmp_path / "o", 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other.png", "v"]


def test_names_from_a_hostile_manifest_stay_inside(copy, tmp_path):
    rows = manifest.read(copy)
    rows["sample_id"] = ["../../evil", "/etc/evil", "a\\b", "..", "__x__", "a%b", "con.", "ä b"]
    rows["source"] = ["../up", "../up", "../up", "../up", "/abs", "/abs", "/abs", "/abs"]
    manifest.write(copy, rows)
    (tmp_path / "deep" / "deeper").mkdir(parents=True)
    for to in ("kadid", "hf", "webdataset"):
        summary = export_dataset(copy, to, tmp_path / "deep" / "deeper" / to, 1)
        assert summary.written >= 7, summary.text()
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["deeper"]
    with tarfile.open(tmp_path / "deep" / "deeper" / "webdataset" / "train-000000.tar") as shard:
        assert not any("/" in name or name.startswith("__") for name in shard.getnames())


@pytest.mark.parametrize("to", ["croissant", "kadid"])
def test_a_full_disk_leaves_nothing(pair, tmp_path, to, monkeypatch):
    def full(self, exported):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(FORMATS[to], "finish", full)
    with pytest.raises(
        CannotWrite, match=r"not finished \(No space left on device\) and nothing of it was kept"
    ):
        export_dataset(pair[0], to, tmp_path / "out", 1)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("to", ["pyiqa", "webdataset"])
def test_a_worker_that_cannot_write_ends_it(pair, tmp_path, to):
    """No file may grow above 8 kB, in this process and its workers: the images are larger."""
    script = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))\n"
        "from glint_data.cli import main; main()"
    )
    arguments = ["export", str(pair[0]), "--to", to, "--out", str(tmp_path / "out"), "--workers", "1"]
    program = tmp_path / "limited.py"
    program.write_text(f"if __name__ == '__main__':\n    {script.replace(chr(10), chr(10) + '    ')}\n")
    answer = subprocess.run(
        [sys.executable, program, *arguments], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 1 and "nothing of it was kept" in answer.stderr, answer.stderr
    assert "File too large" in answer.stderr and "Traceback" not in answer.stderr
    assert list(tmp_path.iterdir()) == [program]


def test_ctrl_c_and_a_kill_leave_nothing_that_counts(pair, tmp_path):
    """Interrupted it cleans up; killed it leaves a folder that the next run removes."""
    rows = manifest.read(pair[1])
    many = pandas.concat([rows.assign(sample_id=rows["sample_id"] + f"-{n}") for n in range(100)])
    (tmp_path / "many").mkdir()
    manifest.write(tmp_path / "many", many)
    command = [sys.executable, "-m", "glint_data", "export", str(tmp_path / "many"), "--to", "hf"]
    command += ["--out", str(tmp_path / "out"), "--workers", "1"]
    for stop, left in ((signal.SIGINT, ["many"]), (signal.SIGKILL, [".out.partial", "many"])):
        run = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        wait_until(lambda: list(tmp_path.glob(".out.partial/export/train/images/*/*.png")), run)
        run.send_signal(stop)
        said = run.communicate()[1]
        assert run.returncode == (130 if stop == signal.SIGINT else -signal.SIGKILL), said
        assert sorted(path.name for path in tmp_path.iterdir()) == left, said
    assert export_dataset(pair[1], "hf", tmp_path / "out", 1).written == 8
    assert sorted(path.name for path in tmp_path.iterdir()) == ["many", "out"]


def test_what_is_there_already_is_not_touched(pair, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(GlintError, match="is not empty"):
        export_dataset(pair[0], "hf", tmp_path / "full", 1)
    with pytest.raises(GlintError, match="is a file"):
        export_dataset(pair[0], "hf", tmp_path / "full" / "mine.txt", 1)
    assert contents(tmp_path) == {"full/mine.txt": hashlib.sha256(b"mine").hexdigest()}
    (tmp_path / "empty").mkdir()
    (tmp_path / ".empty.partial" / "export").mkdir(parents=True)  # what a killed run left
    assert export_dataset(pair[0], "hf", tmp_path / "empty", 1).written == 8
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "full"]
