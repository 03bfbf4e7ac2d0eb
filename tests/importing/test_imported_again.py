"""A table imported again into its dataset: labels, and columns of others, stay with the pixels they belong to."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from glint_data.dataset import manifest
from glint_data.dataset.dataset import Dataset
from glint_data.errors import GlintError
from glint_data.importing import import_table


def test_imported_again_labels_and_columns_of_others_stay(pairs, tmp_path):
    pairs[["distorted", "reference"]].to_csv(tmp_path / "plain.csv", index=False)
    import_table(tmp_path / "plain.csv", tmp_path / "made")
    dataset = Dataset(tmp_path / "made")
    ids = list(dataset.columns("sample_id")["sample_id"])
    row = {"mos": 0.5, "mos_std": 0.125, "mos_low": 0.25, "mos_high": 0.75, "label_method": "any"}
    dataset.rewrite(dict.fromkeys(ids, row), {"label": {"set": "kadid", "low": 1, "high": 5}})
    table = pq.read_table(dataset.file)
    pq.write_table(table.append_column("mine", pa.array(range(len(ids)))), dataset.file)
    import_table(tmp_path / "plain.csv", tmp_path / "made")
    rows = manifest.read(tmp_path / "made")
    assert set(rows["mos"]) == {0.5} and set(rows["label_method"]) == {"any"}
    assert manifest.facts(tmp_path / "made")["label"]["set"] == "kadid"
    assert pq.read_table(dataset.file)["mine"].to_pylist() == list(range(len(ids)))


@pytest.mark.parametrize("forgotten", [False, True], ids=["noted beside", "noted instead"])
def test_imported_again_a_study_stays_itself_and_its_gaps_keep_their_labels(pairs, tmp_path, forgotten):
    """Also where an earlier release noted the labels in the study's place."""
    pairs.loc[1, ["mos", "mos_std"]] = np.nan
    pairs.to_csv(tmp_path / "p.csv", index=False)
    import_table(tmp_path / "p.csv", tmp_path / "p", range=(0, 10), lower_is_better=True)
    dataset = Dataset(tmp_path / "p")
    study, made = dataset.facts()["label"], {"set": "kadid", "method": "deep", "low": 1, "high": 5}
    label = {"mos": 0.5, "label_method": "any", "label_set": "kadid"}
    dataset.rewrite({"p1_q50": label}, {"label": made} if forgotten else {"labelled": made})
    import_table(tmp_path / "p.csv", tmp_path / "p", range=(0, 10), lower_is_better=True)
    assert (dataset.facts()["label"], dataset.facts()["labelled"]) == (study, made)
    assert manifest.read(tmp_path / "p")["label_set"].tolist() == ["p", "kadid", *["p"] * 4]


def test_a_label_of_other_pixels_does_not_stay(pairs, tmp_path, capsys):
    pairs[["distorted", "reference"]].to_csv(tmp_path / "plain.csv", index=False)
    import_table(tmp_path / "plain.csv", tmp_path / "made")
    dataset = Dataset(tmp_path / "made")
    ids = list(dataset.columns("sample_id")["sample_id"])
    dataset.rewrite({name: {"mos": 0.5} for name in ids})
    Image.open(tmp_path / "ref/photo1.png").save(tmp_path / "out/p1_q10.jpg", quality=20)
    (tmp_path / "made" / manifest.read(tmp_path / "made")["path"][0]).unlink()
    import_table(tmp_path / "plain.csv", tmp_path / "made")
    scores = manifest.read(tmp_path / "made").set_index("sample_id")["mos"]
    assert scores.isna().sum() == 1 and np.isnan(scores["p1_q10"])
    assert "1 labelled samples have other pixels now and no label" in capsys.readouterr().err


def test_scores_of_exchanged_pictures_are_kept_with_a_word(pairs, tmp_path, capsys):
    """They are people's, so that no label is to be made again; whether they fit is for a person to say."""
    import_table(tmp_path / "pairs.csv", tmp_path / "made", "1,5")
    before = manifest.read(tmp_path / "made").set_index("sample_id")
    import_table(tmp_path / "pairs.csv", tmp_path / "made", "1,5")
    assert "scores of" not in capsys.readouterr().err
    one, other = tmp_path / "out/p1_q10.jpg", tmp_path / "out/p1_q50.jpg"
    first, second = one.read_bytes(), other.read_bytes()
    one.unlink(), other.unlink()  # the dataset's may be the same files by link
    one.write_bytes(second), other.write_bytes(first)
    for name in ("p1_q10", "p1_q50"):
        (tmp_path / "made" / before["path"][name]).unlink()
    import_table(tmp_path / "pairs.csv", tmp_path / "made", "1,5")
    said = capsys.readouterr().err
    assert "the scores of 2 samples were kept, p1_q10 first, but the pictures" in said
    assert "check that the table's scores are for them" in said and "'glint-data label' again" not in said
    after = manifest.read(tmp_path / "made").set_index("sample_id")
    assert after["mos"].equals(before["mos"])
    assert after["image_hash"]["p1_q10"] == before["image_hash"]["p1_q50"]


def test_imported_again_over_a_damaged_manifest(pairs, tmp_path):
    import_table(tmp_path / "pairs.csv", tmp_path / "made", "1,5")
    file = tmp_path / "made" / manifest.FILE
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(GlintError, match=r"not a readable manifest .* delete it$"):
        import_table(tmp_path / "pairs.csv", tmp_path / "made", "1,5")
    file.unlink()
    assert import_table(tmp_path / "pairs.csv", tmp_path / "made", "1,5").imported == 6
