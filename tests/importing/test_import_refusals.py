"""What an import refuses, and what it says: wrong folders and tables, hostile names, damaged images."""

import struct
import zipfile
import zlib

import numpy as np
import pandas as pd
import published_layouts
import pytest
from scipy.io import savemat

from glint_data.dataset import manifest
from glint_data.errors import GlintError
from glint_data.importing import import_dataset
from glint_data.importing.ratings import read_ratings
from glint_data.labels import label_dataset
from glint_data.reference_sets import references
from glint_data.reports import explain, write_report

ROWS = pd.DataFrame(
    {
        "dist_name": [
            f"I{n:02d}_{kind:02d}_{level:02d}.png" for n in (1, 2) for kind in (1, 10) for level in (1, 5)
        ],
        "ref_name": ["I01.png"] * 4 + ["I02.png"] * 4,
        "dmos": [4.6, 1.3, 4.3, 1.3, 4.5, 1.4, 4.2, 1.5],
        "std": [0.5] * 8,
    }
)


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "root"
    folder.mkdir()
    published_layouts.kadid(folder, ROWS)
    return folder


def change(root, row, column, value):
    table = pd.read_csv(root / "dmos.csv")
    table[column] = table[column].astype(object)
    table.loc[row, column] = value
    table.to_csv(root / "dmos.csv", index=False)


def refused(root, tmp_path, match):
    with pytest.raises(GlintError, match=match):
        import_dataset("kadid", root, tmp_path / "out")
    assert not (tmp_path / "out" / manifest.FILE).exists()


def test_wrong_folder_shows_what_was_expected_and_found(tmp_path):
    (tmp_path / "pictures").mkdir()
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(GlintError) as caught:
        import_dataset("tid2013", tmp_path, tmp_path / "out")
    said = str(caught.value)
    for piece in ("mos_with_names.txt", "distorted_images/", "reference_images/", "I01.BMP"):
        assert piece in said.split("Found:")[0]
    assert "pictures/" in said.split("Found:")[1] and "notes.txt" in said.split("Found:")[1]
    assert not (tmp_path / "out").exists()


def test_folder_above_is_told_which_one_is_meant(root, tmp_path):
    refused(root.parent, tmp_path, r"root holds such a table")


def test_unknown_set_names_the_known(tmp_path):
    with pytest.raises(GlintError, match=r"no scored set .kadis. .*kadid.*tid2013"):
        import_dataset("kadis", tmp_path, tmp_path / "out")


@pytest.mark.parametrize("name", ["../../secret_01_01.png", "/etc/I01_01_01.png", "..\\I01_01_01.png"])
def test_names_that_leave_the_folder_are_refused(tmp_path, name):
    rows = pd.DataFrame({"image": ["a.jpg", name], "mos": [0.5, 0.4], "split": ["train", "train"]})
    rows.to_csv(tmp_path / "mos.csv", index=False)
    published_layouts.picture(tmp_path / "images" / "a.jpg")
    with pytest.raises(GlintError, match="no path inside"):
        import_dataset("biq2021", tmp_path, tmp_path / "out")


@pytest.mark.parametrize(
    ("column", "value", "match"),
    [
        ("dmos", 57.0, r"1 scores are not within 1 to 5.*I01_01_01\.png with 57"),
        ("dmos", "", r"1 images have no score; the first: I01_01_01"),
        ("dmos", "4;57", r"I01_01_01\.png: score .4;57. is no number"),
        ("dist_img", "I01_01_05.png", "rated twice"),
        ("dist_img", "photo.png", "no image name of this set"),
        ("dist_img", "I01_26_01.png", "type and level that kadid10k lacks"),
        ("ref_img", "I02.png", r"stands beside the reference I02\.png, not I01"),
    ],
)
def test_tables_that_cannot_be_right(root, tmp_path, column, value, match):
    change(root, 0, column, value)
    refused(root, tmp_path, match)


def test_missing_column_is_named(root, tmp_path):
    table = pd.read_csv(root / "dmos.csv").rename(columns={"var": "deviation"})
    table.to_csv(root / "dmos.csv", index=False)
    refused(root, tmp_path, r"lacks the column var; its first line holds .*deviation")


def test_no_images_at_all(root, tmp_path):
    for file in (root / "images").iterdir():
        file.unlink()
    refused(root, tmp_path, r"holds none of the 8 images.*expected images/I01_01_01\.png")


def test_missing_and_damaged_images_are_rows_with_a_reason(root, tmp_path):
    (root / "images/I01_01_01.png").unlink()
    (root / "images/I01_01_05.png").write_bytes(b"\x89PNG\r\n\x1a\n and then nothing")
    (root / "images/I01_10_01.png").write_bytes(bomb(60_000, 60_000))
    (root / "images/I02.png").unlink()
    summary = import_dataset("kadid", root, tmp_path / "out")
    rows = manifest.read(tmp_path / "out").set_index("sample_id")
    assert summary.imported == 5 and len(summary.refusals) == 4
    lost = rows[rows["status"] == "failed"]["error"]
    assert "not in" in lost["I01_01_01"] and "I01_01_05" in lost["I01_01_05"]
    assert "60000x60000 is more than" in lost["I01_10_01"]
    assert rows.loc["I02_01_01", "status"] == "ok" and rows.loc["I02_01_01"][["reference_path"]].isna().all()
    listed = pd.read_csv(tmp_path / "out/failures.csv")
    assert len(listed) == 4 and "4 images stay without" in " ".join(listed["error"])


def bomb(width, height):
    """A PNG of few bytes whose header promises more pixels than memory."""

    def chunk(chunk_type, body):
        return (
            struct.pack(">I", len(body))
            + chunk_type
            + body
            + struct.pack(">I", zlib.crc32(chunk_type + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 9))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("csiq", "csiq.DMOS.xlsx"),
        ("kadid", "dmos.csv"),
        ("tid2013", "mos_with_names.txt"),
        ("tid2013", "mos.txt"),
    ],
)
def test_mutated_tables_end_in_a_sentence(tmp_path, golden, name, table):
    """Cut, flipped and overwritten bytes of each form: read to the same ratings or refused, never anything else."""
    rows = pd.read_csv(golden / "scores" / published_layouts.META[name]).head(12)
    published_layouts.BUILDERS[name](tmp_path, rows)
    description = references.description_of(name)
    intact, rng = (tmp_path / table).read_bytes(), np.random.default_rng(5)
    refusals = 0
    for round_number in range(60):
        broken = bytearray(intact)
        for place in rng.integers(0, len(broken), 1 + round_number % 5):
            broken[place] = rng.integers(0, 256)
        (tmp_path / table).write_bytes(
            broken[: rng.integers(1, len(broken))] if round_number % 3 == 0 else broken
        )
        try:
            assert len(read_ratings(description, description["layouts"][0], tmp_path)) <= 12
        except GlintError as error:
            refusals += 1
            assert str(tmp_path) in str(error) or description["title"] in str(error)
    assert refusals > 10 or table == "mos.txt"


def test_broken_matlab_files_are_named(tmp_path, golden):
    """One cut short, and one with a type that takes SciPy 1.17's reader down with its process: not with ours."""
    rows = pd.read_csv(golden / "scores" / published_layouts.META["clive"]).head(12)
    published_layouts.clive(tmp_path, rows)
    for name, broken in (
        ("AllMOS_release", lambda intact: intact[:200]),
        ("AllImages_release", with_unknown_type),
    ):
        file = tmp_path / "Data" / f"{name}.mat"
        intact = file.read_bytes()
        file.write_bytes(broken(intact))
        with pytest.raises(GlintError, match=rf"{name}\.mat.*download again"):
            import_dataset("clive", tmp_path, tmp_path / "out")
        file.write_bytes(intact)


def with_unknown_type(whole):
    return whole[:248] + bytes([21]) + whole[249:]


def test_tables_larger_than_any_set_are_not_opened(tmp_path):
    (tmp_path / "Data").mkdir()
    for name in ("AllImages_release", "AllMOS_release", "AllStdDev_release"):
        arrays = {name: np.zeros((1100, 1000))}
        savemat(tmp_path / "Data" / f"{name}.mat", arrays, do_compression=True)
    assert (tmp_path / "Data/AllMOS_release.mat").stat().st_size < 50_000
    with pytest.raises(GlintError, match="more than any set"):
        import_dataset("clive", tmp_path, tmp_path / "out")
    with zipfile.ZipFile(tmp_path / "csiq.DMOS.xlsx", "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("xl/worksheets/sheet1.xml", b" " * 101_000_000)
    with pytest.raises(GlintError, match="more than a score table"):
        import_dataset("csiq", tmp_path, tmp_path / "out")


def test_two_files_that_could_be_meant(tmp_path):
    rows = pd.DataFrame({"image": ["a.jpg"], "mos": [0.5], "split": ["train"]})
    rows.to_csv(tmp_path / "mos.csv", index=False)
    for folder in ("one", "two"):
        published_layouts.picture(tmp_path / "images" / folder / "a.jpg")
    with pytest.raises(GlintError, match="could be meant"):
        import_dataset("biq2021", tmp_path, tmp_path / "out")


def test_other_scores_do_not_overwrite_a_dataset(root, tmp_path):
    import_dataset("kadid", root, tmp_path / "out")
    before = (tmp_path / "out" / manifest.FILE).read_bytes()
    import_dataset("kadid", root, tmp_path / "out")
    assert (tmp_path / "out" / manifest.FILE).read_bytes() == before
    change(root, 0, "dmos", 2.0)
    with pytest.raises(GlintError, match="other settings"):
        import_dataset("kadid", root, tmp_path / "out")


def test_dataset_stands_without_the_download(root, tmp_path):
    import_dataset("kadid", root, tmp_path / "out")
    root.rename(tmp_path / "gone")
    moved = (tmp_path / "out").rename(tmp_path / "moved")
    assert write_report(moved).is_file()
    said = explain.explain(moved, "I01_10_05")
    assert "published  kadid10k type 10, jpeg, level 5" in said and "rated by people: kadid" in said


def test_human_scores_are_not_labelled_over(root, tmp_path):
    import_dataset("kadid", root, tmp_path / "out")
    with pytest.raises(GlintError, match="rated by people"):
        label_dataset(tmp_path / "out", cache=tmp_path / "cache")


def test_verb_says_what_it_did_by_its_exit_code(root, tmp_path):
    from typer.testing import CliRunner

    from glint_data.cli import app, table
    from glint_data.cli.commands import DONE_WITH_REFUSALS

    table.register(app)

    def run(*words):
        return CliRunner().invoke(app, ["import", *map(str, words), "--workers", "1"])

    done = run("kadid", root, "--out", tmp_path / "out")
    assert done.exit_code == 0 and "8 of 8 rated images of KADID-10k (the set has 10,125)" in done.stdout
    (root / "images/I01_01_01.png").unlink()
    lost = run("kadid", root, "--out", tmp_path / "other")
    assert lost.exit_code == DONE_WITH_REFUSALS and "I01_01_01.png: not in" in lost.stdout
    assert isinstance(run("tid2013", root, "--out", tmp_path / "third").exception, GlintError)


def test_every_description_is_whole():
    for name, description in references.known_sets().items():
        scale = description["scores"]
        assert scale["low"] < scale["high"] and isinstance(scale["higher_is_better"], bool), name
        assert description["citation"] and description["licence"] and description["home"].startswith("http")
        for layout in description["layouts"]:
            assert layout["certainty"].split(":")[0].split(";")[0] in ("seen", "known", "from memory"), name
            assert {"image", "score"} <= layout["columns"].keys() | (
                {"image"} if "numbered_images" in layout else set()
            )
