"""The commit goes source by source; what it writes depends on the rows alone."""

import pandas as pd
import pytest

from glint_data import sources
from glint_data.dataset import manifest
from glint_data.sources import Source
from glint_data.synthesis import parts

CELLS = [(kind, level) for kind in (1, 2) for level in (1, 2, 3)]


def rows_of(name: str, cells=CELLS, error: str | None = None) -> list[dict]:
    return [
        {
            "sample_id": f"{name}_{type_number:02d}_{level:02d}",
            "source": name,
            "suite": "kadid10k",
            "type": type_number,
        }
        | {"level": level, "status": "failed" if error else "ok", "error": error}
        for type_number, level in cells
    ]


@pytest.fixture
def dataset(tmp_path, monkeypatch):
    """A folder that knows seven sources, named against the order of their places; groups of two sources."""
    monkeypatch.setattr(parts, "ROWS_A_GROUP", 2 * len(CELLS))
    names = [f"s{9 - number}" for number in range(7)]
    found = [Source(name, index, f"/{name}.png", 1, 1, name, 64, 64, "") for index, name in enumerate(names)]
    sources.write(tmp_path, found)
    (tmp_path / manifest.PARTS).mkdir()
    return tmp_path, names


def committed(folder) -> bytes:
    parts.commit(folder, "kadid10k")
    assert not (folder / manifest.PARTS).exists()
    (folder / manifest.PARTS).mkdir()
    return (folder / manifest.FILE).read_bytes()


def test_the_manifest_does_not_depend_on_how_the_rows_came(dataset):
    folder, names = dataset
    for name in names:
        parts.write(folder, name, rows_of(name))
    whole = committed(folder)
    rows = manifest.read(folder)
    assert rows["source"].drop_duplicates().tolist() == names and len(rows) == 7 * len(CELLS)
    assert committed(folder) == whole, "a commit without parts changes nothing"

    (folder / manifest.FILE).unlink()
    for name in names[
        1::2
    ]:  # some sources first, the others by a later run, cells in two goes and out of order
        parts.write(folder, name, rows_of(name))
    committed(folder)
    for name in names[::2]:
        parts.write(folder, name, rows_of(name, CELLS[3:][::-1]))
        parts.write(folder, name, rows_of(name, CELLS[:3]))
    assert committed(folder) == whole

    manifest.write(folder, rows.sample(frac=1, random_state=0), {"suite": "kadid10k"})
    assert committed(folder) == whole, "rows in another order are put in order"


def test_newer_rows_replace_older_ones_and_labels_of_others_stay(dataset):
    folder, names = dataset
    for name in names:
        parts.write(folder, name, rows_of(name, error="lost" if name == names[3] else None))
    committed(folder)
    manifest.write(
        folder, manifest.read(folder).assign(mos=0.5, label_set="kadid"), {"label": {"set": "kadid"}}
    )
    parts.write(folder, names[3], rows_of(names[3], CELLS[:2]))
    committed(folder)
    rows = manifest.read(folder)
    replaced = rows["sample_id"].isin([row["sample_id"] for row in rows_of(names[3], CELLS[:2])])
    assert len(rows) == 7 * len(CELLS) and rows["sample_id"].is_unique
    assert rows.loc[replaced, "mos"].isna().all() and (rows.loc[replaced, "status"] == "ok").all()
    assert (rows.loc[~replaced, "mos"] == 0.5).all() and (rows["error"] == "lost").sum() == len(CELLS) - 2
    assert manifest.facts(folder) == {"label": {"set": "kadid"}, "suite": "kadid10k"}


def test_rows_of_forgotten_sources_stay(dataset):
    folder, names = dataset
    for name in [*names, "a-stranger"]:
        parts.write(folder, name, rows_of(name))
    committed(folder)
    assert manifest.read(folder)["source"].iloc[-1] == "a-stranger"


def test_finished_rows_by_name(dataset):
    folder, names = dataset
    parts.write(folder, names[2], rows_of(names[2]))
    found = dict(parts.finished(folder, names, ["type", "status"]))
    assert list(found) == [names[2]] and found[names[2]]["type"].to_pylist() == [1, 1, 1, 2, 2, 2]
    committed(folder)
    parts.write(folder, names[5], rows_of(names[5], CELLS[:1]))
    found = {name: len(rows) for name, rows in parts.finished(folder, names, ["type"])}
    assert found == {names[2]: 6, names[5]: 1}
    assert isinstance(manifest.read(folder), pd.DataFrame)
