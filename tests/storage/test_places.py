"""Places, their locks and uploads, one by one, against a real S3 server process on this machine."""

import errno
import json
import socket
import sys
import threading
from pathlib import Path

import pytest

from glint_data import images
from glint_data.dataset import manifest
from glint_data.errors import CannotWrite, GlintError, ImageRefused
from glint_data.storage import files, leases, places
from glint_data.work import only_run

pytest.importorskip("moto", reason="NOT TESTED: places in stores; pip install 'glint-data[test]'")
pytest.importorskip("s3fs", reason="NOT TESTED: places in stores; pip install 'glint-data[test]'")


def test_a_lock_of_a_dead_machine_ends(server, monkeypatch):
    there = places.place("s3://glint/locked")
    lock = there / ".lock"
    lock.write_bytes(json.dumps({"owner": "x", "host": "elsewhere", "process": None}).encode())
    with pytest.raises(GlintError, match="on elsewhere, last sign of life"), only_run(there):
        pass
    monkeypatch.setattr(leases, "STALE", -1.0)
    with only_run(there):
        assert json.loads(lock.read_bytes())["host"] == socket.gethostname()
        monkeypatch.undo()
        with pytest.raises(GlintError, match="another glint-data process is writing"), only_run(there):
            pytest.fail("two runs hold one lock")
    assert not files.holds(there, ".lock")


def test_a_taken_lock_stops_the_run(server, monkeypatch):
    monkeypatch.setattr(leases, "REFRESH", 0.05)
    there = places.place("s3://glint/stolen")
    with pytest.raises(KeyboardInterrupt), only_run(there):
        (there / ".lock").write_bytes(b'{"owner": "another"}')
        threading.Event().wait()
    assert files.holds(there, ".lock"), "the other's lock is not ours to remove"


def test_words_become_places(tmp_path):
    assert places.place("photos/a.png") == Path("photos/a.png")
    assert places.place(f"file://{tmp_path}/a%20b") == tmp_path / "a b"
    assert places.place(tmp_path) is tmp_path
    assert str(places.place("s3://bucket/a/")) == "s3://bucket/a"
    with pytest.raises(GlintError, match="at no object store; not followed"):
        places.recorded("http://169.254.169.254/latest/meta-data")
    for wrong in ("s3://elsewhere/x", "../x", "a::b"):
        with pytest.raises(GlintError, match="no path inside the dataset"):
            manifest.inside(places.place("s3://bucket/d"), wrong)


def test_missing_packages_are_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "upath", None)
    with pytest.raises(GlintError, match=r"pip install 'glint-data\[remote\]'"):
        places.place("s3://bucket/photos")


def test_a_failed_stream_leaves_no_object(server):
    file = places.place("s3://glint/streams/a")
    with pytest.raises(RuntimeError), files.writing(file) as stream:
        stream.write(b"half")
        raise RuntimeError
    assert not file.exists()
    with files.writing(file) as stream:
        stream.write(b"whole")
    assert files.read_bytes(file) == b"whole"
    with pytest.raises(ImageRefused, match="no such object"):
        images.read_rgb("s3://glint/streams/none.png")
    files.write_atomically("s3://nobucket/a", b"x", durable=False)
    with pytest.raises(CannotWrite, match="there is no such bucket"):
        files.make_durable([places.place("s3://nobucket/a")])


def test_where_nothing_can_be_written_nothing_can_be_taken_away_either(tmp_path, monkeypatch):
    """A file system mounted read-only refuses to unlink too: what cannot be written stays the sentence."""

    def refused(self, missing_ok=False):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "unlink", refused)
    with pytest.raises(CannotWrite, match=r"report\.html: cannot be written"):
        files.write_atomically(tmp_path / "absent" / "report.html", b"")
