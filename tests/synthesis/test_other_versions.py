"""Versions are compared wherever a dataset is added to: also where the photos given are all new, and by shards."""

import json
from dataclasses import replace

import pytest
from waiting import one_after_the_other

from glint_data import sources
from glint_data.dataset import rendering as suites
from glint_data.dataset import runs
from glint_data.errors import GlintError
from glint_data.synthesis import synthesize as stage
from glint_data.synthesis.recipes import Settings
from glint_data.synthesis.shards import merge, synthesize_shard
from glint_data.synthesis.synthesize import synthesize

FEW = Settings(types=(17,), levels=(1,))


@pytest.fixture(autouse=True)
def in_process(monkeypatch):
    one_after_the_other(monkeypatch, stage, sources)


def inverted(made):
    return replace(made, pixels=255 - made.pixels)


def begun_elsewhere(folder):
    """The folder's record as of a machine with another numpy."""
    record = json.loads((folder / runs.FILE).read_text())
    record["versions"]["numpy"] = "1.0"
    record.pop("gone_on_with", None)
    (folder / runs.FILE).write_text(json.dumps(record))


def test_photos_that_are_all_new_are_not_mixed_in(photos, tmp_path, monkeypatch):
    synthesize([photos / "cat.png"], tmp_path / "d", FEW, workers=1)
    begun_elsewhere(tmp_path / "d")
    synthesize([photos / "coffee.png"], tmp_path / "d", FEW, workers=1)
    assert runs.read(tmp_path / "d")["gone_on_with"][-1] == runs.versions()
    begun_elsewhere(tmp_path / "d")
    seen = runs.versions()
    render = suites.render
    monkeypatch.setattr(suites, "render", lambda *values: inverted(render(*values)))
    with pytest.raises(GlintError, match=rf"numpy 1.0 \(here {seen['numpy']}\).* renders to other pixels"):
        synthesize([photos / "astronaut.png"], tmp_path / "d", FEW, workers=1)


def test_a_shard_with_other_versions_is_compared_or_refused(photos, tmp_path):
    folder = tmp_path / "s"
    synthesize_shard([photos], folder, FEW, 1, (1, 2))
    begun_elsewhere(folder)
    parts = {part: part.read_bytes() for part in (folder / "parts").iterdir()}
    for part in parts:
        part.unlink()  # the first shard has finished nothing yet
    with pytest.raises(GlintError, match="none of its samples can be rendered again yet"):
        synthesize_shard([photos], folder, FEW, 1, (2, 2))
    for part, content in parts.items():
        part.write_bytes(content)
    synthesize_shard([photos], folder, FEW, 1, (2, 2))
    assert runs.read(folder)["gone_on_with"][-1] == runs.versions()
    assert merge(folder).kept == 3


def test_of_two_runs_that_begin_in_the_same_instant_one_decides(tmp_path, monkeypatch):
    other = Settings(types=(17,), levels=(1,), seed=7)
    check = runs.check_folder
    is_first = [True]

    def overtaken(folder, verb, settings):
        begun = check(folder, verb, settings)
        if is_first.pop() if is_first else False:  # looked, found nothing; now another writes its record
            runs.open_folder(folder, "synthesize", other.resolved().record())
        return begun

    monkeypatch.setattr(runs, "check_folder", overtaken)
    with pytest.raises(GlintError, match="seed: 7 there, 0 now"):
        runs.open_folder(tmp_path / "s", "synthesize", FEW.resolved().record())
    assert runs.read(tmp_path / "s")["settings"]["seed"] == 7
    assert [file.name for file in (tmp_path / "s").iterdir()] == [runs.FILE]
