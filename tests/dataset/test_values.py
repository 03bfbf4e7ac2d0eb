"""A manifest's values are checked when it is read: what cannot be is refused by row and column, never a traceback."""

import math
import random
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from glint_data.dataset import manifest
from glint_data.dataset.columns import ADDED, COLUMNS
from glint_data.dataset.dataset import Dataset
from glint_data.dataset.verify import verify
from glint_data.errors import GlintError
from glint_data.exports import export_dataset
from glint_data.reports.explain import explain

WRONG = [
    ("type", -1),
    ("type", 32767),
    ("level", -7),
    ("width", 0),
    ("height", 10**9),
    ("status", "done"),
    ("mos", 1.5),
    ("mos", math.inf),
    ("mos_std", -0.1),
    ("mos_low", 0.8),
    ("mos_high", 0.1),
    ("source_hash", "abc"),
    ("image_hash", "G" * 64),
    ("path", "/etc/passwd"),
    ("path", "images/../../x.png"),
    ("path", "a\0b"),
    ("reference_path", "C:\\x.png"),
    ("mask_path", "https://somewhere/x.png"),
    ("low_resolution_path", ""),
    ("sample_id", None),
    ("sample_id", "a\x1b[2Jb"),
    ("source", "two\nlines"),
    ("strength", math.inf),
    ("label_similarities", [0.5, 7.0]),
    ("label_similarities", [0.5]),
]


def with_value(folder: Path, column: str, value, row: int = 4) -> Path:
    """The manifest with one value exchanged."""
    table = manifest.read_table(folder, checked=False)
    kind = manifest.schema().field(column).type
    cells = table.column(column).to_pylist()
    cells[row] = value
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    made = pa.array(cells, plain)
    made = made.dictionary_encode() if pa.types.is_dictionary(kind) else made
    place = table.schema.get_field_index(column)
    changed = table.set_column(place, column, made)
    marked = changed.replace_schema_metadata(manifest.schema_metadata(manifest.facts(folder)))
    manifest.write_table(folder / manifest.FILE, marked)
    return folder


@pytest.mark.parametrize(("column", "value"), WRONG, ids=lambda value: repr(value)[:20])
def test_a_value_that_cannot_be_is_named_by_row_and_column(own, column, value):
    with_value(own, column, value)
    where = column if column != "height" else "(height|width)"
    for read in (manifest.read, lambda path: list(manifest.batches(path)), lambda path: Dataset(path)[0]):
        with pytest.raises(GlintError, match=rf"row 4.*column {where}: .*(mend|make)"):
            read(own)


def test_verify_lists_them(own, monkeypatch):
    """It looks at everything, so one value that cannot be does not end it."""
    monkeypatch.setattr("glint_data.dataset.verify.run_tasks", lambda *arguments: [])
    with_value(with_value(own, "mos", 1.5), "path", "../x.png", row=2)
    problems = "\n".join(verify(own, workers=1).problems)
    assert (
        "row 4 (cat_22_02), column mos: 1.5 must lie" in problems
        and "row 2 (cat_11_02), column path" in problems
    )


def test_numbers_that_their_column_cannot_hold(tmp_path, own):
    frame = pd.read_parquet(own / manifest.FILE)
    for column, values, sentence in (
        ("type", frame["type"].astype("int64") * 1_000_000, "row 0.*column type.*must lie between"),
        ("seed", frame["seed"].astype("float64"), "rounded to a float.*dtype_backend='pyarrow'"),
        ("seed", -frame["type"].astype("int64"), "row 0.*column seed: -1 must lie between 0"),
        ("level", frame["level"] + 0.5, "no whole number"),
        ("mos", frame["mos"].astype(str), "column mos holds"),
        ("status", frame["level"], "column status holds"),
    ):
        frame.assign(**{column: values}).to_parquet(own / manifest.FILE)
        with pytest.raises(GlintError, match=sentence):
            manifest.read(own)


def rewritten(folder: Path, frame: pd.DataFrame) -> Path:
    frame.to_parquet(folder / manifest.FILE)
    return folder


def test_a_manifest_rewritten_by_pandas_is_taken(own):
    before = manifest.read(own)
    for frame in (
        pd.read_parquet(own / manifest.FILE),
        pd.read_parquet(own / manifest.FILE, dtype_backend="pyarrow"),
        pd.read_parquet(own / manifest.FILE).query("level == 5"),
        manifest.read(own).assign(mine=1.5),
    ):
        rewritten(own, frame)
        back = manifest.read(own)
        pd.testing.assert_frame_equal(
            back,
            before[before["sample_id"].isin(back["sample_id"])].reset_index(drop=True),
            check_dtype=False,
        )
        assert Dataset(own)[0].seed == before["seed"][list(before["sample_id"]).index(Dataset(own)[0].id)]
        assert Dataset(own)[0].pixels().shape == (72, 90, 3)
        rewritten(own, before)
    rewritten(own, before.drop(columns=["seed", "path"]))
    with pytest.raises(GlintError, match="not a glint-data manifest: it lacks the columns seed, path"):
        manifest.read(own)


def test_seeds_that_pandas_would_round_are_kept_or_refused(own):
    """A column with gaps: pandas makes doubles of whole numbers, which rounds seeds."""
    rows = manifest.read(own)
    rows["seed"] = pd.Series([None, *rows["seed"].tolist()[1:]], dtype=object)
    manifest.write(own, rows)
    intact = (own / manifest.FILE).read_bytes()
    rewritten(own, pd.read_parquet(own / manifest.FILE))
    with pytest.raises(GlintError, match=r"row 1 .*column seed: .*dtype_backend='pyarrow'"):
        manifest.read(own)
    (own / manifest.FILE).write_bytes(intact)
    rewritten(own, pd.read_parquet(own / manifest.FILE, dtype_backend="pyarrow"))
    assert manifest.read(own)["seed"].tolist() == rows["seed"].tolist()


def test_manifests_of_the_first_release_open(own):
    """They lack the columns that came later."""
    table = manifest.read_table(own).drop_columns(list(ADDED))
    marked = table.replace_schema_metadata(manifest.schema_metadata({"suite": "kadid10k"}))
    manifest.write_table(own / manifest.FILE, marked)
    assert pq.read_schema(own / manifest.FILE).names == [name for name in COLUMNS if name not in ADDED]
    rows = manifest.read(own)
    assert list(rows.columns) == list(COLUMNS) and rows[list(ADDED)].isna().all().all()
    dataset = Dataset(own)
    assert dataset[3].suite_version is None and dataset[3].pixels().shape == (72, 90, 3)
    dataset.rewrite({"cat_01_02": {"mos": 0.5, "licence": "cc0"}})
    assert pq.read_schema(own / manifest.FILE).names == list(COLUMNS)
    assert (dataset[0].licence, dataset[0].label.mos, dataset[1].licence) == ("cc0", 0.5, None)
    assert not [problem for problem in verify(own, workers=1).problems if "interval" not in problem]


CASES = 60


def anything(chance: random.Random, column: str):
    """A value of the column's type, most of them odd."""
    kind = COLUMNS[column][0]
    if kind in ("string", "dictionary"):
        return chance.choice(
            [
                None,
                "",
                "x",
                "..",
                "/",
                "\0",
                "a\x1b[2J",
                "{",
                "[]",
                "null",
                "planned",
                "failed",
                "ok",
                "0" * 64,
                "é" * 300,
            ]
        )
    if kind.startswith("list"):
        word = "I01" if "string" in kind else 0.5
        return chance.choice([None, [], [word], [word] * 2, [None], [word] * 50])
    if kind in ("int16", "int32"):
        return chance.choice([None, 0, 1, -1, 5, 26, 9999, 32767, -32768])
    if kind == "uint64":
        return chance.choice([None, 0, 2**63, 2**64 - 1])
    return chance.choice([None, 0.0, 0.5, 1.0, -1.0, 2.0, math.nan, math.inf, 1e-30])


def test_odd_values_end_in_a_result_or_a_sentence(own, tmp_path):
    """Several odd values at once; every reader of the dataset answers or refuses."""
    chance, intact = random.Random(7), (own / manifest.FILE).read_bytes()
    refused = 0
    for case in range(CASES):
        (own / manifest.FILE).write_bytes(intact)
        column = chance.choice(list(COLUMNS))
        with_value(own, column, anything(chance, column), row=chance.randrange(3))
        try:
            dataset = Dataset(own)
            for sample in dataset[:3]:
                for get in (sample.pixels, sample.pristine):
                    try:
                        assert get() is None or get().dtype == np.uint8
                    except GlintError as refusal:
                        assert sample.id in str(refusal)
            dataset.record(), dataset.table(), list(dataset.samples(type=(1, 2)))
            explain(own, dataset[1].id)
            if case % 25 == 0:
                export_dataset(own, "pyiqa", tmp_path / f"e{case}", 1)
        except GlintError as refusal:
            assert "\x1b" not in str(refusal)
            refused += 1
    assert CASES / 10 < refused < CASES * 0.8, "the values do not reach the readers, or nothing passes"


def doubled(folder: Path, *rows: int) -> Path:
    """The manifest with some rows once more at its end."""
    table = manifest.read_table(folder)
    facts = manifest.facts(folder)
    more = pa.concat_tables([table, table.take(list(rows))])
    manifest.write_table(
        folder / manifest.FILE, more.replace_schema_metadata(manifest.schema_metadata(facts))
    )
    return folder


@pytest.mark.parametrize(
    "read",
    [manifest.read, lambda path: list(manifest.batches(path, rows=3)), lambda path: Dataset(path).rows()],
)
def test_a_sample_in_two_rows_is_refused(own, read):
    """It would count twice; rows may stand in two batches, and the same sentence comes from each way to read."""
    count = len(manifest.read(own))
    doubled(own, 4)
    with pytest.raises(
        GlintError, match=rf"rows 4 and {count} are both called cat_22_02, and a sample counts"
    ):
        read(own)
    assert manifest.read(own, ["mos"]).shape == (count + 1, 1)  # where no names are read, none are compared


def test_names_of_one_hash_are_no_double(own, monkeypatch):
    monkeypatch.setattr("pandas.util.hash_array", lambda names, **how: np.zeros(len(names), np.uint64))
    assert len(list(manifest.batches(own))) == 1


def test_verify_names_doubles_and_samples_without_a_hash(own, monkeypatch):
    monkeypatch.setattr("glint_data.dataset.verify.run_tasks", lambda *arguments: [])
    doubled(with_value(own, "image_hash", None, row=2), 4)
    problems = "\n".join(verify(own, workers=1).problems)
    assert "cat_22_02: several rows have this sample_id" in problems
    assert "cat_11_02: no hash of its pixels is recorded" in problems


@pytest.mark.parametrize(("column", "value"), [("type", 26), ("level", 0), ("level", 6)])
def test_verify_names_cells_that_the_suite_does_not_have(own, monkeypatch, column, value):
    """In whichever row: not only where one of the forty is that are rendered again."""
    monkeypatch.setattr("glint_data.dataset.verify.RERENDERED", 0)
    monkeypatch.setattr("glint_data.dataset.verify.run_tasks", lambda *arguments: [])
    assert verify(own, workers=1).problems == []
    (problem,) = verify(with_value(own, column, value), workers=1).problems
    assert problem.startswith("cat_22_02: ") and "has no type" in problem
