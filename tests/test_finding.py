"""Which files below a folder are the user's photos: not the dataset's own, not a system's, none lost without a word."""

import os

import numpy as np
import pytest

from glint_data import images, sources
from glint_data.errors import GlintError
from glint_data.synthesis.recipes import Settings
from glint_data.synthesis.synthesize import synthesize


def put(file, seed=0, side=64):
    file.parent.mkdir(parents=True, exist_ok=True)
    images.write_png(file, np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8))
    return file


def names(folder, **options):
    return [str(path.relative_to(folder)) for path in sources.find([folder], **options)]


def test_hidden_and_system_folders_are_left_out_and_named(tmp_path, capsys):
    for name in ("a.png", "b/a.png"):
        put(tmp_path / name)
    left_out = (
        ".thumbnails/a.png",
        "@eaDir/a.png",
        "__MACOSX/a.png",
        "b/.hidden/deep/a.png",
        "._a.png",
        "#recycle/a.png",
    )
    for number, name in enumerate(left_out):
        put(tmp_path / name, number + 1)
    assert names(tmp_path) == ["a.png", "b/a.png"]
    assert "@eaDir (hidden, or a system's)" in capsys.readouterr().err
    hidden = tmp_path / ".thumbnails"
    assert names(hidden) == ["a.png"], "a folder that is named itself is searched"
    (tmp_path / "list.txt").write_text("._a.png\n")
    assert [p.name for p in sources.find([tmp_path / "list.txt"])] == ["._a.png"]


def test_hidden_files_and_other_endings_are_counted(tmp_path, capsys):
    """Android keeps deleted photos as .trashed-...; cameras write .HIF."""
    for number, name in enumerate(("a.png", ".trashed-17-IMG_1.png", "b.xmp", "c.XMP", "noending")):
        put(tmp_path / name, number)
    assert names(tmp_path) == ["a.png"]
    said = capsys.readouterr().err
    assert "left out: 4 files that are hidden or have no picture's ending (.xmp 2, " in said
    assert "hidden 1" in said and "without ending 1" in said
    os.mkfifo(tmp_path / "pipe.png")
    assert names(tmp_path) == ["a.png"] and "a pipe, a device or a linked folder 1" in capsys.readouterr().err
    for number, name in enumerate(("d.HIF", "e.pbm", "f.mpo", "g.jpx")):
        put(tmp_path / name, number)
    assert len(names(tmp_path)) == 5
    with pytest.raises(GlintError, match=r"holds no image files.*left out: 1 files"):
        put(tmp_path / "other" / "noending")
        sources.find([tmp_path / "other"])


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_path_is_not_this_folder(tmp_path, monkeypatch, empty):
    put(tmp_path / "a.png")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GlintError, match="an empty path"):
        sources.find([empty])
    with pytest.raises(GlintError, match="an empty path"):
        synthesize(["a.png"], empty, Settings("kadid10k", (7,), (1,)), 1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png"]


def test_raw_files_are_not_passed_over(tmp_path):
    put(tmp_path / "a.png")
    (tmp_path / "b.CR2").write_bytes(b"II*\0\x10\0\0\0CR\2\0" + bytes(100))
    admitted, refused = sources.scan(sources.find([tmp_path]), [], workers=1)
    assert [source.name for source in admitted] == ["a"]
    assert "b.CR2: a camera's RAW file" in refused[0].error


@pytest.mark.parametrize("where", ["dataset", "photos/dataset", "photos/below/dataset"])
def test_samples_never_become_photos(tmp_path, where):
    photos, out = tmp_path / "photos", tmp_path / where
    put(photos / "a.png")
    put(photos / "below" / "b.png", 1)
    settings = Settings("kadid10k", (7,), (1, 2))
    for _ in range(2):
        summary = synthesize([photos], out, settings, 1)
        assert (summary.made + summary.kept, summary.refusals) == (4, [])
    other = synthesize([photos], tmp_path / "other", settings, 1)
    assert other.made == 4, "another dataset below the photos is none of them either"
    named = sorted((out / "references").iterdir())
    assert sources.find(named) == named
    assert names(out, datasets=True)
    with pytest.raises(GlintError, match=r"no image files.*lies in the dataset that is made"):
        sources.find([out / "images"], out)


def test_an_unfinished_dataset_is_one_already(tmp_path):
    put(tmp_path / "a.png")
    put(tmp_path / "half" / "images" / "x.png", 1)
    (tmp_path / "half" / "run.json").write_text("{}")
    assert names(tmp_path) == ["a.png"]
    put(tmp_path / "mine" / "b.png", 2)
    (tmp_path / "mine" / "run.json").write_text("{}")
    assert names(tmp_path) == ["a.png", "mine/b.png"], "a run.json alone makes no dataset"


def test_an_export_is_none_of_the_photos(tmp_path):
    put(tmp_path / "a.png")
    put(tmp_path / "sent" / "images" / "x.png", 1)
    (tmp_path / "sent" / "README.md").write_text(
        "# sent\n\n1 images of 1 photos, exported by glint-data 0.1.0.\n"
    )
    put(tmp_path / "mine" / "b.png", 2)
    (tmp_path / "mine" / "README.md").write_text("# my photos\n")
    assert names(tmp_path) == ["a.png", "mine/b.png"]


def test_a_folder_in_a_list_is_told_apart(tmp_path):
    put(tmp_path / "photos" / "a.png")
    (tmp_path / "list.txt").write_text("photos\nphotos/a.png\n")
    admitted, refused = sources.scan(sources.find([tmp_path / "list.txt"]), [], workers=1)
    assert [source.name for source in admitted] == ["a"]
    assert "a folder, where a file was meant" in refused[0].error


def test_a_folder_that_cannot_be_opened_is_a_refusal(tmp_path, monkeypatch):
    put(tmp_path / "a.png")
    put(tmp_path / "closed" / "b.png", 1)
    really = os.scandir

    def scandir(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return really(path)

    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(os, "access", lambda path, mode: not str(path).endswith("closed"))
    admitted, refused = sources.scan(sources.find([tmp_path]), [], workers=1)
    assert [source.name for source in admitted] == ["a"]
    assert "closed: a folder that cannot be opened" in refused[0].error


def test_a_file_that_may_not_be_looked_at_is_a_refusal(tmp_path, monkeypatch):
    """A folder that can be listed, and no more."""
    put(tmp_path / "a.png")
    put(tmp_path / "listed" / "b.png", 1)
    really = images.reading.read_bytes

    def read_bytes(path):
        if "listed" in str(path):
            raise PermissionError(13, "Permission denied", str(path))
        return really(path)

    monkeypatch.setattr(images.reading, "read_bytes", read_bytes)
    looked_at = [sources.inspect(str(file)) for file in sources.find([tmp_path])]
    assert isinstance(looked_at[0], sources.Source)
    assert "b.png: cannot be read (Permission denied)" in looked_at[1].error


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
@pytest.mark.parametrize("mode", [0o000, 0o400, 0o600])
def test_closed_folders_for_real(tmp_path, mode):
    put(tmp_path / "a.png")
    put(tmp_path / "closed" / "b.png", 1)
    (tmp_path / "closed").chmod(mode)
    try:
        admitted, refused = sources.scan(sources.find([tmp_path]), [], workers=1)
    finally:
        (tmp_path / "closed").chmod(0o700)
    assert [source.name for source in admitted] == ["a"]
    assert len(refused) == 1 and "closed" in refused[0].path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_lists_in_the_encodings_that_programs_write(tmp_path, encoding):
    put(tmp_path / "fünf.png")
    (tmp_path / "list.txt").write_bytes("# by hand\r\nfünf.png\r\n".encode(encoding))
    assert [p.name for p in sources.find([tmp_path / "list.txt"])] == ["fünf.png"]


def test_a_list_in_another_encoding_is_a_sentence(tmp_path):
    (tmp_path / "list.txt").write_bytes("eins.png\nfünf.png\n".encode("cp1252"))
    with pytest.raises(GlintError, match=r"list\.txt: line 2 is no UTF-8 text; save it as UTF-8"):
        sources.find([tmp_path / "list.txt"])


def test_no_two_photos_end_under_one_name(tmp_path):
    put(tmp_path / "x" / "a.png", 1)
    second = put(tmp_path / "y" / "a.png", 2)
    digest = images.pixel_hash(images.read_rgb(second))[:12]
    put(tmp_path / "z" / f"a-{digest}.png", 3)
    put(tmp_path / "w" / f"A-{digest.upper()}.png", 4)
    admitted, refused = sources.scan(sources.find([tmp_path]), [], workers=1)
    found = [source.name.lower() for source in admitted]
    assert len(set(found)) == 4 and not refused, found
