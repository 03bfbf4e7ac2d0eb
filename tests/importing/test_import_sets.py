"""Public sets to datasets: published layouts, pyiqa's tables, whole real score tables, and real images."""

import published_layouts
import pytest
from published_layouts import BUILDERS, META, pictures

from glint_data.dataset import manifest, verify
from glint_data.exports import export_dataset
from glint_data.importing import import_dataset
from glint_data.importing.ratings import read_ratings
from glint_data.reference_sets import references

pd = pytest.importorskip("pandas")


def real_table(golden, name):
    """Some rows of a set's real score table, with cells of several kinds."""
    if name == "bid":
        return None
    return pd.read_csv(golden / "scores" / ("biq2021_mos.csv" if name == "biq2021" else META[name]))


@pytest.mark.parametrize("name", BUILDERS)
def test_published_layout_is_read_by_key(tmp_path, golden, name):
    table = real_table(golden, name)
    root, out = tmp_path / "root", tmp_path / "out"
    root.mkdir()
    expected = BUILDERS[name](root, table)
    summary = import_dataset(name, root, out)
    rows = manifest.read(out)
    assert summary.imported == summary.rated == len(expected) and not summary.refusals
    assert dict(zip(rows["sample_id"], rows["mos"], strict=True)) == pytest.approx(expected, abs=1e-4)
    assert set(rows["status"]) == {"ok"} and set(rows["label_method"]) == {"rated"}
    assert set(rows["label_set"]) == {name}
    facts = manifest.facts(out)["label"]
    description = references.description_of(name)
    assert facts["low"] < facts["high"] and facts["citation"] == description["citation"]
    assert facts["higher_is_better"] == description["scores"]["higher_is_better"]
    is_paired = description["kind"] == "full-reference"
    assert rows["reference_path"].notna().all() if is_paired else rows["reference_path"].isna().all()
    if name in ("live", "koniq10k"):
        assert verify.verify(out, 1).problems == []


@pytest.mark.parametrize("name", ["csiq", "live-md", "tid2013"])
def test_pyiqa_table_gives_what_the_published_one_gives(tmp_path, golden, name):
    table = real_table(golden, name)
    (tmp_path / "root").mkdir()
    BUILDERS[name](tmp_path / "root", table)
    import_dataset(name, tmp_path / "root", tmp_path / "published")
    table.to_csv(tmp_path / META[name], index=False)
    import_dataset(name, tmp_path / "root", tmp_path / "meta", table=tmp_path / META[name])
    columns = ["sample_id", "source", "type", "level", "parameters", "image_hash", "source_hash"]
    published, meta = (manifest.read(tmp_path / kind) for kind in ("published", "meta"))
    assert published[columns].equals(meta[columns])
    assert published["mos"].to_numpy() == pytest.approx(meta["mos"].to_numpy(), abs=1e-5)


def test_order_of_the_table_does_not_matter(tmp_path, golden):
    table = real_table(golden, "tid2013")
    pictures(tmp_path, [*table["dist_name"], *table["ref_name"]])
    for out, rows in (("one", table), ("two", table.sample(frac=1, random_state=3))):
        rows.to_csv(tmp_path / META["tid2013"], index=False)
        import_dataset("tid2013", tmp_path, tmp_path.parent / f"{tmp_path.name}_{out}")
    one, two = (tmp_path.parent / f"{tmp_path.name}_{out}" / manifest.FILE for out in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


def test_spread_without_names_is_used_only_where_it_is_parallel(tmp_path, golden, capsys):
    table = real_table(golden, "tid2013")
    published_layouts.tid2013(tmp_path, table)
    description = references.description_of("tid2013")
    whole = read_ratings(description, description["layouts"][0], tmp_path)
    by_id = {published_layouts.tid_id(row.dist_name): row.std for row in table.itertuples()}
    assert dict(zip(whole["sample_id"], whole["spread"], strict=True)) == pytest.approx(by_id, abs=1e-5)
    lines = (tmp_path / "mos_with_names.txt").read_text().splitlines()
    (tmp_path / "mos_with_names.txt").write_text("\n".join(reversed(lines)))
    turned = read_ratings(description, description["layouts"][0], tmp_path)
    assert turned["spread"].isna().all() and turned["mos"].equals(whole["mos"])
    assert "not used" in capsys.readouterr().err


WHOLE = {  # rows, references, types with levels
    "kadid": (10125, 81, 25),
    "tid2013": (3000, 25, 24),
    "csiq": (866, 30, 6),
    "live": (779, 29, 5),
    "live-md": (450, 30, 2),
    "pipal": (23200, 200, 7),
    "koniq10k": (10073, 0, 0),
    "clive": (1169, 0, 0),
    "spaq": (11125, 0, 0),
}


@pytest.mark.parametrize("name", WHOLE)
def test_whole_real_table(shared, name):
    description = references.description_of(name)
    layout = description["layouts"][-1]
    ratings = read_ratings(description, layout, shared, shared / "data/scores" / META[name])
    rows, sources, types = WHOLE[name]
    assert len(ratings) == rows == description["rows"]
    assert (
        ratings.loc[ratings["reference"].notna(), "source"].nunique() == sources == description["references"]
    )
    assert ratings["type"].nunique() == types
    assert ratings["sample_id"].is_unique and ratings["mos"].between(0, 1).all()
    assert ratings["mos"].max() - ratings["mos"].min() > 0.6  # the declared range is that of the scores
    if ratings["spread"].notna().any():
        assert ratings["mos_std"].between(0, 0.5).all()


@pytest.mark.parametrize(
    ("name", "types", "against"), [("kadid", 25, {25}), ("tid2013", 24, {15}), ("csiq", 6, set())]
)
def test_stronger_distortion_is_worse(shared, name, types, against):
    """The direction is right: the last level is worse than the first, but for the kinds known to turn around."""
    description = references.description_of(name)
    table = shared / "data/scores" / META[name]
    ratings = read_ratings(description, description["layouts"][-1], shared, table)
    means = ratings.groupby(["type", "level"])["mos"].mean().unstack()
    last = means.apply(lambda row: row.dropna().iloc[-1], axis=1)
    rising = set(means.index[last >= means[1]])
    assert len(means) == types and rising <= against


def test_more_blur_is_worse_in_live_md(shared):
    description = references.description_of("live-md")
    ratings = read_ratings(
        description, description["layouts"][-1], shared, shared / "data/scores" / META["live-md"]
    )
    blur = ratings["parameters"].str.extract(r'"blur": (\d)')[0]
    means = ratings.groupby(blur)["mos"].mean()
    assert means["1"] > means["2"] > means["3"]


def test_real_kadid_images(tmp_path, shared):
    summary = import_dataset("kadid", shared / "data/kadid10k", tmp_path / "out", workers=1)
    rows = manifest.read(tmp_path / "out").set_index("sample_id")
    assert (summary.imported, summary.rated, summary.references) == (65, 10125, 80)
    lost = rows[rows["status"] == "failed"]
    assert len(lost) == 10060 and lost["error"].str.contains("not in").all()
    row = (
        rows.loc["I81_10_05"]
        if rows.loc["I81_10_05", "status"] == "ok"
        else rows[rows["status"] == "ok"].iloc[0]
    )
    assert (tmp_path / "out" / row["path"]).is_file() and (tmp_path / "out" / row["reference_path"]).is_file()
    table = references.bundled_scores(references.description_of("kadid"))
    keyed = table.set_index(["reference", "type", "level"])["score"]
    for row in rows.itertuples():
        assert row.mos * 4 + 1 == pytest.approx(keyed[row.source, row.type, row.level], abs=1e-5)
    failures = pd.read_csv(tmp_path / "out/failures.csv")
    assert len(failures) == 10061 and failures["error"].str.startswith("reference I04").sum() == 1


def test_real_biq2021_images(tmp_path, shared):
    few = pd.read_csv(shared / "data/biq2021/mos.csv").iloc[::20]
    (tmp_path / "root").mkdir()
    few.to_csv(tmp_path / "root/mos.csv", index=False)
    (tmp_path / "root/images").symlink_to(shared / "data/biq2021/images")
    import_dataset("biq2021", tmp_path / "root", tmp_path / "out")
    rows = manifest.read(tmp_path / "out").set_index("sample_id")
    expected = {name.removesuffix(".jpg"): mos for name, mos in zip(few["image"], few["mos"], strict=True)}
    assert rows["mos"].to_dict() == pytest.approx(expected, abs=1e-6)
    assert verify.verify(tmp_path / "out", 1).problems == []
    parts = pd.read_csv(tmp_path / "out/split.csv").set_index("source")["part"].to_dict()
    assert parts == dict(zip(expected, few["split"], strict=True))


def test_exported_as_kadid_and_imported_again(tmp_path, golden):
    """A dataset that leaves in KADID-10k's layout comes back with the same scores and pixels."""
    (tmp_path / "root").mkdir()
    published_layouts.kadid(tmp_path / "root", real_table(golden, "kadid").head(8))
    import_dataset("kadid", tmp_path / "root", tmp_path / "one")
    export_dataset(tmp_path / "one", "kadid", tmp_path / "exported", 1)
    import_dataset("kadid", tmp_path / "exported", tmp_path / "two")
    one, two = (manifest.read(tmp_path / name) for name in ("one", "two"))
    columns = ["sample_id", "source", "type", "level", "image_hash", "source_hash"]
    assert one[columns].equals(two[columns])
    assert two["mos"].to_numpy() == pytest.approx(one["mos"].to_numpy(), abs=1e-3)
