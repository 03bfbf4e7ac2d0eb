"""Published score tables that went through a spreadsheet: read all the same, or refused with what was found."""

import pandas as pd
import pytest
from published_layouts import META

from glint_data.errors import GlintError
from glint_data.importing.ratings import read_ratings
from glint_data.reference_sets import references

KONIQ = references.description_of("koniq10k")
PYIQA = KONIQ["layouts"][-1]


@pytest.fixture
def koniq(golden):
    return pd.read_csv(golden / "scores" / META["koniq10k"], dtype=str)


def read(file):
    return read_ratings(KONIQ, PYIQA, file.parent, file)


@pytest.mark.parametrize(
    "options",
    [
        {"encoding": "utf-8-sig"},
        {"encoding": "utf-16"},
        {"sep": ";"},
        {"sep": "\t", "encoding": "utf-16"},
        {"lineterminator": "\r\n"},
    ],
    ids=str,
)
def test_encodings_and_separators(tmp_path, koniq, options):
    koniq.to_csv(tmp_path / "plain.csv", index=False)
    koniq.rename(columns=str.title).to_csv(tmp_path / "excel.csv", index=False, **options)
    assert read(tmp_path / "excel.csv").equals(read(tmp_path / "plain.csv"))


def test_decimal_commas(tmp_path, koniq):
    koniq.to_csv(tmp_path / "plain.csv", index=False)
    for column in ("mos", "std"):
        koniq[column] = koniq[column].str.replace(".", ",")
    koniq.to_csv(tmp_path / "german.csv", index=False, sep=";")
    assert read(tmp_path / "german.csv").equals(read(tmp_path / "plain.csv"))


def test_scores_on_another_scale(tmp_path, capsys):
    """KonIQ-10k's scores on 1 to 5, as its other table has them, where 1 to 100 is declared."""
    names = [f"{number}.jpg" for number in range(40)]
    frame = pd.DataFrame(
        {"img_name": names, "mos": [1 + number / 10 for number in range(40)], "std": 0.5, "split": 0}
    )
    frame.to_csv(tmp_path / "all.csv", index=False)
    with pytest.raises(
        GlintError, match=r"scores, 1 to 4\.9, fill less than a third of 1 to 100, the range of KonIQ"
    ):
        read(tmp_path / "all.csv")
    frame.head(9).to_csv(tmp_path / "few.csv", index=False)
    assert len(read(tmp_path / "few.csv")) == 9
    assert "fill less than a third of 1 to 100" in capsys.readouterr().err


def test_what_is_no_score_is_shown(tmp_path, koniq):
    koniq.loc[2, "mos"] = "4;57"
    koniq.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(GlintError, match=f"{koniq['img_name'][2]}: score '4;57' is no number"):
        read(tmp_path / "a.csv")
    koniq.loc[2, "mos"] = ""
    koniq.to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(GlintError, match=f"1 images have no score; the first: {koniq['img_name'][2]}"):
        read(tmp_path / "b.csv")


def test_a_source_listed_in_two_parts_is_refused(tmp_path, koniq):
    koniq.loc[1] = koniq.loc[0]
    koniq.loc[1, "split"] = str(1 - int(koniq.loc[0, "split"]) % 2)
    koniq.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(GlintError, match="is rated twice"):
        read(tmp_path / "a.csv")
