"""Tables as people's programs write them, and those of which it cannot be known what is meant."""

import pytest
from pictures import picture

from glint_data.dataset import manifest
from glint_data.errors import GlintError
from glint_data.importing import import_table

pytestmark = pytest.mark.usefixtures("in_process")


@pytest.mark.parametrize(
    ("written", "options"),
    [
        (lambda f, p: f.to_csv(p, index=False, encoding="utf-8-sig"), {}),
        (lambda f, p: f.to_csv(p, index=False, encoding="utf-16"), {}),
        (lambda f, p: f.to_csv(p, index=False, sep=";", decimal=","), {}),
        (lambda f, p: f.to_csv(p, index=False, sep="\t", decimal=",", encoding="utf-16"), {}),
        (lambda f, p: f.rename(columns=str.upper).to_csv(p, index=False, lineterminator="\r\n"), {}),
        (
            lambda f, p: f.assign(mos=f["mos"].map("{:.2f}".format).str.replace(".", ",")).to_csv(
                p, index=False
            ),
            {},
        ),
        (lambda f, p: p.write_text("sep=;\n" + f.to_csv(index=False, sep=";")), {}),
        (lambda f, p: f.to_excel(p, index=False), {"name": "pairs.xlsx"}),
    ],
    ids=["bom", "utf16", "semicolons", "tabs", "capitals", "quoted commas", "sep=", "xlsx"],
)
def test_tables_as_spreadsheets_write_them(tmp_path, pairs, written, options):
    file = tmp_path / options.get("name", "excel.csv")
    written(pairs, file)
    summary = import_table(file, tmp_path / "d", range=(1, 5))
    assert summary.imported == 6
    assert manifest.read(tmp_path / "d")["mos"].tolist() == pytest.approx([0.1, 0.5, 0.9] * 2)


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (
            "picture,mos\na.png,3\n",
            {},
            "lacks the column distorted or image; its first line holds picture, mos",
        ),
        ("", {}, "lacks the column distorted or image; its first line holds nothing"),
        ("image,mos\n", {}, "has no lines"),
        ("image,mos\na.png,3\n", {}, "has scores, but on what scale.*--range 1,5"),
        ("image,mos\na.png,7\n", {"range": (1, 5)}, "line 2: mos 7 lies outside --range 1,5"),
        ("image,mos\na.png,3\nb.png,vier\n", {"range": (1, 5)}, "line 3: mos 'vier' is no number"),
        ('image,mos\na.png,"1,234"\n', {"range": (1, 5)}, r"line 2: mos '1,234' may be 1\.234 or 1234"),
        ("image,mos,mos_std\na.png,3,-1\n", {"range": (1, 5)}, "line 2: mos_std -1 is negative"),
        ("image,mos_std\na.png,1\n", {}, "mos_std 1 stands beside no mos"),
        ("image,mos,mos_std\na.png,3,9\n", {"range": (1, 5)}, "mos_std 9 is wider than --range 1,5"),
        (
            "image,type\na.png,jpeg\nb.png,3\n",
            {},
            "line 3: type '3' is a number where others are names.*'jpeg'",
        ),
        ("image,type\na.png,-1\n", {}, "line 2: type '-1' is no number from 0"),
        ("image,type\na.png,1.5\n", {}, "line 2: type '1.5' is no number from 0"),
        ("image,mos\na.png,3,9\n", {"range": (1, 5)}, "line 2 has 3 fields, its header 2"),
        ("image,level\na.png,high\n", {}, "line 2: level 'high' is no number"),
        ("image,split\na.png,maybe\n", {}, "line 2: split 'maybe'; parts are train, val, test"),
        ("image,image\na.png,b.png\n", {}, "has two columns image"),
        ("image,level\n,3\na.png,1\n", {}, "line 2 names no picture in its column image"),
        (
            "image,source,split\na.png,s,train\nb.png,s,test\n",
            {},
            "line 3: the photo s is in test, and in train",
        ),
        ("image,mos\na.png,3\na.png,4\n", {"range": (1, 5)}, r"lines 2 and 3 give a\.png two scores"),
        (
            "image,reference,source\na.png,b.png,s\nb.png,a.png,s\n",
            {},
            r"line 3: the photo s has two references, a\.png and b\.png",
        ),
        ("image\nabsent.png\n", {}, "none of its pictures could be taken over.*absent.png: cannot be read"),
        ("image,mos\na.png,3\n", {"range": "5,1"}, "--range 5,1: the first has to be the smaller"),
        ("image,mos\na.png,3\n", {"range": "five"}, "--range five: is no pair of numbers"),
        ("image,mos\na.png,3\n", {"range": 5}, "--range 5: is no pair of numbers"),
    ],
)
def test_what_cannot_be_meant_is_a_sentence(tmp_path, text, options, said):
    picture(tmp_path / "a.png", 1)
    picture(tmp_path / "b.png", 2)
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(GlintError, match=said):
        import_table(tmp_path / "t.csv", tmp_path / "d", **options)


def test_scores_that_fill_little_of_the_range_are_asked_about(tmp_path, pairs):
    summary = import_table(tmp_path / "pairs.csv", tmp_path / "d", range=(1, 100))
    assert "the scores, 1.4 to 4.6, fill less than a third of the range 1 to 100" in summary.text()
    assert (
        "is it their scale" not in import_table(tmp_path / "pairs.csv", tmp_path / "e", range=(1, 5)).text()
    )


def test_another_scale_is_said_when_the_import_is_repeated(tmp_path, pairs):
    import_table(tmp_path / "pairs.csv", tmp_path / "d", range=(1, 5))
    with pytest.raises(
        GlintError, match="scale: '1 to 5, higher is better' there, '0 to 5, higher is better' now"
    ):
        import_table(tmp_path / "pairs.csv", tmp_path / "d", range=(0, 5))


def test_unknown_columns_are_named(tmp_path, pairs):
    pairs.rename(columns={"mos_std": "mos_sd"}).to_csv(tmp_path / "t.csv", index=False)
    summary = import_table(tmp_path / "t.csv", tmp_path / "d", range=(1, 5))
    assert "columns not used: mos_sd" in summary.text()
