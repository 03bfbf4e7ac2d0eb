"""Photos, datasets and references in an object store, against a real S3 server process on this machine."""

import hashlib
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from waiting import HELD_RUN, wait_until

from glint_data import cli, images, sources, work
from glint_data.dataset import manifest, verify
from glint_data.storage import files, places
from glint_data.synthesis import synthesize as rendering
from glint_data.synthesis.recipes import Settings
from glint_data.synthesis.shards import merge, synthesize_shard
from glint_data.synthesis.synthesize import synthesize

pytest.importorskip("moto", reason="NOT TESTED: addresses; pip install 'glint-data[test]'")
pytest.importorskip("s3fs", reason="NOT TESTED: addresses; pip install 'glint-data[test]'")

FEW = Settings(types=(1, 11), levels=(2, 5))
ARGUMENTS = ["--types", "1,11", "--levels", "2,5"]


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    images.write_png(folder / "cat.png", skimage.data.chelsea()[60:132, 100:196])
    images.write_png(folder / "coffee.png", skimage.data.coffee()[100:172, 200:296])
    (folder / "letter.jpg").write_text("no picture")
    return folder


@pytest.fixture(scope="module")
def stored_photos(server, photos):
    """The same photos in the store."""
    there = places.place("s3://glint/photos")
    for file in photos.iterdir():
        (there / file.name).write_bytes(file.read_bytes())
    return there


@pytest.fixture(scope="module")
def here(photos, tmp_path_factory) -> Path:
    """The dataset of an undisturbed run on this machine's disk."""
    folder = tmp_path_factory.mktemp("here") / "dataset"
    synthesize([photos], folder, FEW, workers=1)
    return folder


def contents(folder) -> dict[str, str]:
    """SHA-256 of every file of a dataset but its lock, wherever it lies."""
    if places.is_remote(folder):
        begin = len(folder.path) + 1
        found = {name[begin:]: folder.fs.cat_file(name) for name in folder.fs.find(folder.path)}
    else:
        every = (path for path in folder.rglob("*") if path.is_file())
        found = {str(path.relative_to(folder)): path.read_bytes() for path in every}
    return {name: hashlib.sha256(found[name]).hexdigest() for name in sorted(found) if name != ".lock"}


@pytest.fixture
def alone(monkeypatch):
    """Tasks in this process: starting workers is most of the time of a small run."""

    def here(function, tasks, _workers):
        for task in tasks:
            yield work.Outcome(task, result=function(task))

    for module in (sources, rendering, verify, work):
        monkeypatch.setattr(module, "run_tasks", here)


def glint(*arguments: object, **environment: str) -> subprocess.CompletedProcess:
    """A verb in a process of its own, with its own environment."""
    command = [sys.executable, "-m", "glint_data", *map(str, arguments)]
    surroundings = os.environ | environment
    return subprocess.run(command, capture_output=True, text=True, check=False, env=surroundings)


@pytest.fixture
def verb(capsys, monkeypatch, tmp_path):
    """A verb of the command line in this process: its exit code, and what it printed."""
    monkeypatch.setenv("GLINT_DATA_CACHE", str(tmp_path / "cache"))

    def run(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["glint-data", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        said = capsys.readouterr()
        return end.value.code or 0, said.out + said.err

    return run


def test_a_dataset_in_a_store_has_the_bytes_of_one_on_disk(server, photos, here):
    there = places.place("s3://glint/same")
    summary = synthesize([photos], "s3://glint/same/", FEW, workers=2)
    assert (summary.made, len(summary.refusals)) == (8, 1)
    assert contents(there) == contents(here)
    again = synthesize([photos], there, FEW, workers=1)
    assert (again.made, again.kept) == (0, 8)
    assert contents(there) == contents(here)


def test_photos_in_a_store_make_the_same_samples(stored_photos, here, tmp_path, alone):
    summary = synthesize([stored_photos], tmp_path / "d", FEW, workers=1)
    assert "s3://glint/photos/letter.jpg: not an image" in summary.refusals[0].error
    rows, expected = manifest.read(tmp_path / "d"), manifest.read(here)
    assert set(rows.pop("source_path")) == {"s3://glint/photos/cat.png", "s3://glint/photos/coffee.png"}
    assert rows.equals(expected.drop(columns="source_path"))
    listed = tmp_path / "list.txt"
    listed.write_text("s3://glint/photos/cat.png\n")
    assert synthesize([listed], tmp_path / "e", FEW, workers=1).sources == 1


def test_killed_in_a_store_and_resumed(server, photos, tmp_path, verb, alone):
    there, settings = places.place("s3://glint/killed"), Settings(types=(2, 4, 9, 10, 12, 16))
    arguments = ["synthesize", photos, "--out", there, "--types", "2,4,9,10,12,16", "--workers", "1"]
    command = [sys.executable, HELD_RUN, str(tmp_path / "flag"), *map(str, arguments)]
    run = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    wait_until((tmp_path / "flag").exists, run)
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert not files.holds(there, manifest.FILE)
    assert files.holds(there, ".lock")
    code, said = verb(*arguments)
    assert code == 3 and "is dead; going on" in said and "kept from before" in said
    assert not files.holds(there, ".lock")
    synthesize([photos], tmp_path / "d", settings, workers=1)
    assert contents(there) == contents(tmp_path / "d")


def test_every_verb_takes_addresses(stored_photos, verb, alone, tmp_path):
    recipes, dataset = "s3://glint/recipes", "s3://glint/dataset"
    for arguments, code, expected in (
        (
            ("synthesize", stored_photos, "--out", recipes, "--virtual", *ARGUMENTS),
            3,
            "8 samples of 2 photos",
        ),
        (("label", recipes, "--reference", "kadid"), 0, "8 of 8 samples labelled"),
        (("materialize", recipes, "--out", dataset), 0, "8 samples of 2 photos"),
        (("verify", dataset), 0, "10 files read, 8 rendered again"),
        (("explain", dataset, "cat_01_02"), 0, "s3://glint/photos/cat.png"),
        (("report", dataset), 0, "s3://glint/dataset/report.html"),
        (("export", dataset, "--to", "kadid", "--out", tmp_path / "kadid"), 0, "8 samples"),
    ):
        found, said = verb(*arguments)
        assert found == code and expected in said, said
    assert manifest.read(dataset)["mos"].notna().all()
    assert files.holds(places.place(dataset), "report.html")


def test_shards_meet_in_a_store(server, photos, here, alone):
    there = places.place("s3://glint/shards")
    for number in (2, 1):
        synthesize_shard([photos], there, FEW, 1, (number, 2))
    merge(there)
    assert {name for name in contents(there) if not name.startswith(".lock")} == set(contents(here))
    expected = contents(here)
    assert {name: contents(there)[name] for name in expected} == expected


@pytest.mark.slow
def test_training_and_evaluation_read_from_a_store(server, tmp_path, verb, alone):
    for name, pixels in {
        "astronaut": skimage.data.astronaut()[20:148, 120:280],
        "cat": skimage.data.chelsea()[50:178, 90:250],
        "coffee": skimage.data.coffee()[90:218, 180:340],
    }.items():
        images.write_png(tmp_path / f"{name}.png", pixels)
    dataset, run = "s3://glint/trained", tmp_path / "run"
    synthesize([tmp_path], dataset, Settings(types=(1, 10), levels=(1, 3, 5)), workers=1)
    small = ("--size", "tiny", "--from-scratch", "--epochs", "1", "--batch-size", "4")
    for arguments in (
        ("label", dataset, "--reference", "kadid", "--method", "content"),
        ("train", dataset, "--out", run, *small),
        ("evaluate", run, dataset, "--split", "all", "--crops", "2"),
    ):
        code, said = verb(*arguments)
        assert code == 0, said
    assert "18 samples of 3 photos" in said
    assert json.loads((run / "evaluation_trained_all.json").read_text())["samples"] == 18


def test_reference_images_in_a_store(stored_photos, shared, verb, alone):
    from glint_data.reference_sets import references

    kadid = shared / "data" / "kadid10k"
    there = places.place("s3://glint/kadid10k")
    description = references.description_of("kadid")
    every = references.find_pristine(description, kadid)
    some = sorted(every)[:12]
    for name in some:
        (there / every[name].relative_to(kadid).as_posix()).write_bytes(every[name].read_bytes())
    pixels = references.find_pristine(description, there)
    assert sorted(pixels) == some
    shipped = references.load("kadid")
    rows = references.embed_pristine(pixels, references.embed.embedder(), None)
    for name in pixels:
        assert np.allclose(rows[name][1], shipped.vectors[shipped.references.index(name)], atol=1e-3)
    dataset = "s3://glint/by-references"
    verb("synthesize", stored_photos, "--out", dataset, "--virtual", *ARGUMENTS)
    code, said = verb(
        *("label", dataset, "--reference-root", there, "--embedder", "descriptor", "--method", "knn")
    )
    assert code == 0 and "label: 12 references of KADID-10k" in said, said
    assert manifest.read(dataset)["mos"].notna().all()


def test_errors_name_the_place_and_the_way_on(stored_photos, here, photos, tmp_path, verb):
    out = ("--out", tmp_path / "a")
    for arguments, expected in (
        (("synthesize", "s3://nobucket/photos", *out), "s3://nobucket/photos: there is no such bucket"),
        (("synthesize", photos, "--out", "s3://nobucket/d"), "s3://nobucket/d: there is no such bucket"),
        (("synthesize", "s3://glint/nothing", *out), "no such file or folder"),
        (("synthesize", "s3://Wrong_Bucket!/x", *out), "not an address that its server takes"),
        (("synthesize", "what://glint/photos", *out), "not an address that can be used here"),
        (("synthesize", "zip://x::s3://glint/a.zip", *out), "chained addresses"),
        (("synthesize", photos, "--out", "data://x"), "is read, not written to"),
        (("label", "s3://glint/nothing"), "no such file or folder"),
        (("train", "s3://glint/same", "--out", "s3://glint/run"), "has to lie on this machine"),
    ):
        code, said = verb(*arguments)
        assert code == 1 and expected in said, said
    assert not (tmp_path / "a").exists()


def test_no_server_and_no_credentials_are_said(server, photos, tmp_path):
    answer = glint("verify", "s3://glint/photos", AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert answer.returncode == 1 and "its server does not answer" in answer.stderr, answer.stderr
    assert "Traceback" not in answer.stderr
    nobody = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "")
    answer = glint(
        "verify", "s3://glint/photos", HOME=str(tmp_path), AWS_EC2_METADATA_DISABLED="true", **nobody
    )
    assert answer.returncode == 1 and "no credentials were found" in answer.stderr, answer.stderr
    assert "Traceback" not in answer.stderr


class Forbidding(http.server.BaseHTTPRequestHandler):
    """Answers everything as S3 does to a key without rights."""

    def do_GET(self) -> None:
        body = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
        self.send_response(403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_PUT = do_GET

    def log_message(self, *_words) -> None:
        pass


def test_refused_access_is_said(server, photos, tmp_path):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Forbidding) as forbidding:
        threading.Thread(target=forbidding.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{forbidding.server_port}"
        answer = glint("synthesize", photos, "--out", "s3://glint/d", AWS_ENDPOINT_URL=address)
        forbidding.shutdown()
    assert answer.returncode == 1 and "s3://glint/d: access was refused" in answer.stderr, answer.stderr
    assert "Traceback" not in answer.stderr
